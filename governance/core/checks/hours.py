"""Office hours. Only what is sent keeps them: people may read, lock and sign at night.

Judged by the chain's clock before something is sent; in a review only when a moment is given.
"""

from collections.abc import Iterator

from governance.core.case import Case, Gate
from governance.core.errors import Finding
from governance.core.policy import Rule


def hours(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding when the office is closed."""
    office = rule.office_hours
    if office is None or case.now is None or case.gate in {Gate.LOCK, Gate.SIGN}:
        return
    if not office.open_at(case.now):
        local = office.local(case.now).strftime("%a %Y-%m-%d %H:%M:%S")
        message = f"outside office hours: it is {local} in {office.zone}"
        yield Finding(rule=rule.id, message=message, hint=f"they are {office}", place=rule.place)
