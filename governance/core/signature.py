"""Signatures as a Safe reads them: 65 bytes r ‖ s ‖ v, where v says of what kind they are.

| v | kind | who |
|---|---|---|
| 27, 28 | EIP-712 | recovered from the hash itself |
| 31, 32 | eth_sign | recovered from the EIP-191 prefixed hash, with v − 4 |
| 1 | approved hash | the address in r, if it has approved the hash on chain or sends the transaction itself |
| 0 | contract (EIP-1271) | the address in r; the contract is asked |

As `checkNSignatures` does, a high s is accepted: the same owner can sign in two byte strings, so signatures are told
apart by their owner, never by their bytes. It does not know who the owners are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from coincurve import PublicKey

from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.units import Address, Bytes32, address_bytes, checksummed, to_hex

SIGNATURE_BYTES = 65
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Number of points of secp256k1 (SEC 2)."""


class SignatureKind(StrEnum):
    """How an owner agreed."""

    EIP712 = "eip712"
    ETH_SIGN = "eth_sign"
    APPROVED_HASH = "approved_hash"
    CONTRACT = "eip1271"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One owner's agreement to one hash."""

    owner: Address
    kind: SignatureKind
    data: bytes
    """The 65 bytes that go into the blob."""


def read_signature(signed_hash: Bytes32, data: bytes) -> Signature:
    """Whose signature over `signed_hash` these 65 bytes are. Raises Rejected when they are nobody's."""
    if len(data) != SIGNATURE_BYTES:
        raise Rejected(f"a signature has 65 bytes, not {len(data)}")
    v = data[64]
    if v in {0, 1}:
        kind = SignatureKind.CONTRACT if v == 0 else SignatureKind.APPROVED_HASH
        if any(data[:12]):
            raise Rejected(f"the owner in an {kind} signature is not an address")
        return Signature(owner=checksummed(data[12:32]), kind=kind, data=data)
    if v in {27, 28}:
        return Signature(owner=recover(signed_hash, data[:64], v - 27), kind=SignatureKind.EIP712, data=data)
    if v in {31, 32}:
        owner = recover(eth_sign_hash(signed_hash), data[:64], v - 31)
        return Signature(owner=owner, kind=SignatureKind.ETH_SIGN, data=data)
    raise Rejected(f"v is {v}; a Safe reads 27 and 28 (EIP-712), 31 and 32 (eth_sign), 1 (approved) and 0 (contract)")


def eth_sign_hash(signed_hash: Bytes32) -> Bytes32:
    """EIP-191 version 0x45 of a 32-byte message."""
    return Bytes32(keccak(b"\x19Ethereum Signed Message:\n32" + signed_hash))


def recover(signed_hash: Bytes32, rs: bytes, parity: int) -> Address:
    """The address whose key made r ‖ s, as `ecrecover` finds it. Raises Rejected when there is none."""
    r, s = int.from_bytes(rs[:32], "big"), int.from_bytes(rs[32:], "big")
    if not 0 < r < ORDER or not 0 < s < ORDER:
        raise Rejected("r and s of a signature lie between zero and the order of the curve")
    if 2 * s > ORDER:  # libsecp256k1 takes low s only; (r, n - s, other parity) is the same signature
        rs, parity = rs[:32] + (ORDER - s).to_bytes(32, "big"), parity ^ 1
    try:
        key = PublicKey.from_signature_and_message(rs + bytes((parity,)), signed_hash, hasher=None)
    except ValueError as error:
        raise Rejected(f"{to_hex(rs[:4])}… is no signature over {to_hex(signed_hash)}") from error
    return checksummed(keccak(key.format(compressed=False)[1:])[12:])


def approved_hash(owner: Address) -> Signature:
    """The signature that stands for an approval which is already on chain."""
    data = bytes(12) + address_bytes(owner) + bytes(32) + b"\x01"
    return Signature(owner=owner, kind=SignatureKind.APPROVED_HASH, data=data)


def combine(signatures: Iterable[Signature]) -> bytes:
    """The blob for `execTransaction`: one signature an owner, by owner ascending. Refuses contract signatures."""
    by_owner = {bytes.fromhex(signature.owner[2:]): signature for signature in signatures}
    if any(signature.kind is SignatureKind.CONTRACT for signature in by_owner.values()):
        raise Rejected("contract signatures cannot be combined yet")
    return b"".join(by_owner[owner].data for owner in sorted(by_owner))
