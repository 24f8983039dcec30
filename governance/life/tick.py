"""One look of the executor at one network: which tasks are due. It costs one round trip, whatever waits.

Procedure of `tick`:
1. The heart beats once. Where the block of the last tick is gone (a reorganisation), everything that was known is forgotten.
2. Lock files that have changed are read; what they claim says what to watch, and is believed in nothing else.
3. Operations that are new, or that the timelock has logged about, are asked for their moments.
4. What the next block can execute is due; so is what was executed in a block that is final by now, and, where Safe
   transactions are sent as well, the proposal that is signed for the very next nonce.

What is given out is due again later by itself, at growing distances, until the chain says that it is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from governance.core.agenda import Action, Agenda, Task
from governance.core.facts import Head
from governance.core.lock import Claim
from governance.core.network import Network
from governance.core.stage import DONE_TIMESTAMP
from governance.core.units import Bytes32
from governance.ports import Beat, Heart, Shelf

RETRY = (15, 300)
"""Seconds of chain time until something is tried again: at first, and at most; doubled each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What one tick found."""

    beat: Beat
    tasks: tuple[Task, ...]
    waiting: int
    """Operations that wait for their moment."""
    unscheduled: int
    """Locked operations that the timelock does not know."""


@dataclass(slots=True)
class Watch:
    """What an executor remembers of one network. All of it comes back from files and chain."""

    network: Network
    heart: Heart
    shelf: Shelf
    sends_safe_transactions: bool
    """Whether signed Safe transactions are sent too, or only what they scheduled is executed."""

    _before: Head | None = None
    _claims: dict[str, Claim] = field(default_factory=dict)
    _proposal_of: dict[Bytes32, str] = field(default_factory=dict)
    _at_nonce: dict[int, list[Bytes32]] = field(default_factory=dict)
    _unplaced: dict[Bytes32, None] = field(default_factory=dict)
    """Of lock files that were read, in their order, and not yet asked about."""
    _unscheduled: set[Bytes32] = field(default_factory=set)
    _waiting: Agenda[Bytes32] = field(default_factory=Agenda)
    _unsettled: Agenda[Bytes32] = field(default_factory=Agenda)
    """By block number."""
    _settled: set[Bytes32] = field(default_factory=set)
    _tries: dict[Bytes32, int] = field(default_factory=dict)
    _again: dict[Bytes32, int] = field(default_factory=dict)
    """From when what is signed for the next nonce is tried again."""

    def tick(self) -> Due:
        """What is due now. Raises Unreachable and Refused as the heart does; nothing is lost by that."""
        beat = self.heart.beat(self._before)
        if beat.forked:
            self._forget()
        self._read_files()
        asked = [one for one in {**self._unplaced, **beat.operations} if one in self._proposal_of]
        for one, timestamp in zip(asked, self.heart.timestamps(asked, beat.head), strict=True):
            self._place(one, timestamp, beat.operations.get(one))
        self._unplaced.clear()
        self._before = beat.head
        tasks = [*self._executable(beat), *self._final(beat), *self._signed(beat)]
        return Due(beat=beat, tasks=tuple(tasks), waiting=len(self._waiting), unscheduled=len(self._unscheduled))

    def settled(self, operations: Iterable[Bytes32]) -> None:
        """These are done for good, and noted: they are not asked about again unless the chain speaks of them."""
        self._settled.update(operations)

    def soon(self, operation: Bytes32) -> None:
        """What was sent is looked at again at the next tick, not at growing distances."""
        self._tries.pop(operation, None)
        self._again.pop(operation, None)
        for agenda in (self._waiting, self._unsettled):
            if operation in agenda:
                agenda.put(operation, 0)

    def _forget(self) -> None:
        """Everything but what is settled, whose blocks no reorganisation reaches."""
        self._before = None
        self._waiting, self._unsettled = Agenda(), Agenda()
        self._tries.clear()
        self._again.clear()
        self._unplaced.clear()
        self._unscheduled.clear()
        self._claims.clear()
        self._proposal_of.clear()
        self._at_nonce.clear()
        self.shelf.forget()

    def _read_files(self) -> None:
        """What lock files say that are new. The shelf names each once: what it holds is kept until it is placed."""
        for proposal, claim in self.shelf.changes(self.network.name).items():
            before = self._claims.pop(proposal, None)
            if before is not None:
                self._drop(before)
            if claim is None:
                continue
            self._claims[proposal] = claim
            for operation, nonce in zip(claim.operations, claim.nonces, strict=False):
                self._proposal_of[operation] = proposal
                self._at_nonce.setdefault(nonce, []).append(operation)
            self._unplaced.update(dict.fromkeys(claim.operations))

    def _drop(self, claim: Claim) -> None:
        for operation, nonce in zip(claim.operations, claim.nonces, strict=False):
            self._proposal_of.pop(operation, None)
            self._waiting.drop(operation)
            self._unsettled.drop(operation)
            self._unscheduled.discard(operation)
            there = self._at_nonce.get(nonce, [])
            if operation in there:
                there.remove(operation)

    def _place(self, operation: Bytes32, timestamp: int, block: int | None) -> None:
        """Where an operation stands by the timelock's own word."""
        self._waiting.drop(operation)
        self._unscheduled.discard(operation)
        if timestamp == 0:
            self._unscheduled.add(operation)
        elif timestamp > DONE_TIMESTAMP:
            self._waiting.put(operation, timestamp)
        elif operation not in self._settled or block is not None:
            self._settled.discard(operation)
            self._unsettled.put(operation, block or 0)

    def _executable(self, beat: Beat) -> Iterable[Task]:
        for operation in self._waiting.take(beat.next_moment.seconds):
            tries = self._tries.get(operation, 0)
            self._tries[operation] = tries + 1
            self._waiting.put(operation, beat.head.timestamp.seconds + _pause(tries))
            yield self._task(operation, Action.EXECUTE)

    def _final(self, beat: Beat) -> Iterable[Task]:
        """Again at each new final block until it is told that it is settled."""
        for operation in self._unsettled.take(beat.final):
            if operation not in self._settled:
                self._unsettled.put(operation, beat.final + 1)
                yield self._task(operation, Action.SETTLE)

    def _signed(self, beat: Beat) -> Iterable[Task]:
        """Only what is pinned at the very next nonce can be sent, so only that is looked at."""
        if not self.sends_safe_transactions:
            return
        now = beat.head.timestamp.seconds
        for operation in self._at_nonce.get(beat.nonce, ()):
            if operation in self._unscheduled and self._again.get(operation, 0) <= now:
                tries = self._tries.get(operation, 0)
                self._tries[operation] = tries + 1
                self._again[operation] = now + _pause(tries)
                yield self._task(operation, Action.QUEUE)

    def _task(self, operation: Bytes32, action: Action) -> Task:
        return Task(
            network=self.network.name, proposal=self._proposal_of[operation], operation=operation, action=action
        )


def _pause(tries: int) -> int:
    return min(RETRY[0] << min(tries, 16), RETRY[1])
