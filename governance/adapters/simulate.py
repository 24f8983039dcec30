"""Blocks that never were, by a node's own `eth_simulateV1`, and exact differences, by `debug_traceCall`.

The contracts' own code runs on the state of one real block: nothing is etched over, no check is disabled. Only time is set;
an account that would send wei is given them; and for a trace, what earlier steps would have stored. A node that lacks
either method is Unreachable.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from governance.adapters.chain import answer_of, matches
from governance.adapters.played import LASTING, changes_in, delegated_in, played_call, quantity, traced
from governance.adapters.recalled import RecalledChain
from governance.adapters.rpc import Request, Rpc, RpcError
from governance.core.call import Call
from governance.core.difference import Change, Part
from governance.core.errors import GovError, Unreachable
from governance.core.facts import Head, Log, Receipt
from governance.core.scenes import Played, Scene, Sent, Trace, Traced, Trial
from governance.core.units import (
    ZERO_ADDRESS,
    ZERO_WORD,
    Address,
    Bytes32,
    Moment,
    to_hex,
)
from governance.ports import Answer, Chain

Block = dict[str, Any]


class LacksMethod(Unreachable):
    """The node answers, and does not know the method: another one may."""


UNKNOWN_METHOD = frozenset({-32601, -32004, 4200})
"""Codes of JSON-RPC, EIP-1474 and EIP-1193 for a method that there is not."""


class NodeSimulator:
    """See `governance.ports.Simulator`."""

    def __init__(self, url: str, network: str, chain: Chain) -> None:
        self._rpc = Rpc(url, network)
        recalled = RecalledChain(chain)
        self.chain: Chain = recalled
        """The real blocks, of which each thing is asked once."""
        self.viewed = recalled.viewed
        """What was asked of the real blocks, in order."""
        self.asked: dict[Sent, None] = {}
        """What was asked of any later chain, in order."""
        self._played: dict[tuple[tuple[Scene, ...], Head], list[list[Played]]] = {}
        self._traced: dict[Hashable, list[Any]] = {}
        """Answers of a node to both tracers, for what was foreseen."""
        self._gas_limits: dict[Head, Any] = {}

    def play(self, scenes: Sequence[Scene], at: Head, *, along: Sequence[Trial] = ()) -> list[list[Played]]:
        """One request for all scenes, and for what is foreseen. Nothing can come of them but what came of them before."""
        key = tuple(scenes), at
        if key not in self._played:
            wanted = [_blocks(scenes)]
            (self._played[key],) = self._runs(wanted, self._with_traces(_simulations(wanted, at), along, at))
        return self._played[key]

    def _with_traces(self, requests: list[Request], along: Sequence[Trial], at: Head) -> list[Any]:
        """Answers to the requests; what else was asked with them is kept until somebody wants it."""
        if not along:
            return self._rpc.ask(requests)
        limit = [] if at in self._gas_limits else [_whole_block(at)]
        asked = [*requests, *limit, *(each for trial in along for each in _tracers(trial, at))]
        answers = self._rpc.ask(asked)
        rest = answers[len(requests) :]
        if limit:
            self._gas_limits[at], rest = rest[0], rest[1:]
        for number, trial in enumerate(along):
            self._traced[_key(trial, at)] = rest[2 * number : 2 * number + 2]
        return answers[: len(requests)]

    def each(self, scenes: Sequence[Scene], ends: Sequence[Scene], at: Head) -> list[list[Played]]:
        """As many runs as there are ends, in as few requests as will do."""
        return [played[-1] for played in self.run([_blocks([*scenes, end]) for end in ends], at)] if ends else []

    def after(
        self,
        scenes: Sequence[Scene],
        moment: Moment,
        at: Head,
        *,
        changes: Sequence[Change] = (),
        whole: bool = False,
        eager: bool = False,
    ) -> tuple[Chain, Head]:
        """A chain that plays the scenes again before each view, or where the changes are the whole, supposes them."""
        later = Head(chain_id=at.chain_id, number=at.number + len(scenes) + 1, hash=at.hash, timestamp=moment)
        if not whole:
            return _Later(self, self.chain, tuple(scenes), at, later, changes), later
        return _Supposed(self, self.chain, tuple(scenes), at, later, changes, eager=eager), later

    def trace(self, sent: Sent, moment: Moment, at: Head, *, given: Sequence[Change]) -> Trace:
        """Both tracers in one request, or what came of it where this was foreseen."""
        trial = Trial(sent=sent, moment=moment, given=tuple(given))
        answers = self._traced.pop(_key(trial, at), None) or self._rpc.together(_tracers(trial, at))
        difference, tree = (self._require(answer, "debug_traceCall") for answer in answers)
        with self._well_formed("a trace"):
            return Trace(changes=changes_in(difference, without=sent.sender), delegated=tuple(delegated_in(tree)))

    def traces(self, wanted: Sequence[Trial], at: Head) -> list[Traced]:
        """What stores a word went through: a revert leaves none. Of the others, another tracer tells whether, and why not."""
        made = self._each(wanted, "prestateTracer", {"diffMode": True}, at)
        with self._well_formed("traces"):
            found = [changes_in(each, without=trial.sent.sender) for trial, each in zip(wanted, made, strict=True)]
        silent = [i for i, changes in enumerate(found) if not any(each.part in LASTING for each in changes)]
        calls = dict(zip(silent, self._each([wanted[i] for i in silent], "callTracer", {}, at), strict=True))
        with self._well_formed("traces"):
            return [traced(changes, calls.get(i)) for i, changes in enumerate(found)]

    @contextmanager
    def _well_formed(self, wanted: str) -> Iterator[None]:
        try:
            yield
        except (TypeError, KeyError, ValueError, AttributeError, GovError) as error:
            raise self._rpc.garbled(wanted) from error

    def _each(self, wanted: Sequence[Trial], tracer: str, config: dict[str, Any], at: Head) -> list[Any]:
        how = {"tracer": tracer, "tracerConfig": config}
        requests: list[Request] = [
            (
                "debug_traceCall",
                [_request(each.sent), _block(at), {**how, **_supposing(each.sent, each.moment, each.given)}],
            )
            for each in wanted
        ]
        return [self._require(answer, "debug_traceCall") for answer in self._rpc.ask(requests)]

    def gas_limit(self, at: Head) -> int:
        """As that very block says."""
        if at not in self._gas_limits:
            (self._gas_limits[at],) = self._rpc.ask([_whole_block(at)])
        (block,) = self._rpc.results([self._gas_limits[at]])
        with self._well_formed("a block"):
            return quantity(block["gasLimit"])

    def alike(self, chains: Sequence[Chain], calls: Sequence[Call]) -> None:
        """Ask the same views of several supposed states in one request; each of these knows its answers then."""
        states = [chain for chain in chains if isinstance(chain, _Supposed)]
        wanted = [each.missing([Sent(call=call, sender=ZERO_ADDRESS) for call in calls]) for each in states]
        requests = [one for state, sent in zip(states, wanted, strict=True) for one in state.requests(sent)]
        answers = iter(self._rpc.ask(requests) if requests else [])
        for state, sent in zip(states, wanted, strict=True):
            state.learn({each: answer_of(self._rpc, next(answers)) for each in sent})

    def suppose(self, requests: Sequence[Request]) -> list[Answer]:
        """Views on a block with some changes made."""
        return [answer_of(self._rpc, one) for one in self._rpc.ask(requests)]

    def run(self, plays: Sequence[Sequence[Block]], at: Head) -> list[list[list[Played]]]:
        """Several runs of blocks, each from the same state as if there were no other, in as few requests as will do."""
        return self._runs(plays, self._rpc.ask(_simulations(plays, at)))

    def _runs(self, plays: Sequence[Sequence[Block]], answers: Sequence[Any]) -> list[list[list[Played]]]:
        return [self._run(blocks, answer) for blocks, answer in zip(plays, answers, strict=True)]

    def _run(self, blocks: Sequence[Block], answer: Any) -> list[list[Played]]:
        answered = self._require(answer, "eth_simulateV1")
        with self._well_formed("simulated blocks"):
            played = [[played_call(call) for call in block["calls"]] for block in answered]
        if [len(block) for block in played] != [len(block["calls"]) for block in blocks]:
            raise self._rpc.garbled("every simulated call")
        return played

    def _require(self, answer: Any, method: str) -> Any:
        if isinstance(answer, RpcError):
            words = self._rpc.failed(answer).message
            hint = f"the rehearsal needs a node with {method}, such as geth, reth or anvil"
            kind = LacksMethod if answer.code in UNKNOWN_METHOD else Unreachable
            raise kind(f"{words}, asked for {method}", hint=hint)
        return answer


class _Later:
    """A chain after some scenes; see `governance.ports.Chain`. Code and storage are the base's, with the changes made.

    Each view plays the scenes for itself, so that no view sees what another one did: facets may write in what looks like one.
    """

    def __init__(
        self,
        simulator: NodeSimulator,
        base: Chain,
        scenes: tuple[Scene, ...],
        base_head: Head,
        head: Head,
        changes: Sequence[Change],
    ) -> None:
        self._simulator = simulator
        self._base = base
        self._scenes = scenes
        self._base_head = base_head
        self._head = head
        self._changes = {change.key: change.after for change in changes}
        self._supposed = tuple(changes)
        self._answers: dict[Sent, Answer] = {}

    def head(self) -> Head:
        return self._head

    def call_many(self, calls: Sequence[Call], at: Head) -> list[Answer]:
        return self._views([Sent(call=call, sender=ZERO_ADDRESS) for call in calls], at)

    def dry_run(self, call: Call, *, sender: Address, at: Head) -> Answer:
        (answer,) = self._views([Sent(call=call, sender=sender)], at)
        return answer

    def codes(self, addresses: Sequence[Address], at: Head) -> list[bytes]:
        self._require(at)
        found = zip(addresses, self._base.codes(addresses, self._base_head), strict=True)
        return [self._changes.get((account, Part.CODE, ZERO_WORD), code) for account, code in found]

    def storage(self, slots: Sequence[tuple[Address, int]], at: Head) -> list[Bytes32]:
        self._require(at)
        found = zip(slots, self._base.storage(slots, self._base_head), strict=True)
        return [
            Bytes32(self._changes.get((account, Part.STORAGE, Bytes32(slot.to_bytes(32, "big"))), value))
            for (account, slot), value in found
        ]

    def logs(self, address: Address, topics: Sequence[Sequence[Bytes32] | None], at: Head) -> list[Log]:
        self._require(at)
        before = self._base.logs(address, topics, self._base_head)
        return before + [log for log in self._new_logs if log.address == address and matches(log, topics)]

    def moments(self, blocks: Sequence[int], at: Head) -> list[Moment]:
        self._require(at)
        real = [number for number in blocks if number <= self._base_head.number]
        found = dict(zip(real, self._base.moments(real, self._base_head), strict=True)) if real else {}
        played = {self._base_head.number + 1 + i: scene.moment for i, scene in enumerate(self._scenes)}
        return [{**found, **played}[number] for number in blocks]

    def receipt(self, tx_hash: Bytes32) -> Receipt | None:
        return self._base.receipt(tx_hash)

    @cached_property
    def _new_logs(self) -> list[Log]:
        scenes = self._simulator.play(self._scenes, self._base_head) if self._scenes else []
        return [log for scene in scenes for result in scene for log in result.logs]

    def _views(self, sent: Sequence[Sent], at: Head) -> list[Answer]:
        self._require(at)
        if any(each not in self._answers for each in sent):
            self._ask([each for each in self._wanted(sent) if each not in self._answers])
        return [self._answers[each] for each in sent]

    def _wanted(self, sent: Sequence[Sent]) -> Sequence[Sent]:
        """All that was asked of an earlier one, since this one is asked the same."""
        asked = self._simulator.asked
        asked.update(dict.fromkeys(sent))
        return tuple(asked)

    def _ask(self, sent: Sequence[Sent]) -> None:
        time = {"time": hex(self._head.timestamp.seconds)}
        before = _blocks(self._scenes)
        plays = [[*before, {"blockOverrides": time, "calls": [_request(each)]}] for each in sent]
        for each, played in zip(sent, self._simulator.run(plays, self._base_head), strict=True):
            self._answers[each] = Answer(ok=played[-1][0].ok, data=played[-1][0].data)

    def _require(self, at: Head) -> None:
        if at != self._head:
            raise ValueError("a chain that never was is read at its own head only")


class _Supposed(_Later):
    """A chain after some scenes of which every change is known: views are asked of the block with these changes made.

    Its logs are those that the scenes leave when they are played.
    """

    def __init__(self, *given: Any, eager: bool) -> None:
        super().__init__(*given)
        self._eager = eager
        """Whether it will be read whole, so that its first question is asked with all others."""

    def _wanted(self, sent: Sequence[Sent]) -> Sequence[Sent]:
        """At first what is asked; whoever asks again reads on, and so all at once that was ever asked of any block."""
        every = super()._wanted(sent)
        if not self._answers and not self._eager:
            return tuple(dict.fromkeys(sent))
        viewed = (Sent(call=call, sender=ZERO_ADDRESS) for call in self._simulator.viewed)
        return tuple(dict.fromkeys((*every, *viewed)))

    def missing(self, sent: Sequence[Sent]) -> list[Sent]:
        """What has to be asked before all of this is known."""
        if all(each in self._answers for each in sent):
            return []
        return [each for each in self._wanted(sent) if each not in self._answers]

    def requests(self, sent: Sequence[Sent]) -> list[Request]:
        """How a node is asked."""
        state, time = _overrides(self._supposed), {"time": hex(self._head.timestamp.seconds)}
        return [("eth_call", [_request(each), _block(self._base_head), state, time]) for each in sent]

    def learn(self, answers: Mapping[Sent, Answer]) -> None:
        """What the node answered."""
        self._answers.update(answers)

    def _ask(self, sent: Sequence[Sent]) -> None:
        self.learn(dict(zip(sent, self._simulator.suppose(self.requests(sent)), strict=True)))


def _blocks(scenes: Sequence[Scene]) -> list[Block]:
    blocks: list[Block] = [
        {"blockOverrides": {"time": hex(scene.moment.seconds)}, "calls": [_request(sent) for sent in scene.sent]}
        for scene in scenes
    ]
    funds: dict[Address, int] = {}
    for sent in (sent for scene in scenes for sent in scene.sent if sent.call.value):
        funds[sent.sender] = funds.get(sent.sender, 0) + sent.call.value
    if funds:
        blocks[0]["stateOverrides"] = {account: {"balance": hex(wei)} for account, wei in funds.items()}
    return blocks


def _simulations(plays: Sequence[Sequence[Block]], at: Head) -> list[Request]:
    wanted = [{"blockStateCalls": list(blocks), "validation": False, "traceTransfers": False} for blocks in plays]
    return [("eth_simulateV1", [each, _block(at)]) for each in wanted]


def _tracers(trial: Trial, at: Head) -> list[Request]:
    """The difference, and the calls."""
    how = _supposing(trial.sent, trial.moment, trial.given)
    tracers: list[tuple[str, dict[str, Any]]] = [("prestateTracer", {"diffMode": True}), ("callTracer", {})]
    return [
        ("debug_traceCall", [_request(trial.sent), _block(at), {"tracer": name, "tracerConfig": config, **how}])
        for name, config in tracers
    ]


def _key(trial: Trial, at: Head) -> Hashable:
    """What a trace depends on: of what is supposed, only what it becomes."""
    return trial.sent, trial.moment, frozenset((change.key, change.after) for change in trial.given), at


def _whole_block(at: Head) -> Request:
    return ("eth_getBlockByHash", [to_hex(at.hash), False])


def _request(sent: Sent) -> dict[str, str]:
    call = sent.call
    return {"from": sent.sender, "to": call.to, "value": hex(call.value), "data": to_hex(call.data)}


def _block(at: Head) -> dict[str, str]:
    """EIP-1898: a block by its hash."""
    return {"blockHash": to_hex(at.hash)}


def _overrides(given: Sequence[Change]) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for change in given:
        account = made.setdefault(change.account, {})
        if change.part is Part.STORAGE:
            account.setdefault("stateDiff", {})[to_hex(change.slot)] = to_hex(change.after)
        elif change.part is Part.CODE:
            account["code"] = to_hex(change.after)
        else:
            account[str(change.part)] = hex(int.from_bytes(change.after, "big"))
    return made


def _supposing(sent: Sent, moment: Moment, given: Sequence[Change]) -> dict[str, Any]:
    """The state and the time of a trace; who sends wei has them."""
    overrides = _overrides(given)
    if sent.call.value:
        overrides.setdefault(sent.sender, {})["balance"] = hex(sent.call.value)
    return {"stateOverrides": overrides, "blockOverrides": {"time": hex(moment.seconds)}}
