"""Office hours: days of the week and hours of the clock on the wall, in one zone, less holidays.

The hours follow the zone's own summer time: on a day of 23 or 25 hours, what counts is what the wall's clock shows. Which
zones there are, and what a file of holidays says, is handed in; nothing here reads a disk or knows what time it is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo

from governance.core.errors import Finding, Place
from governance.core.tree import Listing, Node, Scalar, child
from governance.core.tree import Mapping as Tree
from governance.core.units import Moment, shown

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FILE_NAME = r"[a-z0-9][a-z0-9_-]{0,60}(\.[a-z0-9]{1,8})?"
"""Of a file of holidays, beside the policy: no path leads elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Almanac:
    """What a policy's names of zones and files mean on this machine."""

    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    """By their names in the time zone database; one that is not there is unknown."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Files beside the policy, by name."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Files that could not be read, and why."""


NO_ALMANAC = Almanac()
"""Knows no zone and no file, so that a policy with office hours is ill-formed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeHours:
    """When something may be sent."""

    zone: str
    clock: tzinfo = field(compare=False)
    """The zone's rules."""
    days: frozenset[int]
    """0 for Monday."""
    opens: int
    closes: int
    """Minutes since midnight by the wall's clock; it is open from the first, and no more at the second."""
    holidays: frozenset[date]

    def open_at(self, moment: Moment) -> bool:
        """Whether the office is open."""
        local = self.local(moment)
        inside = self.opens <= local.hour * 60 + local.minute < self.closes
        return inside and local.weekday() in self.days and local.date() not in self.holidays

    def local(self, moment: Moment) -> datetime:
        """What the clock on the wall shows."""
        return datetime.fromtimestamp(moment.seconds, tz=UTC).astimezone(self.clock)

    def within(self, other: "OfficeHours") -> bool:
        """Whether these are open only when the others are; of other zones that is not said."""
        hours = other.opens <= self.opens and self.closes <= other.closes
        days = self.days <= other.days and self.holidays >= other.holidays
        return self.zone == other.zone and hours and days

    def __str__(self) -> str:
        days = ", ".join(DAYS[day] for day in sorted(self.days))
        less = f", less {len(self.holidays)} holidays" if self.holidays else ""
        return f"{days} {_clock(self.opens)} to {_clock(self.closes)} in {self.zone}{less}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def minutes_of(text: str) -> int:
    """Minutes since midnight of `09:00`."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def zones_in(tree: Tree) -> frozenset[str]:
    """Zones that a policy names, wherever its rules have office hours; it need not be well-formed."""
    return frozenset({_text(part, "zone") for part in _parts(tree)} - {""})


def files_in(tree: Tree) -> Mapping[str, str]:
    """Files of holidays that it names, and the hash that it gives each; names and hashes of another shape are left out."""
    found = {}
    for part in _parts(tree):
        listed = child(part, "holidays")
        name, digest = _text(listed, "file"), _text(listed, "keccak256").lower()
        if re.fullmatch(FILE_NAME, name) and re.fullmatch("0x[0-9a-f]{64}", digest):
            found[name] = digest
    return found


def _parts(tree: Tree) -> list[Node]:
    rules = tree.get("rules")
    found = [child(rule, "office_hours") for rule in rules.items] if isinstance(rules, Listing) else []
    return [part for part in found if part is not None]


def _text(node: Node | None, key: str) -> str:
    found = None if node is None else child(node, key)
    return found.text if isinstance(found, Scalar) else ""


def read_holidays(text: str, file: str) -> tuple[frozenset[date], tuple[Finding, ...]]:
    """The days that a file lists, one a line as 2026-12-25, `#` begins a comment; and what is wrong, with its place."""
    days: set[date] = set()
    findings = []
    for number, written, fault in _lines(text, days):
        hint = "write one day a line: 2026-12-25, and words after a #"
        place = Place(file=file, line=number, column=1)
        findings.append(Finding(rule="policy-holidays", message=f"`{shown(written)}` {fault}", hint=hint, place=place))
    return frozenset(days), tuple(findings)


def _lines(text: str, days: set[date]) -> Iterator[tuple[int, str, str]]:
    """Collects the days; gives what is no day, or stands there twice."""
    for number, line in enumerate(text.split("\n"), 1):
        written = line.split("#")[0].strip(" \r")
        if not written:
            continue
        day = _day(written)
        if day is None:
            yield number, written, "is no day"
        elif day in days:
            yield number, written, "is here twice"
        else:
            days.add(day)


def _day(text: str) -> date | None:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
