"""What a proposal expects: what each form holds against a difference, and what nobody announced. threat_47."""

from dataclasses import replace
from typing import Any

import pytest
from pydantic import TypeAdapter

from governance.core.call import Call
from governance.core.difference import Change, Part, stored
from governance.core.effects import AnchorIs, DelayIs, Effect, GuardIs, ImplementationIs, PausedIs, RoleIs
from governance.core.expectation import (
    Expectation,
    expected_keys,
    expected_on,
    hold_changes,
    hold_events,
    is_empty,
    settled_words,
)
from governance.core.extra import Known, draft, judge_unannounced, unannounced
from governance.core.facts import Generation, Log, Route, TargetFacts
from governance.core.keccak import keccak
from governance.core.kinds import Lane
from governance.core.operation import Operation
from governance.core.pins import Pins
from governance.core.plan import Plan, Step
from governance.core.safetx import SafeTx
from governance.core.scenes import Frame
from governance.core.slots import ERC1967, TIMELOCK_DELAY, TIMELOCK_ROLES, role_slot, timestamp_slot, word_at
from governance.core.units import ZERO_WORD, Address, Bytes32, Duration, to_hex
from tests.core.test_situation import (
    ANCHOR,
    BEFORE,
    BOB,
    COUNCIL,
    GUARDIAN,
    NETWORK,
    PROXY,
    TARGET,
    TIMELOCK,
    WORD,
    account,
)

BOX = account(40)
SLOT = word_at(3)


def expectation(**keys: Any) -> Any:
    return TypeAdapter(Expectation).validate_python(keys)


def balance(who: Address, before: int, after: int) -> Change:
    words = before.to_bytes(32, "big"), after.to_bytes(32, "big")
    return Change(account=who, part=Part.BALANCE, before=words[0], after=words[1])


def code(who: Address, before: bytes, after: bytes) -> Change:
    return Change(account=who, part=Part.CODE, before=before, after=after)


def word(value: int) -> str:
    return to_hex(value.to_bytes(32, "big"))


HELD: dict[str, tuple[dict[str, Any], list[Change], bool, str]] = {
    "the word": ({"change": BOX, "slot": to_hex(SLOT), "becomes": word(7)}, [stored(BOX, SLOT, 7)], True, word(7)),
    "another value": ({"change": BOX, "slot": to_hex(SLOT), "becomes": word(7)}, [stored(BOX, SLOT, 8)], False, word(8)),
    "any value": ({"change": BOX, "slot": to_hex(SLOT), "becomes": "any"}, [stored(BOX, SLOT, 8)], True, word(8)),
    "no change": ({"change": BOX, "slot": to_hex(SLOT), "becomes": "any"}, [], False, "no change"),
    "of the target": ({"change": "target", "slot": to_hex(SLOT), "becomes": word(1)}, [stored(TARGET, SLOT, 1)], True, word(1)),
    "of another": ({"change": BOX, "slot": to_hex(SLOT), "becomes": word(1)}, [stored(TARGET, SLOT, 1)], False, "no change"),
    "wei in": ({"balance": BOX, "changes_by": "5"}, [balance(BOX, 2, 7)], True, "5"),
    "wei out": ({"balance": BOX, "changes_by": "-5"}, [balance(BOX, 7, 2)], True, "-5"),
    "other wei": ({"balance": BOX, "changes_by": "5"}, [balance(BOX, 2, 8)], False, "6"),
    "some wei": ({"balance": BOX, "changes_by": "any"}, [balance(BOX, 2, 8)], True, "6"),
    "no wei": ({"balance": BOX, "changes_by": "any"}, [], False, "0"),
    "no wei, as said": ({"balance": BOX, "changes_by": "0"}, [], True, "0"),
    "a contract": ({"creates": BOX}, [code(BOX, b"", b"\0")], True, "created"),
    "other code": ({"creates": BOX}, [code(BOX, b"\1", b"\0")], False, "not created"),
    "no contract": ({"creates": BOX}, [], False, "not created"),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
def test_an_expected_change_is_held_against_the_difference(name: str) -> None:
    written, changes, held, found = HELD[name]
    (seen,) = hold_changes([expectation(**written), expectation(event="Set()")], changes, TARGET)
    assert (seen.held, seen.found) == (held, found)
    if changes and "no " not in name and name != "of another":
        assert {change.key for change in changes} == expected_keys([expectation(**written)], TARGET)


def test_an_event_is_looked_for_where_it_is_expected() -> None:
    def log(of: Address, signature: str) -> Log:
        topic = Bytes32(keccak(signature.encode()))
        return Log(address=of, topics=(topic,), data=b"", block=1, index=0, tx_hash=ZERO_WORD)

    logs = [log(BOX, "Set(uint256)"), log(TARGET, "Other()"), replace(log(TARGET, "x"), topics=())]
    expected = [expectation(event="Set(uint256)", of=BOX), expectation(event="Set(uint256)"), expectation(creates=BOX)]
    seen = hold_events(expected, logs, TARGET)
    assert [(each.held, each.found) for each in seen] == [(True, "1 of them"), (False, "0 of them")]


def test_what_is_expected_on_one_network_is_not_expected_on_another() -> None:
    everywhere, there = expectation(creates=BOX), expectation(creates=BOB, networks=["there"])
    assert expected_on([everywhere, there], "here") == [everywhere]
    assert expected_on([everywhere, there], "there") == [everywhere, there]


def test_only_a_word_with_a_known_value_can_be_read_ever_after() -> None:
    settled = expectation(change=BOX, slot=to_hex(SLOT), becomes=word(7))
    moving = expectation(change=BOX, slot=to_hex(SLOT), becomes="any")
    assert settled_words([settled, moving, expectation(creates=BOX)], TARGET) == [(BOX, 3, word_at(7))]


@pytest.mark.parametrize(
    ("answer", "empty"),
    [
        *[(text, True) for text in ("0", "", "0x", "0x" + "00" * 20, "false")],
        *[(text, False) for text in ("1", "-1", "0x01", "true", "words", "10")],
        ([], True),
        (["1", "0"], True),
        (["1", ["2", "0x00"]], True),
        (["1", ["2"]], False),
    ],
)
def test_what_counts_as_zero(answer: Any, empty: bool) -> None:
    assert is_empty(answer) is empty


# ---- what nobody announced -------------------------------------------------------------------------------------------

OPERATION = Operation(
    timelock=TIMELOCK, calls=(Call(to=BOX, data=b""),), predecessor=ZERO_WORD, salt=WORD, delay=Duration(1)
)
TX = SafeTx(chain_id=31337, safe=COUNCIL, to=TIMELOCK, value=0, data=b"", nonce=0)
PINS = Pins(
    chain_id=31337, block_number=1, block_hash=WORD, policy_digest=WORD, rule="slow", delay=Duration(1), grace=None,
    attempt=0, nonce=0, min_delay=Duration(1),
)  # fmt: skip


def plan(*effects: Effect, lane: Lane = Lane.TIMELOCK, value: int = 0, **pins: Any) -> Plan:
    operation = OPERATION if lane is Lane.TIMELOCK else None
    step = Step(label="x", calls=(Call(to=BOX, value=value, data=b""),), operation=operation, safe_tx=TX)
    return Plan(
        proposal="0001-x", digest=WORD, network="devnet", lane=lane, steps=(step,), effects=effects,
        pins=replace(PINS, **pins),
    )  # fmt: skip


def known(given: Plan, *frames: Frame, **more: Any) -> Known:
    return Known(plan=given, network=NETWORK, frames=frames, **{"names": {}, "expected": frozenset(), **more})


def diamond(selector: str) -> TargetFacts:
    """With one facet, which is routed under this selector."""
    route = Route(selector=bytes.fromhex(selector), facet=BOB, code_hash=WORD)
    return replace(BEFORE.target, generation=Generation.DIAMOND, routes=(route,))


ROLE = Bytes32(b"\x05" * 32)
MAY: dict[str, tuple[Known, Change]] = {
    "the timestamp of its operation": (known(plan()), stored(TIMELOCK, timestamp_slot(OPERATION.id), 1)),
    "the timestamp of what it cancels": (known(plan(cancels=(WORD,))), stored(TIMELOCK, timestamp_slot(WORD), 0, 9)),
    "the Safe's nonce where the Safe acts": (known(plan(lane=Lane.GUARDIAN)), stored(COUNCIL, word_at(5), 1)),
    "a role of the timelock that it promises": (
        known(plan(RoleIs(contract=TIMELOCK, role=ROLE, account=BOB, held=True))),
        stored(TIMELOCK, role_slot(TIMELOCK_ROLES, ROLE, BOB), 1),
    ),
    "the delay that it promises": (known(plan(DelayIs(delay=Duration(1)))), stored(TIMELOCK, word_at(TIMELOCK_DELAY), 1)),
    "an implementation that it promises": (
        known(plan(ImplementationIs(proxy=PROXY, upgraded=PROXY, implementation=BOB))),
        stored(PROXY, next(iter(ERC1967)), 1),
    ),
    "a beacon's own words": (
        known(plan(ImplementationIs(proxy=PROXY, upgraded=BOX, implementation=BOB))),
        stored(BOX, word_at(1), 1),
    ),
    "what the governed system's own code writes": (known(plan(PausedIs(paused=True))), stored(TARGET, WORD, 1)),
    "what a diamond's own facet for routes writes": (
        known(
            plan(target=diamond("1f931c1c")),
            Frame(account=TARGET, code=BOB),
        ),
        stored(TARGET, WORD, 1),
    ),
    "a named word of our dispatcher": (
        known(plan(target=BEFORE.target), Frame(account=TARGET, code=BOB), names={(TARGET, WORD): "paused"}),
        stored(TARGET, WORD, 1),
    ),
    "the council, when that is what it is about": (known(plan(GuardIs(guard=BOB))), stored(COUNCIL, WORD, 1)),
    "the anchor, when that is what it is about": (known(plan(AnchorIs(digest=WORD, uri=""))), stored(ANCHOR, ZERO_WORD, 1)),
    "the wei that it sends": (known(plan(value=5)), balance(BOX, 0, 5)),
    "the wei that leave": (known(plan(value=5)), balance(TIMELOCK, 5, 0)),
    "what it declares": (known(plan(), expected=frozenset({stored(BOX, SLOT, 1).key})), stored(BOX, SLOT, 1)),
    "a nonce of who creates": (known(plan()), Change(account=BOX, part=Part.NONCE, before=bytes(32), after=word_at(1))),
}  # fmt: skip
MUST_NOT: dict[str, tuple[Known, Change]] = {
    "another operation's timestamp": (known(plan()), stored(TIMELOCK, timestamp_slot(WORD), 1)),
    "the nonce of a Safe that does not act": (known(plan()), stored(COUNCIL, word_at(5), 1)),
    "a role of the timelock": (known(plan()), stored(TIMELOCK, role_slot(TIMELOCK_ROLES, ROLE, BOB), 1)),
    "somebody else's role": (
        known(plan(RoleIs(contract=TIMELOCK, role=ROLE, account=GUARDIAN, held=True))),
        stored(TIMELOCK, role_slot(TIMELOCK_ROLES, ROLE, BOB), 1),
    ),
    "the delay": (known(plan()), stored(TIMELOCK, word_at(TIMELOCK_DELAY), 1)),
    "a proxy's implementation": (known(plan()), stored(PROXY, next(iter(ERC1967)), 1)),
    "another word of a proxy": (
        known(plan(ImplementationIs(proxy=PROXY, upgraded=PROXY, implementation=BOB))),
        stored(PROXY, WORD, 1),
    ),
    "a beacon that ran foreign code": (
        known(plan(ImplementationIs(proxy=PROXY, upgraded=BOX, implementation=BOB)), Frame(account=BOX, code=BOB)),
        stored(BOX, word_at(1), 1),
    ),
    "what a facet writes": (known(plan(), Frame(account=TARGET, code=BOB)), stored(TARGET, WORD, 1)),
    "what another facet of a diamond writes": (
        known(
            plan(target=diamond("00000001")),
            Frame(account=TARGET, code=BOB),
        ),
        stored(TARGET, WORD, 1),
    ),
    "the council": (known(plan()), stored(COUNCIL, WORD, 1)),
    "the guardian, though the council is meant": (known(plan(GuardIs(guard=BOB))), stored(GUARDIAN, WORD, 1)),
    "the anchor": (known(plan()), stored(ANCHOR, ZERO_WORD, 1)),
    "wei that it does not send": (known(plan()), balance(BOX, 0, 5)),
    "a word that is not declared": (known(plan(), expected=frozenset({stored(BOX, SLOT, 1).key})), stored(BOX, WORD, 1)),
    "code": (known(plan()), code(BOX, b"", b"\0")),
}  # fmt: skip


@pytest.mark.parametrize("name", MAY)
def test_what_follows_from_the_plan_may_change(name: str) -> None:
    given, change = MAY[name]
    assert unannounced([change], given) == ()


@pytest.mark.parametrize("name", MUST_NOT)
def test_nothing_else_may(name: str) -> None:
    given, change = MUST_NOT[name]
    assert unannounced([change], given) == (change,)
    (finding,) = judge_unannounced([change], {})
    assert (finding.rule, change.account in finding.message) == ("extra-change", True)


def test_a_draft_declares_exactly_what_nothing_announces() -> None:
    from governance.adapters.files import parse
    from governance.core.tree import plain

    changes = [stored(BOX, SLOT, 7), balance(BOX, 7, 2), code(BOB, b"", b"\0")]
    text = draft(changes, {(BOX, SLOT): "the fee"})
    assert "# the fee\n" in text
    written: Any = plain(parse(f"expect:\n{text}", "draft"))
    expected = [expectation(**each) for each in written["expect"]]
    assert [seen.held for seen in hold_changes(expected, changes, TARGET)] == [True, True, True]
    assert unannounced(changes, known(plan(), expected=expected_keys(expected, TARGET))) == ()
