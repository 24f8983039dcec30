"""`gov execute`: run what is due. Look, derive, decide, act, look.

On the timelock lane a step must be ready, within its grace, and held by no guardian; the code of every facet and callee must
be what was pinned. On the other lanes an approved Safe transaction is sent at once. A finished step is passed over.
"""

from collections.abc import Sequence
from dataclasses import replace

from governance.core.case import Gate
from governance.core.errors import ChainContradicts, Finding, Refused
from governance.core.facts import Receipt
from governance.core.kinds import Lane
from governance.core.stage import ACTIONS, Stage
from governance.core.units import Moment, to_hex
from governance.life.agreement import agreement_on
from governance.life.hold import require_unheld
from governance.life.live import require_uncontested
from governance.life.locked import policy_before, require_fresh, swapped_code
from governance.life.pin import case_at, permitted
from governance.life.rehearsed import require_rehearsed
from governance.life.schedule import Guard, Told, ask_all, require_approved, send_safe_transaction
from governance.life.site import Rehearse, Site, Workspace
from governance.life.watch import Sighting, look
from governance.ports import Sender


def execute(
    site: Site,
    workspace: Workspace,
    proposal_id: str,
    sender: Sender,
    told: Told,
    *,
    rehearse: Rehearse | None,
    guards: Sequence[Guard] = (),
    moment: Moment | None = None,
) -> Sighting:
    """Execute every step that is due, in order; stops at the first that must still wait.

    `guards` are asked last, before anything is sent. `moment` is that of the next block, for whoever sends what will be due in
    it; `sender` dry-runs at that moment then. Raises Refused when nothing at all is due.
    """
    sighting = look(site, workspace, proposal_id, moment=moment)
    if sighting.locked is None:
        raise Refused(f"{proposal_id} is not locked on {site.network.name}", hint=f"run gov lock {proposal_id} first")
    acted = False
    for index in range(len(sighting.steps)):
        seen = sighting.steps[index]
        if seen.stage is Stage.EXECUTED:
            continue
        due = Stage.READY if sighting.locked.plan.lane is Lane.TIMELOCK else Stage.APPROVED
        if seen.stage is not due:
            if acted:
                break
            if due is Stage.APPROVED:
                require_approved(sighting, seen)
            raise _not_due(sighting, seen.stage)
        receipt = _act(site, workspace, sighting, index, sender, rehearse, guards)
        sighting = look(site, workspace, proposal_id)
        _require_executed(sighting, index, receipt)
        told(f"executed: {seen.step.label}", receipt)
        acted = True
        assert sighting.locked is not None
    return sighting


def _not_due(sighting: Sighting, stage: Stage) -> Refused:
    eta = next((step.eta for step in sighting.steps if step.stage is stage), None)
    wait = "" if eta is None else f" until {eta}; the chain's clock says {sighting.head.timestamp}"
    return Refused(f"{sighting.proposal} is {stage} on {sighting.network}{wait}", hint=ACTIONS[stage])


def _act(
    site: Site,
    workspace: Workspace,
    sighting: Sighting,
    index: int,
    sender: Sender,
    rehearse: Rehearse | None,
    guards: Sequence[Guard],
) -> Receipt:
    assert sighting.locked is not None
    locked, head, step = sighting.locked, sighting.head, sighting.steps[index].step
    plan, agreement = locked.plan, agreement_on(site, workspace, sighting, index)
    if step.operation is None:
        require_fresh(site, workspace, locked, head, gate=Gate.EXECUTE, agreement=agreement)
        require_uncontested(site, workspace, sighting)
        require_rehearsed(rehearse, locked, gate=Gate.EXECUTE)
        ask_all(guards, sighting)
        return send_safe_transaction(site, sighting, index, sender, act="execute")
    case = case_at(site, locked.policy, locked.proposal, head, gate=Gate.EXECUTE, plan=plan)
    case = replace(case, now=sighting.now, ready=sighting.steps[index].eta, agreement=agreement)
    permitted(site, case, head, earlier=policy_before(workspace, locked))
    _require_pinned_code(site, sighting)
    require_unheld(site, workspace, sighting, sighting.steps[index])
    require_rehearsed(rehearse, locked, gate=Gate.EXECUTE)
    ask_all(guards, sighting)
    purpose = f"execute {plan.proposal} {plan.network} {to_hex(step.operation.id)}"
    return sender.send(step.operation.execute(), purpose=purpose)


def _require_pinned_code(site: Site, sighting: Sighting) -> None:
    """Code may have been swapped while the operation waited."""
    assert sighting.locked is not None
    findings = []
    for each in swapped_code(site, sighting.locked.plan.pins, sighting.head):
        message = f"{each.account} had code hash {to_hex(each.pinned)} when reviewed, now {to_hex(each.found)}"
        findings.append(Finding(rule="code-swapped", message=message, hint="cancel the operation: gov cancel"))
    if findings:
        raise Refused(f"code changed while {sighting.proposal} waited", findings=tuple(findings))


def _require_executed(sighting: Sighting, index: int, receipt: Receipt) -> None:
    """A receipt's status is not success: the timelock (or the Safe's log) must say that it is done."""
    if sighting.steps[index].stage is not Stage.EXECUTED:
        raise ChainContradicts(
            f"transaction {to_hex(receipt.tx_hash)} was mined, yet the step is {sighting.steps[index].stage}",
            hint="look at the transaction's logs before anything else",
        )
