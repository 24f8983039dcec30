"""Kinds of proposals: what follows from a document and pinned facts, on every generation, and everything that is refused."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from pydantic import ValidationError

from governance.core.access import EMERGENCY, GRANT, REVOKE
from governance.core.call import Call, decode, encode_call, function
from governance.core.effects import PausedIs, RootIs, RouteIs
from governance.core.errors import Refused
from governance.core.facts import Generation, Route, TargetFacts
from governance.core.keccak import keccak, selector
from governance.core.kinds import KINDS, Derivation, Lane
from governance.core.kinds.contract_call import DISPATCHER_ADMIN
from governance.core.kinds.upgrade import (
    ACTIVATE,
    APPLY_ROUTES,
    COMMIT_ROOT,
    DIAMOND_CUT,
    MAX_BATCH,
    PROTECTED,
    REMOVE_ROUTES,
)
from governance.core.manifest import FORBIDDEN, SHADOWED
from governance.core.merkle import Odd, Profile, Proof, leaf, leaves, root, verify
from governance.core.network import Network, TargetKind
from governance.core.pins import CodePin, FacetPin, Needs, Pins
from governance.core.units import (
    EMPTY_CODE_HASH,
    ZERO_ADDRESS,
    ZERO_WORD,
    Address,
    Bytes32,
    Duration,
    checksummed,
    to_hex,
)

DEPLOYED = (Generation.V1, Generation.COMPACT, Generation.P4)
DISPATCHERS = (Generation.OURS, *DEPLOYED)


def account(n: int) -> Address:
    return checksummed(bytes([n]) * 20)


def code(n: int) -> Bytes32:
    return Bytes32(keccak(bytes([n])))


COUNCIL, GUARDIAN, TIMELOCK, TARGET, ANCHOR = (account(n) for n in range(1, 6))
OLD, NEW = account(0x10), account(0x20)
NETWORK = Network(
    name="main",
    chain_id=1,
    council=COUNCIL,
    guardian=GUARDIAN,
    timelock=TIMELOCK,
    target_kind=TargetKind.MANIFEST_DISPATCHER,
    target=TARGET,
    policy_anchor=ANCHOR,
)
LIVE = ("fee()", "setFee(uint256)", "old()")
ROUTES = tuple(sorted(Route(selector=selector(s), facet=OLD, code_hash=code(1)) for s in LIVE))


def target(generation: Generation = Generation.OURS, **changes: Any) -> TargetFacts:
    facts = TargetFacts(
        address=TARGET,
        generation=generation,
        code_hash=code(9),
        routes=ROUTES,
        active_root=code(8),
        pending_root=ZERO_WORD,
        active_epoch=4,
        activation_delay=Duration(0),
        frozen=False,
        paused=False,
        timelock_is_admin=True,
        timelock_may_commit=True,
        timelock_may_apply=True,
        timelock_may_remove=generation is not Generation.OURS,
        guardian_may_pause=True,
    )
    return replace(facts, **changes)


def facet(reference: str = "New@1", address: Address = NEW, hashed: int = 2, *functions: str) -> FacetPin:
    named = functions or ("fee()", "setFee(uint256)", "cap()")
    return FacetPin(
        reference=reference, address=address, code_hash=code(hashed), selectors=tuple(selector(s) for s in named)
    )


def pins(facts: TargetFacts | None = None, **changes: Any) -> Pins:
    made = Pins(
        chain_id=1,
        block_number=100,
        block_hash=code(7),
        policy_digest=code(6),
        rule="slow",
        delay=Duration(172_800),
        grace=Duration(86_400),
        attempt=0,
        nonce=3,
        min_delay=Duration(86_400),
        target=target() if facts is None else facts,
        facets=(facet(),),
    )
    return replace(made, **changes)


def document(kind: str, **fields: Any) -> Any:
    common = {"schema": "governance/v1", "title": "t", "author": "alice", "networks": ["main"], "summary": "s"}
    return KINDS[kind].document.model_validate({**common, "kind": kind, **fields})


def derived(kind: str, given: Pins, **fields: Any) -> Derivation:
    return KINDS[kind].derive(document(kind, **fields), NETWORK, given)


def findings(kind: str, given: Pins, **fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        derived(kind, given, **fields)
    assert all(finding.message for finding in caught.value.findings)
    return [(finding.rule, finding.path) for finding in caught.value.findings]


REPLACE = {"replace": "New@1", "selectors": ["fee()", "setFee(uint256)"]}
ADD = {"add": "New@1", "selectors": ["cap()"]}
REMOVE = {"remove": ["old()"]}


def swap(given: Pins, *changes: dict[str, Any]) -> Derivation:
    return derived("facet_swap", given, changes=list(changes))


def names(calls: Sequence[Call]) -> list[str]:
    known = (COMMIT_ROOT, APPLY_ROUTES, ACTIVATE, REMOVE_ROUTES, GRANT, REVOKE, DIAMOND_CUT)
    return [next(fn.name for fn in known if fn.selector == call.data[:4]) for call in calls]


def wanted(*tombstones: str) -> list[Route]:
    """The manifest that all three changes lead to."""
    kept = [Route(selector=selector(s), facet=NEW, code_hash=code(2)) for s in ("fee()", "setFee(uint256)", "cap()")]
    gone = [Route(selector=selector(s), facet=ZERO_ADDRESS, code_hash=ZERO_WORD) for s in tombstones]
    return sorted([*kept, *gone])


def applied(call: Call, committed: Bytes32) -> list[Route]:
    """The routes of an `applyRoutes` call, each proven against the root."""
    selectors, facets, hashes, proofs, sides = decode(APPLY_ROUTES.inputs, call.data[4:])
    found = []
    for one, to, hashed, siblings, right in zip(selectors, facets, hashes, proofs, sides, strict=True):
        route = Route(selector=one, facet=checksummed(bytes.fromhex(to[2:])), code_hash=hashed)
        proof = Proof(siblings=tuple(siblings), is_right=tuple(right))
        assert verify(Profile.B, leaf(Profile.B, route), proof, committed)
        found.append(route)
    return found


# ---- upgrades ------------------------------------------------------------------------------------------------------


def test_our_generation_removes_inside_the_manifest() -> None:
    (bundle,) = swap(pins(), REPLACE, ADD, REMOVE).bundles
    assert names(bundle.calls) == ["commitRoot", "applyRoutes", "activateCommittedRoot"]
    assert {call.to for call in bundle.calls} == {TARGET}
    committed, epoch = decode(COMMIT_ROOT.inputs, bundle.calls[0].data[4:])
    manifest = wanted("old()")
    assert (committed, epoch) == (root(leaves(Profile.B, manifest), Profile.B, Odd.PROMOTE), 5)
    assert applied(bundle.calls[1], committed) == manifest


@pytest.mark.parametrize("generation", DEPLOYED)
def test_deployed_generations_remove_by_a_call_of_their_own(generation: Generation) -> None:
    (bundle,) = swap(pins(target(generation)), REPLACE, ADD, REMOVE).bundles
    assert names(bundle.calls) == ["commitRoot", "applyRoutes", "removeRoutes", "activateCommittedRoot"]
    committed, _ = decode(COMMIT_ROOT.inputs, bundle.calls[0].data[4:])
    assert committed == root(leaves(Profile.B, wanted()), Profile.B, Odd.PROMOTE)
    assert applied(bundle.calls[1], committed) == wanted()
    assert decode(REMOVE_ROUTES.inputs, bundle.calls[2].data[4:]) == ((selector("old()"),),)


@pytest.mark.parametrize("generation", DEPLOYED)
def test_a_timelock_that_may_not_remove_lends_itself_the_role_for_the_call(generation: Generation) -> None:
    (bundle,) = swap(pins(target(generation, timelock_may_remove=False)), REMOVE).bundles
    assert names(bundle.calls) == [
        *("commitRoot", "grantRole", "removeRoutes", "revokeRole", "activateCommittedRoot"),
    ]
    given, taken = bundle.calls[1], bundle.calls[3]
    assert given.data[4:] == taken.data[4:] == encode_call(GRANT, [EMERGENCY, TIMELOCK])[4:]


@pytest.mark.parametrize("generation", DISPATCHERS)
def test_what_stays_is_in_the_root_and_not_applied_again(generation: Generation) -> None:
    (bundle,) = swap(pins(target(generation)), ADD).bundles
    committed, _ = decode(COMMIT_ROOT.inputs, bundle.calls[0].data[4:])
    cap = Route(selector=selector("cap()"), facet=NEW, code_hash=code(2))
    assert committed == root(leaves(Profile.B, sorted([*ROUTES, cap])), Profile.B, Odd.PROMOTE)
    assert applied(bundle.calls[1], committed) == [cap]


@pytest.mark.parametrize("generation", DISPATCHERS)
def test_an_activation_delay_splits_the_upgrade_in_two(generation: Generation) -> None:
    """threat_26"""
    late = target(generation, activation_delay=Duration(3600))
    first, second = swap(pins(late), REPLACE, REMOVE).bundles
    assert (first.label, first.extra_delay) == ("commit and apply", Duration(0))
    assert (second.label, second.extra_delay) == ("activate", Duration(3600))
    assert "activateCommittedRoot" not in names(first.calls)
    assert names(second.calls) == ["activateCommittedRoot"]


def test_a_diamond_is_cut_once_without_an_init() -> None:
    """threat_45: the delegatecall of an init is never asked for."""
    (bundle,) = swap(pins(target(Generation.DIAMOND)), REPLACE, ADD, REMOVE).bundles
    assert names(bundle.calls) == ["diamondCut"]
    cuts, init, data = decode(DIAMOND_CUT.inputs, bundle.calls[0].data[4:])
    assert (init, data) == (ZERO_ADDRESS, b"")
    assert [(to, action, set(which)) for to, action, which in cuts] == [
        (NEW.lower(), 0, {selector("cap()")}),
        (NEW.lower(), 1, {selector("fee()"), selector("setFee(uint256)")}),
        (ZERO_ADDRESS, 2, {selector("old()")}),
    ]


def test_effects_promise_what_changes_and_the_root() -> None:
    routed = {r.selector: RouteIs(selector=r.selector, facet=r.facet, code_hash=r.code_hash) for r in wanted("old()")}
    for generation in Generation:
        *routes, last = swap(pins(target(generation)), REPLACE, ADD, REMOVE).effects
        if generation is Generation.DIAMOND:
            routes, last = [*routes, last], None
        assert routes == [routed[key] for key in sorted(routed)]
        assert last is None or (isinstance(last, RootIs) and last.epoch == 5)


@pytest.mark.parametrize(("count", "sizes"), [(99, [99]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
@pytest.mark.parametrize("generation", DISPATCHERS)
def test_more_than_a_hundred_routes_go_in_several_calls(generation: Generation, count: int, sizes: list[int]) -> None:
    functions = [f"f{n}()" for n in range(count)]
    given = pins(target(generation), facets=(facet("New@1", NEW, 2, *functions),))
    (bundle,) = swap(given, {"add": "New@1", "selectors": functions}).bundles
    committed, _ = decode(COMMIT_ROOT.inputs, bundle.calls[0].data[4:])
    batches = [applied(call, committed) for call in bundle.calls[1:-1]]
    assert [len(batch) for batch in batches] == sizes
    everything = [route.selector for batch in batches for route in batch]
    assert all(one < two for one, two in pairwise(everything))
    assert set(everything) == {selector(name) for name in functions}


@pytest.mark.parametrize("generation", DEPLOYED)
def test_more_than_a_hundred_removals_go_in_several_calls(generation: Generation) -> None:
    functions = [f"f{n}()" for n in range(MAX_BATCH + 1)]
    many = tuple(sorted(Route(selector=selector(s), facet=OLD, code_hash=code(1)) for s in functions))
    facts = target(generation, routes=tuple(sorted((*many, *ROUTES))))
    (bundle,) = swap(pins(facts), {"remove": functions}).bundles
    removals = [call for call in bundle.calls if call.data[:4] == REMOVE_ROUTES.selector]
    sizes = [len(decode(REMOVE_ROUTES.inputs, call.data[4:])[0]) for call in removals]
    assert sizes == [MAX_BATCH, 1]


def test_facets_and_target_are_what_an_upgrade_needs() -> None:
    swapped = document("facet_swap", changes=[REPLACE, ADD, {"add": "Other@2", "selectors": ["x()"]}, REMOVE])
    assert KINDS["facet_swap"].needs(swapped, NETWORK) == Needs(facets=("New@1", "Other@2"), target=True)
    routes = [{"selector": "fee()", "facet": "New@1"}, {"selector": "cap()", "facet": "New@1"}]
    upgraded = document("manifest_upgrade", routes=routes)
    assert KINDS["manifest_upgrade"].needs(upgraded, NETWORK) == Needs(facets=("New@1",), target=True)


SWAPS: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str]]]] = {
    "named twice": (
        [{"replace": "New@1", "selectors": ["fee()"]}, {"remove": ["fee()"]}],
        [("selector-twice", "changes[1].remove[0]")],
    ),
    "named by signature and by hex": (
        [{"replace": "New@1", "selectors": ["fee()", to_hex(selector("fee()"))]}],
        [("selector-twice", "changes[0].selectors[1]")],
    ),
    "added though routed": ([{"add": "New@1", "selectors": ["fee()"]}], [("add-existing", "changes[0].selectors[0]")]),
    "replaced though not routed": (
        [{"replace": "New@1", "selectors": ["cap()"]}],
        [("selector-not-routed", "changes[0].selectors[0]")],
    ),
    "removed though not routed": ([{"remove": ["cap()"]}], [("selector-not-routed", "changes[0].remove[0]")]),
    "not in the facet": (
        [{"add": "New@1", "selectors": ["nobody()"]}],
        [("unknown-selector", "changes[0].selectors[0]")],
    ),
    "everything at once": (
        [
            {"replace": "New@1", "selectors": ["old()", "cap()"]},
            {"add": "New@1", "selectors": ["fee()", "cap()"]},
            {"remove": ["gone()"]},
        ],
        [
            ("unknown-selector", "changes[0].selectors[0]"),
            ("selector-not-routed", "changes[0].selectors[1]"),
            ("add-existing", "changes[1].selectors[0]"),
            ("selector-twice", "changes[1].selectors[1]"),
            ("selector-not-routed", "changes[2].remove[0]"),
        ],
    ),
}


@pytest.mark.parametrize(("changes", "wanted_findings"), SWAPS.values(), ids=SWAPS.keys())
@pytest.mark.parametrize("generation", Generation)
def test_changes_that_do_not_fit_the_live_routes_are_all_told(
    generation: Generation, changes: list[dict[str, Any]], wanted_findings: list[tuple[str, str]]
) -> None:
    """threat_42"""
    assert findings("facet_swap", pins(target(generation)), changes=changes) == wanted_findings


def test_a_selector_that_goes_to_the_facet_already_is_told() -> None:
    """threat_42"""
    same = facet("Old@1", OLD, 1)
    change = {"replace": "Old@1", "selectors": ["fee()"]}
    assert findings("facet_swap", pins(facets=(same,)), changes=[change]) == [
        ("replace-same", "changes[0].selectors[0]")
    ]


def test_the_same_facet_with_other_code_is_a_replacement() -> None:
    """threat_41"""
    redeployed = facet("Old@1", OLD, 2)
    (bundle,) = swap(pins(facets=(redeployed,)), {"replace": "Old@1", "selectors": ["fee()"]}).bundles
    assert "applyRoutes" in names(bundle.calls)


def test_a_facet_named_by_its_address_is_not_asked_for_an_artifact() -> None:
    bare = replace(facet(NEW), selectors=None)
    (bundle,) = swap(pins(facets=(bare,)), {"add": NEW, "selectors": ["anything()"]}).bundles
    assert names(bundle.calls)[1] == "applyRoutes"


OBSTACLES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "frozen": ({"frozen": True}, ["target-frozen"]),
    "no right to commit": ({"timelock_may_commit": False}, ["timelock-lacks-role"]),
    "no right to apply": ({"timelock_may_apply": False}, ["timelock-lacks-role"]),
    "no right at all": (
        {"frozen": True, "timelock_may_commit": False, "timelock_may_apply": False},
        ["target-frozen", "timelock-lacks-role", "timelock-lacks-role"],
    ),
}


@pytest.mark.parametrize(("changes", "rules"), OBSTACLES.values(), ids=OBSTACLES.keys())
def test_a_target_that_takes_no_upgrade_says_why(changes: dict[str, Any], rules: list[str]) -> None:
    """threat_28"""
    found = findings("facet_swap", pins(target(**changes)), changes=[REPLACE])
    assert [rule for rule, _ in found] == rules


@pytest.mark.parametrize("generation", DEPLOYED)
def test_a_removal_needs_the_role_or_the_admin(generation: Generation) -> None:
    poor = target(generation, timelock_may_remove=False, timelock_is_admin=False)
    assert findings("facet_swap", pins(poor), changes=[REMOVE]) == [("timelock-lacks-role", "")]
    assert swap(pins(poor), REPLACE).bundles


def test_an_upgrade_leaves_at_least_one_route() -> None:
    """threat_43"""
    assert findings("facet_swap", pins(), changes=[{"remove": list(LIVE)}]) == [("upgrade-removes-all", "")]


@pytest.mark.parametrize("key", [*FORBIDDEN, *SHADOWED], ids=to_hex)
@pytest.mark.parametrize("generation", DISPATCHERS)
def test_what_a_dispatcher_answers_itself_is_not_routed(generation: Generation, key: bytes) -> None:
    """threat_43"""
    bare = replace(facet(NEW), selectors=None)
    given = pins(target(generation), facets=(bare,))
    change = {"add": NEW, "selectors": [to_hex(key)]}
    assert findings("facet_swap", given, changes=[change]) == [("reserved-selector", "")]


@pytest.mark.parametrize("signature", PROTECTED.values())
def test_what_keeps_a_diamond_upgradable_stays(signature: str) -> None:
    """threat_43"""
    own = Route(selector=selector(signature), facet=OLD, code_hash=code(1))
    given = pins(target(Generation.DIAMOND, routes=tuple(sorted((*ROUTES, own)))))
    assert findings("facet_swap", given, changes=[{"remove": [signature]}]) == [("protected-selector", "")]
    instead = facet("New@1", NEW, 2, signature)
    replaced = swap(replace(given, facets=(instead,)), {"replace": "New@1", "selectors": [signature]})
    assert replaced.bundles


SHAPES: dict[str, dict[str, Any]] = {
    "no verb": {"selectors": ["fee()"]},
    "two verbs": {"add": "New@1", "replace": "New@1", "selectors": ["fee()"]},
    "a facet without selectors": {"add": "New@1"},
    "a facet with no selector": {"add": "New@1", "selectors": []},
    "a removal with selectors": {"remove": ["fee()"], "selectors": ["fee()"]},
    "a removal of nothing": {"remove": []},
    "an unknown key": {"remove": ["fee()"], "because": "x"},
}


@pytest.mark.parametrize("change", SHAPES.values(), ids=SHAPES.keys())
def test_a_change_has_one_verb_and_its_selectors(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        document("facet_swap", changes=[change])


# ---- whole manifests -----------------------------------------------------------------------------------------------


def entry(signature: str, facet_: str = "New@1", **more: str) -> dict[str, str]:
    return {"selector": signature, "facet": facet_, **more}


def test_a_manifest_removes_what_it_does_not_list() -> None:
    given = pins(facets=(facet(), facet("Old@1", OLD, 1, *LIVE)))
    routes = [entry("fee()"), entry("cap()"), entry("setFee(uint256)", "Old@1")]
    made = derived("manifest_upgrade", given, routes=routes)
    (bundle,) = made.bundles
    committed, _ = decode(COMMIT_ROOT.inputs, bundle.calls[0].data[4:])
    changed = applied(bundle.calls[1], committed)
    assert {(route.selector, route.facet) for route in changed} == {
        (selector("fee()"), NEW),
        (selector("cap()"), NEW),
        (selector("old()"), ZERO_ADDRESS),
    }


def test_a_stated_code_hash_must_be_the_one_on_chain() -> None:
    """threat_41"""
    right = [entry("fee()", codehash=to_hex(code(2)))]
    assert derived("manifest_upgrade", pins(), routes=right).bundles
    wrong = [entry("fee()", codehash=to_hex(code(3)))]
    assert findings("manifest_upgrade", pins(), routes=wrong) == [("code-hash-differs", "routes[0].codehash")]


def test_every_fault_of_a_manifest_is_told() -> None:
    """threat_42"""
    routes = [entry("fee()"), entry("fee()"), entry("nobody()", codehash=to_hex(code(3)))]
    assert findings("manifest_upgrade", pins(), routes=routes) == [
        ("selector-twice", "routes[1].selector"),
        ("unknown-selector", "routes[2].selector"),
        ("code-hash-differs", "routes[2].codehash"),
    ]


def test_the_live_manifest_is_no_upgrade() -> None:
    given = pins(facets=(facet("Old@1", OLD, 1, *LIVE),))
    routes = [entry(signature, "Old@1") for signature in LIVE]
    assert findings("manifest_upgrade", given, routes=routes) == [("upgrade-empty", "")]


# ---- plain calls ---------------------------------------------------------------------------------------------------

ELSE = account(0x33)


def calls(*entries: dict[str, Any], codes: dict[Address, Bytes32] | None = None) -> list[tuple[str, str]]:
    known = {TARGET: code(9), ELSE: code(3)} if codes is None else codes
    given = pins(codes=tuple(CodePin(address=a, code_hash=h) for a, h in known.items()))
    return findings("contract_call", given, calls=list(entries))


def test_calls_go_in_order_in_one_operation() -> None:
    entries = [
        {"to": "target", "function": "setFee(uint256)", "args": ["40"]},
        {"to": ELSE, "function": "take((uint8,bool)[],bytes)", "args": [[["1", "true"]], "0xab"], "value": "7"},
    ]
    made = derived("contract_call", pins(), calls=entries)
    (bundle,) = made.bundles
    assert made.effects == ()
    assert bundle.calls == (
        Call(to=TARGET, data=encode_call(function("setFee(uint256)"), [40]), summary="setFee(40)"),
        Call(
            to=ELSE,
            value=7,
            data=encode_call(function("take((uint8,bool)[],bytes)"), [[(1, True)], b"\xab"]),
            summary="take([['1', 'true']], 0xab)",
        ),
    )
    assert KINDS["contract_call"].needs(document("contract_call", calls=[*entries, *entries]), NETWORK) == Needs(
        codes=(TARGET, ELSE)
    )


@pytest.mark.parametrize("to", [COUNCIL, GUARDIAN, TIMELOCK, ANCHOR])
def test_the_governance_itself_is_not_called(to: Address) -> None:
    """threat_52"""
    assert calls({"to": to, "function": "anything()"}) == [("governance-call", "calls[0].to")]


ADMIN_CALLS = [
    ("grantRole(bytes32,address)", [to_hex(bytes(32)), ELSE]),
    ("commitRoot(bytes32,uint64)", [to_hex(bytes(32)), "1"]),
    ("applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])", [[], [], [], [], []]),
    ("setActivationDelay(uint64)", ["0"]),
    ("freeze()", []),
    ("unpause()", []),
    ("diamondCut((address,uint8,bytes4[])[],address,bytes)", [[], ELSE, "0x"]),
    ("transferOwnership(address)", [ELSE]),
    ("updateManifest(bytes32,bytes)", [to_hex(bytes(32)), "0x"]),
]


@pytest.mark.parametrize(("signature", "args"), ADMIN_CALLS)
@pytest.mark.parametrize("to", ["target", TARGET])
def test_what_changes_routes_or_rights_of_the_target_has_kinds_of_its_own(
    to: str, signature: str, args: list[Any]
) -> None:
    """threat_52, threat_53"""
    assert function(signature).selector in DISPATCHER_ADMIN
    assert calls({"to": to, "function": signature, "args": args}) == [("governance-call", "calls[0].function")]


def test_the_same_function_of_another_contract_may_be_called() -> None:
    entries = [{"to": ELSE, "function": "freeze()"}]
    assert derived("contract_call", pins(), calls=entries).bundles[0].calls[0].to == ELSE


def test_every_fault_of_every_call_is_told() -> None:
    """threat_29"""
    assert calls(
        {"to": ELSE, "function": "f(uint8)", "args": ["256"]},
        {"to": TIMELOCK, "function": "updateDelay(uint256)", "args": []},
        {"to": ELSE, "function": "f(uint8)", "args": ["1"]},
        codes={ELSE: EMPTY_CODE_HASH},
    ) == [
        ("target-no-code", "calls[0].to"),
        ("call-arguments", "calls[0].args"),
        ("governance-call", "calls[1].to"),
        ("call-arguments", "calls[1].args"),
        ("target-no-code", "calls[2].to"),
    ]


# ---- the guardian lane ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", DISPATCHERS)
def test_an_emergency_is_one_call_of_pause(generation: Generation) -> None:
    made = derived("emergency_pause", pins(target(generation)), reason="r")
    (bundle,) = made.bundles
    (call,) = bundle.calls
    assert (call.to, call.value, call.data) == (TARGET, 0, selector("pause()"))
    assert made.effects == (PausedIs(paused=True),)


@pytest.mark.parametrize("generation", DISPATCHERS)
def test_routes_go_before_the_pause_where_they_could_not_go_during_one(generation: Generation) -> None:
    given = target(generation)
    gone = given.routes[0].selector
    made = derived("emergency_pause", pins(given), reason="r", remove=[f"0x{gone.hex()}"])
    wanted = ["pause", "remove routes"] if generation is Generation.OURS else ["remove routes", "pause"]
    assert [bundle.label for bundle in made.bundles] == wanted
    (removal,) = (bundle.calls for bundle in made.bundles if bundle.label == "remove routes")
    assert [(call.to, call.value, call.data[:4]) for call in removal] == [
        (TARGET, 0, selector("removeRoutes(bytes4[])"))
    ]
    assert [type(effect).__name__ for effect in made.effects] == ["RouteIs", "PausedIs"]
    paused = document("emergency_pause", reason="r", remove=[f"0x{gone.hex()}"])
    assert KINDS["emergency_pause"].inverse(paused, NETWORK, pins(given)) is None
    assert "Who still calls the 1 selectors" in KINDS["emergency_pause"].questions(paused, NETWORK, pins(given))[-1]


def test_routes_that_cannot_go_are_named() -> None:
    live = f"0x{target(Generation.OURS).routes[0].selector.hex()}"
    found = findings("emergency_pause", pins(target(Generation.OURS)), reason="r", remove=[live, live, "0xdeadbeef"])
    assert found == [("selector-twice", "remove[1]"), ("selector-not-routed", "remove[2]")]


def test_a_diamond_cannot_be_paused() -> None:
    assert findings("emergency_pause", pins(target(Generation.DIAMOND)), reason="r") == [("no-pause", "")]


def test_a_guardian_without_the_role_cannot_pause() -> None:
    """threat_28"""
    given = pins(target(guardian_may_pause=False))
    assert findings("emergency_pause", given, reason="r") == [("guardian-lacks-role", "")]


def test_a_cancel_is_one_transaction_for_each_operation() -> None:
    """threat_38: a delegatecall to a multisend would be shorter, and is denied."""
    ids = (code(1), code(2))
    made = derived("cancel", pins(cancels=ids), proposal="0001-one", reason="r")
    assert [bundle.label for bundle in made.bundles] == ["cancel 1 of 2", "cancel 2 of 2"]
    assert [bundle.calls[0].data for bundle in made.bundles] == [selector("cancel(bytes32)") + one for one in ids]
    assert {call.to for bundle in made.bundles for call in bundle.calls} == {TIMELOCK}


def test_nothing_scheduled_is_nothing_to_cancel() -> None:
    assert findings("cancel", pins(), proposal="0001-one", reason="r") == [("nothing-to-cancel", "proposal")]


def test_only_what_stops_things_goes_without_delay() -> None:
    """threat_53"""
    lanes = {name: kind.lane for name, kind in KINDS.items()}
    assert {name for name, lane in lanes.items() if lane is Lane.GUARDIAN} == {"emergency_pause", "cancel"}
    assert all(kind.name == name for name, kind in KINDS.items())


def test_the_guardian_kinds_need_what_they_judge_by() -> None:
    paused = document("emergency_pause", reason="r")
    cancelled = document("cancel", proposal="0001-one", reason="r")
    assert KINDS["emergency_pause"].needs(paused, NETWORK) == Needs(target=True)
    assert KINDS["cancel"].needs(cancelled, NETWORK) == Needs(cancels="0001-one")


def test_a_pin_that_nobody_asked_for_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError, match="Nobody@1"):
        pins().facet("Nobody@1")
