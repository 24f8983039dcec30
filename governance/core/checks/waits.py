"""How long it waited: a rule's delay and grace, held against the moment from which the timelock lets it be executed.

The timelock keeps the delay that it was scheduled with. Another policy may have come into force since, or it is judged by
the one that it was locked under as well: whoever asks for the longer delay, or the shorter grace, is heard.
"""

from collections.abc import Iterator

from governance.core.case import Case, Gate
from governance.core.errors import Finding
from governance.core.policy import Rule
from governance.core.units import Moment


def waits(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding when it has not waited as long as the rule asks, and when it has waited longer than the rule allows."""
    if case.gate is not Gate.EXECUTE or case.ready is None or case.now is None or case.plan is None:
        return
    short = max(0, rule.delay.seconds - case.plan.pins.delay.seconds)
    due = Moment(case.ready.seconds + short)
    if case.now < due:
        message = f"scheduled to wait {case.plan.pins.delay}, but rule {rule.id} asks for {rule.delay}"
        yield Finding(rule=rule.id, message=message, hint=f"wait until {due}", place=rule.place)
    if rule.grace is not None and due + rule.grace < case.now:
        message = f"it could be executed from {due} on, and rule {rule.id} lets it lapse after {rule.grace}"
        yield Finding(rule=rule.id, message=message, hint="gov cancel, and propose it again", place=rule.place)
