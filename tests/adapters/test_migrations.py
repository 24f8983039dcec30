"""The tables are made and moved on by themselves, all or nothing, and are what the rows say they are."""

import multiprocessing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlmodel import SQLModel

from governance.adapters import tables
from governance.adapters.journal import SqlJournal
from governance.core.errors import Refused, Unreachable
from governance.core.units import Moment


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    SqlJournal(database).entries()
    engine = create_engine(database)
    yield engine
    engine.dispose()


def config(connection: Connection) -> Config:
    made = Config()
    made.set_main_option("script_location", "governance.adapters:migrations")
    made.attributes["connection"] = connection
    return made


def test_a_migrated_database_is_what_the_rows_say(engine: Engine) -> None:
    assert tables.IntentRow.metadata is SQLModel.metadata
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
        assert set(inspect(connection).get_table_names()) == {"alembic_version", "intent", "journal_entry"}


def test_down_and_up_again_leads_to_the_same_tables(engine: Engine) -> None:
    with engine.begin() as connection:
        command.downgrade(config(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(config(connection), "head")
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []


def test_a_database_of_a_newer_version_is_left_alone(database: str) -> None:
    journal = SqlJournal(database)
    journal.append("sighted", "0007", "devnet", {}, at=Moment(1))
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match="written by another version of gov"):
        SqlJournal(database).append("sighted", "0007", "devnet", {}, at=Moment(1))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
    engine.dispose()
    assert len(SqlJournal(database).entries()) == 1


def test_tables_of_somebody_else_are_not_taken_over(database: str) -> None:
    """The migration fails as a whole: half of it would look like a journal."""
    if database.startswith("sqlite"):
        Path(database.removeprefix("sqlite:///")).touch(0o600)
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE intent (theirs INTEGER)"))
    with pytest.raises(Unreachable, match=r"intent\"? already exists"):
        SqlJournal(database).entries()
    with engine.connect() as connection:
        assert "journal_entry" not in inspect(connection).get_table_names()
        assert [column["name"] for column in inspect(connection).get_columns("intent")] == ["theirs"]
    engine.dispose()


def _open(url: str, gate: Any) -> None:
    gate.wait(30)
    SqlJournal(url).entries()


def test_of_processes_that_open_a_new_database_at_once_one_makes_the_tables(database: str) -> None:
    """threat_58."""
    spawn = multiprocessing.get_context("spawn")
    gate = spawn.Barrier(3)
    openers = [spawn.Process(target=_open, args=(database, gate)) for _ in range(3)]
    for opener in openers:
        opener.start()
    for opener in openers:
        opener.join(30)
    assert [opener.exitcode for opener in openers] == [0, 0, 0]
