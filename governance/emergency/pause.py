"""The pause of one network, and of every network at once.

Procedure on one network, in a thread of its own:
1. Look: is it paused already, which nonce is the Safe's next, who owns it, what does gas cost.
2. Choose the entry of that nonce. Its hash is computed anew, every signature is recovered and held against the owners of now,
   and there must be as many as the threshold of now.
3. Dry-run it as the payer would send it.
4. Sign the outer transaction, and hand the same bytes to every endpoint. Without `broadcast` it ends here, unsigned.
5. Wait until `paused()` says so. A receipt is not the proof. Who comes second is told so; when something else took the nonce,
   it begins anew with the next entry.

One network's failure is its own: it delays no other, and the outcome of each is told as it comes.
"""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from governance.emergency.bundle import Bundle, Place
from governance.emergency.look import Seen, is_paused, look, paused
from governance.emergency.node import Node, RpcError, data, number
from governance.emergency.payer import Payer
from governance.emergency.safe import counted, word
from governance.emergency.threads import started
from governance.emergency.trouble import Denied, Silent, Trouble

GWEI = 10**9
ATTEMPTS = 3
"""How often it begins anew when somebody else's transaction comes between."""
LOOKS = 4
"""How often a receipt is looked for, once it is paused, before it counts as somebody else's."""
PATIENCE = 120.0
"""Seconds to wait for the proof."""
UNESTIMATED_GAS = 1_000_000
"""Given where the dry run passes but the node does not estimate; a pause takes about 100,000."""
_ERROR = bytes.fromhex("08c379a0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What was asked for."""

    broadcast: bool
    max_fee: int
    """Wei per gas."""
    even_expired: bool
    begun: float
    """`time.perf_counter()` when the command began."""
    told: Callable[[str], None]
    """Takes a sentence as it happens, from any thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it ended on one network."""

    network: str
    state: str
    """paused, already-paused, paused-by-another, dry-run, refused, unreachable."""
    words: str
    exit_code: int
    hint: str = ""
    nonce: int | None = None
    tx_hash: str = ""
    block: int | None = None
    sent_after: float | None = None
    """Seconds from the command to the first broadcast."""
    paused_after: float | None = None
    """Seconds from the command to the proof."""
    signers: tuple[str, ...] = field(default=())


class _Again(Exception):
    """Something else came first, and the system is not paused: look anew."""


def pause_everywhere(places: Sequence[Place], payer: Payer, wish: Wish) -> list[Outcome]:
    """Every network at once; outcomes in the order of their ends."""
    running = [started(partial(_run, place, payer, wish)) for place in places]
    return [each.result() for each in as_completed(running)]


def chosen(bundle: Bundle, names: Sequence[str]) -> tuple[Place, ...]:
    """The networks that were named, or all. Raises Denied, with every one that is not there."""
    missing = [name for name in names if bundle.place(name) is None]
    if missing:
        known = ", ".join(place.name for place in bundle.places)
        raise Denied(f"the bundle holds nothing for {', '.join(missing)}", f"it holds {known}")
    return tuple(place for place in bundle.places if not names or place.name in names)


def _run(place: Place, payer: Payer, wish: Wish) -> Outcome:
    try:
        return _pause(place, payer, wish)
    except Silent as trouble:
        return _failed(place, "unreachable", trouble)
    except Trouble as trouble:
        return _failed(place, "refused", trouble)
    except Exception as error:  # noqa: BLE001 - a fault of this program on one network must not hide the others
        return _failed(place, "refused", Denied(f"a fault of this program: {type(error).__name__}"))


def _failed(place: Place, state: str, trouble: Trouble) -> Outcome:
    return Outcome(
        network=place.name, state=state, words=trouble.message, exit_code=trouble.exit_code, hint=trouble.hint
    )


def _pause(place: Place, payer: Payer, wish: Wish) -> Outcome:
    nodes = nodes_of(place)
    try:
        return _attempts(place, nodes, payer, wish)
    finally:
        for node in nodes:
            node.close()


def _attempts(place: Place, nodes: Sequence[Node], payer: Payer, wish: Wish) -> Outcome:
    for _ in range(ATTEMPTS):
        seen = look(place, nodes, payer.claimed or payer.address)
        if seen.paused:
            words = f"it is paused already, as of block {seen.block}: nothing is sent"
            return Outcome(network=place.name, state="already-paused", words=words, exit_code=0, block=seen.block)
        try:
            return _act(place, nodes, seen, payer, wish)
        except _Again as why:
            wish.told(f"{place.name}: {why}; looking again")
    raise Denied("other transactions of the Safe or the payer came first each time", "run the same command again")


def nodes_of(place: Place) -> list[Node]:
    """The endpoints that are known here, each once. Raises Silent when there is none."""
    found: dict[str, str] = {}
    for each in place.endpoints:
        for url in os.environ.get(each.variable, "").split() if each.variable else [each.url]:
            found.setdefault(url, each.shown)
    if not found:
        variables = ", ".join(each.variable for each in place.endpoints if each.variable)
        raise Silent(f"no endpoint is known for {place.name}", f"set {variables or 'one when presigning'}")
    return [Node(name, url) for url, name in found.items()]


def _act(place: Place, nodes: Sequence[Node], seen: Seen, payer: Payer, wish: Wish) -> Outcome:
    calldata, signers = executable(place, seen, even_expired=wish.even_expired)
    gas = _dry_run(place, seen, payer.claimed or payer.address, calldata)
    payer_address = payer.address  # of the key itself, which is open by now
    paid = fees(seen, gas, wish.max_fee)
    if not wish.broadcast:
        words = f"not sent: the dry run at block {seen.block} succeeds with nonce {seen.nonce}, by {', '.join(signers)}"
        return Outcome(
            network=place.name,
            state="dry-run",
            words=words,
            hint="add --broadcast to send it",
            exit_code=1,
            nonce=seen.nonce,
            signers=signers,
        )
    transaction = {"to": place.safe, "value": 0, "data": calldata, "gas": gas, "chainId": place.chain_id}
    raw, tx_hash = payer.sign({**transaction, **paid, "nonce": seen.payer_nonce})
    complaints = _hand_out(nodes, seen.node, raw)
    sent_after = time.perf_counter() - wish.begun
    shown = f"0x{tx_hash.hex()}"
    wish.told(f"{place.name}: sent {shown} after {sent_after:.2f} s, nonce {seen.nonce}, paid by {payer_address}")
    outcome = _await(place, seen, shown, payer_address, complaints)
    return Outcome(
        network=place.name,
        state=outcome[0],
        words=outcome[1],
        exit_code=0,
        nonce=seen.nonce,
        tx_hash=shown,
        block=outcome[2],
        sent_after=sent_after,
        paused_after=time.perf_counter() - wish.begun,
        signers=signers,
    )


def executable(place: Place, seen: Seen, *, even_expired: bool = False) -> tuple[bytes, tuple[str, ...]]:
    """The calldata for the Safe's next nonce, and by whom. Raises Denied with what is missing."""
    if seen.time > place.expires and not even_expired:
        raise Denied("what was presigned has expired", "presign anew; --even-expired sends it all the same")
    entry = place.entry(seen.nonce)
    if entry is None:
        held = ", ".join(str(each.nonce) for each in place.entries) or "none"
        raise Denied(f"the Safe's next nonce is {seen.nonce}, the bundle holds {held}", "presign anew, or gov sign")
    tx = place.tx(seen.nonce)
    good = counted(tx, entry.signatures, seen.owners)
    if not 0 < seen.threshold <= len(good):
        missing = ", ".join(owner for owner in seen.owners if owner not in good)
        raise Denied(
            f"{len(good)} of {seen.threshold} signatures of owners at nonce {seen.nonce}",
            f"of these more must sign: {missing}",
        )
    signers = tuple(sorted(good, key=lambda owner: int(owner, 16))[: seen.threshold])
    return tx.calldata(good, seen.threshold), signers


def _dry_run(place: Place, seen: Seen, payer: str, calldata: bytes) -> int:
    """Gas to give. Raises Denied when it would revert, and _Again when that is because somebody was faster."""
    request = {"from": payer, "to": place.safe, "data": f"0x{calldata.hex()}"}
    result, estimate = seen.node.ask([("eth_call", [request, "latest"]), ("eth_estimateGas", [request, "latest"])])
    if isinstance(result, RpcError):
        now = look(place, [seen.node], payer)
        if now.paused or now.nonce != seen.nonce:
            raise _Again(f"the Safe's nonce went from {seen.nonce} to {now.nonce}")
        raise Denied(f"it would revert: {_reason(result)}", "look at the Safe: a guard, or a guardian without its role")
    if data(result) != word(1):
        raise Denied("the Safe says that the pause fails inside it", "does the guardian still hold its role?")
    return UNESTIMATED_GAS if isinstance(estimate, RpcError) else number(estimate) * 3 // 2


def fees(seen: Seen, gas: int, cap: int) -> dict[str, int]:
    """Three times the base fee and twice the tip, under the cap and what the payer has. Raises Denied on too little."""
    least = seen.base_fee if seen.base_fee is not None else seen.tip
    affordable = min(cap, seen.balance // gas)
    if least > affordable:
        if least > cap:
            raise Denied(f"gas costs {least / GWEI:.3g} gwei, the cap is {cap / GWEI:.3g}", "raise --max-fee-gwei")
        raise Denied(
            f"the payer has {seen.balance} wei, the pause costs at least {least * gas}",
            "send some to it, or use another --key",
        )
    if seen.base_fee is None:
        return {"gasPrice": min(2 * seen.tip, affordable)}
    tip = max(2 * seen.tip, GWEI)
    most = min(3 * seen.base_fee + tip, affordable)
    return {"maxFeePerGas": most, "maxPriorityFeePerGas": min(tip, most)}


def _hand_out(nodes: Sequence[Node], first: Node, raw: bytes) -> list[str]:
    """The same bytes to every endpoint; the complaint of the one that answered first. The others are not waited for."""
    request = ("eth_sendRawTransaction", [f"0x{raw.hex()}"])
    for node in nodes:
        if node is not first:
            started(partial(_send_quietly, node, request))
    return _send_quietly(first, request)


def _send_quietly(node: Node, request: tuple[str, list[Any]]) -> list[str]:
    """A complaint or silence proves nothing either way: the chain is looked at next."""
    try:
        (answer,) = node.ask([request])
    except Silent as trouble:
        return [trouble.message]
    return [answer.message] if isinstance(answer, RpcError) else []


def _await(place: Place, seen: Seen, tx_hash: str, payer: str, complaints: list[str]) -> tuple[str, str, int | None]:
    """State, words and block, once `paused()` says so. Raises _Again when this transaction will not do it."""
    deadline, wait, gone, looks = time.perf_counter() + PATIENCE, 0.05, 0, 0
    questions = [
        is_paused(place),
        ("eth_getTransactionReceipt", [tx_hash]),
        ("eth_getTransactionCount", [payer, "latest"]),
    ]
    fault = complaints[0] if complaints else f"waited {PATIENCE:.0f} s"
    while time.perf_counter() < deadline:
        try:
            proof, receipt, count = seen.node.values(questions)
        except Silent as trouble:
            fault = trouble.message
            time.sleep(wait)
            continue
        mined = isinstance(receipt, dict)
        block = number(receipt["blockNumber"]) if mined else None
        ours = mined and number(receipt["status"]) == 1
        if paused(proof):
            if ours:
                return "paused", f"paused in block {block}, {number(receipt['gasUsed']):,} gas", block
            looks += 1
            if not mined and looks < LOOKS:  # receipts may lag behind the state: it may still be ours
                time.sleep(wait)
                continue
            became = "reverted, since its nonce was spent" if mined else "will revert when it is mined"
            return "paused-by-another", f"somebody else's pause came first: ours, {tx_hash}, {became}", block
        if mined and not ours:
            raise _Again(f"{tx_hash} reverted in block {block}: another transaction of the Safe came first")
        taken = number(count) > seen.payer_nonce
        gone += not mined and (taken or bool(complaints))
        if gone > 3:
            raise _Again(f"{tx_hash} is not mined: " + ("the payer's nonce was used" if taken else complaints[0]))
        time.sleep(wait)
        wait = min(wait * 1.3, 1.0)
    raise Silent(f"{tx_hash} was sent and is not mined: {fault}", "run the same command again: it looks first")


def _reason(error: RpcError) -> str:
    """The words in a revert, where there are any."""
    found = error.data
    if found[:4] == _ERROR and len(found) >= 68:
        size = int.from_bytes(found[36:68], "big")
        text = found[68 : 68 + min(size, 200)].decode("utf-8", "replace")
        return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return f"0x{found[:36].hex()}" if found else error.message
