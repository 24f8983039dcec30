"""Approvals in files: they prove themselves, or nothing is read (threat_49, threat_50)."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.mailbox import FileApprovals
from governance.core.approval import RoleApproval
from governance.core.errors import Rejected
from governance.core.signature import SignatureKind, eth_sign_hash
from governance.core.units import Moment, to_hex
from governance.ports import Approvals
from tests.core.test_approval import DAVE, ERIN, SEEN, TERMS

PROPOSAL = "0007-swap-fee-facet"
Change = Callable[[dict[str, Any]], object]


def approval(**changes: Any) -> RoleApproval:
    person = changes.pop("person", DAVE)
    terms = replace(TERMS, **changes)
    return RoleApproval(proposal=PROPOSAL, signer=person.address, terms=terms, signature=person.sign(terms.hash))


@pytest.fixture
def box(tmp_path: Path) -> FileApprovals:
    return FileApprovals(tmp_path / "proposals" / f"{PROPOSAL}.approvals", PROPOSAL)


def file_of(box: FileApprovals, person: Any = DAVE) -> Path:
    return box.folder / f"{person.address.lower()}.json"


def test_what_is_added_is_read_back_by_signer_network_and_role(box: FileApprovals) -> None:
    port: Approvals = box
    assert port.all() == []
    later = Moment(SEEN.seconds + 1)
    given = [
        approval(role="security"),
        approval(role="audit"),
        approval(network="a"),
        approval(role="audit", seen_at=later),
    ]
    for each in [*given, given[0], approval(person=ERIN)]:
        port.add(each)
    mine = [given[2], given[1], given[3], given[0]]
    hers = [approval(person=ERIN)]
    assert port.all() == (mine + hers if DAVE.address.lower() < ERIN.address.lower() else hers + mine)
    assert {file.name for file in box.folder.iterdir()} == {f"{p.address.lower()}.json" for p in (DAVE, ERIN)}


def test_the_file_is_stable_json_with_sorted_keys(box: FileApprovals) -> None:
    box.add(approval())
    text = file_of(box).read_text()
    assert json.loads(text) == {
        "schema": "governance/approvals/v1",
        "proposal": PROPOSAL,
        "signer": DAVE.address,
        "approvals": [
            {
                "network": "devnet",
                "role": "security",
                "chain_id": "31337",
                "timelock": TERMS.timelock,
                "proposal_digest": to_hex(TERMS.proposal_digest),
                "policy_digest": to_hex(TERMS.policy_digest),
                "plan_basis": to_hex(TERMS.plan_basis),
                "council": to_hex(TERMS.council),
                "seen_at": "2026-12-01T10:00:00Z",
                "valid_until": "2026-12-31T10:00:00Z",
                "approval_hash": to_hex(TERMS.hash),
                "signature": to_hex(DAVE.sign(TERMS.hash)),
                "kind": "eip712",
            }
        ],
    }
    assert text == json.dumps(json.loads(text), indent=2, sort_keys=True) + "\n"
    before = file_of(box).stat().st_mtime_ns
    box.add(approval())
    assert file_of(box).stat().st_mtime_ns == before


def test_another_signature_over_the_same_terms_replaces_the_first(box: FileApprovals) -> None:
    box.add(approval())
    by_eth_sign = replace(approval(), signature=DAVE.sign(eth_sign_hash(TERMS.hash), v=31))
    box.add(by_eth_sign)
    assert box.all() == [by_eth_sign]
    assert by_eth_sign.kind is SignatureKind.ETH_SIGN


def test_an_approval_of_another_proposal_is_rejected(box: FileApprovals) -> None:
    with pytest.raises(Rejected, match="does not belong"):
        box.add(replace(approval(), proposal="0008-another"))


ENTRY: dict[str, tuple[str, Change]] = {
    "a bit of the signature": ("approval-false", lambda e: e.update(signature=e["signature"][:-4] + "0000")),
    "a signature of another": ("approval-false", lambda e: e.update(signature=to_hex(ERIN.sign(TERMS.hash)))),
    "a contract's signature": ("approval-false", lambda e: e.update(signature="0x" + "00" * 65)),
    "a later end": ("approval-false", lambda e: e.update(valid_until="2027-12-31T10:00:00Z")),
    "a later end and its hash": ("approval-false", lambda e: e.update(longer())),
    "another role": ("approval-false", lambda e: e.update(role="audit")),
    "another plan": ("approval-false", lambda e: e.update(plan_basis="0x" + "00" * 32)),
    "half a digest": ("approval-false", lambda e: e.update(council="0x1234")),
    "a lower-case timelock": ("approval-false", lambda e: e.update(timelock=TERMS.timelock.lower())),
    "a moment without a time": ("approval-false", lambda e: e.update(valid_until="2026-12-31")),
    "a moment in seconds": ("approval-false", lambda e: e.update(seen_at=str(SEEN.seconds))),
    "an end before the beginning": ("approval-false", lambda e: e.update(valid_until="2026-11-01T10:00:00Z")),
    "a moment before all clocks": ("approval-false", lambda e: e.update(seen_at="1912-06-23T00:00:00Z")),
    "no chain": ("approval-false", lambda e: e.update(chain_id="0")),
    "a kind that it is not": ("approval-kind", lambda e: e.update(kind="eth_sign")),
    "an unknown key": ("approval-unknown-key", lambda e: e.update(comment="fine")),
    "a missing key": ("approval-missing-key", lambda e: e.pop("role")),
    "a list for text": ("approval-shape", lambda e: e.update(role=["security"])),
}
DOCUMENT: dict[str, tuple[str, Change]] = {
    "signatures of the Safe": ("approval-file", lambda d: d.update(schema="governance/signatures/v1")),
    "another proposal": ("approval-file", lambda d: d.update(proposal="0008-another")),
    "another signer": ("approval-file-name", lambda d: d.update(signer=ERIN.address)),
    "a name for the signer": ("approval-file-name", lambda d: d.update(signer="dave")),
    "no signer": ("approval-missing-key", lambda d: d.pop("signer")),
    "approvals that are no list": ("approval-shape", lambda d: d.update(approvals={})),
    "an approval that is text": ("approval-shape", lambda d: d.update(approvals=["yes"])),
    "an approval twice": ("approval-repeated", lambda d: d["approvals"].append(d["approvals"][0])),
}


def longer() -> dict[str, str]:
    terms = replace(TERMS, valid_until=Moment(TERMS.valid_until.seconds + 1))
    return {"valid_until": str(terms.valid_until), "approval_hash": to_hex(terms.hash)}


@pytest.mark.parametrize("name", [*ENTRY, *DOCUMENT])
def test_a_changed_file_is_rejected_with_its_place(box: FileApprovals, name: str) -> None:
    """threat_49"""
    rule, change = {**ENTRY, **DOCUMENT}[name]
    box.add(approval())
    document = json.loads(file_of(box).read_text())
    change(document["approvals"][0] if name in ENTRY else document)
    file_of(box).write_text(json.dumps(document, indent=2))
    with pytest.raises(Rejected) as rejection:
        box.all()
    with pytest.raises(Rejected):
        box.add(approval(role="audit"))
    assert rule in [finding.rule for finding in rejection.value.findings]
    places = {str(finding.place).split(":")[0] for finding in rejection.value.findings}
    assert places == {f"proposals/{PROPOSAL}.approvals/{file_of(box).name}"}


def test_a_stranger_in_a_file_named_after_a_member_is_rejected(box: FileApprovals) -> None:
    """threat_49: the name of a file proves nothing."""
    box.add(approval(person=ERIN))
    file_of(box, ERIN).rename(file_of(box, DAVE))
    with pytest.raises(Rejected) as rejection:
        box.all()
    assert [finding.rule for finding in rejection.value.findings] == ["approval-file-name"]
    renamed = file_of(box, DAVE)
    renamed.write_text(renamed.read_text().replace(ERIN.address, DAVE.address))
    with pytest.raises(Rejected) as rejection:
        box.all()
    (finding,) = rejection.value.findings
    assert (finding.rule, finding.path) == ("approval-false", "approvals[0]")
    assert f"is {ERIN.address}'s, not {DAVE.address}'s" in finding.message


@pytest.mark.parametrize("text", ["", "[]", "{", '{"schema": 1, "schema": 2}', "\x00", "a" * (300 << 10)])
def test_a_file_that_is_no_document_is_rejected(box: FileApprovals, text: str) -> None:
    box.add(approval())
    file_of(box).write_text(text)
    with pytest.raises(Rejected) as rejection:
        box.all()
    assert rejection.value.findings


def test_a_link_is_not_followed(box: FileApprovals, tmp_path: Path) -> None:
    """threat_50"""
    box.add(approval())
    elsewhere = tmp_path / "elsewhere.json"
    file_of(box).rename(elsewhere)
    file_of(box).symlink_to(elsewhere)
    with pytest.raises(Rejected):
        box.all()


def test_the_faults_of_all_files_are_told_and_drafts_are_none(box: FileApprovals) -> None:
    for person in (DAVE, ERIN):
        box.add(approval(person=person))
        file_of(box, person).write_text("{}")
    (box.folder / ".unfinished.json").write_text('{"sche')
    with pytest.raises(Rejected) as rejection:
        box.all()
    assert len({finding.place.file for finding in rejection.value.findings if finding.place is not None}) == 2
