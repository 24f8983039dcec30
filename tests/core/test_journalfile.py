"""An exported journal: any flipped byte is found, and with a head that was kept elsewhere any other journal is."""

import pytest

from governance.core.errors import Rejected
from governance.core.journal import Entry, append
from governance.core.journalfile import Head, broken, head_of, read, read_head, written
from governance.core.units import Bytes32, Moment


def journal(length: int, *, salt: str = "") -> list[Entry]:
    entries: list[Entry] = []
    for number in range(length):
        last = entries[-1] if entries else None
        subject = {"block": str(number), "words": f'ä, \\ and " {salt}'}
        entries.append(
            append(last, at=Moment(1000 + number), kind="sighted", proposal="0001-x", network="devnet", subject=subject)
        )
    return entries


def found(text: str, *kept: Head) -> list[str]:
    """Rules that speak of an export."""
    try:
        return [finding.rule for finding in broken(read(text), kept)]
    except Rejected as error:
        return [finding.rule for finding in error.findings] or ["rejected"]


def test_an_export_is_read_back_as_it_was() -> None:
    entries = journal(5)
    assert read(written(entries)) == entries
    assert (found(written(entries), *[Head(sequence=e.sequence, hash=e.hash) for e in entries]), read("")) == ([], [])
    assert (head_of([]), str(head_of(entries))) == (None, f"4:0x{entries[-1].hash.hex()}")
    assert read_head(str(head_of(entries))) == head_of(entries)


def test_every_single_flipped_bit_is_found() -> None:
    """threat_60"""
    raw = written(journal(3)).encode()
    for at in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[at] ^= 1 << bit
            try:
                text = bytes(changed).decode()
            except UnicodeDecodeError:
                continue
            assert found(text), (at, bit)


def test_every_cut_is_found_with_a_head() -> None:
    """threat_60: the chain of hashes alone cannot tell that its end is gone."""
    entries = journal(4)
    text, head = written(entries), head_of(entries)
    assert head is not None
    for at in range(len(text)):
        assert found(text[:at], head), at
    assert found(written(entries[:3])) == []
    assert found(written(entries[:3]), head) == ["journal-cut"]


def test_a_journal_that_was_written_anew_is_found_with_a_head() -> None:
    head = head_of(journal(4))
    assert head is not None
    anew = written(journal(6, salt="other"))
    assert (found(anew), found(anew, head)) == ([], ["journal-rewritten"])


def test_notes_in_another_order_doubled_or_left_out_are_found() -> None:
    """threat_60"""
    one, two, three = journal(3)
    assert found(written([one, three])) == ["journal-gap"]
    assert "journal-gap" in found(written([one, three, two]))
    assert "journal-gap" in found(written([one, one, two]))
    assert found(written([two, three]))[0] == "journal-gap"


BAD = {
    "no JSON": "x\n",
    "a list": "[]\n",
    "an empty line": "\n",
    "another key": written(journal(1)).replace('"at"', '"to"'),
    "blanks": written(journal(1)).replace(":", ": ", 1),
    "deep": "[" * 100_000 + "\n",
    "a number for a text": written(journal(1)).replace('"sighted"', "1"),
    "true for a number": written(journal(1)).replace('"sequence":0', '"sequence":false'),
    "too long": written(journal(1)).replace("sighted", "s" * (1 << 20)),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_is_no_note_is_told_by_its_line(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        read(text)
    (finding,) = caught.value.findings
    assert (finding.rule, "line 1" in finding.message) == ("journal-unreadable", True)


@pytest.mark.parametrize(
    "text", ["", "x", "1", "1:", "1:0x12", "-1:0x" + "11" * 32, "٣:0x" + "11" * 32, "1" * 30 + ":0x"]
)
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        read_head(text)
    assert read_head("7:0x" + "11" * 32) == Head(sequence=7, hash=Bytes32(b"\x11" * 32))
