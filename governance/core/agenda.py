"""When to look again at what: the executor's memory between two looks, which may be lost at any time.

Rule 1: nothing here decides. An entry says when a look is worth its while; whoever looks derives everything anew.
Rule 2: asking what is due costs by what is due, never by how much waits.
"""

import heapq
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from governance.core.units import Bytes32, to_hex

Key = TypeVar("Key", bound=Hashable)


class Action(StrEnum):
    """What an executor does with one operation."""

    QUEUE = "queue"
    """Send the signed Safe transaction that schedules it."""
    EXECUTE = "execute"
    """Have the timelock execute it."""
    SETTLE = "settle"
    """Hold its promises against the chain, once its execution is final, and note it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do; two executors that mean the same thing name it with the same words."""

    network: str
    proposal: str
    operation: Bytes32
    """The timelock's id."""
    action: Action

    @property
    def name(self) -> str:
        """The triple that makes it one thing: network, operation, action."""
        return f"{self.network}:{to_hex(self.operation)}:{self.action}"


class Agenda(Generic[Key]):
    """Keys by the moment (or the block) from which they are due. A key has one entry; a new one replaces the old."""

    def __init__(self) -> None:
        self._when: dict[Key, int] = {}
        self._heap: list[tuple[int, int, Key]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._when)

    def __contains__(self, key: Key) -> bool:
        return key in self._when

    def put(self, key: Key, when: int) -> None:
        """Due from `when`, whatever was said before."""
        if self._when.get(key) == when:
            return
        self._when[key] = when
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, key))
        if len(self._heap) > 2 * len(self._when) + 64:  # more that is stale than not
            self._heap = [entry for entry in self._heap if self._when.get(entry[2]) == entry[0]]
            heapq.heapify(self._heap)

    def drop(self, key: Key) -> None:
        """Never due; no matter if it never was."""
        self._when.pop(key, None)

    def take(self, now: int) -> list[Key]:
        """What is due at `now`, earliest first; it is on the agenda no more."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            when, _, key = heapq.heappop(self._heap)
            if self._when.get(key) == when:
                del self._when[key]
                due.append(key)
        return due
