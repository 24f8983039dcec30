"""What a plan changes, in words for whoever must agree to it: names beside addresses and selectors, never instead of them."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from governance.core.effects import RootIs, RouteIs
from governance.core.keccak import selector
from governance.core.tree import canonical
from governance.core.units import ZERO_ADDRESS, Address, to_hex

if TYPE_CHECKING:  # they bring every kind with them, and whoever asks for help waits for none
    from governance.core.plan import Plan
    from governance.core.policy import Policy
    from governance.core.proposal import Proposal

Names = Mapping[Address, str]
"""What people call accounts."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}(?![0-9a-fA-F])")
_SIGNATURE = re.compile(rb'"([A-Za-z_$][\w$]*\([\w,\[\]()]*\))')


def names_of(policy: "Policy", proposal: "Proposal", network: str) -> Names:
    """By account; what the policy says wins."""
    new = {Address(each.address): f"{each.name}, introduced here" for each in proposal.document.introduce}
    return {**new, **policy.names(network)}


def named(account: Address, names: Names) -> str:
    """The address, and who it is where somebody has said so."""
    return f"{account} ({names[account]})" if account in names else account


def with_names(text: str, names: Names) -> str:
    """A sentence with a name beside each address that has one."""
    return _ADDRESS.sub(lambda found: named(Address(found[0]), names), text)


def signatures_in(proposal: "Proposal") -> Mapping[bytes, str]:
    """Functions that the document writes out, by the selector that follows from their text."""
    found = (text.decode() for text in _SIGNATURE.findall(canonical(proposal.tree)))
    return {selector(text): text for text in found}


def changes(plan: "Plan", signatures: Mapping[bytes, str], names: Names) -> list[str]:
    """What will be otherwise: routes by the facet they go to, then everything else, a dispatcher's root last."""
    routed: dict[str, list[str]] = {}
    others: list[str] = []
    last: list[str] = []
    for effect in plan.effects:
        if isinstance(effect, RouteIs):
            routed.setdefault(effect.facet, []).append(signatures.get(effect.selector, to_hex(effect.selector)))
        else:
            (last if isinstance(effect, RootIs) else others).append(effect.words)
    gone = routed.pop(ZERO_ADDRESS, [])
    told = [f"{facet} answers {', '.join(listed)}" for facet, listed in routed.items()]
    told += [f"no longer routed: {', '.join(gone)}"] if gone else []
    return [with_names(words, names) for words in (*told, *others, *last)]
