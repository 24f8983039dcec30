"""Accounts that nobody knew before, as a card tells of them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from governance.core.proposal import Proposal


def introductions(proposal: "Proposal") -> list[str]:
    """A line for each account that nobody knew before."""
    from governance.core.units import shown

    return [f"  introduces {each.name}  {each.address}: {shown(each.purpose)}" for each in proposal.document.introduce]
