"""The emergency drill: on the state that a proposal leaves, the guardian stops the system and the council lets it work again.

Procedure:
1. The guardian Safe pauses. A system without a pause gives a note; one that is paused already skips this.
2. Every routed selector is called: each must be refused, and by the pause. Those that the system answers itself never
   reach a facet: another check tells of them (`selector-shadowed`).
3. The council unpauses through the timelock, with whatever delay that takes.
4. Every routed selector answers as it would have without the pause, at the same moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.core.call import Call
from governance.core.drill import (
    HINT,
    Answers,
    Drill,
    excused,
    judge_act,
    judge_gas,
    judge_restored,
    judge_stopped,
    new_only,
)
from governance.core.errors import Finding, Refused
from governance.core.facts import Generation, TargetFacts
from governance.core.policy import Rule
from governance.core.scenes import BlockResult
from governance.life.ground import Ground, drafted, live, planned, rule_on
from governance.life.locked import Locked
from governance.life.ownfunctions import own_functions_of
from governance.life.rollback import document
from governance.life.site import Workspace

NO_PAUSE = "no emergency drill: an EIP-2535 diamond has no pause"
REASON = "a drill"
_RULES = {"emergency_pause": "drill-pause-reverts", "unpause": "drill-unpause-unreachable"}
_WORDS = {"emergency_pause": "the guardian's pause", "unpause": "the council's unpause"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """A drill, None where there is nothing to drill; what is wrong, and what is to be known."""

    drill: Drill | None
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilling:
    """What a drill is made with."""

    workspace: Workspace
    locked: Locked
    """The proposal after which it is held."""
    rule: Rule
    """The one it goes by, and by which is rehearsed what no rule of the policy allows."""


def drilled(how: Drilling, before: Ground, after: Ground) -> Drilled:
    """The drill on what the proposal leaves. What a drill before the proposal finds as well is a note."""
    target = after.site.target.look(after.head)
    if target.generation is Generation.DIAMOND:
        return Drilled(drill=None, findings=(), notes=(NO_PAUSE,))
    made = _course(how, after, target)
    left, told = excused(made.findings, how.locked.proposal.document.acknowledge)
    if not left:
        return Drilled(drill=made.drill, findings=(), notes=(*made.notes, *told))
    try:
        earlier = _course(how, before, before.site.target.look(before.head)).findings
    except Refused:
        earlier = ()  # what cannot be read before the proposal excuses nothing afterwards
    new, notes = new_only(left, earlier)
    return Drilled(drill=made.drill, findings=tuple(new), notes=(*made.notes, *told, *notes))


def _course(how: Drilling, ground: Ground, target: TargetFacts) -> Drilled:
    """All of it, as far as it goes."""
    routed = routed_calls(how.workspace, target)
    # 1. The guardian pauses.
    stop = _Outcome(after=ground) if target.paused else _live(how, ground, "emergency_pause", eager=True)
    findings, start = [*stop.findings], _Outcome()
    if stop.after is not None:
        # 2. Nothing runs.
        then = None if target.paused else ground.at(stop.after.head.timestamp)
        *without, stopped = _answers_together([*([] if then is None else [then]), stop.after], routed)
        findings += judge_stopped(without[0] if without else None, stopped)
        # 3. The council unpauses.
        start = _live(how, stop.after, "unpause")
        findings += start.findings
    if start.after is not None and not target.paused:
        # 4. Everything answers again.
        findings += judge_restored(*_answers_together([ground.at(start.after.head.timestamp), start.after], routed))
    limit = ground.stage.simulator.gas_limit(ground.stage.head)
    drill = Drill(pause=stop.blocks, unpause=start.blocks, routed=len(routed), gas_limit=limit)
    return Drilled(
        drill=drill, findings=(*findings, *judge_gas(drill)), notes=tuple(dict.fromkeys(stop.notes + start.notes))
    )


def routed_calls(workspace: Workspace, target: TargetFacts) -> list[Call]:
    """Every routed selector without arguments, but for those that the system answers itself."""
    own = own_functions_of(workspace, target)
    return [Call(to=target.address, data=route.selector) for route in target.routes if route.selector not in own]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """Of one of the two lives."""

    after: Ground | None = None
    """None where it does not come to its end."""
    blocks: tuple[BlockResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def _live(how: Drilling, ground: Ground, kind: str, *, eager: bool = False) -> _Outcome:
    locked, network = how.locked, ground.site.network.name
    try:
        rule, notes = rule_on(ground, locked.policy, kind, how.rule)
        proposal = drafted(document(locked.proposal, {"kind": kind, "reason": REASON}, [network]), locked.proposal.id)
        life = live(ground, planned(ground, how.workspace, proposal, locked.policy, rule), eager=eager)
    except Refused as error:
        told = error.findings or (Finding(rule="", message=error.message),)
        return _Outcome(
            findings=tuple(
                Finding(rule=_RULES[kind], message=f"{_WORDS[kind]} would be refused: {each.message}", hint=HINT)
                for each in told
            )
        )
    findings = judge_act(_RULES[kind], _WORDS[kind], life.blocks)
    return _Outcome(after=life.after, blocks=life.blocks, findings=tuple(findings), notes=notes)


def _answers_together(grounds: Sequence[Ground], routed: Sequence[Call]) -> list[Answers]:
    """Of several states, asked for together."""
    grounds[0].stage.simulator.alike([ground.site.chain for ground in grounds], routed)
    return [answers_of(ground, routed) for ground in grounds]


def answers_of(ground: Ground, routed: Sequence[Call]) -> Answers:
    """What every routed selector answers when it is called without arguments."""
    answers = ground.site.chain.call_many(routed, ground.head) if routed else []
    return {call.data: (given.ok, given.data) for call, given in zip(routed, answers, strict=True)}
