"""Office hours at a gate: whoever comes when the office is closed is told the hour, the zone and when it opens."""

from pathlib import Path

import pytest

from governance.core.case import Gate
from governance.core.checks.hours import hours
from governance.core.errors import Finding, Place
from governance.core.policy import Policy
from governance.core.units import Moment
from tests.core.test_officehours import made, with_hours
from tests.core.test_proposal import START
from tests.core.test_verdict import case, policy

OPEN, NIGHT = Moment.parse("2026-12-07T08:00:00Z"), Moment.parse("2026-12-07T03:04:05Z")
CLOSED = Finding(
    rule="slow",
    message="outside office hours: it is Mon 2026-12-07 04:04:05 in Europe/Zurich",
    hint="they are mon, tue, wed, thu, fri 09:00 to 17:00 in Europe/Zurich",
    place=Place(file="p", line=20, column=5),
)
KEEPS = {Gate.CHECK: True, Gate.LOCK: False, Gate.SIGN: False, Gate.QUEUE: True, Gate.EXECUTE: True}


def told(rules: Policy, now: Moment | None, gate: Gate) -> list[Finding]:
    return list(hours(case(START, rules, now=now, gate=gate), rules.rules[0]))


@pytest.mark.parametrize("gate", Gate)
def test_a_closed_office_is_told_where_something_is_sent(tmp_path: Path, gate: Gate) -> None:
    kept = made(tmp_path, with_hours())
    assert told(kept, NIGHT, gate) == ([CLOSED] if KEEPS[gate] else [])
    assert told(kept, OPEN, gate) == []
    assert told(kept, None, gate) == []
    assert told(policy(), NIGHT, gate) == []
