"""Facts about those who govern: a lock file keeps them, notices when they move, and effects are held against them."""

# ruff: noqa: E501 - one row, one fact

from dataclasses import replace
from typing import Any

import pytest

from governance.core.access import ADMIN
from governance.core.effects import (
    AnchorIs,
    DelayIs,
    FallbackHandlerIs,
    GovernanceEffect,
    GuardIs,
    ImplementationIs,
    ModuleIs,
    OwnersAre,
    RoleIs,
)
from governance.core.errors import Refused, Rejected
from governance.core.facts import AnchorFacts, GovernanceFacts
from governance.core.kinds import KINDS
from governance.core.lock import moved, pins_document, read_pins, require_fit
from governance.core.pins import Needs
from governance.core.units import ZERO_ADDRESS, Bytes32, Duration
from tests.core.kindfacts import (
    BEACON,
    BEACONED,
    NETWORK,
    NEW,
    OLD,
    PROXY,
    SAFE,
    TARGET,
    TIMELOCK,
    A,
    account,
    governance,
    pins,
    proposal,
)

FACTS = governance()


def test_pins_come_back_from_the_lock_file_as_they_went():
    for facts in (FACTS, GovernanceFacts(), governance(proxies=(BEACONED,))):
        made = pins(governance=facts)
        assert read_pins(pins_document(made)) == made


MALFORMED: dict[str, Any] = {
    "a delay that is no number": {"delay": "x"},
    "a holder that is no address": {"roles": [{"contract": TARGET, "role": "0x" + "00" * 32, "holders": ["0x1"]}]},
    "a URI that is a number": {"anchor": {"digest": "0x" + "00" * 32, "uri": 7}},
    "a proxy without its beacon": {"proxies": [{"address": PROXY}]},
    "a council without owners": {"council": {"threshold": "3"}},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_lock_file_is_refused_with(name: str):
    document = pins_document(pins())
    with pytest.raises(Rejected):
        read_pins({**document, "governance": {**document["governance"], **MALFORMED[name]}})


MOVES = {
    "delay": governance(delay=Duration(1)),
    "roles": governance(roles={(TARGET, ADMIN): (A,)}),
    "council": governance(council=replace(SAFE, owners=tuple(reversed(SAFE.owners)))),
    "anchor": governance(anchor=AnchorFacts(digest=Bytes32(b"\x0a" * 32), uri="moved.yaml")),
    "proxies": governance(proxies=(BEACONED,)),
}


@pytest.mark.parametrize("part", MOVES)
def test_what_moved_is_named(part: str):
    (finding,) = moved(pins(), pins(governance=MOVES[part]))
    assert (finding.rule, finding.path) == ("lock-stale", f"pins.governance.{part}")


def test_a_pause_moves_no_plan():
    assert moved(pins(), pins(block_number=8, nonce=5)) == ()


KEPT: dict[str, tuple[GovernanceEffect, GovernanceFacts]] = {
    "a role": (RoleIs(contract=TARGET, role=ADMIN, account=TIMELOCK, held=True), governance(roles={(TARGET, ADMIN): ()})),
    "no role": (RoleIs(contract=TARGET, role=ADMIN, account=A, held=False), governance(roles={(TARGET, ADMIN): (A,)})),
    "a delay": (DelayIs(delay=Duration(172_800)), governance(delay=Duration(172_801))),
    "owners": (OwnersAre(owners=frozenset(SAFE.owners), threshold=3), governance(council=replace(SAFE, owners=SAFE.owners[1:]))),
    "a threshold": (OwnersAre(owners=frozenset(SAFE.owners), threshold=3), governance(council=replace(SAFE, threshold=4))),
    "a module": (ModuleIs(module=account(0x31), enabled=True), governance(council=replace(SAFE, modules=()))),
    "no module": (ModuleIs(module=NEW, enabled=False), governance(council=replace(SAFE, modules=(NEW,)))),
    "a guard": (GuardIs(guard=ZERO_ADDRESS), governance(council=replace(SAFE, guard=NEW))),
    "a handler": (FallbackHandlerIs(handler=account(0x41)), governance(council=replace(SAFE, fallback_handler=NEW))),
    "a policy": (AnchorIs(digest=Bytes32(b"\x0a" * 32), uri="old.yaml"), governance(anchor=AnchorFacts(digest=Bytes32(b"\x0b" * 32), uri="old.yaml"))),
    "where it stands": (AnchorIs(digest=Bytes32(b"\x0a" * 32), uri="old.yaml"), governance(anchor=AnchorFacts(digest=Bytes32(b"\x0a" * 32), uri="new.yaml"))),
    "an implementation": (ImplementationIs(proxy=PROXY, upgraded=PROXY, implementation=OLD), governance(proxies=(replace(BEACONED, beacon_implementation=NEW),))),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_a_promise_is_kept_or_broken(name: str):
    effect, otherwise = KEPT[name]
    kept, broken = effect.see(FACTS), effect.see(otherwise)
    assert (kept.held, broken.held) == (True, False)
    assert kept.effect == broken.effect
    assert kept.found != broken.found


def test_owners_are_compared_in_any_order():
    effect = OwnersAre(owners=frozenset(SAFE.owners), threshold=3)
    assert effect.see(governance(council=replace(SAFE, owners=tuple(reversed(SAFE.owners))))).held


def test_proxies_of_one_beacon_speak_of_one_thing():
    made = [ImplementationIs(proxy=each, upgraded=BEACON, implementation=NEW) for each in (PROXY, A)]
    assert len({effect.subject for effect in made}) == 1
    assert {
        GuardIs(guard=A).subject,
        ModuleIs(module=A, enabled=True).subject,
        FallbackHandlerIs(handler=A).subject,
    } == {"the council"}


def test_what_was_not_asked_for_is_not_known():
    for ask in (lambda: FACTS.holders(TARGET, Bytes32(b"\7" * 32)), lambda: FACTS.proxy(A), lambda: pins().has_code(A)):
        with pytest.raises(KeyError):
            ask()


def test_pins_of_other_facts_than_the_kind_asks_for_do_not_fit():
    body = {"kind": "timelock_change", "delay": "72 h"}
    needs = KINDS["timelock_change"].needs(proposal(body).document, NETWORK)
    fitting = pins(target=None, facets=(), codes=(), governance=GovernanceFacts(delay=Duration(1)))
    require_fit(needs, fitting, NETWORK, "f")
    with pytest.raises(Refused) as caught:
        require_fit(needs, replace(fitting, governance=GovernanceFacts()), NETWORK, "f")
    assert [finding.path for finding in caught.value.findings] == ["pins.governance"]


def test_needs_add_up_without_repeating():
    one = Needs(codes=(A,), delay=True, roles=((TARGET, ADMIN),))
    two = Needs(codes=(A, NEW), target=True, roles=((TARGET, ADMIN), (TIMELOCK, ADMIN)), cancels="0001-x")
    both = one + two
    assert (both.codes, both.roles) == ((A, NEW), ((TARGET, ADMIN), (TIMELOCK, ADMIN)))
    assert (both.delay, both.target, both.council, both.cancels) == (True, True, False, "0001-x")
