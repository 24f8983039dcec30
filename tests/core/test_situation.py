"""Situations: what differs and was not promised is told, roles first. threat_28, threat_38, threat_53."""

from dataclasses import replace
from typing import Any

import pytest

from governance.core.access import ADMIN, EMERGENCY, PROPOSER
from governance.core.effects import (
    AnchorIs,
    DelayIs,
    Effect,
    FallbackHandlerIs,
    GuardIs,
    ImplementationIs,
    ModuleIs,
    OwnersAre,
    PausedIs,
    RoleIs,
    RootIs,
    RouteIs,
)
from governance.core.facts import AnchorFacts, Generation, ProxyFacts, Route, SafeFacts, TargetFacts, TimelockFacts
from governance.core.network import Network
from governance.core.situation import Situation, statements, unpromised
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, Duration, checksummed


def account(number: int) -> Address:
    return checksummed(bytes([number]) * 20)


COUNCIL, GUARDIAN, TIMELOCK, TARGET, ANCHOR, ALICE, BOB, PROXY = map(account, range(1, 9))
WORD = Bytes32(b"\x07" * 32)
NETWORK = Network(
    name="devnet", chain_id=31337, council=COUNCIL, guardian=GUARDIAN, timelock=TIMELOCK,
    target_kind="manifest_dispatcher", target=TARGET, policy_anchor=ANCHOR,
)  # fmt: skip


def safe(where: Address) -> SafeFacts:
    return SafeFacts(
        address=where, version="1.4.1", singleton=BOB, singleton_code_hash=WORD, proxy_code_hash=WORD, owners=(ALICE,),
        threshold=1, nonce=0, modules=(), guard=ZERO_ADDRESS, fallback_handler=ZERO_ADDRESS,
    )  # fmt: skip


BEFORE = Situation(
    target=TargetFacts(
        address=TARGET, generation=Generation.OURS, code_hash=WORD,
        routes=(Route(selector=b"\0\0\0\1", facet=ALICE, code_hash=WORD),), active_root=WORD, pending_root=ZERO_WORD,
        active_epoch=1, activation_delay=Duration(0), frozen=False, paused=False, timelock_is_admin=True,
        timelock_may_commit=True, timelock_may_apply=True, timelock_may_remove=True, guardian_may_pause=True,
    ),
    target_roles={ADMIN: frozenset({TIMELOCK}), EMERGENCY: frozenset({GUARDIAN})},
    target_owner=ZERO_ADDRESS,
    timelock=TimelockFacts(
        address=TIMELOCK, code_hash=WORD, min_delay=Duration(7), council_may_propose=True, council_may_cancel=True,
        guardian_may_cancel=True, open_executor=True,
    ),
    timelock_roles={PROPOSER: frozenset({COUNCIL})},
    council=safe(COUNCIL),
    guardian=safe(GUARDIAN),
    anchor=AnchorFacts(digest=WORD, uri="ipfs://x"),
    proxies=(
        ProxyFacts(
            address=PROXY, implementation=ALICE, admin=ZERO_ADDRESS, beacon=ZERO_ADDRESS,
            beacon_implementation=ZERO_ADDRESS, owner=ZERO_ADDRESS,
        ),
    ),
)  # fmt: skip


def target(**changed: Any) -> Situation:
    return replace(BEFORE, target=replace(BEFORE.target, **changed))


def council(**changed: Any) -> Situation:
    return replace(BEFORE, council=replace(BEFORE.council, **changed))


DIFFERENT: dict[str, tuple[Situation, Effect | None, str]] = {
    "the route of 0x00000001": (
        target(routes=()),
        RouteIs(selector=b"\0\0\0\1", facet=ZERO_ADDRESS, code_hash=ZERO_WORD),
        "extra-change",
    ),
    "the route of 0x00000002": (
        target(routes=(*BEFORE.target.routes, Route(selector=b"\0\0\0\2", facet=BOB, code_hash=WORD))),
        RouteIs(selector=b"\0\0\0\2", facet=BOB, code_hash=WORD),
        "extra-change",
    ),
    "active root of the target": (target(active_root=ZERO_WORD), RootIs(root=ZERO_WORD, epoch=2), "extra-change"),
    "active epoch of the target": (target(active_epoch=2), RootIs(root=ZERO_WORD, epoch=2), "extra-change"),
    "pending root of the target": (target(pending_root=WORD), RootIs(root=ZERO_WORD, epoch=2), "extra-change"),
    "activation delay of the target": (target(activation_delay=Duration(1)), None, "extra-change"),
    "frozen of the target": (target(frozen=True), None, "extra-change"),
    "code hash of the target": (target(code_hash=ZERO_WORD), None, "extra-change"),
    "the pause": (target(paused=True), PausedIs(paused=True), "extra-change"),
    f"role EMERGENCY_ROLE of the target for {BOB}": (
        replace(BEFORE, target_roles={**BEFORE.target_roles, EMERGENCY: frozenset({GUARDIAN, BOB})}),
        RoleIs(contract=TARGET, role=EMERGENCY, account=BOB, held=True),
        "role-gained",
    ),
    "role EMERGENCY_ROLE of the target for the guardian": (
        replace(BEFORE, target_roles={ADMIN: frozenset({TIMELOCK})}),
        RoleIs(contract=TARGET, role=EMERGENCY, account=GUARDIAN, held=False),
        "extra-change",
    ),
    f"role PROPOSER_ROLE of the timelock for {BOB}": (
        replace(BEFORE, timelock_roles={PROPOSER: frozenset({COUNCIL, BOB})}),
        RoleIs(contract=TIMELOCK, role=PROPOSER, account=BOB, held=True),
        "role-gained",
    ),
    "delay of the timelock": (
        replace(BEFORE, timelock=replace(BEFORE.timelock, min_delay=Duration(8))),
        DelayIs(delay=Duration(8)),
        "extra-change",
    ),
    f"owner {BOB} of the council": (
        council(owners=(ALICE, BOB)),
        OwnersAre(owners=frozenset({ALICE, BOB}), threshold=1),
        "extra-change",
    ),
    "threshold of the council": (
        council(threshold=2),
        OwnersAre(owners=frozenset({ALICE}), threshold=2),
        "extra-change",
    ),
    f"module {BOB} of the council": (council(modules=(BOB,)), ModuleIs(module=BOB, enabled=True), "extra-change"),
    "guard of the council": (council(guard=BOB), GuardIs(guard=BOB), "extra-change"),
    "fallback handler of the council": (council(fallback_handler=BOB), FallbackHandlerIs(handler=BOB), "extra-change"),
    "singleton of the council": (council(singleton=ALICE), None, "extra-change"),
    f"owner {BOB} of the guardian": (
        replace(BEFORE, guardian=replace(BEFORE.guardian, owners=(ALICE, BOB))),
        None,
        "extra-change",
    ),
    "the policy in force": (
        replace(BEFORE, anchor=AnchorFacts(digest=ZERO_WORD, uri="")),
        AnchorIs(digest=ZERO_WORD, uri=""),
        "extra-change",
    ),
    f"the implementation of proxy {PROXY}": (
        replace(BEFORE, proxies=(replace(BEFORE.proxies[0], implementation=BOB),)),
        ImplementationIs(proxy=PROXY, upgraded=PROXY, implementation=BOB),
        "extra-change",
    ),
    f"the owner of proxy {PROXY}": (
        replace(BEFORE, proxies=(replace(BEFORE.proxies[0], owner=BOB),)),
        None,
        "extra-change",
    ),
}
"""What the finding calls it, the situation afterwards, the effect that promises it, and the rule."""


@pytest.mark.parametrize("words", DIFFERENT)
def test_what_differs_is_told_unless_it_is_promised(words: str) -> None:
    after, effect, rule = DIFFERENT[words]
    (found,) = unpromised(BEFORE, after, [], NETWORK)
    assert (found.rule, found.message.startswith(f"{words} would change")) == (rule, True)
    if effect is not None:
        assert unpromised(BEFORE, after, [effect], NETWORK) == []


def test_a_promise_covers_nothing_but_itself() -> None:
    every = [effect for _, effect, _ in DIFFERENT.values() if effect is not None]
    for words, (after, effect, _) in DIFFERENT.items():
        others = [each for each in every if effect is None or not set(each.about) & set(effect.about)]
        assert len(unpromised(BEFORE, after, others, NETWORK)) == 1, words


def test_nothing_is_told_of_what_stays_and_of_what_only_counts_acts() -> None:
    acted = replace(council(nonce=4), guardian=replace(BEFORE.guardian, nonce=9))
    assert unpromised(BEFORE, acted, [], NETWORK) == []


def test_gained_roles_are_told_first() -> None:
    after = replace(
        target(paused=True), target_roles={**BEFORE.target_roles, ADMIN: frozenset({TIMELOCK, BOB})}, timelock_roles={}
    )
    found = unpromised(BEFORE, after, [], NETWORK)
    assert "role" in found[0].message
    assert "role" in found[1].message


def test_a_diamond_has_its_owner_among_the_statements() -> None:
    diamond = replace(target(generation=Generation.DIAMOND), target_roles={}, target_owner=TIMELOCK)
    assert statements(diamond)["target", "owner"] == TIMELOCK
    assert ("target", "owner") not in statements(BEFORE)
    (found,) = unpromised(diamond, replace(diamond, target_owner=BOB), [], NETWORK)
    assert found.message.startswith("owner of the target would change")
