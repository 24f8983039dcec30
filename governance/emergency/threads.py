"""Work in a daemon thread whose result is waited for, or not: nothing that hangs holds up anything else, not even the end."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


def started(work: Callable[[], T]) -> "Future[T]":
    """The future of what is done from now on."""
    made: Future[T] = Future()

    def run() -> None:
        try:
            made.set_result(work())
        except BaseException as error:  # noqa: BLE001 - whoever waits must be told, whatever it is
            made.set_exception(error)

    Thread(target=run, daemon=True).start()
    return made
