"""What a node answers to simulations, well or badly; and chains that never were, on a real node."""

from typing import Any

import pytest

from governance.adapters.chain import NodeChain
from governance.adapters.simulate import NodeSimulator
from governance.core.call import Call
from governance.core.difference import Part, stored
from governance.core.errors import Unreachable
from governance.core.facts import Head
from governance.core.scenes import Frame, Scene, Sent, Trial
from governance.core.slots import word_at
from governance.core.units import ZERO_WORD, Duration, Moment, checksummed, to_hex
from tests.adapters.badnode import Questions, Reply, answers, by_method, failure, serving
from tests.chainkit import CHAIN_ID, Node, call

A, B, C = (checksummed(bytes([n]) * 20) for n in (1, 2, 3))
HEAD = Head(chain_id=CHAIN_ID, number=7, hash=ZERO_WORD, timestamp=Moment(1000))
SENT = Sent(call=Call(to=A, data=b"\1"), sender=B)
SCENE = Scene(moment=Moment(1012), sent=(SENT,))
NO_DIFFERENCE = {"pre": {}, "post": {}}
NO_CALLS = {"type": "CALL", "from": B, "to": A}


def simulator(url: str) -> NodeSimulator:
    return NodeSimulator(url, "devnet", NodeChain(url, CHAIN_ID, "devnet"))


def played(**changes: Any) -> list[dict[str, Any]]:
    """One block with one call."""
    return [{"calls": [{"returnData": "0x", "logs": [], "gasUsed": "0x1", "status": "0x1", **changes}]}]


# ---- badly -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "message"), [(-32601, "the method does not exist"), (-32000, "not on this plan")])
def test_a_node_that_cannot_simulate_is_unreachable_and_the_hint_names_what_is_needed(code: int, message: str) -> None:
    def script(questions: Questions) -> Reply:
        return answers([failure(question, code, message) for question in questions])

    with serving(script) as node:
        with pytest.raises(Unreachable, match=message) as caught:
            simulator(node.url).play([SCENE], HEAD)
        assert "eth_simulateV1" in caught.value.hint()
        with pytest.raises(Unreachable, match=message) as caught:
            simulator(node.url).trace(SENT, Moment(1), HEAD, given=[])
        assert "debug_traceCall" in caught.value.hint()
    assert caught.value.exit_code == 3


GARBLED: dict[str, Any] = {
    "nothing": None,
    "no list": {"calls": []},
    "no block": [],
    "a block too many": [*played(), *played()],
    "no call": [{"calls": []}],
    "no status": [{"calls": [{"returnData": "0x", "gasUsed": "0x1"}]}],
    "no hex": played(returnData="yes"),
    "no number": played(gasUsed="much"),
    "a log without topics": played(logs=[{"address": A}]),
}


@pytest.mark.parametrize("name", GARBLED)
def test_an_answer_that_is_none_is_unreachable(name: str) -> None:
    with serving(by_method(eth_simulateV1=GARBLED[name])) as node, pytest.raises(Unreachable, match="did not answer"):
        simulator(node.url).play([SCENE], HEAD)


TRACES: dict[str, tuple[Any, Any]] = {
    "no difference": (None, NO_CALLS),
    "half a difference": ({"pre": {}}, NO_CALLS),
    "no tree": (NO_DIFFERENCE, None),
    "no address": (NO_DIFFERENCE, {**NO_CALLS, "calls": [{"type": "DELEGATECALL", "from": "me", "to": A}]}),
    "no slot": ({"pre": {}, "post": {A: {"storage": {"one": "0x1"}}}}, NO_CALLS),
}


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_that_is_none_is_unreachable(name: str) -> None:
    with serving(tracing(*TRACES[name])) as node, pytest.raises(Unreachable, match="did not answer with a trace"):
        simulator(node.url).trace(SENT, Moment(1), HEAD, given=[])


def tracing(difference: Any, tree: Any) -> Any:
    def traced(_request: Any, _block: Any, how: dict[str, Any]) -> Any:
        return difference if how["tracer"] == "prestateTracer" else tree

    return by_method(debug_traceCall=traced)


# ---- well ------------------------------------------------------------------------------------------------------------

REASON = "0x08c379a0" + (32).to_bytes(32, "big").hex() + (2).to_bytes(32, "big").hex() + b"no".ljust(32, b"\0").hex()
REVERTS: dict[str, tuple[dict[str, Any], str]] = {
    "as geth says it": ({"error": {"code": 3, "message": "execution reverted: no", "data": REASON}}, "“no”"),
    "as anvil says it": ({"returnData": REASON, "error": {"code": -3200, "message": "execution failed"}}, "“no”"),
    "without data": ({"error": {"code": -32015, "message": "out of gas"}}, "out of gas"),
    "without a word": ({}, "no reason given"),
}


@pytest.mark.parametrize("name", REVERTS)
def test_a_revert_is_told_in_words(name: str) -> None:
    said, reason = REVERTS[name]
    with serving(by_method(eth_simulateV1=played(status="0x0", **said))) as node:
        (((result,),)) = simulator(node.url).play([SCENE], HEAD)
    assert (result.ok, result.reason) == (False, reason)


def test_a_trace_leaves_out_what_sending_costs_and_what_was_undone() -> None:
    difference = {
        "pre": {
            A.lower(): {"balance": "0x5", "nonce": 1, "storage": {"0x1": "0x2"}},
            B.lower(): {"balance": "0x9", "nonce": 4, "storage": {to_hex(word_at(3)): "0x1"}},
        },
        "post": {
            A.lower(): {"balance": "0x6", "code": "0x00"},
            B.lower(): {"balance": "0x8", "nonce": 5, "storage": {}},
        },
    }
    lent = {"type": "DELEGATECALL", "from": A, "to": C}
    undone = {"type": "CALL", "from": A, "to": B, "error": "execution reverted", "calls": [{**lent, "from": B}]}
    tree = {**NO_CALLS, "calls": [undone, {"type": "CALL", "from": A, "to": A, "calls": [lent]}]}
    with serving(tracing(difference, tree)) as node:
        trace = simulator(node.url).trace(SENT, Moment(1), HEAD, given=[])
    assert [(c.account, c.part, c.after[-1:]) for c in trace.changes] == [
        (A, Part.BALANCE, b"\6"),
        (A, Part.CODE, b"\0"),
        (A, Part.STORAGE, b"\0"),
        (B, Part.STORAGE, b"\0"),
    ]
    assert trace.delegated == (Frame(account=A, code=C),)


def test_only_of_a_trial_that_stores_nothing_it_is_asked_whether_it_went_through() -> None:
    stores = {"pre": {A.lower(): {"storage": {}}}, "post": {A.lower(): {"storage": {"0x1": "0x2"}}}}
    pays = {"pre": {A.lower(): {"balance": "0x5"}}, "post": {A.lower(): {"balance": "0x6"}}}
    differences = {to_hex(b"\1"): stores, to_hex(b"\2"): pays, to_hex(b"\3"): NO_DIFFERENCE}
    trees = {to_hex(b"\2"): NO_CALLS, to_hex(b"\3"): {**NO_CALLS, "error": "execution reverted", "output": REASON}}

    def trace(call: dict[str, str], _block: object, how: dict[str, Any]) -> object:
        return (differences if how["tracer"] == "prestateTracer" else trees)[call["data"]]

    wanted = [
        Trial(sent=Sent(call=Call(to=A, data=bytes([n])), sender=B), moment=Moment(1), given=()) for n in (1, 2, 3)
    ]
    with serving(by_method(debug_traceCall=trace)) as node:
        found = simulator(node.url).traces(wanted, HEAD)
    assert [(each.ok, len(each.changes)) for each in found] == [(True, 1), (True, 1), (False, 0)]
    assert "“no”" in found[2].reason
    assert [len(asked) for asked in node.asked] == [3, 2]


@pytest.mark.node
def test_the_same_scenes_are_played_once(node: Node) -> None:
    box, head = node.deploy("Box"), node.head()
    made = simulator(node.url)
    scenes = [
        Scene(moment=head.timestamp + Duration(n), sent=(Sent(call=call(box, "set(uint256)", n), sender=B),))
        for n in (12, 24)
    ]
    one, both = made.play(scenes[:1], head), made.play(scenes, head)
    assert made.play(scenes[:1], head) is one
    assert (len(one), len(both)) == (1, 2)


@pytest.mark.node
def test_a_chain_after_some_scenes_answers_as_if_they_had_happened(node: Node) -> None:
    box, sender = node.deploy("Box"), node.address(3)
    head, made = node.head(), simulator(node.url)
    scene = Scene(moment=head.timestamp + Duration(12), sent=(Sent(call=call(box, "set(uint256)", 7), sender=sender),))
    trace = made.trace(scene.sent[0], scene.moment, head, given=[])
    later, then = made.after([scene], scene.moment + Duration(5), head, changes=trace.changes)
    value = call(box, "value()(uint256)")
    assert [int.from_bytes(a.data, "big") for a in later.call_many([value], then)] == [7]
    assert later.head() == then
    assert later.storage([(box, 0), (box, 9)], then) == [word_at(7), ZERO_WORD]
    assert later.codes([box, sender], then) == node.chain.codes([box, sender], head)
    (log,) = later.logs(box, [], then)
    assert (log.topics[1][12:].hex(), node.chain.logs(box, [], head)) == (sender[2:].lower(), [])
    assert not later.dry_run(call(box, "set(uint256)", 13), sender=sender, at=then).ok
    assert later.receipt(ZERO_WORD) is None
    assert node.read(box, "value()(uint256)") == 0
    with pytest.raises(ValueError, match="its own head"):
        later.call_many([value], head)


@pytest.mark.node
def test_no_view_sees_what_another_one_did(node: Node) -> None:
    box = node.deploy("Box")
    head, made = node.head(), simulator(node.url)
    later, then = made.after([], head.timestamp + Duration(12), head)
    calls = [call(box, "value()(uint256)"), call(box, "set(uint256)", 7), call(box, "setter()(address)")]
    assert [int.from_bytes(a.data, "big") for a in later.call_many([*calls, calls[0]], then)] == [0, 0, 0, 0]


@pytest.mark.node
def test_what_is_given_to_a_trace_is_where_it_starts(node: Node) -> None:
    box, head = node.deploy("Box"), node.head()
    sent = Sent(call=call(box, "set(uint256)", 7), sender=node.address(3))
    trace = simulator(node.url).trace(sent, head.timestamp + Duration(1), head, given=[stored(box, word_at(0), 6)])
    assert [c.before for c in trace.changes if c.slot == word_at(0)] == [word_at(6)]
    again = simulator(node.url).trace(sent, head.timestamp + Duration(1), head, given=trace.changes)
    assert again.changes == ()
