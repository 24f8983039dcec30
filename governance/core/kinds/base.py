"""What every kind of proposal provides: a document, what it needs to know, and what follows from it.

A kind is pure. It raises Rejected for a document that can never work and Refused, with every finding, for one that does
not fit the facts at hand.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from governance.core.call import Call
from governance.core.effects import Effect
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import Duration


class Lane(StrEnum):
    """Which Safe speaks, and whether the timelock stands between."""

    TIMELOCK = "timelock"
    """The council schedules operations."""
    GUARDIAN = "guardian"
    """The guardian Safe calls at once; it can only stop things."""
    COUNCIL = "council"
    """The council Safe calls itself at once: only so can a Safe change its owners, threshold, guard or modules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Calls that happen together: one timelock operation, or on the other lanes one Safe transaction."""

    label: str
    calls: tuple[Call, ...]
    extra_delay: Duration = Duration(0)
    """On top of the rule's delay, e.g. a dispatcher's activation delay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """What follows from a document and its pins."""

    bundles: tuple[Bundle, ...]
    """In order; each waits for the one before."""
    effects: tuple[Effect, ...]
    acknowledged: tuple[str, ...] = ()
    """Dangers that come about and that the document acknowledges."""


D = TypeVar("D", bound=ProposalDocument)


class Kind(ABC, Generic[D]):
    """One kind of proposal."""

    name: ClassVar[str]
    lane: ClassVar[Lane]
    free_calls: ClassVar[bool] = True
    """The author chooses what is called, so a rule must say what may be; False where the kind derives its calls itself."""
    document: type[D]
    """The typed schema of its YAML file."""

    @abstractmethod
    def needs(self, document: D, network: Network) -> Needs:
        """What must be read from the chain and the workspace first."""

    @abstractmethod
    def derive(self, document: D, network: Network, pins: Pins) -> Derivation:
        """Calls and effects. Raises Refused, with every finding, when the facts do not allow it."""

    def questions(self, document: D, network: Network, pins: Pins) -> tuple[str, ...]:  # noqa: ARG002 - kinds use them
        """What a reviewer should ask before agreeing. Of pins that `derive` accepts."""
        return ()

    def inverse(self, document: D, network: Network, pins: Pins) -> dict[str, Any] | None:  # noqa: ARG002 - as above
        """The keys, beside those of every proposal, of the proposal that takes it back; None where there is none.

        Of pins that `derive` accepts. It gives the state back, not the time: what happened in between stays.
        """
        return None
