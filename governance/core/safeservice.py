"""Transactions as the Safe Transaction Service writes them: JSON of one, or a page of results.

The file says neither the chain nor the Safe's version. The chain is recovered: the one for which the recomputed hash is
the published one. What does not recompute is refused, never shown as if it did.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from governance.core.errors import Finding, GovError, Refused, Rejected
from governance.core.safetx import SafeOperation, SafeTx
from governance.core.signature import read_signature
from governance.core.units import Address, Bytes32, address, hex_bytes, shown, to_hex, unsigned, word

CHAIN_IDS = (
    1, 10, 50, 56, 100, 130, 137, 146, 196, 204, 232, 250, 324, 480, 1101, 1329, 5000, 8453, 31337, 42161, 42220, 43113,
    43114, 59144, 80094, 81457, 84532, 421614, 534352, 11155111, 11155420,
)  # fmt: skip
"""EIP-155 ids of networks with a Safe Transaction Service or named in PayRox's configuration, and local nodes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A signature and whose the service says it is."""

    claimed: Address
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTransaction:
    """One transaction of a file, without its chain."""

    fields: Mapping[str, Any]
    """Arguments of `SafeTx`, but for `chain_id`."""
    published: Bytes32 | None
    """`safeTxHash`."""
    confirmations: tuple[Confirmation, ...]

    def on(self, chain_id: int) -> SafeTx:
        """The transaction on one chain."""
        return SafeTx(chain_id=chain_id, **self.fields)


def read_service_json(text: str, *, shown_as: str) -> list[ServiceTransaction]:
    """Every transaction of a file. Raises Rejected."""
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise Rejected(f"{shown_as} is not JSON: {shown(str(error))}") from error
    entries = document.get("results") if isinstance(document, dict) and "results" in document else [document]
    if not isinstance(entries, list) or not entries:
        raise Rejected(f"{shown_as} holds no transaction")
    return [_read(entry, f"{shown_as}: transaction {i + 1}") for i, entry in enumerate(entries)]


def _read(entry: Any, name: str) -> ServiceTransaction:
    try:
        fields = {
            "safe": address(entry["safe"]),
            "to": address(entry["to"]),
            "value": _number(entry["value"]),
            "data": hex_bytes(entry["data"] or "0x"),
            "operation": SafeOperation(entry["operation"]),
            "safe_tx_gas": _number(entry["safeTxGas"]),
            "base_gas": _number(entry["baseGas"]),
            "gas_price": _number(entry["gasPrice"]),
            "gas_token": address(entry["gasToken"]),
            "refund_receiver": address(entry["refundReceiver"]),
            "nonce": _number(entry["nonce"]),
        }
        published = entry.get("safeTxHash")
        return ServiceTransaction(
            fields=fields,
            published=None if published is None else word(published),
            confirmations=tuple(
                Confirmation(claimed=address(one["owner"]), signature=hex_bytes(one["signature"]))
                for one in entry.get("confirmations") or ()
            ),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Rejected(f"{name} lacks or mangles a field: {type(error).__name__} {shown(str(error))}") from error
    except GovError as error:
        raise Rejected(f"{name}: {error.message}", hint=error.hint()) from error


def _number(value: Any) -> int:
    """A uint256 as the service writes it: an integer, or decimal text."""
    if isinstance(value, bool):
        raise TypeError("a number is not true or false")
    return unsigned(str(value))


def hash_report(transactions: list[ServiceTransaction], *, chain_id: int | None) -> list[dict[str, Any]]:
    """Hashes and signers of each transaction, as JSON values. Raises Refused when a published hash does not recompute."""
    return [_report(transaction, transaction.on(_chain(transaction, chain_id))) for transaction in transactions]


def _chain(transaction: ServiceTransaction, chain_id: int | None) -> int:
    if chain_id is not None:
        return chain_id
    if transaction.published is None:
        raise Rejected("the file publishes no safeTxHash to recover the chain from", hint="give --chain-id")
    for candidate in CHAIN_IDS:
        if transaction.on(candidate).hash == transaction.published:
            return candidate
    hint = "give --chain-id if you know it; a Safe older than 1.3.0 hashes without the chain and is not supported"
    message = f"no known chain gives the published hash {to_hex(transaction.published)}"
    raise Refused("the published hash does not recompute", hint=hint, findings=(_mismatch(message),))


def _report(transaction: ServiceTransaction, tx: SafeTx) -> dict[str, Any]:
    if transaction.published is not None and tx.hash != transaction.published:
        message = f"published {to_hex(transaction.published)}, recomputed {to_hex(tx.hash)} on chain {tx.chain_id}"
        raise Refused("the published hash does not recompute", findings=(_mismatch(message),))
    return {
        "chain_id": tx.chain_id,
        "safe": tx.safe,
        "nonce": tx.nonce,
        "domain_hash": to_hex(tx.domain_hash),
        "message_hash": to_hex(tx.message_hash),
        "safe_tx_hash": to_hex(tx.hash),
        "signers": [_signer(confirmation, tx.hash) for confirmation in transaction.confirmations],
    }


def _signer(confirmation: Confirmation, safe_tx_hash: Bytes32) -> dict[str, str]:
    signature = read_signature(safe_tx_hash, confirmation.signature[:65])
    if signature.owner != confirmation.claimed:
        message = f"the signature said to be {confirmation.claimed}'s is {signature.owner}'s"
        finding = Finding(rule="signature-claimed", message=message, hint="do not trust where the file came from")
        raise Refused("a confirmation is not by whom it claims", findings=(finding,))
    return {"owner": signature.owner, "kind": str(signature.kind)}


def _mismatch(message: str) -> Finding:
    return Finding(rule="hash-differs", message=message, hint="a field was changed, or it is another chain's")
