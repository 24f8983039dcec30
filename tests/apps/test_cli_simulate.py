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
    assert run.out.count("✓") == 12
    assert "✗" not in run.out
    for words in (
        "execute too early: upgrade",
        "fee() gives 30",
        "route of 0x01f59d16: next facet",
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
