"""Signatures as a Safe reads them: 65 bytes r ‖ s ‖ v, where v says of what kind they are.

| v | kind | who |
|---|---|---|
| 27, 28 | EIP-712 | recovered from the hash itself |
| 31, 32 | eth_sign | recovered from the EIP-191 prefixed hash, with v - 4 |
| 1 | approved hash | the address in r, if it has approved the hash on chain or sends the transaction itself |
| 0 | contract (EIP-1271) | the address in r; the contract is asked, with the bytes at the offset in s |

Who signed is recovered, never believed. As `checkNSignatures` does, a high s is accepted: the same owner can sign in two
byte strings, so signatures are told apart by their owner, never by their bytes. What `ecrecover` would answer with the
zero address is refused. It does not know who the owners are, and verifies no contract signature: that needs the chain.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from governance.core.errors import Finding, Refused, Rejected
from governance.core.keccak import keccak
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, address_bytes, checksummed, to_hex

SIGNATURE_BYTES = 65
"""Size of one signature, or of the static part of a contract's."""
_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
"""Of secp256k1: s and the order less s sign the same."""


class SignatureKind(StrEnum):
    """How an owner agreed."""

    EIP712 = "eip712"
    ETH_SIGN = "eth_sign"
    APPROVED_HASH = "approved_hash"
    CONTRACT = "eip1271"


REMEMBERED = 1024
"""Recoveries kept: a signature is recovered where it is read, where it is kept and where it is counted, each for itself."""

RECOVERABLE = frozenset({SignatureKind.EIP712, SignatureKind.ETH_SIGN})
"""Kinds whose signer the bytes alone reveal."""

_KINDS = {
    0: SignatureKind.CONTRACT,
    1: SignatureKind.APPROVED_HASH,
    27: SignatureKind.EIP712,
    28: SignatureKind.EIP712,
    31: SignatureKind.ETH_SIGN,
    32: SignatureKind.ETH_SIGN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One owner's agreement to one hash: a claim, until the bytes or the chain confirm the owner."""

    owner: Address
    kind: SignatureKind
    data: bytes
    """The 65 bytes r ‖ s ‖ v; empty for an approved hash; for a contract, what the contract is given."""

    def __post_init__(self) -> None:
        if self.owner == ZERO_ADDRESS:
            raise Rejected("the zero address signs nothing")
        if self.kind is SignatureKind.APPROVED_HASH and self.data:
            raise Rejected("an approved hash carries no bytes of its own")
        if self.kind in RECOVERABLE and (len(self.data) != SIGNATURE_BYTES or _kind(self.data) is not self.kind):
            raise Rejected(f"{len(self.data)} bytes are no signature of kind {self.kind}")


def _kind(data: bytes) -> SignatureKind:
    v = data[64]
    if v not in _KINDS:
        hint = "a Safe reads 27 and 28 (EIP-712), 31 and 32 (eth_sign), 1 (approved) and 0 (contract)"
        raise Rejected(f"v is {v} in a signature", hint=hint)
    return _KINDS[v]


def eth_sign_hash(signed_hash: Bytes32) -> Bytes32:
    """EIP-191 version 0x45 of a 32-byte message."""
    return Bytes32(keccak(b"\x19Ethereum Signed Message:\n32" + signed_hash))


def recover(signed_hash: Bytes32, data: bytes) -> tuple[Address, SignatureKind]:
    """Who made these 65 bytes over `signed_hash`, as `ecrecover` finds it. Raises Rejected when nobody can have."""
    if len(data) != SIGNATURE_BYTES:
        raise Rejected(f"a signature has {SIGNATURE_BYTES} bytes, not {len(data)}")
    kind, v = _kind(data), data[64]
    if kind is SignatureKind.EIP712:
        return _ecrecover(signed_hash, data[:64], v - 27), kind
    if kind is SignatureKind.ETH_SIGN:
        return _ecrecover(eth_sign_hash(signed_hash), data[:64], v - 31), kind
    raise Rejected(f"v is {v}: a signature of kind {kind} does not reveal its signer")


def require_signer(signed_hash: Bytes32, data: bytes, signer: Address, *, hint: str) -> None:
    """Raise Rejected when these 65 bytes are not the signer's."""
    recovered, _ = recover(signed_hash, data)
    if recovered != signer:
        raise Rejected(f"the signature over {to_hex(signed_hash)} is {recovered}'s, not {signer}'s", hint=hint)


class SignedOtherwise(Refused):
    """A key gave a signature that is not its own over what it was asked: another account signed, or it signed something else.

    If it signed something else, whoever stands between now has that signature.
    """

    def __init__(self, asked: Bytes32, recovered: Address, signer: Address) -> None:
        message = f"what came back over {to_hex(asked)} is {recovered}'s, not {signer}'s"
        hint = "another account signed, or it signed something else, or its hashing is not EIP-712's: nothing was kept"
        super().__init__(message, hint=hint, findings=(Finding(rule="signed-otherwise", message=message, hint=hint),))
        self.recovered = recovered
        """Whose it would be, were it over what was asked; nobody's in particular where something else was signed."""


def vouched(signed_hash: Bytes32, data: bytes, signer: Address) -> bytes:
    """What a wallet or a device gave, in one form: v in {27, 28}, s low. Never believed: the signer is recovered.

    Raises Refused when it is not this signer's signature over exactly this hash.
    """
    if len(data) != SIGNATURE_BYTES or data[64] not in {0, 1, 27, 28}:
        raise Refused("what came back is no signature over typed data", hint="65 bytes r, s, v with v 27, 28, 0 or 1")
    s, parity = int.from_bytes(data[32:64], "big"), data[64] % 27
    if s > _ORDER // 2:
        s, parity = _ORDER - s, 1 - parity
    if s < 0:
        raise Refused("what came back is no signature: s is no number of the curve")
    settled = data[:32] + s.to_bytes(32, "big") + bytes((27 + parity,))
    try:
        recovered, _ = recover(signed_hash, settled)
    except Rejected as error:
        raise Refused(f"what came back is no signature: {error.message}", hint=error.hint()) from error
    if recovered != signer:
        raise SignedOtherwise(signed_hash, recovered, signer)
    return settled


@lru_cache(maxsize=REMEMBERED)
def _ecrecover(digest: Bytes32, r_and_s: bytes, parity: int) -> Address:
    # libsecp256k1 recovers from a high s too, unlike its verification; r and s of zero or too large are errors.
    from coincurve import PublicKey

    try:
        key = PublicKey.from_signature_and_message(r_and_s + bytes((parity,)), digest, hasher=None)
    except ValueError as error:
        hint = "r or s is zero, too large, or no point of the curve"
        raise Rejected("nobody can have made this signature", hint=hint) from error
    return checksummed(keccak(key.format(compressed=False)[1:])[12:])


def read_signature(signed_hash: Bytes32, data: bytes) -> Signature:
    """One signature by itself: 65 bytes, or a contract's with its dynamic part. Raises Rejected."""
    signatures = parse(signed_hash, data)
    if len(signatures) != 1:
        raise Rejected(f"here one signature is wanted, {len(data)} bytes hold {len(signatures)}")
    return signatures[0]


def approved_hash(owner: Address) -> Signature:
    """The signature that stands for an approval on chain, or for the owner who sends the transaction."""
    return Signature(owner=owner, kind=SignatureKind.APPROVED_HASH, data=b"")


def parse(signed_hash: Bytes32, blob: bytes) -> tuple[Signature, ...]:
    """Signatures as `execTransaction` takes them, in their order. Raises Rejected, also on bytes that belong to none.

    The static parts end where the first dynamic part of a contract signature begins.
    """
    parts: list[bytes] = []
    end = len(blob)
    while (start := len(parts) * SIGNATURE_BYTES) < end:
        part = blob[start : start + SIGNATURE_BYTES]
        if len(part) < SIGNATURE_BYTES:
            raise Rejected(f"a signature has {SIGNATURE_BYTES} bytes, not {len(part)}")
        parts.append(part)
        if _kind(part) is SignatureKind.CONTRACT:
            end = min(end, int.from_bytes(part[32:64], "big"))
    if start != end:
        raise Rejected("a contract signature points into the static parts (GS021)")
    signatures = tuple(_parse_one(signed_hash, part, blob) for part in parts)
    dynamic = sum(32 + len(each.data) for each in signatures if each.kind is SignatureKind.CONTRACT)
    if end + dynamic != len(blob):
        raise Rejected("not every byte behind the static parts belongs to one contract signature")
    return signatures


def _parse_one(signed_hash: Bytes32, part: bytes, blob: bytes) -> Signature:
    kind = _kind(part)
    if kind in RECOVERABLE:
        owner, _ = recover(signed_hash, part)
        return Signature(owner=owner, kind=kind, data=part)
    if any(part[:12]):
        raise Rejected(f"the owner in a signature of kind {kind} is not an address")
    owner = checksummed(part[12:32])
    if kind is SignatureKind.APPROVED_HASH:
        return approved_hash(owner)
    return Signature(owner=owner, kind=kind, data=_dynamic(blob, int.from_bytes(part[32:64], "big")))


def _dynamic(blob: bytes, offset: int) -> bytes:
    start = offset + 32
    if start > len(blob):
        raise Rejected("the dynamic part of a contract signature begins behind the end (GS022)")
    end = start + int.from_bytes(blob[offset:start], "big")
    if end > len(blob):
        raise Rejected("the dynamic part of a contract signature ends behind the end (GS023)")
    return blob[start:end]


def combine(signatures: Iterable[Signature], threshold: int) -> bytes:
    """The bytes for `execTransaction`: the first of each owner, ascending by owner, no more than the threshold."""
    by_owner: dict[Address, Signature] = {}
    for signature in signatures:
        by_owner.setdefault(signature.owner, signature)
    return _laid_out(sorted(by_owner.values(), key=lambda each: address_bytes(each.owner))[:threshold])


def _laid_out(chosen: Sequence[Signature]) -> bytes:
    static, dynamic, offset = b"", b"", len(chosen) * SIGNATURE_BYTES
    for each in chosen:
        owner = bytes(12) + address_bytes(each.owner)
        if each.kind in RECOVERABLE:
            static += each.data
        elif each.kind is SignatureKind.APPROVED_HASH:
            static += owner + bytes(32) + b"\x01"
        else:
            static += owner + (offset + len(dynamic)).to_bytes(32, "big") + b"\x00"
            dynamic += len(each.data).to_bytes(32, "big") + each.data
    return static + dynamic
