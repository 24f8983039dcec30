"""Drafts that the executor writes for people: what cancels what nobody executed in time, what takes back what broke."""

from typing import TYPE_CHECKING

from governance.apps import disk
from governance.core.errors import Unreachable
from governance.life.draft import cut, next_id, scaffold
from governance.life.fulfil import Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.adapters.workspace import FileWorkspace


def draft_cancel(space: "FileWorkspace", report: Report) -> str | None:
    """Write the proposal that cancels an operation, once; gives its name, None when it is there already.

    Raises Unreachable where it cannot be written.
    """
    task = report.task

    def text() -> str:
        return scaffold(
            "cancel",
            author=space.proposal(task.proposal).document.author,
            network=task.network,
            title=f"Cancel {task.proposal}",
            summary="Its grace period has passed, and the timelock itself would still execute it.",
            reason=report.reason,
            other=task.proposal,
        )

    return _draft(space, f"cancel-{task.proposal}", text)


def draft_rollback(space: "FileWorkspace", report: Report) -> str | None:
    """Write the proposal that takes back what broke its promise, on that network, once; None where it is there already.

    Raises Refused where no rollback follows from the plan, Unreachable where it cannot be written.
    """
    from governance.core.kinds import KINDS
    from governance.life.locked import demand_lock
    from governance.life.rollback import rollback

    task = report.task

    def text() -> str:
        proposal, policy = space.proposal(task.proposal), space.policy()
        pins = {policy.networks[task.network]: demand_lock(space, task.proposal, task.network).plan.pins}
        return rollback(proposal, KINDS[proposal.document.kind], pins, policy)

    return _draft(space, f"roll-back-{task.proposal}", text)


def _draft(space: "FileWorkspace", name: str, text: "Callable[[], str]") -> str | None:
    """Into `.gov/drafts/`, out of the way of reviews."""
    folder, slug = space.root / ".gov" / "drafts", cut(name)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.glob(f"*-{slug}.yaml")):
            return None
        file = folder / f"{next_id(space.proposal_ids(), slug)}.yaml"
        return file.name if disk.write_new(file, text()) else None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unreachable(f"{slug} cannot be drafted: {reason}", hint=f"is {folder} writable?") from error
