"""What somebody may be asked to sign: an EIP-712 struct, with the three hashes and the document that a wallet shows.

A device computes the hash itself from the document; a keystore signs the hash. Both must come to the same.
"""

from typing import Any, Protocol

from governance.core.units import Bytes32


class Signable(Protocol):
    """A struct under a domain."""

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
        """keccak256(0x19 ‖ 0x01 ‖ domain hash ‖ message hash): what is signed."""
        ...

    def typed_data(self) -> dict[str, Any]:
        """The document of `eth_signTypedData_v4`; every number is a decimal string, every bytes value hex."""
        ...


def members(*written: str) -> list[dict[str, str]]:
    """Members of a struct for the document, from lines such as `address to`."""
    pairs = (member.split() for member in written)
    return [{"name": name, "type": abi_type} for abi_type, name in pairs]
