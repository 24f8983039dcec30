"""Signatures over one Safe transaction, counted against the owners of one block.

It does not fetch owners, does not know the time, and never repairs a bad signature: it reports it. The Safe answers
`GS026` to four different mistakes; here each has its own name. Of contract signatures (EIP-1271) only those count that
somebody showed to the owner's contract, and that it accepted.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from governance.core.errors import Finding, Refused, Rejected
from governance.core.signature import RECOVERABLE, Signature, SignatureKind, approved_hash, combine, recover
from governance.core.units import Address, Bytes32, address_bytes, to_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Quorum:
    """Ask `met`, `signed` and `missing`, or demand with `require` and `blob`."""

    safe_tx_hash: Bytes32
    owners: tuple[Address, ...]
    """As of the block that was counted at."""
    threshold: int
    """How many are needed, as of the same block."""
    signatures: tuple[Signature, ...]
    """Those that count: one of each owner who agreed, ascending by owner."""
    refused: tuple[Finding, ...]
    """What does not count, and why."""

    @property
    def signed(self) -> tuple[Address, ...]:
        """Owners who agreed, ascending."""
        return tuple(signature.owner for signature in self.signatures)

    @property
    def unsigned(self) -> tuple[Address, ...]:
        """Owners who have not, in the Safe's order."""
        return tuple(owner for owner in self.owners if owner not in self.signed)

    @property
    def missing(self) -> int:
        """How many more are needed."""
        return max(0, self.threshold - len(self.signatures))

    @property
    def met(self) -> bool:
        """Enough owners agreed."""
        return self.missing == 0

    def require(self) -> None:
        """Raise Refused, with all that does not count, unless enough owners agreed."""
        if not self.met:
            raise Refused(
                f"{len(self.signatures)} of {self.threshold} signatures over {to_hex(self.safe_tx_hash)}",
                hint=f"{self.missing} more of these must sign: {', '.join(self.unsigned)}",
                findings=self.refused,
            )

    def blob(self) -> bytes:
        """The bytes for `execTransaction`. Raises Refused unless enough owners agreed."""
        self.require()
        return combine(self.signatures, self.threshold)


def count(
    safe_tx_hash: Bytes32,
    signatures: Iterable[Signature],
    *,
    owners: Collection[Address],
    threshold: int,
    approved: frozenset[Address],
    contracts: frozenset[Signature] = frozenset(),
) -> Quorum:
    """Count signatures over `safe_tx_hash`; every claimed owner is recovered again from the bytes.

    `approved` are owners whose approval is on chain, and `contracts` the signatures that the owners' contracts accept, at
    the block of `owners` and `threshold`. Raises Refused on a Safe
    without a threshold, since such a one was never set up.
    """
    if threshold < 1:
        raise Refused("the Safe has no threshold: it was never set up")
    counted: dict[Address, Signature] = {}
    refused = []
    for signature in signatures:
        problem = _problem(safe_tx_hash, signature, owners, approved, contracts) or _repeated(signature, counted)
        if problem is None:
            counted.setdefault(signature.owner, signature)
        else:
            refused.append(problem)
    for owner in approved.intersection(owners):
        counted.setdefault(owner, approved_hash(owner))
    return Quorum(
        safe_tx_hash=safe_tx_hash,
        owners=tuple(owners),
        threshold=threshold,
        signatures=tuple(sorted(counted.values(), key=lambda signature: address_bytes(signature.owner))),
        refused=tuple(refused),
    )


def _problem(
    safe_tx_hash: Bytes32,
    signature: Signature,
    owners: Collection[Address],
    approved: frozenset[Address],
    contracts: frozenset[Signature],
) -> Finding | None:
    """Why a signature does not count; None when it does."""
    owner = signature.owner
    if signature.kind in RECOVERABLE and (forged := _forged(safe_tx_hash, signature)) is not None:
        return forged
    if owner not in owners:
        message = f"{owner} signed, but is no owner of the Safe at this block"
        return Finding(rule="signature-non-owner", message=message, hint="it does not count; remove it")
    if signature.kind is SignatureKind.APPROVED_HASH and owner not in approved:
        message = f"{owner} is said to have approved the hash, but has not on chain"
        return Finding(rule="signature-not-approved", message=message, hint="the owner sends approveHash, or signs")
    if signature.kind is SignatureKind.CONTRACT and signature not in contracts:
        message = f"the contract {owner} does not accept the signature in its name (EIP-1271)"
        hint = "it is over another hash, or the contract cannot check signatures: it may call approveHash instead"
        return Finding(rule="signature-contract", message=message, hint=hint)
    return None


def _forged(safe_tx_hash: Bytes32, signature: Signature) -> Finding | None:
    try:
        recovered, _ = recover(safe_tx_hash, signature.data)
    except Rejected as error:
        message = f"the signature in the name of {signature.owner} is nobody's: {error.message}"
        return Finding(rule="signature-malformed", message=message, hint=error.hint())
    if recovered == signature.owner:
        return None
    message = f"the signature in the name of {signature.owner} is {recovered}'s over this hash"
    return Finding(rule="signature-mismatch", message=message, hint="it was made over another hash or by another key")


def _repeated(signature: Signature, counted: Mapping[Address, Signature]) -> Finding | None:
    """A Safe counts owners, not bytes, and so do we."""
    before = counted.get(signature.owner)
    if before is None or before == signature:
        return None
    message = f"{signature.owner} signed twice; the first counts, the second does not"
    return Finding(rule="signature-duplicate", message=message, hint="keep one of the two")
