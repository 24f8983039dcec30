"""Which generation answers, what is routed where by two accounts of it, and who may change it."""

from collections.abc import Callable
from typing import Any

import pytest

from governance.adapters.anchor import NodeAnchor
from governance.adapters.chain import NodeChain
from governance.adapters.known import DISPATCHERS
from governance.adapters.target import NodeTarget
from governance.core.access import ADMIN, APPLY, COMMIT, EMERGENCY
from governance.core.call import function
from governance.core.errors import ChainContradicts, Refused
from governance.core.facts import Generation, Head, TargetFacts
from governance.core.keccak import keccak, selector
from governance.core.network import Network, TargetKind
from governance.core.units import (
    EMPTY_CODE_HASH,
    ZERO_WORD,
    Address,
    Bytes32,
    Duration,
    Moment,
    address_bytes,
    checksummed,
    to_hex,
    word,
)
from tests.adapters.badnode import Questions, Reply, answers, by_method, failure, result, serving
from tests.chainkit import CHAIN_ID, Node, activate, commit, deploy_facet, network

GRANT, REVOKE = "grantRole(bytes32,address)", "revokeRole(bytes32,address)"
DELAY = 600
ADMIN_ACCOUNT, TIMELOCK, GUARDIAN = 0, 1, 2

DEPLOY: dict[Generation, Callable[[Node], Address]] = {
    Generation.OURS: lambda n: n.deploy("ManifestDispatcher", n.address(ADMIN_ACCOUNT), n.address(GUARDIAN), DELAY),
    Generation.V1: lambda n: n.deploy("DispatcherV1Double", n.address(ADMIN_ACCOUNT), n.address(GUARDIAN), DELAY),
    Generation.COMPACT: lambda n: n.deploy("DispatcherCompactDouble", n.address(ADMIN_ACCOUNT), DELAY),
    Generation.P4: lambda n: n.deploy("DispatcherP4Double", n.address(ADMIN_ACCOUNT), DELAY),
    Generation.DIAMOND: lambda n: n.deploy("DiamondDouble", n.address(ADMIN_ACCOUNT)),
}
DISPATCHER_GENERATIONS = [g for g in Generation if g is not Generation.DIAMOND]


def place(node: Node, target: Address, generation: Generation) -> Network:
    kind = TargetKind.DIAMOND if generation is Generation.DIAMOND else TargetKind.MANIFEST_DISPATCHER
    return network(target, kind=kind, timelock=node.address(TIMELOCK), guardian=node.address(GUARDIAN))


def look(node: Node, target: Address, generation: Generation, at: Head | None = None) -> TargetFacts:
    return NodeTarget(node.chain, place(node, target, generation)).look(at or node.head())


def rights(facts: TargetFacts) -> tuple[bool, ...]:
    return (
        facts.timelock_is_admin,
        facts.timelock_may_commit,
        facts.timelock_may_apply,
        facts.timelock_may_remove,
        facts.guardian_may_pause,
    )


# ---- which generation ----------------------------------------------------------------------------------------------


@pytest.mark.node
@pytest.mark.parametrize("generation", Generation)
def test_every_generation_is_told_by_what_it_answers(node: Node, generation: Generation) -> None:
    target = DEPLOY[generation](node)
    facts = look(node, target, generation)
    assert (facts.generation, facts.address) == (generation, target)
    assert facts.code_hash == keccak(bytes.fromhex(node.ask("eth_getCode", target, "latest")[2:]))


@pytest.mark.node
@pytest.mark.parametrize("generation", Generation)
def test_a_generation_is_still_told_while_it_is_paused(node: Node, generation: Generation) -> None:
    target = DEPLOY[generation](node)
    if generation is Generation.DIAMOND:
        assert not look(node, target, generation).paused
        return
    pauser = ADMIN_ACCOUNT if generation in {Generation.COMPACT, Generation.P4} else GUARDIAN
    before = node.head()
    node.call(target, "pause()", sender=node.address(pauser))
    facts = look(node, target, generation)
    assert (facts.generation, facts.paused) == (generation, True)
    assert not look(node, target, generation, before).paused


@pytest.mark.node
@pytest.mark.parametrize("generation", Generation)
def test_a_policy_that_names_the_other_kind_is_refused(node: Node, generation: Generation) -> None:
    target = DEPLOY[generation](node)
    other = Generation.OURS if generation is Generation.DIAMOND else Generation.DIAMOND
    with pytest.raises(Refused) as caught:
        look(node, target, other)
    (finding,) = caught.value.findings
    assert finding.rule == "target-kind"
    assert f"{target} is {generation}" in finding.message


@pytest.mark.node
@pytest.mark.parametrize(
    ("name", "rule"),
    [("Sink", "target-unknown"), ("Box", "target-unknown"), ("nothing", "target-no-code")],
)
@pytest.mark.parametrize("generation", [Generation.OURS, Generation.DIAMOND])
def test_what_answers_like_nothing_known_is_refused(node: Node, name: str, rule: str, generation: Generation) -> None:
    """threat_29"""
    where = checksummed(b"\x99" * 20) if name == "nothing" else node.deploy(name)
    with pytest.raises(Refused) as caught:
        look(node, where, generation)
    (finding,) = caught.value.findings
    assert finding.rule == rule
    assert where in finding.message


@pytest.mark.node
def test_the_code_of_a_release_must_answer_like_it(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    target = DEPLOY[Generation.V1](node)
    code_hash = look(node, target, Generation.V1).code_hash
    monkeypatch.setitem(DISPATCHERS, code_hash, Generation.V1)
    assert look(node, target, Generation.V1).generation is Generation.V1
    monkeypatch.setitem(DISPATCHERS, code_hash, Generation.COMPACT)
    with pytest.raises(ChainContradicts, match=f"{target} has the code of compact and answers like v1"):
        look(node, target, Generation.V1)


def test_releases_are_known_by_the_code_hash_that_was_measured() -> None:
    assert {to_hex(code_hash)[:10]: generation for code_hash, generation in DISPATCHERS.items()} == {
        "0xee1ce152": Generation.V1,
        "0x1c88b4fe": Generation.COMPACT,
        "0x35135663": Generation.P4,
    }


# ---- what is routed ------------------------------------------------------------------------------------------------


@pytest.mark.node
@pytest.mark.parametrize("generation", DISPATCHER_GENERATIONS)
def test_manifest_and_routes_are_followed_through_an_upgrade(node: Node, generation: Generation) -> None:
    """threat_42: on deployed generations applied routes are live before activation; on ours they are not."""
    target = DEPLOY[generation](node)
    routes = sorted((*deploy_facet(node, "FeeFacet@1"), *deploy_facet(node, "TreasuryFacet@1")))
    empty = node.head()
    root = commit(node, target, routes)
    applied = node.head()
    node.warp(DELAY)
    activate(node, target)
    facts = [look(node, target, generation, at) for at in (empty, applied, node.head())]
    assert [f.active_root for f in facts] == [ZERO_WORD, ZERO_WORD, root]
    assert [f.pending_root for f in facts] == [ZERO_WORD, root, ZERO_WORD]
    assert [f.active_epoch for f in facts] == [0, 0, 1]
    assert [f.routes for f in facts] == [(), () if generation is Generation.OURS else tuple(routes), tuple(routes)]
    assert {f.activation_delay for f in facts} == {Duration(DELAY)}
    assert {f.frozen for f in facts} == {False}


@pytest.mark.node
@pytest.mark.parametrize("generation", DISPATCHER_GENERATIONS)
def test_a_new_delay_and_a_freeze_are_seen(node: Node, generation: Generation) -> None:
    target = DEPLOY[generation](node)
    node.call(target, "setActivationDelay(uint64)", 2 * DELAY)
    node.call(target, "freeze()")
    facts = look(node, target, generation)
    assert (facts.activation_delay, facts.frozen) == (Duration(2 * DELAY), True)


@pytest.mark.node
def test_a_route_keeps_the_code_hash_that_gates_it_when_the_facet_changes(node: Node) -> None:
    """threat_41: what is approved and what is there are two facts."""
    target = DEPLOY[Generation.COMPACT](node)
    routes = deploy_facet(node, "FeeFacet@1")
    commit(node, target, routes)
    node.set_code(routes[0].facet, b"\x00")
    assert look(node, target, Generation.COMPACT).routes == routes


@pytest.mark.node
@pytest.mark.parametrize(("generation", "slot"), [(Generation.V1, 11), (Generation.COMPACT, 7), (Generation.P4, 7)])
def test_a_route_rewritten_behind_the_loupe_contradicts(node: Node, generation: Generation, slot: int) -> None:
    """A facet runs in the dispatcher's storage, and may write there what no function would."""
    target = DEPLOY[generation](node)
    routes = deploy_facet(node, "FeeFacet@1")
    commit(node, target, routes)
    hidden = checksummed(b"\x66" * 20)
    key = routes[0].selector.ljust(32, b"\0") + slot.to_bytes(32, "big")
    node.set_slot(target, int.from_bytes(keccak(key), "big"), padded(hidden))
    with pytest.raises(ChainContradicts, match="while its loupe says") as caught:
        look(node, target, generation)
    assert to_hex(routes[0].selector) in caught.value.message
    assert hidden in caught.value.message


def padded(account: Address) -> Bytes32:
    return Bytes32(address_bytes(account).rjust(32, b"\0"))


CUT = "diamondCut((address,uint8,bytes4[])[],address,bytes)"
NOBODY = checksummed(bytes(20))


@pytest.mark.node
def test_a_diamonds_routes_have_the_code_hashes_of_its_facets(node: Node) -> None:
    target = DEPLOY[Generation.DIAMOND](node)
    before = node.head()
    routes = deploy_facet(node, "FeeFacet@1")
    node.call(target, CUT, [(routes[0].facet, 0, [r.selector for r in routes])], NOBODY, b"")
    own, facts = look(node, target, Generation.DIAMOND, before), look(node, target, Generation.DIAMOND)
    assert set(facts.routes) == {*own.routes, *routes}
    assert list(facts.routes) == sorted(facts.routes)
    assert {(r.facet, r.code_hash) for r in own.routes} == {(target, facts.code_hash)}
    assert selector(CUT) in {r.selector for r in own.routes}
    node.set_code(routes[0].facet, b"")
    emptied = look(node, target, Generation.DIAMOND)
    assert {r.code_hash for r in emptied.routes if r.facet == routes[0].facet} == {EMPTY_CODE_HASH}


# ---- who may change it ---------------------------------------------------------------------------------------------


@pytest.mark.node
@pytest.mark.parametrize("generation", DISPATCHER_GENERATIONS)
def test_each_right_is_read_for_itself(node: Node, generation: Generation) -> None:
    """threat_28"""
    target = DEPLOY[generation](node)
    guarded = generation in {Generation.OURS, Generation.V1}  # their constructors name a guardian
    held = [False, False, False, False, guarded]
    assert list(rights(look(node, target, generation))) == held
    steps = [(ADMIN, TIMELOCK), (COMMIT, TIMELOCK), (APPLY, TIMELOCK), (EMERGENCY, TIMELOCK), (EMERGENCY, GUARDIAN)]
    for i, (role, account) in enumerate(steps):
        node.call(target, GRANT, role, node.address(account))
        held[i] = True
        assert list(rights(look(node, target, generation))) == held
    node.call(target, REVOKE, APPLY, node.address(TIMELOCK))
    assert rights(look(node, target, generation)) == (True, True, False, True, True)


@pytest.mark.node
def test_a_diamond_is_all_its_owners(node: Node) -> None:
    target = DEPLOY[Generation.DIAMOND](node)
    assert rights(look(node, target, Generation.DIAMOND)) == (False,) * 5
    node.call(target, "transferOwnership(address)", node.address(TIMELOCK))
    facts = look(node, target, Generation.DIAMOND)
    assert rights(facts) == (True, True, True, True, False)
    manifest = (facts.active_root, facts.pending_root, facts.active_epoch, facts.activation_delay, facts.frozen)
    assert manifest == (ZERO_WORD, ZERO_WORD, 0, Duration(0), False)


# ---- what lies ------------------------------------------------------------------------------------------------------

SELECTOR = b"\x01\x02\x03\x04"
FACET, OTHER, WHERE = (checksummed(bytes([n]) * 20) for n in (0xF1, 0xF2, 0xF3))
HEAD = Head(chain_id=CHAIN_ID, number=1, hash=word("0x" + "ab" * 32), timestamp=Moment(1))


def answered(signature: str, *values: object) -> tuple[str, str]:
    """The selector of a view and what it answers, both as hex."""
    from eth_abi.abi import encode

    fn = function(signature)
    return to_hex(fn.selector), to_hex(encode(fn.outputs, values))


FACETS = "facets()((address,bytes4[])[])"
LYING_DIAMONDS = {
    "one selector under two facets": (
        [answered(FACETS, [(FACET, [SELECTOR]), (OTHER, [SELECTOR])])],
        "lists 0x01020304 under two facets",
    ),
    "one selector twice under a facet": (
        [answered(FACETS, [(FACET, [SELECTOR, SELECTOR])])],
        "lists 0x01020304 under two facets",
    ),
    "two accounts of where it goes": (
        [answered(FACETS, [(FACET, [SELECTOR])]), answered("facetAddress(bytes4)(address)", OTHER)],
        f"routes 0x01020304 to {OTHER.lower()}, while its loupe says {FACET}",
    ),
}


@pytest.mark.parametrize(("views", "words"), LYING_DIAMONDS.values(), ids=LYING_DIAMONDS.keys())
def test_a_loupe_that_contradicts_itself_is_not_believed(views: list[tuple[str, str]], words: str) -> None:
    known = dict([*views, answered("owner()(address)", OTHER)])
    script = by_method(eth_getCode="0x00", eth_call=lambda request, _: known.get(request["data"][:10], "0x"))
    with serving(script) as node, pytest.raises(ChainContradicts, match=words):
        NodeTarget(NodeChain(node.url, CHAIN_ID, "devnet"), network(WHERE, kind=TargetKind.DIAMOND)).look(HEAD)


STATE = "manifest()(bytes32,bytes32,uint64,uint64,uint64,uint64,bool)"
UNREADABLE = {
    "no owner": (TargetKind.DIAMOND, [answered(FACETS, [])], "owner()"),
    "a dispatcher without a loupe": (
        TargetKind.MANIFEST_DISPATCHER,
        [
            answered(STATE, bytes(32), bytes(32), 0, 0, 0, 0, False),
            answered("paused()(bool)", False),
            answered("hasRole(bytes32,address)(bool)", True),
        ],
        "facets()",
    ),
    "a loupe of something else": (TargetKind.DIAMOND, [(to_hex(selector("facets()")), "0x" + "ff" * 96)], "facets()"),
    "no facetAddress": (
        TargetKind.DIAMOND,
        [answered(FACETS, [(FACET, [SELECTOR])]), answered("owner()(address)", OTHER)],
        "facetAddress(bytes4)",
    ),
    "a state whose epoch does not fit": (
        TargetKind.MANIFEST_DISPATCHER,
        [(to_hex(selector("manifest()")), "0x" + "ff" * 7 * 32)],
        "manifest()",
    ),
    "a dispatcher that cannot be paused": (
        TargetKind.MANIFEST_DISPATCHER,
        [answered(STATE, bytes(32), bytes(32), 0, 0, 0, 0, False)],
        "paused()",
    ),
}


@pytest.mark.parametrize("reverts", [True, False], ids=["reverts", "says nothing"])
@pytest.mark.parametrize(("kind", "views", "words"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_fact_that_cannot_be_read_is_refused_and_never_assumed(
    kind: TargetKind, views: list[tuple[str, str]], words: str, reverts: bool
) -> None:
    known = dict(views)

    def script(questions: Questions) -> Reply:
        return answers([answer(question) for question in questions])

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        if question["method"] == "eth_getCode":
            return result(question, "0x00")
        asked = question["params"][0]["data"][:10]
        if reverts and asked not in known:
            return failure(question, 3, "execution reverted", data="0x")
        return result(question, known.get(asked, "0x"))

    with serving(script) as node, pytest.raises(Refused) as caught:
        NodeTarget(NodeChain(node.url, CHAIN_ID, "devnet"), network(WHERE, kind=kind)).look(HEAD)
    (finding,) = caught.value.findings
    assert finding.rule == "target-read"
    assert caught.value.message == "the governed system cannot be read"
    assert finding.message.startswith(f"{WHERE} does not answer ")
    assert f" {words} " in finding.message


# ---- the anchor ----------------------------------------------------------------------------------------------------


@pytest.mark.node
def test_the_anchored_digest_is_that_of_the_block_that_is_asked(node: Node) -> None:
    first, second = (Bytes32(keccak(text)) for text in (b"first", b"second"))
    anchor = node.deploy("PolicyAnchor", node.address(TIMELOCK), first, "here")
    before = node.head()
    node.call(anchor, "setPolicy(bytes32,string)", second, "there", sender=node.address(TIMELOCK))
    reader = NodeAnchor(node.chain, anchor)
    assert (reader.digest(before), reader.digest(node.head())) == (first, second)


@pytest.mark.node
@pytest.mark.parametrize("name", ["Sink", "Box", "nothing"])
def test_there_is_no_policy_where_there_is_no_anchor(node: Node, name: str) -> None:
    where = checksummed(b"\x99" * 20) if name == "nothing" else node.deploy(name)
    with pytest.raises(Refused) as caught:
        NodeAnchor(node.chain, where).digest(node.head())
    (finding,) = caught.value.findings
    assert finding.rule == "policy-anchor"
    assert where in finding.message
