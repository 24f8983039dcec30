"""Texts in numbered parts for QR codes: whole, or told what is missing."""

import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.errors import Rejected
from governance.core.frames import MAX_TEXT, ROOM, framed, is_framed, unframed

TEXT = "".join(f"{n * n * 7919:x}" for n in range(400))
PARTS = framed(TEXT)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=3000), st.randoms())
def test_parts_in_any_order_and_several_times_give_the_text(text: str, random) -> None:  # type: ignore[no-untyped-def]
    parts = [*framed(text), *framed(text)]
    random.shuffle(parts)
    assert unframed(parts) == text


def test_parts_fit_a_code_of_the_alphanumeric_mode() -> None:
    import segno

    assert len(PARTS) > 2
    for part in PARTS:
        assert re.fullmatch(r"[0-9A-Z $%*+\-./:]+", part)
        assert len(part) <= ROOM + 24
        code = segno.make_qr(part, error="m", boost_error=False)
        assert code.mode == "alphanumeric"
        assert int(code.version) <= 13
    assert is_framed("\n" + PARTS[0])
    assert not is_framed('{"schema": 1}')


def changed(part: str, at: int, to: str) -> str:
    pieces = part.split("/")
    pieces[at] = to
    return "/".join(pieces)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (PARTS[1:], "part 1 of"),
        ((*PARTS, "nonsense"), "is no part"),
        ((*PARTS, changed(PARTS[0], 4, "AAAA")), "does not belong"),
        ((*PARTS, *framed("another text")), "parts of 2 texts"),
        ((changed(PARTS[0], 1, "9"), *PARTS[1:]), "does not belong"),
    ],
    ids=["one is missing", "no part", "another piece", "another text's", "beyond the count"],
)
def test_parts_that_do_not_make_a_text_are_refused_with_every_reason(parts: tuple[str, ...], said: str) -> None:
    with pytest.raises(Rejected, match="do not make a text") as caught:
        unframed(parts)
    assert any(said in finding.message for finding in caught.value.findings), caught.value.findings


@pytest.mark.parametrize(
    "part",
    ["GOV1/1/1/00000000/A", "GOV1/1/1/00000000/AAAAAAAA", changed(framed("a text")[0], 3, "00000000")],
    ids=["no base32", "nothing compressed", "another checksum"],
)
def test_damaged_parts_are_refused(part: str) -> None:
    with pytest.raises(Rejected, match="damaged"):
        unframed([part])


def test_nothing_is_unpacked_without_end() -> None:
    import base64

    bomb = base64.b32encode(zlib.compress(b"0" * (MAX_TEXT * 4), 9)).decode().rstrip("=")
    with pytest.raises(Rejected, match="damaged"):
        unframed([f"GOV1/1/1/00000000/{bomb[:4096]}"])


def test_what_is_too_long_for_a_screen_is_refused() -> None:
    with pytest.raises(Rejected, match="QR codes"):
        framed("0" * (MAX_TEXT + 1))


def test_no_parts_are_no_text() -> None:
    with pytest.raises(Rejected, match="do not make a text"):
        unframed([])
