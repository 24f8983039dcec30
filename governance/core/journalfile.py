"""An exported journal: one note a line, each as canonical JSON (RFC 8785) with its hash; and a head that is kept elsewhere.

A chain of hashes tells a changed note, a gap and another order by itself. What it cannot tell is that its end was cut off, or
that all of it was written anew: a head (a number and a hash) that was kept elsewhere tells both.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import rfc8785

from governance.core.errors import Finding, Rejected
from governance.core.journal import Entry, verify
from governance.core.strictjson import require_shallow
from governance.core.units import Bytes32, Moment, shown, to_hex, word

_KEYS = {"sequence", "at", "kind", "proposal", "network", "subject", "previous", "hash"}
MAX_LINE = 1 << 20
"""Characters of one note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The newest note of a journal at some time."""

    sequence: int
    hash: Bytes32

    def __str__(self) -> str:
        return f"{self.sequence}:{to_hex(self.hash)}"


def read_head(text: str) -> Head:
    """`N:0x…`. Raises Rejected."""
    number, _, digest = text.partition(":")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise Rejected(f"`{shown(text)}` is not the head of a journal", hint="as gov journal head prints it: 41:0x…")
    return Head(sequence=int(number), hash=word(digest))


def head_of(entries: Sequence[Entry]) -> Head | None:
    """Of notes in order; None of none."""
    return Head(sequence=entries[-1].sequence, hash=entries[-1].hash) if entries else None


def written(entries: Sequence[Entry]) -> str:
    """The lines."""
    return "".join(f"{rfc8785.dumps(_value(entry)).decode()}\n" for entry in entries)


def _value(entry: Entry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "at": entry.at.seconds,
        "kind": entry.kind,
        "proposal": entry.proposal,
        "network": entry.network,
        "subject": dict(entry.subject),
        "previous": to_hex(entry.previous),
        "hash": to_hex(entry.hash),
    }


def read(text: str) -> list[Entry]:
    """The notes of an export, in their order. Raises Rejected, with every line that is not just what was written."""
    if text and not text.endswith("\n"):
        raise Rejected("the last line does not end", hint="the file was cut off, or edited")
    entries, findings = [], []
    for number, line in enumerate(text.split("\n")[:-1], 1):
        try:
            entries.append(_entry(line))
        except (ValueError, KeyError, TypeError, RecursionError, Rejected):
            findings.append(Finding(rule="journal-unreadable", message=f"line {number} is no note as it is written"))
    if findings:
        raise Rejected("the journal was damaged or changed", findings=tuple(findings))
    return entries


def _entry(line: str) -> Entry:
    """Raises ValueError and its like on anything but the canonical line of a note."""
    if len(line) > MAX_LINE:
        raise ValueError("too long")
    require_shallow(line, shown_as="the note")
    value = json.loads(line)
    if not isinstance(value, dict) or set(value) != _KEYS or not isinstance(value["subject"], dict):
        raise ValueError("no note")
    texts = [value["kind"], value["proposal"], value["network"], *value["subject"].values()]
    if not all(isinstance(text, str) for text in texts) or type(value["sequence"]) is not int:
        raise ValueError("no note")
    entry = Entry(
        sequence=value["sequence"],
        at=Moment(value["at"]),
        kind=value["kind"],
        proposal=value["proposal"],
        network=value["network"],
        subject=value["subject"],
        previous=word(value["previous"]),
        hash=word(value["hash"]),
    )
    if rfc8785.dumps(_value(entry)).decode() != line:
        raise ValueError("not canonical")
    return entry


def broken(entries: Sequence[Entry], kept: Sequence[Head] = ()) -> list[Finding]:
    """Whatever breaks the chain of notes, or does not lead to a head that was kept."""
    findings = verify(entries)
    by_number = {entry.sequence: entry.hash for entry in entries}
    for head in kept:
        if head.sequence not in by_number:
            message = f"note {head.sequence} is missing: notes were cut off, or this is a copy from before it"
            findings.append(Finding(rule="journal-cut", message=message))
        elif by_number[head.sequence] != head.hash:
            message = f"note {head.sequence} is not the one that was kept: everything up to it may be another"
            findings.append(Finding(rule="journal-rewritten", message=message))
    return findings
