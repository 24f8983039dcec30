"""How grave it is, computed from what it does and never claimed: at most the class of risk that the rule is for.

A proposal may say its class, so that a reviewer is told at once; one that says too little is refused at that word.
"""

from collections.abc import Iterator

from governance.core.case import Case
from governance.core.checks.calls import called, place_of
from governance.core.constitution import BY_NATURE
from governance.core.errors import Finding
from governance.core.plan import Plan
from governance.core.policy import Rule
from governance.core.risk import Risk
from governance.core.tree import Loc
from governance.core.weakening import weakenings

Grave = tuple[Loc, str]
"""Where it stands in the proposal, and what makes it constitutional, as a sentence."""


def risk(case: Case, rule: Rule) -> Iterator[Finding]:
    """A finding for each thing that is graver than the rule is for, and for a class that says less than is true."""
    found = list(graver(case))
    if not found:
        return
    if case.proposal.document.risk == Risk.ROUTINE:
        message = f"it says `routine`, but {found[0][1]}"
        yield case.finding(("risk",), "risk-understated", message, "write constitutional, or drop what makes it so")
    if allowed(case, rule) is not Risk.CONSTITUTIONAL:
        for loc, sentence in found:
            message = f"{sentence}; rule {rule.id} is for routine"
            hint = "make it a proposal of its own kind, under a rule with `risk: constitutional`"
            yield case.finding(loc, rule.id, message, hint)


def graver(case: Case) -> Iterator[Grave]:
    """Everything that makes the proposal constitutional."""
    document = case.proposal.document
    if document.kind in BY_NATURE:
        yield ("kind",), f"`{document.kind}` changes who governs or how"
    for i, kind in enumerate(document.contained):
        if kind in BY_NATURE:
            yield ("entries", i), f"`{kind}` changes who governs or how"
    if case.plan is not None and not BY_NATURE & {document.kind, *document.contained}:
        yield from _hidden(case, case.plan)


def _hidden(case: Case, plan: Plan) -> Iterator[Grave]:
    """What a call brings about that no kind says."""
    nodes = called(plan, case)
    for each in weakenings(nodes, network=case.policy.networks[case.network], pins=plan.pins):
        yield place_of(case, each.path), f"{each.path} changes {each.what}"


def allowed(case: Case, rule: Rule) -> Risk:
    """The class that the rule allows; a batch may do no more than one of its entries might alone."""
    owns = [case.policy.rule_for(kind, case.network) for kind in case.proposal.document.contained]
    entries_may = not owns or any(own is not None and own.risk is Risk.CONSTITUTIONAL for own in owns)
    return rule.risk if entries_may else Risk.ROUTINE
