"""A node over the machine's EVM: the adapters ask it in JSON-RPC, as they ask any other, only that no socket is between.

It answers what those adapters ask, about its newest block, and an error to anything else.
"""

from collections.abc import Callable, Sequence
from typing import Any

from governance.adapters.chain import NodeChain
from governance.adapters.rpc import Request, Rpc, RpcError
from governance.core.units import Address, hex_bytes, to_hex
from tests.machine.world import CHAIN_ID, Reality

NETWORK = "machine"


def node(real: Reality) -> NodeChain:
    """A chain as the adapters know it."""
    chain = NodeChain("http://machine", CHAIN_ID, NETWORK)
    chain.rpc = _EvmRpc(real)
    return chain


class _EvmRpc(Rpc):
    """What is posted is answered here."""

    def __init__(self, real: Reality) -> None:
        super().__init__("http://machine", NETWORK)
        self._real = real
        self._methods: dict[str, Callable[..., Any]] = {
            "eth_chainId": lambda: hex(CHAIN_ID),
            "eth_getBlockByNumber": self._block,
            "eth_getBalance": lambda *_: "0x1",
            "eth_getStorageAt": self._slot,
            "eth_call": self._call,
            "eth_getLogs": self._logs,
        }

    def _exchange(self, requests: Sequence[Request]) -> list[Any]:
        return [self._methods[method](*params) for method, params in requests]

    def _block(self, tag: str, _: bool) -> Any:
        newest = len(self._real.blocks) - 1
        named = {"latest": newest, "pending": newest + 1, "finalized": min(self._real.final, newest)}
        number = named[tag] if tag in named else int(tag, 16)
        if number > newest + (tag == "pending"):
            return None
        block = self._real.blocks[min(number, newest)]
        given = {"number": hex(number), "hash": to_hex(block.hash), "timestamp": hex(block.timestamp)}
        return given if tag != "pending" else {**given, "hash": None}

    def _slot(self, account: str, slot: str, _: str) -> str:
        value = int(str(self._real.evm.storage(account, int(slot, 16))), 0)
        return to_hex(value.to_bytes(32))

    def _call(self, call: dict[str, str], at: dict[str, Any]) -> Any:
        if at["blockHash"] != to_hex(self._real.blocks[-1].hash):
            return RpcError(code=-32000, message="header not found", data=None)
        return to_hex(self._real.ask(Address(call["to"]), hex_bytes(call["data"])))

    def _logs(self, where: dict[str, Any]) -> list[Any]:
        first, last = (self._number(where[name]) for name in ("fromBlock", "toBlock"))
        account, wanted = where["address"], [each and set(each) for each in where["topics"]]
        return [
            log
            for log in self._real.logs
            if log["address"] == account
            and first <= int(log["blockNumber"], 16) <= last
            and len(log["topics"]) >= len(wanted)
            and all(each is None or topic in each for topic, each in zip(log["topics"], wanted, strict=False))
        ]

    def _number(self, tag: str) -> int:
        return len(self._real.blocks) - 1 if tag == "latest" else int(tag, 16)
