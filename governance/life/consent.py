"""Who has agreed to a step so far: approvals beside the proposal, signatures of the Safe, and what they stand on.

Read for the gates that send something, and for whoever asks who has approved. It judges nothing.
"""

from governance.core.approval import council_hash
from governance.core.assent import Assent, assents
from governance.core.case import Case, Consent, Gate
from governance.life.locked import Locked, swapped_code
from governance.life.pin import kind_of
from governance.life.site import Site, Workspace
from governance.life.watch import Sighting


def asks_members(locked: Locked, network: str) -> bool:
    """Whether the rule asks anybody beside the Safe's threshold."""
    rule = locked.policy.rule_for(locked.proposal.document.kind, network)
    return rule is not None and any(asked.at_least is not None for asked in rule.approvals)


def consent_to(site: Site, workspace: Workspace, sighting: Sighting, index: int) -> Consent | None:
    """What is known of one step's consent at the sighting's block; None where the rule asks nobody for it."""
    locked = sighting.locked
    assert locked is not None
    if not asks_members(locked, sighting.network):
        return None
    swapped = swapped_code(site, locked.plan.pins, sighting.head)
    return Consent(
        approvals=tuple(workspace.approvals(sighting.proposal).all()),
        council=council_hash(sighting.safe.owners, sighting.safe.threshold),
        signers=frozenset(sighting.steps[index].quorum.signed),
        swapped=tuple(each.account for each in swapped),
    )


def asked_of(site: Site, workspace: Workspace, sighting: Sighting) -> tuple[Case | None, tuple[Assent, ...]]:
    """The case as the next gate would judge it, and who has spoken in each role of members; none where none is asked."""
    case = case_of(site, workspace, sighting)
    rule = None if case is None else case.policy.rule_for(case.proposal.document.kind, case.network)
    return (None, ()) if case is None or rule is None else (case, assents(case, rule))


def case_of(site: Site, workspace: Workspace, sighting: Sighting) -> Case | None:
    """The first unfinished step as the next gate would judge it; None where nobody is asked, or nothing is locked."""
    locked = sighting.locked
    if locked is None or not asks_members(locked, sighting.network):
        return None
    index = next((i for i, seen in enumerate(sighting.steps) if seen.stage is sighting.stage), 0)
    return Case(
        proposal=locked.proposal,
        policy=locked.policy,
        network=sighting.network,
        lane=kind_of(locked.proposal).lane,
        gate=Gate.EXECUTE,
        now=sighting.head.timestamp,
        plan=locked.plan,
        consent=consent_to(site, workspace, sighting, index),
    )
