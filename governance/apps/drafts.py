"""Drafts that the executor writes for people: what cancels what nobody executed in time, what takes back what broke."""

from typing import TYPE_CHECKING

from governance.apps import wiring
from governance.life.draft import next_id, scaffold
from governance.life.fulfil import Report

if TYPE_CHECKING:
    from governance.adapters.workspace import FileWorkspace


def draft_cancel(space: "FileWorkspace", report: Report) -> str | None:
    """Write the draft into `.gov/drafts/`, out of the way of reviews, once; gives its name, None when it is there already."""
    task = report.task
    folder = space.root / ".gov" / "drafts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    slug = f"cancel-{task.proposal}"
    if any(folder.glob(f"*-{slug}.yaml")):
        return None
    proposal = space.proposal(task.proposal)
    text = scaffold(
        "cancel",
        author=proposal.document.author,
        network=task.network,
        title=f"Cancel {task.proposal}",
        summary="Its grace period has passed, and the timelock itself would still execute it.",
        reason=report.reason,
        other=task.proposal,
    )
    file = folder / f"{next_id(space.proposal_ids(), slug[:48])}.yaml"
    return file.name if wiring.write_new(file, text) else None


def draft_rollback(space: "FileWorkspace", report: Report) -> str | None:
    """Write the proposal that takes back what broke its promise, on that network, once; None where it is there already.

    Raises Refused where no rollback follows from the plan.
    """
    from governance.core.kinds import KINDS
    from governance.life.locked import demand_lock
    from governance.life.rollback import rollback

    task = report.task
    folder = space.root / ".gov" / "drafts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    slug = f"roll-back-{task.proposal}"[:48].rstrip("-")
    if any(folder.glob(f"*-{slug}.yaml")):
        return None
    proposal, policy = space.proposal(task.proposal), space.policy()
    pins = {policy.networks[task.network]: demand_lock(space, task.proposal, task.network).plan.pins}
    text = rollback(proposal, KINDS[proposal.document.kind], pins, policy)
    file = folder / f"{next_id(space.proposal_ids(), slug)}.yaml"
    return file.name if wiring.write_new(file, text) else None
