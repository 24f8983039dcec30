"""Several nodes asked at once, each by a thread of its own, so that one that hangs holds nobody up.

A node is asked one thing at a time. What nobody waits for any more is not begun. The threads end with the process, whatever
they wait for.
"""

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from governance.adapters.chain import NodeChain
from governance.core.errors import GovError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    act: Callable[[NodeChain], Any]
    reply: Callable[[Any], None]
    moot: threading.Event


_Jobs = SimpleQueue[_Job | None]


class Desk:
    """One node and the thread that speaks with it."""

    def __init__(self, chain: NodeChain) -> None:
        self.chain = chain
        self._jobs: _Jobs = SimpleQueue()
        self._begun = False

    def put(self, job: _Job) -> None:
        """Have something asked, after all that was put before."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=_work, args=(self.chain, self._jobs), daemon=True).start()
            weakref.finalize(self, self._jobs.put, None)
        self._jobs.put(job)


def _work(chain: NodeChain, jobs: _Jobs) -> None:
    while (job := jobs.get()) is not None:
        if job.moot.is_set():
            continue
        try:
            answer = job.act(chain)
        except Exception as error:  # noqa: BLE001 - raised again by whoever waits
            answer = error
        job.reply(answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gave(Generic[T]):
    """A node answered."""

    desk: Desk
    answer: T


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A node did not."""

    desk: Desk
    error: GovError


Given = Gave[T] | Failed


@dataclass(slots=True, kw_only=True)
class Asking(Generic[T]):
    """One question to some nodes."""

    act: Callable[[NodeChain], T]
    waiting: int = 0
    """How many have been asked and have not answered."""
    _answers: SimpleQueue[tuple[Desk, Any]] = field(default_factory=SimpleQueue)
    _moot: threading.Event = field(default_factory=threading.Event)

    def ask(self, *desks: Desk) -> None:
        """Ask these too."""
        for desk in desks:
            self.waiting += 1
            desk.put(_Job(act=self.act, reply=partial(self._reply, desk), moot=self._moot))

    def _reply(self, desk: Desk, answer: Any) -> None:
        self._answers.put((desk, answer))

    def next(self, seconds: float | None = None) -> Given[T] | None:
        """The next answer; None when all have answered, or when none comes in time. What is no answer at all is raised."""
        if not self.waiting:
            return None
        try:
            desk, answer = self._answers.get(timeout=seconds)
        except Empty:
            return None
        self.waiting -= 1
        if isinstance(answer, GovError):
            return Failed(desk=desk, error=answer)
        if isinstance(answer, Exception):
            raise answer
        return Gave(desk=desk, answer=answer)

    def forget(self) -> None:
        """Nobody waits any more: whoever has not begun need not."""
        self._moot.set()
