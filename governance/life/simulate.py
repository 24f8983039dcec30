"""`gov simulate`: a proposal's whole life on the live state, before anybody signs or sends.

Procedure:
1. The script: what is still to be done, in which blocks, and what must come of it (`life/script.py`).
2. The blocks are played, and each act is held against what must come of it.
3. Just before the time, and again without the proposal at the same moment: nothing may differ.
4. After the last step: every promise, read by the code that `gov verify` reads it by; and who may do what
   (`life/governing.py`).
5. What each execution changes, to the slot, and whose code it runs. Nothing may change that is not promised or declared.
6. On the state that is left, the rollback and the emergency drill (`life/onward.py`).
7. Every facet that is routed to anew is inspected on the state that is left (`life/inspect.py`).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from governance.core.call import Call
from governance.core.difference import Change, Key, effects_digest, joined, stored
from governance.core.effects import RouteIs, Seen
from governance.core.errors import Finding, Refused
from governance.core.expectation import expected_keys, expected_on, hold_changes, hold_events, open_ended
from governance.core.extra import Known, judge_unannounced, unannounced
from governance.core.facts import Head
from governance.core.kinds import Lane
from governance.core.network import Network
from governance.core.plan import Plan
from governance.core.rehearsal import Rehearsal, answer, judge_blocks, judge_delegated, judge_early, judge_promises
from governance.core.scenes import BlockResult, Frame, Scene, Trial
from governance.core.slots import Names, approval_slot, slot_names, timestamp_slot
from governance.core.units import Address, Duration, Moment, to_hex
from governance.life.governing import Governing, governed_by
from governance.life.ground import Build, Stage, Timed, timed
from governance.life.inspect import After, inspect_change
from governance.life.locked import Locked
from governance.life.onward import Onward, foreseen, go_on, left_by
from governance.life.script import Script, Subject, executor_of, script_of, subject_of
from governance.life.site import Site, Workspace
from governance.life.verify import expected_answers, promised_effects
from governance.ports import Simulator

T = TypeVar("T")
LATER = Duration(4 * 3600)
"""How much later everything is tried once more, to tell what follows from the moment."""


def simulate(
    site: Site,
    workspace: Workspace,
    simulator: Simulator,
    build: Build,
    proposal_id: str,
    *,
    plan: Plan | None = None,
) -> Rehearsal:
    """Rehearse a proposal on one network. Raises Refused when there is nothing that could be rehearsed.

    `plan` is one that is not locked yet; without it, the locked one is rehearsed, or what would be locked now.
    """
    site = build(simulator.chain)
    subject = subject_of(site, workspace, proposal_id, plan)
    script = script_of(subject, executor_of(site, subject))
    played = simulator.play(script.scenes, subject.head, along=_foreseen(subject, script))
    blocks = script.results(played)
    findings = [*subject.findings, *judge_blocks(blocks)]
    if script.early:
        findings += _early(subject, script, simulator, build)
    names = slot_names(subject.locked.plan, site.network)
    promised: list[Seen] = []
    changes: tuple[Change, ...] = ()
    undeclared: tuple[Change, ...] = ()
    moving: frozenset[Key] = frozenset()
    onward, governing = Onward(), Governing()
    passed = all(result.played.ok for block in blocks for result in block.acts if result.act.must_pass)
    if passed:
        changes, frames = _traced(subject, script, simulator)
        moving = _moving(subject, script, simulator, changes)
        left = left_by(Stage(simulator=simulator, build=build, head=subject.head), subject, script, changes)
        after, then = left.after.site, left.after.head
        ran = {frame.account for frame in frames}
        unread: list[Seen] = []
        effects = _read(partial(promised_effects, after, subject.locked, then), unread, findings)
        answers = expected_answers(after, subject.locked, then)
        findings += judge_promises("effect-missing", effects) + judge_promises("expectation-broken", answers)
        none: set[Address] = set()
        facets = _read(partial(_facets, after, then), none, findings) if site.network.target in ran else none
        findings += judge_delegated(frames, _code_of(site, subject.head, ran, facets))
        before = _before(subject, script, simulator, build) if subject.earlier else (site, subject.head)
        governing = _read(partial(governed_by, subject.locked, before, (after, then)), governing, findings)
        findings += governing.findings
        declared, undeclared = _held_against(subject.locked, site.network, names, changes, frames, blocks)
        findings += judge_promises("expectation-broken", declared) + judge_unannounced(undeclared, names)
        promised = [*effects, *answers, *declared]
        live = (site, subject.head)
        onward = _read(
            partial(go_on, workspace, subject, left, live=live, frames=frames, moving=moving), onward, findings
        )
        findings += onward.findings
    made = subject.locked.plan
    end = After(scenes=script.scenes, moment=script.moments[-1] + Duration(1)) if passed else None
    of_facets, notes = inspect_change(site, workspace, simulator, made, head=subject.head, after=end)
    return Rehearsal(
        proposal=proposal_id,
        network=site.network.name,
        lane=made.lane,
        checksum=made.checksum,
        locked=subject.is_locked,
        head=subject.head,
        blocks=blocks,
        promised=tuple(promised),
        changes=changes,
        effects=effects_digest(changes, moving=moving | _left_open(subject.locked, site.network)),
        moving=moving,
        whole=len(subject.pending) == len(made.steps),
        undeclared=undeclared,
        names=names,
        findings=(*findings, *of_facets),
        reversal=onward.reversal,
        drill=onward.drill,
        power=governing.power,
        notes=(*onward.notes, *governing.notes, *notes),
    )


# 3. Before the time.


def _early(subject: Subject, script: Script, simulator: Simulator, build: Build) -> list[Finding]:
    """At one moment, with the proposal scheduled and without it."""
    scheduled = script.scenes[: script.early]
    moment = Moment(script.moments[script.early].seconds - 1)
    seen = []
    for scenes in (_without(subject, script), scheduled):
        chain, head = simulator.after(scenes, moment, subject.head)
        seen.append(_behaviour(build(chain), subject.locked, head))
    return judge_early(*seen)


def _without(subject: Subject, script: Script) -> list[Scene]:
    """What happens before the proposal's own first act."""
    first, ours = script.scenes[0], len(subject.earlier) * (subject.threshold + 1)
    return [Scene(moment=first.moment, sent=first.sent[:ours])]


def _before(subject: Subject, script: Script, simulator: Simulator, build: Build) -> tuple[Site, Head]:
    chain, head = simulator.after(_without(subject, script), script.moments[0], subject.head)
    return build(chain), head


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


def _read(read: Callable[[], T], otherwise: T, findings: list[Finding]) -> T:
    """What is read of the state that is left. That it can no longer be read is a finding."""
    try:
        return read()
    except Refused as error:
        told = error.findings or (Finding(rule="unreadable-afterwards", message=error.message, hint=error.hint()),)
        findings += [finding for finding in told if finding not in findings]
        return otherwise


# 5. What changes.


def _held_against(
    locked: Locked,
    network: Network,
    names: Names,
    changes: Sequence[Change],
    frames: Sequence[Frame],
    blocks: Sequence[BlockResult],
) -> tuple[list[Seen], tuple[Change, ...]]:
    """Declared changes and events, and the changes that nobody declared."""
    expected = expected_on(locked.proposal.document.expect, network.name)
    acts = [result for block in blocks for result in block.acts if result.act.must_pass]
    logs = [log for result in acts for log in result.played.logs]
    declared = hold_changes(expected, changes, network.target) + hold_events(expected, logs, network.target)
    known = Known(
        plan=locked.plan, network=network, frames=frames, names=names, expected=expected_keys(expected, network.target)
    )
    return declared, unannounced(changes, known)


def _moving(subject: Subject, script: Script, simulator: Simulator, changes: Sequence[Change]) -> frozenset[Key]:
    """Values that are others when everything happens a little later."""
    then, _ = _traced(subject, _later(script), simulator)
    return frozenset({change.key for change in set(changes) ^ set(then)})


def _later(script: Script) -> Script:
    return replace(script, moments=tuple(moment + LATER for moment in script.moments))


def _foreseen(subject: Subject, script: Script) -> list[Trial]:
    """Traces that will be wanted when all goes as it must: of the first execution, now and later, and of what prepares it."""
    if subject.lane is not Lane.TIMELOCK:
        return []
    given, times = _scheduled(subject), (script, _later(script))
    first = [next(iter(_executions(subject, each))) for each in times]
    return [*(Trial(sent=act.sent, moment=moment, given=given) for moment, act in first), *foreseen(subject, script)]


def _left_open(locked: Locked, network: Network) -> frozenset[Key]:
    """Values that the proposal expects to change, to whatever."""
    expected = expected_on(locked.proposal.document.expect, network.name)
    return expected_keys(open_ended(expected), network.target)


def _traced(subject: Subject, script: Script, simulator: Simulator) -> tuple[tuple[Change, ...], list[Frame]]:
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
    subject: Subject, script: Script, simulator: Simulator
) -> tuple[tuple[Change, ...], list[Frame]]:
    given = _scheduled(subject)
    steps: list[tuple[Change, ...]] = []
    frames: list[Frame] = []
    for moment, act in _executions(subject, script):
        trace = simulator.trace(act.sent, moment, subject.head, given=joined(given, *steps))
        steps.append(trace.changes)
        frames += trace.delegated
    return joined(*steps), frames


def _scheduled(subject: Subject) -> tuple[Change, ...]:
    """The timelock's word for each operation that it is still to be told of."""
    timelock, given = subject.pending[0].step.safe_tx.to, []
    for each in subject.pending:
        assert each.step.operation is not None
        if each.eta is None:
            given.append(stored(timelock, timestamp_slot(each.step.operation.id), subject.due(each).seconds))
    return joined(given)


def _executions(subject: Subject, script: Script) -> list[Timed]:
    """Of each step, with its moment."""
    timelock = subject.pending[0].step.safe_tx.to
    return [(moment, act) for moment, act in timed(script) if act.sent.call.to == timelock]


def _code_of(
    site: Site, head: Head, accounts: Collection[Address], facets: set[Address]
) -> dict[Address, set[Address]]:
    """Which code each account that governs, or is governed, may run as its own; only of those that ran foreign code."""
    allowed: dict[Address, set[Address]] = {site.network.timelock: set()}
    for account, safe in ((site.network.council, site.council), (site.network.guardian, site.guardian)):
        if account in accounts:
            allowed[account] = {safe.look(head).singleton}
    if site.network.target in accounts:
        allowed[site.network.target] = _facets(site, head) | facets
    return allowed


def _facets(site: Site, head: Head) -> set[Address]:
    return {route.facet for route in site.target.look(head).routes}
