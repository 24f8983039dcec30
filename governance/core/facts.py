"""What was read from the chain, as plain values, each true at one block hash.

A fact is never a default: what could not be read is an error where it was read.
"""

from dataclasses import dataclass
from enum import StrEnum

from governance.core.units import Address, Bytes32, Duration, Moment


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
