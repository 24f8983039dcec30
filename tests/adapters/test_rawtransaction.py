"""What was kept for an act does just that act, or is not sent: whoever wrote it into the journal."""

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from governance.adapters.rawtransaction import read, require_same_act
from governance.core.call import Call
from governance.core.errors import Refused
from governance.core.journal import Intent
from governance.core.keccak import keccak
from governance.core.units import Address, Bytes32

KEY, OTHER = b"\x01" * 32, b"\x02" * 32
PAYER = Address(Account.from_key(KEY).address)
CALL = Call(to=Address("0x000000000000000000000000000000000000dEaD"), data=b"\x12\x34", value=5)
DYNAMIC = {"maxFeePerGas": 10, "maxPriorityFeePerGas": 2}
FIRST = {"gasPrice": 10}


def kept(fees: dict[str, int] = DYNAMIC, *, key: bytes = KEY, **changes: Any) -> Intent:
    fields = {"chainId": 1, "nonce": 7, "to": CALL.to, "value": CALL.value, "data": CALL.data, "gas": 50_000}
    signed = Account.sign_transaction({**fields, **fees, **changes}, key)
    raw = bytes(signed.raw_transaction)
    return Intent(
        purpose="execute", network="devnet", chain_id=1, sender=PAYER, nonce=7, raw=raw, tx_hash=Bytes32(keccak(raw))
    )


@pytest.mark.parametrize("fees", [DYNAMIC, FIRST])
def test_a_transaction_is_read_back_as_it_was_signed(fees: dict[str, int]) -> None:
    signed = require_same_act(kept(fees), CALL)
    assert (signed.sender, signed.chain_id, signed.nonce, signed.offer.fields) == (PAYER, 1, 7, fees)
    assert (signed.call.to, signed.call.data, signed.call.value) == (CALL.to, CALL.data, CALL.value)


FORGED: dict[str, Intent] = {
    "another callee": kept(to="0x000000000000000000000000000000000000bEEF"),
    "other calldata": kept(data=b"\x12\x35"),
    "wei": kept(value=6),
    "another chain": kept(chainId=2),
    "another nonce": kept(nonce=8),
    "another account": kept(key=OTHER),
    "another account, first type": kept(FIRST, key=OTHER),
    "another chain, first type": kept(FIRST, chainId=2),
    "nothing": replace(kept(), raw=b""),
    "cut": replace(kept(), raw=kept().raw[:-1]),
    "more than there was": replace(kept(), raw=kept().raw + b"\0"),
    "another type": replace(kept(), raw=b"\x03" + kept().raw[1:]),
    "an access list": kept(accessList=[{"address": CALL.to, "storageKeys": []}]),
    "a contract": kept(to=b""),
    "no list": replace(kept(), raw=b"\x02\x80"),
}


@pytest.mark.parametrize("intent", FORGED.values(), ids=FORGED)
def test_what_does_something_else_is_refused(intent: Intent) -> None:
    """threat_60: a row that was changed in the database sends nothing."""
    with pytest.raises(Refused) as caught:
        require_same_act(intent, CALL)
    assert [finding.rule for finding in caught.value.findings] == ["intent-forged"]


@pytest.mark.parametrize("fees", [DYNAMIC, FIRST])
def test_any_byte_that_is_changed_is_refused(fees: dict[str, int]) -> None:
    """threat_60"""
    intent = kept(fees)
    for place in range(len(intent.raw)):
        for bit in (0x01, 0x80):
            raw = bytearray(intent.raw)
            raw[place] ^= bit
            with pytest.raises(Refused):
                require_same_act(replace(intent, raw=bytes(raw)), CALL)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x02", b"\x02\xf8\x6f", b"\xf8\x64"]))
def test_garbage_is_refused(garbage: bytes, beginning: bytes) -> None:
    """threat_60"""
    with pytest.raises(Refused):
        require_same_act(replace(kept(), raw=beginning + garbage), CALL)


def test_before_eip_155_a_transaction_is_of_any_chain_and_is_refused() -> None:
    """threat_17"""
    fields = {"nonce": 7, "to": CALL.to, "value": 5, "data": CALL.data, "gas": 50_000, "gasPrice": 10}
    raw = bytes(Account.sign_transaction(fields, KEY).raw_transaction)
    with pytest.raises(ValueError, match="no transaction of ours"):
        read(raw)
