"""`gov journal`: the chain of notes, held against itself and against a head that was kept elsewhere; offline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.apps import disk, wiring
from governance.apps.cli.common import HERE, AsJson, WorkspaceDir, console, counted, emit, leave
from governance.core.errors import Refused

if TYPE_CHECKING:
    from governance.core.journal import Entry

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The chain of notes, proven.")

Export = Annotated[Path | None, typer.Argument(help="An exported journal; else the workspace's own.", metavar="FILE")]
Kept = Annotated[
    list[str] | None,
    typer.Option("--head", help="A head that was kept elsewhere; may be given again.", metavar="N:0x…"),
]


@app.command("verify")
def verify(file: Export = None, workspace: WorkspaceDir = HERE, head: Kept = None, json: AsJson = False) -> None:
    """Find a changed note, a gap or another order; with a head, also an end that was cut off or a journal written anew."""
    from governance.core.journalfile import broken, head_of, read, read_head

    kept = [read_head(text) for text in head or ()]
    entries = read(disk.journal_text(file)) if file is not None else _entries(workspace)
    findings = broken(entries, kept)
    newest = head_of(entries)
    if json:
        told = [{"rule": each.rule, "message": each.message} for each in findings]
        words = None if newest is None else str(newest)
        emit({"schema": "governance/journal/v1", "notes": len(entries), "head": words, "findings": told})
    elif not findings:
        console().print(f"{counted(len(entries), 'note')}, each as it was written; head {newest}", markup=False)
    if findings:
        hint = "the chain is the truth: compare with a copy from elsewhere before believing any note"
        leave(Refused("the journal was damaged or changed", hint=hint, findings=tuple(findings)))


@app.command("head")
def head(workspace: WorkspaceDir = HERE, json: AsJson = False) -> None:
    """The newest note's number and hash, to be kept where nobody who writes the journal can: a mail, a print, another log."""
    from governance.core.journalfile import head_of

    entries = _entries(workspace)
    newest = head_of(entries)
    if newest is None:
        raise Refused("the journal is empty")
    if json:
        emit({"schema": "governance/journal/v1", "notes": len(entries), "head": str(newest), "findings": []})
    else:
        console().print(str(newest), markup=False)


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Written all or nothing; must not be there yet.", metavar="FILE")],
    workspace: WorkspaceDir = HERE,
    json: AsJson = False,
) -> None:
    """Write every note, one a line, to be read and verified without this workspace."""
    from governance.core.journalfile import head_of, written

    entries = _entries(workspace)
    if not disk.write_new(file, written(entries)):
        raise Refused(f"{file} is there already", hint="give another name")
    if json:
        words = None if not entries else str(head_of(entries))
        emit({"schema": "governance/journal/v1", "notes": len(entries), "head": words, "findings": []})
    else:
        console().print(f"{counted(len(entries), 'note')} in {file}; head {head_of(entries)}", markup=False)


def _entries(workspace: Path) -> "list[Entry]":
    """Raises Refused with everything that breaks the chain of notes."""
    return wiring.journal(wiring.workspace(workspace)).entries()
