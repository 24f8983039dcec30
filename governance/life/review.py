"""`gov check`: everything that can be said about proposal files without a chain. It collects; it never stops at the first.

The policy is read once. A file that cannot be read is a review with findings, like one that the policy refuses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from governance.core.errors import Finding, GovError, Rejected
from governance.core.kinds import KINDS
from governance.core.policy import Policy
from governance.core.proposal import Proposal
from governance.core.units import to_hex
from governance.core.verdict import Verdict, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What is to be said about one file."""

    name: str
    proposal: Proposal | None
    """None when the file is malformed."""
    verdicts: tuple[Verdict, ...]
    """One a network."""
    findings: tuple[Finding, ...]
    """Everything wrong: of the document first, then of the policy's verdicts and of the lock file."""
    malformed: bool

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.findings


ReadProposal = Callable[[str], Proposal]
CheckLock = Callable[[str, str], Any]
"""Opens the lock file of a proposal on a network; raises when it does not hold, gives None without one."""


def review(proposal_ids: Sequence[str], *, policy: Policy, read: ReadProposal, open_lock: CheckLock) -> list[Review]:
    """Review every proposal in order."""
    return [_review(proposal_id, policy, read, open_lock) for proposal_id in proposal_ids]


def _review(proposal_id: str, policy: Policy, read: ReadProposal, open_lock: CheckLock) -> Review:
    try:
        proposal = read(proposal_id)
    except Rejected as error:
        findings = error.findings or (Finding(rule="document", message=error.message, hint=error.hint()),)
        return Review(name=proposal_id, proposal=None, verdicts=(), findings=findings, malformed=True)
    lane = KINDS[proposal.document.kind].lane
    verdicts = tuple(judge(proposal, policy, network=n, lane=lane, now=None) for n in proposal.document.networks)
    wrong = [finding for verdict in verdicts for finding in verdict.violations]
    wrong += _lock_findings(proposal, verdicts, open_lock)
    return Review(name=proposal.file, proposal=proposal, verdicts=verdicts, findings=tuple(wrong), malformed=False)


def _lock_findings(proposal: Proposal, verdicts: Sequence[Verdict], open_lock: CheckLock) -> list[Finding]:
    """A lock file that is there must follow from its proposal; one that is missing is not a fault of the document."""
    findings: list[Finding] = []
    for verdict in verdicts:
        if not verdict.ok:
            continue
        try:
            open_lock(proposal.id, verdict.network)
        except GovError as error:
            findings += error.findings or (Finding(rule="lock", message=error.message, hint=error.hint()),)
    return findings


def report_markdown(reviews: Sequence[Review]) -> str:
    """The reviews as Markdown for a pull request; the same input gives the same bytes."""
    lines = ["# Proposals", ""]
    for each in reviews:
        lines += [f"## {each.name}", ""]
        if each.proposal is not None:
            document = each.proposal.document
            lines += [
                f"- title: {_escaped(document.title)}",
                f"- kind: {document.kind}, on {', '.join(document.networks)}",
                f"- digest: `{to_hex(each.proposal.digest)}`",
                *(f"- {v.network}: rule {v.rule.id if v.rule else 'none'}" for v in each.verdicts),
            ]
        lines += ["", "No findings." if each.ok else f"**{len(each.findings)} findings**", ""]
        lines += [f"- {_escaped(str(finding))}" for finding in each.findings]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    for c in "\\`*_[]<>|#":
        text = text.replace(c, f"\\{c}")
    return text.replace("\n", " ")
