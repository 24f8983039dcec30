"""The journal in a database: SQLite in WAL mode by default, PostgreSQL by URL.

Appends are serialised, so that two processes make one chain of notes. Writes are on disk when a method returns. A missing
database is made; an unreachable one is an error, never an empty journal. Errors never carry the URL's password.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.core.errors import Finding, Refused, Unreachable
from governance.core.journal import Entry, Intent, append, verify
from governance.core.units import Address, Bytes32, Moment, hex_bytes, to_hex, word

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

BUSY_TIMEOUT = 30
"""Seconds a writer waits for another."""
_LOCK = 0x676F76
"""Key of the advisory lock that serialises writers on PostgreSQL."""


class SqlJournal:
    """See `governance.ports.Journal`."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def shown(self) -> str:
        """The database without its password."""
        from sqlalchemy.engine import make_url

        return make_url(self._url).render_as_string(hide_password=True)

    @cached_property
    def _engine(self) -> "Engine":
        from sqlalchemy.engine import make_url
        from sqlmodel import create_engine

        url = make_url(self._url)
        if url.get_backend_name() == "sqlite":
            _refuse_link(url.database)
            engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT, "isolation_level": None})
            _prepare_sqlite(engine)
        else:
            engine = create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": BUSY_TIMEOUT})
        with self._speaking():
            _migrate(engine)
        return engine

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turn a database's complaint into a sentence of ours."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except SQLAlchemyError as error:
            reason = type(getattr(error, "orig", None) or error).__name__
            raise Unreachable(
                f"the journal {self.shown} does not work: {reason}", hint="is it there, writable and not full?"
            ) from None  # the original may carry the URL

    @contextmanager
    def _reading(self) -> Iterator["Session"]:
        from sqlmodel import Session

        with self._speaking(), Session(self._engine) as session:
            yield session

    @contextmanager
    def _writing(self) -> Iterator["Session"]:
        """A transaction that excludes other writers from its first statement on."""
        from sqlalchemy import text
        from sqlmodel import Session

        with self._speaking(), Session(self._engine) as session, session.begin():
            if self._engine.dialect.name == "postgresql":
                session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield session

    def append(self, kind: str, proposal: str, network: str, subject: Mapping[str, str], *, at: Moment) -> Entry:
        """Add a note to the chain."""
        from sqlmodel import desc, select

        from governance.adapters.tables import EntryRow

        with self._writing() as session:
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
        """Notes in order: of one proposal, or all."""
        from sqlmodel import col, select

        from governance.adapters.tables import EntryRow

        query = select(EntryRow).order_by(col(EntryRow.sequence))
        if proposal is not None:
            query = query.where(EntryRow.proposal == proposal)
        with self._reading() as session:
            return [_entry(row) for row in session.exec(query)]

    def verify(self) -> list[Finding]:
        """What breaks the chain of notes."""
        return verify(self.entries())

    def record_intent(self, intent: Intent) -> None:
        """Keep a signed transaction; on disk when this returns. The same again changes nothing."""
        from governance.adapters.tables import IntentRow

        with self._writing() as session:
            if session.get(IntentRow, to_hex(intent.tx_hash)) is None:
                session.add(_intent_row(intent))

    def intents(self, purpose: str) -> list[Intent]:
        """Signed transactions for one act, by nonce."""
        from sqlmodel import col, select

        from governance.adapters.tables import IntentRow

        with self._reading() as session:
            rows = session.exec(select(IntentRow).where(IntentRow.purpose == purpose).order_by(col(IntentRow.nonce)))
            return [_intent(row) for row in rows]

    def intents_of(self, sender: Address, chain_id: int) -> list[Intent]:
        """Signed transactions of one account on one chain, by nonce."""
        from sqlmodel import col, select

        from governance.adapters.tables import IntentRow

        query = select(IntentRow).where(IntentRow.sender == sender, IntentRow.chain_id == chain_id)
        with self._reading() as session:
            return [_intent(row) for row in session.exec(query.order_by(col(IntentRow.nonce)))]


def _refuse_link(database: str | None) -> None:
    if not database or database == ":memory:":
        raise Refused("the journal needs a file", hint="sqlite:///path/to/journal.sqlite3")
    if Path(database).is_symlink():
        raise Refused(f"the journal {Path(database).name} is a symbolic link", hint="SQLite corrupts through links")


def _prepare_sqlite(engine: "Engine") -> None:
    """WAL, full sync (an intent must survive a power loss), and transactions that begin as writers."""
    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _migrate(engine: "Engine") -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import text

    config = Config()
    config.set_main_option("script_location", "governance.adapters:migrations")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _entry(row: Any) -> Entry:
    return Entry(
        sequence=row.sequence,
        at=Moment(row.at),
        kind=row.kind,
        proposal=row.proposal,
        network=row.network,
        subject=json.loads(row.subject),
        previous=word(row.previous),
        hash=word(row.hash),
    )


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
    return Intent(
        purpose=row.purpose,
        network=row.network,
        chain_id=row.chain_id,
        sender=Address(row.sender),
        nonce=row.nonce,
        raw=hex_bytes(row.raw),
        tx_hash=Bytes32(word(row.tx_hash)),
    )


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
    )
