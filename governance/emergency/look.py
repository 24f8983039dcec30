"""What one network says before a pause: one request to every endpoint at once, of which the first good answer counts."""

from collections.abc import Sequence
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from typing import Any

from governance.emergency.bundle import PAUSED, Place
from governance.emergency.node import Node, Request, RpcError, data, number
from governance.emergency.safe import checksummed, keccak
from governance.emergency.threads import started
from governance.emergency.trouble import Denied, Silent, Trouble

NONCE, OWNERS, THRESHOLD = (keccak(name)[:4] for name in (b"nonce()", b"getOwners()", b"getThreshold()"))
MAX_OWNERS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One network at one moment, as one endpoint has it."""

    node: Node
    block: int
    time: int
    """Seconds since 1970, of the newest block."""
    paused: bool
    nonce: int
    """The Safe's next."""
    owners: tuple[str, ...]
    threshold: int
    payer_nonce: int
    """Its pool included."""
    balance: int
    """Wei of the payer."""
    base_fee: int | None
    """Wei per gas; None on a chain without EIP-1559."""
    tip: int
    """Wei per gas: the priority fee, or the whole price where there is no base fee."""


def look(place: Place, nodes: Sequence[Node], payer: str) -> Seen:
    """The first good answer. Raises what went wrong at every endpoint, or Denied when a good one shows no Safe."""
    answers: list[Future[Seen]] = [_started(place, node, payer) for node in nodes]
    faults: list[Trouble] = []
    for answer in as_completed(answers):
        try:
            return answer.result()
        except Trouble as trouble:
            faults.append(trouble)
    refused = [fault for fault in faults if isinstance(fault, Denied)]
    if refused:
        raise refused[0]
    raise Silent("; ".join(fault.message for fault in faults) or "no endpoint is known")


def is_paused(place: Place) -> Request:
    """The question whose answer is the proof."""
    return _call(place.target, PAUSED)


def paused(answer: Any) -> bool:
    """The proof. Raises Denied when the target does not answer the question."""
    if isinstance(answer, RpcError):
        raise Denied("the target does not answer paused()")
    found = data(answer)
    if len(found) != 32:
        raise Denied("the target does not answer paused() with one word")
    return any(found)


def _started(place: Place, node: Node, payer: str) -> Future[Seen]:
    """One endpoint's answer: a strange one is that endpoint's fault alone."""

    def work() -> Seen:
        try:
            return _seen(place, node, payer)
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise Silent(f"{node.name} does not answer as a node does") from error

    return started(work)


def _seen(place: Place, node: Node, payer: str) -> Seen:
    chain, block, balance, count, tip, price, proof, nonce, owners, threshold = node.ask(
        [
            ("eth_chainId", []),
            ("eth_getBlockByNumber", ["latest", False]),
            ("eth_getBalance", [payer, "latest"]),
            ("eth_getTransactionCount", [payer, "pending"]),
            ("eth_maxPriorityFeePerGas", []),
            ("eth_gasPrice", []),
            is_paused(place),
            *(_call(place.safe, selector) for selector in (NONCE, OWNERS, THRESHOLD)),
        ]
    )
    if number(chain) != place.chain_id:
        raise Silent(f"{node.name} serves chain {number(chain)}, the bundle says {place.chain_id}")
    if not isinstance(block, dict):
        raise Silent(f"{node.name} gives no newest block")
    if any(isinstance(each, RpcError) for each in (nonce, owners, threshold)):
        raise Denied(f"{place.safe} does not answer like a Safe")
    base = number(block["baseFeePerGas"]) if "baseFeePerGas" in block else None
    return Seen(
        node=node,
        block=number(block.get("number")),
        time=number(block.get("timestamp")),
        paused=paused(proof),
        nonce=_word(nonce),
        owners=_addresses(data(owners)),
        threshold=_word(threshold),
        payer_nonce=number(count),
        balance=number(balance),
        base_fee=base,
        tip=number(price) if base is None or isinstance(tip, RpcError) else number(tip),
    )


def _call(to: str, selector: bytes) -> Request:
    return ("eth_call", [{"to": to, "data": f"0x{selector.hex()}"}, "latest"])


def _word(answer: Any) -> int:
    found = data(answer)
    if len(found) != 32:
        raise Denied("the guardian does not answer like a Safe")
    return int.from_bytes(found, "big")


def _addresses(found: bytes) -> tuple[str, ...]:
    words = [found[i : i + 32] for i in range(0, len(found), 32)]
    if (
        len(words) < 2
        or int.from_bytes(words[1], "big") != len(words) - 2
        or len(words) > MAX_OWNERS
        or len(found) % 32
    ):
        raise Denied("the guardian does not answer getOwners() like a Safe")
    return tuple(checksummed(each[12:]) for each in words[2:])
