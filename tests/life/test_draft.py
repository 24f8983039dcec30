"""Drafts: whatever is drafted passes its own checks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.adapters.files import parse
from governance.core import policy as core_policy
from governance.core.case import Case, Gate
from governance.core.errors import Rejected
from governance.core.kinds import KINDS
from governance.core.proposal import Proposal, read
from governance.core.units import Moment
from governance.core.verdict import judge
from governance.life.draft import FIRST_PROPOSAL, next_id, next_number, scaffold, workspace_files

MODELS = {name: kind.document for name, kind in KINDS.items()}


def made(text: str) -> Proposal:
    return read(parse(text, "f"), id="0001-x", file="f", models=MODELS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_start_of_every_kind_is_a_valid_proposal_that_the_first_policy_allows(kind: str):
    policy = core_policy.read(parse(workspace_files()["policies.yaml"], "p"), file="p", kinds=frozenset(KINDS))
    proposal = made(scaffold(kind, author="alice", network="devnet"))
    assert (proposal.document.kind, proposal.document.networks, proposal.document.author) == (kind, ["devnet"], "alice")
    now, lane = Moment.parse("2026-01-01"), KINDS[kind].lane
    verdict = judge(Case(proposal=proposal, policy=policy, network="devnet", lane=lane, gate=Gate.LOCK, now=now))
    # What no timelock can delay is not allowed until a council says so.
    assert [found.rule for found in verdict.violations] == (["deny-by-default"] if kind == "council_change" else [])


def test_what_is_known_is_filled_in():
    document = made(
        scaffold(
            "cancel",
            author="bob",
            network="mainnet",
            title="Cancel it",
            summary="because",
            reason="wrong facet",
            other="0007-x",
        )
    ).document
    assert (document.author, document.networks, document.title) == ("bob", ["mainnet"], "Cancel it")
    assert (document.summary, document.reason, document.proposal) == ("because", "wrong facet", "0007-x")


@given(st.text("abc: #'\"\\{}[],&*!|>%@`$-?~=\t é中🎉0", min_size=1, max_size=30).map(str.strip).filter(bool))
def test_no_title_or_reason_breaks_out_of_its_place(text: str):
    words = text.replace("\t", " ")
    drafted = made(scaffold("emergency_pause", author="alice", network="devnet", title=words, reason=words))
    assert (drafted.document.title, drafted.document.reason) == (words, words)


@pytest.mark.parametrize(("kind", "what"), [("facet_swop", "is not a kind"), ("", "is not a kind")])
def test_a_kind_without_a_start_is_refused(kind: str, what: str):
    with pytest.raises(Rejected, match=what) as caught:
        scaffold(kind, author="alice", network="devnet")
    assert "facet_swap" in caught.value.hint()


def test_a_kind_of_a_third_party_has_no_start(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(KINDS, "sweep", KINDS["cancel"])
    with pytest.raises(Rejected, match="`sweep` has no start to copy"):
        scaffold("sweep", author="alice", network="devnet")


@pytest.mark.parametrize(
    ("ids", "number"), [([], 1), (["0001-a"], 2), (["0002-b", "0009-a", "0004-c"], 10), (["0001-a", "0001-b"], 2)]
)
def test_the_next_number_follows_the_highest(ids: list[str], number: int):
    assert next_number(ids) == number
    assert next_id(ids, "swap-fee") == f"{number:04}-swap-fee"


def test_numbers_end():
    assert next_number(["9998-a"]) == 9999
    with pytest.raises(Rejected, match="no number left"):
        next_number(["9999-a"])


@pytest.mark.parametrize("slug", ["", "Swap", "a_b", "a--b", "-a", "a-", "../x", "a/b", "a\n", "a b", "é", "x" * 76])
def test_a_slug_that_is_no_part_of_an_id_is_refused(slug: str):
    with pytest.raises(Rejected, match="cannot be part of a file's name"):
        next_id([], slug)


def test_a_new_workspace_has_its_files():
    assert set(workspace_files()) == {
        "policies.yaml",
        f"proposals/{FIRST_PROPOSAL}.yaml",
        ".github/workflows/proposals.yml",
        ".github/workflows/proposals-comment.yml",
        ".github/workflows/emergency-drill.yml",
        ".gitignore",
    }
    assert workspace_files()[".gitignore"] == ".gov/\n"


def test_the_first_proposal_swaps_a_facet_of_the_devnet():
    document = made(workspace_files()[f"proposals/{FIRST_PROPOSAL}.yaml"]).document
    assert (document.kind, document.networks) == ("facet_swap", ["devnet"])
    assert [(e.call, e.equals) for e in document.expect] == [("fee()(uint256)", "30"), ("maxFee()(uint256)", "500")]
