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
    yield from _by_easier_people(rule, own)
    if own.may_propose != rule.may_propose:
        yield f"rule {own.id} lets role {own.may_propose} propose this, rule {rule.id} role {rule.may_propose}"
    if rule.delay < own.delay:
        yield f"rule {own.id} waits {own.delay}, rule {rule.id} only {rule.delay}"
    if own.grace is not None and (rule.grace is None or rule.grace > own.grace):
        yield f"rule {own.id} lets it lapse after {own.grace}, rule {rule.id} after {rule.grace or 'no time at all'}"
    if own.calls is not None and own.calls != rule.calls:
        yield f"rule {own.id} lists what may be called, and rule {rule.id} not the same"
    if rule.value_at_most > own.value_at_most:
        yield f"rule {own.id} lets {own.value_at_most} wei go, rule {rule.id} {rule.value_at_most}"
    if not set(own.freeze) <= set(rule.freeze):
        yield f"rule {own.id} is frozen at times when rule {rule.id} is not"
    if own.office_hours is not None and (rule.office_hours is None or not rule.office_hours.within(own.office_hours)):
        yield f"rule {own.id} keeps office hours ({own.office_hours}), rule {rule.id} {rule.office_hours or 'none'}"


def _by_easier_people(rule: Rule, own: Rule) -> Iterator[str]:
    """As `easier`, of who approves and since when."""
    asked = {(approval.role, approval.among): approval.at_least for approval in rule.approvals}
    for approval in own.approvals:
        key = (approval.role, approval.among)
        enough = key in asked and (asked[key] or 0) >= (approval.at_least or 0)
        if not enough:
            words = "its Safe" if approval.at_least is None else f"{approval.at_least}"
            among = "" if approval.among is None else f" among the {approval.among}'s signatures"
            yield f"rule {own.id} asks {words} of role {approval.role}{among}, rule {rule.id} does not"
    if own.distinct_from_author and not rule.distinct_from_author:
        yield f"rule {own.id} wants approvals by others than the author, rule {rule.id} does not"
    if own.approval_lifetime is not None and (rule.approval_lifetime or own.approval_lifetime) > own.approval_lifetime:
        yield f"rule {own.id} lets approvals end after {own.approval_lifetime}, rule {rule.id} after {rule.approval_lifetime}"
    if own.visible is not None and (rule.visible is None or rule.visible < own.visible):
        yield f"rule {own.id} lets it be seen for {own.visible}, rule {rule.id} for {rule.visible or 'no time at all'}"
    if not set(own.separate) <= set(rule.separate):
        yield f"rule {own.id} keeps {', '.join(own.separate)} apart, rule {rule.id} does not"
