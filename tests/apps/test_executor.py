"""What the job does beside its tasks: it passes over what is under way, forgets what is over, and goes on after a fault."""

from typing import Any

from governance.apps.executor import TIDY_TICKS, Executor, Hooks, Station
from governance.core.errors import GovError, Unreachable
from tests.executor.yard import Direct
from tests.life.test_tick import watch, world


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
