"""Located trees: places, paths, canonical bytes."""

import json

import pytest

from governance.adapters.files import parse
from governance.core.keccak import keccak
from governance.core.tree import Loc, canonical, child, digest, dotted, key_place, locate, plain, undotted

TEXT = """\
title: Swap
changes:
  - replace: A@1
    selectors: ["a()", "b()"]
  - {add: B@1}
"""
TREE = parse(TEXT, "f")


def at(place: object) -> str:
    return str(place).removeprefix("f:")


@pytest.mark.parametrize(
    ("loc", "value", "key"),
    [
        ((), "1:1", "1:1"),
        (("title",), "1:8", "1:1"),
        (("changes",), "3:3", "2:1"),
        (("changes", 0), "3:5", "3:5"),
        (("changes", 0, "selectors"), "4:16", "4:5"),
        (("changes", 0, "selectors", 1), "4:24", "4:24"),
        (("changes", 1, "add"), "5:11", "5:6"),
        (("changes", 2), "3:3", "3:3"),
        (("changes", -1), "3:3", "3:3"),
        (("changes", "x"), "3:3", "3:3"),
        (("title", "x"), "1:8", "1:8"),
        (("missing",), "1:1", "1:1"),
        (("missing", "deeper", 3), "1:1", "1:1"),
        (("changes", 7, "selectors"), "3:3", "3:3"),
    ],
)
def test_a_path_leads_to_its_place_or_to_the_deepest_part_that_exists(loc: Loc, value: str, key: str):
    assert (at(locate(TREE, loc)), at(key_place(TREE, loc))) == (value, key)


def test_a_child_is_found_by_key_or_index_and_not_otherwise():
    changes = child(TREE, "changes")
    assert changes is not None
    assert child(changes, 1) is not None
    assert [child(changes, 2), child(changes, -1), child(changes, "0"), child(TREE, 0)] == [None] * 4


@pytest.mark.parametrize(
    ("loc", "text"),
    [
        ((), ""),
        (("title",), "title"),
        (("changes", 1, "selectors", 0), "changes[1].selectors[0]"),
        (("args", 0, 1, 2), "args[0][1][2]"),
    ],
)
def test_a_path_is_written_with_dots_and_brackets_and_read_back(loc: Loc, text: str):
    assert dotted(loc) == text
    assert undotted(text) == loc


def test_the_canonical_bytes_are_sorted_json_of_texts():
    tree = parse('b: 1.0\na: ["\\u00fc/", {z: "", y: "\\"q\\"\\n"}]\n', "f")
    assert canonical(tree) == '{"a":["ü/",{"y":"\\"q\\"\\n","z":""}],"b":"1.0"}'.encode()
    assert plain(tree) == json.loads(canonical(tree))


def test_keys_sort_by_utf_16_code_units_as_rfc_8785_says():
    names = ["1", "ö", "€", "😀"]
    tree = parse("".join(f"{name}: x\n" for name in reversed(names)), "f")
    assert list(json.loads(canonical(tree))) == names


def test_the_digest_is_keccak_of_the_canonical_bytes():
    tree = parse("a: x\n", "f")
    assert digest(tree) == keccak(b'{"a":"x"}')
    assert digest(tree).hex() == "2ce354f76d24c1a337dcafae9ed947a8c36ac88a76b7c68cab6c22d6d08fe120"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a: x", "a: X"),
        ("a: x", "a: [x]"),
        ("a: 1", "a: 1.0"),
        ("a: 'true'", "a: yes"),
        ("a: [x, y]", "a: [y, x]"),
        ("a: ''", "a: []"),
        ("a: {}", "a: []"),
        ("a: {b: c}", "a: b"),
        ("a: 'x '", "a: x"),
    ],
)
def test_what_differs_in_content_differs_in_digest(one: str, other: str):
    assert digest(parse(one, "f")) != digest(parse(other, "f"))
