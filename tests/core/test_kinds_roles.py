"""`role_change` and `timelock_change`: what is derived, and that governance cannot end itself."""

# ruff: noqa: E501 - one row, one fact

from dataclasses import replace

import pytest

from governance.core.access import ADMIN, EMERGENCY, EXECUTOR, PROPOSER
from governance.core.call import encode_call, function
from governance.core.errors import Rejected
from governance.core.kinds import KINDS
from governance.core.network import TargetKind
from governance.core.units import ZERO_ADDRESS, Duration, to_hex
from tests.core.kindfacts import (
    COMMIT,
    COUNCIL,
    GUARDIAN,
    NETWORK,
    NEW,
    TARGET,
    TIMELOCK,
    A,
    B,
    Body,
    derive,
    governance,
    inverse,
    pins,
    proposal,
    questions,
    refusals,
)


def roles(*changes: tuple[str, str, str, str]) -> Body:
    return {
        "kind": "role_change",
        "changes": [{"on": on, verb: role, "account": who} for on, verb, role, who in changes],
    }


def timelock(*changes: tuple[str, str, str], **more: str) -> Body:
    listed = [{verb: role, "account": who} for verb, role, who in changes]
    return {"kind": "timelock_change", **({"changes": listed} if listed else {}), **more}


def test_grants_and_revocations_are_called_in_order():
    made = derive(roles(("target", "grant", "COMMIT_ROLE", A), ("timelock", "revoke", "CANCELLER_ROLE", GUARDIAN)))
    (bundle,) = made.bundles
    assert [(call.to, call.data) for call in bundle.calls] == [
        (TARGET, encode_call(function("grantRole(bytes32,address)"), [COMMIT, A])),
        (TIMELOCK, encode_call(function("revokeRole(bytes32,address)"), [KINDS_CANCELLER, GUARDIAN])),
    ]
    assert [(e.contract, e.account, e.held) for e in made.effects] == [(TARGET, A, True), (TIMELOCK, GUARDIAN, False)]  # type: ignore[union-attr]


KINDS_CANCELLER = bytes.fromhex("fd643c72710c63c0180259aba6b2d05451e3591a24e58b62239378085726f783")


def test_what_is_given_and_taken_promises_only_its_end():
    made = derive(roles(("target", "grant", "COMMIT_ROLE", A), ("target", "revoke", "COMMIT_ROLE", A)))
    assert len(made.bundles[0].calls) == 2
    assert [effect.held for effect in made.effects] == [False]  # type: ignore[union-attr]


def test_the_delay_is_updated_by_the_timelock_itself_after_the_roles():
    made = derive(timelock(("grant", "EXECUTOR_ROLE", A), delay="72 h"))
    assert [call.to for call in made.bundles[0].calls] == [TIMELOCK, TIMELOCK]
    assert made.bundles[0].calls[-1].data == encode_call(function("updateDelay(uint256)"), [259_200])


NEVER = {
    "the timelock's own admin right on the target": (roles(("target", "revoke", "DEFAULT_ADMIN_ROLE", TIMELOCK)), {}, [("role-timelock-admin", "changes[0]"), ("role-last-admin", "changes[0]"), ("unreachable-unpause", "changes[0]")]),
    "the same while another admin is left": (roles(("target", "revoke", "DEFAULT_ADMIN_ROLE", TIMELOCK)), {(TARGET, ADMIN): (A, TIMELOCK)}, [("role-timelock-admin", "changes[0]"), ("unreachable-unpause", "changes[0]")]),
    "the timelock's admin right on itself": (roles(("timelock", "revoke", "DEFAULT_ADMIN_ROLE", TIMELOCK)), {}, [("role-timelock-admin", "changes[0]"), ("role-last-admin", "changes[0]")]),
    "a grant to nobody": (roles(("target", "grant", "COMMIT_ROLE", ZERO_ADDRESS)), {}, [("role-zero-address", "changes[0]")]),
    "a proposer that is nobody": (timelock(("grant", "PROPOSER_ROLE", ZERO_ADDRESS)), {}, [("role-zero-address", "changes[0]")]),
    "the executor role of the target to nobody": (roles(("target", "grant", to_hex(EXECUTOR), ZERO_ADDRESS)), {(TARGET, EXECUTOR): ()}, [("role-zero-address", "changes[0]")]),
    "a role for the target itself": (roles(("target", "grant", "COMMIT_ROLE", TARGET)), {}, [("role-to-target", "changes[0]")]),
    "a role that is held already": (roles(("target", "grant", "COMMIT_ROLE", TIMELOCK)), {}, [("role-held", "changes[0]")]),
    "a role that is not held": (roles(("target", "revoke", "COMMIT_ROLE", A)), {}, [("role-not-held", "changes[0]")]),
    "the same grant twice": (roles(("target", "grant", "COMMIT_ROLE", A), ("target", "grant", "COMMIT_ROLE", A)), {}, [("role-held", "changes[1]")]),
    "a target of which the timelock is no admin": (roles(("target", "grant", "COMMIT_ROLE", A)), {(TARGET, ADMIN): (B,)}, [("timelock-lacks-role", "")]),
    "the last proposer": (timelock(("revoke", "PROPOSER_ROLE", COUNCIL)), {}, [("timelock-last-proposer", "changes[0]")]),
    "the council's right to propose while another may": (roles(("timelock", "revoke", "PROPOSER_ROLE", COUNCIL)), {(TIMELOCK, PROPOSER): (COUNCIL, A)}, [("timelock-last-proposer", "changes[0]")]),
    "the last executor": (timelock(("revoke", "EXECUTOR_ROLE", ZERO_ADDRESS)), {}, [("timelock-last-executor", "changes[0]")]),
    "no delay": (timelock(delay="0 s"), {}, [("timelock-delay-zero", "delay")]),
    "a delay of more than a year": (timelock(delay="366 d"), {}, [("timelock-delay-too-long", "delay"), ("timelock-delay-above-rule", "delay")]),
    "a delay that its own rule could not meet": (timelock(delay="8 d"), {}, [("timelock-delay-above-rule", "delay")]),
    "the delay that is": (timelock(delay="48 h"), {}, [("timelock-delay-same", "delay")]),
    "everything at once": (timelock(("revoke", "PROPOSER_ROLE", COUNCIL), delay="0 s"), {}, [("timelock-delay-zero", "delay"), ("timelock-last-proposer", "changes[0]")]),
}  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_refused_is(name: str):
    body, held, expected = NEVER[name]
    assert refusals(body, pins(governance=governance(roles=held))) == expected


ALLOWED = {
    "anyone may execute": (timelock(("grant", "EXECUTOR_ROLE", ZERO_ADDRESS)), {(TIMELOCK, EXECUTOR): (A,)}),
    "one executor for another": (timelock(("revoke", "EXECUTOR_ROLE", ZERO_ADDRESS), ("grant", "EXECUTOR_ROLE", A)), {}),
    "an admin beside the timelock leaves": (roles(("target", "revoke", "DEFAULT_ADMIN_ROLE", A)), {(TARGET, ADMIN): (A, TIMELOCK)}),
    "the guardian may stop no longer": (roles(("target", "revoke", "EMERGENCY_ROLE", GUARDIAN)), {(TARGET, EMERGENCY): (A, GUARDIAN)}),
    "a delay as long as the rule's": (timelock(delay="7 d"), {}),
    "a shorter delay": (timelock(delay="1 h"), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed_is_and_a_reviewer_is_told_what_to_ask(name: str):
    body, held = ALLOWED[name]
    facts = pins(governance=governance(roles=held))
    assert refusals(body, facts) == []
    assert questions(body, facts)


MALFORMED = {
    "a role by a wrong name": roles(("target", "grant", "COMIT_ROLE", A)),
    "a role of the other contract": roles(("target", "grant", "PROPOSER_ROLE", A)),
    "a role of too few bytes": roles(("target", "grant", "0x11", A)),
    "neither grant nor revoke": {"kind": "role_change", "changes": [{"on": "target", "account": A}]},
    "both grant and revoke": {"kind": "role_change", "changes": [{"on": "target", "grant": "COMMIT_ROLE", "revoke": "COMMIT_ROLE", "account": A}]},
    "no change": {"kind": "role_change", "changes": []},
    "a timelock_change of nothing": timelock(),
    "the timelock's admin role by timelock_change": timelock(("grant", "DEFAULT_ADMIN_ROLE", A)),
}  # fmt: skip


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_is(name: str):
    with pytest.raises(Rejected, match="does not follow its schema"):
        proposal(MALFORMED[name])


def test_a_diamond_has_no_roles():
    network = replace(NETWORK, target_kind=TargetKind.DIAMOND)
    body = roles(("timelock", "grant", "EXECUTOR_ROLE", A), ("target", "grant", "COMMIT_ROLE", A))
    assert refusals(body, network=network) == [("target-no-roles", "changes[1].on")]
    assert KINDS["role_change"].needs(proposal(body).document, network).roles == ()


def test_exactly_the_roles_that_count_are_asked_for():
    needs = KINDS["role_change"].needs(proposal(roles(("target", "grant", "EMERGENCY_ROLE", A))).document, NETWORK)
    assert needs.roles == ((TARGET, ADMIN), (TARGET, EMERGENCY))
    assert not KINDS["timelock_change"].needs(proposal(timelock(("grant", "EXECUTOR_ROLE", A))).document, NETWORK).delay


def test_the_inverse_goes_backwards():
    there = roles(("target", "grant", "COMMIT_ROLE", A), ("timelock", "revoke", "CANCELLER_ROLE", GUARDIAN))
    assert inverse(there) == roles(
        ("timelock", "grant", "CANCELLER_ROLE", GUARDIAN), ("target", "revoke", "COMMIT_ROLE", A)
    )
    both = timelock(("grant", "EXECUTOR_ROLE", A), ("revoke", "EXECUTOR_ROLE", ZERO_ADDRESS), delay="72 h")
    assert inverse(both) == timelock(
        ("grant", "EXECUTOR_ROLE", ZERO_ADDRESS), ("revoke", "EXECUTOR_ROLE", A), delay="48 h"
    )
    assert inverse(timelock(delay="72 h"), pins(governance=governance(delay=Duration(90)))) == timelock(delay="90 s")


ASKED = {
    "who is behind it": (roles(("target", "grant", "COMMIT_ROLE", NEW)), "without the timelock's delay"),
    "an admin of the timelock": (roles(("timelock", "grant", "DEFAULT_ADMIN_ROLE", NEW)), "without any delay"),
    "another proposer": (timelock(("grant", "PROPOSER_ROLE", NEW)), "could schedule anything"),
    "open execution": (roles(("timelock", "grant", "CANCELLER_ROLE", NEW)), "why shall it hold CANCELLER_ROLE"),
    "a guardian that stops nothing": (roles(("target", "revoke", "EMERGENCY_ROLE", GUARDIAN)), "how would the guardian stop"),
    "nobody is left": (roles(("target", "revoke", "EMERGENCY_ROLE", GUARDIAN)), "Now: nobody."),
    "an unknown role": (roles(("target", "grant", "0x" + "77" * 32, NEW)), "no role that is known here"),
    "a shorter delay": (timelock(delay="1 h"), "falls from 48 h to 1 h"),
    "a longer delay": (timelock(delay="72 h"), "rises from 48 h to 3 d"),
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_asked_is(name: str):
    body, words = ASKED[name]
    extra = {(TARGET, bytes.fromhex("77" * 32)): ()}
    assert any(words in question for question in questions(body, pins(governance=governance(roles=extra))))
