"""The journal in a database: SQLite in WAL mode by default, PostgreSQL by URL.

Writers exclude one another, so that two processes make one chain of notes. Writes are on disk when a method returns. A
missing database is made, for its owner only; an unreachable or damaged one is an error, never an empty journal. Errors
never carry the URL's password. No connection outlives a method, so nothing is shared with a forked process.
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.core.errors import Finding, Refused, Rejected, Unreachable
from governance.core.journal import Entry, Intent, append, verify
from governance.core.keccak import keccak
from governance.core.units import Address, Moment, address, hex_bytes, shown, to_hex, word

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlmodel import Session

BUSY_TIMEOUT = 30
"""Seconds a writer waits for another."""
_LOCK = 0x676F76
"""Key of the advisory lock that serialises writers on PostgreSQL."""
_DRIVERS = frozenset({"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"})
_AWAY = "the chain is the truth: move the damaged journal away, and a new one is made"


class SqlJournal:
    """Notes and intents. Nothing is opened before the first method is called."""

    def __init__(self, url: str) -> None:
        self._text = url

    @cached_property
    def _url(self) -> "URL":
        return database(self._text)

    @property
    def shown(self) -> str:
        """The database without its user and password."""
        if _is_sqlite(self._url):
            return f"journal {self._url.database}"
        return f"journal {self._url.database} on {self._url.host or 'this machine'}"

    @cached_property
    def _engine(self) -> "Engine":
        from sqlalchemy import event
        from sqlalchemy.pool import NullPool
        from sqlmodel import create_engine

        with self._speaking():
            if _is_sqlite(self._url):
                _own_file(Path(str(self._url.database)))
                how: dict[str, Any] = {"timeout": BUSY_TIMEOUT, "isolation_level": None}
                engine = create_engine(self._url, poolclass=NullPool, connect_args=how)
                event.listen(engine, "connect", _make_durable)
            else:
                how = {"connect_timeout": BUSY_TIMEOUT}
                engine = create_engine(
                    self._url, poolclass=NullPool, isolation_level="READ COMMITTED", connect_args=how
                )
            _migrate(engine)
        return engine

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn the complaint of a database or a disk into a sentence of ours."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            message = f"the {self.shown} does not work: {self._reason(error)}"
            hint = f"is it there, whole, writable and not full? {_AWAY}"
            raise Unreachable(message, hint=hint) from None  # what was caught may carry the URL

    def _reason(self, error: Exception) -> str:
        """The database's own words in one line, without what the URL keeps secret."""
        if isinstance(error, OSError):
            return error.strerror or type(error).__name__
        words = str(getattr(error, "orig", None) or type(error).__name__)
        for secret in (self._url.password, *self._url.normalized_query.get("password", ())):
            words = words.replace(secret, "***") if secret else words
        return "".join(c for c in " ".join(words.split()) if c.isprintable())[:300]

    @contextmanager
    def _reading(self) -> Iterator["Session"]:
        from sqlmodel import Session

        with self._speaking(), Session(self._engine) as session:
            yield session

    @contextmanager
    def _writing(self) -> Iterator["Session"]:
        from sqlmodel import Session

        with self._speaking(), Session(self._engine) as session, session.begin():
            _exclude_writers(session.connection())
            yield session

    def append(self, kind: str, proposal: str, network: str, subject: Mapping[str, str], *, at: Moment) -> Entry:
        """Add a note to the chain."""
        with self._writing() as session:
            return self._append(session, kind, proposal, network, subject, at)

    def append_once(
        self, kind: str, proposal: str, network: str, subject: Mapping[str, str], *, at: Moment, key: str
    ) -> Entry | None:
        """Add a note unless one of its kind has the same value under `key`; None when there is one already."""
        from sqlmodel import select

        from governance.adapters.tables import EntryRow

        with self._writing() as session:
            query = select(EntryRow).where(
                EntryRow.kind == kind, EntryRow.proposal == proposal, EntryRow.network == network
            )
            for row in session.exec(query).all():
                if json.loads(row.subject).get(key) == subject[key]:
                    return None
            return self._append(session, kind, proposal, network, subject, at)

    @staticmethod
    def _append(
        session: "Session", kind: str, proposal: str, network: str, subject: Mapping[str, str], at: Moment
    ) -> Entry:
        from sqlmodel import desc, select

        from governance.adapters.tables import EntryRow

        last = session.exec(select(EntryRow).order_by(desc(EntryRow.sequence)).limit(1)).first()
        entry = append(
            None if last is None else _entry(last),
            at=at,
            kind=kind,
            proposal=proposal,
            network=network,
            subject=subject,
        )
        session.add(_entry_row(entry))
        return entry

    def entries(self, proposal: str | None = None) -> list[Entry]:
        """Notes in order: of one proposal, or all. Raises Refused with everything that breaks the chain of notes."""
        from sqlmodel import col, select

        from governance.adapters.tables import EntryRow

        with self._reading() as session:
            rows = session.exec(select(EntryRow).order_by(col(EntryRow.sequence))).all()
        entries, findings = [], []
        for row in rows:
            try:
                entries.append(_entry(row))
            except Rejected as error:
                findings.append(Finding(rule="journal-unreadable", message=error.message))
        findings += verify(entries)
        if findings:
            raise Refused(f"the {self.shown} was damaged or changed", hint=_AWAY, findings=tuple(findings))
        return [entry for entry in entries if proposal in (None, entry.proposal)]

    def record_intent(self, intent: Intent) -> None:
        """Keep a signed transaction; on disk when this returns. The same again changes nothing."""
        from governance.adapters.tables import IntentRow

        with self._writing() as session:
            if session.get(IntentRow, to_hex(intent.tx_hash)) is None:
                session.add(_intent_row(intent))

    def intents(self, purpose: str) -> list[Intent]:
        """Signed transactions for one act, by nonce. Raises Refused on one whose bytes are not what was signed."""
        from sqlmodel import col, select

        from governance.adapters.tables import IntentRow

        with self._reading() as session:
            query = select(IntentRow).where(IntentRow.purpose == purpose)
            rows = session.exec(query.order_by(col(IntentRow.nonce), col(IntentRow.block))).all()
        return self._whole(rows)

    def intents_at(self, chain_id: int, sender: Address, nonce: int) -> list[Intent]:
        """Signed transactions of one account at one nonce, for whatever act. Raises Refused as `intents` does."""
        from sqlmodel import col, select

        from governance.adapters.tables import IntentRow

        with self._reading() as session:
            query = select(IntentRow).where(
                IntentRow.chain_id == chain_id, IntentRow.sender == sender, IntentRow.nonce == nonce
            )
            rows = session.exec(query.order_by(col(IntentRow.block))).all()
        return self._whole(rows)

    def _whole(self, rows: Sequence[Any]) -> list[Intent]:
        try:
            return [_intent(row) for row in rows]
        except Rejected as error:
            raise Refused(f"the {self.shown} was damaged or changed: {error.message}", hint=_AWAY) from error


def database(text: str) -> "URL":
    """The database that a URL names. Raises Rejected on any other, without showing it: it may hold a password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None  # the error may carry the URL
    if url is None or url.drivername not in _DRIVERS or (_is_sqlite(url) and (url.query or not url.database)):
        raise Rejected(
            "the journal's URL names neither a SQLite file nor a PostgreSQL database",
            hint="sqlite:///path/to/journal.sqlite3, or postgresql+psycopg://user:password@host/database",
        )
    return url


def _is_sqlite(url: "URL") -> bool:
    return url.get_backend_name() == "sqlite"


def _own_file(path: Path) -> None:
    """Make the file, and its folder, if they are missing; refuse one that others may read, or that is a link."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink():
        raise Refused(f"the journal {path} is a symbolic link", hint="SQLite corrupts through links: name the file")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        mode = os.fstat(descriptor).st_mode
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(mode):
        raise Refused(f"the journal {path} is not a regular file")
    if mode & 0o077:
        raise Refused(f"the journal {path} is open to others (mode {stat.S_IMODE(mode):o})", hint=f"chmod 600 {path}")


def _make_durable(connection: Any, _: Any) -> None:
    """Write-ahead log and full sync: an intent must survive a power loss."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")


def _exclude_writers(connection: "Connection") -> None:
    """Wait for other writers and keep them out until the transaction ends."""
    from sqlalchemy import text

    if connection.dialect.name == "sqlite":
        connection.execute(text("BEGIN IMMEDIATE"))
        return
    connection.execute(text(f"SET LOCAL lock_timeout = '{BUSY_TIMEOUT}s'"))
    connection.execute(text("SET LOCAL synchronous_commit = on"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _migrate(engine: "Engine") -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "governance.adapters:migrations")
    with engine.begin() as connection:
        _exclude_writers(connection)
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise Refused("the journal was written by another version of gov", hint="install the newest") from error


def _entry(row: Any) -> Entry:
    """Raises Rejected on a row that no version of this file wrote."""
    try:
        entry = Entry(
            sequence=int(row.sequence),
            at=Moment(int(row.at)),
            kind=row.kind,
            proposal=row.proposal,
            network=row.network,
            subject=json.loads(row.subject),
            previous=word(row.previous),
            hash=word(row.hash),
        )
        entry.expected_hash()
    except (Rejected, ValueError, TypeError, RecursionError) as error:
        raise Rejected(f"note {shown(str(row.sequence))} cannot be read") from error
    return entry


def _entry_row(entry: Entry) -> Any:
    from governance.adapters.tables import EntryRow

    return EntryRow(
        sequence=entry.sequence,
        at=entry.at.seconds,
        kind=entry.kind,
        proposal=entry.proposal,
        network=entry.network,
        subject=json.dumps(dict(entry.subject), sort_keys=True),
        previous=to_hex(entry.previous),
        hash=to_hex(entry.hash),
    )


def _intent(row: Any) -> Intent:
    """Raises Rejected on a row that no version of this file wrote."""
    try:
        intent = Intent(
            purpose=row.purpose,
            network=row.network,
            chain_id=row.chain_id,
            sender=address(row.sender),
            nonce=row.nonce,
            raw=hex_bytes(row.raw),
            tx_hash=word(row.tx_hash),
            block=row.block,
        )
    except (Rejected, TypeError) as error:
        raise Rejected(f"transaction {shown(str(row.tx_hash))} cannot be read") from error
    if keccak(intent.raw) != intent.tx_hash:
        raise Rejected(f"transaction {to_hex(intent.tx_hash)} has other bytes than were signed")
    return intent


def _intent_row(intent: Intent) -> Any:
    from governance.adapters.tables import IntentRow

    return IntentRow(
        tx_hash=to_hex(intent.tx_hash),
        purpose=intent.purpose,
        network=intent.network,
        chain_id=intent.chain_id,
        sender=intent.sender,
        nonce=intent.nonce,
        raw=to_hex(intent.raw),
        block=intent.block,
    )
