"""One signer's signature over one Safe transaction of a proposal, as it lies beside the proposal.

A ballot authenticates itself: the signature recovers to its signer, or the ballot does not come to be. Whether that
signer is an owner is asked of the chain, later and anew each time.
"""

from dataclasses import dataclass

from governance.core.errors import Rejected
from governance.core.signature import Signature, SignatureKind, recover
from governance.core.units import Address, Bytes32, to_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """Who signed what; `signature` alone decides who. Raises Rejected when it is not the signer's."""

    proposal: str
    """Id, such as `0007-swap-fee-facet`."""
    network: str
    """Its name in `policies.yaml`, for people: the hash commits to the chain id."""
    chain_id: int
    safe: Address
    nonce: int
    """The Safe nonce that was pinned."""
    safe_tx_hash: Bytes32
    """What was signed."""
    signer: Address
    """As claimed; equal to the recovered owner."""
    signature: bytes
    """65 bytes r ‖ s ‖ v, by EIP-712 or eth_sign."""

    def __post_init__(self) -> None:
        recovered, _ = recover(self.safe_tx_hash, self.signature)
        if recovered != self.signer:
            raise Rejected(
                f"the signature over {to_hex(self.safe_tx_hash)} is {recovered}'s, not {self.signer}'s",
                hint="it was made with another key or over another hash: let the owner sign again",
            )

    @property
    def kind(self) -> SignatureKind:
        """How it was signed."""
        return self.as_signature().kind

    def as_signature(self) -> Signature:
        """The signature as a Safe reads it."""
        owner, kind = recover(self.safe_tx_hash, self.signature)
        return Signature(owner=owner, kind=kind, data=self.signature)
