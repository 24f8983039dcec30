"""What the policy says of something that nobody has proposed yet: who may, who must agree, which way, and how long.

A call is explained by judging a proposal that makes it and nothing else, by the same checks that judge every proposal. What
only the chain can answer (an owner's signature, the code at an address) is not asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.core import proposal as proposals
from governance.core.case import Case, Gate
from governance.core.errors import Finding, Place, Refused
from governance.core.kinds.base import Kind, Lane
from governance.core.pins import Pins
from governance.core.plan import Plan, derive_plan
from governance.core.policy import Policy, Rule
from governance.core.tree import Listing, Node, Scalar
from governance.core.tree import Mapping as Tree
from governance.core.units import ZERO_WORD, Duration
from governance.core.verdict import judge

CALL_KIND = "contract_call"
"""The kind by which any contract is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One approval that a rule asks for."""

    role: str
    at_least: int | None
    """None for the Safe's own threshold."""
    holders: tuple[str, ...]
    """Members; empty for a Safe, whose owners the chain knows."""
    safe: str = ""
    """`council` or `guardian`; empty for a role of members."""
    among: str | None = None
    """The Safe among whose signatures members are counted; None where they approve by themselves."""

    def __str__(self) -> str:
        if self.safe:
            return f"{self.role}: the {self.safe} Safe's threshold"
        among = "" if self.among is None else f" among the {self.among}'s signatures"
        return f"{self.role}: {self.at_least} of {', '.join(self.holders)}{among}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One kind on one network."""

    kind: str
    network: str
    lane: Lane
    rule: Rule | None
    """None when nothing allows it."""
    proposers: tuple[str, ...]
    """Members who may write the proposal."""
    consents: tuple[Consent, ...]

    @property
    def wait(self) -> str:
        """How long, in words."""
        return "" if self.rule is None else (str(self.rule.delay) if self.rule.via == "timelock" else "at once")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallExplanation:
    """One call on one network."""

    of_kind: Explanation
    plan: Plan | None
    """What would be called; None when it cannot be derived."""
    violations: tuple[Finding, ...]
    """Why not, if somebody who may propose proposed it."""

    @property
    def allowed(self) -> bool:
        """Nothing that can be known without the chain speaks against it."""
        return self.plan is not None and not self.violations


def explain(policy: Policy, kind: Kind[Any], network: str) -> Explanation:
    """What the policy says of a kind on a network."""
    rule = policy.rule_for(kind.name, network)
    return Explanation(
        kind=kind.name,
        network=network,
        lane=kind.lane,
        rule=rule,
        proposers=() if rule is None else _holders(policy, rule.may_propose, otherwise=policy.members),
        consents=()
        if rule is None
        else tuple(
            Consent(
                role=approval.role,
                at_least=approval.at_least,
                holders=_holders(policy, approval.role, otherwise=()),
                safe=policy.safes.get(approval.role, ""),
                among=approval.among,
            )
            for approval in rule.approvals
        ),
    )


def explain_all(policy: Policy, kinds: Mapping[str, Kind[Any]]) -> tuple[Explanation, ...]:
    """Every kind on every network."""
    return tuple(explain(policy, kind, network) for network in sorted(policy.networks) for kind in kinds.values())


def explain_call(policy: Policy, kind: Kind[Any], network: str, entry: Mapping[str, Any]) -> CallExplanation:
    """What the policy says of one call, given as an entry of a `contract_call`.

    Raises Rejected when it is no call, e.g. when the arguments are not of the function's types.
    """
    of_kind = explain(policy, kind, network)
    proposal = _proposal(kind, network, entry, author=next(iter(of_kind.proposers), min(policy.members)))
    plan: Plan | None = None
    found: list[Finding] = []
    try:
        plan = derive_plan(proposal, kind, network=policy.networks[network], pins=_pins(policy, of_kind))
    except Refused as error:
        found += error.findings or (Finding(rule=f"{kind.name}-refused", message=error.message, hint=error.hint()),)
    case = Case(proposal=proposal, policy=policy, network=network, lane=kind.lane, gate=Gate.CHECK, now=None, plan=plan)
    found += judge(case).violations
    return CallExplanation(of_kind=of_kind, plan=plan, violations=tuple(found))


def _holders(policy: Policy, role: str, *, otherwise: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(otherwise if role in policy.safes else policy.roles[role]))


def _proposal(kind: Kind[Any], network: str, entry: Mapping[str, Any], *, author: str) -> proposals.Proposal:
    body = {
        "schema": proposals.SCHEMA,
        "title": "A call",
        "author": author,
        "networks": [network],
        "kind": kind.name,
        "summary": "To see what the policy says.",
        "calls": [entry],
    }
    tree = _tree(body)
    assert isinstance(tree, Tree)
    return proposals.read(tree, id="0000-call", file="the call", models={kind.name: kind.document})


def _tree(value: Any) -> Node:
    place = Place(file="the call", line=1, column=1)
    if isinstance(value, Mapping):
        entries = tuple((Scalar(text=key, place=place), _tree(inner)) for key, inner in value.items())
        return Tree(entries=entries, place=place)
    if isinstance(value, str):
        return Scalar(text=value, place=place)
    return Listing(items=tuple(map(_tree, value)), place=place)


def _pins(policy: Policy, of_kind: Explanation) -> Pins:
    """As of no block: nothing is known of the chain."""
    rule = of_kind.rule
    return Pins(
        chain_id=policy.networks[of_kind.network].chain_id,
        block_number=0,
        block_hash=ZERO_WORD,
        policy_digest=policy.digest,
        rule="" if rule is None else rule.id,
        delay=Duration(0) if rule is None else rule.delay,
        grace=None,
        attempt=0,
        nonce=0,
        min_delay=Duration(0),
    )


def explanation_document(each: Explanation) -> dict[str, Any]:
    """An explanation as JSON values."""
    rule = each.rule
    document: dict[str, Any] = {"kind": each.kind, "network": each.network, "lane": str(each.lane), "rule": None}
    if rule is None:
        return document
    return {
        **document,
        "rule": rule.id,
        "risk": str(rule.risk),
        "via": rule.via,
        "may_propose": {"role": rule.may_propose, "members": list(each.proposers)},
        "approvals": [
            {
                "role": c.role,
                "at_least": c.at_least,
                "members": list(c.holders),
                "safe": c.safe or None,
                "among": c.among,
            }
            for c in each.consents
        ],
        "distinct_from_author": rule.distinct_from_author,
        "delay": rule.delay.seconds,
        "grace": None if rule.grace is None else rule.grace.seconds,
        "hold": None if rule.hold is None else rule.hold.seconds,
        "freeze": [{"from": str(start), "to": str(end)} for start, end in rule.freeze],
        "office_hours": None if rule.office_hours is None else str(rule.office_hours),
        "approval_lifetime": None if rule.approval_lifetime is None else rule.approval_lifetime.seconds,
        "visible": None if rule.visible is None else rule.visible.seconds,
        "separate": list(rule.separate),
        "calls": None if rule.calls is None else [str(permission) for permission in rule.calls],
        "value_at_most": str(rule.value_at_most),
    }


def sentences(each: Explanation) -> Sequence[str]:
    """The same for people, a line each."""
    rule = each.rule
    if rule is None:
        return (f"no rule allows {each.kind} on {each.network}: it is refused",)
    others = ", by others than the author" if rule.distinct_from_author else ", the author included"
    members = any(not consent.safe for consent in each.consents)
    lapse = "" if rule.grace is None else f", and lapses {rule.grace} after that"
    held = "" if rule.hold is None else f"; each guardian may hold it for {rule.hold} more"
    wait = (
        f"executable {rule.delay} after it is scheduled{lapse}{held}" if rule.via == "timelock" else "executed at once"
    )
    frozen = [f"frozen     from {start} to {end}" for start, end in rule.freeze]
    return (
        f"{each.kind} on {each.network} goes by rule {rule.id}, for {rule.risk} proposals ({rule.place})",
        f"proposed   by {', '.join(each.proposers)} (role {rule.may_propose})",
        f"approved   by {'; '.join(map(str, each.consents))}{others if members else ''}",
        f"lane       {rule.via}: {wait}",
        *_conditions(rule),
        *frozen,
    )


def _conditions(rule: Rule) -> Iterable[str]:
    """What a rule lets be called, what it asks of approvals, and when something is sent."""
    for permission in rule.calls or ():
        yield f"may call   {permission}"
    if rule.value_at_most:
        yield f"may send   {rule.value_at_most} wei"
    if rule.approval_lifetime is not None:
        yield f"approvals  by members end after {rule.approval_lifetime}"
    if rule.visible is not None:
        yield f"seen       by enough of each role for {rule.visible} before anything is sent"
    if rule.separate:
        yield f"apart      nobody counts for two of {', '.join(rule.separate)}"
    if rule.office_hours is not None:
        yield f"sent       on {rule.office_hours}"
