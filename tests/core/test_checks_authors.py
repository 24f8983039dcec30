"""Who may propose: a member who holds the role, and the others are told why not."""

import pytest

from governance.core.checks.authors import author
from governance.core.errors import Finding, Place
from tests.core.test_proposal import START
from tests.core.test_verdict import CANCEL, case, policy

POLICY = policy()
SLOW, STOP = POLICY.rules
PLACE = Place(file="p.yaml", line=3, column=9)


def stranger(rule: str) -> Finding:
    return Finding(
        rule=rule, message="`mallory` is no member", hint="members are alice, bob, carol", place=PLACE, path="author"
    )


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_whoever_holds_the_role_may_propose(who: str) -> None:
    assert list(author(case(START.replace("alice", who), POLICY), SLOW)) == []


def test_a_member_without_the_role_is_told_whose_it_is() -> None:
    assert list(author(case(START.replace("alice", "carol"), POLICY), SLOW)) == [
        Finding(
            rule="slow",
            message="`carol` may not propose `contract_call` on devnet: that is for role author",
            hint="its members are alice, bob; signatures are what counts in the end",
            place=PLACE,
            path="author",
        )
    ]


def test_a_stranger_is_told_who_is_a_member() -> None:
    assert list(author(case(START.replace("alice", "mallory"), POLICY), SLOW)) == [stranger("slow")]
    assert list(author(case(CANCEL.replace("alice", "mallory"), POLICY), STOP)) == [stranger("stop")]


def test_where_a_safe_proposes_any_member_may_say_so() -> None:
    assert list(author(case(CANCEL.replace("alice", "carol"), POLICY), STOP)) == []
