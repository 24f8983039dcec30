"""The emergency path by its commands: signed ahead, shown, sent, drilled, and what comes after."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.apps.conftest import ONE, SIGNERS, Gov, Run

pytestmark = pytest.mark.node

At = Callable[[str], Gov]
WORDS = "correct horse battery"


def line(text: str = WORDS) -> str:
    """The number of a descriptor that gives a password."""
    end, other = os.pipe()
    os.write(other, f"{text}\n".encode())
    os.close(other)
    return str(end)


def presign(gov: Gov, name: str, *more: str) -> Run:
    """Presign two nonces as one guardian, having compared every hash."""
    bundle = ("--bundle", str(gov.root / "pause.bundle"), "--bundle-password-fd", line())
    words = ("emergency", "presign", *bundle, "--nonces", "2", *more)
    refused = gov(*words, *gov.key(name), "--confirm", "0x")
    hashes = [part for each in _hashes(refused.err) for part in ("--confirm", each)]
    bundle = ("--bundle", str(gov.root / "pause.bundle"), "--bundle-password-fd", line())
    return gov("emergency", "presign", *bundle, "--nonces", "2", *more, *gov.key(name), *hashes)


def _hashes(card: str) -> list[str]:
    rows = [row.split("safe tx hash")[1] for row in card.splitlines() if "safe tx hash" in row]
    return [f"0x{row.replace(' ', '')}" for row in rows]


def handed(gov: Gov, command: str, *more: str) -> Run:
    """A command of the package that stands by itself, as `gov emergency`, without a workspace."""
    import sys
    from contextlib import redirect_stderr, redirect_stdout
    from io import StringIO
    from unittest.mock import patch

    from governance.apps.cli import main

    out, err, code = StringIO(), StringIO(), 0
    words = ["gov", "emergency", command, "--bundle", str(gov.root / "pause.bundle"), *more]
    with patch.object(sys, "argv", words), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Run(words=tuple(words), code=code, out=out.getvalue(), err=err.getvalue())


def show(gov: Gov) -> dict[str, Any]:
    run = handed(gov, "show", "--bundle-password-fd", line(), "--json")
    (network,) = run.document["networks"]
    assert run.code == (0 if network["ok"] else 1), run
    return dict(network)


def pause(gov: Gov, *more: str) -> Run:
    return handed(gov, "pause", *gov.key("executor"), "--bundle-password-fd", line(), "--broadcast", *more)


def test_two_guardians_sign_ahead_and_anybody_pauses_without_the_workspace(at: At, tmp_path: Path) -> None:
    """threat_53 threat_60"""
    gov = at("drafted")
    first = presign(gov, "frank")
    assert first.code == 0, first
    assert "devnet nonce 0: 1 of 2 signed; not yet 0x" in first.out
    assert [entry["state"] for entry in show(gov)["entries"]] == ["collecting", "collecting"]
    assert pause(gov).code == 1
    assert "1 of 2 signatures" in pause(gov).out
    second = presign(gov, "heidi")
    assert (second.code, "devnet nonce 1: 2 of 2 signed" in second.out) == (0, True)
    assert (show(gov)["good"], show(gov)["paused"]) == ([0, 1], False)
    for path in (gov.root / "proposals", gov.root / "policies.yaml"):
        path.rename(tmp_path / f"gone-{path.name}")
    run = pause(gov, "--json")
    (network,) = run.document["networks"]
    assert (run.code, network["state"]) == (0, "paused")
    assert pause(gov).out.startswith("devnet: it is paused already")


def test_what_is_shown_before_signing_is_the_pause_and_every_hash(at: At) -> None:
    gov = at("drafted")
    card = presign(gov, "frank").err
    assert card.startswith("CALL  pause 0x")
    assert "to   0x" in card
    assert "value 0 wei, pause()" in card
    assert "it sets one flag, and nothing else changes" in card
    assert card.count("safe tx hash") == 2


def test_nothing_is_signed_without_comparing_by_no_guardian_or_under_a_weak_password(at: At) -> None:
    gov = at("drafted")
    bundle = gov.root / "pause.bundle"
    words = ("emergency", "presign", "--bundle", str(bundle), "--bundle-password-fd")
    assert "no --confirm names 0x" in gov(*words, line(), *gov.key("frank"), "--confirm", "0x00").err
    assert "is no owner of the guardian" in gov(*words, line(), *gov.key("alice"), "--confirm", "0x00").err
    assert "at least 12 characters" in gov(*words, line("short"), *gov.key("frank")).err
    assert "names no network" in gov(*words, line(), *gov.key("frank"), "-n", "nowhere").err
    assert not bundle.exists()


def test_a_bundle_tells_what_is_stale(at: At) -> None:
    gov = at("drafted")
    assert [presign(gov, name).code for name in ("frank", "heidi")] == [0, 0]
    gov.done("devnet", "warp", "91d")
    assert show(gov)["stale"] == ["it has expired: presign anew"]
    gov.ask("anvil_setStorageAt", gov.addresses()["guardian"], "0x" + "00" * 31 + "05", "0x" + "00" * 31 + "02")
    gov.ask("evm_mine")
    found = show(gov)
    assert "nothing is signed for the Safe's next nonce, 2: presign anew" in found["stale"]
    assert [entry["state"] for entry in found["entries"]] == ["spent", "spent"]


MOVED = "0x" + "77" * 20
DELEGATES = "363d3d373d3d3d363d73" + MOVED[2:] + "5af43d82803e903d91602b57fd5bf3"
"""ERC-1167: all it does is to run the code that was moved."""
WRITES = "600161123455" + DELEGATES.replace("602b57", "603157")
"""The same, and a word of its own before that."""


@pytest.mark.parametrize(
    ("code", "rules"), [(DELEGATES, {"stop-delegatecall"}), (WRITES, {"stop-delegatecall", "stop-elsewhere"})]
)
def test_a_system_whose_pause_does_more_is_found_by_its_trace_before_anybody_signs(
    at: At, code: str, rules: set[str]
) -> None:
    """threat_53: on a real node, by what was traced."""
    gov = at("drafted")
    target = gov.addresses()["target"]
    gov.ask("anvil_setCode", MOVED, gov.ask("eth_getCode", target, "latest"))
    gov.ask("anvil_setCode", target, f"0x{code}")
    gov.ask("evm_mine")
    words = ("emergency", "presign", "--bundle", str(gov.root / "pause.bundle"), "--bundle-password-fd", line())
    run = gov(*words, *gov.key("frank"), "--json")
    assert (run.code, {each["rule"] for each in run.document["findings"]}) == (1, rules), run
    assert not (gov.root / "pause.bundle").exists()


def drill(gov: Gov, *more: str) -> Run:
    return gov("emergency", "drill", "--json", *more)


def test_a_drill_by_impersonated_guardians_leaves_the_network_alone(at: At) -> None:
    """threat_53"""
    gov = at("drafted")
    before = gov.block()
    run = drill(gov, "--payer", "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720")
    (network,) = run.document["networks"]
    assert (run.code, network["ok"], network["how"], network["findings"]) == (0, True, "impersonated", [])
    assert (network["paused"], network["restored"], network["seconds_to_pause"]) == (True, True, None)
    assert network["blocked_calls"] == network["routed_calls"] > 0
    assert network["seconds_to_unpause"] > 48 * 3600
    assert network["payer_pays_for"] > 1000
    assert gov.block() == before
    assert "routed calls are refused" in gov("emergency", "drill").out


def test_a_drill_sends_the_bundle_by_the_command_of_an_emergency(at: At) -> None:
    """threat_53"""
    gov = at("drafted")
    assert [presign(gov, name).code for name in ("frank", "heidi")] == [0, 0]
    before = gov.block()
    bundle = ("--bundle", str(gov.root / "pause.bundle"), "--bundle-password-fd")
    run = drill(gov, *bundle, line(), *gov.key("executor"))
    (network,) = run.document["networks"]
    assert (run.code, network["ok"], network["how"]) == (0, True, "bundle"), run
    assert 0 < network["seconds_to_broadcast"] < network["seconds_to_pause"]
    assert (gov.block(), show(gov)["paused"]) == (before, False)


@pytest.mark.slow
def test_a_drill_says_what_does_not_hold(at: At) -> None:
    gov = at("drafted")
    assert presign(gov, "frank").code == 0
    bundle = ("--bundle", str(gov.root / "pause.bundle"), "--bundle-password-fd")
    run = drill(gov, *bundle, line(), *gov.key("executor"))
    (network,) = run.document["networks"]
    assert (run.code, network["ok"], network["paused"]) == (1, False, False)
    assert {each["rule"] for each in network["findings"]} == {"drill-pause-fails", "drill-not-paused"}
    poor = drill(gov, "--payer", "0x" + "11" * 20)
    assert [each["rule"] for each in poor.document["networks"][0]["findings"]] == ["drill-payer-poor"]
    assert drill(gov, *bundle, line()).code == 2
    gov.ask("anvil_setStorageAt", gov.addresses()["guardian"], "0x" + "00" * 31 + "04", "0x" + "00" * 31 + "07")
    gov.ask("evm_mine")
    assert drill(gov).code == 1


def test_a_pause_leaves_a_record_and_drafts_in_the_order_of_what_must_be_done(at: At) -> None:
    gov = at("signed")
    assert gov.act("queue").code == 0
    assert [presign(gov, name).code for name in ("frank", "heidi")] == [0, 0]
    early = gov("emergency", "aftermath")
    assert (early.code, "devnet is not paused" in early.err) == (1, True)
    gov.done("devnet", "warp", "48h")
    assert pause(gov).code == 0
    (made,) = gov.json("emergency", "aftermath", "--decide-within", "10 d")["incidents"]
    (pending,) = made["pending"]
    assert (pending["state"], pending["proposal"]) == ("ready", ONE)
    assert made["cancel_first"] == [f"0002-cancel-{ONE}"]
    assert (made["lift"], len(made["signed_by"])) == ("0003-lift-pause-devnet", 2)
    record = (gov.root / made["file"]).read_text()
    assert made["transaction"] in record
    assert f"not_after: {made['decide_before']}" in (gov.root / f"proposals/{made['lift']}.yaml").read_text()
    again = gov.json("emergency", "aftermath")["incidents"][0]
    assert (again["file"], again["drafts"]) == (None, [])
    assert "nothing is written" in gov("emergency", "aftermath").out
    # What was drafted is what it takes: cancel, then lift.
    gov.done("check")
    gov.done("lock", made["cancel_first"][0])
    for name in ("frank", "heidi"):
        assert gov.sign(name, made["cancel_first"][0]).code == 0
    assert gov.act("execute", made["cancel_first"][0]).code == 0
    stages = {row["proposal"]: row["stage"] for row in gov.json("status")["proposals"]}
    assert stages[ONE] == "cancelled"
    gov.done("lock", made["lift"])
    for name in SIGNERS:
        assert gov.sign(name, made["lift"]).code == 0
    assert gov.act("queue", made["lift"]).code == 0
    assert gov.json("status")["proposals"][-1]["stage"] == "waiting"
