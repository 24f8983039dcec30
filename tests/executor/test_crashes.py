"""Killed at every point, in every situation: exactly one execution, nothing lost, and a journal that holds."""

import itertools
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.devnet import NETWORK
from governance.adapters.simulate import NodeSimulator
from governance.apps.wiring import site_over
from governance.core.facts import Generation
from governance.core.stage import Stage
from governance.life import pin
from governance.life.simulate import simulate
from governance.life.site import Rehearse, Site
from tests.adapters.databases import Postgres, postgres
from tests.adapters.rpcproxy import BROADCAST, proxied
from tests.executor.yard import Yard, replayed, run_killed, unlocked
from tests.life.test_life_scenarios import HEAD, ONE, PAUSE, PLAIN, REMOVE, SET_FEE, SWAP, TWO, cancelling
from tests.sites import DELAY, Devnet, Options, Place, devnet, on_anvil

pytestmark = pytest.mark.node

CRASHES = 400
"""In each scenario of the sweep."""
BATCH = HEAD.format(kind="batch") + (
    "entries:\n"
    '  - kind: contract_call\n    calls:\n      - to: target\n        function: "setFee(uint256)"\n        args: ["40"]\n'
    '  - kind: facet_swap\n    changes:\n      - remove: ["treasurySince()"]\n'
)


@dataclass(kw_only=True)
class World:
    """A yard, what was there before, and a word to what happens between two lives."""

    yard: Yard
    ask: Callable[..., Any]
    proxy: Any = None
    since: int = 0

    @property
    def place(self) -> Place:
        return self.yard.place


URLS: dict[str, str] = {}
"""Of the node that runs."""

Between = Callable[[World, int], object]


def nothing(world: World, crash: int) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is due, and what happens each time that the executor was killed."""

    prepare: Callable[[Place], list[str]]
    options: Options = PLAIN
    between: Between = nothing
    sends_safe_transactions: bool = False
    automine: bool = True
    rehearsed: bool = False
    database: str = "sqlite"
    executions: tuple[int, ...] = (1,)
    """How often an operation may have been executed in the end."""
    reverted: int = 0
    """How many transactions may have been paid for and had no effect, in one life."""
    needs_proxy: bool = False
    waits: bool = False
    """Whether time passes at the end."""
    stride: int = 8
    """Every how many points a life is killed once; the long runs kill it anywhere."""


def ready(*texts: str) -> Callable[[Place], list[str]]:
    def prepare(place: Place) -> list[str]:
        names = [place.queued(name, text) for name, text in zip((ONE, TWO), texts, strict=False)]
        place.warp(max(step.operation.delay.seconds for name in names for step in place.steps(name) if step.operation))
        return names

    return prepare


def locked_with_effects(place: Place) -> list[str]:
    """As a council does that rehearses before it locks."""
    place.write(ONE, SWAP)
    pin.lock([place.site], place.space, ONE, rehearse={NETWORK: rehearsing(place.site, place)})
    place.sign(ONE, "alice", "bob", "carol")
    place.queue(ONE)
    place.warp(DELAY)
    return [ONE]


def rehearsing(site: Site, place: Place) -> Rehearse:
    node = NodeSimulator(URLS[NETWORK], NETWORK, site.chain)
    build = partial(site_over, place=site.network)
    return lambda proposal, plan: simulate(site, place.space, node, build, proposal, plan=plan)


def signed(place: Place) -> list[str]:
    return [place.approved(ONE, SET_FEE)]


def cancel_is_signed(place: Place) -> list[str]:
    place.queued(ONE, SET_FEE)
    place.approved(TWO, cancelling(ONE), "frank", "grace")
    place.warp(DELAY)
    return [ONE]


def paused(place: Place) -> list[str]:
    """Ready, and the target refuses everything: nothing may be executed, and nothing may be paid for."""
    place.queued(ONE, SET_FEE)
    place.by_guardians(TWO, PAUSE)
    place.warp(DELAY)
    return [ONE]


def mine(world: World, crash: int) -> None:
    world.ask("evm_mine")


def mine_and_wait(world: World, crash: int) -> None:
    """Time passes, so that what was queued becomes ready."""
    if crash % 5 == 4:
        world.place.warp(DELAY)


def forget_and_mine(world: World, crash: int) -> None:
    if crash % 3:
        world.ask("anvil_dropAllTransactions")
    else:
        world.ask("evm_mine")


def lose_journal(world: World, crash: int) -> None:
    shutil.rmtree(world.yard.folder)
    world.yard.folder.mkdir(mode=0o700)


def somebody_executes(world: World, crash: int) -> None:
    if crash == 2 and world.yard.executions(ONE) == [0]:
        operation = world.place.operation(ONE)
        world.place.account("bob").send(operation.execute(), purpose="quicker")


def somebody_cancels(world: World, crash: int) -> None:
    if crash == 2 and world.yard.executions(ONE) == [0]:
        world.place.execute(TWO)


def take_a_block_back(world: World, crash: int) -> None:
    """The newest block is gone, and what was in it is in no pool."""
    if crash % 2 and world.place.site.chain.head().number > world.since + 1:
        world.ask("anvil_reorg", 1, [])


def rise_fees(world: World, crash: int) -> None:
    """What was signed under yesterday's fees is not mined today."""
    base = int(world.ask("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    if base < 10**10:
        world.ask("anvil_setNextBlockBaseFeePerGas", hex(base * 3))
    world.ask("evm_mine")


def lose_answers(world: World, crash: int) -> None:
    faults = world.proxy.faults
    faults.lose_answer.clear()
    faults.lose_question.clear()
    if crash % 3 == 1:
        faults.lose_answer.add(BROADCAST)
    if crash % 3 == 2:
        faults.lose_question.add(BROADCAST)


SCENARIOS: dict[str, Scenario] = {
    "one call is ready": Scenario(prepare=ready(SET_FEE), stride=1),
    "a facet swap is ready": Scenario(prepare=ready(SWAP)),
    "a batch is ready": Scenario(prepare=ready(BATCH)),
    "a facet swap is ready, rehearsed": Scenario(prepare=locked_with_effects, rehearsed=True, stride=16),
    "two proposals are ready": Scenario(prepare=ready(SET_FEE, REMOVE)),
    "signed, to be queued": Scenario(prepare=signed, sends_safe_transactions=True, executions=(0,)),
    "signed, queued, executed": Scenario(
        prepare=signed, sends_safe_transactions=True, between=mine_and_wait, waits=True
    ),
    "blocks come only between lives": Scenario(prepare=ready(SET_FEE), automine=False, between=mine),
    "a pool that forgets": Scenario(prepare=ready(SET_FEE), automine=False, between=forget_and_mine),
    "a journal that is lost each time": Scenario(prepare=ready(SET_FEE), between=lose_journal),
    "a journal that is lost each time, blocks between lives": Scenario(
        prepare=ready(SET_FEE), automine=False, between=lambda w, n: (lose_journal(w, n), mine(w, n)), reverted=40
    ),
    "somebody else executes": Scenario(prepare=ready(SET_FEE), between=somebody_executes, reverted=1),
    "guardians cancel": Scenario(prepare=cancel_is_signed, between=somebody_cancels, executions=(0, 1), reverted=1),
    "a system that is paused": Scenario(prepare=paused, executions=(0,)),
    "blocks are taken back": Scenario(prepare=ready(SET_FEE), between=take_a_block_back, reverted=2),
    "fees rise": Scenario(prepare=ready(SET_FEE), automine=False, between=rise_fees),
    "broadcasts get lost": Scenario(prepare=ready(SET_FEE), between=lose_answers, needs_proxy=True),
    "broadcasts get lost, blocks between lives": Scenario(
        prepare=ready(SET_FEE),
        automine=False,
        between=lambda w, n: (lose_answers(w, n), mine(w, n)),
        needs_proxy=True,
    ),
    "a journal in PostgreSQL": Scenario(prepare=ready(SET_FEE), database="postgresql"),
    "generation v1": Scenario(prepare=ready(SWAP), options=Options(generation=Generation.V1)),
    "generation compact": Scenario(prepare=ready(SWAP), options=Options(generation=Generation.COMPACT)),
    "generation p4": Scenario(prepare=ready(SWAP), options=Options(generation=Generation.P4)),
    "a diamond": Scenario(prepare=ready(SWAP), options=Options(generation=Generation.DIAMOND)),
    "a Safe 1.5.0": Scenario(
        prepare=signed,
        options=Options(safe_version="1.5.0"),
        sends_safe_transactions=True,
        between=mine_and_wait,
        waits=True,
    ),
    "a Safe 1.5.0, a facet swap": Scenario(prepare=ready(SWAP), options=Options(safe_version="1.5.0")),
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("executor")) as started:
        URLS[NETWORK] = started.url
        yield started


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as started:
        yield started


@pytest.fixture
def build(request: pytest.FixtureRequest, node: Devnet, tmp_path: Path) -> Iterator[Callable[[Scenario], World]]:
    with ExitStack() as stack:

        def made(scenario: Scenario) -> World:
            node.ask("anvil_setNextBlockBaseFeePerGas", hex(10**9))  # which outlives whatever put the chain back
            node.ask("evm_mine")
            place = stack.enter_context(on_anvil(node, tmp_path / "workspace", scenario.options))
            folder = tmp_path / "executor"
            folder.mkdir(mode=0o700)
            proxy = stack.enter_context(proxied(node.url)) if scenario.needs_proxy else None
            database = request.getfixturevalue("server").fresh() if scenario.database == "postgresql" else ""
            yard = Yard(
                place=place,
                url=node.url if proxy is None else proxy.url,
                node=node.url,
                folder=folder,
                key=unlocked(node.folder.keys / "executor.json"),
                database=database,
                sends_safe_transactions=scenario.sends_safe_transactions,
                patience=0.2 if scenario.automine else 0.0,
            )
            if scenario.rehearsed:
                yard.rehearse = lambda site: rehearsing(site, place)
            return World(yard=yard, ask=node.ask, proxy=proxy)

        yield made
        node.ask("evm_setAutomine", True)


def new_life(world: World, kills: Iterator[int], scenario: Scenario, limit: int) -> int:
    """Kill, let something happen, again; and when there is nothing to kill any more, let it come to its end. Gives crashes."""
    crashes = 0
    with replayed(world.ask):
        lose_journal(world, 0)
        if world.yard.database:
            empty(world.yard)
        world.since = world.place.site.chain.head().number
        world.ask("evm_setAutomine", scenario.automine)
        for at in itertools.islice(kills, limit):
            if run_killed(world.yard.once, at):
                crashes += 1
            scenario.between(world, crashes)
        world.ask("evm_setAutomine", True)
        world.ask("evm_mine")
        if world.proxy is not None:
            world.proxy.faults.lose_answer.clear()
            world.proxy.faults.lose_question.clear()
        assert not run_killed(world.yard.once, 10**9)  # the next process, and nobody kills it
        last = world.yard.executor()
        for _ in range(6):
            last.once()
            world.ask("evm_mine")
            if scenario.waits:
                world.place.warp(DELAY)
        require_all_is_well(world, scenario)
    return crashes


def empty(yard: Yard) -> None:
    from sqlalchemy import create_engine, text

    engine = create_engine(yard.database)
    with engine.begin() as connection:
        for table in ("journal_entry", "intent", "alembic_version"):
            connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
    engine.dispose()


def require_all_is_well(world: World, scenario: Scenario) -> None:
    """One execution each, one note each, a journal whose chain of notes holds, and no gas burnt but what had to be."""
    for name in world.place.space.proposal_ids():
        counts = world.yard.executions(name)
        if not counts:  # the guardian's lane has no operations
            continue
        assert set(counts) <= set(scenario.executions), (name, counts)
        notes = world.yard.settled(name)  # verifies the journal, too
        done = [
            step.step.operation.id
            for step in world.place.look(name).steps
            if step.stage is Stage.EXECUTED and step.step.operation
        ]
        assert sorted(note.subject["operation"] for note in notes) == sorted(f"0x{one.hex()}" for one in done)
    _, reverted = world.yard.paid(world.since)
    assert reverted <= scenario.reverted


def anywhere(rolls: random.Random, points: int) -> Iterator[int]:
    """Any point of a life, and as often one of its first, since a life in which there is little to do has no others."""
    while True:
        yield rolls.randrange(points)
        yield rolls.randrange(10)


@pytest.mark.parametrize("name", ["one call is ready", "blocks come only between lives", "signed, queued, executed"])
def test_killed_anywhere_it_is_executed_once(build: Callable[[Scenario], World], name: str) -> None:
    """threat_12: a sample of the sweep below."""
    world, scenario = build(SCENARIOS[name]), SCENARIOS[name]
    scenario.prepare(world.place)
    rolls = random.Random(name)
    crashes = new_life(world, anywhere(rolls, 50), scenario, 25)
    assert crashes > 5


@pytest.mark.slow
@pytest.mark.sweep
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_every_point_it_is_executed_once(build: Callable[[Scenario], World], name: str) -> None:
    """threat_12 threat_02 threat_03 threat_04 threat_05 threat_06 threat_07 threat_09 threat_23 threat_60: once at each
    point of a life, and then in long runs of lives that all end early."""
    scenario = SCENARIOS[name]
    world = build(scenario)
    scenario.prepare(world.place)
    crashes = 0
    for at in itertools.count(step=scenario.stride):
        killed = new_life(world, iter([at]), scenario, 1)
        crashes += killed
        if not killed:
            break
    rolls, points = random.Random(name), at
    while crashes < CRASHES:
        crashes += new_life(world, anywhere(rolls, points), scenario, 120)
    assert crashes >= CRASHES
    assert points > 20


def test_the_sweep_is_as_long_as_it_is_said_to_be() -> None:
    assert len(SCENARIOS) * CRASHES >= 10_000
