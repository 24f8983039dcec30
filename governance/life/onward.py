"""What could be done after a proposal, rehearsed on the state that it leaves: taking it back, and stopping the system.

It begins where the proposal's own rehearsal ends, and only where that came to its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.core.difference import Change, Key, joined
from governance.core.drill import Drill
from governance.core.errors import Finding
from governance.core.facts import Head
from governance.core.kinds import Lane
from governance.core.reversal import Reversal
from governance.core.scenes import Act, Frame, Scene, Trial
from governance.core.units import Duration
from governance.life.drill import Drilling, drilled
from governance.life.ground import Ground, Stage, approves, first_trial, timed, whole
from governance.life.reversal import Done, Reversed, reverse
from governance.life.script import Script, Subject
from governance.life.site import Site, Workspace

BEGUN = "the rollback is not rehearsed: the proposal is partly executed already"
NO_RULE = "neither rollback nor drill is rehearsed: no rule of policies.yaml allows the proposal itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """What came of both."""

    reversal: Reversal | None = None
    drill: Drill | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """The state before a proposal's own first act, and the one that it leaves."""

    before: Ground
    after: Ground
    changes: tuple[Change, ...]
    """Of its own acts, all of them."""


def left_by(stage: Stage, subject: Subject, script: Script, executed: Sequence[Change]) -> Left:
    """Both states, when it is known what the executions change: what stands before them is traced as well."""
    ours = len(subject.earlier) * (subject.threshold + 1)
    first = timed(script)[: len(script.acts[0])]
    ahead, _ = whole(stage, first[:ours], ())
    changes, _ = whole(stage, [(moment, act) for moment, act in first[ours:] if _prepares(subject, act)], ahead)
    changes = joined(changes, executed)
    scenes = [Scene(moment=script.moments[0], sent=script.scenes[0].sent[:ours])] if ours else []
    return Left(
        before=stage.ground(scenes, ahead, script.moments[0]),
        after=stage.ground(script.scenes, joined(ahead, changes), script.moments[-1] + Duration(1), eager=True),
        changes=changes,
    )


def foreseen(subject: Subject, script: Script) -> list[Trial]:
    """The first trace that `left_by` will want."""
    ours = len(subject.earlier) * (subject.threshold + 1)
    first = timed(script)[: len(script.acts[0])]
    return first_trial(first if ours else [each for each in first if _prepares(subject, each[1])], ())


def _prepares(subject: Subject, act: Act) -> bool:
    """Whether an act stands before the executions: on the lanes without a timelock only the approvals do."""
    return approves(act) or (subject.lane is Lane.TIMELOCK and act.sent.call.to == subject.locked.plan.safe)


def go_on(
    workspace: Workspace,
    subject: Subject,
    left: Left,
    *,
    live: tuple[Site, Head],
    frames: Sequence[Frame],
    moving: frozenset[Key],
) -> Onward:
    """The rollback and the drill. `live` is the block itself. Raises Refused when what is left cannot be read."""
    locked = subject.locked
    rule = locked.policy.rule_for(locked.proposal.document.kind, live[0].network.name)
    if rule is None:
        return Onward(notes=(NO_RULE,))
    back = Reversed(reversal=None, findings=(), notes=(BEGUN,))
    if len(subject.pending) == len(locked.plan.steps):
        done = Done(
            locked=locked,
            before=(left.before.site, left.before.head) if subject.earlier else live,
            after=left.after,
            changes=left.changes,
            frames=tuple(frames),
            moving=moving,
            rule=rule,
        )
        back = reverse(workspace, done)
    stop = drilled(Drilling(workspace=workspace, locked=locked, rule=rule), left.before, left.after)
    return Onward(
        reversal=back.reversal,
        drill=stop.drill,
        findings=(*back.findings, *stop.findings),
        notes=(*back.notes, *stop.notes),
    )
