"""What a kind shows to people: the words of each bundle and call on a signer's card, and what a reviewer is asked."""

# ruff: noqa: E501 - one row, one fact

from dataclasses import replace

import pytest

from governance.core.access import ADMIN, CANCELLER, PROPOSER
from governance.core.facts import Generation
from governance.core.kinds import KINDS
from governance.core.kinds.roles import role_id
from governance.core.pins import Needs, Pins
from governance.core.units import ZERO_ADDRESS, Duration
from tests.core.kindfacts import (
    BEACON,
    BEACONED,
    GUARDIAN,
    NETWORK,
    NEW,
    OLD,
    PROXY,
    SAFE,
    TARGET,
    TIMELOCK,
    TRANSPARENT,
    A,
    B,
    Body,
    derive,
    governance,
    pins,
    proposal,
    questions,
    target,
)

SWAP: Body = {"kind": "facet_swap", "changes": [{"replace": NEW, "selectors": ["0x00000001"]}]}
SET: Body = {"function": "setUp(uint256)", "args": ["7"]}
DELAY: Body = {"kind": "timelock_change", "delay": "72 h"}
GRANT: Body = {"kind": "role_change", "changes": [{"on": "timelock", "grant": "EXECUTOR_ROLE", "account": A}]}
UNPAUSE: Body = {"kind": "unpause", "reason": "why"}
PAUSED = target(paused=True)


def upgrade(pattern: str, **more: object) -> Body:
    return {"kind": "proxy_upgrade", "proxy": PROXY, "pattern": pattern, "implementation": NEW, **more}


def proxied(facts: object) -> Pins:
    return pins(governance=governance(proxies=(facts,)))


CARDS: dict[str, tuple[Body, Pins, list[tuple[str, list[str]]]]] = {
    "a swap": (SWAP, pins(), [("upgrade", ["commitRoot: epoch 2", "applyRoutes: 1 routes", "activateCommittedRoot"])]),
    "a swap in two operations": (SWAP, pins(target=target(activation_delay=Duration(60))), [("commit and apply", ["commitRoot: epoch 2", "applyRoutes: 1 routes"]), ("activate", ["activateCommittedRoot"])]),
    "a cut": (SWAP, pins(target=target(generation=Generation.DIAMOND)), [("upgrade", ["diamondCut: 1 cuts, no init"])]),
    "plain calls": ({"kind": "contract_call", "calls": [{"to": NEW, "function": "set(uint8)", "args": ["7"]}]}, pins(), [("calls", ["set(7)"])]),
    "uups": (upgrade("uups"), pins(), [("upgrade", [f"upgradeToAndCall: {NEW}, calling nothing"])]),
    "uups with a call": (upgrade("uups", call=SET), pins(), [("upgrade", [f"upgradeToAndCall: {NEW}, calling setUp(uint256)"])]),
    "transparent": (upgrade("transparent"), proxied(TRANSPARENT), [("upgrade", [f"upgradeAndCall of {PROXY}: {NEW}, calling nothing"])]),
    "beacon": (upgrade("beacon"), proxied(BEACONED), [("upgrade", [f"beacon upgradeTo: {NEW}"])]),
    "a pause": ({"kind": "emergency_pause", "reason": "why"}, pins(), [("pause", ["pause"])]),
    "its end": (UNPAUSE, pins(target=PAUSED), [("unpause", ["unpause"])]),
    "roles": (GRANT, pins(), [("roles", [f"grantRole: EXECUTOR_ROLE to {A}"])]),
    "a delay": (DELAY, pins(), [("timelock", ["updateDelay: 3 d"])]),
    "a policy": ({"kind": "policy_change", "digest": "0x" + "0b" * 32, "uri": "x"}, pins(), [("policy", ["setPolicy: 0x" + "0b" * 32])]),
    "a batch": ({"kind": "batch", "entries": [DELAY, GRANT]}, pins(), [("batch", ["updateDelay: 3 d", f"grantRole: EXECUTOR_ROLE to {A}"])]),
    "the council": ({"kind": "council_change", "set_fallback_handler": NEW}, pins(), [("set fallback handler", ["the council to itself: set fallback handler"])]),
}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_a_card_says(name: str) -> None:
    body, facts, expected = CARDS[name]
    made = derive(body, facts)
    assert [(bundle.label, [call.summary for call in bundle.calls]) for bundle in made.bundles] == expected


NEEDED = {
    "a pause's end": (UNPAUSE, Needs(target=True)),
    "another handler": (
        {"kind": "council_change", "set_fallback_handler": NEW},
        Needs(council=True, codes=(NEW,)),
    ),
    "another delay": (DELAY, Needs(delay=True)),
}


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_read_first_for(name: str) -> None:
    body, expected = NEEDED[name]
    assert KINDS[body["kind"]].needs(proposal(body).document, NETWORK) == expected


def roles(on: str, verb: str, role: str, who: str) -> Body:
    return {"kind": "role_change", "changes": [{"on": on, verb: role, "account": who}]}


def holding(contract: str, role: bytes, *holders: str) -> Pins:
    return pins(governance=governance(roles={(contract, role): holders}))


UNKNOWN = "0x" + "77" * 32
GUARDED = pins(governance=governance(council=replace(SAFE, guard=OLD)))
ASKED: dict[str, tuple[Body, Pins, list[str]]] = {
    "uups": (upgrade("uups"), pins(), ["storage layouts", "verified", "and only by the timelock", "need an initializer"]),
    "uups with a call": (upgrade("uups", call=SET), pins(), ["storage layouts", "verified", "and only by the timelock", "does not undo `setUp(uint256)`"]),
    "transparent": (upgrade("transparent"), proxied(TRANSPARENT), ["storage layouts", "verified", "need an initializer"]),
    "beacon": (upgrade("beacon"), proxied(BEACONED), ["storage layouts", "verified", f"the beacon {BEACON} changes", "need an initializer"]),
    "the end of a pause": (UNPAUSE, pins(target=PAUSED), ["Is what was wrong gone", "Which operations"]),
    "a guard for none": ({"kind": "council_change", "set_guard": NEW}, pins(), ["No timelock", "block everything"]),
    "a guard for another": ({"kind": "council_change", "set_guard": NEW}, GUARDED, ["No timelock", "block everything", f"The guard {OLD} is lifted"]),
    "no guard any more": ({"kind": "council_change", "set_guard": ZERO_ADDRESS}, GUARDED, ["No timelock", f"The guard {OLD} is lifted"]),
    "a module under a guard": ({"kind": "council_change", "enable_module": NEW}, GUARDED, ["No timelock", "without a signature"]),
    "an executor": (roles("timelock", "grant", "EXECUTOR_ROLE", A), pins(), [f"Who controls {A}, and why shall it hold EXECUTOR_ROLE of the timelock?"]),
    "anyone as executor": (roles("timelock", "grant", "EXECUTOR_ROLE", ZERO_ADDRESS), pins(), ["Anyone shall hold EXECUTOR_ROLE of the timelock"]),
    "a proposer": (roles("timelock", "grant", "PROPOSER_ROLE", A), pins(), [f"Who controls {A}", "schedule anything"]),
    "a proposer less": (roles("timelock", "revoke", "PROPOSER_ROLE", A), holding(TIMELOCK, PROPOSER, A, B), [f"Who still holds PROPOSER_ROLE of the timelock without {A}? Now: {B}."]),
    "an admin of the timelock": (roles("timelock", "grant", "DEFAULT_ADMIN_ROLE", A), pins(), [f"Who controls {A}", "the timelock's roles without any delay"]),
    "an admin of the timelock less": (roles("timelock", "revoke", "DEFAULT_ADMIN_ROLE", A), holding(TIMELOCK, ADMIN, A, TIMELOCK), [f"Who still holds DEFAULT_ADMIN_ROLE of the timelock without {A}? Now: {TIMELOCK}."]),
    "an admin of the target": (roles("target", "grant", "DEFAULT_ADMIN_ROLE", A), pins(), ["why shall it hold DEFAULT_ADMIN_ROLE of the governed system?", f"{A} could then do without"]),
    "a role of the target for the timelock": (roles("target", "grant", "EMERGENCY_ROLE", TIMELOCK), pins(), [f"Who controls {TIMELOCK}"]),
    "a role of the guardian": (roles("target", "grant", "COMMIT_ROLE", GUARDIAN), pins(), [f"Who controls {GUARDIAN}", f"{GUARDIAN} could then do without"]),
    "a canceller less": (roles("timelock", "revoke", "CANCELLER_ROLE", GUARDIAN), holding(TIMELOCK, CANCELLER, GUARDIAN), ["Now: nobody.", "how would the guardian stop"]),
    "a role nobody knows": (roles("target", "revoke", UNKNOWN, A), holding(TARGET, role_id(UNKNOWN), A), ["Now: nobody.", "no role that is known here"]),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_a_reviewer_is_asked_this_and_no_more_about(name: str) -> None:
    body, facts, expected = ASKED[name]
    asked = questions(body, facts)
    assert len(asked) == len(expected), asked
    assert [words in question for words, question in zip(expected, asked, strict=True)] == [True] * len(expected), asked
