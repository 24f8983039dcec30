"""Office hours: the clock on the wall decides, also on days of 23 and 25 hours; and only what is sent keeps them."""

# ruff: noqa: E501 - one row, one fact

from datetime import UTC, date
from pathlib import Path

import pytest

from governance.adapters.almanac import almanac_of
from governance.adapters.files import parse
from governance.adapters.workspace import FileWorkspace
from governance.core.case import Gate
from governance.core.checks.entries import easier
from governance.core.errors import Refused, Rejected
from governance.core.explain import explain, sentences
from governance.core.keccak import keccak
from governance.core.kinds import KINDS, Lane
from governance.core.officehours import Almanac, read_holidays
from governance.core.policy import Policy, read
from governance.core.policydiff import difference
from governance.core.units import Moment, to_hex
from governance.core.verdict import judge
from tests.core.test_policy import changed
from tests.core.test_proposal import START
from tests.core.test_verdict import case

FREEZE = "    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n"
HOURS = '{zone: Europe/Zurich, days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}'
LISTED = "2026-12-25  # Christmas\n\n# a comment\n2027-01-01\r\n"


def with_hours(hours: str = HOURS, *edits: tuple[str, str]) -> str:
    return changed((FREEZE, f"    office_hours: {hours}\n"), *edits)


def holidays(text: str = LISTED) -> str:
    digest = to_hex(keccak(text.encode()))
    return HOURS.replace('"17:00"', f'"17:00", holidays: {{file: holidays.txt, keccak256: "{digest}"}}')


def made(folder: Path, text: str, listed: str | None = LISTED) -> Policy:
    if listed is not None:
        (folder / "holidays.txt").write_bytes(listed.encode())
    tree = parse(text, "p")
    return read(tree, file="p", kinds=frozenset(KINDS), almanac=almanac_of(tree, folder))


def closed(policy: Policy, moment: str, gate: Gate = Gate.QUEUE) -> list[str]:
    """What the rule says of the hour; the approvals that are missing are left out."""
    found = judge(case(START, policy, lane=Lane.TIMELOCK, gate=gate, now=Moment.parse(moment))).violations
    return [f.message for f in found if "office" in f.message]


ZURICH = [
    ("a Monday at nine, in winter", "2026-12-07T08:00:00Z", True),
    ("the second before", "2026-12-07T07:59:59Z", False),
    ("the last second", "2026-12-07T15:59:59Z", True),
    ("the end", "2026-12-07T16:00:00Z", False),
    ("nine o'clock in summer", "2026-07-06T07:00:00Z", True),
    ("nine o'clock of winter, in summer", "2026-07-06T15:00:00Z", False),
    ("a Saturday", "2026-12-05T10:00:00Z", False),
    ("a Sunday night that is Monday there already", "2026-12-06T23:30:00Z", False),
]


@pytest.mark.parametrize(("name", "moment", "open_"), ZURICH, ids=[row[0] for row in ZURICH])
def test_the_hours_are_those_of_the_wall(tmp_path: Path, name: str, moment: str, open_: bool):
    """threat_18: by the chain's clock, in the zone of the policy, never by this machine's."""
    policy = made(tmp_path, with_hours())
    assert (closed(policy, moment) == []) is open_
    assert policy.rules[0].office_hours is not None
    assert policy.rules[0].office_hours.open_at(Moment.parse(moment)) is open_


NIGHT = '{zone: Europe/Zurich, days: [sun], from: "02:00", to: "03:00"}'
WHOLE = '{zone: Europe/Zurich, days: [sun], from: "00:00", to: "24:00"}'
SUNDAYS = [
    ("2026-03-29", WHOLE, 23),
    ("2026-10-25", WHOLE, 25),
    ("2026-03-22", WHOLE, 24),
    ("2026-03-29", NIGHT, 0),
    ("2026-10-25", NIGHT, 2),
    ("2026-03-22", NIGHT, 1),
]


@pytest.mark.parametrize(("day", "hours", "wanted"), SUNDAYS)
def test_on_a_day_with_more_or_fewer_hours_the_wall_is_right(tmp_path: Path, day: str, hours: str, wanted: int):
    office = made(tmp_path, with_hours(hours)).rules[0].office_hours
    assert office is not None
    start = Moment.parse(day).seconds - 4 * 3600
    found = [office.open_at(Moment(start + 1800 * i)) for i in range(64)]
    assert sum(found) == wanted * 2


def test_a_holiday_is_closed_by_the_date_on_the_wall(tmp_path: Path):
    policy = made(tmp_path, with_hours(holidays()))
    assert closed(policy, "2026-12-24T10:00:00Z") == []
    (told,) = closed(policy, "2026-12-25T10:00:00Z")
    assert told == "outside office hours: it is Fri 2026-12-25 11:00:00 in Europe/Zurich"
    assert (
        str(policy.rules[0].office_hours) == "mon, tue, wed, thu, fri 09:00 to 17:00 in Europe/Zurich, less 2 holidays"
    )


def test_only_what_is_sent_keeps_office_hours(tmp_path: Path):
    """People may lock and sign at night; a review judges a moment only when it is given one."""
    policy = made(tmp_path, with_hours())
    night = "2026-12-07T03:00:00Z"
    kept = {gate: closed(policy, night, gate) != [] for gate in Gate}
    assert kept == {Gate.CHECK: True, Gate.LOCK: False, Gate.SIGN: False, Gate.QUEUE: True, Gate.EXECUTE: True}
    assert judge(case(START, policy, gate=Gate.CHECK, now=None)).ok


FAULTY = {
    "a zone that nobody knows": (HOURS.replace("Zurich", "Zuerich"), ("policy-zone", "28:26 rules[0].office_hours.zone")),
    "a zone that is a path": (HOURS.replace("Europe/Zurich", "../etc/localtime"), ("schema-value", "28:26 rules[0].office_hours.zone")),
    "an office that closes before it opens": (HOURS.replace("09:00", "17:00"), ("policy-office-hours", "28:93 rules[0].office_hours.to")),
    "a day twice": (HOURS.replace("tue", "mon"), ("policy-twice", "28:53 rules[0].office_hours.days[1]")),
    "no day": (HOURS.replace("mon, tue, wed, thu, fri", ""), ("schema-value", "28:47 rules[0].office_hours.days")),
    "a day nobody knows": (HOURS.replace("mon", "moonday"), ("schema-value", "28:48 rules[0].office_hours.days[0]")),
    "an hour nobody has": (HOURS.replace("17:00", "25:00"), ("schema-value", "28:93 rules[0].office_hours.to")),
    "minutes nobody has": (HOURS.replace("17:00", "16:60"), ("schema-value", "28:93 rules[0].office_hours.to")),
    "a file elsewhere": (holidays().replace("holidays.txt", "../holidays.txt"), ("schema-value", "28:119 rules[0].office_hours.holidays.file")),
    "a file that is not there": (holidays().replace("holidays.txt", "other.txt"), ("policy-holidays", "28:119 rules[0].office_hours.holidays.file")),
    "another hash": (holidays("another"), ("policy-holidays-changed", "28:144 rules[0].office_hours.holidays.keccak256")),
    "a hash of nothing": (holidays().replace('"0x', '"0y'), ("schema-value", "28:144 rules[0].office_hours.holidays.keccak256")),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTY)
def test_ill_formed_hours_are_refused_at_their_place(tmp_path: Path, name: str):
    hours, expected = FAULTY[name]
    with pytest.raises(Rejected) as caught:
        made(tmp_path, with_hours(hours))
    assert [(f.rule, f"{f.place} {f.path}".removeprefix("p:")) for f in caught.value.findings] == [expected]


HASH = to_hex(keccak(LISTED.encode()))
ADVICE: dict[str, tuple[str, str]] = {
    "a zone that nobody knows": ("the time zone database knows no zone `Europe/Zuerich`", "such as Europe/Zurich or UTC"),
    "an office that closes before it opens": ("the office closes at 17:00, before it opens at 17:00", "hours lie within one day; 24:00 is its end"),
    "a day twice": ("`mon` is here twice", "keep one"),
    "a file that is not there": ("other.txt cannot be opened: No such file or directory", "put it beside policies.yaml"),
    "another hash": (f"holidays.txt has the hash {HASH}", "restore the file; or write its hash here, which is a change of the policy"),
}  # fmt: skip


@pytest.mark.parametrize("name", ADVICE)
def test_ill_formed_hours_are_told_with_what_to_do(tmp_path: Path, name: str):
    with pytest.raises(Rejected) as caught:
        made(tmp_path, with_hours(FAULTY[name][0]))
    assert [(f.message, f.hint) for f in caught.value.findings] == [ADVICE[name]]


def test_a_hash_may_be_written_in_capitals(tmp_path: Path):
    capitals = holidays().replace(HASH, "0x" + HASH[2:].upper())
    hours = made(tmp_path, with_hours(capitals)).rules[0].office_hours
    assert hours is not None
    assert hours.holidays == {date(2026, 12, 25), date(2027, 1, 1)}


def test_hours_mean_what_the_almanac_says(tmp_path: Path):
    hours = (
        made(tmp_path, with_hours('{zone: UTC, days: [tue, sun], from: "00:30", to: "24:00"}')).rules[0].office_hours
    )
    assert hours is not None
    assert (hours.zone, str(hours.clock), hours.days, hours.opens, hours.closes) == ("UTC", "UTC", {1, 6}, 30, 1440)
    assert hours.holidays == frozenset()


def test_a_file_that_nobody_read_is_told_as_such():
    tree = parse(with_hours(holidays().replace("Europe/Zurich", "UTC")), "p")
    with pytest.raises(Rejected) as caught:
        read(tree, file="p", kinds=frozenset(KINDS), almanac=Almanac(zones={"UTC": UTC}))
    (finding,) = caught.value.findings
    assert (finding.message, finding.hint) == ("holidays.txt was not read", "put it beside policies.yaml")


def test_every_fault_of_the_hours_is_told(tmp_path: Path):
    hours = '{zone: Mars/Base, days: [mon, mon, tue, mon], from: "09:00", to: "08:59"}'
    with pytest.raises(Rejected) as caught:
        made(tmp_path, with_hours(hours))
    paths = ["zone", "days[1]", "days[3]", "to"]
    assert [f.path for f in caught.value.findings] == [f"rules[0].office_hours.{path}" for path in paths]


def test_the_emergency_path_keeps_no_hours(tmp_path: Path):
    with pytest.raises(Rejected) as caught:
        made(tmp_path, changed(("delay: 0 s", f"delay: 0 s\n    office_hours: {HOURS}")))
    (finding,) = caught.value.findings
    assert (finding.rule, str(finding.place), finding.path, finding.message, finding.hint) == (
        "policy-guardian-office-hours",
        "p:37:19",
        "rules[1].office_hours",
        "the guardian lane can have no office hours: what stops things may do so at any time",
        "drop `office_hours`",
    )


def test_a_policy_with_hours_is_ill_formed_where_nobody_knows_zones(tmp_path: Path):
    with pytest.raises(Rejected) as caught:
        read(parse(with_hours(), "p"), file="p", kinds=frozenset(KINDS))
    assert [f.rule for f in caught.value.findings] == ["policy-zone"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("25.12.2026", "is no day"),
        ("2026-02-30", "is no day"),
        ("2026-W52-5", "is no day"),
        ("20261225", "is no day"),
        ("2026-12-25T00:00:00Z", "is no day"),
        ("٢٠٢٦-12-25", "is no day"),
        ("2026-12-26\n2026-12-26", "is here twice"),
    ],
)
def test_a_line_that_is_no_holiday_is_told_at_its_line(tmp_path: Path, line: str, fault: str):
    text = f"2026-12-24\n{line}\n"
    with pytest.raises(Rejected) as caught:
        made(tmp_path, with_hours(holidays(text)), text)
    (finding,) = caught.value.findings
    assert (finding.rule, finding.message.endswith(fault)) == ("policy-holidays", True)
    assert str(finding.place) == f"holidays.txt:{text.rstrip().count(chr(10)) + 1}:1"


def test_every_fault_of_a_file_is_told():
    days, findings = read_holidays("a\n2026-12-25\nb\n", "h")
    assert (len(days), [str(f.place) for f in findings]) == (1, ["h:1:1", "h:3:1"])


def test_a_link_or_a_device_is_no_file_of_holidays(tmp_path: Path):
    """threat_50"""
    (tmp_path / "real.txt").write_text(LISTED)
    (tmp_path / "holidays.txt").symlink_to(tmp_path / "real.txt")
    with pytest.raises(Rejected) as caught:
        made(tmp_path, with_hours(holidays()), None)
    (finding,) = caught.value.findings
    assert (finding.rule, "holidays.txt cannot be opened" in finding.message) == ("policy-holidays", True)


def test_another_list_is_another_policy(tmp_path: Path):
    """threat_52: the digest that is anchored covers the days."""
    other = "2026-12-25\n"
    first = made(tmp_path, with_hours(holidays()))
    with pytest.raises(Rejected):
        made(tmp_path, with_hours(holidays()), other)
    assert made(tmp_path, with_hours(holidays(other)), other).digest != first.digest


STRICTER = {
    "the same": (HOURS, HOURS, True),
    "shorter": (HOURS.replace("09:00", "10:00"), HOURS, True),
    "longer": (HOURS, HOURS.replace("17:00", "16:00"), False),
    "fewer days": (HOURS.replace("mon, ", ""), HOURS, True),
    "more days": (HOURS, HOURS.replace("mon, ", ""), False),
    "more holidays": (holidays(), HOURS, True),
    "fewer holidays": (HOURS, holidays(), False),
    "another zone": (HOURS.replace("Zurich", "Berlin"), HOURS, False),
}


@pytest.mark.parametrize("name", STRICTER)
def test_a_batch_keeps_the_hours_of_its_entries(tmp_path: Path, name: str):
    rule, own, strict = STRICTER[name]
    text = changed(
        (FREEZE, f"    office_hours: {own}\n"), ("  - id: stop\n", BATCH.format(hours=rule) + "  - id: stop\n")
    )
    slow, many, _ = made(tmp_path, text).rules
    assert (list(easier(many, slow)) == []) is strict


BATCH = """  - id: many
    kinds: [batch]
    may_propose: author
    approvals: [{{role: council, at_least: threshold}}, {{role: security, at_least: 1}}]
    approval_lifetime: 30 d
    via: timelock
    delay: 48 h
    grace: 14 d
    office_hours: {hours}
"""


def test_a_batch_without_hours_does_not_hold_an_entry_with_them(tmp_path: Path):
    text = changed((FREEZE, f"    office_hours: {HOURS}\n"))
    slow, _ = made(tmp_path, text).rules
    free, _ = made(tmp_path, changed((FREEZE, ""))).rules
    (told,) = easier(free, slow)
    assert told.endswith("keeps office hours (mon, tue, wed, thu, fri 09:00 to 17:00 in Europe/Zurich), rule slow none")
    assert list(easier(slow, free)) == []


def test_other_hours_are_told_as_looser_unless_they_lie_within(tmp_path: Path):
    """threat_52"""
    longer, shorter, free = (
        made(tmp_path, text)
        for text in (with_hours(), with_hours(HOURS.replace("09:00", "10:00")), changed((FREEZE, "")))
    )
    told = [[(str(c.weight), c.sentence) for c in difference(*pair)] for pair in ((longer, shorter), (shorter, longer))]
    ten, nine = (f"mon, tue, wed, thu, fri {hour}:00 to 17:00 in Europe/Zurich" for hour in ("10", "09"))
    assert told == [
        [("stricter", f"is sent on {ten}, no longer on {nine}")],
        [("looser", f"is sent on {nine}, no longer on {ten}")],
    ]
    assert [str(c.weight) for c in difference(longer, free)] == ["looser"]
    assert difference(longer, made(tmp_path, with_hours())) == ()
    lines = sentences(explain(longer, KINDS["contract_call"], "devnet"))
    assert f"sent       on {nine}" in lines


def test_a_policy_that_is_no_longer_in_force_keeps_its_own_holidays(tmp_path: Path):
    """threat_51: what was locked under it is judged by the days that it named."""
    space = FileWorkspace(tmp_path)
    (tmp_path / "holidays.txt").write_bytes(LISTED.encode())
    space.policy_file.write_text(with_hours(holidays()))
    digest = space.policy().digest
    space.keep_policy(digest)
    (tmp_path / "holidays.txt").write_text("2026-12-24\n")
    space.policy_file.write_text(with_hours(holidays("2026-12-24\n")))
    assert space.policy().digest != digest
    assert (
        space.earlier_policy(digest).rules[0].office_hours
        == made(tmp_path, with_hours(holidays())).rules[0].office_hours
    )
    (kept,) = space.policy_copy(digest).parent.glob("*.txt")
    kept.write_text("2026-12-24\n")
    with pytest.raises(Refused) as caught:
        space.earlier_policy(digest)
    assert [f.rule for f in caught.value.findings] == ["policy-holidays-changed"]
