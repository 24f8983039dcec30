"""Several executors, as real processes: on one PostgreSQL, on nothing shared but the chain; hosts die, versions change."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.devnet import PASSWORD
from governance.adapters.journal import SqlJournal
from governance.core.journal import Entry
from tests.adapters.databases import Postgres, postgres
from tests.adapters.rpcproxy import BROADCAST, proxied
from tests.executor.yard import Yard, unlocked
from tests.life.test_life_scenarios import ONE, REMOVE, SET_FEE, TWO
from tests.sites import DELAY, Devnet, Place, devnet, on_anvil

pytestmark = pytest.mark.node

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


@dataclass(kw_only=True)
class Host:
    """One `gov executor run` of its own."""

    process: subprocess.Popen[str]
    log: Path

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What it told of one event."""
        told = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in told if line["event"] == event]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@dataclass(kw_only=True)
class Fleet:
    """A place whose operation is ready, and the hosts that look after it."""

    place: Place
    node: Devnet
    folder: Path
    hosts: dict[str, Host] = field(default_factory=dict)

    def start(
        self, name: str, *, database: str, url: str | None = None, key: str = "executor", **environment: str
    ) -> Host:
        """With ticks of one second, and the newest block as final."""
        return self.run(name, "--every", "1", database=database, url=url, key=key, **environment)

    def run(self, name: str, *words: str, database: str, url: str | None, key: str, **environment: str) -> Host:
        log, secret = self.folder / f"{name}.log", self.folder / "password"
        secret.write_text(PASSWORD)
        command = [
            *(sys.executable, "-c", "from governance.apps.cli import main; main()", "executor", "run"),
            *("-C", str(self.place.space.root), "--key", str(self.node.folder.keys / f"{key}.json")),
            *("--password-fd", "0", "--confirmations", "0", "--unrehearsed", "--broadcast", *words),
        ]
        known = {"GOV_RPC_DEVNET": url or self.node.url, "GOV_DATABASE": database, "GOV_EXECUTOR": name}
        with log.open("w") as told, secret.open() as password:
            process = subprocess.Popen(
                command,
                env={**os.environ, "PYTHONPATH": str(ROOT), **known, **environment},
                stdin=password,
                stdout=subprocess.DEVNULL,
                stderr=told,
                text=True,
            )
        self.hosts[name] = Host(process=process, log=log)
        return self.hosts[name]

    def stop(self) -> None:
        for host in self.hosts.values():
            if host.process.poll() is None:
                host.process.terminate()
        for host in self.hosts.values():
            host.process.wait(40)

    def yard(self, database: str) -> Yard:
        return Yard(
            place=self.place,
            url=self.node.url,
            node=self.node.url,
            folder=self.folder,
            key=unlocked(self.node.folder.keys / "executor.json"),
            database=database,
        )

    def settled(self, database: str, *names: str) -> list[Entry]:
        notes = SqlJournal(database).entries()
        return [note for note in notes if note.kind == "settled" and note.proposal in names]

    def reverted(self, since: int) -> int:
        """Transactions to the timelock that were mined and had no effect, whoever sent them."""
        bad = 0
        for number in range(since + 1, self.place.site.chain.head().number + 1):
            receipts = self.node.ask("eth_getBlockReceipts", hex(number))
            to = self.place.site.network.timelock.lower()
            bad += sum(r["status"] != "0x1" for r in receipts if (r["to"] or "").lower() == to)
        return bad


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that other processes do."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("fleet")) as started:
        yield started


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as started:
        yield started


@pytest.fixture
def fleet(node: Devnet, tmp_path: Path) -> Iterator[Fleet]:
    with ExitStack() as stack:
        place = stack.enter_context(on_anvil(node, tmp_path / "workspace"))
        made = Fleet(place=place, node=node, folder=tmp_path)
        stack.callback(node.ask, "evm_setAutomine", True)
        stack.callback(made.stop)
        yield made


def ready(place: Place) -> None:
    place.queued(ONE, SET_FEE)
    place.queued(TWO, REMOVE)
    place.warp(DELAY)


@pytest.mark.slow
@pytest.mark.parametrize("hosts", [2, 5])
def test_executors_on_one_database_execute_once(fleet: Fleet, server: Postgres, hosts: int) -> None:
    """threat_11"""
    database = server.fresh()
    names = [f"host-{number}" for number in range(hosts)]
    for name in names:
        fleet.start(name, database=database)
    until(lambda: all(len(host.lines("started")) for host in fleet.hosts.values()))
    since = fleet.place.site.chain.head().number
    ready(fleet.place)
    until(lambda: len(fleet.settled(database, ONE, TWO)) == 2)
    yard = fleet.yard(database)
    assert (yard.executions(ONE), yard.executions(TWO)) == ([1], [1])
    time.sleep(2.5)  # two more ticks, and nothing more happens
    assert (yard.executions(ONE), yard.executions(TWO)) == ([1], [1])
    assert len(fleet.settled(database, ONE, TWO)) == 2
    assert fleet.reverted(since) <= hosts - 1


@pytest.mark.slow
@pytest.mark.parametrize("keys", [("executor", "executor"), ("executor", "bob")], ids=["one key", "two keys"])
def test_executors_that_share_nothing_but_the_chain_execute_once(
    fleet: Fleet, tmp_path: Path, keys: tuple[str, str]
) -> None:
    """threat_11: whoever loses the race may pay for a transaction that reverts, once."""
    databases = [f"sqlite:///{tmp_path / name}.sqlite3" for name in ("a", "b")]
    for name, database, key in zip(("a", "b"), databases, keys, strict=True):
        fleet.start(name, database=database, key=key)
    until(lambda: all(len(host.lines("started")) for host in fleet.hosts.values()))
    since = fleet.place.site.chain.head().number
    fleet.place.queued(ONE, SET_FEE)
    fleet.node.ask("evm_setAutomine", False)
    fleet.place.site.chain.head()
    fleet.node.ask("evm_increaseTime", DELAY)
    fleet.node.ask("evm_mine")
    time.sleep(3)  # both have looked, and may both have sent
    fleet.node.ask("evm_setAutomine", True)
    fleet.node.ask("evm_mine")
    until(lambda: all(len(fleet.settled(database, ONE)) == 1 for database in databases))
    assert fleet.yard(databases[0]).executions(ONE) == [1]
    assert fleet.reverted(since) <= 1


def test_a_host_that_dies_for_good_is_taken_over_within_three_ticks(fleet: Fleet, server: Postgres) -> None:
    """threat_12: DBOS alone would wait for the dead host to come back."""
    database = server.fresh()
    with proxied(fleet.node.url) as proxy:
        dying = fleet.start("dying", database=database, url=proxy.url)
        until(lambda: bool(dying.lines("started")))
        proxy.faults.before[BROADCAST] = dying.kill  # signed and kept, and never sent
        proxy.faults.lose_question.add(BROADCAST)
        fleet.place.queued(ONE, SET_FEE)
        fleet.place.warp(DELAY)
        until(lambda: dying.process.poll() is not None)
    assert fleet.yard(database).executions(ONE) == [0]
    heir = fleet.start("heir", database=database)
    until(lambda: bool(fleet.settled(database, ONE)))
    assert fleet.yard(database).executions(ONE) == [1]
    (taken,) = heir.lines("taken-over")
    assert taken["ticks"] <= 3


@pytest.mark.slow
def test_a_task_of_another_version_is_taken_over(fleet: Fleet, tmp_path: Path) -> None:
    """The software was exchanged in mid-flight: what the old one left is neither waited for nor lost."""
    database = f"sqlite:///{tmp_path / 'journal.sqlite3'}"
    fleet.place.queued(ONE, SET_FEE)
    fleet.place.warp(DELAY)
    with proxied(fleet.node.url) as proxy:
        old = fleet.start("host", database=database, url=proxy.url)
        until(lambda: bool(old.lines("started")))
        proxy.faults.before[BROADCAST] = old.kill
        proxy.faults.lose_question.add(BROADCAST)
        until(lambda: old.process.poll() is not None)
    with sqlite3.connect(f"{tmp_path / 'journal.sqlite3'}.executor") as rows:
        changed = rows.execute(
            "UPDATE workflow_status SET application_version = 'gov-executor-0' WHERE status = 'PENDING'"
        )
        assert changed.rowcount >= 1
    new = fleet.start("host", database=database)
    until(lambda: bool(fleet.settled(database, ONE)))
    assert fleet.yard(database).executions(ONE) == [1]
    assert new.lines("taken-over")
