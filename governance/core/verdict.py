"""What the policy says of one proposal on one network: the rule it falls under, and everything that speaks against it.

Pure: the moment is given. A verdict without a rule is a refusal, whatever else is true.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass

from governance.core.errors import Finding, Refused
from governance.core.kinds.base import Lane
from governance.core.policy import Policy, Rule
from governance.core.proposal import Proposal
from governance.core.tree import dotted, locate
from governance.core.units import Address, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Ask `violations`, or demand with `require`."""

    proposal: str
    network: str
    rule: Rule | None
    violations: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """A rule allows it and nothing speaks against it."""
        return self.rule is not None and not self.violations

    def require(self) -> Rule:
        """The rule. Raises Refused with every violation."""
        if self.rule is None or self.violations:
            raise Refused(
                f"the policy refuses {self.proposal} on {self.network}",
                findings=self.violations,
            )
        return self.rule


def judge(
    proposal: Proposal, policy: Policy, *, network: str, lane: Lane, now: Moment | None, executing: bool = False
) -> Verdict:
    """Judge a proposal; without `now`, only what does not depend on the time.

    What is `executing` takes effect now; everything else when the rule's delay has passed.
    """
    rule = policy.rule_for(proposal.document.kind, network) if network in policy.networks else None
    violations = list(_violations(proposal, policy, network, rule, lane))
    if rule is not None and now is not None:
        violations += _untimely(proposal, rule, now, now if executing else now + rule.delay)
    return Verdict(proposal=proposal.id, network=network, rule=rule, violations=tuple(violations))


def approvals_missing(
    proposal: Proposal, policy: Policy, rule: Rule, *, approvers: Map[str, frozenset[Address]]
) -> tuple[Finding, ...]:
    """Roles of members whose signed approvals are too few. Safes count by their own threshold, on chain.

    `approvers` are recovered addresses by role. Who does not hold the role does not count; the author does not where the
    rule wants others.
    """
    author = policy.members.get(proposal.document.author)
    found = []
    for approval in rule.approvals:
        if approval.at_least is None:
            continue
        holders = {policy.members[name]: name for name in policy.roles[approval.role]}
        if rule.distinct_from_author and author is not None:
            holders.pop(author, None)
        counted = holders.keys() & approvers.get(approval.role, frozenset())
        if len(counted) < approval.at_least:
            message = f"{len(counted)} of {approval.at_least} approvals by role {approval.role}"
            waiting = ", ".join(sorted(name for account, name in holders.items() if account not in counted))
            hint = f"ask {waiting}" if waiting else "nobody is left who could: the policy must change"
            found.append(Finding(rule=rule.id, message=message, hint=hint, place=rule.place))
    return tuple(found)


def _violations(proposal: Proposal, policy: Policy, network: str, rule: Rule | None, lane: Lane) -> Iterator[Finding]:
    document = proposal.document
    if network not in policy.networks:
        known = ", ".join(sorted(policy.networks))
        where = ("networks", document.networks.index(network)) if network in document.networks else ("networks",)
        yield _at(proposal, where, "unknown-network", f"the policy names no network `{network}`", f"it names {known}")
        return
    if rule is None:
        message = f"no rule allows `{document.kind}` on {network}"
        yield _at(proposal, ("kind",), "deny-by-default", message, "a rule must be added by a policy change")
        return
    if rule.via != lane:
        message = f"rule {rule.id} goes via {rule.via}, but `{document.kind}` belongs to the {lane} lane"
        yield _at(proposal, ("kind",), rule.id, message, "correct `via` in policies.yaml")
    yield from _author(proposal, policy, rule, network)
    for i, kind in enumerate(document.contained):
        yield from _weaker(proposal, rule, policy.rule_for(kind, network), ("entries", i), network)


def _author(proposal: Proposal, policy: Policy, rule: Rule, network: str) -> Iterator[Finding]:
    author = proposal.document.author
    if author not in policy.members:
        known = ", ".join(sorted(policy.members))
        yield _at(proposal, ("author",), rule.id, f"`{author}` is no member", f"members are {known}")
    elif rule.may_propose not in policy.safes and author not in policy.roles[rule.may_propose]:
        who = ", ".join(sorted(policy.roles[rule.may_propose]))
        message = (
            f"`{author}` may not propose `{proposal.document.kind}` on {network}: that is for role {rule.may_propose}"
        )
        yield _at(
            proposal, ("author",), rule.id, message, f"its members are {who}; signatures are what counts in the end"
        )


def _weaker(
    proposal: Proposal, rule: Rule, own: Rule | None, loc: tuple[str | int, ...], network: str
) -> Iterator[Finding]:
    """What is inside a batch may not come about more easily than alone: each entry's own rule is held against the batch's."""
    if own is None:
        message = f"no rule allows this on {network}, neither alone nor in a batch"
        yield _at(proposal, loc, "deny-by-default", message, "a rule must be added by a policy change")
        return
    hint = f"make it a proposal of its own, or let the rule {rule.id} be as strict"
    asked = {approval.role: approval.at_least for approval in rule.approvals}
    for approval in own.approvals:
        enough = approval.role in asked and (asked[approval.role] or 0) >= (approval.at_least or 0)
        if not enough:
            words = "its Safe" if approval.at_least is None else f"{approval.at_least}"
            message = f"rule {own.id} asks {words} of role {approval.role}, rule {rule.id} does not"
            yield _at(proposal, loc, own.id, message, hint)
    if own.may_propose != rule.may_propose:
        message = f"rule {own.id} lets role {own.may_propose} propose this, rule {rule.id} role {rule.may_propose}"
        yield _at(proposal, loc, own.id, message, hint)
    if own.distinct_from_author and not rule.distinct_from_author:
        message = f"rule {own.id} wants approvals by others than the author, rule {rule.id} does not"
        yield _at(proposal, loc, own.id, message, hint)
    if rule.delay < own.delay:
        yield _at(proposal, loc, own.id, f"rule {own.id} waits {own.delay}, rule {rule.id} only {rule.delay}", hint)
    if own.grace is not None and (rule.grace is None or rule.grace > own.grace):
        message = (
            f"rule {own.id} lets it lapse after {own.grace}, rule {rule.id} after {rule.grace or 'no time at all'}"
        )
        yield _at(proposal, loc, own.id, message, hint)
    if not set(own.freeze) <= set(rule.freeze):
        message = f"rule {own.id} is frozen at times when rule {rule.id} is not"
        yield _at(proposal, loc, own.id, message, hint)


def _untimely(proposal: Proposal, rule: Rule, now: Moment, eta: Moment) -> Iterator[Finding]:
    document = proposal.document
    for start, end in rule.freeze:
        for moment, what in ((now, "acted on now"), (eta, f"executable at {eta}")):
            if start <= moment < end:
                message = f"frozen from {start} to {end}: it would be {what}"
                yield Finding(rule=rule.id, message=message, hint=f"wait until {end}", place=rule.place)
                break
    if document.not_after is not None and Moment.parse(document.not_after) < eta:
        message = f"not_after is {document.not_after}, but it could be executed at {eta} at the earliest"
        yield _at(proposal, ("not_after",), "not-after", message, "extend it in the file, and have it reviewed again")


def _at(proposal: Proposal, loc: tuple[str | int, ...], rule: str, message: str, hint: str = "") -> Finding:
    return Finding(rule=rule, message=message, hint=hint, place=locate(proposal.tree, loc), path=dotted(loc))
