"""A member's approval in a role, signed: what it was given for, when it was seen, and until when it holds.

An approval commits to the proposal, the policy, the plan, the people of the Safe and an end, so that it dies by itself
when one of them changes. It authenticates itself as a ballot does. Whether its signer holds the role, and whether it
still holds, is asked of the policy and the chain, each time anew (`core/assent.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from governance.core.domain import DOMAIN_MEMBERS, document, separator
from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.signable import members, preimage
from governance.core.signature import SignatureKind, recover, require_signer
from governance.core.units import Address, Bytes32, Moment, address_bytes, to_hex

APPROVAL_TYPEHASH = keccak(
    b"Approval(bytes32 proposalDigest,string role,string network,bytes32 policyDigest,bytes32 planBasis,"
    b"bytes32 council,uint64 seenAt,uint64 validUntil)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is approved, as plain values; every one of them is part of the hash."""

    chain_id: int
    timelock: Address
    """The network's timelock, which the EIP-712 domain names, also on the lanes that go around it."""
    proposal_digest: Bytes32
    role: str
    """The role in which it is given."""
    network: str
    """Its name in the policy."""
    policy_digest: Bytes32
    plan_basis: Bytes32
    """See `core/basis.py`: everything that the effect depends on, and not the Safe's nonce."""
    council: Bytes32
    """`council_hash` of the Safe that signs."""
    seen_at: Moment
    """The time of the block at which the approver was shown the plan."""
    valid_until: Moment
    """From then on it does not hold."""

    def __post_init__(self) -> None:
        if not 0 <= self.seen_at.seconds < self.valid_until.seconds < 1 << 64:
            raise Rejected("an approval ends after it was given", hint="valid_until must be later than seen_at")
        if not 0 < self.chain_id < 1 << 256:
            raise Rejected("an approval needs the id of its chain")

    @property
    def domain_hash(self) -> Bytes32:
        """The EIP-712 domain separator: `gov`, version 1, this timelock on this chain."""
        return separator(self.chain_id, self.timelock)

    @property
    def message_hash(self) -> Bytes32:
        """The EIP-712 hash of the struct, without the domain."""
        words = (
            APPROVAL_TYPEHASH,
            self.proposal_digest,
            keccak(self.role.encode()),
            keccak(self.network.encode()),
            self.policy_digest,
            self.plan_basis,
            self.council,
            self.seen_at.seconds.to_bytes(32, "big"),
            self.valid_until.seconds.to_bytes(32, "big"),
        )
        return Bytes32(keccak(b"".join(words)))

    @property
    def hash(self) -> Bytes32:
        """What the approver signs."""
        return Bytes32(keccak(preimage(self)))

    def typed_data(self) -> dict[str, Any]:
        """See `governance.core.signable.Signable`."""
        return {
            "types": {
                "EIP712Domain": DOMAIN_MEMBERS,
                "Approval": members(
                    "bytes32 proposalDigest",
                    "string role",
                    "string network",
                    "bytes32 policyDigest",
                    "bytes32 planBasis",
                    "bytes32 council",
                    "uint64 seenAt",
                    "uint64 validUntil",
                ),
            },
            "primaryType": "Approval",
            "domain": document(self.chain_id, self.timelock),
            "message": {
                "proposalDigest": to_hex(self.proposal_digest),
                "role": self.role,
                "network": self.network,
                "policyDigest": to_hex(self.policy_digest),
                "planBasis": to_hex(self.plan_basis),
                "council": to_hex(self.council),
                "seenAt": str(self.seen_at.seconds),
                "validUntil": str(self.valid_until.seconds),
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleApproval:
    """One member's approval. Raises Rejected when the signature is not the signer's."""

    proposal: str
    """Id, such as `0007-swap-fee-facet`, for people: the terms commit to the digest."""
    signer: Address
    """As claimed; equal to who is recovered."""
    terms: Terms
    signature: bytes
    """65 bytes r ‖ s ‖ v, by EIP-712 or eth_sign."""

    def __post_init__(self) -> None:
        hint = "it was made with another key or over other terms: let the member approve again"
        require_signer(self.terms.hash, self.signature, self.signer, hint=hint)

    @property
    def kind(self) -> SignatureKind:
        """How it was signed."""
        return recover(self.terms.hash, self.signature)[1]


def council_hash(owners: Iterable[Address], threshold: int) -> Bytes32:
    """keccak256(abi.encode(owners, threshold)), owners ascending: who the Safe's people are, in whatever order it has."""
    from eth_abi.abi import encode

    ordered = sorted(owners, key=address_bytes)
    return Bytes32(keccak(encode(["address[]", "uint256"], [ordered, threshold])))
