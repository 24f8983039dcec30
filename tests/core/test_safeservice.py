"""Files of the Safe Transaction Service: what is published is recomputed, or refused.

Covers threat_17 (another chain's transaction) and threat_40 (both hashes shown).
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.core.errors import GovError, Refused, Rejected
from governance.core.safeservice import CHAIN_IDS, hash_report, read_service_json
from governance.core.safetx import SafeTx
from governance.core.signature import Signature, SignatureKind, combine
from governance.core.units import address_bytes, to_hex
from tests.core.safevm import Person

TEXT = (Path(__file__).parent.parent / "vectors" / "safe-mainnet-transaction.json").read_text()
OWNERS = ["0xc12F6A2D93C0788366FC91aeBf21b33CCCb0c0d8", "0xAF43958ad62389BE3E0B553dFd259Ec335814c1C"]
ALICE = Person(0)


def published(**changes: Any) -> dict[str, Any]:
    """The one transaction of the vector; None takes a key away."""
    entry: dict[str, Any] = copy.deepcopy(json.loads(TEXT)["results"][0])
    for key, value in changes.items():
        entry.pop(key) if value is ... else entry.update({key: value})
    return entry


def report(document: Any, chain_id: int | None = None) -> list[dict[str, Any]]:
    return hash_report(read_service_json(json.dumps(document), shown_as="tx.json"), chain_id=chain_id)


def test_the_published_page_gives_its_hashes_chain_and_both_signers() -> None:
    (found,) = hash_report(read_service_json(TEXT, shown_as="tx.json"), chain_id=None)
    assert found == {
        "chain_id": 1,
        "safe": "0x1c694Fc3006D81ff4a56F97E1b99529066a23725",
        "nonce": 63,
        "domain_hash": "0x1655e94a9bcc5a957daa1acae692b4c22e7aaf146b4deb9194f8221d2f09d8c3",
        "message_hash": "0xf22754eba5a2b230714534b4657195268f00dc0031296de4b835d82e7aa1e574",
        "safe_tx_hash": "0xad06b099fca34e51e4886643d95d9a19ace2cd024065efb66662a876e8c40343",
        "signers": [{"owner": owner, "kind": "eth_sign", "claimed": owner, "recovered": True} for owner in OWNERS],
    }


def test_one_transaction_reads_like_a_page_of_one_and_numbers_may_be_text() -> None:
    page = {"count": 2, "results": [published(), published(nonce="63", value=0, operation="0")]}
    first, second = report(page)
    assert report(published()) == [first] == [second]


@pytest.mark.parametrize("chain_id", [10, 100, 8453, 42161, 11155111])
def test_the_chain_is_the_one_that_gives_the_published_hash(chain_id: int) -> None:
    assert chain_id in CHAIN_IDS
    tx = SafeTx(chain_id=chain_id, safe=ALICE.address, to=ALICE.address, nonce=7)
    entry = published(
        safe=tx.safe, to=tx.to, data=None, gasToken=None, refundReceiver=None, nonce=7,
        safeTxHash=to_hex(tx.hash), confirmations=[],
    )  # fmt: skip
    assert [each["chain_id"] for each in report(entry)] == [chain_id]
    assert report(entry, chain_id) == report(entry)
    with pytest.raises(Refused):
        report(entry, 1)


def test_a_chain_that_nobody_listed_may_be_given() -> None:
    tx = SafeTx(chain_id=987654321, safe=ALICE.address, to=ALICE.address, nonce=7)
    entry = published(safe=tx.safe, to=tx.to, data="0x", nonce=7, safeTxHash=to_hex(tx.hash), confirmations=None)
    with pytest.raises(Refused) as refusal:
        report(entry)
    assert "--chain-id" in refusal.value.findings[0].hint
    assert report(entry, 987654321)[0]["safe_tx_hash"] == to_hex(tx.hash)


def test_without_a_published_hash_the_chain_must_be_given() -> None:
    for absent in (published(safeTxHash=None), published(safeTxHash=...)):
        with pytest.raises(Rejected) as rejection:
            report({"results": [absent]})
        assert rejection.value.hint() == "give --chain-id"
        assert report(absent, 1) == report(published())


@pytest.mark.parametrize("chain_id", [None, 1])
@pytest.mark.parametrize(
    "change",
    [
        {"to": OWNERS[0]},
        {"value": "1"},
        {"data": "0x"},
        {"operation": 1},
        {"safeTxGas": 1},
        {"baseGas": 1},
        {"gasPrice": "1"},
        {"gasToken": OWNERS[0]},
        {"refundReceiver": OWNERS[0]},
        {"nonce": 64},
        {"safe": OWNERS[0]},
        {"safeTxHash": "0x" + "00" * 32},
    ],
)
def test_a_changed_field_is_refused(change: dict[str, Any], chain_id: int | None) -> None:
    with pytest.raises(Refused) as refusal:
        report(published(**change), chain_id)
    assert [finding.rule for finding in refusal.value.findings] == ["hash-differs"]
    assert refusal.value.exit_code == 1


def test_every_transaction_and_signature_that_does_not_hold_is_told() -> None:
    swapped = published()
    first, second = swapped["confirmations"]
    first["owner"], second["owner"] = second["owner"], first["owner"]
    hurt = published()
    hurt["confirmations"][1]["signature"] = "0x" + "00" * 65
    with pytest.raises(Refused) as refusal:
        report({"results": [swapped, published(), published(nonce=1), hurt]})
    assert [(finding.rule, finding.path) for finding in refusal.value.findings] == [
        ("signature-claimed", "results[0].confirmations[0]"),
        ("signature-claimed", "results[0].confirmations[1]"),
        ("hash-differs", "results[2]"),
        ("signature-claimed", "results[3].confirmations[1]"),
    ]


def test_what_the_bytes_do_not_prove_is_said_to_be_unproven() -> None:
    tx = SafeTx(chain_id=1, safe=ALICE.address, to=ALICE.address, nonce=7)
    word = "0x" + bytes(12).hex() + address_bytes(ALICE.address).hex()
    contract = Signature(owner=ALICE.address, kind=SignatureKind.CONTRACT, data=b"1271")
    entry = published(
        safe=tx.safe, to=tx.to, data=None, nonce=7, safeTxHash=to_hex(tx.hash),
        confirmations=[
            {"owner": ALICE.address, "signature": None},
            {"owner": ALICE.address, "signature": word + "00" * 32 + "01"},
            {"owner": ALICE.address, "signature": to_hex(combine([contract], 1))},
            {"owner": ALICE.address, "signature": to_hex(ALICE.sign(tx.hash))},
        ],
    )  # fmt: skip
    kinds = [(each["kind"], each["recovered"]) for each in report(entry)[0]["signers"]]
    assert kinds == [("approved_hash", False), ("approved_hash", False), ("eip1271", False), ("eip712", True)]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"safe": ...}, "safe"),
        ({"safe": None}, "safe"),
        ({"to": "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"}, "to"),
        ({"value": True}, "value"),
        ({"value": "1e18"}, "value"),
        ({"value": "-1"}, "value"),
        ({"nonce": "063"}, "nonce"),
        ({"nonce": 2**256}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"data": "0xabc"}, "data"),
        ({"data": ["0x"]}, "data"),
        ({"operation": True}, "operation"),
        ({"operation": 2}, "operation"),
        ({"safeTxHash": "0xad06"}, "safeTxHash"),
        ({"safeTxHash": 5}, "safeTxHash"),
        ({"confirmations": {}}, None),
        ({"confirmations": {"owner": 1}}, "confirmations"),
        ({"confirmations": ["0x"]}, "confirmations[0]"),
        ({"confirmations": [{"owner": OWNERS[0]}]}, "confirmations[0].signature"),
        ({"confirmations": [{"owner": "me", "signature": None}]}, "confirmations[0].owner"),
    ],
)
def test_a_malformed_field_is_rejected_with_its_path(change: dict[str, Any], path: str | None) -> None:
    if path is None:
        assert report(published(**change))[0]["signers"] == []
        return
    with pytest.raises(Rejected) as rejection:
        report({"results": [published(), published(**change)]})
    assert path in [finding.path.removeprefix("results[1].") for finding in rejection.value.findings]


def test_every_malformed_field_is_told() -> None:
    with pytest.raises(Rejected) as rejection:
        report(published(nonce=..., value="x", to=5))
    assert [finding.path for finding in rejection.value.findings] == ["to", "value", "nonce"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("no JSON", "{"),
        ("nothing", ""),
        ("a list", "[]"),
        ("a page without results", '{"results": []}'),
        ("results that are no list", '{"results": {}}'),
        ("results of text", '{"results": ["0x"]}'),
        ("a duplicate key", '{"nonce": 1, "nonce": 2}'),
        ("a fraction", '{"nonce": 1.0}'),
        ("a power", '{"nonce": 1e3}'),
        ("not a number", '{"nonce": NaN}'),
        ("an endless number", '{"nonce": ' + "9" * 5000 + "}"),
        ("a deep nest", "[" * 100_000),
        ("a deep nest of mappings", '{"a":' * 100_000),
        ("a deep nest behind a string", '{"[\\"]": ' + "[" * 65),
    ],
)
def test_what_is_no_such_file_is_rejected(name: str, text: str) -> None:
    with pytest.raises(Rejected):
        hash_report(read_service_json(text, shown_as="tx.json"), chain_id=1)


def test_brackets_in_strings_do_not_nest() -> None:
    assert report(published(origin='[{"\\' * 200)) == report(published())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["0x", OWNERS[0], "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(key=st.sampled_from(sorted(published())), value=json_values, chain_id=st.sampled_from([None, 1]))
def test_any_value_in_any_field_gives_a_report_or_one_of_our_errors(key: str, value: Any, chain_id: int | None) -> None:
    try:
        (found,) = report(published(**{key: value}), chain_id)
    except GovError:
        return
    assert found["safe_tx_hash"] == published()["safeTxHash"]
