"""What an account holds is proven or refused; no byte of a proof can be changed. threat_15."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.errors import ChainContradicts, Rejected
from governance.core.header import read_header
from governance.core.keccak import keccak
from governance.core.slots import timestamp_slot
from governance.core.stateproof import EMPTY_ROOT, LONGEST_NODE, MOST_NODES, Proven, Question, prove
from governance.core.units import EMPTY_CODE_HASH, Bytes32, address_bytes, checksummed, hex_bytes, to_hex, word

RECORDED: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "anvil-proofs.json").read_text("utf-8"))
"""A Safe of five owners and threshold three, a timelock with one operation, and nobody: as an anvil proved them."""
ROOT = read_header(RECORDED["block"], chain_id=31337, by="anvil").state_root
BY = "devnet at http://node"
PROXY = word("0xd7d408ebcd99b2b70be43e20253d6d92a8ea8fab29bd3be7f55b10032331fb4c")
"""Code hash of the Safe proxy of 1.4.1."""


def question(name: str) -> Question:
    entry = RECORDED["accounts"][name]
    account = checksummed(hex_bytes(entry["address"]))
    return Question(account=account, slots=tuple(int(slot, 16) for slot in entry["slots"]))


def answer(name: str) -> dict[str, Any]:
    proof: dict[str, Any] = copy.deepcopy(RECORDED["accounts"][name]["proof"])
    return proof


def proven(name: str, **changes: Any) -> Proven:
    return prove(question(name), {**answer(name), **changes}, ROOT, by=BY)


def small(value: int) -> Bytes32:
    return Bytes32(value.to_bytes(32, "big"))


def test_a_safe_is_proven_with_its_threshold_and_nonce() -> None:
    found = proven("safe")
    assert (found.nonce, found.balance, found.code_hash) == (1, 0, PROXY)
    assert (found.words[3], found.words[4], found.words[5]) == (small(5), small(3), small(0))
    assert found.words[0][:12] == bytes(12)
    assert found.storage_root != EMPTY_ROOT


def test_the_timestamp_of_an_operation_is_proven() -> None:
    found = proven("timelock")
    slot = int.from_bytes(timestamp_slot(word(RECORDED["operation"])))
    assert found.words == {slot: small(RECORDED["timestamp"]), 2: small(60), 99: small(0)}


def test_that_nobody_is_there_is_proven_too() -> None:
    found = proven("nobody")
    assert (found.nonce, found.balance, found.code_hash) == (0, 0, EMPTY_CODE_HASH)
    assert (found.storage_root, found.words) == (EMPTY_ROOT, {0: small(0)})


def test_what_is_said_beside_the_proof_is_not_read() -> None:
    storage = [{**each, "value": "0x63"} for each in answer("safe")["storageProof"]]
    said = {"nonce": "0x63", "balance": "0x63", "codeHash": "0x63", "storageHash": "0x63", "storageProof": storage}
    assert proven("safe", **said) == proven("safe")


def test_the_order_of_slots_and_how_they_are_written_does_not_matter() -> None:
    storage = [{**each, "key": hex(int(each["key"], 16))} for each in reversed(answer("safe")["storageProof"])]
    assert proven("safe", storageProof=storage) == proven("safe")


@pytest.mark.parametrize("name", RECORDED["accounts"])
def test_any_byte_of_any_node_that_is_changed_is_noticed(name: str) -> None:
    whole = answer(name)
    for nodes in (whole["accountProof"], *(each["proof"] for each in whole["storageProof"])):
        if nodes == ["0x80"]:
            continue  # the empty trie has no node, and this one is not read
        for i, node in enumerate(nodes):
            raw = hex_bytes(node)
            for at in range(len(raw)):
                nodes[i] = to_hex(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
                with pytest.raises(ChainContradicts) as caught:
                    prove(question(name), whole, ROOT, by=BY)
                assert caught.value.message.startswith(f"{BY} does not prove ")
            nodes[i] = node


@pytest.mark.parametrize("name", ["safe", "timelock"])
def test_a_node_that_is_left_out_is_noticed(name: str) -> None:
    whole = answer(name)
    for nodes in (whole["accountProof"], *(each["proof"] for each in whole["storageProof"])):
        for i in range(len(nodes)):
            kept = nodes.pop(i)
            with pytest.raises(ChainContradicts):
                prove(question(name), whole, ROOT, by=BY)
            nodes.insert(i, kept)


def test_a_proof_is_good_for_its_own_account_and_root_only() -> None:
    with pytest.raises(ChainContradicts, match=f"does not prove account {question('timelock').account}"):
        prove(question("timelock"), answer("safe"), ROOT, by=BY)
    with pytest.raises(ChainContradicts):
        prove(question("safe"), answer("safe"), Bytes32(keccak(ROOT)), by=BY)


def test_the_proof_of_another_slot_does_not_do() -> None:
    first, second, *others = answer("safe")["storageProof"]
    swapped = [{**first, "proof": second["proof"]}, {**second, "proof": first["proof"]}, *others]
    with pytest.raises(ChainContradicts, match="does not prove slot 0x"):
        proven("safe", storageProof=swapped)


def test_storage_of_another_account_does_not_do() -> None:
    wanted = Question(account=question("safe").account, slots=(2,))
    mixed = {**answer("safe"), "storageProof": answer("timelock")["storageProof"]}
    with pytest.raises(ChainContradicts, match=r"does not prove slot 0x0+2 of"):
        prove(wanted, mixed, ROOT, by=BY)


def malformed() -> dict[str, dict[str, Any]]:
    storage = answer("safe")["storageProof"]
    return {
        "no account proof": {"accountProof": None},
        "nodes that are no text": {"accountProof": [1]},
        "nodes that are no hex": {"accountProof": ["0xzz"]},
        "more nodes than a path has": {"accountProof": ["0x80"] * (MOST_NODES + 1)},
        "a node that is none": {"accountProof": ["0x" + "c1" * (LONGEST_NODE + 1)]},
        "no storage": {"storageProof": None},
        "storage that is no proofs": {"storageProof": ["0x"]},
        "a slot that was not answered": {"storageProof": storage[1:]},
        "a key that is no text": {"storageProof": [{**storage[0], "key": 0}]},
        "a key without a prefix": {"storageProof": [{**storage[0], "key": "00"}]},
        "a key of other letters": {"storageProof": [{**storage[0], "key": "0xzz"}]},
        "a key beyond a word": {"storageProof": [{**storage[0], "key": "0x" + "0" * 65}]},
    }


@pytest.mark.parametrize("name", malformed())
def test_what_is_no_answer_is_told_as_such(name: str) -> None:
    with pytest.raises(Rejected):
        proven("safe", **malformed()[name])


@pytest.mark.parametrize("given", [None, [], "0x"])
def test_no_proof_is_no_proof(given: Any) -> None:
    with pytest.raises(Rejected, match="there is no proof"):
        prove(question("safe"), given, ROOT, by=BY)


# ---- an endpoint that makes up a root of its own -------------------------------------------------------------------


def made_up(value: Any, key: bytes) -> tuple[Bytes32, str]:
    """A trie with one leaf: its root and its node."""
    import rlp
    from trie.utils.nibbles import bytes_to_nibbles
    from trie.utils.nodes import compute_leaf_key

    node = rlp.encode([compute_leaf_key(bytes_to_nibbles(keccak(key))), value])
    return Bytes32(keccak(node)), to_hex(node)


TIMELOCK = question("timelock").account


def encoded(*parts: Any) -> bytes:
    import rlp

    raw: bytes = rlp.encode(list(parts))
    return raw


STRANGE: dict[str, Any] = {
    "an account of three parts": encoded(b"\x01", b"", EMPTY_ROOT),
    "an account of five parts": encoded(b"\x01", b"", EMPTY_ROOT, EMPTY_CODE_HASH, b""),
    "a nonce with a leading zero": encoded(b"\x00\x01", b"", EMPTY_ROOT, EMPTY_CODE_HASH),
    "a nonce that is a list": encoded([], b"", EMPTY_ROOT, EMPTY_CODE_HASH),
    "a short root": encoded(b"\x01", b"", b"\x01", EMPTY_CODE_HASH),
    "a code hash that is a list": encoded(b"\x01", b"", EMPTY_ROOT, []),
    "no RLP": b"\xff\xff",
    "bytes where a list belongs": b"\x83abc",
    "a list where bytes belong": [b"a", b"b"],
}


@pytest.mark.parametrize("name", STRANGE)
def test_an_account_that_is_none_is_not_proven(name: str) -> None:
    root, node = made_up(STRANGE[name], address_bytes(TIMELOCK))
    with pytest.raises(ChainContradicts, match="does not prove account"):
        prove(Question(account=TIMELOCK), {"accountProof": [node], "storageProof": []}, root, by=BY)


WORDS: dict[str, Any] = {
    "a word with a leading zero": encoded(b"\x00\x01")[1:],
    "a word of 33 bytes": b"\xa1" + b"\x01" * 33,
    "a word that is a list": encoded(b"\x01"),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_word_that_is_none_is_not_proven(name: str) -> None:
    storage_root, leaf = made_up(WORDS[name], bytes(32))
    root, node = made_up(encoded(b"\x01", b"", storage_root, EMPTY_CODE_HASH), address_bytes(TIMELOCK))
    whole = {"accountProof": [node], "storageProof": [{"key": "0x0", "proof": [leaf]}]}
    with pytest.raises(ChainContradicts, match="does not prove slot 0x0"):
        prove(Question(account=TIMELOCK, slots=(0,)), whole, root, by=BY)


@given(st.binary(max_size=LONGEST_NODE))
def test_a_root_made_up_over_anything_proves_nothing_and_breaks_nothing(node: bytes) -> None:
    whole = {"accountProof": [to_hex(node)], "storageProof": []}
    try:
        found = prove(Question(account=question("safe").account), whole, Bytes32(keccak(node)), by=BY)
    except ChainContradicts:
        return
    assert found.code_hash == EMPTY_CODE_HASH  # a node that leads nowhere shows that nobody is there


def test_deep_nesting_is_no_node() -> None:
    node = b"\xc0"
    while len(node) < LONGEST_NODE - 3:
        node = (bytes([0xC0 + len(node)]) if len(node) < 56 else b"\xf9" + len(node).to_bytes(2, "big")) + node
    with pytest.raises(ChainContradicts):
        prove(
            Question(account=question("safe").account),
            {"accountProof": [to_hex(node)], "storageProof": []},
            Bytes32(keccak(node)),
            by=BY,
        )
