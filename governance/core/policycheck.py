"""Whether the parts of a policy agree: names that mean nothing, people counted twice, addresses
that look alike, rules that contradict or never hold.

What this tool could not enforce is refused here, so that no sentence of a policy is only decoration.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from governance.core.constitution import unguarded
from governance.core.errors import Finding
from governance.core.findings import MAX_FAULTS
from governance.core.kinds import KINDS
from governance.core.lookalike import folded, lookalikes
from governance.core.network import DUTIES
from governance.core.officehours import Almanac
from governance.core.permissionfile import permission_findings
from governance.core.policyfile import COUNCIL_THRESHOLD, ApprovalPart, PolicyDocument, RulePart, SafeRolePart
from governance.core.policyhours import hours
from governance.core.policypeople import people
from governance.core.tree import Loc, Mapping, dotted, locate
from governance.core.units import ZERO_ADDRESS, Duration, Moment, shown

_Named = Iterable[tuple[Loc, str]]


def disagreements(
    document: PolicyDocument, tree: Mapping, kinds: frozenset[str], almanac: Almanac
) -> tuple[Finding, ...]:
    """Every finding up to a bound, in the order of the file."""
    found = [
        *_unknown_names(document, tree, kinds),
        *_accounts(document, tree),
        *_book(document, tree),
        *lookalikes(tree, {}),
        *_repetitions(document, tree),
        *_overlaps(document, tree, kinds),
        *unguarded(document, tree),
    ]
    for i, rule in enumerate(document.rules):
        found += [*_lane(i, rule, document, tree), *_times(i, rule, tree), *people(i, rule, document, tree)]
        found += hours(i, rule, tree, almanac)
        found += _callable(i, rule, tree)
        for j, approval in enumerate(rule.approvals):
            found += _approval(("rules", i, "approvals", j), approval, rule, document, tree)
    return tuple(sorted(found, key=lambda f: (f.place.line, f.place.column) if f.place else (0, 0))[:MAX_FAULTS])


def _at(tree: Mapping, loc: Loc, rule: str, message: str, hint: str = "") -> Finding:
    return Finding(rule=f"policy-{rule}", message=message, hint=hint, place=locate(tree, loc), path=dotted(loc))


def _unknown_names(document: PolicyDocument, tree: Mapping, kinds: frozenset[str]) -> Iterator[Finding]:
    """Every name that is used must be defined."""
    for what, known, used in (
        ("member", frozenset(document.members), _role_members(document)),
        ("kind", kinds, _rule_lists(document, "kinds")),
        ("network", frozenset(document.networks), [*_rule_lists(document, "networks"), *_book_networks(document)]),
        ("role", frozenset(document.roles), _rule_roles(document)),
    ):
        hint = f"there are: {', '.join(sorted(known))}"
        for loc, name in used:
            if name not in known:
                yield _at(tree, loc, f"unknown-{what}", f"there is no {what} `{name}`", hint)


def _role_members(document: PolicyDocument) -> _Named:
    for role, holders in document.roles.items():
        if isinstance(holders, list):
            yield from ((("roles", role, i), name) for i, name in enumerate(holders))


def _rule_lists(document: PolicyDocument, key: str) -> _Named:
    for i, rule in enumerate(document.rules):
        yield from ((("rules", i, key, j), name) for j, name in enumerate(getattr(rule, key) or ()))


def _book_networks(document: PolicyDocument) -> _Named:
    for entry, part in document.addresses.items():
        yield from ((("addresses", entry, "networks", i), name) for i, name in enumerate(part.networks or ()))


def _rule_roles(document: PolicyDocument) -> _Named:
    for i, rule in enumerate(document.rules):
        yield ("rules", i, "may_propose"), rule.may_propose
        yield from ((("rules", i, "approvals", j, "role"), a.role) for j, a in enumerate(rule.approvals))


def _accounts(document: PolicyDocument, tree: Mapping) -> Iterator[Finding]:
    """Nobody is the zero address, no person is two members, and each address of a network has one duty."""
    people: dict[str, str] = {}
    for name, member in document.members.items():
        loc: Loc = ("members", name, "address")
        if member.address == ZERO_ADDRESS:
            yield _at(tree, loc, "zero-address", f"`{name}` has the zero address", "write the account they sign with")
        elif member.address in people:
            message = f"`{people[member.address]}` and `{name}` are one account: it would count twice"
            yield _at(tree, loc, "same-member", message, "keep one")
        people.setdefault(member.address, name)
    for name, network in document.networks.items():
        duties: dict[str, str] = {}
        for duty, account in (
            *((key, getattr(network, key)) for key in ("council", "guardian", "timelock", "policy_anchor")),
            ("target", network.target.address),
        ):
            loc = ("networks", name, duty)
            if account == ZERO_ADDRESS:
                yield _at(tree, loc, "zero-address", f"the {duty} of `{name}` is the zero address")
            elif account in duties:
                yield _at(tree, loc, "same-address", f"{duty} and {duties[account]} of `{name}` are one address")
            duties.setdefault(account, duty)


def _book(document: PolicyDocument, tree: Mapping) -> Iterator[Finding]:
    """Each account has one entry and one name, and no name reads like another."""
    accounts = {member.address: f"the member `{name}`" for name, member in document.members.items()}
    for name, network in document.networks.items():
        for duty in DUTIES:
            account = network.target.address if duty == "target" else getattr(network, duty)
            accounts.setdefault(account, f"the {duty.replace('_', ' ')} of `{name}`")
    names = {folded(name): name for name in (*DUTIES, *document.members)}
    for name, part in document.addresses.items():
        loc: Loc = ("addresses", name, "address")
        if part.address == ZERO_ADDRESS:
            yield _at(tree, loc, "zero-address", f"`{name}` is the zero address", "drop it: nobody need introduce that")
        elif part.address in accounts:
            message = f"`{name}` is {accounts[part.address]}"
            yield _at(tree, loc, "same-address", message, "keep one of the two")
        if folded(name) in names:
            message = f"`{name}` reads like `{names[folded(name)]}`"
            yield _at(tree, ("addresses", name), "name-lookalike", message, "choose a name that nobody mistakes")
        accounts.setdefault(part.address, f"`{name}` of the address book")
        names.setdefault(folded(name), name)


def _repetitions(document: PolicyDocument, tree: Mapping) -> Iterator[Finding]:
    """Lists name things once; roles are not empty."""
    for role, holders in document.roles.items():
        if holders == []:
            yield _at(
                tree, ("roles", role), "empty-role", f"nobody holds the role `{role}`", "name a member, or drop it"
            )
    for locs, names in _lists(document):
        seen: set[str] = set()
        for loc, name in zip(locs, names, strict=True):
            if name in seen:
                yield _at(tree, loc, "twice", f"`{name}` is here twice", "keep one")
            seen.add(name)


def _lists(document: PolicyDocument) -> Iterator[tuple[Sequence[Loc], Sequence[str]]]:
    """Every list of names in which each stands once, with the places of the names."""
    for role, holders in document.roles.items():
        if isinstance(holders, list):
            yield [("roles", role, j) for j in range(len(holders))], holders
    for i, rule in enumerate(document.rules):
        yield [("rules", i, "kinds", j) for j in range(len(rule.kinds))], rule.kinds
        yield [("rules", i, "networks", j) for j in range(len(rule.networks or ()))], rule.networks or ()
        yield (
            [("rules", i, "approvals", j, "role") for j in range(len(rule.approvals))],
            [a.role for a in rule.approvals],
        )
    yield [("rules", i, "id") for i in range(len(document.rules))], [rule.id for rule in document.rules]


def _overlaps(document: PolicyDocument, tree: Mapping, kinds: frozenset[str]) -> Iterator[Finding]:
    """One kind on one network has one rule, so that nobody has to know which of two wins."""
    first: dict[tuple[str, str], str] = {}
    for j, rule in enumerate(document.rules):
        clashes: dict[str, set[str]] = {}
        for spot in product(kinds & set(rule.kinds), set(rule.networks or document.networks)):
            if first.setdefault(spot, rule.id) != rule.id:
                clashes.setdefault(first[spot], set()).add(spot[0])
        for other, shared in sorted(clashes.items()):
            message = f"`{other}` and `{rule.id}` both speak of {', '.join(sorted(shared))}: which one holds?"
            hint = "give each kind one rule on each network"
            yield _at(tree, ("rules", j, "kinds"), "overlap", message, hint)


def _lane(index: int, rule: RulePart, document: PolicyDocument, tree: Mapping) -> Iterator[Finding]:
    """The Safe that signs is among the approvals; what needs a timelock is not asked of the guardian's lane."""
    safe = _safe_of(rule)
    asked = [document.roles.get(approval.role) for approval in rule.approvals]
    if not any(isinstance(part, SafeRolePart) and part.safe == safe for part in asked):
        message = f"the {rule.via} lane is signed by the {safe} Safe, which the approvals do not name"
        hint = f"add {{role: …, at_least: threshold}} with a role that is {{safe: {safe}}}"
        yield _at(tree, ("rules", index, "approvals"), "lane-approval", message, hint)
    if rule.via != "timelock" and Duration.parse(rule.delay).seconds:
        message = f"the {rule.via} lane has no timelock, so it can have no delay"
        yield _at(tree, ("rules", index, "delay"), f"{rule.via}-delay", message, "write 0 s")
    if rule.via == "council" and rule.grace:
        message = "the council lane has no timelock, so nothing waits and no grace can pass"
        yield _at(tree, ("rules", index, "grace"), "council-grace", message, "drop `grace`")
    if rule.hold:
        yield from _hold(index, rule, tree)
    if rule.via == "guardian":
        for key, value in (("grace", rule.grace), ("freeze", rule.freeze)):
            if value:
                message = f"the guardian lane can have no {key}: what stops things may do so at any time"
                yield _at(tree, ("rules", index, key), f"guardian-{key}", message, f"drop `{key}`")


def _hold(index: int, rule: RulePart, tree: Mapping) -> Iterator[Finding]:
    """A round of a hold has a length, and leaves time to execute before what waits lapses."""
    loc: Loc = ("rules", index, "hold")
    length = Duration.parse(rule.hold or "0 s")
    if rule.via != "timelock":
        message = f"the {rule.via} lane has no timelock, so nothing waits that could be held"
        yield _at(tree, loc, "hold-lane", message, "drop `hold`")
    if not length.seconds:
        yield _at(tree, loc, "hold-length", "a hold of no time holds nothing", "give it a length, or drop it")
    if rule.grace is not None and length >= Duration.parse(rule.grace):
        message = f"one guardian's hold of {length} would outlast the grace of {Duration.parse(rule.grace)}"
        yield _at(tree, loc, "hold-grace", message, "let rounds for every guardian fit into the grace")


def _callable(index: int, rule: RulePart, tree: Mapping) -> Iterator[Finding]:
    """What the author of a proposal chooses to call is listed, or said to be free."""
    loc: Loc = ("rules", index, "calls")
    chosen = sorted(kind for kind in rule.kinds if kind in KINDS and KINDS[kind].free_calls)
    if chosen and rule.calls is None:
        message = f"the author of `{chosen[0]}` chooses what is called, and this rule does not say what may be"
        hint = "list what may be called, or write `calls: any` knowing that it may be anything"
        yield _at(tree, ("rules", index), "calls-open", message, hint)
    for j, part in enumerate(rule.calls if isinstance(rule.calls, list) else ()):
        yield from permission_findings(part, (*loc, j), tree)
        if int(part.value_at_most) > int(rule.value_at_most):
            message = f"{part.value_at_most} wei may go with a call, and {rule.value_at_most} with a whole proposal"
            hint = "let `value_at_most` of the rule be as much as several calls together may send, or drop this one"
            yield _at(tree, (*loc, j, "value_at_most"), "calls-value", message, hint)
        if part.allowance is not None and rule.via != "timelock":
            message = f"nothing counts what the {rule.via} lane has spent"
            yield _at(tree, (*loc, j, "allowance"), "allowance-lane", message, "drop `allowance`, or go via timelock")


def _times(index: int, rule: RulePart, tree: Mapping) -> Iterator[Finding]:
    for j, freeze in enumerate(rule.freeze):
        if Moment.parse(freeze.from_) >= Moment.parse(freeze.to):
            yield _at(tree, ("rules", index, "freeze", j), "freeze", "it ends before it begins", "swap from and to")


def _approval(
    loc: Loc, approval: ApprovalPart, rule: RulePart, document: PolicyDocument, tree: Mapping
) -> Iterator[Finding]:
    """A Safe counts by its own threshold and on its own lane; a number of members can be reached."""
    holders, loc = document.roles.get(approval.role), (*loc, "at_least")
    by_threshold = approval.at_least == COUNCIL_THRESHOLD
    if isinstance(holders, SafeRolePart):
        if not by_threshold:
            message = f"`{approval.role}` is a Safe, which counts by its own threshold, not by {approval.at_least}"
            yield _at(tree, loc, "threshold", message, "write threshold; to ask for more, raise the Safe's own")
        if holders.safe != _safe_of(rule):
            message = f"the {holders.safe} Safe does not sign on the {rule.via} lane"
            yield _at(tree, (*loc[:-1], "role"), "lane-approval", message, "ask a role of members instead")
    elif holders is not None:
        if by_threshold:
            message = f"`{shown(approval.role)}` is no Safe and has no threshold"
            yield _at(tree, loc, "threshold", message, "write a number")
        elif int(approval.at_least) > len(holders):
            message = f"role `{approval.role}` has {len(holders)} members: {approval.at_least} can never be reached"
            yield _at(tree, loc, "at-least", message, "ask for less, or add members")


def _safe_of(rule: RulePart) -> str:
    return "guardian" if rule.via == "guardian" else "council"
