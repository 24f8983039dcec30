"""`gov queue`: send the Safe transactions that schedule a proposal's operations. Look, derive, decide, act, look.

One step at a time, in the order of their nonces; a step that is already scheduled is passed over, so the command may be
repeated after any interruption. Only the timelock lane has anything to queue.
"""

from collections.abc import Callable, Sequence

from governance.core.case import Gate
from governance.core.diagnosis import Voters, mistake
from governance.core.errors import ChainContradicts, Refused
from governance.core.facts import Receipt
from governance.core.kinds import Lane
from governance.core.signature import SignatureKind
from governance.core.stage import ACTIONS, DONE_TIMESTAMP, Stage
from governance.core.units import to_hex
from governance.life.agreement import agreement_on
from governance.life.live import require_uncontested
from governance.life.locked import require_fresh
from governance.life.rehearsed import require_rehearsed
from governance.life.site import Rehearse, Site, Workspace
from governance.life.watch import Sighting, StepSighting, look
from governance.ports import Sender

Told = Callable[[str, Receipt], None]
"""Called after each act with its words and its receipt."""

Guard = Callable[[Sighting], None]
"""Asked of a sighting just before something is sent; raises when it must not be."""

PASSED = frozenset({Stage.WAITING, Stage.READY, Stage.EXECUTED})


def queue(
    site: Site,
    workspace: Workspace,
    proposal_id: str,
    sender: Sender,
    told: Told,
    *,
    rehearse: Rehearse | None,
    guards: Sequence[Guard] = (),
) -> Sighting:
    """Schedule every approved step. Raises Refused when one is not approved or the plan is stale."""
    sighting = look(site, workspace, proposal_id)
    require_lane(sighting, Lane.TIMELOCK)
    for index in range(len(sighting.steps)):
        seen = sighting.steps[index]
        if seen.stage in PASSED:
            continue
        require_approved(sighting, seen)
        assert sighting.locked is not None
        agreement = agreement_on(site, workspace, sighting, index)
        require_fresh(site, workspace, sighting.locked, sighting.head, gate=Gate.QUEUE, agreement=agreement)
        require_uncontested(site, workspace, sighting)
        require_rehearsed(rehearse, sighting.locked, gate=Gate.QUEUE)
        ask_all(guards, sighting)
        receipt = send_safe_transaction(site, sighting, index, sender, act="queue")
        sighting = look(site, workspace, proposal_id)
        _require_scheduled(sighting, index, receipt)
        told(f"queued: {seen.step.label}", receipt)
    return sighting


def ask_all(guards: Sequence[Guard], sighting: Sighting) -> None:
    """Every guard, in order; the first that raises is the answer."""
    for guard in guards:
        guard(sighting)


def require_lane(sighting: Sighting, lane: Lane) -> None:
    """Refuse a command that belongs to the other lane, or a proposal that is not locked."""
    if sighting.locked is None:
        raise Refused(
            f"{sighting.proposal} is not locked on {sighting.network}", hint=f"run gov lock {sighting.proposal} first"
        )
    if sighting.locked.plan.lane is not lane:
        raise Refused(
            f"{sighting.proposal} goes through the {sighting.locked.plan.lane} lane",
            hint=f"nothing is queued on the {sighting.locked.plan.lane} lane: gov execute sends it at once",
        )


def require_approved(sighting: Sighting, seen: StepSighting) -> None:
    """Refuse a step that is not approved, with what is missing."""
    if seen.stage is not Stage.APPROVED:
        quorum = seen.quorum
        detail = f" ({len(quorum.signed)} of {quorum.threshold} signatures)" if seen.stage is Stage.COLLECTING else ""
        raise Refused(
            f"{sighting.proposal} is {seen.stage} on {sighting.network}{detail}",
            hint=ACTIONS[seen.stage],
            findings=quorum.refused,
        )


def send_safe_transaction(site: Site, sighting: Sighting, index: int, sender: Sender, *, act: str) -> Receipt:
    """Send `execTransaction` of one approved step, signed by a quorum of this block's owners."""
    assert sighting.locked is not None
    plan, seen = sighting.locked.plan, sighting.steps[index]
    require_approved(sighting, seen)
    seen.quorum.require()
    blob = seen.quorum.blob()
    _require_readable(sighting, seen, blob, sender)
    call = site.safe(plan.lane).execution(seen.step.safe_tx, blob)
    purpose = f"{act} {plan.proposal} {plan.network} {to_hex(seen.step.safe_tx.hash)}"
    return sender.send(call, purpose=purpose)


def _require_readable(sighting: Sighting, seen: StepSighting, blob: bytes, sender: Sender) -> None:
    """What was counted must be what the Safe reads from the bytes: two readings, one by owner and one by byte."""
    counted = seen.quorum.signatures
    contracts = {(each.owner, each.data) for each in counted if each.kind is SignatureKind.CONTRACT}
    voters = Voters(
        owners=sighting.safe.owners,
        threshold=sighting.safe.threshold,
        approved={each.owner for each in counted if each.kind is SignatureKind.APPROVED_HASH},
        sender=sender.address,
        accepts=lambda owner, data: (owner, data) in contracts,
    )
    found = mistake(seen.step.safe_tx.hash, blob, voters)
    if found is not None:
        raise ChainContradicts(
            f"{len(counted)} signatures were counted, but the Safe would refuse their bytes",
            hint="nothing was sent: this is a fault of the tool",
            findings=(found,),
        )


def _require_scheduled(sighting: Sighting, index: int, receipt: Receipt) -> None:
    """A receipt's status is not success: the timelock must now know the operation."""
    operation = sighting.steps[index].operation
    if operation is None or operation.timestamp < DONE_TIMESTAMP:
        raise ChainContradicts(
            f"transaction {to_hex(receipt.tx_hash)} was mined, yet the timelock does not know the operation",
            hint="look at the transaction's logs: ExecutionFailure means that the Safe's inner call failed",
        )
