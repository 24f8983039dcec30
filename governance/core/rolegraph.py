"""Who may act on whom: the accounts of a situation, and an edge for each right that one holds on another.

It says what the contracts' own rules give, by the roles of each generation; what follows from several edges is found by
`core/power.py`. Rights that facets keep in their own storage are no part of it, and a contract that is neither a known
Safe nor the timelock is not opened: its own rules are not known here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from governance.core.access import ADMIN, APPLY, CANCELLER, COMMIT, EMERGENCY, EXECUTOR, PROPOSER, role_name
from governance.core.facts import AccountFacts, Generation, ProxyFacts, SafeFacts
from governance.core.situation import Roles, Situation
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, Duration

ANYONE = ZERO_ADDRESS
"""Holds the rights that nobody need hold."""
OWNER, MODULE, GUARD = "owner", "module", "guard"
"""Of a Safe; `OWNER` also of a diamond."""
PROXY_ADMIN, PROXY_ADMIN_OWNER, BEACON_OWNER = "proxy admin", "owner of the proxy admin", "owner of the beacon"

_GRANTS = ("grantRole(bytes32,address)", "revokeRole(bytes32,address)")
_ROUTES = "applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])"
_DEPLOYED: Mapping[Bytes32, tuple[str, ...]] = {
    ADMIN: (*_GRANTS, "setActivationDelay(uint64)", "freeze()"),
    COMMIT: ("commitRoot(bytes32,uint64)",),
    APPLY: (_ROUTES, "activateCommittedRoot()"),
    EMERGENCY: ("removeRoutes(bytes4[])", "pause()", "unpause()"),
}
TARGET_ALLOWS: Mapping[Generation, Mapping[Bytes32, tuple[str, ...]]] = MappingProxyType(
    {
        Generation.OURS: {
            **_DEPLOYED,
            ADMIN: (*_DEPLOYED[ADMIN], "unpause()"),
            EMERGENCY: ("removeRoutes(bytes4[])", "dropPendingRoot()", "pause()"),
        },
        Generation.V1: {
            **_DEPLOYED,
            ADMIN: (*_DEPLOYED[ADMIN], "updateManifest(bytes32,bytes)", "setMaxReturnDataSize(uint256)"),
        },
        Generation.COMPACT: _DEPLOYED,
        Generation.P4: _DEPLOYED,
        Generation.DIAMOND: {},
    }
)
"""What each role of a dispatcher lets its holder call, by generation."""
TIMELOCK_ALLOWS: Mapping[Bytes32, tuple[str, ...]] = MappingProxyType(
    {
        ADMIN: _GRANTS,
        PROPOSER: (
            "schedule(address,uint256,bytes,bytes32,bytes32,uint256)",
            "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)",
        ),
        CANCELLER: ("cancel(bytes32)",),
        EXECUTOR: (
            "execute(address,uint256,bytes,bytes32,bytes32)",
            "executeBatch(address[],uint256[],bytes[],bytes32,bytes32)",
        ),
    }
)
"""The same of an OpenZeppelin TimelockController 5."""
OTHER_ALLOWS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        OWNER: ("execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",),
        MODULE: (
            "execTransactionFromModule(address,uint256,bytes,uint8)",
            "execTransactionFromModuleReturnData(address,uint256,bytes,uint8)",
        ),
        GUARD: (),
        PROXY_ADMIN: ("upgradeToAndCall(address,bytes)",),
        PROXY_ADMIN_OWNER: ("upgradeAndCall(address,address,bytes)", "transferOwnership(address)"),
        BEACON_OWNER: ("upgradeTo(address)", "transferOwnership(address)"),
    }
)
"""The same of Safes and proxies. A guard calls nothing: it is asked, and may refuse."""
DIAMOND_ALLOWS = ("diamondCut((address,uint8,bytes4[])[],address,bytes)", "transferOwnership(address)")
"""The same of a diamond's owner (EIP-2535, ERC-173)."""


class Nature(StrEnum):
    """What an account is."""

    KEY = "key"
    SAFE = "safe"
    TIMELOCK = "timelock"
    SYSTEM = "system"
    """The governed system itself: whoever reaches a facet."""
    CONTRACT = "contract"
    """Of rules that are not known here."""
    ANYONE = "anyone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One node."""

    address: Address
    nature: Nature
    owners: int = 0
    """Of a Safe."""
    threshold: int = 0
    """Of a Safe."""
    delay: Duration | None = None
    """Of the timelock."""
    delegate: Address | None = None
    """Whose code a key's account runs as its own (EIP-7702)."""

    @property
    def words(self) -> str:
        """What it is, as a table says it."""
        match self.nature:
            case Nature.SAFE:
                return f"Safe, {self.threshold} of {self.owners}"
            case Nature.TIMELOCK:
                return f"timelock, delay {self.delay}"
            case Nature.KEY if self.delegate is not None:
                return f"key that runs the code of {self.delegate}"
            case Nature.SYSTEM:
                return "the governed system itself"
            case Nature.CONTRACT:
                return "contract of unknown rules"
        return str(self.nature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One right of one account."""

    holder: Address
    role: str
    """As its contract names it: `COMMIT_ROLE`, `owner`, `module`."""
    contract: Address
    """What it is a right on."""
    allows: tuple[str, ...]
    """Signatures of the functions that the holder may call; none where the right is another one."""
    through: Address | None = None
    """The Safe that holds the right, where its fallback handler hands on to the contract what anyone sends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Everybody and every right, as of one block."""

    accounts: Mapping[Address, Account]
    edges: tuple[Edge, ...]
    """By contract: the governed system, the timelock, council, guardian, then the others."""
    timelock: Address
    target: Address
    duties: Mapping[Address, str]
    """What people call the four: `the council`."""
    proxies: tuple[Address, ...]
    opaque: tuple[Address, ...]
    """Those of the proxies of which it is not known who may upgrade them."""

    def rights(self, contract: Address, *roles: str) -> tuple[Edge, ...]:
        """Every edge to a contract by one of the roles."""
        return tuple(edge for edge in self.edges if edge.contract == contract and edge.role in roles)

    def named(self, address: Address) -> str:
        """An account as a sentence names it."""
        if address == ANYONE:
            return "anyone"
        if address in self.duties:
            return self.duties[address]
        known = self.accounts.get(address)
        titles = {Nature.KEY: "the key ", Nature.SAFE: "the Safe ", Nature.CONTRACT: "the contract "}
        return f"{titles.get(known.nature, '') if known is not None else ''}{address}"


def mentioned(situation: Situation) -> tuple[Address, ...]:
    """Whom to look at: everybody who holds a right directly, and the two Safes."""
    held = (situation.target_roles, situation.timelock_roles)
    holders = {holder for roles in held for accounts in roles.values() for holder in accounts}
    proxies = {edge.holder for proxy in situation.proxies for edge in _of_proxy(proxy)}
    every = {*holders, *proxies, situation.target_owner, situation.council.address, situation.guardian.address}
    return tuple(sorted(every - {ZERO_ADDRESS, situation.timelock.address, situation.target.address}))


def members(safe: SafeFacts) -> tuple[Address, ...]:
    """Whom to look at behind a Safe."""
    return tuple(each for each in (*safe.owners, *safe.modules, safe.guard) if each != ZERO_ADDRESS)


def graph_of(situation: Situation, accounts: Mapping[Address, AccountFacts]) -> Graph:
    """The graph. An account that is mentioned and was not looked at counts as a contract of unknown rules."""
    safes = {facts.address: facts.safe for facts in accounts.values() if facts.safe is not None}
    safes |= {safe.address: safe for safe in (situation.council, situation.guardian)}
    held = [*_of_target(situation), *_of_roles(situation.timelock.address, situation.timelock_roles, TIMELOCK_ALLOWS)]
    held += [edge for safe in safes.values() for edge in _of_safe(safe)]
    by_proxy = {proxy.address: list(_of_proxy(proxy)) for proxy in situation.proxies}
    held += [edge for edges in by_proxy.values() for edge in edges]
    edges = [*held, *_handed_on(held, safes)]
    duties = {
        situation.target.address: "the target",
        situation.timelock.address: "the timelock",
        situation.council.address: "the council",
        situation.guardian.address: "the guardian",
    }
    first = list(duties)
    edges.sort(key=lambda e: (first.index(e.contract) if e.contract in duties else len(first), e.contract))
    every = {*duties, *(address for edge in edges for address in (edge.holder, edge.contract))} - set(by_proxy)
    return Graph(
        accounts={each: _account(each, situation, accounts, safes) for each in sorted(every)},
        edges=tuple(edges),
        timelock=situation.timelock.address,
        target=situation.target.address,
        duties=duties,
        proxies=tuple(by_proxy),
        opaque=tuple(address for address, edges in by_proxy.items() if not edges),
    )


def _account(
    address: Address,
    situation: Situation,
    accounts: Mapping[Address, AccountFacts],
    safes: Mapping[Address, SafeFacts],
) -> Account:
    if address == ANYONE:
        return Account(address=address, nature=Nature.ANYONE)
    if address == situation.timelock.address:
        return Account(address=address, nature=Nature.TIMELOCK, delay=situation.timelock.min_delay)
    if address == situation.target.address:
        return Account(address=address, nature=Nature.SYSTEM)
    if address in safes:
        safe = safes[address]
        return Account(address=address, nature=Nature.SAFE, owners=len(safe.owners), threshold=safe.threshold)
    facts = accounts.get(address)
    if facts is None or facts.has_code:
        return Account(address=address, nature=Nature.CONTRACT)
    return Account(address=address, nature=Nature.KEY, delegate=facts.delegate)


def _of_target(situation: Situation) -> Iterator[Edge]:
    target, owner = situation.target, situation.target_owner
    yield from _of_roles(target.address, situation.target_roles, TARGET_ALLOWS[target.generation])
    if owner != ZERO_ADDRESS:
        yield Edge(holder=owner, role=OWNER, contract=target.address, allows=DIAMOND_ALLOWS)


def _of_roles(contract: Address, roles: Roles, allows: Mapping[Bytes32, tuple[str, ...]]) -> Iterator[Edge]:
    """The zero address is nobody, but for a timelock's executors: there it is anyone."""
    is_open = allows is TIMELOCK_ALLOWS
    for role in sorted(roles):
        for holder in sorted(roles[role]):
            if holder != ANYONE or (is_open and role == EXECUTOR):
                yield Edge(holder=holder, role=role_name(role), contract=contract, allows=allows.get(role, ()))


def _of_safe(safe: SafeFacts) -> Iterator[Edge]:
    groups = ((OWNER, safe.owners), (MODULE, safe.modules), (GUARD, (safe.guard,)))
    for role, holders in groups:
        for holder in holders:
            if holder != ZERO_ADDRESS:
                yield Edge(holder=holder, role=role, contract=safe.address, allows=OTHER_ALLOWS[role])


def _of_proxy(proxy: ProxyFacts) -> Iterator[Edge]:
    """An admin that has no owner is taken to hold the right itself; of a beacon without one, nobody is known."""
    role, holder = PROXY_ADMIN_OWNER, proxy.owner
    if proxy.beacon != ZERO_ADDRESS:
        role = BEACON_OWNER
    elif proxy.owner == ZERO_ADDRESS:
        role, holder = PROXY_ADMIN, proxy.admin
    if holder != ZERO_ADDRESS:
        yield Edge(holder=holder, role=role, contract=proxy.address, allows=OTHER_ALLOWS[role])


def _handed_on(edges: list[Edge], safes: Mapping[Address, SafeFacts]) -> Iterator[Edge]:
    """A Safe calls its fallback handler in its own name with whatever anyone sends it and it does not know itself."""
    for edge in edges:
        safe = safes.get(edge.holder)
        if safe is not None and safe.fallback_handler == edge.contract and edge.role != GUARD:
            yield Edge(holder=ANYONE, role=edge.role, contract=edge.contract, allows=edge.allows, through=edge.holder)
