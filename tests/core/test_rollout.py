"""Waves: each network in one of them, and the next only when enough of the last hold."""

import pytest

from governance.core.errors import Rejected
from governance.core.rollout import Standing, Wave, judge_waves, require_partition, waves_before
from tests.core.test_proposal import made as read_text

CANARY = Wave(networks=["sepolia"])
SECOND = Wave(networks=["base", "optimism", "zora"], at_least="2")
LAST = Wave(networks=["mainnet"])
WAVES = [CANARY, SECOND, LAST]
ALL = ["sepolia", "base", "optimism", "zora", "mainnet"]
GOOD, BAD = Standing(holds=True, words="executed"), Standing(holds=False, words="waiting")


def test_a_wave_needs_all_of_its_networks_or_as_many_as_it_says() -> None:
    require_partition(WAVES, ALL)
    assert [wave.needed for wave in WAVES] == [1, 2, 1]
    assert [len(waves_before(WAVES, name)) for name in ALL] == [0, 1, 1, 1, 2]


WRONG = {
    "twice": ([CANARY, Wave(networks=["sepolia", "base"])], ["sepolia", "base"], "`sepolia` is in two waves"),
    "strange": ([CANARY, LAST], ["sepolia"], "`mainnet` is in a wave and not in `networks`"),
    "left out": ([CANARY], ["sepolia", "base"], "`base` is in no wave"),
    "too many": ([Wave(networks=["sepolia"], at_least="2")], ["sepolia"], "wave 1 needs 2 of 1 networks"),
}


@pytest.mark.parametrize(("waves", "networks", "words"), WRONG.values(), ids=WRONG)
def test_every_network_stands_in_one_wave(waves: list[Wave], networks: list[str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        require_partition(waves, networks)


HELD: dict[str, tuple[str, dict[str, Standing], list[str]]] = {
    "the canary waits for nobody": ("sepolia", {}, []),
    "the canary is not done": (
        "base",
        {"sepolia": BAD},
        ["of wave 1, 0 of 1 networks hold; sepolia: waiting"],
    ),
    "the canary holds": ("zora", {"sepolia": GOOD}, []),
    "two of three are enough": (
        "mainnet",
        {"sepolia": GOOD, "base": GOOD, "optimism": BAD, "zora": GOOD},
        [],
    ),
    "one of three is not": (
        "mainnet",
        {"sepolia": GOOD, "base": BAD, "optimism": BAD, "zora": GOOD},
        ["of wave 2, 1 of 2 networks hold; base: waiting, optimism: waiting"],
    ),
    "an earlier wave fell back": (
        "mainnet",
        {"sepolia": BAD, "base": GOOD, "optimism": GOOD, "zora": GOOD},
        ["of wave 1, 0 of 1 networks hold; sepolia: waiting"],
    ),
}


@pytest.mark.parametrize(("network", "standings", "told"), HELD.values(), ids=HELD)
def test_the_next_wave_waits_for_the_last(network: str, standings: dict[str, Standing], told: list[str]) -> None:
    findings = judge_waves(WAVES, network, standings)
    assert [finding.message for finding in findings] == told
    assert {finding.rule for finding in findings} <= {"rollout-wave"}


TEXT = """schema: governance/v1
title: t
author: alice
networks: [sepolia, mainnet]
kind: emergency_pause
summary: s
reason: r
rollout:
  - networks: [sepolia]
  - networks: [%s]
    at_least: %s
"""


def test_waves_are_read_from_a_proposal_and_refused_at_their_place() -> None:
    made = read_text(TEXT % ("mainnet", "1"))
    assert [wave.networks for wave in made.document.rollout] == [["sepolia"], ["mainnet"]]
    for network, count, path in (("base", "1", "rollout"), ("mainnet", "0", "rollout[1].at_least")):
        with pytest.raises(Rejected) as caught:
            read_text(TEXT % (network, count))
        assert [finding.path for finding in caught.value.findings] == [path]
