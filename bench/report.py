"""The aims, and the table that says which were met."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bench.harness import Contest, Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """One promise, and what was measured for it."""

    text: str
    measured: float | None
    """None when a contestant did not run."""
    bound: float
    at_least: bool
    """The measured number shall be at least the bound; otherwise below it."""
    unit: str

    @property
    def state(self) -> str:
        """met, missed, or not measured."""
        if self.measured is None:
            return "not measured"
        met = self.measured >= self.bound if self.at_least else self.measured < self.bound
        return "met" if met else "missed"


def faster(contest: Contest, other: str, times: float, text: str) -> Aim:
    """Ours shall be `times` faster than the other."""
    ratio = contest.ratio(contest.named(other))
    return Aim(text=text, measured=ratio, bound=times, at_least=True, unit="×")


def below(timing: Timing, seconds: float, text: str) -> Aim:
    """The median shall be below `seconds`. Depends on the machine, as a ratio does not."""
    measured = timing.seconds * 1000 if timing.samples else None
    return Aim(text=text, measured=measured, bound=seconds * 1000, at_least=False, unit=" ms")


def contest_text(contest: Contest) -> str:
    """One contest as a table."""
    width = max(len(timing.name) for timing in contest.timings)
    lines = [contest.title, f"  {contest.measures}"]
    for timing in contest.timings:
        if not timing.samples:
            lines.append(f"  {timing.name:<{width}}  not measured: {timing.reason}")
            continue
        ratio = contest.ratio(timing)
        beside = "" if ratio is None else f"{ratio:>9.1f}×"
        rounds = f"±{timing.spread * 50:.0f} % over {len(timing.samples)} rounds"
        lines.append(f"  {timing.name:<{width}}  {_duration(timing.seconds):>10}  {beside}  {rounds}")
    return "\n".join(lines)


def aims_text(aims: Sequence[Aim]) -> str:
    """One line for each aim."""
    width = max(len(aim.text) for aim in aims)
    lines = ["Aims"]
    for aim in aims:
        measured = "" if aim.measured is None else f"{aim.measured:.1f}{aim.unit}"
        lines.append(f"  {aim.text:<{width}}  {measured:>10}  {aim.state}")
    return "\n".join(lines)


def value(contests: Sequence[Contest], aims: Sequence[Aim]) -> dict[str, Any]:
    """Everything, as JSON."""
    return {
        "schema": "governance/bench/v1",
        "contests": [_contest_value(contest) for contest in contests],
        "aims": [{"aim": aim.text, "measured": aim.measured, "unit": aim.unit, "state": aim.state} for aim in aims],
    }


def _contest_value(contest: Contest) -> dict[str, Any]:
    return {
        "title": contest.title,
        "measures": contest.measures,
        "timings": [
            {
                "name": timing.name,
                "median_seconds": timing.seconds if timing.samples else None,
                "ratio": contest.ratio(timing),
                "samples": list(timing.samples),
                "reason": timing.reason,
            }
            for timing in contest.timings
        ],
    }


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.1f} µs"
