"""The chain of notes: what any change to it looks like."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.journal import Entry, append, verify
from governance.core.units import ZERO_WORD, Bytes32, Moment


def chain(length: int) -> list[Entry]:
    notes: list[Entry] = []
    for i in range(length):
        last = notes[-1] if notes else None
        subject = {"stage": "waiting", "block": str(i)}
        notes.append(append(last, at=Moment(i), kind="sighted", proposal="0007", network="devnet", subject=subject))
    return notes


def rules(notes: list[Entry]) -> list[str]:
    return [finding.rule for finding in verify(notes)]


def test_each_note_follows_the_one_before() -> None:
    notes = chain(4)
    assert [note.sequence for note in notes] == [0, 1, 2, 3]
    assert notes[0].previous == ZERO_WORD
    assert all(after.previous == before.hash for before, after in pairwise(notes))
    assert len({note.hash for note in notes}) == 4
    assert verify(notes) == []


def test_no_notes_are_a_whole_chain() -> None:
    assert verify([]) == []


def test_the_hash_of_a_note_never_changes() -> None:
    """Journals outlive versions: keccak256 of the canonical JSON, as an independent tool gives it."""
    from eth_utils.crypto import keccak

    text = (
        '{"at":7,"kind":"queued","network":"devnet","previous":"0x' + "00" * 32 + '","proposal":"0007","sequence":0,'
        '"subject":{"a":"\u20ac","tx_hash":"0x1"}}'
    )
    note = append(
        None,
        at=Moment(7),
        kind="queued",
        proposal="0007",
        network="devnet",
        subject={"tx_hash": "0x1", "a": "\u20ac"},
    )
    assert note.hash == keccak(text.encode())


def test_a_note_keeps_its_own_copy_of_its_subject() -> None:
    subject = {"block": "1"}
    note = append(None, at=Moment(0), kind="k", proposal="p", network="n", subject=subject)
    subject["block"] = "2"
    assert note.subject == {"block": "1"}


CHANGES: dict[str, Callable[[Entry], Entry]] = {
    "at": lambda note: replace(note, at=Moment(99)),
    "kind": lambda note: replace(note, kind="executed"),
    "proposal": lambda note: replace(note, proposal="0008"),
    "network": lambda note: replace(note, network="mainnet"),
    "subject": lambda note: replace(note, subject={**note.subject, "stage": "executed"}),
    "a lone surrogate": lambda note: replace(note, subject={"stage": "\ud800"}),
    "a number beyond JSON": lambda note: replace(note, at=Moment(1 << 60)),
    "hash": lambda note: replace(note, hash=Bytes32(b"\x01" * 32)),
}


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("where", [0, 1, 2])
def test_a_changed_note_is_found(what: str, where: int) -> None:
    """threat_60."""
    notes = chain(3)
    notes[where] = CHANGES[what](notes[where])
    assert f"note {where} was changed" in [finding.message for finding in verify(notes)]


def test_a_note_rewritten_with_its_hash_breaks_the_next() -> None:
    """threat_60."""
    notes = chain(3)
    lie = replace(notes[1], kind="executed")
    notes[1] = replace(lie, hash=lie.expected_hash())
    assert rules(notes) == ["journal-order"]


@given(st.integers(2, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 2))))
def test_a_missing_note_is_a_gap_unless_it_was_the_last(case: tuple[int, int]) -> None:
    """threat_60. Nothing inside can tell that the end was cut off."""
    length, missing = case
    notes = chain(length)
    assert rules(notes[:missing] + notes[missing + 1 :]) == ["journal-gap"]
    assert rules(notes[:-1]) == []


@given(st.permutations(range(5)))
def test_any_other_order_is_found(order: list[int]) -> None:
    """threat_60."""
    notes = chain(5)
    assert (rules([notes[i] for i in order]) == []) is (order == sorted(order))


def test_every_fault_is_told() -> None:
    notes = chain(5)
    notes[0] = replace(notes[0], kind="x")
    notes[4] = replace(notes[4], kind="y")
    del notes[2]
    assert rules(notes) == ["journal-changed", "journal-gap", "journal-changed"]
