"""Signed hashes that could still be executed: they freeze what stands against them, until their nonce is spent.

Covers threat_30 (nonce taken) and threat_33 (stale signatures).
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from governance.adapters.journal import SqlJournal
from governance.core.ballot import Ballot
from governance.core.errors import Refused
from governance.core.live import rejection
from governance.core.stage import Stage
from governance.life import sign
from governance.life.live import live_hashes
from governance.life.nonces import books
from governance.life.notes import note_hash
from governance.life.reject import rejections, send_rejection, sign_rejection
from tests import sites
from tests.life.test_life_scenarios import SWAP
from tests.sites import CHAIN_ID, Devnet, Place, people, safe_tx_hash_by_safe_eth, simulated

ONE, TWO = "0001-swap-fee-facet", "0002-another"
OTHER = SWAP.replace("title: facet_swap", "title: another")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("live")) as made:
        yield made


@pytest.fixture(params=["simulator", pytest.param("anvil", marks=pytest.mark.node)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "simulator":
        yield simulated(tmp_path)
        return
    with sites.on_anvil(request.getfixturevalue("node"), tmp_path) as made:
        yield made


def frozen(place: Place, name: str = ONE) -> list[str]:
    """The rules by which nothing is signed; empty when it may be."""
    try:
        sign.prepare(place.site, place.space, name, safe_tx_hash_by_safe_eth, rehearse=None)
    except Refused as refusal:
        return [finding.rule for finding in refusal.findings]
    return []


def edited(place: Place) -> None:
    """The proposal changes after somebody has signed, and is locked anew at the same nonce."""
    place.edit(place.space.proposal_file(ONE), "title:", "title: Another ")
    place.lock(ONE)


def burn(place: Place, *signers: str, name: str = ONE, nonce: int | None = None) -> None:
    """A rejection, signed and sent."""
    for signer in signers:
        for each in rejections(place.site, place.space, name, nonce=nonce):
            sign_rejection(place.site, each, people()[signer], place.space, safe_tx_hash_by_safe_eth)
    for each in rejections(place.site, place.space, name, nonce=nonce):
        send_rejection(place.site, each, place.payer)


def lives(place: Place) -> list[tuple[int, bool, bool]]:
    safe = place.site.council.look(place.site.chain.head())
    return [(each.nonce, each.abandoned, each.rejection) for each in live_hashes(place.site, place.space, safe)]


def test_a_second_hash_at_the_nonce_freezes_until_the_nonce_is_spent(place: Place) -> None:
    """threat_33"""
    place.write(ONE, SWAP)
    place.lock(ONE)
    place.sign(ONE, "alice")
    edited(place)
    assert frozen(place) == ["nonce-contested"]
    burn(place, "alice", "bob", "carol")
    assert place.stage(ONE) is Stage.DISPLACED
    place.lock(ONE)
    assert frozen(place) == []
    place.sign(ONE, "alice", "bob", "carol")
    place.queue(ONE)
    assert place.stage(ONE) is Stage.WAITING


def test_what_was_signed_by_enough_and_then_edited_is_neither_signed_nor_sent(place: Place) -> None:
    """threat_33: the old quorum could be sent by anybody."""
    place.approved(ONE, SWAP)
    edited(place)
    assert lives(place) == [(0, True, False)]
    assert frozen(place) == ["nonce-contested"]


def test_two_proposals_at_one_nonce_freeze_one_another_once_one_is_signed(place: Place) -> None:
    """threat_30"""
    place.write(ONE, SWAP)
    place.write(TWO, OTHER)
    place.lock(ONE)
    saved = place.space.proposal_file(ONE).with_suffix(".lock.json")
    kept = saved.read_text("utf-8")
    saved.unlink()
    place.lock(TWO)
    saved.write_text(kept, "utf-8")
    council, _ = books(place.site, place.space)
    assert [finding.rule for finding in council.findings] == ["nonce-conflict"]
    assert council.replan == [TWO]
    assert (frozen(place), frozen(place, TWO)) == ([], [])
    place.sign(ONE, "alice")
    assert (frozen(place), frozen(place, TWO)) == ([], ["nonce-contested"])
    for name in council.replan:
        place.lock(name)
    assert books(place.site, place.space)[0].findings == ()
    assert frozen(place, TWO) == []


def test_a_stranger_freezes_nothing(place: Place) -> None:
    place.write(ONE, SWAP)
    place.lock(ONE)
    (step,) = place.steps(ONE)
    for nonce in (step.safe_tx.nonce, step.safe_tx.nonce + 1):
        other = replace(step.safe_tx, to=people()["frank"].address, nonce=nonce)
        ballot = Ballot(
            proposal=ONE,
            network=place.site.network.name,
            chain_id=CHAIN_ID,
            safe=other.safe,
            nonce=nonce,
            safe_tx_hash=other.hash,
            signer=people()["frank"].address,
            signature=people()["frank"].sign(other.hash),
        )
        place.space.mailbox(ONE).add(ballot)
    assert frozen(place) == []


def test_an_owner_who_leaves_takes_the_freeze_along(place: Place) -> None:
    """threat_31"""
    place.write(ONE, SWAP)
    place.lock(ONE)
    place.sign(ONE, "dave")
    edited(place)
    assert frozen(place) == ["nonce-contested"]
    owners = place.site.council.look(place.site.chain.head()).owners
    at = owners.index(people()["dave"].address)
    place.council_sends(
        "swapOwner(address,address,address)", owners[at - 1], people()["dave"].address, people()["heidi"].address
    )
    place.lock(ONE)
    assert frozen(place) == []


def test_the_ledger_remembers_what_the_files_have_lost(place: Place, tmp_path: Path) -> None:
    """threat_33: a signature's file is gone, the signature is not."""
    journal = SqlJournal(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    place.write(ONE, SWAP)
    place.lock(ONE)
    ceremony = sign.prepare(place.site, place.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None)
    (ballot,) = sign.sign(ceremony, people()["alice"], place.space)
    (step,) = ceremony.steps
    for kind in ("shown", "signed"):
        note_hash(journal, kind, ceremony, step.safe_tx, ballot.signer)
    (place.space.mailbox(ONE).folder / f"{ballot.signer.lower()}.json").unlink()
    edited(place)
    assert frozen(place) == []
    with pytest.raises(Refused, match="is frozen") as caught:
        sign.prepare(place.site, place.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None, ledger=journal.entries())
    assert [finding.rule for finding in caught.value.findings] == ["nonce-contested"]
    assert [entry.kind for entry in journal.entries()] == ["shown", "signed"]


def test_there_is_nothing_to_reject_where_nothing_is_abandoned(place: Place) -> None:
    place.write(ONE, SWAP)
    place.lock(ONE)
    place.sign(ONE, "alice")
    with pytest.raises(Refused, match="nothing that was signed"):
        rejections(place.site, place.space, ONE)
    (named,) = rejections(place.site, place.space, ONE, nonce=0)
    assert named.tx == rejection(CHAIN_ID, place.site.network.council, 0)
    assert len(named.against) == 1


def test_a_rejection_needs_the_same_quorum_and_its_turn(place: Place) -> None:
    place.write(ONE, SWAP)
    place.lock(ONE)
    place.sign(ONE, "alice")
    edited(place)
    for signer in ("alice", "bob"):
        (each,) = rejections(place.site, place.space, ONE)
        sign_rejection(place.site, each, people()[signer], place.space, safe_tx_hash_by_safe_eth)
    (each,) = rejections(place.site, place.space, ONE)
    with pytest.raises(Refused, match="2 of 3 signatures"):
        send_rejection(place.site, each, place.payer)
    with pytest.raises(Refused, match="is no owner"):
        sign_rejection(place.site, each, people()["frank"], place.space, safe_tx_hash_by_safe_eth)
    (later,) = rejections(place.site, place.space, ONE, nonce=4)
    with pytest.raises(Refused, match="nonce 4 is not next"):
        send_rejection(place.site, later, place.payer)
    assert (0, False, True) in lives(place)
    burn(place, "carol")
    with pytest.raises(Refused, match="is spent"):
        rejections(place.site, place.space, ONE, nonce=0)
    assert lives(place) == []


def test_a_pause_is_never_frozen(place: Place) -> None:
    """The guardian only stops things, and must be able to."""
    text = '{"schema": "governance/v1", "title": "Stop", "author": "frank", "networks": ["devnet"], "summary": "x",'
    text += ' "kind": "emergency_pause", "reason": "a fault"}'
    place.write(ONE, text)
    place.lock(ONE)
    place.sign(ONE, "frank")
    place.edit(place.space.proposal_file(ONE), "a fault", "another fault")
    place.lock(ONE)
    place.sign(ONE, "frank", "grace")
    place.execute(ONE)
    assert place.stage(ONE) is Stage.EXECUTED
