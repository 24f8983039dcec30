"""What is said of foreign code in another's name, of paid senders and of calls that nobody can read, and where.

threat_37, threat_38
"""

from dataclasses import replace

import pytest

from governance.core.call import Call
from governance.core.checks.calls import MULTISEND_CALL_ONLY, called, calls, place_of
from governance.core.errors import Finding, Place
from governance.core.kinds import Lane
from governance.core.pins import CodePin
from governance.core.plan import Plan, Step
from governance.core.units import Address, Bytes32
from tests.core import test_calltree as wrapped
from tests.core.test_expectation import PINS, TX
from tests.core.test_policy import D, E, F
from tests.core.test_proposal import START
from tests.core.test_situation import account
from tests.core.test_verdict import case, policy

POLICY = policy()
SINK, CODE, SAFE = account(60), account(61), wrapped.OTHER_SAFE
PLACE = Place(file="p.yaml", line=8, column=5)
CALL_ONLY = sorted(MULTISEND_CALL_ONLY)
UNKNOWN_CODE = Bytes32(b"\x07" * 32)
QUIET = Call(to=SINK, data=b"\1\2\3\4")


def planned(*given: Call, lane: Lane = Lane.TIMELOCK, codes: tuple[CodePin, ...] = ()) -> Plan:
    """A step for each call."""
    steps = tuple(Step(label="x", calls=(each,), operation=None, safe_tx=TX) for each in given)
    return Plan(
        proposal="0001-x", digest=UNKNOWN_CODE, network="devnet", lane=lane, steps=steps, effects=(),
        pins=replace(PINS, codes=codes),
    )  # fmt: skip


def told(plan: Plan | None, text: str = START) -> list[Finding]:
    return list(calls(case(text, POLICY, plan=plan), POLICY.rules[0]))


def lent(code: Address = CODE) -> Call:
    """A Safe runs code in its own name."""
    return wrapped.by_safe(Call(to=code, data=b"\1\2\3\4"), operation=1)


def foreign(path: str, code: Address = CODE, caller: Address = SAFE, at: str = "calls[0]") -> Finding:
    return Finding(
        rule="delegatecall",
        message=f"{path} runs the code of {code} in the name of {caller}",
        hint="such code may write any of its slots; only calls are let through",
        place=PLACE,
        path=at,
    )


PAID = Finding(
    rule="gas-refund",
    message="calls[0].execTransaction pays whoever sends it, or sets gas aside for what is inside",
    hint="safeTxGas, baseGas, gasPrice, gasToken and refundReceiver must all be zero",
    place=PLACE,
    path="calls[0]",
)
CUT = wrapped.cut(wrapped.by_safe(QUIET), -32)


def test_foreign_code_in_the_name_of_another_is_told() -> None:
    assert told(planned(lent())) == [foreign("calls[0].execTransaction")]


def test_a_plain_call_is_not() -> None:
    assert told(planned(QUIET, wrapped.by_safe(QUIET), wrapped.by_multisend(QUIET))) == []
    assert told(None) == []


def test_who_is_paid_for_sending_is_told() -> None:
    assert told(planned(wrapped.by_safe(QUIET, refund=(0, 0, 1)))) == [PAID]


def test_what_cannot_be_read_is_told() -> None:
    (found,) = told(planned(CUT))
    assert found.message.startswith("calls[0]: `execTransaction` cannot be read: ")
    assert replace(found, message="") == Finding(
        rule="opaque-call", message="", hint="nobody can review what cannot be read", place=PLACE, path="calls[0]"
    )


def test_everything_is_told_of_every_call() -> None:
    paid_and_lent = wrapped.by_safe(Call(to=CODE), operation=1, refund=(1, 0, 0))
    assert [(each.rule, each.message.split()[0].rstrip(":")) for each in told(planned(paid_and_lent, CUT, lent()))] == [
        ("delegatecall", "calls[0].execTransaction"),
        ("gas-refund", "calls[0].execTransaction"),
        ("opaque-call", "calls[1]"),
        ("delegatecall", "calls[2].execTransaction"),
    ]


def test_only_the_code_of_the_account_itself_counts() -> None:
    bundle = wrapped.by_safe(replace(wrapped.by_multisend(QUIET), to=CODE), operation=1)
    known, other = CodePin(address=CODE, code_hash=CALL_ONLY[1]), CodePin(address=SINK, code_hash=UNKNOWN_CODE)
    assert told(planned(bundle, codes=(other, known))) == []
    elsewhere = replace(known, address=SINK), replace(other, address=CODE)
    assert told(planned(bundle, codes=elsewhere)) == [foreign("calls[0].execTransaction")]


def test_code_within_code_is_told_where_each_begins() -> None:
    inner = wrapped.by_safe(lent(), operation=1)
    assert [found.message.partition(" ")[0] for found in told(planned(inner))] == [
        "calls[0].execTransaction",
        "calls[0].execTransaction.execTransaction",
    ]


@pytest.mark.parametrize(("lane", "caller"), [(Lane.TIMELOCK, F), (Lane.GUARDIAN, E), (Lane.COUNCIL, D)])
def test_each_lane_calls_in_its_own_name(lane: Lane, caller: str) -> None:
    nodes = called(planned(QUIET, Call(to=CODE, value=5), lane=lane), case(START, POLICY))
    assert [(node.path, node.caller, node.to, node.value, node.data) for node in nodes] == [
        ("calls[0]", caller, SINK, 0, b"\1\2\3\4"),
        ("calls[1]", caller, CODE, 5, b""),
    ]


PLACES = [
    ("calls[0]", ("calls", 0)),
    ("calls[0].execTransaction.multiSend[2]", ("calls", 0)),
    ("calls[0].args[0].to", ("calls", 0)),
    ("calls[7]", ("calls",)),
    ("changes[0]", ("kind",)),
]


@pytest.mark.parametrize(("path", "place"), PLACES)
def test_a_call_stands_as_near_as_the_file_has_it(path: str, place: tuple[str | int, ...]) -> None:
    """A kind derives calls that no line of the file is, and a function may be called like a key."""
    assert place_of(case(START, POLICY), path) == place


def test_what_a_kind_derives_is_told_at_its_name() -> None:
    text = START[: START.index("calls:")].replace("contract_call", "unpause") + "reason: why\n"
    (found,) = told(planned(lent()), text)
    assert (found.path, str(found.place)) == ("kind", "p.yaml:5:7")
