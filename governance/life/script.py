"""The script of a rehearsal: what is still to be done on which block, by whom, and what must come of it.

Procedure:
1. The plan: the lock file's, or what would be locked now. That a lock file is stale is a finding, not the end.
2. The blocks: what precedes it in the Safe's queue; the owners' approvals and the Safe's own execution; just before its
   time an execution that must be refused; at its time each step. What the chain has already done is passed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.core.access import EXECUTOR
from governance.core.call import Call, encode_call, function
from governance.core.case import Gate
from governance.core.errors import Finding, Refused
from governance.core.facts import Head
from governance.core.keccak import keccak
from governance.core.kinds import Lane
from governance.core.plan import Plan, Step
from governance.core.quorum import count
from governance.core.rehearsal import UNDONE
from governance.core.safetx import SafeTx, execution
from governance.core.scenes import Act, ActResult, BlockResult, Played, Scene, Sent
from governance.core.stage import ACTIONS, DONE_TIMESTAMP, Stage
from governance.core.units import ZERO_WORD, Address, Duration, Moment, checksummed
from governance.life.locked import Locked, open_lock, require_fresh
from governance.life.pin import kind_of, plan_now
from governance.life.site import Site, Workspace
from governance.life.watch import Sighting, look

BLOCK_TIME = Duration(12)
"""After the head, the first block of the rehearsal."""
ANYONE = checksummed(keccak(b"gov rehearsal")[12:])
"""Who sends what anyone may send: an account that nobody holds."""
APPROVE = function("approveHash(bytes32)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A step that is still to be done."""

    step: Step
    eta: Moment | None
    """Of one that the timelock has scheduled already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is rehearsed, on which block."""

    locked: Locked
    is_locked: bool
    head: Head
    pending: tuple[Pending, ...]
    earlier: tuple[SafeTx, ...]
    """Safe transactions that must go first, in order of their nonces."""
    owners: tuple[Address, ...]
    threshold: int
    findings: tuple[Finding, ...]
    done: tuple[Step, Moment] | None = None
    """The step before the first pending one, and when it was executed; None where none was."""

    @property
    def lane(self) -> Lane:
        """Of the plan."""
        return self.locked.plan.lane

    @property
    def start(self) -> Moment:
        """Of the first block."""
        return self.head.timestamp + BLOCK_TIME

    def due(self, pending: Pending) -> Moment:
        """From when on a step may be executed."""
        operation = pending.step.operation
        assert operation is not None
        return self.start + operation.delay if pending.eta is None else pending.eta


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """The blocks and what must come of each call."""

    moments: tuple[Moment, ...]
    acts: tuple[tuple[Act, ...], ...]
    early: int
    """How many blocks come before the moment at which nothing may have changed; zero for no such moment."""

    @property
    def scenes(self) -> list[Scene]:
        """As they are played."""
        pairs = zip(self.moments, self.acts, strict=True)
        return [Scene(moment=moment, sent=tuple(act.sent for act in acts)) for moment, acts in pairs]

    def results(self, played: Sequence[Sequence[Played]]) -> tuple[BlockResult, ...]:
        """Each act with what came of it."""
        found = []
        for moment, acts, results in zip(self.moments, self.acts, played, strict=True):
            pairs = zip(acts, results, strict=True)
            found.append(BlockResult(moment=moment, acts=tuple(ActResult(act=a, played=p) for a, p in pairs)))
        return tuple(found)


# 1. The plan.


def subject_of(site: Site, workspace: Workspace, proposal_id: str, plan: Plan | None) -> Subject:
    """What there is to rehearse: a plan that is not locked yet, else the lock file's, else what would be locked now.

    Raises Refused when there is nothing, or nothing yet.
    """
    opened = None if plan is not None else open_lock(workspace, proposal_id, site.network.name)
    if opened is None:
        if plan is None:
            made = plan_now(site, workspace, proposal_id)
            proposal, policy, plan, head = made.proposal, made.policy, made.plan, made.head
        else:
            proposal, policy, head = workspace.proposal(proposal_id), workspace.policy(), site.chain.head()
        locked = Locked(proposal=proposal, policy=policy, kind=kind_of(proposal), plan=plan, effects=None)
        safe = None
        pending = tuple(Pending(step=step, eta=None) for step in plan.steps)
    else:
        sighting = look(site, workspace, proposal_id)
        assert sighting.locked is not None
        locked, head, safe = sighting.locked, sighting.head, sighting.safe
        pending = still_to_do(sighting)
    facts = site.safe(locked.plan.lane).look(head) if safe is None else safe
    _require_predecessor(site, locked, pending, head)
    unsent = [each.step.safe_tx.nonce for each in pending if each.eta is None]
    return Subject(
        locked=locked,
        is_locked=opened is not None,
        head=head,
        pending=pending,
        earlier=_earlier(site, workspace, locked, facts.nonce, unsent[0]) if unsent else (),
        owners=facts.owners,
        threshold=facts.threshold,
        findings=_stale(site, workspace, locked, head) if opened is not None and unsent else (),
        done=_done(site, locked.plan, pending, head),
    )


def _done(site: Site, plan: Plan, pending: Sequence[Pending], head: Head) -> tuple[Step, Moment] | None:
    """From the timelock's logs: a dispatcher's own delay began when the step before was really executed."""
    at = plan.steps.index(pending[0].step) if pending else 0
    before = plan.steps[at - 1] if at else None
    if before is None or before.operation is None:
        return None
    moments = [each.moment for each in site.timelock.ledger(head) if each.operation == before.operation.id]
    last = max((moment for moment in moments if moment is not None), default=None)
    return None if last is None else (before, last)


def still_to_do(sighting: Sighting) -> tuple[Pending, ...]:
    """Steps that are not executed yet. Raises Refused when there is nothing to be done any more."""
    assert sighting.locked is not None
    if sighting.stage in {Stage.EXECUTED, Stage.CANCELLED, Stage.EXPIRED}:
        message = f"{sighting.proposal} is {sighting.stage} on {sighting.network}: there is nothing to rehearse"
        raise Refused(message, hint=ACTIONS[sighting.stage] or "gov verify holds it against the chain")
    return tuple(Pending(step=seen.step, eta=seen.eta) for seen in sighting.steps if seen.stage is not Stage.EXECUTED)


def _stale(site: Site, workspace: Workspace, locked: Locked, head: Head) -> tuple[Finding, ...]:
    """Why the plan would not be let through on chain any more, while the rest is still worth seeing."""
    try:
        require_fresh(site, workspace, locked, head, gate=Gate.SIGN)
    except Refused as error:
        if not error.findings:
            raise
        return error.findings
    return ()


def _require_predecessor(site: Site, locked: Locked, pending: Sequence[Pending], head: Head) -> None:
    """What comes after another proposal is rehearsed on the state that the other leaves, once that is there."""
    plan = locked.plan
    if plan.pins.predecessor == ZERO_WORD or not pending or pending[0].step is not plan.steps[0]:
        return
    (operation,) = site.timelock.operations([plan.pins.predecessor], head)
    if operation.timestamp != DONE_TIMESTAMP:
        message = f"{locked.proposal.document.after} is not executed on {site.network.name} yet"
        hint = "rehearse it first; this one is rehearsed on the state that it leaves"
        finding = Finding(rule=UNDONE, message=message, hint=hint, path="after")
        raise Refused("the proposal that must come first is not done", findings=(finding,))


def _earlier(site: Site, workspace: Workspace, locked: Locked, live: int, pinned: int) -> tuple[SafeTx, ...]:
    """What other lock files have pinned between the Safe's nonce and the first of ours."""
    found: dict[int, SafeTx] = {}
    for other in workspace.proposal_ids() if live < pinned else ():
        theirs = None if other == locked.proposal.id else open_lock(workspace, other, site.network.name)
        for step in () if theirs is None else theirs.plan.steps:
            if step.safe_tx.safe == locked.plan.safe:
                found[step.safe_tx.nonce] = step.safe_tx
    missing = [nonce for nonce in range(live, pinned) if nonce not in found]
    if missing or live > pinned:
        message = f"the plan has nonce {pinned} of {locked.plan.safe}, whose next is {live}"
        hint = ACTIONS[Stage.DISPLACED] if live > pinned else f"no lock file has nonce {missing[0]}: run gov lock again"
        raise Refused(
            f"{locked.proposal.id} cannot be rehearsed on {site.network.name}",
            findings=(Finding(rule="simulate-nonce", message=message, hint=hint),),
        )
    return tuple(found[nonce] for nonce in range(live, pinned))


def executor_of(site: Site, subject: Subject) -> Address:
    """Somebody whom the timelock lets execute."""
    if subject.lane is not Lane.TIMELOCK or site.timelock.look(subject.head).open_executor:
        return ANYONE
    holders = site.timelock.role_members(subject.head).get(EXECUTOR, frozenset())
    if not holders:
        message = f"nobody holds EXECUTOR_ROLE of {site.network.timelock}"
        finding = Finding(rule="no-executor", message=message, hint="what is scheduled could never be executed")
        raise Refused("the timelock has no executor", findings=(finding,))
    return min(holders)


# 2. The blocks.


def script_of(subject: Subject, executor: Address) -> Script:
    """The blocks, from the one after the head to the last execution."""
    safe = (subject.owners, subject.threshold)
    first = [act for tx in subject.earlier for act in safe_acts(safe, tx, f"earlier: nonce {tx.nonce}")]
    for pending in subject.pending:
        if pending.eta is None:
            verb = "schedule" if subject.lane is Lane.TIMELOCK else "execute"
            first += safe_acts(safe, pending.step.safe_tx, f"{verb}: {pending.step.label}")
    blocks: list[tuple[Moment, tuple[Act, ...]]] = [(subject.start, tuple(first))] if first else []
    early = 0
    for index, pending in enumerate(subject.pending if subject.lane is Lane.TIMELOCK else ()):
        last = blocks[-1][0] if blocks else subject.head.timestamp
        before = subject.pending[index - 1].step if index else None
        done = subject.done if index == 0 else None if before is None else (before, last)
        due = max(subject.due(pending), last if done is None else _after(*done, pending.step))
        if due.seconds - 2 > last.seconds:
            waiting = subject.pending[index:] if index == 0 else [pending]
            tries = tuple(execution_act(each.step, executor, must_pass=False) for each in waiting)
            early = len(blocks) if index == 0 and blocks else early
            blocks.append((Moment(due.seconds - 1), tries))
            last = blocks[-1][0]
        moment = max(due, last + Duration(1))
        blocks.append((moment, (execution_act(pending.step, executor, must_pass=True),)))
    moments, acts = zip(*blocks, strict=True)
    return Script(moments=moments, acts=acts, early=early)


def _after(before: Step, executed: Moment, step: Step) -> Moment:
    """A dispatcher's activation delay begins when the operation before is executed, however late that is."""
    if before.operation is None or step.operation is None:
        return executed
    return executed + Duration(max(step.operation.delay.seconds - before.operation.delay.seconds, 0))


def safe_acts(safe: tuple[Sequence[Address], int], tx: SafeTx, label: str) -> list[Act]:
    """A quorum of the owners, given with the threshold, approves on chain; then anyone has the Safe execute: nobody signs."""
    everybody, threshold = safe
    owners = everybody[:threshold]
    approve = Call(to=tx.safe, data=encode_call(APPROVE, [tx.hash]), summary="approveHash")
    quorum = count(tx.hash, [], owners=everybody, threshold=threshold, approved=frozenset(owners))
    sent = [Sent(call=approve, sender=owner) for owner in owners]
    approvals = [Act(label=f"approve nonce {tx.nonce}", sent=each, must_pass=True) for each in sent]
    call = execution(tx, quorum.blob())
    return [*approvals, Act(label=label, sent=Sent(call=call, sender=ANYONE), must_pass=True)]


def execution_act(step: Step, executor: Address, *, must_pass: bool) -> Act:
    """The timelock's execution of a step."""
    assert step.operation is not None
    label = f"execute: {step.label}" if must_pass else f"execute too early: {step.label}"
    return Act(label=label, sent=Sent(call=step.operation.execute(), sender=executor), must_pass=must_pass)
