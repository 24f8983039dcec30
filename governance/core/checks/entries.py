"""What is inside a batch may not come about more easily than alone: each entry's own rule is held against the batch's."""

from collections.abc import Iterator

from governance.core.case import Case
from governance.core.errors import Finding
from governance.core.policy import Rule


def entries(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding for each respect in which an entry would have it easier here."""
    for i, kind in enumerate(case.proposal.document.contained):
        own = case.policy.rule_for(kind, case.network)
        if own is None:
            message = f"no rule allows this on {case.network}, neither alone nor in a batch"
            hint = "a rule must be added by a policy change"
            yield case.finding(("entries", i), "deny-by-default", message, hint)
            continue
        hint = f"make it a proposal of its own, or let the rule {rule.id} be as strict"
        for message in easier(rule, own):
            yield case.finding(("entries", i), own.id, message, hint)


def easier(rule: Rule, own: Rule) -> Iterator[str]:
    """A sentence for each respect in which `rule` asks for less than `own`."""
    asked = {approval.role: approval.at_least for approval in rule.approvals}
    for approval in own.approvals:
        enough = approval.role in asked and (asked[approval.role] or 0) >= (approval.at_least or 0)
        if not enough:
            words = "its Safe" if approval.at_least is None else f"{approval.at_least}"
            yield f"rule {own.id} asks {words} of role {approval.role}, rule {rule.id} does not"
    if own.may_propose != rule.may_propose:
        yield f"rule {own.id} lets role {own.may_propose} propose this, rule {rule.id} role {rule.may_propose}"
    if own.distinct_from_author and not rule.distinct_from_author:
        yield f"rule {own.id} wants approvals by others than the author, rule {rule.id} does not"
    if rule.delay < own.delay:
        yield f"rule {own.id} waits {own.delay}, rule {rule.id} only {rule.delay}"
    if own.grace is not None and (rule.grace is None or rule.grace > own.grace):
        yield f"rule {own.id} lets it lapse after {own.grace}, rule {rule.id} after {rule.grace or 'no time at all'}"
    if own.calls is not None and own.calls != rule.calls:
        yield f"rule {own.id} lists what may be called, and rule {rule.id} not the same"
    if own.value_at_most is not None and (rule.value_at_most is None or rule.value_at_most > own.value_at_most):
        yield f"rule {own.id} lets {own.value_at_most} wei go, rule {rule.id} more"
    if not set(own.freeze) <= set(rule.freeze):
        yield f"rule {own.id} is frozen at times when rule {rule.id} is not"
