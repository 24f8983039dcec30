"""`gov approve`: what a member is shown in a role, and the approval that follows.

Procedure:
1. The lock file must hold, and what was pinned must still be so. Once everything is queued only code is compared: by then
   others may have moved the rest, and an approval that ended must be able to be given anew.
2. The rule must ask an approval of the role, and the signer must be one who counts for it.
3. The proposal is rehearsed, as before signing.
4. The terms are made from the very values that the gates compare. Only then the signer's port is asked.

It approves in one role at a time, and never for longer than the rule allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from governance.core.approval import RoleApproval, Terms, council_hash
from governance.core.assent import Assent
from governance.core.basis import plan_basis
from governance.core.case import Gate
from governance.core.errors import Finding, Refused
from governance.core.policy import Rule
from governance.core.stage import ACTIONS, Stage
from governance.core.units import Address, Duration
from governance.core.verdict import judge
from governance.life.agreement import asked_of
from governance.life.locked import Locked, require_fresh, swapped_code
from governance.life.pin import case_at, require_anchored
from governance.life.rehearsed import require_rehearsed
from governance.life.site import Rehearse, Site, Workspace
from governance.life.watch import Sighting, look
from governance.ports import Signer

UNDER_WAY = frozenset({Stage.WAITING, Stage.READY})
APPROVABLE = frozenset({Stage.COLLECTING, Stage.QUEUED, Stage.APPROVED}) | UNDER_WAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything that an approver is asked to put a name to on one network; made before any key is touched."""

    locked: Locked
    sighting: Sighting
    rule: Rule
    asked: Assent
    terms: Terms


def prepare(
    site: Site,
    workspace: Workspace,
    proposal_id: str,
    signer: Address,
    *,
    role: str | None,
    valid_for: Duration | None,
    rehearse: Rehearse | None,
) -> Request:
    """Steps 1 to 3 of the procedure. Without a role, the only one in which the signer counts is meant."""
    sighting = look(site, workspace, proposal_id)
    locked = sighting.locked
    if locked is None:
        raise Refused(f"{proposal_id} is not locked on {site.network.name}", hint=f"run gov lock {proposal_id} first")
    if sighting.stage not in APPROVABLE:
        message = f"{proposal_id} is {sighting.stage} on {site.network.name}: there is nothing to approve"
        raise Refused(message, hint=ACTIONS[sighting.stage])
    rule = _require_current(site, workspace, locked, sighting)  # 1.
    files = [each for each in asked_of(site, workspace, sighting)[1] if each.among is None]
    asked = _require_role(files, signer, role, rule)  # 2.
    require_rehearsed(rehearse, locked, gate=Gate.SIGN)  # 3.
    terms = _terms(site, locked, sighting, asked.role, _lifetime(rule, valid_for))
    return Request(locked=locked, sighting=sighting, rule=rule, asked=asked, terms=terms)


def _require_current(site: Site, workspace: Workspace, locked: Locked, sighting: Sighting) -> Rule:
    """The rule. Raises Refused when the policy, the plan or the code is not what was locked."""
    head = sighting.head
    require_anchored(site, locked.policy, head)
    scheduled = all(seen.stage in UNDER_WAY or seen.stage is Stage.EXECUTED for seen in sighting.steps)
    if not scheduled:
        require_fresh(site, workspace, locked, head, gate=Gate.SIGN)
    # Without a clock: a freeze or a deadline is judged when something is sent, not when somebody agrees to it.
    case = replace(case_at(site, locked.policy, locked.proposal, head, gate=Gate.SIGN, plan=locked.plan), now=None)
    findings = [
        Finding(rule="code-swapped", message=f"the code of {each.account} is not what was reviewed")
        for each in swapped_code(site, locked.plan.pins, head)
    ]
    if findings:
        raise Refused(f"code changed while {sighting.proposal} waited", findings=tuple(findings))
    return judge(case).require()


def _require_role(files: Sequence[Assent], signer: Address, role: str | None, rule: Rule) -> Assent:
    if not files:
        raise Refused(f"rule {rule.id} asks no role of members for approvals", hint="owners of the Safe: gov sign")
    named = [each for each in files if role in {None, each.role}]
    roles = ", ".join(each.role for each in files)
    if not named:
        finding = Finding(rule="role-not-asked", message=f"rule {rule.id} asks nothing of `{role}`", place=rule.place)
        raise Refused("this role has nothing to approve", hint=f"it asks {roles}", findings=(finding,))
    held = [each for each in named if signer in each.holders]
    if not held:
        findings = tuple(
            Finding(
                rule="not-a-holder",
                message=f"{signer} does not count for the role {each.role}",
                hint=f"those who do: {', '.join(sorted(each.holders.values())) or 'nobody'}",
                place=rule.place,
            )
            for each in named
        )
        raise Refused("the signer may not approve this", findings=findings)
    if len(held) > 1:
        choices = ", ".join(each.role for each in held)
        raise Refused(f"the signer counts for {choices}", hint="choose one with --role")
    return held[0]


def _lifetime(rule: Rule, valid_for: Duration | None) -> Duration:
    """How long the approval shall hold: what was asked for, at most what the rule allows."""
    longest = rule.approval_lifetime
    assert longest is not None  # a policy that asks members for approvals says so, or is ill-formed
    if valid_for is None:
        return longest
    if not valid_for.seconds or valid_for > longest:
        message = f"an approval by rule {rule.id} holds at most {longest}, not {valid_for}"
        finding = Finding(rule="approval-lifetime", message=message, place=rule.place)
        raise Refused("this approval would not count", hint="leave --valid-for out", findings=(finding,))
    return valid_for


def _terms(site: Site, locked: Locked, sighting: Sighting, role: str, lifetime: Duration) -> Terms:
    now, safe = sighting.head.timestamp, sighting.safe
    return Terms(
        chain_id=site.network.chain_id,
        timelock=site.network.timelock,
        proposal_digest=locked.proposal.digest,
        role=role,
        network=sighting.network,
        policy_digest=locked.policy.digest,
        plan_basis=plan_basis(locked.plan),
        council=council_hash(safe.owners, safe.threshold),
        seen_at=now,
        valid_until=now + lifetime,
    )


def approve(request: Request, signer: Signer, workspace: Workspace) -> RoleApproval:
    """Sign the terms and put the approval beside the proposal. Raises Refused for another signer than was asked."""
    if signer.address not in request.asked.holders:
        raise Refused(f"{signer.address} does not count for the role {request.asked.role}")
    proposal = request.locked.plan.proposal
    approval = RoleApproval(
        proposal=proposal,
        signer=signer.address,
        terms=request.terms,
        signature=signer.sign(request.terms),
    )
    workspace.approvals(proposal).add(approval)
    return approval
