"""Who has agreed to a step so far: approvals beside the proposal, signatures of the Safe, and what they stand on.

Read for the gates that send something, and for whoever asks who has approved. It judges nothing.
"""

from dataclasses import replace

from governance.core.approval import council_hash
from governance.core.assent import Assent, assents
from governance.core.basis import plan_basis
from governance.core.case import Agreement, Case, Gate
from governance.core.policy import Policy
from governance.life.locked import Locked, policy_before, swapped_code
from governance.life.pin import case_at
from governance.life.site import Site, Workspace
from governance.life.watch import Sighting


def asks_members(policy: Policy, locked: Locked, network: str) -> bool:
    """Whether the rule of a policy asks anybody beside the Safe's threshold."""
    rule = policy.rule_for(locked.proposal.document.kind, network)
    return rule is not None and any(asked.at_least is not None for asked in rule.approvals)


def agreement_on(site: Site, workspace: Workspace, sighting: Sighting, index: int) -> Agreement | None:
    """What is known of the agreement on one step at the sighting's block; None where no rule that judges it asks for any."""
    locked = sighting.locked
    assert locked is not None
    earlier = policy_before(workspace, locked)
    judging = [policy for policy in (locked.policy, earlier) if policy is not None]
    if not any(asks_members(policy, locked, sighting.network) for policy in judging):
        return None
    swapped = swapped_code(site, locked.plan.pins, sighting.head)
    return Agreement(
        approvals=tuple(workspace.approvals(sighting.proposal).all()),
        policy=locked.policy.digest,
        basis=plan_basis(locked.plan),
        council=council_hash(sighting.safe.owners, sighting.safe.threshold),
        signers=frozenset(sighting.steps[index].quorum.signed),
        swapped=tuple(each.account for each in swapped),
    )


def asked_of(site: Site, workspace: Workspace, sighting: Sighting) -> tuple[Case | None, tuple[Assent, ...]]:
    """The case as the next gate would judge it, and who has spoken in each role of members; none where none is asked."""
    case = case_of(site, workspace, sighting)
    rule = None if case is None else case.policy.rule_for(case.proposal.document.kind, case.network)
    return (None, ()) if case is None or rule is None else (case, assents(case, rule))


def lacking(site: Site, workspace: Workspace, sighting: Sighting) -> str:
    """Which roles of members have too few approvals, in words; empty when none has."""
    _, asked = asked_of(site, workspace, sighting)
    return ", ".join(f"{len(a.counted)} of {a.at_least} by {a.role}" for a in asked if a.missing and a.among is None)


def case_of(site: Site, workspace: Workspace, sighting: Sighting) -> Case | None:
    """The first unfinished step as the next gate would judge it; None where nobody is asked, or nothing is locked."""
    locked = sighting.locked
    if locked is None or not asks_members(locked.policy, locked, sighting.network):
        return None
    index = next((i for i, seen in enumerate(sighting.steps) if seen.stage is sighting.stage), 0)
    case = case_at(site, locked.policy, locked.proposal, sighting.head, gate=Gate.EXECUTE, plan=locked.plan)
    return replace(case, agreement=agreement_on(site, workspace, sighting, index))
