"""A node of one network: reads pinned to one block hash, in one batch a method.

Every answer is checked: its form, the chain it speaks for, the block it is true at, and of logs that they are those asked
for. What does not answer properly is Unreachable; nothing is replaced by a default.
"""

import re
from collections.abc import Sequence
from typing import Any

from governance.adapters.fees import Fees
from governance.adapters.recalled import Reads, Surveyed
from governance.adapters.relay import Relay
from governance.adapters.rpc import BATCH, Request, Rpc, RpcError
from governance.core.call import Call
from governance.core.errors import ChainContradicts, Finding, GovError, Refused, Rejected, Unreachable
from governance.core.facts import Head, Log, Receipt
from governance.core.header import Header, read_header
from governance.core.stateproof import Proven, Question, prove
from governance.core.units import Address, Bytes32, Moment, checksummed, hex_bytes, shown, to_hex, word
from governance.ports import Answer

REVERTED = 3
"""The code by which nodes say that a call reverted."""
_FAILED_CALL = re.compile(
    r"execution reverted|vm execution error|vm exception|invalid opcode|invalid jump|stack underflow|evm error (?!outofgas)",
    re.IGNORECASE,
)
"""How messages begin by which nodes without that code blame the contract. Running out of gas is the node's own limit."""
_NUMBER = re.compile(r"0x[0-9a-fA-F]{1,64}")

Topics = Sequence[Sequence[Bytes32] | None]
"""Each position a set of alternatives, None for any."""


class NodeChain:
    """See `governance.ports.Chain` for what each method promises."""

    def __init__(self, url: str, chain_id: int, network: str, relay: Relay | None = None) -> None:
        self.rpc = Rpc(url, network)
        self._chain_id = chain_id
        self._relay = relay

    @property
    def shown(self) -> str:
        """The network and where its node is, without anything secret."""
        return self.rpc.shown

    def head(self) -> Head:
        """The newest block of the right chain."""
        answers = self.rpc.together([("eth_chainId", []), ("eth_getBlockByNumber", ["latest", False])])
        chain_id, block = self.rpc.results(answers)
        self.require_this(chain_id)
        return self.head_of(block)

    def head_of(self, block: Any) -> Head:
        """A block as a node gives it."""
        try:
            return Head(
                chain_id=self._chain_id,
                number=self.number(block["number"]),
                hash=word(block["hash"]),
                timestamp=Moment(self.number(block["timestamp"])),
            )
        except (TypeError, KeyError, GovError) as error:
            raise self.rpc.garbled("a block") from error

    def require_chain(self) -> None:
        """Raise Refused when the node serves another chain than the policy names."""
        (chain_id,) = self._results([("eth_chainId", [])])
        self.require_this(chain_id)

    def require_this(self, answered: Any) -> None:
        """Raise Refused when the chain id that a node gave is not the policy's."""
        found = self.number(answered)
        if found != self._chain_id:
            message = f"{self.shown} serves chain {found}, the policy says {self._chain_id}"
            finding = Finding(rule="chain-id", message=message, hint="check the endpoint of this network")
            raise Refused("the node is of another chain", findings=(finding,))

    def call_many(self, calls: Sequence[Call], at: Head) -> list[Answer]:
        """View calls, in order."""
        requests: list[Request] = [("eth_call", [_request(call), _block(at)]) for call in calls]
        return [self._answer(given) for given in self.rpc.ask(requests)]

    def codes(self, addresses: Sequence[Address], at: Head) -> list[bytes]:
        """Runtime code of each account."""
        return [self._bytes(r) for r in self._results([("eth_getCode", [a, _block(at)]) for a in addresses])]

    def storage(self, slots: Sequence[tuple[Address, int]], at: Head) -> list[Bytes32]:
        """Storage words."""
        requests: list[Request] = [("eth_getStorageAt", [account, _slot(slot), _block(at)]) for account, slot in slots]
        return [self._word(result) for result in self._results(requests)]

    def header(self, number: int | None = None) -> Header:
        """The newest block of the right chain, or the one with a number; its hash is computed again."""
        tag = "latest" if number is None else hex(number)
        answers = self.rpc.together([("eth_chainId", []), ("eth_getBlockByNumber", [tag, False])])
        chain_id, block = self.rpc.results(answers)
        self.require_this(chain_id)
        header = self._header(block)
        if number is not None and header.head.number != number:
            raise self.rpc.garbled("the block that was asked for")
        return header

    def _header(self, block: Any) -> Header:
        try:
            return read_header(block, chain_id=self._chain_id, by=self.shown)
        except Rejected as error:
            raise self.rpc.garbled("a block's header") from error

    def proofs(self, wanted: Sequence[Question], at: Head) -> list[Proven]:
        """See `governance.ports.Prover`. The header comes along, and vouches for the time of the block too."""
        requests: list[Request] = [
            ("eth_getProof", [each.account, [to_hex(slot.to_bytes(32, "big")) for slot in each.slots], _block(at)])
            for each in wanted
        ]
        block, *answers = self._results([("eth_getBlockByHash", [to_hex(at.hash), False]), *requests])
        header = self._header(block)
        if header.head.hash != at.hash:
            raise self.rpc.garbled("the block that was asked for")
        if header.head != at:
            raise ChainContradicts(
                f"block {to_hex(at.hash)} was said to have number {at.number} and time {at.timestamp}; by its header"
                f" it has {header.head.number} and {header.head.timestamp}",
                hint="do not believe the endpoint that gave it",
            )
        try:
            return [prove(q, a, header.state_root, by=self.shown) for q, a in zip(wanted, answers, strict=True)]
        except Rejected as error:
            raise self.rpc.garbled("a proof") from error

    def logs(self, address: Address, topics: Topics, at: Head) -> list[Log]:
        """Matching logs from the first block to `at`, oldest first. An empty set of alternatives matches nothing."""
        if any(wanted is not None and not wanted for wanted in topics):
            return []  # nodes would take it for `any`
        asked = list(topics)
        while asked and asked[-1] is None:
            asked.pop()  # clients differ on whether a trailing `any` asks for a topic to be there
        found = self._logs(address, asked, 0, at.number, at)
        return sorted(found, key=lambda log: (log.block, log.index))

    def survey(self, reads: Reads, at: Head) -> Surveyed:
        """All of it in one request where the endpoint takes that; logs that are too many come in more."""
        requests: list[Request] = [
            *(("eth_call", [_request(call), _block(at)]) for call in reads.calls),
            *(("eth_getCode", [account, _block(at)]) for account in reads.codes),
            *(("eth_getStorageAt", [account, _slot(slot), _block(at)]) for account, slot in reads.slots),
        ]
        if len(requests) + 2 * len(reads.logs) > BATCH:
            return self._surveyed(reads, self.rpc.ask(requests), [self.logs(*each, at) for each in reads.logs])
        asked = [each for wanted in reads.logs for each in self._log_questions(*wanted, 0, at.number, at)]
        answers = self.rpc.together([*requests, *asked]) if requests or asked else []
        rest = iter(answers[len(requests) :])
        logs = [self._logs_in(*each, 0, at.number, at, next(rest), next(rest)) for each in reads.logs]
        return self._surveyed(reads, answers[: len(requests)], logs)

    def _surveyed(self, reads: Reads, answers: Sequence[Any], logs: Sequence[Sequence[Log]]) -> Surveyed:
        calls, codes = len(reads.calls), len(reads.calls) + len(reads.codes)
        return Surveyed(
            calls=tuple(self._answer(given) for given in answers[:calls]),
            codes=tuple(self._bytes(given) for given in self.rpc.results(answers[calls:codes])),
            slots=tuple(self._word(given) for given in self.rpc.results(answers[codes:])),
            logs=tuple(tuple(each) for each in logs),
        )

    def moments(self, blocks: Sequence[int], at: Head) -> list[Moment]:
        """By number, in one batch with the block that everything is read at."""
        if any(number > at.number for number in blocks):
            raise ValueError("a block after the one that is looked at")
        asked = [("eth_getBlockByNumber", [hex(number), False]) for number in (*blocks, at.number)]
        heads = []
        for answer in self.rpc.ask(asked):
            if isinstance(answer, RpcError):
                raise self.rpc.failed(answer)
            heads.append(self.head_of(answer))
        if heads[-1].hash != at.hash:
            raise Unreachable(
                f"{self.shown} no longer has block {at.number} as it was a moment ago",
                hint="a reorganisation, or a node that lags behind another: try again",
            )
        return [head.timestamp for head in heads[:-1]]

    def _logs(self, address: Address, topics: Topics, first: int, last: int, at: Head) -> list[Log]:
        """One range; halved when the node says that it is too much."""
        given, block = self.rpc.together(self._log_questions(address, topics, first, last, at))
        return self._logs_in(address, topics, first, last, at, given, block)

    @staticmethod
    def _log_questions(address: Address, topics: Topics, first: int, last: int, at: Head) -> list[Request]:
        written = [None if wanted is None else [to_hex(one) for one in wanted] for wanted in topics]
        where = {"address": address, "topics": written, "fromBlock": hex(first), "toBlock": hex(last)}
        # The block is asked in the same request: a backend that lags behind would answer [] and look empty (threat 13).
        return [("eth_getLogs", [where]), ("eth_getBlockByNumber", [hex(at.number), False])]

    def _logs_in(
        self, address: Address, topics: Topics, first: int, last: int, at: Head, given: Any, block: Any
    ) -> list[Log]:
        if isinstance(block, RpcError) or block is None or self.head_of(block).hash != at.hash:
            raise Unreachable(
                f"{self.shown} no longer has block {at.number} as it was a moment ago",
                hint="a reorganisation, or a node that lags behind another: try again",
            )
        if isinstance(given, RpcError):
            if first == last:
                raise self.rpc.failed(given)
            middle = (first + last) // 2
            return self._logs(address, topics, first, middle, at) + self._logs(address, topics, middle + 1, last, at)
        if not isinstance(given, list):
            raise self.rpc.garbled("a list of logs")
        found = [self.log_of(entry) for entry in given]
        if not all(log.address == address and first <= log.block <= last and matches(log, topics) for log in found):
            raise self.rpc.garbled("the logs that were asked for")
        return found

    def dry_run(self, call: Call, *, sender: Address, at: Head, moment: Moment | None = None) -> Answer:
        """What `call` would give if `sender` sent it on top of `at`, at another moment where one is given."""
        (given,) = self.rpc.ask([("eth_call", [{**_request(call), "from": sender}, _block(at), *_at_time(moment)])])
        return self._answer(given)

    def receipt(self, tx_hash: Bytes32) -> Receipt | None:
        """The receipt of a mined transaction."""
        (found,) = self._results([("eth_getTransactionReceipt", [to_hex(tx_hash)])])
        if found is None:
            return None
        try:
            receipt = Receipt(
                tx_hash=word(found["transactionHash"]),
                status=self.number(found["status"]),
                block=self.number(found["blockNumber"]),
                gas_used=self.number(found["gasUsed"]),
                logs=tuple(self.log_of(entry) for entry in found["logs"]),
            )
        except (TypeError, KeyError, GovError) as error:
            raise self.rpc.garbled("a receipt") from error
        if receipt.tx_hash != tx_hash:
            raise self.rpc.garbled("the receipt that was asked for")
        return receipt

    def transaction(self, tx_hash: Bytes32) -> tuple[Address, bytes] | None:
        """Who sent a transaction, and its calldata; None where the node does not have it."""
        (found,) = self._results([("eth_getTransactionByHash", [to_hex(tx_hash)])])
        if found is None:
            return None
        try:
            return checksummed(hex_bytes(found["from"])), hex_bytes(found["input"])
        except (TypeError, KeyError, ValueError, GovError) as error:
            raise self.rpc.garbled("a transaction") from error

    def nonce(self, account: Address, *, pending: bool = False) -> int:
        """How many transactions of an account are mined, or with `pending` known."""
        tag = "pending" if pending else "latest"
        (count,) = self._results([("eth_getTransactionCount", [account, tag])])
        return self.number(count)

    def fees(self) -> Fees:
        """What the next block asks for."""
        block, tip, price = self.rpc.together(
            [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", []), ("eth_gasPrice", [])]
        )
        if isinstance(block, dict) and "baseFeePerGas" in block and not isinstance(tip, RpcError):
            return Fees(base=self.number(block["baseFeePerGas"]), tip=self.number(tip))
        if isinstance(price, RpcError):
            raise self.rpc.failed(price)
        return Fees(base=None, tip=self.number(price))

    def estimate(self, call: Call, sender: Address, moment: Moment | None = None) -> int:
        """Gas that the node thinks `call` needs on the newest block: what waits in its pool may be the very same act.

        At another moment where one is given, which not every node can do.
        Raises Refused when it would revert.
        """
        request = [{**_request(call), "from": sender}, "latest", *_at_time(moment)]
        (given,) = self.rpc.ask([("eth_estimateGas", request)])
        if isinstance(given, RpcError):
            from governance.adapters.reverts import explain

            raise Refused(f"it would revert: {explain(self._answer(given).data)}")
        return self.number(given)

    def broadcast(self, raw: bytes) -> str:
        """Hand a signed transaction to a node of the right chain, once; gives its complaint, empty when it took it.

        A complaint proves nothing either way, nor does Unreachable: look the hash up (threats 2 and 3). Where there is a
        relay, it goes there and not to the node.
        """
        self.require_chain()
        if self._relay is not None:
            return self._relay.send(raw)
        (given,) = self.rpc.together([("eth_sendRawTransaction", [to_hex(raw)])], attempts=1)
        return shown(given.message) or "refused" if isinstance(given, RpcError) else ""

    def _results(self, requests: Sequence[Request]) -> list[Any]:
        """Results of requests that must not fail."""
        return self.rpc.results(self.rpc.ask(requests))

    def _answer(self, given: Any) -> Answer:
        return answer_of(self.rpc, given)

    def log_of(self, entry: Any) -> Log:
        """A log as a node gives it."""
        try:
            return Log(
                address=checksummed(hex_bytes(entry["address"])),
                topics=tuple(word(topic) for topic in entry["topics"]),
                data=hex_bytes(entry["data"]),
                block=self.number(entry["blockNumber"]),
                index=self.number(entry["logIndex"]),
                tx_hash=word(entry["transactionHash"]),
            )
        except (TypeError, KeyError, ValueError, GovError) as error:
            raise self.rpc.garbled("a log") from error

    def _bytes(self, result: Any) -> bytes:
        return _bytes(self.rpc, result)

    def _word(self, result: Any) -> Bytes32:
        raw = self._bytes(result)
        if len(raw) != 32:
            raise self.rpc.garbled("a storage word")
        return Bytes32(raw)

    def number(self, result: Any) -> int:
        """A quantity as a node gives it."""
        if not isinstance(result, str) or not _NUMBER.fullmatch(result):
            raise self.rpc.garbled("a number")
        return int(result, 16)


def answer_of(rpc: Rpc, given: Any) -> Answer:
    """A call's return data or, from an error that blames the contract, its revert data. Raises Unreachable on any other."""
    if not isinstance(given, RpcError):
        return Answer(ok=True, data=_bytes(rpc, given))
    data = given.data.get("data") if isinstance(given.data, dict) else given.data
    if isinstance(data, str) and data.startswith("0x"):
        return Answer(ok=False, data=_bytes(rpc, data))
    if given.code == REVERTED or _FAILED_CALL.match(given.message):
        return Answer(ok=False, data=b"")
    raise rpc.failed(given)


def _bytes(rpc: Rpc, result: Any) -> bytes:
    try:
        return hex_bytes(result)
    except (TypeError, GovError) as error:
        raise rpc.garbled("hex data") from error


def _request(call: Call) -> dict[str, str]:
    return {"to": call.to, "data": to_hex(call.data), "value": hex(call.value)}


def _at_time(moment: Moment | None) -> list[dict[str, str]]:
    """No overrides of accounts, and one of the block."""
    return [] if moment is None else [{}, {"time": hex(moment.seconds)}]


def _slot(slot: int) -> str:
    return to_hex(slot.to_bytes(32, "big"))


def _block(at: Head) -> dict[str, Any]:
    """EIP-1898: a block by its hash, which must be canonical."""
    return {"blockHash": to_hex(at.hash), "requireCanonical": True}


def matches(log: Log, topics: Topics) -> bool:
    """Whether a node was right to give this log."""
    if len(log.topics) < len(topics):
        return False
    return all(wanted is None or topic in wanted for topic, wanted in zip(log.topics, topics, strict=False))
