"""Layouts that solc wrote, compared: what moves, changes or goes is told by name and place, what is appended is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from governance.core.errors import Rejected
from governance.core.storagelayout import Difference, Layout, differences, location, read_layout

ROOT = Path(__file__).parents[2]
WORD = {"encoding": "inplace", "label": "uint256", "numberOfBytes": "32"}
TYPES: dict[str, Any] = {
    "word": WORD,
    "int": {**WORD, "label": "int256"},
    "flag": {"encoding": "inplace", "label": "bool", "numberOfBytes": "1"},
    "address": {"encoding": "inplace", "label": "address", "numberOfBytes": "20"},
    "payable": {"encoding": "inplace", "label": "address payable", "numberOfBytes": "20"},
    "token": {"encoding": "inplace", "label": "contract IERC20", "numberOfBytes": "20"},
    "gap50": {"encoding": "inplace", "label": "uint256[50]", "numberOfBytes": "1600", "base": "word"},
    "gap49": {"encoding": "inplace", "label": "uint256[49]", "numberOfBytes": "1568", "base": "word"},
    "words": {"encoding": "dynamic_array", "label": "uint256[]", "numberOfBytes": "32", "base": "word"},
    "flags": {"encoding": "dynamic_array", "label": "bool[]", "numberOfBytes": "32", "base": "flag"},
    "text": {"encoding": "bytes", "label": "string", "numberOfBytes": "32"},
    "bytes": {"encoding": "bytes", "label": "bytes", "numberOfBytes": "32"},
}


def a_struct(*members: tuple[str, int, int, str], words: int) -> dict[str, Any]:
    fields = [{"label": label, "slot": str(slot), "offset": offset, "type": t} for label, slot, offset, t in members]
    return {"encoding": "inplace", "label": "struct S", "numberOfBytes": str(32 * words), "members": fields}


ONE = a_struct(("a", 0, 0, "word"), words=1)
LONGER = a_struct(("a", 0, 0, "word"), ("b", 1, 0, "flag"), words=2)
OTHER = a_struct(("a", 0, 0, "int"), words=1)


def layout(*fields: tuple[str, int, int, str], struct: dict[str, Any] = ONE) -> Layout:
    types = {
        **TYPES,
        "S": struct,
        "of S": {"encoding": "mapping", "label": "mapping", "numberOfBytes": "32", "key": "address", "value": "S"},
        "by flag": {"encoding": "mapping", "label": "mapping", "numberOfBytes": "32", "key": "flag", "value": "S"},
        "Ss": {"encoding": "dynamic_array", "label": "S[]", "numberOfBytes": "32", "base": "S"},
        "SS": {**a_struct(words=1), "label": "S[2]", "numberOfBytes": str(2 * int(struct["numberOfBytes"])), "base": "S"},
    }  # fmt: skip
    listed = [{"label": label, "slot": str(slot), "offset": offset, "type": t} for label, slot, offset, t in fields]
    return read_layout({"storage": listed, "types": types})


A, B = ("a", 0, 0, "word"), ("b", 1, 0, "address")
FINE: dict[str, tuple[Layout, Layout]] = {
    "nothing changes": (layout(A, B), layout(A, B)),
    "a field is appended": (layout(A, B), layout(A, B, ("c", 2, 0, "word"))),
    "a field is appended beside the last": (layout(A, B), layout(A, B, ("c", 1, 20, "flag"))),
    "the gap gives room": (
        layout(A, ("__gap", 1, 0, "gap50"), ("z", 51, 0, "word")),
        layout(A, ("b", 1, 0, "word"), ("__gap", 2, 0, "gap49"), ("z", 51, 0, "word")),
    ),
    "an address becomes payable, or that of a contract": (
        layout(("a", 0, 0, "address"), ("b", 1, 0, "address")),
        layout(("a", 0, 0, "payable"), ("b", 1, 0, "token")),
    ),
    "a struct at the end grows": (layout(("s", 0, 0, "S")), layout(("s", 0, 0, "S"), struct=LONGER)),
    "a struct behind a mapping grows": (layout(("m", 0, 0, "of S")), layout(("m", 0, 0, "of S"), struct=LONGER)),
    "nothing was there": (layout(), layout(A)),
}
BAD: dict[str, tuple[Layout, Layout, list[tuple[str, int, int, str]]]] = {
    "a field is put before": (
        layout(A, B),
        layout(("n", 0, 0, "word"), ("a", 1, 0, "word"), ("b", 2, 0, "address")),
        [("a", 0, 0, "moves to slot 1, offset 0"), ("b", 1, 0, "moves to slot 2, offset 0")],
    ),
    "two of one type change places": (
        layout(A, ("b", 1, 0, "word")),
        layout(("b", 0, 0, "word"), ("a", 1, 0, "word")),
        [("a", 0, 0, "moves to slot 1, offset 0"), ("b", 1, 0, "moves to slot 0, offset 0")],
    ),
    "a field is packed elsewhere in its slot": (
        layout(("f", 0, 0, "flag"), ("g", 0, 1, "flag")),
        layout(("n", 0, 0, "flag"), ("f", 0, 1, "flag"), ("g", 0, 2, "flag")),
        [("f", 0, 0, "moves to slot 0, offset 1"), ("g", 0, 1, "moves to slot 0, offset 2")],
    ),
    "a field changes its type": (
        layout(A),
        layout(("a", 0, 0, "int")),
        [("a", 0, 0, "was uint256 and becomes int256")],
    ),
    "a word becomes an address": (
        layout(A),
        layout(("a", 0, 0, "address")),
        [("a", 0, 0, "was uint256 and becomes address")],
    ),
    "text becomes bytes": (
        layout(("a", 0, 0, "text")),
        layout(("a", 0, 0, "bytes")),
        [("a", 0, 0, "was string and becomes bytes")],
    ),
    "a field is gone": (layout(A, B), layout(A), [("b", 1, 0, "is gone")]),
    "a field has another name": (
        layout(A),
        layout(("fee", 0, 0, "word")),
        [("a", 0, 0, "is gone: `fee` takes its place")],
    ),
    "a field becomes a gap": (
        layout(A),
        layout(("__gap", 0, 0, "gap50")),
        [("a", 0, 0, "is gone: `__gap` takes its place")],
    ),
    "a gap that does not shrink": (
        layout(A, ("__gap", 1, 0, "gap50"), ("z", 51, 0, "word")),
        layout(A, ("b", 1, 0, "word"), ("__gap", 2, 0, "gap50"), ("z", 52, 0, "word")),
        [("z", 51, 0, "moves to slot 52, offset 0")],
    ),
    "a struct before others grows": (
        layout(("s", 0, 0, "S"), ("z", 1, 0, "word")),
        layout(("s", 0, 0, "S"), ("z", 2, 0, "word"), struct=LONGER),
        [("z", 1, 0, "moves to slot 2, offset 0")],
    ),
    "a struct's field changes its type": (
        layout(A, ("s", 1, 0, "S")),
        layout(A, ("s", 1, 0, "S"), struct=OTHER),
        [("s.a", 1, 0, "was uint256 and becomes int256")],
    ),
    "a struct's field changes its type behind a mapping": (
        layout(("m", 0, 0, "of S")),
        layout(("m", 0, 0, "of S"), struct=OTHER),
        [("m[].a", 0, 0, "was uint256 and becomes int256")],
    ),
    "a mapping has another key": (
        layout(("m", 0, 0, "of S")),
        layout(("m", 0, 0, "by flag")),
        [("m[]", 0, 0, "was address and becomes bool")],
    ),
    "a struct in a list grows": (
        layout(("l", 0, 0, "Ss")),
        layout(("l", 0, 0, "Ss"), struct=LONGER),
        [("l", 0, 0, "was S[] of 32 bytes each and becomes S[] of 64 bytes each")],
    ),
    "a struct in a fixed list grows": (
        layout(("l", 0, 0, "SS")),
        layout(("l", 0, 0, "SS"), struct=LONGER),
        [("l", 0, 0, "was S[2] of 32 bytes each and becomes S[2] of 64 bytes each")],
    ),
    "a list of words becomes one of flags": (
        layout(("l", 0, 0, "words")),
        layout(("l", 0, 0, "flags")),
        [("l", 0, 0, "was uint256[] of 32 bytes each and becomes bool[] of 1 byte each")],
    ),
    "a list becomes a word": (
        layout(("l", 0, 0, "words")),
        layout(("l", 0, 0, "word")),
        [("l", 0, 0, "was uint256[] of 32 bytes each and becomes uint256")],
    ),
    "a word becomes a struct": (
        layout(A),
        layout(("a", 0, 0, "S")),
        [("a", 0, 0, "was uint256 and becomes struct S")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_what_old_values_do_not_notice_is_fine(name: str) -> None:
    """threat_44"""
    assert differences(*FINE[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_what_old_values_would_be_taken_for_is_told_field_by_field(name: str) -> None:
    """threat_44"""
    old, new, expected = BAD[name]
    listed = [Difference(field=field, slot=slot, offset=offset, words=words) for field, slot, offset, words in expected]
    assert differences(old, new) == listed


def test_a_struct_that_holds_itself_is_compared_to_an_end() -> None:
    """threat_44"""

    def tree(label: str) -> Layout:
        members = (("leaf", 0, 0, label), ("branches", 1, 0, "of S"))
        return layout(("root", 0, 0, "S"), struct=a_struct(*members, words=2))

    assert differences(tree("word"), tree("word")) == []
    assert [each.field for each in differences(tree("word"), tree("int"))] == ["root.leaf"]


@pytest.mark.parametrize(
    ("namespace", "where"),
    [
        ("example.main", 0x183A6125C38840424C4A85FA12BAB2AB606C4B6D0E7CC73C0C06BA5300EAB500),
        ("openzeppelin.storage.Ownable", 0x9016D09D72D40FDAE2FD8CEAC6B6234C7706214FD39C1CD1E609A0528C199300),
        ("openzeppelin.storage.AccessControl", 0x02DD7BC7DEC4DCEEDDA775E58DD541E08A116C6C53815C0BD028192F7B626800),
        ("gov.facet.fee", 0x20B34E32BC82EA53C278E59387E1B223D559EC45034E49E1CA3981486B8BCE00),
    ],
)
def test_a_namespace_is_where_erc_7201_and_openzeppelin_have_it(namespace: str, where: int) -> None:
    """threat_44"""
    assert location(namespace) == where


def test_the_words_of_a_layout_are_counted_to_the_end_of_its_last_field() -> None:
    assert layout().words() == 0
    assert layout(A, ("f", 1, 20, "flag")).words() == 2
    assert layout(("__gap", 0, 0, "gap50")).words() == 50


def test_what_solc_recorded_is_read() -> None:
    files = [*(ROOT / "governance/artifacts").glob("*.json"), *(ROOT / "tests/artifacts").glob("*.json")]
    for file in files:
        document = json.loads(file.read_text("utf-8"))
        for each in (document["storageLayout"], *document.get("namespaces", {}).values()):
            read = read_layout(each)
            assert differences(read, read) == []
            assert [field.label for field in read.fields] == [entry["label"] for entry in each["storage"]]


MALFORMED: dict[str, Any] = {
    "not an object": [],
    "without storage": {"types": {}},
    "without types": {"storage": []},
    "a slot that is no number": {"storage": [{"label": "a", "slot": "x", "offset": 0, "type": "t"}], "types": {}},
    "a type without its size": {"storage": [], "types": {"t": {"label": "t", "encoding": "inplace"}}},
    "a type that is text": {"storage": [], "types": {"t": "uint256"}},
    "types that are a list": {"storage": [], "types": ["t"]},
    "a type that is not there": {"storage": [{"label": "a", "slot": "0", "offset": 0, "type": "t"}], "types": {}},
    "a base that is not there": {"storage": [], "types": {"t": {**WORD, "base": "u"}}},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_layout_is_rejected(name: str) -> None:
    with pytest.raises(Rejected, match="a storage layout"):
        read_layout(MALFORMED[name])
