"""A node's answers: pinned to one block, matched to the questions, and never replaced by a default."""

import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest

from governance.adapters import rpc
from governance.adapters.chain import Fees, NodeChain
from governance.core.call import Call
from governance.core.errors import Refused, Rejected, Unreachable
from governance.core.facts import Head
from governance.core.keccak import keccak
from governance.core.units import Address, Bytes32, Moment, to_hex, word
from governance.ports import Answer
from tests.adapters.badnode import BadNode, Questions, Reply, Script, answers, by_method, failure, result, serving
from tests.chainkit import CHAIN_ID, GAS, Node, call, deploy_timelock

SOMEBODY = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
HASH = "0x" + "ab" * 32
HEAD = Head(chain_id=CHAIN_ID, number=7, hash=word(HASH), timestamp=Moment(1))
BLOCK = {"number": "0x7", "hash": HASH, "timestamp": "0x1"}
VALUE_SET = Bytes32(keccak(b"ValueSet(uint256,address)"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc, "PAUSE", 0.001)


def chain(node: BadNode) -> NodeChain:
    return NodeChain(node.url, CHAIN_ID, "devnet")


# ---- what a node that is there says --------------------------------------------------------------------------------


@pytest.mark.node
def test_the_head_is_the_newest_block_of_the_right_chain(node: Node) -> None:
    node.mine()
    head = node.chain.head()
    block = node.ask("eth_getBlockByNumber", "latest", False)
    assert head == Head(
        chain_id=CHAIN_ID,
        number=int(block["number"], 16),
        hash=word(block["hash"]),
        timestamp=Moment(int(block["timestamp"], 16)),
    )


@pytest.mark.node
def test_a_node_of_another_chain_is_refused_before_anything_is_believed_or_sent(node: Node) -> None:
    """threat_16"""
    other = NodeChain(node.url, 1, "mainnet")
    for act in (other.head, other.require_chain, lambda: other.broadcast(b"\x02")):
        with pytest.raises(Refused) as caught:
            act()
        (finding,) = caught.value.findings
        assert finding.rule == "chain-id"
        assert "serves chain 31337, the policy says 1" in finding.message


@pytest.mark.node
def test_reads_are_true_at_the_block_that_was_named_and_not_at_the_newest(node: Node) -> None:
    box = node.deploy("Box")
    node.call(box, "set(uint256)", 5)
    old = node.head()
    node.call(box, "set(uint256)", 6)
    node.set_code(SOMEBODY, b"\x60\x00")
    new = node.head()
    reader, value = node.chain, call(box, "value()")
    for at, number, code in ((old, 5, b""), (new, 6, b"\x60\x00")):
        assert reader.call_many([value], at) == [Answer(ok=True, data=number.to_bytes(32, "big"))]
        assert reader.storage([(box, 0)], at) == [number.to_bytes(32, "big")]
        assert reader.codes([SOMEBODY], at) == [code]
        assert len(reader.logs(box, [[VALUE_SET]], at)) == number - 4


@pytest.mark.node
def test_a_block_that_was_reorganised_away_cannot_be_read(node: Node) -> None:
    """threat_09"""
    box = node.deploy("Box")
    node.mine()
    gone = node.head()
    node.ask("anvil_reorg", 1, [])
    reader = node.chain
    reads: tuple[Callable[[], object], ...] = (
        lambda: reader.call_many([call(box, "value()")], gone),
        lambda: reader.codes([box], gone),
        lambda: reader.storage([(box, 0)], gone),
        lambda: reader.logs(box, [None], gone),
        lambda: reader.dry_run(call(box, "value()"), sender=SOMEBODY, at=gone),
    )
    for read in reads:
        with pytest.raises(Unreachable):
            read()


@pytest.mark.node
def test_more_questions_than_fit_in_one_request_keep_their_order(node: Node) -> None:
    box = node.deploy("Box")
    node.call(box, "set(uint256)", 9)
    slots = [(box, i % 7) for i in range(2 * rpc.BATCH + 50)]
    words = node.chain.storage(slots, node.head())
    assert len(words) == len(slots)
    assert [i for i, found in enumerate(words) if found == (9).to_bytes(32, "big")] == list(range(0, len(slots), 7))


@pytest.mark.node
def test_no_questions_have_no_answers(node: Node) -> None:
    head, reader = node.head(), node.chain
    assert (reader.call_many([], head), reader.codes([], head), reader.storage([], head)) == ([], [], [])


@pytest.mark.node
def test_a_reverted_call_is_an_answer_with_its_revert_data(node: Node) -> None:
    box, silent, talking = node.deploy("Box"), node.deploy("Reverter", ""), node.deploy("Reverter", "no")
    broken = SOMEBODY
    node.set_code(broken, b"\xfe")
    calls = [call(box, "value()"), call(box, "set(uint256)", 13), Call(to=silent), Call(to=talking), Call(to=broken)]
    fine, forbidden, empty, reason, invalid = node.chain.call_many(calls, node.head())
    assert fine == Answer(ok=True, data=bytes(32))
    assert forbidden == Answer(ok=False, data=keccak(b"ValueForbidden(uint256)")[:4] + (13).to_bytes(32, "big"))
    assert empty == invalid == Answer(ok=False, data=b"")
    assert not reason.ok
    assert b"no" in reason.data


@pytest.mark.node
def test_a_call_that_the_node_had_no_gas_for_is_not_taken_for_a_no(node: Node) -> None:
    node.set_code(SOMEBODY, bytes.fromhex("5b600056"))  # for ever
    with pytest.raises(Unreachable, match="OutOfGas"):
        node.chain.call_many([Call(to=SOMEBODY)], node.head())


@pytest.mark.node
def test_a_dry_run_depends_on_who_sends_what_and_when(node: Node) -> None:
    timelock = deploy_timelock(node, delay=0, proposers=[node.address(1)])
    head, reader = node.head(), node.chain
    cancel = call(timelock, "cancel(bytes32)", bytes(32))
    schedule = call(
        timelock, "schedule(address,uint256,bytes,bytes32,bytes32,uint256)", timelock, 0, b"", *[bytes(32)] * 2, 0
    )
    assert reader.dry_run(schedule, sender=node.address(1), at=head).ok
    assert not reader.dry_run(schedule, sender=node.address(2), at=head).ok
    assert not reader.dry_run(cancel, sender=node.address(1), at=head).ok
    before = reader.head()
    box = node.deploy("Box")
    assert reader.dry_run(
        Call(to=box, value=1, data=call(box, "set(uint256)", 1).data), sender=SOMEBODY, at=node.head()
    ).ok
    with pytest.raises(Unreachable, match="Insufficient funds"):
        reader.dry_run(Call(to=box, value=10**30), sender=SOMEBODY, at=node.head())
    assert reader.dry_run(
        call(box, "set(uint256)", 13), sender=SOMEBODY, at=before
    ).ok  # not there yet: succeeds silently


@pytest.mark.node
def test_logs_come_in_order_and_by_every_topic_asked_for(node: Node) -> None:
    box = node.deploy("Box")
    for i, sender in enumerate((1, 2, 1)):
        node.call(box, "set(uint256)", i, sender=node.address(sender))
    node.call(node.deploy("Box"), "set(uint256)", 99)
    head, reader = node.head(), node.chain
    first, second = (Bytes32(bytes.fromhex("00" * 12 + node.address(i)[2:])) for i in (1, 2))
    numbers: dict[str, tuple[list[list[Bytes32] | None], list[int]]] = {
        "everything": ([[VALUE_SET]], [0, 1, 2]),
        "any first topic": ([None], [0, 1, 2]),
        "by whom": ([[VALUE_SET], [first]], [0, 2]),
        "by either": ([None, [second, first]], [0, 1, 2]),
        "another event": ([[Bytes32(keccak(b"Other()"))]], []),
        "trailing freedom": ([[VALUE_SET], None, None, None], [0, 1, 2]),
        "more topics than there are": ([None, None, [first]], []),
        "none of no ids": ([[VALUE_SET], []], []),
    }
    for name, (topics, expected) in numbers.items():
        assert [int.from_bytes(log.data) for log in reader.logs(box, topics, head)] == expected, name
    (newest,) = reader.logs(box, [None, [second]], head)
    assert newest.topics == (VALUE_SET, second)
    assert newest.block == head.number - 3


@pytest.mark.node
def test_a_receipt_tells_gas_block_logs_and_that_it_reverted(node: Node) -> None:
    box = node.deploy("Box")
    good, bad = node.call(box, "set(uint256)", 1), node.send(call(box, "set(uint256)", 13))
    assert (good.status, bad.status) == (1, 0)
    assert good.block + 1 == bad.block == node.head().number
    assert [log.topics[0] for log in good.logs] == [VALUE_SET]
    assert bad.logs == ()
    assert 21_000 < bad.gas_used < GAS
    assert node.chain.receipt(Bytes32(keccak(b"never sent"))) is None


@pytest.mark.node
def test_what_a_sender_must_know(node: Node) -> None:
    reader, sender = node.chain, node.address(3)
    box = node.deploy("Box")
    before = reader.nonce(sender)
    node.ask("evm_setAutomine", False)
    try:
        node.ask("eth_sendTransaction", {"from": sender, "to": SOMEBODY, "value": "0x1"})
        assert (reader.nonce(sender), reader.nonce(sender, pending=True)) == (before, before + 1)
    finally:
        node.ask("evm_setAutomine", True)
        node.mine()
    assert reader.nonce(sender) == before + 1
    fees = reader.fees()
    assert fees.base is not None
    assert fees.base > 0
    assert 21_000 < reader.estimate(call(box, "set(uint256)", 1), sender) < 100_000
    with pytest.raises(Refused, match="it would revert: unknown error 0x"):
        reader.estimate(call(box, "set(uint256)", 13), sender)


@pytest.mark.node
def test_a_broadcast_gives_the_nodes_complaint_and_the_hash_tells_the_truth(node: Node) -> None:
    """threat_03: the second time the node complains, and the receipt is there all the same."""
    from eth_account import Account

    account, reader = node.accounts[4], node.chain
    fields = {"to": SOMEBODY, "value": 1, "gas": 21_000, "gasPrice": 10**12, "chainId": CHAIN_ID}
    signed = Account.sign_transaction({**fields, "nonce": reader.nonce(account.address)}, account.key)
    raw, tx_hash = bytes(signed.raw_transaction), Bytes32(bytes(signed.hash))
    assert reader.broadcast(raw) == ""
    node.mine()
    assert reader.broadcast(raw) != ""
    assert reader.broadcast(b"\x02nonsense") != ""
    receipt = reader.receipt(tx_hash)
    assert receipt is not None
    assert receipt.status == 1


# ---- what a node that lies, lags or breaks says ---------------------------------------------------------------------

GOOD = by_method(eth_chainId=hex(CHAIN_ID), eth_getBlockByNumber=BLOCK)


def test_the_loopback_server_can_answer_well() -> None:
    with serving(GOOD) as node:
        assert chain(node).head() == HEAD
        assert len(node.asked) == 1  # one batch


def changed(change: Callable[[list[dict[str, Any]]], Any]) -> Script:
    """Good answers, tampered with."""
    values = {"eth_chainId": hex(CHAIN_ID), "eth_getBlockByNumber": BLOCK}
    return lambda questions: answers(change([result(q, values[q["method"]]) for q in questions]))


def fixed(**how: Any) -> Script:
    return lambda _: Reply(**how)


def always_failing(code: Any, message: str, **more: Any) -> Script:
    return lambda questions: answers([failure(question, code, message, **more) for question in questions])


GARBAGE: dict[str, Script] = {
    "not JSON": fixed(body=b"<html>hello</html>"),
    "not UTF-8": fixed(body=b"\xff\xfe"),
    "empty": fixed(body=b""),
    "cut off": fixed(body=b'[{"jsonrpc": "2.0", "id": 1'),
    "nested out of all measure": fixed(body=b"[" * 100_000),
    "a number": fixed(body=b"7"),
    "a text": fixed(body=b'"0x1"'),
    "null": fixed(body=b"null"),
    "one object in place of a list": changed(lambda given: given[0]),
    "no answers": changed(lambda _: []),
    "a missing answer": changed(lambda given: given[:1]),
    "a surplus answer": changed(lambda given: [*given, {**given[1], "id": given[1]["id"] + 1}]),
    "answers that are texts": changed(lambda given: ["0x1" for _ in given]),
    "ids of other questions": changed(lambda given: [{**one, "id": one["id"] + 1000} for one in given]),
    "the same id twice": changed(lambda given: [{**one, "id": given[0]["id"]} for one in given]),
    "no ids": changed(lambda given: [{"result": one["result"]} for one in given]),
    "ids that are texts": changed(lambda given: [{**one, "id": str(one["id"])} for one in given]),
    "ids of two kinds": changed(lambda given: [given[0], {**given[1], "id": "1"}]),
    "neither result nor error": changed(lambda given: [{"id": one["id"]} for one in given]),
    "an error that is a text": changed(lambda given: [{**one, "error": "no"} for one in given]),
    "a chain id that is no number": by_method(eth_chainId="devnet", eth_getBlockByNumber=BLOCK),
    "a chain id in decimals": by_method(eth_chainId="31337", eth_getBlockByNumber=BLOCK),
    "a chain id that is a JSON number": by_method(eth_chainId=CHAIN_ID, eth_getBlockByNumber=BLOCK),
    "no block": by_method(eth_chainId=hex(CHAIN_ID), eth_getBlockByNumber=None),
    "a block without a hash": by_method(eth_chainId=hex(CHAIN_ID), eth_getBlockByNumber={**BLOCK, "hash": None}),
    "a block with half a hash": by_method(eth_chainId=hex(CHAIN_ID), eth_getBlockByNumber={**BLOCK, "hash": "0xab"}),
    "a negative timestamp": by_method(eth_chainId=hex(CHAIN_ID), eth_getBlockByNumber={**BLOCK, "timestamp": "-0x1"}),
    "a redirect": fixed(status=302, headers=(("location", "http://127.0.0.1:1/"),)),
    "an error of its own": always_failing(-32000, "header not found"),
    "an error with a code that is no number": always_failing("\x1b[31mE", "\x1b[2J"),
    "a refusal of the batch": fixed(body=b'{"jsonrpc":"2.0","id":null,"error":{"code":-32005,"message":"too much"}}'),
}


@pytest.mark.parametrize("script", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_unreachable_in_one_printable_sentence(script: Script) -> None:
    with serving(script) as node:
        with pytest.raises(Unreachable) as caught:
            chain(node).head()
        assert len(node.asked) == 1
    assert caught.value.message.startswith("devnet at http://127.0.0.1:")
    assert caught.value.message.isprintable()
    assert caught.value.hint()


@pytest.mark.parametrize(("status", "times"), [(502, 3), (429, 3), (503, 3), (400, 1), (401, 1), (404, 1)])
def test_a_status_that_may_pass_is_asked_again_and_told_in_the_end(status: int, times: int) -> None:
    """threat_22"""
    with serving(fixed(status=status, body=b"Bad Gateway")) as node:
        with pytest.raises(Unreachable, match=f"does not answer: HTTP status {status}"):
            chain(node).head()
        assert len(node.asked) == times


@pytest.mark.parametrize("failing", [fixed(status=502), fixed(status=0)], ids=["502", "hangs up"])
def test_a_fault_that_passes_is_not_noticed(failing: Script) -> None:
    """threat_01"""
    scripts = [GOOD, failing, failing]

    def script(questions: Questions) -> Reply:
        return scripts.pop()(questions)

    with serving(script) as node:
        assert chain(node).head() == HEAD
        assert len(node.asked) == 3
        ids = [[question["id"] for question in asked] for asked in node.asked]
        assert len({i for some in ids for i in some}) == 6  # a late answer cannot be taken for another's


def test_a_cookie_that_keeps_a_client_at_one_backend_is_sent_back() -> None:
    """threat_13"""

    def script(questions: Questions) -> Reply:
        said = GOOD(questions)
        return Reply(body=said.body, headers=(("set-cookie", "backend=7; Path=/"),))

    with serving(script) as node:
        reader = chain(node)
        assert [reader.head(), reader.head()] == [HEAD, HEAD]
        assert node.cookies == ["", "backend=7"]


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(GOOD) as node:
        monkeypatch.setenv("HTTP_PROXY", node.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert NodeChain("http://far.example.org/5ecre7", CHAIN_ID, "devnet").head() == HEAD
        assert len(node.asked) == 1


def test_a_broadcast_is_never_repeated_by_itself() -> None:
    """threat_02: whether the lost one arrived is for the receipt to say."""

    def script(questions: Questions) -> Reply:
        is_sent = questions[0]["method"] == "eth_sendRawTransaction"
        return Reply(status=502) if is_sent else GOOD(questions)

    with serving(script) as node:
        with pytest.raises(Unreachable):
            chain(node).broadcast(b"\x02")
        assert [asked[0]["method"] for asked in node.asked] == ["eth_chainId", "eth_sendRawTransaction"]


def test_nobody_there_is_unreachable() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with pytest.raises(Unreachable, match=r"devnet at http://127\.0\.0\.1:[0-9]+ does not answer: Connection"):
            NodeChain(url, CHAIN_ID, "devnet").head()


SECRET = "/v3/5ecre7?key=5ecre7"


@pytest.mark.parametrize(
    "script",
    [fixed(status=502), fixed(status=401), fixed(status=302), fixed(status=0), fixed(body=b"no"), GOOD],
    ids=["502", "401", "302", "hangs up", "garbage", "good"],
)
def test_the_secret_part_of_an_endpoint_is_never_shown(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    """threat_57: neither in the sentence, nor in what it was caused by, nor in a library's debug lines."""
    caplog.set_level(logging.DEBUG)
    with serving(script, path=SECRET) as node:
        url = node.url.replace("http://", "http://user:5ecre7@")
        reader = NodeChain(url, CHAIN_ID, "devnet")
        try:
            reader.head()
        except Unreachable as error:
            told: BaseException | None = error
            while told is not None:
                assert "5ecre7" not in f"{told!s} {told!r} {getattr(told, 'hint', str)()}"
                told = told.__cause__ or told.__context__
        assert node.asked
    assert "5ecre7" not in reader.shown
    assert "5ecre7" not in caplog.text


def test_a_secret_endpoint_with_nobody_there_stays_secret() -> None:
    with pytest.raises(Unreachable) as caught:
        NodeChain(f"http://user:5ecre7@127.0.0.1:1{SECRET}", CHAIN_ID, "devnet").head()
    assert "http://127.0.0.1:1 does" in caught.value.message
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize(
    "url", ["", "5ecre7", "ws://host/5ecre7", "file:///5ecre7", "http:///5ecre7", "http://[5ecre7", "http://h:5ecre7/"]
)
def test_an_endpoint_that_is_no_http_url_is_rejected_without_showing_it(url: str) -> None:
    with pytest.raises(Rejected) as caught:
        NodeChain(url, CHAIN_ID, "devnet")
    assert "the endpoint of devnet is not" in caught.value.message
    assert "5ecre7" not in caught.value.message + caught.value.hint()


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://rpc.example.org/v3/5ecre7", "devnet at https://rpc.example.org"),
        ("https://user:5ecre7@rpc.example.org:8545", "devnet at https://rpc.example.org:8545"),
        ("http://[::1]:8545/", "devnet at http://[::1]:8545"),
    ],
)
def test_an_endpoint_is_shown_by_scheme_host_and_port(url: str, seen: str) -> None:
    assert NodeChain(url, CHAIN_ID, "devnet").shown == seen


def test_a_batch_that_is_refused_as_too_large_is_asked_in_halves() -> None:
    """threat_22"""

    def script(questions: Questions) -> Reply:
        if len(questions) > 3:
            return answers({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch too large"}})
        return answers([result(q, q["params"][1]) for q in questions])

    with serving(script) as node:
        slots = [(SOMEBODY, slot) for slot in range(10)]
        assert chain(node).storage(slots, HEAD) == [slot.to_bytes(32, "big") for slot in range(10)]
        assert [len(asked) for asked in node.asked] == [10, 5, 2, 3, 5, 2, 3]


def test_an_endpoint_that_refuses_even_one_question_is_asked_no_further() -> None:
    refusal = {"jsonrpc": "2.0", "id": None, "error": {"code": 1, "message": "over quota"}}
    with serving(lambda _: answers(refusal)) as node:
        with pytest.raises(Unreachable, match="over quota"):
            chain(node).codes([SOMEBODY] * 8, HEAD)
        assert [len(asked) for asked in node.asked] == [8, 4, 2, 1, 1, 2, 1, 1, 4, 2, 1, 1, 2, 1, 1]


def log(block: int, **changes: Any) -> dict[str, Any]:
    fields = {"address": SOMEBODY, "topics": [to_hex(VALUE_SET)], "data": "0x", "blockNumber": hex(block)}
    return {**fields, "logIndex": "0x0", "transactionHash": HASH, **changes}


def test_logs_of_a_backend_that_lags_behind_are_not_taken_for_none() -> None:
    """threat_13: the block is asked in the same batch as the logs."""
    other = {**BLOCK, "hash": "0x" + "cd" * 32}
    for block in (None, other):
        with serving(by_method(eth_getLogs=[], eth_getBlockByNumber=block)) as node:
            with pytest.raises(Unreachable, match="no longer has block 7 as it was"):
                chain(node).logs(SOMEBODY, [[VALUE_SET]], HEAD)
            assert [question["method"] for question in node.asked[0]] == ["eth_getLogs", "eth_getBlockByNumber"]


def test_a_range_with_too_many_logs_is_read_in_halves() -> None:
    def script(questions: Questions) -> Reply:
        logs, block = questions
        first, last = (int(logs["params"][0][name], 16) for name in ("fromBlock", "toBlock"))
        if last - first > 2:
            return answers([failure(logs, -32005, "query returned more than 10000 results"), result(block, BLOCK)])
        return answers([result(logs, [log(n) for n in range(first, last + 1)]), result(block, BLOCK)])

    with serving(script) as node:
        found = chain(node).logs(SOMEBODY, [[VALUE_SET]], HEAD)
    assert [one.block for one in found] == list(range(8))


def test_a_node_that_has_no_logs_to_give_is_not_asked_for_ever() -> None:
    def script(questions: Questions) -> Reply:
        return answers([failure(questions[0], -32601, "method not found"), result(questions[1], BLOCK)])

    with serving(script) as node:
        with pytest.raises(Unreachable, match="method not found"):
            chain(node).logs(SOMEBODY, [None], HEAD)
        assert len(node.asked) == 4  # 0-7, 0-3, 0-1, 0


FORGED_LOGS: dict[str, Any] = {
    "null": None,
    "an object": {},
    "a list of texts": ["0x"],
    "of another contract": [log(1, address="0x" + "11" * 20)],
    "with another topic": [log(1, topics=[HASH])],
    "without topics": [log(1, topics=[])],
    "of a block after the head": [log(8)],
    "not yet mined": [log(1, blockNumber=None)],
    "with half a topic": [log(1, topics=["0xab"])],
    "without an address": [log(1, address="0x")],
    "without data": [log(1, data=None)],
}


@pytest.mark.parametrize("given", FORGED_LOGS.values(), ids=FORGED_LOGS.keys())
def test_logs_that_nobody_asked_for_are_not_taken(given: Any) -> None:
    """threat_15"""
    with serving(by_method(eth_getLogs=given, eth_getBlockByNumber=BLOCK)) as node, pytest.raises(Unreachable):
        chain(node).logs(SOMEBODY, [[VALUE_SET]], HEAD)


RECEIPT = {"transactionHash": HASH, "status": "0x1", "blockNumber": "0x1", "gasUsed": "0x1", "logs": []}
BAD_RESULTS: dict[str, tuple[Script, Callable[[NodeChain], object]]] = {
    "a call without hex": (by_method(eth_call="hello"), lambda c: c.call_many([Call(to=SOMEBODY)], HEAD)),
    "a call with half a byte": (by_method(eth_call="0xa"), lambda c: c.call_many([Call(to=SOMEBODY)], HEAD)),
    "a call with null": (by_method(eth_call=None), lambda c: c.call_many([Call(to=SOMEBODY)], HEAD)),
    "code that is a number": (by_method(eth_getCode=0), lambda c: c.codes([SOMEBODY], HEAD)),
    "a storage word too short": (by_method(eth_getStorageAt="0x01"), lambda c: c.storage([(SOMEBODY, 0)], HEAD)),
    "a storage word too long": (
        by_method(eth_getStorageAt="0x" + "01" * 33),
        lambda c: c.storage([(SOMEBODY, 0)], HEAD),
    ),
    "a receipt of another transaction": (
        by_method(eth_getTransactionReceipt={**RECEIPT, "transactionHash": "0x" + "cd" * 32}),
        lambda c: c.receipt(word(HASH)),
    ),
    "a receipt without a status": (
        by_method(eth_getTransactionReceipt={**RECEIPT, "status": None}),
        lambda c: c.receipt(word(HASH)),
    ),
    "a receipt that is a list": (by_method(eth_getTransactionReceipt=[]), lambda c: c.receipt(word(HASH))),
    "a nonce that is null": (by_method(eth_getTransactionCount=None), lambda c: c.nonce(SOMEBODY)),
    "revert data without hex": (
        always_failing(3, "execution reverted", data="0xzz"),
        lambda c: c.call_many([Call(to=SOMEBODY)], HEAD),
    ),
}


@pytest.mark.parametrize(("script", "read"), BAD_RESULTS.values(), ids=BAD_RESULTS.keys())
def test_a_malformed_result_is_unreachable(script: Script, read: Callable[[NodeChain], object]) -> None:
    with serving(script) as node, pytest.raises(Unreachable, match="did not answer with"):
        read(chain(node))


REVERTS: dict[str, tuple[Any, ...]] = {
    "code 3": (3, "execution reverted", None),
    "geth before code 3": (-32000, "execution reverted", None),
    "data inside of data": (-32015, "VM execution error.", {"data": "0x"}),
    "another client": (-32015, "VM execution error.", None),
    "an invalid opcode": (-32000, "invalid opcode: INVALID", None),
}


@pytest.mark.parametrize(("code", "message", "data"), REVERTS.values(), ids=REVERTS.keys())
def test_every_clients_way_to_say_that_the_contract_said_no(code: int, message: str, data: Any) -> None:
    with serving(always_failing(code, message, data=data)) as node:
        assert chain(node).call_many([Call(to=SOMEBODY)], HEAD) == [Answer(ok=False, data=b"")]


@pytest.mark.parametrize("message", ["out of gas", "header not found", "rate limit exceeded; this is not a revert"])
def test_a_node_that_cannot_tell_has_not_said_no(message: str) -> None:
    with serving(always_failing(-32000, message)) as node, pytest.raises(Unreachable, match="cannot answer"):
        chain(node).call_many([Call(to=SOMEBODY)], HEAD)


def test_a_chain_without_a_base_fee_has_a_gas_price() -> None:
    values: dict[str, Any] = {"eth_getBlockByNumber": BLOCK, "eth_maxPriorityFeePerGas": "0x5", "eth_gasPrice": "0x9"}
    with serving(by_method(**values)) as node:
        assert chain(node).fees() == Fees(base=None, tip=9)
    with serving(by_method(**{**values, "eth_getBlockByNumber": {**BLOCK, "baseFeePerGas": "0x7"}})) as node:
        assert chain(node).fees() == Fees(base=7, tip=5)


def test_a_node_that_names_no_fee_is_unreachable() -> None:
    with serving(always_failing(-32601, "method not found")) as node, pytest.raises(Unreachable, match="not found"):
        chain(node).fees()
