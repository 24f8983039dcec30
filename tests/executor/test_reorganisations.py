"""Blocks are taken back, one or many, at each phase, and what was in them is gone or comes again elsewhere."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from governance.adapters import anvil
from governance.core.stage import Stage
from tests.executor.yard import Yard, replayed, unlocked
from tests.life.test_life_scenarios import ONE, SET_FEE, TWO, cancelling
from tests.sites import DELAY, Devnet, Place, devnet, on_anvil

pytestmark = pytest.mark.node

DEEPEST = 64
FINAL = DEEPEST + 1
"""Confirmations after which an execution is believed; no reorganisation of these tests is as deep."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    """One that keeps every state: by itself, anvil goes back to blocks of long ago with nothing in them."""
    keeping = partial(anvil.start, more=("--prune-history", "100000"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(anvil, "start", keeping)
        with devnet(tmp_path_factory.mktemp("reorganisations")) as started:
            yield started


def scheduled(place: Place) -> None:
    """The executor itself sends what schedules it, and that is taken back."""
    place.approved(ONE, SET_FEE)


def executed(place: Place) -> None:
    """The execution is taken back."""
    place.queued(ONE, SET_FEE)
    place.warp(DELAY)


def cancelled(place: Place) -> None:
    """The guardians cancel, and that is taken back: what waits is executed, or cancelled once more."""
    place.queued(ONE, SET_FEE)
    place.approved(TWO, cancelling(ONE), "frank", "grace")


PHASES: dict[str, Callable[[Place], None]] = {
    "the schedule": scheduled,
    "the execution": executed,
    "the cancel": cancelled,
}


def newest_transaction(node: Devnet) -> str:
    """The raw bytes of the newest block's only transaction."""
    block = node.ask("eth_getBlockByNumber", "latest", False)
    raw: str = node.ask("eth_getRawTransactionByHash", block["transactions"][0])
    return raw


def run(yard: Yard, node: Devnet, phase: str, depth: int, *, again: bool) -> None:
    """One life through a reorganisation, with one executor that remembers what it saw before."""
    with replayed(node.ask):
        (yard.folder / "journal.sqlite3").unlink(missing_ok=True)
        executor = yard.executor()
        executor.once()
        if phase == "the cancel":
            yard.place.execute(TWO)
        raw = newest_transaction(node) if again else None
        for _ in range(depth - 1):
            node.ask("evm_mine")
        executor.once()
        assert yard.settled(ONE) == []
        node.ask("anvil_reorg", depth, [] if raw is None else [[raw, min(depth - 1, 1)]])
        for _ in range(3):
            executor.once()
            node.ask("evm_mine")
        require_records_equal_chain(yard)
        yard.place.warp(DELAY)
        for _ in range(4):
            executor.once()
            node.ask("evm_mine")
        node.ask("anvil_mine", hex(FINAL + 2))
        for _ in range(2):
            executor.once()
            node.ask("evm_mine")
        require_records_equal_chain(yard)
        still_cancelled = phase == "the cancel" and again
        assert yard.executions(ONE) == [0 if still_cancelled else 1]
        assert len(yard.settled(ONE)) == (not still_cancelled)
        assert [error.message for error in yard.failed] == []


def require_records_equal_chain(yard: Yard) -> None:
    """What the journal says is for good is on the chain, just there."""
    (step,) = yard.place.look(ONE).steps
    notes = yard.settled(ONE)
    assert len(notes) <= 1
    for note in notes:
        assert step.stage is Stage.EXECUTED
        receipt = yard.place.site.chain.receipt(bytes.fromhex(note.subject["tx_hash"][2:]))  # type: ignore[arg-type]
        assert receipt is not None
        assert (str(receipt.block), receipt.status) == (note.subject["block"], 1)


@pytest.fixture
def build(node: Devnet, tmp_path: Path) -> Iterator[Callable[[str], Yard]]:
    with on_anvil(node, tmp_path / "workspace") as place:
        folder = tmp_path / "executor"
        folder.mkdir(mode=0o700)

        def made(phase: str) -> Yard:
            PHASES[phase](place)
            return Yard(
                place=place,
                url=node.url,
                node=node.url,
                folder=folder,
                key=unlocked(node.folder.keys / "executor.json"),
                confirmations=FINAL,
                sends_safe_transactions=True,
            )

        yield made


@pytest.mark.parametrize("again", [False, True], ids=["gone", "mined elsewhere"])
@pytest.mark.parametrize("phase", PHASES)
def test_what_is_taken_back_is_done_again(build: Callable[[str], Yard], node: Devnet, phase: str, again: bool) -> None:
    """threat_09 threat_10: a sample of the sweep below."""
    yard = build(phase)
    for depth in (1, 3):
        run(yard, node, phase, depth, again=again)


@pytest.mark.slow
@pytest.mark.sweep
@pytest.mark.parametrize("again", [False, True], ids=["gone", "mined elsewhere"])
@pytest.mark.parametrize("phase", PHASES)
def test_of_any_depth(build: Callable[[str], Yard], node: Devnet, phase: str, again: bool) -> None:
    """threat_09 threat_10"""
    yard = build(phase)
    for depth in range(1, DEEPEST + 1):
        run(yard, node, phase, depth, again=again)
