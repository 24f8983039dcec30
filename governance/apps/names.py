"""What people call the accounts that they are shown: a name beside the address, never instead of it.

Names come from the policy, and from the proposal for accounts that it introduces itself, which is said each time.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from governance.core.units import Address

if TYPE_CHECKING:
    from governance.core.policy import Policy
    from governance.core.proposal import Proposal

Names = Mapping[Address, str]


def names_of(policy: "Policy", proposal: "Proposal", network: str) -> Names:
    """By account; what the policy says wins."""
    new = {Address(each.address): f"{each.name}, introduced here" for each in proposal.document.introduce}
    return {**new, **policy.names(network)}


def named(account: Address, names: Names) -> str:
    """The address, and who it is where somebody has said so."""
    return f"{account} ({names[account]})" if account in names else account


def introductions(proposal: "Proposal") -> list[str]:
    """A line for each account that nobody knew before."""
    from governance.core.units import shown

    return [f"  introduces {each.name}  {each.address}: {shown(each.purpose)}" for each in proposal.document.introduce]
