"""Signed hashes that a Safe could still execute, and which of them stand against one another.

A signature never dies by itself: it is good until its nonce is spent, or its signer leaves. So a second hash at one nonce, or
a second hash for one proposal, is a danger until the first is dead: whoever holds the first may send it. Signing again
because something "failed" is how councils were robbed. An empty transaction of the Safe to itself spends a nonce and does
nothing else: a rejection. It stands against nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from governance.core.errors import Finding
from governance.core.safetx import SafeTx
from governance.core.units import Address, Bytes32, to_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """One hash at a nonce that is not spent."""

    safe: Address
    nonce: int
    hash: Bytes32
    proposals: tuple[str, ...]
    """For which somebody signed it."""
    signers: tuple[Address, ...]
    """Owners who signed it, however many are needed."""
    current: bool
    """A lock file stands for it: it is what is meant now."""
    rejection: bool
    """It spends the nonce and does nothing."""

    @property
    def abandoned(self) -> bool:
        """Nobody means it any more, and it would do something."""
        return not (self.current or self.rejection)


def rejection(chain_id: int, safe: Address, nonce: int) -> SafeTx:
    """The empty transaction of a Safe to itself."""
    return SafeTx(chain_id=chain_id, safe=safe, to=safe, nonce=nonce)


def contested(lives: Iterable[Live], *, proposal: str, steps: Sequence[SafeTx]) -> list[Finding]:
    """What freezes a proposal whose steps are to be signed or sent: each signed hash that stands against them."""
    own = {step.hash for step in steps}
    nonces = {step.nonce: step.safe for step in steps}
    found = []
    for live in lives:
        if live.rejection or live.hash in own:
            continue
        who = ", ".join(live.signers)
        hint = f"spend nonce {live.nonce} first: gov reject sign {live.proposals[0][:4]}, then gov reject send"
        if nonces.get(live.nonce) == live.safe:
            message = (
                f"{to_hex(live.hash)} is signed at nonce {live.nonce} already, by {who}: one of the two can be executed"
            )
            found.append(Finding(rule="nonce-contested", message=message, hint=hint))
        elif proposal in live.proposals and live.abandoned:
            message = (
                f"{to_hex(live.hash)}, signed for {proposal} at nonce {live.nonce} by {who}, can still be executed"
            )
            found.append(Finding(rule="signed-before", message=message, hint=hint))
    return found


def abandoned_findings(lives: Iterable[Live]) -> list[Finding]:
    """A finding for each hash that nobody means any more."""
    found = []
    for live in lives:
        if live.abandoned:
            who = ", ".join(live.signers)
            message = f"{to_hex(live.hash)} at nonce {live.nonce}, signed by {who}, is in no lock file any more"
            hint = f"spend the nonce: gov reject sign {live.proposals[0][:4]}, then gov reject send"
            found.append(Finding(rule="signature-abandoned", message=message, hint=hint))
    return found
