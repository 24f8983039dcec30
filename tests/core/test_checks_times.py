"""Freezes and deadlines: by the chain's clock, for now and for when it could take effect."""

from dataclasses import replace

import pytest

from governance.core.case import Case, Gate
from governance.core.checks.times import times
from governance.core.errors import Finding, Place
from governance.core.policy import Rule
from governance.core.units import Moment
from tests.core.test_proposal import START
from tests.core.test_verdict import case, policy

POLICY = policy()
RULE = POLICY.rules[0]
PLACE = Place(file="policies.yaml", line=20, column=5)
START_OF_FREEZE, END_OF_FREEZE = "2026-12-20T00:00:00Z", "2027-01-02T00:00:00Z"


def told(now: str | None, gate: Gate = Gate.LOCK, more: str = "", rule: Rule = RULE) -> list[Finding]:
    given: Case = case(START + more, POLICY, now=None if now is None else Moment.parse(now), gate=gate)
    return list(times(given, rule))


def frozen(what: str, start: str = START_OF_FREEZE, end: str = END_OF_FREEZE) -> Finding:
    message = f"frozen from {start} to {end}: it would be {what}"
    return Finding(rule="slow", message=message, hint=f"wait until {end}", place=PLACE)


FROZEN: dict[str, tuple[str, Gate, list[Finding]]] = {
    "executable before it": ("2026-12-17T23:59:59Z", Gate.QUEUE, []),
    "executable at its first second": ("2026-12-18T00:00:00Z", Gate.QUEUE, [frozen("executable at 2026-12-20T00:00:00Z")]),
    "executed when queueing would be refused": ("2026-12-18T00:00:00Z", Gate.EXECUTE, []),
    "executed at its first second": (START_OF_FREEZE, Gate.EXECUTE, [frozen("acted on now")]),
    "executed at its last second": ("2027-01-01T23:59:59Z", Gate.EXECUTE, [frozen("acted on now")]),
    "executed at its end": (END_OF_FREEZE, Gate.EXECUTE, []),
    "now and later": ("2026-12-25T00:00:00Z", Gate.LOCK, [frozen("acted on now")]),
    "only now": ("2026-12-31T12:00:00Z", Gate.LOCK, [frozen("acted on now")]),
}  # fmt: skip


@pytest.mark.parametrize("name", FROZEN)
def test_a_freeze_is_told_with_what_it_meets_and_when_it_ends(name: str) -> None:
    now, gate, expected = FROZEN[name]
    assert told(now, gate) == expected


def test_each_freeze_is_told() -> None:
    second = (Moment.parse("2026-12-24"), Moment.parse("2026-12-26"))
    assert told("2026-12-24", rule=replace(RULE, freeze=(*RULE.freeze, second))) == [
        frozen("acted on now"),
        frozen("acted on now", "2026-12-24T00:00:00Z", "2026-12-26T00:00:00Z"),
    ]
    assert told("2026-12-28", rule=replace(RULE, freeze=(second, *RULE.freeze))) == [frozen("acted on now")]


def missed(eta: str) -> Finding:
    return Finding(
        rule="not-after",
        message=f"not_after is 2026-06-03, but it could be executed at {eta} at the earliest",
        hint="extend it in the file, and have it reviewed again",
        place=Place(file="p.yaml", line=9, column=12),
        path="not_after",
    )


MISSED: dict[str, tuple[str, Gate, list[Finding]]] = {
    "in time, with the delay": ("2026-06-01T00:00:00Z", Gate.QUEUE, []),
    "a second too late, with the delay": ("2026-06-01T00:00:01Z", Gate.QUEUE, [missed("2026-06-03T00:00:01Z")]),
    "executed in its last second": ("2026-06-03T00:00:00Z", Gate.EXECUTE, []),
    "executed a second later": ("2026-06-03T00:00:01Z", Gate.EXECUTE, [missed("2026-06-03T00:00:01Z")]),
}


@pytest.mark.parametrize("name", MISSED)
def test_a_deadline_counts_from_when_it_could_be_executed(name: str) -> None:
    now, gate, expected = MISSED[name]
    assert told(now, gate, "not_after: 2026-06-03\n") == expected


def test_without_a_clock_nothing_is_frozen_or_missed() -> None:
    assert told(None, more="not_after: 2020-01-01\n") == []


def test_both_are_told() -> None:
    found = told("2026-12-25", more="not_after: 2026-06-03\n")
    assert found == [frozen("acted on now"), missed("2026-12-27T00:00:00Z")]
