"""How long an operation waited: the rule's delay and grace against the moment from which the timelock executes it."""

# ruff: noqa: E501 - one row, one fact

from dataclasses import replace
from typing import Any

import pytest

from governance.core.case import Case, Gate
from governance.core.checks.waits import waits
from governance.core.errors import Finding, Place
from governance.core.policy import Rule
from governance.core.units import Duration, Moment
from tests.core.test_expectation import plan
from tests.core.test_proposal import START
from tests.core.test_verdict import case, policy

POLICY = policy()
RULE = POLICY.rules[0]
PLACE = Place(file="policies.yaml", line=20, column=5)
DAY = 86_400
READY = Moment.parse("2026-12-03")
END = "2026-12-17T00:00:00Z"
"""The grace of 14 days later."""


def at(now: Moment | None, *, scheduled: int = 2 * DAY, **known: Any) -> Case:
    """The plan was made for a delay of so many seconds."""
    given: dict[str, Any] = {"gate": Gate.EXECUTE, "ready": READY, "plan": plan(delay=Duration(scheduled)), **known}
    return case(START, POLICY, now=now, **given)


def told(given: Case, rule: Rule = RULE) -> list[Finding]:
    return list(waits(given, rule))


def early(scheduled: str, asked: str, until: str) -> Finding:
    return Finding(
        rule="slow", message=f"scheduled to wait {scheduled}, but rule slow asks for {asked}", hint=f"wait until {until}", place=PLACE
    )  # fmt: skip


def late(since: str, grace: str) -> Finding:
    return Finding(
        rule="slow",
        message=f"it could be executed from {since} on, and rule slow lets it lapse after {grace}",
        hint="gov cancel, and propose it again",
        place=PLACE,
    )


READY_TEXT = "2026-12-03T00:00:00Z"
WAITED: dict[str, tuple[str, int, list[Finding]]] = {
    "the second before": ("2026-12-02T23:59:59Z", 2 * DAY, [early("48 h", "48 h", READY_TEXT)]),
    "the first second": (READY_TEXT, 2 * DAY, []),
    "the last second": (END, 2 * DAY, []),
    "a second too late": ("2026-12-17T00:00:01Z", 2 * DAY, [late(READY_TEXT, "14 d")]),
    "scheduled with an hour, and the rule's delay has not passed": ("2026-12-04T22:59:59Z", 3600, [early("1 h", "48 h", "2026-12-04T23:00:00Z")]),
    "scheduled with an hour, and the rule's delay has passed": ("2026-12-04T23:00:00Z", 3600, []),
    "scheduled with an hour, and the grace counts from the rule's delay": ("2026-12-18T23:00:00Z", 3600, []),
    "scheduled with an hour, and the grace has passed as well": ("2026-12-18T23:00:01Z", 3600, [late("2026-12-04T23:00:00Z", "14 d")]),
    "scheduled with more than the rule asks": (READY_TEXT, 9 * DAY, []),
    "scheduled with more, which makes no grace longer": ("2026-12-17T00:00:01Z", 9 * DAY, [late(READY_TEXT, "14 d")]),
}  # fmt: skip


@pytest.mark.parametrize("name", WAITED)
def test_what_is_executed_has_waited_as_long_as_the_rule_asks_and_no_longer_than_it_allows(name: str) -> None:
    now, scheduled, expected = WAITED[name]
    assert told(at(Moment.parse(now), scheduled=scheduled)) == expected


def test_without_a_grace_nothing_lapses() -> None:
    years = Moment(READY.seconds + 5000 * DAY)
    assert told(at(years), replace(RULE, grace=None)) == []
    assert told(at(years)) == [late(READY_TEXT, "14 d")]


def test_a_grace_of_no_time_ends_at_the_first_second() -> None:
    now = replace(RULE, grace=Duration(0))
    assert told(at(READY), now) == []
    assert told(at(Moment(READY.seconds + 1)), now) == [late(READY_TEXT, "0 s")]


NOT_JUDGED: dict[str, dict[str, Any]] = {
    "no clock": {"now": None},
    "nothing scheduled": {"ready": None},
    "no plan": {"plan": None},
    **{f"the gate {gate}": {"gate": gate} for gate in Gate if gate is not Gate.EXECUTE},
}


@pytest.mark.parametrize("name", NOT_JUDGED)
def test_it_is_judged_only_before_an_execution_where_all_is_known(name: str) -> None:
    early = at(Moment(READY.seconds - DAY))
    assert len(told(early)) == 1
    assert told(replace(early, **NOT_JUDGED[name])) == []
