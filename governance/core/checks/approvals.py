"""Who approved, beside the Safe, which counts for itself on chain.

Demanded before anything is sent. Who does not hold the role does not count; the author does not where the rule wants
others.
"""

from collections.abc import Iterator

from governance.core.case import Case
from governance.core.errors import Finding
from governance.core.policy import Rule


def approvals(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding for each role of members of which too few have approved."""
    if not case.gate.sends:
        return
    author = case.policy.members.get(case.proposal.document.author)
    for approval in rule.approvals:
        if approval.at_least is None:
            continue
        holders = {case.policy.members[name]: name for name in case.policy.roles[approval.role]}
        if rule.distinct_from_author and author is not None:
            holders.pop(author, None)
        counted = holders.keys() & case.approvers.get(approval.role, frozenset())
        if len(counted) < approval.at_least:
            message = f"{len(counted)} of {approval.at_least} approvals by role {approval.role}"
            waiting = ", ".join(sorted(name for account, name in holders.items() if account not in counted))
            hint = f"ask {waiting}" if waiting else "nobody is left who could: the policy must change"
            yield Finding(rule=rule.id, message=message, hint=hint, place=rule.place)
