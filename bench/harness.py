"""Contestants, rounds and medians.

In each round every contestant runs once, in turn (A B C, A B C, …), so that whatever else the machine does hits all of
them. A first round is run and thrown away. Medians are compared, never means or bests.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


class Unavailable(Exception):
    """A contestant cannot run here; the reason is told in place of its numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One way to do the work."""

    name: str
    once: Callable[[], float]
    """Does the work and returns the seconds it took, without its preparation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What one contestant took."""

    name: str
    samples: tuple[float, ...]
    """Seconds, one for each round; empty when it did not run."""
    reason: str = ""
    """Why it did not run."""

    @property
    def seconds(self) -> float:
        """The median."""
        return median(self.samples)

    @property
    def spread(self) -> float:
        """How far apart the slowest and the fastest round were, as a part of the median."""
        return (max(self.samples) - min(self.samples)) / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """The same work, done by ours first and by others."""

    title: str
    measures: str
    """What is inside the measured time, and what is not."""
    timings: tuple[Timing, ...]

    def ratio(self, other: Timing) -> float | None:
        """How many times longer the other took than ours; None when either did not run."""
        ours = self.timings[0]
        return other.seconds / ours.seconds if ours.samples and other.samples else None

    def named(self, name: str) -> Timing:
        """The timing of one contestant."""
        return next(timing for timing in self.timings if timing.name == name)


def contest(title: str, measures: str, contestants: Sequence[Contestant], *, rounds: int) -> Contest:
    """Run everybody `rounds` times, interleaved, after one round that does not count."""
    reasons = {c.name: reason for c in contestants if (reason := _warm_up(c))}
    samples: dict[str, list[float]] = {contestant.name: [] for contestant in contestants}
    for _ in range(rounds):
        for contestant in contestants:
            if contestant.name not in reasons:
                samples[contestant.name].append(contestant.once())
    timings = (Timing(name=n, samples=tuple(s), reason=reasons.get(n, "")) for n, s in samples.items())
    return Contest(title=title, measures=measures, timings=tuple(timings))


def repeated(work: Callable[[], object], times: int) -> Callable[[], float]:
    """Seconds for one call of `work`, from a loop of `times`."""

    def once() -> float:
        start = perf_counter()
        for _ in range(times):
            work()
        return (perf_counter() - start) / times

    return once


def _warm_up(contestant: Contestant) -> str:
    try:
        contestant.once()
    except Unavailable as reason:
        return str(reason)
    return ""
