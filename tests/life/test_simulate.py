"""Rehearsals on a real node: what is predicted is what then happens, slot by slot; and each kind of sabotage is found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.adapters import anvil
from governance.adapters.simulate import NodeSimulator
from governance.apps.wiring import site_over
from governance.core import merkle
from governance.core.call import Call, encode_call, function
from governance.core.difference import Change
from governance.core.errors import Finding, Refused
from governance.core.facts import Generation, Route
from governance.core.keccak import keccak
from governance.core.kinds import KINDS, Lane
from governance.core.kinds.upgrade import APPLY_ROUTES, COMMIT_ROOT
from governance.core.rehearsal import Rehearsal
from governance.core.safelayout import GUARD_SLOT
from governance.core.slots import DISPATCHER, word_at
from governance.core.units import Address, checksummed, hex_bytes, to_hex
from governance.life import execute as life_execute
from governance.life.script import ANYONE
from governance.life.simulate import simulate
from governance.life.watch import StepSighting
from tests import sites
from tests.chainkit import artifact, init_code
from tests.life.test_kind_scenarios import OF_THE_CHAIN, STORIES, Body, Story, document, quorum
from tests.sites import DELAY, NETWORK, Devnet, Options, Place, people, rules

pytestmark = pytest.mark.node

ONE, TWO, THREE = "0001-one", "0002-two", "0003-three"
FEE = {"call": "fee()(uint256)", "equals": "30"}
SWAP: Body = {
    "kind": "facet_swap",
    "changes": [
        {"replace": "FeeFacet@2", "selectors": ["setFee(uint256)", "fee()"]},
        {"add": "FeeFacet@2", "selectors": ["maxFee()"]},
        {"remove": ["treasurySince()"]},
    ],
    "expect": [FEE, {"call": "maxFee()(uint256)", "equals": "500"}],
}
PAUSE: Body = {"kind": "emergency_pause", "reason": "a fault"}
FACET = checksummed(b"\x41" * 20)


FEE_SLOT = "0x20b34e32bc82ea53c278e59387e1b223d559ec45034e49e1ca3981486b8bce0"
"""ERC-7201 location of the fee facet's words, less its last digit: the fee, and who set it when."""


def fee_becomes(fee: int) -> list[dict[str, str]]:
    """What setting the fee changes; the second word holds a moment."""
    return [
        {"change": "target", "slot": f"{FEE_SLOT}0", "becomes": to_hex(fee.to_bytes(32, "big"))},
        {"change": "target", "slot": f"{FEE_SLOT}1", "becomes": "any"},
    ]


def set_fee(to: str = "target", fee: int = 40, **more: Any) -> Body:
    call = {"to": to, "function": "setFee(uint256)", "args": [str(fee)]}
    expected = [{**FEE, "equals": str(fee)}, *fee_becomes(fee), {"event": "FeeSet(uint256,uint256)"}]
    return {"kind": "contract_call", "calls": [call], "expect": expected, **more}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("rehearsals")) as made:
        yield made


@pytest.fixture
def place(node: Devnet, tmp_path: Path) -> Iterator[Place]:
    with sites.on_anvil(node, tmp_path) as made:
        yield made


def rehearse(place: Place, node: Devnet, name: str = ONE) -> Rehearsal:
    simulator = NodeSimulator(node.url, NETWORK, place.site.chain)
    network = place.site.network
    return simulate(place.site, place.space, simulator, lambda chain: site_over(chain, network), name)


def rehearsed(place: Place, node: Devnet, body: Body, name: str = ONE) -> Rehearsal:
    """A draft, rehearsed before it is locked."""
    place.write(name, document(body))
    return rehearse(place, node, name)


def spoken(found: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in found]


def deploy(node: Devnet, name: str, *arguments: Any) -> Address:
    sender = people()["dave"].address
    sent = node.ask(
        "eth_sendTransaction",
        {"from": sender, "data": to_hex(init_code(artifact(name), *arguments)), "gas": hex(10**7)},
    )
    return checksummed(hex_bytes(mined(node, sent)["contractAddress"]))


def mined(node: Devnet, tx_hash: str) -> dict[str, Any]:
    receipts = (node.ask("eth_getTransactionReceipt", tx_hash) for _ in anvil.ticks())
    receipt: dict[str, Any] = next(found for found in receipts if found is not None)
    assert receipt["status"] == "0x1"
    return receipt


# ---- what is predicted is what happens -----------------------------------------------------------------------------

Word = tuple[str, str, str]
"""Account, part, slot."""
Pair = tuple[int, int]
"""Before and after; a code by its hash."""


def number(part: str, value: Any) -> int:
    if isinstance(value, int):
        return value
    return int.from_bytes(keccak(hex_bytes(value)), "big") if part == "code" else int(value, 16)


def predicted(changes: tuple[Change, ...]) -> dict[Word, Pair]:
    return {
        (c.account.lower(), str(c.part), to_hex(c.slot)): (
            number(c.part, to_hex(c.before)),
            number(c.part, to_hex(c.after)),
        )
        for c in changes
    }


def happened(node: Devnet, tx_hash: str) -> dict[Word, Pair]:
    """The node's own account of a mined transaction, but for who sent it and who mined it."""
    how = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    found = node.ask("debug_traceTransaction", tx_hash, how)
    mined_by = node.ask("eth_getBlockByNumber", "latest", False)["miner"]
    sender = node.ask("eth_getTransactionByHash", tx_hash)["from"]
    words: dict[Word, Pair] = {}
    for account in set(found["pre"]) | set(found["post"]):
        if account.lower() in OF_THE_CHAIN | {mined_by.lower()}:
            continue
        was, now = found["pre"].get(account, {}), found["post"].get(account, {})
        for slot in set(was.get("storage", {})) | set(now.get("storage", {})):
            pair = [int(side.get("storage", {}).get(slot, "0x0"), 16) for side in (was, now)]
            words[account.lower(), "storage", slot] = (pair[0], pair[1])
        for part in ("balance", "nonce", "code"):
            if part in now and account.lower() != sender.lower():
                pair = [
                    number(part, side.get(part, "0x")) if part in side or part == "code" else 0 for side in (was, now)
                ]
                words[account.lower(), part, to_hex(bytes(32))] = (pair[0], pair[1])
    return {word: pair for word, pair in words.items() if pair[0] != pair[1]}


def joined(*differences: dict[Word, Pair]) -> dict[Word, Pair]:
    whole: dict[Word, Pair] = {}
    for each in differences:
        for word, (before, after) in each.items():
            whole[word] = (whole.get(word, (before, 0))[0], after)
    return {word: pair for word, pair in whole.items() if pair[0] != pair[1]}


def really(place: Place, node: Devnet, name: str, start: int) -> tuple[Rehearsal, dict[Word, Pair]]:
    """Sign, send and execute at the very moments that are rehearsed; gives the last rehearsal, and what really changed."""
    lane = KINDS[place.space.proposal(name).document.kind].lane
    place.sign(name, *quorum(place, lane))
    last = rehearse(place, node, name)
    node.ask("evm_setNextBlockTimestamp", start)
    if lane is not Lane.TIMELOCK:
        sent: list[str] = []
        life_execute.execute(
            place.site,
            place.space,
            name,
            place.payer,
            lambda _, receipt: sent.append(to_hex(receipt.tx_hash)),
            rehearse=None,
        )
        return last, joined(*(happened(node, each) for each in sent))
    place.queue(name)
    last = rehearse(place, node, name)
    assert last.findings == ()
    assert not any(act.act.label.startswith("schedule") for block in last.blocks for act in block.acts)
    return last, joined(*(_executed(node, seen) for seen in place.look(name).steps))


def _executed(node: Devnet, seen: StepSighting) -> dict[Word, Pair]:
    """At the first moment at which it may be."""
    assert seen.eta is not None
    assert seen.step.operation is not None
    node.ask("evm_setNextBlockTimestamp", seen.eta.seconds)
    call = seen.step.operation.execute()
    request = {"from": people()["executor"].address, "to": call.to, "data": to_hex(call.data)}
    sent = node.ask("eth_sendTransaction", {**request, "value": hex(call.value), "gas": hex(10**7)})
    mined(node, sent)
    return happened(node, sent)


def told(body: Body) -> Story:
    return lambda place, node: body


def _paid(place: Place, node: Devnet) -> Body:
    box = deploy(node, "Box")
    free, policy = "    calls: any\n", place.space.policy_file
    place.edit(policy, free, f"{free}    value_at_most: 5\n")
    digest = place.space.policy().digest
    place.timelock_does((place.site.network.policy_anchor, "setPolicy(bytes32,string)", [digest, "policies.yaml"]))
    call = {"to": box, "function": "set(uint256)", "args": ["7"], "value": "5"}
    return {
        "kind": "contract_call",
        "calls": [call],
        "expect": [
            {"call": "value()(uint256)", "equals": "7", "to": box},
            {"change": box, "slot": to_hex(word_at(0)), "becomes": to_hex(word_at(7))},
            {"change": box, "slot": to_hex(word_at(1)), "becomes": "any"},
            {"balance": box, "changes_by": "5"},
        ],
    }


def _a_call_that_creates(place: Place, node: Devnet) -> Body:
    """A factory: what it makes has code and a nonce that were not there."""
    place.set_code(FACET, hex_bytes("0x" + "6460015ff35f5f526005601b5ff05000"))
    call = {"to": FACET, "function": "make()", "args": []}
    child = checksummed(keccak(bytes.fromhex("d694") + hex_bytes(FACET) + b"\x80")[12:])  # of its nonce 0
    return {"kind": "contract_call", "calls": [call], "expect": [{"creates": child}]}


def _cancel(place: Place, node: Devnet) -> Body:
    place.queued("0009-nine", document(SWAP))
    return {"kind": "cancel", "proposal": "0009-nine", "reason": "a fault"}


LIVES: dict[str, tuple[Story, Options]] = {
    **{f"a facet swap on {g}": (told(SWAP), Options(generation=g)) for g in Generation},
    **{
        f"two operations on {g}": (told(SWAP), Options(generation=g, activation_delay="1 h"))
        for g in (Generation.OURS, Generation.V1, Generation.COMPACT)
    },
    "a facet swap under Safe 1.5.0": (told(SWAP), Options(safe_version="1.5.0")),
    "a call": (told(set_fee()), Options()),
    "a call with wei": (_paid, Options()),
    "a call that creates": (_a_call_that_creates, Options()),
    "a pause": (told(PAUSE), Options()),
    "a cancel": (_cancel, Options()),
    **STORIES,
}


@pytest.mark.parametrize("name", LIVES)
def test_the_predicted_difference_is_the_one_that_happens(name: str, node: Devnet, tmp_path: Path) -> None:
    """threat_47: slot by slot, before anybody signs and again once it waits."""
    story, options = LIVES[name]
    with sites.on_anvil(node, tmp_path, options) as place:
        body = story(place, node)
        drafted = rehearsed(place, node, body)
        assert spoken(drafted.findings) == []
        place.lock(ONE)
        locked = rehearse(place, node)
        assert (locked.locked, drafted.locked) == (True, False)
        assert (locked.changes, locked.digest, locked.blocks) == (drafted.changes, drafted.digest, drafted.blocks)
        waiting, actual = really(place, node, ONE, locked.head.timestamp.seconds + 12)
        assert actual
        assert predicted(waiting.changes) == actual
        two = len(place.steps(ONE)) == 2
        # Two Safe transactions cannot share a block's second here: the later operation's moment is off by one.
        assert two or predicted(locked.changes) == actual
        assert set(place.verify(ONE).seen) <= set(locked.promised)
        assert len(place.verify(ONE).seen) >= len(locked.promised) - 2  # events and moments only happen
        assert all(seen.held for seen in locked.promised)


def test_every_changed_word_of_our_own_contracts_has_a_name(place: Place, node: Devnet) -> None:
    found = rehearsed(place, node, SWAP)
    assert [c for c in found.changes if (c.account, c.slot) not in found.names] == []
    assert len({found.names[c.account, c.slot] for c in found.changes}) == len(found.changes) > 15
    pause = rehearsed(place, node, PAUSE, TWO)
    assert {pause.names[c.account, c.slot] for c in pause.changes} == {
        "the nonce",
        "paused, commit numbers, number of staged routes",
    }


def test_the_early_execution_is_tried_in_the_same_run_and_reverts(place: Place, node: Devnet) -> None:
    found = rehearsed(place, node, SWAP)
    tried = [(r.act.label, r.act.must_pass, r.played.ok) for block in found.blocks for r in block.acts]
    assert tried[-3:] == [
        ("schedule: upgrade", True, True),
        ("execute too early: upgrade", False, False),
        ("execute: upgrade", True, True),
    ]
    moments = [block.moment.seconds - found.head.timestamp.seconds for block in found.blocks]
    assert moments == [12, 12 + DELAY - 1, 12 + DELAY]


def test_once_the_time_has_come_only_the_execution_is_left(place: Place, node: Devnet) -> None:
    place.queued(ONE, document(SWAP))
    place.warp(DELAY)
    found = rehearse(place, node)
    assert [r.act.label for block in found.blocks for r in block.acts] == ["execute: upgrade"]
    assert found.findings == ()
    place.execute(ONE)
    with pytest.raises(Refused, match="is executed"):
        rehearse(place, node)


def test_what_precedes_it_in_the_queue_of_the_safe_is_rehearsed_first(place: Place, node: Devnet) -> None:
    place.write(ONE, document(SWAP))
    place.lock(ONE)
    place.write(TWO, document(set_fee()))
    place.lock(TWO)
    found = rehearse(place, node, TWO)
    labels = [r.act.label for block in found.blocks for r in block.acts]
    assert [label for label in labels if "approve" not in label][:2] == ["earlier: nonce 0", "schedule: calls"]
    assert found.findings == ()


def test_named_executors_execute(place: Place, node: Devnet) -> None:
    heidi = people()["heidi"].address
    timelock, role = place.site.network.timelock, keccak(b"EXECUTOR_ROLE")
    place.timelock_does(
        (timelock, "grantRole(bytes32,address)", [role, heidi]),
        (timelock, "revokeRole(bytes32,address)", [role, "0x" + "00" * 20]),
    )
    found = rehearsed(place, node, SWAP)
    assert (found.findings, found.blocks[-1].acts[0].act.sent.sender) == ((), heidi)
    assert found.blocks[0].acts[-1].act.sent.sender == ANYONE


# ---- sabotage --------------------------------------------------------------------------------------------------------


def hostile(place: Place, node: Devnet, signature: str, *arguments: Any) -> Address:
    """An admin of the target that, whenever it is called, calls the target."""
    receiver = deploy(node, "HostileReceiver")
    target = place.site.network.target
    payload = encode_call(function(signature), arguments)
    arm = encode_call(function("arm(address,bytes)"), [target, payload])
    sent = node.ask(
        "eth_sendTransaction",
        {"from": people()["dave"].address, "to": receiver, "data": to_hex(arm), "gas": hex(10**6)},
    )
    mined(node, sent)
    place.timelock_does((target, "grantRole(bytes32,address)", [bytes(32), receiver]))
    return receiver


def _guarded_by(node: Devnet, safe: Address, guard: Address) -> None:
    slot = GUARD_SLOT.to_bytes(32, "big")
    node.ask("anvil_setStorageAt", safe, to_hex(slot), to_hex(bytes(12) + hex_bytes(guard)))
    node.ask("evm_mine")


def _guard_that_acts_when_it_is_scheduled(place: Place, node: Devnet) -> Body:
    _guarded_by(node, place.site.network.council, hostile(place, node, "setFee(uint256)", 40))
    return set_fee()


def _guard_that_undoes_a_pause(place: Place, node: Devnet) -> Body:
    _guarded_by(node, place.site.network.guardian, hostile(place, node, "unpause()"))
    return PAUSE


def _timelock_that_waits_for_nothing(place: Place, node: Devnet) -> Body:
    timelock = place.site.network.timelock
    code = hex_bytes(node.ask("eth_getCode", timelock, "latest"))
    waits, not_at_all = bytes.fromhex("4281111561"), bytes.fromhex("3081111561")
    assert code.count(waits) == 1
    place.set_code(timelock, code.replace(waits, not_at_all))
    return SWAP


def _call_that_fails(place: Place, node: Devnet) -> Body:
    return set_fee(deploy(node, "Reverter", "not today"), expect=[])


def _wrong_expectation(place: Place, node: Devnet) -> Body:
    return set_fee(expect=[{**FEE, "equals": "41"}, *fee_becomes(40)])


def _call_that_fails_in_a_facet(place: Place, node: Devnet) -> Body:
    place.executed("0009-nine", document(SWAP))
    return set_fee(fee=501, expect=[])


def _facet_that_lends_its_storage(place: Place, node: Devnet) -> Body:
    """Delegatecalls to a contract that nobody approved."""
    sink = deploy(node, "Sink")
    place.set_code(FACET, hex_bytes("0x5f5f5f5f73" + sink[2:] + "5af400"))
    add: Body = {"kind": "facet_swap", "changes": [{"add": FACET, "selectors": ["poke()"]}]}
    place.executed("0009-nine", document(add))
    return {"kind": "contract_call", "calls": [{"to": "target", "function": "poke()", "args": []}]}


def _call_that_grants_a_role(place: Place, node: Devnet) -> Body:
    """The innocent call ends in a contract with the admin's right, which uses it."""
    giver = hostile(place, node, "grantRole(bytes32,address)", keccak(b"COMMIT_ROLE"), people()["heidi"].address)
    return set_fee(giver, expect=[])


def _call_that_writes_once_more(place: Place, node: Devnet) -> Body:
    """A contract that writes what it should, and the last word there is."""
    place.set_code(FACET, hex_bytes("0x60075f5560015f195500"))
    call = {"to": FACET, "function": "set()", "args": []}
    word = {"change": FACET, "slot": to_hex(word_at(0)), "becomes": to_hex(word_at(7))}
    return {"kind": "contract_call", "calls": [call], "expect": [word]}


def _change_that_does_not_come(place: Place, node: Devnet) -> Body:
    body = set_fee()
    return {**body, "expect": [*body["expect"], {"change": "target", "slot": to_hex(word_at(5)), "becomes": "any"}]}


def _event_that_does_not_come(place: Place, node: Devnet) -> Body:
    body = set_fee()
    return {**body, "expect": [*body["expect"], {"event": "Paused()"}]}


def _wrong_balance(place: Place, node: Devnet) -> Body:
    body = _paid(place, node)
    return {**body, "expect": [*body["expect"][:-1], {**body["expect"][-1], "changes_by": "6"}]}


def _probe_that_passes(place: Place, node: Devnet) -> Body:
    body = set_fee()
    probe = {"call": "setFee(uint256)", "args": ["1"], "from": place.site.network.timelock, "reverts": "true"}
    return {**body, "expect": [*body["expect"], probe]}


def _zero(place: Place, node: Devnet) -> Body:
    body = set_fee(fee=0)
    return {**body, "expect": [*body["expect"][2:], {"call": "fee()(uint256)", "nonzero": "true"}]}


SABOTAGE: dict[str, tuple[Story, list[str], str]] = {
    "a guard that acts when it is scheduled": (
        _guard_that_acts_when_it_is_scheduled,
        ["early-effect"],
        "before the delay is over, fee() gives 40: found 40, without the proposal 30",
    ),
    "a guard that undoes a pause": (
        _guard_that_undoes_a_pause,
        ["effect-missing", "rollback-impossible"],
        "would find is not paused",
    ),
    "a timelock that waits for nothing": (
        _timelock_that_waits_for_nothing,
        ["early-execution-possible", "step-reverts"],
        "nothing holds it back",
    ),
    "a call that fails": (_call_that_fails, ["step-reverts"], "would revert"),
    "a call that fails in a facet": (_call_that_fails_in_a_facet, ["step-reverts"], "FeeAboveCap(501, 500)"),
    "a wrong expectation": (_wrong_expectation, ["expectation-broken"], "fee() gives 41: would find 40"),
    "a facet that lends its storage": (
        _facet_that_lends_its_storage,
        ["delegatecall-in-execution"],
        "would run the code of",
    ),
    "a call that grants a role beside what it says": (
        _call_that_grants_a_role,
        ["role-gained"],
        "role COMMIT_ROLE of the target for",
    ),
    "a call that writes once more, last": (_call_that_writes_once_more, ["extra-change"], "slot 0xff"),
    "a change that does not come": (
        _change_that_does_not_come,
        ["expectation-broken"],
        "becomes any: would find no change",
    ),
    "an event that does not come": (_event_that_does_not_come, ["expectation-broken"], "would find 0 of them"),
    "a balance that does not move as said": (_wrong_balance, ["expectation-broken"], "changes by 6: would find 5"),
    "a probe that is let through": (_probe_that_passes, ["expectation-broken"], "reverts: would find an answer"),
    "a zero where there must be none": (_zero, ["expectation-broken"], "gives something: would find 0"),
}


@pytest.mark.parametrize("name", SABOTAGE)
def test_sabotage_is_found_by_its_name(name: str, place: Place, node: Devnet) -> None:
    """threat_38"""
    story, expected, words = SABOTAGE[name]
    found = rehearsed(place, node, story(place, node))
    assert spoken(found.findings) == expected
    assert words in found.findings[0].message
    with pytest.raises(Refused) as caught:
        found.require()
    assert rules(caught.value) == expected


@pytest.mark.parametrize("generation", [Generation.V1, Generation.COMPACT])
def test_who_applies_past_the_timelock_makes_the_plan_stale(
    generation: Generation, node: Devnet, tmp_path: Path
) -> None:
    """On deployed generations a stranger with COMMIT and APPLY needs no activation."""
    with sites.on_anvil(node, tmp_path, Options(generation=generation)) as place:
        target, facet = place.site.network.target, place.plan.parts.facets["FeeFacet@2"]
        dave = place.account("dave")
        roles = [keccak(name) for name in (b"COMMIT_ROLE", b"APPLY_ROLE")]
        place.timelock_does(*((target, "grantRole(bytes32,address)", [role, dave.address]) for role in roles))
        place.write(ONE, document(SWAP))
        place.lock(ONE)
        selector = facet.selectors["maxFee()"]
        route = Route(selector=selector, facet=facet.address, code_hash=facet.runtime_hash)
        tree = merkle.build(merkle.leaves(merkle.Profile.B, [route]), merkle.Profile.B, merkle.Odd.PROMOTE)
        calls = [
            encode_call(COMMIT_ROOT, [tree.root, 2]),
            encode_call(APPLY_ROUTES, [[selector], [facet.address], [facet.runtime_hash], [[]], [[]]]),
        ]
        for number, data in enumerate(calls):
            dave.send(Call(to=target, data=data), purpose=f"sabotage {number}")
        assert place.ask("maxFee()(uint256)") == 500
        found = rehearse(place, node)
        assert "lock-stale" in spoken(found.findings)
        assert any(finding.path == "pins.target.routes" for finding in found.findings)


def _refused(place: Place, node: Devnet, name: str = ONE) -> list[str]:
    with pytest.raises(Refused) as caught:
        rehearse(place, node, name)
    return rules(caught.value)


def test_a_nonce_that_is_gone_or_that_nobody_plans_is_told(place: Place, node: Devnet) -> None:
    place.write(ONE, document(SWAP))
    place.lock(ONE)
    place.write(TWO, document(set_fee()))
    place.lock(TWO)
    place.space.lock_file(ONE).unlink()
    assert _refused(place, node, TWO) == ["simulate-nonce"]
    for _ in range(2):
        place.council_sends("changeThreshold(uint256)", 3)
    assert _refused(place, node, TWO) == ["simulate-nonce"]


def test_what_comes_after_another_waits_for_it(place: Place, node: Devnet) -> None:
    place.queued(ONE, document(SWAP))
    place.write(TWO, document({**set_fee(), "after": ONE}))
    assert _refused(place, node, TWO) == ["simulate-predecessor"]
    place.warp(DELAY)
    place.execute(ONE)
    assert rehearse(place, node, TWO).findings == ()


@pytest.mark.parametrize("generation", [Generation.OURS, Generation.V1, Generation.COMPACT])
def test_what_was_committed_late_is_rehearsed_as_late(generation: Generation, node: Devnet, tmp_path: Path) -> None:
    """The dispatcher's own delay began when the commit was executed, not when it could have been."""
    with sites.on_anvil(node, tmp_path, Options(generation=generation, activation_delay="1 h")) as place:
        place.queued(ONE, document(SWAP))
        place.warp(DELAY + 3600)
        with pytest.raises(Refused):
            place.execute(ONE)
        found = rehearse(place, node)
        assert found.findings == ()
        assert [r.act.label for block in found.blocks for r in block.acts][-1] == "execute: activate"
        place.warp(3600)
        place.execute(ONE)
        assert place.verify(ONE).ok


def test_nothing_is_sent_and_nothing_is_written(place: Place, node: Devnet) -> None:
    place.write(ONE, document(SWAP))
    before = (node.ask("eth_blockNumber"), sorted(place.space.root.rglob("*")))
    first, second = rehearse(place, node), rehearse(place, node)
    assert (node.ask("eth_blockNumber"), sorted(place.space.root.rglob("*"))) == before
    assert first == second


def test_without_an_executor_nothing_is_rehearsed(place: Place, node: Devnet) -> None:
    role = keccak(b"EXECUTOR_ROLE")
    place.timelock_does((place.site.network.timelock, "revokeRole(bytes32,address)", [role, "0x" + "00" * 20]))
    place.write(ONE, document(SWAP))
    assert _refused(place, node) == ["no-executor"]


@pytest.mark.parametrize("swaps", [True, False])
def test_a_system_that_could_not_be_read_afterwards_is_found(swaps: bool, place: Place, node: Devnet) -> None:
    """A facet that, when called, destroys what the dispatcher knows of its routes."""
    place.set_code(FACET, hex_bytes("0x5f19" + "7f" + to_hex(word_at(DISPATCHER + 4))[2:] + "5500"))
    add: Body = {"kind": "facet_swap", "changes": [{"add": FACET, "selectors": ["poke()"]}]}
    place.executed("0009-nine", document(add))
    poke = {"kind": "contract_call", "calls": [{"to": "target", "function": "poke()", "args": []}]}
    swap = {"kind": "facet_swap", "changes": SWAP["changes"]}
    found = rehearsed(place, node, {"kind": "batch", "entries": [swap, poke]} if swaps else poke)
    assert spoken(found.findings) == (["target-read"] if swaps else ["target-read", "extra-change"])
    assert any(found.names.get((c.account, c.slot)) == "number of recorded selectors" for c in found.changes) is swaps
    assert found.changes
