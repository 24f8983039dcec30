"""Who approved, as the gate tells it: how many are missing, who is asked, what is void, and who counts twice.

threat_52
"""

# ruff: noqa: E501 - one row, one fact

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from governance.core.approval import RoleApproval
from governance.core.case import Gate
from governance.core.checks.approvals import approvals
from governance.core.checks.visible import visible
from governance.core.errors import Finding, Place
from governance.core.policy import Policy
from governance.core.units import Duration, Moment
from tests.core.safevm import Person
from tests.core.test_assent import (
    ALICE,
    AMONG,
    APART,
    BOB,
    CAROL,
    MALLORY,
    POLICY,
    SEEN,
    WATCHED,
    approval,
    asking,
    case,
    policy,
)
from tests.core.test_kinds import code

PLACE = Place(file="p", line=20, column=5)


def told(given: Sequence[RoleApproval] = (), rules: Policy = POLICY, **known: Any) -> list[Finding]:
    return list(approvals(case(given, rules=rules, **known), rules.rules[0]))


def lacking(message: str, hint: str) -> Finding:
    return Finding(rule="slow", message=message, hint=hint, place=PLACE)


def void(who: str, why: str) -> Finding:
    return Finding(
        rule="approval-void",
        message=f"the approval by {who} as security is void: {why}",
        hint="look at the plan again, then gov approve",
    )


NOBODY_LEFT = "nobody is left who could: the policy must change"
TWO = policy(("at_least: 1", "at_least: 2"))
MISSING: dict[str, tuple[Policy, list[Person], str, list[Finding]]] = {
    "nobody": (POLICY, [], "alice", [lacking("0 of 1 approvals by role security", "ask bob, carol: gov approve")]),
    "enough": (POLICY, [BOB], "alice", []),
    "one of two": (TWO, [BOB], "alice", [lacking("1 of 2 approvals by role security", "ask carol: gov approve")]),
    "two of two": (TWO, [BOB, CAROL], "alice", []),
    "a stranger": (
        POLICY, [MALLORY], "alice",
        [lacking("0 of 1 approvals by role security", "ask bob, carol: gov approve"), void(MALLORY.address, f"{MALLORY.address} is no member")],
    ),
    "a stranger beside enough": (POLICY, [MALLORY, CAROL], "alice", []),
}  # fmt: skip


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_is_told_with_who_could_give_it(name: str) -> None:
    rules, people, author, expected = MISSING[name]
    assert told([approval(each, rules=rules) for each in people], rules, author=author) == expected


def test_every_reason_and_every_void_approval_is_told() -> None:
    given = [approval(BOB, policy_digest=code(1), council=code(1)), approval(CAROL, policy_digest=code(1))]
    council = "the owners or the threshold of the Safe have changed since"
    assert told(given) == [
        lacking("0 of 1 approvals by role security", "ask bob, carol: gov approve"),
        void("bob", f"the policy has changed since; {council}"),
        void("carol", "the policy has changed since"),
    ]


def test_signatures_of_the_safe_are_asked_for_by_their_own_command() -> None:
    missing = lacking("0 of 1 signatures of the council by role security", "ask bob, carol: gov sign")
    assert told(rules=AMONG) == [missing]
    assert told(rules=AMONG, signers=[CAROL]) == []


def test_roles_are_each_asked() -> None:
    by_security, by_author = told(rules=APART, author="dave")
    assert (by_security.message, by_security.hint) == (
        "0 of 1 approvals by role security",
        "ask bob, carol: gov approve",
    )
    assert (by_author.message, by_author.hint) == ("0 of 1 approvals by role author", "ask alice, bob: gov approve")


def test_where_nobody_is_left_the_policy_must_change() -> None:
    rules = policy(("[bob, carol]", "[bob]"))
    never = Finding(
        rule="slow",
        message="too few people could approve what `bob` proposes under rule slow",
        hint="let somebody else propose it, or change the policy",
        place=Place(file="p.yaml", line=3, column=9),
        path="author",
    )
    for gate in Gate:
        expected = [never, lacking("0 of 1 approvals by role security", NOBODY_LEFT)] if gate.sends else [never]
        assert told(rules=rules, author="bob", gate=gate) == expected


def test_who_is_kept_apart_must_be_different_people_from_the_start() -> None:
    """When alice proposes, only bob is left for either role."""
    rules = policy(
        asking("{role: security, at_least: 1}, {role: author, at_least: 1}"), ("[bob, carol]", "[bob, alice]")
    )
    apart = replace(rules.rules[0], separate=("security", "author"))
    found = list(approvals(case(rules=rules, gate=Gate.CHECK), apart))
    assert [each.message for each in found] == ["too few people could approve what `alice` proposes under rule slow"]
    assert list(approvals(case(rules=rules, gate=Gate.CHECK, author="dave"), apart)) == []
    assert told(rules=rules, gate=Gate.CHECK) == []


def test_one_person_in_two_roles_is_told() -> None:
    twice = [approval(BOB, rules=APART), approval(BOB, "author", rules=APART)]
    assert told(twice, APART, author="dave") == [
        lacking(
            "roles security and author need 2 different people, 1 approved for them", "nobody counts for two of them"
        )
    ]
    together = replace(APART.rules[0], separate=())
    assert list(approvals(case(twice, rules=APART, author="dave"), together)) == []
    assert told([twice[0], approval(ALICE, "author", rules=APART)], APART, author="dave") == []


# ---- how long it was seen ----------------------------------------------------------------------------------------------


def seen(ago: dict[Person, int], rules: Policy = WATCHED, role: str = "security") -> list[RoleApproval]:
    """Approved so many seconds ago."""
    return [approval(who, role, rules=rules, seen_at=Moment(SEEN.seconds - each)) for who, each in ago.items()]


def unseen(since: str, until: str, role: str = "security") -> Finding:
    return lacking(f"role {role} has seen the plan since {since}, which is not 24 h ago", f"wait until {until}")


def watched(given: Sequence[RoleApproval], rules: Policy = WATCHED, **known: Any) -> list[Finding]:
    return list(visible(case(given, rules=rules, author="dave", **known), rules.rules[0]))


H = 3600
LATELY = unseen("2026-11-30T00:00:01Z", "2026-12-01T00:00:01Z")
AGO: dict[str, tuple[dict[Person, int], list[Finding]]] = {
    "nobody": ({}, []),
    "too few": ({ALICE: 1}, []),
    "two, a day ago": ({ALICE: 24 * H, BOB: 24 * H}, []),
    "two, a second less": ({ALICE: 24 * H, BOB: 24 * H - 1}, [LATELY]),
    "two, and a third before them": ({ALICE: 24 * H - 1, BOB: 24 * H - 2, CAROL: 48 * H}, [LATELY]),
    "three, two of them long ago": ({ALICE: 1, BOB: 30 * H, CAROL: 48 * H}, []),
}


@pytest.mark.parametrize("name", AGO)
def test_the_last_of_enough_says_since_when_it_was_seen(name: str) -> None:
    """threat_33"""
    ago, expected = AGO[name]
    assert watched(seen(ago)) == expected


def test_it_is_judged_only_before_something_is_sent_and_by_a_clock() -> None:
    now = seen({ALICE: 0, BOB: 0})
    assert len(watched(now)) == 1
    assert {gate: len(watched(now, gate=gate)) for gate in Gate} == {gate: int(gate.sends) for gate in Gate}
    assert list(visible(replace(case(now, rules=WATCHED), now=None), WATCHED.rules[0])) == []
    assert list(visible(case(now, rules=WATCHED), replace(WATCHED.rules[0], visible=None))) == []


BOTH = policy(
    asking("{role: security, at_least: 1}, {role: author, at_least: 1}", "visible: 24 h"),
)


def test_each_role_must_have_seen_it() -> None:
    late = unseen("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", "author")
    assert watched([*seen({CAROL: 25 * H}, BOTH), *seen({ALICE: 0}, BOTH, "author")], BOTH) == [late]
    assert watched(seen({ALICE: 0}, BOTH, "author"), BOTH) == [late]
    assert watched([*seen({CAROL: 25 * H}, BOTH), *seen({ALICE: 25 * H}, BOTH, "author")], BOTH) == []


def test_signatures_of_the_safe_say_nothing_of_when() -> None:
    rules = policy(
        asking("{role: security, at_least: 1, among: council}, {role: author, at_least: 1}", "visible: 24 h"),
    )
    late = unseen("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", "author")
    assert watched(seen({ALICE: 0}, rules, "author"), rules, signers=[CAROL]) == [late]
    assert rules.rules[0].visible == Duration(24 * H)
