"""Calls within calls, encoded by other people's libraries: nothing hides, and nothing unreadable passes for empty.

threat_38, threat_52, threat_56
"""

# ruff: noqa: E501 - one row, one fact

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.access import APPLY, EMERGENCY
from governance.core.call import Call, encode_call, function
from governance.core.calltree import MAX_DEPTH, Node, tree, walk
from governance.core.checks.calls import MULTISEND_CALL_ONLY
from governance.core.facts import TargetFacts
from governance.core.keccak import keccak
from governance.core.safetx import SafeOperation
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, Duration
from governance.core.weakening import weakenings
from tests.core.test_expectation import PINS
from tests.core.test_situation import ALICE, ANCHOR, BEFORE, BOB, COUNCIL, GUARDIAN, NETWORK, TARGET, TIMELOCK, account

WORD = Bytes32(b"\x07" * 32)
SINK, MULTISEND, OTHER_SAFE = account(50), account(51), account(52)


def call(to: Address, signature: str, *arguments: Any, value: int = 0) -> Call:
    return Call(to=to, value=value, data=encode_call(function(signature), arguments))


def grant(to: Address = TARGET, role: Bytes32 = EMERGENCY, holder: Address = BOB) -> Call:
    return call(to, "grantRole(bytes32,address)", role, holder)


def by_safe(
    inner: Call, *, safe: Address = OTHER_SAFE, operation: int = 0, refund: tuple[Any, ...] = (0, 0, 0)
) -> Call:
    return call(
        safe,
        "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
        *(inner.to, inner.value, inner.data, operation, *refund, ZERO_ADDRESS, ZERO_ADDRESS, b""),
    )


def by_module(inner: Call, operation: int = 0) -> Call:
    signature = "execTransactionFromModule(address,uint256,bytes,uint8)"
    return call(COUNCIL, signature, inner.to, inner.value, inner.data, operation)


def by_multisend(*inner: Call) -> Call:
    """As safe-eth-py packs them."""
    from safe_eth.safe.multi_send import MultiSendOperation, MultiSendTx

    packed = b"".join(
        MultiSendTx(MultiSendOperation.CALL, each.to, each.value, each.data).encoded_data for each in inner
    )
    return call(MULTISEND, "multiSend(bytes)", packed)


def by_timelock(*inner: Call) -> Call:
    lists = [each.to for each in inner], [each.value for each in inner], [each.data for each in inner]
    signature = "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)"
    return call(TIMELOCK, signature, *lists, WORD, WORD, 7)


def by_execution(*inner: Call) -> Call:
    lists = [each.to for each in inner], [each.value for each in inner], [each.data for each in inner]
    return call(TIMELOCK, "executeBatch(address[],uint256[],bytes[],bytes32,bytes32)", *lists, WORD, WORD)


def by_schedule(inner: Call) -> Call:
    signature = "schedule(address,uint256,bytes,bytes32,bytes32,uint256)"
    return call(TIMELOCK, signature, inner.to, inner.value, inner.data, WORD, WORD, 7)


def by_aggregate(inner: Call) -> Call:
    return call(SINK, "aggregate3((address,bool,bytes)[])", [(inner.to, True, inner.data)])


def by_aggregate_with_value(inner: Call) -> Call:
    return call(SINK, "aggregate3Value((address,bool,uint256,bytes)[])", [(inner.to, True, 5, inner.data)])


def by_old_aggregate(inner: Call) -> Call:
    return call(SINK, "tryAggregate(bool,(address,bytes)[])", True, [(inner.to, inner.data)])


def by_itself(inner: Call) -> Call:
    return call(inner.to, "multicall(bytes[])", [inner.data])


def by_aggregate_with_block(inner: Call) -> Call:
    return call(SINK, "blockAndAggregate((address,bytes)[])", [(inner.to, inner.data)])


def by_aggregate_that_may_fail(inner: Call) -> Call:
    return call(SINK, "tryBlockAndAggregate(bool,(address,bytes)[])", False, [(inner.to, inner.data)])


def by_itself_in_time(inner: Call) -> Call:
    return call(inner.to, "multicall(uint256,bytes[])", 9, [inner.data])


def by_account(inner: Call) -> Call:
    return call(SINK, "execute(address,uint256,bytes)", inner.to, inner.value, inner.data)


def by_governor(inner: Call) -> Call:
    return call(SINK, "relay(address,uint256,bytes)", inner.to, inner.value, inner.data)


def by_manager(inner: Call) -> Call:
    return call(SINK, "execute(address,bytes)", inner.to, inner.data)


def by_managers_schedule(inner: Call) -> Call:
    return call(SINK, "schedule(address,bytes,uint48)", inner.to, inner.data, 7)


WRAPPERS: dict[str, Callable[[Call], Call]] = {
    "a Safe": by_safe,
    "a module": by_module,
    "many at once": by_multisend,
    "a schedule": by_schedule,
    "a batch that is scheduled": by_timelock,
    "a batch that is executed": by_execution,
    "Multicall3": by_aggregate,
    "Multicall3 with wei": by_aggregate_with_value,
    "Multicall2": by_old_aggregate,
    "Multicall2 with the block": by_aggregate_with_block,
    "Multicall2 with the block, and failing": by_aggregate_that_may_fail,
    "a contract's own multicall": by_itself,
    "a contract's own multicall with a deadline": by_itself_in_time,
    "an account of somebody": by_account,
    "a governor": by_governor,
    "an access manager": by_manager,
    "an access manager, later": by_managers_schedule,
}


def opened(*calls: Call) -> tuple[Node, ...]:
    return tree(calls, caller=TIMELOCK)


def weakened(*calls: Call, **pins: Any) -> list[str]:
    return [each.what for each in weakenings(opened(*calls), network=NETWORK, pins=replace(PINS, **pins))]


@pytest.mark.parametrize("outer", WRAPPERS)
@pytest.mark.parametrize("inner", WRAPPERS)
def test_what_is_wrapped_twice_is_found(outer: str, inner: str) -> None:
    """threat_52: a role is granted under two wrappers that other tools encode."""
    hidden = grant()
    nodes = list(walk(opened(WRAPPERS[outer](WRAPPERS[inner](hidden)))))
    assert [node.opaque for node in nodes] == ["", "", ""]
    assert (nodes[-1].to, nodes[-1].data, nodes[-1].path.count(".")) == (hidden.to, hidden.data, 2)
    *wrapped, what = weakened(WRAPPERS[outer](WRAPPERS[inner](hidden)))
    assert what == "who holds a role"
    assert all("by a function that is not known here" in each for each in wrapped)  # no timelock has a multicall


def test_a_bundle_keeps_the_order_and_everything_in_it() -> None:
    calls = [grant(holder=account(n)) for n in range(60, 70)]
    (node,) = opened(by_multisend(*calls, Call(to=SINK, value=9)))
    assert [(each.to, each.value, each.data) for each in node.inside] == [
        *((each.to, 0, each.data) for each in calls),
        (SINK, 9, b""),
    ]
    assert node.inside[3].path == "calls[0].multiSend[3]"
    assert {each.caller for each in node.inside} == {MULTISEND}


def test_what_runs_by_delegatecall_runs_in_the_callers_name() -> None:
    (node,) = opened(by_safe(by_multisend(grant()), operation=1))
    (lent,) = node.inside
    assert (lent.operation, lent.to, lent.account) == (SafeOperation.DELEGATECALL, MULTISEND, OTHER_SAFE)
    assert lent.inside[0].caller == OTHER_SAFE


INITIALIZERS: dict[str, tuple[Call, Address, Address]] = {
    "a proxy's": (call(SINK, "upgradeToAndCall(address,bytes)", BOB, b"\1\2\3\4"), BOB, SINK),
    "through an admin": (call(ALICE, "upgradeAndCall(address,address,bytes)", SINK, BOB, b"\1\2\3\4"), BOB, SINK),
    "a diamond's": (
        call(TARGET, "diamondCut((address,uint8,bytes4[])[],address,bytes)", [(ALICE, 0, [b"\1\1\1\1"])], BOB, b"\1"),
        BOB,
        TARGET,
    ),
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_an_initializer_is_foreign_code_in_the_proxys_name(name: str) -> None:
    made, code, whose = INITIALIZERS[name]
    (node,) = opened(made)
    (init,) = node.inside
    assert (init.operation, init.to, init.account) == (SafeOperation.DELEGATECALL, code, whose)


def test_without_an_initializer_nothing_runs() -> None:
    quiet = [
        call(SINK, "upgradeToAndCall(address,bytes)", BOB, b""),
        call(TARGET, "diamondCut((address,uint8,bytes4[])[],address,bytes)", [], ZERO_ADDRESS, b""),
    ]
    assert [node.inside for node in opened(*quiet)] == [(), ()]


REFUNDS = [(1, 0, 0), (0, 1, 0), (0, 0, 1)]


@pytest.mark.parametrize("refund", REFUNDS)
def test_a_nested_transaction_that_pays_its_sender_is_told(refund: tuple[int, int, int]) -> None:
    """threat_37"""
    assert opened(by_safe(grant(), refund=refund))[0].inside[0].refunds
    assert not opened(by_safe(grant()))[0].inside[0].refunds


@pytest.mark.parametrize(("token", "receiver"), [(BOB, ZERO_ADDRESS), (ZERO_ADDRESS, BOB)])
def test_a_refund_to_somebody_or_in_a_token_is_told(token: Address, receiver: Address) -> None:
    """threat_37"""
    made = call(
        OTHER_SAFE,
        "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
        *(SINK, 0, b"", 0, 0, 0, 0, token, receiver, b""),
    )
    assert opened(made)[0].inside[0].refunds


def cut(given: Call, end: int) -> Call:
    return replace(given, data=given.data[:end])


PACKED = by_multisend(grant())
OPAQUE: dict[str, Call] = {
    "arguments cut off": cut(by_safe(grant()), -32),
    "no arguments": cut(by_safe(grant()), 4),
    "something after them": replace(by_schedule(grant()), data=by_schedule(grant()).data + b"\0"),
    "a third operation": by_module(grant(), 2),
    "lists of different lengths": call(
        TIMELOCK, "executeBatch(address[],uint256[],bytes[],bytes32,bytes32)", [SINK, BOB], [0], [b""], WORD, WORD
    ),
    "a bundle that is cut off": call(MULTISEND, "multiSend(bytes)", b"\0" + b"\1" * 20 + b"\0" * 40),
    "a bundle whose last is longer than it": call(MULTISEND, "multiSend(bytes)", b"\0" * 53 + b"\xff" * 32),
    "a bundle with a third operation": call(MULTISEND, "multiSend(bytes)", b"\2" + b"\1" * 20 + b"\0" * 64),
    "a bundle to nobody, or to whoever runs it": call(MULTISEND, "multiSend(bytes)", b"\0" * 85),
    "dirty bytes before an address": replace(
        by_schedule(grant()), data=by_schedule(grant()).data[:4] + b"\1" + by_schedule(grant()).data[5:]
    ),
}


@pytest.mark.parametrize("name", OPAQUE)
def test_what_cannot_be_read_is_never_taken_for_nothing(name: str) -> None:
    (node,) = opened(OPAQUE[name])
    assert node.opaque
    assert node.inside == ()


def test_what_is_nested_too_deep_is_opaque() -> None:
    made = grant()
    for _ in range(MAX_DEPTH + 1):
        made = by_safe(made)
    nodes = list(walk(opened(made)))
    assert "nested deeper" in nodes[-1].opaque
    assert weakened(made) == []  # it is refused as what cannot be read


def test_a_bundle_of_thousands_ends() -> None:
    packed = (b"\0" + b"\1" * 20 + b"\0" * 64) * 5000
    (node,) = opened(call(MULTISEND, "multiSend(bytes)", packed))
    assert len(node.inside) == 5000
    many = call(MULTISEND, "multiSend(bytes)", b"".join(
        b"\0" + bytes.fromhex(MULTISEND[2:]) + bytes(32) + len(PACKED.data).to_bytes(32, "big") + PACKED.data
        for _ in range(5000)
    ))  # fmt: skip
    assert any("bundles more" in each.opaque for each in opened(many)[0].inside)


@given(st.binary(max_size=300), st.sampled_from([*WRAPPERS]))
def test_any_bytes_are_opened_or_opaque(data: bytes, name: str) -> None:
    selector = WRAPPERS[name](grant()).data[:4]
    for node in walk(opened(Call(to=SINK, data=selector + data))):
        assert not (node.opaque and node.inside)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=6))
def test_every_byte_of_a_bundle_is_accounted_for(payloads: list[bytes]) -> None:
    (node,) = opened(by_multisend(*(Call(to=SINK, data=data) for data in payloads)))
    assert [each.data for each in node.inside] == payloads


# ---- what it weakens ---------------------------------------------------------------------------------------------------

CUT = "diamondCut((address,uint8,bytes4[])[],address,bytes)"
KEEPS = "what keeps the governed system upgradable, readable and stoppable"


def diamond_cut(action: int, *signatures: str) -> Call:
    selectors = [function(each).selector for each in signatures]
    return call(TARGET, CUT, [(ZERO_ADDRESS if action == 2 else ALICE, action, selectors)], ZERO_ADDRESS, b"")


WEAKER: dict[str, tuple[Call, str]] = {
    "a role": (grant(SINK), "who holds a role"),
    "a role given up": (call(TARGET, "renounceRole(bytes32,address)", WORD, TIMELOCK), "who holds a role"),
    "a role taken": (call(TIMELOCK, "revokeRole(bytes32,address)", WORD, GUARDIAN), "who holds a role"),
    "an owner": (call(SINK, "transferOwnership(address)", BOB), "who owns a contract"),
    "no owner": (call(SINK, "renounceOwnership()"), "who owns a contract"),
    "a quorum": (call(COUNCIL, "changeThreshold(uint256)", 1), "a Safe's quorum"),
    "another Safe's owners": (call(OTHER_SAFE, "addOwnerWithThreshold(address,uint256)", BOB, 1), "a Safe's owners and quorum"),
    "a module": (call(COUNCIL, "enableModule(address)", BOB), "who acts for a Safe without its owners"),
    "a guard": (call(COUNCIL, "setGuard(address)", ZERO_ADDRESS), "a Safe's guard"),
    "a fallback handler": (call(GUARDIAN, "setFallbackHandler(address)", BOB), "a Safe's fallback handler"),
    "the policy": (call(ANCHOR, "setPolicy(bytes32,string)", WORD, ""), "the policy in force"),
    "a shorter delay": (call(TIMELOCK, "updateDelay(uint256)", 0), "the timelock's delay"),
    "a delay that cannot be read": (Call(to=TIMELOCK, data=function("updateDelay(uint256)").selector), "the timelock's delay"),
    "an unknown activation delay": (call(TARGET, "setActivationDelay(uint64)", 9), "the governed system's activation delay"),
    "an end to upgrades": (call(TARGET, "freeze()"), "whether anything can be upgraded ever again"),
    "an unknown function of the timelock": (call(TIMELOCK, "mystery()"), "the timelock, by a function that is not known here"),
    "an unknown function of the guardian": (call(GUARDIAN, "mystery()"), "the guardian, by a function that is not known here"),
    "an admin who is to come": (call(SINK, "beginDefaultAdminTransfer(address)", BOB), "who holds a role"),
    "an access manager's role": (call(SINK, "grantRole(uint64,address,uint32)", 1, BOB, 0), "who holds a role"),
    "a role's own admin": (call(SINK, "setRoleAdmin(uint64,uint64)", 1, 2), "who may give a role"),
    "another access manager": (call(SINK, "setAuthority(address)", BOB), "who says who may call"),
    "a Safe's singleton": (call(COUNCIL, "changeMasterCopy(address)", BOB), "a Safe's code"),
    "a hash that is agreed to": (call(COUNCIL, "approveHash(bytes32)", WORD), "the council, by a function that is not known here"),
    "a cut of what a diamond needs": (diamond_cut(2, "owner()"), KEEPS),
    "other code for what a diamond needs": (diamond_cut(1, "facets()"), KEEPS),
    "what nobody can read": (cut(by_safe(grant(), safe=COUNCIL), -32), "the council, by a call that cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("name", WEAKER)
@pytest.mark.parametrize("wrapper", [None, "a Safe", "many at once"])
def test_a_weakening_is_found_at_any_depth(name: str, wrapper: str | None) -> None:
    made, what = WEAKER[name]
    assert weakened(made if wrapper is None else WRAPPERS[wrapper](made)) == [what]


def target(delay: int) -> TargetFacts:
    return replace(BEFORE.target, activation_delay=Duration(delay))


def test_a_longer_delay_weakens_nothing() -> None:
    longer = [call(TIMELOCK, "updateDelay(uint256)", 10), call(TARGET, "setActivationDelay(uint64)", 10)]
    assert weakened(*longer, min_delay=Duration(9), target=target(9)) == []
    shorter = ["the timelock's delay", "the governed system's activation delay"]
    assert weakened(*longer, min_delay=Duration(11), target=target(11)) == shorter


ROUTINE = [
    call(TARGET, "commitRoot(bytes32,uint64)", WORD, 1),
    call(TARGET, "activateCommittedRoot()"),
    call(TARGET, "pause()"),
    call(TARGET, "unpause()"),
    call(SINK, "setFee(uint256)", 1),
    call(TIMELOCK, "cancel(bytes32)", WORD),
    by_timelock(call(SINK, "setFee(uint256)", 1)),
    Call(to=COUNCIL, value=5),
    call(SINK, "mystery()"),
    diamond_cut(0, "owner()"),
    diamond_cut(2, "fee()"),
    diamond_cut(1, "fee()"),
]


@pytest.mark.parametrize("made", ROUTINE)
def test_daily_work_weakens_nothing(made: Call) -> None:
    assert weakened(made) == []


GIVE, WORK = grant(holder=TIMELOCK), call(TARGET, "removeRoutes(bytes4[])", [b"\1\1\1\1"])
TAKE = call(TARGET, "revokeRole(bytes32,address)", EMERGENCY, TIMELOCK)
ROLE = "who holds a role"
LENT: dict[str, tuple[list[Call], list[str]]] = {
    "lent and given back": ([GIVE, WORK, TAKE], []),
    "kept": ([GIVE, WORK], [ROLE]),
    "taken, then given": ([TAKE, WORK, GIVE], [ROLE] * 2),
    "given back twice": ([GIVE, WORK, TAKE, TAKE], [ROLE]),
    "another role is given back": ([GIVE, WORK, call(TARGET, "revokeRole(bytes32,address)", APPLY, TIMELOCK)], [ROLE] * 2),
    "another role is lent": ([grant(role=APPLY, holder=TIMELOCK), call(TARGET, "revokeRole(bytes32,address)", APPLY, TIMELOCK)], [ROLE] * 2),
    "lent to somebody else": ([grant(holder=BOB), WORK, call(TARGET, "revokeRole(bytes32,address)", EMERGENCY, BOB)], [ROLE] * 2),
    "given back in a call that may fail": ([GIVE, WORK, by_aggregate(TAKE)], [ROLE] * 2),
}  # fmt: skip


LACKS = replace(BEFORE.target, timelock_may_remove=False)


@pytest.mark.parametrize("name", LENT)
def test_a_right_that_is_lent_to_the_timelock_between_calls_weakens_nothing(name: str) -> None:
    """Deployed dispatchers remove routes by EMERGENCY_ROLE, which the timelock gives itself for that one operation."""
    calls, expected = LENT[name]
    assert weakened(*calls, target=LACKS) == expected


def test_nobody_lends_what_is_held_already_or_what_nobody_has_read() -> None:
    assert weakened(GIVE, WORK, TAKE, target=BEFORE.target) == [ROLE] * 2
    assert weakened(GIVE, WORK, TAKE, target=None) == [ROLE] * 2


def test_a_cut_that_cannot_be_read_is_taken_for_the_worst() -> None:
    assert weakened(cut(diamond_cut(2, "fee()"), -32)) == [KEEPS]


def test_foreign_code_in_the_name_of_a_safe_is_taken_for_the_worst() -> None:
    unknown = "the council, by a function that is not known here"
    assert weakened(by_module(call(SINK, "ping()"), 1)) == [unknown]
    assert weakened(by_module(by_multisend(call(SINK, "ping()")), 1)) == []
    assert weakened(by_module(by_safe(call(SINK, "ping()"), safe=COUNCIL), 1)) == [unknown]


def test_the_only_code_that_may_be_lent_is_the_published_one() -> None:
    from safe_eth.eth.contracts import load_contract_interface

    published = {
        Bytes32(
            keccak(bytes.fromhex(load_contract_interface(f"MultiSendCallOnly_V{version}.json")["deployedBytecode"][2:]))
        )
        for version in ("1_4_1", "1_5_0")
    }
    assert published == MULTISEND_CALL_ONLY
