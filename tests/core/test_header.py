"""A header's hash is computed again from its fields: of every fork, and nothing can be changed in it. threat_15."""

import json
from pathlib import Path
from typing import Any

import pytest

from governance.core.errors import ChainContradicts, Rejected
from governance.core.header import ALWAYS, SINCE, header_hash, read_header
from governance.core.units import Moment, to_hex, word

VECTORS = Path(__file__).parents[1] / "vectors"
HEADERS: dict[str, dict[str, Any]] = json.loads((VECTORS / "headers.json").read_text("utf-8"))
"""Of Ethereum as published, and of anvils that were started with `--hardfork`."""
OSAKA = HEADERS["Osaka: block 24630100 of Ethereum"]


@pytest.mark.parametrize("name", HEADERS)
def test_the_header_of_every_fork_has_the_hash_that_was_published(name: str) -> None:
    block = HEADERS[name]
    header = read_header(block, chain_id=1, by="a node")
    assert to_hex(header.head.hash) == block["hash"]
    assert header.head.number == int(block["number"], 16)
    assert header.head.timestamp == Moment(int(block["timestamp"], 16))
    assert header.state_root == word(block["stateRoot"])
    assert header.head.chain_id == 1


def test_the_vectors_have_every_field() -> None:
    assert {name for name, _ in (*ALWAYS, *SINCE)} == set(OSAKA) - {"hash"}


@pytest.mark.parametrize("name", HEADERS)
def test_any_byte_that_is_changed_contradicts_the_hash(name: str) -> None:
    block = HEADERS[name]
    for field, value in block.items():
        digits = value[2:].zfill(len(value) % 2 + len(value) - 2)
        raw = bytes.fromhex(digits)
        quantity = len(value) < 42 and field not in {"nonce", "extraData"}
        for i in range(len(raw)):
            changed = raw[:i] + bytes([raw[i] ^ 1]) + raw[i + 1 :]
            written = hex(int.from_bytes(changed)) if quantity else to_hex(changed)
            with pytest.raises(ChainContradicts) as caught:
                read_header({**block, field: written}, chain_id=1, by="devnet at http://node")
            assert caught.value.message.startswith("devnet at http://node says that a block has hash 0x")


@pytest.mark.parametrize("name", [name for name, _ in ALWAYS])
def test_a_field_that_is_missing_is_no_header(name: str) -> None:
    with pytest.raises(Rejected, match=f"^{name}: "):
        header_hash({field: value for field, value in OSAKA.items() if field != name})


@pytest.mark.parametrize("name", [name for name, _ in SINCE])
def test_a_field_of_a_fork_that_is_left_out_contradicts_the_hash(name: str) -> None:
    with pytest.raises(ChainContradicts):
        read_header({**OSAKA, name: None}, chain_id=1, by="a node")


MALFORMED: dict[str, tuple[str, Any]] = {
    "a number that is one": ("number", 5),
    "no digits": ("number", "0x"),
    "a number without a prefix": ("gasUsed", "11"),
    "a number of other letters": ("gasUsed", "0xzz"),
    "a number beyond a word": ("gasUsed", "0x" + "1" * 65),
    "a sign": ("timestamp", "0x-1"),
    "a short root": ("stateRoot", "0x00"),
    "a root that is no text": ("stateRoot", 7),
    "a long bloom": ("logsBloom", "0x" + "00" * 257),
    "an odd number of digits": ("extraData", "0x1"),
    "no hash": ("hash", None),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_is_no_header(name: str) -> None:
    field, value = MALFORMED[name]
    with pytest.raises(Rejected, match=f"^{field}: "):
        read_header({**OSAKA, field: value}, chain_id=1, by="a node")


@pytest.mark.parametrize("block", [None, [], "0x", 1])
def test_no_block_is_no_header(block: Any) -> None:
    with pytest.raises(Rejected, match="there is no block"):
        read_header(block, chain_id=1, by="a node")


def test_numbers_may_have_leading_zeros() -> None:
    assert header_hash({**OSAKA, "gasUsed": "0x0" + OSAKA["gasUsed"][2:]}) == word(OSAKA["hash"])
