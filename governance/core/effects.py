"""What a proposal promises to be true after execution, and how facts keep or break the promise.

An effect speaks of the governed system or of those who govern it; calls under `expect:` in the document are judged beside
these. Two effects of one subject cannot be promised by two entries of a batch.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from governance.core.facts import GovernanceFacts, TargetFacts
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, Duration, shown, to_hex

_PAUSED = {True: "is paused", False: "is not paused"}
_HOLDS = {True: "holds", False: "does not hold"}
_ENABLED = {True: "is a module of the council", False: "is no module of the council"}

Statement = tuple[str, ...]
"""What is said of a situation, from the general to the particular: `("role", contract, role, account)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One promise held against the chain."""

    effect: str
    """In words."""
    held: bool
    found: str
    """What the chain says instead, or the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteIs:
    """A selector goes to this facet, gated by this code hash; a zero facet: it goes nowhere."""

    selector: bytes
    facet: Address
    code_hash: Bytes32

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return "the routes"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return (("route", to_hex(self.selector)),)

    @property
    def words(self) -> str:
        """What it promises."""
        return f"{to_hex(self.selector)} " + (
            "is not routed" if self.facet == ZERO_ADDRESS else f"goes to {self.facet}"
        )

    def see(self, facts: TargetFacts) -> Seen:
        """Compare with the live route."""
        live = next((route for route in facts.routes if route.selector == self.selector), None)
        found = ZERO_ADDRESS if live is None else live.facet
        held = found == self.facet and (live is None or live.code_hash == self.code_hash)
        return Seen(effect=self.words, held=held, found=_routed(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class RootIs:
    """The dispatcher's active root and epoch. A later epoch means that a later manifest has taken over: not compared."""

    root: Bytes32
    epoch: int

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return "the routes"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return tuple(("target", name) for name in ("active root", "pending root", "active epoch"))

    @property
    def words(self) -> str:
        """What it promises."""
        return f"epoch {self.epoch} has root {to_hex(self.root)}"

    def see(self, facts: TargetFacts) -> Seen:
        """Compare with the active root, unless a later manifest is active."""
        later = facts.active_epoch > self.epoch
        held = later or (facts.active_root == self.root and facts.active_epoch == self.epoch)
        found = f"epoch {facts.active_epoch} with root {to_hex(facts.active_root)}"
        return Seen(effect=self.words, held=held, found=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedIs:
    """The governed system is paused, or is not."""

    paused: bool

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return "the pause"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return (("paused",),)

    @property
    def words(self) -> str:
        """What it promises."""
        return _PAUSED[self.paused]

    def see(self, facts: TargetFacts) -> Seen:
        """Compare with `paused()`."""
        return Seen(effect=self.words, held=facts.paused == self.paused, found=_PAUSED[facts.paused])


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleIs:
    """An account holds a role of a contract, or does not."""

    contract: Address
    role: Bytes32
    account: Address
    held: bool

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return f"roles of {self.contract}"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return (("role", self.contract, to_hex(self.role), self.account),)

    @property
    def words(self) -> str:
        """What it promises."""
        return f"{self.account} {_HOLDS[self.held]} role {to_hex(self.role)} of {self.contract}"

    def see(self, facts: GovernanceFacts) -> Seen:
        """Compare with the holders."""
        held = self.account in facts.holders(self.contract, self.role)
        return Seen(effect=self.words, held=held is self.held, found=f"it {_HOLDS[held]} it")


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayIs:
    """The timelock's minimum delay."""

    delay: Duration

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return "the timelock's delay"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return (("timelock", "delay"),)

    @property
    def words(self) -> str:
        """What it promises."""
        return f"the timelock's minimum delay is {self.delay}"

    def see(self, facts: GovernanceFacts) -> Seen:
        """Compare with `getMinDelay()`."""
        held = facts.delay == self.delay
        return Seen(effect=self.words, held=held, found=str(facts.delay))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnersAre:
    """The council's owners, in any order, and its threshold."""

    owners: frozenset[Address]
    threshold: int

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return "the council"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return (("council", "owner"), ("council", "threshold"))

    @property
    def words(self) -> str:
        """What it promises."""
        return f"the council is {self.threshold} of {_listed(self.owners)}"

    def see(self, facts: GovernanceFacts) -> Seen:
        """Compare with the Safe."""
        assert facts.council is not None
        held = set(facts.council.owners) == self.owners and facts.council.threshold == self.threshold
        return Seen(effect=self.words, held=held, found=f"{facts.council.threshold} of {_listed(facts.council.owners)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleIs:
    """A module may act in the council's name, or may not."""

    module: Address
    enabled: bool

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return "the council"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return (("council", "module", self.module),)

    @property
    def words(self) -> str:
        """What it promises."""
        return f"{self.module} {_ENABLED[self.enabled]}"

    def see(self, facts: GovernanceFacts) -> Seen:
        """Compare with the Safe's modules."""
        assert facts.council is not None
        enabled = self.module in facts.council.modules
        return Seen(effect=self.words, held=enabled is self.enabled, found=_ENABLED[enabled])


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardIs:
    """The council's guard; zero for none."""

    guard: Address

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return "the council"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return (("council", "guard"),)

    @property
    def words(self) -> str:
        """What it promises."""
        return f"the council's guard is {self.guard}"

    def see(self, facts: GovernanceFacts) -> Seen:
        """Compare with the Safe's guard."""
        assert facts.council is not None
        found = facts.council.guard
        return Seen(effect=self.words, held=found == self.guard, found=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackHandlerIs:
    """The council's fallback handler; zero for none."""

    handler: Address

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return "the council"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return (("council", "fallback handler"),)

    @property
    def words(self) -> str:
        """What it promises."""
        return f"the council's fallback handler is {self.handler}"

    def see(self, facts: GovernanceFacts) -> Seen:
        """Compare with the Safe's fallback handler."""
        assert facts.council is not None
        found = facts.council.fallback_handler
        return Seen(effect=self.words, held=found == self.handler, found=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorIs:
    """The policy in force."""

    digest: Bytes32
    uri: str

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return "the policy"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return (("policy",),)

    @property
    def words(self) -> str:
        """What it promises."""
        return f"the policy in force has digest {to_hex(self.digest)} and stands at {shown(self.uri)}"

    def see(self, facts: GovernanceFacts) -> Seen:
        """Compare with the anchor."""
        assert facts.anchor is not None
        held = (facts.anchor.digest, facts.anchor.uri) == (self.digest, self.uri)
        return Seen(effect=self.words, held=held, found=f"{to_hex(facts.anchor.digest)} at {shown(facts.anchor.uri)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplementationIs:
    """The code that a proxy runs; on a beacon proxy, what its beacon names."""

    proxy: Address
    upgraded: Address
    """What is upgraded: the proxy itself, or its beacon."""
    implementation: Address

    @property
    def subject(self) -> str:
        """What it speaks of."""
        return f"the implementation of {self.upgraded}"

    @property
    def about(self) -> tuple[Statement, ...]:
        """The statements of a situation that it makes."""
        return tuple(("proxy", self.proxy, name) for name in ("implementation", "beacon implementation"))

    @property
    def words(self) -> str:
        """What it promises."""
        return f"{self.proxy} runs {self.implementation}"

    def see(self, facts: GovernanceFacts) -> Seen:
        """Compare with the ERC-1967 slot, or what the beacon answers."""
        found = facts.proxy(self.proxy).running
        return Seen(effect=self.words, held=found == self.implementation, found=found)


TargetEffect = RouteIs | RootIs | PausedIs
"""Held against the governed system."""
GovernanceEffect = RoleIs | DelayIs | OwnersAre | ModuleIs | GuardIs | FallbackHandlerIs | AnchorIs | ImplementationIs
"""Held against those who govern it."""
Effect = TargetEffect | GovernanceEffect


def _listed(accounts: Iterable[Address]) -> str:
    return ", ".join(sorted(accounts))


def _routed(facet: Address) -> str:
    return "not routed" if facet == ZERO_ADDRESS else f"routed to {facet}"
