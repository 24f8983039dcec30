"""Instructions that can be reached and slots that are written, by hand-made bytes and by compiled facets."""

import json
import random
from pathlib import Path

import pytest

from governance.core.bytecode import Write, delegate_of, low_writes, pushed_words, reachable, selectors_in
from governance.core.units import hex_bytes

ROOT = Path(__file__).parents[2]


def compiled(name: str) -> bytes:
    for folder in ("governance", "tests"):
        file = ROOT / folder / "artifacts" / f"{name}.json"
        if file.exists():
            return hex_bytes(json.loads(file.read_text("utf-8"))["deployedBytecode"])
    raise FileNotFoundError(name)


CODES: dict[str, tuple[str, list[str]]] = {
    "in a row": ("5ff4", ["PUSH0", "DELEGATECALL"]),
    "in pushed data": ("61f4ff00", ["PUSH2", "STOP"]),
    "in the data of the longest push": ("7f" + "ff" * 32 + "00", ["PUSH32", "STOP"]),
    "in a push that the code ends in": ("7fff", []),
    "behind an end": ("00f4ff", ["STOP"]),
    "behind an end and a destination": ("005bff", ["STOP", "JUMPDEST", "SELFDESTRUCT"]),
    "behind an end, where the destination is pushed data": ("00605bff", ["STOP"]),
    "in what looks like metadata": (
        "00fea264697066735822" + "5b" + "f2" * 33 + "64736f6c63430008250033",
        ["STOP", "JUMPDEST", *["CALLCODE"] * 33, "PUSH5", "STOP"],
    ),
    "in metadata": ("00fea2646970667358221220" + "f4" * 32 + "64736f6c63430008250033", ["STOP"]),
    "behind what is no instruction": ("0cff", ["?"]),
    "behind a branch": ("57ff", ["JUMPI", "SELFDESTRUCT"]),
    "nowhere": ("", []),
}


@pytest.mark.parametrize("name", CODES)
def test_an_instruction_counts_where_it_can_be_reached(name: str) -> None:
    """threat_41"""
    code, names = CODES[name]
    assert [each.name for each in reachable(bytes.fromhex(code))] == names


WRITES: dict[str, tuple[str, list[int]]] = {
    "slot 0": ("60075f5500", [0]),
    "slot 6": ("5f600655", [6]),
    "the last low slot": ("5f61ffff55", [0xFFFF]),
    "the first that is not": ("5f6201000055", []),
    "a hashed one": ("5f7f" + "ab" * 32 + "55", []),
    "behind an end": ("005f600655", []),
    "only read": ("600654", []),
    "one from calldata": ("5f5f3555", []),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_low_slot_is_seen_where_it_is_a_constant(name: str) -> None:
    """threat_41"""
    code, slots = WRITES[name]
    assert [write.slot for write in low_writes(bytes.fromhex(code))] == slots


def test_the_slots_of_compiled_state_variables_are_seen_with_their_functions() -> None:
    """threat_44"""
    setter = (bytes.fromhex("3fb5c1cb"),)
    assert low_writes(compiled("PlainFacet")) == [Write(slot=0, selectors=setter), Write(slot=1, selectors=setter)]
    assert low_writes(compiled("ThawingFacet")) == [Write(slot=6, selectors=(bytes.fromhex("5920375c"),))]
    for benign in ("FeeFacet@1", "FeeFacet@2", "TreasuryFacet@1", "FeeFacet@4", "OnceFacet"):
        assert low_writes(compiled(benign)) == []


def test_functions_without_an_artifact_are_found_with_their_arguments() -> None:
    found = selectors_in(compiled("OpenFacet"))
    assert found == {bytes.fromhex("c4d66de8"): "address"}
    assert selectors_in(b"") == {}


def test_pushed_words_are_those_of_the_namespace() -> None:
    assert 0x20B34E32BC82EA53C278E59387E1B223D559EC45034E49E1CA3981486B8BCE00 in pushed_words(compiled("FeeFacet@2"))


@pytest.mark.parametrize(
    ("code", "delegate"),
    [
        ("ef0100" + "11" * 20, b"\x11" * 20),
        ("ef0100" + "11" * 19, None),
        ("ef0100" + "11" * 21, None),
        ("ef0000" + "11" * 20, None),
        ("", None),
    ],
)
def test_an_account_that_delegates_is_told_by_its_code(code: str, delegate: bytes | None) -> None:
    """threat_41"""
    assert delegate_of(bytes.fromhex(code)) == delegate


def test_any_bytes_are_scanned_to_an_end() -> None:
    """Of a hostile facet, anything may be there."""
    chance = random.Random(41)
    likely = bytes.fromhex("5b5657603514545580819091011620525163ff")
    for size in (1, 22, 23, 24, 300, 24_576):
        for code in (chance.randbytes(size), bytes(chance.choices(likely, k=size))):
            offsets = [each.offset for each in reachable(code)]
            assert offsets == sorted(set(offsets))
            assert all(write.slot < 1 << 16 for write in low_writes(code))
            assert all(len(selector) == 4 for selector in selectors_in(code))
