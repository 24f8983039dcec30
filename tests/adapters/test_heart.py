"""What an executor asks a node again and again: one request, whatever waits, and what is told of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from governance.adapters.chain import NodeChain
from governance.adapters.heart import NodeHeart
from governance.core.errors import Refused, Unreachable
from governance.core.network import Network, TargetKind
from governance.core.operation import Operation, cancel
from governance.core.units import ZERO_ADDRESS, Address, Moment, checksummed
from governance.ports import Beat
from tests.adapters.rpcproxy import Proxy, proxied
from tests.chainkit import CHAIN_ID, Node, call, deploy_safe, deploy_timelock, exec_safe, operation, safe_tx

pytestmark = pytest.mark.node

DELAY = 3600
NOBODY = checksummed(b"\x0d" * 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """A timelock and its council on a real node, behind a proxy that counts."""

    node: Node
    proxy: Proxy
    network: Network

    def heart(self, confirmations: int | None = 0, payer: Address = NOBODY) -> NodeHeart:
        return NodeHeart(
            NodeChain(self.proxy.url, CHAIN_ID, "devnet"), self.network, payer, confirmations=confirmations
        )

    def operation(self, salt: bytes) -> Operation:
        return operation(self.network.timelock, [call(NOBODY, "anything()")], delay=DELAY, salt=salt)

    def schedule(self, salt: bytes) -> Operation:
        made = self.operation(salt)
        assert self.node.send(made.schedule(), sender=self.node.address(1)).status == 1
        return made

    def execute(self, made: Operation) -> None:
        self.node.warp(DELAY)
        assert self.node.send(made.execute()).status == 1

    def requests(self) -> int:
        return len(self.proxy.served.asked)


@pytest.fixture
def at(node: Node) -> Iterator[At]:
    """Account 1 proposes; the council is a Safe of account 0 alone."""
    network = Network(
        name="devnet",
        chain_id=CHAIN_ID,
        council=deploy_safe(node, [node.address(0)], 1),
        guardian=deploy_safe(node, [node.address(0)], 1),
        timelock=deploy_timelock(node, delay=DELAY, proposers=[node.address(1)]),
        target_kind=TargetKind.DIAMOND,
        target=ZERO_ADDRESS,
        policy_anchor=ZERO_ADDRESS,
    )
    with proxied(node.url) as proxy:
        yield At(node=node, proxy=proxy, network=network)


def test_a_beat_is_one_request_whatever_waits(at: At) -> None:
    heart = at.heart()
    first = heart.beat(None)
    assert at.requests() == 1
    scheduled = [at.schedule(bytes([n])) for n in range(5)]
    second = heart.beat(first.head)
    assert at.requests() == 2
    assert set(second.operations) == {each.id for each in scheduled}
    assert (first.operations, first.forked, second.forked) == ({}, False, False)


def test_what_the_timelock_logged_since_is_told_with_its_newest_block(at: At) -> None:
    """threat_24: what is scheduled, cancelled and scheduled again counts from the last of the three."""
    heart, one = at.heart(), at.schedule(b"one")
    before = heart.beat(None)
    two = at.schedule(b"two")
    block = at.node.head().number
    assert heart.beat(before.head).operations == {two.id: block}
    at.node.send(cancel(at.network.timelock, two.id), sender=at.node.address(1))
    at.schedule(b"two")
    found = heart.beat(before.head)
    assert found.operations == {two.id: block + 2}
    assert heart.beat(found.head).operations == {}
    assert heart.timestamps([one.id, two.id, at.operation(b"none").id], found.head) == [
        at.node.read(at.network.timelock, "getTimestamp(bytes32)(uint256)", one.id),
        found.head.timestamp.seconds + DELAY,
        0,
    ]
    at.execute(one)
    last = heart.beat(found.head)
    assert last.operations == {one.id: last.head.number}
    assert heart.timestamps([one.id], last.head) == [1]


def test_no_operation_is_asked_about_without_a_request(at: At) -> None:
    assert at.heart().timestamps([], at.node.head()) == []
    assert at.requests() == 0


@pytest.mark.parametrize("again", [0, 1, 5])
def test_a_block_that_is_gone_is_told_and_nothing_beside_it(at: At, again: int) -> None:
    """threat_09: whether the other branch is shorter, as long or longer."""
    heart = at.heart()
    snapshot = at.node.ask("evm_snapshot")
    at.schedule(b"one")
    gone = heart.beat(None)
    assert at.node.ask("evm_revert", snapshot) is True
    for _ in range(again):
        at.node.warp(60)
    found = heart.beat(gone.head)
    assert (found.forked, found.operations) == (True, {})
    assert heart.beat(found.head).forked is False


def test_anvils_own_reorganisation_is_told_too(at: At) -> None:
    """threat_09"""
    heart = at.heart()
    at.schedule(b"one")
    gone = heart.beat(None)
    at.node.ask("anvil_reorg", 1, [])
    assert heart.beat(gone.head).forked is True


def test_logs_that_a_node_will_not_give_are_no_silence_but_a_reason_to_look_anew(at: At) -> None:
    """threat_13"""
    heart = at.heart()
    before = heart.beat(None)
    at.schedule(b"one")
    at.proxy.faults.rewrite["eth_getLogs"] = lambda _: None
    with pytest.raises(Unreachable, match="did not answer with a list of logs"):
        heart.beat(before.head)


def test_logs_of_another_contract_are_not_believed(at: At) -> None:
    """threat_15"""
    heart = at.heart()
    before = heart.beat(None)
    at.schedule(b"one")
    at.proxy.faults.rewrite["eth_getLogs"] = lambda logs: [{**log, "address": NOBODY} for log in logs]
    with pytest.raises(Unreachable, match="did not answer with the logs that were asked for"):
        heart.beat(before.head)


def test_final_is_what_has_so_many_confirmations_or_what_the_node_calls_so(at: At) -> None:
    """threat_10"""
    for _ in range(4):
        at.node.mine()
    newest = at.node.head().number
    assert [at.heart(n).beat(None).final for n in (0, 1, 3)] == [newest, newest - 1, newest - 3]
    finalized = int(at.node.ask("eth_getBlockByNumber", "finalized", False)["number"], 16)
    assert at.heart(None).beat(None).final == min(finalized, newest)
    ahead = hex(newest + 7)
    at.proxy.faults.forge["eth_getBlockByNumber"] = lambda params, block: (
        {**block, "number": ahead} if params[0] == "finalized" else block
    )
    assert at.heart(None).beat(None).final == newest


def test_a_node_that_knows_no_final_block_is_refused_unless_somebody_says_how_many_are_enough(at: At) -> None:
    """threat_10: nothing is guessed in its place."""
    at.proxy.faults.forge["eth_getBlockByNumber"] = lambda params, block: None if params[0] == "finalized" else block
    with pytest.raises(Refused) as caught:
        at.heart(None).beat(None)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.hint) == ("no-finality", "say how many blocks are enough: --confirmations N")
    assert at.heart(2).beat(None).final == at.node.head().number - 2


def test_the_next_block_is_no_older_than_the_pending_one_nor_than_the_newest(at: At) -> None:
    """threat_19"""
    heart, newest = at.heart(), at.node.head().timestamp.seconds

    def next_moment(pending: object) -> Moment:
        at.proxy.faults.forge["eth_getBlockByNumber"] = lambda params, block: (
            pending if params[0] == "pending" else block
        )
        return heart.beat(None).next_moment

    assert next_moment({"timestamp": hex(newest + 12)}) == Moment(newest + 12)
    assert next_moment({"timestamp": hex(newest - 12)}) == Moment(newest)
    assert next_moment(None) == Moment(newest)


def test_an_execution_is_final_or_not_yet(at: At) -> None:
    """threat_10"""
    heart, made = at.heart(2), at.schedule(b"one")
    assert heart.of(made.id, at.node.head()) is None
    at.execute(made)
    block = at.node.head().number
    for final in (False, False, True):
        found = heart.of(made.id, at.node.head())
        assert found is not None
        assert (found.block, found.final) == (block, final)
        assert at.node.chain.receipt(found.tx_hash) is not None
        at.node.mine()


def test_what_the_payer_has_left_and_the_councils_nonce_come_along(at: At) -> None:
    """threat_30"""
    heart = at.heart(payer=at.node.address(3))
    first = heart.beat(None)
    assert first.balance == int(at.node.ask("eth_getBalance", at.node.address(3), "latest"), 16)
    exec_safe(at.node, safe_tx(at.node, at.network.council, call(NOBODY, "anything()")), [at.node.accounts[0]])
    assert council_nonce(at, heart.beat(first.head)) == council_nonce(at, first) + 1


def council_nonce(at: At, beat: Beat) -> int:
    return beat.nonce


def test_a_node_of_another_chain_is_refused(at: At) -> None:
    """threat_16"""
    at.proxy.faults.rewrite["eth_chainId"] = lambda _: "0x1"
    with pytest.raises(Refused, match="another chain"):
        at.heart().beat(None)
