"""`gov pr review` and `gov pr comment`: what a code host's jobs run on a pull request. The first reads, the second writes.

They are two, so that the job which reads what anybody sent holds no right to write, and the one that writes reads it as data.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance import __version__
from governance.apps import disk, wiring
from governance.apps.cli.common import HERE, AsJson, WorkspaceDir, console, emit, finding_document
from governance.core.errors import Refused, Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.adapters.workspace import FileWorkspace
    from governance.core.page import Page
    from governance.core.rehearsal import Rehearsal
    from governance.life.pullrequest import Told
    from governance.life.site import Rehearse, Site

app = typer.Typer(name="pr", help="What jobs of a code host run on a pull request.", no_args_is_help=True)
CommentFile = Annotated[Path, typer.Option("--comment", help="The comment, as Markdown.", metavar="FILE")]
SarifFile = Annotated[Path | None, typer.Option("--sarif", help="Write the findings, for a code host.", metavar="FILE")]
InForce = Annotated[
    Path | None, typer.Option("--in-force", help="The policies.yaml of the branch that is merged into.", metavar="FILE")
]
MOST_BYTES = 262_144
"""Of a comment's file that was made by another job."""


@app.command("review", short_help="Check, rehearse and count; write the comment.")
def review(
    comment: CommentFile,
    workspace: WorkspaceDir = HERE,
    in_force: InForce = None,
    sarif: SarifFile = None,
    json: AsJson = False,
) -> None:
    """Everything that reviewers should be told of the proposals here. Asks each network that has an endpoint."""
    from governance.core.sarif import report as as_sarif
    from governance.life import inforce, pullrequest
    from governance.life.locked import open_with_report
    from governance.life.review import misnamed
    from governance.life.review import review as check

    space = wiring.workspace(workspace)
    force = inforce.InForce() if in_force is None else inforce.in_force(space, base=disk.policy(in_force), sites=[])
    made = check(
        space.proposal_ids(),
        policy=space.policy(),
        read=space.proposal,
        open_lock=lambda i, n: open_with_report(space, i, n),
        force=force,
    )
    told = pullrequest.tell([*made, *misnamed(space.misnamed())], space, cache(lambda name: _reached(space, name)))
    disk.write(comment, pullrequest.comment(told, lambda i, played: _page(space, i, played)))
    if sarif is not None:
        found = ((f"proposals/{each.review.name}.yaml", finding) for each in told for finding in each.findings)
        disk.write(sarif, as_sarif(found, version=__version__))
    if json:
        emit({"schema": "governance/pull-request/v1", "proposals": [_document(each) for each in told]})
    else:
        for words in pullrequest.digest_words(told):
            console().print(words, markup=False)
    if any(each.findings for each in told):
        raise typer.Exit(1)


def _document(each: "Told") -> dict[str, Any]:
    return {
        "name": each.review.name,
        "findings": [finding_document(finding) for finding in each.findings],
        "networks": [
            {
                "network": there.network,
                "stage": there.stage,
                "signed": list(there.signers),
                "threshold": there.threshold,
                "rehearsed": there.rehearsal is not None,
            }
            for there in each.there
        ],
    }


def _reached(space: "FileWorkspace", network: str) -> "tuple[Site, Rehearse] | None":
    """None where no endpoint is known; one that does not answer is an error."""
    try:
        wiring.endpoint(space, network)
    except Refused:
        return None
    site = wiring.site(space, network)
    return site, wiring.rehearse(space, site)


def _page(space: "FileWorkspace", proposal_id: str, played: "Sequence[Rehearsal]") -> "Page":
    from governance.life.locked import open_lock
    from governance.life.pin import plan_now
    from governance.life.report import page_of

    made = []
    for each in played:
        locked = open_lock(space, proposal_id, each.network)
        plan = (
            locked.plan if locked is not None else plan_now(wiring.site(space, each.network), space, proposal_id).plan
        )
        made.append((space.policy().networks[each.network], plan, each))
    return page_of(space, made)


@app.command("comment", short_help="Write the comment on the pull request, or write it anew.")
def comment(
    file: Annotated[Path, typer.Option("--file", help="What `gov pr review` wrote, as data.", metavar="FILE")],
    number: Annotated[Path, typer.Option("--number", help="A file with the pull request's number.", metavar="FILE")],
    head: Annotated[str, typer.Option("--head", help="The commit that was reviewed.", metavar="SHA")],
    json: AsJson = False,
) -> None:
    """By GitHub's API; repository, API and token come from the job's environment. One comment, however often it runs."""
    from governance.life.pullrequest import MARK, MOST

    text = _small(file, MOST_BYTES).decode("utf-8", errors="replace")
    if not text.startswith(MARK):
        raise Rejected(f"{file} is not what gov pr review writes")
    written = _small(number, 16).strip()
    if not written.isdigit():
        raise Rejected(f"{number} holds no number")
    pull = wiring.pull_request(int(written))
    pull.require_head(head)
    done = pull.say(MARK, text[:MOST])
    if json:
        emit({"schema": "governance/comment/v1", "number": int(written), "done": done})
    else:
        console().print(f"{done}: the comment on pull request {int(written)}")


def _small(file: Path, most: int) -> bytes:
    with file.open("rb") as opened:
        raw = opened.read(most + 1)
    if len(raw) > most:
        raise Rejected(f"{file} has more than {most} bytes")
    return raw
