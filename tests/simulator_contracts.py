"""The contracts of the simulator, each with the rules, the errors and the order of checks of the real one.

The Safe keeps its nonce when the inner call fails and both gas fields are zero (1.4.1 says GS013, 1.5.0 hands the inner
error on); the timelock forgets what is cancelled; deployed dispatchers route at `applyRoutes`, ours at activation.
"""

from collections.abc import Sequence
from typing import Any

from governance.core.call import encode_call, function
from governance.core.facts import Generation, Route
from governance.core.keccak import keccak
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, address_bytes, checksummed
from tests.simulator_evm import Contract, Message, Revert, World, error, external, reason

ADMIN = ZERO_WORD
PROPOSER, CANCELLER, EXECUTOR, COMMIT, APPLY, EMERGENCY = (
    Bytes32(keccak(f"{name}_ROLE".encode()))
    for name in ("PROPOSER", "CANCELLER", "EXECUTOR", "COMMIT", "APPLY", "EMERGENCY")
)
SENTINEL = Address("0x0000000000000000000000000000000000000001")
MAX_BATCH = 100
MAX_CODE = 24_576


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
_SCHEDULED = "CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)"
_EXECUTED = "CallExecuted(bytes32,uint256,address,uint256,bytes)"
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
        for index in range(len(targets)):
            msg.world.emit(self.address, _SCHEDULED, operation, index.to_bytes(32, "big"))

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
            msg.world.emit(self.address, _EXECUTED, operation, index.to_bytes(32, "big"))
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

    @external("setPolicy(bytes32,string)")
    def set_policy(self, msg: Message, digest: bytes, _uri: str) -> None:
        if msg.sender != self.timelock:
            raise error("CallerNotTimelock(address)", msg.sender)
        if not any(digest):
            raise error("DigestZero()")
        self.digest = Bytes32(digest)


class Routing(Contract):
    """What calls of no function of its own do: the facet that the route names runs, in this contract's storage."""

    own: frozenset[bytes]
    """Selectors that the real contract answers itself, before any route."""

    def __init__(self, address: Address, code: bytes, **more: Any) -> None:
        super().__init__(address, code, **more)
        self.routes: dict[bytes, Route] = {}
        self.storage: dict[str, object] = {}

    def delegate(self, msg: Message, facet: Address) -> bytes:
        account = msg.world.accounts.get(facet)
        if account is None:
            return b""
        if not isinstance(account, Facet):
            raise Revert
        return account.receive(Message(world=msg.world, sender=msg.sender, data=msg.data, storage=self))

    def put(self, route: Route) -> None:
        self.routes[route.selector] = route

    def refuse_unsimulated(self, msg: Message) -> None:
        if msg.data[:4] in self.own:
            raise NotImplementedError(f"the simulator does not answer 0x{msg.data[:4].hex()}")


class Dispatcher(Routing, AccessControl):
    """What every generation of manifest dispatcher has."""

    generation: Generation
    frozen_error = "FrozenContract()"

    def __init__(
        self, address: Address, code: bytes, grants: dict[Bytes32, list[Address]], *, own: frozenset[bytes]
    ) -> None:
        super().__init__(address, code, grants=grants)
        self.own = own
        self.active_root = self.pending_root = ZERO_WORD
        self.active_epoch = self.committed_at = self.activation_delay = 0
        self.paused = self.frozen = False

    def fallback(self, msg: Message) -> bytes:
        self.refuse_unsimulated(msg)
        self.require_running()
        route = self.routes.get(msg.data[:4])
        if route is None:
            raise error("NoRoute()")
        if msg.world.code_hash(route.facet) != route.code_hash:
            raise error("CodehashMismatch()")
        return self.delegate(msg, route.facet)

    def require_running(self) -> None:
        if self.paused:
            raise error("EnforcedPause()")

    def require_upgradable(self, msg: Message, role: Bytes32) -> None:
        self.require(msg, role)
        self.require_running()
        if self.frozen:
            raise error(self.frozen_error)

    @external("commitRoot(bytes32,uint64)")
    def commit_root(self, msg: Message, root: bytes, epoch: int) -> None:
        self.require_upgradable(msg, COMMIT)
        if not any(root):
            raise error("RootZero()")
        if epoch != self.active_epoch + 1:
            raise error("BadEpoch()")
        self.drop_pending()
        self.pending_root, self.committed_at = Bytes32(root), msg.world.now

    def drop_pending(self) -> None:
        """Deployed generations keep what was applied of the root before."""

    @external("applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])")
    def apply_routes(
        self,
        msg: Message,
        selectors: list[bytes],
        facets: list[Address],
        hashes: list[bytes],
        proofs: list[list[bytes]],
        sides: list[list[bool]],
    ) -> None:
        self.require_upgradable(msg, APPLY)
        if self.pending_root == ZERO_WORD:
            raise error("NoPendingRoot()")
        if len({len(selectors), len(facets), len(hashes), len(proofs), len(sides)}) != 1:
            raise error("LenMismatch()")
        if len(selectors) > MAX_BATCH:
            raise error("BatchTooLarge(uint256)", len(selectors))
        self.refuse_repeated(selectors)
        for selector, facet, code_hash, proof, side in zip(selectors, facets, hashes, proofs, sides, strict=True):
            route = Route(selector=selector, facet=facet, code_hash=Bytes32(code_hash))
            if _walk(route, proof, side) != self.pending_root:
                raise error("InvalidProof()")
            self.stage(msg, route)

    def refuse_repeated(self, selectors: list[bytes]) -> None:
        for i, selector in enumerate(selectors):
            if selector in selectors[:i]:
                raise error("DuplicateSelector(bytes4)", selector)

    def stage(self, msg: Message, route: Route) -> None:
        """Deployed generations: in effect at once, whatever the activation delay says."""
        self.require_facet(msg, route)
        self.put(route)

    def require_facet(self, msg: Message, route: Route) -> None:
        code = msg.world.code(route.facet)
        if route.facet == ZERO_ADDRESS:
            raise error("ZeroAddress()")
        if route.facet == self.address:
            raise error("FacetIsSelf()")
        if not code:
            raise error("ZeroCodeFacet(address)", route.facet)
        if len(code) > MAX_CODE:
            raise error("CodeSizeExceeded(address,uint256)", route.facet, len(code))
        if keccak(code) != route.code_hash:
            arguments = (route.facet, route.code_hash, keccak(code))
            raise error("FacetCodeMismatch(address,bytes32,bytes32)", *arguments)

    @external("activateCommittedRoot()")
    def activate(self, msg: Message) -> None:
        self.require_upgradable(msg, APPLY)
        if self.pending_root == ZERO_WORD:
            raise error("NoPendingRoot()")
        earliest = self.committed_at + self.activation_delay
        if msg.world.now < earliest:
            raise error("ActivationNotReady(uint64,uint64)", earliest, msg.world.now)
        self.active_root, self.pending_root, self.committed_at = self.pending_root, ZERO_WORD, 0
        self.active_epoch += 1

    @external("removeRoutes(bytes4[])")
    def remove_routes(self, msg: Message, selectors: list[bytes]) -> None:
        self.require(msg, EMERGENCY)
        self.require_running()
        if len(selectors) > MAX_BATCH:
            raise error("BatchTooLarge(uint256)", len(selectors))
        for selector in selectors:
            self.routes.pop(selector, None)

    @external("pause()")
    def pause(self, msg: Message) -> None:
        self.require(msg, EMERGENCY)
        self.require_running()
        self.paused = True

    @external("unpause()")
    def unpause(self, msg: Message) -> None:
        """Deployed generations let whoever may pause end the pause too."""
        self.require(msg, EMERGENCY)
        self.end_pause()

    def end_pause(self) -> None:
        if not self.paused:
            raise error("ExpectedPause()")
        self.paused = False

    @external("freeze()")
    def freeze(self, msg: Message) -> None:
        self.require(msg, ADMIN)
        if self.frozen:
            raise error(self.frozen_error)
        self.frozen = True


class V1(Dispatcher):
    generation = Generation.V1
    frozen_error = "FrozenError()"


class Compact(Dispatcher):
    generation = Generation.COMPACT


class P4(Dispatcher):
    generation = Generation.P4


class Ours(Dispatcher):
    """Applied routes are dormant until activation; a zero facet removes; unpausing is the admin's."""

    generation = Generation.OURS

    def __init__(
        self, address: Address, code: bytes, grants: dict[Bytes32, list[Address]], *, own: frozenset[bytes]
    ) -> None:
        super().__init__(address, code, grants, own=own)
        self.staged: dict[bytes, Route] = {}
        self.delay_at_commit = 0

    def commit_root(self, msg: Message, root: bytes, epoch: int) -> None:
        super().commit_root(msg, root, epoch)
        self.delay_at_commit = self.activation_delay

    def drop_pending(self) -> None:
        self.staged, self.pending_root, self.committed_at = {}, ZERO_WORD, 0

    def refuse_repeated(self, selectors: list[bytes]) -> None:
        """Told at the route itself, so that it holds across calls."""

    def stage(self, msg: Message, route: Route) -> None:
        if route.selector in self.own:
            raise error("SelectorReserved(bytes4)", route.selector)
        if route.facet != ZERO_ADDRESS or route.code_hash != ZERO_WORD:
            self.require_facet(msg, route)
        if msg.world.code(route.facet).startswith(b"\xef\x01\x00"):
            raise error("FacetIsDelegated(address)", route.facet)
        if route.selector in self.staged:
            raise error("DuplicateSelector(bytes4)", route.selector)
        self.staged[route.selector] = route

    def activate(self, msg: Message) -> None:
        later, self.activation_delay = self.activation_delay, self.delay_at_commit
        super().activate(msg)
        self.activation_delay = later
        for route in self.staged.values():
            self.put(route)
            if route.facet == ZERO_ADDRESS:
                del self.routes[route.selector]
        self.staged = {}

    def remove_routes(self, msg: Message, selectors: list[bytes]) -> None:
        self.require(msg, EMERGENCY)
        if len(selectors) > MAX_BATCH:
            raise error("BatchTooLarge(uint256)", len(selectors))
        for selector in selectors:
            self.routes.pop(selector, None)
        self.drop_pending()

    def unpause(self, msg: Message) -> None:
        self.require(msg, ADMIN)
        self.end_pause()


def _walk(route: Route, proof: list[bytes], sides: list[bool]) -> bytes:
    """RouteProof.sol, profile B, spelt out."""
    if len(proof) != len(sides):
        raise error("ProofLengthMismatch()")
    packed = route.selector + address_bytes(route.facet) + route.code_hash
    walked = keccak(b"\x00" + keccak(b"\x00" + packed))
    for sibling, right in zip(proof, sides, strict=True):
        walked = keccak(b"\x01" + (walked + sibling if right else sibling + walked))
    return walked


class Diamond(Routing):
    """A plain EIP-2535 diamond with an owner. Its own functions are immutable, and routed to itself."""

    def __init__(self, address: Address, code: bytes, owner: Address, *, own: frozenset[bytes]) -> None:
        super().__init__(address, code)
        self.owner = owner
        self.own = own
        for selector in own:
            self.routes[selector] = Route(selector=selector, facet=address, code_hash=Bytes32(keccak(code)))

    def fallback(self, msg: Message) -> bytes:
        self.refuse_unsimulated(msg)
        route = self.routes.get(msg.data[:4])
        if route is None:
            raise error("FunctionMissing(bytes4)", msg.data[:4])
        return self.delegate(msg, route.facet)

    @external("diamondCut((address,uint8,bytes4[])[],address,bytes)")
    def diamond_cut(self, msg: Message, cuts: list[tuple[str, int, list[bytes]]], init: Address, _data: bytes) -> None:
        if msg.sender != self.owner:
            raise error("CallerNotOwner(address)", msg.sender)
        if init != ZERO_ADDRESS:
            raise NotImplementedError("the simulator runs no init")
        for facet, action, selectors in cuts:
            self._cut(msg.world, checksummed(bytes.fromhex(facet[2:])), action, selectors)

    def _cut(self, world: World, facet: Address, action: int, selectors: list[bytes]) -> None:
        if not selectors:
            raise error("SelectorsEmpty()")
        if action == 2 and facet != ZERO_ADDRESS:
            raise error("RemovalNamesFacet(address)", facet)
        if action != 2 and not world.code(facet):
            raise error("FacetWithoutCode(address)", facet)
        for selector in selectors:
            was = self.routes.get(selector)
            if was is not None and was.facet == self.address:
                raise error("SelectorImmutable(bytes4)", selector)
            if action == 0 and was is not None:
                raise error("SelectorExists(bytes4)", selector)
            if action != 0 and was is None:
                raise error("SelectorMissing(bytes4)", selector)
            if action == 1 and was is not None and was.facet == facet:
                raise error("FacetUnchanged(bytes4)", selector)
            self.routes.pop(selector, None)
            if action != 2:
                self.put(Route(selector=selector, facet=facet, code_hash=world.code_hash(facet)))


class Facet(Contract):
    """Code that runs in the storage of whoever delegates to it. Called directly, it would have nobody to ask."""

    def require_admin(self, msg: Message) -> None:
        me = self.me(msg).address
        asked = encode_call(function("hasRole(bytes32,address)"), [ADMIN, msg.sender])
        if not any(msg.world.call(me, me, asked)):
            raise error("CallerNotAdmin(address)", msg.sender)

    def me(self, msg: Message) -> Routing:
        if not isinstance(msg.storage, Routing):
            raise Revert
        return msg.storage


class Fee1(Facet):
    """FeeFacet@1."""

    @external("setFee(uint256)")
    def set_fee(self, msg: Message, fee: int) -> None:
        self.require_admin(msg)
        self.me(msg).storage["fee"] = fee

    @external("fee()(uint256)")
    def fee(self, msg: Message) -> int:
        return int(str(self.me(msg).storage.get("fee", 30)))


class Fee2(Fee1):
    """FeeFacet@2: with a cap."""

    def set_fee(self, msg: Message, fee: int) -> None:
        self.require_admin(msg)
        if fee > 500:
            raise error("FeeAboveCap(uint256,uint256)", fee, 500)
        self.me(msg).storage["fee"] = fee

    def fee(self, msg: Message) -> int:
        return min(500, super().fee(msg))

    @external("maxFee()(uint256)")
    def max_fee(self, _msg: Message) -> int:
        return 500


class Treasury1(Facet):
    """TreasuryFacet@1."""

    @external("setTreasury(address)")
    def set_treasury(self, msg: Message, treasury: Address) -> None:
        self.require_admin(msg)
        if treasury == ZERO_ADDRESS:
            raise error("TreasuryZero()")
        self.me(msg).storage |= {"treasury": treasury, "since": msg.world.now}

    @external("treasury()(address)")
    def treasury(self, msg: Message) -> object:
        return self.me(msg).storage.get("treasury", ZERO_ADDRESS)

    @external("treasurySince()(uint64)")
    def treasury_since(self, msg: Message) -> object:
        return self.me(msg).storage.get("since", 0)


FACETS: dict[str, type[Facet]] = {"FeeFacet@1": Fee1, "FeeFacet@2": Fee2, "TreasuryFacet@1": Treasury1}
DISPATCHERS: dict[Generation, type[Dispatcher]] = {kind.generation: kind for kind in (V1, Compact, P4, Ours)}
