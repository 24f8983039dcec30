"""Every way to sign, as the command line offers it: through a machine without a network, and through other signers."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from governance.core.frames import is_framed
from tests.adapters.chromium import page_with
from tests.apps.conftest import ONE, Gov, Run

pytestmark = pytest.mark.node

At = Callable[[str], Gov]
ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def compared(gov: Gov) -> list[str]:
    return [part for one in gov.safe_hashes() for part in ("--confirm", one)]


def signed(gov: Gov) -> list[str]:
    (network,) = gov.json("signatures", ONE)["networks"]
    return list(network["steps"][0]["signed"])


def exported(gov: Gov, name: str = "bundle.json") -> Path:
    run = gov.done("sign", ONE, "--export", str(gov.root / name))
    assert run.out == ""
    assert "1 transaction of 0001-swap-fee-facet, bundle 0x" in run.err
    return gov.root / name


def offline(gov: Gov, bundle: Path, answer: Path | str, *more: str) -> Run:
    """On a machine without workspace and endpoint: an empty folder, and no RPC that would answer."""
    empty = gov.root / "elsewhere"
    empty.mkdir(exist_ok=True)
    keyed = (*gov.key("alice"), *compared(gov))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GOV_RPC_DEVNET", "http://127.0.0.1:9")
        return Gov(empty)("sign", "--bundle", str(bundle), *keyed, "--export", str(answer), *more)


def test_a_bundle_is_signed_without_a_chain_and_the_answer_is_a_ballot(at: At) -> None:
    gov = at("locked")
    bundle, answer = exported(gov), gov.root / "answer.json"
    run = offline(gov, bundle, answer)
    assert run.code == 0, run
    (hash_,) = gov.safe_hashes()
    groups = " ".join(hash_[2:][i : i + 4] for i in range(0, 64, 4))
    assert groups in run.err
    assert "applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])" in run.err
    assert "nothing here can prove:\n  │ CALL  Swap" in run.err
    assert signed(gov) == []
    taken = gov.done("sign", ONE, "--import", str(answer))
    assert taken.out == f"signed by {ALICE}: nonce 0, {hash_}\n"
    assert signed(gov) == [ALICE]
    assert gov.done("sign", ONE, "--import", str(answer)).out == taken.out


def test_codes_on_a_screen_carry_both_ways(at: At) -> None:
    gov = at("locked")
    shown = gov.done("sign", ONE, "--export", "qr").out
    texts = re.findall(r"^GOV1/\S+$", shown, flags=re.MULTILINE)
    assert len(texts) > 2
    assert shown.count("█") > 100
    scanned = gov.root / "scanned.txt"
    scanned.write_text("\n".join(reversed(texts)))
    assert is_framed(scanned.read_text())
    run = offline(gov, scanned, "qr")
    assert run.code == 0, run
    (gov.root / "answer.json").write_text("\n".join(re.findall(r"^GOV1/\S+$", run.out, flags=re.MULTILINE)))
    gov.done("sign", ONE, "--import", str(gov.root / "answer.json"))
    assert signed(gov) == [ALICE]


def test_a_bundle_that_was_changed_on_its_way_is_not_signed(at: At) -> None:
    """threat_49, threat_56: and an unchanged one only by who compared its hash."""
    gov = at("locked")
    bundle = exported(gov)
    document = json.loads(bundle.read_text())
    document["transactions"][0]["operation"]["delay"] = "0"
    changed = gov.root / "changed.json"
    changed.write_text(json.dumps(document))
    answer = gov.root / "answer.json"
    run = offline(gov, changed, answer)
    assert run.code == 1
    assert "changed.json:1:" in run.err
    assert "bundle-differs" in run.err
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tests.apps.test_cli_signers.compared", lambda _: ["--confirm", "0x" + "11" * 32])
        run = offline(gov, bundle, answer)
    assert (run.code, "no --confirm names" in run.err) == (1, True)
    assert not answer.exists()


def test_an_answer_to_an_earlier_plan_or_by_a_stranger_is_not_taken(at: At) -> None:
    """threat_33, threat_34, threat_49."""
    gov = at("locked")
    bundle, answer = exported(gov), gov.root / "answer.json"
    assert offline(gov, bundle, answer).code == 0
    whole = answer.read_text()
    document = json.loads(whole)
    document["signer"] = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    answer.write_text(json.dumps(document))
    refused = gov("sign", ONE, "--import", str(answer))
    assert (refused.code, "'s, not 0x7099" in refused.err) == (1, True), refused
    document["signer"] = "0x0000000000000000000000000000000000000007"
    answer.write_text(json.dumps(document))
    refused = gov("sign", ONE, "--import", str(answer))
    assert (refused.code, "not-an-owner" in refused.err) == (1, True), refused
    answer.write_text(whole.replace(ONE, "0002-other"))
    assert gov("sign", ONE, "--import", str(answer)).code == 2
    answer.write_text(whole)
    gov.edit(f"proposals/{ONE}.yaml", "title: ", "title: Also ")
    gov.done("lock", ONE)
    refused = gov("sign", ONE, "--import", str(answer))
    assert (refused.code, "does not sign" in refused.err) == (1, True), refused
    assert signed(gov) == []


def test_tools_get_bundle_and_answer_on_stdout_too(at: At) -> None:
    gov = at("locked")
    bundle = gov.json("sign", ONE, "--export", str(gov.root / "bundle.json"))
    assert bundle["schema"] == "governance/bundle/v1"
    assert bundle == json.loads((gov.root / "bundle.json").read_text())
    run = offline(gov, gov.root / "bundle.json", str(gov.root / "answer.json"), "--json")
    assert run.document["schema"] == "governance/bundle-answer/v1"
    assert run.document == json.loads((gov.root / "answer.json").read_text())
    unnamed = gov("sign", "--bundle", str(gov.root / "bundle.json"), *gov.key("alice"), *compared(gov))
    assert unnamed.document == run.document
    both = gov("sign", ONE, "--export", "qr", "--json")
    assert (both.code, both.document["schema"]) == (2, "governance/error/v1")


def test_an_answer_is_never_overwritten(at: At) -> None:
    gov = at("locked")
    bundle = exported(gov)
    again = gov("sign", ONE, "--export", str(bundle))
    assert (again.code, "exists" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sign",), "name the proposal"),
        (("sign", ONE), "nobody is named to sign"),
        (("sign", ONE, "--show", "--export", "x"), "one at a time"),
        (("sign", ONE, "--import", "x", "--export", "x"), "one at a time"),
        (("sign", ONE, "--import", "x", "--through", ALICE), "for owners of the Safe itself"),
        (("sign", ONE, "--bundle", "x"), "a bundle says itself"),
        (("sign", "--bundle", "x", "--network", "devnet"), "a bundle says itself"),
        (("sign", ONE, "--signer", "smoke"), "no way to sign"),
        (("sign", ONE, "--signer", "browser", "--key", "x"), "exclude one another"),
        (("sign", ONE, "--import", "nowhere.json"), "nowhere.json"),
        (("approve", ONE), "nobody is named to sign"),
        (("approve", ONE, "--signer", f"http://host.example#{ALICE}"), "not on this machine"),
    ],
)
def test_options_that_do_not_go_together_are_told(at: At, words: tuple[str, ...], said: str) -> None:
    run = at("locked")(*words)
    assert run.code in {1, 2}
    assert said in run.err, run


def test_a_node_signs_for_an_account_that_it_holds_and_the_environment_may_name_it(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    gov = at("locked")
    bob = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
    by_node = gov("sign", ONE, "--signer", f"{gov.url}#{ALICE}", *compared(gov))
    assert (by_node.code, f"signed by {ALICE}" in by_node.out) == (0, True), by_node
    monkeypatch.setenv("GOV_SIGNER", f"{gov.url}/?key=not-for-argument-lists#{bob}")
    unnamed = gov("sign", ONE, *compared(gov))
    assert (unnamed.code, f"signed by {bob}" in unnamed.out) == (0, True), unnamed
    assert "not-for-argument-lists" not in unnamed.out + unnamed.err


def test_a_member_approves_by_another_signer_too(at: At) -> None:
    gov = at("locked")
    gov.ask_security()
    address = gov.done("approve", ONE, *gov.key("dave"), "--confirm", gov.plan_basis()).out.split()[2]
    run = gov("approve", ONE, "--signer", f"{gov.url}#{address}", "--confirm", gov.plan_basis())
    assert (run.code, run.out.startswith(f"approved by {address}")) == (0, True), run


def test_the_help_of_sign_names_every_way(gov: Gov) -> None:
    said = gov.done("sign", "--help").out
    for option in ("--key", "--signer", "--export", "--import", "--bundle", "ledger", "trezor", "browser", "clef"):
        assert option in said


def test_signing_over_a_pipe_needs_the_hash(at: At) -> None:
    gov = at("locked")
    bundle = exported(gov)
    ended = subprocess.run(
        [gov.shell_path(), "sign", "--bundle", str(bundle), *gov.key("alice")[:2], "--password-fd", "0"],
        cwd=gov.root, input="wrong\n", capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert ended.returncode == 1
    assert "does not open with this password" in ended.stderr


@pytest.mark.browser
def test_the_whole_command_signs_with_a_wallet_in_a_browser(at: At) -> None:
    gov = at("locked")

    def wallet(method: str, params: list[Any]) -> Any:
        """A wallet whose keys are the node's."""
        return [ALICE.lower()] if method == "eth_requestAccounts" else gov.ask(method, *params)

    with page_with(wallet) as page:
        command = [gov.shell_path(), "sign", ONE, "--signer", f"browser:{ALICE}", *compared(gov)]
        with subprocess.Popen(
            command, cwd=gov.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stderr is not None
                url = re.search(r"http://127\.0\.0\.1:\d+/#\S+", process.stderr.readline())
                assert url is not None
                page.goto(url[0])
                page.get_by_role("button", name="Connect").click()
                page.get_by_role("button", name="Sign in the wallet").click()
                page.get_by_text("you can close this page", exact=False).wait_for()
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()
        card = page.locator("#words").inner_text()
    assert (process.returncode, f"signed by {ALICE}" in out) == (0, True), err
    assert "CALL  Swap FeeFacet" in card
    assert card.replace("\n", "") in err.replace("\n", "")
    assert signed(gov) == [ALICE]
