"""How grave it is, computed from what it does and never claimed: at most the class of risk that the rule is for.

A proposal may say its class, so that a reviewer is told at once; one that says too little is refused at that word.
"""

from collections.abc import Iterator

from governance.core.case import Case
from governance.core.constitution import BY_NATURE
from governance.core.errors import Finding
from governance.core.kinds.base import Lane
from governance.core.kinds.contract_call import DISPATCHER_ADMIN
from governance.core.network import Network
from governance.core.plan import Plan
from governance.core.policy import Rule
from governance.core.risk import Risk
from governance.core.tree import Loc
from governance.core.units import shown

RIGHTS = frozenset(selector for selector, kind in DISPATCHER_ADMIN.items() if kind in {"", "role_change"})
"""Functions of a governed system by which it changes hands, or what nobody can take back."""
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
    network = case.policy.networks.get(case.network)
    if case.plan is not None and network is not None and case.lane is not Lane.GUARDIAN:
        for where, sentence in grave_calls(case.plan, network):
            yield ("kind",), f"{where} {sentence}"


def grave_calls(plan: Plan, network: Network) -> Iterator[tuple[str, str]]:
    """Calls of the governance itself, and those by which the governed system changes hands, each with its path in the plan.

    Whatever kind derived them: one that somebody else has written may derive anything.
    """
    names = {network.timelock: "timelock", network.council: "council", network.guardian: "guardian"}
    names[network.policy_anchor] = "policy anchor"
    for i, step in enumerate(plan.steps):
        for j, call in enumerate(step.calls):
            where, words = f"steps[{i}].calls[{j}]", shown(call.summary)
            if call.to in names:
                yield where, f"calls the {names[call.to]} itself: {words}"
            elif call.to == network.target and call.data[:4] in RIGHTS:
                yield where, f"changes the rights over the governed system: {words}"


def allowed(case: Case, rule: Rule) -> Risk:
    """The class that the rule allows; a batch may do no more than one of its entries might alone."""
    owns = [case.policy.rule_for(kind, case.network) for kind in case.proposal.document.contained]
    entries_may = not owns or any(own is not None and own.risk is Risk.CONSTITUTIONAL for own in owns)
    return rule.risk if entries_may else Risk.ROUTINE
