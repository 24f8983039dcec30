"""A chain that is asked each thing about a block once, and what is foreseen along with the first thing of its sort.

What a block says never changes, so an answer holds for good.

Only for one piece of work: it forgets nothing while it lives. The newest block, and what is not tied to a block, are asked
each time.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from governance.core.call import Call
from governance.core.errors import GovError
from governance.core.facts import Head, Log, Receipt
from governance.core.units import Address, Bytes32, Moment
from governance.ports import Answer, Chain

K = TypeVar("K", bound=Hashable)
CALL, CODE, STORAGE, LOGS = "call", "code", "storage", "logs"
"""Sorts of things that can be foreseen."""

SURVEYED = {CALL: "calls", CODE: "codes", STORAGE: "slots", LOGS: "logs"}
"""By sort, the field of `Reads` and `Surveyed`."""
Topics = tuple[tuple[Bytes32, ...] | None, ...]
"""Each position a set of alternatives, None for any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What somebody will ask of every block."""

    calls: tuple[Call, ...]
    codes: tuple[Address, ...]
    slots: tuple[tuple[Address, int], ...] = ()
    logs: tuple[tuple[Address, Topics], ...] = ()
    then: "Callable[[Found], Reads] | None" = None
    """What follows from what was found, and will be asked next. Where nothing does, because it cannot be read, it may raise."""


class Found(Protocol):
    """What a block has said so far."""

    def answer(self, call: Call) -> Answer:
        """To a call that was foreseen."""
        ...

    def word(self, account: Address, slot: int) -> Bytes32:
        """A storage word that was foreseen."""
        ...

    def logged(self, address: Address, topics: Topics) -> Sequence[Log]:
        """Logs that were foreseen."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What a block answers to `Reads`, each in its order."""

    calls: tuple[Answer, ...]
    codes: tuple[bytes, ...]
    slots: tuple[Bytes32, ...]
    logs: tuple[tuple[Log, ...], ...]


@runtime_checkable
class Surveying(Protocol):
    """A chain that can be asked for things of every sort at once."""

    def survey(self, reads: Reads, at: Head) -> Surveyed:
        """All of it, as of one block."""
        ...


@dataclass(frozen=True, slots=True)
class _Said:
    """See `Found`."""

    known: Mapping[tuple[str, Head, Hashable], Any]
    at: Head

    def answer(self, call: Call) -> Answer:
        found: Answer = self.known[CALL, self.at, call]
        return found

    def word(self, account: Address, slot: int) -> Bytes32:
        return Bytes32(self.known[STORAGE, self.at, (account, slot)])

    def logged(self, address: Address, topics: Topics) -> Sequence[Log]:
        found: Sequence[Log] = self.known[LOGS, self.at, (address, topics)]
        return found


class RecalledChain:
    """See `governance.ports.Chain`."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._surveying = chain if isinstance(chain, Surveying) else None
        self._followed: set[Head] = set()
        self._known: dict[tuple[str, Head, Hashable], Any] = {}
        self._foreseen: dict[str, dict[Hashable, None]] = {}
        self._then: list[Callable[[Found], Reads]] = []
        self.viewed: dict[Call, None] = {}
        """Every view that was asked, in order."""

    def foresee(self, reads: Reads) -> None:
        """Whoever asks a block for something has this asked in the same request."""
        for what, each in ((CALL, reads.calls), (CODE, reads.codes), (STORAGE, reads.slots), (LOGS, reads.logs)):
            self._foreseen.setdefault(what, {}).update(dict.fromkeys(each))
        self.viewed.update(dict.fromkeys(reads.calls))
        if reads.then is not None:
            self._then.append(reads.then)

    def head(self) -> Head:
        """The newest block, asked anew."""
        return self._chain.head()

    def call_many(self, calls: Sequence[Call], at: Head) -> list[Answer]:
        """View calls; only those are asked whose answer is not known."""
        self.viewed.update(dict.fromkeys(calls))
        return self._recall(CALL, calls, at, self._chain.call_many)

    def codes(self, addresses: Sequence[Address], at: Head) -> list[bytes]:
        """Runtime codes."""
        return self._recall(CODE, addresses, at, self._chain.codes)

    def storage(self, slots: Sequence[tuple[Address, int]], at: Head) -> list[Bytes32]:
        """Storage words."""
        return self._recall(STORAGE, slots, at, self._chain.storage)

    def logs(self, address: Address, topics: Sequence[Sequence[Bytes32] | None], at: Head) -> list[Log]:
        """Logs up to the block."""
        wanted = (address, tuple(None if each is None else tuple(each) for each in topics))
        asked = self._recall(LOGS, [wanted], at, lambda each, head: [self._chain.logs(*one, head) for one in each])
        return list(asked[0])

    def dry_run(self, call: Call, *, sender: Address, at: Head) -> Answer:
        """One call by somebody."""
        asked = self._recall(
            "dry run", [(call, sender)], at, lambda _, head: [self._chain.dry_run(call, sender=sender, at=head)]
        )
        answer: Answer = asked[0]
        return answer

    def moments(self, blocks: Sequence[int], at: Head) -> list[Moment]:
        """Timestamps of earlier blocks."""
        return self._recall("moment", blocks, at, self._chain.moments)

    def receipt(self, tx_hash: Bytes32) -> Receipt | None:
        """Asked anew: a transaction may be mined at any time."""
        return self._chain.receipt(tx_hash)

    def fetch(self, reads: Reads, at: Head) -> None:
        """Have all of this known in one request, where the chain can."""
        wanted = {sort: getattr(reads, field) for sort, field in SURVEYED.items()}
        if self._surveying is not None and any(self._missing(sort, each, at) for sort, each in wanted.items()):
            self._survey(self._surveying, wanted, at)

    def _missing(self, what: str, wanted: Iterable[Any], at: Head) -> list[Any]:
        return [each for each in dict.fromkeys(wanted) if (what, at, each) not in self._known]

    def _recall(self, what: str, wanted: Sequence[K], at: Head, ask: Callable[[list[K], Head], list[Any]]) -> list[Any]:
        missing = self._missing(what, wanted, at)
        if missing and self._surveying is not None and what in SURVEYED:
            self._survey(self._surveying, {what: missing}, at)
        elif missing:
            missing = [
                *missing,
                *(each for each in self._missing(what, self._foreseen.get(what, ()), at) if each not in wanted),
            ]
            for each, answer in zip(missing, ask(missing, at), strict=True):
                self._known[what, at, each] = answer
        return [self._known[what, at, each] for each in wanted]

    def _survey(self, chain: Surveying, wanted: Mapping[str, Sequence[Any]], at: Head) -> None:
        """What is wanted, and everything that is foreseen along with it, of whatever sort."""
        every = {
            sort: self._missing(sort, [*wanted.get(sort, ()), *self._foreseen.get(sort, ())], at) for sort in SURVEYED
        }
        fields: dict[str, Any] = {field: tuple(every[sort]) for sort, field in SURVEYED.items()}
        found = chain.survey(Reads(**fields), at)
        for sort, field in SURVEYED.items():
            for each, answer in zip(every[sort], getattr(found, field), strict=True):
                self._known[sort, at, each] = answer
        if at not in self._followed:
            self._followed.add(at)
            self._follow(at)

    def _follow(self, at: Head) -> None:
        found = _Said(self._known, at)
        for then in self._then:
            with suppress(GovError):  # whoever really asks is told why it cannot be read
                self.foresee(then(found))


def together(chain: Chain, reads: Reads, at: Head) -> None:
    """Have all of this asked in one request, where the chain can; it is asked for one by one afterwards all the same."""
    if isinstance(chain, RecalledChain):
        chain.fetch(reads, at)
