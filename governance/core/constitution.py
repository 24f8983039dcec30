"""What a policy must say of changes of the constitution: who governs, how long it takes, and by which policy.

A rule's class of risk is the highest that its proposals may carry. The rules of the highest class must be at least as slow
and ask at least as many as those for daily work; else the daily work would be the better guarded. What a call really
brings about is computed elsewhere; here stand the kinds that are constitutional whatever they say.
"""

from collections.abc import Iterator
from itertools import product

from governance.core.errors import Finding
from governance.core.policyfile import COUNCIL_THRESHOLD, PolicyDocument, RulePart
from governance.core.risk import Risk
from governance.core.tree import Loc, Mapping, dotted, locate
from governance.core.units import Duration

BY_NATURE = frozenset({"role_change", "timelock_change", "council_change", "policy_change"})
"""Kinds that change who governs, or how: under a rule of a lower class they could never be allowed."""


def unguarded(document: PolicyDocument, tree: Mapping) -> Iterator[Finding]:
    """Everything in which the rules of a policy guard its constitution less than its daily work."""
    for i, rule in enumerate(document.rules):
        yield from _class(i, rule, tree)
    for (i, high), low in product(enumerate(document.rules), document.rules):
        graded = _constitutional(high) and not _constitutional(low)
        if graded and "guardian" not in {high.via, low.via} and _meet(high, low, document):
            yield from _weaker(i, high, low, tree)


def _class(index: int, rule: RulePart, tree: Mapping) -> Iterator[Finding]:
    if _constitutional(rule):
        if rule.via == "guardian":
            message = "the guardian lane only stops things, so none of its rules can be constitutional"
            yield _at(tree, ("rules", index, "risk"), "policy-risk", message, "drop `risk`")
        return
    for j, kind in enumerate(rule.kinds):
        if kind in BY_NATURE:
            message = f"`{kind}` changes who governs or how, but rule {rule.id} is for routine"
            hint = "move it to a rule with `risk: constitutional`"
            yield _at(tree, ("rules", index, "kinds", j), "policy-risk", message, hint)


def _weaker(index: int, high: RulePart, low: RulePart, tree: Mapping) -> Iterator[Finding]:
    """The council's own lane has no timelock and so no delay to compare."""
    if high.via == "timelock" and Duration.parse(high.delay) < Duration.parse(low.delay):
        message = f"`{high.id}` is constitutional and waits {high.delay}, `{low.id}` is routine and waits {low.delay}"
        yield _at(tree, ("rules", index, "delay"), "policy-constitution-weak", message, f"write {low.delay} or longer")
    asked = {(approval.role, approval.among): approval.at_least for approval in high.approvals}
    for approval in low.approvals:
        if not _enough(asked.get((approval.role, approval.among)), approval.at_least):
            words = "its Safe" if approval.at_least == COUNCIL_THRESHOLD else approval.at_least
            message = f"`{high.id}` is constitutional, yet only `{low.id}` asks {words} of role {approval.role}"
            hint = f"add {{role: {approval.role}, at_least: {approval.at_least}}}"
            yield _at(tree, ("rules", index, "approvals"), "policy-constitution-weak", message, hint)
    if low.distinct_from_author == "true" and high.distinct_from_author == "false":
        message = f"`{high.id}` is constitutional, yet only `{low.id}` wants approvals by others than the author"
        loc: Loc = ("rules", index, "distinct_from_author")
        yield _at(tree, loc, "policy-constitution-weak", message, "write true")
    yield from _less_considered(index, high, low, tree)


def _less_considered(index: int, high: RulePart, low: RulePart, tree: Mapping) -> Iterator[Finding]:
    """How long it must be seen, how long approvals last, and who must be different people."""
    if low.visible and Duration.parse(high.visible or "0 s") < Duration.parse(low.visible):
        seen = high.visible or "no time"
        message = f"`{high.id}` is constitutional and must be seen for {seen}, `{low.id}` for {low.visible}"
        hint = f"write visible: {low.visible} or longer"
        yield _at(tree, ("rules", index, "visible"), "policy-constitution-weak", message, hint)
    lasts = high.approval_lifetime
    if lasts and low.approval_lifetime and Duration.parse(lasts) > Duration.parse(low.approval_lifetime):
        message = (
            f"`{high.id}` is constitutional and its approvals last {lasts}, those of `{low.id}` {low.approval_lifetime}"
        )
        hint = f"write approval_lifetime: {low.approval_lifetime} or shorter"
        yield _at(tree, ("rules", index, "approval_lifetime"), "policy-constitution-weak", message, hint)
    if not set(low.separate) <= set(high.separate):
        message = f"`{high.id}` is constitutional, yet only `{low.id}` keeps {', '.join(low.separate)} apart"
        hint = f"add separate: [{', '.join(low.separate)}]"
        yield _at(tree, ("rules", index, "separate"), "policy-constitution-weak", message, hint)


def _enough(given: str | None, wanted: str) -> bool:
    if given is None or COUNCIL_THRESHOLD in {given, wanted}:
        return given == wanted
    return int(given) >= int(wanted)


def _meet(one: RulePart, other: RulePart, document: PolicyDocument) -> bool:
    """They speak of a network in common."""
    everywhere = list(document.networks)
    return bool(set(one.networks or everywhere) & set(other.networks or everywhere))


def _constitutional(rule: RulePart) -> bool:
    return rule.risk == Risk.CONSTITUTIONAL


def _at(tree: Mapping, loc: Loc, rule: str, message: str, hint: str) -> Finding:
    return Finding(rule=rule, message=message, hint=hint, place=locate(tree, loc), path=dotted(loc))
