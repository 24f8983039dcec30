"""What the rule lets be called. Every call of the plan must be allowed by one permission of the rule, where it lists any."""

from collections.abc import Iterator, Sequence

from governance.core.call import Call
from governance.core.case import Case
from governance.core.checks.calls import place_of
from governance.core.errors import Finding, Rejected
from governance.core.permission import Permission
from governance.core.policy import Rule
from governance.core.tree import Loc
from governance.core.units import Address, Moment


def permissions(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding for each call that no permission allows, for wei above the limit, and for a spent allowance."""
    if case.plan is None:
        return
    calls = [call for step in case.plan.steps for call in step.calls]
    wei = sum(call.value for call in calls)
    if rule.value_at_most is not None and wei > rule.value_at_most:
        message = f"{wei} wei would leave, rule {rule.id} lets {rule.value_at_most} go"
        yield case.finding(("kind",), rule.id, message, "send less, or have the policy changed")
    if rule.calls is None:
        return
    target = case.policy.networks[case.network].target
    for i, call in enumerate(calls):
        yield from _refused(case, rule, rule.calls, call, place_of(case, f"calls[{i}]"), target)
    for permission in rule.calls:
        if permission.allowance is not None:
            yield from _overdrawn(case, rule, permission, calls, target)


def _refused(
    case: Case, rule: Rule, allowed: Sequence[Permission], call: Call, loc: Loc, target: Address
) -> Iterator[Finding]:
    meant = [permission for permission in allowed if permission.is_for(call, target)]
    if not meant:
        message = f"rule {rule.id} does not let {call.summary or 'this'} be called on {call.to}"
        yield case.finding(loc, rule.id, message, "a permission must be added by a policy change")
        return
    objections = [list(permission.objections(call)) for permission in meant]
    if all(objections):
        nearest = min(objections, key=len)
        message = f"rule {rule.id} lets {call.summary} be called only otherwise: {'; '.join(nearest)}"
        yield case.finding(loc, rule.id, message, f"see its permission at {meant[objections.index(nearest)].place}")


def _overdrawn(
    case: Case, rule: Rule, permission: Permission, calls: Sequence[Call], target: Address
) -> Iterator[Finding]:
    allowance = permission.allowance
    assert allowance is not None
    ours = sum(_used(permission, call, target) for call in calls)
    if not ours:
        return
    assert case.plan is not None
    own = {step.operation.id for step in case.plan.steps if step.operation is not None}
    before = sum(
        _used(permission, spent.call, target)
        for spent in case.spent
        if spent.operation not in own and (spent.moment is None or not _past(spent.moment, case, allowance.per.seconds))
    )
    if before + ours > allowance.at_most:
        message = (
            f"{ours} more would make {before + ours} within {allowance.per}, rule {rule.id} allows {allowance.at_most}"
        )
        hint = f"wait, or propose less; see its permission at {permission.place}"
        yield case.finding(("kind",), rule.id, message, hint)


def _past(moment: Moment, case: Case, seconds: int) -> bool:
    return case.now is not None and moment.seconds + seconds <= case.now.seconds


def _used(permission: Permission, call: Call, target: Address) -> int:
    """What a call takes from the allowance; nothing if it is another function."""
    if not permission.is_for(call, target):
        return 0
    try:
        return permission.used(call)
    except Rejected:
        return 0  # refused for itself, where it is proposed
