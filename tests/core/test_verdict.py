"""Verdicts: what no rule allows is refused, and every violation is told. threat_25, threat_52."""

from dataclasses import replace
from typing import Any

import pytest

from governance.adapters.files import parse
from governance.core import policy as core_policy
from governance.core import proposal as core_proposal
from governance.core.case import Case, Gate
from governance.core.errors import Finding, Place, Refused
from governance.core.kinds import KINDS, Lane
from governance.core.units import Moment, checksummed
from governance.core.verdict import Verdict, judge, judge_by_both
from tests.core.test_policy import TEXT as POLICY_TEXT
from tests.core.test_proposal import MODELS, START

NOW = Moment.parse("2026-12-01")


def other_network() -> str:
    council, guardian, timelock, target, anchor = (checksummed(bytes([n] * 20)) for n in range(21, 26))
    return (
        f'  other:\n    chain_id: 1\n    council: "{council}"\n    guardian: "{guardian}"\n    timelock: "{timelock}"\n'
        f'    target: {{kind: diamond, address: "{target}"}}\n    policy_anchor: "{anchor}"\n'
    )


def policy(*edits: tuple[str, str]) -> core_policy.Policy:
    text = POLICY_TEXT
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return core_policy.read(parse(text, "policies.yaml"), file="policies.yaml", kinds=frozenset(KINDS))


def proposal(text: str = START) -> core_proposal.Proposal:
    return core_proposal.read(parse(text, "p.yaml"), id="0007-x", file="p.yaml", models=MODELS)


def case(text: str, rules: core_policy.Policy, **known: Any) -> Case:
    given: dict[str, Any] = {"network": "devnet", "lane": Lane.TIMELOCK, "gate": Gate.LOCK, "now": None, **known}
    return Case(proposal=proposal(text), policy=rules, **given)


def verdict(
    text: str = START,
    *edits: tuple[str, str],
    network: str = "devnet",
    lane: Lane = Lane.TIMELOCK,
    now: Moment | None = NOW,
) -> Verdict:
    return judge(case(text, policy(*edits), network=network, lane=lane, now=now))


def told(given: Verdict) -> list[tuple[str, str]]:
    return [(f.rule, f"{f.place} {f.path}".strip()) for f in given.violations]


CANCEL = START[: START.index("calls:")].replace("contract_call", "cancel") + "proposal: 0001-x\nreason: why\n"


def test_what_a_rule_allows_is_allowed_by_that_rule():
    given = verdict()
    assert given.ok
    assert given.require().id == "slow"
    assert (given.proposal, given.network) == ("0007-x", "devnet")


def test_what_no_rule_allows_is_refused():
    given = verdict(START, ("[facet_swap, contract_call]", "[facet_swap]"))
    assert (given.ok, given.rule, told(given)) == (False, None, [("deny-by-default", "p.yaml:5:7 kind")])
    with pytest.raises(Refused, match="0007-x on devnet") as caught:
        given.require()
    assert caught.value.findings == given.violations


def test_a_verdict_without_a_rule_is_a_refusal_whatever_else_is_true():
    empty = Verdict(proposal="0007-x", network="devnet", rule=None, violations=())
    assert not empty.ok
    with pytest.raises(Refused):
        empty.require()


@pytest.mark.parametrize(
    ("text", "place", "path"),
    [
        (START.replace("[devnet]", "[devnet, mainnet]"), Place(file="p.yaml", line=4, column=20), "networks[1]"),
        (START, Place(file="p.yaml", line=4, column=11), "networks"),
    ],
)
def test_a_network_that_the_policy_does_not_name_is_told_with_those_it_names(text: str, place: Place, path: str):
    rules = policy(("rules:\n", f"{other_network()}rules:\n"))
    assert judge(case(text, rules, network="mainnet")).violations == (
        Finding(
            rule="unknown-network",
            message="the policy names no network `mainnet`",
            hint="it names devnet, other",
            place=place,
            path=path,
        ),
    )


def test_what_no_rule_allows_is_told_with_who_could_allow_it():
    assert verdict(START, ("[facet_swap, contract_call]", "[facet_swap]")).violations == (
        Finding(
            rule="deny-by-default",
            message="no rule allows `contract_call` on devnet",
            hint="a rule must be added by a policy change",
            place=Place(file="p.yaml", line=5, column=7),
            path="kind",
        ),
    )


# ---- by another policy as well ---------------------------------------------------------------------------------------

FROZEN = Moment.parse("2026-12-25")
THEN = ", by the policy that it was locked under"


def both(now: core_policy.Policy, then: core_policy.Policy, text: str = START, **words: str) -> Verdict:
    return judge_by_both(case(text, now, now=FROZEN), then, **words)


FREE = (("    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n", ""),)


def test_what_either_policy_refuses_is_refused():
    frozen, free = policy(), policy(*FREE)
    (told_now,) = judge(case(START, frozen, now=FROZEN)).violations
    assert both(free, free) == judge(case(START, free, now=FROZEN))
    assert both(free, free).ok
    assert both(frozen, free).violations == (told_now,)
    assert both(free, frozen).violations == (replace(told_now, message=told_now.message + THEN),)
    assert not both(free, frozen).ok
    assert both(free, frozen, words="by the policy in force").violations[0].message.endswith(", by the policy in force")


def test_what_both_refuse_is_told_once():
    frozen = policy()
    (told_now,) = judge(case(START, frozen, now=FROZEN)).violations
    assert both(frozen, frozen).violations == (told_now,)


def test_what_the_other_policy_refuses_besides_is_told_after():
    text, free = START.replace("alice", "mallory"), policy(*FREE)
    given = both(free, policy(), text)
    assert [(found.rule, found.path, found.message.endswith(THEN)) for found in given.violations] == [
        ("slow", "author", False),
        ("slow", "", True),
    ]


def test_the_rule_is_that_of_the_policy_in_force():
    now, then = policy(*FREE), policy(("id: slow", "id: slower"))
    given = both(now, then)
    assert given.rule is now.rules[0]
    assert [found.rule for found in given.violations] == ["slower"]
    assert both(policy(("[facet_swap, contract_call]", "[facet_swap]")), then).rule is None


@pytest.mark.parametrize(
    ("text", "edits", "network", "lane", "expected"),
    [
        (START.replace("devnet", "mainnet"), (), "mainnet", Lane.TIMELOCK, ("unknown-network", "p.yaml:4:12 networks[0]")),
        (START, (), "mainnet", Lane.TIMELOCK, ("unknown-network", "p.yaml:4:11 networks")),
        (START, (), "devnet", Lane.GUARDIAN, ("slow", "p.yaml:5:7 kind")),
        (CANCEL, (), "devnet", Lane.TIMELOCK, ("stop", "p.yaml:5:7 kind")),
        (START.replace("alice", "mallory"), (), "devnet", Lane.TIMELOCK, ("slow", "p.yaml:3:9 author")),
        (START.replace("alice", "carol"), (), "devnet", Lane.TIMELOCK, ("slow", "p.yaml:3:9 author")),
        (CANCEL.replace("alice", "mallory"), (), "devnet", Lane.GUARDIAN, ("stop", "p.yaml:3:9 author")),
    ],
)  # fmt: skip
def test_a_violation_is_told_at_its_place(
    text: str, edits: tuple[tuple[str, str], ...], network: str, lane: Lane, expected: tuple[str, str]
):
    assert told(verdict(text, *edits, network=network, lane=lane)) == [expected]


def test_a_role_of_a_safe_may_be_claimed_by_any_member_since_only_signatures_count():
    assert verdict(CANCEL.replace("alice", "carol"), lane=Lane.GUARDIAN).ok


@pytest.mark.parametrize(
    ("now", "frozen"),
    [
        ("2026-12-17", False),  # executable on the 19th
        ("2026-12-18", True),  # executable on the 20th, the first frozen moment
        ("2026-12-20", True),
        ("2027-01-01T23:59:59Z", True),
        ("2027-01-02", False),  # the end is free
    ],
)
def test_nothing_is_queued_or_becomes_executable_in_a_freeze(now: str, frozen: bool):
    given = verdict(now=Moment.parse(now))
    assert told(given) == ([("slow", "policies.yaml:20:5")] if frozen else [])


def test_a_freeze_is_told_once():
    given = verdict(now=Moment.parse("2026-12-25"))
    assert [(f.message, f.hint) for f in given.violations] == [
        (
            "frozen from 2026-12-20T00:00:00Z to 2027-01-02T00:00:00Z: it would be acted on now",
            "wait until 2027-01-02T00:00:00Z",
        )
    ]


@pytest.mark.parametrize(
    ("not_after", "late"),
    [("2026-12-03", False), ("2026-12-02T23:59:59Z", True), ("2026-11-30", True)],
)
def test_what_could_only_be_executed_after_its_end_is_refused(not_after: str, late: bool):
    given = verdict(f"{START}not_after: {not_after}\n")
    assert told(given) == ([("not-after", "p.yaml:9:12 not_after")] if late else [])


def test_without_a_moment_only_what_does_not_depend_on_it_is_judged():
    assert verdict(f"{START}not_after: 2020-01-01\n", now=None).ok
    assert not verdict(START.replace("alice", "mallory"), now=None).ok


def test_every_violation_is_told():
    text = f"{START}not_after: 2026-12-21\n".replace("alice", "mallory")
    given = verdict(text, lane=Lane.GUARDIAN, now=Moment.parse("2026-12-20"))
    assert len(given.violations) == 4
