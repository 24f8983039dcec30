"""A signed transaction, read back from its bytes: what is about to be broadcast must be what is meant, whoever kept it.

A journal may be damaged, restored or forged. Its bytes are sent only when they call just this, from just this account, on
just this chain; who signed them is recovered, never believed.
"""

from dataclasses import dataclass
from typing import Any

from governance.adapters.fees import Offer, offer_of
from governance.core.call import Call
from governance.core.errors import Finding, Refused
from governance.core.journal import Intent
from governance.core.units import Address, checksummed, to_hex

DYNAMIC_FEE = 2
"""Transaction type of EIP-1559."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What the bytes of a transaction say."""

    chain_id: int
    sender: Address
    """Recovered from the signature."""
    nonce: int
    call: Call
    offer: Offer


def read(raw: bytes) -> Signed:
    """Raises ValueError on anything but a signed transaction of type 2, or of the first type with a chain id (EIP-155)."""
    from eth_account import Account

    fields = _dynamic(raw) if raw[:1] == bytes([DYNAMIC_FEE]) else _first(raw)
    if len(fields["to"]) != 20:
        raise ValueError("it makes a contract")
    return Signed(
        chain_id=fields["chainId"],
        sender=Address(Account.recover_transaction(raw)),
        nonce=fields["nonce"],
        call=Call(to=checksummed(fields["to"]), value=fields["value"], data=fields["data"]),
        offer=offer_of(fields),
    )


def _dynamic(raw: bytes) -> dict[str, Any]:
    from eth_account.typed_transactions.typed_transaction import TypedTransaction
    from hexbytes import HexBytes

    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    if fields["accessList"]:
        raise ValueError("no transaction of ours")
    return {**fields, "to": bytes(fields["to"]), "data": bytes(fields["data"])}


def _first(raw: bytes) -> dict[str, Any]:
    import rlp

    parts = rlp.decode(raw, strict=True)
    if not isinstance(parts, list) or len(parts) != 9 or int.from_bytes(parts[6]) < 35:
        raise ValueError("no transaction of ours")
    numbers = {name: int.from_bytes(part) for name, part in zip(("nonce", "gasPrice", "gas"), parts[:3], strict=True)}
    chain_id = (int.from_bytes(parts[6]) - 35) // 2
    return {**numbers, "chainId": chain_id, "to": parts[3], "value": int.from_bytes(parts[4]), "data": parts[5]}


def require_same_act(intent: Intent, call: Call) -> Signed:
    """What was kept for an act, which must do just that act. Raises Refused on bytes that do something else."""
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError
    from rlp.exceptions import RLPException

    try:
        signed = read(intent.raw)
    except (ValueError, TypeError, RLPException, BadSignature, ValidationError) as error:
        raise _forged(intent, "cannot be read") from error
    meant = (intent.chain_id, intent.sender, intent.nonce, call.to, call.value, call.data)
    does = signed.call
    if (signed.chain_id, signed.sender, signed.nonce, does.to, does.value, does.data) != meant:
        raise _forged(intent, "does something else")
    return signed


def _forged(intent: Intent, what: str) -> Refused:
    message = f"transaction {to_hex(intent.tx_hash)}, kept for `{intent.purpose}`, {what}"
    hint = "the journal was changed: nothing of it was sent; move it away, and a new one is made"
    return Refused(
        "a kept transaction is not that of the act",
        findings=(Finding(rule="intent-forged", message=message, hint=hint),),
    )
