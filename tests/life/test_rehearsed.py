"""Nothing is signed, queued or executed that a rehearsal finds fault with, or that does not do what was locked. threat_47."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.simulate import NodeSimulator
from governance.adapters.witness import safe_tx_hash_by_safe_eth
from governance.apps.wiring import site_over
from governance.core.errors import Refused
from governance.core.plan import Plan
from governance.core.rehearsal import Rehearsal
from governance.core.stage import Stage
from governance.core.units import hex_bytes, to_hex
from governance.life import pin, schedule, sign
from governance.life.execute import execute
from governance.life.simulate import simulate
from tests import sites
from tests.life.test_kind_scenarios import document
from tests.life.test_simulate import FACET, ONE, PAUSE, SWAP, THREE, TWO, set_fee
from tests.sites import DELAY, NETWORK, Devnet, Place, rules

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("rehearsed")) as made:
        yield made


class Council:
    """A place where everybody rehearses before acting."""

    def __init__(self, place: Place, node: Devnet) -> None:
        self.place, self.node = place, node

    def rehearse(self, name: str, plan: Plan | None) -> Rehearsal:
        place = self.place
        simulator = NodeSimulator(self.node.url, NETWORK, place.site.chain)
        network = place.site.network
        return simulate(place.site, place.space, simulator, lambda chain: site_over(chain, network), name, plan=plan)

    def lock(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        self.place.write(name, document(body))
        locking = pin.lock([self.place.site], self.place.space, name, rehearse={NETWORK: self.rehearse})
        entry: dict[str, Any] = locking.document["networks"][NETWORK]
        return entry

    def prepare(self, name: str) -> sign.Ceremony:
        return sign.prepare(self.place.site, self.place.space, name, safe_tx_hash_by_safe_eth, rehearse=self.rehearse)

    def queue(self, name: str) -> Any:
        place = self.place
        return schedule.queue(
            place.site, place.space, name, place.payer, lambda words, receipt: None, rehearse=self.rehearse
        )

    def execute(self, name: str) -> Any:
        place = self.place
        return execute(place.site, place.space, name, place.payer, lambda words, receipt: None, rehearse=self.rehearse)


@pytest.fixture
def council(node: Devnet, tmp_path: Path) -> Iterator[Council]:
    with sites.on_anvil(node, tmp_path) as place:
        yield Council(place, node)


def refused(act: Any, *arguments: Any) -> list[str]:
    with pytest.raises(Refused) as caught:
        act(*arguments)
    return rules(caught.value)


def test_what_is_locked_has_the_effects_that_everybody_finds_again(council: Council) -> None:
    entry = council.lock(ONE, SWAP)
    ceremony = council.prepare(ONE)
    assert ceremony.rehearsal is not None
    assert entry["effects"] == to_hex(ceremony.rehearsal.effects)
    council.place.warp(3600)  # moments move, effects do not
    again = council.prepare(ONE).rehearsal
    assert again is not None
    assert (again.effects, again.digest != ceremony.rehearsal.digest) == (ceremony.rehearsal.effects, True)
    council.place.sign(ONE, "alice", "bob", "carol")
    assert council.queue(ONE).stage is Stage.WAITING
    council.place.warp(DELAY)
    assert council.execute(ONE).stage is Stage.EXECUTED


def test_what_a_rehearsal_finds_fault_with_is_not_locked(council: Council) -> None:
    council.place.write(ONE, document(set_fee(expect=[])))
    assert refused(council.lock, ONE, set_fee(expect=[])) == ["extra-change", "extra-change"]
    assert council.place.space.lock(ONE) is None


def test_what_becomes_faulty_is_neither_signed_nor_queued_nor_executed(council: Council) -> None:
    """A contract that begins to write where nobody expects it: its code stays as it was pinned, what it reads does not."""
    place = council.place
    # sstore(0, 7); if sload(5) is set: sstore(9, 1)
    place.set_code(FACET, hex_bytes("0x60075f55600554600b57005b600160095500"))
    call = {"to": FACET, "function": "set()", "args": []}
    word = {"change": FACET, "slot": "0x" + "00" * 32, "becomes": "0x" + "00" * 31 + "07"}
    body = {"kind": "contract_call", "calls": [call], "expect": [word]}

    def turn(on: int) -> None:
        council.node.ask("anvil_setStorageAt", FACET, to_hex((5).to_bytes(32, "big")), to_hex(on.to_bytes(32, "big")))
        council.node.ask("evm_mine")

    council.lock(ONE, body)
    turn(1)
    assert refused(council.prepare, ONE) == ["extra-change"]
    turn(0)
    place.sign(ONE, "alice", "bob", "carol")
    turn(1)
    assert refused(council.queue, ONE) == ["extra-change"]
    turn(0)
    council.queue(ONE)
    place.warp(DELAY)
    turn(1)
    assert refused(council.execute, ONE) == ["extra-change"]
    assert place.stage(ONE) is Stage.READY
    turn(0)
    assert council.execute(ONE).stage is Stage.EXECUTED


@pytest.mark.parametrize(("written", "rule"), [("0x" + "77" * 32, "effects-changed"), (None, "effects-not-locked")])
def test_other_effects_than_those_that_were_locked_are_refused(
    council: Council, written: str | None, rule: str
) -> None:
    entry = council.lock(ONE, SWAP)
    (file,) = council.place.space.root.glob("proposals/*.lock.json")
    text = file.read_text("utf-8")
    assert text.count(entry["effects"]) == 1
    file.write_text(text.replace(f'"{entry["effects"]}"', json.dumps(written)), "utf-8")
    assert refused(council.prepare, ONE) == [rule]
    council.place.sign(ONE, "alice", "bob", "carol")
    assert refused(council.queue, ONE) == [rule]
    council.place.queue(ONE)
    council.place.warp(DELAY)
    assert refused(council.execute, ONE) == [rule]


def test_what_stops_things_waits_for_no_rehearsal(council: Council) -> None:
    """threat_53: even where the node cannot play one."""
    place = council.place
    assert council.lock(ONE, PAUSE)["effects"] is None
    assert council.prepare(ONE).rehearsal is None
    place.sign(ONE, "frank", "grace")
    assert council.execute(ONE).stage is Stage.EXECUTED


def test_what_comes_after_another_is_rehearsed_before_it_is_executed(council: Council) -> None:
    """threat_26"""
    place = council.place
    council.lock(ONE, SWAP)
    later = {**set_fee(), "after": ONE}
    assert council.lock(TWO, later)["effects"] is None
    for name in (ONE, TWO):
        place.sign(name, "alice", "bob", "carol")
        council.queue(name)
    place.warp(DELAY)
    assert refused(council.execute, TWO) == ["simulate-predecessor"]
    council.execute(ONE)
    assert council.execute(TWO).stage is Stage.EXECUTED
    assert THREE not in place.space.proposal_ids()
