"""What no rule can allow, at any depth: foreign code in somebody's name, pay for whoever sends, what cannot be read.

threat_37, threat_38, threat_56
"""

from dataclasses import replace

import pytest

from governance.core.call import Call, encode_call, function
from governance.core.case import Case, Gate
from governance.core.checks.calls import MULTISEND_CALL_ONLY, calls
from governance.core.effects import Effect, ImplementationIs
from governance.core.keccak import keccak
from governance.core.kinds import KINDS, Lane
from governance.core.pins import CodePin
from governance.core.plan import Plan, derive_plan
from governance.core.units import EMPTY_CODE_HASH, ZERO_ADDRESS, Address, Bytes32
from tests.core.kindfacts import account, bare_pins
from tests.core.test_policy import TEXT, made
from tests.core.test_proposal import START
from tests.core.test_verdict import proposal

POLICY = made(TEXT)
NETWORK = POLICY.networks["devnet"]
SAFE, LIBRARY, PROXY, NEW, STRANGER = (account(n) for n in (0x21, 0x22, 0x23, 0x24, 0x25))
CALL_ONLY, OTHER = min(MULTISEND_CALL_ONLY), Bytes32(keccak(b"code"))
PING = encode_call(function("ping()"), [])
BUNDLE = encode_call(function("multiSend(bytes)"), [b""])
PROMISE = ImplementationIs(proxy=PROXY, upgraded=PROXY, implementation=NEW)


def by_safe(data: bytes, to: Address = LIBRARY, *, operation: int = 1, gas: int = 0) -> Call:
    signature = "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
    arguments = (to, 0, data, operation, gas, 0, 0, ZERO_ADDRESS, ZERO_ADDRESS, b"")
    return Call(to=SAFE, data=encode_call(function(signature), arguments))


def upgrade(proxy: Address = PROXY, implementation: Address = NEW) -> Call:
    return Call(to=proxy, data=encode_call(function("upgradeToAndCall(address,bytes)"), [implementation, PING]))


def plan(call: Call, *effects: Effect, **codes: Bytes32) -> Plan:
    """A plan as derived, and other calls in it."""
    rule = POLICY.rules[0]
    named = {"library": LIBRARY, "new": NEW, "stranger": STRANGER}
    pinned = tuple(CodePin(address=named[name], code_hash=code) for name, code in codes.items())
    facts = bare_pins(POLICY, rule, codes=pinned)
    derived = derive_plan(proposal(START), KINDS["contract_call"], network=NETWORK, pins=facts)
    (step,) = derived.steps
    return replace(derived, steps=(replace(step, calls=(call,)),), effects=effects)


def told(given: Plan | None) -> list[str]:
    case = Case(
        proposal=proposal(START),
        policy=POLICY,
        network="devnet",
        lane=Lane.TIMELOCK,
        gate=Gate.LOCK,
        now=None,
        plan=given,
    )
    return [finding.rule for finding in calls(case, POLICY.rules[0])]


ROWS: dict[str, tuple[Plan | None, list[str]]] = {
    "nothing is known of the calls yet": (None, []),
    "a call": (plan(by_safe(PING, operation=0)), []),
    "foreign code": (plan(by_safe(PING), library=OTHER), ["delegatecall"]),
    "the bundle that only calls": (plan(by_safe(BUNDLE), library=CALL_ONLY), []),
    "the same by another function": (plan(by_safe(PING), library=CALL_ONLY), ["delegatecall"]),
    "the same where nobody has read its code": (plan(by_safe(BUNDLE)), ["delegatecall"]),
    "the bundle that also delegates": (plan(by_safe(BUNDLE), library=OTHER), ["delegatecall"]),
    "an initializer of what is promised": (plan(upgrade(), PROMISE, new=OTHER), []),
    "an initializer of something else": (plan(upgrade(implementation=STRANGER), PROMISE, stranger=OTHER), ["delegatecall"]),
    "an initializer of what is promised of another proxy": (plan(upgrade(STRANGER), PROMISE, new=OTHER), ["delegatecall"]),
    "the promised code in a Safe's name": (plan(by_safe(PING, NEW), PROMISE, new=OTHER), ["delegatecall"]),
    "an initializer without code": (plan(upgrade(), PROMISE, new=EMPTY_CODE_HASH), ["delegatecall"]),
    "an initializer whose code nobody has read": (plan(upgrade(), PROMISE), ["delegatecall"]),
    "gas that is set aside": (plan(by_safe(PING, operation=0, gas=1)), ["gas-refund"]),
    "both": (plan(by_safe(PING, gas=1)), ["delegatecall", "gas-refund"]),
    "what cannot be read": (plan(replace(upgrade(), data=upgrade().data + b"\0")), ["opaque-call"]),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_what_no_rule_can_allow_is_refused_at_any_depth(name: str) -> None:
    given, expected = ROWS[name]
    assert told(given) == expected
