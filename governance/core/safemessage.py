"""What the people of a Safe sign when that Safe is an owner of another one (EIP-1271, by the CompatibilityFallbackHandler).

The Safe that is owned asks its owner whether it agrees: up to 1.4.1 with the bytes under the hash, from 1.5.0 on with the
hash. The owner's handler wraps what it was asked into a `SafeMessage` under the owner's own domain, and that hash is what its
people sign. So each level has its own three hashes, down to the keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.safetx import domain_hash
from governance.core.signable import Hashed, members, preimage
from governance.core.units import Address, Bytes32, address, to_hex

MESSAGE_TYPEHASH = keccak(b"SafeMessage(bytes message)")
MAX_LEVELS = 4
"""How many Safes may stand between a key and the Safe that acts; more is refused, since nobody can oversee it."""


class Asked(StrEnum):
    """With what a Safe asks a contract that owns it."""

    DATA = "data"
    """`isValidSignature(bytes,bytes)` with 0x19 ‖ 0x01 ‖ domain hash ‖ message hash; Safe 1.3.0 and 1.4.1."""
    HASH = "hash"
    """`isValidSignature(bytes32,bytes)` with the hash; Safe 1.5.0."""
    SAME = "same"
    """`isValidSignature(bytes,bytes)` with what it was asked itself: so hands the handler of 1.3.0 a question on."""


def asked_by(version: str, *, itself_asked: bool = False) -> Asked:
    """How a Safe of this version asks its owners, about its own transaction or because it was `itself_asked`."""
    if version == "1.5.0":
        return Asked.HASH
    return Asked.SAME if version == "1.3.0" and itself_asked else Asked.DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A Safe that owns the one before it, and how that one asks it."""

    safe: Address
    asked: Asked

    def __str__(self) -> str:
        return f"{self.asked}:{self.safe}"

    @classmethod
    def parse(cls, text: str) -> "Level":
        """From how it is written. Raises Rejected."""
        asked, _, safe = text.partition(":")
        if asked not in tuple(Asked):
            raise Rejected(f"`{text}` is no level", hint="write data:0x… or hash:0x…, as gov sign does")
        return cls(safe=address(safe), asked=Asked(asked))


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeMessage:
    """A message under a Safe's own domain; see `Signable`."""

    chain_id: int
    safe: Address
    message: bytes

    @property
    def domain_hash(self) -> Bytes32:
        """That of the Safe's transactions too."""
        return domain_hash(self.chain_id, self.safe)

    @property
    def message_hash(self) -> Bytes32:
        """keccak256(abi.encode(MESSAGE_TYPEHASH, keccak256(message))): `SAFE_MSG_TYPEHASH` of the handler."""
        return Bytes32(keccak(MESSAGE_TYPEHASH + keccak(self.message)))

    @property
    def hash(self) -> Bytes32:
        """`getMessageHashForSafe` of the handler: what the Safe's people sign."""
        return Bytes32(keccak(preimage(self)))

    def typed_data(self) -> dict[str, Any]:
        """See `Signable`."""
        return {
            "types": {
                "EIP712Domain": members("uint256 chainId", "address verifyingContract"),
                "SafeMessage": members("bytes message"),
            },
            "primaryType": "SafeMessage",
            "domain": {"chainId": str(self.chain_id), "verifyingContract": self.safe},
            "message": {"message": to_hex(self.message)},
        }


def asked_of(what: Hashed, asked: Asked) -> bytes:
    """What an owner is asked about something to be signed. Raises Rejected where nothing was asked before."""
    if asked is Asked.DATA:
        return preimage(what)
    if asked is Asked.HASH:
        return what.hash
    if isinstance(what, SafeMessage):
        return what.message
    raise Rejected("a Safe that was asked nothing hands no question on", hint="the first level is `data` or `hash`")


def message_through(what: Hashed, chain_id: int, through: Sequence[Level]) -> SafeMessage:
    """What is signed at the end of a path of owner Safes. Raises Rejected when there is none, or it is too long."""
    if not 0 < len(through) <= MAX_LEVELS:
        raise Rejected(f"{len(through)} Safes stand between the key and the Safe", hint=f"1 to {MAX_LEVELS} may")
    first, *rest = through
    message = SafeMessage(chain_id=chain_id, safe=first.safe, message=asked_of(what, first.asked))
    return message_through(message, chain_id, rest) if rest else message
