"""Holds in files: they prove themselves, or nothing is read."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.mailbox import FileHolds
from governance.core.errors import Rejected
from governance.core.hold import HoldTerms, docket
from governance.core.units import Duration, to_hex
from tests.core.test_hold import GUARDIANS, HELD, PEOPLE, TERMS, hold

PROPOSAL = "0001-x"
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def box(tmp_path: Path) -> FileHolds:
    return FileHolds(tmp_path / "proposals" / f"{PROPOSAL}.holds", PROPOSAL)


def file_of(box: FileHolds, who: int = 0) -> Path:
    return box.folder / f"{PEOPLE[who].address.lower()}.json"


def rehashed(terms: HoldTerms, **changes: str) -> dict[str, str]:
    """A change that a forger made consistent, but for the signature."""
    return {**changes, "hold_hash": to_hex(terms.hash)}


def test_what_is_added_is_read_back_and_what_is_removed_is_taken_back(box: FileHolds) -> None:
    assert box.all() == []
    given = [hold(0, 1), hold(0, 2), hold(1, 2)]
    for each in [*given, given[0]]:
        box.add(each)
    assert {each.terms.hash for each in box.all()} == {each.terms.hash for each in given}
    assert len(box.all()) == 3
    assert docket(box.all(), HELD, length=Duration(60), guardians=GUARDIANS).last == 2
    file_of(box, 1).unlink()
    assert docket(box.all(), HELD, length=Duration(60), guardians=GUARDIANS).last == 1


def test_the_file_says_what_is_held_and_why(box: FileHolds) -> None:
    box.add(hold(0, 1))
    assert json.loads(file_of(box).read_text()) == {
        "schema": "governance/holds/v1",
        "proposal": PROPOSAL,
        "signer": PEOPLE[0].address,
        "holds": [
            {
                "chain_id": "31337",
                "timelock": HELD.timelock,
                "operation": to_hex(HELD.operation),
                "eta": "2026-12-01T10:00:00Z",
                "round": "1",
                "reason": TERMS.reason,
                "hold_hash": to_hex(TERMS.hash),
                "signature": to_hex(PEOPLE[0].sign(TERMS.hash)),
                "kind": "eip712",
            }
        ],
    }


ENTRY: dict[str, tuple[str, Change]] = {
    "another reason": ("hold-false", lambda e: e.update(reason="another")),
    "another round and its hash": ("hold-false", lambda e: e.update(rehashed(replace(TERMS, round=2), round="2"))),
    "a later eta": ("hold-false", lambda e: e.update(eta="2026-12-02T10:00:00Z")),
    "a day for an eta": ("hold-false", lambda e: e.update(eta="2026-12-01")),
    "another operation": ("hold-false", lambda e: e.update(operation="0x" + "02" * 32)),
    "another chain": ("hold-false", lambda e: e.update(chain_id="1")),
    "a signature of another": ("hold-false", lambda e: e.update(signature=to_hex(PEOPLE[1].sign(TERMS.hash)))),
    "a kind that it is not": ("hold-kind", lambda e: e.update(kind="eth_sign")),
    "no reason": ("hold-missing-key", lambda e: e.pop("reason")),
}
DOCUMENT: dict[str, tuple[str, Change]] = {
    "approvals": ("hold-file", lambda d: d.update(schema="governance/approvals/v1")),
    "another proposal": ("hold-file", lambda d: d.update(proposal="0002-y")),
    "another signer": ("hold-file-name", lambda d: d.update(signer=PEOPLE[1].address)),
    "a hold twice": ("hold-repeated", lambda d: d["holds"].append(d["holds"][0])),
}


@pytest.mark.parametrize("name", [*ENTRY, *DOCUMENT])
def test_a_changed_file_is_rejected_with_its_place(box: FileHolds, name: str) -> None:
    """threat_49"""
    rule, change = {**ENTRY, **DOCUMENT}[name]
    box.add(hold(0, 1))
    document = json.loads(file_of(box).read_text())
    change(document["holds"][0] if name in ENTRY else document)
    file_of(box).write_text(json.dumps(document))
    with pytest.raises(Rejected) as rejection:
        box.all()
    assert rule in [finding.rule for finding in rejection.value.findings]
    places = {str(finding.place).split(":")[0] for finding in rejection.value.findings}
    assert places == {f"proposals/{PROPOSAL}.holds/{file_of(box).name}"}


def test_a_hold_of_another_proposal_is_rejected(box: FileHolds) -> None:
    with pytest.raises(Rejected, match="does not belong"):
        box.add(replace(hold(0, 1), proposal="0002-y"))
