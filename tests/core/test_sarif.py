"""SARIF: what code hosts need to show a finding at its line, the same bytes each time."""

import json
from typing import Any

import pytest

from governance.core.errors import Finding, Place
from governance.core.sarif import report


def found(
    rule: str, message: str = "it is wrong", hint: str = "", place: tuple[str, int, int] | None = None
) -> Finding:
    at = None if place is None else Place(file=place[0], line=place[1], column=place[2])
    return Finding(rule=rule, message=message, hint=hint, place=at, path="a.b")


ONE = ("proposals/0001-a.yaml", found("yaml-tag", hint="drop it", place=("proposals/0001-a.yaml", 3, 7)))
TWO = ("proposals/0002-b.yaml", found("lock", hint="write it anew"))
THREE = ("proposals/0003-c.yaml", found("yaml-tag", hint="or write it out", place=("proposals/0003-c.yaml", 1, 1)))


def run(*pairs: tuple[str, Finding]) -> dict[str, Any]:
    document = json.loads(report(pairs, version="1.2.3"))
    assert (document["version"], document["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    assert set(document) == {"version", "$schema", "runs"}
    (only,) = document["runs"]
    return dict(only)


def test_what_the_specification_asks_of_a_run_is_there():
    made = run(ONE, TWO, THREE)
    driver = made["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("gov", "1.2.3")
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == ["lock", "yaml-tag"]
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in driver["rules"])
    assert made["columnKind"] == "unicodeCodePoints"
    for result in made["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] == "error"
        assert result["message"]["text"].startswith("a.b: it is wrong")
        (location,) = result["locations"]
        region = location["physicalLocation"]["region"]
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
        assert location["physicalLocation"]["artifactLocation"]["uriBaseId"] in made["originalUriBaseIds"]


def test_a_finding_stands_at_its_line_and_one_without_place_at_the_top_of_its_document():
    spots = [result["locations"][0]["physicalLocation"] for result in run(ONE, TWO)["results"]]
    assert [(spot["artifactLocation"]["uri"], *spot["region"].values()) for spot in spots] == [
        ("proposals/0001-a.yaml", 7, 3),
        ("proposals/0002-b.yaml", 1, 1),
    ]


def test_hints_are_the_help_of_their_rule():
    assert run(ONE, THREE, ONE)["tool"]["driver"]["rules"][0]["help"]["text"] == "drop it\nor write it out"
    assert run(("f", found("x")))["tool"]["driver"]["rules"][0]["help"]["text"]


def test_no_finding_is_a_report_that_clears_what_was_shown_before():
    made = run()
    assert (made["results"], made["tool"]["driver"]["rules"]) == ([], [])


def test_the_same_findings_give_the_same_bytes():
    assert report([ONE, TWO], version="1") == report([ONE, TWO], version="1")
    assert report([ONE], version="1").endswith("}\n")
    assert report([ONE], version="1").isascii()


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("proposals/a b.yaml", "proposals/a%20b.yaml"),
        ("proposals/é#?.yaml", "proposals/%C3%A9%23%3F.yaml"),
        ("javascript:x", "javascript%3Ax"),
        ("100%.yaml", "100%25.yaml"),
    ],
)
def test_a_name_is_a_path_and_nothing_else(file: str, uri: str):
    (result,) = run((file, found("x")))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
