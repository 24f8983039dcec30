"""What a proposal promises to be true after execution, and how facts keep or break the promise.

An effect speaks of the governed system only; calls under `expect:` in the document are judged beside these.
"""

from dataclasses import dataclass

from governance.core.facts import TargetFacts
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, to_hex


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

    def see(self, facts: TargetFacts) -> Seen:
        """Compare with the live route."""
        live = next((route for route in facts.routes if route.selector == self.selector), None)
        found = ZERO_ADDRESS if live is None else live.facet
        held = found == self.facet and (live is None or live.code_hash == self.code_hash)
        words = "is not routed" if self.facet == ZERO_ADDRESS else f"goes to {self.facet}"
        return Seen(effect=f"{to_hex(self.selector)} {words}", held=held, found=_routed(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class RootIs:
    """The dispatcher's active root and epoch. A later epoch means that a later manifest has taken over: not compared."""

    root: Bytes32
    epoch: int

    def see(self, facts: TargetFacts) -> Seen:
        """Compare with the active root, unless a later manifest is active."""
        later = facts.active_epoch > self.epoch
        held = later or (facts.active_root == self.root and facts.active_epoch == self.epoch)
        found = f"epoch {facts.active_epoch} with root {to_hex(facts.active_root)}"
        return Seen(effect=f"epoch {self.epoch} has root {to_hex(self.root)}", held=held, found=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedIs:
    """The governed system is paused, or is not."""

    paused: bool

    def see(self, facts: TargetFacts) -> Seen:
        """Compare with `paused()`."""
        words = {True: "is paused", False: "is not paused"}
        return Seen(effect=words[self.paused], held=facts.paused == self.paused, found=words[facts.paused])


Effect = RouteIs | RootIs | PausedIs


def _routed(facet: Address) -> str:
    return "not routed" if facet == ZERO_ADDRESS else f"routed to {facet}"
