"""Governance stays alive: each danger is refused by its name, let through when it is acknowledged, and not named in vain.

threat_28, threat_32, threat_43
"""

from dataclasses import replace
from typing import Any, get_args

import pytest

from governance.core.access import ADMIN, CANCELLER
from governance.core.alive import DANGERS, DangerName, in_vain, unacknowledged
from governance.core.errors import Finding, Refused
from governance.core.facts import Generation
from governance.core.kinds import KINDS
from governance.core.kinds.upgrade import PROTECTED
from governance.core.plan import derive_plan
from governance.core.units import ZERO_ADDRESS, to_hex
from tests.core.kindfacts import (
    COUNCIL,
    GUARDIAN,
    NETWORK,
    SAFE,
    TARGET,
    TIMELOCK,
    A,
    B,
    Body,
    governance,
    pins,
    proposal,
    refusals,
    target,
)

ADMINS = {(TARGET, ADMIN): (A, TIMELOCK)}
CUT = next(selector for selector, signature in PROTECTED.items() if signature.startswith("diamondCut"))


def roles(*changes: tuple[str, str, str, str]) -> Body:
    listed = [{"on": on, verb: role, "account": who} for on, verb, role, who in changes]
    return {"kind": "role_change", "changes": listed}


def diamond() -> Any:
    routes = tuple(sorted((*target().routes, replace(target().routes[0], selector=CUT))))
    return target(generation=Generation.DIAMOND, routes=routes)


COMES: dict[str, tuple[Body, Any]] = {
    "role-last-admin": (roles(("target", "revoke", "DEFAULT_ADMIN_ROLE", TIMELOCK)), pins()),
    "role-timelock-admin": (
        roles(("target", "revoke", "DEFAULT_ADMIN_ROLE", TIMELOCK)),
        pins(governance=governance(roles=ADMINS)),
    ),
    "role-last-pauser": (roles(("target", "revoke", "EMERGENCY_ROLE", GUARDIAN)), pins()),
    "timelock-last-proposer": (roles(("timelock", "revoke", "PROPOSER_ROLE", COUNCIL)), pins()),
    "timelock-last-canceller": (
        roles(("timelock", "revoke", "CANCELLER_ROLE", GUARDIAN)),
        pins(governance=governance(roles={(TIMELOCK, CANCELLER): (GUARDIAN,)})),
    ),
    "timelock-last-executor": (roles(("timelock", "revoke", "EXECUTOR_ROLE", ZERO_ADDRESS)), pins()),
    "threshold-all": ({"kind": "council_change", "change_threshold": "5"}, pins()),
    "threshold-minority": ({"kind": "council_change", "change_threshold": "2"}, pins()),
    "unreachable-unpause": (
        roles(("target", "revoke", "DEFAULT_ADMIN_ROLE", TIMELOCK)),
        pins(governance=governance(roles=ADMINS)),
    ),
    "protected-selector": ({"kind": "facet_swap", "changes": [{"remove": [to_hex(CUT)]}]}, pins(target=diamond())),
}
TOGETHER = {
    "role-last-admin": ["role-timelock-admin", "role-last-admin", "unreachable-unpause"],
    "role-timelock-admin": ["role-timelock-admin", "unreachable-unpause"],
    "unreachable-unpause": ["role-timelock-admin", "unreachable-unpause"],
}
"""What comes with another."""


def dangers(name: str) -> list[str]:
    return TOGETHER.get(name, [name])


def derived(body: Body, facts: Any) -> Any:
    made = proposal(body)
    return derive_plan(made, KINDS[made.document.kind], network=NETWORK, pins=facts)


@pytest.mark.parametrize("name", COMES)
def test_a_danger_is_refused_unless_it_is_acknowledged_by_its_name(name: str) -> None:
    body, facts = COMES[name]
    assert [rule for rule, _ in refusals(body, facts)] == dangers(name)
    with pytest.raises(Refused) as caught:
        derived(body, facts)
    assert all(f"name {finding.rule} under `acknowledge`" in finding.hint for finding in caught.value.findings)
    assert derived({**body, "acknowledge": dangers(name)}, facts).steps


@pytest.mark.parametrize("name", COMES)
def test_another_name_does_not_help(name: str) -> None:
    body, facts = COMES[name]
    other = next(each for each in sorted(DANGERS) if each not in dangers(name))
    assert [rule for rule, _ in refusals({**body, "acknowledge": [other]}, facts)] == dangers(name)


@pytest.mark.parametrize("name", COMES)
def test_what_does_not_come_about_is_not_acknowledged(name: str) -> None:
    body, facts = COMES[name]
    other = next(each for each in sorted(DANGERS) if each not in dangers(name))
    with pytest.raises(Refused) as caught:
        derived({**body, "acknowledge": [*dangers(name), other]}, facts)
    place = f"acknowledge[{len(dangers(name))}]"
    assert [(f.rule, f.path) for f in caught.value.findings] == [("acknowledged-in-vain", place)]


def test_a_batch_acknowledges_for_its_entries() -> None:
    entry = roles(("target", "revoke", "EMERGENCY_ROLE", GUARDIAN))
    other = roles(("timelock", "grant", "EXECUTOR_ROLE", A))
    body: Body = {"kind": "batch", "entries": [entry, other]}
    assert refusals(body, pins()) == [("role-last-pauser", "entries[0].changes[0]")]
    assert derived({**body, "acknowledge": ["role-last-pauser"]}, pins()).steps


def test_two_changes_that_are_harmless_alone_are_seen_together() -> None:
    facts = pins(governance=governance(roles={(TIMELOCK, CANCELLER): (A, B)}))
    one = ("timelock", "revoke", "CANCELLER_ROLE", A)
    two = ("timelock", "revoke", "CANCELLER_ROLE", B)
    assert [refusals(roles(each), facts) for each in (one, two)] == [[], []]
    assert refusals(roles(one, two), facts) == [("timelock-last-canceller", "changes[1]")]


def test_what_can_never_work_is_no_danger() -> None:
    body: Body = {"kind": "council_change", "change_threshold": str(len(SAFE.owners) + 1)}
    assert refusals(body) == [("threshold-unreachable", "change_threshold")]
    assert "threshold-unreachable" not in DANGERS


def test_every_danger_is_tested() -> None:
    assert set(COMES) == set(get_args(DangerName)) == DANGERS


def test_findings_keep_their_order_and_faults_their_words() -> None:
    fault, danger = Finding(rule="fault", message="f"), Finding(rule="threshold-all", message="d", hint="h")
    left, there = unacknowledged([danger, fault, danger], ["threshold-all"])
    assert (left, there) == ((fault,), ("threshold-all",))
    left, there = unacknowledged([danger, fault], [])
    assert ([each.rule for each in left], left[1], there) == (["threshold-all", "fault"], fault, ())
    assert in_vain(["threshold-all"], ["threshold-all"]) == ()
