"""`gov init`, `new`, `schema`, `check`, `cancel`: documents before anything touches a chain."""

import json
import os

import pytest

from tests.apps.conftest import ONE, ROOT, Gov

KINDS = [
    "batch",
    "cancel",
    "contract_call",
    "council_change",
    "emergency_pause",
    "facet_swap",
    "manifest_upgrade",
    "policy_change",
    "proxy_upgrade",
    "role_change",
    "timelock_change",
    "unpause",
]


def test_init_writes_a_workspace_once_and_leaves_what_is_there(gov: Gov) -> None:
    first = (gov.root / "policies.yaml").read_text()
    (gov.root / "policies.yaml").write_text(first + "# mine\n")
    (gov.root / ".gitignore").unlink()
    again = gov.json("init")
    assert again == {"schema": "governance/init/v1", "written": [".gitignore"]}
    assert (gov.root / "policies.yaml").read_text().endswith("# mine\n")
    assert gov.done("init").out == "nothing to do: every file is there\n"


def test_what_init_writes_holds(gov: Gov) -> None:
    run = gov.done("check")
    assert f"{ONE}  holds  (devnet: upgrades-are-slow)  digest 0x" in run.out
    assert run.out.endswith("1 proposal, 0 findings\n")


def test_the_repository_itself_is_such_a_workspace(gov: Gov) -> None:
    for name in ("policies.yaml", f"proposals/{ONE}.yaml"):
        assert (ROOT / name).read_bytes() == (gov.root / name).read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_proposal_of_every_kind_passes_its_schema(gov: Gov, kind: str) -> None:
    draft = gov.json("new", kind, "--title", f"Try {kind}")
    assert draft["schema"] == "governance/draft/v1"
    assert draft["proposal"] == f"0002-{kind.replace('_', '-')}"
    text = (gov.root / draft["file"]).read_text()
    assert f"title: Try {kind}" in text
    run = gov("check", "2", "--json")
    (found,) = run.document["proposals"]
    refused = ["deny-by-default"] if kind == "council_change" else []  # no timelock can delay it: no rule by default
    assert [each["rule"] for each in found["findings"]] == refused
    assert (found["name"], run.code) == (draft["proposal"], len(refused))


def test_numbers_go_on(gov: Gov) -> None:
    names = [gov.json("new", "facet_swap", "--slug", slug)["proposal"] for slug in ("first", "second")]
    assert names == ["0002-first", "0003-second"]


def test_the_schema_of_proposals_is_json_schema(gov: Gov) -> None:
    whole = json.loads(gov.done("schema").out)
    assert whole["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for kind in KINDS:
        one = json.loads(gov.done("schema", kind).out)
        assert (one["title"], one["additionalProperties"]) == (f"gov proposal: {kind}", False)


def test_a_report_for_the_pull_request_is_written(gov: Gov) -> None:
    gov.edit(f"proposals/{ONE}.yaml", "author: alice", "author: mallory")
    run = gov("check", "--report", str(gov.root / "report.md"))
    assert run.code == 1
    assert "mallory" in (gov.root / "report.md").read_text()
    assert "mallory" in run.err


def test_the_digest_follows_the_words_not_the_layout(gov: Gov) -> None:
    def digest() -> str:
        (found,) = gov.json("check")["proposals"]
        return str(found["digest"])

    before = digest()
    gov.edit(f"proposals/{ONE}.yaml", "author: alice", '"author":   "alice" # her')
    assert digest() == before
    gov.edit(f"proposals/{ONE}.yaml", "cap", "cup")
    assert digest() != before


def test_cancel_writes_the_guardians_proposal(gov: Gov) -> None:
    draft = gov.json("cancel", "1", "--reason", "The audit: a fault # was found")
    text = (gov.root / draft["file"]).read_text()
    assert draft["proposal"] == f"0002-cancel-{ONE}"
    assert f"proposal: {ONE}" in text
    assert gov("check", "2").code == 0
    assert gov("cancel", "1").code == 2


@pytest.mark.parametrize("given", ["1", "0001", "0001-swap", ONE, f"{ONE}.yaml", f"proposals/{ONE}.yaml"])
def test_a_proposal_may_be_named_shortly(gov: Gov, given: str) -> None:
    (found,) = gov.json("check", given)["proposals"]
    assert found["name"] == ONE


def test_a_name_that_means_two_is_refused(gov: Gov) -> None:
    (gov.root / "proposals/0001-another.yaml").write_text("schema: governance/v1\n")
    run = gov("check", "1")
    assert (run.code, "means several proposals" in run.err) == (2, True)


def test_findings_are_written_for_code_hosts_at_their_lines(gov: Gov) -> None:
    assert gov("check", "--sarif", str(gov.root / "found.sarif")).code == 0
    assert sarif(gov) == []
    gov.edit(f"proposals/{ONE}.yaml", "author: alice", "author: mallory")
    (gov.root / "proposals/0002-b.yaml").write_text("schema: &a governance/v1\n")
    (gov.root / "proposals/Notes.yaml").write_text("x: y\n")
    assert gov("check", "--sarif", str(gov.root / "found.sarif")).code == 2
    first = (gov.root / "found.sarif").read_bytes()
    assert sarif(gov) == [
        ("upgrades-are-slow", f"proposals/{ONE}.yaml", 5),
        ("yaml-anchor", "proposals/0002-b.yaml", 1),
        ("file-name", "proposals/Notes.yaml", 1),
    ]
    assert str(gov.root) not in first.decode()
    gov("check", "--sarif", str(gov.root / "found.sarif"))
    assert (gov.root / "found.sarif").read_bytes() == first


def test_an_ill_formed_policy_is_shown_at_its_line_too(gov: Gov) -> None:
    gov.edit("policies.yaml", "may_propose: author", "may_propose: anybody")
    assert gov("check", "--sarif", str(gov.root / "found.sarif")).code == 2
    found, lines = sarif(gov), (gov.root / "policies.yaml").read_text().splitlines()
    assert {(rule, file) for rule, file, _ in found} == {("policy-unknown-role", "policies.yaml")}
    assert [line for _, _, line in found] == [n for n, text in enumerate(lines, 1) if "anybody" in text]


def sarif(gov: Gov) -> list[tuple[str, str, int]]:
    """Rule, file and line of each result."""
    (run,) = json.loads((gov.root / "found.sarif").read_text())["runs"]
    spots = [(found["ruleId"], found["locations"][0]["physicalLocation"]) for found in run["results"]]
    return [(rule, spot["artifactLocation"]["uri"], spot["region"]["startLine"]) for rule, spot in spots]


def test_what_cannot_be_written_is_a_sentence(gov: Gov) -> None:
    run = gov("check", "--report", "/proc/no/report.md")
    assert (run.code, "Traceback" in run.err, "hint: " in run.err) == (2, False, True)


def test_a_reader_who_leaves_early_is_no_fault(gov: Gov) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        import subprocess
        import sys
        from pathlib import Path

        program = Path(sys.executable).with_name("gov")
        ended = subprocess.run([program, "schema"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writing)
    assert "Traceback" not in ended.stderr
    assert "Exception" not in ended.stderr


HOURS = '    office_hours: {zone: Europe/Zurich, days: [mon, tue], from: "09:00", to: "17:00"}\n'


def test_a_review_may_ask_what_a_moment_would_refuse(gov: Gov) -> None:
    gov.edit("policies.yaml", "    via: timelock\n    # From", f"{HOURS}    via: timelock\n    # From")
    assert gov("check").code == 0
    assert gov("check", "--at", "2026-12-07T10:00:00Z").code == 0
    closed = gov("check", "--at", "2026-12-07T17:00:00Z")
    assert closed.code == 1
    assert "outside office hours: it is Mon 2026-12-07 18:00:00 in Europe/Zurich" in closed.err
    assert gov("check", "--at", "tomorrow").code == 2


def test_a_review_tells_holidays_that_are_not_those_of_the_policy(gov: Gov) -> None:
    """threat_52"""
    listed = HOURS.replace('"17:00"', f'"17:00", holidays: {{file: holidays.txt, keccak256: "0x{"00" * 32}"}}')
    gov.edit("policies.yaml", "    via: timelock\n    # From", f"{listed}    via: timelock\n    # From")
    missing = gov("check")
    assert (missing.code, "holidays.txt cannot be opened" in missing.err) == (2, True)
    (gov.root / "holidays.txt").write_text("2026-12-25\n")
    other = gov("check")
    assert (other.code, "holidays.txt has the hash 0x" in other.err) == (2, True)
