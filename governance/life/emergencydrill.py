"""What `gov emergency drill` holds against a fork: before the pause was really sent there, and after.

Before: the pause must be one that only stops things, by its trace. After: every routed call must be refused, and by the
pause; and the council must be able to end it through the timelock, after which everything answers as it would have without.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.core.drill import HINT, judge_act, judge_restored, judge_stopped
from governance.core.errors import Finding, Refused
from governance.core.facts import TargetFacts
from governance.core.policy import Policy, Rule
from governance.core.safetx import SafeTx
from governance.core.stopping import judge_stop
from governance.core.units import Duration
from governance.life.drill import answers_of, routed_calls
from governance.life.ground import Build, Ground, live, planned, rule_on, stand_in
from governance.life.presign import ground_now, paused_on, rule_of
from governance.life.site import Site, Workspace
from governance.ports import Simulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The state that is about to be paused."""

    ground: Ground
    target: TargetFacts
    policy: Policy
    rule: Rule
    tx: SafeTx
    """The pause that would be sent."""
    gas: int
    """What it takes."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """What came of it."""

    paused: bool
    routed: int
    """How many routed calls were tried."""
    blocked: int
    restored: bool
    """The council can end it, and then everything answers as before."""
    waits: Duration | None
    """How long ending it takes; None where nobody can."""
    findings: tuple[Finding, ...]


def before(site: Site, workspace: Workspace, simulator: Simulator, build: Build) -> Before:
    """Raises Refused where the guardian cannot pause, or it is paused already."""
    ground, policy = ground_now(simulator, build, site), workspace.policy()
    head = ground.stage.head
    target = site.target.look(head)
    if target.paused:
        raise Refused(f"{site.network.name} is paused: there is nothing to drill", hint="see gov emergency aftermath")
    rule = rule_of(policy, site.network)
    life, stop = paused_on(ground, workspace, policy, rule)
    return Before(
        ground=ground,
        target=target,
        policy=policy,
        rule=rule,
        tx=stop.txs[0],
        gas=life.blocks[0].acts[-1].played.gas_used,
        findings=judge_stop(stop, site.network),
    )


def after(drilled: Before, site: Site, workspace: Workspace, simulator: Simulator, build: Build) -> After:
    """What the chain says once the pause was sent."""
    ground = ground_now(simulator, build, site)
    target = site.target.look(ground.stage.head)
    if not target.paused:
        finding = Finding(rule="drill-not-paused", message=f"{target.address} is not paused", hint=HINT)
        return After(paused=False, routed=0, blocked=0, restored=False, waits=None, findings=(finding,))
    routed = routed_calls(workspace, target)
    without = answers_of(drilled.ground.at(ground.head.timestamp), routed)
    now = answers_of(ground, routed)
    findings = judge_stopped(without, now)
    lifted, waits = _lifted(ground, drilled, workspace)
    findings += lifted
    end = waits[0] if waits else None
    restored = not lifted and end is not None
    if end is not None:
        changed = judge_restored(answers_of(drilled.ground.at(end.head.timestamp), routed), answers_of(end, routed))
        findings += changed
        restored = restored and not changed
    return After(
        paused=True,
        routed=len(routed),
        blocked=sum(not ok for ok, _ in now.values()),
        restored=restored,
        waits=None if end is None else ground.stage.head.timestamp.until(end.head.timestamp),
        findings=tuple(findings),
    )


def _lifted(ground: Ground, drilled: Before, workspace: Workspace) -> tuple[list[Finding], Sequence[Ground]]:
    """The council's unpause through the timelock, played; the ground that it leaves, none where it does not come so far."""
    unpause = stand_in("unpause", ground.site.network, drilled.policy, "drilled-unpause", "A drill.")
    try:
        rule, _ = rule_on(ground, drilled.policy, "unpause", drilled.rule)
        life = live(ground, planned(ground, workspace, unpause, drilled.policy, rule))
    except Refused as error:
        told = error.findings or (Finding(rule="", message=error.message),)
        words = "the council's unpause would be refused"
        return [
            Finding(rule="drill-unpause-unreachable", message=f"{words}: {each.message}", hint=HINT) for each in told
        ], ()
    findings = judge_act("drill-unpause-unreachable", "the council's unpause", life.blocks)
    return findings, () if life.after is None else (life.after,)
