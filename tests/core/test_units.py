"""Units: one spelling each, the rest refused in a sentence."""

import pytest
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from governance.core.errors import Rejected
from governance.core.units import (
    EMPTY_CODE_HASH,
    LONGEST,
    ZERO_ADDRESS,
    Duration,
    Moment,
    address,
    address_bytes,
    checksummed,
    hex_bytes,
    selector_bytes,
    shown,
    to_hex,
    unsigned,
    word,
)

PROPER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
"""From EIP-55."""


@given(st.binary(min_size=20, max_size=20))
def test_checksums_are_those_of_eip_55(raw: bytes) -> None:
    assert checksummed(raw) == to_checksum_address(raw)
    assert address_bytes(checksummed(raw)) == raw
    assert address(checksummed(raw)) == checksummed(raw)


@pytest.mark.parametrize("size", [0, 19, 21, 32])
def test_an_address_of_another_length_does_not_come_to_be(size: int) -> None:
    with pytest.raises(ValueError, match=f"20 bytes, not {size}"):
        checksummed(bytes(size))


BAD_ADDRESSES = {
    "small letters": PROPER.lower(),
    "capital letters": "0x" + PROPER[2:].upper(),
    "one letter's case": PROPER.replace("aA", "AA"),
    "41 digits": PROPER + "0",
    "39 digits": PROPER[:-1],
    "no prefix": PROPER[2:],
    "a capital prefix": "0X" + PROPER[2:],
    "a blank before": " " + PROPER,
    "a line end after": PROPER + "\n",
    "a name": "vitalik.eth",
    "full-width digits": PROPER.replace("0", "\N{FULLWIDTH DIGIT ZERO}"),
    "nothing": "",
}


@pytest.mark.parametrize("text", BAD_ADDRESSES.values(), ids=BAD_ADDRESSES.keys())
def test_an_address_without_its_checksum_is_refused(text: str) -> None:
    """threat_54"""
    with pytest.raises(Rejected) as caught:
        address(text)
    assert "\n" not in str(caught.value)
    assert caught.value.hint()


def test_the_hint_writes_the_checksum() -> None:
    with pytest.raises(Rejected) as caught:
        address(PROPER.lower())
    assert PROPER in caught.value.hint()
    assert address("0x" + "0" * 40) == ZERO_ADDRESS


@given(st.binary(max_size=100))
def test_hex_is_read_as_it_is_written(raw: bytes) -> None:
    assert hex_bytes(to_hex(raw)) == raw
    assert hex_bytes("0x" + raw.hex().upper()) == raw


@pytest.mark.parametrize("text", ["", "0x1", "00", "0X00", "0xzz", "0x00 ", " 0x00", "0x0_0", "0x00\n", "-0x00"])
def test_what_is_not_hex_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="is not hex data"):
        hex_bytes(text)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_word_has_32_bytes(size: int) -> None:
    with pytest.raises(Rejected, match=f"has {size} bytes where 32 are wanted"):
        word(to_hex(bytes(size)))
    assert word(to_hex(bytes(range(32)))) == bytes(range(32))


@pytest.mark.parametrize("size", [0, 3, 5, 32])
def test_a_selector_has_4_bytes(size: int) -> None:
    with pytest.raises(Rejected, match=f"has {size} bytes where a selector has 4"):
        selector_bytes(to_hex(bytes(size)))
    assert selector_bytes("0x69fe0e2d") == bytes.fromhex("69fe0e2d")


@given(st.integers(0, 2**256 - 1))
def test_decimals_are_read_as_they_are_written(number: int) -> None:
    assert unsigned(str(number)) == number


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "01", "1_000", "1e3", "0x10", " 1", "1\n", "1.0", "٣", str(2**256), "9" * 79, "1" * 5000],
    ids=lambda text: repr(text[:12]),
)
def test_what_is_not_a_decimal_is_refused(text: str) -> None:
    """threat_48"""
    with pytest.raises(Rejected, match="is not a decimal number that fits 256 bits"):
        unsigned(text)


@pytest.mark.parametrize("bits", [8, 64, 128])
def test_a_decimal_fits_its_bits(bits: int) -> None:
    assert unsigned(str(2**bits - 1), bits) == 2**bits - 1
    with pytest.raises(Rejected, match=f"fits {bits} bits"):
        unsigned(str(2**bits), bits)


DURATIONS = [("0 s", 0), ("1s", 1), ("90 min", 5400), ("48 h", 172_800), ("48h", 172_800), ("14 d", 1_209_600)]


@pytest.mark.parametrize(("text", "seconds"), DURATIONS)
def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert Duration.parse(text) == Duration(seconds)


@pytest.mark.parametrize("text", ["", "1", "s", "01 s", "1  s", "-1 s", "1.5 h", "1 w", "1 H", "1 h ", "1 h\n", "٣ h"])
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="is not a duration"):
        Duration.parse(text)


def test_a_duration_ends_before_calendars_do() -> None:
    assert Duration.parse("36525 d").seconds == LONGEST
    for text in ("36526 d", f"{LONGEST + 1} s", "9999999999 d"):
        with pytest.raises(Rejected, match="longer than a hundred years"):
            Duration.parse(text)
    with pytest.raises(Rejected, match="is not a duration"):
        Duration.parse("9" * 5000 + " d")


@given(st.integers(0, LONGEST))
def test_a_duration_reads_back_what_it_says(seconds: int) -> None:
    assert Duration.parse(str(Duration(seconds))) == Duration(seconds)


SAID = [(0, "0 s"), (1, "1 s"), (60, "1 min"), (3600, "1 h"), (86_400, "24 h"), (172_800, "48 h"), (259_200, "3 d")]


@pytest.mark.parametrize(("seconds", "text"), SAID)
def test_a_duration_says_itself_as_people_do(seconds: int, text: str) -> None:
    assert str(Duration(seconds)) == text


def test_a_duration_is_never_negative_and_adds_up() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Duration(-1)
    assert Duration(1) + Duration(2) == Duration(3)
    assert Duration(1) < Duration(2)


MOMENTS = [
    ("1970-01-01T00:00:00Z", 0),
    ("2026-12-31T00:00:00Z", 1_798_675_200),
    ("2026-12-31", 1_798_675_200),
    ("2024-02-29T23:59:59Z", 1_709_251_199),
]


@pytest.mark.parametrize(("text", "seconds"), MOMENTS)
def test_a_moment_is_read(text: str, seconds: int) -> None:
    assert Moment.parse(text) == Moment(seconds)


BAD_MOMENTS = ["", "2026-13-01", "2026-02-30", "2026-12-31 00:00:00", "2026-12-31T00:00:00", "2026-12-31T24:00:00Z"]


@pytest.mark.parametrize("text", [*BAD_MOMENTS, "2026-12-31T00:00:00+02:00", "now", "1798675200"])
def test_what_is_not_a_moment_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="is not a moment"):
        Moment.parse(text)


@given(st.integers(0, 253_402_300_799))
def test_a_moment_reads_back_what_it_says(seconds: int) -> None:
    assert Moment.parse(str(Moment(seconds))) == Moment(seconds)


def test_moments_and_durations_meet() -> None:
    assert Moment(10) + Duration(5) == Moment(15)
    assert Moment(10).until(Moment(15)) == Duration(5)
    assert Moment(15).until(Moment(10)) == Duration(0)


def test_untrusted_text_is_short_printable_and_on_one_line() -> None:
    """threat_55"""
    assert shown("a\x1b[31m\n\u202eb") == "a\N{REPLACEMENT CHARACTER}[31m" + "\N{REPLACEMENT CHARACTER}" * 2 + "b"
    assert shown("x" * 80) == "x" * 80
    assert shown("x" * 81) == "x" * 77 + "…"


def test_the_hash_of_no_code_is_the_published_one() -> None:
    assert EMPTY_CODE_HASH.hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
