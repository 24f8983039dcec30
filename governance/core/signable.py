"""What somebody may be asked to sign: an EIP-712 struct, with the three hashes and the document that a wallet shows.

A device computes the hash itself from the document; a keystore signs the hash. Both must come to the same.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from governance.core.keccak import keccak
from governance.core.units import Bytes32


class Hashed(Protocol):
    """The three hashes that a signer compares."""

    @property
    def domain_hash(self) -> Bytes32:
        """The EIP-712 domain separator."""
        ...

    @property
    def message_hash(self) -> Bytes32:
        """The EIP-712 hash of the struct, without the domain."""
        ...

    @property
    def hash(self) -> Bytes32:
        """keccak256 of the `preimage`: what is signed."""
        ...


class Signable(Hashed, Protocol):
    """A struct under a domain, with everything that a wallet needs."""

    def typed_data(self) -> dict[str, Any]:
        """The document of `eth_signTypedData_v4`; every number is a decimal string, every bytes value hex."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashes:
    """Something signable of which only the hashes are known."""

    domain_hash: Bytes32
    message_hash: Bytes32

    @property
    def hash(self) -> Bytes32:
        """See `Hashed`."""
        return Bytes32(keccak(preimage(self)))


def preimage(what: Hashed) -> bytes:
    """0x19 ‖ 0x01 ‖ domain hash ‖ message hash: the 66 bytes under the hash (EIP-712)."""
    return b"\x19\x01" + what.domain_hash + what.message_hash


def members(*written: str) -> list[dict[str, str]]:
    """Members of a struct for the document, from lines such as `address to`."""
    pairs = (member.split() for member in written)
    return [{"name": name, "type": abi_type} for abi_type, name in pairs]
