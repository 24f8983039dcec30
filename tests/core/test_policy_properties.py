"""What must hold of every policy and every proposal, searched for counterexamples. threat_52."""

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from governance.adapters.files import parse
from governance.core import policy as core_policy
from governance.core import proposal as core_proposal
from governance.core.approval import RoleApproval, Terms
from governance.core.case import Agreement, Case, Gate
from governance.core.errors import Finding, Rejected
from governance.core.kinds import KINDS
from governance.core.policy import Policy
from governance.core.policydiff import difference, loosens
from governance.core.units import ZERO_WORD, Address, Duration, Moment, checksummed
from governance.core.verdict import Verdict, judge
from tests.core.safevm import Person

MODELS = {name: kind.document for name, kind in KINDS.items()}
MEMBERS = ("alice", "bob", "carol", "dave", "erin")
PEOPLE = {name: Person(n) for n, name in enumerate(MEMBERS, 1)}
ACCOUNTS: dict[str, Address] = {name: person.address for name, person in PEOPLE.items()}
COUNCIL, GUARDIAN, TIMELOCK, ANCHOR, TARGET = (checksummed(bytes([n] * 20)) for n in range(21, 26))
NETWORK = {
    "chain_id": "1",
    "council": COUNCIL,
    "guardian": GUARDIAN,
    "timelock": TIMELOCK,
    "policy_anchor": ANCHOR,
    "target": {"kind": "diamond", "address": TARGET},
}
DAILY = ("facet_swap", "contract_call", "unpause")
GRAVE = ("role_change", "policy_change")
BODIES: dict[str, dict[str, Any]] = {
    "facet_swap": {"changes": [{"remove": ["f()"]}]},
    "contract_call": {"calls": [{"to": "target", "function": "f(uint256)", "args": ["1"]}]},
    "unpause": {"reason": "why"},
    "policy_change": {"digest": "0x" + "11" * 32, "uri": "new.yaml"},
    "role_change": {"changes": [{"on": "timelock", "grant": "EXECUTOR_ROLE", "account": ACCOUNTS["alice"]}]},
    "cancel": {"proposal": "0001-a", "reason": "why"},
}
NOW = Moment.parse("2026-06-01")
Document = dict[str, Any]
names = st.lists(st.sampled_from(MEMBERS), min_size=1, unique=True)


@st.composite
def rules(draw: st.DrawFn, kinds: tuple[str, ...], identity: str, *, grave: bool = False) -> Document:
    """One rule of the timelock lane. A grave one is as strict as any of the others can be."""
    asked = [{"role": "council", "at_least": "threshold"}]
    if grave or draw(st.booleans()):
        asked.append({"role": "security", "at_least": "1"})
    made: Document = {
        "id": identity,
        "kinds": list(kinds),
        "may_propose": "author",
        "approvals": asked,
        "distinct_from_author": "true" if grave else draw(st.sampled_from(["true", "false"])),
        "via": "timelock",
        "delay": "30 d" if grave else f"{draw(st.integers(1, 30))} d",
        "calls": "any",
    }
    if len(asked) > 1:
        made["approval_lifetime"] = "30 d"
        made |= draw(st.sampled_from([{}, {"visible": "24 h"}])) if not grave else {"visible": "48 h"}
    if draw(st.booleans()):
        made["grace"] = f"{draw(st.integers(1, 30))} d"
    if draw(st.booleans()):
        start = draw(st.integers(1, 27))
        made["freeze"] = [{"from": f"2026-06-{start:02}", "to": f"2026-06-{start + 1:02}"}]
    return made | ({"risk": "constitutional"} if grave else {})


def policies() -> st.SearchStrategy[Document]:
    """Those that are well-formed: nobody approves alone, and somebody else than the author can."""
    return _documents().filter(well_formed)


def well_formed(document: Document) -> bool:
    try:
        made(document)
    except Rejected:
        return False
    return True


@st.composite
def _documents(draw: st.DrawFn) -> Document:
    """A policy with a rule for each of some kinds, as its document."""
    made = [
        draw(rules((kind,), f"for-{n}")) for n, kind in enumerate(draw(st.lists(st.sampled_from(DAILY), unique=True)))
    ]
    made.append(draw(rules(GRAVE, "grave", grave=True)))
    return {
        "schema": "governance/policy/v1",
        "members": {name: {"address": account} for name, account in ACCOUNTS.items()},
        "roles": {
            "author": draw(names),
            "security": draw(names),
            "council": {"safe": "council"},
            "guardian": {"safe": "guardian"},
        },
        "networks": {"one": NETWORK},
        "rules": made,
    }


@st.composite
def proposals(draw: st.DrawFn) -> Document:
    """A well-formed proposal of some kind, whoever is its author."""
    kind = draw(st.sampled_from(sorted(BODIES)))
    author = draw(st.sampled_from([*MEMBERS, "mallory"]))
    head = {"schema": "governance/v1", "title": "A", "author": author, "networks": ["one"], "summary": "why"}
    claim = draw(st.sampled_from([{}, {"risk": "routine"}, {"risk": "constitutional"}]))
    return {**head, "kind": kind, **BODIES[kind], **claim}


approvers = st.dictionaries(st.sampled_from(["security", "author"]), st.frozensets(st.sampled_from(MEMBERS)))
moments = st.none() | st.integers(0, 40).map(lambda day: Moment(NOW.seconds + day * 86_400))


def read_policy(text: str) -> Policy:
    return core_policy.read(parse(text, "policies.yaml"), file="policies.yaml", kinds=frozenset(KINDS))


def read_proposal(text: str) -> core_proposal.Proposal:
    return core_proposal.read(parse(text, "p.yaml"), id="0001-p", file="p.yaml", models=MODELS)


def made(document: Document) -> Policy:
    return read_policy(json.dumps(document))


def verdict(
    proposal: core_proposal.Proposal,
    policy: Policy,
    *,
    gate: Gate = Gate.QUEUE,
    now: Moment | None = None,
    approved: Mapping[str, frozenset[str]] | None = None,
) -> Verdict:
    given = [approval(PEOPLE[n], role, proposal, policy) for role, who in (approved or {}).items() for n in sorted(who)]
    agreement = Agreement(
        approvals=tuple(given),
        policy=policy.digest,
        basis=ZERO_WORD,
        council=ZERO_WORD,
        signers=frozenset(),
        swapped=(),
    )
    lane = KINDS[proposal.document.kind].lane
    clock = NOW if now is None and gate.sends else now
    case = Case(proposal=proposal, policy=policy, network="one", lane=lane, gate=gate, now=clock, agreement=agreement)
    return judge(case)


def approval(person: Person, role: str, proposal: core_proposal.Proposal, policy: Policy) -> RoleApproval:
    """Given two days before, in whatever role."""
    seen = Moment(NOW.seconds - 2 * 86_400)
    terms = Terms(
        chain_id=1,
        timelock=TIMELOCK,
        proposal_digest=proposal.digest,
        role=role,
        network="one",
        policy_digest=policy.digest,
        plan_basis=ZERO_WORD,
        council=ZERO_WORD,
        seen_at=seen,
        valid_until=seen + Duration(30 * 86_400),
    )
    return RoleApproval(proposal=proposal.id, signer=person.address, terms=terms, signature=person.sign(terms.hash))


gates = st.sampled_from(list(Gate))


@given(policies(), proposals(), gates, moments, approvers, st.data())
def test_without_a_rule_nothing_more_is_allowed(
    document: Document,
    proposed: Document,
    gate: Gate,
    now: Moment | None,
    approved: dict[str, frozenset[str]],
    data: st.DataObject,
):
    kept = data.draw(st.lists(st.sampled_from(document["rules"]), min_size=1, unique_by=id))
    whole, less, proposal = made(document), made({**document, "rules": kept}), read_proposal(json.dumps(proposed))
    before, after = (verdict(proposal, each, gate=gate, now=now, approved=approved) for each in (whole, less))
    assert before.ok or not after.ok
    assert not loosens(difference(whole, less))


@given(policies(), proposals(), gates, moments, approvers, st.data())
def test_an_approval_more_revokes_none(
    document: Document,
    proposed: Document,
    gate: Gate,
    now: Moment | None,
    approved: dict[str, frozenset[str]],
    data: st.DataObject,
):
    role, name = data.draw(st.sampled_from(["security", "author"])), data.draw(st.sampled_from(MEMBERS))
    more = {**approved, role: approved.get(role, frozenset()) | {name}}
    policy, proposal = made(document), read_proposal(json.dumps(proposed))
    before, after = (verdict(proposal, policy, gate=gate, now=now, approved=each) for each in (approved, more))
    told, told_then = (sum(found.rule != "approval-void" for found in each.violations) for each in (before, after))
    assert told_then <= told
    assert after.ok or not before.ok


@given(policies(), proposals(), gates, moments, approvers, st.randoms(use_true_random=False))
def test_a_verdict_does_not_depend_on_order_layout_or_comments(
    document: Document,
    proposed: Document,
    gate: Gate,
    now: Moment | None,
    approved: dict[str, frozenset[str]],
    dice: random.Random,
):
    plain = verdict(read_proposal(json.dumps(proposed)), made(document), gate=gate, now=now, approved=approved)
    shuffled = read_proposal(written(proposed, dice)), read_policy(written(document, dice))
    other = verdict(*shuffled, gate=gate, now=now, approved=approved)
    assert [said(found) for found in other.violations] == [said(found) for found in plain.violations]
    assert (other.rule is None, other.ok) == (plain.rule is None, plain.ok)
    assert shuffled[1].digest == made(document).digest
    assert difference(shuffled[1], made(document)) == ()


def said(found: Finding) -> tuple[str, str, str]:
    """Everything but the line and column."""
    return found.rule, found.message, found.path


def written(value: Any, dice: random.Random, indent: int = 0) -> str:
    """A document with its keys in any order, comments between them, and each value in one of several layouts."""
    pad, lines = " " * indent, ""
    keys = list(value)
    dice.shuffle(keys)
    for key in keys:
        comment = f"{pad}# {dice.choice(['why', 'delay: 0 s', 'see the minutes'])}\n" if dice.random() < 0.3 else ""
        name = json.dumps(key) if dice.random() < 0.3 else key
        inner = value[key]
        if isinstance(inner, dict) and dice.random() < 0.6:
            lines += f"{comment}{pad}{name}:\n{written(inner, dice, indent + 2)}"
        else:
            blank = " " * dice.randint(1, 4)
            lines += f"{comment}{pad}{name}:{blank}{json.dumps(flow(inner, dice))}\n"
    return lines


def flow(value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        dice.shuffle(keys)
        return {key: flow(value[key], dice) for key in keys}
    return [flow(item, dice) for item in value] if isinstance(value, list) else value


@given(policies(), policies(), proposals(), gates, moments, approvers)
def test_what_another_policy_newly_allows_is_told_as_looser(
    old: Document,
    new: Document,
    proposed: Document,
    gate: Gate,
    now: Moment | None,
    approved: dict[str, frozenset[str]],
):
    before, after, proposal = made(old), made(new), read_proposal(json.dumps(proposed))
    was, now_is = (verdict(proposal, each, gate=gate, now=now, approved=approved) for each in (before, after))
    if now_is.ok and not was.ok:
        assert loosens(difference(before, after))


class RolesUnderAPolicy(RuleBasedStateMachine):
    """Members conspire to widen the roles. The policy in force changes only by a proposal that it allows itself, once the
    Safe and whoever else it asks have agreed; and the Safe's owners agree to nothing here unless `threshold` of them do.
    """

    OWNERS = frozenset({"alice", "bob", "carol"})
    THRESHOLD = 2

    @initialize(document=policies())
    def start(self, document: Document) -> None:
        self.document = document
        self.agreed: frozenset[str] = frozenset()
        self.grown_without: list[str] = []

    @property
    def policy(self) -> Policy:
        return made(self.document)

    @rule(
        author=st.sampled_from(MEMBERS),
        conspirators=st.frozensets(st.sampled_from(MEMBERS)),
        role=st.sampled_from(["author", "security"]),
        wider=names,
    )
    def somebody_tries(self, author: str, conspirators: frozenset[str], role: str, wider: list[str]) -> None:
        """Propose another policy with a wider role, and execute it when the gates let it through."""
        before = set(self.document["roles"][role])
        wanted = {**self.document, "roles": {**self.document["roles"], role: sorted(before | set(wider))}}
        if not well_formed(wanted):
            return
        proposal = read_proposal(json.dumps({
            "schema": "governance/v1", "title": "A", "author": author, "networks": ["one"], "summary": "why",
            "kind": "policy_change", "digest": f"0x{made(wanted).digest.hex()}", "uri": "new.yaml",
        }))  # fmt: skip
        approved = {"security": conspirators, "author": conspirators}
        allowed = verdict(proposal, self.policy, gate=Gate.EXECUTE, approved=approved).ok
        if not allowed or len(conspirators & self.OWNERS) < self.THRESHOLD:
            return
        asked = self.policy.rule_for("policy_change", "one")
        assert asked is not None
        others = conspirators & set(self.document["roles"]["security"]) - {author}
        if set(wider) - before and not others:
            self.grown_without.append(role)
        assert author in self.document["roles"]["author"]
        self.document = wanted

    @rule(author=st.sampled_from(MEMBERS), role=st.sampled_from(["author", "security"]), wider=names)
    def somebody_brings_a_policy_along(self, author: str, role: str, wider: list[str]) -> None:
        """A pull request with a wider role judges nothing: the one in force does, whoever wrote the other."""
        own = {
            **self.document,
            "roles": {**self.document["roles"], role: sorted({*self.document["roles"][role], *wider})},
        }
        if not well_formed(own):
            return
        by_itself, in_force = made(own), self.policy
        if by_itself.roles != in_force.roles:
            assert loosens(difference(in_force, by_itself))

    @precondition(lambda self: len(self.document["rules"]) > 1)
    @rule()
    def a_rule_is_dropped(self) -> None:
        """What is stricter hurts nobody: the constitution's own rule stays."""
        narrower = {**self.document, "rules": self.document["rules"][1:]}
        assert not loosens(difference(self.policy, made(narrower)))
        self.document = narrower

    @invariant()
    def no_role_grew_without_its_threshold(self) -> None:
        assert getattr(self, "grown_without", []) == []


TestRolesUnderAPolicy = RolesUnderAPolicy.TestCase
TestRolesUnderAPolicy.settings = settings(max_examples=60, stateful_step_count=15)


def test_the_search_finds_policies_that_allow_and_policies_that_refuse():
    """What the properties are asked of is not empty."""
    document: Document = {
        "schema": "governance/policy/v1",
        "members": {name: {"address": account} for name, account in ACCOUNTS.items()},
        "roles": {"author": ["alice"], "security": ["bob"], "council": {"safe": "council"}},
        "networks": {"one": NETWORK},
        "rules": [
            {
                "id": "grave",
                "kinds": list(GRAVE),
                "may_propose": "author",
                "approvals": [{"role": "council", "at_least": "threshold"}, {"role": "security", "at_least": "1"}],
                "approval_lifetime": "30 d",
                "via": "timelock",
                "delay": "1 d",
                "risk": "constitutional",
            }
        ],
    }
    head = {"schema": "governance/v1", "title": "A", "author": "alice", "networks": ["one"], "summary": "why"}
    proposal = read_proposal(json.dumps({**head, "kind": "policy_change", **BODIES["policy_change"]}))
    assert not verdict(proposal, made(document)).ok
    assert verdict(proposal, made(document), approved={"security": frozenset({"bob"})}).ok
    with pytest.raises(Rejected):
        made({**document, "rules": [{**document["rules"][0], "risk": "routine"}]})
