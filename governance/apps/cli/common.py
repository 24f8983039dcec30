"""What every command shares: options, and how results and errors leave the process.

stdout carries the result: tables for people, one JSON document with `--json`. stderr carries everything else.
"""

import json
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, NoReturn, TextIO, cast

import typer

from governance.core.errors import Finding, GovError, Refused, Rejected

if TYPE_CHECKING:
    from rich.console import Console

    from governance.core.units import Bytes32

WorkspaceDir = Annotated[Path, typer.Option("--workspace", "-C", help="The folder with policies.yaml and proposals/.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
ProposalId = Annotated[str, typer.Argument(help="A proposal: 0007, or 0007-swap-fee-facet.", metavar="ID")]
OnNetwork = Annotated[
    str | None, typer.Option("--network", "-n", help="Only this network of the proposal's.", metavar="NAME")
]
Key = Annotated[Path, typer.Option("--key", help="Encrypted keystore of the account.", metavar="FILE")]
PasswordFd = Annotated[
    int | None,
    typer.Option("--password-fd", help="Read the keystore's password from this file descriptor.", metavar="N"),
]
Unrehearsed = Annotated[
    bool, typer.Option("--unrehearsed", help="Go without a rehearsal, where the node cannot play one.")
]
Broadcast = Annotated[bool, typer.Option("--broadcast", help="Really send. Without it, nothing leaves this machine.")]
MaxFee = Annotated[
    int, typer.Option("--max-fee-gwei", help="Highest fee per gas that may be paid.", min=1, metavar="GWEI")
]

HERE = Path()
"""The default workspace."""
PLAIN_WIDTH = 180
"""Columns of tables that go to a file or a pipe."""


def console(*, stderr: bool = False) -> "Console":
    """A Rich console: colours and progress on a terminal only; elsewhere wide lines, so that nothing is broken."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        return Console(file=stream, highlight=False, soft_wrap=True)  # a wrapped hash can still be copied whole
    return Console(file=cast("IO[str]", Trimmed(stream)), highlight=False, soft_wrap=True, width=PLAIN_WIDTH)


class Trimmed:
    """A stream that ends no line in blanks: tables pad their cells, which files and reviews do not want."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write whole lines, as Rich does."""
        self._stream.write("\n".join(line.rstrip(" ") for line in text.split("\n")))
        return len(text)

    def flush(self) -> None:
        """Pass it on."""
        self._stream.flush()

    def isatty(self) -> bool:
        """A terminal's lines are left as they are."""
        return False


def emit(document: Mapping[str, Any]) -> None:
    """Write one JSON document to stdout."""
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n")


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values."""
    place = finding.place
    return {
        "rule": finding.rule,
        "message": finding.message,
        "hint": finding.hint,
        "path": finding.path,
        "place": None if place is None else {"file": place.file, "line": place.line, "column": place.column},
    }


def error_document(error: GovError) -> dict[str, Any]:
    """An error as JSON values."""
    return {
        "schema": "governance/error/v1",
        "error": type(error).__name__,
        "message": error.message,
        "hint": error.hint(),
        "findings": [finding_document(finding) for finding in error.findings],
        "exit_code": error.exit_code,
    }


def tell_error(error: GovError) -> None:
    """Write an error to stderr: the sentence, every finding, the hint. Control characters never reach the terminal."""
    lines = [f"{type(error).__name__}: {error.message}"]
    lines += [f"  {finding}" for finding in error.findings]
    if error.hint():
        lines.append(f"  hint: {error.hint()}")
    sys.stderr.write("".join(printable(line) + "\n" for line in lines))


def leave(error: GovError) -> NoReturn:
    """End with an error after the document that shows it was written: stdout holds one document, never two."""
    tell_error(error)
    raise typer.Exit(error.exit_code)


def trouble(take_note: Callable[[], None]) -> GovError | None:
    """The error of taking a note, if any: for commands that first show what the chain said, then end with it."""
    try:
        take_note()
    except GovError as error:
        return error
    return None


def printable(text: str) -> str:
    """Text without control characters, which could move a terminal's cursor over what was printed."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def confirm_hash(name: str, word: "Bytes32", given: Sequence[str] | None) -> None:
    """The hash, compared elsewhere, must be given, or two of its groups typed: a `y` is given without looking.

    Which groups is left to chance each time, so that no habit answers.
    """
    from governance.core.safetx import grouped
    from governance.core.units import to_hex

    if given is not None:
        if to_hex(word) not in given:
            raise Refused(f"no --confirm names {to_hex(word)}", hint="compare the hash with the one you reviewed")
        return
    if not sys.stdin.isatty():
        raise Rejected("nobody is there to confirm", hint="run in a terminal, or give the hash with --confirm")
    groups = grouped(word).split()
    asked = sorted(secrets.SystemRandom().sample(range(len(groups)), 2))
    places = " and ".join(f"{place + 1}" for place in asked)
    typed = typer.prompt(f"type groups {places} of the {name}, of 16, as your other screen shows it", err=True)
    if typed.replace(" ", "").lower() != "".join(groups[place] for place in asked):
        raise Refused("the groups differ: nothing was signed", hint="compare the hash on the card once more")


def counted(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def one_proposal(given: str, ids: Sequence[str]) -> str:
    """The id that `0007`, `7`, `0007-swap` or a file name means. Raises Rejected unless it is exactly one."""
    name = Path(given).name.removesuffix(".yaml")
    found = [i for i in ids if i == name] or [i for i in ids if i.startswith(name.zfill(4) if name.isdigit() else name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise Rejected(f"`{printable(given)}` means several proposals: {', '.join(found)}")
    raise Rejected(f"there is no proposal `{printable(given)}`", hint=f"there are: {', '.join(ids) or 'none'}")
