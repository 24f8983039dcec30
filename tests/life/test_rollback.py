"""Rollbacks on a real node: there and back changes nothing but what never comes back, and whatever else stays is found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.core import reversal
from governance.core.facts import Generation
from governance.core.rehearsal import Rehearsal
from governance.core.slots import word_at
from governance.core.units import to_hex
from governance.life.onward import BEGUN
from tests import sites
from tests.life.test_kind_scenarios import STORIES, Body, Story, document
from tests.life.test_simulate import (
    FACET,
    ONE,
    PAUSE,
    SWAP,
    TWO,
    deploy,
    fee_becomes,
    rehearse,
    rehearsed,
    set_fee,
    spoken,
    told,
)
from tests.sites import DELAY, Devnet, Options, Place

pytestmark = pytest.mark.node

ALWAYS = {reversal.NONCE, reversal.APPROVAL, reversal.OPERATION}
"""What every life leaves behind."""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("rollbacks")) as made:
        yield made


@pytest.fixture
def place(node: Devnet, tmp_path: Path) -> Iterator[Place]:
    with sites.on_anvil(node, tmp_path) as made:
        yield made


LIVES: dict[str, tuple[Story, Options, str]] = {
    **{f"a facet swap on {g}": (told(SWAP), Options(generation=g), "facet_swap") for g in Generation},
    **{
        f"two operations on {g}": (told(SWAP), Options(generation=g, activation_delay="1 h"), "facet_swap")
        for g in (Generation.OURS, Generation.V1, Generation.COMPACT)
    },
    "a pause": (told(PAUSE), Options(), "unpause"),
    **{
        name: (story, options, "emergency_pause" if "pause" in name else "")
        for name, (story, options) in STORIES.items()
    },
}


def reasons(found: Rehearsal) -> set[str]:
    assert found.reversal is not None
    return {why for _, why in found.reversal.natural}


@pytest.mark.parametrize("name", LIVES)
def test_there_and_back_changes_nothing_but_what_never_comes_back(name: str, node: Devnet, tmp_path: Path) -> None:
    """threat_43: every kind with a way back, on every generation; each word that stays is in the table."""
    story, options, kind = LIVES[name]
    with sites.on_anvil(node, tmp_path, options) as place:
        body = story(place, node)
        found = rehearsed(place, node, body)
    assert found.findings == ()
    back = found.reversal
    assert back is not None
    assert (back.kind, back.passes, back.complete) == (kind or body["kind"], True, True)
    assert back.gas > sum(r.played.gas_used for block in back.blocks for r in block.acts[-1:]) > 0
    swaps = body["kind"] == "facet_swap" and options.generation is not Generation.DIAMOND
    assert reasons(found) - ALWAYS == ({reversal.BOOKS} if swaps else set())


def test_it_is_played_with_its_own_delay_after_the_proposal(place: Place, node: Devnet) -> None:
    found = rehearsed(place, node, PAUSE)
    back = found.reversal
    assert back is not None
    labels = [r.act.label for block in back.blocks for r in block.acts if "approve" not in r.act.label]
    assert labels == ["schedule: unpause", "execute too early: unpause", "execute: unpause"]
    assert back.blocks[0].moment > found.blocks[-1].moment
    assert back.blocks[-1].moment.seconds - back.blocks[0].moment.seconds == DELAY


def test_what_waits_already_and_what_stands_behind_another_is_taken_back_as_well(place: Place, node: Devnet) -> None:
    place.write(ONE, document(SWAP))
    place.lock(ONE)
    place.write(TWO, document({"kind": "timelock_change", "delay": "72 h"}))
    place.lock(TWO)
    behind = rehearse(place, node, TWO)
    assert (behind.findings, behind.reversal and behind.reversal.complete) == ((), True)
    place.sign(ONE, "alice", "bob", "carol")
    place.queue(ONE)
    waiting = rehearse(place, node)
    assert (waiting.findings, waiting.reversal and waiting.reversal.complete) == ((), True)


def test_what_is_partly_executed_is_not_rehearsed_back(node: Devnet, tmp_path: Path) -> None:
    with sites.on_anvil(node, tmp_path, Options(activation_delay="1 h")) as place:
        place.queued(ONE, document(SWAP))
        place.warp(DELAY)
        place.execute(ONE)
        place.warp(3600)
        found = rehearse(place, node)
    assert (found.reversal, found.findings) == (None, ())
    assert BEGUN in found.notes


# ---- calls, whose way back the author names --------------------------------------------------------------------------


def _fee(*back: str, **more: Any) -> Body:
    calls = [{"to": "target", "function": "setFee(uint256)", "args": [fee]} for fee in back]
    return set_fee(**({"rollback": calls} if calls else {}), **more)


def test_a_call_is_taken_back_by_the_calls_that_it_names(place: Place, node: Devnet) -> None:
    place.executed("0009-nine", document(set_fee(fee=20)))
    found = rehearsed(place, node, _fee("20", expect=fee_becomes(40)[:1]))
    assert found.findings == ()
    assert found.reversal is not None
    assert found.reversal.complete
    assert reasons(found) == ALWAYS


def test_who_set_it_first_is_found_as_well(place: Place, node: Devnet) -> None:
    found = rehearsed(place, node, _fee("30"))
    assert spoken(found.findings) == ["rollback-incomplete"] * 2
    assert fee_becomes(30)[1]["slot"] in found.findings[1].message


def test_a_word_that_holds_a_moment_never_comes_back(place: Place, node: Devnet) -> None:
    place.set_code(FACET, bytes.fromhex("425f5500"))
    call = {"to": FACET, "function": "stamp()", "args": []}
    word = {"change": FACET, "slot": to_hex(word_at(0)), "becomes": "any"}
    found = rehearsed(place, node, {"kind": "contract_call", "calls": [call], "rollback": [call], "expect": [word]})
    assert found.findings == ()
    assert reasons(found) == {*ALWAYS, reversal.MOMENT}


def test_a_call_that_names_none_is_told(place: Place, node: Devnet) -> None:
    found = rehearsed(place, node, _fee())
    assert (found.findings, found.reversal) == ((), None)
    assert found.notes == ("no rollback is derived from a contract_call",)
    found = rehearsed(place, node, _fee(irreversible="a fee once set has been seen"))
    assert found.notes == ("declared irreversible: a fee once set has been seen",)


def _store(place: Place, **more: Any) -> Body:
    """A contract that whoever calls it, writes the same word: nothing takes that back."""
    place.set_code(FACET, bytes.fromhex("60075f5500"))
    call = {"to": FACET, "function": "set()", "args": []}
    word = {"change": FACET, "slot": to_hex(word_at(0)), "becomes": to_hex(word_at(7))}
    return {"kind": "contract_call", "calls": [call], "rollback": [call], "expect": [word], **more}


def test_a_word_that_stays_is_found_by_its_name(place: Place, node: Devnet) -> None:
    found = rehearsed(place, node, _store(place))
    assert spoken(found.findings) == ["rollback-incomplete"]
    assert (
        found.findings[0].message
        == f"after the rollback slot {to_hex(word_at(0))} of {FACET} would be 0x7, before it was 0x0"
    )
    assert found.reversal is not None
    assert [(c.account, c.slot) for c in found.reversal.left] == [(FACET, word_at(0))]


def test_what_is_declared_irreversible_is_no_finding(place: Place, node: Devnet) -> None:
    found = rehearsed(place, node, _store(place, irreversible="the word is written once and for all"))
    assert found.findings == ()
    assert [note.startswith("declared irreversible: after the rollback slot") for note in found.notes] == [True]


def test_what_is_declared_in_vain_is_told(place: Place, node: Devnet) -> None:
    found = rehearsed(place, node, {**PAUSE, "irreversible": "who knows"})
    assert (found.findings, len(found.notes), "in vain" in found.notes[0]) == ((), 1, True)


def test_a_rollback_that_reverts_is_found(place: Place, node: Devnet) -> None:
    reverter = deploy(node, "Reverter", "no way back")
    call = {"to": reverter, "function": "set()", "args": []}
    found = rehearsed(place, node, {**set_fee(), "rollback": [call]})
    assert spoken(found.findings) == ["rollback-reverts"]
    assert "rollback, execute: calls, would revert" in found.findings[0].message
    assert found.reversal is not None
    assert not found.reversal.complete


def test_a_rollback_that_nobody_would_plan_is_found(place: Place, node: Devnet) -> None:
    call = {"to": "target", "function": "pause()", "args": []}
    found = rehearsed(place, node, {**set_fee(), "rollback": [call]})
    assert spoken(found.findings) == ["rollback-impossible"]
    assert "changes who governs the target" in found.findings[0].message
    declared = rehearsed(place, node, {**set_fee(), "rollback": [call], "irreversible": "by hand"})
    assert declared.findings == ()
    assert len(declared.notes) == 1


def test_a_batch_is_taken_back_last_first(place: Place, node: Devnet) -> None:
    place.executed("0009-nine", document(set_fee(fee=20)))
    swap = {"kind": "facet_swap", "changes": SWAP["changes"]}
    calls = [{"to": "target", "function": "setFee(uint256)", "args": [fee]} for fee in ("40", "20")]
    call = {"kind": "contract_call", "calls": calls[:1], "rollback": calls[1:]}
    found = rehearsed(place, node, {"kind": "batch", "entries": [swap, call], "expect": fee_becomes(40)[:1]})
    assert found.findings == ()
    assert found.reversal is not None
    assert (found.reversal.kind, found.reversal.complete) == ("batch", True)
    assert reasons(found) == {*ALWAYS, reversal.BOOKS}
