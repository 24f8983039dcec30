"""`unpause` and `policy_change`, and what the older kinds answer a reviewer and lead back to."""

# ruff: noqa: E501 - one row, one fact

from typing import Any

import pytest

from governance.core.access import EMERGENCY
from governance.core.call import encode_call, function
from governance.core.effects import AnchorIs, PausedIs
from governance.core.facts import Generation
from governance.core.pins import CodePin
from governance.core.units import EMPTY_CODE_HASH, Bytes32
from tests.core.kindfacts import (
    ANCHOR,
    COUNCIL,
    NEW,
    TARGET,
    TIMELOCK,
    A,
    B,
    Body,
    derive,
    inverse,
    pins,
    questions,
    refusals,
    summaries,
    target,
)

UNPAUSE: Body = {"kind": "unpause", "reason": "the fault is gone"}
OLDER = [Generation.V1, Generation.COMPACT, Generation.P4]


def paused(**changes: Any) -> Any:
    return pins(target=target(paused=True, **changes))


def test_our_dispatcher_is_unpaused_by_its_admin():
    made = derive(UNPAUSE, paused())
    (call,) = made.bundles[0].calls
    assert (call.to, call.data, made.effects) == (TARGET, bytes.fromhex("3f4ba83a"), (PausedIs(paused=False),))


@pytest.mark.parametrize("generation", OLDER)
def test_older_generations_are_unpaused_by_a_role_that_is_lent_where_it_is_not_held(generation: Generation):
    assert summaries(derive(UNPAUSE, paused(generation=generation, timelock_may_remove=True))) == ["unpause"]
    made = derive(UNPAUSE, paused(generation=generation))
    role = [EMERGENCY, TIMELOCK]
    assert [call.data for call in made.bundles[0].calls] == [
        encode_call(function("grantRole(bytes32,address)"), role),
        bytes.fromhex("3f4ba83a"),
        encode_call(function("revokeRole(bytes32,address)"), role),
    ]


NEVER = {
    "what is not paused": (pins(), ["not-paused"]),
    "a diamond": (paused(generation=Generation.DIAMOND), ["no-pause"]),
    "our dispatcher by who is no admin": (paused(timelock_is_admin=False, timelock_may_remove=True), ["timelock-lacks-role"]),
    "an older one without role and admin right": (paused(generation=Generation.V1, timelock_is_admin=False), ["timelock-lacks-role"]),
    "both": (pins(target=target(timelock_is_admin=False)), ["not-paused", "timelock-lacks-role"]),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_unpausing_is_refused_for(name: str):
    facts, expected = NEVER[name]
    assert [rule for rule, _ in refusals(UNPAUSE, facts)] == expected


def test_a_reviewer_of_unpause_asks_what_becomes_executable():
    assert any("gov cancel what must not be" in each for each in questions(UNPAUSE, paused()))
    assert any("A root is committed" in each for each in questions(UNPAUSE, paused(pending_root=Bytes32(b"\1" * 32))))
    assert inverse(UNPAUSE, paused()) == {"kind": "emergency_pause", "reason": "Take back: Try it"}


def policy(digest: str = "0x" + "0b" * 32) -> Body:
    return {"kind": "policy_change", "digest": digest, "uri": "new.yaml"}


def test_the_anchor_is_set_to_the_new_digest_and_back():
    made = derive(policy())
    ((call,),) = (bundle.calls for bundle in made.bundles)
    assert (call.to, call.data) == (
        ANCHOR,
        encode_call(function("setPolicy(bytes32,string)"), [b"\x0b" * 32, "new.yaml"]),
    )
    assert made.effects == (AnchorIs(digest=Bytes32(b"\x0b" * 32), uri="new.yaml"),)
    assert inverse(policy()) == {"kind": "policy_change", "digest": "0x" + "0a" * 32, "uri": "old.yaml"}
    assert any("still allow a policy_change" in each for each in questions(policy()))


def test_the_policy_in_force_the_zero_digest_and_an_anchor_without_code_are_refused():
    assert refusals(policy("0x" + "0a" * 32)) == [("policy-same", "digest")]
    assert refusals(policy("0x" + "00" * 32)) == [("policy-zero", "digest")]
    nothing = pins(codes=(CodePin(address=ANCHOR, code_hash=EMPTY_CODE_HASH),))
    assert refusals(policy(), nothing) == [("target-no-code", "")]


def test_a_facet_swap_leads_back_to_the_pinned_facets():
    changes: list[Body] = [
        {"replace": NEW, "selectors": ["0x00000001"]},
        {"add": NEW, "selectors": ["0x00000009"]},
        {"remove": ["0x00000002"]},
    ]
    body = {"kind": "facet_swap", "changes": changes}
    back = [
        {"add": B, "selectors": ["0x00000002"]},
        {"replace": A, "selectors": ["0x00000001"]},
        {"remove": ["0x00000009"]},
    ]
    assert inverse(body) == {"kind": "facet_swap", "changes": back}
    asked = questions(
        body, pins(target=target(generation=Generation.V1, paused=True, pending_root=Bytes32(b"\1" * 32)))
    )
    assert [
        any(words in each for each in asked)
        for words in (NEW, "still calls the 1", "before its root", "is dropped", "paused")
    ] == [True] * 5


def test_a_manifest_upgrade_leads_back_to_the_pinned_facets():
    body = {"kind": "manifest_upgrade", "routes": [{"selector": "0x00000001", "facet": NEW}]}
    back = [{"add": B, "selectors": ["0x00000002"]}, {"replace": A, "selectors": ["0x00000001"]}]
    assert inverse(body) == {"kind": "facet_swap", "changes": back}
    assert questions(body)


def test_pausing_leads_back_to_unpausing_and_asks_what_cannot_be_done_meanwhile():
    body = {"kind": "emergency_pause", "reason": "a fault"}
    assert inverse(body) == {"kind": "unpause", "reason": "Take back: Try it"}
    assert len(questions(body, pins(target=target(generation=Generation.P4)))) == len(questions(body)) + 1


def test_a_cancel_and_a_plain_call_lead_nowhere_back():
    cancel = {"kind": "cancel", "proposal": "0007-x", "reason": "why"}
    call = {"kind": "contract_call", "calls": [{"to": NEW, "function": "poke()", "value": "5"}]}
    assert (inverse(cancel), inverse(call)) == (None, None)
    assert any("0007-x" in each for each in questions(cancel))
    assert any("5 wei" in each for each in questions(call))
    assert any("Nothing is expected" in each for each in questions(call))


HINTS = {
    "unpause()": "unpause",
    "grantRole(bytes32,address)": "role_change",
    "commitRoot(bytes32,uint64)": "facet_swap or manifest_upgrade",
    "freeze()": "no kind of proposal does this",
}


@pytest.mark.parametrize("signature", HINTS)
def test_a_call_that_another_kind_derives_is_refused_with_its_name(signature: str):
    assert HINTS[signature] in _hint(
        {"to": "target", "function": signature, "args": ["0x" + "00" * 32] * signature.count(",")}
    )


def test_a_call_to_those_who_govern_is_refused_with_the_kind_that_changes_them():
    for to, kind in (
        (COUNCIL, "council_change"),
        (TIMELOCK, "timelock_change or role_change"),
        (ANCHOR, "policy_change"),
    ):
        assert kind in _hint({"to": to, "function": "poke()"})


def _hint(call: Body) -> str:
    from governance.core.errors import Refused

    with pytest.raises(Refused) as caught:
        derive({"kind": "contract_call", "calls": [call]})
    return next(finding.hint for finding in caught.value.findings if finding.rule == "governance-call")
