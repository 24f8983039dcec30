"""Everything that can go wrong, drawn once, by who has to act.

    GovError
    ├── Rejected          change the document or the command      exit 2
    ├── Refused           the moment or the policy says no        exit 1
    ├── Unreachable       the world did not answer: try again     exit 3
    │   └── InFlight      something is sent and not yet settled   exit 3
    └── ChainContradicts  a person must look                      exit 4

An error speaks one sentence, may point at places in documents, and hints at what to do. It never carries a secret.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a document: 1-based line and column, as editors count."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, where, by which rule, and what to do about it."""

    rule: str
    """Stable id of the rule that speaks, e.g. `yaml-duplicate-key` or a policy rule's id."""
    message: str
    """One sentence, without a full stop's worth of history."""
    hint: str = ""
    """What the reader can do now."""
    place: Place | None = None
    """None when the fault is not in a document, e.g. on chain."""
    path: str = ""
    """Path inside the document, e.g. `changes[1].selectors[0]`."""

    def __str__(self) -> str:
        where = "  ".join(part for part in (str(self.place or ""), self.path) if part)
        text = f"{where}  {self.message}" if where else self.message
        return f"{text}  (rule {self.rule})" + (f"\n    hint: {self.hint}" if self.hint else "")


class GovError(Exception):
    """Base of every error this package raises on purpose."""

    exit_code: ClassVar[int]

    def __init__(self, message: str, *, hint: str = "", findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.findings = findings
        self._hint = hint

    def hint(self) -> str:
        """What the reader can do now; empty when there is nothing honest to advise."""
        return self._hint


class Rejected(GovError):
    """The document or the command is malformed: change it."""

    exit_code = 2


class Refused(GovError):
    """Well-formed, but not allowed, not true on chain, or not now."""

    exit_code = 1


class Unreachable(GovError):
    """The chain, the network or the database did not answer: try again."""

    exit_code = 3


class InFlight(Unreachable):
    """Something was sent, and whether it is mined cannot be told yet: look again. Nothing is lost by asking twice."""


class ChainContradicts(GovError):
    """Chain and records cannot both be right: a person must look."""

    exit_code = 4
