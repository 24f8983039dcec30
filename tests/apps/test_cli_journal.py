"""`gov journal`: what an auditor does with the notes, offline."""

import sqlite3
from collections.abc import Callable

import pytest

from tests.apps.conftest import Gov

pytestmark = pytest.mark.node

At = Callable[[str], Gov]


def test_a_journal_is_proven_where_it_is_and_where_it_was_carried_to(at: At) -> None:
    """threat_60"""
    gov = at("signed")
    gov.act("queue")
    head = gov.done("journal", "head").out.strip()
    export = gov.root / "journal.jsonl"
    gov.done("journal", "export", str(export))
    assert gov("journal", "export", str(export)).code == 1
    for words in ((), (str(export),)):
        assert head in gov.done("journal", "verify", *words, "--head", head).out
    export.write_text(export.read_text().replace('"kind":"signed"', '"kind":"shown"', 1))
    ended = gov("journal", "verify", str(export), "--json")
    assert ended.code == 1
    assert [each["rule"] for each in ended.document["findings"]] == ["journal-changed"]


def test_a_database_that_was_cut_or_changed_is_told_from_its_head(at: At) -> None:
    """threat_60: as of an old backup, or by somebody who can write SQL."""
    gov = at("signed")
    gov.act("queue")
    head = gov.done("journal", "head").out.strip()
    with sqlite3.connect(gov.root / ".gov/journal.sqlite3") as rows:
        rows.execute("DELETE FROM journal_entry WHERE sequence = (SELECT max(sequence) FROM journal_entry)")
    gov.done("journal", "verify")
    cut = gov("journal", "verify", "--head", head)
    assert (cut.code, "journal-cut" in cut.err) == (1, True)
    with sqlite3.connect(gov.root / ".gov/journal.sqlite3") as rows:
        rows.execute("UPDATE journal_entry SET network = 'elsewhere' WHERE sequence = 0")
    changed = gov("journal", "verify")
    assert (changed.code, "journal-changed" in changed.err) == (1, True)
    assert gov("journal", "verify", "--head", "nonsense").code == 2
