"""Lock files: pins go to JSON and back unchanged, whatever is malformed is refused, and what moved is named."""

import json
from copy import deepcopy
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.errors import Refused, Rejected
from governance.core.facts import Generation, Route, TargetFacts
from governance.core.lock import (
    SCHEMA,
    lock_document,
    moved,
    pins_document,
    read_claim,
    read_pins,
    require_fit,
    require_same,
)
from governance.core.pins import CodePin, FacetPin, Needs, Pins
from governance.core.units import ZERO_WORD, Address, Bytes32, Duration, checksummed, to_hex
from tests.core.kindfacts import governance
from tests.core.test_kinds import NETWORK, code, pins, target
from tests.core.test_plan import LATE, planned

words = st.binary(min_size=32, max_size=32).map(Bytes32)
addresses = st.binary(min_size=20, max_size=20).map(checksummed)
selectors = st.binary(min_size=4, max_size=4)
numbers = st.integers(0, 2**256 - 1)
durations = numbers.map(Duration)
routes = st.builds(Route, selector=selectors, facet=addresses, code_hash=words)
targets = st.builds(
    TargetFacts,
    address=addresses,
    generation=st.sampled_from(Generation),
    code_hash=words,
    routes=st.lists(routes, max_size=3).map(tuple),
    active_root=words,
    pending_root=words,
    active_epoch=numbers,
    activation_delay=durations,
    **{
        name: st.booleans()
        for name in (
            *("frozen", "paused", "timelock_is_admin", "timelock_may_commit", "timelock_may_apply"),
            *("timelock_may_remove", "guardian_may_pause"),
        )
    },
)
facets = st.builds(
    FacetPin,
    reference=st.text(st.characters(codec="utf-8"), min_size=1, max_size=10),
    address=addresses,
    code_hash=words,
    selectors=st.none() | st.lists(selectors, max_size=3).map(tuple),
)
codes = st.builds(CodePin, address=addresses, code_hash=words)
all_pins = st.builds(
    Pins,
    chain_id=numbers,
    block_number=numbers,
    block_hash=words,
    policy_digest=words,
    rule=st.text(st.characters(codec="utf-8"), max_size=10),
    delay=durations,
    grace=st.none() | durations,
    attempt=numbers,
    nonce=numbers,
    min_delay=durations,
    predecessor=words,
    target=st.none() | targets,
    facets=st.lists(facets, max_size=2).map(tuple),
    codes=st.lists(codes, max_size=2).map(tuple),
    cancels=st.lists(words, max_size=2).map(tuple),
)


@given(all_pins)
def test_pins_go_to_json_and_back_unchanged(given_pins: Pins) -> None:
    written = json.loads(json.dumps(pins_document(given_pins)))
    assert read_pins(written) == given_pins
    assert moved(given_pins, given_pins) == ()


def test_every_pin_is_written() -> None:
    written = pins_document(pins())
    assert set(written) == {field.name for field in fields(Pins)}
    assert set(written["target"]) == {field.name for field in fields(TargetFacts)}


MALFORMED: list[Any] = [None, 7, True, "", "0x", "-1", [], {}, ["x"], {"x": "y"}]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, ...]] = []
    if isinstance(value, dict):
        inner = [p for key, item in value.items() for p in paths(item, (*path, key))]
    if isinstance(value, list):
        inner = [p for index, item in enumerate(value) for p in paths(item, (*path, index))]
    return [*inner, path] if path else inner


GOVERNANCE = governance()
GOVERNANCE = replace(GOVERNANCE, roles=GOVERNANCE.roles[:1])
FULL = pins(
    codes=(CodePin(address=Address(NETWORK.target), code_hash=code(1)),), cancels=(code(2),), governance=GOVERNANCE
)
TEXT = {("rule",), ("facets", 0, "reference"), ("governance", "anchor", "uri")}
"""Free text: any scalar reads as one."""
OPTIONAL: dict[tuple[Any, ...], None] = {("grace",): None, ("target",): None, ("facets", 0, "selectors"): None}
OPTIONAL |= {("governance", part): None for part in ("delay", "council", "anchor")}
LISTS: set[tuple[Any, ...]] = {("facets",), ("codes",), ("cancels",), ("target", "routes"), ("facets", 0, "selectors")}
LISTS |= {("governance", "roles"), ("governance", "roles", 0, "holders"), ("governance", "proxies")}
LISTS |= {("governance", "council", "owners"), ("governance", "council", "modules")}


@pytest.mark.parametrize("path", [p for p in paths(pins_document(FULL)) if p not in TEXT], ids=str)
def test_a_malformed_pin_is_refused(path: tuple[Any, ...]) -> None:
    for bad in MALFORMED:
        if (bad is None and path in OPTIONAL) or (bad == [] and path in LISTS):
            continue
        written = deepcopy(pins_document(FULL))
        node: Any = written
        for part in path[:-1]:
            node = node[part]
        if isinstance(bad, bool) and isinstance(node[path[-1]], bool):
            continue
        node[path[-1]] = bad
        with pytest.raises(Rejected):
            read_pins(written)


@pytest.mark.parametrize("path", [p for p in paths(pins_document(FULL)) if isinstance(p[-1], str)], ids=str)
def test_a_missing_pin_is_refused(path: tuple[Any, ...]) -> None:
    written = deepcopy(pins_document(FULL))
    node: Any = written
    for part in path[:-1]:
        node = node[part]
    del node[path[-1]]
    with pytest.raises(Rejected, match=f"pins are malformed: KeyError '{path[-1]}'") as caught:
        read_pins(written)
    assert "gov lock" in caught.value.hint()


@pytest.mark.parametrize("bad", [None, [], "text", 7], ids=str)
def test_what_is_no_mapping_holds_no_pins(bad: Any) -> None:
    with pytest.raises(Rejected, match="pins are malformed"):
        read_pins(bad)


MOVES: dict[str, tuple[Pins, list[str]]] = {
    "the block": (pins(block_number=101, block_hash=code(5)), []),
    "the Safe's nonce": (pins(nonce=9), []),
    "a pause": (pins(target(paused=True)), []),
    "a root pending": (pins(target(pending_root=code(5))), []),
    "the policy": (pins(policy_digest=code(5)), ["pins.policy_digest"]),
    "the rule": (pins(rule="fast"), ["pins.rule"]),
    "the delay": (pins(delay=Duration(1)), ["pins.delay"]),
    "the grace": (pins(grace=None), ["pins.grace"]),
    "the timelock's delay": (pins(min_delay=Duration(1)), ["pins.min_delay"]),
    "the predecessor": (pins(predecessor=code(5)), ["pins.predecessor"]),
    "a facet's code": (pins(facets=(replace(pins().facets[0], code_hash=code(5)),)), ["pins.facets"]),
    "what is to be cancelled": (pins(cancels=(code(5),)), ["pins.cancels"]),
    "a callee": (pins(codes=(CodePin(address=NETWORK.target, code_hash=code(5)),)), ["pins.codes"]),
    "the target is gone": (replace(pins(), target=None), ["pins.target"]),
    "everything of the target": (
        pins(target(Generation.V1, code_hash=code(5), active_epoch=5, frozen=True, paused=True)),
        [
            *("pins.target.generation", "pins.target.code_hash", "pins.target.active_epoch"),
            *("pins.target.frozen", "pins.target.timelock_may_remove"),
        ],
    ),
}


@pytest.mark.parametrize(("now", "wanted"), MOVES.values(), ids=MOVES.keys())
def test_what_moved_is_named_and_what_only_says_when_is_not(now: Pins, wanted: list[str]) -> None:
    """threat_27, threat_28, threat_41"""
    found = moved(pins(), now)
    assert [finding.path for finding in found] == wanted
    assert {finding.rule for finding in found} <= {"lock-stale"}
    assert all(len(finding.message) < 220 for finding in found)


def test_a_lock_file_holds_pins_plan_and_checksum_of_each_network() -> None:
    plan = planned()
    document = lock_document({"main": plan}, {})
    assert (document["schema"], document["proposal"], document["digest"]) == (SCHEMA, "0001-one", to_hex(plan.digest))
    entry = document["networks"]["main"]
    assert read_pins(entry["pins"]) == plan.pins
    assert entry["checksum"] == to_hex(plan.checksum)
    require_same(entry, plan, "x.lock.json")


@pytest.mark.parametrize("key", ["plan", "checksum"])
@pytest.mark.parametrize("value", [None, "", {}, []], ids=str)
def test_a_plan_that_does_not_follow_is_refused(key: str, value: Any) -> None:
    """threat_49"""
    plan = planned()
    entry = lock_document({"main": plan}, {})["networks"]["main"]
    for edited in ({**entry, key: value}, {name: part for name, part in entry.items() if name != key}):
        with pytest.raises(Refused) as caught:
            require_same(edited, plan, "x.lock.json")
        assert [(f.rule, f.path) for f in caught.value.findings] == [("lock-edited", "networks.main.plan")]


def test_a_claim_is_read_without_being_believed() -> None:
    entry = lock_document({"main": planned(LATE)}, {})["networks"]["main"]
    claim = read_claim(entry, "x.lock.json")
    assert (claim.lane, claim.nonces) == ("timelock", (3, 4))
    assert [to_hex(one) for one in claim.operations] == [s["operation"]["id"] for s in entry["plan"]["steps"]]
    stopped = lock_document({"main": planned(kind="emergency_pause", reason="r")}, {})["networks"]["main"]
    assert read_claim(stopped, "x.lock.json").operations == ()


@pytest.mark.parametrize(
    "plan",
    [
        *({}, {"lane": "timelock"}, {"lane": "timelock", "steps": ""}, {"lane": "timelock", "steps": [7]}),
        {"lane": "timelock", "steps": [{"safe_tx": {"nonce": "-1"}}]},
        {"lane": "timelock", "steps": [{"safe_tx": {"nonce": "1"}, "operation": {"id": "0x12"}}]},
    ],
    ids=str,
)
def test_a_malformed_claim_is_refused(plan: Any) -> None:
    with pytest.raises(Rejected):
        read_claim({"plan": plan}, "x.lock.json")


FITS: dict[str, tuple[Pins, Needs, list[str]]] = {
    "as asked": (pins(), Needs(facets=("New@1",), target=True), []),
    "another facet": (pins(), Needs(facets=("Other@1",), target=True), ["pins.facets"]),
    "no target": (replace(pins(), target=None), Needs(facets=("New@1",), target=True), ["pins.target"]),
    "a target too many": (pins(), Needs(facets=("New@1",)), ["pins.target"]),
    "somebody else's target": (
        pins(target(address=checksummed(b"\x77" * 20))),
        Needs(facets=("New@1",), target=True),
        ["pins.target"],
    ),
    "another chain": (pins(chain_id=2), Needs(facets=("New@1",), target=True), ["pins.chain_id"]),
    "no code": (pins(), Needs(facets=("New@1",), target=True, codes=(NETWORK.target,)), ["pins.codes"]),
    "cancels that nobody asked for": (
        pins(cancels=(ZERO_WORD,)),
        Needs(facets=("New@1",), target=True),
        ["pins.cancels"],
    ),
    "cancels as asked": (
        replace(pins(cancels=(ZERO_WORD,)), facets=(), target=None),
        Needs(cancels="0001-one"),
        [],
    ),
}


@pytest.mark.parametrize(("given_pins", "needs", "wanted"), FITS.values(), ids=FITS.keys())
def test_pins_are_those_that_the_kind_asks_for(given_pins: Pins, needs: Needs, wanted: list[str]) -> None:
    """threat_49"""
    if not wanted:
        require_fit(needs, given_pins, NETWORK, "x.lock.json")
        return
    with pytest.raises(Refused) as caught:
        require_fit(needs, given_pins, NETWORK, "x.lock.json")
    assert [(f.rule, f.path) for f in caught.value.findings] == [("lock-edited", path) for path in wanted]
