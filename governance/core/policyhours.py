"""Whether the office hours of a policy mean something: a zone that is known, hours that begin before they end, and
holidays that are those whose hash the policy names.
"""

from collections.abc import Iterator

from governance.core.errors import Finding
from governance.core.keccak import keccak
from governance.core.officehours import DAYS, Almanac, OfficeHours, minutes_of, read_holidays
from governance.core.policyfile import HolidaysPart, OfficeHoursPart, RulePart
from governance.core.tree import Loc, Mapping, dotted, locate
from governance.core.units import to_hex


def hours(index: int, rule: RulePart, tree: Mapping, almanac: Almanac) -> Iterator[Finding]:
    """Every finding on one rule's office hours."""
    part = rule.office_hours
    if part is None:
        return
    loc: Loc = ("rules", index, "office_hours")
    if rule.via == "guardian":
        message = "the guardian lane can have no office hours: what stops things may do so at any time"
        yield _at(tree, loc, "guardian-office-hours", message, "drop `office_hours`")
    if part.zone not in almanac.zones:
        message, hint = f"the time zone database knows no zone `{part.zone}`", "such as Europe/Zurich or UTC"
        yield _at(tree, (*loc, "zone"), "zone", message, hint)
    if minutes_of(part.from_) >= minutes_of(part.to):
        message = f"the office closes at {part.to}, before it opens at {part.from_}"
        yield _at(tree, (*loc, "to"), "office-hours", message, "hours lie within one day; 24:00 is its end")
    for j, day in enumerate(part.days):
        if day in part.days[:j]:
            yield _at(tree, (*loc, "days", j), "twice", f"`{day}` is here twice", "keep one")
    if part.holidays is not None:
        yield from _holidays((*loc, "holidays"), part.holidays, tree, almanac)


def _at(tree: Mapping, loc: Loc, rule: str, message: str, hint: str) -> Finding:
    return Finding(rule=f"policy-{rule}", message=message, hint=hint, place=locate(tree, loc), path=dotted(loc))


def _holidays(loc: Loc, part: HolidaysPart, tree: Mapping, almanac: Almanac) -> Iterator[Finding]:
    if part.file not in almanac.texts:
        why = almanac.unreadable.get(part.file, "was not read")
        yield _at(tree, (*loc, "file"), "holidays", f"{part.file} {why}", "put it beside policies.yaml")
        return
    text = almanac.texts[part.file]
    found = to_hex(keccak(text.encode()))
    if found != part.keccak256.lower():
        message = f"{part.file} has the hash {found}"
        hint = "restore the file; or write its hash here, which is a change of the policy"
        yield _at(tree, (*loc, "keccak256"), "holidays-changed", message, hint)
    yield from read_holidays(text, part.file)[1]


def office_hours(part: OfficeHoursPart, almanac: Almanac) -> OfficeHours:
    """The hours of a policy that is well-formed."""
    listed = None if part.holidays is None else read_holidays(almanac.texts[part.holidays.file], part.holidays.file)
    return OfficeHours(
        zone=part.zone,
        clock=almanac.zones[part.zone],
        days=frozenset(DAYS.index(day) for day in part.days),
        opens=minutes_of(part.from_),
        closes=minutes_of(part.to),
        holidays=frozenset() if listed is None else listed[0],
    )
