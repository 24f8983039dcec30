"""Signatures over one Safe transaction, counted against the owners of one block.

It does not fetch owners, does not know the time, and never repairs a bad signature: it reports it. The Safe answers
`GS026` to four different mistakes; here each has its own name.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from governance.core.errors import Finding, Refused
from governance.core.signature import Signature, SignatureKind, approved_hash, combine
from governance.core.units import Address, Bytes32, to_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """Ask `met` and `missing`, or demand with `require`."""

    safe_tx_hash: Bytes32
    signatures: tuple[Signature, ...]
    """Those that count, one an owner."""
    threshold: int
    """How many are needed as of this block."""
    refused: tuple[Finding, ...]

    @property
    def signed(self) -> frozenset[Address]:
        """Owners who agreed."""
        return frozenset(signature.owner for signature in self.signatures)

    @property
    def met(self) -> bool:
        """Enough owners agreed."""
        return len(self.signatures) >= self.threshold

    @property
    def missing(self) -> int:
        """How many more are needed."""
        return max(0, self.threshold - len(self.signatures))

    def require(self) -> None:
        """Raise Refused unless enough owners agreed."""
        if not self.met:
            raise Refused(
                f"{len(self.signatures)} of {self.threshold} signatures over {to_hex(self.safe_tx_hash)}",
                hint="gov signatures shows who is missing",
                findings=self.refused,
            )

    def blob(self) -> bytes:
        """The bytes for `execTransaction`."""
        self.require()
        return combine(self.signatures)


def count(
    safe_tx_hash: Bytes32,
    signatures: Iterable[Signature],
    *,
    owners: Iterable[Address],
    threshold: int,
    approved: frozenset[Address],
) -> Quorum:
    """Count signatures over `safe_tx_hash`; `approved` are owners whose approval is on chain already."""
    if threshold < 1:
        raise ValueError("a Safe has a threshold of at least one")
    entitled = frozenset(owners)
    counted = {owner: approved_hash(owner) for owner in approved & entitled}
    refused = []
    for signature in signatures:
        problem = _problem(signature, entitled, approved)
        if problem is not None:
            refused.append(problem)
        else:
            counted.setdefault(signature.owner, signature)
    ordered = sorted(counted.values(), key=lambda signature: signature.owner.lower())
    return Quorum(safe_tx_hash=safe_tx_hash, signatures=tuple(ordered), threshold=threshold, refused=tuple(refused))


def _problem(signature: Signature, owners: frozenset[Address], approved: frozenset[Address]) -> Finding | None:
    if signature.owner not in owners:
        message = f"{signature.owner} signed, but is no owner of the Safe at this block"
        return Finding(rule="signature-non-owner", message=message, hint="it does not count; remove it")
    if signature.kind is SignatureKind.APPROVED_HASH and signature.owner not in approved:
        message = f"{signature.owner} is said to have approved the hash, but has not on chain"
        return Finding(rule="signature-not-approved", message=message, hint="the owner sends approveHash, or signs")
    if signature.kind is SignatureKind.CONTRACT:
        message = f"{signature.owner} signed as a contract (EIP-1271), which is not verified here yet"
        return Finding(rule="signature-contract", message=message, hint="let the contract call approveHash instead")
    return None
