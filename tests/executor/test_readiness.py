"""In which block an operation is executed: the first that may, though no block of that time is there when it is sent."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.core.facts import Head
from governance.life.fulfil import Outcome
from tests.adapters.badnode import Questions, Reply, answers, failure, serving
from tests.adapters.rpcproxy import BROADCAST, _forward
from tests.executor.yard import Yard, unlocked
from tests.life.test_life_scenarios import ONE, SET_FEE
from tests.sites import Devnet, Place, devnet, on_anvil

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("readiness")) as started:
        yield started


@pytest.fixture
def place(node: Devnet, tmp_path: Path) -> Iterator[Place]:
    """An operation that waits."""
    with on_anvil(node, tmp_path / "workspace") as place:
        place.queued(ONE, SET_FEE)
        yield place


def seconds_before(place: Place, node: Devnet, seconds: int) -> Head:
    """The newest block is so much too early for it."""
    node.ask("evm_setNextBlockTimestamp", eta(place) - seconds)
    node.ask("evm_mine")
    return place.site.chain.head()


def eta(place: Place) -> int:
    (step,) = place.look(ONE).steps
    assert step.eta is not None
    return step.eta.seconds


def yard(place: Place, node: Devnet, tmp_path: Path, url: str) -> Yard:
    folder = tmp_path / "executor"
    folder.mkdir(mode=0o700)
    return Yard(place=place, url=url, node=node.url, folder=folder, key=unlocked(node.folder.keys / "executor.json"))


def altered(upstream: str, alter: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]]) -> Callable[..., Reply]:
    """The node's answers, each as somebody changes it."""

    def script(questions: Questions) -> Reply:
        given = _forward(upstream, questions)
        return answers([alter(question, answer) for question, answer in zip(questions, given, strict=True)])

    return script


def test_it_is_executed_in_the_first_block_that_may(place: Place, node: Devnet, tmp_path: Path) -> None:
    """threat_19: nobody waits for a block whose only use would be to tell the time."""
    when, before = eta(place), seconds_before(place, node, 1)
    job = yard(place, node, tmp_path, node.url)
    node.ask("evm_setNextBlockTimestamp", when)
    (report,) = job.once()
    after = place.site.chain.head()
    assert (report["outcome"], report["reason"], report["findings"]) == (Outcome.DONE, "", "")
    assert (after.number, after.timestamp.seconds) == (before.number + 1, when)
    assert (job.executions(ONE), job.paid(before.number)) == ([1], (1, 0))


def test_one_second_earlier_nothing_is_sent(place: Place, node: Devnet, tmp_path: Path) -> None:
    """threat_19"""
    before = seconds_before(place, node, 1)

    def held(question: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """As if the next block's time were the newest one's: the machine's clock goes on while this runs."""
        if question["method"] == "eth_getBlockByNumber" and question["params"][0] == "pending":
            return {**answer, "result": {**answer["result"], "timestamp": hex(before.timestamp.seconds)}}
        return answer

    with serving(altered(node.url, held)) as served:
        job = yard(place, node, tmp_path, served.url)
        assert job.once() == []
        assert place.site.chain.head() == before


def test_a_node_that_plays_no_other_moment_is_waited_for(place: Place, node: Devnet, tmp_path: Path) -> None:
    """threat_01: an endpoint that knows no block overrides says so; nothing is sent, and the next block is time enough."""
    before = seconds_before(place, node, 1)

    def refused(question: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if question["method"] in {"eth_call", "eth_estimateGas"} and len(question["params"]) > 2:
            return failure(question, -32602, "too many arguments, want at most 2")
        return answer

    with serving(altered(node.url, refused)) as served:
        job = yard(place, node, tmp_path, served.url).executor()
        node.ask("evm_setNextBlockTimestamp", eta(place))
        (report,) = job.once()
        assert report["outcome"] in {Outcome.REFUSED, Outcome.UNREACHABLE}
        assert not any(q["method"] == BROADCAST for qs in served.asked for q in qs)
        node.ask("evm_mine")
        node.ask("anvil_mine", hex(1), hex(20))  # the distance after which it is tried again
        (report,) = job.once()
        assert report["outcome"] == Outcome.DONE
    assert place.site.chain.head().number == before.number + 3


@pytest.mark.parametrize("lie", [3600, 10**9])
def test_a_node_that_dreams_of_the_future_wastes_gas_for_a_minute_at_most(
    place: Place, node: Devnet, tmp_path: Path, lie: int
) -> None:
    """threat_15 threat_18 threat_19: how far ahead the next block is said to be is believed for a minute and no more."""
    before = seconds_before(place, node, 1800)

    def dreaming(question: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if question["method"] == "eth_getBlockByNumber" and question["params"][0] == "pending":
            said = int(answer["result"]["timestamp"], 16) + lie
            return {**answer, "result": {**answer["result"], "timestamp": hex(said)}}
        return answer

    with serving(altered(node.url, dreaming)) as served:
        job = yard(place, node, tmp_path, served.url)
        assert job.once() == []
        before = seconds_before(place, node, 30)
        (report,) = job.once()
    assert report["outcome"] == Outcome.REFUSED
    assert "reverted" in report["reason"]
    assert (job.executions(ONE), job.paid(before.number)) == ([0], (0, 1))
