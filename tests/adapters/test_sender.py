"""The paying account on a real node: whatever is lost, killed, dropped or taken back, one act has one effect."""

import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.chain import NodeChain
from governance.adapters.journal import SqlJournal
from governance.adapters.keys import KeystoreSigner, create_keystore
from governance.adapters.rawtransaction import read
from governance.adapters.sender import REPLACEMENTS, DrySender, JournalledSender
from governance.core.call import Call
from governance.core.errors import InFlight, Refused, Unreachable
from governance.core.journal import Intent
from governance.core.units import Address, to_hex
from tests import chainkit
from tests.adapters import databases
from tests.adapters.rpcproxy import BROADCAST, Proxy, proxied
from tests.executor.faulty import faulty

pytestmark = pytest.mark.node

PAYER = 3
PURPOSE = "queue 0007 devnet 0xab"
CAP = 10**12
COUNTS = bytes.fromhex("60005460010160005500")
"""slot 0 += 1, each time."""
ONCE = bytes.fromhex("600054600c576001600055005b60006000fd")
"""slot 0 = 1 the first time; then it reverts."""


@dataclass(slots=True, kw_only=True)
class Clock:
    """Time that passes quickly, and what happens meanwhile."""

    now: float = 0.0
    meanwhile: Callable[[], object] = int

    def sleep(self, seconds: float) -> None:
        self.now += 20 * seconds
        self.meanwhile()
        time.sleep(0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A node behind a proxy, a payer with a journal, and contracts that tell how often they were called."""

    node: chainkit.Node
    proxy: Proxy
    folder: Path
    clock: Clock

    @property
    def payer(self) -> Address:
        return self.node.address(PAYER)

    @property
    def journal(self) -> SqlJournal:
        return SqlJournal(databases.sqlite(self.folder))

    def sender(self, cap: int = CAP, who: int = PAYER) -> JournalledSender:
        """As a new process would make it."""
        return sender(self.proxy.url, self.folder, self.clock, cap=cap, who=who)

    def send(self, call: Call, cap: int = CAP) -> Any:
        return self.sender(cap).send(call, purpose=PURPOSE)

    def count(self, call: Call) -> int:
        return int(self.node.ask("eth_getStorageAt", call.to, "0x0", "latest"), 16)

    def nonce(self) -> int:
        return int(self.node.ask("eth_getTransactionCount", self.payer, "latest"), 16)

    def kept(self) -> list[Intent]:
        return self.journal.intents(PURPOSE)

    def spend_nonce(self) -> None:
        """The same key is used elsewhere."""
        self.node.send(Call(to=self.node.address(9), data=b"", summary="elsewhere"), sender=self.payer)


def sender(url: str, folder: Path, clock: Clock, *, cap: int = CAP, who: int = PAYER) -> JournalledSender:
    return JournalledSender(
        chain=NodeChain(url, chainkit.CHAIN_ID, "devnet"),
        signer=KeystoreSigner.open(folder / f"{who}.json", "password"),
        journal=SqlJournal(databases.sqlite(folder)),
        network="devnet",
        max_fee_per_gas=cap,
        clock=lambda: clock.now,
        sleep=clock.sleep,
    )


def deployed(node: chainkit.Node, runtime: bytes) -> Call:
    """A call of a new contract with this code."""
    init = bytes.fromhex(f"60{len(runtime):02x}8060093d393df3") + runtime
    return Call(to=node.deploy_code(init), data=b"\x12", summary="count")


@pytest.fixture(scope="module")
def keys(anvil_node: chainkit.Node, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for who in (PAYER, PAYER + 1):
        create_keystore(folder / f"{who}.json", "password", anvil_node.accounts[who].key, iterations=2)
    return folder


@pytest.fixture
def world(node: chainkit.Node, keys: Path, tmp_path: Path) -> Iterator[World]:
    for key in keys.iterdir():
        (tmp_path / key.name).touch(0o600)
        (tmp_path / key.name).write_bytes(key.read_bytes())
    with proxied(node.url) as proxy:
        yield World(node=node, proxy=proxy, folder=tmp_path, clock=Clock())
    node.ask("anvil_dropAllTransactions")
    node.ask("evm_setAutomine", True)
    node.ask("anvil_setChainId", chainkit.CHAIN_ID)


@pytest.fixture
def counts(world: World) -> Call:
    return deployed(world.node, COUNTS)


@pytest.fixture
def once(world: World) -> Call:
    return deployed(world.node, ONCE)


# One act, one effect


def test_an_act_is_sent_once_however_often_it_is_asked_for(world: World, counts: Call) -> None:
    """threat_03."""
    receipt = world.send(counts)
    assert (receipt.status, world.count(counts)) == (1, 1)
    (intent,) = world.kept()
    assert world.proxy.broadcasts() == [to_hex(intent.raw)]
    assert (intent.tx_hash, intent.sender, intent.chain_id) == (receipt.tx_hash, world.payer, chainkit.CHAIN_ID)
    assert world.send(counts) == receipt
    assert len(world.proxy.broadcasts()) == 1
    assert world.sender().send(counts, purpose="another act").tx_hash != receipt.tx_hash
    assert world.count(counts) == 2


def test_an_answer_that_got_lost_is_found_by_the_hash(world: World, counts: Call) -> None:
    """threat_02: the node took it, and nobody heard."""
    world.proxy.faults.lose_answer.add(BROADCAST)
    assert world.send(counts).status == 1
    assert (world.count(counts), len(world.proxy.broadcasts())) == (1, 1)


def test_a_transaction_that_never_arrived_is_sent_again_byte_for_byte(world: World, counts: Call) -> None:
    """threat_02 threat_01: from here, it looks the same."""
    world.proxy.faults.lose_question.add(BROADCAST)
    with pytest.raises(Unreachable, match=r"has no receipt: the node did not take it: .* does not answer") as caught:
        world.send(counts)
    assert "the same command" in caught.value.hint()
    world.proxy.faults.lose_question.clear()
    base = int(world.node.ask("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    world.node.ask("anvil_setNextBlockBaseFeePerGas", hex(base + 1))  # or the same bytes would be signed again
    world.node.mine()
    assert world.send(counts).status == 1
    first, second = world.proxy.broadcasts()
    assert first == second == to_hex(world.kept()[0].raw)
    assert world.count(counts) == 1


def test_a_node_that_has_it_already_may_complain(world: World, counts: Call) -> None:
    """threat_03: whatever words it chooses."""
    world.node.ask("evm_setAutomine", False)
    world.proxy.faults.before[BROADCAST] = lambda: world.node.ask(BROADCAST, to_hex(world.kept()[0].raw))
    world.clock.meanwhile = world.node.mine
    assert world.send(counts).status == 1
    assert world.count(counts) == 1


def test_a_transaction_that_the_pool_forgot_is_sent_again_byte_for_byte(world: World, counts: Call) -> None:
    """threat_04."""
    world.node.ask("evm_setAutomine", False)
    with pytest.raises(Unreachable, match="has no receipt: waited 120 s"):
        world.send(counts)
    (intent,) = world.kept()
    assert world.node.ask("anvil_dropTransaction", to_hex(intent.tx_hash)) == to_hex(intent.tx_hash)
    world.clock.meanwhile = world.node.mine
    assert world.send(counts).tx_hash == intent.tx_hash
    assert world.proxy.broadcasts() == [to_hex(intent.raw)] * 2
    assert world.count(counts) == 1


def test_a_transaction_that_waits_in_the_pool_is_never_signed_anew(world: World, counts: Call) -> None:
    """threat_03: its nonce is taken, and the next one would have a second effect."""
    world.node.ask("evm_setAutomine", False)
    with pytest.raises(Unreachable, match="has no receipt: waited 120 s"):
        world.send(counts)
    world.clock.meanwhile = world.node.mine
    receipt = world.send(counts)
    (intent,) = world.kept()
    assert receipt.tx_hash == intent.tx_hash
    assert set(world.proxy.broadcasts()) == {to_hex(intent.raw)}
    assert world.count(counts) == 1


def test_a_receipt_that_comes_between_two_looks_is_not_taken_for_lost(world: World, counts: Call) -> None:
    """threat_08: mined just after its receipt was asked for, so that its nonce is used, and by itself."""
    world.node.ask("evm_setAutomine", False)
    faults = world.proxy.faults
    faults.before[BROADCAST] = lambda: faults.before.update({"eth_getTransactionCount": world.node.mine})
    assert world.send(counts).status == 1
    assert faults.before == {}
    assert world.count(counts) == 1


def test_two_senders_of_one_act_send_one_transaction(world: World, counts: Call) -> None:
    """threat_11: the second finds what the first is about to send."""
    world.proxy.faults.before[BROADCAST] = lambda: world.send(counts)
    assert world.send(counts).status == 1
    assert (world.count(counts), len(world.kept())) == (1, 1)


DEADLY: dict[str, tuple[type, str]] = {
    "before it is kept": (SqlJournal, "record_intent"),
    "before it is sent": (NodeChain, "broadcast"),
    "before its receipt is seen": (JournalledSender, "_await"),
}


def _killed(url: str, folder: Path, call: Call, where: str) -> None:
    def die(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(*DEADLY[where], die)
    sender(url, folder, Clock()).send(call, purpose=PURPOSE)


@pytest.mark.parametrize("where", DEADLY)
def test_killed_anywhere_the_same_command_has_one_effect(world: World, counts: Call, where: str) -> None:
    """threat_12: kill -9, and no time to tidy up."""
    arguments = (world.proxy.url, world.folder, counts, where)
    process = multiprocessing.get_context("spawn").Process(target=_killed, args=arguments)
    process.start()
    process.join(30)
    assert process.exitcode == -signal.SIGKILL
    before = world.kept()
    assert len(before) == (where != "before it is kept")
    receipt = world.send(counts)
    assert (receipt.status, world.count(counts)) == (1, 1)
    (intent,) = world.kept()
    assert before in ([], [intent])
    assert world.proxy.broadcasts() == [to_hex(intent.raw)]


# Nonces


def test_a_nonce_that_somebody_else_used_is_given_up(world: World, counts: Call) -> None:
    """threat_08: before it was broadcast; the next attempt signs anew."""
    world.proxy.faults.before[BROADCAST] = world.spend_nonce
    with pytest.raises(Unreachable, match=f"nonce {world.nonce()} of {world.payer} was used by another"):
        world.send(counts)
    assert world.count(counts) == 0
    assert world.send(counts).status == 1
    first, second = world.kept()
    assert second.nonce == first.nonce + 1
    assert world.count(counts) == 1


def test_a_nonce_in_the_pool_is_not_taken(world: World, counts: Call) -> None:
    """threat_07: the node's pool counts, no stored number does."""
    world.node.ask("evm_setAutomine", False)
    elsewhere = {"from": world.payer, "to": world.node.address(9), "value": "0x1"}
    world.node.ask("eth_sendTransaction", elsewhere)
    world.clock.meanwhile = world.node.mine
    before = world.nonce()
    assert world.send(counts).status == 1
    assert world.kept()[0].nonce == before + 1


@pytest.mark.parametrize("elsewhere", [0, 1, 2])
def test_an_act_that_a_reorganisation_took_back_is_done_again(world: World, counts: Call, elsewhere: int) -> None:
    """threat_09: its nonce is free again, or was used by what came instead."""
    snapshot = world.node.ask("evm_snapshot")
    gone = world.send(counts)
    assert world.node.ask("evm_revert", snapshot) is True
    assert world.count(counts) == 0
    for _ in range(elsewhere):
        world.spend_nonce()
    receipt = world.send(counts)
    assert world.count(counts) == 1
    assert (receipt.tx_hash == gone.tx_hash) is (elsewhere == 0)
    assert world.send(counts) == receipt


def test_a_transaction_behind_a_gap_of_nonces_is_not_waited_for(world: World, counts: Call) -> None:
    """threat_07 threat_09: a devnet that was made anew counts from the start, and the journal remembers more."""
    snapshot = world.node.ask("evm_snapshot")
    world.spend_nonce()
    world.spend_nonce()
    gone = world.send(counts)
    assert world.node.ask("evm_revert", snapshot) is True
    receipt = world.send(counts)
    assert receipt.tx_hash != gone.tx_hash
    assert [intent.nonce for intent in world.kept()] == [world.nonce() - 1, world.nonce() + 1]
    assert world.send(counts) == receipt
    assert world.count(counts) == 1


def test_what_another_payer_or_chain_left_is_not_sent(world: World, counts: Call) -> None:
    """threat_17."""
    world.proxy.faults.lose_question.add(BROADCAST)
    with pytest.raises(Unreachable):
        world.sender(who=PAYER + 1).send(counts, purpose=PURPOSE)
    with pytest.raises(Unreachable):
        world.sender().send(counts, purpose="elsewhere")
    world.proxy.faults.lose_question.clear()
    (foreign,) = world.journal.intents("elsewhere")
    journal = SqlJournal(f"sqlite:///{world.folder / 'other.sqlite3'}")
    journal.record_intent(replace(foreign, purpose=PURPOSE, chain_id=1))
    journal.record_intent(world.kept()[0])
    (world.folder / "other.sqlite3").replace(world.folder / "journal.sqlite3")
    left = {intent.tx_hash for intent in world.kept()}
    base = int(world.node.ask("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
    world.node.ask("anvil_setNextBlockBaseFeePerGas", hex(base + 1))  # or the same bytes would be signed again
    world.node.mine()
    assert world.send(counts).tx_hash not in left
    assert (len(left), len(world.kept()), world.count(counts)) == (2, 3, 1)


# Replacements


def stuck(world: World, counts: Call) -> Intent:
    """A transaction that three blocks pass by."""
    world.node.ask("evm_setAutomine", False)
    with pytest.raises(InFlight):
        world.send(counts)
    (intent,) = world.kept()
    pass_by(world)
    assert world.count(counts) == 0
    return intent


def pass_by(world: World) -> None:
    """Three blocks that are full: what is in the pool stays there."""
    world.node.ask("anvil_setBlockGasLimit", hex(21_000))
    for _ in range(3):
        world.node.mine()
    world.node.ask("anvil_setBlockGasLimit", hex(30_000_000))


def test_what_is_stuck_is_replaced_for_a_fee_that_geth_takes(world: World, counts: Call) -> None:
    """threat_05"""
    with faulty(world.node.url) as geth:
        geth.bump = 10
        first = stuck(world, counts)
        geth.broadcasts()
        world.clock.meanwhile = world.node.mine
        receipt = sender(geth.url, world.folder, world.clock).send(counts, purpose=PURPOSE)
    old, new = world.kept()
    assert (old, old.nonce, receipt.tx_hash, world.count(counts)) == (first, new.nonce, new.tx_hash, 1)
    before, after = read(old.raw).offer, read(new.raw).offer
    assert before.tip is not None
    assert after.tip is not None
    assert (after.most * 8 >= before.most * 9, after.tip * 8 >= before.tip * 9) == (True, True)


def test_before_three_blocks_have_passed_nothing_is_replaced(world: World, counts: Call) -> None:
    """threat_05"""
    world.node.ask("evm_setAutomine", False)
    for _ in range(3):
        with pytest.raises(InFlight):
            world.send(counts)
    assert len(world.kept()) == 1


def test_of_replacements_any_may_be_mined(world: World, counts: Call) -> None:
    """threat_06: the older one is, because its replacement never got through."""
    first = stuck(world, counts)
    world.proxy.faults.lose_question.add(BROADCAST)
    with pytest.raises(InFlight):
        world.send(counts)
    world.proxy.faults.lose_question.clear()
    assert len(world.kept()) == 2
    world.node.mine()
    receipt = world.send(counts)
    assert (receipt.tx_hash, world.count(counts)) == (first.tx_hash, 1)


def test_where_the_cap_leaves_no_room_what_is_there_is_waited_for(world: World, counts: Call) -> None:
    """threat_21"""
    first = stuck(world, counts)
    cap = read(first.raw).offer.most
    with pytest.raises(InFlight):
        world.send(counts, cap=cap)
    assert world.kept() == [first]


@pytest.mark.slow
def test_a_nonce_is_replaced_so_often_and_no_more(world: World, counts: Call) -> None:
    """threat_05"""
    stuck(world, counts)
    for _ in range(REPLACEMENTS + 3):
        pass_by(world)
        with pytest.raises(InFlight):
            world.sender(10**18).send(counts, purpose=PURPOSE)
    assert len(world.kept()) == REPLACEMENTS + 1


def test_what_nobody_wants_any_more_makes_way(world: World, counts: Call, once: Call) -> None:
    """threat_07: an act that was given up is stuck at the nonce before; nothing of it is sent again for a higher fee."""
    given_up = stuck(world, counts)
    with pytest.raises(InFlight):
        world.sender().send(once, purpose="another act")
    (ours,) = world.journal.intents("another act")
    assert ours.nonce == given_up.nonce + 1
    pass_by(world)
    world.clock.meanwhile = world.node.mine
    assert world.sender().send(once, purpose="another act").status == 1
    assert (world.count(once), world.count(counts)) == (1, 0)
    (nothing,) = world.journal.intents(f"free nonce {given_up.nonce} of {world.payer} devnet")
    assert (read(nothing.raw).call.to, read(nothing.raw).call.data) == (world.payer, b"")


def test_a_journal_that_was_changed_sends_nothing(world: World, counts: Call, once: Call) -> None:
    """threat_60: bytes that somebody put there, rightly signed, are those of another act."""
    world.proxy.faults.lose_question.add(BROADCAST)
    with pytest.raises(InFlight):
        world.sender().send(once, purpose="elsewhere")
    world.proxy.faults.lose_question.clear()
    (other,) = world.journal.intents("elsewhere")
    forged = SqlJournal(f"sqlite:///{world.folder / 'other.sqlite3'}")
    forged.record_intent(replace(other, purpose=PURPOSE))
    (world.folder / "other.sqlite3").replace(world.folder / "journal.sqlite3")
    sent = len(world.proxy.broadcasts())
    with pytest.raises(Refused) as caught:
        world.send(counts)
    assert [finding.rule for finding in caught.value.findings] == ["intent-forged"]
    assert (len(world.proxy.broadcasts()), world.count(counts), world.count(once)) == (sent, 0, 0)


# What is refused


def test_a_reverted_transaction_is_an_error_and_is_not_repeated(world: World, once: Call) -> None:
    """threat_36: somebody was quicker, between the dry run and the block."""
    world.node.ask("evm_setAutomine", False)
    quicker = {"from": world.node.address(5), "to": once.to, "data": "0x12", "gasPrice": hex(10**11), "gas": hex(10**5)}
    world.proxy.faults.before[BROADCAST] = lambda: world.node.ask("eth_sendTransaction", quicker)
    world.clock.meanwhile = world.node.mine
    with pytest.raises(Refused, match="and reverted: queue 0007"):
        world.send(once)
    with pytest.raises(Refused, match="the dry run on the newest block failed: nothing was sent"):
        world.send(once)
    assert len(world.proxy.broadcasts()) == 1


def test_an_old_transaction_is_dry_run_before_it_is_sent_again(world: World, once: Call) -> None:
    """threat_12: what was signed yesterday may revert today."""
    world.proxy.faults.lose_question.add(BROADCAST)
    with pytest.raises(Unreachable):
        world.send(once)
    world.proxy.faults.lose_question.clear()
    world.node.send(once)
    with pytest.raises(Refused, match="dry run"):
        world.send(once)
    assert len(world.proxy.broadcasts()) == 1


def test_a_chain_that_changes_just_before_the_broadcast_gets_nothing(world: World, counts: Call) -> None:
    """threat_16."""
    world.proxy.faults.before["eth_gasPrice"] = lambda: world.node.ask("anvil_setChainId", 1)
    with pytest.raises(Refused, match="the node is of another chain"):
        world.send(counts)
    assert world.proxy.broadcasts() == []
    assert len(world.kept()) == 1


@contextmanager
def full_disk(world: World) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@contextmanager
def read_only_folder(world: World) -> Iterator[None]:
    """The database may be written, and no log beside it; root has to become nobody for that to hold."""
    file, nobody = world.folder / "journal.sqlite3", 65534
    opened = [folder for folder in file.parents if folder.stat().st_mode & 0o5 != 0o5]
    modes = [(folder, folder.stat().st_mode) for folder in (*opened, file.parent)]
    for folder in opened:
        folder.chmod(0o755)
    file.parent.chmod(0o555)
    was = os.geteuid()
    if was == 0:
        os.chown(file, nobody, nobody)
        os.chown(world.folder / f"{PAYER}.json", nobody, nobody)
        os.seteuid(nobody)
    try:
        yield
    finally:
        os.seteuid(was)
        for folder, mode in modes:
            folder.chmod(mode)


@pytest.mark.parametrize("trouble", [full_disk, read_only_folder])
def test_what_cannot_be_kept_is_not_sent(world: World, counts: Call, trouble: Any) -> None:
    """threat_59."""
    sending = world.sender()
    sending.send(counts, purpose="an earlier act")
    with trouble(world), pytest.raises(Unreachable, match=r"the journal .* does not work: "):
        sending.send(counts, purpose=PURPOSE)
    assert len(world.proxy.broadcasts()) == 1
    assert world.count(counts) == 1
    assert world.send(counts).status == 1


# Fees


def test_gas_and_fees_leave_room_and_stay_under_the_cap(world: World, counts: Call) -> None:
    """threat_20 threat_21."""
    from eth_account.typed_transactions.typed_transaction import TypedTransaction
    from hexbytes import HexBytes

    fees = NodeChain(world.node.url, chainkit.CHAIN_ID, "devnet").fees()
    assert fees.base is not None
    for cap in (CAP, fees.base + fees.tip):
        fees = NodeChain(world.node.url, chainkit.CHAIN_ID, "devnet").fees()
        assert fees.base is not None
        world.sender(cap).send(counts, purpose=f"cap {cap}")
        (intent,) = world.journal.intents(f"cap {cap}")
        sent = TypedTransaction.from_bytes(HexBytes(intent.raw)).as_dict()
        assert sent["maxFeePerGas"] == min(cap, 2 * fees.base + fees.tip)
        assert sent["maxPriorityFeePerGas"] == fees.tip
        used = int(world.node.ask("eth_getTransactionReceipt", to_hex(intent.tx_hash))["gasUsed"], 16)
        assert sent["gas"] >= used * 5 // 4


def test_a_fee_over_the_cap_sends_nothing(world: World, counts: Call) -> None:
    """threat_21."""
    world.node.ask("anvil_setNextBlockBaseFeePerGas", hex(CAP))
    world.node.mine()
    with pytest.raises(Refused, match="the fee is over the cap") as caught:
        world.send(counts)
    assert [finding.rule for finding in caught.value.findings] == ["fee-cap"]
    assert (world.kept(), world.proxy.broadcasts()) == ([], [])


def test_a_chain_without_a_base_fee_is_paid_by_gas_price(world: World, counts: Call) -> None:
    """threat_21."""
    world.proxy.faults.rewrite["eth_getBlockByNumber"] = lambda block: {
        name: value for name, value in block.items() if name != "baseFeePerGas"
    }
    price = int(world.node.ask("eth_gasPrice"), 16)
    with pytest.raises(Refused, match="over the cap"):
        world.send(counts, cap=price - 1)
    receipt = world.send(counts)
    sent = world.node.ask("eth_getTransactionByHash", to_hex(receipt.tx_hash))
    assert (sent["type"], int(sent["gasPrice"], 16)) == ("0x0", price)


def test_a_payer_without_a_coin_is_told_the_nodes_words(world: World, counts: Call) -> None:
    """threat_21: at once, not after two minutes."""
    world.node.ask("anvil_setBalance", world.payer, "0x0")
    with pytest.raises((Refused, Unreachable), match=r"(?i)insufficient funds|would revert"):
        world.send(counts)
    assert world.count(counts) == 0
    assert world.clock.now < 10


# A node that answers rubbish


@pytest.mark.parametrize("method", ["eth_getTransactionCount", "eth_estimateGas", "eth_gasPrice", "eth_call"])
def test_rubbish_before_the_broadcast_sends_nothing(world: World, counts: Call, method: str) -> None:
    """threat_15."""
    world.proxy.faults.garble.add(method)
    with pytest.raises(Unreachable, match="did not answer with JSON-RPC"):
        world.send(counts)
    assert (world.kept(), world.proxy.broadcasts()) == ([], [])


def test_rubbish_in_answer_to_the_broadcast_decides_nothing(world: World, counts: Call) -> None:
    """threat_15."""
    world.proxy.faults.garble.add(BROADCAST)
    assert world.send(counts).status == 1
    assert world.count(counts) == 1


def test_rubbish_in_place_of_a_receipt_leaves_the_hash_to_look_up(world: World, counts: Call) -> None:
    """threat_15."""
    world.proxy.faults.garble.add("eth_getTransactionReceipt")
    with pytest.raises(Unreachable, match=r"0x[0-9a-f]{64} has no receipt: .* did not answer with JSON-RPC"):
        world.send(counts)
    world.proxy.faults.garble.clear()
    assert world.send(counts).status == 1
    assert (world.count(counts), len(world.proxy.broadcasts())) == (1, 1)


# Without --broadcast


def test_a_dry_sender_goes_as_far_as_the_dry_run(world: World, once: Call) -> None:
    dry = DrySender(NodeChain(world.proxy.url, chainkit.CHAIN_ID, "devnet"), world.payer)
    assert dry.address == world.payer
    with pytest.raises(Refused, match="not sent: queue 0007") as caught:
        dry.send(once, purpose=PURPOSE)
    assert "--broadcast" in caught.value.hint()
    world.node.send(once)
    with pytest.raises(Refused, match="nothing was sent") as caught:
        dry.send(once, purpose=PURPOSE)
    assert [finding.rule for finding in caught.value.findings] == ["dry-run"]
    assert world.proxy.broadcasts() == []
