"""What the rule lets be called: where it lists any, every call of the plan needs one permission that allows it.

A permission with an allowance allows a call as long as everything that it speaks of, executed within the time, waiting or
in this plan, is not too much together. It counts what other permissions allow as well, so that one permission less never
lets more through.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from governance.core.call import Call
from governance.core.case import Case
from governance.core.checks.calls import place_of
from governance.core.errors import Finding, Rejected
from governance.core.permission import Permission, Reading, Spent, read_call
from governance.core.policy import Rule
from governance.core.units import Bytes32, Duration


def permissions(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding for wei above the limit, for each call that no permission allows, and for each spent allowance."""
    if case.plan is None:
        return
    calls = [call for step in case.plan.steps for call in step.calls]
    wei = sum(call.value for call in calls)
    if wei > rule.value_at_most:
        message = f"{wei} wei would leave, rule {rule.id} lets {rule.value_at_most} go"
        yield case.finding(("kind",), rule.id, message, "send less, or have the policy changed")
    if rule.calls is None:
        return
    own = frozenset(step.operation.id for step in case.plan.steps if step.operation is not None)
    ledger = _Ledger(case=case, rule=rule, calls=calls, own=own)
    told: set[int] = set()
    for i, call in enumerate(calls):
        loc = place_of(case, f"calls[{i}]")
        meant = rule.permissions_for(call, case.policy.networks[case.network])
        objections = _objections(call, meant)
        open_to_it = [each for each, against in zip(meant, objections, strict=True) if not against]
        if not meant:
            message = f"rule {rule.id} does not let {call.summary or 'this'} be called on {call.to}"
            yield case.finding(loc, rule.id, message, "a permission must be added by a policy change")
        elif not open_to_it:
            nearest = min(objections, key=len)
            message = f"rule {rule.id} lets {call.summary} be called only otherwise: {'; '.join(nearest)}"
            yield case.finding(loc, rule.id, message, f"see its permission at {meant[objections.index(nearest)].place}")
        elif all(ledger.overdrawn(permission) for permission in open_to_it):
            spent = min(open_to_it, key=ledger.over)
            if id(spent) not in told:
                told.add(id(spent))
                hint = f"wait, or propose less; see its permission at {spent.place}"
                yield case.finding(loc, rule.id, ledger.sentence(spent), hint)


def _objections(call: Call, meant: Sequence[Permission]) -> list[list[str]]:
    """Of each permission; the call is decoded once for each list of types."""
    readings: dict[tuple[str, ...], Reading | None] = {}
    for permission in meant:
        if permission.function.inputs not in readings:
            try:
                readings[permission.function.inputs] = read_call(permission.function, call)
            except Rejected:
                readings[permission.function.inputs] = None
    return [list(permission.objections(call, readings[permission.function.inputs])) for permission in meant]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ledger:
    """What each permission with an allowance has been used for, and by this plan would be."""

    case: Case
    rule: Rule
    calls: Sequence[Call]
    own: frozenset[Bytes32]
    """This plan's operations, which may wait already: they count as the plan."""
    _used: dict[int, tuple[int, int]] = field(default_factory=dict)

    def overdrawn(self, permission: Permission) -> bool:
        return permission.allowance is not None and self.over(permission) > 0

    def over(self, permission: Permission) -> int:
        """How much it is too much; nothing when this plan uses nothing."""
        assert permission.allowance is not None
        before, ours = self._sums(permission, permission.allowance.per)
        return before + ours - permission.allowance.at_most if ours else 0

    def sentence(self, permission: Permission) -> str:
        assert permission.allowance is not None
        before, ours = self._sums(permission, permission.allowance.per)
        allowed = f"rule {self.rule.id} allows {permission.allowance.at_most}"
        return f"{ours} more would make {before + ours} within {permission.allowance.per}, {allowed}"

    def _sums(self, permission: Permission, per: Duration) -> tuple[int, int]:
        if id(permission) not in self._used:
            before = [spent.call for spent in self.case.spent if self._counts(spent, per)]
            self._used[id(permission)] = self._total(permission, before), self._total(permission, self.calls)
        return self._used[id(permission)]

    def _counts(self, spent: Spent, per: Duration) -> bool:
        """What waits counts always."""
        if spent.operation in self.own:
            return False
        now = self.case.now
        return spent.moment is None or now is None or spent.moment.seconds + per.seconds > now.seconds

    def _total(self, permission: Permission, calls: Sequence[Call]) -> int:
        """Over those that the permission speaks of."""
        network = self.case.policy.networks[self.case.network]
        return sum(
            permission.used(call)
            for call in calls
            if call.data[:4] == permission.selector
            and not permission.to.isdisjoint((call.to, *network.duties_of(call.to)))
        )
