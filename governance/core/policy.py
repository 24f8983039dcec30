"""The policy: who is who, which networks are governed, and by which rule each kind of proposal goes.

Deny by default: an empty list, an unknown name, a kind under two rules or an unknown key makes the policy ill-formed, and
an ill-formed policy judges nothing. Whether the chain agrees is asked elsewhere.
"""

from collections.abc import Mapping as Map
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from governance.core.errors import Finding, Place, Rejected
from governance.core.fields import AddressField, DecimalField, DocumentPart, MomentField, NameField, TextField, checked
from governance.core.findings import validated
from governance.core.network import Network, TargetKind
from governance.core.tree import Loc, Mapping, digest, dotted, key_place, locate
from governance.core.units import Address, Bytes32, Duration, Moment

COUNCIL_THRESHOLD = "threshold"
"""`at_least: threshold`: as many owners as the Safe itself asks for."""


def _endpoint(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("an endpoint begins with http:// or https://")
    if "@" in text or "?" in text or text.count("/") > 3:
        raise ValueError("a path, query or user may hold a secret; set the GOV_RPC_… variable instead")
    return text


DurationField = Annotated[str, AfterValidator(checked(Duration.parse))]
RuleIdField = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=64)]


class MemberPart(DocumentPart):
    """One person."""

    address: AddressField
    """The account whose signature is theirs."""


class SafeRolePart(DocumentPart):
    """A role held by the owners of a Safe, as of the block that is asked."""

    safe: Literal["council", "guardian"]
    """Which of the network's Safes."""


class TargetPart(DocumentPart):
    """The governed system."""

    kind: TargetKind
    """What kind of system."""
    address: AddressField
    """Where."""


class NetworkPart(DocumentPart):
    """One chain and the governed addresses on it."""

    chain_id: DecimalField
    """EIP-155."""
    council: AddressField
    """The Safe that proposes to the timelock."""
    guardian: AddressField
    """The Safe that may pause and cancel."""
    timelock: AddressField
    """The TimelockController that holds every upgrade right."""
    target: TargetPart
    """What is governed."""
    policy_anchor: AddressField
    """Holds the digest of this file."""
    rpc: Annotated[str, AfterValidator(_endpoint)] | None = None
    """A public endpoint. One with a key in it belongs into the environment: GOV_RPC_<NETWORK>."""


class ApprovalPart(DocumentPart):
    """Who must approve."""

    role: NameField
    """A role of this policy."""
    at_least: Literal["threshold"] | DecimalField
    """A number of holders; `threshold` for a Safe's own."""


class FreezePart(DocumentPart):
    """A time in which nothing is queued or becomes executable."""

    from_: MomentField = Field(alias="from")
    """Begins."""
    to: MomentField
    """Ends."""


class RulePart(DocumentPart):
    """How some kinds of proposals go."""

    id: RuleIdField
    """Stable; findings cite it."""
    kinds: list[NameField] = Field(min_length=1)
    """The kinds that it is for."""
    networks: list[NameField] | None = Field(default=None, min_length=1)
    """The networks that it is for; all when left out."""
    may_propose: NameField
    """The role that authors."""
    approvals: list[ApprovalPart] = Field(min_length=1)
    """Who must approve."""
    distinct_from_author: Literal["true", "false"] = "true"
    """Whether approvals of roles other than the Safe must come from others than the author."""
    via: Literal["timelock", "guardian"]
    """The lane."""
    delay: DurationField
    """From queueing to execution; zero on the guardian lane."""
    grace: DurationField | None = None
    """How long a ready operation may wait before our executor refuses it; the timelock itself has no limit."""
    freeze: list[FreezePart] = Field(default_factory=list)
    """Times in which nothing is queued or becomes executable."""


class PolicyDocument(DocumentPart):
    """policies.yaml."""

    schema_: Literal["governance/policy/v1"] = Field(alias="schema")
    """The version of this schema."""
    summary: TextField | None = None
    """For readers."""
    members: dict[NameField, MemberPart] = Field(min_length=1)
    """People, by name."""
    roles: dict[NameField, SafeRolePart | list[NameField]] = Field(min_length=1)
    """Members by what they may do, or a Safe whose owners hold the role."""
    networks: dict[NameField, NetworkPart] = Field(min_length=1)
    """What is governed, by network."""
    rules: list[RulePart] = Field(min_length=1)
    """What may be done, and how. What no rule allows is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """How many holders of a role must approve."""

    role: str
    at_least: int | None
    """None for the Safe's own threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How some kinds of proposals go."""

    id: str
    place: Place
    kinds: frozenset[str]
    networks: frozenset[str]
    may_propose: str
    approvals: tuple[Approval, ...]
    distinct_from_author: bool
    via: str
    delay: Duration
    grace: Duration | None
    freeze: tuple[tuple[Moment, Moment], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A well-formed policy."""

    digest: Bytes32
    members: Map[str, Address]
    roles: Map[str, frozenset[str]]
    """Role to member names; empty for a role that a Safe's owners hold."""
    safes: Map[str, str]
    """Role to `council` or `guardian`, for roles that a Safe's owners hold."""
    networks: Map[str, Network]
    endpoints: Map[str, str]
    rules: tuple[Rule, ...]

    def rule_for(self, kind: str, network: str) -> Rule | None:
        """The one rule that a kind on a network falls under, None when nothing allows it."""
        return next((rule for rule in self.rules if kind in rule.kinds and network in rule.networks), None)


def read(tree: Mapping, *, file: str, kinds: frozenset[str]) -> Policy:
    """A policy from its tree. Raises Rejected with every finding."""
    document = validated(PolicyDocument, tree, file=file)
    findings = [*_unknown_names(document, tree, kinds), *_repetitions(document, tree), *_contradictions(document, tree)]
    if findings:
        raise Rejected(f"{file} is ill-formed: nothing is allowed", findings=tuple(findings))
    return Policy(
        digest=digest(tree),
        members={name: Address(part.address) for name, part in document.members.items()},
        roles={name: frozenset(p if isinstance(p, list) else ()) for name, p in document.roles.items()},
        safes={name: part.safe for name, part in document.roles.items() if isinstance(part, SafeRolePart)},
        networks={name: _network(name, part) for name, part in document.networks.items()},
        endpoints={name: part.rpc for name, part in document.networks.items() if part.rpc is not None},
        rules=tuple(_rule(i, part, document, tree) for i, part in enumerate(document.rules)),
    )


def _network(name: str, part: NetworkPart) -> Network:
    return Network(
        name=name,
        chain_id=int(part.chain_id),
        council=Address(part.council),
        guardian=Address(part.guardian),
        timelock=Address(part.timelock),
        target_kind=part.target.kind,
        target=Address(part.target.address),
        policy_anchor=Address(part.policy_anchor),
    )


def _rule(index: int, part: RulePart, document: PolicyDocument, tree: Mapping) -> Rule:
    return Rule(
        id=part.id,
        place=locate(tree, ("rules", index)),
        kinds=frozenset(part.kinds),
        networks=frozenset(part.networks or document.networks),
        may_propose=part.may_propose,
        approvals=tuple(
            Approval(role=a.role, at_least=None if a.at_least == COUNCIL_THRESHOLD else int(a.at_least))
            for a in part.approvals
        ),
        distinct_from_author=part.distinct_from_author == "true",
        via=part.via,
        delay=Duration.parse(part.delay),
        grace=None if part.grace is None else Duration.parse(part.grace),
        freeze=tuple((Moment.parse(f.from_), Moment.parse(f.to)) for f in part.freeze),
    )


def _at(tree: Mapping, loc: Loc, rule: str, message: str, hint: str = "") -> Finding:
    return Finding(rule=rule, message=message, hint=hint, place=locate(tree, loc), path=dotted(loc))


def _unknown_names(document: PolicyDocument, tree: Mapping, kinds: frozenset[str]) -> list[Finding]:
    """Every name that is used must be defined."""
    used: list[tuple[Loc, str, str, frozenset[str]]] = []
    members, roles, networks = (frozenset(d) for d in (document.members, document.roles, document.networks))
    for role, holders in document.roles.items():
        names = holders if isinstance(holders, list) else []
        used += [(("roles", role, i), "member", name, members) for i, name in enumerate(names)]
    for i, rule in enumerate(document.rules):
        used += [(("rules", i, "kinds", j), "kind", name, kinds) for j, name in enumerate(rule.kinds)]
        used += [(("rules", i, "networks", j), "network", name, networks) for j, name in enumerate(rule.networks or ())]
        used.append((("rules", i, "may_propose"), "role", rule.may_propose, roles))
        used += [(("rules", i, "approvals", j, "role"), "role", a.role, roles) for j, a in enumerate(rule.approvals)]
    return [
        _at(
            tree,
            loc,
            f"policy-unknown-{what}",
            f"there is no {what} `{name}`",
            f"there are: {', '.join(sorted(known))}",
        )
        for loc, what, name, known in used
        if name not in known
    ]


def _repetitions(document: PolicyDocument, tree: Mapping) -> list[Finding]:
    findings = []
    for (name, one), (other, two) in combinations(document.members.items(), 2):
        if one.address == two.address:
            message = f"`{name}` and `{other}` are one account: it would count twice"
            findings.append(_at(tree, ("members", other, "address"), "policy-same-member", message, "keep one"))
    for role, holders in document.roles.items():
        if isinstance(holders, list) and (not holders or len(set(holders)) != len(holders)):
            message = f"role `{role}` is empty" if not holders else f"role `{role}` names a member twice"
            findings.append(_at(tree, ("roles", role), "policy-role-members", message))
    ids = [rule.id for rule in document.rules]
    for i, rule in enumerate(document.rules):
        if rule.id in ids[:i]:
            findings.append(_at(tree, ("rules", i, "id"), "policy-rule-twice", f"rule `{rule.id}` is here twice"))
    return findings


def _contradictions(document: PolicyDocument, tree: Mapping) -> list[Finding]:
    findings = []
    everywhere = list(document.networks)
    for (_, one), (j, two) in combinations(enumerate(document.rules), 2):
        both = set(one.kinds) & set(two.kinds)
        if both and set(one.networks or everywhere) & set(two.networks or everywhere):
            message = f"`{one.id}` and `{two.id}` both speak of {', '.join(sorted(both))}: which one holds?"
            finding = Finding(
                rule="policy-overlap",
                message=message,
                hint="give each kind one rule on each network",
                place=key_place(tree, ("rules", j, "kinds")),
                path=f"rules[{j}].kinds",
            )
            findings.append(finding)
    for i, rule in enumerate(document.rules):
        if rule.via == "guardian" and Duration.parse(rule.delay).seconds:
            message = "the guardian lane has no timelock, so it can have no delay"
            findings.append(_at(tree, ("rules", i, "delay"), "policy-guardian-delay", message, "write 0 s"))
        for j, freeze in enumerate(rule.freeze):
            if Moment.parse(freeze.from_) >= Moment.parse(freeze.to):
                findings.append(_at(tree, ("rules", i, "freeze", j), "policy-freeze", "it ends before it begins"))
        findings += _approval_findings(i, rule, document, tree)
    return findings


def _approval_findings(index: int, rule: RulePart, document: PolicyDocument, tree: Mapping) -> list[Finding]:
    findings = []
    for j, approval in enumerate(rule.approvals):
        loc: Loc = ("rules", index, "approvals", j, "at_least")
        holders = document.roles.get(approval.role)
        if approval.at_least == COUNCIL_THRESHOLD:
            if isinstance(holders, list):
                findings.append(_at(tree, loc, "policy-threshold", "only a Safe has a threshold", "write a number"))
        elif int(approval.at_least) < 1:
            findings.append(_at(tree, loc, "policy-at-least", "no approval at all is no rule"))
        elif isinstance(holders, list) and int(approval.at_least) > len(holders):
            message = f"role `{approval.role}` has {len(holders)} members: {approval.at_least} can never be reached"
            findings.append(_at(tree, loc, "policy-at-least", message))
    lane_role = "council" if rule.via == "timelock" else "guardian"
    roles = [document.roles.get(approval.role) for approval in rule.approvals]
    if not any(isinstance(part, SafeRolePart) and part.safe == lane_role for part in roles):
        message = f"the {rule.via} lane is signed by the {lane_role} Safe, which the approvals do not name"
        hint = f"add {{role: …, at_least: threshold}} with a role that is {{safe: {lane_role}}}"
        findings.append(_at(tree, ("rules", index, "approvals"), "policy-lane-approval", message, hint))
    return findings
