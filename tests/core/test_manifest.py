"""Manifests: one route per selector, and differences that can be applied."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.errors import Rejected
from governance.core.facts import Route
from governance.core.keccak import selector
from governance.core.manifest import (
    FORBIDDEN,
    GOVERNING,
    SHADOWED,
    Diff,
    Manifest,
    apply,
    diff,
    is_tombstone,
    root_of,
    tombstone,
    with_tombstones,
)
from governance.core.merkle import Odd, Profile, leaf
from governance.core.units import checksummed
from tests.core.published import made

ROUTES = st.builds(
    Route,
    selector=st.integers(0, 11).map(lambda i: i.to_bytes(4, "big")),
    facet=st.integers(1, 3).map(lambda i: checksummed(i.to_bytes(20, "big"))),
    code_hash=st.integers(1, 3).map(lambda i: i.to_bytes(32, "big")),
)
MANIFESTS = st.lists(ROUTES, unique_by=lambda route: route.selector)


@given(live=MANIFESTS, wanted=MANIFESTS)
def test_applying_a_difference_to_what_is_live_gives_what_is_wanted(live, wanted):
    assert apply(live, diff(live, wanted)) == tuple(sorted(wanted))


@given(live=MANIFESTS, wanted=MANIFESTS)
def test_every_selector_is_in_exactly_one_part_of_a_difference(live, wanted):
    change = diff(live, wanted)
    parts = [
        *(route.selector for route in change.added),
        *(new.selector for _, new in change.replaced),
        *(route.selector for route in change.removed),
        *(route.selector for route in change.unchanged),
    ]
    assert sorted(parts) == sorted({route.selector for route in (*live, *wanted)})
    assert all(old.selector == new.selector and old != new for old, new in change.replaced)
    assert change.empty is (set(live) == set(wanted))


@given(live=MANIFESTS, wanted=MANIFESTS)
def test_a_manifest_with_tombstones_says_where_every_live_selector_goes(live, wanted):
    manifest = with_tombstones(live, wanted)
    assert tuple(manifest.live.values()) == tuple(sorted(wanted))
    assert {route.selector for route in manifest.routes} == {route.selector for route in (*live, *wanted)}
    assert diff(live, manifest.routes) == diff(live, wanted)


def test_a_selector_routed_twice_is_refused_with_one_finding_each():
    routes = made(4)
    with pytest.raises(Rejected) as caught:
        Manifest.of([*routes, routes[0], routes[2], routes[2]])
    assert [finding.rule for finding in caught.value.findings] == ["manifest-duplicate-selector"] * 2
    assert [finding.message for finding in caught.value.findings] == [
        "0x00000001 is routed 2 times",
        "0x00000003 is routed 3 times",
    ]


@pytest.mark.parametrize("routes", [made(3)[::-1], made(1) * 2], ids=["descending", "twice"])
def test_a_manifest_out_of_order_is_never_born(routes):
    with pytest.raises(ValueError, match="ascend by selector"):
        Manifest(routes=tuple(routes))


def test_a_difference_made_for_other_routes_is_not_applied():
    live, other = made(3), made(3, salt=1)
    nothing = Diff(added=(), replaced=(), removed=(), unchanged=())
    assert apply(live, nothing) == tuple(live)
    for change in (diff(other, live), diff(other[:2], []), diff([], made(1))):
        with pytest.raises(Rejected, match="does not fit"):
            apply(live, change)


def test_a_tombstone_is_a_leaf_of_the_tree_and_no_live_route():
    grave = tombstone(b"\1\2\3\4")
    assert is_tombstone(grave)
    assert Manifest.of([*made(2), grave]).live == {route.selector: route for route in made(2)}
    assert root_of([grave], Profile.B, Odd.PROMOTE) == leaf(Profile.B, grave)
    assert not any(is_tombstone(route) for route in made(2))


@pytest.mark.parametrize(
    ("selector_hex", "signature"),
    [
        ("00ebb5f0", "commitRoot(bytes32,uint64)"),
        ("575d7487", "applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])"),
        ("adc6c3b2", "activateCommittedRoot()"),
        ("b782ba50", "removeRoutes(bytes4[])"),
        ("96b896eb", "setActivationDelay(uint64)"),
        ("62a5af3b", "freeze()"),
        ("8456cb59", "pause()"),
        ("3f4ba83a", "unpause()"),
    ],
)
def test_the_governing_functions_are_forbidden_under_the_selectors_that_the_chain_knows(selector_hex, signature):
    assert selector(signature).hex() == selector_hex
    assert signature in FORBIDDEN[bytes.fromhex(selector_hex)]


def test_the_forbidden_list_of_the_field_is_covered_but_for_the_entry_that_matches_nothing():
    field = ["00000000", "ffffffff", "00ebb5f0", "adc6c3b2", "b782ba50", "96b896eb", "62a5af3b", "8456cb59", "3f4ba83a"]
    assert {bytes.fromhex(one) for one in field} == set(FORBIDDEN) - {bytes.fromhex("575d7487")}
    assert bytes.fromhex("f2b0b9a1") not in FORBIDDEN
    assert len(FORBIDDEN) == len(GOVERNING) + 2


@pytest.mark.parametrize("selector_hex", ["2f2ff15d", "d547741f", "36568abe", "01ffc9a7", "a217fddf", "248a9ca3"])
def test_functions_that_the_dispatcher_answers_itself_are_known(selector_hex):
    assert bytes.fromhex(selector_hex) in SHADOWED
    assert not set(SHADOWED) & set(FORBIDDEN)
