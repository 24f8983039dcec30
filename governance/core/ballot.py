"""One signer's signature over one Safe transaction of a proposal, as it lies beside the proposal.

A ballot authenticates itself: the signature recovers to its signer, or the ballot does not come to be. Whether that
signer is an owner is asked of the chain, later and anew each time. A contract's own signature recovers to nobody: such a
ballot is a claim, and only the contract can confirm it.
"""

from dataclasses import dataclass

from governance.core.errors import Rejected
from governance.core.safemessage import Level, message_through
from governance.core.safetx import domain_hash
from governance.core.signable import Hashes
from governance.core.signature import Signature, SignatureKind, recover, require_signer
from governance.core.units import Address, Bytes32, to_hex

MAX_CONTRACT_BYTES = 8192
"""Of one contract's signature: room for a hundred keys and then some."""


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
    """Of the transaction that is agreed to."""
    signer: Address
    """As claimed; equal to the recovered owner, unless a contract signs."""
    signature: bytes
    """65 bytes r ‖ s ‖ v, by EIP-712 or eth_sign; of a contract, what it is given."""
    through: tuple[Level, ...] = ()
    """The owner Safes in whose name the signer speaks, from the one that owns `safe` down to the signer's own."""
    message_hash: Bytes32 | None = None
    """The EIP-712 hash of the Safe transaction without its domain; needed to tell what is signed for an owner Safe."""
    by_contract: bool = False
    """The signer is a contract, and these are its bytes (EIP-1271)."""

    def __post_init__(self) -> None:
        self._require_consistent()
        if self.by_contract:
            return
        hint = "it was made with another key or over another hash: let the owner sign again"
        require_signer(self.signed_hash, self.signature, self.signer, hint=hint)

    def _require_consistent(self) -> None:
        if self.by_contract and not 0 < len(self.signature) <= MAX_CONTRACT_BYTES:
            raise Rejected(f"a contract's signature has 1 to {MAX_CONTRACT_BYTES} bytes, not {len(self.signature)}")
        if (self.message_hash is not None) is not bool(self.through):
            raise Rejected("a message hash stands where a signer speaks through an owner Safe, and nowhere else")
        if self._struct is not None and self._struct.hash != self.safe_tx_hash:
            hint = "a ballot is not edited: let the owner sign again"
            raise Rejected(f"this message hash does not give {to_hex(self.safe_tx_hash)}", hint=hint)

    @property
    def _struct(self) -> Hashes | None:
        if self.message_hash is None:
            return None
        return Hashes(domain_hash=domain_hash(self.chain_id, self.safe), message_hash=self.message_hash)

    @property
    def signed_hash(self) -> Bytes32:
        """What the signer's key, or contract, was asked to sign: the transaction's hash, or an owner Safe's message's."""
        struct = self._struct
        return self.safe_tx_hash if struct is None else message_through(struct, self.chain_id, self.through).hash

    @property
    def kind(self) -> SignatureKind:
        """How it was signed."""
        return self.as_signature().kind

    def as_signature(self) -> Signature:
        """The signature as the Safe reads it that is asked last: `safe`, or the last that the signer speaks through."""
        if self.by_contract:
            return Signature(owner=self.signer, kind=SignatureKind.CONTRACT, data=self.signature)
        owner, kind = recover(self.signed_hash, self.signature)
        return Signature(owner=owner, kind=kind, data=self.signature)
