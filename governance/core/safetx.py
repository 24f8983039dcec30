"""A Safe transaction and the three hashes a signer compares: domain, message, transaction (EIP-712).

Serves Safe 1.3.0, 1.4.1 and 1.5.0, whose hashes agree: all put the chain id in the domain and name the same struct. It
refuses values that the contract's types cannot hold, knows no signatures, and fetches nothing: the same values give the
same hashes anywhere. Safes before 1.3.0 hash without the chain id and are not served.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from governance.core.call import Call, encode_call, function
from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.signable import members, preimage
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, address, address_bytes, to_hex

VERSIONS = ("1.3.0", "1.4.1", "1.5.0")
"""Values of `VERSION()` whose hashes and signature rules this package implements."""

EXEC_TRANSACTION = function(
    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)(bool)"
)

DOMAIN_TYPEHASH = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
TX_TYPEHASH = keccak(
    b"SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,"
    b"address gasToken,address refundReceiver,uint256 nonce)"
)


class SafeOperation(IntEnum):
    """`Enum.Operation` of the Safe: how it calls."""

    CALL = 0
    DELEGATECALL = 1


_OPERATIONS = {operation: operation.to_bytes(32, "big") for operation in SafeOperation}


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeTx:
    """Every input of the hash, as plain values; nothing is fetched later."""

    chain_id: int
    safe: Address
    to: Address
    value: int = 0
    """Wei."""
    data: bytes = b""
    operation: SafeOperation = SafeOperation.CALL
    safe_tx_gas: int = 0
    """Gas. Above zero, a failing inner call spends the nonce while the receipt still says status 1."""
    base_gas: int = 0
    """Gas refunded on top of what the call burns."""
    gas_price: int = 0
    """Wei, or units of `gas_token`, refunded per gas; zero for no refund."""
    gas_token: Address = ZERO_ADDRESS
    """The token of refunds; zero for the chain's own coin."""
    refund_receiver: Address = ZERO_ADDRESS
    """Who is refunded; zero for whoever sends."""
    nonce: int

    def __post_init__(self) -> None:
        numbers = (self.chain_id, self.value, self.safe_tx_gas, self.base_gas, self.gas_price, self.nonce)
        if min(numbers) < 0 or max(numbers) >> 256:
            raise Rejected("a number of a Safe transaction does not fit a uint256")
        if self.chain_id == 0:
            raise Rejected("a Safe transaction needs the id of its chain", hint="no chain has the id 0")
        if self.operation not in _OPERATIONS:
            raise Rejected(f"operation {self.operation} of a Safe transaction is neither 0 (CALL) nor 1 (DELEGATECALL)")
        for account in (self.safe, self.to, self.gas_token, self.refund_receiver):
            _word(account)

    @property
    def domain_hash(self) -> Bytes32:
        """The EIP-712 domain separator: this Safe on this chain."""
        return domain_hash(self.chain_id, self.safe)

    @property
    def message_hash(self) -> Bytes32:
        """The EIP-712 hash of the struct, without the domain."""
        words = (
            TX_TYPEHASH,
            _word(self.to),
            self.value.to_bytes(32, "big"),
            keccak(self.data),
            _OPERATIONS[self.operation],
            self.safe_tx_gas.to_bytes(32, "big"),
            self.base_gas.to_bytes(32, "big"),
            self.gas_price.to_bytes(32, "big"),
            _word(self.gas_token),
            _word(self.refund_receiver),
            self.nonce.to_bytes(32, "big"),
        )
        return Bytes32(keccak(b"".join(words)))

    @property
    def hash(self) -> Bytes32:
        """`getTransactionHash` of the Safe, what owners sign."""
        return Bytes32(keccak(preimage(self)))

    def typed_data(self) -> dict[str, Any]:
        """See `governance.core.signable.Signable`."""
        return {
            "types": {
                "EIP712Domain": members("uint256 chainId", "address verifyingContract"),
                "SafeTx": members(
                    "address to",
                    "uint256 value",
                    "bytes data",
                    "uint8 operation",
                    "uint256 safeTxGas",
                    "uint256 baseGas",
                    "uint256 gasPrice",
                    "address gasToken",
                    "address refundReceiver",
                    "uint256 nonce",
                ),
            },
            "primaryType": "SafeTx",
            "domain": {"chainId": str(self.chain_id), "verifyingContract": self.safe},
            "message": {
                "to": self.to,
                "value": str(self.value),
                "data": to_hex(self.data),
                "operation": str(int(self.operation)),
                "safeTxGas": str(self.safe_tx_gas),
                "baseGas": str(self.base_gas),
                "gasPrice": str(self.gas_price),
                "gasToken": self.gas_token,
                "refundReceiver": self.refund_receiver,
                "nonce": str(self.nonce),
            },
        }


@lru_cache(maxsize=1024)
def domain_hash(chain_id: int, safe: Address) -> Bytes32:
    """keccak256(abi.encode(DOMAIN_TYPEHASH, chainId, safe)): `domainSeparator()` of the Safe."""
    return Bytes32(keccak(DOMAIN_TYPEHASH + chain_id.to_bytes(32, "big") + _word(safe)))


@lru_cache(maxsize=4096)
def _word(account: Address) -> bytes:
    """The ABI's word of an address. Raises Rejected when the checksum is not right."""
    return bytes(12) + address_bytes(address(account))


def execution(tx: SafeTx, signatures: bytes) -> Call:
    """The `execTransaction` call that anyone may send once `signatures` suffice."""
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


def grouped(digest: Bytes32) -> str:
    """The digits of a hash in groups of four, as people compare them: `ad06 b099 fca3 …`."""
    digits = digest.hex()
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))
