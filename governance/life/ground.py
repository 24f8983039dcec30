"""States that never were, to stand on: what a proposal would leave, and whole lives that are played there.

A ground is a block, scenes on top of it, and everything that they change, to the word. A life on it is planned and written
like any other (`life/script.py`), by ports that read the ground; nothing of it is ever sent.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from governance.core.difference import Change, joined, stored
from governance.core.errors import Place
from governance.core.facts import Head
from governance.core.kinds import KINDS, Lane
from governance.core.network import Network
from governance.core.plan import Plan, derive_plan
from governance.core.policy import Policy, Rule
from governance.core.proposal import SCHEMA, Proposal, read
from governance.core.scenes import Act, BlockResult, Frame, Scene, Trial
from governance.core.slots import SAFE_NONCE, approval_slot, timestamp_slot, word_at
from governance.core.tree import Mapping as Tree
from governance.core.tree import planted
from governance.core.units import Bytes32, Duration, Moment
from governance.life.locked import Locked
from governance.life.pin import gather, kind_of
from governance.life.script import APPROVE, Pending, Script, Subject, executor_of, script_of
from governance.life.site import Site, Workspace
from governance.ports import Chain, Simulator

Build = Callable[[Chain], Site]
"""The ports of the network over another chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where lives are played: a node, and one of its blocks."""

    simulator: Simulator
    build: Build
    head: Head

    def ground(
        self, scenes: Sequence[Scene], changes: Sequence[Change], moment: Moment, *, eager: bool = False
    ) -> "Ground":
        """The state after the scenes, whose changes are known to the word; `eager` when it will be read whole."""
        chain, head = self.simulator.after(scenes, moment, self.head, changes=changes, whole=True, eager=eager)
        return Ground(stage=self, scenes=tuple(scenes), changes=tuple(changes), site=self.build(chain), head=head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A state that never was."""

    stage: Stage
    scenes: tuple[Scene, ...]
    changes: tuple[Change, ...]
    """Everything that the scenes make different."""
    site: Site
    """The ports over it."""
    head: Head
    """What it is read at."""

    def at(self, moment: Moment) -> "Ground":
        """The same, read at another moment."""
        return self.stage.ground(self.scenes, self.changes, moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """A proposal's whole life on a ground."""

    plan: Plan
    blocks: tuple[BlockResult, ...]
    changes: tuple[Change, ...]
    """All that its acts change; empty when one reverts."""
    frames: tuple[Frame, ...]
    after: Ground | None
    """The state that it leaves; None when an act does not go as it must."""


def drafted(document: Mapping[str, Any], proposal_id: str) -> Proposal:
    """A proposal that nobody has written down. Raises Rejected when it does not follow its schema."""
    tree = planted(document, Place(file=proposal_id, line=1, column=1))
    assert isinstance(tree, Tree)
    models = {name: kind.document for name, kind in KINDS.items()}
    return read(tree, id=proposal_id, file=proposal_id, models=models)


def stand_in(kind: str, network: Network, policy: Policy, proposal_id: str, reason: str) -> Proposal:
    """A proposal of a kind that takes nothing but a reason, in place of one that somebody would write."""
    document = {
        "schema": SCHEMA,
        "title": f"A stand-in: {kind}",
        "author": min(policy.members),
        "networks": [network.name],
        "kind": kind,
        "summary": reason,
        "reason": reason,
    }
    return drafted(document, proposal_id)


def rule_on(ground: Ground, policy: Policy, kind: str, otherwise: Rule) -> tuple[Rule, tuple[str, ...]]:
    """The rule by which a kind is rehearsed on a ground, and what is to be known of it.

    Where none allows the kind, it is `otherwise`; a delay that the timelock would refuse there is the timelock's least.
    """
    found = policy.rule_for(kind, ground.site.network.name)
    if found is None:
        return otherwise, (f"no rule of policies.yaml allows {kind}: it is rehearsed by {otherwise.id}",)
    least = ground.site.timelock.look(ground.head).min_delay
    if found.via != Lane.TIMELOCK or found.delay >= least:
        return found, ()
    told = f"rule {found.id} gives {kind} a delay of {found.delay}, but the timelock would ask for {least}: change the rule"
    return replace(found, delay=least), (told,)


def planned(ground: Ground, workspace: Workspace, proposal: Proposal, policy: Policy, rule: Rule) -> Locked:
    """The plan that would follow on the ground, with the Safe's very next nonce. Raises Refused when it does not fit.

    Whether the policy in force would let it is not asked: nobody knows what it will say then.
    """
    site, kind = ground.site, kind_of(proposal)
    pins = gather(site, workspace, policy, rule, proposal, ground.head)
    pins = replace(pins, nonce=site.safe(kind.lane).look(ground.head).nonce)
    plan = derive_plan(proposal, kind, network=site.network, pins=pins)
    return Locked(proposal=proposal, policy=policy, kind=kind, plan=plan, effects=None)


def live(ground: Ground, locked: Locked, *, eager: bool = False) -> Life:
    """Play the plan's whole life; `eager` when what it leaves will be read whole. Raises Refused when nobody could execute."""
    site, stage = ground.site, ground.stage
    safe = site.safe(locked.plan.lane).look(ground.head)
    subject = Subject(
        locked=locked,
        is_locked=False,
        head=ground.head,
        pending=tuple(Pending(step=step, eta=None) for step in locked.plan.steps),
        earlier=(),
        owners=safe.owners,
        threshold=safe.threshold,
        findings=(),
    )
    script = script_of(subject, executor_of(site, subject))
    scenes = [*ground.scenes, *script.scenes]
    along = [*first_trial(timed(script), ground.changes), *_second_trial(subject, script, safe.nonce, ground.changes)]
    played = stage.simulator.play(scenes, stage.head, along=along)[len(ground.scenes) :]
    blocks = script.results(played)
    if not all(result.as_it_must for block in blocks for result in block.acts):
        return Life(plan=locked.plan, blocks=blocks, changes=(), frames=(), after=None)
    changes, frames = whole(stage, timed(script), ground.changes)
    after = stage.ground(scenes, joined(ground.changes, changes), script.moments[-1] + Duration(1), eager=eager)
    return Life(plan=locked.plan, blocks=blocks, changes=changes, frames=frames, after=after)


Timed = tuple[Moment, Act]


def approves(act: Act) -> bool:
    """Whether an owner approves a hash by it: the one word that this changes is known."""
    return act.sent.call.data.startswith(APPROVE.selector)


def timed(script: Script) -> list[Timed]:
    """Every act that must pass, with its moment."""
    pairs = zip(script.moments, script.acts, strict=True)
    return [(moment, act) for moment, acts in pairs for act in acts if act.must_pass]


def first_trial(acts: Sequence[Timed], given: Sequence[Change]) -> list[Trial]:
    """The first trace that `whole` will want; none where every change is known."""
    made: tuple[Change, ...] = ()
    for moment, act in acts:
        if not approves(act):
            return [Trial(sent=act.sent, moment=moment, given=joined(given, made))]
        made = joined(made, [_approval(act)])
    return []


def _second_trial(subject: Subject, script: Script, nonce: int, given: Sequence[Change]) -> list[Trial]:
    """The execution after a schedule that goes as any does: one nonce of the Safe, and one word of the timelock.

    When the schedule turns out to change anything else, this is not what will be wanted, and nobody takes it.
    """
    acts = timed(script)
    if (
        subject.lane is not Lane.TIMELOCK
        or len(subject.pending) != 1
        or acts[-1][1].sent.call.to == acts[0][1].sent.call.to
    ):
        return []
    step, made = subject.pending[0].step, [_approval(act) for _, act in acts if approves(act)]
    assert step.operation is not None
    due = stored(step.safe_tx.to, timestamp_slot(step.operation.id), subject.due(subject.pending[0]).seconds)
    made += [stored(step.safe_tx.safe, word_at(SAFE_NONCE), nonce + 1), due]
    moment, act = acts[-1]
    return [Trial(sent=act.sent, moment=moment, given=joined(given, made))]


def _approval(act: Act) -> Change:
    slot = approval_slot(act.sent.sender, Bytes32(act.sent.call.data[4:36]))
    return stored(act.sent.call.to, slot, 1)


def whole(stage: Stage, acts: Sequence[Timed], given: Sequence[Change]) -> tuple[tuple[Change, ...], tuple[Frame, ...]]:
    """Everything that the acts change, one after another, on the block with the given changes made."""
    made: tuple[Change, ...] = ()
    frames: list[Frame] = []
    for moment, act in acts:
        if approves(act):
            made = joined(made, [_approval(act)])
            continue
        trace = stage.simulator.trace(act.sent, moment, stage.head, given=joined(given, made))
        made = joined(made, trace.changes)
        frames += trace.delegated
    return made, tuple(frames)
