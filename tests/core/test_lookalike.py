"""Addresses that a reader takes for one another are told; those that only share zeros are not. threat_54."""

import pytest

from governance.adapters.files import parse
from governance.core.lookalike import lookalikes
from governance.core.units import Address

KNOWN = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
BODY = KNOWN[10:34]
OTHER = "0123456789abcdef0123456789abcdef"


def told(*written: str, known: Address = KNOWN) -> list[str]:
    tree = parse("a: [" + ", ".join(f"'{text}'" for text in written) + "]\n", "f")
    return [f"{f.place} {f.path} {f.message}" for f in lookalikes(tree, {known: "the council"})]


ALIKE = {
    "the first four bytes": ("0x70997970" + OTHER, "begins like the council"),
    "the last four bytes": ("0x" + OTHER + "17dc79C8", "ends like the council"),
    "both": ("0x70997970" + OTHER[:24] + "17dc79C8", "begins and ends like the council"),
    "in another case": ("0x70997970" + OTHER.upper(), "begins like the council"),
    "all but one digit": ("0x80997970" + KNOWN[10:], "ends like the council"),
}


@pytest.mark.parametrize("name", ALIKE)
def test_equal_ends_of_different_addresses_are_told(name: str):
    text, words = ALIKE[name]
    (found,) = told(text)
    assert found == f"f:1:5 a[0] {text} {words}, {KNOWN}, but is another address"


UNLIKE = {
    "itself": KNOWN,
    "itself in lower case": KNOWN.lower(),
    "three bytes at the front": "0x709979" + OTHER + "00",
    "three bytes at the end": "0x00" + OTHER + "dc79C8",
    "the middle": "0x00000001" + BODY + "00000001",
    "too short to be an address": "0x70997970",
    "longer data": "0x70997970" + OTHER * 2,
}


@pytest.mark.parametrize("name", UNLIKE)
def test_what_differs_where_people_look_is_not_told(name: str):
    assert told(UNLIKE[name]) == []


@pytest.mark.parametrize(
    ("one", "two", "alike"),
    [
        ("00000000000000000000000000000000000000" + "01", "00000000000000000000000000000000000000" + "02", False),
        ("00000000219ab540356cBB839Cbe05303d7705Fa", "0000000000000aDc0aB16c5D0000000000000001", False),
        ("00000000219ab540356cBB839Cbe05303d7705Fa", "00000000219ab540000000000000000000000001", True),
        ("00112233" + OTHER, "00112233" + OTHER[::-1], True),
    ],
)
def test_zeros_that_were_mined_are_no_beginning(one: str, two: str, alike: bool):
    assert bool(told(f"0x{one}", f"0x{two}")) is alike


def test_two_addresses_of_one_document_are_compared_and_each_is_told_of_the_first_it_imitates():
    first, second, third = (f"0x{head}{OTHER}" for head in ("aabbccdd", "11223344", "aabbccdd"))
    third = third[:-8] + "55555555"
    second = second[:-8] + "66666666"
    (found,) = told(first, second, third, third)
    assert found.endswith(f"{third} begins like `a[0]`, {first}, but is another address")


def test_deep_and_many_addresses_are_found_in_the_order_of_the_document():
    tree = parse(f"a: {{b: [{{c: '0x70997970{OTHER}'}}]}}\nd: '0x{OTHER}17dc79C8'\n", "f")
    assert [(str(f.place), f.path) for f in lookalikes(tree, {KNOWN: "x"})] == [("f:1:13", "a.b[0].c"), ("f:2:4", "d")]
