"""An executor that looks along: its memory, its notes, and what it may be told to do, over the machine's contracts.

Its heart and its shelf are the machine's; what stands between them is `governance.life.tick` as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from governance.adapters.journal import SqlJournal
from governance.adapters.timelock import EVENTS
from governance.core.agenda import Action, Task
from governance.core.call import encode_call
from governance.core.facts import Head
from governance.core.journal import verify
from governance.core.lock import Claim
from governance.core.network import Network, TargetKind
from governance.core.units import Bytes32, to_hex
from governance.life.fulfil import SETTLED
from governance.life.tick import RETRY, Watch
from governance.ports import Beat
from tests.machine.model import Model, Paper
from tests.machine.world import CHAIN_ID, COUNTER, NONCE, Reality


@dataclass
class Senses:
    """A heart and a shelf in one: `governance.ports.Heart` and `Shelf`."""

    real: Reality
    final: int = 0
    """Number of the newest block that no reorganisation takes back."""
    papers: dict[str, Claim] = field(default_factory=dict)
    shown: dict[str, Claim] = field(default_factory=dict)

    def beat(self, before: Head | None) -> Beat:
        head, touched = self.real.head(), dict[Bytes32, int]()
        forked = before is not None and before not in self.real.blocks
        for log in self.real.logged if before is not None and not forked else ():
            if log.address == self.real.timelock and log.topics[0] in EVENTS and log.block > before.number:
                touched[log.topics[1]] = log.block
        return Beat(
            head=head,
            next_moment=head.timestamp,
            final=self.final,
            forked=forked,
            operations=touched,
            nonce=self.real.number(self.real.council.address, encode_call(NONCE, [])),
            balance=1,
        )

    def timestamps(self, ids: Sequence[Bytes32], at: Head) -> list[int]:
        return [self.real.timestamp(one) for one in ids]

    def changes(self, network: str) -> Mapping[str, Claim | None]:
        gone = dict.fromkeys(self.shown.keys() - self.papers.keys())
        new = {name: claim for name, claim in self.papers.items() if self.shown.get(name) != claim}
        self.shown = dict(self.papers)
        return {**gone, **new}

    def forget(self) -> None:
        self.shown = {}


class Onlooker:
    """The executor's part, held against the model at each tick."""

    def __init__(self, real: Reality, journal: SqlJournal, life: str) -> None:
        network = Network(
            name=life,
            chain_id=CHAIN_ID,
            council=real.council.address,
            guardian=real.guardian.address,
            timelock=real.timelock,
            target_kind=TargetKind.DIAMOND,
            target=COUNTER,
            policy_anchor=COUNTER,
        )
        self._real, self._journal, self._life = real, journal, life
        self._senses = Senses(real=real)
        self._watch = Watch(network=network, heart=self._senses, shelf=self._senses, sends_safe_transactions=True)
        self._given: dict[tuple[Bytes32, Action], int] = {}
        self.noted: set[Bytes32] = set()
        """Executions that are final and stand in the journal."""

    def look(self, papers: Sequence[Paper], model: Model, final: int) -> None:
        """One tick. What it gives out is due by the model, and whatever is due is given out often enough."""
        self._senses.final = final
        locked = [paper for paper in papers if paper.nonce is not None]
        self._senses.papers = {paper.name: _claim(paper) for paper in locked}
        due = self._watch.tick()
        tasks = due.tasks
        if due.beat.forked:  # nothing that was given out before counts
            self._given.clear()
        for task in tasks:
            self._require_due(task, locked, model)
            self._given[task.operation, task.action] = model.now
        for task in tasks:
            if task.action is Action.SETTLE and model.executed_in[task.operation] <= final:
                self._settle(task, model)
        for paper in locked:
            self._require_given(paper, model)

    def _require_due(self, task: Task, papers: Sequence[Paper], model: Model) -> None:
        (paper,) = [each for each in papers if each.operation.id == task.operation]
        assert task.proposal == paper.name
        when = model.timestamp(task.operation)
        if task.action is Action.EXECUTE:
            assert 1 < when <= model.now, "I2: it is given out before its time, or after its end"
        elif task.action is Action.SETTLE:
            assert when == 1
            assert task.operation not in self.noted, "it is settled twice"
        else:
            assert (when, paper.nonce) == (0, model.council.nonce)

    def _require_given(self, paper: Paper, model: Model) -> None:
        """I6: nothing that is due is forgotten."""
        one, when = paper.operation.id, model.timestamp(paper.operation.id)
        if 1 < when <= model.now:
            assert model.now - self._given[one, Action.EXECUTE] < RETRY[1]
        elif when == 1 and model.executed_in[one] <= self._senses.final:
            assert one in self.noted
        elif when == 0 and paper.nonce == model.council.nonce:
            assert model.now - self._given[one, Action.QUEUE] < RETRY[1]

    def _settle(self, task: Task, model: Model) -> None:
        """I10: told twice, noted once."""
        subject = {"operation": to_hex(task.operation), "block": str(model.executed_in[task.operation])}
        at = self._real.head().timestamp
        notes = [
            self._journal.append_once(SETTLED, task.proposal, self._life, subject, at=at, key="operation") for _ in "12"
        ]
        assert [note is None for note in notes] == [False, True]
        self.noted.add(task.operation)
        self._watch.settled([task.operation])

    def require_noted(self, papers: Sequence[Paper], model: Model) -> None:
        """I6 and I7: what is final on chain is what the journal holds, and nothing in it was changed."""
        locked = [each.operation.id for each in papers if each.nonce is not None]
        final = {one for one in locked if model.timestamp(one) == 1}
        entries = [entry for entry in self._journal.entries() if entry.network == self._life]
        held = {bytes.fromhex(entry.subject["operation"][2:]) for entry in entries}
        assert held == self.noted >= final
        assert verify(self._journal.entries()) == []


def _claim(paper: Paper) -> Claim:
    assert paper.nonce is not None
    return Claim(lane="timelock", nonces=(paper.nonce,), hashes=(), operations=(paper.operation.id,))
