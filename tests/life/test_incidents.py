"""What happened to others, played with the same means: first that it works where nobody looks, then the rule that stops it.

Radiant (2024), WazirX (2024), Bybit (2025) and Drift (2026). What needs delegatecalls plays on a real node only.
Covers threat_31 to threat_33, threat_38 and threat_39.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from governance.adapters.journal import SqlJournal
from governance.core.ballot import Ballot
from governance.core.call import encode_call, function
from governance.core.errors import Refused, Rejected
from governance.core.safetx import SafeOperation, SafeTx
from governance.core.signable import Signable
from governance.core.signature import combine, read_signature
from governance.core.stage import Stage
from governance.core.units import Address, checksummed, to_hex
from governance.life import sign
from governance.life.exchange import pull
from governance.life.live import ASTRAY
from governance.life.notes import note_hash
from governance.life.reject import rejections, send_rejection, sign_rejection
from tests.life.test_approvals import SECURITY, reasons
from tests.life.test_exchange import client
from tests.life.test_life_scenarios import HEAD, ONE, SWAP, TWO, build, node, place, refused
from tests.safeservice import serving
from tests.sites import CHAIN_ID, DAY, NETWORK, Place, people, rules, safe_tx_hash_by_safe_eth

__all__ = ["build", "node", "place"]

COUNCIL = ("alice", "bob", "carol")
THIEF = "heidi"
"""Owns nothing in the council."""


def address(name: str) -> Address:
    return people()[name].address


def sends(place: Place, tx: SafeTx, signatures: Iterable[bytes]) -> None:
    """Anybody who has enough signatures, beside the tool."""
    read = [read_signature(tx.hash, each) for each in signatures]
    call = place.site.council.execution(tx, combine(read, len(read)))
    place.payer.send(call, purpose=f"stolen {tx.hash.hex()}")


def harvested(place: Place, tx: SafeTx, *names: str) -> list[bytes]:
    """What keys give that are shown one thing and handed another."""
    return [people()[name].sign(tx.hash) for name in names]


def robbery(place: Place) -> SafeTx:
    """The thief becomes the only owner that is needed, at the very nonce that everybody means to sign."""
    (step,) = place.steps(ONE)
    data = encode_call(function("addOwnerWithThreshold(address,uint256)"), [address(THIEF), 1])
    return SafeTx(chain_id=CHAIN_ID, safe=step.safe_tx.safe, to=step.safe_tx.safe, data=data, nonce=step.safe_tx.nonce)


def spend(place: Place, nonce: int) -> None:
    """The council rejects whatever is signed at a nonce."""
    for name in COUNCIL:
        (each,) = rejections(place.site, place.space, ONE, nonce=nonce)
        sign_rejection(place.site, each, people()[name], place.space, safe_tx_hash_by_safe_eth)
    (each,) = rejections(place.site, place.space, ONE, nonce=nonce)
    send_rejection(place.site, each, place.payer)


def locked(place: Place) -> None:
    place.write(ONE, SWAP)
    place.lock(ONE)


@dataclass(frozen=True)
class Infected:
    """A key behind a machine that swaps what it is handed."""

    name: str
    instead: SafeTx

    @property
    def address(self) -> Address:
        return address(self.name)

    def sign(self, what: Signable) -> bytes:
        assert what.hash != self.instead.hash
        return people()[self.name].sign(self.instead.hash)


# ---- Radiant: the payload was swapped, and whoever "failed" was asked again ------------------------------------------


def test_radiant_works_where_nobody_keeps_count(place: Place) -> None:
    locked(place)
    evil = robbery(place)
    sends(place, evil, harvested(place, evil, *COUNCIL))
    safe = place.site.council.look(place.site.chain.head())
    assert (safe.threshold, address(THIEF) in safe.owners) == (1, True)


def test_radiant_is_stopped_at_the_first_key_that_signs_something_else(place: Place, tmp_path: Path) -> None:
    """threat_33: nothing is kept, the ledger freezes the nonce on that machine, and once it is spent the loot is worthless."""
    locked(place)
    evil, journal = robbery(place), SqlJournal(f"sqlite:///{tmp_path / 'ledger.sqlite3'}")
    ceremony = sign.prepare(place.site, place.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None)
    with pytest.raises(Refused, match="what came back over") as caught:
        sign.sign(ceremony, Infected("alice", evil), place.space)
    assert [finding.rule for finding in caught.value.findings] == ["signed-otherwise"]
    assert not place.space.mailbox(ONE).all()
    (step,) = ceremony.steps
    note_hash(journal, ASTRAY, ceremony, step.safe_tx, address("alice"))
    with pytest.raises(Refused, match="is frozen") as caught:
        sign.prepare(place.site, place.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None, ledger=journal.entries())
    assert [finding.rule for finding in caught.value.findings] == ["nonce-suspect"]
    spend(place, evil.nonce)
    loot = harvested(place, evil, *COUNCIL)
    assert refused(sends, place, evil, loot) == ["dry-run"]
    place.lock(ONE)
    sign.prepare(place.site, place.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None, ledger=journal.entries())


def test_radiant_is_seen_where_signatures_are_exchanged(place: Place) -> None:
    """threat_33: the second hash at the nonce is told by the service's own list, and freezes once its signature lies here."""
    locked(place)
    evil = robbery(place)
    owners = [str(owner) for owner in place.site.council.look(place.site.chain.head()).owners]
    with serving(CHAIN_ID, owners) as service:
        (first,) = harvested(place, evil, "alice")
        client(service).propose(evil, read_signature(evil.hash, first))
        taken = pull(place.look(ONE), place.space, client(service))
    assert (taken.moved, [finding.rule for finding in taken.findings]) == ((), ["service-other-transaction"])
    stray = Ballot(
        proposal=ONE,
        network=NETWORK,
        chain_id=CHAIN_ID,
        safe=evil.safe,
        nonce=evil.nonce,
        safe_tx_hash=evil.hash,
        signer=address("alice"),
        signature=first,
    )
    place.space.mailbox(ONE).add(stray)
    assert refused(place.sign, ONE, "bob") == ["nonce-contested"]


# ---- WazirX: signatures of something that failed were used later -----------------------------------------------------


def failed(place: Place) -> tuple[SafeTx, list[bytes]]:
    """Enough have signed, and sending fails for a fault that will pass. Gives what a thief has by then."""
    place.approved(ONE, SWAP)
    (step,) = place.steps(ONE)
    where = place.address("FeeFacet@2")
    (good,) = place.site.chain.codes([where], place.site.chain.head())
    place.set_code(where, b"\x00")
    assert refused(place.queue, ONE) == ["facet-code-differs"]
    place.set_code(where, good)
    return step.safe_tx, [ballot.signature for ballot in place.space.mailbox(ONE).all()]


def signed_again(place: Place) -> None:
    """People change the file a little and lock it, to try once more."""
    place.edit(place.space.proposal_file(ONE), "For a test.", "For another test.")
    place.lock(ONE)


def test_wazirx_works_where_failed_means_forgotten(place: Place) -> None:
    old, signatures = failed(place)
    signed_again(place)
    (new,) = place.steps(ONE)
    assert new.safe_tx.hash != old.hash
    sends(place, old, signatures)
    assert place.site.council.outcomes([old.hash], place.site.chain.head())[0] is not None
    assert place.stage(ONE) is Stage.DISPLACED


def test_wazirx_is_stopped_until_the_nonce_of_what_failed_is_spent(place: Place) -> None:
    """threat_33: nobody signs again while what failed can still be sent; afterwards it cannot."""
    old, signatures = failed(place)
    signed_again(place)
    assert refused(place.sign, ONE, "alice") == ["nonce-contested"]
    spend(place, old.nonce)
    assert refused(sends, place, old, signatures) == ["dry-run"]
    place.lock(ONE)
    place.sign(ONE, *COUNCIL)
    place.queue(ONE)
    assert place.stage(ONE) is Stage.WAITING


# ---- Bybit: a screen that lied about a delegatecall into slot 0 ------------------------------------------------------

TROJAN = checksummed(b"\x77" * 20)
TROJAN_CODE = bytes.fromhex("6004355f5500")
"""`transfer(address,uint256)` that writes its first argument into slot 0 of whoever runs it: the Safe's singleton."""
TRANSFER = encode_call(function("transfer(address,uint256)"), [TROJAN, 0])


def trojan(place: Place) -> SafeTx:
    (step,) = place.steps(ONE)
    return replace(step.safe_tx, to=TROJAN, data=TRANSFER, operation=SafeOperation.DELEGATECALL)


@pytest.mark.node
@pytest.mark.parametrize("build", ["anvil"], indirect=True)
def test_bybit_works_where_only_the_screen_is_read_and_no_such_safe_is_believed_any_more(place: Place) -> None:
    """threat_38, threat_39"""
    place.set_code(TROJAN, TROJAN_CODE)
    locked(place)
    evil = trojan(place)
    sends(place, evil, harvested(place, evil, *COUNCIL))
    (slot,) = place.site.chain.storage([(evil.safe, 0)], place.site.chain.head())
    assert checksummed(slot[12:]) == TROJAN
    for act in (place.look, place.lock, place.queue):
        assert refused(act, ONE) == ["safe-singleton"]
    assert refused(place.sign, ONE, "dave") == ["safe-singleton"]


def test_bybit_is_stopped_since_hashes_come_from_the_reviewed_file(place: Place) -> None:
    """threat_38: a key that was handed the delegatecall did not sign the proposal."""
    locked(place)
    ceremony = sign.prepare(place.site, place.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None)
    with pytest.raises(Refused) as caught:
        sign.sign(ceremony, Infected("alice", trojan(place)), place.space)
    assert [finding.rule for finding in caught.value.findings] == ["signed-otherwise"]


EXECUTE = "execTransactionFromModule(address,uint256,bytes,uint8)"


def test_bybit_is_stopped_however_deep_the_delegatecall_lies(place: Place) -> None:
    """threat_38: the same transaction as a proposal, inside of a call that the timelock makes."""
    place.set_code(TROJAN, TROJAN_CODE)
    inner = f'["{TROJAN}", "0", "{to_hex(TRANSFER)}", "1"]'
    calls = f'calls:\n  - to: target\n    function: "{EXECUTE}"\n    args: {inner}\n'
    who = f'introduce: [{{address: "{TROJAN}", name: token, purpose: "Said to be a token"}}]\n'
    place.write(ONE, HEAD.format(kind="contract_call") + calls + who)
    assert refused(place.lock, ONE) == ["delegatecall"]


# ---- Drift: approvals from weeks ago, once threshold and delay are lower ---------------------------------------------


def test_drift_is_stopped_since_approvals_end_and_die_with_what_they_were_given_under(place: Place) -> None:
    """threat_31, threat_32, threat_33: two signatures and an approval wait until the threshold is low enough."""
    place.enforce(*SECURITY)
    place.write(TWO, SWAP.replace("For a test.", "Something sooner."))
    place.lock(TWO)
    place.approved(ONE, SWAP, "alice", "bob")
    place.approve(ONE, "frank")
    place.council_sends("changeThreshold(uint256)", 2)
    assert place.stage(ONE) is Stage.APPROVED
    assert refused(place.queue, ONE) == ["upgrades-are-slow", "approval-void"]
    place.warp(30 * DAY)
    assert "it ended at" in "; ".join(reasons(place))


def test_drift_is_stopped_since_a_safeguard_is_not_weakened_by_daily_work(place: Place) -> None:
    """threat_27: neither as a plain call, nor by a policy that makes it daily work."""
    call = f'calls:\n  - to: "{place.site.network.timelock}"\n    function: "updateDelay(uint256)"\n    args: ["0"]\n'
    place.write(ONE, HEAD.format(kind="contract_call") + call)
    assert refused(place.lock, ONE) == ["governance-call"]
    slow = "kinds: [facet_swap, ", "kinds: [role_change, timelock_change, "
    place.edit(place.space.policy_file, slow[0], f"{slow[0]}timelock_change, ")
    place.edit(place.space.policy_file, slow[1], "kinds: [role_change, ")
    with pytest.raises(Rejected) as caught:
        place.space.policy()
    assert rules(caught.value) == ["policy-risk"]


def test_drift_is_stopped_since_a_minority_must_be_acknowledged(place: Place) -> None:
    """threat_32: two of five is refused unless the proposal names it."""
    place.write(ONE, HEAD.format(kind="council_change") + "change_threshold: 2\n")
    assert refused(place.lock, ONE) == ["threshold-minority"]
