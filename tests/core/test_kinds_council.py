"""`council_change`: the Safe's linked lists, and a council that one lost key, or a minority, would end."""

# ruff: noqa: E501 - one row, one fact

from dataclasses import replace

import pytest

from governance.core.call import Call, encode_call, function
from governance.core.effects import Effect, FallbackHandlerIs, GuardIs, ModuleIs, OwnersAre
from governance.core.errors import Rejected
from governance.core.kinds import KINDS, Lane
from governance.core.plan import derive_plan
from governance.core.safelayout import SENTINEL
from governance.core.units import ZERO_ADDRESS
from tests.core.kindfacts import (
    CODELESS,
    COUNCIL,
    NETWORK,
    NEW,
    SAFE,
    TIMELOCK,
    A,
    B,
    Body,
    C,
    D,
    E,
    account,
    derive,
    governance,
    inverse,
    pins,
    proposal,
    questions,
    refusals,
)

M, N, HANDLER = account(0x31), account(0x32), account(0x41)


def council(**act: object) -> Body:
    return {"kind": "council_change", **act}


ACTS: dict[str, tuple[Body, str, list[object], Effect, Body]] = {
    "an owner comes": (council(add_owner=NEW, threshold="4"), "addOwnerWithThreshold(address,uint256)", [NEW, 4], OwnersAre(owners=frozenset({A, B, C, D, E, NEW}), threshold=4), council(remove_owner=NEW, threshold="3")),
    "the first owner leaves": (council(remove_owner=A, threshold="3"), "removeOwner(address,address,uint256)", [SENTINEL, A, 3], OwnersAre(owners=frozenset({B, C, D, E}), threshold=3), council(add_owner=A, threshold="3")),
    "the last owner leaves": (council(remove_owner=E, threshold="2"), "removeOwner(address,address,uint256)", [D, E, 2], OwnersAre(owners=frozenset({A, B, C, D}), threshold=2), council(add_owner=E, threshold="3")),
    "an owner is replaced": (council(swap_owner={"old": C, "new": NEW}), "swapOwner(address,address,address)", [B, C, NEW], OwnersAre(owners=frozenset({A, B, NEW, D, E}), threshold=3), council(swap_owner={"old": NEW, "new": C})),
    "the first owner is replaced": (council(swap_owner={"old": A, "new": NEW}), "swapOwner(address,address,address)", [SENTINEL, A, NEW], OwnersAre(owners=frozenset({NEW, B, C, D, E}), threshold=3), council(swap_owner={"old": NEW, "new": A})),
    "more must sign": (council(change_threshold="4"), "changeThreshold(uint256)", [4], OwnersAre(owners=frozenset(SAFE.owners), threshold=4), council(change_threshold="3")),
    "a guard": (council(set_guard=NEW), "setGuard(address)", [NEW], GuardIs(guard=NEW), council(set_guard=ZERO_ADDRESS)),
    "a module": (council(enable_module=NEW), "enableModule(address)", [NEW], ModuleIs(module=NEW, enabled=True), council(disable_module=NEW)),
    "the first module goes": (council(disable_module=M), "disableModule(address,address)", [SENTINEL, M], ModuleIs(module=M, enabled=False), council(enable_module=M)),
    "the second module goes": (council(disable_module=N), "disableModule(address,address)", [M, N], ModuleIs(module=N, enabled=False), council(enable_module=N)),
    "a handler": (council(set_fallback_handler=NEW), "setFallbackHandler(address)", [NEW], FallbackHandlerIs(handler=NEW), council(set_fallback_handler=HANDLER)),
    "no handler": (council(set_fallback_handler=ZERO_ADDRESS), "setFallbackHandler(address)", [ZERO_ADDRESS], FallbackHandlerIs(handler=ZERO_ADDRESS), council(set_fallback_handler=HANDLER)),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
def test_the_safe_calls_itself_and_the_inverse_is_the_opposite(name: str):
    body, signature, arguments, effect, back = ACTS[name]
    made = derive(body)
    ((call,),) = (bundle.calls for bundle in made.bundles)
    assert (call.to, call.value, call.data) == (COUNCIL, 0, encode_call(function(signature), arguments))
    assert made.effects == (effect,)
    assert inverse(body) == back
    assert questions(body)[0].startswith("No timelock delays this")


def test_no_timelock_stands_between():
    body = council(change_threshold="4")
    plan = derive_plan(proposal(body), KINDS["council_change"], network=NETWORK, pins=pins())
    (step,) = plan.steps
    assert (plan.lane, plan.safe, step.operation) == (Lane.COUNCIL, COUNCIL, None)
    assert (step.safe_tx.to, step.safe_tx.nonce, step.safe_tx.value) == (COUNCIL, 4, 0)
    assert Call(to=step.safe_tx.to, data=step.safe_tx.data, summary=step.calls[0].summary) == step.calls[0]


NEVER = {
    "more signatures than owners": (council(change_threshold="6"), [("threshold-unreachable", "change_threshold")]),
    "no signature": (council(change_threshold="0"), [("threshold-unreachable", "change_threshold")]),
    "everybody's signature": (council(change_threshold="5"), [("threshold-all", "change_threshold")]),
    "two of five": (council(change_threshold="2"), [("threshold-minority", "change_threshold")]),
    "the threshold that is": (council(change_threshold="3"), [("threshold-same", "change_threshold")]),
    "all that are left": (council(remove_owner=A, threshold="4"), [("threshold-all", "threshold")]),
    "more than are left": (council(remove_owner=A, threshold="5"), [("threshold-unreachable", "threshold")]),
    "a minority of six": (council(add_owner=NEW, threshold="2"), [("threshold-minority", "threshold")]),
    "an owner twice": (council(add_owner=A, threshold="3"), [("owner-held", "add_owner")]),
    "an owner for an owner": (council(swap_owner={"old": A, "new": B}), [("owner-held", "swap_owner.new")]),
    "nobody as owner": (council(add_owner=ZERO_ADDRESS, threshold="3"), [("owner-cannot-sign", "add_owner")]),
    "the head of the list as owner": (council(swap_owner={"old": A, "new": SENTINEL}), [("owner-cannot-sign", "swap_owner.new")]),
    "the Safe as its own owner": (council(add_owner=COUNCIL, threshold="3"), [("owner-cannot-sign", "add_owner")]),
    "the timelock as owner": (council(add_owner=TIMELOCK, threshold="3"), [("owner-cannot-sign", "add_owner")]),
    "a stranger who leaves": (council(remove_owner=NEW, threshold="3"), [("owner-unknown", "remove_owner")]),
    "a stranger who is replaced": (council(swap_owner={"old": NEW, "new": account(0x98)}), [("owner-unknown", "swap_owner.old")]),
    "the module that is": (council(enable_module=M), [("council-same", "enable_module"), ("target-no-code", "enable_module")]),
    "a module that is none": (council(disable_module=NEW), [("module-unknown", "disable_module")]),
    "no guard for no guard": (council(set_guard=ZERO_ADDRESS), [("council-same", "set_guard")]),
    "a guard without code": (council(set_guard=CODELESS), [("target-no-code", "set_guard")]),
    "nobody as module": (council(enable_module=ZERO_ADDRESS), [("council-invalid", "enable_module")]),
    "the Safe as its own handler": (council(set_fallback_handler=COUNCIL), [("council-invalid", "set_fallback_handler")]),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_refused_is(name: str):
    body, expected = NEVER[name]
    codes = (*pins().codes, *(replace(pins().codes[-1], address=each) for each in (M,)))
    assert refusals(body, pins(codes=codes)) == expected


def test_a_council_of_one_stays_with_one_key_lost():
    alone = replace(SAFE, owners=(A,), threshold=1)
    facts = pins(governance=governance(council=alone))
    assert refusals(council(add_owner=NEW, threshold="1"), facts) == []
    assert refusals(council(add_owner=NEW, threshold="2"), facts) == [("threshold-all", "threshold")]
    assert refusals(council(remove_owner=A, threshold="1"), facts) == [("threshold-unreachable", "threshold")]
    assert refusals(council(swap_owner={"old": A, "new": NEW}), facts) == [("threshold-all", "")]


MALFORMED = {
    "nothing": council(),
    "two acts": council(set_guard=NEW, enable_module=NEW),
    "an owner without a threshold": council(add_owner=NEW),
    "a threshold beside a guard": council(set_guard=NEW, threshold="3"),
    "a threshold alone": council(threshold="3"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_is(name: str):
    with pytest.raises(Rejected, match="does not follow its schema"):
        proposal(MALFORMED[name])


def test_questions_follow_the_act():
    guarded = pins(governance=governance(council=replace(SAFE, guard=NEW, modules=(TIMELOCK,))))
    lifted = questions(council(set_guard=ZERO_ADDRESS), guarded)
    assert any("what did it forbid" in each for each in lifted)
    assert any("why does this not wait" in each for each in lifted)
    assert any("without a signature" in each for each in questions(council(enable_module=NEW)))
    assert any("block everything" in each for each in questions(council(set_guard=NEW)))
    assert any("EIP-1271" in each for each in questions(council(set_fallback_handler=NEW)))
    assert any(f"behind {NEW}" in each for each in questions(council(swap_owner={"old": A, "new": NEW})))


def test_the_code_of_what_is_named_is_asked_for():
    needs = KINDS["council_change"].needs
    assert needs(proposal(council(set_guard=NEW)).document, NETWORK).codes == (NEW,)
    assert needs(proposal(council(set_guard=ZERO_ADDRESS)).document, NETWORK).codes == ()
    assert needs(proposal(council(disable_module=M)).document, NETWORK).codes == ()
