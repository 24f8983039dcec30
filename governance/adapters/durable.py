"""DBOS under the executor: ticks on a schedule, one workflow for one task at a time, a queue for each paying account.

Rule 1: DBOS decides nothing. A workflow is one call that looks at the chain, acts at most once and looks again; no step of it
is remembered, so whoever runs it again, on another host or under another version, derives everything anew.
Rule 2: a task has a name, and a workflow the task's name with a number. While one is under way, no other is begun; when it
is over and the chain says that the task is still due, the next number is. So nobody has to forget anything for that.
Rule 3: what does not finish within its lease is ended and begun anew by whoever ticks: DBOS itself only recovers the workflows
of the executor and version that ran them. Doing so to what was only slow is harmless: one act has one effect.
Rule 4: what the database holds is text. DBOS would unpickle a row that says it is a pickle, and that would run whatever
somebody wrote there; here it is refused.
"""

import contextvars
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dbos import DBOS, SetWorkflowID
from dbos import _serialization as serialization
from dbos._error import DBOSAwaitedWorkflowCancelledError, DBOSNonExistentWorkflowError

from governance.core.errors import InFlight, Refused, Unreachable
from governance.core.units import shown

VERSION = "gov-executor-1"
"""Of what a workflow is given and gives back, not of the software: every version of gov takes up every workflow."""
FULFIL, TICK = "gov.fulfil", "gov.tick"
ALIVE = ["ENQUEUED", "PENDING"]
"""States of a workflow that somebody still has to run."""
POLL = 0.25
"""Seconds between looks into a queue."""
KEEP = 7 * 24 * 3600
"""Seconds that finished workflows are kept for whoever wants to read them; nothing here does."""

Words = Mapping[str, str]
"""A task or a report as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What runs, and how it is told from others."""

    url: str
    """SQLite file or PostgreSQL database; DBOS makes its own tables in a schema of its own."""
    executor: str
    """Of this host; the same after a restart, and no other's."""
    lease: float
    """Seconds after which what nobody finished is taken over."""
    poll: float = POLL


class Durable:
    """One process of the executor. DBOS is one to a process, so there is one of these at a time."""

    def __init__(self, engine: Engine, *, tick: Callable[[str], None], fulfil: Callable[[Words], Words]) -> None:
        _refuse_pickles()
        self._engine = engine
        config: Any = {
            "name": "gov-executor",
            "system_database_url": engine.url,
            "application_version": VERSION,
            "executor_id": engine.executor,
            "serializer": serialization.DBOSPortableJSON,
            "log_level": "WARNING",
            "enable_otlp": False,
            "notification_listener_polling_interval_sec": engine.poll,
        }
        self._dbos = DBOS(config=config)

        @DBOS.workflow(name=FULFIL, max_recovery_attempts=None)
        def run_task(task: dict[str, str]) -> dict[str, str]:
            return dict(fulfil(task))

        @DBOS.workflow(name=TICK, max_recovery_attempts=None)
        def run_tick(scheduled: datetime, network: str) -> None:
            del scheduled  # when it was meant to run says nothing of what is true when it does
            # Outside of the workflow's own context, in which DBOS writes down what it is asked, and answers from that again.
            contextvars.Context().run(tick, network)

        self._run_task, self._run_tick = run_task, run_tick

    def start(self, queues: Sequence[str]) -> None:
        """Open the database and listen to the queues of this host's payers. What this host left unfinished is run again.

        Raises Unreachable when the database cannot be used.
        """
        with _working():
            self._dbos.listen_queues([*queues])
            DBOS.launch()
            for name in queues:
                DBOS.register_queue(
                    name, worker_concurrency=1, polling_interval_sec=self._engine.poll, on_conflict="always_update"
                )

    def schedule(self, networks: Sequence[str], every: int) -> None:
        """A tick for each network every so many seconds, on whichever host is the first to take it."""
        with _working():
            DBOS.apply_schedules(
                [
                    {
                        "schedule_name": f"tick {network}",
                        "workflow_fn": self._run_tick,
                        "schedule": f"*/{every} * * * * *" if every < 60 else "0 * * * * *",
                        "context": network,
                    }
                    for network in networks
                ]
            )

    def submit(self, name: str, task: Words, queue: str) -> str | None:
        """Begin a task unless it is under way; gives the workflow's id, None when there is nothing to begin."""
        with _working():
            newest = DBOS.list_workflows(
                workflow_id_prefix=f"{name}#", sort_desc=True, limit=1, load_input=False, load_output=False
            )
            number = 0
            if newest:
                if newest[0].status in ALIVE:
                    return None
                number = _number(newest[0].workflow_id) + 1
            identity = f"{name}#{number:08d}"
            with SetWorkflowID(identity):  # of two hosts that say the same, the second finds the first one's
                DBOS.enqueue_workflow(queue, self._run_task, dict(task))
            return identity

    def wait(self, identity: str) -> Words:
        """What came of a workflow. Raises InFlight when another host has ended it, Refused when its row was changed."""
        with _working():
            try:
                given: Any = DBOS.retrieve_workflow(identity).get_result(polling_interval_sec=self._engine.poll)
            except DBOSAwaitedWorkflowCancelledError:
                reason = f"{identity} was ended by another host, which begins it anew"
                raise InFlight(reason, hint="was this host slow? its clock, or --every") from None
            except DBOSNonExistentWorkflowError:
                raise _changed(f"the row of {identity} is gone") from None
            except ValueError:  # no JSON
                given = None
        if not isinstance(given, dict) or not all(isinstance(each, str) for each in (*given, *given.values())):
            raise _changed(f"what stands in the row of {identity} is no report")
        return given

    def take_over(self, networks: Sequence[str], mine: Callable[[str], bool]) -> list[str]:
        """End what nobody finished within its lease, whoever began it, under whatever version; gives the tasks' names.

        Whoever calls begins them anew, if the chain says that they are still due. `mine` says what this very process is at.
        """
        ended = []
        overdue = (time.time() - self._engine.lease) * 1000
        with _working():
            for one in DBOS.list_workflows(name=FULFIL, status=ALIVE, load_input=False, load_output=False):
                name, _, _ = one.workflow_id.partition("#")
                if name.partition(":")[0] in networks and not mine(one.workflow_id) and (one.updated_at or 0) < overdue:
                    DBOS.cancel_workflow(one.workflow_id)
                    ended.append(name)
        return ended

    def tidy(self) -> int:
        """Delete finished workflows of long ago; gives their number."""
        before = datetime.fromtimestamp(time.time() - KEEP).astimezone().isoformat()
        with _working():
            done = DBOS.list_workflows(completed_before=before, limit=1000, load_input=False, load_output=False)
            if done:
                DBOS.delete_workflows([one.workflow_id for one in done])
        return len(done)

    def current(self) -> str:
        """The id of the workflow that calls."""
        return str(DBOS.workflow_id)

    def stop(self, patience: int) -> None:
        """Take nothing new, let what runs come to its end for so many seconds, and close."""
        DBOS.destroy(workflow_completion_timeout_sec=patience)


@contextmanager
def _working() -> Iterator[None]:
    """Raise Unreachable when the database fails; DBOS itself waits for one that is only away."""
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__)
        raise Unreachable(
            f"the executor's database does not work: {' '.join(reason.split())[:200]}",
            hint="is it there, writable and not full? it may be lost: nothing in it decides",
        ) from None  # what was caught may carry the URL


def _number(identity: str) -> int:
    """Of a workflow, from its id. Raises Refused on an id that nobody here made."""
    number = identity.rpartition("#")[2]
    if not (number.isascii() and number.isdigit()):
        raise _changed(f"{shown(identity)} is no id of a workflow")
    return int(number)


def _changed(what: str) -> Refused:
    return Refused(f"the executor's database was changed: {what}", hint="move it away: nothing in it decides")


def _refuse_pickles() -> None:
    def refuse(self: object, serialized_data: str) -> Any:
        del self, serialized_data
        raise Refused("the executor's database holds a pickle, which nobody here wrote", hint="move it away")

    serialization.DefaultSerializer.deserialize = refuse  # type: ignore[assignment]
