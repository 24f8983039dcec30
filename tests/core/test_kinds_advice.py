"""What a refusal of a kind says: the thing that is wrong, its place, and what to do about it."""

# ruff: noqa: E501 - one row, one fact

from dataclasses import replace
from typing import Any

import pytest

from governance.core.access import ADMIN, CANCELLER, EMERGENCY
from governance.core.errors import Finding, Refused, Rejected
from governance.core.facts import Generation, ProxyFacts, Route
from governance.core.kinds import KINDS, admit
from governance.core.kinds.unpause import Unpause
from governance.core.kinds.upgrade import PROTECTED
from governance.core.manifest import FORBIDDEN
from governance.core.network import Network, TargetKind
from governance.core.pins import CodePin, FacetPin, Pins
from governance.core.units import EMPTY_CODE_HASH, ZERO_ADDRESS, Address, Duration, to_hex
from tests.core.kindfacts import (
    ADMIN_OF_PROXY,
    ANCHOR,
    BEACON,
    BEACONED,
    CODE,
    CODELESS,
    COUNCIL,
    GUARDIAN,
    NETWORK,
    NEW,
    OLD,
    PROXY,
    SAFE,
    TARGET,
    TIMELOCK,
    TRANSPARENT,
    UUPS,
    A,
    B,
    Body,
    derive,
    governance,
    pins,
    proposal,
    target,
)

LIVE, OTHER = "0x00000001", "0x00000009"
DOCTOR = "run gov doctor"
RESERVED = next(iter(FORBIDDEN))
CUT = next(selector for selector, signature in PROTECTED.items() if signature.startswith("diamondCut"))
DIAMOND = replace(NETWORK, target_kind=TargetKind.DIAMOND)


def finding(rule: str, body: Body, facts: Pins | None = None, network: Network = NETWORK) -> Finding:
    with pytest.raises(Refused) as caught:
        derive(body, facts, network)
    return next(found for found in caught.value.findings if found.rule == rule)


def swap(*changes: Body) -> Body:
    return {"kind": "facet_swap", "changes": list(changes)}


def manifest(*routes: Body) -> Body:
    return {"kind": "manifest_upgrade", "routes": list(routes)}


def call(to: str, function: str = "poke()", *args: str) -> Body:
    return {"kind": "contract_call", "calls": [{"to": to, "function": function, "args": list(args)}]}


def upgrade(pattern: str, to: str = NEW, **more: object) -> Body:
    return {"kind": "proxy_upgrade", "proxy": PROXY, "pattern": pattern, "implementation": to, **more}


def council(**act: object) -> Body:
    return {"kind": "council_change", **act}


def roles(*changes: tuple[str, str, str, str]) -> Body:
    listed = [{"on": on, verb: role, "account": who} for on, verb, role, who in changes]
    return {"kind": "role_change", "changes": listed}


def delay(written: str) -> Body:
    return {"kind": "timelock_change", "delay": written}


def without_functions(facet: Address) -> Pins:
    return pins(facets=(FacetPin(reference=facet, address=facet, code_hash=CODE, selectors=()),))


def nothing_at(account: Address) -> Pins:
    others = (code for code in pins().codes if code.address != account)
    return pins(codes=(*others, CodePin(address=account, code_hash=EMPTY_CODE_HASH)))


SAME = pins(facets=(FacetPin(reference=A, address=A, code_hash=CODE, selectors=None),))
CUTTABLE = target(
    generation=Generation.DIAMOND, routes=(*target().routes, Route(selector=CUT, facet=A, code_hash=CODE))
)
OF_ROUTES: dict[str, tuple[Body, Pins | None, str, str, str, str]] = {
    "a selector twice": (swap({"remove": [LIVE, LIVE]}), None, "selector-twice", "changes[0].remove[1]", LIVE, "name it once"),
    "a selector that is there": (swap({"add": NEW, "selectors": [LIVE]}), None, "add-existing", "changes[0].selectors[0]", f"routed already, to {A}", "use `replace`"),
    "a selector to replace that is not there": (swap({"replace": NEW, "selectors": [OTHER]}), None, "selector-not-routed", "changes[0].selectors[0]", OTHER, "use `add`"),
    "a selector to remove that is not there": (swap({"remove": [OTHER]}), None, "selector-not-routed", "changes[0].remove[0]", OTHER, "nothing to remove"),
    "a function that the facet lacks": (swap({"add": NEW, "selectors": [OTHER]}), without_functions(NEW), "unknown-selector", "changes[0].selectors[0]", OTHER, "check the name"),
    "the facet that is": (swap({"replace": A, "selectors": [LIVE]}), SAME, "replace-same", "changes[0].selectors[0]", f"goes to {A} already", "drop it"),
    "a route twice": (manifest({"selector": LIVE, "facet": NEW}, {"selector": LIVE, "facet": NEW}), None, "selector-twice", "routes[1].selector", LIVE, ""),
    "a route that the facet lacks": (manifest({"selector": OTHER, "facet": NEW}), without_functions(NEW), "unknown-selector", "routes[0].selector", OTHER, ""),
    "other code than was reviewed": (manifest({"selector": LIVE, "facet": NEW, "codehash": "0x" + "11" * 32}), None, "code-hash-differs", "routes[0].codehash", to_hex(CODE), "find out why"),
    "a timelock without a right": (swap({"remove": [LIVE]}), pins(target=target(timelock_may_commit=False)), "timelock-lacks-role", "", "commit roots", DOCTOR),
    "what keeps a diamond upgradable": (swap({"remove": [to_hex(CUT)]}), pins(target=CUTTABLE), "protected-selector", "", to_hex(CUT), "replace it instead"),
    "what a dispatcher answers itself": (swap({"add": NEW, "selectors": [to_hex(RESERVED)]}), None, "reserved-selector", "", "the dispatcher answers", "leave it out"),
}  # fmt: skip
OF_CALLS: dict[str, tuple[Body, Pins | None, str, str, str, str]] = {
    "a call into nothing": (call(CODELESS), None, "target-no-code", "calls[0].to", CODELESS, "check the address"),
    "an argument of another type": (call(NEW, "f(bool)", "x"), None, "call-arguments", "calls[0].args", "`x` is not a bool", "write true or false"),
    "a call to the council": (call(COUNCIL), None, "governance-call", "calls[0].to", COUNCIL, "by a plain call: use council_change."),
    "a call to the anchor": (call(ANCHOR), None, "governance-call", "calls[0].to", ANCHOR, "by a plain call: use policy_change."),
    "a call to the guardian": (call(GUARDIAN), None, "governance-call", "calls[0].to", GUARDIAN, "by a plain call."),
    "a cancel of nothing": ({"kind": "cancel", "proposal": "0001-x", "reason": "why"}, None, "nothing-to-cancel", "proposal", "0001-x", "never scheduled"),
    "a right to unpause": ({"kind": "unpause", "reason": "why"}, pins(target=target(paused=True, timelock_is_admin=False)), "timelock-lacks-role", "", TIMELOCK, DOCTOR),
    "the policy in force": ({"kind": "policy_change", "digest": "0x" + "0a" * 32, "uri": "x"}, None, "policy-same", "digest", "0x" + "0a" * 32, "that shall come"),
    "no policy": ({"kind": "policy_change", "digest": "0x" + "00" * 32, "uri": "x"}, None, "policy-zero", "digest", "no policy at all", "the new policy's"),
    "no anchor": ({"kind": "policy_change", "digest": "0x" + "0b" * 32, "uri": "x"}, nothing_at(ANCHOR), "target-no-code", "", ANCHOR, "check policy_anchor"),
    "entries of one thing": ({"kind": "batch", "entries": [delay("72 h"), delay("71 h")]}, None, "batch-overlap", "entries[1]", "entries 1 and 2 both change the timelock's delay", "make them one entry"),
    "an entry in two operations": ({"kind": "batch", "entries": [swap({"remove": [LIVE]}), delay("72 h")]}, pins(target=target(activation_delay=Duration(60))), "batch-not-atomic", "entries[0]", "more than one operation", "of its own"),
}  # fmt: skip


def at(facts: ProxyFacts) -> Pins:
    return pins(governance=governance(proxies=(facts,)))


OF_PROXIES: dict[str, tuple[Body, Pins | None, str, str, str, str]] = {
    "the council as a proxy": ({**upgrade("uups"), "proxy": COUNCIL}, at(replace(UUPS, address=COUNCIL)), "governance-call", "proxy", COUNCIL, "of its own kinds"),
    "a proxy without code": (upgrade("uups"), nothing_at(PROXY), "target-no-code", "proxy", PROXY, "check the address"),
    "an implementation without code": (upgrade("uups", CODELESS), None, "implementation-no-code", "implementation", CODELESS, "deploy it first"),
    "the implementation that runs": (upgrade("uups", OLD), None, "implementation-same", "implementation", OLD, "drop it"),
    "the proxy as its implementation": (upgrade("uups", PROXY), None, "implementation-is-proxy", "implementation", "itself for ever", ""),
    "an argument of another type": (upgrade("uups", call={"function": "f(bool)", "args": ["x"]}), None, "call-arguments", "call.args", "`x` is not a bool", "write true or false"),
    "no proxy": (upgrade("uups"), at(replace(UUPS, implementation=ZERO_ADDRESS)), "proxy-unknown", "proxy", PROXY, "another standard"),
    "another pattern": (upgrade("uups"), at(TRANSPARENT), "proxy-pattern", "pattern", "of a transparent proxy", "write transparent,"),
    "a ProxyAdmin of somebody else": (upgrade("transparent"), at(replace(TRANSPARENT, owner=A)), "timelock-not-owner", "proxy", f"{ADMIN_OF_PROXY}, which upgrades it, is owned by {A}", "transferOwnership"),
    "a beacon of somebody else": (upgrade("beacon"), at(replace(BEACONED, owner=A)), "timelock-not-owner", "proxy", f"{BEACON}, which upgrades it, is owned by {A}", "transferOwnership"),
}  # fmt: skip


def held(*pairs: tuple[str, bytes, tuple[str, ...]]) -> Pins:
    return pins(governance=governance(roles={(contract, role): who for contract, role, who in pairs}))


OF_GOVERNANCE: dict[str, tuple[Body, Pins | None, str, str, str, str]] = {
    "a threshold that is": (council(change_threshold="3"), None, "threshold-same", "change_threshold", "3 already", "drop it"),
    "a threshold out of reach": (council(change_threshold="6"), None, "threshold-unreachable", "change_threshold", "6 of 5: no quorum", "more than half"),
    "an owner that is": (council(add_owner=A, threshold="3"), None, "owner-held", "add_owner", A, "drop it"),
    "an owner who cannot sign": (council(add_owner=TIMELOCK, threshold="3"), None, "owner-cannot-sign", "add_owner", TIMELOCK, "a person's account"),
    "a stranger": (council(remove_owner=NEW, threshold="3"), None, "owner-unknown", "remove_owner", NEW, ", ".join(SAFE.owners)),
    "the guard that is": (council(set_guard=ZERO_ADDRESS), None, "council-same", "set_guard", "the guard already", "drop it"),
    "a module that is none": (council(disable_module=NEW), None, "module-unknown", "disable_module", "no module", "drop it"),
    "the Safe as its own guard": (council(set_guard=COUNCIL), None, "council-invalid", "set_guard", COUNCIL, "name a contract"),
    "a guard without code": (council(set_guard=CODELESS), None, "target-no-code", "set_guard", CODELESS, "check the address"),
    "a role that is held": (roles(("target", "grant", "EMERGENCY_ROLE", GUARDIAN)), None, "role-held", "changes[0]", GUARDIAN, "drop it"),
    "a role that is not held": (roles(("target", "revoke", "EMERGENCY_ROLE", A)), None, "role-not-held", "changes[0]", A, "drop it"),
    "a role for nobody": (roles(("target", "grant", "EMERGENCY_ROLE", ZERO_ADDRESS)), None, "role-zero-address", "changes[0]", "EMERGENCY_ROLE", "EXECUTOR_ROLE of the timelock"),
    "a role for the target": (roles(("target", "grant", "EMERGENCY_ROLE", TARGET)), None, "role-to-target", "changes[0]", "EMERGENCY_ROLE", "another account"),
    "a target of others": (roles(("target", "grant", "EMERGENCY_ROLE", A)), held((TARGET, ADMIN, (B,))), "timelock-lacks-role", "", TIMELOCK, DOCTOR),
    "the timelock's own right": (roles(("target", "revoke", "DEFAULT_ADMIN_ROLE", TIMELOCK)), held((TARGET, ADMIN, (A, TIMELOCK))), "role-timelock-admin", "changes[0]", TARGET, "its own design"),
    "the last admin": (roles(("target", "revoke", "DEFAULT_ADMIN_ROLE", TIMELOCK)), None, "role-last-admin", "changes[0]", TARGET, "another account first"),
    "the last proposer": (roles(("timelock", "revoke", "PROPOSER_ROLE", COUNCIL)), None, "timelock-last-proposer", "changes[0]", COUNCIL, "keep the council's role"),
    "the last executor": (roles(("timelock", "revoke", "EXECUTOR_ROLE", ZERO_ADDRESS)), None, "timelock-last-executor", "changes[0]", "execute", "grant EXECUTOR_ROLE"),
    "the last canceller": (roles(("timelock", "revoke", "CANCELLER_ROLE", GUARDIAN)), held((TIMELOCK, CANCELLER, (GUARDIAN,))), "timelock-last-canceller", "changes[0]", "cancel", "grant CANCELLER_ROLE"),
    "the last pauser": (roles(("target", "revoke", "EMERGENCY_ROLE", GUARDIAN)), held((TARGET, EMERGENCY, (GUARDIAN,))), "role-last-pauser", "changes[0]", "pause", "grant EMERGENCY_ROLE"),
    "no delay": (delay("0 s"), None, "timelock-delay-zero", "delay", "without a delay", "at least a day"),
    "a delay of more than a year": (delay("366 d"), None, "timelock-delay-too-long", "delay", "366 d", "write less"),
    "a delay above the rule's": (delay("8 d"), None, "timelock-delay-above-rule", "delay", "rule slow waits 7 d", "policy_change first"),
    "the delay that is": (delay("48 h"), None, "timelock-delay-same", "delay", "48 h already", "drop it"),
}  # fmt: skip
REFUSED = {
    **{f"of routes: {name}": row for name, row in OF_ROUTES.items()},
    **{f"of calls: {name}": row for name, row in OF_CALLS.items()},
    **{f"of proxies: {name}": row for name, row in OF_PROXIES.items()},
    **{f"of governance: {name}": row for name, row in OF_GOVERNANCE.items()},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_thing_the_place_and_what_to_do(name: str) -> None:
    body, facts, rule, path, message, hint = REFUSED[name]
    found = finding(rule, body, facts)
    assert found.path == path
    assert message in found.message
    assert hint in f"{found.hint}."
    assert bool(found.hint) == bool(hint)


def test_a_role_of_a_diamond_is_refused_with_what_can_be_meant() -> None:
    found = finding("target-no-roles", roles(("target", "grant", "EMERGENCY_ROLE", A)), network=DIAMOND)
    assert (found.path, found.hint) == ("changes[0].on", "only timelock can be meant here")


def test_a_year_is_not_too_long() -> None:
    patient = pins(delay=Duration(400 * 86_400))
    assert derive(delay("365 d"), patient).effects
    assert finding("timelock-delay-too-long", delay("366 d"), patient).path == "delay"


def test_our_dispatcher_removes_without_a_right_to_remove() -> None:
    poor = target(timelock_may_remove=False, timelock_is_admin=False)
    assert derive(swap({"remove": [LIVE]}), pins(target=poor)).bundles


@pytest.mark.parametrize(
    ("role", "message", "hint"),
    [
        ("COMIT_ROLE", "`COMIT_ROLE` is not a known role", "64 hex digits, or DEFAULT_ADMIN_ROLE, COMMIT_ROLE"),
        ("0x11", "`0x11` has 1 bytes where 32 are wanted", ""),
    ],
)
def test_a_role_that_is_none_is_told_with_those_that_are(role: str, message: str, hint: str) -> None:
    with pytest.raises(Rejected) as caught:
        proposal(roles(("target", "grant", role, A)))
    (found,) = caught.value.findings
    assert (found.path, found.message) == ("changes[0].grant", message)
    assert hint in found.hint


def test_what_a_timelock_change_acknowledges_is_kept() -> None:
    last = {"kind": "timelock_change", "changes": [{"revoke": "PROPOSER_ROLE", "account": COUNCIL}]}
    assert derive({**last, "acknowledge": ["timelock-last-proposer"]}).acknowledged == ("timelock-last-proposer",)


class Nameless(Unpause):
    """A kind whose name no file could carry."""

    name = "Unpause now"


ADMITTED: dict[str, tuple[Any, str, str]] = {
    "a name that is taken": (Unpause(), "a kind `unpause` is there already", "cannot replace a kind"),
    "what is no kind": (7, "`int` is no Kind", "names an instance"),
    "a name that no file could carry": (Nameless(), "Nameless has no proper name", "lower-case words"),
}


@pytest.mark.parametrize("name", ADMITTED)
def test_not_admitted_is(name: str) -> None:
    kind, message, hint = ADMITTED[name]
    before = dict(KINDS)
    with pytest.raises(Rejected) as caught:
        admit([kind])
    assert (caught.value.message, hint in caught.value.hint()) == (message, True)
    assert before == KINDS
