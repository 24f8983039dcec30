"""What the policy says of a case: the rule it falls under, and everything that speaks against it.

What was locked under another policy than the one in force is judged by both, and so is what a pull request would judge by
a policy of its own; the stricter wins.

One engine for all gates. A verdict without a rule is a refusal, whatever else is true.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from governance.core.case import Case
from governance.core.checks import CHECKS
from governance.core.errors import Finding, Refused
from governance.core.policy import Policy, Rule


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


def judge(case: Case) -> Verdict:
    """Find the rule and run every check against it."""
    rule = case.policy.rule_for(case.proposal.document.kind, case.network)
    violations = _without_rule(case) if rule is None else (found for check in CHECKS for found in check(case, rule))
    return Verdict(proposal=case.proposal.id, network=case.network, rule=rule, violations=tuple(violations))


def judge_by_both(case: Case, other: Policy, *, words: str = "by the policy that it was locked under") -> Verdict:
    """As `judge`, and by another policy as well: every violation of either. `words` say which that is."""
    now, then = judge(case), judge(replace(case, policy=other))
    told = {(found.rule, found.message, found.path) for found in now.violations}
    more = (
        replace(found, message=f"{found.message}, {words}")
        for found in then.violations
        if (found.rule, found.message, found.path) not in told
    )
    return replace(now, violations=(*now.violations, *more))


def _without_rule(case: Case) -> Iterator[Finding]:
    document = case.proposal.document
    if case.network not in case.policy.networks:
        known = ", ".join(sorted(case.policy.networks))
        named = case.network in document.networks
        loc = ("networks", document.networks.index(case.network)) if named else ("networks",)
        yield case.finding(loc, "unknown-network", f"the policy names no network `{case.network}`", f"it names {known}")
        return
    message = f"no rule allows `{document.kind}` on {case.network}"
    yield case.finding(("kind",), "deny-by-default", message, "a rule must be added by a policy change")
