"""What a rule lets be called: each condition on each type, limits of wei, and allowances. threat_52."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.call import Call, encode_call, function, typed
from governance.core.case import Case, Gate
from governance.core.checks.permissions import permissions
from governance.core.errors import Rejected
from governance.core.kinds import Lane
from governance.core.operation import Operation
from governance.core.permission import Spent
from governance.core.plan import Plan, Step
from governance.core.policy import Policy, Rule
from governance.core.units import ZERO_WORD, Address, Bytes32, Duration, Moment
from tests.core.test_expectation import PINS, TX
from tests.core.test_policy import TEXT, A, B, G, made
from tests.core.test_proposal import START
from tests.core.test_situation import account
from tests.core.test_verdict import proposal

TARGET, SINK, OTHER = Address(G), account(70), account(71)
NOW = Moment.parse("2026-12-01")


def rules(calls: str, *more: tuple[str, str]) -> Policy:
    text = TEXT.replace("    calls: any\n", f"    calls:{calls}\n")
    for old, new in more:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return made(text)


def permission(function: str, where: str = "", **more: str) -> str:
    parts = "".join(f", {key}: {value}" for key, value in more.items())
    return f'\n      - {{to: [target, "{SINK}"], function: "{function}", where: [{where}]{parts}}}'


def call(signature: str, *written: Any, to: Address = SINK, value: int = 0) -> Call:
    fn = function(signature)
    data = encode_call(fn, [typed(kind, each) for kind, each in zip(fn.inputs, written, strict=True)])
    return Call(to=to, value=value, data=data, summary=signature)


def planned(*calls: Call, salt: Bytes32 = ZERO_WORD) -> Plan:
    operation = Operation(timelock=OTHER, calls=calls, predecessor=ZERO_WORD, salt=salt, delay=Duration(1))
    step = Step(label="x", calls=calls, operation=operation, safe_tx=TX)
    return Plan(
        proposal="0001-x", digest=ZERO_WORD, network="devnet", lane=Lane.TIMELOCK, steps=(step,), effects=(), pins=PINS
    )


def case(policy: Policy, plan: Plan | None, **known: Any) -> Case:
    given: dict[str, Any] = {"gate": Gate.LOCK, "now": NOW, **known}
    return Case(proposal=proposal(START), policy=policy, network="devnet", lane=Lane.TIMELOCK, plan=plan, **given)


def told(policy: Policy, *calls: Call, **known: Any) -> list[str]:
    found = list(permissions(case(policy, planned(*calls), **known), policy.rules[0]))
    assert {finding.rule for finding in found} <= {"slow"}
    return [finding.message for finding in found]


HOLDS: dict[str, tuple[str, str, list[Any], list[Any]]] = {
    "an equal number": ("f(uint256)", "{argument: 0, equal: 7}", ["7"], ["8"]),
    "an equal negative": ("f(int64)", '{argument: 0, equal: "-7"}', ["-7"], ["7"]),
    "an equal address": ("f(address)", f'{{argument: 0, equal: "{A}"}}', [A], [B]),
    "an equal text": ("f(string)", "{argument: 0, equal: yes}", ["yes"], ["Yes"]),
    "an equal bool": ("f(bool)", "{argument: 0, equal: true}", ["true"], ["false"]),
    "equal bytes": ("f(bytes)", '{argument: 0, equal: "0x0102"}', ["0x0102"], ["0x01"]),
    "an equal list": ("f(address[])", f'{{argument: 0, equal: ["{A}", "{B}"]}}', [[A, B]], [[B, A]]),
    "an equal tuple": ("f((uint8,address))", f'{{argument: 0, equal: [1, "{A}"]}}', [["1", A]], [["2", A]]),
    "a tuple within": ("f(bool,(int8,bool))", "{argument: 1.0, equal: 2}", ["true", ["2", "true"]], ["true", ["1", "true"]]),
    "a smaller number": ("f(uint256)", "{argument: 0, less: 7}", ["6"], ["7"]),
    "a smaller negative": ("f(int8)", "{argument: 0, less: 0}", ["-1"], ["0"]),
    "a larger number": ("f(uint256)", "{argument: 0, greater: 7}", ["8"], ["7"]),
    "one of some": ("f(address)", f'{{argument: 0, in: ["{A}", "{B}"]}}', [B], [SINK]),
    "one of some numbers": ("f(uint8)", "{argument: 0, in: [1, 3]}", ["3"], ["2"]),
    "a part of some": ("f(address[])", f'{{argument: 0, subset: ["{A}", "{B}"]}}', [[B, B]], [[A, SINK]]),
    "nothing of some": ("f(uint8[2])", "{argument: 0, subset: [1, 2]}", [["2", "1"]], [["2", "3"]]),
    "some bits": ("f(uint16)", "{argument: 0, bitmask: {mask: 240, equals: 16}}", ["31"], ["32"]),
    "some bytes": ("f(bytes2)", '{argument: 0, bitmask: {mask: "0xff00", equals: "0xab00"}}', ["0xab12"], ["0xac12"]),
    "two conditions": ("f(uint8,uint8)", "{argument: 0, less: 5}, {argument: 1, greater: 5}", ["4", "6"], ["4", "5"]),
}  # fmt: skip
"""Function, conditions, arguments that are let through, and arguments that are not."""


@pytest.mark.parametrize("name", HOLDS)
def test_an_argument_is_held_against_its_condition(name: str) -> None:
    signature, where, good, bad = HOLDS[name]
    policy = rules(permission(signature, where))
    assert told(policy, call(signature, *good)) == []
    (message,) = told(policy, call(signature, *bad))
    assert message.startswith(f"rule slow lets {signature} be called only otherwise: argument ")


REFUSED: dict[str, tuple[Call, str]] = {
    "another function": (call("g(uint8)", "1"), "does not let g(uint8) be called on"),
    "another contract": (call("f(uint8)", "1", to=OTHER), "does not let f(uint8) be called on"),
    "wei": (call("f(uint8)", "1", value=6), "at most 5 wei may go with it, found 6"),
    "bytes that nobody can read": (replace(call("f(uint8)", "1"), data=call("f(uint8)", "1").data[:-1]), "cannot be read"),
    "something after them": (replace(call("f(uint8)", "1"), data=call("f(uint8)", "1").data + b"\0"), "cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_permission_allows_is_refused(name: str) -> None:
    made, words = REFUSED[name]
    (message,) = told(rules(permission("f(uint8)", value_at_most="5")), made)
    assert words in message


def test_any_permission_may_allow_a_call_and_every_call_needs_one() -> None:
    policy = rules(permission("f(uint8)", "{argument: 0, less: 3}") + permission("f(uint8)", "{argument: 0, equal: 9}"))
    assert told(policy, call("f(uint8)", "9"), call("f(uint8)", "1", to=TARGET)) == []
    (message,) = told(policy, call("f(uint8)", "9"), call("f(uint8)", "5"))
    assert "argument 0 less 3 is wanted, found 5" in message


def test_without_a_limit_no_wei_leaves() -> None:
    free = made(TEXT)
    assert told(free, call("g()")) == []
    assert told(free, call("g()", value=1)) == ["1 wei would leave, rule slow lets 0 go"]
    some = made(TEXT.replace("    calls: any\n", "    calls: any\n    value_at_most: 7\n"))
    assert told(some, call("g()", value=3), call("g()", value=4)) == []
    assert told(some, call("g()", value=3), call("g()", value=5)) == ["8 wei would leave, rule slow lets 7 go"]


def test_what_is_not_planned_yet_is_not_judged() -> None:
    policy = rules(permission("f(uint8)"))
    assert list(permissions(case(policy, None), policy.rules[0])) == []


ALLOWANCE = permission("f(uint8)", allowance="{argument: 0, at_most: 10, per: 30 d}")
DAY = 86_400


def spent(amount: str, days: int | None, signature: str = "f(uint8)", to: Address = SINK) -> Spent:
    moment = None if days is None else Moment(NOW.seconds - days * DAY)
    return Spent(operation=Bytes32(b"\x01" * 32), call=call(signature, amount, to=to), moment=moment)


SPENT: dict[str, tuple[list[Spent], bool]] = {
    "nothing": ([], True),
    "as much as there is": ([spent("4", 1)], True),
    "too much": ([spent("5", 1)], False),
    "too much together": ([spent("3", 1), spent("2", 29)], False),
    "what waits": ([spent("5", None)], False),
    "on another contract of the permission": ([spent("5", 1, to=TARGET)], False),
    "long ago": ([spent("9", 30)], True),
    "just within the time": ([spent("9", 29)], False),
    "by another function": ([spent("9", 1, signature="g(uint8)")], True),
    "on another contract": ([spent("9", 1, to=OTHER)], True),
}


@pytest.mark.parametrize("name", SPENT)
def test_an_allowance_counts_what_was_spent_within_its_time(name: str) -> None:
    before, enough = SPENT[name]
    found = told(rules(ALLOWANCE), call("f(uint8)", "4"), call("f(uint8)", "2"), spent=tuple(before))
    assert (found == []) is enough
    assert all("within 30 d, rule slow allows 10" in message for message in found)


def test_one_proposal_cannot_spend_more_than_its_allowance() -> None:
    assert told(rules(ALLOWANCE), call("f(uint8)", "6"), call("f(uint8)", "5"), gate=Gate.CHECK, now=None) == [
        "11 more would make 11 within 30 d, rule slow allows 10"
    ]


def test_its_own_operation_is_not_counted_twice() -> None:
    policy, plan = rules(ALLOWANCE), planned(call("f(uint8)", "10"))
    assert plan.steps[0].operation is not None
    own = Spent(operation=plan.steps[0].operation.id, call=plan.steps[0].calls[0], moment=None)
    assert list(permissions(case(policy, plan, spent=(own,)), policy.rules[0])) == []


def test_wei_can_be_allowed_for_a_time() -> None:
    policy = rules(permission("f(uint8)", value_at_most="9", allowance="{wei: true, at_most: 10, per: 30 d}"))
    assert told(policy, call("f(uint8)", "1", value=9)) == []
    assert told(policy, call("f(uint8)", "1", value=9), call("f(uint8)", "1", value=2)) == [
        "11 more would make 11 within 30 d, rule slow allows 10"
    ]


# ---- what a policy may say ---------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[str, str]] = {
    "an argument that is not there": (permission("f(uint8)", "{argument: 1, equal: 7}"), "policy-condition"),
    "a member of what is no tuple": (permission("f(uint8)", "{argument: 0.0, equal: 7}"), "policy-condition"),
    "a value of another type": (permission("f(uint8)", "{argument: 0, equal: 256}"), "policy-condition"),
    "a smaller address": (permission("f(address)", "{argument: 0, less: 7}"), "policy-condition"),
    "a part of what is no list": (permission("f(uint8)", "{argument: 0, subset: [1]}"), "policy-condition"),
    "bits of a text": (permission("f(string)", "{argument: 0, bitmask: {mask: a, equals: a}}"), "policy-condition"),
    "one of values of another type": (permission("f(uint8)", "{argument: 0, in: [1, x]}"), "policy-condition"),
    "an address to count": (permission("f(address)", allowance="{argument: 0, at_most: 1, per: 1 d}"), "policy-condition"),
    "an allowance of nothing": (permission("f()", allowance="{argument: 0, at_most: 1, per: 1 d}"), "policy-condition"),
    "two operators": (permission("f(uint8)", "{argument: 0, less: 5, greater: 3}"), "schema-value"),
    "no operator": (permission("f(uint8)", "{argument: 0}"), "schema-value"),
    "none of anything": (permission("f(uint8)", "{argument: 0, in: []}"), "schema-value"),
    "two to count": (permission("f(uint8)", allowance="{argument: 0, wei: true, at_most: 1, per: 1 d}"), "schema-value"),
    "no contract": ('\n      - {to: [], function: "f()"}', "schema-value"),
    "no call at all": (" []", "schema-value"),
    "another word": (" all", "schema-value"),
    "an unknown operator": (permission("f(uint8)", "{argument: 0, like: 5}"), "schema-unknown-key"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_permission_that_makes_no_sense_is_refused_at_its_place(name: str) -> None:
    text, rule = WRONG[name]
    with pytest.raises(Rejected) as caught:
        rules(text)
    assert rule in {finding.rule for finding in caught.value.findings}
    assert all(finding.path.startswith("rules[0].calls") and finding.place for finding in caught.value.findings)


def test_what_an_author_chooses_must_be_limited_or_said_to_be_free() -> None:
    with pytest.raises(Rejected) as caught:
        made(TEXT.replace("    calls: any\n", ""))
    assert [finding.rule for finding in caught.value.findings] == ["policy-calls-open"]


# ---- properties --------------------------------------------------------------------------------------------------------

NUMBERS = st.integers(0, 255)


@given(NUMBERS, NUMBERS)
def test_one_of_one_is_equal(wanted: int, found: int) -> None:
    by_in = told(rules(permission("f(uint8)", f"{{argument: 0, in: [{wanted}]}}")), call("f(uint8)", str(found)))
    by_equal = told(rules(permission("f(uint8)", f"{{argument: 0, equal: {wanted}}}")), call("f(uint8)", str(found)))
    assert (by_in == []) is (by_equal == []) is (wanted == found)


@given(st.lists(NUMBERS, min_size=1, max_size=4), st.lists(NUMBERS, min_size=1, max_size=5))
def test_a_permission_less_never_allows_more(limits: list[int], calls: list[int]) -> None:
    every = "".join(permission("f(uint8)", f"{{argument: 0, less: {limit}}}") for limit in limits)
    fewer = "".join(permission("f(uint8)", f"{{argument: 0, less: {limit}}}") for limit in limits[:-1])
    made_calls = [call("f(uint8)", str(number)) for number in calls]
    if fewer and told(rules(fewer), *made_calls) == []:
        assert told(rules(every), *made_calls) == []


def test_a_rule_is_read_once() -> None:
    rule: Rule = rules(ALLOWANCE).rules[0]
    assert rule.calls is not None
    assert str(rule.calls[0]) == (f"f(uint8) of {SINK} or target, using at most 10 of argument 0 within 30 d")
