"""What is so, in plain dictionaries, on one branch of history; and a proposal as a workspace has it.

Written from what the contracts' documentation promises, not from our code: it says of every message whether it passes, and
what is so afterwards. It is copied where a branch may begin, and the copy is what is so when that branch is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from governance.core.operation import Operation
from governance.core.safetx import SafeTx
from governance.core.signature import Signature, SignatureKind
from governance.core.stage import Stage
from governance.core.units import ZERO_WORD, Address, Bytes32, Duration, checksummed
from tests.machine.world import BROKEN, COUNTER, DELAY, GRANT, PEOPLE, START, UPDATE_DELAY, safe_tx

GRACE = Duration(20_000)


@dataclass
class SafeModel:
    """Owners in the order of the linked list, newest first."""

    owners: list[Address]
    threshold: int
    nonce: int = 0
    approved: set[tuple[Address, Bytes32]] = field(default_factory=set)

    def agrees(self, tx: SafeTx, signers: set[Address]) -> bool:
        """A quorum of owners of this moment, by signatures over this very transaction and by approvals on chain."""
        return len((signers | self.approvers(tx.hash)) & set(self.owners)) >= self.threshold

    def approvers(self, digest: Bytes32) -> set[Address]:
        """Owners of this moment who approved a hash on chain."""
        return {owner for owner, approved in self.approved if approved == digest and owner in self.owners}

    def takes(self, tx: SafeTx, given: Sequence[Signature]) -> bool:
        """What the Safe says to a blob: it reads the transaction at its own nonce, and the first of the signatures only.

        A signature over another nonce is some stranger's; an approval on chain has no nonce of its own.
        """
        asked = given[: self.threshold]
        current = replace(tx, nonce=self.nonce).hash
        return len({each.owner for each in asked}) >= self.threshold and all(
            each.owner in self.owners
            and ((each.owner, current) in self.approved if _is_approval(each) else tx.nonce == self.nonce)
            for each in asked
        )


def _is_approval(signature: Signature) -> bool:
    return signature.kind is SignatureKind.APPROVED_HASH


@dataclass(kw_only=True)
class Proposal:
    """One operation as the files of a workspace have it: they outlive every branch."""

    name: str
    operation: Operation
    council: Address
    nonce: int | None = None
    """The Safe nonce that it is pinned to; None while it is a draft."""
    signed: dict[int, Signature] = field(default_factory=dict)
    """By whom of the people, over the transaction that is pinned."""

    @property
    def tx(self) -> SafeTx:
        """What schedules it, once it is pinned."""
        assert self.nonce is not None
        return safe_tx(self.council, self.operation.schedule(), self.nonce)

    def pin(self, nonce: int) -> None:
        """Another nonce is another hash: what was signed before counts no more."""
        if nonce != self.nonce:
            self.nonce, self.signed = nonce, {}


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
    """By number of the block."""
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
        self.timestamps[operation.id] = 1
        self.newest[operation.id] = "executed"
        self.executions[operation.id] = self.executions.get(operation.id, 0) + 1
        self.executed_in[operation.id] = block
        for call in operation.calls:
            if call.to == COUNTER:
                self.counted += 1
            elif call.to == timelock and call.data.startswith(UPDATE_DELAY.selector):
                self.delay = int.from_bytes(call.data[4:36])
            elif call.to == timelock:
                account = checksummed(call.data[48:68])
                (self.cancellers.add if call.data.startswith(GRANT.selector) else self.cancellers.discard)(account)

    def stage(self, proposal: Proposal) -> Stage:
        """Where a proposal stands: what the chain did with it, and before that, what is still missing."""
        when = self.timestamp(proposal.operation.id)
        if when == 1:
            return Stage.EXECUTED
        if when > self.now:
            return Stage.WAITING
        if when:
            return Stage.EXPIRED if when + GRACE.seconds < self.now else Stage.READY
        if self.newest.get(proposal.operation.id) == "cancelled":
            return Stage.CANCELLED
        if proposal.nonce is None:
            return Stage.DRAFTED
        if self.council.nonce > proposal.nonce:
            return Stage.DISPLACED
        if not self.council.agrees(proposal.tx, {PEOPLE[each].address for each in proposal.signed}):
            return Stage.COLLECTING
        return Stage.APPROVED if self.council.nonce == proposal.nonce else Stage.QUEUED
