"""An executor beside the machine: `Watch` with its own memory over the node's heart, and a journal of what it settled.

What it finds due is held against the model after every tick. It acts on some of it and leaves the rest, as one does whose
process is slow: what is due is due again until the chain says that it is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from governance.adapters.chain import NodeChain
from governance.adapters.heart import NodeHeart
from governance.adapters.journal import SqlJournal
from governance.core.agenda import Action, Task
from governance.core.facts import Head
from governance.core.journal import verify
from governance.core.lock import Claim
from governance.core.network import Network, TargetKind
from governance.core.stage import DONE_TIMESTAMP
from governance.core.units import ZERO_ADDRESS, Bytes32, to_hex
from governance.core.verdict import Verdict
from governance.life.fulfil import SETTLED
from governance.life.tick import RETRY, Due, Watch
from governance.ports import Beat
from tests.core.safevm import STRANGER
from tests.machine.model import Model, Proposal
from tests.machine.node import NETWORK
from tests.machine.world import CHAIN_ID, COUNTER, SECRETS, Reality

REFUSED = "refused"
"""Kind of the note that the policy does not allow a proposal."""


@dataclass
class Desk:
    """The lock files of a workspace: of each proposal that is pinned, as `governance.ports.Shelf` wants them."""

    claims: dict[str, Claim] = field(default_factory=dict)
    changed: dict[str, Claim | None] = field(default_factory=dict)

    def lay(self, proposals: Sequence[Proposal]) -> None:
        claims = {each.name: _claim(each) for each in proposals if each.nonce is not None}
        self.changed |= {name: None for name in self.claims if name not in claims}
        self.changed |= {name: claim for name, claim in claims.items() if self.claims.get(name) != claim}
        self.claims = claims

    def changes(self, network: str) -> Mapping[str, Claim | None]:
        assert network == NETWORK
        changed, self.changed = self.changed, {}
        return changed

    def forget(self) -> None:
        self.changed = dict(self.claims)


def _claim(proposal: Proposal) -> Claim:
    assert proposal.nonce is not None
    return Claim(
        lane="timelock",
        nonces=(proposal.nonce,),
        hashes=(proposal.tx.hash,),
        operations=(proposal.operation.id,),
    )


class Keeper:
    """Ticks, compares, and notes what is done for good."""

    def __init__(self, real: Reality, chain: NodeChain, journal: SqlJournal) -> None:
        network = Network(
            name=NETWORK,
            chain_id=CHAIN_ID,
            council=real.council.address,
            guardian=real.guardian.address,
            timelock=real.timelock,
            target_kind=TargetKind.DIAMOND,
            target=COUNTER,
            policy_anchor=ZERO_ADDRESS,
        )
        self._real = real
        self._journal = journal
        self._heart = NodeHeart(chain, network, STRANGER, confirmations=None)
        self._desk = Desk()
        self.watch = Watch(network=network, heart=self._heart, shelf=self._desk, sends_safe_transactions=True)
        self._given: dict[tuple[Bytes32, Action], int] = {}
        """When something was last given out: by time, what is to be settled by the final block of that moment."""
        self.settled: set[Bytes32] = set()
        self._refused: set[str] = set()

    def tick(self, proposals: Sequence[Proposal], model: Model) -> Due:
        """I6: what is remembered agrees with the chain, whatever happened since the last time."""
        self._desk.lay(proposals)
        due = self.watch.tick()
        assert not any(secret in repr(due).encode() for secret in SECRETS)
        if due.beat.forked:
            self._given.clear()
        locked = {each.operation.id: each for each in proposals if each.nonce is not None}
        stamps = [model.timestamp(one) for one in locked]
        assert due.waiting == sum(stamp > DONE_TIMESTAMP for stamp in stamps)
        assert due.unscheduled == stamps.count(0)
        for task in due.tasks:
            assert task.proposal == locked[task.operation].name
            assert task.action in self._sensible(locked[task.operation], model, due.beat, early=True)
        found = {(task.operation, task.action) for task in due.tasks}
        assert len(found) == len(due.tasks)
        for one, proposal in locked.items():
            for action in self._sensible(proposal, model, due.beat):
                assert (one, action) in found or self._given_lately(one, action, due.beat)
        clock = {Action.SETTLE: due.beat.final}
        self._given |= {each: clock.get(each[1], due.beat.head.timestamp.seconds) for each in found}
        return due

    def _sensible(self, proposal: Proposal, model: Model, beat: Beat, *, early: bool = False) -> set[Action]:
        """What ought to be due by the model; `early` where it may be looked at before its block is final."""
        one = proposal.operation.id
        when = model.timestamp(one)
        if when == 0:
            return {Action.QUEUE} if proposal.nonce == model.council.nonce else set()
        if when != DONE_TIMESTAMP:
            return {Action.EXECUTE} if when <= model.now else set()
        final = early or model.executed_in[one] <= beat.final
        return {Action.SETTLE} if final and one not in self.settled else set()

    def _given_lately(self, operation: Bytes32, action: Action, beat: Beat) -> bool:
        """It was due before, and is due again no later than that."""
        given = self._given.get((operation, action))
        if given is None:
            return False
        return given == beat.final if action is Action.SETTLE else beat.head.timestamp.seconds - given < RETRY[1]

    def acted(self, operation: Bytes32) -> None:
        """What was sent must be due at once if it is still to be done."""
        self.watch.soon(operation)
        for action in Action:
            self._given.pop((operation, action), None)

    def settle(self, task: Task, model: Model, head: Head) -> bool:
        """I10: whoever tells it twice, it is noted once. Gives whether it was final, and so noted."""
        one = task.operation
        execution = self._heart.of(one, head)
        assert execution is not None
        assert execution.block == model.executed_in[one]
        assert execution.final is (execution.block <= self._real.final)
        if execution.final:
            assert one not in self.settled
            subject = {"operation": to_hex(one), "block": str(execution.block)}
            assert self._note(SETTLED, task, subject, head)
            self.settled.add(one)
            self.watch.settled([one])
        return execution.final

    def refuse(self, task: Task, verdict: Verdict, head: Head) -> bool:
        """I10 again. Gives whether it was news."""
        why = "; ".join(str(found.message) for found in verdict.violations)
        news = self._note(REFUSED, task, {"operation": to_hex(task.operation), "why": why}, head)
        assert news is (task.proposal not in self._refused)
        self._refused.add(task.proposal)
        return news

    def _note(self, kind: str, task: Task, subject: dict[str, str], head: Head) -> bool:
        """Told twice. Gives whether it was new the first time; the second time it never is."""
        first, second = (
            self._journal.append_once(kind, task.proposal, NETWORK, subject, at=head.timestamp, key="operation")
            for _ in range(2)
        )
        assert second is None
        return first is not None


def read_back(journal: SqlJournal, expected: int, raw: bytes) -> None:
    """I7 and I9: the notes are one chain from the first, no more and no fewer than were told, and hold no key."""
    entries = journal.entries()
    assert verify(entries) == []
    assert len(entries) == expected
    assert len({(entry.kind, entry.proposal, entry.subject["operation"]) for entry in entries}) == expected
    assert not any(secret in raw for secret in SECRETS)
