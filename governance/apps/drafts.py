"""What the executor writes for people: the draft of a proposal that cancels an operation nobody executed in time."""

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
