"""A council, a guardian and a timelock by their published bytecode in one EVM; and the same in plain dictionaries.

The model is written from what the contracts' documentation promises, not from our code: it says of every message whether it
passes, and what is so afterwards. Nothing of `governance` decides here; it derives hashes, blobs and calldata, and is asked
for stages, which the machine holds against the model.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pyrevm
from eth_abi import encode

from governance.core.call import Call, encode_call, function
from governance.core.keccak import keccak
from governance.core.operation import Operation
from governance.core.safetx import SafeTx
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, checksummed
from tests.core.safevm import DEPLOYER, Person, RealSafe

CHAIN_ID = 1
"""Of pyrevm."""
ARTIFACTS = Path(__file__).resolve().parents[2] / "governance" / "artifacts"
COUNTS = bytes.fromhex("60005460010160005500")
"""slot 0 += 1, whatever it is asked."""
REVERTS = bytes.fromhex("60006000fd")
COUNTER, BROKEN = checksummed(b"\xc0" * 20), checksummed(b"\xbb" * 20)
START = 1_800_000_000
DELAY = 3600
PROPOSER, CANCELLER, EXECUTOR = (
    Bytes32(keccak(f"{name}_ROLE".encode())) for name in ("PROPOSER", "CANCELLER", "EXECUTOR")
)
ADMIN = ZERO_WORD

GRANT = function("grantRole(bytes32,address)")
REVOKE = function("revokeRole(bytes32,address)")
RENOUNCE = function("renounceRole(bytes32,address)")
UPDATE_DELAY = function("updateDelay(uint256)")
MIN_DELAY = function("getMinDelay()(uint256)")
TIMESTAMP = function("getTimestamp(bytes32)(uint256)")
HAS_ROLE = function("hasRole(bytes32,address)(bool)")
HASH_BATCH = function("hashOperationBatch(address[],uint256[],bytes[],bytes32,bytes32)(bytes32)")
OWNERS = function("getOwners()(address[])")
THRESHOLD = function("getThreshold()(uint256)")
NONCE = function("nonce()(uint256)")
ADD_OWNER = function("addOwnerWithThreshold(address,uint256)")
REMOVE_OWNER = function("removeOwner(address,address,uint256)")
CHANGE_THRESHOLD = function("changeThreshold(uint256)")
SENTINEL = Address("0x0000000000000000000000000000000000000001")

PEOPLE = [Person(seed) for seed in range(7)]
"""Five begin as owners of the council, three of them guard; the last two are strangers until somebody adds them."""


class Reality:
    """The contracts."""

    def __init__(self) -> None:
        self.evm = pyrevm.EVM()
        self.council = RealSafe("1.4.1", [each.address for each in PEOPLE[:3]], 2, evm=self.evm)
        self.guardian = RealSafe("1.4.1", [each.address for each in PEOPLE[3:5]], 1, evm=self.evm)
        artifact = json.loads((ARTIFACTS / "TimelockController.json").read_text())
        arguments = encode(
            ["uint256", "address[]", "address[]", "address"], [DELAY, [self.council.address], [ZERO_ADDRESS], DEPLOYER]
        )
        code = bytes.fromhex(artifact["bytecode"].removeprefix("0x")) + arguments
        self.timelock = checksummed(bytes.fromhex(self.evm.deploy(DEPLOYER, code)[2:]))
        for account, code in ((COUNTER, COUNTS), (BROKEN, REVERTS)):
            self.evm.insert_account_info(account, pyrevm.AccountInfo(code=code))
        assert self.send(DEPLOYER, self.timelock, encode_call(GRANT, [CANCELLER, self.guardian.address]))
        assert self.send(DEPLOYER, self.timelock, encode_call(RENOUNCE, [ADMIN, DEPLOYER]))
        self.set_time(START)

    def set_time(self, now: int) -> None:
        self.evm.set_block_env(pyrevm.BlockEnv(timestamp=now, number=1, gas_limit=10**9))

    def send(self, sender: Address, to: Address, data: bytes) -> bool:
        """Whether it passes."""
        try:
            self.evm.message_call(caller=sender, to=to, calldata=data, gas=10**7)
        except RuntimeError as error:
            assert "Revert" in str(error), error  # noqa: PT017 - anything else is a fault of the test
            return False
        return True

    def ask(self, to: Address, fn_data: bytes) -> bytes:
        return bytes(self.evm.message_call(caller=DEPLOYER, to=to, calldata=fn_data, is_static=True))

    def number(self, to: Address, data: bytes) -> int:
        return int.from_bytes(self.ask(to, data)[:32])

    def timestamp(self, operation: Bytes32) -> int:
        return self.number(self.timelock, encode_call(TIMESTAMP, [operation]))


@dataclass
class SafeModel:
    """Owners in the order of the linked list, newest first."""

    owners: list[Address]
    threshold: int
    nonce: int = 0
    approved: set[tuple[Address, Bytes32]] = field(default_factory=set)

    def agrees(self, signers: set[Address], approvers: set[Address], sender: Address) -> bool:
        """A quorum of owners of this moment: signatures, approvals on chain, and the sender's own word."""
        del sender  # our blobs never use it
        return len((signers | approvers) & set(self.owners)) >= self.threshold


@dataclass
class Model:
    """What is so."""

    council: SafeModel
    guardian: SafeModel
    now: int = START
    delay: int = DELAY
    timestamps: dict[Bytes32, int] = field(default_factory=dict)
    """0 or absent unset, 1 done, else from when."""
    newest: dict[Bytes32, str] = field(default_factory=dict)
    cancellations: dict[Bytes32, int] = field(default_factory=dict)
    executions: dict[Bytes32, int] = field(default_factory=dict)
    incarnations: dict[Bytes32, int] = field(default_factory=dict)
    """How often an id was scheduled."""
    cancellers: set[Address] = field(default_factory=set)
    counted: int = 0

    def timestamp(self, operation: Bytes32) -> int:
        return self.timestamps.get(operation, 0)

    def may_schedule(self, operation: Operation, sender: Address, council: Address) -> bool:
        return sender == council and self.timestamp(operation.id) == 0 and operation.delay.seconds >= self.delay

    def schedule(self, operation: Operation) -> None:
        self.timestamps[operation.id] = self.now + operation.delay.seconds
        self.newest[operation.id] = "scheduled"
        self.incarnations[operation.id] = self.incarnations.get(operation.id, 0) + 1

    def may_cancel(self, operation: Bytes32, sender: Address) -> bool:
        return sender in self.cancellers and self.timestamp(operation) > 1

    def cancel(self, operation: Bytes32) -> None:
        self.timestamps[operation] = 0
        self.newest[operation] = "cancelled"
        self.cancellations[operation] = self.cancellations.get(operation, 0) + 1

    def may_execute(self, operation: Operation) -> bool:
        ready = 1 < self.timestamp(operation.id) <= self.now
        before = operation.predecessor == ZERO_WORD or self.timestamp(operation.predecessor) == 1
        return ready and before and all(call.to != BROKEN for call in operation.calls)

    def execute(self, operation: Operation, timelock: Address) -> None:
        self.timestamps[operation.id] = 1
        self.newest[operation.id] = "executed"
        self.executions[operation.id] = self.executions.get(operation.id, 0) + 1
        for call in operation.calls:
            if call.to == COUNTER:
                self.counted += 1
            elif call.to == timelock and call.data.startswith(UPDATE_DELAY.selector):
                self.delay = int.from_bytes(call.data[4:36])
            elif call.to == timelock:
                account = checksummed(call.data[48:68])
                (self.cancellers.add if call.data.startswith(GRANT.selector) else self.cancellers.discard)(account)


def safe_tx(safe: Address, call: Call, nonce: int) -> SafeTx:
    return SafeTx(chain_id=CHAIN_ID, safe=safe, to=call.to, data=call.data, nonce=nonce)
