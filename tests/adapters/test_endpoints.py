"""Several endpoints in front of one chain: who lags, lies, hangs or serves another chain is outvoted and named."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from governance.adapters import endpoints, rpc
from governance.adapters.chain import NodeChain
from governance.adapters.endpoints import AgreedChain
from governance.adapters.fees import Fees
from governance.adapters.heart import NodeHeart
from governance.adapters.hearts import AgreedHeart
from governance.adapters.journal import SqlJournal
from governance.adapters.keys import KeystoreSigner, create_keystore
from governance.adapters.relay import PRIVATE, Relay
from governance.adapters.sender import JournalledSender
from governance.core.errors import ChainContradicts, GovError, Refused, Unreachable
from governance.core.facts import Head
from governance.core.header import header_hash
from governance.core.keccak import keccak
from governance.core.stateproof import Question
from governance.core.units import Address, Bytes32, Moment, to_hex, word
from governance.ports import Answer
from tests.adapters import databases
from tests.adapters.badnode import Questions, Reply, answers, failure, result, serving
from tests.adapters.rpcproxy import BROADCAST, Proxy, proxied
from tests.chainkit import CHAIN_ID, Node, call, deploy_timelock, network, operation

pytestmark = pytest.mark.node

LATEST = "eth_getBlockByNumber"
VALUE_SET = Bytes32(keccak(b"ValueSet(uint256,address)"))
SOMEBODY = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc, "PAUSE", 0.001)
    monkeypatch.setattr(endpoints, "LINGER", 0.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Three:
    """Three endpoints of one node, each with faults of its own."""

    node: Node
    proxies: tuple[Proxy, ...]

    def chain(self, agree: int = 2, *, relay: Relay | None = None, of: int = 3) -> AgreedChain:
        chains = [NodeChain(proxy.url, CHAIN_ID, "devnet") for proxy in self.proxies[:of]]
        return AgreedChain(chains, agree, "devnet", relay)

    def lie(self, who: int, method: str, change: Callable[[Any], Any]) -> None:
        self.proxies[who].faults.rewrite[method] = change


@pytest.fixture
def three(node: Node) -> Iterator[Three]:
    with ExitStack() as stack:
        yield Three(node=node, proxies=tuple(stack.enter_context(proxied(node.url)) for _ in range(3)))


def forged(salt: int) -> Callable[[Any], Any]:
    """A block that never was, whose header has the hash that it says."""

    def change(block: Any) -> Any:
        made = {**block, "stateRoot": to_hex(bytes([salt]) * 32)}
        return {**made, "hash": to_hex(header_hash(made))}

    return change


def said(chain: AgreedChain) -> list[str]:
    return [finding.message.split(": ", 1)[1] for finding in chain.dissent]


@contextmanager
def refused(kind: type[GovError], match: str) -> Iterator[list[str]]:
    """The error, and afterwards what each endpoint is said to have given."""
    messages: list[str] = []
    with pytest.raises(kind, match=match) as caught:
        yield messages
    messages += [finding.message for finding in caught.value.findings]


# ---- the block -----------------------------------------------------------------------------------------------------


def test_where_all_agree_the_newest_block_is_the_head(three: Three) -> None:
    chain = three.chain()
    three.node.mine()
    assert chain.head() == three.node.head()
    assert chain.dissent == ()
    assert chain.shown == "devnet at 3 endpoints of which 2 must agree"


def test_one_that_lags_holds_nobody_up(three: Three) -> None:
    """threat_13"""
    old = three.node.ask(LATEST, "latest", False)
    three.node.mine()
    three.lie(0, LATEST, lambda _: old)
    chain = three.chain()
    assert chain.head() == three.node.head()
    assert said(chain) == [f"lags: its newest block {int(old['number'], 16)} is {old['hash']}"]


def test_two_that_lag_are_met_at_the_block_that_enough_have(three: Three) -> None:
    """threat_13"""
    old = three.node.ask(LATEST, "latest", False)
    three.node.mine()
    for who in (0, 1):
        three.lie(who, LATEST, lambda _: old)
    assert three.chain().head().hash == word(old["hash"])
    assert three.chain(1).head() == three.node.head()


def test_one_on_another_fork_is_outvoted(three: Three) -> None:
    """threat_15"""
    three.lie(0, LATEST, forged(1))
    chain = three.chain()
    assert chain.head() == three.node.head()
    (words,) = said(chain)
    assert words.startswith("contradicts: its newest block ")


def test_one_that_runs_ahead_on_a_chain_of_its_own_is_outvoted(three: Three) -> None:
    """threat_15"""

    def ahead(params: list[Any], block: Any) -> Any:
        if params[0] == "latest":
            block = {**block, "number": hex(int(block["number"], 16) + 50)}
        return forged(1)(block)

    three.proxies[2].faults.forge[LATEST] = ahead
    chain = three.chain()
    assert chain.head() == three.node.head()
    assert [words.split(":")[0] for words in said(chain)] == ["contradicts"]


FIELDS: dict[str, dict[str, Any]] = {
    "a time that is not the block's": {"timestamp": "0x1"},
    "a state root that is not the block's": {"stateRoot": to_hex(bytes(32))},
    "a hash that is not the block's": {"hash": to_hex(bytes(32))},
}


@pytest.mark.parametrize("name", FIELDS)
def test_a_header_that_does_not_hash_to_its_hash_has_no_voice(three: Three, name: str) -> None:
    """threat_15"""
    three.lie(1, LATEST, lambda block: {**block, **FIELDS[name]})
    chain = three.chain()
    assert chain.head() == three.node.head()
    (words,) = said(chain)
    assert "says that a block has hash 0x" in words


def test_when_two_of_three_lie_nothing_is_believed(three: Three) -> None:
    """threat_15"""
    for who in (0, 2):
        three.lie(who, LATEST, forged(who + 1))
    with refused(ChainContradicts, "contradict one another about the newest block: 2 of 3 must agree") as told:
        three.chain().head()
    assert len(told) == 3
    assert sum(to_hex(three.node.head().hash) in words for words in told) == 1


def test_two_that_lie_alike_are_not_believed_where_three_must_agree(three: Three) -> None:
    """threat_15"""
    for who in (0, 2):
        three.lie(who, LATEST, forged(1))
    with refused(ChainContradicts, "3 of 3 must agree"):
        three.chain(3).head()


def test_nodes_that_differ_on_the_newest_block_alone_meet_below_it(three: Three) -> None:
    """threat_15"""
    three.node.mine()
    before = three.node.head()
    three.node.mine()

    def at_the_top(params: list[Any], block: Any) -> Any:
        return forged(1)(block) if int(block["number"], 16) > before.number else block

    three.proxies[0].faults.forge[LATEST] = at_the_top
    assert three.chain(of=2).head() == before


@contextmanager
def hanging() -> Iterator[str]:
    """A node that takes every question and says nothing until the test is over."""
    over = threading.Event()

    def script(_: Questions) -> Reply:
        over.wait()
        return Reply(status=0)

    with serving(script) as served:
        try:
            yield served.url
        finally:
            over.set()


@contextmanager
def limited() -> Iterator[str]:
    """A node that answers everybody that there are too many of them."""
    with serving(lambda _: Reply(status=429)) as served:
        yield served.url


SILENT = {"hangs": (hanging, "did not answer in time"), "limits": (limited, "does not answer: HTTP status 429")}


@pytest.mark.parametrize("name", SILENT)
def test_one_that_is_silent_stops_nothing(three: Three, name: str) -> None:
    """threat_01, threat_22"""
    kind, words = SILENT[name]
    box = three.node.deploy("Box")
    three.node.call(box, "set(uint256)", 5)
    with kind() as url:
        chains = [NodeChain(each, CHAIN_ID, "devnet") for each in (url, *(p.url for p in three.proxies[:2]))]
        chain = AgreedChain(chains, 2, "devnet")
        head = chain.head()
        assert head == three.node.head()
        assert said(chain) == [words] or words in chain.dissent[0].message
        assert chain.storage([(box, 0)], head) == [(5).to_bytes(32, "big")]
        assert len(chain.logs(box, [[VALUE_SET]], head)) == 1
        assert chain.nonce(three.node.address(0)) == three.node.chain.nonce(three.node.address(0))


def test_too_few_that_answer_are_unreachable(three: Three) -> None:
    """threat_01"""
    with limited() as one, limited() as two:
        chains = [NodeChain(each, CHAIN_ID, "devnet") for each in (one, two, three.proxies[0].url)]
        with refused(Unreachable, "too few endpoints of devnet answer about the newest block: 2 of 3") as told:
            AgreedChain(chains, 2, "devnet").head()
    assert len(told) == 3


def test_one_that_is_switched_to_another_chain_has_no_voice(three: Three) -> None:
    """threat_16"""
    three.lie(0, "eth_chainId", lambda _: "0x1")
    chain = three.chain()
    assert chain.head() == three.node.head()
    assert said(chain) == ["the node is of another chain"]
    chain.require_chain()
    three.lie(1, "eth_chainId", lambda _: "0x1")
    for act in (chain.head, chain.require_chain):
        with refused(Refused, "the node is of another chain") as told:
            act()
        assert len(told) == 2
        assert all("serves chain 1, the policy says 31337" in words for words in told)


# ---- what is agreed on ---------------------------------------------------------------------------------------------


def test_logs_that_one_keeps_to_itself_are_found(three: Three) -> None:
    """threat_13, threat_15"""
    box = three.node.deploy("Box")
    three.node.call(box, "set(uint256)", 5)
    head = three.node.head()
    three.lie(0, "eth_getLogs", lambda _: [])
    assert len(three.chain().logs(box, [[VALUE_SET]], head)) == 1
    three.lie(1, "eth_getLogs", lambda logs: [{**logs[0], "data": "0x"}])
    with refused(ChainContradicts, "contradict one another about logs"):
        three.chain().logs(box, [[VALUE_SET]], head)


def test_a_dry_run_is_what_enough_say(three: Three) -> None:
    """threat_15"""
    box = three.node.deploy("Box")
    fine, forbidden = call(box, "set(uint256)", 5), call(box, "set(uint256)", 13)
    head, sender = three.node.head(), three.node.address(0)
    three.proxies[0].faults.lose_question.add("eth_call")
    assert three.chain().dry_run(fine, sender=sender, at=head) == Answer(ok=True, data=b"")
    assert not three.chain().dry_run(forbidden, sender=sender, at=head).ok


def test_a_receipt_is_one_when_enough_have_it(three: Three) -> None:
    """threat_15"""
    receipt = three.node.call(three.node.deploy("Box"), "set(uint256)", 5)
    chain = three.chain()
    three.lie(0, "eth_getTransactionReceipt", lambda found: {**found, "status": "0x0"})
    assert chain.receipt(receipt.tx_hash) == receipt
    three.lie(1, "eth_getTransactionReceipt", lambda _: None)
    assert chain.receipt(receipt.tx_hash) is None
    three.lie(2, "eth_getTransactionReceipt", lambda _: None)
    assert chain.receipt(receipt.tx_hash) is None
    for who in (1, 2):
        three.proxies[who].faults.lose_question.add("eth_getTransactionReceipt")
    with refused(Unreachable, "too few endpoints of devnet answer about a receipt"):
        chain.receipt(receipt.tx_hash)


def test_no_one_endpoint_moves_nonce_fees_or_gas(three: Three) -> None:
    """threat_15"""
    account, box = three.node.address(0), three.node.deploy("Box")
    nonce, set_five = three.node.chain.nonce(account), call(box, "set(uint256)", 5)
    fees, gas = three.node.chain.fees(), three.node.chain.estimate(set_five, account)
    for lie in ("0x0", "0xffffffff"):
        for method in ("eth_getTransactionCount", "eth_maxPriorityFeePerGas", "eth_estimateGas"):
            three.lie(0, method, lambda _, lie=lie: lie)
        chain = three.chain()
        assert (chain.nonce(account), chain.nonce(account, pending=True)) == (nonce, nonce)
        assert (chain.fees(), chain.estimate(set_five, account)) == (fees, gas)
    with pytest.raises(Refused, match="it would revert"):
        three.chain().estimate(call(box, "set(uint256)", 13), account)


def test_fees_of_a_chain_without_a_base_fee_are_ordered_too() -> None:
    def script(price: int) -> Callable[[Questions], Reply]:
        def reply(questions: Questions) -> Reply:
            values: dict[str, Any] = {LATEST: {}, "eth_gasPrice": hex(price)}
            return answers(
                [
                    result(q, values[q["method"]]) if q["method"] in values else failure(q, -32601, "no")
                    for q in questions
                ]
            )

        return reply

    with ExitStack() as stack:
        urls = [stack.enter_context(serving(script(price))).url for price in (1, 9, 5)]
        chain = AgreedChain([NodeChain(url, CHAIN_ID, "devnet") for url in urls], 3, "devnet")
        assert chain.fees() == Fees(base=None, tip=5)


# ---- what is read from one ------------------------------------------------------------------------------------------


def test_a_read_goes_to_the_next_when_one_has_not_got_the_block(three: Three) -> None:
    """threat_13"""
    box = three.node.deploy("Box")
    three.node.call(box, "set(uint256)", 5)
    head, chain = three.node.head(), three.chain()
    for method in ("eth_getStorageAt", "eth_getCode", "eth_call", "eth_getBlockByNumber"):
        three.proxies[0].faults.lose_question.add(method)
    value = (5).to_bytes(32, "big")
    assert chain.storage([(box, 0)], head) == [value]
    assert chain.call_many([call(box, "value()")], head) == [Answer(ok=True, data=value)]
    assert chain.codes([box], head) == three.node.chain.codes([box], head)
    assert chain.moments([head.number], head) == [head.timestamp]
    gone = Head(chain_id=CHAIN_ID, number=head.number, hash=Bytes32(bytes(32)), timestamp=head.timestamp)
    with refused(Unreachable, "about storage: none of them does"):
        chain.storage([(box, 0)], gone)


def test_who_has_agreed_on_the_block_is_asked_first(three: Three) -> None:
    three.lie(0, LATEST, forged(1))
    chain = three.chain()
    head = chain.head()
    chain.codes([SOMEBODY], head)
    assert three.proxies[0].count("eth_getCode") == 0


def test_one_that_is_slow_is_not_waited_for(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_01"""
    monkeypatch.setattr(endpoints, "SLOW", 0.05)
    with hanging() as url:
        chain = AgreedChain([NodeChain(each, CHAIN_ID, "devnet") for each in (url, three.proxies[0].url)], 1, "devnet")
        assert chain.codes([SOMEBODY], three.node.head()) == [b""]


# ---- proofs --------------------------------------------------------------------------------------------------------


def flipped(proof: Any) -> Any:
    first, *others = proof["accountProof"]
    return {**proof, "accountProof": [first[:-1] + ("0" if first[-1] != "0" else "1"), *others]}


def test_one_endpoint_proves_what_a_block_holds_and_what_it_does_not(node: Node) -> None:
    box = node.deploy("Box")
    node.call(box, "set(uint256)", 5)
    head = node.head()
    (found, nobody) = node.chain.proofs(
        [Question(account=box, slots=(0, 7)), Question(account=Address("0x" + "77" * 20))], head
    )
    assert found.words == {0: (5).to_bytes(32, "big"), 7: bytes(32)}
    assert found.code_hash == keccak(node.chain.codes([box], head)[0])
    assert (nobody.nonce, nobody.balance) == (0, 0)


def test_a_time_that_is_not_the_blocks_is_noticed_with_the_proof(node: Node) -> None:
    """threat_15"""
    head = node.head()
    moved = Head(chain_id=CHAIN_ID, number=head.number, hash=head.hash, timestamp=Moment(head.timestamp.seconds + 1))
    with pytest.raises(ChainContradicts, match=f"time {moved.timestamp}; by its header it has {head.number} and"):
        node.chain.proofs([], moved)


def test_a_proof_that_proves_nothing_is_passed_over_and_refused_when_there_is_no_other(three: Three) -> None:
    """threat_15"""
    box = three.node.deploy("Box")
    wanted = [Question(account=box, slots=(0,))]
    three.lie(0, "eth_getProof", flipped)
    for _ in range(3):  # at each block another is asked first
        (found,) = three.chain().proofs(wanted, three.node.head())
        assert found.words == {0: bytes(32)}
        three.node.mine()
    assert three.proxies[0].count("eth_getProof") == 1
    head = three.node.head()
    for who in (1, 2):
        three.lie(who, "eth_getProof", flipped)
    with refused(ChainContradicts, "contradict one another about proofs: none of them does") as told:
        three.chain().proofs(wanted, head)
    assert all(f"does not prove account {box}" in words for words in told)


MANGLED: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda _: None,
    "another form": lambda proof: {**proof, "storageProof": "0x"},
}


@pytest.mark.parametrize("name", MANGLED)
def test_what_is_no_proof_is_unreachable(three: Three, name: str) -> None:
    three.lie(0, "eth_getProof", MANGLED[name])
    chain = three.chain(1, of=1)
    with refused(Unreachable, "none of them does") as told:
        chain.proofs([Question(account=SOMEBODY)], three.node.head())
    assert "did not answer with a proof" in told[0]


def test_a_header_of_another_block_than_asked_is_not_taken(three: Three) -> None:
    """threat_15"""
    other = three.node.ask(LATEST, "latest", False)
    three.node.mine()
    three.lie(0, "eth_getBlockByHash", lambda _: other)
    with refused(Unreachable, "none of them does") as told:
        three.chain(1, of=1).proofs([], three.node.head())
    assert "did not answer with the block that was asked for" in told[0]


# ---- what is sent --------------------------------------------------------------------------------------------------


def transaction(node: Node) -> tuple[bytes, Bytes32]:
    """A signed transaction that sends nothing to nobody."""
    from eth_account import Account as Signing

    account = node.accounts[5]
    fields = {"chainId": CHAIN_ID, "nonce": 0, "to": SOMEBODY, "value": 0, "gas": 21_000, "gasPrice": 10**12}
    signed = Signing.from_key(account.key).sign_transaction(fields)
    return bytes(signed.raw_transaction), Bytes32(bytes(signed.hash))


def test_a_transaction_goes_to_everybody(three: Three) -> None:
    """threat_15"""
    raw, tx_hash = transaction(three.node)
    three.proxies[0].faults.lose_question.add(BROADCAST)
    chain = three.chain()
    assert chain.broadcast(raw) == ""
    assert three.node.chain.receipt(tx_hash) is not None
    assert "nonce too low" in three.chain().broadcast(raw)
    assert all(proxy.broadcasts()[0] == to_hex(raw) for proxy in three.proxies)


def test_a_transaction_goes_to_no_node_of_another_chain(three: Three) -> None:
    """threat_16"""
    raw, _ = transaction(three.node)
    for who in range(3):
        three.lie(who, "eth_chainId", lambda _: "0x1")
    with pytest.raises(Refused, match="of another chain"):
        three.chain().broadcast(raw)
    assert [proxy.broadcasts() for proxy in three.proxies] == [[], [], []]


def relay(known: Sequence[str], complaint: str = "") -> Callable[[Questions], Reply]:
    def script(questions: Questions) -> Reply:
        (asked,) = questions
        if asked["method"] not in known:
            return answers([failure(asked, -32601, "method not found")])
        return answers([failure(asked, -32000, complaint) if complaint else result(asked, "0x" + "ab" * 32)])

    return script


RELAYS = {"a private method": [PRIVATE], "a private address": [BROADCAST]}


@pytest.mark.parametrize("name", RELAYS)
def test_where_there_is_a_relay_nobody_else_hears_of_the_transaction(three: Three, name: str) -> None:
    raw, _ = transaction(three.node)
    for several in (True, False):
        with serving(relay(RELAYS[name]), path="/secret") as served:
            by = Relay(served.url, "devnet")
            chain = three.chain(relay=by) if several else NodeChain(three.proxies[0].url, CHAIN_ID, "devnet", by)
            assert chain.broadcast(raw) == ""
            assert "secret" not in by.shown
            (last,) = served.asked[-1]
        assert (last["method"], to_hex(raw) in str(last["params"])) == (RELAYS[name][0], True)
    assert [proxy.broadcasts() for proxy in three.proxies] == [[], [], []]


def test_what_a_relay_complains_of_is_told_and_nobody_else_is_asked(three: Three) -> None:
    raw, _ = transaction(three.node)
    with serving(relay([PRIVATE], "no bundle today")) as served:
        assert three.chain(relay=Relay(served.url, "devnet")).broadcast(raw) == "no bundle today"
    assert [proxy.broadcasts() for proxy in three.proxies] == [[], [], []]


def test_an_account_pays_over_several_endpoints_though_one_lies_about_everything(three: Three, tmp_path: Path) -> None:
    """threat_15"""
    box, payer = three.node.deploy("Box"), three.node.accounts[4]
    lies: dict[str, Any] = {
        LATEST: forged(1),
        "eth_getTransactionReceipt": lambda _: None,
        "eth_getTransactionCount": lambda _: "0xff",
        "eth_estimateGas": lambda _: "0x1",
        "eth_gasPrice": lambda _: "0x0",
        BROADCAST: lambda _: "0x" + "00" * 32,
    }
    for method, change in lies.items():
        three.lie(0, method, change)
    sender = JournalledSender(
        chain=three.chain(),
        signer=opened(tmp_path, payer.key),
        journal=SqlJournal(databases.sqlite(tmp_path)),
        network="devnet",
        max_fee_per_gas=10**12,
        clock=iter(range(1000)).__next__,
        sleep=lambda _: None,
    )
    receipt = sender.send(call(box, "set(uint256)", 5), purpose="set it to five")
    assert receipt.status == 1
    assert sender.send(call(box, "set(uint256)", 5), purpose="set it to five") == receipt
    assert three.node.read(box, "value()(uint256)") == 5


def opened(folder: Path, key: bytes) -> KeystoreSigner:
    create_keystore(folder / "key.json", "password", key, iterations=2)
    return KeystoreSigner.open(folder / "key.json", "password")


def test_a_fault_of_the_tool_itself_is_raised_and_does_not_count_as_an_answer(three: Three) -> None:
    with pytest.raises(ValueError, match="a block after the one that is looked at"):
        three.chain().moments([10**6], three.node.head())


# ---- an executor's ticks -------------------------------------------------------------------------------------------


def test_a_tick_is_what_enough_say(three: Three) -> None:
    """threat_15"""
    timelock = deploy_timelock(three.node, delay=0, proposers=[three.node.address(1)])
    place = network(timelock, timelock=timelock, council=timelock, guardian=timelock)
    before = three.node.head()
    todo = operation(timelock, [call(three.node.deploy("Box"), "set(uint256)", 5)], delay=0)
    three.node.send(todo.schedule(), sender=three.node.address(1))
    three.node.send(todo.execute())
    payer = three.node.address(0)
    three.lie(0, LATEST, forged(1))
    three.lie(0, "eth_getLogs", lambda _: [])
    alone = NodeHeart(three.node.chain, place, payer, confirmations=0)
    several = AgreedHeart(three.chain(), place, payer, confirmations=0)
    beat = several.beat(before)
    assert beat == alone.beat(before)
    assert todo.id in beat.operations
    assert several.timestamps([todo.id], beat.head) == [1]
    assert several.of(todo.id, beat.head) == alone.of(todo.id, beat.head)
    assert several.of(Bytes32(bytes(32)), beat.head) is None


def test_a_fork_is_one_when_enough_say_so(three: Three) -> None:
    """threat_15"""
    place, payer = network(SOMEBODY, timelock=SOMEBODY), three.node.address(0)
    three.node.mine()
    head = three.node.head()
    gone = Head(chain_id=CHAIN_ID, number=head.number, hash=Bytes32(bytes(32)), timestamp=head.timestamp)
    several = AgreedHeart(three.chain(), place, payer, confirmations=0)
    assert not several.beat(head).forked
    assert several.beat(gone).forked
    three.lie(0, LATEST, forged(1))
    assert not several.beat(head).forked
