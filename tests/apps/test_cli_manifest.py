"""`gov manifest`: published artifacts of the field, by the commands that a reviewer types."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.apps.conftest import VECTORS, Gov

RELEASE = str(VECTORS / "payrox-v1-manifest.json")
DISPATCHER = json.loads((VECTORS / "payrox-dispatcher.json").read_text())
ODD = {"promote": "promote", "dup": "duplicate"}
ROOTS = [
    pytest.param(vector["routes"], name[0], ODD[name[2:]], root, id=f"{vector['name']}-{name}")
    for vector in DISPATCHER["vectors"]
    for name, root in vector["roots"].items()
]


def written(folder: Path, routes: list[list[str]], name: str = "manifest.json") -> str:
    """A file with `routes:`, as JSON or YAML."""
    entries = [dict(zip(("selector", "facet", "codehash"), route, strict=True)) for route in routes]
    text = json.dumps({"routes": entries})
    if name.endswith(".yaml"):
        rows = [", ".join(f'{key}: "{value}"' for key, value in entry.items()) for entry in entries]
        text = "routes:\n" + "".join(f"  - {{{row}}}\n" for row in rows)
    (folder / name).write_text(text)
    return str(folder / name)


def test_there_are_vectors_of_every_profile_and_rule() -> None:
    assert {(param.values[1], param.values[2]) for param in ROOTS} == {
        (profile, rule) for profile in "ABC" for rule in ("promote", "duplicate")
    }


@pytest.mark.parametrize(("routes", "profile", "odd", "root"), ROOTS)
def test_the_published_roots_hold(gov: Gov, routes: list[list[str]], profile: str, odd: str, root: str) -> None:
    """threat_46"""
    how = ("--profile", profile, "--odd", odd)
    assert gov.json("manifest", "root", written(gov.root, routes), *how)["root"] == root
    assert gov.done("manifest", "root", written(gov.root, routes, "m.yaml"), *how).out == f"{root}\n"


def test_the_published_release_has_27_selectors_twice_and_one_with_two_facets(gov: Gov) -> None:
    """threat_42"""
    run = gov("manifest", "check", RELEASE, "--json")
    rules = [finding["rule"] for finding in run.document["findings"]]
    assert (run.code, run.document["schema"]) == (1, "governance/manifest-check/v1")
    assert rules.count("manifest-duplicate-selector") == 27
    assert rules.count("manifest-conflicting-selector") == 1
    people = gov("manifest", "check", RELEASE)
    assert (people.code, people.out.count("(rule manifest-conflicting-selector)")) == (1, 1)
    assert f"{RELEASE}: 114 routes, {len(rules)} findings" in people.out


def test_a_sound_manifest_has_no_finding(gov: Gov) -> None:
    routes = DISPATCHER["vectors"][0]["routes"][:3]
    run = gov("manifest", "check", written(gov.root, routes))
    assert (run.code, run.out.splitlines()[-1].endswith("3 routes, 0 findings")) == (0, True)


def test_the_difference_of_two_manifests(gov: Gov) -> None:
    one, two, three, four = DISPATCHER["vectors"][0]["routes"][:4]
    moved = [two[0], "0x8575F7c91cE91e69e2179b5e2E22a7B400FA8069", two[2]]
    old, new = written(gov.root, [one, two, three]), written(gov.root, [moved, three, four], "new.json")
    found = gov.json("manifest", "diff", old, new)
    assert [route["selector"] for route in found["added"]] == [four[0]]
    assert [route["selector"] for route in found["removed"]] == [one[0]]
    assert [pair["new"]["facet"] for pair in found["replaced"]] == [moved[1]]
    assert gov.done("manifest", "diff", old, new).out.splitlines() == [
        f"+ {four[0]}  {four[1]}",
        f"~ {two[0]}  {two[1]} → {moved[1]}",
        f"- {one[0]}  {one[1]}",
        "1 unchanged",
    ]


PROOFS = [
    pytest.param(vector["routes"], ODD[odd], selector, proof, id=f"{vector['name']}-{odd}-{selector}")
    for vector in DISPATCHER["vectors"]
    for odd in ODD
    for selector, proof in vector.get(f"proofs_B_{odd}", {}).items()
]


@pytest.mark.parametrize(("routes", "odd", "selector", "proof"), PROOFS)
def test_the_published_proofs_hold(
    gov: Gov, routes: list[list[str]], odd: str, selector: str, proof: dict[str, Any]
) -> None:
    found = gov.json("manifest", "proof", written(gov.root, routes), selector, "--profile", "B", "--odd", odd)
    assert (found["proof"], found["isRight"]) == (proof["proof"], proof["isRight"])


@pytest.mark.parametrize("profile", ["A", "B", "C"])
@pytest.mark.parametrize("odd", ["promote", "duplicate"])
def test_a_proof_belongs_to_the_root(gov: Gov, profile: str, odd: str) -> None:
    file = written(gov.root, DISPATCHER["vectors"][0]["routes"])
    how = ("--profile", profile, "--odd", odd)
    found: dict[str, Any] = gov.json("manifest", "proof", file, DISPATCHER["vectors"][0]["routes"][-1][0], *how)
    assert found["root"] == gov.json("manifest", "root", file, *how)["root"]
    assert (len(found["proof"]), found["schema"]) == (len(found["isRight"]), "governance/manifest-proof/v1")
    assert found["proof"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"routes": [{"selector": "0x1"}]}', "m.json:1:"),
        ('{"routes": 1}', "m.json lists no routes"),
        ("{}", "m.json lists no routes"),
        ('{"routes": [], "routes": []}', "twice"),
    ],
)
def test_a_malformed_manifest_says_where(gov: Gov, text: str, sentence: str) -> None:
    (gov.root / "m.json").write_text(text)
    run = gov("manifest", "root", str(gov.root / "m.json"), "--profile", "B", "--odd", "promote")
    assert (run.code, run.out) == (2, "")
    assert sentence in run.err


def test_a_selector_that_is_not_there_has_no_proof(gov: Gov) -> None:
    file = written(gov.root, DISPATCHER["vectors"][0]["routes"])
    run = gov("manifest", "proof", file, "0xffffffff", "--profile", "B", "--odd", "promote")
    assert (run.code in {1, 2}, run.out) == (True, "")
    assert "0xffffffff" in run.err


def test_profile_and_odd_rule_have_no_default(gov: Gov) -> None:
    """No default for what decides security."""
    file = written(gov.root, DISPATCHER["vectors"][0]["routes"])
    assert [gov("manifest", "root", file, *how).code for how in ((), ("--profile", "B"), ("--odd", "promote"))] == [
        2
    ] * 3
