"""The policy: who is who, which networks are governed, and by which rule each kind of proposal goes.

Deny by default: an empty list, an unknown name, a kind under two rules or an unknown key makes the policy ill-formed, and
an ill-formed policy judges nothing. Whether the chain agrees is asked elsewhere.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field

from governance.core.call import Call
from governance.core.errors import Place, Rejected
from governance.core.findings import validated
from governance.core.lookalike import Faces
from governance.core.network import DUTIES, Network
from governance.core.officehours import NO_ALMANAC, Almanac, OfficeHours
from governance.core.permission import Permission
from governance.core.permissionfile import permission
from governance.core.policycheck import disagreements
from governance.core.policyfile import COUNCIL_THRESHOLD, BookPart, NetworkPart, PolicyDocument, RulePart, SafeRolePart
from governance.core.policyhours import office_hours
from governance.core.risk import Risk
from governance.core.tree import Loc, Mapping, digest, locate
from governance.core.units import Address, Bytes32, Duration, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """How many holders of a role must approve."""

    role: str
    at_least: int | None
    """None for the Safe's own threshold."""
    among: str | None
    """`council` or `guardian` where signatures of that Safe are counted instead of approvals of their own."""


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
    hold: Duration | None
    """How long a round of a guardian's hold lasts; None where nothing can be held."""
    freeze: tuple[tuple[Moment, Moment], ...]
    office_hours: OfficeHours | None
    """Only within these anything is queued or executed; None for always."""
    approval_lifetime: Duration | None
    """How long an approval by a role of members may hold; None where none is asked."""
    visible: Duration | None
    """How long enough approvers of each role must have seen the plan before anything is sent; None for no time."""
    separate: tuple[str, ...]
    """Roles for two of which nobody counts."""
    calls: tuple[Permission, ...] | None
    """What may be called; None where nothing limits it but the kind."""
    value_at_most: int
    """Wei of one proposal."""
    risk: Risk = Risk.ROUTINE
    """The highest that a proposal may carry here."""
    _permitted: Map[tuple[str, bytes], tuple[Permission, ...]] = field(init=False, repr=False, compare=False)
    """Permissions by what they are for, an address or a duty, and by selector."""

    def __post_init__(self) -> None:
        found: dict[tuple[str, bytes], list[Permission]] = {}
        for each in self.calls or ():
            for to in each.to:
                found.setdefault((to, each.selector), []).append(each)
        object.__setattr__(self, "_permitted", {key: tuple(those) for key, those in found.items()})

    def permissions_for(self, call: Call, network: Network) -> tuple[Permission, ...]:
        """Those that speak of this function of this contract, in the order of the file."""
        keys = ((to, call.data[:4]) for to in (call.to, *network.duties_of(call.to)))
        return tuple(each for key in keys for each in self._permitted.get(key, ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class BookEntry:
    """An account that proposals may name without introducing it."""

    address: Address
    purpose: str
    networks: frozenset[str]
    """Where it is what it is said to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A well-formed policy."""

    digest: Bytes32
    members: Map[str, Address]
    roles: Map[str, frozenset[str]]
    """Role to member names; empty for a role that a Safe's owners hold."""
    safes: Map[str, str]
    """Role to `council` or `guardian`, for roles that a Safe's owners hold."""
    book: Map[str, BookEntry]
    """The address book, by name."""
    networks: Map[str, Network]
    endpoints: Map[str, tuple[str, ...]]
    """Public URLs by network, where the policy names any."""
    agree: Map[str, int]
    """How many endpoints must agree, by network, where the policy says so."""
    rules: tuple[Rule, ...]
    _found: Map[tuple[str, str], Rule] = field(init=False, repr=False, compare=False)
    """Rules by kind and network; no two speak of one."""

    _proposers: Map[tuple[str, str], frozenset[str]] = field(init=False, repr=False, compare=False)
    """Who may propose, by kind and network; where a Safe's owners may, any member, since a file cannot tell."""
    _accounts: dict[str | None, dict[Address, str]] = field(init=False, repr=False, compare=False)
    """What `accounts` gave before: the same, each time it is asked."""
    faces: Faces = field(init=False, repr=False, compare=False)
    """Every address that it names, as a reader takes others for it."""

    def __post_init__(self) -> None:
        found = {(kind, network): rule for rule in self.rules for kind in rule.kinds for network in rule.networks}
        everybody = frozenset(self.members)
        may = {
            spot: everybody if rule.may_propose in self.safes else self.roles[rule.may_propose] & everybody
            for spot, rule in found.items()
        }
        object.__setattr__(self, "_found", found)
        object.__setattr__(self, "_proposers", may)
        object.__setattr__(self, "_accounts", {})
        object.__setattr__(self, "faces", Faces(self.accounts()))

    def may_propose(self, author: str, kind: str, network: str) -> bool:
        """Whether a member may propose a kind on a network at all."""
        return author in self._proposers.get((kind, network), ())

    def rule_for(self, kind: str, network: str) -> Rule | None:
        """The one rule that a kind on a network falls under, None when nothing allows it."""
        return self._found.get((kind, network))

    def accounts(self, on: str | None = None) -> Map[Address, str]:
        """Every address that it names, or names on one network, with what it is as a sentence names it."""
        if on not in self._accounts:
            self._accounts[on] = self._named(on)
        return self._accounts[on]

    def _named(self, on: str | None) -> dict[Address, str]:
        here = [network for name, network in self.networks.items() if on in {None, name}]
        found: dict[Address, str] = {}
        for rule in self.rules:
            if on is None or on in rule.networks:
                found |= {
                    account: f"a contract of rule {rule.id}" for each in rule.calls or () for account in _of(each)
                }
        for name, entry in self.book.items():
            if on is None or on in entry.networks:
                found[entry.address] = f"`{name}` of the address book"
        found |= {account: f"the member `{name}`" for name, account in self.members.items()}
        for network in here:
            for duty in DUTIES:
                found[getattr(network, duty)] = f"the {duty.replace('_', ' ')} of `{network.name}`"
        return found

    def names(self, on: str) -> dict[Address, str]:
        """What people call the accounts of a network: members, the address book, and duties."""
        found = {entry.address: name for name, entry in self.book.items() if on in entry.networks}
        found |= {account: name for name, account in self.members.items()}
        network = self.networks.get(on)
        for duty in DUTIES if network is not None else ():
            found[getattr(network, duty)] = duty.replace("_", " ")
        return found


def read(tree: Mapping, *, file: str, kinds: frozenset[str], almanac: Almanac = NO_ALMANAC) -> Policy:
    """A policy from its tree. Raises Rejected with every finding.

    `almanac` says what its zones and files of holidays mean; a name that it does not know makes the policy ill-formed.
    """
    document = validated(PolicyDocument, tree, file=file)
    findings = disagreements(document, tree, kinds, almanac)
    if findings:
        raise Rejected(f"{file} is ill-formed: nothing is allowed", findings=findings)
    return Policy(
        digest=digest(tree),
        members={name: Address(part.address) for name, part in document.members.items()},
        roles={name: frozenset(p if isinstance(p, list) else ()) for name, p in document.roles.items()},
        safes={name: part.safe for name, part in document.roles.items() if isinstance(part, SafeRolePart)},
        book={name: _entry(part, document) for name, part in document.addresses.items()},
        networks={name: _network(name, part) for name, part in document.networks.items()},
        endpoints={name: _urls(part.rpc) for name, part in document.networks.items() if part.rpc is not None},
        agree={name: int(part.agree) for name, part in document.networks.items() if part.agree is not None},
        rules=tuple(_rule(i, part, document, tree, almanac) for i, part in enumerate(document.rules)),
    )


def _urls(written: str | list[str]) -> tuple[str, ...]:
    return (written,) if isinstance(written, str) else tuple(written)


def _of(permission: Permission) -> Iterator[Address]:
    """The contracts that a permission names."""
    return (Address(account) for account in permission.to if account not in DUTIES)


def _entry(part: BookPart, document: PolicyDocument) -> BookEntry:
    networks = frozenset(part.networks or document.networks)
    return BookEntry(address=Address(part.address), purpose=part.purpose, networks=networks)


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


def _rule(index: int, part: RulePart, document: PolicyDocument, tree: Mapping, almanac: Almanac) -> Rule:
    return Rule(
        id=part.id,
        place=locate(tree, ("rules", index)),
        kinds=frozenset(part.kinds),
        networks=frozenset(part.networks or document.networks),
        may_propose=part.may_propose,
        approvals=tuple(
            Approval(role=a.role, at_least=None if a.at_least == COUNCIL_THRESHOLD else int(a.at_least), among=a.among)
            for a in part.approvals
        ),
        distinct_from_author=part.distinct_from_author == "true",
        via=part.via,
        delay=Duration.parse(part.delay),
        grace=None if part.grace is None else Duration.parse(part.grace),
        hold=None if part.hold is None else Duration.parse(part.hold),
        calls=_calls(part, ("rules", index, "calls"), tree),
        value_at_most=int(part.value_at_most),
        freeze=tuple((Moment.parse(f.from_), Moment.parse(f.to)) for f in part.freeze),
        office_hours=None if part.office_hours is None else office_hours(part.office_hours, almanac),
        approval_lifetime=None if part.approval_lifetime is None else Duration.parse(part.approval_lifetime),
        visible=None if part.visible is None else Duration.parse(part.visible),
        separate=tuple(part.separate),
        risk=part.risk,
    )


def _calls(part: RulePart, loc: Loc, tree: Mapping) -> tuple[Permission, ...] | None:
    if not isinstance(part.calls, list):
        return None
    return tuple(permission(each, (*loc, i), tree) for i, each in enumerate(part.calls))
