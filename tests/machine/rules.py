"""A policy that lets one function of one contract be called, and what it says of the machine's operations.

What is judged is a plan as it is derived, with the calls of an operation in it. The policy knows nothing of what is so in
a life, so that each list of calls is judged once.
"""

from dataclasses import replace
from functools import cache

from governance.core.call import Call
from governance.core.case import Case, Gate
from governance.core.kinds import KINDS, Lane
from governance.core.plan import Plan, derive_plan
from governance.core.verdict import Verdict, judge
from tests.core.kindfacts import bare_pins
from tests.core.test_policy import TEXT, made
from tests.core.test_proposal import START
from tests.core.test_verdict import proposal
from tests.machine.world import COUNTER

POLICY = made(TEXT.replace("calls: any", f'calls: [{{to: ["{COUNTER}"], function: "count()"}}]'))


@cache
def verdict(calls: tuple[Call, ...]) -> Verdict:
    """By the core's own judge."""
    plan = _plan()
    (step,) = plan.steps
    case = Case(
        proposal=proposal(START),
        policy=POLICY,
        network="devnet",
        lane=Lane.TIMELOCK,
        gate=Gate.LOCK,
        now=None,
        plan=replace(plan, steps=(replace(step, calls=calls),), effects=()),
    )
    return judge(case)


@cache
def _plan() -> Plan:
    rule = POLICY.rules[0]
    pins = bare_pins(POLICY, rule)
    return derive_plan(proposal(START), KINDS["contract_call"], network=POLICY.networks["devnet"], pins=pins)
