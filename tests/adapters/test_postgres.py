"""What only PostgreSQL can do to a journal: ask for passwords, be away, keep others waiting, be read-only."""

import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from governance.adapters import journal as module
from governance.adapters.journal import SqlJournal
from governance.core.errors import GovError, Unreachable
from governance.core.units import Moment
from tests.adapters.databases import PASSWORD, QUOTED, Postgres

WRONG = "wr0ng-secret"


def told(url: str) -> GovError:
    with pytest.raises(Unreachable) as caught:
        SqlJournal(url).entries()
    return caught.value


def everything(error: BaseException | None) -> str:
    """An error as a traceback and a log would show it, with all that hangs on it."""
    if error is None:
        return ""
    return "\n".join([repr(error), str(error), everything(error.__cause__), everything(error.__context__)])


def test_a_wrong_password_is_told_without_it(postgres: Postgres) -> None:
    """threat_57."""
    error = told(postgres.url(password=WRONG))
    assert "password authentication failed" in error.message
    assert WRONG not in everything(error) + error.hint()


@pytest.mark.parametrize("where", ["gov:gov@/postgres?", "gov@/postgres?password=gov&"])
def test_a_password_in_the_servers_own_words_is_struck_out(postgres: Postgres, where: str) -> None:
    """threat_57: the server repeats the user's name, which here is the password that was tried."""
    error = told(f"postgresql+psycopg://{where}host={postgres.folder}")
    assert 'password authentication failed for user "***"' in error.message
    assert 'user "gov"' not in "".join(traceback.format_exception(error))


def test_what_is_away_is_told_without_the_password(postgres: Postgres, tmp_path: Path) -> None:
    """threat_57: no server, no database, no TLS, no such option; the password in the URL or among its options."""
    here = f"host={postgres.folder}"
    urls = {
        f"postgresql://gov:{QUOTED}@/postgres?host={tmp_path}": "No such file or directory",
        f"postgresql://gov:{QUOTED}@127.0.0.1:1/postgres": "Connection refused",
        f"postgresql://gov:{QUOTED}@/nowhere?{here}": 'database "nowhere" does not exist',
        f"postgresql://gov@/nowhere?{here}&password={QUOTED}": 'database "nowhere" does not exist',
        f"postgresql://gov:{QUOTED}@/postgres?{here}&colour={QUOTED}": 'invalid connection option "colour"',
    }
    for url, words in urls.items():
        error = told(url)
        assert words in error.message
        assert PASSWORD not in everything(error)
        assert QUOTED not in everything(error)
        assert error.message.isprintable()


def test_a_journal_is_shown_without_user_and_password() -> None:
    """threat_57."""
    assert SqlJournal(f"postgresql://gov:{QUOTED}@db.example:5432/council").shown == "journal council on db.example"
    assert SqlJournal(f"postgresql://gov:{QUOTED}@/council").shown == "journal council on this machine"


@contextmanager
def held_lock(url: str) -> Iterator[psycopg.Connection]:
    """Another writer, in the middle of its transaction."""
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [module._LOCK])
        yield other


def test_a_writer_waits_for_another(postgres: Postgres) -> None:
    """threat_58."""
    journal = SqlJournal(postgres.fresh())
    journal.entries()
    writer = threading.Thread(target=journal.append, args=("k", "p", "n", {}), kwargs={"at": Moment(1)})
    with held_lock(journal._text) as other:
        writer.start()
        writer.join(0.3)
        assert writer.is_alive()
        assert journal.entries() == [], "whoever only reads does not wait"
        other.rollback()
        writer.join(10)
    assert len(journal.entries()) == 1


def test_a_writer_does_not_wait_for_ever(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_58."""
    journal = SqlJournal(postgres.fresh())
    journal.entries()
    monkeypatch.setattr(module, "BUSY_TIMEOUT", 0.1)
    with held_lock(journal._text), pytest.raises(Unreachable, match="lock timeout"):
        journal.append("k", "p", "n", {}, at=Moment(1))


def test_settings_of_the_server_do_not_weaken_it(postgres: Postgres) -> None:
    """threat_61: a server that answers before the disk does, and one that shows every transaction an old picture."""
    url = postgres.fresh()
    name = url.rpartition("/d")[2].partition("?")[0]
    postgres.run(f'ALTER DATABASE "d{name}" SET synchronous_commit = off')
    postgres.run(f"ALTER DATABASE \"d{name}\" SET default_transaction_isolation = 'serializable'")
    journal = SqlJournal(url)
    with journal._writing() as session:
        from sqlalchemy import text

        asked = [session.execute(text(f"SHOW {s}")).scalar() for s in ("synchronous_commit", "transaction_isolation")]
    assert asked == ["on", "read committed"]


def test_a_read_only_server_is_told(postgres: Postgres) -> None:
    """threat_59."""
    url = postgres.fresh()
    name = url.rpartition("/d")[2].partition("?")[0]
    journal = SqlJournal(url)
    journal.append("k", "p", "n", {}, at=Moment(1))
    postgres.run(f'ALTER DATABASE "d{name}" SET default_transaction_read_only = on')
    with pytest.raises(Unreachable, match="read-only transaction"):
        journal.append("k", "p", "n", {}, at=Moment(2))
    assert len(journal.entries()) == 1


def test_a_server_that_ends_a_session_is_met_again(postgres: Postgres) -> None:
    """No connection outlives a method, so none is stale."""
    journal = SqlJournal(postgres.fresh())
    journal.append("k", "p", "n", {}, at=Moment(1))
    postgres.run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gov' AND pid <> pg_backend_pid()"
    )
    assert len(journal.entries()) == 1
