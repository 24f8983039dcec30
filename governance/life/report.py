"""The report beside the lock file: made when a proposal is locked, held against its hash before anybody signs.

The lock file has keccak256 of its bytes. Whoever rehearses later is told where a report of that moment would differ.
"""

import difflib
from collections.abc import Sequence

from governance.core.errors import Finding, Refused
from governance.core.keccak import keccak
from governance.core.kinds import KINDS
from governance.core.network import Network
from governance.core.page import Page
from governance.core.plan import Plan
from governance.core.rehearsal import Rehearsal
from governance.core.report import Played, report
from governance.core.units import to_hex
from governance.core.wording import names_of
from governance.life.site import Workspace


def page_of(workspace: Workspace, made: Sequence[tuple[Network, Plan, Rehearsal]]) -> Page:
    """The report of one proposal that was rehearsed on each of its networks. Raises Refused where no rule speaks of it."""
    policy, proposal = workspace.policy(), workspace.proposal(made[0][1].proposal)
    played = []
    for network, plan, rehearsal in made:
        rule = policy.rule_for(proposal.document.kind, network.name)
        if rule is None:
            raise Refused(f"no rule of policies.yaml speaks of {proposal.document.kind} on {network.name}")
        names = names_of(policy, proposal, network.name)
        played.append(Played(network=network, plan=plan, rule=rule, rehearsal=rehearsal, names=names))
    return report(proposal, KINDS[proposal.document.kind], played)


def report_findings(workspace: Workspace, proposal_id: str) -> tuple[Finding, ...]:
    """What is wrong with the report that lies there, held against the lock file."""
    document = workspace.lock(proposal_id)
    if document is None:
        return ()
    text, locked = workspace.report(proposal_id), document.get("report")
    found = None if text is None else to_hex(keccak(text.encode()))
    if found == locked:
        return ()
    file, hint = f"{proposal_id}.report.md", "restore it from git, or run gov lock and have it reviewed again"
    if found is None:
        return (Finding(rule="report-missing", message=f"{file} is gone, whose hash is {locked}", hint=hint),)
    message = f"{file} is not the report that was made when it was locked: its hash is {found}"
    return (Finding(rule="report-differs", message=message, hint=hint),)


def require_report(workspace: Workspace, proposal_id: str) -> None:
    """Refuse to go on with a report that reviewers were not shown."""
    findings = report_findings(workspace, proposal_id)
    if findings:
        raise Refused(f"the report of {proposal_id} is not the one that was locked", findings=findings)


def difference(approved: str, now: str) -> list[str]:
    """Lines that a report of this moment has otherwise, in the form of `diff -u` without context; empty when it is the same."""
    lines = difflib.unified_diff(approved.splitlines(), now.splitlines(), "approved", "now", lineterm="", n=0)
    return list(lines)
