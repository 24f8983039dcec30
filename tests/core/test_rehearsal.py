"""Differences, names of slots and the judgement of a rehearsal: pure, on rows of facts."""

from typing import Any

import pytest

from governance.core.call import Call
from governance.core.difference import Change, Part, difference_digest, difference_document, joined, ordered, stored
from governance.core.effects import Seen
from governance.core.errors import Refused
from governance.core.facts import Head
from governance.core.kinds import Lane
from governance.core.rehearsal import Rehearsal, answer, judge_blocks, judge_delegated, judge_early, judge_promises
from governance.core.scenes import Act, ActResult, BlockResult, Frame, Played, Sent
from governance.core.slots import DISPATCHER, approval_slot, mapped, timestamp_slot, word_at
from governance.core.units import ZERO_WORD, Bytes32, Moment, checksummed

A, B, C = (checksummed(bytes([n]) * 20) for n in (1, 2, 3))
ONE, TWO = word_at(1), word_at(2)


def balance(before: int, after: int) -> Change:
    words = before.to_bytes(32, "big"), after.to_bytes(32, "big")
    return Change(account=A, part=Part.BALANCE, before=words[0], after=words[1])


# ---- differences -----------------------------------------------------------------------------------------------------


def test_the_order_is_by_account_part_and_slot_whatever_came_first() -> None:
    changes = [stored(B, ONE, 1), stored(A, TWO, 1), stored(A, ONE, 1), balance(0, 1)]
    assert ordered(changes) == ordered(changes[::-1]) == (changes[3], changes[2], changes[1], changes[0])
    assert difference_digest(changes) == difference_digest(changes[::-1])


DIFFERENT: list[Change] = [
    stored(A, ONE, 2),
    stored(A, ONE, 1, before=3),
    stored(A, TWO, 1),
    stored(B, ONE, 1),
    balance(0, 1),
]


@pytest.mark.parametrize("other", DIFFERENT)
def test_one_other_word_is_another_digest(other: Change) -> None:
    assert difference_digest([other]) != difference_digest([stored(A, ONE, 1)]) != difference_digest([])


JOINED: dict[str, tuple[list[list[Change]], list[Change]]] = {
    "two of one word": ([[stored(A, ONE, 1)], [stored(A, ONE, 2, before=1)]], [stored(A, ONE, 2)]),
    "there and back": ([[stored(A, ONE, 1)], [stored(A, ONE, 0, before=1)]], []),
    "two words": ([[stored(A, TWO, 1)], [stored(A, ONE, 1)]], [stored(A, ONE, 1), stored(A, TWO, 1)]),
    "nothing": ([[], []], []),
}


@pytest.mark.parametrize("name", JOINED)
def test_one_difference_after_another_is_one(name: str) -> None:
    differences, whole = JOINED[name]
    assert joined(*differences) == tuple(whole)


def test_a_document_says_before_and_after_and_the_name_where_there_is_one() -> None:
    code = Change(account=A, part=Part.CODE, before=b"", after=b"\x60\x00")
    made = difference_document([stored(A, ONE, 255), code], {(A, ONE): "the nonce"})
    assert [(e["part"], e["slot"], e["before"][-4:], e["after"][-4:], e["name"]) for e in made] == [
        ("code", None, "0x", "6000", ""),
        ("storage", f"0x{ONE.hex()}", "0000", "00ff", "the nonce"),
    ]


# ---- slots -----------------------------------------------------------------------------------------------------------


def test_slots_are_where_solidity_puts_them() -> None:
    """Known from `cast index`; the timelock's and the Safes' are held against real transactions elsewhere."""
    assert mapped(bytes(32), 0) == int("ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5", 16)
    assert timestamp_slot(Bytes32(bytes(32))) == word_at(mapped(bytes(32), 1))
    assert approval_slot(A, ONE) != approval_slot(B, ONE) != approval_slot(B, TWO)


def test_the_dispatchers_storage_begins_at_its_erc7201_location() -> None:
    from governance.core.keccak import keccak

    inner = (int.from_bytes(keccak(b"gov.dispatcher"), "big") - 1).to_bytes(32, "big")
    assert keccak(inner)[:31] + b"\0" == word_at(DISPATCHER)


# ---- judgement -------------------------------------------------------------------------------------------------------


def block(*pairs: tuple[bool, bool]) -> BlockResult:
    """(must pass, passes) of each act."""
    sent = Sent(call=Call(to=A), sender=B)
    acts = [
        ActResult(
            act=Act(label=f"act {n}", sent=sent, must_pass=must),
            played=Played(ok=ok, data=b"", gas_used=1, reason="" if ok else "no", logs=()),
        )
        for n, (must, ok) in enumerate(pairs)
    ]
    return BlockResult(moment=Moment(0), acts=tuple(acts))


def test_every_act_is_held_against_what_must_come_of_it() -> None:
    found = judge_blocks([block((True, True), (False, False)), block((True, False), (False, True), (True, False))])
    assert [(f.rule, f.message.split(" at ")[0]) for f in found] == [
        ("step-reverts", "act 0"),
        ("early-execution-possible", "act 1"),
        ("step-reverts", "act 2"),
    ]


def seen(found: str, *, held: bool = True) -> Seen:
    return Seen(effect="fee()", held=held, found=found)


def test_only_what_differs_before_the_time_is_early() -> None:
    assert judge_early([seen("30"), seen("a")], [seen("30"), seen("a")]) == []
    (found,) = judge_early([seen("30"), seen("a")], [seen("40"), seen("a")])
    assert (found.rule, "found 40, without the proposal 30" in found.message) == ("early-effect", True)
    with pytest.raises(ValueError, match="shorter"):
        judge_early([seen("30"), seen("a")], [seen("30")])


def test_every_broken_promise_is_told() -> None:
    found = judge_promises("effect-missing", [seen("1"), seen("2", held=False), seen("3", held=False)])
    assert [(f.rule, f.message) for f in found] == [
        ("effect-missing", "fee(): would find 2"),
        ("effect-missing", "fee(): would find 3"),
    ]


FRAMES: dict[str, tuple[list[Frame], int]] = {
    "a Safe that runs its singleton": ([Frame(account=A, code=B)], 0),
    "a Safe that runs something else": ([Frame(account=A, code=C)], 1),
    "the same twice": ([Frame(account=A, code=C), Frame(account=A, code=C)], 1),
    "somebody who governs nothing": ([Frame(account=B, code=C)], 0),
}


@pytest.mark.parametrize("name", FRAMES)
def test_foreign_code_is_told_of_those_who_govern(name: str) -> None:
    frames, number = FRAMES[name]
    assert [f.rule for f in judge_delegated(frames, {A: {B}})] == ["delegatecall-in-execution"] * number


@pytest.mark.parametrize(("ok", "found"), [(True, "0x01"), (False, "a revert with 0x01")])
def test_raw_answers_can_be_compared(ok: bool, found: str) -> None:
    assert answer("a call", ok, b"\x01").found == found


def test_a_rehearsal_is_demanded_to_be_without_findings() -> None:
    facts: dict[str, Any] = {
        "proposal": "0001-a",
        "network": "devnet",
        "lane": Lane.TIMELOCK,
        "checksum": ZERO_WORD,
        "locked": True,
        "head": Head(chain_id=1, number=1, hash=ZERO_WORD, timestamp=Moment(0)),
        "blocks": (),
        "promised": (),
        "changes": (stored(A, ONE, 1),),
        "names": {},
        "undeclared": (),
        "effects": ZERO_WORD,
        "moving": frozenset(),
        "whole": True,
    }
    good = Rehearsal(**facts, findings=())
    good.require()
    assert good.digest == difference_digest([stored(A, ONE, 1)])
    findings = tuple(judge_promises("effect-missing", [seen("1", held=False)]))
    with pytest.raises(Refused) as caught:
        Rehearsal(**facts, findings=findings).require()
    assert caught.value.findings == findings
