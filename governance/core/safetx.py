"""A Safe transaction and the three hashes a signer compares: domain, message, transaction (EIP-712).

Serves Safe 1.3.0, 1.4.1 and 1.5.0, whose hashes agree: all put the chain id in the domain and name the same struct.
"""

from dataclasses import dataclass
from enum import IntEnum

from governance.core.units import ZERO_ADDRESS, Address


class SafeOperation(IntEnum):
    """`Enum.Operation` of the Safe: how it calls."""

    CALL = 0
    DELEGATECALL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeTx:
    """Every input of the hash, as plain values; nothing is fetched later."""

    chain_id: int
    safe: Address
    to: Address
    value: int = 0
    data: bytes = b""
    operation: SafeOperation = SafeOperation.CALL
    safe_tx_gas: int = 0
    base_gas: int = 0
    gas_price: int = 0
    gas_token: Address = ZERO_ADDRESS
    refund_receiver: Address = ZERO_ADDRESS
    nonce: int
