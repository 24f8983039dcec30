"""What the calls of a plan leave of the governance, whoever derived them and however deep they lie.

A kind looks at its own document. This looks at the tree of calls, and at all steps of a plan together, so that it does not
matter which kind, which entry of a batch or which bundle within a bundle a call came from. Whether code may run in
another's name, and what cannot be opened, is judged in `core/checks/calls.py`.

Rule 1: what gives counts only where the plan itself calls it. What is inside of another call may wait, or fail while the
rest goes on.
Rule 2: what takes counts at any depth, and last.
Rule 3: where the facts are not pinned, nobody can tell what is left: that is refused, and no acknowledgement helps.
Rule 4: so is a call that could be read in two ways: a Safe's compiler drops bits that others refuse.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.core.access import (
    ADMIN,
    APPLY,
    CANCELLER,
    COMMIT,
    EMERGENCY,
    EXECUTOR,
    GRANT,
    PROPOSER,
    RENOUNCE,
    REVOKE,
    role_name,
)
from governance.core.call import Call, Function, function
from governance.core.calltree import Node, walk
from governance.core.errors import Finding, Rejected
from governance.core.kinds.council_change import (
    ADD_OWNER,
    CHANGE_THRESHOLD,
    REMOVE_OWNER,
    SWAP_OWNER,
    threshold_findings,
)
from governance.core.kinds.roles import Grant, dangerous, left_without, unpausing
from governance.core.kinds.upgrade import DIAMOND_CUT, PROTECTED, protected_gone
from governance.core.network import Network, TargetKind
from governance.core.permission import read_call
from governance.core.pins import Needs, Pins
from governance.core.units import Address, Bytes32

_ADD, _REMOVE = 0, 2
"""`FacetCutAction` of EIP-2535; 1 replaces."""
_ROLES = (GRANT, REVOKE, RENOUNCE)
_OWNERS = (ADD_OWNER, REMOVE_OWNER, SWAP_OWNER, CHANGE_THRESHOLD)
_TRANSFER = function("transferOwnership(address)")
_HANDOVERS = (
    _TRANSFER,
    function("renounceOwnership()"),
    function("queueRotateGovernance(address)"),
    function("executeRotateGovernance()"),
)
"""Of the governed system: another governs it afterwards, or nobody does."""

Key = tuple[Address, Bytes32]
"""A contract and one of its roles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """One call that changes who governs, read."""

    path: str
    account: Address
    """Whose storage it changes."""
    function: Function
    arguments: tuple[Any, ...]
    """Addresses have their checksums."""
    own: bool
    """The plan itself makes the call, so that it happens just when, and if, the rest does."""


def dangers(steps: Sequence[Sequence[Node]], *, network: Network, pins: Pins) -> tuple[Finding, ...]:
    """Every danger and every fault that the calls leave, after each step: the steps happen at different times."""
    found: dict[tuple[str, str], Finding] = {}
    for end in range(1, len(steps) + 1):
        acts, unreadable = _acts([node for step in steps[:end] for node in step], network)
        for finding in (
            *unreadable,
            *_roles(acts, network, pins),
            *_handovers(acts, network),
            *_councils(acts, network, pins),
            *_protected(acts),
        ):
            found.setdefault((finding.rule, finding.message), finding)
    return tuple(found.values())


def asked(nodes: Sequence[Node], network: Network) -> Needs:
    """What must be read before anybody can tell what these calls leave; nothing for calls that leave it all alone."""
    acts, _ = _acts(nodes, network)
    taken = dict.fromkeys(_key(grant) for _, grant in _grants(acts) if not grant.held)
    roles = [key for key in taken if key in _watched(network)]
    return Needs(
        roles=tuple(roles),
        target=any(contract == network.target for contract, _ in roles),
        council=any(act.account == network.council and act.function in _OWNERS for act in acts),
    )


def cuts(node: Node) -> list[tuple[int, tuple[bytes, ...]]]:
    """Action and selectors of each part of a `diamondCut`. Raises Rejected when it cannot be read in one way only."""
    return [(action, selectors) for _, action, selectors in _read(DIAMOND_CUT, node)[0]]


# ---- reading ---------------------------------------------------------------------------------------------------------


def _acts(own: Sequence[Node], network: Network) -> tuple[list[_Act], list[Finding]]:
    """What changes who governs: the plan's own calls first, then those inside of others. And what cannot be read."""
    functions = _functions(network)
    acts, unreadable = [], []
    inner = [node for each in own for node in walk(each.inside)]
    for node, direct in (*((node, True) for node in own), *((node, False) for node in inner)):
        fn = functions.get((node.account, node.selector))
        if fn is None or node.opaque:
            continue
        try:
            arguments = _read(fn, node)
        except Rejected as error:
            message = f"{node.path} calls `{fn.signature}` of {node.account}, which governs: {error.message}"
            hint = "call it in a form that can be read in one way only"
            unreadable.append(Finding(rule="governance-unreadable", path=node.path, message=message, hint=hint))
        else:
            acts.append(_Act(path=node.path, account=node.account, function=fn, arguments=arguments, own=direct))
    return acts, unreadable


def _functions(network: Network) -> dict[tuple[Address, bytes], Function]:
    """By the account that they change, and their selector."""
    of = {
        network.target: (*_ROLES, *_HANDOVERS, DIAMOND_CUT),
        network.timelock: _ROLES,
        network.council: _OWNERS,
        network.guardian: _OWNERS,
    }
    return {(account, fn.selector): fn for account, functions in of.items() for fn in functions}


def _read(fn: Function, node: Node) -> tuple[Any, ...]:
    reading = read_call(fn, Call(to=node.to, value=node.value, data=node.data))
    if not reading.exact:
        raise Rejected("its bytes are not those that these arguments encode to")
    return reading.arguments


# ---- roles -----------------------------------------------------------------------------------------------------------


def _roles(acts: Iterable[_Act], network: Network, pins: Pins) -> Iterator[Finding]:
    made = list(_grants(acts))
    for _, grant in made:
        yield from dangerous(grant, network)
    grants = [grant for act, grant in made if act.own or not grant.held]
    unpause = unpausing(network, pins)
    keys = dict.fromkeys((*map(_key, grants), *((network.target, role) for role in unpause)))
    after: dict[Key, set[Address]] = {}
    taken: dict[Key, str] = {}
    for key in keys:
        after[key], lost = _holders((grant for grant in grants if _key(grant) == key), *_before(key, network, pins))
        if lost and key in _watched(network):
            taken[key] = list(lost.values())[-1]
    unknown = [key for key in taken if not _complete(key, pins) and not (key[0] == network.target and after[key])]
    for key in unknown:
        message = f"{role_name(key[1])} of {key[0]} is taken from somebody, and nobody has read who else holds it"
        yield _unpinned(message, taken[key], hint="use role_change or timelock_change, which pin the holders")
    known = {key: path for key, path in taken.items() if key not in unknown}
    yield from left_without(known, after, network, unpausing=unpause)


def _grants(acts: Iterable[_Act]) -> Iterator[tuple[_Act, Grant]]:
    """What is given and taken, and by which act."""
    for act in acts:
        if act.function in _ROLES:
            role, account = act.arguments
            held = act.function is GRANT
            yield act, Grant(path=act.path, contract=act.account, role=role, account=account, held=held)


def _key(grant: Grant) -> Key:
    return grant.contract, grant.role


def _watched(network: Network) -> set[Key]:
    """Roles without which the governance ends. A plain diamond has none; its owner is watched instead."""
    of_timelock = {(network.timelock, role) for role in (ADMIN, PROPOSER, CANCELLER, EXECUTOR)}
    if network.target_kind is TargetKind.DIAMOND:
        return of_timelock
    return of_timelock | {(network.target, ADMIN), (network.target, EMERGENCY)}


def _complete(key: Key, pins: Pins) -> bool:
    return any((facts.contract, facts.role) == key for facts in pins.governance.roles)


def _before(key: Key, network: Network, pins: Pins) -> tuple[set[Address], set[Address] | None]:
    """Who is known to hold the role, and who is known not to; None where everybody else does not."""
    for facts in pins.governance.roles:
        if (facts.contract, facts.role) == key:
            return set(facts.holders), None
    known = _rights(network, pins, key[1]) if key[0] == network.target else {}
    return {each for each, held in known.items() if held}, {each for each, held in known.items() if not held}


def _rights(network: Network, pins: Pins, role: Bytes32) -> Mapping[Address, bool]:
    """What the pinned target says of those who govern it."""
    if pins.target is None:
        return {}
    of_timelock = {
        ADMIN: pins.target.timelock_is_admin,
        COMMIT: pins.target.timelock_may_commit,
        APPLY: pins.target.timelock_may_apply,
        EMERGENCY: pins.target.timelock_may_remove,
    }
    known = {network.timelock: of_timelock[role]} if role in of_timelock else {}
    return {**known, network.guardian: pins.target.guardian_may_pause} if role == EMERGENCY else known


def _holders(
    grants: Iterable[Grant], before: set[Address], lacked: set[Address] | None
) -> tuple[set[Address], dict[Address, str]]:
    """Who holds the role afterwards, as far as is known, and who has lost it by which call."""
    after, lost = set(before), dict[Address, str]()
    for grant in grants:
        if grant.held:
            after.add(grant.account)
            lost.pop(grant.account, None)
            continue
        after.discard(grant.account)
        if grant.account in before or (lacked is not None and grant.account not in lacked):
            lost[grant.account] = grant.path
    return after, lost


def _handovers(acts: Iterable[_Act], network: Network) -> Iterator[Finding]:
    """The governed system under another owner."""
    for act in acts:
        if act.function in _HANDOVERS and (act.function is not _TRANSFER or act.arguments != (network.timelock,)):
            message = f"{network.target} would be under another owner than the timelock, or none"
            hint = "a handover to other governance needs its own design, not a proposal"
            yield Finding(rule="role-timelock-admin", path=act.path, message=message, hint=hint)


# ---- the Safes -------------------------------------------------------------------------------------------------------


def _councils(acts: Iterable[_Act], network: Network, pins: Pins) -> Iterator[Finding]:
    """Owners and thresholds. Of what other calls carry, the worst of each is counted."""
    changes = [act for act in acts if act.function in _OWNERS]
    for act in changes:
        if act.account == network.guardian:
            message = f"the guardian's owners or threshold change by `{act.function.name}`, and nobody has read them"
            yield _unpinned(message, act.path, hint="its owners change it themselves")
    changes = [act for act in changes if act.account == network.council]
    if not changes:
        return
    path, council = changes[-1].path, pins.governance.council
    if council is None:
        message = "the council's owners or threshold change, and nobody has read them"
        yield _unpinned(message, path, hint="use council_change, which pins them")
        return
    sure, most = set(council.owners), set(council.owners)
    lowest = highest = council.threshold
    for act in changes:
        comes, leaves, threshold = _owners(act)
        sure, most = (sure - leaves) | (comes if act.own else set()), (most - (leaves if act.own else set())) | comes
        if threshold is not None:
            lowest = threshold if act.own else min(lowest, threshold)
            highest = threshold if act.own else max(highest, threshold)
    yield from threshold_findings(len(sure), highest, path)
    yield from threshold_findings(len(most), lowest, path)


def _owners(act: _Act) -> tuple[set[Address], set[Address], int | None]:
    """Who comes, who leaves, and the threshold that is set."""
    given = act.arguments
    if act.function is ADD_OWNER:
        return {given[0]}, set(), given[1]
    if act.function is REMOVE_OWNER:
        return set(), {given[1]}, given[2]
    if act.function is SWAP_OWNER:
        return {given[2]}, {given[1]}, None
    return set(), set(), given[0]


# ---- routes ----------------------------------------------------------------------------------------------------------


def _protected(acts: Iterable[_Act]) -> Iterator[Finding]:
    """Protected selectors that are cut away, and not added again by the plan itself."""
    gone: dict[bytes, str] = {}
    for act in acts:
        for _, action, selectors in act.arguments[0] if act.function is DIAMOND_CUT else ():
            for selector in PROTECTED.keys() & set(selectors):
                if action == _REMOVE:
                    gone[selector] = act.path
                elif action == _ADD and act.own:
                    gone.pop(selector, None)
    for selector, path in sorted(gone.items()):
        yield protected_gone(selector, path=path)


def _unpinned(message: str, path: str, *, hint: str) -> Finding:
    return Finding(rule="governance-unpinned", path=path, message=message, hint=hint)
