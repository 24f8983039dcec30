"""`batch`: all or nothing, in order, and nothing inside it comes about more easily than alone."""

# ruff: noqa: E501 - one row, one fact

import pytest

from governance.core.case import Case, Gate
from governance.core.errors import Rejected
from governance.core.kinds import KINDS, Lane
from governance.core.policy import Policy
from governance.core.proposal import Proposal
from governance.core.units import Duration
from governance.core.verdict import judge
from tests.core.kindfacts import (
    CODELESS,
    COUNCIL,
    GUARDIAN,
    NETWORK,
    NEW,
    PROXY,
    A,
    Body,
    derive,
    inverse,
    pins,
    proposal,
    questions,
    refusals,
    summaries,
    target,
)
from tests.core.test_verdict import policy

DELAY = {"kind": "timelock_change", "delay": "72 h"}
ROLE = {"kind": "role_change", "changes": [{"on": "target", "grant": "EMERGENCY_ROLE", "account": A}]}
TIMELOCK_ROLE = {"kind": "role_change", "changes": [{"on": "timelock", "grant": "EXECUTOR_ROLE", "account": A}]}
SWAP = {"kind": "facet_swap", "changes": [{"replace": NEW, "selectors": ["0x00000001"]}]}
MANIFEST = {"kind": "manifest_upgrade", "routes": [{"selector": "0x00000001", "facet": NEW}]}
CALL = {"kind": "contract_call", "calls": [{"to": NEW, "function": "poke()"}]}
POLICY = {"kind": "policy_change", "digest": "0x" + "0b" * 32, "uri": "new.yaml"}
PROXIED = {"kind": "proxy_upgrade", "proxy": PROXY, "pattern": "uups", "implementation": NEW}
UNPAUSE = {"kind": "unpause", "reason": "why"}


def batch(*entries: Body) -> Body:
    return {"kind": "batch", "entries": list(entries)}


def test_the_calls_stand_in_the_order_of_the_entries_in_one_operation():
    made = derive(batch(DELAY, ROLE, CALL, POLICY))
    assert [words.split(":")[0].split("(")[0] for words in summaries(made)] == [
        "updateDelay",
        "grantRole",
        "poke",
        "setPolicy",
    ]
    assert [effect.subject for effect in made.effects] == [
        "the timelock's delay",
        f"roles of {NETWORK.target}",
        "the policy",
    ]


def test_a_system_can_be_unpaused_and_mended_at_once():
    made = derive(batch(UNPAUSE, SWAP), pins(target=target(paused=True)))
    assert summaries(made)[0] == "unpause"
    assert len(summaries(made)) == 4


def test_the_inverse_is_that_of_each_entry_last_first():
    assert inverse(batch(DELAY, ROLE)) == batch(
        {"kind": "role_change", "changes": [{"on": "target", "revoke": "EMERGENCY_ROLE", "account": A}]},
        {"kind": "timelock_change", "delay": "48 h"},
    )


@pytest.mark.parametrize("entry", [CALL, UNPAUSE], ids=["a plain call", "what the guardian takes back"])
def test_there_is_no_inverse_with(entry: Body):
    assert inverse(batch(DELAY, entry), pins(target=target(paused=True))) is None


def test_every_entry_has_its_questions():
    asked = questions(batch(DELAY, ROLE))
    assert asked[0].startswith("Why must these happen together")
    assert {each.split(":")[0] for each in asked[1:]} == {"entry 1, timelock_change", "entry 2, role_change"}


NEVER = {
    "two changes of the routes": (batch(SWAP, MANIFEST), [("batch-overlap", "entries[1]")]),
    "two changes of one contract's roles": (batch(TIMELOCK_ROLE, {"kind": "timelock_change", "changes": [{"grant": "EXECUTOR_ROLE", "account": NEW}]}), [("batch-overlap", "entries[1]")]),
    "two upgrades of one proxy": (batch(PROXIED, PROXIED), [("batch-overlap", "entries[1]")]),
    "a fault of an entry": (batch(DELAY, {**POLICY, "digest": "0x" + "0a" * 32}), [("policy-same", "entries[1].digest")]),
    "the faults of all entries": (batch({**DELAY, "delay": "0 s"}, {"kind": "contract_call", "calls": [{"to": CODELESS, "function": "poke()"}]}), [("timelock-delay-zero", "entries[0].delay"), ("target-no-code", "entries[1].calls[0].to")]),
    "a fault without a place": (batch(DELAY, UNPAUSE), [("not-paused", "entries[1]")]),
    "a plain call to the council": (batch(DELAY, {"kind": "contract_call", "calls": [{"to": COUNCIL, "function": "poke()"}]}), [("governance-call", "entries[1].calls[0].to")]),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_refused_is(name: str):
    body, expected = NEVER[name]
    assert refusals(body) == expected


def test_an_upgrade_in_two_operations_is_no_part_of_a_batch():
    facts = pins(target=target(activation_delay=Duration(60)))
    assert refusals(batch(SWAP, DELAY), facts) == [("batch-not-atomic", "entries[0]")]


MALFORMED = {
    "a batch in a batch": batch(DELAY, batch(DELAY, ROLE)),
    "what the guardian does": batch(DELAY, {"kind": "emergency_pause", "reason": "why"}),
    "a cancel": batch(DELAY, {"kind": "cancel", "proposal": "0001-x", "reason": "why"}),
    "what the council does to itself": batch(DELAY, {"kind": "council_change", "set_guard": GUARDIAN}),
    "a single entry": batch(DELAY),
    "an entry that is empty": batch(DELAY, {"kind": "timelock_change"}),
    "an entry without a kind": batch(DELAY, {"delay": "72 h"}),
    "an entry that is text": {"kind": "batch", "entries": ["a", "b"]},
    "an entry with a title": batch(DELAY, {**ROLE, "title": "Mine"}),
    "a key nobody knows": batch(DELAY, {**ROLE, "chages": []}),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_is(name: str):
    with pytest.raises(Rejected, match="does not follow its schema") as caught:
        proposal(MALFORMED[name])
    assert caught.value.findings[0].path.startswith("entries")


def test_it_needs_what_its_entries_need():
    needs = KINDS["batch"].needs(proposal(batch(DELAY, ROLE, SWAP, CALL, POLICY, PROXIED)).document, NETWORK)
    assert (needs.delay, needs.target, needs.anchor, needs.facets, needs.proxies) == (
        True,
        True,
        True,
        (NEW,),
        (PROXY,),
    )
    assert needs.codes == (NEW, NETWORK.policy_anchor, PROXY)


TWO_CALLS = {
    **batch(CALL, CALL),
    "introduce": [{"address": NEW, "name": "new", "purpose": "Is called in these tests"}],
}
RULE = """  - id: many
    kinds: [batch]
    may_propose: author
    approval_lifetime: 30 d
    approvals: [{role: council, at_least: threshold}, {role: security, at_least: 1}]
    via: timelock
    delay: 48 h
    grace: 14 d
    freeze: [{from: 2026-12-20, to: 2027-01-02}]
  - id: stop
"""
EASIER = {
    "as strict": ((), []),
    "a shorter delay": (("    delay: 48 h\n    grace: 14 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop", "    delay: 47 h\n    grace: 14 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop"), ["waits 48 h"]),
    "a longer grace": (("    grace: 14 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop", "    grace: 15 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop"), ["lapse after 14 d"]),
    "no freeze": (("    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop", "  - id: stop"), ["frozen at times"]),
    "other approvals": (("threshold}, {role: security, at_least: 1}]\n    via: timelock\n    delay: 48 h\n    grace: 14 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop", "threshold}, {role: author, at_least: 1}]\n    via: timelock\n    delay: 48 h\n    grace: 14 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop"), ["asks 1 of role security"]),
    "others may propose": (("kinds: [batch]\n    may_propose: author", "kinds: [batch]\n    may_propose: security"), ["lets role author propose"]),
    "approvals that last longer": (("approval_lifetime: 30 d\n    approvals: [{role: council, at_least: threshold}, {role: security, at_least: 1}]\n    via: timelock\n    delay: 48 h\n    grace: 14 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop", "approval_lifetime: 31 d\n    approvals: [{role: council, at_least: threshold}, {role: security, at_least: 1}]\n    via: timelock\n    delay: 48 h\n    grace: 14 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop"), ["lets approvals end after 30 d"]),
    "signatures of the Safe for approvals": (("at_least: 1}]\n    via: timelock\n    delay: 48 h\n    grace: 14 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop", "at_least: 1, among: council}, {role: author, at_least: 1}]\n    via: timelock\n    delay: 48 h\n    grace: 14 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n  - id: stop"), ["asks 1 of role security"]),
    "an entry that no rule allows": (("[facet_swap, contract_call]", "[facet_swap]"), ["no rule allows this"]),
}  # fmt: skip


def case(document: Proposal, rules: Policy) -> Case:
    return Case(proposal=document, policy=rules, network="devnet", lane=Lane.TIMELOCK, gate=Gate.CHECK, now=None)


@pytest.mark.parametrize("name", EASIER)
def test_the_rule_for_batches_is_held_against_the_rules_of_its_entries(name: str):
    edit, expected = EASIER[name]
    edits = [("  - id: stop\n", RULE), *([edit] if edit else [])]
    document = proposal({**TWO_CALLS, "author": "bob"})
    verdict = judge(case(document, policy(*edits)))
    assert verdict.rule is not None
    found = {f.message for f in verdict.violations}
    assert [any(words in message for message in found) for words in expected] == [True] * len(expected)
    assert bool(found) == bool(expected)


def test_who_must_not_approve_alone_does_not_by_a_batch():
    alone = RULE.replace("at_least: 1}", "at_least: 2}").replace(
        "    via:", "    distinct_from_author: false\n    via:"
    )
    edits = [("  - id: stop\n", alone)]
    verdict = judge(case(proposal(TWO_CALLS), policy(*edits)))
    assert {(f.rule, f.path) for f in verdict.violations} == {("slow", "entries[0]"), ("slow", "entries[1]")}


CONSIDERED = {
    "a time to be seen": ("    visible: 24 h\n", "lets it be seen for 24 h, rule many for no time at all"),
    "duties kept apart": ("    separate: [security, author]\n", "keeps security, author apart, rule many does not"),
}


@pytest.mark.parametrize("name", CONSIDERED)
def test_a_batch_is_considered_for_as_long_and_by_as_many_as_its_entries(name: str):
    line, expected = CONSIDERED[name]
    both = "at_least: 1}, {role: author, at_least: 1}]"
    edits = [("at_least: 1}]", both), ("  - id: stop\n", RULE.replace("at_least: 1}]", both))]
    ours = [(f"{both}\n    approval_lifetime: 30 d\n", f"{both}\n    approval_lifetime: 30 d\n{line}")]
    verdict = judge(case(proposal(TWO_CALLS), policy(*edits, *ours)))
    assert {f.message for f in verdict.violations} == {f"rule slow {expected}"}
