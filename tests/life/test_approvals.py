"""Members approve in their roles, beside the Safe: what is asked, who counts, and what makes an approval void.

Each scenario plays on the simulator and on a real node alike.
"""

from dataclasses import replace

import pytest

from governance.core.errors import GovError, Refused, Rejected
from governance.core.signature import SignatureKind
from governance.core.stage import Stage
from governance.life.agreement import asked_of
from governance.ports import Approvals
from tests.life.test_life_scenarios import BOTH, ONE, PAUSE, SET_FEE, SWAP, TWO, build, node, place, told
from tests.sites import DAY, DELAY, Place, people, rules

__all__ = ["build", "node", "place"]

COUNCIL = "      - {role: council, at_least: threshold}\n    via:"
ROLES = ("  # Held by", "  security: [frank, grace]\n  audit: [grace, heidi]\n  # Held by")
ASKED = ["upgrades-are-slow"]


def asking(*approvals: str, then: str = "    approval_lifetime: 30 d\n") -> tuple[tuple[str, str], ...]:
    lines = "".join(f"      - {each}\n" for each in ("{role: council, at_least: threshold}", *approvals))
    return ROLES, (COUNCIL, f"{lines}{then}    via:")


SECURITY = asking("{role: security, at_least: 1}")
BOTH_ROLES = asking(
    "{role: security, at_least: 1}",
    "{role: audit, at_least: 1}",
    then="    approval_lifetime: 30 d\n    separate: [security, audit]\n",
)


def refused(act: object, *arguments: object, **more: object) -> list[str]:
    assert callable(act)
    with pytest.raises(Refused) as caught:
        act(*arguments, **more)
    return rules(caught.value)


def approvals_of(place: Place, name: str = ONE) -> Approvals:
    return place.space.approvals(name)


def reasons(place: Place, name: str = ONE) -> list[str]:
    """Why approvals are void, as `gov signatures` tells it."""
    _, asked = asked_of(place.site, place.space, place.look(name))
    return [reason for each in asked for void in each.void for reason in void.reasons]


def counted(place: Place, name: str = ONE) -> list[int]:
    _, asked = asked_of(place.site, place.space, place.look(name))
    return [len(each.counted) for each in asked]


def test_what_asks_a_role_is_queued_and_executed_once_a_member_approved(place: Place) -> None:
    """threat_52"""
    place.enforce(*SECURITY)
    place.approved(ONE, SWAP)
    assert place.stage(ONE) is Stage.APPROVED
    assert refused(place.queue, ONE) == ASKED
    assert "0 of 1 approvals by role security" in told(place.queue, ONE)
    place.approve(ONE, "grace")
    assert (counted(place), reasons(place)) == ([1], [])
    place.queue(ONE)
    place.warp(DELAY)
    assert place.execute(ONE).stage is Stage.EXECUTED
    place.verify(ONE).require()


def test_an_approval_that_ends_while_it_waits_stops_the_execution_until_it_is_given_anew(place: Place) -> None:
    """threat_33: an approval holds until its end, whatever was queued with it; others' acts do not stand in its way."""
    place.enforce(*SECURITY)
    place.approved(ONE, SWAP)
    place.approve(ONE, "frank", valid_for="1 d")
    place.queue(ONE)
    place.approved(TWO, SET_FEE)
    place.warp(DELAY)
    assert place.stage(ONE) is Stage.READY
    assert refused(place.execute, ONE) == [*ASKED, "approval-void"]
    assert "it ended at" in told(place.execute, ONE)
    place.approve(ONE, "frank")
    assert place.execute(ONE).stage is Stage.EXECUTED


def test_an_approval_lasts_as_long_as_the_rule_lets_it(place: Place) -> None:
    place.enforce(*SECURITY)
    place.approved(ONE, SWAP)
    assert refused(place.approve, ONE, "frank", valid_for="31 d") == ["approval-lifetime"]
    assert refused(place.approve, ONE, "frank", valid_for="0 s") == ["approval-lifetime"]
    place.approve(ONE, "frank")
    (approval,) = approvals_of(place).all()
    assert approval.terms.valid_until.seconds - approval.terms.seen_at.seconds == 30 * DAY
    assert approval.kind is SignatureKind.EIP712
    place.warp(30 * DAY)
    assert refused(place.queue, ONE) == [*ASKED, "approval-void"]


def test_an_owner_who_is_swapped_voids_what_was_approved_under_the_others(place: Place) -> None:
    """threat_31"""
    place.enforce(*SECURITY)
    place.write(TWO, SET_FEE)
    place.lock(TWO)
    place.approved(ONE, SWAP)
    place.approve(ONE, "frank")
    owners = place.site.council.look(place.site.chain.head()).owners
    erin, heidi = people()["erin"].address, people()["heidi"].address
    before = "0x" + "00" * 19 + "01" if owners.index(erin) == 0 else owners[owners.index(erin) - 1]
    place.council_sends("swapOwner(address,address,address)", before, erin, heidi)
    assert reasons(place) == ["the owners or the threshold of the Safe have changed since"]
    assert refused(place.queue, ONE) == [*ASKED, "approval-void"]
    place.approve(ONE, "frank")
    place.queue(ONE)


def test_a_lowered_threshold_voids_what_was_approved_under_the_higher(place: Place) -> None:
    """threat_32: old signatures may suffice all at once; what members approved does not."""
    place.enforce(*SECURITY)
    place.write(TWO, SET_FEE)
    place.lock(TWO)
    place.approved(ONE, SWAP, "alice", "bob")
    place.approve(ONE, "frank")
    place.council_sends("changeThreshold(uint256)", 2)
    assert place.stage(ONE) is Stage.APPROVED
    assert refused(place.queue, ONE) == [*ASKED, "approval-void"]
    assert reasons(place) == ["the owners or the threshold of the Safe have changed since"]


def test_a_policy_that_came_into_force_meanwhile_voids_approvals(place: Place) -> None:
    """threat_52"""
    place.enforce(*SECURITY)
    place.write(TWO, SET_FEE)
    place.lock(TWO)
    place.approved(ONE, SWAP)
    place.approve(ONE, "frank")
    place.enforce(("roles:", "summary: Another.\nroles:"))
    assert reasons(place) == ["the policy has changed since"]
    assert refused(place.queue, ONE) == [*ASKED, "approval-void", "lock-stale"]
    assert "lock-stale" in refused(place.approve, ONE, "frank")


def test_code_that_was_swapped_voids_approvals_before_and_after_queueing(place: Place) -> None:
    """threat_41"""
    place.enforce(*SECURITY)
    place.approved(ONE, SWAP)
    place.approve(ONE, "frank")
    place.queue(ONE)
    where = place.address("FeeFacet@2")
    place.set_code(where, b"\x00")
    assert reasons(place) == [f"the code of {where} has changed since"]
    assert refused(place.approve, ONE, "grace") == ["code-swapped"]
    place.warp(DELAY)
    assert refused(place.execute, ONE) == [*ASKED, "approval-void"]


def test_another_plan_voids_approvals_and_another_nonce_does_not(place: Place) -> None:
    """threat_33, threat_49"""
    place.enforce(*SECURITY)
    place.approved(ONE, SWAP)
    place.approve(ONE, "frank")
    place.council_sends("changeThreshold(uint256)", 3)
    assert place.stage(ONE) is Stage.DISPLACED
    place.lock(ONE)
    assert (counted(place), reasons(place)) == ([1], [])
    place.edit(place.space.proposal_file(ONE), "equals: 500", "equals: 501")
    place.lock(ONE)
    assert reasons(place) == ["the proposal has been edited since", "the plan has changed since"]


def test_an_approval_is_of_one_proposal_only(place: Place) -> None:
    """threat_49: copied beside another proposal, it is void there."""
    place.enforce(*SECURITY)
    place.approved(ONE, SWAP)
    place.approve(ONE, "frank")
    place.approved(TWO, BOTH)
    (given,) = approvals_of(place).all()
    approvals_of(place, TWO).add(replace(given, proposal=TWO))
    assert reasons(place, TWO) == ["the proposal has been edited since", "the plan has changed since"]


def test_only_who_counts_for_the_role_approves(place: Place) -> None:
    """threat_52"""
    place.enforce(*SECURITY)
    place.approved(ONE, SWAP)
    assert refused(place.approve, ONE, "dave") == ["not-a-holder"]
    assert refused(place.approve, ONE, "executor") == ["not-a-holder"]
    assert refused(place.approve, ONE, "frank", role="audit") == ["role-not-asked"]
    assert "asks nothing of `audit`" in told(lambda: place.approve(ONE, "frank", role="audit"))
    assert approvals_of(place).all() == []


def test_a_stranger_in_a_members_file_approves_nothing(place: Place) -> None:
    """threat_52: the name of a file proves nothing."""
    place.enforce(*SECURITY)
    place.approved(ONE, SWAP)
    place.approve(ONE, "frank")
    box = place.space.approvals(ONE)
    (file,) = box.folder.iterdir()
    signed = people()["executor"].sign(box.all()[0].terms.hash)
    file.write_text(file.read_text().replace(box.all()[0].signature.hex(), signed.hex()))
    with pytest.raises(Rejected) as caught:
        place.queue(ONE)
    assert rules(caught.value) == ["approval-false"]


def test_one_person_does_not_fill_two_roles(place: Place) -> None:
    """threat_52: separation of duties."""
    place.enforce(*BOTH_ROLES)
    place.approved(ONE, SWAP)
    with pytest.raises(GovError, match="counts for security, audit"):
        place.approve(ONE, "grace")
    place.approve(ONE, "grace", role="security")
    place.approve(ONE, "grace", role="audit")
    assert counted(place) == [1, 1]
    assert "need 2 different people, 1 approved" in told(place.queue, ONE)
    place.approve(ONE, "heidi")
    place.queue(ONE)


def test_a_holder_among_the_safes_own_signatures(place: Place) -> None:
    """threat_52"""
    place.enforce(
        (ROLES[0], "  security: [dave, erin]\n" + ROLES[0]),
        asking("{role: security, at_least: 1, among: council}", then="")[1],
    )
    place.approved(ONE, SWAP)
    assert refused(place.queue, ONE) == ASKED
    assert "0 of 1 signatures of the council by role security" in told(place.queue, ONE)
    assert "asks no role of members for approvals" in told(place.approve, ONE, "dave")
    place.sign(ONE, "erin")
    place.queue(ONE)
    place.warp(DELAY)
    assert place.execute(ONE).stage is Stage.EXECUTED


def test_where_nobody_is_asked_nobody_approves_and_no_approval_is_read(place: Place) -> None:
    place.approved(ONE, SWAP)
    assert "asks no role of members for approvals" in told(place.approve, ONE, "frank")
    folder = place.space.approvals(ONE).folder
    folder.mkdir()
    (folder / "nobody.json").write_text("{}")
    assert place.queue(ONE).stage is Stage.WAITING


def test_there_is_a_time_to_approve(place: Place) -> None:
    place.enforce(*SECURITY)
    place.write(ONE, SWAP)
    assert "is not locked on devnet" in told(place.approve, ONE, "frank")
    place.lock(ONE)
    place.approve(ONE, "frank")
    place.sign(ONE, "alice", "bob", "carol")
    place.queue(ONE)
    place.warp(DELAY)
    place.execute(ONE)
    assert "there is nothing to approve" in told(place.approve, ONE, "grace")


def test_what_moved_since_it_was_locked_is_not_approved(place: Place) -> None:
    place.enforce(*SECURITY)
    place.write(TWO, SET_FEE)
    place.lock(TWO)
    place.approved(ONE, SWAP)
    place.timelock_does((place.site.network.timelock, "updateDelay(uint256)", [DELAY + 1]))
    assert refused(place.approve, ONE, "frank") == ["lock-stale"]
    place.edit(place.space.policy_file, "grace: 14 d", "grace: 15 d")
    assert refused(place.approve, ONE, "frank") == ["policy-not-anchored"]


def test_a_plan_is_queued_only_when_it_was_seen_for_long_enough(place: Place) -> None:
    """threat_33: an hour of reading cannot be had in a minute."""
    place.enforce(*asking("{role: security, at_least: 1}", then="    approval_lifetime: 30 d\n    visible: 24 h\n"))
    place.approved(ONE, SWAP)
    place.approve(ONE, "frank")
    assert refused(place.queue, ONE) == ASKED
    assert "which is not 24 h ago" in told(place.queue, ONE)
    place.warp(DAY)
    place.approve(ONE, "grace")
    assert place.queue(ONE).stage is Stage.WAITING


def test_a_lane_without_a_timelock_asks_before_it_executes(place: Place) -> None:
    guardians = "      - {role: guardian, at_least: threshold}\n"
    more = f"{guardians}      - {{role: security, at_least: 1}}\n    approval_lifetime: 1 d\n"
    place.enforce(ROLES, (guardians, more))
    place.approved(ONE, PAUSE, "frank", "grace")
    assert refused(place.execute, ONE) == ["guardians-may-only-stop"]
    place.approve(ONE, "frank")
    assert place.execute(ONE).stage is Stage.EXECUTED


def test_nothing_is_sent_outside_office_hours_and_people_sign_at_night(place: Place) -> None:
    """threat_18: the chain's clock, on the wall of the policy's zone."""
    hours = '    office_hours: {zone: UTC, days: [mon, tue, wed, thu, fri, sat, sun], from: "09:00", to: "17:00"}\n'
    place.enforce((COUNCIL, f"      - {{role: council, at_least: threshold}}\n{hours}    via:"))
    _warp_to(place, 3)
    place.approved(ONE, SWAP)
    assert refused(place.queue, ONE) == ASKED
    assert "outside office hours" in told(place.queue, ONE)
    _warp_to(place, 12)
    place.queue(ONE)
    place.warp(DELAY + 8 * 3600)
    assert refused(place.execute, ONE) == ASKED
    _warp_to(place, 12)
    assert place.execute(ONE).stage is Stage.EXECUTED


def _warp_to(place: Place, hour: int) -> None:
    """To the next time that it is this hour in UTC."""
    now = place.site.chain.head().timestamp.seconds
    place.warp((hour * 3600 - now) % DAY)
