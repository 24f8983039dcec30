"""A Safe transaction and the three hashes a signer compares: domain, message, transaction (EIP-712).

Serves Safe 1.3.0, 1.4.1 and 1.5.0, whose hashes agree: all put the chain id in the domain and name the same struct. A
Safe older than 1.3.0 has no chain id in its domain, and is refused elsewhere. Nothing is fetched later: what is hashed is
what stands here.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property
from typing import Any

from governance.core.call import Call, encode_call, function
from governance.core.keccak import keccak
from governance.core.units import ZERO_ADDRESS, Address, Bytes32

VERSIONS = ("1.3.0", "1.4.1", "1.5.0")
"""Safe versions whose transactions this module hashes."""

DOMAIN_TYPEHASH = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
TX_TYPEHASH = keccak(
    b"SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,"
    b"address gasToken,address refundReceiver,uint256 nonce)"
)
EXEC_TRANSACTION = function(
    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)(bool)"
)
_PAD = bytes(12)


class SafeOperation(IntEnum):
    """`Enum.Operation` of the Safe: how it calls."""

    CALL = 0
    DELEGATECALL = 1


@cache
def domain_hash(chain_id: int, safe: Address) -> Bytes32:
    """keccak256(abi.encode(DOMAIN_TYPEHASH, chainId, safe)): `domainSeparator()` of the Safe."""
    return Bytes32(keccak(DOMAIN_TYPEHASH + chain_id.to_bytes(32, "big") + _PAD + bytes.fromhex(safe[2:])))


@dataclass(frozen=True, kw_only=True)
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

    def __post_init__(self) -> None:
        numbers = (self.chain_id, self.value, self.safe_tx_gas, self.base_gas, self.gas_price, self.nonce)
        if min(numbers) < 0 or max(numbers) >> 256:
            raise ValueError("a number of a Safe transaction is a uint256")

    @property
    def domain_hash(self) -> Bytes32:
        """The EIP-712 domain separator of the Safe."""
        return domain_hash(self.chain_id, self.safe)

    @cached_property
    def message_hash(self) -> Bytes32:
        """The EIP-712 struct hash of the transaction."""
        return Bytes32(
            keccak(
                b"".join(
                    (
                        TX_TYPEHASH,
                        _PAD,
                        bytes.fromhex(self.to[2:]),
                        self.value.to_bytes(32, "big"),
                        keccak(self.data),
                        self.operation.to_bytes(32, "big"),
                        self.safe_tx_gas.to_bytes(32, "big"),
                        self.base_gas.to_bytes(32, "big"),
                        self.gas_price.to_bytes(32, "big"),
                        _PAD,
                        bytes.fromhex(self.gas_token[2:]),
                        _PAD,
                        bytes.fromhex(self.refund_receiver[2:]),
                        self.nonce.to_bytes(32, "big"),
                    )
                )
            )
        )

    @cached_property
    def hash(self) -> Bytes32:
        """keccak256(0x19 ‖ 0x01 ‖ domain hash ‖ message hash): what owners sign, `getTransactionHash` of the Safe."""
        return Bytes32(keccak(b"\x19\x01" + self.domain_hash + self.message_hash))


def execution(tx: SafeTx, signatures: bytes) -> Call:
    """The `execTransaction` call that carries the transaction and its owners' signatures."""
    arguments: list[Any] = [
        tx.to,
        tx.value,
        tx.data,
        int(tx.operation),
        tx.safe_tx_gas,
        tx.base_gas,
        tx.gas_price,
        tx.gas_token,
        tx.refund_receiver,
        signatures,
    ]
    return Call(to=tx.safe, data=encode_call(EXEC_TRANSACTION, arguments), summary=f"execTransaction: nonce {tx.nonce}")
