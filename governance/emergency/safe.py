"""The one Safe transaction that this package knows: a plain call of `pause()`, its hash, its signatures, its calldata.

Every input but chain, Safe, target and nonce is fixed here, so nothing else can be hashed, and what does not hash to what was
signed cannot be sent. The words are laid out by hand: the ABI libraries take longer to import than all of this to run. Tests
hold it against the rest of the tool and against the contracts.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from governance.emergency.trouble import Malformed

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def keccak(data: bytes) -> bytes:
    """The 32-byte keccak-256."""
    from sha3 import keccak_256

    digest: bytes = keccak_256(data).digest()
    return digest


PAUSE = keccak(b"pause()")[:4]
"""All the calldata that the target is ever given."""
_EXECUTE = keccak(b"execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)")[:4]
_DOMAIN = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
_TRANSACTION = keccak(
    b"SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,"
    b"address gasToken,address refundReceiver,uint256 nonce)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseTx:
    """The Safe transaction `target.pause()`: no wei, a CALL, no refund, no gas of its own."""

    chain_id: int
    safe: str
    target: str
    nonce: int

    @property
    def hash(self) -> bytes:
        """`getTransactionHash` of the Safe."""
        domain = keccak(_DOMAIN + word(self.chain_id) + _padded(self.safe))
        zeros = bytes(32) * 6  # operation, safeTxGas, baseGas, gasPrice, gasToken, refundReceiver
        struct = _TRANSACTION + _padded(self.target) + bytes(32) + keccak(PAUSE) + zeros + word(self.nonce)
        return keccak(b"\x19\x01" + domain + keccak(struct))

    def calldata(self, signatures: Mapping[str, bytes], threshold: int) -> bytes:
        """`execTransaction` with as many signatures as the Safe asks for, ascending by owner."""
        chosen = sorted(signatures, key=lambda owner: int(owner, 16))[:threshold]
        blob = b"".join(signatures[owner] for owner in chosen)
        data_at, blob_at = 10 * 32, 12 * 32
        head = _padded(self.target) + bytes(32) + word(data_at) + bytes(32) * 6 + word(blob_at)
        tail = word(len(PAUSE)) + PAUSE.ljust(32, b"\0")
        return _EXECUTE + head + tail + word(len(blob)) + blob + bytes(-len(blob) % 32)


def signer_of(digest: bytes, signature: bytes) -> str | None:
    """Who made 65 bytes r ‖ s ‖ v over a hash, v in {27, 28}; None when nobody can have."""
    from coincurve import PublicKey

    if len(signature) != 65 or signature[64] not in {27, 28}:
        return None
    recoverable = signature[:64] + bytes((signature[64] - 27,))
    try:
        key = PublicKey.from_signature_and_message(recoverable, digest, hasher=None)
    except ValueError:
        return None
    return checksummed(keccak(key.format(compressed=False)[1:])[12:])


def counted(tx: PauseTx, signatures: Mapping[str, bytes], owners: Collection[str]) -> dict[str, bytes]:
    """Of the signatures, those that their claimed owner made over this very transaction, and who is an owner now."""
    digest = tx.hash
    return {who: made for who, made in signatures.items() if who in owners and signer_of(digest, made) == who}


def word(number: int) -> bytes:
    """A uint256."""
    return number.to_bytes(32, "big")


def address(value: object, what: str) -> str:
    """A checksummed address. Raises Malformed on any other form."""
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value) or checksummed(bytes.fromhex(value[2:])) != value:
        raise Malformed(f"{what} is not a checksummed address")
    return value


def checksummed(raw: bytes) -> str:
    """EIP-55."""
    digits = raw.hex()
    shape = keccak(digits.encode()).hex()
    return "0x" + "".join(c.upper() if int(s, 16) > 7 else c for c, s in zip(digits, shape, strict=False))


def _padded(account: str) -> bytes:
    return bytes(12) + bytes.fromhex(account[2:])
