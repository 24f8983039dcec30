"""The cheap question that an executor asks a node again and again: one HTTP request, whatever waits.

Everything in one request is answered by one backend, so an empty list of logs beside a block means that the backend knows
that block. Final is what the node calls `finalized`, or what has as many confirmations as somebody asked for; a node that
knows neither is an error, never a guess. When the next block comes is what the node's pending block says, but never
much later than both the newest block and this machine's clock: nobody can have gas wasted on what is far from due.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from governance.adapters.chain import NodeChain
from governance.adapters.rpc import Request, Rpc, RpcError
from governance.adapters.timelock import EVENTS
from governance.core.call import Call, decode, encode_call, function
from governance.core.errors import Finding, Refused, Unreachable
from governance.core.facts import Head, Log, OperationEvent
from governance.core.network import Network
from governance.core.slots import SAFE_NONCE, word_at
from governance.core.units import Address, Bytes32, Moment, to_hex, word
from governance.ports import Beat, Chain, Execution

_TIMESTAMP = function("getTimestamp(bytes32)(uint256)")
_EXECUTED = next(topic for topic, event in EVENTS.items() if event is OperationEvent.EXECUTED)


_LATEST: Request = ("eth_getBlockByNumber", ["latest", False])
_PENDING: Request = ("eth_getBlockByNumber", ["pending", False])
AHEAD = 60
"""Seconds, at most, that the next block is believed to be ahead."""


class NodeHeart:
    """See `governance.ports.Heart` and `Executions`."""

    def __init__(
        self,
        chain: NodeChain,
        network: Network,
        payer: Address,
        *,
        confirmations: int | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._chain = chain
        self._rpc: Rpc = chain.rpc
        self._network = network
        self._payer = payer
        self._confirmations = confirmations
        self._clock = clock

    def beat(self, before: Head | None) -> Beat:
        """One request. Values beside the block are the backend's newest, which only say when to look."""
        requests = [*self._always(), *([] if before is None else self._since(before))]
        chain_id, latest, pending, final, balance, nonce, *since = self._rpc.together(requests)
        self._chain.require_this(self._rpc.results([chain_id])[0])
        head = self._chain.head_of(self._rpc.results([latest])[0])
        forked, operations = self._news(before, since)
        return Beat(
            head=head,
            next_moment=self._next_moment(head, pending),
            final=self._final(head, final),
            forked=forked,
            operations={} if forked else operations,
            nonce=int.from_bytes(word(self._rpc.results([nonce])[0])),
            balance=self._chain.number(self._rpc.results([balance])[0]),
        )

    def _always(self) -> list[Request]:
        return [
            ("eth_chainId", []),
            _LATEST,
            _PENDING,
            ("eth_getBlockByNumber", ["finalized", False]),
            ("eth_getBalance", [self._payer, "latest"]),
            ("eth_getStorageAt", [self._network.council, to_hex(word_at(SAFE_NONCE)), "latest"]),
        ]

    def _since(self, before: Head) -> list[Request]:
        where = {
            "address": self._network.timelock,
            "topics": [[to_hex(topic) for topic in EVENTS]],
            "fromBlock": hex(before.number),  # the one after it may not be there, which some nodes refuse
            "toBlock": "latest",
        }
        return [("eth_getBlockByNumber", [hex(before.number), False]), ("eth_getLogs", [where])]

    def _news(self, before: Head | None, since: Sequence[Any]) -> tuple[bool, dict[Bytes32, int]]:
        if before is None:
            return False, {}
        block, logs = since
        if isinstance(block, RpcError):
            raise self._rpc.failed(block)
        if block is None or self._chain.head_of(block).hash != before.hash:
            return True, {}
        if isinstance(logs, RpcError):
            return True, {}  # too many, or too far back: everything is looked at anew
        if not isinstance(logs, list):
            raise self._rpc.garbled("a list of logs")
        touched: dict[Bytes32, int] = {}
        for log in (self._chain.log_of(entry) for entry in logs):
            if log.address != self._network.timelock or len(log.topics) < 2:
                raise self._rpc.garbled("the logs that were asked for")
            if log.block > before.number:
                touched[log.topics[1]] = max(log.block, touched.get(log.topics[1], 0))
        return False, touched

    def _next_moment(self, head: Head, pending: Any) -> Moment:
        """A node that knows no pending block says nothing of its time: then what is due is due now."""
        if not isinstance(pending, dict) or "timestamp" not in pending:
            return head.timestamp
        latest = max(head.timestamp.seconds, int(self._clock())) + AHEAD
        return Moment(max(head.timestamp.seconds, min(self._chain.number(pending["timestamp"]), latest)))

    def _final(self, head: Head, final: Any) -> int:
        if self._confirmations is not None:
            return head.number - self._confirmations
        if isinstance(final, dict) and "number" in final:
            return min(self._chain.number(final["number"]), head.number)
        message = f"{self._rpc.shown} does not say which block is final"
        finding = Finding(rule="no-finality", message=message, hint="say how many blocks are enough: --confirmations N")
        raise Refused("what is final is not known", findings=(finding,))

    def timestamps(self, ids: Sequence[Bytes32], at: Head) -> list[int]:
        """In as many requests as the endpoint wants."""
        calls = [Call(to=self._network.timelock, data=encode_call(_TIMESTAMP, [one])) for one in ids]
        return [self._timestamp(answer) for answer in self._chain.call_many(calls, at)] if calls else []

    def _timestamp(self, answer: Any) -> int:
        if not answer.ok:
            raise Unreachable(f"{self._rpc.shown}: the timelock does not answer", hint="is it one? gov doctor")
        (value,) = decode(_TIMESTAMP.outputs, answer.data)
        return int(str(value))

    def next_moment(self) -> Moment:
        """In one request."""
        latest, pending = self._rpc.together([_LATEST, _PENDING])
        return self._next_moment(self._chain.head_of(self._rpc.results([latest])[0]), pending)

    def of(self, operation: Bytes32, at: Head) -> Execution | None:
        """From the newest log of its kind. The block that is final is asked for beside the newest, and must be of its chain."""
        logs = executed(self._chain, self._network, operation, at)
        if not logs:
            return None
        newest = logs[-1]
        final = self.beat(None).final
        return Execution(block=newest.block, tx_hash=newest.tx_hash, final=newest.block <= final)


def executed(chain: Chain, network: Network, operation: Bytes32, at: Head) -> list[Log]:
    """Every log that the timelock executed an operation, oldest first."""
    return chain.logs(network.timelock, [[_EXECUTED], [operation]], at)
