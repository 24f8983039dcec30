"""The rule's lane is the one that the kind of proposal belongs to."""

from collections.abc import Iterator

from governance.core.case import Case
from governance.core.errors import Finding
from governance.core.policy import Rule


def lane(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding when the rule goes another way than the kind."""
    if rule.via != case.lane:
        message = (
            f"rule {rule.id} goes via {rule.via}, but `{case.proposal.document.kind}` belongs to the {case.lane} lane"
        )
        yield case.finding(("kind",), rule.id, message, "correct `via` in policies.yaml")
