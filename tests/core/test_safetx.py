"""Safe transaction hashes against the published vector, the Safe's own code, safe-eth-py and eth-account.

Covers threat_17 (replay on another chain) and threat_40 (both hashes).
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import safe_eth.safe.safe_tx  # noqa: F401 - loads a library that moves the recursion limit, which Hypothesis minds
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.adapters.witness import safe_tx_hash_by_safe_eth
from governance.core.call import decode, encode_call
from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.safetx import (
    EXEC_TRANSACTION,
    VERSIONS,
    SafeOperation,
    SafeTx,
    execution,
    grouped,
)
from governance.core.units import ZERO_ADDRESS, Bytes32, address_bytes, checksummed, to_hex
from tests.core.safevm import DOMAIN, HASH, Person, RealSafe

VECTOR = Path(__file__).parent.parent / "vectors" / "safe-mainnet-transaction.json"
PUBLISHED = json.loads(VECTOR.read_text())["results"][0]
MAX = 2**256 - 1

addresses = st.binary(min_size=20, max_size=20).map(checksummed)
numbers = st.one_of(st.integers(0, MAX), st.sampled_from([0, 1, 2**64, MAX]))


@st.composite
def transactions(draw: st.DrawFn, chain_id: int | None = None) -> SafeTx:
    return SafeTx(
        chain_id=draw(st.integers(1, MAX)) if chain_id is None else chain_id,
        safe=draw(addresses),
        to=draw(addresses),
        value=draw(numbers),
        data=draw(st.binary(max_size=200)),
        operation=draw(st.sampled_from(SafeOperation)),
        safe_tx_gas=draw(numbers),
        base_gas=draw(numbers),
        gas_price=draw(numbers),
        gas_token=draw(addresses),
        refund_receiver=draw(addresses),
        nonce=draw(numbers),
    )


def vector() -> SafeTx:
    return SafeTx(
        chain_id=1,
        safe=PUBLISHED["safe"],
        to=PUBLISHED["to"],
        data=bytes.fromhex(PUBLISHED["data"][2:]),
        nonce=PUBLISHED["nonce"],
    )


def test_a_transaction_executed_on_mainnet_has_its_three_published_hashes() -> None:
    tx = vector()
    assert tx.domain_hash.hex() == "1655e94a9bcc5a957daa1acae692b4c22e7aaf146b4deb9194f8221d2f09d8c3"
    assert tx.message_hash.hex() == "f22754eba5a2b230714534b4657195268f00dc0031296de4b835d82e7aa1e574"
    assert to_hex(tx.hash) == PUBLISHED["safeTxHash"]
    assert tx.hash == keccak(b"\x19\x01" + tx.domain_hash + tx.message_hash)


@settings(deadline=None, max_examples=60)
@given(tx=transactions(), version=st.sampled_from(VERSIONS))
def test_three_implementations_give_the_same_hash(tx: SafeTx, version: str) -> None:
    message = encode_typed_data(full_message=tx.typed_data())
    assert tx.domain_hash == message.header
    assert tx.message_hash == message.body
    assert tx.hash == keccak(b"\x19\x01" + message.header + message.body)
    assert tx.hash == safe_tx_hash_by_safe_eth(tx, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_safe_itself_gives_the_same_hash(version: str) -> None:
    safe = RealSafe(version, [Person(0).address], 1)

    @settings(deadline=None, max_examples=60)
    @given(tx=transactions(chain_id=1))
    def agree(tx: SafeTx) -> None:
        tx = replace(tx, safe=safe.address)
        fields: list[Any] = [tx.to, tx.value, tx.data, int(tx.operation), tx.safe_tx_gas, tx.base_gas, tx.gas_price]
        fields += [tx.gas_token, tx.refund_receiver, tx.nonce]
        assert safe.view(encode_call(DOMAIN, [])) == tx.domain_hash
        assert safe.view(encode_call(HASH, fields)) == tx.hash

    agree()


def test_every_input_changes_the_hash_and_only_chain_and_safe_the_domain() -> None:
    tx, other = vector(), checksummed(b"\x11" * 20)
    changes: list[dict[str, Any]] = [
        {"chain_id": 10},
        {"safe": other},
        {"to": other},
        {"value": 1},
        {"data": b""},
        {"operation": SafeOperation.DELEGATECALL},
        {"safe_tx_gas": 1},
        {"base_gas": 1},
        {"gas_price": 1},
        {"gas_token": other},
        {"refund_receiver": other},
        {"nonce": 64},
    ]
    changed = [replace(tx, **change) for change in changes]
    assert len({each.hash for each in changed} | {tx.hash}) == len(changes) + 1
    assert [each.domain_hash == tx.domain_hash for each in changed] == [False, False] + [True] * 10
    assert [each.message_hash == tx.message_hash for each in changed] == [True, True] + [False] * 10


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nonce": -1}, "uint256"),
        ({"value": 2**256}, "uint256"),
        ({"safe_tx_gas": -1}, "uint256"),
        ({"base_gas": 2**256}, "uint256"),
        ({"gas_price": -5}, "uint256"),
        ({"chain_id": -1}, "uint256"),
        ({"chain_id": 0}, "id of its chain"),
        ({"operation": 2}, "operation 2"),
        ({"to": "0x1c694Fc3006D81ff4a56F97E1b99529066a2372"}, "not an address"),
        ({"safe": PUBLISHED["safe"].lower()}, "EIP-55"),
        ({"gas_token": ""}, "not an address"),
        ({"refund_receiver": "vitalik.eth"}, "not an address"),
    ],
)
def test_values_that_the_contract_cannot_hold_are_rejected_at_birth(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Rejected, match=says):
        replace(vector(), **change)


@settings(deadline=None, max_examples=40)
@given(tx=transactions(), signatures=st.binary(max_size=200))
def test_the_execution_call_carries_every_field_and_the_signatures(tx: SafeTx, signatures: bytes) -> None:
    call = execution(tx, signatures)
    assert (call.to, call.value, call.data[:4]) == (tx.safe, 0, bytes.fromhex("6a761202"))
    to, *rest, token, receiver, blob = decode(EXEC_TRANSACTION.inputs, call.data[4:])
    assert [bytes.fromhex(each[2:]) for each in (to, token, receiver)] == [
        address_bytes(each) for each in (tx.to, tx.gas_token, tx.refund_receiver)
    ]
    assert rest == [tx.value, tx.data, tx.operation, tx.safe_tx_gas, tx.base_gas, tx.gas_price]
    assert blob == signatures


def test_a_hash_is_shown_in_sixteen_groups_of_four() -> None:
    shown = grouped(vector().hash)
    assert shown.startswith("ad06 b099 fca3 4e51 ")
    assert shown.replace(" ", "") == vector().hash.hex()
    assert len(shown.split()) == 16
    assert grouped(Bytes32(bytes(32))) == " ".join(["0000"] * 16)


def test_refunds_default_to_none() -> None:
    tx = SafeTx(chain_id=1, safe=PUBLISHED["safe"], to=PUBLISHED["to"], nonce=0)
    assert (tx.safe_tx_gas, tx.base_gas, tx.gas_price) == (0, 0, 0)
    assert (tx.gas_token, tx.refund_receiver) == (ZERO_ADDRESS, ZERO_ADDRESS)


def test_hashing_and_reading_signatures_load_no_heavy_library() -> None:
    heavy = ["web3", "safe_eth", "eth_account", "eth_abi", "sqlmodel", "pydantic"]
    code = f"import governance.core.safeservice, sys; print([n for n in {heavy} if n in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, "COVERAGE": ""}
    )
    assert run.stdout.strip() == "[]"
