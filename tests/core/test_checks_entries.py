"""What is inside a batch does not come about more easily than alone: every respect in which it would is told."""

# ruff: noqa: E501 - one row, one fact

from dataclasses import replace
from typing import Any

import pytest

from governance.core.checks.entries import easier, entries
from governance.core.errors import Finding, Place
from governance.core.policy import Approval, Rule
from governance.core.units import Duration, Moment
from tests.core.test_proposal import START
from tests.core.test_verdict import case, policy

DAY = Duration(86_400)
WEEK = Duration(7 * 86_400)
SPAN = (Moment.parse("2026-12-20"), Moment.parse("2027-01-02"))
OTHER_SPAN = (Moment.parse("2026-08-01"), Moment.parse("2026-08-02"))
POLICY = policy()
BATCH = replace(POLICY.rules[0], id="many", separate=("security", "author"), visible=DAY, calls=())
"""The rule of the batch, as strict as can be."""
OWN = replace(BATCH, id="slow")


def asked(at_least: int | None, role: str = "security", among: str | None = None) -> Approval:
    return Approval(role=role, at_least=at_least, among=among)


EASIER: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "the same": ({}, {}, []),
    "others may propose": ({"may_propose": "security"}, {}, ["rule slow lets role author propose this, rule many role security"]),
    "a shorter delay": ({"delay": DAY}, {}, ["rule slow waits 48 h, rule many only 24 h"]),
    "a longer delay": ({"delay": WEEK}, {}, []),
    "a longer grace": ({"grace": Duration(15 * 86_400)}, {}, ["rule slow lets it lapse after 14 d, rule many after 15 d"]),
    "a shorter grace": ({"grace": DAY}, {}, []),
    "no grace": ({"grace": None}, {}, ["rule slow lets it lapse after 14 d, rule many after no time at all"]),
    "a grace where none is asked": ({}, {"grace": None}, []),
    "no grace where none is asked": ({"grace": None}, {"grace": None}, []),
    "calls of any kind": ({"calls": None}, {}, ["rule slow lists what may be called, and rule many not the same"]),
    "a list of calls where none is asked": ({}, {"calls": None}, []),
    "more wei": ({"value_at_most": 8}, {"value_at_most": 7}, ["rule slow lets 7 wei go, rule many 8"]),
    "as much wei": ({"value_at_most": 7}, {"value_at_most": 7}, []),
    "less wei": ({"value_at_most": 6}, {"value_at_most": 7}, []),
    "no freeze": ({"freeze": ()}, {}, ["rule slow is frozen at times when rule many is not"]),
    "another freeze": ({"freeze": (OTHER_SPAN,)}, {}, ["rule slow is frozen at times when rule many is not"]),
    "a freeze more": ({"freeze": (OTHER_SPAN, SPAN)}, {}, []),
    "no approval": ({"approvals": ()}, {}, ["rule slow asks its Safe of role council, rule many does not", "rule slow asks 1 of role security, rule many does not"]),
    "fewer approvals": ({"approvals": (asked(1),)}, {"approvals": (asked(2),)}, ["rule slow asks 2 of role security, rule many does not"]),
    "more approvals": ({"approvals": (asked(3),)}, {"approvals": (asked(2),)}, []),
    "approvals of others": ({"approvals": (asked(2, "author"),)}, {"approvals": (asked(2),)}, ["rule slow asks 2 of role security, rule many does not"]),
    "approvals for signatures": ({"approvals": (asked(2),)}, {"approvals": (asked(2, among="council"),)}, ["rule slow asks 2 of role security among the council's signatures, rule many does not"]),
    "signatures for approvals": ({"approvals": (asked(2, among="council"),)}, {"approvals": (asked(2),)}, ["rule slow asks 2 of role security, rule many does not"]),
    "a Safe, by its own threshold": ({"approvals": (asked(None, "council"),)}, {"approvals": (asked(None, "council"),)}, []),
    "a Safe where a number is asked": ({"approvals": (asked(None),)}, {"approvals": (asked(1),)}, ["rule slow asks 1 of role security, rule many does not"]),
    "the author may approve": ({"distinct_from_author": False}, {}, ["rule slow wants approvals by others than the author, rule many does not"]),
    "the author may approve either": ({"distinct_from_author": False}, {"distinct_from_author": False}, []),
    "the author may approve the entry alone": ({}, {"distinct_from_author": False}, []),
    "approvals that last longer": ({"approval_lifetime": Duration(31 * 86_400)}, {}, ["rule slow lets approvals end after 30 d, rule many after 31 d"]),
    "approvals that last less long": ({"approval_lifetime": DAY}, {}, []),
    "approvals without an end of their own": ({"approval_lifetime": None}, {}, []),
    "approvals that end where they need not": ({}, {"approval_lifetime": None}, []),
    "less time to be seen": ({"visible": Duration(3600)}, {}, ["rule slow lets it be seen for 24 h, rule many for 1 h"]),
    "no time to be seen": ({"visible": None}, {}, ["rule slow lets it be seen for 24 h, rule many for no time at all"]),
    "more time to be seen": ({"visible": WEEK}, {}, []),
    "time to be seen where none is asked": ({}, {"visible": None}, []),
    "nothing kept apart": ({"separate": ()}, {}, ["rule slow keeps security, author apart, rule many does not"]),
    "others kept apart": ({"separate": ("security", "council")}, {}, ["rule slow keeps security, author apart, rule many does not"]),
    "more kept apart": ({"separate": ("council", "author", "security")}, {}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", EASIER)
def test_each_respect_in_which_a_batch_asks_less_is_told(name: str) -> None:
    batch, own, expected = EASIER[name]
    assert list(easier(replace(BATCH, **batch), replace(OWN, **own))) == expected


def test_every_respect_is_told_at_once() -> None:
    rules: list[Rule] = [replace(BATCH, delay=DAY, grace=None, freeze=(), visible=None), OWN]
    assert len(list(easier(*rules))) == 4


TWO = START[: START.index("calls:")].replace("contract_call", "batch") + (
    'entries:\n  - {kind: contract_call, calls: [{to: target, function: "f()"}]}\n'
    '  - {kind: timelock_change, delay: "3 d"}\n'
)
HINT = "make it a proposal of its own, or let the rule many be as strict"


def test_each_entry_is_held_against_its_own_rule_at_its_place() -> None:
    """`timelock_change` has no rule here."""
    assert list(entries(case(TWO, POLICY), replace(BATCH, delay=DAY, grace=None))) == [
        Finding(
            rule="slow",
            message=message,
            hint=HINT,
            place=Place(file="p.yaml", line=8, column=5),
            path="entries[0]",
        )
        for message in (
            "rule slow waits 48 h, rule many only 24 h",
            "rule slow lets it lapse after 14 d, rule many after no time at all",
        )
    ] + [
        Finding(
            rule="deny-by-default",
            message="no rule allows this on devnet, neither alone nor in a batch",
            hint="a rule must be added by a policy change",
            place=Place(file="p.yaml", line=9, column=5),
            path="entries[1]",
        )
    ]


def test_an_entry_without_a_rule_does_not_hide_the_next() -> None:
    lines = TWO.splitlines(keepends=True)
    turned = "".join((*lines[:-2], lines[-1], lines[-2]))
    found = list(entries(case(turned, POLICY), replace(BATCH, delay=DAY)))
    assert [(each.rule, each.path) for each in found] == [("deny-by-default", "entries[0]"), ("slow", "entries[1]")]


def test_what_is_no_batch_has_no_entries() -> None:
    assert list(entries(case(START, POLICY), replace(BATCH, delay=DAY))) == []
