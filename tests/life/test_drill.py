"""The emergency drill on a real node: a proposal after which nobody could stop the system, or start it again, is found."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.core.access import EMERGENCY
from governance.core.facts import Generation
from governance.core.keccak import selector
from governance.core.scenes import BlockResult
from governance.core.slots import word_at
from governance.core.units import ZERO_WORD, Address, checksummed, hex_bytes, to_hex
from governance.life.drill import NO_PAUSE
from tests import sites
from tests.life.test_kind_scenarios import Body, document
from tests.life.test_simulate import (
    FACET,
    ONE,
    PAUSE,
    SWAP,
    hostile,
    rehearse,
    rehearsed,
    set_fee,
    spoken,
)
from tests.sites import DELAY, Devnet, Options, Place

pytestmark = pytest.mark.node

BESIDE = checksummed(b"\x51" * 20)
"""Where a system's own code stands while a wrapper runs in its place."""
SWITCH = 0x5117C8
"""The slot that tells a wrapper to change its ways."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("drills")) as made:
        yield made


@pytest.fixture
def place(node: Devnet, tmp_path: Path) -> Iterator[Place]:
    with sites.on_anvil(node, tmp_path) as made:
        yield made


def labels(blocks: tuple[BlockResult, ...]) -> list[str]:
    return [r.act.label for block in blocks for r in block.acts if "approve" not in r.act.label]


@pytest.mark.parametrize("generation", [g for g in Generation if g is not Generation.DIAMOND])
def test_the_guardian_stops_everything_and_the_council_lets_it_work_again(
    generation: Generation, node: Devnet, tmp_path: Path
) -> None:
    """threat_53"""
    with sites.on_anvil(node, tmp_path, Options(generation=generation)) as place:
        found = rehearsed(place, node, SWAP)
    drill = found.drill
    assert found.findings == ()
    assert drill is not None
    assert labels(drill.pause) == ["execute: pause"]
    assert labels(drill.unpause) == ["schedule: unpause", "execute too early: unpause", "execute: unpause"]
    assert len(drill.pause) == 1  # command and effect stand in one block
    assert drill.unpause[-1].moment.seconds - drill.unpause[0].moment.seconds == DELAY
    assert drill.routed == 5
    assert all(0 < drill.share(act) < 0.1 for act in drill.acts)


def test_a_system_without_a_pause_says_so(node: Devnet, tmp_path: Path) -> None:
    with sites.on_anvil(node, tmp_path, Options(generation=Generation.DIAMOND)) as place:
        found = rehearsed(place, node, SWAP)
    assert (found.drill, found.findings) == (None, ())
    assert NO_PAUSE in found.notes


def test_of_a_system_that_is_paused_only_the_end_of_the_pause_is_drilled(place: Place, node: Devnet) -> None:
    found = rehearsed(place, node, PAUSE)
    assert found.drill is not None
    assert (found.drill.pause, labels(found.drill.unpause)[-1]) == ((), "execute: unpause")
    assert found.findings == ()


# ---- sabotage --------------------------------------------------------------------------------------------------------


def _guardian_robbed_of_its_role(place: Place, node: Devnet) -> Body:
    guardian = place.site.network.guardian
    return set_fee(hostile(place, node, "revokeRole(bytes32,address)", EMERGENCY, guardian), expect=[])


def _timelock_without_its_right(place: Place, node: Devnet) -> Body:
    timelock = place.site.network.timelock
    return set_fee(hostile(place, node, "revokeRole(bytes32,address)", ZERO_WORD, timelock), expect=[])


def _wrapped(signature: str, instead: str) -> Callable[[Place, Devnet], Body]:
    """The system behind a wrapper, which does something else for one function once a routed call has turned the switch."""

    def told(place: Place, node: Devnet) -> Body:
        place.set_code(FACET, bytes.fromhex(f"600162{SWITCH:06x}5500"))
        add = {"kind": "facet_swap", "changes": [{"add": FACET, "selectors": ["poke()"]}]}
        place.executed("0009-nine", document(add))
        target = place.site.network.target
        place.set_code(BESIDE, hex_bytes(node.ask("eth_getCode", target, "latest")))
        place.set_code(target, _wrapper(selector(signature), bytes.fromhex(instead)))
        call = {"to": "target", "function": "poke()", "args": []}
        word = {"change": "target", "slot": to_hex(word_at(SWITCH)), "becomes": to_hex(word_at(1))}
        return {"kind": "contract_call", "calls": [call], "expect": [word]}

    return told


def _wrapper(asked: bytes, instead: bytes) -> bytes:
    """Runtime code that delegates all but one function to the code beside it, and that one too until it is switched."""
    assert len(instead) <= 8
    delegate = bytes.fromhex("5b365f5f375f5f365f73") + hex_bytes(BESIDE) + bytes.fromhex("5af43d5f5f3e")
    entry = bytes.fromhex("5f3560e01c63") + asked + bytes.fromhex(f"1462{SWITCH:06x}541615")
    start = len(entry) + 3 + len(instead)
    whole = entry + bytes([0x60, start, 0x57]) + instead + delegate
    went_well = len(whole) + 6
    return whole + bytes([0x60, went_well, 0x57]) + bytes.fromhex("3d5ffd5b3d5ff3")


SABOTAGE: dict[str, tuple[Callable[[Place, Devnet], Body], list[str], str]] = {
    "a call takes the guardian's role": (_guardian_robbed_of_its_role, ["drill-pause-reverts"], "EMERGENCY_ROLE"),
    "a call takes the timelock's right to unpause": (
        _timelock_without_its_right,
        ["drill-unpause-unreachable"],
        "has no right to unpause",
    ),
    "the pause is gone": (_wrapped("pause()", "5f5ffd"), ["drill-pause-reverts"], "execute: pause, reverts"),
    "the pause does nothing any more": (_wrapped("pause()", "00"), ["drill-not-stopped"], "would still run"),
    "the end of the pause is gone": (
        _wrapped("unpause()", "5f5ffd"),
        ["drill-unpause-unreachable"],
        "execute: unpause, reverts",
    ),
    "the end of the pause does nothing any more": (
        _wrapped("unpause()", "00"),
        ["drill-not-restored"],
        "would not answer as before",
    ),
}


@pytest.mark.parametrize("name", SABOTAGE)
def test_sabotage_of_the_emergency_path_is_found(name: str, place: Place, node: Devnet) -> None:
    """threat_53 and threat_43: by real contracts, whatever the proposal says of itself."""
    story, expected, words = SABOTAGE[name]
    found = rehearsed(place, node, story(place, node))
    drilled = [finding for finding in found.findings if finding.rule.startswith("drill-")]
    assert set(expected) <= set(spoken(tuple(drilled)))
    assert any(words in finding.message for finding in drilled if finding.rule == expected[0])


def test_what_the_proposal_acknowledges_is_a_note(place: Place, node: Devnet) -> None:
    change = {"on": "target", "revoke": "EMERGENCY_ROLE", "account": place.site.network.guardian}
    found = rehearsed(place, node, {"kind": "role_change", "changes": [change], "acknowledge": ["role-last-pauser"]})
    assert found.findings == ()
    assert [note.startswith("acknowledged: the guardian's pause would be refused") for note in found.notes] == [True]


def test_what_was_so_before_the_proposal_is_a_note(place: Place, node: Devnet) -> None:
    network = place.site.network
    place.timelock_does((network.target, "revokeRole(bytes32,address)", [EMERGENCY, network.guardian]))
    found = rehearsed(place, node, set_fee())
    assert spoken(found.findings) == []
    assert any("it was so before the proposal: the guardian's pause would be refused" in note for note in found.notes)


def test_a_rule_that_the_timelock_would_refuse_then_is_told(place: Place, node: Devnet) -> None:
    found = rehearsed(place, node, {"kind": "timelock_change", "delay": "72 h"})
    assert found.findings == ()
    words = "rule upgrades-are-slow gives unpause a delay of 48 h, but the timelock would ask for 3 d: change the rule"
    assert found.notes == (words,)
    assert found.drill is not None
    assert found.drill.unpause[-1].moment.seconds - found.drill.unpause[0].moment.seconds == 72 * 3600


def test_without_a_rule_for_it_the_drill_goes_by_the_proposals_own(place: Place, node: Devnet) -> None:
    place.edit(place.space.policy_file, ", unpause]", "]")
    place.timelock_does(_anchored(place))
    found = rehearsed(place, node, set_fee())
    assert found.findings == ()
    assert "no rule of policies.yaml allows unpause: it is rehearsed by upgrades-are-slow" in found.notes


def _anchored(place: Place) -> tuple[Address, str, list[Any]]:
    """The policy as it is now is put in force."""
    digest = place.space.policy().digest
    return place.site.network.policy_anchor, "setPolicy(bytes32,string)", [digest, "policies.yaml"]


def test_a_drill_comes_behind_what_stands_before_it_in_the_queue(place: Place, node: Devnet) -> None:
    place.write("0009-nine", document(set_fee()))
    place.lock("0009-nine")
    place.write(ONE, document(_guardian_robbed_of_its_role(place, node)))
    place.lock(ONE)
    found = rehearse(place, node)
    assert "drill-pause-reverts" in spoken(found.findings)
