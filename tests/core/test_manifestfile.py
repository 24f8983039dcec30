"""Manifest files: what is read, what is malformed, and every defect of the published ones (PAYROX.md, 2.2)."""

import copy
from collections import Counter

import pytest

from governance.core.errors import Place, Rejected
from governance.core.manifest import root_of
from governance.core.manifestcheck import MAKINGS, Making, Order, check, making_of, notes
from governance.core.manifestfile import read
from governance.core.merkle import Odd, Profile
from governance.core.units import EMPTY_CODE_HASH, to_hex
from tests.core.published import document, made

FACET = "0x34ef0Cc28a879F3581942C3EA57303F7FE475Ee8"
HASH = "0x" + "ab" * 32
ONE = {"selector": "0x11223344", "facet": FACET, "codehash": HASH}


def ours(*routes, **more):
    return {"routes": [ONE | route for route in routes], **more}


def published(**more):
    routes = [{"selector": f"0x{index:08x}", "facet": FACET, "codehash": HASH} for index in range(1, 4)]
    return {"version": "1.0.0", "facets": [], "routes": routes, **more}


def rules(tree):
    return [finding.rule for finding in check(read(tree, name="m.json"))]


@pytest.fixture(scope="module")
def release():
    return read(document("payrox-v1-manifest.json"), name="release.json")


@pytest.fixture(scope="module")
def found(release):
    return check(release)


def test_the_published_release_has_these_faults_and_no_other(found):
    assert Counter(finding.rule for finding in found) == {
        "manifest-duplicate-selector": 27,
        "manifest-conflicting-selector": 1,
        "manifest-shadowed-selector": 7,
        "manifest-forbidden-selector": 2,
        "manifest-facet-address": 4,
        "manifest-facet-twice": 2,
        "manifest-root-profile": 1,
    }


def test_the_conflicting_selector_of_the_release_is_get_facet_info(found):
    conflict = next(finding for finding in found if finding.rule == "manifest-conflicting-selector")
    assert "0x7ab7b94b" in conflict.message
    assert conflict.path == "routes[47].facet"


def test_nine_selectors_of_the_release_are_the_dispatchers_own(found):
    own = [finding for finding in found if finding.rule.startswith(("manifest-shadowed", "manifest-forbidden"))]
    assert len(own) == 9
    assert {"0x8456cb59", "0x3f4ba83a"} == {
        finding.message[:10] for finding in own if finding.rule == "manifest-forbidden-selector"
    }


def test_the_release_says_how_its_root_was_made(release):
    assert making_of(release) == Making(profile=Profile.A, odd=Odd.PROMOTE, order=Order.GIVEN)
    assert notes(release) == [
        "114 routes need 2 applyRoutes calls, of at most 100 routes each",
        "the published root is made with profile A, promote, in the order of the file",
    ]


def test_the_routes_of_the_release_give_its_root(release):
    assert release.published
    assert root_of(release.demand(), Profile.A, Odd.PROMOTE) == release.root


@pytest.mark.parametrize("making", MAKINGS, ids=str)
def test_a_root_made_in_any_way_of_the_field_is_recognised(making):
    tree = published()
    tree["routes"].reverse()
    routes = read(tree, name="m.json").demand()
    tree["merkleRoot"] = to_hex(making.root(routes))
    assert making_of(read(tree, name="m.json")) == making
    assert rules(tree) == (["manifest-root-profile"] if making.profile is Profile.A else [])


def test_a_sound_file_of_ours_has_no_finding_and_no_note():
    file = read(ours({}, schema="governance/manifest/v1"), name="m.yaml")
    assert (check(file), notes(file), file.published) == ([], [], False)
    assert [to_hex(route.selector) for route in file.demand()] == ["0x11223344"]


@pytest.mark.parametrize(
    ("tree", "wanted"),
    [
        (ours({"selector": "0x1122"}), ["manifest-malformed"]),
        (ours({"selector": ["0x11223344"]}), ["manifest-malformed"]),
        (ours({"facet": FACET.lower()}), ["manifest-malformed"]),
        (ours({"codehash": "0x0"}), ["manifest-malformed"]),
        (ours({"codehash": None}), ["manifest-malformed"]),
        (ours({"selector": "x", "facet": "x", "codehash": "x"}), ["manifest-malformed"] * 3),
        (ours({"code_hash": HASH}), ["manifest-unknown-key"]),
        (ours({}, rotues=[]), ["manifest-unknown-key"]),
        (ours({}, schema="governance/v1"), ["manifest-schema"]),
        ({"routes": [ONE, "0x11223344"]}, ["manifest-malformed"]),
        ({"routes": [{key: ONE[key] for key in ("selector", "facet")}]}, ["manifest-missing-codehash"]),
        (ours({}, {}), ["manifest-duplicate-selector"]),
        (ours({}, {"facet": "0x" + "11" * 20}), ["manifest-duplicate-selector", "manifest-conflicting-selector"]),
        (ours({"selector": "0x00000000"}), ["manifest-forbidden-selector"]),
        (ours({"selector": "0xffffffff"}), ["manifest-forbidden-selector"]),
        (ours({"selector": "0x575d7487"}), ["manifest-forbidden-selector"]),
        (ours({"selector": "0x2f2ff15d"}), ["manifest-shadowed-selector"]),
        (ours({"facet": "0x" + "00" * 20}), ["manifest-zero-facet"]),
        (ours({"codehash": "0x" + "00" * 32}), ["manifest-zero-codehash"]),
        (ours({"codehash": to_hex(EMPTY_CODE_HASH)}), ["manifest-empty-codehash"]),
        (ours({}, {"selector": "0x11223345", "codehash": "0x" + "cd" * 32}), ["manifest-conflicting-codehash"]),
        (published(), []),
        (published(facets="none"), ["manifest-malformed"]),
        (published(facets=["none"]), ["manifest-malformed"]),
        (published(facets=[{"name": "F", "bytecodeSize": "24577"}]), ["manifest-code-size"]),
        (published(facets=[{"name": "F", "bytecodeSize": "24576"}]), []),
        (published(facets=[{"name": "F"}, {"name": "F"}]), ["manifest-facet-twice"]),
        (published(facets=[{"name": "F", "address": FACET}]), []),
        (published(facets=[{"name": "F", "address": "0x" + "11" * 20}]), ["manifest-facet-address"]),
        (published(facets=[{"name": "F", "address": FACET.lower()}]), ["manifest-address-checksum"]),
        (published(facets=[{"address": "0x1234"}]), ["manifest-malformed"]),
        (published(merkleRoot="0x0"), ["manifest-malformed"]),
        (published(merkleRoot="0x" + "00" * 32), ["manifest-root-mismatch"]),
    ],
)  # fmt: skip
def test_every_fault_is_found_once(tree, wanted):
    assert rules(tree) == wanted


def test_a_published_manifest_with_lower_case_addresses_is_read_and_told():
    tree = published()
    for entry in tree["routes"]:
        entry["facet"] = FACET.lower()
    file = read(tree, name="m.json")
    assert {route.facet for route in file.demand()} == {FACET}
    (finding,) = check(file)
    assert (finding.rule, finding.path) == ("manifest-address-checksum", "routes[0].facet")


def test_routes_without_a_code_hash_are_all_named_when_they_are_needed():
    tree = published()
    for entry in tree["routes"][1:]:
        del entry["codehash"]
    file = read(tree, name="m.json")
    with pytest.raises(Rejected) as caught:
        file.demand()
    assert [finding.path for finding in caught.value.findings] == ["routes[1]", "routes[2]"]


def test_a_tombstone_is_a_note_in_ours_and_two_faults_in_a_published_manifest():
    grave = {"selector": "0x00000009", "facet": "0x" + "00" * 20, "codehash": "0x" + "00" * 32}
    file = read(ours({}, grave), name="m.yaml")
    assert check(file) == []
    assert notes(file) == ["1 tombstones: removals, which only a dispatcher of our generation understands"]
    tree = published()
    tree["routes"].append(grave)
    assert rules(tree) == ["manifest-zero-facet", "manifest-zero-codehash"]


@pytest.mark.parametrize("tree", [[], "routes", {}, {"routes": []}, {"routes": "all"}, {"routes": {"a": "b"}}])
def test_what_is_no_manifest_at_all_is_refused(tree):
    with pytest.raises(Rejected, match=r"m\.json"):
        read(tree, name="m.json")


def test_findings_say_where():
    tree = ours({}, {"selector": "nonsense"})
    lines = {("routes", 1, "selector"): Place(file="m.yaml", line=7, column=3)}
    (finding,) = check(read(tree, name="m.yaml", place_of=lines.get))
    assert str(finding).startswith("m.yaml:7:3  routes[1].selector  `nonsense` is not hex data")


def test_an_untrusted_key_is_shown_on_one_line():
    (finding,) = check(read(ours({}, **{"a\nb": "c"}), name="m.yaml"))
    assert "\n" not in finding.message


def test_reading_leaves_the_tree_as_it_was():
    tree = document("payrox-v1-manifest.json")
    before = copy.deepcopy(tree)
    check(read(tree, name="m.json"))
    assert tree == before


def test_a_root_depends_on_the_order_only_when_the_file_is_unordered():
    routes = tuple(made(5))
    given, ordered = (Making(profile=Profile.B, odd=Odd.PROMOTE, order=order) for order in Order)
    assert given.root(routes) == ordered.root(routes)
    assert given.root(routes[::-1]) != ordered.root(routes[::-1])
