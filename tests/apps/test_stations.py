"""Where the executor keeps its tasks: beside the journal, or nowhere that is not understood."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from governance.apps.stations import _database
from governance.core.errors import Rejected


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:////var/j.sqlite3", "sqlite:////var/j.sqlite3.executor"),
        ("postgresql://gov:s3cret@h/d", "postgresql+psycopg://gov:s3cret@h/d"),
    ],
)
def test_tasks_are_kept_beside_the_journal(monkeypatch: pytest.MonkeyPatch, given: str, used: str) -> None:
    space: Any = None
    monkeypatch.setenv("GOV_DATABASE", given)
    assert _database(space) == used


def test_without_a_database_there_is_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    space: Any = SimpleNamespace(root=tmp_path)
    monkeypatch.delenv("GOV_DATABASE", raising=False)
    assert _database(space) == f"sqlite:///{tmp_path / '.gov' / 'executor.sqlite3'}"
    assert (tmp_path / ".gov").is_dir()


@pytest.mark.parametrize("wrong", ["", "s3cret", "mysql://u:s3cret@h/d", "postgresql://u:s3cret@h:port/d"])
def test_a_url_that_names_no_database_is_rejected_and_not_repeated(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """threat_57"""
    space: Any = None
    monkeypatch.setenv("GOV_DATABASE", wrong)
    with pytest.raises(Rejected) as caught:
        _database(space)
    assert "s3cret" not in caught.value.message + caught.value.hint()
    assert caught.value.hint()
