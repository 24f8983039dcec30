"""How grave a proposal is: computed from its kind, its entries and its calls, and held against the rule and its own word."""

# ruff: noqa: E501 - one row, one fact

import pytest

from governance.core.checks.risk import allowed, graver, risk
from governance.core.errors import Finding, Place
from governance.core.plan import Plan
from governance.core.policy import Policy
from governance.core.risk import Risk
from governance.core.units import Address
from tests.core.test_calltree import by_safe, grant
from tests.core.test_checks_called import QUIET, planned
from tests.core.test_constitution import CALL, GRANT, HEAD, HIGH, POLICY_CHANGE, ROLE, with_rules
from tests.core.test_policy import G, changed, made
from tests.core.test_proposal import START
from tests.core.test_verdict import case

RULES = made(changed(*with_rules(HIGH)))
"""`high` is constitutional, and for `role_change`, `policy_change` and `batch`."""
SLOW, STOP, HIGHER = RULES.rules


def batch(*entries: str) -> str:
    lines = "".join(f"  - {each}\n" for each in entries)
    return HEAD.replace("contract_call", "batch") + f"entries:\n{lines}"


NATURE, HIDDEN = "changes who governs or how", "calls[0] changes who holds a role"
GRAVE = grant(Address(G))
GRAVER: dict[str, tuple[str, Plan | None, list[tuple[tuple[str | int, ...], str]]]] = {
    "daily work": (START, None, []),
    "daily work that is planned": (START, planned(QUIET), []),
    "a kind": (ROLE, None, [(("kind",), f"`role_change` {NATURE}")]),
    "a kind that is planned": (ROLE, planned(GRAVE), [(("kind",), f"`role_change` {NATURE}")]),
    "an entry": (batch(CALL, GRANT), None, [(("entries", 1), f"`role_change` {NATURE}")]),
    "an entry that is planned": (batch(GRANT, CALL), planned(GRAVE), [(("entries", 0), f"`role_change` {NATURE}")]),
    "two entries": (batch(GRANT, GRANT), None, [(("entries", i), f"`role_change` {NATURE}") for i in range(2)]),
    "a call": (START, planned(GRAVE), [(("calls", 0), HIDDEN)]),
    "a call of a batch": (batch(CALL, CALL), planned(QUIET, GRAVE), [(("kind",), "calls[1] changes who holds a role")]),
    "a call within a call": (START, planned(by_safe(GRAVE)), [(("calls", 0), "calls[0].execTransaction changes who holds a role")]),
    "two calls": (START, planned(GRAVE, QUIET, GRAVE), [(("calls", 0), HIDDEN), (("calls",), "calls[2] changes who holds a role")]),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAVER)
def test_what_makes_a_proposal_graver_is_found_where_it_stands(name: str) -> None:
    text, plan, expected = GRAVER[name]
    assert list(graver(case(text, RULES, plan=plan))) == expected


def understated(what: str, line: int) -> Finding:
    return Finding(
        rule="risk-understated",
        message=f"it says `routine`, but {what}",
        hint="write constitutional, or drop what makes it so",
        place=Place(file="p.yaml", line=line, column=7),
        path="risk",
    )


def beyond(what: str, rule: str, path: str, line: int, column: int) -> Finding:
    return Finding(
        rule=rule,
        message=f"{what}; rule {rule} is for routine",
        hint="make it a proposal of its own kind, under a rule with `risk: constitutional`",
        place=Place(file="p.yaml", line=line, column=column),
        path=path,
    )


def told(text: str, plan: Plan | None = None, rules: Policy = RULES, rule: int = 0) -> list[Finding]:
    return list(risk(case(text, rules, plan=plan), rules.rules[rule]))


BY_CALL = beyond(HIDDEN, "slow", "calls[0]", 8, 5)
BY_KIND = beyond(f"`role_change` {NATURE}", "slow", "kind", 5, 7)


def test_what_is_graver_than_its_rule_is_told_at_its_place() -> None:
    assert told(START, planned(GRAVE)) == [BY_CALL]
    assert told(ROLE) == [BY_KIND]
    assert told(START, planned(GRAVE, QUIET, GRAVE)) == [
        BY_CALL,
        beyond("calls[2] changes who holds a role", "slow", "calls", 8, 3),
    ]


@pytest.mark.parametrize("text", [ROLE, ROLE + "risk: constitutional\n"])
def test_a_rule_for_it_allows_it(text: str) -> None:
    assert told(text, rule=2) == []


def test_a_class_that_says_too_little_is_told_whatever_the_rule() -> None:
    says = ROLE + "risk: routine\n"
    assert told(says, rule=2) == [understated(f"`role_change` {NATURE}", 8)]
    assert told(says) == [understated(f"`role_change` {NATURE}", 8), BY_KIND]
    assert told(START + "risk: routine\n", planned(GRAVE, GRAVE), rule=2) == [understated(HIDDEN, 9)]
    assert told(START + "risk: constitutional\n", planned(GRAVE)) == [BY_CALL]


@pytest.mark.parametrize("text", [START, START + "risk: routine\n", START + "risk: constitutional\n"])
def test_daily_work_may_say_what_it_wants(text: str) -> None:
    assert told(text, planned(QUIET)) == []


ROUTINE, CONSTITUTIONAL = Risk.ROUTINE, Risk.CONSTITUTIONAL
ALLOWED: dict[str, tuple[str, int, Risk]] = {
    "a rule for routine": (START, 0, ROUTINE),
    "a rule for more": (START, 2, CONSTITUTIONAL),
    "a batch of what is routine alone": (batch(CALL, CALL), 2, ROUTINE),
    "a batch of what no rule allows alone": (batch('{kind: timelock_change, delay: "3 d"}', CALL), 2, ROUTINE),
    "a batch with one entry that may": (batch(CALL, GRANT), 2, CONSTITUTIONAL),
    "a batch whose own rule is for routine": (batch(CALL, GRANT), 0, ROUTINE),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_a_batch_may_do_no_more_than_an_entry_might_alone(name: str) -> None:
    text, rule, expected = ALLOWED[name]
    assert allowed(case(text, RULES), RULES.rules[rule]) is expected


def test_a_grave_call_in_a_batch_of_daily_work_is_refused() -> None:
    (found,) = told(batch(CALL, CALL), planned(GRAVE), rule=2)
    assert (found.rule, found.path) == ("high", "kind")
    assert told(POLICY_CHANGE, rule=2) == []
