"""Who may propose. The author of a file is a claim: it can only make a proposal refused, never approve one."""

from collections.abc import Iterator

from governance.core.case import Case
from governance.core.errors import Finding
from governance.core.policy import Rule


def author(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding when the author is no member, or does not hold the role that the rule lets propose."""
    policy, document = case.policy, case.proposal.document
    if policy.may_propose(document.author, document.kind, case.network):
        return
    if document.author not in policy.members:
        known = ", ".join(sorted(policy.members))
        yield case.finding(("author",), rule.id, f"`{document.author}` is no member", f"members are {known}")
    else:
        who = ", ".join(sorted(policy.roles[rule.may_propose]))
        subject = f"`{document.author}` may not propose `{document.kind}` on {case.network}"
        hint = f"its members are {who}; signatures are what counts in the end"
        yield case.finding(("author",), rule.id, f"{subject}: that is for role {rule.may_propose}", hint)
