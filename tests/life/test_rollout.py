"""A proposal on two networks, a canary first: nothing begins on the second before the first keeps its promises."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from governance.adapters.devnet import NETWORK
from governance.core.errors import Refused
from governance.core.stage import Stage
from governance.life import pin, schedule, sign
from governance.life.execute import execute
from governance.life.rollout import require_wave
from governance.life.site import Site
from tests.life.test_life_scenarios import ONE, PAUSE, SET_FEE
from tests.sites import DELAY, Place, people, rules, safe_tx_hash_by_safe_eth, simulated

CANARY = "canary"
ROLLOUT = f"rollout:\n  - networks: [{CANARY}]\n  - networks: [{NETWORK}]\n"
BOTH = f"networks: [{CANARY}, {NETWORK}]"


class Networks:
    """Two chains under one workspace, each with the same system."""

    def __init__(self, folder: Path) -> None:
        self.main = simulated(folder / "main")
        self.other = simulated(folder / "other")
        file = self.main.space.policy_file
        text = file.read_text()
        entry = re.search(rf"^  {NETWORK}:\n(    .*\n)+", text, re.MULTILINE)
        assert entry is not None
        file.write_text(text.replace(entry[0], entry[0] + entry[0].replace(f"  {NETWORK}:", f"  {CANARY}:")))
        digest = self.main.space.policy().digest
        self.sites = {NETWORK: self._site(self.main, NETWORK), CANARY: self._site(self.other, CANARY)}
        for place in (self.main, self.other):
            anchor = place.site.network.policy_anchor
            place.timelock_does((anchor, "setPolicy(bytes32,string)", [digest, "policies.yaml"]))

    def _site(self, place: Place, name: str) -> Site:
        return replace(place.site, network=self.main.space.policy().networks[name])

    def prepare(self, text: str) -> None:
        """Locked and signed for both networks."""
        self.main.write(ONE, text.replace("networks: [devnet]", BOTH) + ROLLOUT)
        pin.lock(list(self.sites.values()), self.main.space, ONE, rehearse=None)
        for name in ("alice", "bob", "carol"):
            for site in self.sites.values():
                ceremony = sign.prepare(site, self.main.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None)
                sign.sign(ceremony, people()[name], self.main.space)

    def act(self, act: Callable[..., object], name: str) -> object:
        """Queue or execute on one network, as the tool does."""
        place = self.main if name == NETWORK else self.other
        in_turn = partial(require_wave, self.main.space, self.sites.__getitem__)
        told: list[str] = []
        return act(
            self.sites[name],
            self.main.space,
            ONE,
            place.payer,
            lambda words, receipt: told.append(words),
            rehearse=None,
            guards=(in_turn,),
        )

    def refused(self, act: Callable[..., object], name: str) -> str:
        with pytest.raises(Refused) as caught:
            self.act(act, name)
        assert rules(caught.value) == ["rollout-wave"]
        return caught.value.findings[0].message


@pytest.fixture
def networks(tmp_path: Path) -> Networks:
    return Networks(tmp_path)


def test_the_second_wave_begins_when_the_canary_has_kept_its_promise(networks: Networks) -> None:
    networks.prepare(SET_FEE)
    assert "canary: approved" in networks.refused(schedule.queue, NETWORK)
    networks.act(schedule.queue, CANARY)
    assert "canary: waiting" in networks.refused(schedule.queue, NETWORK)
    networks.other.warp(DELAY)
    networks.act(execute, CANARY)
    networks.act(schedule.queue, NETWORK)
    networks.main.warp(DELAY)
    seen = networks.act(execute, NETWORK)
    assert getattr(seen, "stage", None) is Stage.EXECUTED


def test_a_canary_that_broke_its_promise_holds_up_the_rest(networks: Networks) -> None:
    """Nobody but people goes on from there: also not with what is queued already."""
    networks.prepare(SET_FEE)
    networks.act(schedule.queue, CANARY)
    networks.other.warp(DELAY)
    networks.act(execute, CANARY)
    networks.act(schedule.queue, NETWORK)
    networks.main.warp(DELAY)
    networks.other.timelock_does((networks.other.site.network.target, "setFee(uint256)", [41]))
    assert "fee() gives 40: found 41" in networks.refused(execute, NETWORK)


def test_what_stops_things_waits_for_no_wave(networks: Networks) -> None:
    networks.main.write(ONE, PAUSE.replace("networks: [devnet]", BOTH) + ROLLOUT)
    pin.lock(list(networks.sites.values()), networks.main.space, ONE, rehearse=None)
    for name in ("frank", "grace"):
        site = networks.sites[NETWORK]
        ceremony = sign.prepare(site, networks.main.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None)
        sign.sign(ceremony, people()[name], networks.main.space)
    networks.act(execute, NETWORK)
    assert networks.main.ask("fee()(uint256)") == "reverted"
