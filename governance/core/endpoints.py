"""Which nodes of a network are asked, and how many of them must agree.

A URL may hold a key, so none is ever part of a message or of what a debugger prints. The same URL twice is one node that
would vote twice, and is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from governance.core.errors import Rejected

MOST_ENDPOINTS = 16
"""Of one network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The nodes of one network."""

    urls: tuple[str, ...] = field(repr=False)
    """In the order in which they are named; what one node does alone, the first does."""
    agree: int
    """How many must give the same hash before a block is believed."""

    @property
    def several(self) -> bool:
        """Whether there is anybody to agree with."""
        return len(self.urls) > 1


def endpoints_of(network: str, urls: Sequence[str], agree: int | None) -> Endpoints:
    """The endpoints as they are named; without a number, more than half must agree. Raises Rejected."""
    if not 1 <= len(urls) <= MOST_ENDPOINTS:
        raise Rejected(f"{network} has {len(urls)} endpoints", hint=f"name 1 to {MOST_ENDPOINTS}")
    if len(set(urls)) != len(urls):
        raise Rejected(f"{network} names an endpoint twice", hint="one node has one voice")
    if agree is None:
        return Endpoints(urls=tuple(urls), agree=len(urls) // 2 + 1)
    if not 1 <= agree <= len(urls):
        message = f"{agree} endpoints of {network} must agree, and {len(urls)} are named"
        raise Rejected(message, hint="name more endpoints, or change agree: of the network in policies.yaml")
    return Endpoints(urls=tuple(urls), agree=agree)
