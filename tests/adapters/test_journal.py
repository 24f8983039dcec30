"""The journal on a real SQLite file and a real PostgreSQL: what is kept, by whom, and what damage looks like."""

import multiprocessing
import os
import random
import resource
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from governance.adapters import journal as module
from governance.adapters.journal import SqlJournal
from governance.core.errors import GovError, Refused, Rejected, Unreachable
from governance.core.journal import Entry, Intent, verify
from governance.core.keccak import keccak
from governance.core.units import ZERO_ADDRESS, Bytes32, Moment, to_hex
from tests.adapters import databases

HOSTILE = ["'; DROP TABLE intent; --", '"', "\\", "%s %(x)s :x ?", "\u202e\u20ac\U0001f600", "${jndi}", "a\nb", ""]


def note(journal: SqlJournal, number: int = 0, proposal: str = "0007") -> Entry:
    return journal.append("sighted", proposal, "devnet", {"n": str(number)}, at=Moment(number))


def intent(number: int = 0, purpose: str = "queue 0007") -> Intent:
    raw = b"\x02" + number.to_bytes(32, "big")
    return Intent(
        purpose=purpose,
        network="devnet",
        chain_id=31337,
        sender=ZERO_ADDRESS,
        nonce=number,
        raw=raw,
        tx_hash=Bytes32(keccak(raw)),
    )


def run(url: str, statement: str, **values: Any) -> None:
    """Write behind the journal's back."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


def file_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return databases.sqlite(tmp_path)


# What is kept


def test_notes_are_one_chain_whoever_opens_it(database: str) -> None:
    assert SqlJournal(database).entries() == []
    written = [note(SqlJournal(database), n, proposal=f"000{n % 2}") for n in range(5)]
    assert SqlJournal(database).entries() == written
    assert verify(written) == []
    assert SqlJournal(database).entries("0001") == [written[1], written[3]]
    assert SqlJournal(database).entries("0009") == []


def test_text_comes_back_as_it_went_in(database: str) -> None:
    """threat_63."""
    journal = SqlJournal(database)
    for number, hostile in enumerate(HOSTILE):
        journal.append(hostile, hostile, hostile, {hostile: hostile, "nul": "\x00"}, at=Moment(1))
        journal.record_intent(replace(intent(number), purpose=hostile, network=hostile))
    for hostile in HOSTILE:
        (entry,) = journal.entries(hostile)
        assert (entry.kind, entry.network, entry.subject) == (hostile, hostile, {hostile: hostile, "nul": "\x00"})
        (kept,) = journal.intents(hostile)
        assert (kept.purpose, kept.network) == (hostile, hostile)


def test_intents_are_kept_once_and_given_by_nonce(database: str) -> None:
    journal = SqlJournal(database)
    for number in (7, 5, 7, 6):
        journal.record_intent(intent(number))
    journal.record_intent(intent(1, purpose="execute 0007"))
    assert SqlJournal(database).intents("queue 0007") == [intent(5), intent(6), intent(7)]
    assert SqlJournal(database).intents("execute 0007") == [intent(1, purpose="execute 0007")]
    assert SqlJournal(database).intents("cancel 0007") == []


def _write_many(url: str, who: int, gate: Any) -> None:
    gate.wait(30)
    journal = SqlJournal(url)
    for number in range(12):
        note(journal, number, proposal=f"by {who}")
        journal.record_intent(intent(100 * who + number))
        journal.record_intent(intent(999))


def test_processes_that_write_at_once_make_one_chain(database: str) -> None:
    """threat_58: they even race to make the tables."""
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(3)
    writers = [spawn.Process(target=_write_many, args=(database, who, gate)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    journal = SqlJournal(database)
    assert len(journal.entries()) == 36
    assert all([e.at for e in journal.entries(f"by {who}")] == [Moment(n) for n in range(12)] for who in range(3))
    assert len(journal.intents("queue 0007")) == 37


def test_a_forked_process_shares_no_connection(database: str) -> None:
    """threat_62."""
    journal = SqlJournal(database)
    note(journal, 0)
    child = multiprocessing.get_context("fork").Process(target=note, args=(journal, 1))
    child.start()
    note(journal, 2)
    child.join(30)
    assert child.exitcode == 0
    assert sorted(entry.at.seconds for entry in journal.entries()) == [0, 1, 2]


# Whom it belongs to


def test_the_file_and_its_folder_are_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "new" / "journal.sqlite3"
    before = os.umask(0)
    try:
        journal = SqlJournal(f"sqlite:///{file}")
        note(journal)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (file.parent, *file.parent.iterdir())}
    finally:
        os.umask(before)
    assert modes == {"new": 0o700, "journal.sqlite3": 0o600}


@pytest.mark.parametrize("mode", [0o640, 0o606, 0o660])
def test_a_file_that_is_open_to_others_is_refused(url: str, mode: int) -> None:
    note(SqlJournal(url))
    file_of(url).chmod(mode)
    with pytest.raises(Refused, match=f"open to others \\(mode {mode:o}\\)") as caught:
        SqlJournal(url).entries()
    assert caught.value.hint() == f"chmod 600 {file_of(url)}"


def test_links_and_what_is_no_file_are_refused(tmp_path: Path, url: str) -> None:
    """threat_62: a link would part the database from its write-ahead log."""
    note(SqlJournal(url))
    link, dangling, pipe = tmp_path / "link", tmp_path / "dangling", tmp_path / "pipe"
    link.symlink_to(file_of(url))
    dangling.symlink_to(tmp_path / "nowhere")
    os.mkfifo(pipe, 0o600)
    for path, said in ((link, "symbolic link"), (dangling, "symbolic link"), (pipe, "not a regular file")):
        with pytest.raises(Refused, match=said):
            SqlJournal(f"sqlite:///{path}").entries()
    with pytest.raises(Unreachable, match="Is a directory"):
        SqlJournal(f"sqlite:///{tmp_path}").entries()
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "journal.sqlite3",
        "sqlite://",
        "sqlite:///j.sqlite3?mode=memory",
        "mysql://u:s3cret@h/d",
        "postgresql+psycopg2://u:s3cret@h/d",
        "postgresql://u:s3cret@h:port/d",
    ],
)
def test_any_other_url_is_rejected_and_not_repeated(wrong: str) -> None:
    """threat_57."""
    with pytest.raises(Rejected, match="neither a SQLite file nor a PostgreSQL database") as caught:
        SqlJournal(wrong).entries()
    assert caught.value.__context__ is None or "s3cret" not in repr(caught.value.__context__)


# How it is kept


def test_sqlite_writes_ahead_and_syncs_fully(url: str) -> None:
    """threat_61."""
    journal = SqlJournal(url)
    with journal._engine.connect() as connection:
        asked = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")}
    assert asked == {"journal_mode": "wal", "synchronous": 2}


def test_a_writer_waits_for_another_and_then_says_so(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_58."""
    monkeypatch.setattr(module, "BUSY_TIMEOUT", 0.1)
    journal = SqlJournal(url)
    note(journal)
    with closing(sqlite3.connect(file_of(url), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unreachable, match="database is locked"):
            journal.record_intent(intent())
        assert len(journal.entries()) == 1, "whoever only reads does not wait"
        other.execute("ROLLBACK")
    journal.record_intent(intent())
    assert journal.intents("queue 0007") == [intent()]


@contextmanager
def no_room() -> Iterator[None]:
    """No file grows any more, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_on_a_full_disk_nothing_is_half_kept(url: str) -> None:
    """threat_59."""
    journal = SqlJournal(url)
    written = note(journal)
    for write in (lambda: note(journal, 1), lambda: journal.record_intent(intent())):
        with no_room(), pytest.raises(Unreachable, match="does not work") as caught:
            write()
        assert "not full" in caught.value.hint()
    assert journal.entries() == [written]
    assert journal.intents("queue 0007") == []
    assert note(journal, 1).sequence == 1


# What damage looks like


def damaged(url: str) -> list[str]:
    with pytest.raises(Refused, match="was damaged or changed") as caught:
        SqlJournal(url).entries("0007")
    assert "the chain is the truth" in caught.value.hint()
    return [finding.message for finding in caught.value.findings]


NOTES = "UPDATE journal_entry SET"
DAMAGE: dict[str, tuple[str, list[str]]] = {
    "a changed word": (f"{NOTES} kind = 'executed' WHERE sequence = 1", ["note 1 was changed"]),
    "a changed subject": (f"""{NOTES} subject = '{{"n": "2"}}' WHERE sequence = 1""", ["note 1 was changed"]),
    "a missing note": ("DELETE FROM journal_entry WHERE sequence = 1", ["note 1 is missing: 2 follows 0"]),
    "no first note": ("DELETE FROM journal_entry WHERE sequence = 0", ["note 0 is missing: 1 follows -1"]),
    "not hex": (f"{NOTES} previous = '0xzz' WHERE sequence = 2", ["note 2 cannot be read"]),
    "a short hash": (f"{NOTES} hash = '0x00' WHERE sequence = 2", ["note 2 cannot be read"]),
    "not JSON": (f"{NOTES} subject = '{{' WHERE sequence = 2", ["note 2 cannot be read"]),
    "a bomb of brackets": (
        f"{NOTES} subject = '{'[' * 5000}{']' * 5000}' WHERE sequence = 2",
        ["note 2 cannot be read"],
    ),
    "another type": (f"{NOTES} subject = '[1]' WHERE sequence = 2", ["note 2 cannot be read"]),
    "no canonical form": (f"{NOTES} at = {1 << 60} WHERE sequence = 2", ["note 2 cannot be read"]),
    "two faults": (
        f"{NOTES} previous = 'x' WHERE sequence <> 1",
        ["note 0 cannot be read", "note 2 cannot be read", "note 0 is missing: 1 follows -1"],
    ),
    "another order": (
        f"{NOTES} sequence = 9 - sequence",
        ["note 0 is missing: 7 follows -1", "note 7 was changed", "note 8 does not follow", "note 9 does not follow"],
    ),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_chain_is_told_and_never_believed(database: str, what: str) -> None:
    """threat_60."""
    statement, expected = DAMAGE[what]
    for number in range(3):
        note(SqlJournal(database), number)
    run(database, statement.replace(":", "\\:"))
    messages = damaged(database)
    for words in expected:
        assert any(words in message for message in messages), messages


@pytest.mark.parametrize("value", ["'many'", "x'ff00'"])
@pytest.mark.parametrize("column", ["sequence", "at", "kind", "subject", "previous"])
def test_sqlite_keeps_any_type_anywhere_and_none_is_believed(url: str, column: str, value: str) -> None:
    """threat_60."""
    for number in range(2):
        note(SqlJournal(url), number)
    run(url, f"{NOTES} {column} = {value} WHERE sequence = 1")
    assert damaged(url) != []


@pytest.mark.parametrize(
    ("column", "value"), [("raw", "0x02"), ("raw", "rubbish"), ("sender", "0x00"), ("tx_hash", "0x" + "11" * 32)]
)
def test_a_damaged_transaction_is_never_sent(database: str, column: str, value: str) -> None:
    """threat_60."""
    SqlJournal(database).record_intent(intent())
    run(database, f"UPDATE intent SET {column} = :value", value=value)
    with pytest.raises(Refused, match="damaged or changed: transaction 0x"):
        SqlJournal(database).intents("queue 0007")


def filled(url: str) -> tuple[list[Entry], list[Intent]]:
    journal = SqlJournal(url)
    for number in range(6):
        note(journal, number)
        journal.record_intent(intent(number))
    return journal.entries(), journal.intents("queue 0007")


def test_a_log_that_was_cut_recovers_to_what_was_kept_before(tmp_path: Path, url: str) -> None:
    """threat_60 threat_61: power fails in the middle of a write, at any byte."""
    with closing(sqlite3.connect(file_of(url))) as held:
        file_of(url).chmod(0o600)
        held.execute("PRAGMA journal_mode=WAL")
        held.execute("CREATE TABLE held (x)")  # an open connection keeps the log from being folded in
        notes, intents = filled(url)
        wal = Path(f"{file_of(url)}-wal").read_bytes()
        whole = file_of(url).read_bytes()
    assert len(wal) > 100_000
    dice, seen = random.Random(60), set()
    for i, length in enumerate([0, 31, len(wal) - 1, len(wal), *(dice.randrange(len(wal)) for _ in range(20))]):
        folder = tmp_path / f"cut{i}"
        folder.mkdir()
        copy = file_of(databases.sqlite(folder))
        copy.touch(0o600)
        copy.write_bytes(whole)
        Path(f"{copy}-wal").write_bytes(wal[:length])
        journal = SqlJournal(databases.sqlite(folder))
        recovered, kept = journal.entries(), journal.intents("queue 0007")
        assert recovered == notes[: len(recovered)]
        assert kept == intents[: len(kept)]
        assert len(recovered) - len(kept) in (0, 1), "they were written in turn"
        seen.add(len(recovered))
        assert note(journal).sequence == len(recovered)
    assert {0, 6} < seen


def test_a_flipped_bit_is_told_or_harmless(tmp_path: Path, url: str) -> None:
    """threat_60: whatever bit rots in the file, no wrong note or transaction is ever given, and nothing crashes."""
    notes, intents = filled(url)
    whole = file_of(url).read_bytes()
    dice, outcomes = random.Random(60), []
    places = [whole.rindex(b"sighted"), whole.rindex(to_hex(intents[-1].raw).encode()) + 9]
    for i, place in enumerate([*places, *(dice.randrange(len(whole)) for _ in range(40))]):
        rotten = bytearray(whole)
        rotten[place] ^= 1 << dice.randrange(7)
        copy = tmp_path / f"rot{i}.sqlite3"
        copy.touch(0o600)
        copy.write_bytes(rotten)
        journal = SqlJournal(f"sqlite:///{copy}")
        outcomes.append((_same(journal.entries, "0007", notes), _same(journal.intents, "queue 0007", intents)))
    assert outcomes[0][0] is False
    assert outcomes[1][1] is False
    assert (True, True) in outcomes


def _same(read: Callable[[str], list[Any]], given: str, before: list[Any]) -> bool:
    """True when all is as it was, False when the damage was told; anything else fails."""
    try:
        found = read(given)
    except GovError:
        return False
    assert all(one in before for one in found)
    return found == before


def test_a_file_that_is_no_database_is_told(url: str) -> None:
    file_of(url).touch(0o600)
    file_of(url).write_bytes(b"-----BEGIN PRIVATE KEY-----" * 99)
    with pytest.raises(Unreachable, match="file is not a database"):
        SqlJournal(url).entries()


def test_a_journal_that_vanished_is_an_error_and_not_an_empty_one(url: str) -> None:
    """threat_60."""
    journal = SqlJournal(url)
    note(journal)
    shutil.move(file_of(url), f"{file_of(url)}.moved")
    with pytest.raises(Unreachable, match="no such table"):
        journal.entries()


def test_nothing_is_opened_before_it_is_needed(tmp_path: Path) -> None:
    journal = SqlJournal(databases.sqlite(tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert journal.shown == f"journal {tmp_path}/journal.sqlite3"
