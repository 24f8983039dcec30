"""`gov hash`: the hashes that were published, from a file or from options, without any chain."""

import json
from typing import Any

import pytest

from tests.apps.conftest import VECTORS, Gov

FILE = str(VECTORS / "safe-mainnet-transaction.json")
DOMAIN = "0x1655e94a9bcc5a957daa1acae692b4c22e7aaf146b4deb9194f8221d2f09d8c3"
MESSAGE = "0xf22754eba5a2b230714534b4657195268f00dc0031296de4b835d82e7aa1e574"
SAFE_TX = "0xad06b099fca34e51e4886643d95d9a19ace2cd024065efb66662a876e8c40343"
OWNERS = ["0xc12F6A2D93C0788366FC91aeBf21b33CCCb0c0d8", "0xAF43958ad62389BE3E0B553dFd259Ec335814c1C"]


def published() -> dict[str, Any]:
    (found,) = json.loads((VECTORS / "safe-mainnet-transaction.json").read_text())["results"]
    assert isinstance(found, dict)
    return found


def options() -> list[str]:
    tx = published()
    given = {name: str(tx[name]) for name in ("safe", "to", "value", "data", "operation", "nonce")}
    return [part for name, value in given.items() for part in (f"--{name}", value)]


def test_the_published_hashes_and_both_owners_who_signed_by_eth_sign(gov: Gov) -> None:
    lines = gov.done("hash", FILE).out.splitlines()
    assert [line.split()[-1] for line in lines[:3]] == [DOMAIN, MESSAGE, SAFE_TX]
    assert lines[3:] == [f"signed by      {owner}  (eth_sign)" for owner in OWNERS]


@pytest.mark.parametrize("chain", [[], ["--chain-id", "1"]])
def test_tools_get_one_document(gov: Gov, chain: list[str]) -> None:
    found = gov.json("hash", FILE, *chain)
    assert (found["domain_hash"], found["message_hash"], found["safe_tx_hash"]) == (DOMAIN, MESSAGE, SAFE_TX)
    assert [(signer["owner"], signer["kind"]) for signer in found["signers"]] == [(o, "eth_sign") for o in OWNERS]
    assert found["schema"] == "governance/hash/v1"


def test_one_transaction_without_its_page_is_the_same(gov: Gov) -> None:
    (gov.root / "one.json").write_text(json.dumps(published()))
    assert gov.json("hash", str(gov.root / "one.json")) == gov.json("hash", FILE)


def test_a_page_of_two_gives_two(gov: Gov) -> None:
    page = {"count": 2, "next": None, "previous": None, "results": [published(), published()]}
    (gov.root / "page.json").write_text(json.dumps(page))
    found = gov.json("hash", str(gov.root / "page.json"))
    assert found["schema"] == "governance/hashes/v1"
    assert [each["safe_tx_hash"] for each in found["transactions"]] == [SAFE_TX, SAFE_TX]


def test_options_give_the_same_hashes_and_no_signer(gov: Gov) -> None:
    found = gov.json("hash", *options(), "--chain-id", "1")
    expected = {"domain_hash": DOMAIN, "message_hash": MESSAGE, "safe_tx_hash": SAFE_TX, "signers": []}
    assert found == {"schema": "governance/hash/v1", **expected}


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_another_chains_hash_is_refused(gov: Gov, form: list[str]) -> None:
    """threat_17"""
    run = gov("hash", FILE, "--chain-id", "5", *form)
    assert run.code == 1
    assert f"published is {SAFE_TX}, recomputed on chain 5 is 0x" in run.err
    assert DOMAIN not in run.out


CHANGED = [("value", "1"), ("nonce", 64), ("operation", 1), ("to", OWNERS[0]), ("safeTxGas", 1), ("data", "0x")]


@pytest.mark.parametrize(("field", "value"), CHANGED)
def test_a_changed_field_is_noticed(gov: Gov, field: str, value: object) -> None:
    (gov.root / "one.json").write_text(json.dumps({**published(), field: value}))
    run = gov("hash", str(gov.root / "one.json"), "--chain-id", "1")
    assert (run.code, run.out) == (1, "")
    assert "hint: a field was changed" in run.err


WRONG: list[tuple[list[str], list[str]]] = [
    ([], ["missing --safe, --to, --nonce, --chain-id"]),
    (["--safe", OWNERS[0], "--to", OWNERS[1], "--nonce", "1"], ["missing --chain-id"]),
    (
        ["--safe", "0xabc", "--to", OWNERS[1].lower(), "--nonce", "x", "--data", "0x1", "--chain-id", "1"],
        ["--safe  `0xabc` is not an address", "lacks the EIP-55 checksum", "--nonce  ", "--data  "],
    ),
    ([FILE, "--safe", OWNERS[0]], ["exclude one another"]),
    (["nowhere.json"], ["nowhere.json:1:1", "No such file"]),
]


@pytest.mark.parametrize(("words", "sentences"), WRONG)
def test_wrong_options_are_all_told(gov: Gov, words: list[str], sentences: list[str]) -> None:
    run = gov("hash", *words)
    assert (run.code, run.out) == (2, "")
    assert [sentence for sentence in sentences if sentence not in run.err] == []


def test_the_installed_command_needs_no_workspace_and_no_chain(gov: Gov) -> None:
    run = gov.shell("hash", FILE, "--json")
    assert (run.code, run.err, run.document["safe_tx_hash"]) == (0, "", SAFE_TX)
