"""Whose addresses these are: every one that a proposal names must be known, or be introduced by it with its purpose.

Known is what the policy names for the network, what is in force there already, and what is built here. An address that looks
like a known one is refused, whoever introduces it.
"""

from collections.abc import Iterator, Mapping, Sequence

from governance.core.calltree import walk
from governance.core.case import Case
from governance.core.checks.calls import called, place_of
from governance.core.errors import Finding
from governance.core.kinds import KINDS
from governance.core.lookalike import HINT, Faces, folded, mentioned
from governance.core.mentions import COMMON, by_selector, functions_of, named_by, words_like_addresses
from governance.core.network import DUTIES
from governance.core.pins import Pins
from governance.core.policy import Policy, Rule
from governance.core.safelayout import SENTINEL
from governance.core.tree import Loc, dotted, scalars
from governance.core.units import ZERO_ADDRESS, Address, checksummed

NOBODY = frozenset((ZERO_ADDRESS, SENTINEL))
"""No account: none, and the end of a Safe's lists."""
Mention = tuple[Loc, Address]


def addresses(case: Case, rule: Rule) -> Iterator[Finding]:  # noqa: ARG001 - no rule can allow these
    """A finding for each address that looks like another, is unknown, or is introduced without need."""
    live = {} if case.plan is None else in_force(case.plan.pins)
    alike: dict[Address, tuple[Finding, ...]] = {}
    written = list(_written(case))
    for account, findings in _alike(case, written, live):
        alike.setdefault(account, findings)
    yield from (finding for findings in alike.values() for finding in findings)
    if not case.gate.sends:  # what was signed cannot be written anew, and harms nobody
        yield from _introductions(case)
    introduced = {Address(each.address) for each in case.proposal.document.introduce}
    known = {*live, *case.policy.accounts(case.network), *introduced, *alike}
    meant = [(loc, account) for loc, account in written if account not in NOBODY or not _may_be_nobody(loc)]
    meant += [(loc, account) for loc, account in _called(case) if account not in NOBODY]
    strange: dict[Address, Loc] = {}
    for loc, account in meant:
        if account not in known:
            strange.setdefault(account, loc)
    if not strange or _unread(case):
        return
    for account, loc in strange.items():
        yield case.finding(loc, "address-unknown", _unknown(case, account), _hint(account))


# ---- who is named, and where -----------------------------------------------------------------------------------------


def _written(case: Case) -> Iterator[Mention]:
    """In the document."""
    return ((loc, checksummed(bytes.fromhex(scalar.text[2:]))) for loc, scalar in mentioned(case.proposal.tree))


def _called(case: Case) -> Iterator[Mention]:
    """By what is called, as far as it can be read."""
    if case.plan is None:
        return
    of_policy = (permission.function for rule in case.policy.rules for permission in rule.calls or ())
    functions = by_selector(*COMMON, *of_policy, *functions_of(case.proposal.tree))
    for node in walk(called(case.plan, case)):
        yield from ((place_of(case, node.path), account) for account in named_by(node, functions))


def _in_words(case: Case) -> Iterator[Mention]:
    """By any word of what is called that may be an address."""
    for node in walk(called(case.plan, case)) if case.plan is not None else ():
        yield from ((place_of(case, node.path), account) for account in words_like_addresses(node))


def _may_be_nobody(loc: Loc) -> bool:
    """Where none may be meant: not among arguments that the author chose, nor as what is called."""
    return "args" not in loc and loc[-1] not in {"to", "proxy", "implementation"}


# ---- who looks like whom ---------------------------------------------------------------------------------------------


def _alike(
    case: Case, written: Sequence[Mention], live: Mapping[Address, str]
) -> Iterator[tuple[Address, tuple[Finding, ...]]]:
    """Addresses that imitate another, with what they imitate: one of the policy, one in force, or one before it here."""
    named = case.policy.accounts()
    faces = Faces({account: what for account, what in live.items() if account not in named}, case.policy.faces)
    for loc, account in written:
        yield from _imitation(case, faces, loc, account)
        faces.remember(_raw(account), f"`{dotted(loc)}`, {account}")
    for loc, account in (*_called(case), *_in_words(case)):
        yield from _imitation(case, faces, loc, account)


def _raw(account: Address) -> bytes:
    return bytes.fromhex(account[2:])


def _imitation(case: Case, faces: Faces, loc: Loc, account: Address) -> Iterator[tuple[Address, tuple[Finding, ...]]]:
    found = tuple(
        case.finding(loc, "address-lookalike", sentence, HINT) for sentence in faces.imitated(_raw(account), account)
    )
    if found:
        yield account, found


# ---- who is introduced -----------------------------------------------------------------------------------------------


def _introductions(case: Case) -> Iterator[Finding]:
    if not case.proposal.document.introduce:
        return
    named: dict[Address, str] = {}
    names = {folded(name): f"`{name}`, which the policy names" for name in names_of(case.policy)}
    for i, each in enumerate(case.proposal.document.introduce):
        loc, account = ("introduce", i), Address(each.address)
        already = named.get(account) or _already(case, account, each.name)
        if already:
            message = f"{account} is {already} already"
            yield case.finding((*loc, "address"), "introduced-twice", message, "drop it")
        elif not _is_named(case, account):
            message = f"{account} is introduced, and nothing else here names it"
            yield case.finding((*loc, "address"), "introduced-in-vain", message, "drop it")
        twin = names.get(folded(each.name))
        if twin is not None and _called_there(case, account) != each.name:
            message = f"`{each.name}` reads like {twin}"
            yield case.finding((*loc, "name"), "name-lookalike", message, "choose a name that nobody mistakes")
        named.setdefault(account, f"`{each.name}`, introduced above,")
        names.setdefault(folded(each.name), f"`{each.name}`, which is introduced above")


def names_of(policy: Policy) -> tuple[str, ...]:
    """Every name that says who somebody is."""
    return (*DUTIES, *policy.members, *policy.book)


def _already(case: Case, account: Address, name: str) -> str | None:
    """What it is by the policy wherever it is proposed; None under the very name that the policy gives it by now."""
    networks = [network for network in case.proposal.document.networks if network in case.policy.networks]
    if _called_there(case, account) == name or not all(account in case.policy.accounts(each) for each in networks):
        return None
    return case.policy.accounts(case.network)[account]


def _called_there(case: Case, account: Address) -> str | None:
    return case.policy.names(case.network).get(account)


def _is_named(case: Case, account: Address) -> bool:
    """By the document beside its introduction, as an address or within data; or by what is called."""
    digits = account[2:].lower()
    if any(digits in scalar.text.lower() for loc, scalar in scalars(case.proposal.tree) if loc[0] != "introduce"):
        return True
    return _unread(case) or any(account == named for _, named in _called(case))


# ---- who is known ----------------------------------------------------------------------------------------------------


def _unread(case: Case) -> bool:
    """Nothing was read from the chain yet, and what will be may make accounts known."""
    if case.plan is not None:
        return False
    document = case.proposal.document
    needs = KINDS[document.kind].needs(document, case.policy.networks[case.network])
    return bool(needs.target or needs.roles or needs.council or needs.proxies)


def in_force(pins: Pins) -> dict[Address, str]:
    """Accounts that have a part in what governs or is governed, as the plan's facts say, and facets that are built here."""
    found: dict[Address, str] = {}
    for route in pins.target.routes if pins.target is not None else ():
        found[route.facet] = "a facet that is routed"
    for pin in pins.facets:
        if not pin.reference.startswith("0x"):
            found[pin.address] = f"the facet {pin.reference}"
    for role in pins.governance.roles:
        found.update(dict.fromkeys(role.holders, "a holder of a role"))
    council = pins.governance.council
    if council is not None:
        found.update(dict.fromkeys(council.owners, "an owner of the council"))
        found.update(dict.fromkeys(council.modules, "a module of the council"))
        found |= {council.guard: "the council's guard", council.fallback_handler: "the council's fallback handler"}
    for proxy in pins.governance.proxies:
        parts = ("implementation", "admin", "beacon", "beacon_implementation", "owner")
        found |= {getattr(proxy, part): f"the {part.replace('_', ' ')} of {proxy.address}" for part in parts}
    return {account: what for account, what in found.items() if account not in NOBODY}


def _unknown(case: Case, account: Address) -> str:
    elsewhere = case.policy.accounts().get(account)
    if elsewhere is None:
        return f"nobody knows {account}: the policy does not name it, and it has no part in what is in force"
    return f"nobody knows {account} on {case.network}: it is {elsewhere}, which says nothing of this network"


def _hint(account: Address) -> str:
    entry = f'{{address: "{account}", name: …, purpose: "…"}}'
    return f"say who it is, under `introduce:`: - {entry}; or have the policy's `addresses:` name it"
