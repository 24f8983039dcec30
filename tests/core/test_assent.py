"""Who of the members has approved: counted by recovered address, void with every reason, and never worse for one more.

threat_52: nobody fills two roles that are kept apart, and the author none where others are asked.
"""

# ruff: noqa: E501 - one row, one fact

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.approval import RoleApproval, Terms, council_hash
from governance.core.assent import assents
from governance.core.basis import plan_basis
from governance.core.case import Agreement, Case, Gate
from governance.core.errors import Finding, Rejected
from governance.core.kinds import KINDS, Lane
from governance.core.pins import CodePin, Pins
from governance.core.plan import Plan, derive_plan
from governance.core.policy import Policy
from governance.core.separation import clashes, suffice
from governance.core.units import Duration, Moment
from governance.core.verdict import judge
from tests.core.safevm import Person
from tests.core.test_kinds import code
from tests.core.test_policy import A, B, C, D, E, changed
from tests.core.test_policy import made as policy_of
from tests.core.test_proposal import START
from tests.core.test_verdict import proposal

ALICE, BOB, CAROL, MALLORY = (Person(n) for n in range(20, 24))
PEOPLE = {"alice": ALICE, "bob": BOB, "carol": CAROL, "mallory": MALLORY}
SEEN = Moment.parse("2026-12-01")
DAY = 86_400
OWNERS, THRESHOLD = (D, E), 2
ASKED = "[{role: council, at_least: threshold}, {role: security, at_least: 1}]"


def policy(*edits: tuple[str, str]) -> Policy:
    """The policy of the other tests, with people who have keys, of whom no time is frozen."""
    keyed = [(f'"{was}"', f'"{person.address}"') for was, person in ((A, ALICE), (B, BOB), (C, CAROL))]
    return policy_of(changed(*keyed, ("2026-12-20, to: 2027-01-02", "2024-12-20, to: 2025-01-02"), *edits))


def asking(approvals: str, *more: str) -> tuple[str, str]:
    lines = "".join(f"\n    {line}" for line in more)
    return (f"approvals: {ASKED}", f"approvals: [{{role: council, at_least: threshold}}, {approvals}]{lines}")


POLICY = policy()
PROPOSAL = proposal(START)


def plan_of(rules: Policy = POLICY, **changes: Any) -> Plan:
    network = rules.networks["devnet"]
    kind = KINDS["contract_call"]
    needs = kind.needs(PROPOSAL.document, network)
    facts = Pins(
        chain_id=network.chain_id,
        block_number=1,
        block_hash=code(1),
        policy_digest=rules.digest,
        rule="slow",
        delay=Duration(2 * DAY),
        grace=None,
        attempt=0,
        nonce=0,
        min_delay=Duration(DAY),
        codes=tuple(CodePin(address=each, code_hash=code(5)) for each in needs.codes),
    )
    return derive_plan(PROPOSAL, kind, network=network, pins=replace(facts, **changes))


PLAN = plan_of()


def approval(person: Person, role: str = "security", *, rules: Policy = POLICY, **changes: Any) -> RoleApproval:
    network = rules.networks["devnet"]
    seen_at = changes.pop("seen_at", SEEN)
    terms = Terms(
        chain_id=network.chain_id,
        timelock=network.timelock,
        proposal_digest=PROPOSAL.digest,
        role=role,
        network="devnet",
        policy_digest=rules.digest,
        plan_basis=plan_basis(plan_of(rules)),
        council=council_hash(OWNERS, THRESHOLD),
        seen_at=seen_at,
        valid_until=seen_at + Duration(30 * DAY),
    )
    signed = replace(terms, **changes)
    return RoleApproval(proposal="0007-x", signer=person.address, terms=signed, signature=person.sign(signed.hash))


def case(
    approvals: Sequence[RoleApproval] = (),
    *,
    rules: Policy = POLICY,
    author: str = "alice",
    gate: Gate = Gate.QUEUE,
    signers: Sequence[Person] = (),
    now: Moment = SEEN,
    **changes: Any,
) -> Case:
    document = PROPOSAL.document.model_copy(update={"author": author})
    made = Case(
        proposal=replace(PROPOSAL, document=document),
        policy=rules,
        network="devnet",
        lane=Lane.TIMELOCK,
        gate=gate,
        now=now,
        plan=plan_of(rules),
        agreement=Agreement(
            approvals=tuple(approvals),
            policy=rules.digest,
            basis=plan_basis(plan_of(rules)),
            council=council_hash(OWNERS, THRESHOLD),
            signers=frozenset(person.address for person in signers),
            swapped=(),
        ),
    )
    return replace(made, **changes)


def violations(given: Case) -> list[Finding]:
    return list(judge(given).violations)


def messages(given: Case) -> list[str]:
    return [finding.message for finding in violations(given)]


BOTH = (
    ("at_least: 1", "at_least: 2"),
    ("approval_lifetime: 30 d", "approval_lifetime: 30 d\n    distinct_from_author: false"),
)
COUNTED: dict[str, tuple[tuple[tuple[str, str], ...], list[Person], list[str]]] = {
    "nobody approved": ((), [], ["0 of 1 approvals by role security"]),
    "a holder of the role approved": ((), [CAROL], []),
    "two holders approved": ((), [BOB, CAROL], []),
    "the author approved, and others are wanted": ((), [BOB], ["0 of 1 approvals by role security", "the approval by bob as security is void: bob is the author, and others are asked"]),
    "the author and another approved": ((), [BOB, CAROL], []),
    "the author and another approved, and both are wanted": (BOTH, [BOB, CAROL], []),
    "the author approved twice, and two are wanted": (BOTH, [BOB, BOB], ["1 of 2 approvals by role security"]),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTED)
def test_approvals_of_a_role_are_counted_by_address(name: str):
    """threat_52"""
    edits, approvers, expected = COUNTED[name]
    rules = policy(*edits)
    given = [approval(person, rules=rules, seen_at=Moment(SEEN.seconds - i)) for i, person in enumerate(approvers)]
    for gate in (Gate.QUEUE, Gate.EXECUTE):
        assert messages(case(given, rules=rules, author="bob", gate=gate)) == expected
    for gate in (Gate.CHECK, Gate.LOCK, Gate.SIGN):
        assert messages(case(given, rules=rules, author="bob", gate=gate)) == []


def test_a_stranger_and_a_member_without_the_role_do_not_count_and_are_told():
    """threat_52: who signed is recovered; whatever a file is called, it is nobody else's approval."""
    given = case([approval(MALLORY), approval(ALICE)], author="bob")
    assert messages(given) == [
        "0 of 1 approvals by role security",
        f"the approval by {MALLORY.address} as security is void: {MALLORY.address} is no member",
        "the approval by alice as security is void: alice does not hold the role security",
    ]
    with pytest.raises(Rejected, match="not 0x"):
        replace(approval(MALLORY), signer=CAROL.address)


def test_who_could_still_approve_is_named():
    assert [finding.hint for finding in violations(case(author="bob"))] == ["ask carol: gov approve"]
    assert [finding.hint for finding in violations(case())] == ["ask bob, carol: gov approve"]


def test_an_unknown_author_is_not_taken_for_anybody():
    given = case([approval(CAROL)], author="mallory")
    assert messages(given) == ["`mallory` is no member"]


def test_what_its_author_could_never_get_approved_is_told_at_every_gate():
    rules = policy(("[bob, carol]", "[bob]"))
    for gate in Gate:
        told = messages(case([approval(BOB, rules=rules)], rules=rules, author="bob", gate=gate))
        assert told[0] == "too few people could approve what `bob` proposes under rule slow"
    assert messages(case([approval(BOB, rules=rules)], rules=rules)) == []


VOID: dict[str, tuple[dict[str, Any], str]] = {
    "another network": ({"network": "mainnet"}, "it was given for mainnet, chain 31337"),
    "another chain": ({"chain_id": 1}, "it was given for devnet, chain 1"),
    "another timelock": ({"timelock": A}, f"it was given for devnet, chain 31337, timelock {A}"),
    "another text of the proposal": ({"proposal_digest": code(1)}, "the proposal has been edited since"),
    "another policy": ({"policy_digest": code(1)}, "the policy has changed since"),
    "another plan": ({"plan_basis": code(1)}, "the plan has changed since"),
    "other owners": ({"council": council_hash((D,), 2)}, "the owners or the threshold of the Safe have changed since"),
    "a lower threshold": ({"council": council_hash(OWNERS, 1)}, "the owners or the threshold of the Safe have changed"),
    "a moment that has not come": (
        {"seen_at": Moment(SEEN.seconds + 1)},
        "it says to have been given at 2026-12-01T00:00:01Z, when the chain's clock has not got there",
    ),
    "an end that has come": (
        {"seen_at": Moment(SEEN.seconds - DAY), "valid_until": SEEN},
        "it ended at 2026-12-01T00:00:00Z",
    ),
    "a second too long": (
        {"valid_until": SEEN + Duration(30 * DAY + 1)},
        "it was given for longer than the rule's 30 d",
    ),
}


@pytest.mark.parametrize("name", VOID)
def test_an_approval_is_void_and_says_why(name: str):
    """threat_31, threat_32, threat_33, threat_49"""
    changes, reason = VOID[name]
    shortage, void = violations(case([approval(CAROL, **changes)]))
    assert (shortage.rule, shortage.message) == ("slow", "0 of 1 approvals by role security")
    assert void.rule == "approval-void"
    assert void.message.startswith(f"the approval by carol as security is void: {reason}")


def test_the_last_second_counts_and_the_end_does_not():
    """threat_33"""
    end = approval(CAROL).terms.valid_until
    assert messages(case([approval(CAROL)], now=Moment(end.seconds - 1))) == []
    assert len(messages(case([approval(CAROL)], now=end))) == 2


def test_every_reason_is_told():
    strange = approval(CAROL, policy_digest=code(1), council=code(1), proposal_digest=code(1))
    _, void = messages(case([strange]))
    assert void.count(";") == 2


def test_an_approval_does_not_outlive_the_code_that_it_was_given_for():
    swapped = replace(case().agreement, approvals=(approval(CAROL),), swapped=(A,))  # type: ignore[type-var]
    _, void = messages(replace(case(), agreement=swapped))
    assert void.endswith(f"the code of {A} has changed since")


def test_a_nonce_that_was_planned_anew_changes_nothing():
    """threat_33"""
    assert plan_basis(plan_of(nonce=7)) == plan_basis(PLAN) != plan_basis(plan_of(attempt=1))
    agreed = case([approval(CAROL)]).agreement
    assert agreed is not None
    assert messages(replace(case(), agreement=replace(agreed, basis=plan_basis(plan_of(nonce=7))))) == []
    assert messages(replace(case(), agreement=replace(agreed, basis=plan_basis(plan_of(attempt=1)))))[1:] != []


def test_a_new_approval_replaces_a_void_one_and_the_earliest_that_holds_says_since_when():
    old = approval(CAROL, policy_digest=code(1))
    first = approval(CAROL, seen_at=Moment(SEEN.seconds - 5), valid_until=Moment(SEEN.seconds + 5))
    given = case([old, approval(CAROL), first])
    (asked,) = assents(given, POLICY.rules[0])
    assert (dict(asked.counted), asked.void) == ({CAROL.address: first.terms.seen_at}, ())
    assert messages(given) == []


AMONG = policy(
    asking("{role: security, at_least: 1, among: council}"), ("    approval_lifetime: 30 d\n", "    # none\n")
)


@pytest.mark.parametrize(
    ("signers", "expected"),
    [
        ([], ["0 of 1 signatures of the council by role security"]),
        ([ALICE, MALLORY], ["0 of 1 signatures of the council by role security"]),
        ([ALICE, CAROL], []),
    ],
)
def test_holders_are_counted_among_the_signatures_of_the_safe(signers: list[Person], expected: list[str]):
    assert messages(case(rules=AMONG, signers=signers)) == expected
    hints = [finding.hint for finding in violations(case(rules=AMONG, signers=signers))]
    assert hints == ["ask bob, carol: gov sign"] * len(expected)


def test_an_approval_of_its_own_is_no_signature_of_the_safe():
    given = case([approval(CAROL, rules=AMONG)], rules=AMONG)
    assert messages(given) == ["0 of 1 signatures of the council by role security"]


APART = policy(
    asking("{role: security, at_least: 1}, {role: author, at_least: 1}", "separate: [security, author]"),
)


def test_nobody_counts_for_two_roles_that_are_kept_apart():
    """threat_52"""
    bob_twice = [approval(BOB, rules=APART), approval(BOB, "author", rules=APART)]
    (clash,) = messages(case(bob_twice, rules=APART))
    assert clash == "roles security and author need 2 different people, 1 approved for them"
    assert messages(case([*bob_twice, approval(CAROL, rules=APART)], rules=APART)) == []
    assert len(messages(case(rules=APART))) == 2


needs_ = st.fixed_dictionaries(dict.fromkeys("abc", st.integers(1, 3)))
people_ = st.fixed_dictionaries(dict.fromkeys("abc", st.sets(st.sampled_from("uvwxyz")).map(frozenset)))


@given(needs_, people_)
def test_people_suffice_exactly_when_each_need_can_have_its_own(
    needs: dict[str, int], people: dict[str, frozenset[str]]
):
    """Against a search for an assignment, one need after another."""
    slots = [role for role, need in needs.items() for _ in range(need)]

    def assignable(i: int, taken: frozenset[str]) -> bool:
        return i == len(slots) or any(assignable(i + 1, taken | {p}) for p in people[slots[i]] - taken)

    assert suffice(needs, people, tuple("abc")) is assignable(0, frozenset())
    assert suffice(needs, people, ()) is all(len(people[role]) >= need for role, need in needs.items())


@given(needs_, people_, st.sampled_from("abc"), st.sampled_from("uvwxyz"))
def test_one_more_person_never_harms(needs: dict[str, int], people: dict[str, frozenset[str]], role: str, more: str):
    grown = {**people, role: people[role] | {more}}
    assert suffice(needs, grown, tuple("abc")) or not suffice(needs, people, tuple("abc"))


def test_the_smallest_sets_that_clash_are_told():
    people = {"a": frozenset("u"), "b": frozenset("u"), "c": frozenset("vw")}
    assert list(clashes({"a": 1, "b": 1, "c": 1}, people, ("a", "b", "c"))) == [(("a", "b"), 1, 2)]


WATCHED_APART = policy(
    asking(
        "{role: security, at_least: 1}, {role: author, at_least: 1}", "separate: [security, author]", "visible: 24 h"
    )
)
anyone = st.builds(
    approval,
    st.sampled_from([ALICE, BOB, CAROL, MALLORY]),
    st.sampled_from(["security", "author", "nobody"]),
    rules=st.just(APART),
    seen_at=st.integers(-40, 40).map(lambda days: Moment(SEEN.seconds + days * DAY)),
    valid_until=st.integers(41, 60).map(lambda days: Moment(SEEN.seconds + days * DAY)),
    policy_digest=st.sampled_from([APART.digest, WATCHED_APART.digest, code(1)]),
)


@given(st.lists(anyone, max_size=5), anyone, st.lists(st.sampled_from([BOB, CAROL])), st.sampled_from([BOB, CAROL]))
def test_one_more_approval_or_signature_never_makes_a_verdict_worse(
    approvals: list[RoleApproval], more: RoleApproval, signers: list[Person], signer: Person
):
    for rules in (APART, AMONG, WATCHED_APART):
        before = judge(case(approvals, rules=rules, signers=signers))
        after = judge(case([*approvals, more], rules=rules, signers=[*signers, signer]))
        assert after.ok or not before.ok


WATCHED = policy(
    ("at_least: 1", "at_least: 2"), ("30 d\n", "30 d\n    visible: 24 h\n"), ("[bob, carol]", "[alice, bob, carol]")
)
AGO: dict[str, tuple[dict[str, int], str]] = {
    "nobody has seen it": ({}, "0 of 2 approvals"),
    "one has seen it, and two are asked": ({"alice": 48}, "1 of 2 approvals"),
    "two have seen it, one of them today": ({"alice": 48, "bob": 23}, "has seen the plan since 2026-11-30T01:00:00Z, which is not 24 h ago"),
    "two have seen it a day ago": ({"alice": 24, "bob": 24}, ""),
    "two have seen it, and a third only now": ({"alice": 25, "bob": 24, "carol": 0}, ""),
    "three have seen it, one long enough": ({"alice": 48, "bob": 2, "carol": 1}, "since 2026-11-30T22:00:00Z"),
}  # fmt: skip


@pytest.mark.parametrize("name", AGO)
def test_a_plan_must_have_been_seen_by_enough_for_long_enough(name: str):
    """threat_33"""
    ago, expected = AGO[name]
    given = [
        approval(PEOPLE[who], rules=WATCHED, seen_at=Moment(SEEN.seconds - hours * 3600)) for who, hours in ago.items()
    ]
    for gate in (Gate.QUEUE, Gate.EXECUTE):
        found = messages(case(given, rules=WATCHED, author="dave", gate=gate))[1:]
        assert [expected in message for message in found] == ([True] if expected else [])
    assert messages(case(given, rules=WATCHED, author="dave", gate=Gate.SIGN))[1:] == []


def test_a_moment_that_has_not_come_is_not_seen():
    later = [approval(PEOPLE[who], rules=WATCHED, seen_at=Moment(SEEN.seconds + 1)) for who in ("bob", "carol")]
    assert "0 of 2 approvals by role security" in messages(case(later, rules=WATCHED))


def test_without_anybody_asked_nobody_has_approved():
    assert messages(replace(case([approval(CAROL)]), agreement=None)) == ["0 of 1 approvals by role security"]
