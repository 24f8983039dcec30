"""Safe, timelock and policy anchor of the simulator, with the rules, the errors and the order of checks of the real ones.

The Safe keeps its nonce when the inner call fails and both gas fields are zero (1.4.1 says GS013, 1.5.0 hands the inner
error on); the timelock forgets what is cancelled. Hashes are made by the ABI alone, not by the code that is tested.
"""

from collections.abc import Sequence
from typing import Any

from eth_abi.abi import encode

from governance.core.keccak import keccak
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, address_bytes, checksummed
from tests.simulator_evm import Contract, Message, Revert, World, error, external, reason

ADMIN = ZERO_WORD
PROPOSER, CANCELLER, EXECUTOR, COMMIT, APPLY, EMERGENCY = (
    Bytes32(keccak(f"{name}_ROLE".encode()))
    for name in ("PROPOSER", "CANCELLER", "EXECUTOR", "COMMIT", "APPLY", "EMERGENCY")
)
SENTINEL = Address("0x0000000000000000000000000000000000000001")


DOMAIN = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
SAFE_TX = keccak(
    b"SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,"
    b"address gasToken,address refundReceiver,uint256 nonce)"
)


def safe_tx_hash(chain_id: int, safe: Address, fields: Sequence[Any], nonce: int) -> Bytes32:
    """`getTransactionHash`, by nothing but the ABI: the fields are those of `execTransaction` before the signatures."""
    from eth_abi.abi import encode

    to, value, data, *rest = fields
    kinds = ["bytes32", "address", "uint256", "bytes32", "uint8", *["uint256"] * 3, "address", "address", "uint256"]
    message = keccak(encode(kinds, [SAFE_TX, to, value, keccak(data), *rest, nonce]))
    domain = keccak(encode(["bytes32", "uint256", "address"], [DOMAIN, chain_id, safe]))
    return Bytes32(keccak(b"\x19\x01" + domain + message))


def operation_id(
    targets: Sequence[Address], values: Sequence[int], payloads: Sequence[bytes], predecessor: bytes, salt: bytes
) -> Bytes32:
    """`hashOperationBatch`, by nothing but the ABI."""
    from eth_abi.abi import encode

    kinds = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"]
    return Bytes32(keccak(encode(kinds, [targets, values, payloads, predecessor, salt])))


class Safe(Contract):
    """Safe 1.4.1 or 1.5.0, behind its proxy."""

    def __init__(
        self, address: Address, code: bytes, *, version: str, chain_id: int, owners: list[Address], threshold: int
    ) -> None:
        super().__init__(address, code)
        self.version = version
        self.chain_id = chain_id
        self.owners = owners
        self.threshold = threshold
        self.nonce = 0
        self.approved: set[tuple[Address, Bytes32]] = set()
        self.fallback_handler = ZERO_ADDRESS
        self.singleton = ZERO_ADDRESS

    @external("execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)(bool)")
    def execute(self, msg: Message, *fields: Any) -> bool:
        *hashed, signatures = fields
        to, value, data, operation, safe_tx_gas, _, gas_price, _, _ = hashed
        if operation or value or gas_price:
            raise NotImplementedError("the simulator makes plain calls, without ether or refunds")
        digest = safe_tx_hash(self.chain_id, self.address, hashed, self.nonce)
        self.nonce += 1
        self._check(msg.sender, digest, signatures)
        ok, answer = msg.world.attempt(self.address, to, data)
        if not ok and safe_tx_gas == 0:
            raise reason("GS013") if self.version == "1.4.1" else Revert(answer)
        words = "ExecutionSuccess(bytes32,uint256)" if ok else "ExecutionFailure(bytes32,uint256)"
        msg.world.emit(self.address, words, digest, data=bytes(32))
        return ok

    def fallback(self, msg: Message) -> bytes:
        """`receive`: a plain call is taken; of others none is known without a handler."""
        if msg.data:
            return super().fallback(msg)
        return b""

    def _check(self, sender: Address, digest: Bytes32, signatures: bytes) -> None:
        """`checkNSignatures`; contract signatures have nobody to ask here."""
        if len(signatures) < 65 * self.threshold:
            raise reason("GS020")
        last = 0
        for i in range(self.threshold):
            part = signatures[65 * i : 65 * i + 65]
            if part[64] == 0:
                raise NotImplementedError("the simulator has no contract owners")
            owner = checksummed(part[12:32]) if part[64] == 1 else _signer(digest, part)
            if part[64] == 1 and owner != sender and (owner, digest) not in self.approved:
                raise reason("GS025")
            if int(owner, 16) <= last or owner not in self.owners:
                raise reason("GS026")
            last = int(owner, 16)

    @external("approveHash(bytes32)")
    def approve(self, msg: Message, digest: bytes) -> None:
        if msg.sender not in self.owners:
            raise reason("GS030")
        self.approved.add((msg.sender, Bytes32(digest)))
        msg.world.emit(self.address, "ApproveHash(bytes32,address)", digest, address_bytes(msg.sender))

    @external("addOwnerWithThreshold(address,uint256)")
    def add_owner(self, msg: Message, owner: Address, threshold: int) -> None:
        self._only_self(msg)
        if owner in {ZERO_ADDRESS, SENTINEL, self.address}:
            raise reason("GS203")
        if owner in self.owners:
            raise reason("GS204")
        self.owners.insert(0, owner)
        self.change_threshold(msg, threshold)

    @external("removeOwner(address,address,uint256)")
    def remove_owner(self, msg: Message, before: Address, owner: Address, threshold: int) -> None:
        self._only_self(msg)
        if len(self.owners) - 1 < threshold:
            raise reason("GS201")
        linked = [SENTINEL, *self.owners]
        if owner not in self.owners or linked[linked.index(owner) - 1] != before:
            raise reason("GS205")
        self.owners.remove(owner)
        self.change_threshold(msg, threshold)

    @external("swapOwner(address,address,address)")
    def swap_owner(self, msg: Message, before: Address, old: Address, new: Address) -> None:
        self._only_self(msg)
        if new in {ZERO_ADDRESS, SENTINEL, self.address}:
            raise reason("GS203")
        if new in self.owners:
            raise reason("GS204")
        linked = [SENTINEL, *self.owners]
        if old not in self.owners or linked[linked.index(old) - 1] != before:
            raise reason("GS205")
        self.owners[self.owners.index(old)] = new

    @external("changeThreshold(uint256)")
    def change_threshold(self, msg: Message, threshold: int) -> None:
        self._only_self(msg)
        if threshold > len(self.owners):
            raise reason("GS201")
        if threshold == 0:
            raise reason("GS202")
        self.threshold = threshold

    def _only_self(self, msg: Message) -> None:
        if msg.sender != self.address:
            raise reason("GS031")


def _signer(digest: Bytes32, part: bytes) -> Address:
    """`ecrecover`, by the curve's library alone; the zero address where nobody signed."""
    from coincurve import PublicKey

    v, message = part[64], bytes(digest)
    if v > 30:
        v, message = v - 4, keccak(b"\x19Ethereum Signed Message:\n32" + digest)
    try:
        key = PublicKey.from_signature_and_message(part[:64] + bytes([v - 27]), message, hasher=None)
    except ValueError:
        return ZERO_ADDRESS
    return checksummed(keccak(key.format(compressed=False)[1:])[12:])


class AccessControl(Contract):
    """OpenZeppelin's: whoever has DEFAULT_ADMIN_ROLE gives and takes every role."""

    def __init__(self, address: Address, code: bytes, grants: dict[Bytes32, list[Address]]) -> None:
        super().__init__(address, code)
        self.grants = {(role, account) for role, accounts in grants.items() for account in accounts}

    def members(self) -> dict[Bytes32, frozenset[Address]]:
        """Every role that somebody holds."""
        roles = {role for role, _ in self.grants}
        return {role: frozenset(who for held, who in self.grants if held == role) for role in roles}

    def require(self, msg: Message, role: Bytes32) -> None:
        if (role, msg.sender) not in self.grants:
            raise error("AccessControlUnauthorizedAccount(address,bytes32)", msg.sender, role)

    @external("hasRole(bytes32,address)(bool)")
    def has_role(self, _msg: Message, role: bytes, account: Address) -> bool:
        return (Bytes32(role), account) in self.grants

    @external("grantRole(bytes32,address)")
    def grant_role(self, msg: Message, role: bytes, account: Address) -> None:
        self.require(msg, ADMIN)
        self.grants.add((Bytes32(role), account))
        msg.world.emit(self.address, _GRANTED, role, address_bytes(account), address_bytes(msg.sender))

    @external("revokeRole(bytes32,address)")
    def revoke_role(self, msg: Message, role: bytes, account: Address) -> None:
        self.require(msg, ADMIN)
        self.grants.discard((Bytes32(role), account))
        msg.world.emit(self.address, _REVOKED, role, address_bytes(account), address_bytes(msg.sender))


_GRANTED = "RoleGranted(bytes32,address,address)"
_REVOKED = "RoleRevoked(bytes32,address,address)"
SCHEDULED = "CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)"
EXECUTED = "CallExecuted(bytes32,uint256,address,uint256,bytes)"
_STATES = ("Unset", "Waiting", "Ready", "Done")


class Timelock(AccessControl):
    """OpenZeppelin's TimelockController 5."""

    def __init__(self, address: Address, code: bytes, grants: dict[Bytes32, list[Address]], min_delay: int) -> None:
        super().__init__(address, code, grants)
        self.min_delay = min_delay
        self.timestamps: dict[Bytes32, int] = {}

    @external("scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)")
    def schedule(
        self,
        msg: Message,
        targets: list[Address],
        values: list[int],
        payloads: list[bytes],
        predecessor: bytes,
        salt: bytes,
        delay: int,
    ) -> None:
        self.require(msg, PROPOSER)
        operation = self._id(targets, values, payloads, predecessor, salt)
        self._require_state(operation, msg.world, "Unset")
        if delay < self.min_delay:
            raise error("TimelockInsufficientDelay(uint256,uint256)", delay, self.min_delay)
        self.timestamps[operation] = msg.world.now + delay
        for index, (target, value, payload) in enumerate(zip(targets, values, payloads, strict=True)):
            told = encode(
                ["address", "uint256", "bytes", "bytes32", "uint256"], [target, value, payload, predecessor, delay]
            )
            msg.world.emit(self.address, SCHEDULED, operation, index.to_bytes(32, "big"), data=told)

    @external("executeBatch(address[],uint256[],bytes[],bytes32,bytes32)")
    def execute(
        self,
        msg: Message,
        targets: list[Address],
        values: list[int],
        payloads: list[bytes],
        predecessor: bytes,
        salt: bytes,
    ) -> None:
        if (EXECUTOR, ZERO_ADDRESS) not in self.grants:
            self.require(msg, EXECUTOR)
        operation = self._id(targets, values, payloads, predecessor, salt)
        self._require_state(operation, msg.world, "Ready")
        if any(predecessor) and self._state(Bytes32(predecessor), msg.world) != "Done":
            raise error("TimelockUnexecutedPredecessor(bytes32)", predecessor)
        for index, (target, payload) in enumerate(zip(targets, payloads, strict=True)):
            msg.world.call(self.address, target, payload)
            told = encode(["address", "uint256", "bytes"], [target, values[index], payload])
            msg.world.emit(self.address, EXECUTED, operation, index.to_bytes(32, "big"), data=told)
        self._require_state(operation, msg.world, "Ready")
        self.timestamps[operation] = 1

    @external("cancel(bytes32)")
    def cancel(self, msg: Message, operation: bytes) -> None:
        self.require(msg, CANCELLER)
        self._require_state(Bytes32(operation), msg.world, "Waiting", "Ready")
        del self.timestamps[Bytes32(operation)]
        msg.world.emit(self.address, "Cancelled(bytes32)", operation)

    @external("getMinDelay()(uint256)")
    def get_min_delay(self, _msg: Message) -> int:
        return self.min_delay

    @external("updateDelay(uint256)")
    def update_delay(self, msg: Message, delay: int) -> None:
        if msg.sender != self.address:
            raise error("TimelockUnauthorizedCaller(address)", msg.sender)
        self.min_delay = delay

    def _id(
        self, targets: list[Address], values: list[int], payloads: list[bytes], predecessor: bytes, salt: bytes
    ) -> Bytes32:
        if not len(targets) == len(values) == len(payloads):
            sizes = (len(targets), len(payloads), len(values))
            raise error("TimelockInvalidOperationLength(uint256,uint256,uint256)", *sizes)
        if any(values):
            raise NotImplementedError("the simulator moves no ether")
        return operation_id(targets, values, payloads, predecessor, salt)

    def _state(self, operation: Bytes32, world: World) -> str:
        timestamp = self.timestamps.get(operation, 0)
        if timestamp <= 1:
            return "Done" if timestamp else "Unset"
        return "Waiting" if timestamp > world.now else "Ready"

    def _require_state(self, operation: Bytes32, world: World, *wanted: str) -> None:
        if self._state(operation, world) not in wanted:
            bits = sum(1 << _STATES.index(state) for state in wanted)
            raise error("TimelockUnexpectedOperationState(bytes32,bytes32)", operation, bits.to_bytes(32, "big"))


class Anchor(Contract):
    """PolicyAnchor."""

    def __init__(self, address: Address, code: bytes, timelock: Address, digest: Bytes32) -> None:
        super().__init__(address, code)
        self.timelock = timelock
        self.digest = digest
        self.uri = "policies.yaml"

    @external("setPolicy(bytes32,string)")
    def set_policy(self, msg: Message, digest: bytes, uri: str) -> None:
        if msg.sender != self.timelock:
            raise error("CallerNotTimelock(address)", msg.sender)
        if not any(digest):
            raise error("DigestZero()")
        self.digest = Bytes32(digest)
        self.uri = uri
