"""What a policy asks of its members can be met, and by nobody alone. threat_52."""

# ruff: noqa: E501 - one row, one fact

import pytest

from governance.core.policy import Approval
from governance.core.units import Duration
from tests.core.test_policy import changed as policy_text
from tests.core.test_policy import faults, made

SECURITY = "{role: security, at_least: 1}"
LIFETIME = "    approval_lifetime: 30 d\n"
PLACE = "rules[0]"


def asks(*approvals: str, then: str = LIFETIME) -> list[tuple[str, str]]:
    """The first rule asks these beside the council, with these lines."""
    return [(f", {SECURITY}]", f"{''.join(f', {each}' for each in approvals)}]"), (LIFETIME, then)]


AUTHOR = "{role: author, at_least: 1}"
APART = LIFETIME + "    separate: [security, author]\n"
ALONE = LIFETIME + "    distinct_from_author: false\n"
FAULTY: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {
    "approvals without an end": (asks(SECURITY, then=""), [("policy-approval-lifetime", f"{PLACE}.approval_lifetime")]),
    "approvals that hold for no time": (asks(SECURITY, then="    approval_lifetime: 0 s\n"), [("policy-approval-lifetime", f"{PLACE}.approval_lifetime")]),
    "an end of nothing": (asks(), [("policy-approval-lifetime", f"{PLACE}.approval_lifetime")]),
    "an end where only signatures are counted": (asks("{role: security, at_least: 1, among: council}"), [("policy-approval-lifetime", f"{PLACE}.approval_lifetime")]),
    "among a Safe that does not sign": (asks("{role: security, at_least: 1, among: guardian}", then=""), [("policy-among", f"{PLACE}.approvals[1].among")]),
    "a Safe among itself": ([("{role: guardian, at_least: threshold}", "{role: guardian, at_least: threshold, among: guardian}")], [("policy-among", "rules[1].approvals[0].among")]),
    "one role kept apart": (asks(SECURITY, then=LIFETIME + "    separate: [security]\n"), [("policy-separate", f"{PLACE}.separate")]),
    "a role kept apart that is not asked": (asks(SECURITY, then=APART), [("policy-separate", f"{PLACE}.separate[1]")]),
    "a Safe kept apart": (asks(SECURITY, then=LIFETIME + "    separate: [security, council]\n"), [("policy-separate", f"{PLACE}.separate[1]")]),
    "a role kept apart twice": (asks(SECURITY, AUTHOR, then=LIFETIME + "    separate: [security, security]\n"), [("policy-twice", f"{PLACE}.separate[1]")]),
    "roles apart that one person holds": (
        [*asks(SECURITY, AUTHOR, then=APART), ("[alice, bob]", "[bob]"), ("[bob, carol]", "[bob]")],
        [("policy-separate", f"{PLACE}.separate")],
    ),
    "too few without the author": ([("[alice, bob]", "[bob]"), ("[bob, carol]", "[bob]")], [("policy-distinct-author", f"{PLACE}.approvals")]),
    "too few without the author, once nobody counts twice": (
        [*asks(SECURITY, "{role: author, at_least: 2}", then=APART)],
        [("policy-distinct-author", f"{PLACE}.approvals")],
    ),
    "the author alone": (asks(SECURITY, then=ALONE), [("policy-self-approval", f"{PLACE}.approvals")]),
    "the author alone in two roles": (asks(SECURITY, AUTHOR, then=ALONE), [("policy-self-approval", f"{PLACE}.approvals")]),
    "the author alone among the signatures": (
        asks("{role: security, at_least: 1, among: council}", then="    distinct_from_author: false\n"),
        [("policy-self-approval", f"{PLACE}.approvals")],
    ),
    "a time to be seen that nobody confirms": (asks(then="    visible: 1 d\n"), [("policy-visible", f"{PLACE}.visible")]),
    "a time to be seen by who only signs": (asks("{role: security, at_least: 1, among: council}", then="    visible: 1 d\n"), [("policy-visible", f"{PLACE}.visible")]),
    "a time to be seen that outlasts the approvals": (asks(SECURITY, then=LIFETIME + "    visible: 720 h\n"), [("policy-visible", f"{PLACE}.visible")]),
    "a time to be seen on the emergency path": (
        [("[{role: guardian, at_least: threshold}]", f"[{{role: guardian, at_least: threshold}}, {SECURITY}]\n{LIFETIME}    visible: 1 h")],
        [("policy-guardian-visible", "rules[1].visible")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTY)
def test_an_ill_formed_demand_is_refused_at_its_place(name: str):
    """threat_52"""
    edits, expected = FAULTY[name]
    assert [(rule, at.split(" ")[1]) for rule, at in faults(*edits)] == expected


WELL = {
    "two people, author or not": asks("{role: security, at_least: 2}", then=ALONE),
    "two roles apart": asks(SECURITY, AUTHOR, then=APART),
    "two roles apart, of which the author may fill one": asks(SECURITY, AUTHOR, then=APART + "    distinct_from_author: false\n"),
    "a role that no author holds": [*asks(SECURITY, then=ALONE), ("[bob, carol]", "[carol]")],
    "signatures of the Safe": asks("{role: security, at_least: 1, among: council}", then=""),
    "a day to be seen": asks(SECURITY, then=LIFETIME + "    visible: 24 h\n"),
    "nobody": asks(then=""),
}  # fmt: skip


@pytest.mark.parametrize("name", WELL)
def test_a_demand_that_can_be_met_is_well_formed(name: str):
    rule = made(policy_text(*WELL[name])).rules[0]
    asked = [approval for approval in rule.approvals if approval.at_least is not None]
    assert (rule.approval_lifetime is None) is all(approval.among for approval in asked)


def test_the_rule_says_what_the_file_says():
    (rule, _) = made(policy_text(*asks("{role: security, at_least: 1, among: council}", AUTHOR, then=APART))).rules
    assert rule.approvals[1:] == (
        Approval(role="security", at_least=1, among="council"),
        Approval(role="author", at_least=1, among=None),
    )
    assert (rule.separate, rule.approval_lifetime) == (("security", "author"), Duration(30 * 86_400))
