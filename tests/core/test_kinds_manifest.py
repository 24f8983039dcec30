"""`manifest_upgrade` and `facet_swap`: for any two manifests, the plan leads from one to the other, by the smallest change."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.core.call import decode
from governance.core.effects import RouteIs
from governance.core.facts import Generation, Route
from governance.core.keccak import keccak
from governance.core.kinds import KINDS, Derivation
from governance.core.kinds.upgrade import APPLY_ROUTES, COMMIT_ROOT, DIAMOND_CUT, PROTECTED, REMOVE_ROUTES
from governance.core.merkle import Odd, Profile, leaves, root
from governance.core.pins import FacetPin
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, checksummed, to_hex
from tests.core.kindfacts import NETWORK, Body, pins, proposal, target

FACETS = [checksummed(bytes([n]) * 20) for n in range(1, 5)]
HASHES = {facet: Bytes32(keccak(bytes.fromhex(facet[2:]))) for facet in FACETS}
SELECTORS = [n.to_bytes(4, "big") for n in range(1, 13)]

manifests = st.dictionaries(st.sampled_from(SELECTORS), st.sampled_from(FACETS), min_size=1)


def routes(manifest: dict[bytes, Address]) -> tuple[Route, ...]:
    return tuple(Route(selector=s, facet=f, code_hash=HASHES[f]) for s, f in sorted(manifest.items()))


def planned(body: Body, live: dict[bytes, Address], generation: Generation) -> tuple[Derivation, Any]:
    facets = tuple(FacetPin(reference=f, address=f, code_hash=HASHES[f], selectors=None) for f in FACETS)
    facts = pins(facets=facets, target=target(routes=routes(live), generation=generation))
    kind = KINDS[body["kind"]]
    document = proposal(body).document
    return kind.derive(document, NETWORK, facts), kind.inverse(document, NETWORK, facts)


def upgrade(manifest: dict[bytes, Address]) -> Body:
    listed = [{"selector": to_hex(s), "facet": f} for s, f in manifest.items()]
    return {"kind": "manifest_upgrade", "routes": listed}


def applied(live: dict[bytes, Address], made: Derivation) -> tuple[dict[bytes, Address], int]:
    """What the calls do to the routes, and how many routes they touch."""
    after, touched = dict(live), 0
    for call in (call for bundle in made.bundles for call in bundle.calls):
        changes: list[tuple[bytes, str]] = []
        if call.data[:4] == APPLY_ROUTES.selector:
            selectors, facets, *_ = decode(APPLY_ROUTES.inputs, call.data[4:])
            changes = list(zip(selectors, facets, strict=True))
        elif call.data[:4] == REMOVE_ROUTES.selector:
            changes = [(selector, ZERO_ADDRESS) for selector in decode(REMOVE_ROUTES.inputs, call.data[4:])[0]]
        elif call.data[:4] == DIAMOND_CUT.selector:
            changes = [(s, f) for f, _, listed in decode(DIAMOND_CUT.inputs, call.data[4:])[0] for s in listed]
        for selector, facet in changes:
            touched += 1
            after.pop(selector, None)
            if facet != ZERO_ADDRESS:
                after[selector] = checksummed(bytes.fromhex(facet[2:]))
    return after, touched


@pytest.mark.parametrize("generation", Generation)
@settings(max_examples=40, deadline=None)
@given(a=manifests, b=manifests)
def test_the_plan_from_a_to_b_gives_b_touches_no_more_than_differs_and_leads_back(
    generation: Generation, a: dict[bytes, Address], b: dict[bytes, Address]
):
    if a == b:
        b = {**b, b"\0\0\0\x63": FACETS[0]}
    made, back = planned(upgrade(b), a, generation)
    after, touched = applied(a, made)
    different = {selector for selector in a.keys() | b.keys() if a.get(selector) != b.get(selector)}
    assert after == b
    assert touched == len(different)
    assert {effect.selector for effect in made.effects if isinstance(effect, RouteIs)} == different
    assert applied(b, planned(back, b, generation)[0])[0] == a


@settings(max_examples=40, deadline=None)
@given(a=manifests, b=manifests)
def test_the_committed_root_is_that_of_the_whole_manifest_and_its_tombstones(
    a: dict[bytes, Address], b: dict[bytes, Address]
):
    if a == b:
        b = {**b, b"\0\0\0\x63": FACETS[0]}
    for generation in (Generation.OURS, Generation.COMPACT):
        made, _ = planned(upgrade(b), a, generation)
        committed, epoch = decode(COMMIT_ROOT.inputs, made.bundles[0].calls[0].data[4:])
        gone = [Route(selector=s, facet=ZERO_ADDRESS, code_hash=Bytes32(bytes(32))) for s in a.keys() - b.keys()]
        listed = sorted((*routes(b), *(gone if generation is Generation.OURS else ())))
        assert (committed, epoch) == (root(leaves(Profile.B, listed), Profile.B, Odd.PROMOTE), 2)


def test_what_keeps_a_diamond_upgradable_is_none_of_these_selectors():
    assert not PROTECTED.keys() & {*SELECTORS, b"\0\0\0\x63"}
