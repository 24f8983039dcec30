"""A timelock's delay, its roles, and what became of each operation, also of those it has forgotten."""

import pytest

from governance.adapters.chain import NodeChain
from governance.adapters.reverts import explain
from governance.adapters.roles import GRANTED, role_members
from governance.adapters.timelock import NodeTimelock
from governance.core.access import ADMIN, CANCELLER, EXECUTOR, PROPOSER
from governance.core.call import Call
from governance.core.errors import ChainContradicts, Refused
from governance.core.facts import Head, OperationEvent, OperationFacts
from governance.core.keccak import keccak
from governance.core.operation import Operation, cancel
from governance.core.units import (
    ZERO_ADDRESS,
    ZERO_WORD,
    Address,
    Bytes32,
    Duration,
    Moment,
    address_bytes,
    checksummed,
    word,
)
from tests.adapters.badnode import by_method, serving
from tests.chainkit import CHAIN_ID, Node, artifact, call, deploy_timelock, operation

pytestmark = pytest.mark.node

DELAY = 3600
OTHER = checksummed(b"\x0c" * 20)
GRANT, REVOKE = "grantRole(bytes32,address)", "revokeRole(bytes32,address)"


@pytest.fixture
def timelock(node: Node) -> Address:
    """Account 1 is the council, account 2 the guardian, account 0 the deployer who still is admin."""
    return deploy_timelock(node, delay=DELAY, proposers=[node.address(1)], admin=node.address(0))


@pytest.fixture
def box(node: Node) -> Address:
    return node.deploy("Box")


def reader(node: Node, timelock: Address) -> NodeTimelock:
    return NodeTimelock(node.chain, timelock, council=node.address(1), guardian=node.address(2))


def sent(node: Node, call: Call, by: int = 1) -> None:
    assert node.send(call, sender=node.address(by)).status == 1, call.summary


def one(node: Node, timelock: Address, wanted: Operation) -> OperationFacts:
    (facts,) = reader(node, timelock).operations([wanted.id], node.head())
    assert facts.id == wanted.id
    return facts


def test_a_fresh_timelock_lets_its_proposers_cancel_and_nobody_else(node: Node, timelock: Address) -> None:
    """The guardian must be granted CANCELLER_ROLE: the constructor gives it to proposers only."""
    facts = reader(node, timelock).look(node.head())
    runtime = bytes.fromhex(artifact("TimelockController")["deployedBytecode"][2:])
    assert facts.code_hash == keccak(runtime)
    assert (facts.address, facts.min_delay) == (timelock, Duration(DELAY))
    assert (facts.council_may_propose, facts.council_may_cancel) == (True, True)
    assert (facts.guardian_may_cancel, facts.open_executor) == (False, True)


def test_roles_are_those_of_the_block_that_is_asked(node: Node, timelock: Address) -> None:
    """threat_28"""
    before = node.head()
    node.call(timelock, GRANT, CANCELLER, node.address(2))
    node.call(timelock, REVOKE, EXECUTOR, ZERO_ADDRESS)
    node.call(timelock, REVOKE, PROPOSER, node.address(1))
    old, new = (reader(node, timelock).look(at) for at in (before, node.head()))
    assert (old.council_may_propose, old.guardian_may_cancel, old.open_executor) == (True, False, True)
    assert (new.council_may_propose, new.guardian_may_cancel, new.open_executor) == (False, True, False)
    assert new.council_may_cancel


def test_a_changed_delay_leaves_what_is_scheduled_as_it_was(node: Node, timelock: Address, box: Address) -> None:
    """threat_27"""
    wanted = operation(timelock, [call(box, "set(uint256)", 1)], delay=DELAY)
    sent(node, wanted.schedule())
    eta = one(node, timelock, wanted).timestamp
    assert eta == node.head().timestamp.seconds + DELAY
    change = operation(timelock, [call(timelock, "updateDelay(uint256)", 10 * DELAY)], delay=DELAY)
    sent(node, change.schedule())
    node.warp(DELAY)
    sent(node, change.execute(), by=9)
    assert reader(node, timelock).look(node.head()).min_delay == Duration(10 * DELAY)
    assert one(node, timelock, wanted).timestamp == eta


def test_every_step_of_an_operation_is_told_apart(node: Node, timelock: Address, box: Address) -> None:
    """threat_24: after a cancel the timelock says unset, and takes the same id again."""
    wanted = operation(timelock, [call(box, "set(uint256)", 1), call(box, "set(uint256)", 2)], delay=DELAY)
    told = [one(node, timelock, wanted)]
    for step in (wanted.schedule(), cancel(timelock, wanted.id), wanted.schedule()):
        node.warp(10)
        sent(node, step)
        told.append(one(node, timelock, wanted))
    node.warp(DELAY)
    sent(node, wanted.execute(), by=9)
    told.append(one(node, timelock, wanted))
    assert [(f.newest, f.cancellations) for f in told] == [
        (OperationEvent.NONE, 0),
        (OperationEvent.SCHEDULED, 0),
        (OperationEvent.CANCELLED, 1),
        (OperationEvent.SCHEDULED, 1),
        (OperationEvent.EXECUTED, 1),
    ]
    assert [f.timestamp for f in told if f.timestamp <= 1] == [0, 0, 1]
    assert told[1].timestamp < told[3].timestamp


def test_cancellations_are_counted_by_log_and_not_by_call(node: Node, timelock: Address, box: Address) -> None:
    wanted = operation(timelock, [call(box, "set(uint256)", n) for n in range(3)], delay=DELAY)
    for _ in range(3):
        sent(node, wanted.schedule())
        sent(node, cancel(timelock, wanted.id))
    facts = one(node, timelock, wanted)
    assert (facts.timestamp, facts.newest, facts.cancellations) == (0, OperationEvent.CANCELLED, 3)


def test_operations_are_told_in_the_order_asked_and_at_the_block_asked(
    node: Node, timelock: Address, box: Address
) -> None:
    first, second, never = (
        operation(timelock, [call(box, "set(uint256)", 1)], delay=DELAY, salt=salt) for salt in (b"1", b"2", b"3")
    )
    sent(node, first.schedule())
    between = node.head()
    sent(node, second.schedule())
    sent(node, cancel(timelock, first.id))
    tl = reader(node, timelock)
    ids = [second.id, never.id, first.id, second.id]
    now, then = tl.operations(ids, node.head()), tl.operations(ids, between)
    assert [f.id for f in now] == [f.id for f in then] == ids
    scheduled, cancelled, none = OperationEvent.SCHEDULED, OperationEvent.CANCELLED, OperationEvent.NONE
    assert [f.newest for f in now] == [scheduled, none, cancelled, scheduled]
    assert [f.newest for f in then] == [none, none, scheduled, none]
    assert [f.timestamp > 1 for f in then] == [False, False, True, False]
    assert tl.operations([], node.head()) == []


def test_the_ledger_has_what_was_executed_and_what_waits_and_nothing_cancelled(
    node: Node, timelock: Address, box: Address
) -> None:
    calls = [call(box, "set(uint256)", 1), call(box, "set(uint256)", 2)]
    done, waits, gone, back = (operation(timelock, calls, delay=DELAY, salt=salt) for salt in (b"1", b"2", b"3", b"4"))
    for scheduled in (done, waits, gone, back):
        sent(node, scheduled.schedule())
    before = node.head()
    for step in (cancel(timelock, gone.id), cancel(timelock, back.id), back.schedule()):
        sent(node, step)
    node.warp(DELAY)
    sent(node, done.execute(), by=9)
    executed = node.head()
    node.warp(50)
    tl = reader(node, timelock)
    told = [(spent.operation, spent.call.to, spent.call.data, spent.moment) for spent in tl.ledger(node.head())]
    assert sorted(told, key=str) == sorted(
        (
            (one_of.id, each.to, each.data, moment)
            for one_of, moment in ((done, executed.timestamp), (waits, None), (back, None))
            for each in calls
        ),
        key=str,
    )
    assert {(spent.operation, spent.moment) for spent in tl.ledger(before)} == {
        (one_of.id, None) for one_of in (done, waits, gone, back)
    }


def test_an_operation_that_executed_within_one_block_of_its_schedule_is_executed(node: Node, box: Address) -> None:
    timelock = deploy_timelock(node, delay=0, proposers=[node.address(1)])
    wanted = operation(timelock, [call(box, "set(uint256)", 1)], delay=0)
    node.ask("evm_setAutomine", False)
    try:
        for step in (wanted.schedule(), wanted.execute()):
            request = {"from": node.address(1), "to": timelock, "data": "0x" + step.data.hex(), "gas": hex(10**6)}
            node.ask("eth_sendTransaction", request)
    finally:
        node.ask("evm_setAutomine", True)
        node.mine()
    facts = one(node, timelock, wanted)
    assert (facts.timestamp, facts.newest) == (1, OperationEvent.EXECUTED)


def test_a_schedule_that_was_reorganised_away_never_was(node: Node, timelock: Address, box: Address) -> None:
    """threat_09"""
    wanted = operation(timelock, [call(box, "set(uint256)", 1)], delay=DELAY)
    sent(node, wanted.schedule())
    assert one(node, timelock, wanted).newest is OperationEvent.SCHEDULED
    node.ask("anvil_reorg", 1, [])
    facts = one(node, timelock, wanted)
    assert (facts.timestamp, facts.newest, facts.cancellations) == (0, OperationEvent.NONE, 0)


def test_an_operation_never_expires_by_itself(node: Node, timelock: Address, box: Address) -> None:
    """threat_25: the grace period is ours to keep, the chain would still execute ten years later."""
    wanted = operation(timelock, [call(box, "set(uint256)", 1)], delay=DELAY)
    sent(node, wanted.schedule())
    node.warp(10 * 365 * 86_400)
    assert one(node, timelock, wanted).timestamp < node.head().timestamp.seconds
    sent(node, wanted.execute(), by=9)
    assert one(node, timelock, wanted).newest is OperationEvent.EXECUTED


def test_a_call_to_an_account_without_code_counts_as_executed(node: Node, timelock: Address) -> None:
    """threat_29: whether anything is there must be asked beforehand."""
    wanted = operation(timelock, [call(checksummed(b"\x55" * 20), "set(uint256)", 1)], delay=DELAY)
    sent(node, wanted.schedule())
    node.warp(DELAY)
    sent(node, wanted.execute(), by=9)
    facts = one(node, timelock, wanted)
    assert (facts.timestamp, facts.newest) == (1, OperationEvent.EXECUTED)


def test_of_two_executors_in_one_block_one_wins_and_the_other_pays(node: Node, timelock: Address, box: Address) -> None:
    """threat_11: the loser's receipt says 0, and the operation is executed all the same."""
    wanted = operation(timelock, [call(box, "set(uint256)", 1)], delay=DELAY)
    sent(node, wanted.schedule())
    node.warp(DELAY)
    act = wanted.execute()
    node.ask("evm_setAutomine", False)
    try:
        hashes = [
            node.ask(
                "eth_sendTransaction",
                {"from": node.address(i), "to": timelock, "data": "0x" + act.data.hex(), "gas": hex(10**6)},
            )
            for i in (8, 9)
        ]
    finally:
        node.ask("evm_setAutomine", True)
        node.mine()
    receipts = [node.chain.receipt(word(tx_hash)) for tx_hash in hashes]
    assert sorted(receipt.status for receipt in receipts if receipt is not None) == [0, 1]
    assert len({receipt.block for receipt in receipts if receipt is not None}) == 1
    assert one(node, timelock, wanted).newest is OperationEvent.EXECUTED


def test_the_contract_hashes_as_we_do(node: Node, timelock: Address, box: Address) -> None:
    calls = (call(box, "set(uint256)", 1), Call(to=node.address(5), value=7), Call(to=box, data=b"\x01" * 70))
    salt, predecessor = Bytes32(keccak(b"salt")), Bytes32(keccak(b"before"))
    wanted = Operation(timelock=timelock, calls=calls, predecessor=predecessor, salt=salt, delay=Duration(DELAY))
    assert reader(node, timelock).hash_of(calls, predecessor, salt, node.head()) == wanted.id
    assert reader(node, timelock).hash_of(calls, ZERO_WORD, salt, node.head()) != wanted.id


@pytest.mark.parametrize("name", ["Sink", "Box", "nothing"])
def test_what_is_no_timelock_is_refused(node: Node, name: str) -> None:
    """threat_29"""
    where = checksummed(b"\x99" * 20) if name == "nothing" else node.deploy(name)
    with pytest.raises(Refused) as caught:
        reader(node, where).look(node.head())
    (finding,) = caught.value.findings
    assert finding.rule == "timelock"
    assert where in finding.message


# ---- why it says no ------------------------------------------------------------------------------------------------


def test_what_the_timelock_refuses_is_told_in_words(node: Node, timelock: Address, box: Address) -> None:
    """threat_26"""
    wanted = operation(timelock, [call(box, "set(uint256)", 1)], delay=DELAY)
    hasty = operation(timelock, [call(box, "set(uint256)", 1)], delay=DELAY - 1, salt=b"hasty")
    before = Bytes32(keccak(b"never scheduled"))
    orphan = Operation(timelock=timelock, calls=wanted.calls, predecessor=before, salt=ZERO_WORD, delay=Duration(DELAY))
    failing = operation(timelock, [call(box, "set(uint256)", 13)], delay=DELAY)
    for one_of in (wanted, orphan, failing):
        sent(node, one_of.schedule())
    cases = [
        (wanted.schedule(), 1, f"operation 0x{wanted.id.hex()} is not Unset"),
        (wanted.execute(), 9, f"operation 0x{wanted.id.hex()} is not Ready"),
        (hasty.schedule(), 1, "a delay of 3599 s is shorter than the timelock's 1 h"),
        (wanted.schedule(), 5, f"{node.address(5)} lacks PROPOSER_ROLE"),
        (cancel(timelock, wanted.id), 2, f"{node.address(2)} lacks CANCELLER_ROLE"),
        (cancel(timelock, before), 1, f"operation 0x{before.hex()} is not Waiting or Ready"),
        (call(timelock, "updateDelay(uint256)", 0), 1, f"TimelockUnauthorizedCaller({node.address(1)})"),
    ]
    node_head = node.head()
    for act, by, words in cases:
        answer = node.chain.dry_run(act, sender=node.address(by), at=node_head)
        assert (answer.ok, explain(answer.data)) == (False, words)
    node.warp(DELAY)
    later = node.head()
    said = [explain(node.chain.dry_run(o.execute(), sender=node.address(9), at=later).data) for o in (orphan, failing)]
    assert said[0] == f"operation 0x{before.hex()} must be executed first"
    assert said[1].startswith("unknown error 0x")  # the box's own words: the timelock passes them on


# ---- who holds which role ------------------------------------------------------------------------------------------


def test_role_members_are_all_who_hold_a_role_now(node: Node, timelock: Address) -> None:
    """threat_28"""
    council, guardian, deployer = (node.address(i) for i in (1, 2, 0))
    node.call(timelock, GRANT, CANCELLER, guardian)
    node.call(timelock, GRANT, EXECUTOR, node.address(3))
    node.call(timelock, REVOKE, EXECUTOR, node.address(3))
    before = node.head()
    expected = {
        ADMIN: frozenset({timelock, deployer}),
        PROPOSER: frozenset({council}),
        CANCELLER: frozenset({council, guardian}),
        EXECUTOR: frozenset({ZERO_ADDRESS}),
    }
    assert reader(node, timelock).role_members(before) == expected
    node.call(timelock, "renounceRole(bytes32,address)", ADMIN, deployer)
    assert reader(node, timelock).role_members(node.head()) == {**expected, ADMIN: frozenset({timelock})}
    assert reader(node, timelock).role_members(before) == expected


def role_slot(role: Bytes32, account: Address) -> int:
    """`_roles[role].hasRole[account]`, the first variable of AccessControl."""
    of_role = keccak(role + bytes(32))
    return int.from_bytes(keccak(address_bytes(account).rjust(32, b"\0") + of_role), "big")


TRUE, FALSE = Bytes32((1).to_bytes(32, "big")), ZERO_WORD


def test_a_role_that_was_taken_without_a_log_contradicts_its_log(node: Node, timelock: Address) -> None:
    node.set_slot(timelock, role_slot(PROPOSER, node.address(1)), FALSE)
    with pytest.raises(ChainContradicts, match=f"{node.address(1)} does not hold role 0x"):
        reader(node, timelock).role_members(node.head())


def test_a_role_that_came_back_without_a_log_contradicts_its_log(node: Node, timelock: Address) -> None:
    node.call(timelock, REVOKE, PROPOSER, node.address(1))
    node.set_slot(timelock, role_slot(PROPOSER, node.address(1)), TRUE)
    with pytest.raises(ChainContradicts, match=f"{node.address(1)} holds role 0x"):
        reader(node, timelock).role_members(node.head())


def test_a_role_that_never_had_a_log_is_found_by_whoever_asks_for_it(node: Node, timelock: Address) -> None:
    """Successors of the dispatcher seed roles in storage: no log names their holders."""
    node.set_slot(timelock, role_slot(PROPOSER, node.address(7)), TRUE)
    head = node.head()
    unasked = role_members(node.chain, timelock, head)
    asked = role_members(node.chain, timelock, head, asked=[(PROPOSER, node.address(7)), (PROPOSER, node.address(8))])
    assert unasked[PROPOSER] == {node.address(1)}
    assert asked[PROPOSER] == {node.address(1), node.address(7)}


@pytest.mark.parametrize("name", ["Sink", "Box"])
def test_roles_of_what_has_none_cannot_be_read(node: Node, name: str) -> None:
    where = node.deploy(name)
    with pytest.raises(Refused, match="the roles cannot be read"):
        role_members(node.chain, where, node.head(), asked=[(ADMIN, node.address(1))])
    assert role_members(node.chain, where, node.head()) == {}


def test_a_log_that_only_shares_the_name_cannot_be_read() -> None:
    log = {"address": OTHER, "topics": ["0x" + GRANTED.hex()], "data": "0x", "blockNumber": "0x1", "logIndex": "0x0"}
    block = {"number": "0x1", "hash": "0x" + "ab" * 32, "timestamp": "0x1"}
    script = by_method(eth_getLogs=[{**log, "transactionHash": "0x" + "cd" * 32}], eth_getBlockByNumber=block)
    head = Head(chain_id=CHAIN_ID, number=1, hash=word("0x" + "ab" * 32), timestamp=Moment(1))
    with serving(script) as node, pytest.raises(Refused, match="the roles cannot be read"):
        role_members(NodeChain(node.url, CHAIN_ID, "devnet"), OTHER, head)
