"""What a plan was derived from: the facts of one block that its bytes depend on, frozen when the proposal is locked.

plan = f(proposal, policy, pins), so anyone can derive the plan again from the committed files alone; and the pins can be
read from the chain again, so anyone can tell a plan that has gone stale. Pins do not judge whether they are still true.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from governance.core.facts import GovernanceFacts, TargetFacts
from governance.core.units import EMPTY_CODE_HASH, ZERO_WORD, Address, Bytes32, Duration

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a kind asks to have read before it can derive."""

    facets: tuple[str, ...] = ()
    """Facet references: an artifact name such as `FeeFacet@2`, or an address."""
    codes: tuple[Address, ...] = ()
    """Accounts that will be called and so must have code."""
    target: bool = False
    """The governed system's live routes and rights."""
    cancels: str = ""
    """Id of a proposal whose scheduled operations are to be cancelled."""
    delay: bool = False
    """The timelock's minimum delay, as something that changes."""
    roles: tuple[tuple[Address, Bytes32], ...] = ()
    """Contracts (the governed system or the timelock) and the role whose holders count."""
    council: bool = False
    """Owners, threshold, modules, guard and fallback handler of the council Safe."""
    anchor: bool = False
    """The digest and URI of the policy in force."""
    proxies: tuple[Address, ...] = ()
    """ERC-1967 proxies."""

    def __add__(self, other: "Needs") -> "Needs":
        """What either asks for. Only one of them may name operations to cancel."""
        assert not (self.cancels and other.cancels)
        return Needs(
            facets=_once(self.facets + other.facets),
            codes=_once(self.codes + other.codes),
            target=self.target or other.target,
            cancels=self.cancels or other.cancels,
            delay=self.delay or other.delay,
            roles=_once(self.roles + other.roles),
            council=self.council or other.council,
            anchor=self.anchor or other.anchor,
            proxies=_once(self.proxies + other.proxies),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetPin:
    """A facet as found on chain."""

    reference: str
    """As the proposal names it."""
    address: Address
    code_hash: Bytes32
    selectors: tuple[bytes, ...] | None
    """The selectors its artifact implements; None when it is named by address and has no artifact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePin:
    """An account that will be called, and its code hash."""

    address: Address
    code_hash: Bytes32


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """Facts of one network at one block."""

    chain_id: int
    block_number: int
    """Where the facts were read; says how old they are, and is not compared."""
    block_hash: Bytes32
    policy_digest: Bytes32
    """Digest of `policies.yaml`, equal to the one anchored on chain at that block."""
    rule: str
    """Id of the rule of that policy which the proposal falls under."""
    delay: Duration
    """The rule's delay."""
    grace: Duration | None
    """The rule's grace."""
    attempt: int
    """How often an earlier plan of this proposal was scheduled and cancelled on this network."""
    nonce: int
    """First Safe nonce of the plan: the council's, or the guardian's on the guardian lane."""
    min_delay: Duration
    predecessor: Bytes32 = ZERO_WORD
    """Last operation of the proposal named under `after:`; zero for none."""
    target: TargetFacts | None = None
    facets: tuple[FacetPin, ...] = ()
    codes: tuple[CodePin, ...] = ()
    cancels: tuple[Bytes32, ...] = ()
    """Ids of scheduled operations that are to be cancelled."""
    governance: GovernanceFacts = field(default_factory=GovernanceFacts)

    def facet(self, reference: str) -> FacetPin:
        """The pin of a facet that the kind asked for. Raises KeyError on one it did not."""
        for pin in self.facets:
            if pin.reference == reference:
                return pin
        raise KeyError(reference)

    def has_code(self, account: Address) -> bool:
        """Whether an account that the kind asked about has code. Raises KeyError on one it did not."""
        for pin in self.codes:
            if pin.address == account:
                return pin.code_hash != EMPTY_CODE_HASH
        raise KeyError(account)


def _once(items: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(items))
