"""`gov simulate --all-pending`: every open proposal of a network with every other, in each order that could come about.

Procedure:
1. The open proposals: what is locked as it is locked, drafts with the nonces that would come next.
2. What is only queued in the order of nonces may be executed in any: each order is supposed on the block, step by step, every
   proposal at one and the same moment in each, so that words that hold a moment do not differ.
3. Whether each could still be queued once another is executed.
4. Pairs whose order matters, and what cannot follow any other (`core/stacked.py`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from governance.core.difference import Change, joined, stored
from governance.core.errors import Refused, Rejected
from governance.core.facts import Head
from governance.core.kinds import Lane
from governance.core.plan import derive_plan
from governance.core.scenes import Act, Traced, Trial
from governance.core.slots import SAFE_NONCE, approval_slot, slot_names, timestamp_slot, word_at
from governance.core.stacked import (
    FULL,
    Open,
    Order,
    Outcome,
    Stack,
    judge_orders,
    judge_queueing,
    must_precede,
    orders,
    prefixes,
)
from governance.core.stage import Stage
from governance.core.units import Duration, Moment
from governance.life.ground import Build, approves
from governance.life.locked import Locked
from governance.life.pin import kind_of, plan_now
from governance.life.script import Pending, Subject, execution_act, executor_of, safe_acts, still_to_do
from governance.life.site import Site, Workspace
from governance.life.watch import look
from governance.ports import Simulator

_OVER = {Stage.EXECUTED, Stage.CANCELLED}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One act that is supposed, how long after the proposal's first, and what must be supposed for it."""

    act: Act
    later: Duration
    given: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """One open proposal, ready to be supposed."""

    open: Open
    subject: Subject
    takes_effect: tuple[_Try, ...]
    queues: tuple[_Try, ...]
    """Empty when all is queued, or there is no timelock."""
    due: Moment
    """When it may take effect, were it queued now."""


def stack(site: Site, workspace: Workspace, simulator: Simulator, build: Build) -> Stack:
    """Play the open proposals of a network. Nothing is sent, nothing is written."""
    site = build(simulator.chain)
    head = site.chain.head()
    entries, left_out = _entries(site, workspace, head)
    opens = [entry.open for entry in entries.values()]
    found = orders(opens)
    moment = max((entry.due for entry in entries.values()), default=head.timestamp)
    outcomes = _outcomes(simulator, entries, found, moment)
    queueing = _queueing(simulator, entries, outcomes, moment)
    plans = [entry.subject.locked.plan for entry in entries.values()]
    names = {key: words for plan in plans for key, words in slot_names(plan, site.network).items()}
    return Stack(
        network=site.network.name,
        head=head,
        proposals=tuple(entries),
        left_out=left_out,
        orders=len(found),
        every=len(opens) <= FULL,
        findings=(*judge_orders(opens, outcomes, names), *judge_queueing(queueing)),
    )


# 1. The open proposals.


def _entries(site: Site, workspace: Workspace, head: Head) -> tuple[dict[str, _Entry], dict[str, str]]:
    found: dict[str, _Entry] = {}
    left_out: dict[str, str] = {}
    drafts: dict[str, int] = {}
    for proposal_id in workspace.proposal_ids():
        try:
            if site.network.name not in workspace.proposal(proposal_id).document.networks:
                continue
            subject = _locked(site, workspace, proposal_id, head) or _draft(site, workspace, proposal_id, head, drafts)
            if subject.pending:
                found[proposal_id] = _entry(site, subject)
        except (Refused, Rejected) as error:
            left_out[proposal_id] = "; ".join((error.message, *(each.message for each in error.findings)))
    return found, left_out


def _locked(site: Site, workspace: Workspace, proposal_id: str, head: Head) -> Subject | None:
    """A locked proposal with what is left of it, nothing when it is over; None for a draft."""
    sighting = look(site, workspace, proposal_id)
    if sighting.locked is None:
        return None
    if sighting.stage is Stage.DISPLACED:
        raise Refused(f"{proposal_id} is displaced: another transaction took its nonce")
    pending = () if sighting.stage in _OVER else still_to_do(sighting)
    return _subject(site, sighting.locked, pending, head, is_locked=True)


def _draft(site: Site, workspace: Workspace, proposal_id: str, head: Head, drafts: dict[str, int]) -> Subject:
    """A proposal that nobody has locked, with the nonces behind those of the drafts before it."""
    proposal = workspace.proposal(proposal_id)
    kind, plan = kind_of(proposal), plan_now(site, workspace, proposal_id).plan
    nonce = max(plan.pins.nonce, drafts.get(plan.safe, 0))
    plan = derive_plan(proposal, kind, network=site.network, pins=replace(plan.pins, nonce=nonce))
    drafts[plan.safe] = nonce + len(plan.steps)
    locked = Locked(proposal=proposal, policy=workspace.policy(), kind=kind, plan=plan, effects=None)
    return _subject(site, locked, tuple(Pending(step=step, eta=None) for step in plan.steps), head, is_locked=False)


def _subject(site: Site, locked: Locked, pending: tuple[Pending, ...], head: Head, *, is_locked: bool) -> Subject:
    safe = site.safe(locked.plan.lane).look(head)
    return Subject(
        locked=locked,
        is_locked=is_locked,
        head=head,
        pending=pending,
        earlier=(),
        owners=safe.owners,
        threshold=safe.threshold,
        findings=(),
    )


def _entry(site: Site, subject: Subject) -> _Entry:
    plan = subject.locked.plan
    unsent = [each for each in subject.pending if each.eta is None]
    by_safe = tuple(_by_safe(subject, each) for each in unsent)
    timed = subject.lane is Lane.TIMELOCK
    return _Entry(
        open=Open(
            proposal=plan.proposal,
            lane=plan.lane,
            safe=plan.safe,
            nonces=tuple(each.step.safe_tx.nonce for each in unsent),
            operations=tuple(each.step.operation.id for each in subject.pending if each.step.operation is not None),
            predecessor=plan.pins.predecessor,
        ),
        subject=subject,
        takes_effect=tuple(_by_timelock(site, subject)) if timed else by_safe,
        queues=by_safe if timed else (),
        due=subject.due(subject.pending[0]) if timed else subject.start,
    )


def _by_safe(subject: Subject, pending: Pending) -> _Try:
    """The Safe's own execution, a quorum having approved it, when it is its nonce's turn."""
    tx = pending.step.safe_tx
    *approvals, act = safe_acts((subject.owners, subject.threshold), tx, pending.step.label)
    assert all(approves(each) for each in approvals)
    slots = [approval_slot(each.sent.sender, tx.hash) for each in approvals]
    turn = stored(tx.safe, word_at(SAFE_NONCE), tx.nonce, before=tx.nonce - 1 if tx.nonce else 1)
    return _Try(act=act, later=Duration(0), given=(turn, *(stored(tx.safe, slot, 1) for slot in slots)))


def _by_timelock(site: Site, subject: Subject) -> Iterator[_Try]:
    executor, first = executor_of(site, subject), subject.pending[0].step.operation
    for each in subject.pending:
        operation = each.step.operation
        assert operation is not None
        assert first is not None
        queued = stored(operation.timelock, timestamp_slot(operation.id), subject.due(subject.pending[0]).seconds)
        yield _Try(
            act=execution_act(each.step, executor, must_pass=True),
            later=Duration(operation.delay.seconds - first.delay.seconds),
            given=() if each.eta is not None else (queued,),
        )


# 2. The orders.


def _outcomes(
    simulator: Simulator, entries: Mapping[str, _Entry], found: Sequence[Order], moment: Moment
) -> dict[Order, Outcome]:
    """Of every beginning of an order, each built on the one that is shorter by one."""
    head = next(iter(entries.values())).subject.head if entries else None
    outcomes: dict[Order, Outcome] = {}
    for level in prefixes(found):
        running = {
            order: outcomes[order[:-1]].changes if order[:-1] else ()
            for order in level
            if len(order) == 1 or (order[:-1] in outcomes and outcomes[order[:-1]].ok)
        }
        for index in range(max((len(entries[order[-1]].takes_effect) for order in running), default=0)):
            turn = [
                order
                for order in running
                if index < len(entries[order[-1]].takes_effect) and outcomes.get(order, _BEGUN).ok
            ]
            tries = [entries[order[-1]].takes_effect[index] for order in turn]
            wanted = [
                Trial(
                    sent=each.act.sent,
                    moment=moment + each.later,
                    given=joined(_queued(entries, order), running[order], each.given),
                )
                for order, each in zip(turn, tries, strict=True)
            ]
            assert head is not None
            for order, traced in zip(turn, simulator.traces(wanted, head), strict=True):
                running[order] = joined(running[order], traced.changes)
                outcomes[order] = Outcome(ok=traced.ok, reason=traced.reason, changes=running[order])
    return outcomes


_BEGUN = Outcome(ok=True, reason="", changes=())


def _queued(entries: Mapping[str, _Entry], order: Order) -> tuple[Change, ...]:
    """That everything of an order waits in the timelock."""
    timed = (entries[name] for name in order if entries[name].open.lane is Lane.TIMELOCK)
    return tuple(change for entry in timed for each in entry.takes_effect for change in each.given)


# 3. Queueing afterwards.


def _queueing(
    simulator: Simulator, entries: Mapping[str, _Entry], outcomes: Mapping[Order, Outcome], moment: Moment
) -> dict[tuple[str, str], tuple[bool, str]]:
    """Whether what can be queued now could still be, once another is executed. By executed and queued."""
    alone = {order[-1]: outcome.changes for order, outcome in outcomes.items() if len(order) == 1 and outcome.ok}
    pairs: list[tuple[str, str, _Try]] = []
    for queued, entry in entries.items():
        for each in entry.queues:
            pairs.append(("", queued, each))
            pairs += [(done, queued, each) for done in alone if done != queued and _first(entries, done, queued)]
    wanted = [
        Trial(
            sent=each.act.sent,
            moment=moment + Duration(1),
            given=joined(_queued(entries, (done,)) if done else (), alone.get(done, ()), each.given),
        )
        for done, _, each in pairs
    ]
    if not wanted:
        return {}
    head = next(iter(entries.values())).subject.head
    told: dict[tuple[str, str], Traced] = {}
    for (done, queued, _), traced in zip(pairs, simulator.traces(wanted, head), strict=True):
        before = told.setdefault((done, queued), traced)
        told[done, queued] = traced if before.ok else before
    return {
        (done, queued): (traced.ok, traced.reason)
        for (done, queued), traced in told.items()
        if done and told["", queued].ok
    }


def _first(entries: Mapping[str, _Entry], done: str, queued: str) -> bool:
    """Whether one may be executed before the other is even queued."""
    one, other = entries[done].open, entries[queued].open
    in_turn = one.safe != other.safe or not one.nonces or max(one.nonces) < min(other.nonces)
    return in_turn and not must_precede(other, one)
