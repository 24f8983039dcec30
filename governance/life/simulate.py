"""`gov simulate`: a proposal's whole life on the live state, before anybody signs or sends.

Procedure:
1. The plan: the lock file's, or what would be locked now. That a lock file is stale is a finding, not the end.
2. The blocks: what precedes it in the Safe's queue; the owners' approvals and the Safe's own execution; just before its
   time an execution that must be refused; at its time each step. What the chain has already done is passed over.
3. Just before the time, and again without the proposal at the same moment: nothing may differ.
4. After the last step: every promise, read by the code that `gov verify` reads it by.
5. What each execution changes, to the slot, and whose code it runs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from governance.core.call import Call, encode_call, function
from governance.core.difference import Change, joined, stored
from governance.core.effects import RouteIs, Seen
from governance.core.errors import Finding, Refused
from governance.core.facts import Head
from governance.core.keccak import keccak
from governance.core.kinds import Lane
from governance.core.plan import Step
from governance.core.quorum import count
from governance.core.rehearsal import (
    Act,
    ActResult,
    BlockResult,
    Frame,
    Rehearsal,
    Scene,
    Sent,
    answer,
    judge_blocks,
    judge_delegated,
    judge_early,
    judge_promises,
)
from governance.core.safetx import SafeTx, execution
from governance.core.slots import approval_slot, slot_names, timestamp_slot
from governance.core.stage import ACTIONS, DONE_TIMESTAMP, Stage
from governance.core.units import ZERO_WORD, Address, Bytes32, Duration, Moment, checksummed, to_hex
from governance.life.locked import Locked, open_lock, require_fresh
from governance.life.pin import kind_of, plan_now
from governance.life.site import Site, Workspace
from governance.life.verify import expected_answers, promised_effects
from governance.life.watch import Sighting, look
from governance.ports import Chain, Simulator

BLOCK_TIME = Duration(12)
"""After the head, the first block of the rehearsal."""
ANYONE = checksummed(keccak(b"gov rehearsal")[12:])
"""Who sends what anyone may send: an account that nobody holds."""
APPROVE = function("approveHash(bytes32)")
EXECUTOR_ROLE = Bytes32(keccak(b"EXECUTOR_ROLE"))

Build = Callable[[Chain], Site]
"""The ports of the network over another chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """A step that is still to be done."""

    step: Step
    eta: Moment | None
    """Of one that the timelock has scheduled already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What is rehearsed, on which block."""

    locked: Locked
    is_locked: bool
    head: Head
    pending: tuple[_Pending, ...]
    earlier: tuple[SafeTx, ...]
    """Safe transactions that must go first, in order of their nonces."""
    owners: tuple[Address, ...]
    threshold: int
    findings: tuple[Finding, ...]

    @property
    def lane(self) -> Lane:
        return self.locked.plan.lane

    @property
    def start(self) -> Moment:
        """Of the first block."""
        return self.head.timestamp + BLOCK_TIME

    def due(self, pending: _Pending) -> Moment:
        """From when on a step may be executed."""
        operation = pending.step.operation
        assert operation is not None
        return self.start + operation.delay if pending.eta is None else pending.eta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Script:
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


def simulate(site: Site, workspace: Workspace, simulator: Simulator, build: Build, proposal_id: str) -> Rehearsal:
    """Rehearse a proposal on one network. Raises Refused when there is nothing that could be rehearsed."""
    subject = _subject(site, workspace, proposal_id)
    script = _script(subject, _executor(site, subject))
    played = simulator.play(script.scenes, subject.head)
    blocks = tuple(
        BlockResult(
            moment=moment,
            acts=tuple(ActResult(act=act, played=result) for act, result in zip(acts, results, strict=True)),
        )
        for moment, acts, results in zip(script.moments, script.acts, played, strict=True)
    )
    findings = [*subject.findings, *judge_blocks(blocks)]
    if script.early:
        findings += _early(subject, script, simulator, build)
    promised: list[Seen] = []
    changes: tuple[Change, ...] = ()
    if all(result.played.ok for block in blocks for result in block.acts if result.act.must_pass):
        changes, frames = _traced(subject, script, simulator)
        later, then = simulator.after(script.scenes, script.moments[-1] + Duration(1), subject.head, changes=changes)
        after = build(later)
        effects, answers = _promised(after, subject.locked, then, findings)
        findings += judge_promises("effect-missing", effects) + judge_promises("expectation-broken", answers)
        findings += judge_delegated(frames, _code_of(site, subject, after, then, frames))
        promised = [*effects, *answers]
    plan = subject.locked.plan
    return Rehearsal(
        proposal=proposal_id,
        network=site.network.name,
        lane=plan.lane,
        checksum=plan.checksum,
        locked=subject.is_locked,
        head=subject.head,
        blocks=blocks,
        promised=tuple(promised),
        changes=changes,
        names=slot_names(plan, site.network),
        findings=tuple(findings),
    )


# 1. The plan.


def _subject(site: Site, workspace: Workspace, proposal_id: str) -> _Subject:
    opened = open_lock(workspace, proposal_id, site.network.name)
    if opened is None:
        proposal = workspace.proposal(proposal_id)
        plan = plan_now(site, workspace, proposal_id).plan
        locked = Locked(proposal=proposal, policy=workspace.policy(), kind=kind_of(proposal), plan=plan)
        head, safe = site.chain.head(), None
        pending = tuple(_Pending(step=step, eta=None) for step in plan.steps)
    else:
        sighting = look(site, workspace, proposal_id)
        locked, head, safe = opened, sighting.head, sighting.safe
        pending = _still_to_do(sighting)
    facts = site.safe(locked.plan.lane).look(head) if safe is None else safe
    _require_predecessor(site, locked, pending, head)
    unsent = [each.step.safe_tx.nonce for each in pending if each.eta is None]
    return _Subject(
        locked=locked,
        is_locked=opened is not None,
        head=head,
        pending=pending,
        earlier=_earlier(site, workspace, locked, facts.nonce, unsent[0]) if unsent else (),
        owners=facts.owners,
        threshold=facts.threshold,
        findings=_stale(site, workspace, locked, head) if opened is not None and unsent else (),
    )


def _still_to_do(sighting: Sighting) -> tuple[_Pending, ...]:
    assert sighting.locked is not None
    if sighting.stage in {Stage.EXECUTED, Stage.CANCELLED, Stage.EXPIRED}:
        message = f"{sighting.proposal} is {sighting.stage} on {sighting.network}: there is nothing to rehearse"
        raise Refused(message, hint=ACTIONS[sighting.stage] or "gov verify holds it against the chain")
    return tuple(_Pending(step=seen.step, eta=seen.eta) for seen in sighting.steps if seen.stage is not Stage.EXECUTED)


def _stale(site: Site, workspace: Workspace, locked: Locked, head: Head) -> tuple[Finding, ...]:
    """Why the plan would not be let through on chain any more, while the rest is still worth seeing."""
    try:
        require_fresh(site, workspace, locked, head)
    except Refused as error:
        if not error.findings:
            raise
        return error.findings
    return ()


def _require_predecessor(site: Site, locked: Locked, pending: Sequence[_Pending], head: Head) -> None:
    """What comes after another proposal is rehearsed on the state that the other leaves, once that is there."""
    plan = locked.plan
    if plan.pins.predecessor == ZERO_WORD or not pending or pending[0].step is not plan.steps[0]:
        return
    (operation,) = site.timelock.operations([plan.pins.predecessor], head)
    if operation.timestamp != DONE_TIMESTAMP:
        message = f"{locked.proposal.document.after} is not executed on {site.network.name} yet"
        hint = "rehearse it first; this one is rehearsed on the state that it leaves"
        finding = Finding(rule="simulate-predecessor", message=message, hint=hint, path="after")
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


def _executor(site: Site, subject: _Subject) -> Address:
    """Somebody whom the timelock lets execute."""
    if subject.lane is not Lane.TIMELOCK or site.timelock.look(subject.head).open_executor:
        return ANYONE
    holders = site.timelock.role_members(subject.head).get(EXECUTOR_ROLE, frozenset())
    if not holders:
        message = f"nobody holds EXECUTOR_ROLE of {site.network.timelock}"
        finding = Finding(rule="no-executor", message=message, hint="what is scheduled could never be executed")
        raise Refused("the timelock has no executor", findings=(finding,))
    return min(holders)


# 2. The blocks.


def _script(subject: _Subject, executor: Address) -> _Script:
    first = [act for tx in subject.earlier for act in _safe_acts(subject, tx, f"earlier: nonce {tx.nonce}")]
    for pending in subject.pending:
        if pending.eta is None:
            verb = "schedule" if subject.lane is Lane.TIMELOCK else "execute"
            first += _safe_acts(subject, pending.step.safe_tx, f"{verb}: {pending.step.label}")
    blocks: list[tuple[Moment, tuple[Act, ...]]] = [(subject.start, tuple(first))] if first else []
    early = 0
    for index, pending in enumerate(subject.pending if subject.lane is Lane.TIMELOCK else ()):
        last = blocks[-1][0] if blocks else subject.head.timestamp
        due = subject.due(pending)
        if due.seconds - 2 > last.seconds:
            waiting = subject.pending[index:] if index == 0 else [pending]
            tries = tuple(_execution(each.step, executor, must_pass=False) for each in waiting)
            early = len(blocks) if index == 0 and blocks else early
            blocks.append((Moment(due.seconds - 1), tries))
            last = blocks[-1][0]
        moment = max(due, last + Duration(1))
        blocks.append((moment, (_execution(pending.step, executor, must_pass=True),)))
    moments, acts = zip(*blocks, strict=True)
    return _Script(moments=moments, acts=acts, early=early)


def _safe_acts(subject: _Subject, tx: SafeTx, label: str) -> list[Act]:
    """A quorum of owners approves on chain, and then anyone has the Safe execute: no signature is needed."""
    owners = subject.owners[: subject.threshold]
    approve = Call(to=tx.safe, data=encode_call(APPROVE, [tx.hash]), summary="approveHash")
    quorum = count(tx.hash, [], owners=subject.owners, threshold=subject.threshold, approved=frozenset(owners))
    sent = [Sent(call=approve, sender=owner) for owner in owners]
    approvals = [Act(label=f"approve nonce {tx.nonce}", sent=each, must_pass=True) for each in sent]
    call = execution(tx, quorum.blob())
    return [*approvals, Act(label=label, sent=Sent(call=call, sender=ANYONE), must_pass=True)]


def _execution(step: Step, executor: Address, *, must_pass: bool) -> Act:
    assert step.operation is not None
    label = f"execute: {step.label}" if must_pass else f"execute too early: {step.label}"
    return Act(label=label, sent=Sent(call=step.operation.execute(), sender=executor), must_pass=must_pass)


# 3. Before the time.


def _early(subject: _Subject, script: _Script, simulator: Simulator, build: Build) -> list[Finding]:
    """At one moment, with the proposal scheduled and without it."""
    scheduled = script.scenes[: script.early]
    ours = len(subject.earlier) * (subject.threshold + 1)
    without = [Scene(moment=scheduled[0].moment, sent=scheduled[0].sent[:ours])]
    moment = Moment(script.moments[script.early].seconds - 1)
    seen = []
    for scenes in (without, scheduled):
        chain, head = simulator.after(scenes, moment, subject.head)
        seen.append(_behaviour(build(chain), subject.locked, head))
    return judge_early(*seen)


def _behaviour(site: Site, locked: Locked, head: Head) -> list[Seen]:
    """What everything that the proposal is about answers: each affected selector, each promise."""
    selectors = [effect.selector for effect in locked.plan.effects if isinstance(effect, RouteIs)]
    calls = [Call(to=site.network.target, data=selector) for selector in selectors]
    answers = site.chain.call_many(calls, head) if calls else []
    called = [
        answer(f"{to_hex(selector)} called without arguments", given.ok, given.data)
        for selector, given in zip(selectors, answers, strict=True)
    ]
    return [*called, *promised_effects(site, locked, head), *expected_answers(site, locked, head)]


# 4. After the last step.


def _promised(site: Site, locked: Locked, head: Head, findings: list[Finding]) -> tuple[list[Seen], list[Seen]]:
    """What would be found. A system that can no longer be read is a finding."""
    try:
        effects = promised_effects(site, locked, head)
    except Refused as error:
        findings += error.findings or (Finding(rule="effect-missing", message=error.message, hint=error.hint()),)
        effects = []
    return effects, expected_answers(site, locked, head)


# 5. What changes.


def _traced(subject: _Subject, script: _Script, simulator: Simulator) -> tuple[tuple[Change, ...], list[Frame]]:
    """Every execution, each on the state that those before it leave."""
    if subject.lane is Lane.TIMELOCK:
        return _traced_operations(subject, script, simulator)
    given: tuple[Change, ...] = ()
    steps: list[tuple[Change, ...]] = []
    frames: list[Frame] = []
    (moment,), (acts,) = script.moments, script.acts
    ours = {each.step.safe_tx.hash for each in subject.pending}
    txs = [*subject.earlier, *(each.step.safe_tx for each in subject.pending)]
    executions = acts[subject.threshold :: subject.threshold + 1]
    for tx, act in zip(txs, executions, strict=True):
        slots = [approval_slot(owner, tx.hash) for owner in subject.owners[: subject.threshold]]
        given = joined(given, [stored(tx.safe, slot, 1) for slot in slots])
        trace = simulator.trace(act.sent, moment, subject.head, given=given)
        given = joined(given, trace.changes)
        if tx.hash in ours:
            steps.append(trace.changes)
            frames += trace.delegated
    return joined(*steps), frames


def _traced_operations(
    subject: _Subject, script: _Script, simulator: Simulator
) -> tuple[tuple[Change, ...], list[Frame]]:
    timelock, given = subject.pending[0].step.safe_tx.to, []
    for each in subject.pending:
        assert each.step.operation is not None
        if each.eta is None:
            slot = timestamp_slot(each.step.operation.id)
            given.append(stored(timelock, slot, subject.due(each).seconds))
    steps: list[tuple[Change, ...]] = []
    frames: list[Frame] = []
    pairs = zip(script.moments, script.acts, strict=True)
    for moment, act in ((moment, act) for moment, acts in pairs for act in acts):
        if act.must_pass and act.sent.call.to == timelock:
            trace = simulator.trace(act.sent, moment, subject.head, given=joined(given, *steps))
            steps.append(trace.changes)
            frames += trace.delegated
    return joined(*steps), frames


def _code_of(
    site: Site, subject: _Subject, after: Site, then: Head, frames: Sequence[Frame]
) -> dict[Address, set[Address]]:
    """Which code each account that governs, or is governed, may run as its own; only of those that ran foreign code."""
    allowed: dict[Address, set[Address]] = {site.network.timelock: set()}
    accounts = {frame.account for frame in frames}
    for account, safe in ((site.network.council, site.council), (site.network.guardian, site.guardian)):
        if account in accounts:
            allowed[account] = {safe.look(subject.head).singleton}
    if site.network.target in accounts:
        routes = (*site.target.look(subject.head).routes, *after.target.look(then).routes)
        allowed[site.network.target] = {route.facet for route in routes}
    return allowed
