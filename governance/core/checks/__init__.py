"""What a rule asks of a case, one file for each thing it can ask. Every gate runs all of them.

A check gives a finding for each violation, with the id of the rule that is violated, and never stops another check.
"""

from collections.abc import Callable, Iterator

from governance.core.case import Case
from governance.core.checks.addresses import addresses
from governance.core.checks.approvals import approvals
from governance.core.checks.authors import author
from governance.core.checks.calls import calls
from governance.core.checks.entries import entries
from governance.core.checks.hours import hours
from governance.core.checks.lanes import lane
from governance.core.checks.permissions import permissions
from governance.core.checks.risk import risk
from governance.core.checks.times import times
from governance.core.checks.visible import visible
from governance.core.checks.waits import waits
from governance.core.errors import Finding
from governance.core.policy import Rule

Check = Callable[[Case, Rule], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    *(lane, author, entries, addresses, permissions, calls, risk),
    *(times, hours, waits, approvals, visible),
)
"""In the order in which their findings are told."""

__all__ = ["CHECKS", "Check"]
