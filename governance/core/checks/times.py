"""When. Judged by the chain's clock, and not at all where no chain is asked: a freeze ends."""

from collections.abc import Iterator

from governance.core.case import Case, Gate
from governance.core.errors import Finding
from governance.core.policy import Rule
from governance.core.units import Moment


def times(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding for each freeze that holds now or when it could take effect, and for a deadline that would be missed."""
    if case.now is None:
        return
    eta = case.now if case.gate is Gate.EXECUTE else case.now + rule.delay
    yield from _frozen(rule, case.now, eta)
    not_after = case.proposal.document.not_after
    if not_after is not None and Moment.parse(not_after) < eta:
        message = f"not_after is {not_after}, but it could be executed at {eta} at the earliest"
        hint = "extend it in the file, and have it reviewed again"
        yield case.finding(("not_after",), "not-after", message, hint)


def _frozen(rule: Rule, now: Moment, eta: Moment) -> Iterator[Finding]:
    for start, end in rule.freeze:
        frozen = range(start.seconds, end.seconds)
        if now.seconds in frozen or eta.seconds in frozen:
            what = "acted on now" if now.seconds in frozen else f"executable at {eta}"
            message = f"frozen from {start} to {end}: it would be {what}"
            yield Finding(rule=rule.id, message=message, hint=f"wait until {end}", place=rule.place)
