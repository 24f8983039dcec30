"""Manifest files on disk."""

import json

import pytest

from governance.adapters import manifests
from governance.adapters.manifests import load_manifest
from governance.core.errors import Rejected
from governance.core.manifestcheck import check
from governance.core.merkle import Odd, Profile, leaves, root
from governance.core.strictjson import parse as parse_json
from tests.core.published import VECTORS, made

RELEASE = VECTORS / "payrox-v1-manifest.json"


@pytest.fixture(params=["with places", "by the JSON parser"])
def door(request, monkeypatch):
    if request.param == "by the JSON parser":
        monkeypatch.setattr(manifests, "PLACED_JSON", 0)
    return request.param


def test_both_doors_read_the_same_routes_and_faults(door):
    file = load_manifest(RELEASE, shown_as="release.json")
    assert len(file.routes) == 114
    assert root(leaves(Profile.A, file.demand()), Profile.A, Odd.PROMOTE) == file.root
    assert len(check(file)) == 44


def test_findings_in_a_release_of_usual_size_name_the_line():
    file = load_manifest(RELEASE, shown_as="release.json")
    conflict = next(finding for finding in check(file) if finding.rule == "manifest-conflicting-selector")
    lines = RELEASE.read_text().splitlines()
    assert conflict.place is not None
    line = lines[conflict.place.line - 1]
    assert line[conflict.place.column - 1 :].startswith('"0x98F1DB25Cb67fD16DEE41Fc6C7Aa49cEeF953975"')


def test_a_yaml_manifest_keeps_unquoted_hex_as_it_was_written(tmp_path):
    (one,) = made(1)
    entry = f"selector: 0x{one.selector.hex()}, facet: {one.facet}, codehash: 0x{one.code_hash.hex()}"
    (tmp_path / "m.yaml").write_text(f"routes:\n  - {{{entry}}}\n")
    assert load_manifest(tmp_path / "m.yaml", shown_as="m.yaml").demand() == (one,)


def test_a_manifest_larger_than_a_proposal_may_be_is_read(tmp_path):
    entries = [
        {"selector": "0x" + one.selector.hex(), "facet": one.facet, "codehash": "0x" + one.code_hash.hex()}
        for one in made(6000)
    ]
    path = tmp_path / "m.json"
    path.write_text(json.dumps({"routes": entries}, indent=1))
    assert path.stat().st_size > manifests.PLACED_JSON
    assert load_manifest(path, shown_as="m.json").demand() == tuple(made(6000))


def test_numbers_stay_the_text_that_was_written():
    text = '{"a": 1.50, "b": 115792089237316195423570985008687907853269984665640564039457584007913129639936, "c": -0}'
    wanted = {"a": "1.50", "b": str(1 << 256), "c": "-0"}
    assert parse_json(text, shown_as="m") == wanted


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"a": {"b": 1, "b": 2}}', "json-duplicate-key"),
        ('{"a": NaN}', "json-constant"),
        ('{"a": -Infinity}', "json-constant"),
        ('{"a": 1', "json-syntax"),
        ('{"a": 1} {}', "json-syntax"),
        ("[" * 100_000, "json-depth"),
    ],
)
def test_json_that_parsers_disagree_about_is_refused(text, rule):
    with pytest.raises(Rejected) as caught:
        parse_json(text, shown_as="m")
    assert [finding.rule for finding in caught.value.findings] == [rule]


def test_what_is_no_json_is_shown_where():
    with pytest.raises(Rejected) as caught:
        parse_json('{\n "a": 1,}', shown_as="m.json")
    assert str(caught.value.findings[0].place).startswith("m.json:2:")


def test_a_key_given_twice_is_refused_at_either_door(door, tmp_path):
    (tmp_path / "m.json").write_text('{"routes": [], "routes": []}')
    with pytest.raises(Rejected) as caught:
        load_manifest(tmp_path / "m.json", shown_as="m.json")
    assert caught.value.findings[0].rule.endswith("duplicate-key")


def test_files_that_cannot_be_read_are_refused(tmp_path):
    (tmp_path / "latin.json").write_bytes(b'{"a": "\xe9"}')
    (tmp_path / "link.json").symlink_to(RELEASE)
    for name in ("none.json", "latin.json", "link.json"):
        with pytest.raises(Rejected, match=name):
            load_manifest(tmp_path / name, shown_as=name)
