"""Several open proposals on one network: in which orders they could take effect, and whether the order matters.

Two that stand side by side in an order are held against the same two the other way round, after the same others. If no such
pair differs, no order does. It judges outcomes that others obtained from a node, and plays nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from governance.core.difference import Change, Key, value_words, words_of
from governance.core.errors import Finding
from governance.core.facts import Head
from governance.core.kinds.base import Lane
from governance.core.units import ZERO_WORD, Address, Bytes32

FULL = 4
"""Up to so many open proposals, every order is played; of more, each two in both orders."""
NAMED = 3
"""How many differing values a finding names."""

Order = tuple[str, ...]
"""Proposals by id, in the order in which they take effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An open proposal, as far as it decides what may come before what."""

    proposal: str
    lane: Lane
    safe: Address
    nonces: tuple[int, ...]
    """Of its Safe transactions that are still to be sent."""
    operations: tuple[Bytes32, ...]
    predecessor: Bytes32
    """The operation that must be done first; zero for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of the last proposal of an order, those before it having taken effect."""

    ok: bool
    reason: str
    changes: tuple[Change, ...]
    """Of the whole order; of what came before, when the last one reverts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What was played, and every finding."""

    network: str
    head: Head
    proposals: tuple[str, ...]
    left_out: Mapping[str, str]
    """Open proposals that could not be planned, and why."""
    orders: int
    """How many were played."""
    every: bool
    """Whether these are all; otherwise each two in both orders."""
    findings: tuple[Finding, ...]


def ancestors(one: Open, opens: Mapping[str, Open]) -> Order:
    """Open proposals that must have been executed before it, the first of them first."""
    before = next((o for o in opens.values() if one.predecessor != ZERO_WORD and one.predecessor in o.operations), None)
    return () if before is None or before is one else (*ancestors(before, opens), before.proposal)


def must_precede(first: Open, second: Open) -> bool:
    """Whether `first` has to take effect before `second` can: by a predecessor, or by the nonces of one Safe.

    What goes through the timelock is only queued in the order of nonces; what a Safe does itself happens in it.
    """
    if second.predecessor != ZERO_WORD and second.predecessor in first.operations:
        return True
    at_once = first.lane is not Lane.TIMELOCK and first.safe == second.safe
    return at_once and bool(second.nonces) and min(first.nonces, default=0) < min(second.nonces)


def orders(opens: Sequence[Open]) -> list[Order]:
    """Every feasible order of a few; of many, each two in both orders, each behind what must be executed before it."""
    if len(opens) <= FULL:
        return [tuple(o.proposal for o in order) for order in permutations(opens) if order and _feasible(order)]
    known = {one.proposal: one for one in opens}
    found = (_behind(first, second, known) for first, second in permutations(opens, 2))
    return list(dict.fromkeys(order for order in found if order))


def _behind(first: Open, second: Open, known: Mapping[str, Open]) -> Order:
    """One and then the other, each behind what must be executed before it; empty when that cannot be."""
    names = (*ancestors(first, known), first.proposal, *ancestors(second, known), second.proposal)
    order = tuple(dict.fromkeys(names))
    comes = order[-1] == second.proposal and _feasible([known[name] for name in order])
    return order if comes else ()


def _compared(opens: Sequence[Open], found: Sequence[Order]) -> Iterator[tuple[Order, Order, str, str]]:
    """Orders that are held against one another, and of which two proposals they speak, the last of each side last."""
    if len(opens) > FULL:
        known = {one.proposal: one for one in opens}
        for one, other in combinations(opens, 2):
            yield _behind(one, other, known), _behind(other, one, known), one.proposal, other.proposal
        return
    for order in (order for level in prefixes(found)[1:] for order in level):
        *before, first, second = order
        if first < second:
            yield order, (*before, second, first), first, second


def _feasible(order: Sequence[Open]) -> bool:
    return not any(must_precede(later, one) for i, one in enumerate(order) for later in order[i + 1 :])


def prefixes(found: Sequence[Order]) -> list[list[Order]]:
    """Every beginning of an order, the shortest first, each once; by length."""
    longest = max((len(order) for order in found), default=0)
    return [list(dict.fromkeys(order[:n] for order in found if len(order) >= n)) for n in range(1, longest + 1)]


def judge_orders(
    opens: Sequence[Open], outcomes: Mapping[Order, Outcome], names: Mapping[tuple[Address, Bytes32], str]
) -> list[Finding]:
    """Pairs whose order matters, and proposals that cannot follow any other."""
    found: dict[tuple[str, str], Finding] = {}
    for order, other, first, second in _compared(opens, list(outcomes)):
        if (first, second) in found or order not in outcomes or other not in outcomes:
            continue
        words = _differing(first, second, outcomes[order], outcomes[other], names)
        if words:
            hint = "give the one that comes later `after:` the other, or make them one proposal"
            message = f"the order of {first} and {second} matters: {words}"
            found[first, second] = Finding(rule="order-matters", message=message, hint=hint)
    return [*found.values(), *_reverting(opens, outcomes)]


def _differing(
    first: str, second: str, one: Outcome, other: Outcome, names: Mapping[tuple[Address, Bytes32], str]
) -> str:
    """How the two ways round differ, in words; empty when they do not."""
    told = [
        f"{late} after {early} reverts: {outcome.reason}"
        for early, late, outcome in ((first, second, one), (second, first, other))
        if not outcome.ok
    ]
    if told:
        return "; ".join(told)
    left, right = ({change.key: change for change in outcome.changes} for outcome in (one, other))
    changed = sorted(
        (key for key in {*left, *right} if _after(key, left, right) != _after(key, right, left)),
        key=lambda key: (key[0], str(key[1]), key[2]),
    )
    words = [_both(key, left, right, second, names) for key in changed[:NAMED]]
    return "; ".join(words) + (f"; and {len(changed) - NAMED} more" if len(changed) > NAMED else "")


def _after(key: Key, side: Mapping[Key, Change], otherwise: Mapping[Key, Change]) -> bytes:
    """What is there in the end; what one side leaves alone is as it was."""
    return side[key].after if key in side else otherwise[key].before


def _both(
    key: Key,
    left: Mapping[Key, Change],
    right: Mapping[Key, Change],
    second: str,
    names: Mapping[tuple[Address, Bytes32], str],
) -> str:
    change = left.get(key) or right[key]
    values = value_words(_after(key, left, right)), value_words(_after(key, right, left))
    return f"{words_of(change, names)} ends as {values[0]} when {second} comes last, else as {values[1]}"


def _reverting(opens: Sequence[Open], outcomes: Mapping[Order, Outcome]) -> Iterator[Finding]:
    known = {one.proposal: one for one in opens}
    hint = "it has to come first, or to be planned again once the others are executed"
    for name, one in known.items():
        alone = (*ancestors(one, known), name)
        behind = [outcome for order, outcome in outcomes.items() if order[-1] == name and order != alone]
        if alone in outcomes and not outcomes[alone].ok:
            message = f"{name} reverts even when no other comes before it: {outcomes[alone].reason}"
            yield Finding(rule="stacked-reverts", message=message, hint=f"see gov simulate {name}")
        elif behind and not any(outcome.ok for outcome in behind):
            message = f"{name} reverts behind every other open proposal: {behind[0].reason}"
            yield Finding(rule="stacked-reverts", message=message, hint=hint)


def judge_queueing(tried: Mapping[tuple[str, str], tuple[bool, str]]) -> list[Finding]:
    """Proposals that could not be queued any more once another is executed; by executed and queued."""
    hint = "queue it before the other is executed, or plan it again afterwards"
    return [
        Finding(
            rule="order-matters",
            message=f"{queued} cannot be queued once {executed} is executed: {reason}",
            hint=hint,
        )
        for (executed, queued), (ok, reason) in tried.items()
        if not ok
    ]
