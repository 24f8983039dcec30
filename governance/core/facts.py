"""What was read from the chain, as plain values, each true at one block hash.

A fact is never a default: what could not be read is an error where it was read.
"""

from dataclasses import dataclass
from enum import StrEnum

from governance.core.units import ZERO_ADDRESS, Address, Bytes32, Duration, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The block at which everything in one look is read."""

    chain_id: int
    number: int
    hash: Bytes32
    timestamp: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeFacts:
    """A Safe as of one block."""

    address: Address
    version: str
    """`VERSION()`, e.g. `1.4.1`."""
    singleton: Address
    """Storage slot 0 of the proxy."""
    singleton_code_hash: Bytes32
    proxy_code_hash: Bytes32
    owners: tuple[Address, ...]
    threshold: int
    nonce: int
    modules: tuple[Address, ...]
    guard: Address
    fallback_handler: Address


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeOutcome:
    """What became of one Safe transaction hash, by the newest log that names it."""

    success: bool
    """True for `ExecutionSuccess`, False for `ExecutionFailure`: the nonce is spent either way."""
    block: int
    tx_hash: Bytes32


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """What stands behind an address, as far as its code tells."""

    address: Address
    has_code: bool
    """False for a key's account; also for an address where nothing stands yet."""
    delegate: Address | None
    """Whose code a key's account runs as its own (EIP-7702)."""
    safe: SafeFacts | None
    """Set where the code is a known Safe's."""


class Generation(StrEnum):
    """Which manifest dispatcher (or diamond) answers at an address; see the fingerprints in the dispatcher adapter."""

    OURS = "gov-1"
    V1 = "v1"
    COMPACT = "compact"
    P4 = "p4"
    DIAMOND = "eip2535"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Route:
    """One selector, the facet it goes to, and the code hash that gates it."""

    selector: bytes
    """4 bytes."""
    facet: Address
    code_hash: Bytes32
    """Zero together with a zero facet marks a removal inside a manifest of our generation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """The governed system as of one block."""

    address: Address
    generation: Generation
    code_hash: Bytes32
    routes: tuple[Route, ...]
    """Live routes from the loupe, by selector ascending. A diamond's code hashes are the facets' own."""
    active_root: Bytes32
    """Zero word on a diamond, as are the other manifest fields."""
    pending_root: Bytes32
    active_epoch: int
    activation_delay: Duration
    frozen: bool
    paused: bool
    timelock_is_admin: bool
    """The timelock holds DEFAULT_ADMIN_ROLE (or owns the diamond)."""
    timelock_may_commit: bool
    timelock_may_apply: bool
    timelock_may_remove: bool
    """The timelock holds EMERGENCY_ROLE, which deployed generations ask of `removeRoutes`."""
    guardian_may_pause: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelockFacts:
    """An OpenZeppelin TimelockController as of one block."""

    address: Address
    code_hash: Bytes32
    min_delay: Duration
    council_may_propose: bool
    council_may_cancel: bool
    guardian_may_cancel: bool
    open_executor: bool
    """EXECUTOR_ROLE is granted to the zero address: anyone may execute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts:
    """Everybody who holds one role of an AccessControl contract."""

    contract: Address
    role: Bytes32
    holders: tuple[Address, ...]
    """Ascending. The zero address in EXECUTOR_ROLE of a timelock means anyone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CouncilFacts:
    """What the council Safe's own calls can change, as of one block."""

    owners: tuple[Address, ...]
    """In the order of the Safe's linked list, newest first: removing one names the one before it."""
    threshold: int
    modules: tuple[Address, ...]
    """In the order of the Safe's linked list."""
    guard: Address
    """Zero for none."""
    fallback_handler: Address
    """Zero for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorFacts:
    """The policy that a PolicyAnchor names."""

    digest: Bytes32
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyFacts:
    """The three slots of ERC-1967, and who owns what stands in them."""

    address: Address
    implementation: Address
    """Zero on a beacon proxy."""
    admin: Address
    """The ProxyAdmin of a transparent proxy, else zero."""
    beacon: Address
    """Zero on any other than a beacon proxy."""
    beacon_implementation: Address
    """What the beacon answers, zero without one."""
    owner: Address
    """`owner()` of the ProxyAdmin or the beacon, zero where neither answers."""

    @property
    def running(self) -> Address:
        """The code that calls reach now."""
        return self.beacon_implementation if self.implementation == ZERO_ADDRESS else self.implementation


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernanceFacts:
    """Who governs and by what, as of one block: no more than was asked for."""

    delay: Duration | None = None
    """The timelock's minimum delay."""
    roles: tuple[RoleFacts, ...] = ()
    council: CouncilFacts | None = None
    anchor: AnchorFacts | None = None
    proxies: tuple[ProxyFacts, ...] = ()

    def holders(self, contract: Address, role: Bytes32) -> tuple[Address, ...]:
        """Who holds a role that was asked for. Raises KeyError on one that was not."""
        for facts in self.roles:
            if (facts.contract, facts.role) == (contract, role):
                return facts.holders
        raise KeyError((contract, role))

    def proxy(self, account: Address) -> ProxyFacts:
        """A proxy that was asked for. Raises KeyError on one that was not."""
        for facts in self.proxies:
            if facts.address == account:
                return facts
        raise KeyError(account)


class OperationEvent(StrEnum):
    """The newest log of an operation id."""

    NONE = "none"
    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"
    EXECUTED = "executed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFacts:
    """One timelock operation as of one block."""

    id: Bytes32
    timestamp: int
    """`getTimestamp(id)`: 0 unset, 1 done, else the moment from which it may execute."""
    newest: OperationEvent
    cancellations: int
    """How many `Cancelled` logs the id has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One event log."""

    address: Address
    topics: tuple[Bytes32, ...]
    data: bytes
    block: int
    index: int
    tx_hash: Bytes32


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A mined transaction. `status` is not success: the logs are."""

    tx_hash: Bytes32
    status: int
    block: int
    gas_used: int
    logs: tuple[Log, ...]
