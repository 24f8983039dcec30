"""Nonces of a Safe on paper: who holds which, what is held twice, and what a signed hash stands against.

Covers threat_30 (nonce taken) and threat_33 (stale signatures).
"""

import pytest

from governance.core.live import Live, abandoned_findings, contested, rejection
from governance.core.nonces import Held, nonce_findings, replanned
from governance.core.safetx import SafeTx
from governance.core.stage import Stage
from governance.core.units import Bytes32, checksummed

SAFE, OTHER, ALICE = (checksummed(bytes([n]) * 20) for n in (0xA1, 0xA2, 0x01))
ONE, TWO, THREE = "0001-one", "0002-two", "0003-three"


def held(nonce: int, proposal: str, stage: Stage = Stage.COLLECTING) -> Held:
    return Held(nonce=nonce, proposal=proposal, step="upgrade", stage=stage, signed=1, threshold=3)


BOOKS: dict[str, tuple[list[Held], list[str], list[str]]] = {
    "nothing": ([], [], []),
    "one after the other": ([held(5, ONE), held(6, TWO, Stage.APPROVED), held(7, THREE, Stage.QUEUED)], [], []),
    "two at one nonce": ([held(5, ONE), held(5, TWO)], ["nonce-conflict"], [TWO]),
    "three at one nonce": ([held(5, ONE), held(5, TWO), held(5, THREE)], ["nonce-conflict"], [TWO, THREE]),
    "a gap before": ([held(6, ONE)], ["nonce-gap"], [ONE]),
    "a gap between": ([held(5, ONE), held(8, TWO)], ["nonce-gap"], [TWO]),
    "two gaps": ([held(6, ONE), held(8, TWO)], ["nonce-gap", "nonce-gap"], [ONE, TWO]),
    "two steps": ([held(5, ONE), held(6, ONE), held(7, TWO)], [], []),
    "two steps and a conflict": ([held(5, ONE), held(6, ONE), held(6, TWO)], ["nonce-conflict"], [TWO]),
    "displaced": ([held(4, ONE, Stage.DISPLACED), held(5, TWO)], ["nonce-displaced"], [ONE]),
    "done ones hold nothing": ([held(3, ONE, Stage.EXECUTED), held(4, TWO, Stage.WAITING), held(5, THREE)], [], []),
    "cancelled ones hold nothing": ([held(5, ONE, Stage.CANCELLED), held(5, TWO)], [], []),
}


@pytest.mark.parametrize("name", BOOKS)
def test_what_is_wrong_with_a_book_and_who_must_be_locked_anew(name: str) -> None:
    """threat_30"""
    book, rules, again = BOOKS[name]
    assert [finding.rule for finding in nonce_findings(book, next_nonce=5)] == rules
    assert replanned(book, next_nonce=5) == again


def test_the_words_name_the_nonces_and_the_proposals() -> None:
    conflict, gap = nonce_findings([held(5, ONE), held(5, TWO), held(9, THREE)], next_nonce=5)
    assert f"nonce 5 is pinned by {ONE} and {TWO}" in conflict.message
    assert f"nonces 6 to 8 of the Safe belong to no proposal here: {THREE} waits" in gap.message


def tx(nonce: int, safe: str = SAFE) -> SafeTx:
    return SafeTx(chain_id=1, safe=checksummed(bytes.fromhex(safe[2:])), to=ALICE, nonce=nonce)


def live(
    nonce: int, *, proposal: str = TWO, digest: bytes = b"\x11" * 32, current: bool = False, rejected: bool = False
) -> Live:
    return Live(
        safe=SAFE,
        nonce=nonce,
        hash=Bytes32(digest),
        proposals=(proposal,),
        signers=(ALICE,),
        current=current,
        rejection=rejected,
    )


STEPS = [tx(5), tx(6)]
AGAINST: dict[str, tuple[Live, list[str]]] = {
    "its own hash": (live(5, proposal=ONE, digest=tx(5).hash), []),
    "another at its nonce": (live(5), ["nonce-contested"]),
    "another at the nonce of a later step": (live(6), ["nonce-contested"]),
    "another that is locked": (live(5, current=True), ["nonce-contested"]),
    "another at another nonce": (live(7), []),
    "its own earlier one at its nonce": (live(5, proposal=ONE), ["nonce-contested"]),
    "its own earlier one elsewhere": (live(9, proposal=ONE), ["signed-before"]),
    "a rejection at its nonce": (live(5, rejected=True), []),
    "a rejection of its own": (live(9, proposal=ONE, rejected=True), []),
}


@pytest.mark.parametrize("name", AGAINST)
def test_what_freezes_a_proposal(name: str) -> None:
    """threat_33"""
    one, rules = AGAINST[name]
    assert [finding.rule for finding in contested([one], proposal=ONE, steps=STEPS)] == rules


def test_a_hash_at_the_same_nonce_of_another_safe_is_nothing() -> None:
    assert contested([live(5)], proposal=ONE, steps=[tx(5, OTHER)]) == []


def test_only_what_is_neither_locked_nor_a_rejection_is_abandoned() -> None:
    found = abandoned_findings([live(5), live(6, current=True), live(7, rejected=True)])
    assert [(finding.rule, "nonce 5" in finding.message) for finding in found] == [("signature-abandoned", True)]


def test_a_rejection_does_nothing_but_spend() -> None:
    made = rejection(1, SAFE, 9)
    assert (made.to, made.value, made.data, made.nonce, int(made.operation)) == (SAFE, 0, b"", 9, 0)
    assert (made.safe_tx_gas, made.gas_price) == (0, 0)
