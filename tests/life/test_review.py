"""Reviews: a bad document is a finding, hides nothing about the others, and formats nothing in the report."""

# ruff: noqa: E501 - one row, one fact

from collections.abc import Mapping

import pytest

from governance.adapters.files import parse
from governance.core import policy as core_policy
from governance.core import proposal as core_proposal
from governance.core.errors import Finding, Refused, Rejected
from governance.core.kinds import KINDS
from governance.core.units import checksummed
from governance.life.draft import scaffold, workspace_files
from governance.life.review import Review, misnamed, report_markdown, review

MODELS = {name: kind.document for name, kind in KINDS.items()}
POLICY = core_policy.read(parse(workspace_files()["policies.yaml"], "p"), file="p", kinds=frozenset(KINDS))
GOOD = scaffold("contract_call", author="alice", network="devnet")
BETTER = scaffold("contract_call", author="alice", network="devnet", title="Better")
CANCEL = scaffold("cancel", author="alice", network="devnet", other="0001-a")


def reviewed(texts: Mapping[str, str], locks: Mapping[str, Exception] | None = None) -> list[Review]:
    def read(name: str) -> core_proposal.Proposal:
        if name not in texts:
            raise Rejected(f"there is no proposal {name}")
        file = f"proposals/{name}.yaml"
        return core_proposal.read(parse(texts[name], file), id=name, file=file, models=MODELS)

    def open_lock(name: str, network: str) -> None:
        error = (locks or {}).get(f"{name} {network}")
        if error is not None:
            raise error

    return review(list(texts), policy=POLICY, read=read, open_lock=open_lock)


def told(each: Review) -> list[str]:
    return [f"{f.rule} {str(f.place or '').partition(':')[2]} {f.path}".strip() for f in each.findings]


def test_good_proposals_hold():
    made = reviewed({"0001-a": GOOD, "0002-b": BETTER, "0003-c": CANCEL})
    assert [each.name for each in made] == ["0001-a", "0002-b", "0003-c"]
    assert all(each.ok and not each.malformed for each in made)
    assert [v.rule.id for each in made for v in each.verdicts if v.rule] == [
        "upgrades-are-slow",
        "upgrades-are-slow",
        "guardians-may-only-stop",
    ]


def test_a_malformed_document_hides_nothing_about_the_others():
    bad, good = reviewed({"0001-a": "title: x\ntitle: y\nkind: &k cancel\n", "0002-b": GOOD})
    assert (bad.malformed, bad.ok, bad.proposal, bad.verdicts) == (True, False, None, ())
    assert told(bad) == ["yaml-duplicate-key 2:1", "yaml-anchor 3:7"]
    assert good.ok


FAULTS: dict[str, tuple[dict[str, str], list[list[str]]]] = {
    "two of one number": ({"0001-a": GOOD, "0001-b": BETTER}, [["number-twice 2:1"], ["number-twice 2:1"]]),
    "two that say the same": ({"0001-a": GOOD, "0002-b": GOOD}, [["content-twice 2:1"], ["content-twice 2:1"]]),
    "one that follows nothing": ({"0001-a": GOOD + "after: 0009-x\n"}, [["after-unknown AFTER after"]]),
    "one that follows itself": ({"0001-a": GOOD + "after: 0001-a\n"}, [["after-cycle AFTER after"]]),
    "two that follow one another": (
        {"0001-a": GOOD + "after: 0002-b\n", "0002-b": BETTER + "after: 0001-a\n"},
        [["after-cycle AFTER after"], ["after-cycle AFTER after"]],
    ),
    "one that follows a circle": (
        {"0001-a": GOOD + "after: 0002-b\n", "0002-b": BETTER + "after: 0002-b\n"},
        [[], ["after-cycle AFTER after"]],
    ),
    "one that follows a malformed one": ({"0001-a": GOOD + "after: 0002-b\n", "0002-b": "a: b\n"}, [["after-unknown AFTER after"], ["schema-missing 1:1 kind"]]),
    "a cancel of nothing": ({"0002-b": CANCEL}, [["proposal-unknown 8:11 proposal"]]),
    "a network nobody knows": ({"0001-a": GOOD.replace("[devnet]", "[devnet, x]")}, [["unknown-network 5:20 networks[1]"]]),
    "an author nobody knows": ({"0001-a": GOOD.replace("alice", "mallory")}, [["upgrades-are-slow 4:9 author"]]),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_in_the_review_of_each_that_has_it(name: str):
    texts, expected = FAULTS[name]
    line = f"{len(GOOD.splitlines()) + 1}:8"
    assert [told(each) for each in reviewed(texts)] == [[f.replace("AFTER", line) for f in each] for each in expected]


def test_an_address_that_looks_like_one_of_the_policy_is_told():
    """threat_54."""
    council = POLICY.networks["devnet"].council
    imitation = checksummed(bytes.fromhex(council[2:10]) + bytes(12) + bytes.fromhex(council[-8:]))
    (each,) = reviewed({"0001-a": GOOD.replace("to: target", f'to: "{imitation}"')})
    assert told(each) == ["address-lookalike 10:9 calls[0].to"]
    assert f"begins and ends like the council of `devnet`, {council}" in each.findings[0].message
    (each,) = reviewed({"0001-a": GOOD.replace("to: target", f'to: "{council}"')})
    assert each.ok


def test_a_file_name_cannot_forge_a_line_of_a_report():
    (each,) = misnamed(["proposals/a\n::error::forged.yaml"])
    assert all(text.isprintable() for text in (each.name, str(each.findings[0].place)))


def test_a_lock_file_that_does_not_hold_is_told():
    finding = Finding(rule="proposal-edited", message="edited")
    errors = {
        "0001-a devnet": Refused("edited", findings=(finding,)),
        "0002-b devnet": Rejected("no JSON", hint="write anew"),
    }
    first, second, third = reviewed({"0001-a": GOOD, "0002-b": BETTER, "0003-c": CANCEL}, errors)
    assert first.findings == (finding,)
    assert second.findings == (Finding(rule="lock", message="no JSON", hint="write anew"),)
    assert (first.malformed, first.ok, third.ok) == (False, False, True)


def test_a_lock_file_is_not_opened_for_what_the_policy_refuses():
    (each,) = reviewed({"0001-a": GOOD.replace("alice", "mallory")}, {"0001-a devnet": AssertionError("opened")})
    assert told(each) == ["upgrades-are-slow 4:9 author"]


def test_a_fault_on_two_networks_is_told_once():
    (each,) = reviewed({"0001-a": GOOD.replace("[devnet]", "[x, y]")})
    assert told(each) == ["unknown-network 5:12 networks[0]", "unknown-network 5:15 networks[1]"]
    assert len(each.findings) == len(set(each.findings))


def test_the_report_tells_every_proposal_and_every_finding():
    texts = {"0001-a": GOOD, "0002-b": "a: b\n", "0003-c": BETTER.replace("alice", "mallory")}
    report = report_markdown(reviewed(texts))
    assert "3 checked, 2 with findings." in report
    assert "| `0001-a` | `Call a contract` | holds (`devnet`: `upgrades-are-slow`) | `0x" in report
    assert "| `0002-b` | | malformed | |" in report
    assert "1 findings" in report
    assert "proposals/0003-c.yaml:4:9  author  `mallory` is no member  (rule upgrades-are-slow)" in report


def test_a_report_of_nothing_says_so():
    assert report_markdown([]) == "## Proposals\n\n0 checked, 0 with findings.\n"


def test_a_proposal_without_a_rule_is_shown_so():
    (each,) = reviewed({"0001-a": GOOD.replace("devnet", "x")})
    assert "(`x`: no rule)" in report_markdown([each])


def test_no_word_of_a_document_formats_the_report():
    title = "x` | <img src=x> @team [a](b) | `y"
    text = scaffold("contract_call", author="alice", network="devnet", title=title)
    (row,) = [line for line in report_markdown(reviewed({"0001-a": text})).splitlines() if line.startswith("| `0001")]
    assert row.replace("\\|", "").count("|") == 5
    assert row.count("`") % 2 == 0
    hostile = scaffold("contract_call", author="alice", network="devnet").replace("alice", '"```<b>"')
    report = report_markdown(reviewed({"0001-a": hostile}))
    assert report.count("```") == 2


def test_a_file_that_is_no_proposal_by_its_name_is_a_finding():
    (stray,) = misnamed(["proposals/7_x.yaml"])
    assert (stray.malformed, told(stray)) == (True, ["file-name 1:1"])
