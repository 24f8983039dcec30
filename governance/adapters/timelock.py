"""An OpenZeppelin TimelockController (v5) on one network: its delay, its roles, and what became of operations.

After a cancel the timelock itself has forgotten the id, so logs are read beside its state. Whether the two agree is for
the core to judge: nothing here derives a stage.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from governance.adapters.recalled import Reads, together
from governance.adapters.roles import TOPICS, Grant, follow_up, role_members
from governance.core.access import CANCELLER, EXECUTOR, HAS_ROLE, PROPOSER
from governance.core.call import Call, Function, decode, encode_call, function
from governance.core.errors import Finding, Refused, Rejected
from governance.core.facts import Head, Log, OperationEvent, OperationFacts, TimelockFacts
from governance.core.keccak import keccak
from governance.core.permission import Spent
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, Duration, checksummed, code_hash
from governance.ports import Answer, Chain

ADMIN = ZERO_WORD
"""DEFAULT_ADMIN_ROLE of AccessControl."""

_MIN_DELAY = function("getMinDelay()(uint256)")
_TIMESTAMP = function("getTimestamp(bytes32)(uint256)")
_HASH_BATCH = function("hashOperationBatch(address[],uint256[],bytes[],bytes32,bytes32)(bytes32)")

EVENTS = {
    Bytes32(keccak(b"CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)")): OperationEvent.SCHEDULED,
    Bytes32(keccak(b"Cancelled(bytes32)")): OperationEvent.CANCELLED,
    Bytes32(keccak(b"CallExecuted(bytes32,uint256,address,uint256,bytes)")): OperationEvent.EXECUTED,
}
"""What it logs of an operation, by topic."""

_SCHEDULED = ("address", "uint256", "bytes", "bytes32", "uint256")
_EXECUTED = ("address", "uint256", "bytes")
"""What the two logs hold beside the id and the index."""


class NodeTimelock:
    """See `governance.ports.Timelock`."""

    def __init__(self, chain: Chain, address: Address, *, council: Address, guardian: Address) -> None:
        self._chain = chain
        self._address = address
        self._council = council
        self._guardian = guardian

    def look(self, at: Head) -> TimelockFacts:
        """Delay and the roles that matter to a plan."""
        (code,) = self._chain.codes([self._address], at)
        if not code:
            raise _not_a_timelock(f"{self._address} has no code")
        delay, *held = self._chain.call_many(self.foreseen.calls, at)
        proposes, cancels, guardian_cancels, is_open = (bool(self._value(HAS_ROLE, answer)) for answer in held)
        return TimelockFacts(
            address=self._address,
            code_hash=code_hash(code),
            min_delay=Duration(int(self._value(_MIN_DELAY, delay))),
            council_may_propose=proposes,
            council_may_cancel=cancels,
            guardian_may_cancel=guardian_cancels,
            open_executor=is_open,
        )

    @cached_property
    def foreseen(self) -> Reads:
        """What a look asks for."""
        asked = [
            (PROPOSER, self._council),
            (CANCELLER, self._council),
            (CANCELLER, self._guardian),
            (EXECUTOR, ZERO_ADDRESS),
        ]
        calls = (self._call(_MIN_DELAY), *(self._call(HAS_ROLE, role, who) for role, who in asked))
        then = follow_up(self._address, self._always)
        return Reads(calls=calls, codes=(self._address,), logs=((self._address, TOPICS),), then=then)

    @property
    def _always(self) -> list[Grant]:
        """Asked about without a log."""
        return [(ADMIN, self._address)]

    def role_members(self, at: Head) -> dict[Bytes32, frozenset[Address]]:
        """Every role that somebody holds, with all its holders; the zero address in EXECUTOR_ROLE means anyone."""
        return role_members(self._chain, self._address, at, asked=self._always)

    def operations(self, ids: Sequence[Bytes32], at: Head) -> list[OperationFacts]:
        """Each id's timestamp and newest log: after a cancel the timelock itself has forgotten the id."""
        topics = (tuple(EVENTS), tuple(dict.fromkeys(ids)))
        calls = tuple(self._call(_TIMESTAMP, one) for one in ids)
        together(self._chain, Reads(calls=calls, codes=(), logs=((self._address, topics),) if ids else ()), at)
        answers = self._chain.call_many(calls, at)
        newest: dict[Bytes32, OperationEvent] = {}
        cancelled = dict.fromkeys(ids, 0)
        for log in self._chain.logs(self._address, topics, at):
            newest[log.topics[1]] = EVENTS[log.topics[0]]
            cancelled[log.topics[1]] += EVENTS[log.topics[0]] is OperationEvent.CANCELLED
        return [
            OperationFacts(
                id=one,
                timestamp=int(self._value(_TIMESTAMP, answer)),
                newest=newest.get(one, OperationEvent.NONE),
                cancellations=cancelled[one],
            )
            for one, answer in zip(ids, answers, strict=True)
        ]

    def ledger(self, at: Head) -> list[Spent]:
        """From the logs alone, in their order: what was cancelled is forgotten, also where its id came back."""
        waiting: dict[Bytes32, dict[Bytes32, Call]] = {}
        executed: list[tuple[Bytes32, Call, int]] = []
        for log in self._chain.logs(self._address, [list(EVENTS)], at):
            event, one = EVENTS[log.topics[0]], log.topics[1]
            if event is OperationEvent.CANCELLED:
                waiting.pop(one, None)
            elif event is OperationEvent.SCHEDULED:
                waiting.setdefault(one, {})[log.topics[2]] = _logged(log, _SCHEDULED)
            else:
                waiting.get(one, {}).pop(log.topics[2], None)
                executed.append((one, _logged(log, _EXECUTED), log.block))
        blocks = sorted({block for _, _, block in executed})
        moments = dict(zip(blocks, self._chain.moments(blocks, at), strict=True)) if blocks else {}
        return [
            *(Spent(operation=one, call=call, moment=moments[block]) for one, call, block in executed),
            *(
                Spent(operation=one, call=call, moment=None)
                for one, calls in waiting.items()
                for call in calls.values()
            ),
        ]

    def hash_of(self, calls: Sequence[Call], predecessor: Bytes32, salt: Bytes32, at: Head) -> Bytes32:
        """The contract's own `hashOperationBatch`."""
        arguments = [[c.to for c in calls], [c.value for c in calls], [c.data for c in calls], predecessor, salt]
        call = Call(to=self._address, data=encode_call(_HASH_BATCH, arguments))
        (answer,) = self._chain.call_many([call], at)
        return Bytes32(self._value(_HASH_BATCH, answer))

    def _call(self, fn: Function, *arguments: object) -> Call:
        return Call(to=self._address, data=encode_call(fn, arguments))

    def _value(self, fn: Function, answer: Answer) -> Any:
        if not answer.ok:
            raise _not_a_timelock(f"{self._address} does not answer {fn.signature}")
        try:
            return decode(fn.outputs, answer.data)[0]
        except Rejected as error:
            raise _not_a_timelock(f"{self._address} answers {fn.signature} with something else") from error


def _logged(log: Log, types: Sequence[str]) -> Call:
    try:
        to, value, data, *_ = decode(types, log.data)
    except Rejected as error:
        raise _not_a_timelock(f"{log.address} logs something else than calls") from error
    return Call(to=checksummed(bytes.fromhex(to[2:])), value=value, data=data)


def _not_a_timelock(message: str) -> Refused:
    hint = "check timelock: of the network in policies.yaml"
    return Refused("this is not a TimelockController", findings=(Finding(rule="timelock", message=message, hint=hint),))
