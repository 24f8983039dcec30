"""`proxy_upgrade`: three patterns, told apart by their slots, and what must not become an implementation."""

# ruff: noqa: E501 - one row, one fact

from dataclasses import replace

import pytest

from governance.core.call import encode_call, function
from governance.core.effects import ImplementationIs
from governance.core.errors import Rejected
from governance.core.facts import ProxyFacts
from governance.core.kinds import KINDS
from governance.core.pins import CodePin
from governance.core.units import EMPTY_CODE_HASH, ZERO_ADDRESS, Address
from tests.core.kindfacts import (
    ADMIN_OF_PROXY,
    BEACON,
    BEACONED,
    CODE,
    CODELESS,
    COUNCIL,
    NETWORK,
    NEW,
    OLD,
    PROXY,
    TRANSPARENT,
    UUPS,
    A,
    Body,
    derive,
    governance,
    inverse,
    pins,
    proposal,
    questions,
    refusals,
)


def upgrade(pattern: str, to: str = NEW, **more: object) -> Body:
    return {"kind": "proxy_upgrade", "proxy": PROXY, "pattern": pattern, "implementation": to, **more}


SET = {"function": "setUp(uint256)", "args": ["7"]}
CALLED = encode_call(function("setUp(uint256)"), [7])
PATTERNS: dict[str, tuple[Body, ProxyFacts, Address, bytes, Address]] = {
    "uups": (upgrade("uups"), UUPS, PROXY, encode_call(function("upgradeToAndCall(address,bytes)"), [NEW, b""]), PROXY),
    "uups with a call": (upgrade("uups", call=SET), UUPS, PROXY, encode_call(function("upgradeToAndCall(address,bytes)"), [NEW, CALLED]), PROXY),
    "transparent": (upgrade("transparent"), TRANSPARENT, ADMIN_OF_PROXY, encode_call(function("upgradeAndCall(address,address,bytes)"), [PROXY, NEW, b""]), PROXY),
    "transparent with a call": (upgrade("transparent", call=SET), TRANSPARENT, ADMIN_OF_PROXY, encode_call(function("upgradeAndCall(address,address,bytes)"), [PROXY, NEW, CALLED]), PROXY),
    "beacon": (upgrade("beacon"), BEACONED, BEACON, encode_call(function("upgradeTo(address)"), [NEW]), BEACON),
}  # fmt: skip


@pytest.mark.parametrize("name", PATTERNS)
def test_who_may_write_the_slot_is_called(name: str):
    body, facts, to, data, upgraded = PATTERNS[name]
    at = pins(governance=governance(proxies=(facts,)))
    made = derive(body, at)
    ((call,),) = (bundle.calls for bundle in made.bundles)
    assert (call.to, call.data) == (to, data)
    assert made.effects == (ImplementationIs(proxy=PROXY, upgraded=upgraded, implementation=NEW),)
    assert inverse(body, at) == upgrade(str(body["pattern"]), OLD)
    assert len(questions(body, at)) >= 3


NEVER = {
    "nothing as implementation": (upgrade("uups", CODELESS), UUPS, ["implementation-no-code"]),
    "the implementation that runs": (upgrade("uups", OLD), UUPS, ["implementation-same"]),
    "the implementation that the beacon names": (upgrade("beacon", OLD), BEACONED, ["implementation-same"]),
    "the proxy itself": (upgrade("uups", PROXY), UUPS, ["implementation-is-proxy"]),
    "a beacon called uups": (upgrade("uups"), BEACONED, ["proxy-pattern"]),
    "a transparent proxy called uups": (upgrade("uups"), TRANSPARENT, ["proxy-pattern"]),
    "uups called transparent": (upgrade("transparent"), UUPS, ["proxy-pattern"]),
    "what is no proxy": (upgrade("uups"), replace(UUPS, implementation=ZERO_ADDRESS), ["proxy-unknown"]),
    "somebody else's ProxyAdmin": (upgrade("transparent"), replace(TRANSPARENT, owner=A), ["timelock-not-owner"]),
    "somebody else's beacon": (upgrade("beacon"), replace(BEACONED, owner=ZERO_ADDRESS), ["timelock-not-owner"]),
    "too few arguments": (upgrade("uups", call={"function": "setUp(uint256)"}), UUPS, ["call-arguments"]),
    "an argument of another type": (upgrade("uups", call={"function": "setUp(uint256)", "args": ["x"]}), UUPS, ["call-arguments"]),
    "everything at once": (upgrade("transparent", CODELESS, call={"function": "setUp(uint256)"}), UUPS, ["implementation-no-code", "call-arguments", "proxy-pattern"]),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_refused_is(name: str):
    body, facts, expected = NEVER[name]
    assert [rule for rule, _ in refusals(body, pins(governance=governance(proxies=(facts,))))] == expected


def test_the_governance_itself_is_no_proxy_of_this_kind():
    facts = pins(governance=governance(proxies=(replace(UUPS, address=COUNCIL),)))
    assert refusals({**upgrade("uups"), "proxy": COUNCIL}, facts) == [("governance-call", "proxy")]


def test_a_proxy_without_code_is_refused():
    codes = (CodePin(address=PROXY, code_hash=EMPTY_CODE_HASH), CodePin(address=NEW, code_hash=CODE))
    assert refusals(upgrade("uups"), pins(codes=codes)) == [("target-no-code", "proxy")]


def test_a_beacon_calls_nothing():
    with pytest.raises(Rejected) as caught:
        proposal(upgrade("beacon", call=SET))
    assert "a beacon calls nothing" in caught.value.findings[0].message


def test_slots_and_code_are_asked_for():
    needs = KINDS["proxy_upgrade"].needs(proposal(upgrade("uups")).document, NETWORK)
    assert (needs.proxies, needs.codes) == ((PROXY,), (PROXY, NEW))
