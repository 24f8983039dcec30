"""The EIP-712 domain of what this tool itself asks people to sign: `gov`, version 1, a timelock on its chain.

The Safe has a domain of its own (`core/safetx.py`).
"""

from typing import Any

from governance.core.keccak import keccak
from governance.core.signable import members
from governance.core.units import Address, Bytes32, address_bytes

DOMAIN_TYPEHASH = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
DOMAIN_MEMBERS = members("string name", "string version", "uint256 chainId", "address verifyingContract")
_NAME, _VERSION = keccak(b"gov"), keccak(b"1")


def separator(chain_id: int, timelock: Address) -> Bytes32:
    """The EIP-712 domain separator."""
    chain, where = chain_id.to_bytes(32, "big"), bytes(12) + address_bytes(timelock)
    return Bytes32(keccak(DOMAIN_TYPEHASH + _NAME + _VERSION + chain + where))


def document(chain_id: int, timelock: Address) -> dict[str, Any]:
    """The domain as a wallet is given it."""
    return {"name": "gov", "version": "1", "chainId": str(chain_id), "verifyingContract": timelock}
