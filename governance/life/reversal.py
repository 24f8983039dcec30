"""The rollback, rehearsed: on the state that a proposal leaves, the proposal that takes it back lives its whole life.

Procedure:
1. The kind derives the way back from the pins (`Kind.inverse`); a kind without one gives a note.
2. It is planned and played on what the proposal leaves, by the lanes and delays that are its own.
3. There and back must change nothing, to the slot, but for what by its nature never comes back (`core/reversal.py`).
4. Where the books of a contract stand aside, what they mean is compared: every statement, before and afterwards.
"""

from collections.abc import Collection
from dataclasses import dataclass

from governance.core.difference import Change, Key, joined
from governance.core.errors import Finding, GovError, Refused, Rejected
from governance.core.facts import Head
from governance.core.kinds.upgrade import DIAMOND_CUT
from governance.core.pins import Needs
from governance.core.policy import Rule
from governance.core.reversal import (
    GOES_ON,
    Reversal,
    Round,
    judge_reversal,
    natural,
    needs_statements,
    sorted_out,
)
from governance.core.scenes import Frame
from governance.core.situation import statements
from governance.core.slots import slot_names
from governance.core.units import Address
from governance.life.ground import Ground, Life, drafted, live, planned, rule_on
from governance.life.locked import Locked
from governance.life.rollback import document
from governance.life.site import Site, Workspace
from governance.life.situation import situation_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done, as a rollback needs to know it."""

    locked: Locked
    before: tuple[Site, Head]
    after: Ground
    changes: tuple[Change, ...]
    """All that the proposal's own acts change."""
    frames: tuple[Frame, ...]
    """Whose code ran in whose name meanwhile."""
    moving: frozenset[Key]
    """Values that hold a moment."""
    rule: Rule
    """The rule that the proposal itself goes by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversed:
    """A rehearsed rollback, None where there is none; what is wrong with it, and what is to be known."""

    reversal: Reversal | None
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def reverse(workspace: Workspace, done: Done) -> Reversed:
    """Rehearse the rollback of what was done."""
    locked, site = done.locked, done.after.site
    declared = locked.proposal.document.irreversible
    body = locked.kind.inverse(locked.proposal.document, site.network, locked.plan.pins)
    if body is None:
        why = f"declared irreversible: {declared}" if declared else f"no rollback is derived from a {locked.kind.name}"
        return Reversed(reversal=None, findings=(), notes=(why,))
    notes: tuple[str, ...] = ()
    try:
        rule, notes = rule_on(done.after, locked.policy, body["kind"], done.rule)
        proposal = drafted(document(locked.proposal, body, [site.network.name]), locked.proposal.id)
        life = live(done.after, planned(done.after, workspace, proposal, locked.policy, rule))
    except (Refused, Rejected) as error:
        told = _told(error)
        if declared is not None:
            return Reversed(reversal=None, findings=(), notes=(*notes, *(f"declared irreversible: {f}" for f in told)))
        return Reversed(reversal=None, findings=told, notes=notes)
    found = _compared(done, life, body["kind"])
    names = slot_names(locked.plan, site.network) | slot_names(life.plan, site.network)
    findings, more = judge_reversal(found, names, declared)
    return Reversed(reversal=found, findings=tuple(findings), notes=(*notes, *more))


def _told(error: GovError) -> tuple[Finding, ...]:
    hint = "what cannot be taken back must be said under `irreversible`"
    told = error.findings or (Finding(rule="", message=error.message),)
    return tuple(
        Finding(rule="rollback-impossible", message=f"the rollback would be refused: {each.message}", hint=hint)
        for each in told
    )


def _compared(done: Done, life: Life, kind: str) -> Reversal:
    """Both differences as one, sorted by what never comes back."""
    if life.after is None:
        return Reversal(kind=kind, blocks=life.blocks, left=(), statements=(), natural=())
    network = done.after.site.network
    there = Round(
        plans=(done.locked.plan, life.plan),
        network=network,
        members=_members(done, life),
        moving=done.moving,
        own_code=not _foreign(done, life),
    )
    left, by_nature = sorted_out(joined(done.changes, life.changes), natural(there))
    told = _differing(done, life.after) if needs_statements(by_nature) else ()
    return Reversal(kind=kind, blocks=life.blocks, left=left, statements=told, natural=by_nature)


def _members(done: Done, life: Life) -> Collection[Address]:
    """Owners and modules of the Safes that act, before and between."""
    between, lane = (done.after.site, done.after.head), done.locked.plan.lane
    looked = [(done.before, lane), (between, lane), (between, life.plan.lane)]
    facts = [site.safe(lane).look(head) for (site, head), lane in looked]
    return {member for each in facts for member in (*each.owners, *each.modules)}


def _foreign(done: Done, life: Life) -> bool:
    """Whether the governed system ran any code but its own, and the facet by which a diamond cuts itself."""
    target = done.after.site.network.target
    pinned = (plan.pins.target for plan in (done.locked.plan, life.plan))
    routes = [route for facts in pinned if facts is not None for route in facts.routes]
    cuts = {route.facet for route in routes if route.selector == DIAMOND_CUT.selector}
    return any(frame.account == target and frame.code not in cuts for frame in (*done.frames, *life.frames))


def _differing(done: Done, after: Ground) -> tuple[str, ...]:
    """Every statement that is not as it was."""
    was, now = (statements(situation_of(site, Needs(), head)) for site, head in (done.before, (after.site, after.head)))
    return tuple(
        f"after the rollback {' '.join(statement)} would be {now.get(statement, 'gone')}, "
        f"before it was {was.get(statement, 'not there')}"
        for statement in sorted({*was, *now})
        if was.get(statement) != now.get(statement) and statement not in GOES_ON
    )
