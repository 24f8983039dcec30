"""Which orders of open proposals there are, and what is told of their outcomes, without a node."""

import pytest

from governance.core.difference import Change, stored
from governance.core.errors import Finding
from governance.core.kinds import Lane
from governance.core.stacked import Open, Order, Outcome, ancestors, judge_orders, judge_queueing, orders, prefixes
from governance.core.units import ZERO_WORD, Bytes32, checksummed

COUNCIL, GUARDIAN = checksummed(b"\x01" * 20), checksummed(b"\x02" * 20)
WHERE = checksummed(b"\x03" * 20)


def word(number: int) -> Bytes32:
    return Bytes32(number.to_bytes(32, "big"))


def opened(name: str, nonce: int | None, *, lane: Lane = Lane.TIMELOCK, after: int = 0) -> Open:
    return Open(
        proposal=name,
        lane=lane,
        safe=GUARDIAN if lane is Lane.GUARDIAN else COUNCIL,
        nonces=() if nonce is None else (nonce,),
        operations=(word(ord(name)),) if lane is Lane.TIMELOCK else (),
        predecessor=word(after) if after else ZERO_WORD,
    )


@pytest.mark.parametrize(
    ("opens", "found"),
    [
        ([], []),
        ([opened("a", 0)], ["a"]),
        ([opened("a", 0), opened("b", 1)], ["ab", "ba"]),
        ([opened("a", 0), opened("b", 1, after=ord("a"))], ["ab"]),
        ([opened("a", 0, lane=Lane.COUNCIL), opened("b", 1)], ["ab"]),
        ([opened("a", 0), opened("b", 1, lane=Lane.COUNCIL)], ["ab", "ba"]),
        ([opened("a", 1, lane=Lane.COUNCIL), opened("b", None)], ["ab", "ba"]),
        ([opened("a", 5, lane=Lane.GUARDIAN), opened("b", 6, lane=Lane.GUARDIAN)], ["ab"]),
        ([opened("a", 5, lane=Lane.GUARDIAN), opened("b", 6)], ["ab", "ba"]),
    ],
)
def test_an_order_is_feasible_by_predecessors_and_by_nonces_of_what_happens_at_once(
    opens: list[Open], found: list[str]
) -> None:
    """threat_26"""
    assert orders(opens) == [tuple(order) for order in found]


def test_of_more_than_four_each_two_come_in_both_orders_behind_what_must_be_first() -> None:
    opens = [opened("a", 0), *(opened(name, i + 1, after=ord("a")) for i, name in enumerate("bc")), opened("d", 3)]
    opens.append(opened("e", 4, after=ord("b")))
    known = {one.proposal: one for one in opens}
    assert ancestors(known["e"], known) == ("a", "b")
    found = orders(opens)
    assert ("a", "b", "c") in found
    assert ("a", "c", "b") in found
    assert ("a", "b", "e", "d") in found
    assert not any(order.index("e") < order.index("b") for order in found if {"b", "e"} <= set(order))
    assert prefixes(found)[0] == [(name,) for name in dict.fromkeys(order[0] for order in found)]


def outcome(*changes: Change, ok: bool = True, reason: str = "") -> Outcome:
    return Outcome(ok=ok, reason=reason, changes=changes)


def told(outcomes: dict[Order, Outcome], *names: str) -> list[Finding]:
    return judge_orders([opened(name, i) for i, name in enumerate(names)], outcomes, {(WHERE, word(0)): "the fee"})


def test_two_orders_with_one_end_say_nothing() -> None:
    end = outcome(stored(WHERE, word(0), 1))
    assert told({("a",): end, ("b",): end, ("a", "b"): end, ("b", "a"): end}, "a", "b") == []


def test_different_ends_are_named_by_what_differs() -> None:
    one = outcome(stored(WHERE, word(0), 1), *(stored(WHERE, word(n), 9) for n in range(1, 5)))
    other = outcome(stored(WHERE, word(0), 2))
    (finding,) = told({("a",): one, ("b",): other, ("a", "b"): one, ("b", "a"): other}, "a", "b")
    assert finding.rule == "order-matters"
    assert f"the fee of {WHERE} ends as 0x1 when b comes last, else as 0x2" in finding.message
    assert finding.message.endswith("; and 2 more")


def test_what_reverts_behind_all_others_is_named_once_more() -> None:
    good, bad = outcome(), outcome(ok=False, reason="no")
    found = told({("a",): good, ("b",): good, ("a", "b"): bad, ("b", "a"): good}, "a", "b")
    assert [(finding.rule, finding.message) for finding in found] == [
        ("order-matters", "the order of a and b matters: b after a reverts: no"),
        ("stacked-reverts", "b reverts behind every other open proposal: no"),
    ]


def test_what_reverts_by_itself_is_no_matter_of_order() -> None:
    good, bad = outcome(), outcome(ok=False, reason="no")
    found = told({("a",): bad, ("b",): good, ("b", "a"): bad}, "a", "b")
    assert [finding.message for finding in found] == ["a reverts even when no other comes before it: no"]


def test_what_cannot_be_queued_behind_another_is_named() -> None:
    (finding,) = judge_queueing({("a", "b"): (False, "too late"), ("b", "a"): (True, "")})
    assert finding.message == "b cannot be queued once a is executed: too late"
