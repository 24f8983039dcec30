"""The same as the contracts, in plain dictionaries: of every message whether it passes, and what is so afterwards.

It is written from what the contracts' documentation promises, not from our code, and so are the stages. Beside it lies what no
chain knows: the papers of a workspace, which a reorganisation leaves as they are.
"""

from dataclasses import dataclass, field

from governance.core.operation import Operation
from governance.core.signature import Signature
from governance.core.stage import Stage
from governance.core.units import ZERO_WORD, Address, Bytes32, checksummed
from tests.machine.world import BROKEN, COUNTER, DELAY, GRANT, START, UPDATE_DELAY

GRACE = 20_000
"""Seconds that an operation may be ready by policy."""


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
    executed_in: dict[Bytes32, int] = field(default_factory=dict)
    """The block's number."""
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

    def execute(self, operation: Operation, timelock: Address, block: int) -> None:
        self.executed_in[operation.id] = block
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

    def stage(self, paper: "Paper", signers: set[Address]) -> Stage:
        """Where a proposal stands when these have signed, or approved, what is pinned."""
        when, council = self.timestamp(paper.operation.id), self.council
        if when == 1:
            return Stage.EXECUTED
        if when > self.now:
            return Stage.WAITING
        if when:
            return Stage.EXPIRED if when + GRACE < self.now else Stage.READY
        if self.newest.get(paper.operation.id) == "cancelled":
            return Stage.CANCELLED
        if paper.nonce is None:
            return Stage.DRAFTED
        if paper.nonce < council.nonce:
            return Stage.DISPLACED
        if len(signers & set(council.owners)) < council.threshold:
            return Stage.COLLECTING
        return Stage.QUEUED if paper.nonce > council.nonce else Stage.APPROVED


@dataclass
class Paper:
    """What a workspace holds of one operation: its file, the nonce that its lock file pins, and who has signed that."""

    name: str
    operation: Operation
    nonce: int | None = None
    signed: dict[Address, Signature] = field(default_factory=dict)
    """By who gave it, owner or not."""
