"""How long a plan must have been seen before anything is sent: counted from what the approvals say, by the chain's clock.

A role has seen the plan since enough of its approvers have. An approval says since when; whoever approves early and looks
late cannot be found out here.
"""

from collections.abc import Iterator

from governance.core.assent import assents
from governance.core.case import Case
from governance.core.errors import Finding
from governance.core.policy import Rule


def visible(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding for each role of which enough have approved, but not long enough ago."""
    if rule.visible is None or case.now is None or not case.gate.sends:
        return
    for each in assents(case, rule):
        seen = sorted(since for since in each.counted.values() if since is not None)
        if each.among is not None or len(seen) < each.at_least:
            continue
        since = seen[each.at_least - 1]
        if case.now < since + rule.visible:
            message = f"role {each.role} has seen the plan since {since}, which is not {rule.visible} ago"
            hint = f"wait until {since + rule.visible}"
            yield Finding(rule=rule.id, message=message, hint=hint, place=rule.place)
