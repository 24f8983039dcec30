"""`gov simulate` by its command: what people read, what tools read, and how it ends."""

import shutil
from collections.abc import Callable

import pytest

from tests.apps.conftest import ONE, ROOT, Gov

pytestmark = pytest.mark.node

At = Callable[[str], Gov]


def test_people_see_the_blocks_the_promises_and_every_changed_word(at: At) -> None:
    gov = at("drafted")
    before = gov.block()
    run = gov.done("simulate", "1")
    assert run.out.count("✓") == 12 + 6 + 9  # and the rollback's acts, and the drill's
    assert "✗" not in run.out
    for words in (
        "execute too early: upgrade",
        "fee() gives 30",
        "route of 0x01f59d16: next facet",
        "rollback, by a facet_swap",
        "leaves everything as it was, but for",
        "emergency drill",
        "nothing was found",
    ):
        assert words in run.out
    assert (gov.block(), run.err, gov.lock_file().exists()) == (before, "", False)


def test_tools_see_the_same_and_the_digest_of_the_changes(at: At) -> None:
    gov = at("locked")
    (network,) = gov.json("simulate", ONE, "--network", "devnet")["networks"]
    assert (network["ok"], network["locked"], network["findings"]) == (True, True, [])
    assert network["checksum"] == gov.locked()["checksum"]
    assert [[act["passes"] for act in block["acts"]] for block in network["blocks"]] == [[True] * 4, [False], [True]]
    assert all(promise["held"] for promise in network["promises"])
    assert {change["part"] for change in network["changes"]} == {"storage"}
    assert gov.json("simulate", ONE)["networks"][0]["changes_digest"] == network["changes_digest"]
    back, drill = network["rollback"], network["drill"]
    assert (back["kind"], back["complete"], back["left"], back["left_statements"]) == ("facet_swap", True, [], [])
    assert all(entry["why"] for entry in back["natural"])
    assert (drill["routed"], len(drill["pause"]), len(drill["unpause"]), network["notes"]) == (6, 1, 3, [])


def test_a_finding_is_told_and_ends_with_one(at: At) -> None:
    gov = at("drafted")
    gov.edit(f"proposals/{ONE}.yaml", "equals: 500", "equals: 501")
    run = gov("simulate", ONE)
    assert run.code == 1
    assert "(rule expectation-broken)" in run.err
    assert run.out.count("✗") == 1
    document = gov("simulate", ONE, "--json").document
    assert [finding["rule"] for finding in document["networks"][0]["findings"]] == ["expectation-broken"]


def test_what_is_executed_is_not_rehearsed(at: At) -> None:
    gov = at("signed")
    gov.act("queue")
    assert gov("simulate", ONE).code == 0
    gov.done("devnet", "warp", "48h")
    assert gov("simulate", ONE).code == 0
    gov.act("execute")
    run = gov("simulate", ONE)
    assert (run.code, "there is nothing to rehearse" in run.err) == (1, True)


def test_all_open_proposals_are_played_with_one_another(at: At) -> None:
    """threat_26"""
    gov = at("drafted")
    gov.done("new", "contract_call", "--slug", "raise-it")
    gov.edit("proposals/0002-raise-it.yaml", 'args: ["30"]', 'args: ["40"]')
    gov.done("new", "contract_call", "--slug", "lower-it")
    gov.edit("proposals/0003-lower-it.yaml", 'args: ["30"]', 'args: ["20"]')
    run = gov("simulate", "--all-pending")
    assert (run.code, "every feasible order, 6 in all" in run.out) == (1, True)
    assert "the order of 0002-raise-it and 0003-lower-it matters" in run.err
    (network,) = gov("simulate", "--all-pending", "--json").document["networks"]
    assert network["proposals"] == [ONE, "0002-raise-it", "0003-lower-it"]
    assert (network["orders"], network["every_order"], network["left_out"], network["ok"]) == (6, True, [], False)
    assert [finding["rule"] for finding in network["findings"]] == ["order-matters"]


def test_open_proposals_in_whatever_order_are_told_to_be_so(at: At) -> None:
    run = at("drafted").done("simulate", "--all-pending")
    assert "no order differs from another" in run.out


@pytest.mark.parametrize("words", [(), (ONE, "--all-pending")])
def test_it_is_one_proposal_or_all_of_them(words: tuple[str, ...], at: At) -> None:
    run = at("drafted")("simulate", *words)
    assert (run.code, "name one proposal, or say --all-pending" in run.err) == (2, True)


def test_the_proposal_that_takes_another_back_is_written_and_holds(at: At) -> None:
    """threat_43"""
    gov = at("locked")
    run = gov.done("rollback", "1")
    name = f"0002-roll-back-{ONE[5:]}"
    assert f"written: proposals/{name}.yaml" in run.out
    assert f"{name}  holds" in gov.done("check", name).out
    assert gov.json("rollback", "1")["proposal"].startswith("0003-roll-back")
    stacked = gov.json("simulate", "--all-pending")["networks"][0]
    assert len(stacked["left_out"]) == 2  # what is not done yet cannot be taken back


def test_a_facet_is_inspected_by_its_command(at: At) -> None:
    gov = at("drafted")
    run = gov.done("facet", "inspect", "FeeFacet@2", "--network", "devnet")
    assert (run.out.count("✓"), run.out.count("✗")) == (16, 0)
    for words in (
        "namespace   gov.facet.fee at 0x20b34e32",
        "routed      nothing",
        "nothing was found that must not be",
    ):
        assert words in run.out
    (network,) = gov.json("facet", "inspect", "FeeFacet@1")["networks"]
    assert (network["facet"], network["ok"], network["findings"], len(network["routed"])) == ("FeeFacet@1", True, [], 2)


def test_what_an_inspection_finds_is_told_and_ends_with_one(at: At) -> None:
    gov = at("drafted")
    (gov.root / "artifacts").mkdir()
    shutil.copy(ROOT / "tests/artifacts/FeeFacet@3.json", gov.root / "artifacts")
    run = gov("facet", "inspect", "FeeFacet@3")
    assert run.code == 1
    assert run.err.count("(rule storage-layout)") == 2
    assert (run.out.count("✗"), run.out.count("not checked\n")) == (1, 2)
    (network,) = gov("facet", "inspect", "FeeFacet@3", "--json").document["networks"]
    assert (network["ok"], [finding["rule"] for finding in network["findings"]]) == (False, ["storage-layout"] * 2)
    assert [each["rule"] for each in network["unchecked"]] == ["open-initializer", "reinitializer"]
