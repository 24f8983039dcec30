"""`gov policy`, `gov check` beside the policy in force, and the way back from a plan."""

from collections.abc import Callable

import pytest

from tests.apps.conftest import ONE, Gov

At = Callable[[str], Gov]


def base(gov: Gov, *edits: tuple[str, str]) -> str:
    """The policy as it was before these edits, in a file beside the workspace's own."""
    (gov.root / "base.yaml").write_bytes((gov.root / "policies.yaml").read_bytes())
    for old, new in edits:
        gov.edit("policies.yaml", old, new)
    return str(gov.root / "base.yaml")


def test_a_pull_request_that_loosens_its_policy_is_refused_and_explained(gov: Gov) -> None:
    """threat_52"""
    before = base(
        gov, ("author: [alice, bob, carol]", "author: [alice, bob, carol, dave]"), ("delay: 48 h", "delay: 1 h")
    )
    run = gov("check", "--in-force", before)
    assert run.code == 1
    assert "policies.yaml:1:1  this is another policy than the one in force" in run.err
    assert "unpause on devnet: waits 1 h, no longer 48 h" in run.err
    assert gov("check").code == 0
    found = gov("check", "--in-force", before, "--json").document["proposals"]
    assert [(each["name"], each["ok"]) for each in found] == [("policies.yaml", False), (ONE, True)]
    report = gov.root / "report.md"
    assert gov("check", "--in-force", before, "--report", str(report)).code == 1
    assert "not in force" in report.read_text()


def test_the_difference_of_two_policies_is_told_in_sentences(gov: Gov) -> None:
    before = base(gov, ("delay: 48 h", "delay: 1 h"))
    now = str(gov.root / "policies.yaml")
    loose, strict = gov("policy", "diff", before, now), gov("policy", "diff", now, before)
    assert (loose.code, strict.code) == (1, 0)
    assert loose.out.startswith("looser    contract_call, facet_swap, ")
    assert strict.out.startswith("stricter  contract_call, facet_swap, ")
    document = gov("policy", "diff", before, now, "--json").document
    assert (document["schema"], document["loosens"]) == ("governance/policy-diff/v1", True)
    assert [each["weight"] for each in document["changes"]] == ["looser"]
    assert gov.done("policy", "diff", now, now).out == "nothing: both allow the same to the same people\n"


def test_policies_are_named_by_file_or_by_digest(gov: Gov) -> None:
    now = str(gov.root / "policies.yaml")
    digest = gov.json("policy", "diff", now, now)["new"]
    assert gov.json("policy", "diff", digest, now)["changes"] == []
    lost = gov("policy", "diff", "0x" + "11" * 32, now)
    assert (lost.code, "is lost" in lost.err) == (1, True)
    assert gov("policy", "diff", "0x11", now).code == 2
    assert gov("policy", "diff", "nowhere.yaml", now).code == 2


def test_everything_that_the_policy_says_is_one_table(gov: Gov) -> None:
    out = gov.done("policy", "explain").out
    assert [line.split()[0] for line in out.splitlines() if " devnet " in line][:3] == [
        "facet_swap",
        "manifest_upgrade",
        "contract_call",
    ]
    assert "— refused" in out
    kinds = [each["kind"] for each in gov.json("policy", "explain")["explanations"]]
    assert kinds == [line.split()[0] for line in out.splitlines() if " devnet " in line]


def test_a_kind_is_explained(gov: Gov) -> None:
    out = gov.done("policy", "explain", "--kind", "facet_swap", "--network", "devnet").out
    assert out.splitlines()[0] == (
        "facet_swap on devnet goes by rule upgrades-are-slow, for routine proposals (policies.yaml:32:5)"
    )
    refused = gov("policy", "explain", "--kind", "council_change")
    assert (refused.code, refused.out) == (1, "no rule allows council_change on devnet: it is refused\n")


def test_a_call_is_explained(gov: Gov) -> None:
    call = ("policy", "explain", "--to", "target", "--function", "setFee(uint256)")
    out = gov.done(*call, "--arg", "30").out
    assert "call       setFee(30) on 0x" in out
    assert out.endswith("verdict    allowed, as far as files can tell\n")
    missing = gov(*call)
    assert (missing.code, "takes 1 arguments, not 0 (rule call-arguments)" in missing.out) == (1, True)
    pause = gov("policy", "explain", "--to", "target", "--function", "pause()", "--json")
    (found,) = pause.document["explanations"]
    assert (pause.code, found["allowed"]) == (1, False)
    assert [each["rule"] for each in found["violations"]] == ["governance-call"]
    assert gov.done("policy", "explain", "--to", "target", "--function", "f(uint256[])", "--arg", "[1, 2]")


@pytest.mark.parametrize(
    "words",
    [
        ("--to", "target"),
        ("--function", "f()"),
        ("--to", "target", "--function", "f()", "--kind", "cancel"),
        ("--network", "nowhere"),
        ("--kind", "nothing"),
        ("--to", "target", "--function", "f(uint256[])", "--arg", "[1"),
    ],
)
def test_a_question_that_means_nothing_is_wrong_usage(gov: Gov, words: tuple[str, ...]) -> None:
    assert gov("policy", "explain", *words).code == 2


@pytest.mark.node
def test_the_chain_is_asked_which_policy_is_in_force(at: At) -> None:
    """threat_52"""
    gov = at("locked")
    assert gov.done("check", "--online").out.endswith("1 proposal, 0 findings\n")
    gov.edit("policies.yaml", "delay: 48 h", "delay: 49 h")
    run = gov("check", "--online")
    assert run.code == 1
    assert "this is another policy than the one in force" in run.err
    gov.edit("policies.yaml", "delay: 49 h", "delay: 48 h")
    gov.edit("policies.yaml", "author: [alice, bob, carol]", "author: [bob, carol]")
    assert "`alice` may not propose" in gov("check", "--online").err


@pytest.mark.node
def test_what_to_ask_and_the_way_back_come_with_the_plan(at: At) -> None:
    gov = at("locked")
    out = gov.done("plan", ONE).out
    assert "to ask before agreeing:\n  · " in out
    assert gov.json("plan", ONE)["questions"]["devnet"]
    text = gov.done("plan", ONE, "--rollback").out
    assert gov.json("plan", ONE, "--rollback")["text"] == text
    (gov.root / "proposals/0002-take-it-back.yaml").write_text(text, "utf-8")
    assert gov.done("check").out.endswith("2 proposals, 0 findings\n")
    assert 'kind: "facet_swap"' in text
    assert gov.act("execute", ONE).code == 1  # nothing was queued; the draft changes nothing about it


@pytest.mark.node
def test_where_there_is_no_way_back_none_is_invented(at: At) -> None:
    gov = at("drafted")
    gov.done("new", "contract_call", "--slug", "call")
    gov.edit("proposals/0002-call.yaml", "networks:", "networks:")
    refused = gov("plan", "2", "--rollback")
    assert (refused.code, "follows from its plan" in refused.err) == (1, True)
