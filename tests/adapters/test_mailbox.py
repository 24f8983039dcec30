"""Signatures in files: they prove themselves, or nothing is read (threat_35, threat_49, threat_50)."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.mailbox import FileMailbox
from governance.core.ballot import Ballot
from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.safemessage import Asked, Level, message_through
from governance.core.safetx import SafeTx
from governance.core.signature import SignatureKind, eth_sign_hash, read_signature
from governance.core.units import Bytes32, checksummed
from governance.ports import Mailbox
from tests.core.safevm import Person, ascending

PROPOSAL = "0007-swap-fee-facet"
SAFE = checksummed(b"\x5a" * 20)
ALICE, BOB = ascending([Person(0), Person(1)])


def digest(nonce: int) -> Bytes32:
    return Bytes32(keccak(b"transaction" + bytes([nonce])))


def ballot(person: Person = ALICE, *, nonce: int = 3, network: str = "devnet") -> Ballot:
    return Ballot(
        proposal=PROPOSAL,
        network=network,
        chain_id=31337,
        safe=SAFE,
        nonce=nonce,
        safe_tx_hash=digest(nonce),
        signer=person.address,
        signature=person.sign(digest(nonce)),
    )


@pytest.fixture
def mailbox(tmp_path: Path) -> FileMailbox:
    return FileMailbox(tmp_path / "proposals" / f"{PROPOSAL}.signatures", PROPOSAL)


def file_of(mailbox: FileMailbox, person: Person = ALICE) -> Path:
    return mailbox.folder / f"{person.address.lower()}.json"


def test_a_mailbox_that_nobody_wrote_to_is_empty_and_makes_no_folder(mailbox: FileMailbox) -> None:
    port: Mailbox = mailbox
    assert port.all() == []
    assert not mailbox.folder.exists()


def test_what_is_added_is_read_back_in_order_of_signer_network_and_nonce(mailbox: FileMailbox) -> None:
    ballots = [
        ballot(BOB),
        ballot(ALICE, nonce=4, network="sepolia"),
        ballot(ALICE, nonce=10),
        ballot(ALICE, nonce=9),
    ]
    for each in ballots:
        mailbox.add(each)
    assert mailbox.all() == [ballots[3], ballots[2], ballots[1], ballots[0]]
    assert sorted(file.name for file in mailbox.folder.iterdir()) == [
        f"{ALICE.address.lower()}.json",
        f"{BOB.address.lower()}.json",
    ]


def test_the_file_is_stable_json_with_sorted_keys(mailbox: FileMailbox) -> None:
    mailbox.add(ballot())
    text = file_of(mailbox).read_text()
    assert json.loads(text) == {
        "schema": "governance/signatures/v1",
        "proposal": PROPOSAL,
        "signer": ALICE.address,
        "signatures": [
            {
                "network": "devnet",
                "chain_id": "31337",
                "safe": SAFE,
                "nonce": "3",
                "safe_tx_hash": "0x" + digest(3).hex(),
                "signature": "0x" + ALICE.sign(digest(3)).hex(),
                "kind": "eip712",
            }
        ],
    }
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"


def through_safes() -> Ballot:
    way = (Level(safe=BOB.address, asked=Asked.DATA), Level(safe=SAFE, asked=Asked.HASH))
    tx = SafeTx(chain_id=31337, safe=SAFE, to=BOB.address, nonce=3)
    signature = ALICE.sign(message_through(tx, tx.chain_id, way).hash)
    hashes = {"safe_tx_hash": tx.hash, "message_hash": tx.message_hash}
    return replace(ballot(), signature=signature, through=way, **hashes)  # type: ignore[arg-type]


def test_a_ballot_says_through_which_safes_it_was_given(mailbox: FileMailbox) -> None:
    for each in (ballot(nonce=4), through_safes()):
        mailbox.add(each)
    assert mailbox.all() == [through_safes(), ballot(nonce=4)]
    (entry, other) = json.loads(file_of(mailbox).read_text())["signatures"]
    assert entry["through"] == f"data:{BOB.address} hash:{SAFE}"
    assert entry.keys() - other.keys() == {"through", "message_hash"}


@pytest.mark.parametrize("key", ["through", "message_hash"])
def test_half_of_a_way_is_rejected(mailbox: FileMailbox, key: str) -> None:
    mailbox.add(through_safes())
    document = json.loads(file_of(mailbox).read_text())
    del document["signatures"][0][key]
    file_of(mailbox).write_text(json.dumps(document))
    with pytest.raises(Rejected) as rejection:
        mailbox.all()
    assert [finding.rule for finding in rejection.value.findings] == ["signature-missing-key"]


def test_a_contracts_signature_is_kept_as_its_claim(mailbox: FileMailbox) -> None:
    claim = replace(ballot(), signature=b"any bytes", by_contract=True)
    mailbox.add(claim)
    assert mailbox.all() == [claim]
    assert json.loads(file_of(mailbox).read_text())["signatures"][0]["kind"] == "eip1271"


def test_adding_the_same_twice_changes_no_byte_whatever_the_order(mailbox: FileMailbox) -> None:
    mailbox.add(ballot(nonce=3))
    mailbox.add(ballot(nonce=4))
    before = (file_of(mailbox).read_bytes(), file_of(mailbox).stat().st_mtime_ns)
    mailbox.add(ballot(nonce=3))
    assert (file_of(mailbox).read_bytes(), file_of(mailbox).stat().st_mtime_ns) == before


def test_a_new_signature_over_the_same_hash_replaces_the_old(mailbox: FileMailbox) -> None:
    mailbox.add(ballot())
    by_eth_sign = replace(ballot(), signature=ALICE.sign(eth_sign_hash(digest(3)), v=31))
    mailbox.add(by_eth_sign)
    assert mailbox.all() == [by_eth_sign]
    assert by_eth_sign.kind is SignatureKind.ETH_SIGN


def test_a_ballot_of_another_proposal_is_rejected(mailbox: FileMailbox) -> None:
    with pytest.raises(Rejected, match="does not belong"):
        mailbox.add(replace(ballot(), proposal="0008-another"))


def test_a_ballot_is_its_signers_or_does_not_come_to_be() -> None:
    assert ballot().as_signature() == read_signature(digest(3), ALICE.sign(digest(3)))
    for change in ({"signer": BOB.address}, {"safe_tx_hash": digest(4)}, {"signature": BOB.sign(digest(3))}):
        with pytest.raises(Rejected, match="not 0x"):
            replace(ballot(), **change)  # type: ignore[arg-type]
    with pytest.raises(Rejected, match="65 bytes"):
        replace(ballot(), signature=b"")


Change = Callable[[dict[str, Any]], object]
ENTRY: dict[str, tuple[str, Change]] = {
    "a bit of the signature": ("signature-false", lambda e: e.update(signature=e["signature"][:-4] + "0" * 4)),
    "a signature of another": ("signature-false", lambda e: e.update(signature="0x" + BOB.sign(digest(3)).hex())),
    "another hash": ("signature-false", lambda e: e.update(safe_tx_hash="0x" + digest(4).hex())),
    "half a hash": ("signature-false", lambda e: e.update(safe_tx_hash="0x1234")),
    "hex without 0x": ("signature-false", lambda e: e.update(signature=e["signature"][2:])),
    "a lower-case Safe": ("signature-false", lambda e: e.update(safe=SAFE.lower())),
    "a nonce in hex": ("signature-false", lambda e: e.update(nonce="0x3")),
    "a negative chain": ("signature-false", lambda e: e.update(chain_id="-1")),
    "a kind that it is not": ("signature-kind", lambda e: e.update(kind="eth_sign")),
    "an unknown key": ("signature-unknown-key", lambda e: e.update(signed_at="yesterday")),
    "a missing key": ("signature-missing-key", lambda e: e.pop("nonce")),
    "a list for text": ("signature-shape", lambda e: e.update(network=["devnet"])),
}
DOCUMENT: dict[str, tuple[str, Change]] = {
    "another schema": ("signature-file", lambda d: d.update(schema="governance/signatures/v2")),
    "another proposal": ("signature-file", lambda d: d.update(proposal="0008-another")),
    "another signer": ("signature-file-name", lambda d: d.update(signer=BOB.address)),
    "no signer": ("signature-missing-key", lambda d: d.pop("signer")),
    "an unknown key": ("signature-unknown-key", lambda d: d.update(note="looks good")),
    "signatures that are no list": ("signature-shape", lambda d: d.update(signatures={})),
    "a signature that is no mapping": ("signature-shape", lambda d: d.update(signatures=["0x"])),
    "a signature twice": ("signature-repeated", lambda d: d["signatures"].append(d["signatures"][0])),
}


def hurt(mailbox: FileMailbox, change: Change, *, entry: bool) -> list[str]:
    """Change Alice's file and give the rules that the reading breaks; adding to it is refused alike."""
    mailbox.add(ballot())
    document = json.loads(file_of(mailbox).read_text())
    change(document["signatures"][0] if entry else document)
    file_of(mailbox).write_text(json.dumps(document, indent=2))
    with pytest.raises(Rejected) as rejection:
        mailbox.all()
    with pytest.raises(Rejected):
        mailbox.add(ballot(nonce=9))
    places = {str(finding.place).split(":")[0] for finding in rejection.value.findings}
    assert places == {f"proposals/{PROPOSAL}.signatures/{file_of(mailbox).name}"}
    return [finding.rule for finding in rejection.value.findings]


@pytest.mark.parametrize("name", ENTRY)
def test_a_changed_signature_is_rejected_with_its_place(mailbox: FileMailbox, name: str) -> None:
    rule, change = ENTRY[name]
    assert hurt(mailbox, change, entry=True)[0] == rule


@pytest.mark.parametrize("name", DOCUMENT)
def test_a_changed_file_is_rejected_with_its_place(mailbox: FileMailbox, name: str) -> None:
    rule, change = DOCUMENT[name]
    assert rule in hurt(mailbox, change, entry=False)


def test_the_place_is_the_line_of_the_fault(mailbox: FileMailbox) -> None:
    mailbox.add(ballot())
    text = file_of(mailbox).read_text()
    file_of(mailbox).write_text(text.replace('"kind": "eip712"', '"kind": "eth_sign"'))
    with pytest.raises(Rejected) as rejection:
        mailbox.all()
    (finding,) = rejection.value.findings
    line = next(number for number, each in enumerate(text.splitlines(), 1) if '"kind"' in each)
    assert finding.place is not None
    assert (finding.place.line, finding.path) == (line, "signatures[0].kind")


def test_the_faults_of_all_files_are_told(mailbox: FileMailbox) -> None:
    for person in (ALICE, BOB):
        mailbox.add(ballot(person))
        file_of(mailbox, person).write_text("{}")
    with pytest.raises(Rejected) as rejection:
        mailbox.all()
    files = {finding.place.file for finding in rejection.value.findings if finding.place is not None}
    assert len(files) == 2
    assert len(rejection.value.findings) == 2 * 4 + 2


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 1, "schema": 2}', "\x00", "a" * (300 << 10)])
def test_a_file_that_is_no_document_is_rejected(mailbox: FileMailbox, text: str) -> None:
    mailbox.add(ballot())
    file_of(mailbox).write_text(text)
    with pytest.raises(Rejected) as rejection:
        mailbox.all()
    assert rejection.value.findings


def test_a_file_under_another_name_is_rejected(mailbox: FileMailbox) -> None:
    mailbox.add(ballot())
    file_of(mailbox).rename(mailbox.folder / "alice.json")
    with pytest.raises(Rejected) as rejection:
        mailbox.all()
    assert [finding.rule for finding in rejection.value.findings] == ["signature-file-name"]


def test_a_link_is_not_followed(mailbox: FileMailbox, tmp_path: Path) -> None:
    mailbox.add(ballot())
    elsewhere = tmp_path / "elsewhere.json"
    file_of(mailbox).rename(elsewhere)
    file_of(mailbox).symlink_to(elsewhere)
    with pytest.raises(Rejected):
        mailbox.all()


def test_an_unfinished_draft_is_no_signature(mailbox: FileMailbox) -> None:
    mailbox.add(ballot())
    (mailbox.folder / f".{file_of(mailbox).name}.x7").write_text('{"sche')
    assert mailbox.all() == [ballot()]
