"""`gov nonces`, `gov signatures --live`, `gov reject`: a signed hash that is not meant any more, and its end."""

from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

import pytest

from governance.apps import wiring
from governance.core.keccak import keccak
from governance.core.signable import Signable
from governance.core.units import Address, Bytes32
from tests.apps.conftest import ONE, Gov
from tests.sites import people

pytestmark = pytest.mark.node

At = Callable[[str], Gov]


def test_what_was_signed_and_then_edited_is_listed_rejected_and_dead(at: At) -> None:
    gov = at("signed")
    file = gov.root / f"proposals/{ONE}.yaml"
    file.write_text(file.read_text().replace("title: ", "title: Another "))
    gov.done("lock", ONE)
    live = gov("signatures", "--live", "--json")
    (council, guardian) = live.document["safes"]
    assert (live.code, [each["what"] for each in council["live"]], guardian["live"]) == (1, ["abandoned"], [])
    frozen = gov("sign", ONE, "--show")
    assert frozen.code == 1
    assert "rule nonce-contested" in frozen.err
    for name in ("alice", "bob", "carol"):
        digest = rejection(gov, name)
        done = gov("reject", "sign", ONE, *gov.key(name), "--confirm", digest)
        assert (done.code, f"nonce 0, {digest}" in done.out) == (0, True), done
    dry = gov("reject", "send", ONE, *gov.key("executor"))
    assert (dry.code, "add --broadcast" in dry.err) == (1, True)
    sent = gov("reject", "send", ONE, *gov.key("executor"), "--broadcast", "--json")
    assert (sent.code, sent.document["schema"]) == (0, "governance/rejection/v1")
    assert gov("signatures", "--live").code == 0
    listed = gov("nonces")
    assert (listed.code, "rule nonce-displaced" in listed.out) == (1, True)
    assert gov("nonces", "--replan").out == f"gov lock 0001  # on devnet: {ONE}\n"
    gov.done("lock", ONE)
    assert gov("nonces").code == 0


def rejection(gov: Gov, name: str) -> str:
    """The hash that the card of a rejection shows."""
    shown = gov("reject", "sign", ONE, *gov.key(name), "--confirm", "0x00")
    assert (shown.code, "CALL  nothing: spend nonce 0" in shown.err) == (1, True), shown
    (row,) = (line for line in shown.err.splitlines() if line.startswith("  safe tx hash"))
    return "0x" + "".join(row.split()[3:])


def test_the_ledger_keeps_what_was_shown_declined_and_signed(at: At) -> None:
    gov = at("locked")
    assert gov("sign", ONE, *gov.key("alice"), "--confirm", "0x00").code == 1
    assert gov.sign("alice").code == 0
    notes = gov("history", ONE, "--json").document["entries"]
    told = [(note["kind"], note["subject"].get("nonce")) for note in notes if "signer" in note["subject"]]
    assert told == [("shown", "0"), ("declined", "0"), ("shown", "0"), ("signed", "0")]


def test_one_proposal_or_all_that_lives(at: At) -> None:
    gov = at("locked")
    for words in (("signatures",), ("signatures", ONE, "--live")):
        run = gov(*words)
        assert (run.code, "say --live" in run.err) == (2, True)


@dataclass(frozen=True)
class Swapped:
    """A key that is handed something else than what is shown."""

    address: Address

    def sign(self, what: Signable) -> bytes:
        return people()["alice"].sign(Bytes32(keccak(what.hash)))


def test_a_key_that_signed_something_else_freezes_the_nonce_for_whoever_tries_again(at: At) -> None:
    """threat_33"""
    gov = at("locked")
    with patch.object(wiring, "signer", lambda *_: Swapped(people()["alice"].address)):
        swapped = gov.sign("alice")
    assert (swapped.code, "rule signed-otherwise" in swapped.err) == (1, True), swapped
    again = gov.sign("alice")
    assert (again.code, "rule nonce-suspect" in again.err) == (1, True), again
    for name in ("alice", "bob", "carol"):
        shown = gov("reject", "sign", ONE, "--nonce", "0", *gov.key(name), "--confirm", "0x00")
        (row,) = (line for line in shown.err.splitlines() if line.startswith("  safe tx hash"))
        digest = "0x" + "".join(row.split()[3:])
        assert gov("reject", "sign", ONE, "--nonce", "0", *gov.key(name), "--confirm", digest).code == 0
    assert gov("reject", "send", ONE, "--nonce", "0", *gov.key("executor"), "--broadcast").code == 0
    gov.done("lock", ONE)
    assert gov.sign("alice").code == 0
