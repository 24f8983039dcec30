"""Every request of the executor, and every way in which it can go wrong: nothing wrong is sent, and the next lives recover."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from governance.adapters import rpc
from governance.adapters.rawtransaction import read
from tests.executor.faulty import Fault, Faulty, faulty
from tests.executor.yard import Yard, replayed, unlocked
from tests.life.test_life_scenarios import ONE, SET_FEE
from tests.sites import DELAY, Devnet, devnet, on_anvil

pytestmark = pytest.mark.node

REQUESTS = 40
"""HTTP requests of one life, and some more."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("faults")) as started:
        yield started


@pytest.fixture
def yard(node: Devnet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Yard, Faulty]]:
    """An operation is ready; the clients of this test give up soon."""
    monkeypatch.setattr(rpc, "PAUSE", 0.001)
    monkeypatch.setattr(rpc, "TIMEOUT", 0.25)
    with ExitStack() as stack:
        place = stack.enter_context(on_anvil(node, tmp_path / "workspace"))
        place.queued(ONE, SET_FEE)
        place.warp(DELAY)
        for _ in range(3):  # so that a backend can lag behind
            node.ask("evm_mine")
        proxy = stack.enter_context(faulty(node.url))
        folder = tmp_path / "executor"
        folder.mkdir(mode=0o700)
        key = unlocked(node.folder.keys / "executor.json")
        yield Yard(place=place, url=proxy.url, node=node.url, folder=folder, key=key, patience=0.1), proxy


def live(yard: Yard, proxy: Faulty, node: Devnet, plan: dict[int, Fault]) -> int:
    """Two lives with the faults of the plan, then some without; gives the requests of the first two."""
    proxy.served.asked.clear()
    proxy.plan = plan
    with replayed(node.ask):
        (yard.folder / "journal.sqlite3").unlink(missing_ok=True)
        since = yard.place.site.chain.head().number
        for _ in range(2):
            yard.once()
        asked = proxy.requests
        proxy.plan = {}
        last = yard.executor()
        for _ in range(5):
            last.once()
            node.ask("evm_mine")
        require_nothing_wrong(yard, proxy, since)
    return asked


def require_nothing_wrong(yard: Yard, proxy: Faulty, since: int) -> None:
    """Only the one act was ever broadcast, it was executed once, and once it was noted."""
    meant = yard.place.operation(ONE).execute()
    for raw in proxy.broadcasts():
        signed = read(raw)
        assert (signed.call.to, signed.call.value, signed.call.data) == (meant.to, meant.value, meant.data)
        assert (signed.sender, signed.chain_id) == (yard.key.address, 31337)
    assert yard.executions(ONE) == [1]
    assert len(yard.settled(ONE)) == 1
    assert yard.paid(since) == (1, 0)


@pytest.mark.parametrize("fault", Fault)
def test_one_thing_goes_wrong_somewhere(yard: tuple[Yard, Faulty], node: Devnet, fault: Fault) -> None:
    """threat_01 threat_02 threat_13 threat_22: a sample of the sweep below."""
    for at in (9, 17):
        assert live(*yard, node, {at: fault}) > at


@pytest.mark.slow
@pytest.mark.sweep
@pytest.mark.parametrize("fault", Fault)
def test_any_request_may_go_wrong(yard: tuple[Yard, Faulty], node: Devnet, fault: Fault) -> None:
    """threat_01 threat_02 threat_03 threat_13 threat_15 threat_22: every request of two lives, once."""
    at = 0
    while live(*yard, node, {at: fault}) > at:
        at += 1
    assert at > 20


@pytest.mark.slow
@pytest.mark.sweep
@pytest.mark.parametrize("fault", Fault)
def test_from_any_request_on_everything_goes_wrong(yard: tuple[Yard, Faulty], node: Devnet, fault: Fault) -> None:
    """threat_01 threat_14: an endpoint that goes bad and stays so, for two lives."""
    for at in range(0, REQUESTS, 8):
        live(*yard, node, dict.fromkeys(range(at, at + 400), fault))
