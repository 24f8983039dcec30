"""Classes of risk: what changes who governs goes by rules that say so, and those guard at least as well. threat_52."""

# ruff: noqa: E501 - one row, one fact

from dataclasses import replace
from typing import Any

import pytest

from governance.core.access import ADMIN, CANCELLER, EXECUTOR, PROPOSER
from governance.core.case import Case, Gate
from governance.core.facts import AnchorFacts, GovernanceFacts, RoleFacts
from governance.core.kinds import KINDS, Lane
from governance.core.pins import CodePin
from governance.core.plan import Plan, derive_plan
from governance.core.policy import Policy
from governance.core.risk import Risk
from governance.core.units import ZERO_ADDRESS, ZERO_WORD
from governance.core.verdict import judge
from tests.core.kindfacts import bare_pins
from tests.core.test_policy import changed, faults, made
from tests.core.test_proposal import START
from tests.core.test_verdict import other_network, proposal

HIGH = """\
  - id: high
    kinds: [role_change, policy_change, batch]
    may_propose: author
    approvals: [{role: council, at_least: threshold}, {role: security, at_least: 1}]
    approval_lifetime: 30 d
    via: timelock
    delay: 48 h
    grace: 14 d
    freeze: [{from: 2026-12-20, to: 2027-01-02}]
    risk: constitutional
"""
ITSELF = """\
  - id: itself
    kinds: [council_change]
    may_propose: author
    approvals: [{role: council, at_least: threshold}, {role: security, at_least: 1}]
    approval_lifetime: 30 d
    via: council
    delay: 0 s
    risk: constitutional
"""
LASTS = "    approval_lifetime: 30 d\n"
END = "    via: guardian\n    delay: 0 s\n"
HEAD = START[: START.index("calls:")]
ROLE = (
    HEAD.replace("contract_call", "role_change")
    + f'changes: [{{on: timelock, grant: EXECUTOR_ROLE, account: "{ZERO_ADDRESS}"}}]\n'
)
CALL = '{kind: contract_call, calls: [{to: target, function: "ping()"}]}'
GRANT = '{kind: role_change, changes: [{on: timelock, grant: EXECUTOR_ROLE, account: "' + ZERO_ADDRESS + '"}]}'


def with_rules(*more: str, edits: tuple[tuple[str, str], ...] = ()) -> tuple[tuple[str, str], ...]:
    """Edits of the test's policy by which it has more rules."""
    text = END + "".join(more)
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return ((END, text),)


def verdict(text: str, policy: Policy, kind: str) -> list[tuple[str, str]]:
    given: dict[str, Any] = {"network": "devnet", "lane": KINDS[kind].lane, "gate": Gate.CHECK, "now": None}
    return [(f.rule, f.path) for f in judge(Case(proposal=proposal(text), policy=policy, **given)).violations]


def test_a_rule_is_for_routine_unless_it_says_more():
    assert [rule.risk for rule in made(changed(*with_rules(HIGH))).rules] == [
        Risk.ROUTINE,
        Risk.ROUTINE,
        Risk.CONSTITUTIONAL,
    ]


FAULTS: dict[str, tuple[tuple[tuple[str, str], ...], list[tuple[str, str]]]] = {
    "kinds that change the constitution, under a rule for routine": (
        with_rules(HIGH, edits=(("    risk: constitutional\n", ""),)),
        [("policy-risk", "rules[2].kinds[0]"), ("policy-risk", "rules[2].kinds[1]")],
    ),
    "a class that does not exist": (with_rules(HIGH, edits=(("risk: constitutional", "risk: grave"),)), [("schema-value", "rules[2].risk")]),
    "a constitution that is faster than daily work": (with_rules(HIGH, edits=(("delay: 48 h", "delay: 47 h"),)), [("policy-constitution-weak", "rules[2].delay")]),
    "a constitution that asks others": (
        with_rules(HIGH, edits=(("role: security", "role: author"),)),
        [("policy-constitution-weak", "rules[2].approvals")],
    ),
    "a constitution that needs a smaller number": (
        (("at_least: 1}]", "at_least: 2}]"), *with_rules(HIGH)),
        [("policy-constitution-weak", "rules[2].approvals")],
    ),
    "a constitution that lets the author approve": (
        with_rules(HIGH, edits=(("30 d\n", "30 d\n    distinct_from_author: false\n"), ("at_least: 1", "at_least: 2"))),
        [("policy-constitution-weak", "rules[2].distinct_from_author")],
    ),
    "a constitution that is seen for less": (
        ((LASTS, f"{LASTS}    visible: 24 h\n"), *with_rules(HIGH, edits=((LASTS, f"{LASTS}    visible: 23 h\n"),))),
        [("policy-constitution-weak", "rules[2].visible")],
    ),
    "a constitution that nobody must have seen": (
        ((LASTS, f"{LASTS}    visible: 24 h\n"), *with_rules(HIGH)),
        [("policy-constitution-weak", "rules[2].visible")],
    ),
    "a constitution whose approvals last longer": (
        with_rules(HIGH, edits=(("30 d", "31 d"),)),
        [("policy-constitution-weak", "rules[2].approval_lifetime")],
    ),
    "a constitution that lets one person fill two roles": (
        (
            ("at_least: 1}]\n    approval", "at_least: 1}, {role: author, at_least: 1}]\n    separate: [security, author]\n    approval"),
            *with_rules(HIGH, edits=(("at_least: 1}]", "at_least: 1}, {role: author, at_least: 1}]"),)),
        ),
        [("policy-constitution-weak", "rules[2].separate")],
    ),
    "a constitution that counts signatures instead": (
        with_rules(HIGH, edits=(("at_least: 1}]", "at_least: 1, among: council}]"), (LASTS, ""))),
        [("policy-constitution-weak", "rules[2].approvals")],
    ),
    "a guardian who may do it": (with_rules(edits=(("0 s", "0 s\n    risk: constitutional"),)), [("policy-risk", "rules[1].risk")]),
    "a council's own lane that asks fewer": (
        with_rules(ITSELF, edits=((", {role: security, at_least: 1}", ""), ("    approval_lifetime: 30 d\n", ""))),
        [("policy-constitution-weak", "rules[2].approvals")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_policy_that_guards_its_constitution_less_is_ill_formed(name: str):
    edits, expected = FAULTS[name]
    assert [(rule, place.split()[1]) for rule, place in faults(*edits)] == expected


def test_the_councils_own_lane_has_no_delay_to_compare():
    assert made(changed(*with_rules(HIGH, ITSELF))).rule_for("council_change", "devnet")


def test_rules_ofother_networks_are_not_compared():
    fast = HIGH.replace("48 h", "1 h").replace("    via", "    networks: [other]\n    via")
    text = changed(
        *with_rules(fast),
        (
            "    kinds: [facet_swap, contract_call]\n",
            "    kinds: [facet_swap, contract_call]\n    networks: [devnet]\n",
        ),
    )
    assert made(text.replace("rules:\n", f"{other_network()}rules:\n")).rule_for("role_change", "other")


def policy(*edits: tuple[str, str]) -> Policy:
    return made(changed(*with_rules(HIGH), *edits))


def test_what_changes_who_governs_is_allowed_by_a_rule_for_it():
    assert verdict(ROLE, policy(), "role_change") == []


CLAIMS = {
    "silence": ("", []),
    "the truth": ("risk: constitutional\n", []),
    "too little": ("risk: routine\n", [("risk-understated", "risk")]),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_proposal_may_say_its_class_but_not_too_little(name: str):
    line, expected = CLAIMS[name]
    assert verdict(ROLE + line, policy(), "role_change") == expected


def test_saying_more_than_is_true_hurts_nobody():
    assert verdict(START + "risk: constitutional\n", policy(), "contract_call") == []


BATCHES = {
    "daily work": (f"[{CALL}, {CALL}]", []),
    "a role beside daily work": (f"[{CALL}, {GRANT}]", []),
}


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_may_hold_what_its_rule_is_for(name: str):
    entries, expected = BATCHES[name]
    text = HEAD.replace("contract_call", "batch") + f"entries: {entries}\n"
    assert verdict(text, policy(), "batch") == expected


def test_a_role_in_a_batch_for_routine_is_refused_at_the_entry():
    rules = (
        HIGH.replace(", batch]", "]"),
        HIGH.replace("id: high", "id: many")
        .replace("role_change, policy_change, ", "")
        .replace("    risk: constitutional\n", ""),
    )
    text = HEAD.replace("contract_call", "batch") + f"entries: [{CALL}, {GRANT}]\n"
    assert verdict(text, made(changed(*with_rules(*rules))), "batch")[-1] == ("many", "entries[1]")


def planned(text: str, kind: str, policy: Policy) -> Plan:
    """What another kind derives, as one of a third party might."""
    rule = policy.rules[-1]
    pins = bare_pins(policy, rule)
    network = policy.networks["devnet"]
    pins = replace(
        pins,
        codes=(CodePin(address=network.policy_anchor, code_hash=ZERO_WORD),),
        governance=GovernanceFacts(
            anchor=AnchorFacts(digest=policy.digest, uri="x"),
            roles=tuple(
                RoleFacts(contract=network.timelock, role=role, holders=frozenset({network.timelock}))
                for role in (ADMIN, PROPOSER, CANCELLER, EXECUTOR)
            ),
        ),
    )
    return derive_plan(proposal(text), KINDS[kind], network=network, pins=pins)


POLICY_CHANGE = HEAD.replace("contract_call", "policy_change") + f'digest: "0x{"11" * 32}"\nuri: x\n'
DERIVED = {
    "a role of the timelock": (ROLE, "role_change", "calls[0] changes who holds a role"),
    "another policy": (POLICY_CHANGE, "policy_change", "calls[0] changes the policy in force"),
}


@pytest.mark.parametrize("name", DERIVED)
def test_what_a_kind_derives_is_graver_than_its_name_says(name: str):
    text, kind, expected = DERIVED[name]
    rules = policy()
    plan = planned(text, kind, rules)
    case = Case(
        proposal=proposal(START),
        policy=rules,
        network="devnet",
        lane=Lane.TIMELOCK,
        gate=Gate.LOCK,
        now=None,
        plan=plan,
    )
    (found,) = judge(case).violations
    assert found.rule == "slow"
    assert found.message.startswith(expected)
    assert found.message.endswith("; rule slow is for routine")
