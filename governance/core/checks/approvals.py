"""Who approved, beside the Safe, which counts for itself on chain.

Demanded before anything is sent. What nobody could ever meet is told at every gate, so that a review finds it.
"""

from collections.abc import Iterator, Sequence

from governance.core.assent import Assent, assents
from governance.core.case import Case
from governance.core.errors import Finding
from governance.core.policy import Rule
from governance.core.separation import clashes, suffice


def approvals(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding for each role of members of which too few have approved, and for people who would count twice."""
    asked = assents(case, rule)
    needs = {each.role: each.at_least for each in asked}
    possible = {each.role: frozenset(map(str, each.holders)) for each in asked}
    if not suffice(needs, possible, rule.separate):
        author = case.proposal.document.author
        message = f"too few people could approve what `{author}` proposes under rule {rule.id}"
        hint = "let somebody else propose it, or change the policy"
        yield case.finding(("author",), rule.id, message, hint)
    if not case.gate.sends:
        return
    for each in asked:
        yield from _lacking(each, case, rule)
    yield from _apart(asked, rule)


def _lacking(assent: Assent, case: Case, rule: Rule) -> Iterator[Finding]:
    if not assent.missing:
        return
    what = "approvals" if assent.among is None else f"signatures of the {assent.among}"
    message = f"{len(assent.counted)} of {assent.at_least} {what} by role {assent.role}"
    command = "gov approve" if assent.among is None else "gov sign"
    waiting = ", ".join(assent.waiting)
    hint = f"ask {waiting}: {command}" if waiting else "nobody is left who could: the policy must change"
    yield Finding(rule=rule.id, message=message, hint=hint, place=rule.place)
    names = {account: name for name, account in case.policy.members.items()}
    for each in assent.void:
        signer = each.approval.signer
        message = f"the approval by {names.get(signer, signer)} as {assent.role} is void: {'; '.join(each.reasons)}"
        yield Finding(rule="approval-void", message=message, hint="look at the plan again, then gov approve")


def _apart(asked: Sequence[Assent], rule: Rule) -> Iterator[Finding]:
    needs = {each.role: each.at_least for each in asked}
    people = {each.role: frozenset(map(str, each.counted)) for each in asked}
    for roles, there, needed in clashes(needs, people, rule.separate):
        message = f"roles {' and '.join(roles)} need {needed} different people, {there} approved for them"
        yield Finding(rule=rule.id, message=message, hint="nobody counts for two of them", place=rule.place)
