"""`gov status`: where a proposal stands on a network, derived from one block and the files beside the proposal.

Nothing stored is read to decide. The journal's last sighting is only held against the new one, to notice the impossible.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

from governance.core.errors import Finding
from governance.core.facts import Head, OperationFacts, SafeFacts, SafeOutcome
from governance.core.plan import Plan, Step
from governance.core.quorum import Quorum
from governance.core.stage import DONE_TIMESTAMP, Stage, StepFacts, overall, stage_of
from governance.core.units import Moment
from governance.core.voting import Voting
from governance.life.locked import Locked, open_lock
from governance.life.pin import kind_of
from governance.life.site import Site, Workspace
from governance.life.voting import electorate, vote


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSighting:
    """One step of a plan, seen at one block."""

    step: Step
    stage: Stage
    voting: Voting
    """Who has signed, through however many Safes."""
    operation: OperationFacts | None
    outcome: SafeOutcome | None

    @property
    def quorum(self) -> Quorum:
        """Of the Safe that acts."""
        return self.voting.quorum

    @property
    def eta(self) -> Moment | None:
        """From when the operation may execute; None while it is not scheduled or already done."""
        scheduled = self.operation is not None and self.operation.timestamp > DONE_TIMESTAMP
        return Moment(self.operation.timestamp) if scheduled and self.operation is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A proposal on one network, seen at one block."""

    proposal: str
    network: str
    head: Head
    now: Moment
    """The head's time, or that of a later block for which it was looked."""
    safe: SafeFacts
    locked: Locked | None
    steps: tuple[StepSighting, ...]

    @property
    def stage(self) -> Stage:
        """That of the first unfinished step; drafted while nothing is locked."""
        return overall([step.stage for step in self.steps]) if self.steps else Stage.DRAFTED

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the signatures."""
        return tuple(finding for step in self.steps for finding in step.voting.findings)


def look(site: Site, workspace: Workspace, proposal_id: str, *, moment: Moment | None = None) -> Sighting:
    """Derive the stage at the newest block. Raises Refused when the lock file does not hold.

    With a later `moment`, as the newest block's state will be seen by a block of that time.
    """
    locked = open_lock(workspace, proposal_id, site.network.name)
    head = site.chain.head()
    kind = kind_of(workspace.proposal(proposal_id)) if locked is None else locked.kind
    safe = site.safe(kind.lane).look(head)
    now = head.timestamp if moment is None else max(head.timestamp, moment)
    steps = () if locked is None else _see(site, workspace, locked, safe, head, now)
    return Sighting(
        proposal=proposal_id,
        network=site.network.name,
        head=head,
        now=now,
        safe=safe,
        locked=locked,
        steps=tuple(steps),
    )


def _see(
    site: Site, workspace: Workspace, locked: Locked, safe: SafeFacts, head: Head, now: Moment
) -> list[StepSighting]:
    plan = locked.plan
    port = site.safe(plan.lane)
    operations = _operations(site, plan, head)
    outcomes = port.outcomes([step.safe_tx.hash for step in plan.steps], head)
    ballots = workspace.mailbox(plan.proposal).all()
    people = electorate(site, safe, head)
    sightings = []
    for step, operation, outcome in zip(plan.steps, operations, outcomes, strict=True):
        given = [ballot for ballot in ballots if ballot.safe_tx_hash == step.safe_tx.hash]
        voting = vote(site, port, people, step.safe_tx, given)
        facts = StepFacts(
            now=now,
            operation=operation,
            outcome=outcome,
            pinned_nonce=step.safe_tx.nonce,
            safe_nonce=safe.nonce,
            quorum_met=voting.quorum.met,
            grace=plan.pins.grace,
        )
        sightings.append(
            StepSighting(step=step, stage=stage_of(facts), voting=voting, operation=operation, outcome=outcome)
        )
    return sightings


def _operations(site: Site, plan: Plan, head: Head) -> Sequence[OperationFacts | None]:
    ids = [step.operation.id for step in plan.steps if step.operation is not None]
    return site.timelock.operations(ids, head) if ids else list(repeat(None, len(plan.steps)))
