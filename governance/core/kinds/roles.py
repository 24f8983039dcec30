"""Grants and revocations of AccessControl roles, and what must never come of them, whoever asks.

`role_change` and `timelock_change` both go through here. The role that may grant a role is taken to be
DEFAULT_ADMIN_ROLE, as it is on every contract that these kinds name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from governance.core.access import ADMIN, CANCELLER, EMERGENCY, EXECUTOR, GRANT, PROPOSER, REVOKE, role_name
from governance.core.call import Call, encode_call
from governance.core.effects import Effect, RoleIs
from governance.core.errors import Finding
from governance.core.facts import Generation
from governance.core.keccak import keccak
from governance.core.network import Network, TargetKind
from governance.core.pins import Needs, Pins
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, word

TARGET_ROLES = ("DEFAULT_ADMIN_ROLE", "COMMIT_ROLE", "APPLY_ROLE", "EMERGENCY_ROLE")
TIMELOCK_ROLES = ("DEFAULT_ADMIN_ROLE", "PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")


def role_id(written: str) -> Bytes32:
    """The 32 bytes of a role: `DEFAULT_ADMIN_ROLE` is zero, any other name its keccak256, hex itself."""
    if written.startswith("0x"):
        return word(written)
    return ADMIN if written == "DEFAULT_ADMIN_ROLE" else Bytes32(keccak(written.encode()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One grant or revocation, with its place in the document."""

    path: str
    contract: Address
    role: Bytes32
    account: Address
    held: bool
    """True grants, False revokes."""

    @property
    def call(self) -> Call:
        """The call that the timelock makes."""
        verb, way = ("grantRole", "to") if self.held else ("revokeRole", "from")
        data = encode_call(GRANT if self.held else REVOKE, [self.role, self.account])
        return Call(to=self.contract, data=data, summary=f"{verb}: {role_name(self.role)} {way} {self.account}")

    @property
    def effect(self) -> Effect:
        """What is true afterwards."""
        return RoleIs(contract=self.contract, role=self.role, account=self.account, held=self.held)


def lent(contract: Address, role: Bytes32, timelock: Address, calls: Sequence[Call]) -> list[Call]:
    """Calls between a grant to the timelock and its revocation."""
    first = Grant(path="", contract=contract, role=role, account=timelock, held=True).call
    last = Grant(path="", contract=contract, role=role, account=timelock, held=False).call
    return [first, *calls, last]


def role_needs(grants: Sequence[Grant]) -> Needs:
    """The holders of every role that changes, and of the role that may change it."""
    asked = [pair for grant in grants for pair in ((grant.contract, ADMIN), (grant.contract, grant.role))]
    return Needs(roles=tuple(dict.fromkeys(asked)))


def role_findings(grants: Sequence[Grant], network: Network, pins: Pins) -> list[Finding]:
    """Everything that speaks against these grants, made in order on the pinned holders."""
    before = {(each.contract, each.role): set(each.holders) for each in pins.governance.roles}
    holders = {key: set(accounts) for key, accounts in before.items()}
    found: list[Finding] = []
    for contract in dict.fromkeys(grant.contract for grant in grants):
        if network.timelock not in before[contract, ADMIN]:
            message = f"the timelock {network.timelock} is no admin of {contract}"
            hint = "an admin must grant it DEFAULT_ADMIN_ROLE first; run gov doctor"
            found.append(Finding(rule="timelock-lacks-role", message=message, hint=hint))
    for grant in grants:
        found += _pointless(grant, holders[grant.contract, grant.role])
        found += dangerous(grant, network)
        held = holders[grant.contract, grant.role]
        held.add(grant.account) if grant.held else held.discard(grant.account)
    last = {(grant.contract, grant.role): grant.path for grant in grants}
    return [*found, *left_without(last, holders, network, unpausing=unpausing(network, pins))]


def unpausing(network: Network, pins: Pins) -> frozenset[Bytes32]:
    """Roles of the governed system by which the timelock unpauses it; a plain diamond has none.

    Where nobody has read which generation it is, only what unpauses every one of them counts.
    """
    if network.target_kind is TargetKind.DIAMOND:
        return frozenset()
    ours = pins.target is None or pins.target.generation is Generation.OURS
    return frozenset({ADMIN}) if ours else frozenset({ADMIN, EMERGENCY})


def _pointless(grant: Grant, holders: set[Address]) -> Iterator[Finding]:
    if grant.held and grant.account in holders:
        message = f"{grant.account} holds {role_name(grant.role)} already"
        yield Finding(rule="role-held", path=grant.path, message=message, hint="drop it")
    if not grant.held and grant.account not in holders:
        message = f"{grant.account} does not hold {role_name(grant.role)}"
        yield Finding(rule="role-not-held", path=grant.path, message=message, hint="drop it")


def dangerous(grant: Grant, network: Network) -> Iterator[Finding]:
    """What is wrong with one grant, whoever else holds the role."""
    open_executor = grant.contract == network.timelock and grant.role == EXECUTOR
    if grant.held and grant.account == ZERO_ADDRESS and not open_executor:
        message = f"{role_name(grant.role)} would go to the zero address"
        hint = "only EXECUTOR_ROLE of the timelock gives the zero address a meaning: anyone"
        yield Finding(rule="role-zero-address", path=grant.path, message=message, hint=hint)
    if grant.held and grant.account == network.target:
        message = f"the governed system would hold {role_name(grant.role)} itself: whoever reaches a facet would"
        yield Finding(rule="role-to-target", path=grant.path, message=message, hint="name another account")
    if not grant.held and grant.role == ADMIN and grant.account == network.timelock:
        message = f"the timelock would no longer be admin of {grant.contract}: no proposal could change it back"
        hint = "a handover to other governance needs its own design, not a proposal"
        yield Finding(rule="role-timelock-admin", path=grant.path, message=message, hint=hint)


def left_without(
    last: Mapping[tuple[Address, Bytes32], str],
    holders: Mapping[tuple[Address, Bytes32], set[Address]],
    network: Network,
    *,
    unpausing: frozenset[Bytes32],
) -> Iterator[Finding]:
    """What the end of all of them leaves behind; `last` says by which grant each role changed last."""
    for (contract, role), path in last.items():
        left = holders[contract, role]
        if role == ADMIN and not left:
            message = f"{contract} would have no admin: its roles could never change again"
            yield Finding(rule="role-last-admin", path=path, message=message, hint="grant another account first")
        if contract == network.timelock and role == PROPOSER and network.council not in left:
            message = f"the council {network.council} could no longer propose: nothing could be scheduled any more"
            hint = "keep the council's role; another council needs another policy first"
            yield Finding(rule="timelock-last-proposer", path=path, message=message, hint=hint)
        if contract == network.timelock and role == CANCELLER and not left:
            message = "nobody could cancel any more: what is scheduled could only be executed"
            hint = "grant CANCELLER_ROLE to another account first"
            yield Finding(rule="timelock-last-canceller", path=path, message=message, hint=hint)
        if contract == network.target and role == EMERGENCY and not left:
            message = "nobody could pause any more"
            hint = "grant EMERGENCY_ROLE to another account first"
            yield Finding(rule="role-last-pauser", path=path, message=message, hint=hint)
        if contract == network.timelock and role == EXECUTOR and not left:
            message = "nobody could execute any more, not even this operation's inverse"
            hint = "grant EXECUTOR_ROLE to another account, or to the zero address for anyone"
            yield Finding(rule="timelock-last-executor", path=path, message=message, hint=hint)
    yield from _without_unpause(last, holders, network, unpausing)


def _without_unpause(
    last: Mapping[tuple[Address, Bytes32], str],
    holders: Mapping[tuple[Address, Bytes32], set[Address]],
    network: Network,
    unpausing: frozenset[Bytes32],
) -> Iterator[Finding]:
    """A pause is ended by a proposal, so the timelock must keep one of the roles that unpause."""
    changed = [path for (contract, role), path in last.items() if contract == network.target and role in unpausing]
    able = {who for role in unpausing for who in holders.get((network.target, role), ())}
    if changed and network.timelock not in able:
        message = f"the timelock {network.timelock} could not unpause {network.target} any more: a pause would not end"
        hint = "leave it a role that unpauses"
        yield Finding(rule="unreachable-unpause", path=changed[-1], message=message, hint=hint)


def role_questions(grants: Sequence[Grant], network: Network, pins: Pins) -> tuple[str, ...]:
    """What a reviewer should ask about each grant."""
    asked = [question for grant in grants for question in _questions(grant, network, pins)]
    return tuple(dict.fromkeys(asked))


def _questions(grant: Grant, network: Network, pins: Pins) -> Iterator[str]:
    name, of = role_name(grant.role), "timelock" if grant.contract == network.timelock else "governed system"
    if grant.held and grant.account == ZERO_ADDRESS:
        yield f"Anyone shall hold {name} of the {of}: is that meant?"
    elif grant.held:
        yield f"Who controls {grant.account}, and why shall it hold {name} of the {of}?"
    others = [each for each in pins.governance.holders(grant.contract, grant.role) if each != grant.account]
    if not grant.held:
        yield f"Who still holds {name} of the {of} without {grant.account}? Now: {', '.join(others) or 'nobody'}."
    if grant.held and grant.contract == network.target and grant.account != network.timelock:
        yield f"What {name} allows, {grant.account} could then do without the timelock's delay."
    if grant.held and grant.contract == network.timelock and grant.role == ADMIN:
        yield f"{grant.account} could then change the timelock's roles without any delay."
    if grant.role == PROPOSER and grant.held:
        yield f"{grant.account} could schedule anything: by which policy would it be bound?"
    if grant.account == network.guardian and not grant.held:
        yield f"Without {name}, how would the guardian stop what it can stop today?"
    if role_name(grant.role).startswith("0x"):
        yield f"{name} is no role that is known here: what does it allow?"
