"""What an emergency may do: stop things, and nothing else. A judgement over what was traced, by one named rule for each power.

| rule | what no emergency does |
|---|---|
| stop-transaction | goes by another Safe, delegates the Safe, moves wei, refunds gas |
| stop-delegatecall | runs foreign code in anybody's name; the guardian's own singleton is no foreign code |
| stop-code | changes code, or creates a contract |
| stop-route | adds or changes a route; removing one is stopping |
| stop-system | moves roots and epochs, freezes, changes whose the system is |
| stop-role | gives or takes a role |
| stop-owner | changes owners, thresholds, modules, guards of the Safes |
| stop-delay | changes a delay |
| stop-policy | changes the policy |
| stop-value | moves wei |
| stop-elsewhere | writes anything that none of this explains |
| stop-nothing | leaves the system unpaused where it was to pause it |

It judges what others obtained from a node, before and after, and knows no way to be told that something is meant.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from governance.core.difference import Change, Part, words_of
from governance.core.effects import Statement
from governance.core.errors import Finding, Refused
from governance.core.network import Network
from governance.core.safetx import SafeOperation, SafeTx
from governance.core.scenes import Frame
from governance.core.situation import Situation, statements
from governance.core.slots import SAFE_NONCE, approval_slot, timestamp_slot, word_at
from governance.core.units import ZERO_ADDRESS, Bytes32, to_hex

HINT = "an emergency can only stop things: sign nothing, and find out what does this"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What an emergency transaction was found to do."""

    txs: tuple[SafeTx, ...]
    changes: tuple[Change, ...]
    """Everything that becomes different, without what the sender pays."""
    frames: tuple[Frame, ...]
    before: Situation
    after: Situation
    pauses: bool = True
    """False for one that only cancels."""
    removes: bool = False
    """It removes routes: then what the governed system writes of itself is judged by what it answers."""
    cancels: tuple[Bytes32, ...] = ()
    """Operations that it withdraws."""


def judge_stop(stop: Stop, network: Network) -> tuple[Finding, ...]:
    """Everything that it does beside stopping things."""
    told = [*_of_transactions(stop, network), *_of_frames(stop, network), *_of_changes(stop, network)]
    told += _of_statements(stop)
    if stop.pauses and not stop.after.target.paused:
        told.append(("stop-nothing", f"{network.target} is not paused afterwards"))
    return tuple(Finding(rule=rule, message=message, hint=HINT) for rule, message in dict.fromkeys(told))


def require_stop(stop: Stop, network: Network) -> None:
    """Raise Refused, with every finding, when an emergency does more than stop things."""
    findings = judge_stop(stop, network)
    if findings:
        raise Refused(f"the emergency transaction on {network.name} does more than stop things", findings=findings)


Told = tuple[str, str]
"""Rule and message."""


def _of_transactions(stop: Stop, network: Network) -> Iterator[Told]:
    for tx in stop.txs:
        plain = (tx.value, tx.safe_tx_gas, tx.base_gas, tx.gas_price) == (0, 0, 0, 0)
        plain = plain and tx.operation is SafeOperation.CALL and {tx.gas_token, tx.refund_receiver} == {ZERO_ADDRESS}
        if not plain or tx.safe != network.guardian or tx.to not in {network.target, network.timelock}:
            message = f"nonce {tx.nonce} is not a plain call by the guardian to the governed system or the timelock"
            yield "stop-transaction", message


def _of_frames(stop: Stop, network: Network) -> Iterator[Told]:
    own = Frame(account=network.guardian, code=stop.before.guardian.singleton)
    for frame in stop.frames:
        if frame != own:
            yield "stop-delegatecall", f"{frame.account} runs the code of {frame.code} as its own"


def _of_changes(stop: Stop, network: Network) -> Iterator[Told]:
    explained = _explained(stop, network)
    of_target: list[Change] = []
    for change in stop.changes:
        words = words_of(change, {})
        if change.part in {Part.CODE, Part.NONCE}:
            yield "stop-code", f"{words} would change"
        elif change.part is Part.BALANCE:
            yield "stop-value", f"{words} would change"
        elif change.account == network.target:
            of_target.append(change)
        elif (change.account, change.slot) not in explained:
            rule = "stop-owner" if change.account in {network.guardian, network.council} else "stop-elsewhere"
            yield rule, f"{words} would change"
    # A pause is one flag in one word of every known generation.
    if len(of_target) > 1 and not stop.removes:
        named = ", ".join(to_hex(change.slot) for change in of_target)
        yield "stop-elsewhere", f"{len(of_target)} words of {network.target} would change, a pause is one: {named}"


def _explained(stop: Stop, network: Network) -> Collection[tuple[str, Bytes32]]:
    """Words that every stop writes: the Safe's nonce, the owners' approvals of these very hashes, withdrawn operations."""
    guardian = stop.before.guardian
    approvals = {(guardian.address, approval_slot(owner, tx.hash)) for owner in guardian.owners for tx in stop.txs}
    cleared = {(network.timelock, timestamp_slot(each)) for each in stop.cancels}
    return {(guardian.address, word_at(SAFE_NONCE)), *approvals, *cleared}


_OF_TARGET = {"activation delay": "stop-delay", "code hash": "stop-code"}
_OF_TIMELOCK = {"delay": "stop-delay", "code": "stop-code"}


def _of_statements(stop: Stop) -> Iterator[Told]:
    was, now = statements(stop.before), statements(stop.after)
    for statement in sorted({*was, *now}):
        before, after = was.get(statement), now.get(statement)
        if before == after or _is_stopping(statement, after):
            continue
        words = f"{' '.join(statement)}: from {before or 'nothing'} to {after or 'nothing'}"
        yield _rule_of(statement), words


def _is_stopping(statement: Statement, after: str | None) -> bool:
    """A pause that begins, a route that goes."""
    return (statement == ("paused",) and after == str(True)) or (statement[0] == "route" and after is None)


def _rule_of(statement: Statement) -> str:
    kind, *rest = statement
    if kind == "target":
        return _OF_TARGET.get(rest[0], "stop-system")
    if kind == "timelock":
        return _OF_TIMELOCK[rest[0]]
    rules = {"route": "stop-route", "role": "stop-role", "policy": "stop-policy", "proxy": "stop-code"}
    safes = dict.fromkeys(("council", "guardian"), "stop-owner")
    return {**rules, **safes, "paused": "stop-system"}[kind]


def plain_pause(txs: Sequence[SafeTx], network: Network) -> tuple[Finding, ...]:
    """A finding for each transaction that is anything but `pause()` of the governed system by the guardian."""
    from governance.core.call import encode_call
    from governance.core.kinds.emergency_pause import PAUSE

    data = encode_call(PAUSE, [])
    wanted = [
        SafeTx(chain_id=network.chain_id, safe=network.guardian, to=network.target, data=data, nonce=tx.nonce)
        for tx in txs
    ]
    return tuple(
        Finding(rule="presign-not-a-pause", message=f"nonce {tx.nonce} is not a plain pause", hint=HINT)
        for tx, plain in zip(txs, wanted, strict=True)
        if tx != plain
    )
