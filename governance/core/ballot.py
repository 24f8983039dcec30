"""One owner's signature over one Safe transaction, as it lies beside the proposal. It authenticates itself."""

from dataclasses import dataclass

from governance.core.signature import Signature, read_signature
from governance.core.units import Address, Bytes32


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """Who signed what; `signature` alone decides who."""

    proposal: str
    network: str
    chain_id: int
    safe: Address
    nonce: int
    safe_tx_hash: Bytes32
    signer: Address
    """As the file claims; equal to the recovered owner, or the file is refused."""
    signature: bytes
    """65 bytes r ‖ s ‖ v."""

    def as_signature(self) -> Signature:
        """The signature with its recovered owner. Raises Rejected when it is nobody's."""
        return read_signature(self.safe_tx_hash, self.signature)
