"""DBOS under the executor, really: one task at a time by its name, taken over when nobody finishes it, and never a pickle."""

import base64
import pickle
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS

from governance.adapters.durable import Durable, Engine
from governance.core.errors import InFlight, Refused, Unreachable

QUEUE = "payer devnet 0x11"
TASK = "devnet:0x11:execute"


class Bench:
    """What a test's workflows do."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'executor.sqlite3'}"
        self.file = folder / "executor.sqlite3"
        self.act: Callable[[Mapping[str, str]], Mapping[str, str]] = lambda task: {"did": task["what"]}
        self.ticks: list[str] = []
        self.running: list[Durable] = []

    def start(self, *, executor: str = "host", lease: float = 60.0) -> Durable:
        engine = Engine(url=self.url, executor=executor, lease=lease, poll=0.02)
        made = Durable(engine, tick=self.ticks.append, fulfil=self._fulfil)
        self.running.append(made)
        made.start([QUEUE])
        return made

    def _fulfil(self, task: Mapping[str, str]) -> Mapping[str, str]:
        return self.act(task)

    def stop(self) -> None:
        while self.running:
            self.running.pop().stop(0)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.stop()


def begun(durable: Durable, what: str = "it") -> str:
    identity = durable.submit(TASK, {"what": what}, QUEUE)
    assert identity is not None
    return identity


def test_a_task_is_under_way_once_and_can_be_begun_again_when_it_is_over(bench: Bench) -> None:
    gate = threading.Event()
    bench.act = lambda task: {"did": task["what"], "waited": str(gate.wait(30))}
    durable = bench.start()
    first = begun(durable)
    assert durable.submit(TASK, {"what": "it"}, QUEUE) is None
    assert durable.submit("devnet:0x22:execute", {"what": "other"}, QUEUE) is not None
    gate.set()
    assert durable.wait(first) == {"did": "it", "waited": "True"}
    second = begun(durable, "again")
    assert (first, second) == (f"{TASK}#00000000", f"{TASK}#00000001")
    assert durable.wait(second)["did"] == "again"


def test_what_is_not_finished_within_its_lease_is_ended_and_told(bench: Bench) -> None:
    """threat_12"""
    gate = threading.Event()
    bench.act = lambda task: {"waited": str(gate.wait(30))}
    durable = bench.start(lease=2.0)  # DBOS counts whole seconds on SQLite
    first = begun(durable)
    assert durable.take_over(["devnet"], lambda _: False) == []
    time.sleep(3.2)
    assert durable.take_over(["elsewhere"], lambda _: False) == []
    assert durable.take_over(["devnet"], lambda identity: identity == first) == []
    assert durable.take_over(["devnet"], lambda _: False) == [TASK]
    gate.set()
    bench.act = lambda task: {"did": "anew"}
    assert durable.wait(begun(durable)) == {"did": "anew"}


def test_ticks_come_by_themselves(bench: Bench) -> None:
    durable = bench.start()
    durable.schedule(["devnet"], 1)
    end = time.monotonic() + 20
    while len(bench.ticks) < 2:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert set(bench.ticks) == {"devnet"}


def test_what_is_over_for_a_week_is_deleted(bench: Bench) -> None:
    durable = bench.start()
    durable.wait(begun(durable))
    assert durable.tidy() == 0
    with sqlite3.connect(bench.file) as rows:
        rows.execute("UPDATE workflow_status SET completed_at = 1000, updated_at = 1000, created_at = 1000")
    assert durable.tidy() == 1
    assert begun(durable) == f"{TASK}#00000000"


def test_what_another_host_has_ended_is_in_flight(bench: Bench) -> None:
    """threat_12: whoever waited for it is told so, and asks again at the next tick."""
    gate = threading.Event()
    bench.act = lambda task: {"waited": str(gate.wait(30))}
    durable = bench.start()
    first = begun(durable)
    DBOS.cancel_workflow(first)
    gate.set()
    with pytest.raises(InFlight, match="ended by another host"):
        durable.wait(first)


CHANGED = {
    "a text for a report": ("UPDATE workflow_output SET output = '\"done\"'", "is no report"),
    "a number in a report": ("UPDATE workflow_output SET output = '{\"did\": 1}'", "is no report"),
    "no JSON": ("UPDATE workflow_output SET output = '{'", "is no report"),
    "the row is gone": ("DELETE FROM workflow_status", "is gone"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_row_that_was_changed_is_told(bench: Bench, name: str) -> None:
    """threat_60"""
    change, words = CHANGED[name]
    durable = bench.start()
    first = begun(durable)
    assert durable.wait(first) == {"did": "it"}
    with sqlite3.connect(bench.file) as rows:
        rows.execute(change)
    with pytest.raises(Refused, match=words):
        durable.wait(first)


def test_an_id_that_nobody_made_is_told(bench: Bench) -> None:
    """threat_60"""
    durable = bench.start()
    durable.wait(begun(durable))
    with sqlite3.connect(bench.file) as rows:
        rows.execute("UPDATE workflow_status SET workflow_uuid = ?", (f"{TASK}#soon",))
    with pytest.raises(Refused, match="no id of a workflow"):
        begun(durable)


def test_a_database_without_its_tables_is_unreachable(bench: Bench) -> None:
    """threat_60: whatever is asked of it."""
    durable = bench.start()
    first = begun(durable)
    durable.wait(first)
    with sqlite3.connect(bench.file) as rows:
        rows.execute("ALTER TABLE workflow_status RENAME TO elsewhere")
    asked: list[Callable[[], object]] = [
        lambda: begun(durable),
        lambda: durable.wait(first),
        lambda: durable.take_over(["devnet"], lambda _: False),
        durable.tidy,
    ]
    for ask in asked:
        with pytest.raises(Unreachable, match="no such table"):
            ask()
    with sqlite3.connect(bench.file) as rows:
        rows.execute("ALTER TABLE elsewhere RENAME TO workflow_status")


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def test_a_row_that_says_it_is_a_pickle_is_never_unpickled(bench: Bench, tmp_path: Path) -> None:
    """threat_60: whoever can write the database must not run code beside the key."""
    gate, ran = threading.Event(), []

    def act(task: Mapping[str, str]) -> Mapping[str, str]:
        ran.append(task)
        gate.wait(30)
        return {}

    bench.act = act
    durable = bench.start(lease=0.2)
    begun(durable)
    end = time.monotonic() + 20
    while not ran:
        assert time.monotonic() < end
        time.sleep(0.02)
    durable.submit("devnet:0x22:execute", {"what": "waits behind the first"}, QUEUE)
    bomb = base64.b64encode(pickle.dumps({"args": (Bomb(tmp_path / "exploded"),), "kwargs": {}})).decode()
    with sqlite3.connect(bench.file) as rows:
        tables = {name for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        table = "workflow_input" if "workflow_input" in tables else "workflow_status"
        columns = [row[1] for row in rows.execute(f"PRAGMA table_info({table})")]
        text = next(name for name in columns if name in {"inputs", "input"})
        changed = rows.execute(f"UPDATE {table} SET {text} = ?", (bomb,)).rowcount
        rows.execute("UPDATE workflow_status SET serialization = 'py_pickle'")
    assert changed >= 2
    gate.set()
    time.sleep(1)
    assert len(ran) == 1
    assert not (tmp_path / "exploded").exists()
    pickle.loads(base64.b64decode(bomb))
    assert (tmp_path / "exploded").exists()  # that it would have


def test_a_database_that_cannot_be_used_is_unreachable_without_its_password(tmp_path: Path) -> None:
    """threat_57"""
    engine = Engine(url="postgresql+psycopg://gov:s3cret@127.0.0.1:9/none", executor="host", lease=60)
    durable = Durable(engine, tick=lambda _: None, fulfil=lambda task: task)
    try:
        with pytest.raises(Unreachable) as caught:
            durable.start([QUEUE])
    finally:
        durable.stop(0)
    assert "s3cret" not in caught.value.message + caught.value.hint()
