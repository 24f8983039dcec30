"""A Safe that is asked to agree to something, and the Safes that own it, each asked in turn: counted from the keys upwards.

It knows what each level's people sign and who of them has; it does not ask the chain.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from governance.core.errors import Finding
from governance.core.facts import SafeFacts
from governance.core.quorum import Quorum
from governance.core.safemessage import Level, SafeMessage, asked_by, asked_of
from governance.core.signable import Hashed
from governance.core.units import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Voting:
    """One Safe and one thing, as of one block."""

    safe: SafeFacts
    what: Hashed
    """What its people sign."""
    path: tuple[Level, ...]
    """The owner Safes down to this one; empty for the Safe that acts."""
    quorum: Quorum
    inside: tuple["Voting", ...]
    """Its owners that are Safes."""

    def everywhere(self) -> Iterator["Voting"]:
        """Itself, then all inside of it."""
        yield self
        for each in self.inside:
            yield from each.everywhere()

    def paths_of(self, account: Address) -> tuple[tuple[Level, ...], ...]:
        """By which owner Safes an account may speak; an empty path where it is an owner itself."""
        return tuple(each.path for each in self.everywhere() if account in each.safe.owners)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What does not count, on any level."""
        return tuple(finding for each in self.everywhere() for finding in each.quorum.refused)


def message_to(owner: Address, what: Hashed, safe: SafeFacts, chain_id: int) -> tuple[Level, SafeMessage]:
    """What the people of an owner Safe sign, when `safe` asks it about `what`."""
    asked = asked_by(safe.version, itself_asked=isinstance(what, SafeMessage))
    return Level(safe=owner, asked=asked), SafeMessage(chain_id=chain_id, safe=owner, message=asked_of(what, asked))
