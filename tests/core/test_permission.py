"""What a rule lets be called: functions, wei and allowances; conditions on arguments are in test_conditions. threat_52."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.call import Call, encode_call, function, typed
from governance.core.case import Case, Gate
from governance.core.checks.entries import easier
from governance.core.checks.permissions import permissions
from governance.core.errors import Finding, Place, Rejected
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


def rules(calls: str, *, wei: int = 0) -> Policy:
    return made(TEXT.replace("    calls: any\n", f"    calls:{calls}\n    value_at_most: {wei}\n"))


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
    (message,) = told(rules(permission("f(uint8)", value_at_most="5"), wei=9), made)
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
    listed = rules(permission("g()", value_at_most="5"), wei=5)
    assert told(listed, call("g()", value=3), call("g()", value=3)) == ["6 wei would leave, rule slow lets 5 go"]


def test_a_contract_is_named_by_its_duty_on_the_network() -> None:
    policy = rules('\n      - {to: [timelock, policy_anchor], function: "g()"}')
    network = policy.networks["devnet"]
    assert told(policy, call("g()", to=network.timelock), call("g()", to=network.policy_anchor)) == []
    assert len(told(policy, call("g()", to=network.target), call("g()", to=network.council))) == 2


def test_functions_that_share_a_selector_are_each_read_by_their_own_types() -> None:
    one, other = "collate_propagate_storage(bytes16)", "burn(uint256)"
    assert function(one).selector == function(other).selector
    policy = rules(permission(other, "{argument: 0, less: 5}") + permission(one))
    bytes16 = "0x" + "11" * 16
    assert told(policy, call(one, bytes16), call(other, "4")) == []
    (message,) = told(policy, call(other, "5"))
    assert message.endswith("argument 0 less 5 is wanted, found 5")


def findings(policy: Policy, *calls: Call, **known: Any) -> list[Finding]:
    return list(permissions(case(policy, planned(*calls), **known), policy.rules[0]))


def at(path: str, line: int, column: int, message: str, hint: str) -> Finding:
    place = Place(file="p.yaml", line=line, column=column)
    return Finding(rule="slow", message=message, hint=hint, place=place, path=path)


ADD_IT = "a permission must be added by a policy change"


def test_each_call_is_told_at_its_place_with_what_to_do() -> None:
    """One call stands in the file; the others are told as near as it has them."""
    policy = rules(permission("f(uint8)", "{argument: 0, less: 3}, {argument: 0, greater: 0}"), wei=1)
    unnamed = replace(call("g()"), summary="")
    found = findings(policy, call("h()", value=2), unnamed, call("f(uint8)", "1"), call("f(uint8)", "3", value=1))
    assert found == [
        at("kind", 5, 7, "3 wei would leave, rule slow lets 1 go", "send less, or have the policy changed"),
        at("calls[0]", 8, 5, f"rule slow does not let h() be called on {SINK}", ADD_IT),
        at("calls", 8, 3, f"rule slow does not let this be called on {SINK}", ADD_IT),
        at(
            "calls",
            8,
            3,
            "rule slow lets f(uint8) be called only otherwise: argument 0 less 3 is wanted, found 3; "
            "at most 0 wei may go with it, found 1",
            "see its permission at p:30:9",
        ),
    ]


def test_of_several_permissions_the_nearest_says_what_it_wanted() -> None:
    """The first that asks least."""
    policy = rules(
        permission("f(uint8)", "{argument: 0, less: 3}, {argument: 0, less: 4}")
        + permission("f(uint8)", "{argument: 0, less: 5}")
        + permission("f(uint8)", "{argument: 0, equal: 9}")
    )
    assert findings(policy, call("f(uint8)", "7")) == [
        at(
            "calls[0]",
            8,
            5,
            "rule slow lets f(uint8) be called only otherwise: argument 0 less 5 is wanted, found 7",
            "see its permission at p:31:9",
        )
    ]


def test_an_allowance_that_is_spent_is_told_once_at_the_first_call_and_by_the_one_that_is_over_least() -> None:
    small = permission("f(uint8)", allowance="{argument: 0, at_most: 2, per: 30 d}")
    policy = rules(small + permission("f(uint8)", allowance="{argument: 0, at_most: 10, per: 7 d}"))
    assert findings(policy, call("f(uint8)", "6"), call("f(uint8)", "5")) == [
        at(
            "calls[0]",
            8,
            5,
            "11 more would make 11 within 7 d, rule slow allows 10",
            "wait, or propose less; see its permission at p:31:9",
        )
    ]


def test_a_spent_allowance_does_not_hide_what_comes_after_it() -> None:
    policy = rules(ALLOWANCE + permission("g(uint8)", allowance="{argument: 0, at_most: 1, per: 7 d}"))
    found = told(policy, call("f(uint8)", "11"), call("g(uint8)", "2"), call("h()"))
    assert [message[:9] for message in found] == ["11 more w", "2 more wo", "rule slow"]


def test_what_waits_counts_where_there_is_no_clock() -> None:
    assert len(told(rules(ALLOWANCE), call("f(uint8)", "4"), spent=(spent("7", 400),), now=None)) == 1


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


def test_what_uses_nothing_of_an_overdrawn_allowance_is_allowed() -> None:
    assert told(rules(ALLOWANCE), call("f(uint8)", "0"), spent=(spent("20", 1),)) == []
    assert len(told(rules(ALLOWANCE), call("f(uint8)", "1"), spent=(spent("20", 1),))) == 1


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
    policy = rules(permission("f(uint8)", value_at_most="9", allowance="{wei: true, at_most: 10, per: 30 d}"), wei=99)
    assert told(policy, call("f(uint8)", "1", value=9)) == []
    assert told(policy, call("f(uint8)", "1", value=9), call("f(uint8)", "1", value=2)) == [
        "11 more would make 11 within 30 d, rule slow allows 10"
    ]


def test_an_allowance_is_of_the_calls_that_its_conditions_speak_of() -> None:
    first = permission(
        "t(address,uint8)", f'{{argument: 0, equal: "{A}"}}', allowance="{argument: 1, at_most: 5, per: 30 d}"
    )
    second = permission(
        "t(address,uint8)", f'{{argument: 0, equal: "{B}"}}', allowance="{argument: 1, at_most: 50, per: 30 d}"
    )
    policy, t = rules(first + second), "t(address,uint8)"
    assert told(policy, call(t, A, "5"), call(t, B, "50")) == []
    assert told(policy, call(t, A, "6"), call(t, B, "50")) == ["6 more would make 6 within 30 d, rule slow allows 5"]
    before = (Spent(operation=ZERO_WORD, call=call(t, B, "9"), moment=NOW),)
    assert told(policy, call(t, A, "5"), call(t, B, "41"), spent=before) == []
    assert told(policy, call(t, A, "5"), call(t, B, "42"), spent=before) == [
        "42 more would make 51 within 30 d, rule slow allows 50"
    ]


def test_wei_is_counted_of_the_calls_that_the_conditions_speak_of() -> None:
    policy = rules(
        permission(
            "f(uint8)", "{argument: 0, equal: 1}", value_at_most="9", allowance="{wei: true, at_most: 10, per: 30 d}"
        )
        + permission("f(uint8)", "{argument: 0, equal: 2}", value_at_most="9"),
        wei=99,
    )
    assert told(policy, call("f(uint8)", "1", value=9), call("f(uint8)", "2", value=9)) == []
    assert told(policy, call("f(uint8)", "1", value=9), call("f(uint8)", "1", value=2)) == [
        "11 more would make 11 within 30 d, rule slow allows 10"
    ]


def test_a_list_is_allowed_by_its_sum() -> None:
    policy = rules(permission("f(uint8[])", allowance='{argument: "0[]", at_most: 10, per: 30 d}'))
    assert told(policy, call("f(uint8[])", ["4", "5"]), call("f(uint8[])", ["1"])) == []
    assert told(policy, call("f(uint8[])", ["4", "5"]), call("f(uint8[])", ["2"])) == [
        "11 more would make 11 within 30 d, rule slow allows 10"
    ]


def test_bytes_that_nobody_encodes_so_are_spent_all_the_same() -> None:
    odd = replace(call("f(uint8)", "9"), data=call("f(uint8)", "9").data + b"\0")
    unreadable = replace(odd, data=odd.data[:20])
    before = tuple(Spent(operation=ZERO_WORD, call=each, moment=NOW) for each in (odd, unreadable))
    assert told(rules(ALLOWANCE), call("f(uint8)", "1"), spent=before) == []
    assert len(told(rules(ALLOWANCE), call("f(uint8)", "2"), spent=before)) == 1


def test_another_permission_may_allow_what_an_allowance_no_longer_does() -> None:
    policy = rules(ALLOWANCE + permission("f(uint8)", "{argument: 0, less: 4}"))
    before = (Spent(operation=ZERO_WORD, call=call("f(uint8)", "10"), moment=NOW),)
    assert told(policy, call("f(uint8)", "3"), spent=before) == []
    (message,) = told(policy, call("f(uint8)", "4"), call("f(uint8)", "5"), spent=before)
    assert message == "9 more would make 19 within 30 d, rule slow allows 10"


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
    "an element of what is no list": (permission("f(uint8)", '{argument: "0[]", equal: 7}'), "policy-condition"),
    "a list as if it were a tuple": (permission("f(uint8[])", "{argument: 0.0, equal: 7}"), "policy-condition"),
    "a list to count": (permission("f(uint8[])", allowance="{argument: 0, at_most: 1, per: 1 d}"), "policy-condition"),
    "less than the least": (permission("f(uint8)", "{argument: 0, less: 0}"), "policy-condition"),
    "less than the least of negatives": (permission("f(int8)", '{argument: 0, less: "-128"}'), "policy-condition"),
    "more than the most": (permission("f(uint8)", "{argument: 0, greater: 255}"), "policy-condition"),
    "more than the most of what may be negative": (permission("f(int8)", "{argument: 0, greater: 127}"), "policy-condition"),
    "no bits": (permission("f(uint8)", "{argument: 0, bitmask: {mask: 0, equals: 0}}"), "policy-condition"),
    "bits outside of the mask": (permission("f(uint8)", "{argument: 0, bitmask: {mask: 1, equals: 2}}"), "policy-condition"),
    "more wei than the rule lets go": (permission("f()", value_at_most="1"), "policy-calls-value"),
    "an unknown duty": ('\n      - {to: [treasury], function: "f()"}', "schema-value"),
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


def test_the_last_number_but_one_may_be_exceeded() -> None:
    for signature, condition in (
        ("f(int8)", "greater: 126"),
        ("f(int8)", 'less: "-127"'),
        ("f(uint8)", "greater: 254"),
    ):
        assert rules(permission(signature, f"{{argument: 0, {condition}}}")).rules[0].calls is not None


def test_what_an_author_chooses_must_be_limited_or_said_to_be_free() -> None:
    with pytest.raises(Rejected) as caught:
        made(TEXT.replace("    calls: any\n", ""))
    assert [finding.rule for finding in caught.value.findings] == ["policy-calls-open"]


# ---- properties --------------------------------------------------------------------------------------------------------

NUMBERS = st.integers(0, 255)


ONE_OF_THEM = st.tuples(st.integers(1, 255), st.none() | st.integers(0, 20))


@given(
    st.lists(ONE_OF_THEM, min_size=2, max_size=4),
    st.lists(NUMBERS, min_size=1, max_size=5),
    st.lists(NUMBERS, max_size=3),
)
def test_a_permission_less_never_allows_more(
    made: list[tuple[int, int | None]], calls: list[int], before: list[int]
) -> None:
    """Each permission has a limit of its own, and maybe an allowance."""
    texts = [
        permission("f(uint8)", f"{{argument: 0, less: {limit}}}")
        if most is None
        else permission(
            "f(uint8)", f"{{argument: 0, less: {limit}}}", allowance=f"{{argument: 0, at_most: {most}, per: 1 d}}"
        )
        for limit, most in made
    ]
    proposed = [call("f(uint8)", str(number)) for number in calls]
    spent = tuple(Spent(operation=ZERO_WORD, call=call("f(uint8)", str(number)), moment=NOW) for number in before)
    if told(rules("".join(texts[:-1])), *proposed, spent=spent) == []:
        assert told(rules("".join(texts)), *proposed, spent=spent) == []


# ---- within a batch ----------------------------------------------------------------------------------------------------


def test_an_entry_of_a_batch_may_call_nothing_that_its_own_rule_does_not_list() -> None:
    """A batch's calls do not say which entry they come from, so its rule has the very same list."""
    strict, same = rules(permission("f(uint8)")).rules[0], rules(permission("f(uint8)")).rules[0]
    free, rich = rules(" any").rules[0], rules(" any", wei=5).rules[0]
    wider = rules(permission("f(uint8)") + permission("g()")).rules[0]
    narrower = rules(permission("f(uint8)", "{argument: 0, less: 3}")).rules[0]
    assert list(easier(same, strict)) == list(easier(strict, free)) == list(easier(free, rich)) == []
    for other in (free, wider, narrower):
        assert list(easier(other, strict)) == ["rule slow lists what may be called, and rule slow not the same"]
    assert list(easier(rich, free)) == ["rule slow lets 0 wei go, rule slow 5"]


def test_a_rule_is_read_once() -> None:
    rule: Rule = rules(ALLOWANCE).rules[0]
    assert rule.calls is not None
    assert str(rule.calls[0]) == (f"f(uint8) of {SINK} or target, using at most 10 of argument 0 within 30 d")


def test_a_permission_is_told_with_its_wei() -> None:
    allowance = "{wei: true, at_most: 10, per: 30 d}"
    rule = rules(permission("f(uint8)", "{argument: 0, less: 3}", value_at_most="9", allowance=allowance), wei=9).rules[
        0
    ]
    assert rule.calls is not None
    assert str(rule.calls[0]) == (
        f"f(uint8) of {SINK} or target, where argument 0 less 3, with at most 9 wei, using at most 10 of wei within 30 d"
    )
