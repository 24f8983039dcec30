"""Whether the approvals that a policy asks of its members can be met, and by nobody alone.

What could never be met would stop its kinds for ever; what the author can meet alone is only decoration. Both are
refused here, like a demand without an end.
"""

from collections.abc import Iterator

from governance.core.errors import Finding
from governance.core.policyfile import COUNCIL_THRESHOLD, ApprovalPart, PolicyDocument, RulePart, SafeRolePart
from governance.core.separation import clashes, suffice
from governance.core.tree import Loc, Mapping, dotted, locate
from governance.core.units import Duration


def people(index: int, rule: RulePart, document: PolicyDocument, tree: Mapping) -> Iterator[Finding]:
    """Every finding on who approves by one rule."""
    asked = _asked(rule, document)
    yield from _ends(index, rule, document, tree)
    yield from _visible(index, rule, document, tree)
    for j, approval in enumerate(rule.approvals):
        if approval.among is not None:
            yield from _among(("rules", index, "approvals", j, "among"), approval, rule, document, tree)
    separate = tuple(dict.fromkeys(rule.separate))
    strange = [name for name in separate if name not in asked]
    yield from _separate(index, rule, asked, tree)
    if asked and not strange:
        yield from _feasible(index, rule, document, tree, asked)


def _at(tree: Mapping, loc: Loc, rule: str, message: str, hint: str = "") -> Finding:
    return Finding(rule=f"policy-{rule}", message=message, hint=hint, place=locate(tree, loc), path=dotted(loc))


def _asked(rule: RulePart, document: PolicyDocument) -> dict[str, ApprovalPart]:
    """Approvals of roles that members hold, by role."""
    return {
        approval.role: approval
        for approval in rule.approvals
        if isinstance(document.roles.get(approval.role), list) and approval.at_least != COUNCIL_THRESHOLD
    }


def _ends(index: int, rule: RulePart, document: PolicyDocument, tree: Mapping) -> Iterator[Finding]:
    """An approval has an end, and an end belongs to an approval."""
    files = [role for role, approval in _asked(rule, document).items() if approval.among is None]
    loc: Loc = ("rules", index, "approval_lifetime")
    if files and rule.approval_lifetime is None:
        message = f"how long do approvals by {', '.join(files)} hold?"
        yield _at(tree, loc, "approval-lifetime", message, "add approval_lifetime: 30 d")
    elsewhere = [
        approval.among or isinstance(document.roles.get(approval.role), SafeRolePart) for approval in rule.approvals
    ]
    if rule.approval_lifetime is not None and all(elsewhere):
        message = "no role of members approves by this rule, so no approval ends"
        yield _at(tree, loc, "approval-lifetime", message, "drop `approval_lifetime`")
    elif rule.approval_lifetime is not None and not Duration.parse(rule.approval_lifetime).seconds:
        yield _at(tree, loc, "approval-lifetime", "an approval that lasts no time never holds", "write 30 d")


def _visible(index: int, rule: RulePart, document: PolicyDocument, tree: Mapping) -> Iterator[Finding]:
    """A time to be seen needs approvals that say since when, and that do not end before it has passed."""
    if rule.visible is None:
        return
    loc: Loc = ("rules", index, "visible")
    if all(approval.among is not None for approval in _asked(rule, document).values()):
        message = "no role of members approves by this rule, so nobody says since when the plan was seen"
        yield _at(tree, loc, "visible", message, "add {role: …, at_least: 1} to the approvals, or drop `visible`")
    elif rule.approval_lifetime is not None and Duration.parse(rule.visible) >= Duration.parse(rule.approval_lifetime):
        message = f"every approval ends after {rule.approval_lifetime}, before the plan was seen for {rule.visible}"
        yield _at(tree, loc, "visible", message, "let `approval_lifetime` be longer")
    if rule.via == "guardian":
        message = "the guardian lane waits for nobody: what stops things may do so at any time"
        yield _at(tree, loc, "guardian-visible", message, "drop `visible`")


def _among(
    loc: Loc, approval: ApprovalPart, rule: RulePart, document: PolicyDocument, tree: Mapping
) -> Iterator[Finding]:
    """Members are counted among the signatures of the Safe that signs."""
    safe = "guardian" if rule.via == "guardian" else "council"
    if isinstance(document.roles.get(approval.role), SafeRolePart):
        message = f"`{approval.role}` is a Safe: all of its owners are among its signatures"
        yield _at(tree, loc, "among", message, "name a role of members, or drop `among`")
    if approval.among != safe:
        message = f"the {approval.among} Safe does not sign on the {rule.via} lane"
        yield _at(tree, loc, "among", message, f"write {safe}, or drop `among`")


def _separate(index: int, rule: RulePart, asked: dict[str, ApprovalPart], tree: Mapping) -> Iterator[Finding]:
    if len(rule.separate) == 1:
        yield _at(tree, ("rules", index, "separate"), "separate", "one role cannot be kept apart", "name another")
    for j, name in enumerate(rule.separate):
        loc: Loc = ("rules", index, "separate", j)
        if name in rule.separate[:j]:
            yield _at(tree, loc, "twice", f"`{name}` is here twice", "keep one")
        elif name not in asked:
            message = f"this rule asks no approval of members by role `{name}`"
            yield _at(tree, loc, "separate", message, "name roles of its `approvals`")


def _feasible(
    index: int, rule: RulePart, document: PolicyDocument, tree: Mapping, asked: dict[str, ApprovalPart]
) -> Iterator[Finding]:
    """Enough people are there, also without the author; and the author alone is not enough."""
    needs = {role: int(approval.at_least) for role, approval in asked.items()}
    held = {role: frozenset(_members(document, role)) for role in asked}
    separate = tuple(dict.fromkeys(rule.separate))
    for roles, there, needed in clashes(needs, held, separate):
        message = f"roles {' and '.join(roles)} have {there} members, and need {needed} different ones"
        yield _at(tree, ("rules", index, "separate"), "separate", message, "ask for less, or add members")
    if not suffice(needs, held, separate):
        return
    proposers = _members(document, rule.may_propose) or tuple(document.members)
    loc: Loc = ("rules", index, "approvals")
    if rule.distinct_from_author == "true":
        if not any(suffice(needs, {r: who - {author} for r, who in held.items()}, separate) for author in proposers):
            message = "whoever proposes by this rule, too few others are left to approve"
            yield _at(tree, loc, "distinct-author", message, "add members to the roles, or ask for less")
        return
    alone = [a for a in proposers if suffice(needs, {r: who & {a} for r, who in held.items()}, separate)]
    if alone:
        message = f"{', '.join(sorted(alone))} could propose and approve alone: the approval would be decoration"
        yield _at(tree, loc, "self-approval", message, "drop `distinct_from_author: false`, or ask more people")


def _members(document: PolicyDocument, role: str) -> tuple[str, ...]:
    holders = document.roles.get(role)
    return tuple(holders) if isinstance(holders, list) else ()
