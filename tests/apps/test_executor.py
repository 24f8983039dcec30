"""What the job does beside its tasks: it passes over what is under way, forgets what is over, and goes on after a fault."""

from typing import Any

import pytest

from governance.apps.executor import TIDY_TICKS, Executor, Hooks, Station
from governance.core.errors import GovError, Refused, Unreachable
from governance.core.units import to_hex
from governance.life.fulfil import Outcome
from tests.executor.yard import Direct
from tests.life.test_tick import A, B, claim, watch, world


class Journal:
    """One without notes."""

    def entries(self, proposal: str | None = None) -> list[Any]:
        return []


class Means:
    """Of a station that is given nothing to do."""

    journal = Journal()


def executor() -> tuple[Executor, Station, Direct, list[GovError], Any]:
    over, failed = world(), list[GovError]()
    station = Station(network="devnet", queue="payer", watch=watch(over), means=Means())  # type: ignore[arg-type]
    made: list[Direct] = []

    def durable(**given: Any) -> Direct:
        made.append(Direct(**given))
        return made[0]

    hooks = Hooks(
        ticked=lambda *_: None,
        failed=lambda _, error: failed.append(error),
        reported=lambda _: None,
        taken_over=lambda *_: None,
        expired=lambda _: None,
        broken=lambda _: None,
    )
    return Executor({"devnet": station}, durable, hooks), station, made[0], failed, over  # type: ignore[arg-type]


def test_what_is_over_for_long_is_deleted_now_and_then() -> None:
    job, _, durable, _, _ = executor()
    for _ in range(TIDY_TICKS):
        job.tick("devnet")
    assert durable.tidied == 1
    job.tick("devnet")
    assert durable.tidied == 2


def test_a_tick_that_comes_during_another_is_passed_over() -> None:
    job, station, _, _, _ = executor()
    with station.busy:
        assert job.tick("devnet") == []
    assert station.ticks == 0
    job.tick("devnet")
    assert station.ticks == 1


def test_a_tick_that_fails_is_told_and_the_next_one_comes_all_the_same() -> None:
    """threat_01"""
    job, station, _, failed, over = executor()
    real = over.beat

    def silent(before: Any) -> Any:
        raise Unreachable("devnet does not answer")

    over.beat = silent
    assert job.tick("devnet") == []
    over.beat = real
    assert job.tick("devnet") == []
    assert ([error.message for error in failed], station.ticks, station.busy.locked()) == (
        ["devnet does not answer"],
        2,
        False,
    )


WORDS = {"network": "devnet", "proposal": "0007-x", "operation": "0x" + "11" * 32, "action": "execute"}
NO_TASKS: dict[str, Any] = {
    "a network of nobody": {**WORDS, "network": "elsewhere"},
    "a word is missing": {"network": "devnet"},
    "no such action": {**WORDS, "action": "upgrade"},
    "half an operation": {**WORDS, "operation": "0x11"},
    "a number": {**WORDS, "operation": 17},
    "a text": "execute everything",
    "nothing": None,
}


@pytest.mark.parametrize("name", NO_TASKS)
def test_a_row_that_holds_no_task_is_told_and_begins_nothing(name: str) -> None:
    """threat_60"""
    job, _, durable, failed, _ = executor()
    report = durable.wait(durable.submit("devnet:0x11:execute", NO_TASKS[name], "payer"))
    assert report["outcome"] == Outcome.REFUSED
    (error,) = failed
    assert "holds no task" in error.message
    assert job.once() == []


def test_what_cannot_be_told_of_one_task_is_a_failure_and_the_others_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_60"""
    job, _, durable, failed, _ = executor()
    gone = Refused("its row is gone")

    def wait(identity: str) -> dict[str, str]:
        if identity == "a":
            raise gone
        return {"outcome": "done"}

    monkeypatch.setattr(job, "tick", lambda network: ["a", "b"])
    monkeypatch.setattr(durable, "wait", wait)
    assert (job.once(), failed) == ([{"outcome": "done"}], [gone])


def test_what_cannot_be_begun_holds_up_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_60: a row with an id that nobody made."""
    job, _, durable, failed, over = executor()
    changed = Refused("no id of a workflow")
    over.files = {"one": claim(A), "two": claim(B)}
    over.moments |= {A: 100, B: 100}

    def submit(name: str, task: dict[str, str], queue: str) -> str:
        if task["proposal"] == "one":
            raise changed
        return name

    monkeypatch.setattr(durable, "submit", submit)
    (begun,) = job.tick("devnet")
    assert (begun.split(":")[1], failed) == (to_hex(B), [changed])
