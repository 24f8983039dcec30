"""A node of one network, over web3.py's HTTP provider: reads pinned to one block hash, in one batch a method.

Every answer is checked: its id, its form, the chain it speaks for. What does not answer properly is Unreachable; nothing
is replaced by a default. Errors name scheme, host and port of an endpoint only, since paths and queries carry keys.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from governance.core.call import Call
from governance.core.errors import Finding, GovError, Refused, Unreachable
from governance.core.facts import Head, Log, Receipt
from governance.core.units import Address, Bytes32, Moment, checksummed, hex_bytes, shown, to_hex, word
from governance.ports import Answer

if TYPE_CHECKING:
    from web3.providers import HTTPProvider

BATCH = 100
"""Requests in one HTTP request; public endpoints take at least this many."""
TIMEOUT = 20.0
"""Seconds that one HTTP request may take."""
ATTEMPTS = 3
"""How often a read that got no answer at all is asked again."""
PAUSE = 0.25
"""Seconds before the second attempt; doubled each time."""

Request = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcError:
    """A JSON-RPC error object."""

    code: int
    message: str
    data: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What a transaction pays now, in wei per gas."""

    base: int | None
    """None on a chain without EIP-1559."""
    tip: int


class NodeChain:
    """See `governance.ports.Chain` for what each method promises."""

    def __init__(self, url: str, chain_id: int, network: str) -> None:
        self._url = url
        self._chain_id = chain_id
        self._network = network

    @cached_property
    def _provider(self) -> "HTTPProvider":
        from web3.providers import HTTPProvider

        return HTTPProvider(self._url, request_kwargs={"timeout": TIMEOUT}, exception_retry_configuration=None)

    @property
    def shown(self) -> str:
        """The network and where its node is, without anything secret."""
        parts = urlsplit(self._url)
        return f"{self._network} at {parts.scheme}://{parts.hostname}:{parts.port or parts.scheme}"

    def head(self) -> Head:
        """The newest block of the right chain."""
        chain_id, block = self._results([("eth_chainId", []), ("eth_getBlockByNumber", ["latest", False])])
        self._require_chain(chain_id)
        return self._head(block)

    def _head(self, block: Any) -> Head:
        try:
            return Head(
                chain_id=self._chain_id,
                number=int(block["number"], 16),
                hash=word(block["hash"]),
                timestamp=Moment(int(block["timestamp"], 16)),
            )
        except (TypeError, KeyError, ValueError, GovError) as error:
            raise self._garbled("a block") from error

    def _require_chain(self, answered: Any) -> None:
        found = self._number(answered)
        if found != self._chain_id:
            message = f"{self.shown} serves chain {found}, the policy says {self._chain_id}"
            finding = Finding(rule="chain-id", message=message, hint="check the endpoint of this network")
            raise Refused("the node is of another chain", findings=(finding,))

    def call_many(self, calls: Sequence[Call], at: Head) -> list[Answer]:
        """View calls, in order."""
        requests: list[Request] = [("eth_call", [_request(call), _block(at)]) for call in calls]
        return [self._answer(given) for given in self._ask(requests)]

    def codes(self, addresses: Sequence[Address], at: Head) -> list[bytes]:
        """Runtime code of each account."""
        return [self._bytes(r) for r in self._results([("eth_getCode", [a, _block(at)]) for a in addresses])]

    def storage(self, slots: Sequence[tuple[Address, int]], at: Head) -> list[Bytes32]:
        """Storage words."""
        requests: list[Request] = [
            ("eth_getStorageAt", [account, to_hex(slot.to_bytes(32, "big")), _block(at)]) for account, slot in slots
        ]
        return [Bytes32(self._bytes(result).rjust(32, b"\0")) for result in self._results(requests)]

    def logs(self, address: Address, topics: Sequence[Sequence[Bytes32] | None], at: Head) -> list[Log]:
        """Matching logs from the first block to `at`, oldest first."""
        wanted = [None if t is None else [to_hex(one) for one in t] for t in topics]
        found = self._logs(address, wanted, 0, at.number, at)
        return sorted(found, key=lambda log: (log.block, log.index))

    def _logs(self, address: Address, topics: list[Any], first: int, last: int, at: Head) -> list[Log]:
        """One range; halved when the node says that it is too much."""
        where = {"address": address, "topics": topics, "fromBlock": hex(first), "toBlock": hex(last)}
        # The block is asked in the same batch: a backend that lags behind would answer [] and look empty (threat 13).
        given, block = self._ask([("eth_getLogs", [where]), ("eth_getBlockByNumber", [hex(at.number), False])])
        if isinstance(block, RpcError) or not isinstance(block, dict) or block.get("hash") != to_hex(at.hash):
            raise Unreachable(
                f"{self.shown} no longer has block {at.number} as it was a moment ago",
                hint="a reorganisation, or a node that lags behind another: try again",
            )
        if isinstance(given, RpcError):
            if first == last:
                raise self._failed(given)
            middle = (first + last) // 2
            return self._logs(address, topics, first, middle, at) + self._logs(address, topics, middle + 1, last, at)
        return [self._log(entry) for entry in given]

    def dry_run(self, call: Call, *, sender: Address, at: Head) -> Answer:
        """What `call` would give if `sender` sent it on top of `at`."""
        (given,) = self._ask([("eth_call", [{**_request(call), "from": sender}, _block(at)])])
        return self._answer(given)

    def receipt(self, tx_hash: Bytes32) -> Receipt | None:
        """The receipt of a mined transaction."""
        (found,) = self._results([("eth_getTransactionReceipt", [to_hex(tx_hash)])])
        if found is None:
            return None
        try:
            return Receipt(
                tx_hash=word(found["transactionHash"]),
                status=int(found["status"], 16),
                block=int(found["blockNumber"], 16),
                gas_used=int(found["gasUsed"], 16),
                logs=tuple(self._log(entry) for entry in found["logs"]),
            )
        except (TypeError, KeyError, ValueError, GovError) as error:
            raise self._garbled("a receipt") from error

    def nonce(self, account: Address, *, pending: bool = False) -> int:
        """How many transactions of an account are mined, or with `pending` known."""
        tag = "pending" if pending else "latest"
        (count,) = self._results([("eth_getTransactionCount", [account, tag])])
        return self._number(count)

    def fees(self) -> Fees:
        """What the next block asks for."""
        block, tip, price = self._ask(
            [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", []), ("eth_gasPrice", [])]
        )
        if isinstance(block, dict) and "baseFeePerGas" in block and not isinstance(tip, RpcError):
            return Fees(base=self._number(block["baseFeePerGas"]), tip=self._number(tip))
        if isinstance(price, RpcError):
            raise self._failed(price)
        return Fees(base=None, tip=self._number(price))

    def estimate(self, call: Call, sender: Address) -> int:
        """Gas that the node thinks `call` needs. Raises Refused when it would revert."""
        (given,) = self._ask([("eth_estimateGas", [{**_request(call), "from": sender}])])
        if isinstance(given, RpcError):
            answer = self._answer(given)
            from governance.adapters.reverts import explain

            raise Refused(f"it would revert: {explain(answer.data)}")
        return self._number(given)

    def broadcast(self, raw: bytes) -> str:
        """Hand a signed transaction to the node; gives the node's complaint, empty when it took it.

        A complaint proves nothing either way: look the hash up (threat 3).
        """
        chain_id, given = self._ask([("eth_chainId", []), ("eth_sendRawTransaction", [to_hex(raw)])], attempts=1)
        if not isinstance(chain_id, RpcError):
            self._require_chain(chain_id)
        return shown(given.message) if isinstance(given, RpcError) else ""

    def require_chain(self) -> None:
        """Raise Refused when the node serves another chain than the policy names."""
        (chain_id,) = self._results([("eth_chainId", [])])
        self._require_chain(chain_id)

    def _results(self, requests: Sequence[Request]) -> list[Any]:
        """Results of requests that must not fail."""
        results = self._ask(requests)
        for result in results:
            if isinstance(result, RpcError):
                raise self._failed(result)
        return results

    def _ask(self, requests: Sequence[Request], *, attempts: int = ATTEMPTS) -> list[Any]:
        answers: list[Any] = []
        for i in range(0, len(requests), BATCH):
            answers += self._batch(requests[i : i + BATCH], attempts)
        return answers

    def _batch(self, requests: Sequence[Request], attempts: int) -> list[Any]:
        """One HTTP request; results in order, errors as RpcError."""
        from requests import RequestException
        from web3.exceptions import Web3Exception

        for attempt in range(attempts):
            try:
                given = self._provider.make_batch_request(list(requests))  # type: ignore[arg-type]
            except RequestException as error:
                if attempt + 1 < attempts:
                    time.sleep(PAUSE * 2**attempt)
                    continue
                raise Unreachable(
                    f"{self.shown} does not answer ({type(error).__name__})", hint="check the endpoint, then try again"
                ) from None  # the original carries the whole URL
            except (Web3Exception, ValueError, TypeError, KeyError, AttributeError) as error:
                raise self._garbled("JSON-RPC") from error
            return self._matched(given, len(requests))
        raise AssertionError("unreachable: every attempt returns or raises")

    def _matched(self, given: Any, wanted: int) -> list[Any]:
        if not isinstance(given, list) or len(given) != wanted or not all(isinstance(one, dict) for one in given):
            raise self._garbled(f"{wanted} answers to {wanted} questions")
        ids = [one.get("id") for one in given]
        if not all(isinstance(i, int) for i in ids) or ids != list(range(ids[0], ids[0] + wanted)):
            raise self._garbled("answers to the questions that were asked")
        return [self._result(one) for one in given]

    def _result(self, one: dict[str, Any]) -> Any:
        error = one.get("error")
        if error is None:
            if "result" not in one:
                raise self._garbled("a result or an error")
            return one["result"]
        if not isinstance(error, dict):
            raise self._garbled("an error that is one")
        return RpcError(code=error.get("code", 0), message=str(error.get("message", "")), data=error.get("data"))

    def _answer(self, given: Any) -> Answer:
        """A call's return data or, from an error that says so, its revert data."""
        if not isinstance(given, RpcError):
            return Answer(ok=True, data=self._bytes(given))
        data = given.data.get("data") if isinstance(given.data, dict) else given.data
        if isinstance(data, str) and data.startswith("0x"):
            return Answer(ok=False, data=self._bytes(data))
        if given.code == 3 or "revert" in given.message.lower():
            return Answer(ok=False, data=b"")
        raise self._failed(given)

    def _log(self, entry: Any) -> Log:
        try:
            return Log(
                address=checksummed(hex_bytes(entry["address"])),
                topics=tuple(word(topic) for topic in entry["topics"]),
                data=hex_bytes(entry["data"]),
                block=int(entry["blockNumber"], 16),
                index=int(entry["logIndex"], 16),
                tx_hash=word(entry["transactionHash"]),
            )
        except (TypeError, KeyError, ValueError, GovError) as error:
            raise self._garbled("a log") from error

    def _bytes(self, result: Any) -> bytes:
        try:
            return hex_bytes(result)
        except (TypeError, GovError) as error:
            raise self._garbled("hex data") from error

    def _number(self, result: Any) -> int:
        try:
            return int(result, 16)
        except (TypeError, ValueError) as error:
            raise self._garbled("a number") from error

    def _failed(self, error: RpcError) -> Unreachable:
        return Unreachable(
            f"{self.shown} cannot answer: {shown(error.message)} ({error.code})", hint="try again, or another endpoint"
        )

    def _garbled(self, wanted: str) -> Unreachable:
        return Unreachable(f"{self.shown} did not answer with {wanted}", hint="try again, or another endpoint")


def _request(call: Call) -> dict[str, str]:
    return {"to": call.to, "data": to_hex(call.data), "value": hex(call.value)}


def _block(at: Head) -> dict[str, Any]:
    """EIP-1898: a block by its hash, which must be canonical."""
    return {"blockHash": to_hex(at.hash), "requireCanonical": True}
