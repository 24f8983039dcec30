"""The job that is alone at night: ticks, tasks, and what is told of them.

It wires one station to each network and hands their tasks to DBOS. A network that cannot be reached, or an operation that is
refused, holds up nobody else. It remembers nothing that it could not read again.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from governance.core.agenda import Action, Task
from governance.core.errors import GovError, Refused
from governance.core.units import shown, to_hex, word
from governance.life.fulfil import BROKEN, SETTLED, Means, Outcome, Report, fulfil

if TYPE_CHECKING:
    from governance.adapters.durable import Durable, Words
    from governance.life.tick import Due, Watch

LEASE_TICKS = 2
"""Ticks that a task may take; the tick after that takes it over."""
TIDY_TICKS = 500
"""Each so many ticks of a network, tasks that are over for long are deleted."""


@dataclass(slots=True, kw_only=True)
class Station:
    """One network: what is watched there, and what acting takes."""

    network: str
    queue: str
    """Of the account that pays there."""
    watch: "Watch"
    means: Means
    busy: threading.Lock = field(default_factory=threading.Lock)
    """Held during a tick: one that comes meanwhile is passed over."""
    memory: threading.Lock = field(default_factory=threading.Lock)
    """Held while the watch is touched."""
    ticks: int = 0
    """So many since this process began."""
    recalled: bool = False
    """Whether the journal was asked what is settled already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Who is told: log, metrics, standard output."""

    ticked: Callable[[str, "Due"], None]
    failed: Callable[[str, GovError], None]
    """A tick that came to nothing."""
    reported: Callable[[Report], None]
    taken_over: Callable[[str, list[str], int], None]
    """A network, the tasks' names, and at which tick of this process."""
    expired: Callable[[Report], None]
    """Its grace has passed: a cancel is to be drafted."""
    broken: Callable[[Report], None]
    """A promise is not kept: what takes it back is to be drafted."""


class Executor:
    """All stations of one process."""

    def __init__(self, stations: Mapping[str, Station], durable: Callable[..., "Durable"], hooks: Hooks) -> None:
        self._stations = stations
        self._hooks = hooks
        self._running: set[str] = set()
        self._durable = durable(tick=self._scheduled, fulfil=self._fulfil)

    def start(self) -> None:
        """Open the executor's database; what this host left unfinished is run again at once."""
        self._durable.start([station.queue for station in self._stations.values()])

    def schedule(self, every: int) -> None:
        """From now on there are ticks."""
        self._durable.schedule(list(self._stations), every)

    def stop(self, patience: int) -> None:
        """Let what runs come to its end."""
        self._durable.stop(patience)

    def once(self) -> list["Words"]:
        """One tick on every network, and what came of everything that was due; what cannot be told of a task is a failure."""
        begun = [(network, one) for network in self._stations for one in self.tick(network)]
        reports = []
        for network, one in begun:
            try:
                reports.append(self._durable.wait(one))
            except GovError as error:
                self._hooks.failed(network, error)
        return reports

    def tick(self, network: str) -> list[str]:
        """Look at one network and begin what is due; gives the workflows that were begun. Never raises on a network's fault."""
        station = self._stations[network]
        if not station.busy.acquire(blocking=False):
            return []
        try:
            return self._tick(station)
        except GovError as error:
            self._hooks.failed(network, error)
            return []
        finally:
            station.busy.release()

    def _tick(self, station: Station) -> list[str]:
        station.ticks += 1
        if station.ticks % TIDY_TICKS == 1:
            self._durable.tidy()
        taken = self._durable.take_over([station.network], self._running.__contains__)
        self._recall(station)
        with station.memory:
            for name in taken:
                station.watch.soon(word(name.split(":")[1]))
            due = station.watch.tick()
        if taken:
            self._hooks.taken_over(station.network, taken, station.ticks)
        self._hooks.ticked(station.network, due)
        begun = []
        for task in due.tasks:
            try:
                begun.append(self._durable.submit(task.name, _words(task), station.queue))
            except Refused as error:  # of this task alone; the others are begun
                self._hooks.failed(station.network, error)
        return [one for one in begun if one is not None]

    def _recall(self, station: Station) -> None:
        """What the journal notes as settled is not settled again after a restart; a lost journal only costs a second look."""
        if station.recalled:
            return
        entries = [e for e in station.means.journal.entries() if e.network == station.network]
        with station.memory:
            station.watch.settled(word(e.subject["operation"]) for e in entries if e.kind in {SETTLED, BROKEN})
        station.recalled = True

    def _scheduled(self, network: str) -> None:
        if network in self._stations:  # else another host's, which shares the database and not the policy
            self.tick(network)

    def _fulfil(self, words: "Words") -> "Words":
        """What a workflow does. What its row says is only a question: everything that decides is derived from elsewhere."""
        try:
            task = _task(words)
            station = self._stations[task.network]
        except (KeyError, TypeError, ValueError, GovError):
            return self._no_task(words)
        identity = self._durable.current()
        self._running.add(identity)
        try:
            report = fulfil(station.means, task)
        finally:
            self._running.discard(identity)
        self._remember(station, report)
        self._hooks.reported(report)
        if report.outcome is Outcome.EXPIRED:
            self._hooks.expired(report)
        if report.outcome is Outcome.BROKEN:
            self._hooks.broken(report)
        return report_words(report)

    def _no_task(self, words: "Words") -> "Words":
        """A row that somebody changed asks for nothing that there is."""
        message = f"a row of the executor's database holds no task: {shown(repr(words))}"
        self._hooks.failed("?", Refused(message, hint="move the database away: nothing in it decides"))
        names = ("network", "proposal", "operation", "action")
        report = {**dict.fromkeys(names, "?"), "outcome": str(Outcome.REFUSED), "reason": message}
        return {**report, "findings": "", "transactions": ""}

    def _remember(self, station: Station, report: Report) -> None:
        settled = report.task.action is Action.SETTLE and report.outcome in {Outcome.DONE, Outcome.BROKEN}
        with station.memory:
            if settled:
                station.watch.settled([report.task.operation])
            elif report.outcome is Outcome.IN_FLIGHT or _was_early(report):
                station.watch.soon(report.task.operation)


def _was_early(report: Report) -> bool:
    """Due by what was said of the next block then, and no longer: the very next tick may know more."""
    return report.task.action is Action.EXECUTE and report.outcome is Outcome.WAITING


def _words(task: Task) -> dict[str, str]:
    return {
        "network": task.network,
        "proposal": task.proposal,
        "operation": to_hex(task.operation),
        "action": str(task.action),
    }


def _task(words: "Words") -> Task:
    return Task(
        network=words["network"],
        proposal=words["proposal"],
        operation=word(words["operation"]),
        action=Action(words["action"]),
    )


def report_words(report: Report) -> dict[str, str]:
    """A report as text, with its findings one a line."""
    return {
        **_words(report.task),
        "outcome": str(report.outcome),
        "reason": report.reason,
        "findings": "\n".join(str(finding) for finding in report.findings),
        "transactions": " ".join(to_hex(receipt.tx_hash) for _, receipt in report.receipts),
    }
