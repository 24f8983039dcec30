"""What the executor does with one task, from a look to a look: it acts at most once, and says what came of it.

It never raises on what a proposal, a policy, a chain or a node says: that is an outcome with a reason, and the next
task is not held up. It may be asked again at any time, by anybody, after any interruption: everything is derived anew.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from governance.core.agenda import Action, Task
from governance.core.errors import ChainContradicts, Finding, GovError, InFlight, Refused, Unreachable
from governance.core.facts import Receipt
from governance.core.stage import Stage
from governance.core.units import Bytes32, Moment, to_hex
from governance.life.execute import execute
from governance.life.schedule import queue
from governance.life.site import Rehearse, Site, Workspace
from governance.life.verify import verify
from governance.life.watch import Sighting, StepSighting, look
from governance.ports import Executions, Journal, Payer, Sender

SETTLED = "settled"
"""Kind of the note that an operation was executed for good, and kept its promises."""
BROKEN = "broken"
"""Kind of the note that an operation was executed for good, and did not keep its promises."""


class Outcome(StrEnum):
    """What came of a task."""

    DONE = "done"
    IN_FLIGHT = "in-flight"
    """Sent, and not yet mined, or not yet final."""
    WAITING = "waiting"
    """Not due yet, or signatures are missing."""
    REFUSED = "refused"
    """A gate says no: the policy, a pin, a rehearsal, the fee, the calendar. It may say yes later."""
    EXPIRED = "expired"
    """The grace period has passed: it must be cancelled."""
    OVERTAKEN = "overtaken"
    """Cancelled, or displaced by another Safe transaction: there is nothing left to do."""
    BROKEN = "broken"
    """Executed, and something that was promised is not so."""
    UNREACHABLE = "unreachable"
    """A node or the database did not answer."""
    CONTRADICTED = "contradicted"
    """Chain and records cannot both be right: a person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A task and what came of it."""

    task: Task
    outcome: Outcome
    reason: str = ""
    """One sentence; empty when it is done."""
    findings: tuple[Finding, ...] = ()
    receipts: tuple[tuple[str, Receipt], ...] = ()
    """What was sent and mined meanwhile, with words."""
    at: Moment | None = None
    """The moment of the last block looked at, None when none was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What fulfilling takes on one network."""

    site: Site
    workspace: Workspace
    sender: Payer
    journal: Journal
    executions: Executions
    rehearse: Rehearse | None
    """None where the node cannot play blocks and the operator said to go without."""
    guards: tuple[Callable[[Sighting], None], ...] = ()
    """What else must hold before anything is sent; each raises."""
    recalling: Callable[[Site], Site] = lambda site: site
    """The same ports for one task, over a chain that is asked each thing about a block once."""

    def anew(self) -> Site:
        """The ports, with nothing of what a task was told before."""
        return self.recalling(self.site)


def fulfil(means: Means, task: Task) -> Report:
    """Do it, or say why not."""
    try:
        return _settle(means, task) if task.action is Action.SETTLE else _sent(means, task)
    except InFlight as error:
        return _of(task, Outcome.IN_FLIGHT, error)
    except Unreachable as error:
        return _of(task, Outcome.UNREACHABLE, error)
    except ChainContradicts as error:
        return _of(task, Outcome.CONTRADICTED, error)
    except GovError as error:
        return _of(task, Outcome.REFUSED, error)


def _of(task: Task, outcome: Outcome, error: GovError) -> Report:
    return Report(task=task, outcome=outcome, reason=error.message, findings=error.findings)


def step_of(sighting: Sighting, operation: Bytes32) -> StepSighting:
    """The step that an operation is of. Raises Refused when the plan has none such any more."""
    for seen in sighting.steps:
        if seen.step.operation is not None and seen.step.operation.id == operation:
            return seen
    message = f"{sighting.proposal} has no operation {to_hex(operation)} on {sighting.network} any more"
    raise Refused(message, hint="it was locked anew: the operation that waits belongs to no file, cancel it")


_STAGES = {
    Action.QUEUE: (Stage.APPROVED, frozenset({Stage.WAITING, Stage.READY, Stage.EXECUTED})),
    Action.EXECUTE: (Stage.READY, frozenset({Stage.EXECUTED})),
}
"""At which stage an action is due, and at which stages it was done."""
_NOT_NOW = {
    Stage.WAITING: Outcome.WAITING,
    Stage.COLLECTING: Outcome.WAITING,
    Stage.QUEUED: Outcome.WAITING,
    Stage.APPROVED: Outcome.WAITING,
    Stage.DRAFTED: Outcome.OVERTAKEN,
    Stage.CANCELLED: Outcome.OVERTAKEN,
    Stage.DISPLACED: Outcome.OVERTAKEN,
    Stage.EXPIRED: Outcome.EXPIRED,
    Stage.READY: Outcome.REFUSED,
}
"""What a stage means to a task that it is not the time for."""


def _sent(means: Means, task: Task) -> Report:
    due, done = _STAGES[task.action]
    site, moment = means.anew(), None
    sender: Sender = means.sender
    act: Callable[..., Sighting] = queue
    if task.action is Action.EXECUTE:  # what the next block may execute is due
        moment = means.executions.next_moment()
        sender, act = means.sender.at(moment), partial(execute, moment=moment)
    sighting = look(site, means.workspace, task.proposal, moment=moment)
    seen = step_of(sighting, task.operation)
    receipts: list[tuple[str, Receipt]] = []
    if seen.stage is due:
        sighting = act(
            site,
            means.workspace,
            task.proposal,
            sender,
            lambda words, receipt: receipts.append((words, receipt)),
            rehearse=means.rehearse,
            guards=means.guards,
        )
        seen = step_of(sighting, task.operation)
    outcome = Outcome.DONE if seen.stage in done else _NOT_NOW[seen.stage]
    return Report(
        task=task,
        outcome=outcome,
        reason="" if outcome is Outcome.DONE else f"{task.proposal} is {seen.stage} on {task.network}",
        receipts=tuple(receipts),
        at=sighting.head.timestamp,
    )


def _settle(means: Means, task: Task) -> Report:
    """Only what is final is noted: an execution that a reorganisation can still take back is in flight."""
    sighting = look(means.anew(), means.workspace, task.proposal)
    seen = step_of(sighting, task.operation)
    at = sighting.head.timestamp
    if seen.stage is not Stage.EXECUTED:
        return Report(task=task, outcome=Outcome.OVERTAKEN, reason=f"it is {seen.stage}, no longer executed", at=at)
    found = means.executions.of(task.operation, sighting.head)
    if found is None or not found.final:
        return Report(task=task, outcome=Outcome.IN_FLIGHT, reason="its execution is not final yet", at=at)
    # What a plan promises holds after its last step. A broken promise is noted for good, so it is looked at twice.
    whole = sighting.stage is Stage.EXECUTED
    broken = _broken(means, task) and _broken(means, task) if whole else ()
    subject = {
        "operation": to_hex(task.operation),
        "tx_hash": to_hex(found.tx_hash),
        "block": str(found.block),
        **{f"broken-{number}": finding.message for number, finding in enumerate(broken)},
    }
    kind = BROKEN if broken else SETTLED
    means.journal.append_once(kind, task.proposal, task.network, subject, at=at, key="operation")
    if broken:
        reason = f"{task.proposal} did not do what it promised"
        return Report(task=task, outcome=Outcome.BROKEN, reason=reason, findings=broken, at=at)
    return Report(task=task, outcome=Outcome.DONE, at=at)


def _broken(means: Means, task: Task) -> tuple[Finding, ...]:
    """Every promise that is not kept. Raises where that cannot be told: not to know is not to have broken."""
    return verify(means.anew(), means.workspace, task.proposal).broken
