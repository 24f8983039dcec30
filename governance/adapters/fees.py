"""What a transaction pays for gas: under a cap, and by enough more to take the place of one that is stuck.

Nodes take a replacement only when both fees rise by a tenth or more (geth's `txpool.pricebump`, 10 %); an eighth is what every
client takes. Nothing here guesses a fee: a market that the node does not name is an error where it was read.
"""

from dataclasses import dataclass
from typing import Any

from governance.core.errors import Finding, Refused

BUMP = (9, 8)
"""A replacement pays an eighth more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What a transaction pays now, in wei per gas."""

    base: int | None
    """None on a chain without EIP-1559."""
    tip: int
    """Priority fee, or the whole gas price where there is no base fee."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one transaction offers, in wei per gas."""

    most: int
    """`maxFeePerGas`, or the gas price where there is no base fee."""
    tip: int | None
    """`maxPriorityFeePerGas`; None where there is no base fee."""

    @property
    def fields(self) -> dict[str, int]:
        """As a transaction names them."""
        if self.tip is None:
            return {"gasPrice": self.most}
        return {"maxFeePerGas": self.most, "maxPriorityFeePerGas": self.tip}


def first_offer(fees: Fees, cap: int) -> Offer:
    """Twice the base fee rides out six full blocks; the cap wins over that. Raises Refused when today's price is over it."""
    price = fees.tip + (fees.base or 0)
    if price > cap:
        message = f"gas costs {price} wei, the cap is {cap}"
        finding = Finding(rule="fee-cap", message=message, hint="wait, or raise --max-fee-gwei")
        raise Refused("the fee is over the cap", findings=(finding,))
    if fees.base is None:
        return Offer(most=fees.tip, tip=None)
    return Offer(most=min(2 * fees.base + fees.tip, cap), tip=fees.tip)


def replacing(before: Offer, fees: Fees, cap: int) -> Offer | None:
    """What takes the place of an earlier offer; None where the cap leaves no room for it."""
    least = _bumped(before.most)
    if least > cap:
        return None
    if fees.base is None or before.tip is None:
        return Offer(most=min(max(least, fees.tip), cap), tip=None)
    tip = max(_bumped(before.tip), fees.tip)
    most = min(max(least, 2 * fees.base + tip), cap)
    return Offer(most=most, tip=tip) if tip <= most else None


def _bumped(price: int) -> int:
    return -(-price * BUMP[0] // BUMP[1])


def offer_of(fields: dict[str, Any]) -> Offer:
    """What a signed transaction offers."""
    if "gasPrice" in fields:
        return Offer(most=fields["gasPrice"], tip=None)
    return Offer(most=fields["maxFeePerGas"], tip=fields["maxPriorityFeePerGas"])
