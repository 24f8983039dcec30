"""Whatever an emergency does beside stopping things is found, each by the rule of its own. threat_53"""

from dataclasses import replace
from typing import Any

import pytest

from governance.core.access import ADMIN, CANCELLER, EMERGENCY
from governance.core.call import encode_call
from governance.core.difference import Change, Part, stored
from governance.core.errors import Refused
from governance.core.facts import AnchorFacts, Generation, Route
from governance.core.kinds.emergency_pause import PAUSE
from governance.core.safetx import SafeOperation, SafeTx
from governance.core.scenes import Frame
from governance.core.situation import Situation
from governance.core.slots import approval_slot, timestamp_slot, word_at
from governance.core.stopping import Stop, judge_stop, plain_pause, require_stop
from governance.core.units import Bytes32, Duration
from tests.core.test_situation import ALICE, ANCHOR, BEFORE, BOB, COUNCIL, GUARDIAN, NETWORK, TARGET, TIMELOCK, WORD

TX = SafeTx(chain_id=31337, safe=GUARDIAN, to=TARGET, data=encode_call(PAUSE, []), nonce=0)
FLAG, NONCE = stored(TARGET, word_at(77), 1), stored(GUARDIAN, word_at(5), 1)
APPROVED = stored(GUARDIAN, approval_slot(ALICE, TX.hash), 1)


def after(**changes: Any) -> Situation:
    return replace(BEFORE, target=replace(BEFORE.target, paused=True), **changes)


def target(**changes: Any) -> Situation:
    return replace(BEFORE, target=replace(BEFORE.target, **{"paused": True, **changes}))


PAUSED = Stop(
    txs=(TX,),
    changes=(FLAG, NONCE),
    frames=(Frame(account=GUARDIAN, code=BEFORE.guardian.singleton),),
    before=BEFORE,
    after=after(),
)
OTHER_ROUTE = (Route(selector=b"\0\0\0\1", facet=BOB, code_hash=WORD),)
NEW_ROUTE = (*BEFORE.target.routes, Route(selector=b"\0\0\0\2", facet=BOB, code_hash=WORD))


def more(*changes: Change) -> dict[str, Any]:
    return {"changes": (*PAUSED.changes, *changes)}


def balance(account: Any) -> Change:
    return Change(account=account, part=Part.BALANCE, before=bytes(32), after=WORD)


SABOTAGED: dict[str, tuple[dict[str, Any], str]] = {
    "the Safe delegates": ({"txs": (replace(TX, operation=SafeOperation.DELEGATECALL),)}, "stop-transaction"),
    "wei goes with it": ({"txs": (replace(TX, value=1),)}, "stop-transaction"),
    "it refunds gas": ({"txs": (replace(TX, gas_price=1),)}, "stop-transaction"),
    "it refunds somebody": ({"txs": (replace(TX, refund_receiver=BOB),)}, "stop-transaction"),
    "a failure would spend the nonce": ({"txs": (replace(TX, safe_tx_gas=1),)}, "stop-transaction"),
    "the council sends it": ({"txs": (replace(TX, safe=COUNCIL),)}, "stop-transaction"),
    "it calls something else": ({"txs": (replace(TX, to=BOB),)}, "stop-transaction"),
    "the system runs foreign code": (
        {"frames": (*PAUSED.frames, Frame(account=TARGET, code=BOB))},
        "stop-delegatecall",
    ),
    "the guardian runs foreign code": ({"frames": (Frame(account=GUARDIAN, code=ALICE),)}, "stop-delegatecall"),
    "a stranger runs foreign code": ({"frames": (Frame(account=ALICE, code=BOB),)}, "stop-delegatecall"),
    "code changes": (more(Change(account=BOB, part=Part.CODE, before=b"", after=b"\0")), "stop-code"),
    "a contract is created": (
        more(Change(account=TARGET, part=Part.NONCE, before=bytes(32), after=WORD)),
        "stop-code",
    ),
    "the system's code is another": ({"after": target(code_hash=Bytes32(b"\x09" * 32))}, "stop-code"),
    "the timelock's code is another": (
        {"after": after(timelock=replace(BEFORE.timelock, code_hash=Bytes32(b"\x09" * 32)))},
        "stop-code",
    ),
    "a proxy is upgraded": ({"after": after(proxies=(replace(BEFORE.proxies[0], implementation=BOB),))}, "stop-code"),
    "a route goes elsewhere": ({"after": target(routes=OTHER_ROUTE)}, "stop-route"),
    "a route is added": ({"after": target(routes=NEW_ROUTE)}, "stop-route"),
    "a root is active": ({"after": target(active_root=Bytes32(b"\x09" * 32))}, "stop-system"),
    "a root is committed": ({"after": target(pending_root=WORD)}, "stop-system"),
    "an epoch begins": ({"after": target(active_epoch=2)}, "stop-system"),
    "the system is frozen": ({"after": target(frozen=True)}, "stop-system"),
    "it answers like another generation": ({"after": target(generation=Generation.COMPACT)}, "stop-system"),
    "somebody gets a role": (
        {"after": after(target_roles={**BEFORE.target_roles, ADMIN: frozenset({TIMELOCK, BOB})})},
        "stop-role",
    ),
    "somebody loses a role": ({"after": after(target_roles={EMERGENCY: frozenset({GUARDIAN})})}, "stop-role"),
    "somebody gets a role of the timelock": (
        {"after": after(timelock_roles={**BEFORE.timelock_roles, CANCELLER: frozenset({BOB})})},
        "stop-role",
    ),
    "the guardian has another owner": (
        {"after": after(guardian=replace(BEFORE.guardian, owners=(BOB,)))},
        "stop-owner",
    ),
    "the council has another threshold": ({"after": after(council=replace(BEFORE.council, threshold=0))}, "stop-owner"),
    "the council has a module": ({"after": after(council=replace(BEFORE.council, modules=(BOB,)))}, "stop-owner"),
    "the guardian has a guard": ({"after": after(guardian=replace(BEFORE.guardian, guard=BOB))}, "stop-owner"),
    "the council has another singleton": (
        {"after": after(council=replace(BEFORE.council, singleton=ALICE))},
        "stop-owner",
    ),
    "a word of the council changes": (more(stored(COUNCIL, word_at(2), 1)), "stop-owner"),
    "an owner approves something else": (
        more(stored(GUARDIAN, approval_slot(ALICE, Bytes32(b"\x09" * 32)), 1)),
        "stop-owner",
    ),
    "the timelock's delay is shorter": (
        {"after": after(timelock=replace(BEFORE.timelock, min_delay=Duration(0)))},
        "stop-delay",
    ),
    "the activation delay is longer": ({"after": target(activation_delay=Duration(9))}, "stop-delay"),
    "another policy is anchored": ({"after": after(anchor=AnchorFacts(digest=WORD, uri="other"))}, "stop-policy"),
    "wei moves": (more(balance(BOB)), "stop-value"),
    "the system pays": (more(balance(TARGET)), "stop-value"),
    "another contract is written to": (more(stored(ANCHOR, word_at(0), 1)), "stop-elsewhere"),
    "an operation is withdrawn that nobody named": (
        more(stored(TIMELOCK, timestamp_slot(WORD), 0, 9)),
        "stop-elsewhere",
    ),
    "the system writes a second word": (more(stored(TARGET, word_at(78), 1)), "stop-elsewhere"),
    "it does not pause": ({"after": BEFORE}, "stop-nothing"),
}


def test_a_pause_that_only_pauses_holds() -> None:
    assert judge_stop(PAUSED, NETWORK) == ()
    require_stop(PAUSED, NETWORK)
    assert judge_stop(replace(PAUSED, changes=(FLAG, NONCE, APPROVED)), NETWORK) == ()


@pytest.mark.parametrize("name", SABOTAGED)
def test_each_power_that_an_emergency_must_not_have_is_found_by_its_rule(name: str) -> None:
    changes, rule = SABOTAGED[name]
    stop = replace(PAUSED, **changes)
    assert {finding.rule for finding in judge_stop(stop, NETWORK)} == {rule}
    with pytest.raises(Refused, match="does more than stop things"):
        require_stop(stop, NETWORK)


def test_removing_a_route_is_stopping_and_so_is_withdrawing_what_is_named() -> None:
    removed = replace(
        PAUSED, removes=True, after=target(routes=()), changes=(*PAUSED.changes, stored(TARGET, word_at(78), 1))
    )
    assert judge_stop(removed, NETWORK) == ()
    withdrawn = replace(
        PAUSED,
        txs=(replace(TX, to=TIMELOCK),),
        pauses=False,
        cancels=(WORD,),
        after=BEFORE,
        changes=(NONCE, stored(TIMELOCK, timestamp_slot(WORD), 0, 9)),
    )
    assert judge_stop(withdrawn, NETWORK) == ()


def test_lifting_a_pause_is_no_stopping() -> None:
    lifted = replace(PAUSED, before=after(), after=BEFORE, pauses=False)
    assert [finding.rule for finding in judge_stop(lifted, NETWORK)] == ["stop-system"]


NO_PAUSE = {
    "another function": replace(TX, data=b"\x3f\x4b\xa8\x3a"),
    "another target": replace(TX, to=BOB),
    "another Safe": replace(TX, safe=COUNCIL),
    "another chain": replace(TX, chain_id=1),
    "wei": replace(TX, value=1),
    "words behind the selector": replace(TX, data=TX.data + bytes(32)),
    "a delegatecall": replace(TX, operation=SafeOperation.DELEGATECALL),
}


@pytest.mark.parametrize("name", NO_PAUSE)
def test_nothing_but_a_plain_pause_is_signed_ahead(name: str) -> None:
    found = plain_pause([TX, replace(NO_PAUSE[name], nonce=9)], NETWORK)
    assert [(finding.rule, finding.message) for finding in found] == [
        ("presign-not-a-pause", "nonce 9 is not a plain pause")
    ]
