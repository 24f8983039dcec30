"""Reviewing proposals before anything touches a chain: schema, policy, references to one another, and lock files.

A bad document is a finding in its review, never an exception, so that one file hides nothing about the others. What only
the chain can answer is not asked here.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from governance.core.case import Case, Gate
from governance.core.errors import Finding, GovError, Place, Rejected
from governance.core.kinds import KINDS
from governance.core.policy import Policy
from governance.core.proposal import Proposal
from governance.core.sarif import report
from governance.core.tree import dotted, locate
from governance.core.units import Moment, shown, to_hex
from governance.core.verdict import Verdict, judge, judge_by_both
from governance.life.inforce import FILE, InForce, policy_findings
from governance.life.locked import Locked

ReadProposal = Callable[[str], Proposal]
OpenLock = Callable[[str, str], Locked | None]
"""Proves the lock file of a proposal on a network; None when it is not locked there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What can be said of one proposal without a chain."""

    name: str
    """The proposal's id."""
    proposal: Proposal | None
    """None when it is malformed."""
    verdicts: tuple[Verdict, ...]
    """One for each of its networks."""
    findings: tuple[Finding, ...]
    """Everything that speaks against it; includes the violations of the verdicts."""
    of_policy: bool = False
    """It is about `policies.yaml` itself."""

    @property
    def malformed(self) -> bool:
        """It could not be read as a proposal."""
        return self.proposal is None and not self.of_policy

    @property
    def ok(self) -> bool:
        """It is well-formed and nothing speaks against it."""
        return self.proposal is not None and not self.findings


def review(
    ids: Sequence[str],
    *,
    policy: Policy,
    read: ReadProposal,
    open_lock: OpenLock,
    force: InForce | None = None,
    at: Moment | None = None,
) -> list[Review]:
    """A review of each proposal, in the order given; of the policy too, when there is something wrong with it.

    1. Read every document.
    2. Compare them with one another: numbers, contents, and whom they name.
    3. Judge each by the policy, on each of its networks, and by the one in force where it is known. The time is not asked,
       since a freeze ends, unless `at` is a moment that it is judged for.
    4. Prove the lock file, where there is one and the policy allows what it locks; then judge what it will really call.
    """
    documents = {name: _read(name, read) for name in ids}  # 1.
    alike = _Alike(document for document in documents.values() if isinstance(document, Proposal))
    force = force or InForce()
    found = tuple(policy_findings(policy, force))
    made = [Review(name=FILE, proposal=None, verdicts=(), findings=found, of_policy=True)] if found else []
    for name, document in documents.items():
        if isinstance(document, GovError):
            made.append(Review(name=name, proposal=None, verdicts=(), findings=_as_findings(document, "malformed")))
            continue
        findings = [*_repeated(document, alike), *_references(document, read)]  # 2.
        verdicts = []
        for network in document.document.networks:
            verdict, unproven = _judged(document, policy, network, open_lock, force.on(network), at)  # 3. and 4.
            verdicts.append(verdict)
            findings += [*verdict.violations, *unproven]
        made.append(
            Review(name=name, proposal=document, verdicts=tuple(verdicts), findings=tuple(dict.fromkeys(findings)))
        )
    return made


def _read(name: str, read: ReadProposal) -> Proposal | GovError:
    try:
        return read(name)
    except Rejected as error:
        return error


def _judged(
    proposal: Proposal,
    policy: Policy,
    network: str,
    open_lock: OpenLock,
    decides: Policy | None,
    at: Moment | None,
) -> tuple[Verdict, tuple[Finding, ...]]:
    """The verdict on one network, and what is wrong with the lock file there."""
    lane = KINDS[proposal.document.kind].lane
    case = Case(proposal=proposal, policy=policy, network=network, lane=lane, gate=Gate.CHECK, now=at)
    verdict = _by(case, decides)
    if not verdict.ok:
        return verdict, ()
    try:
        locked = open_lock(proposal.id, network)
    except GovError as error:
        return verdict, _as_findings(error, "lock")
    return (verdict if locked is None else _by(replace(case, plan=locked.plan), decides)), ()


def _by(case: Case, decides: Policy | None) -> Verdict:
    """By the workspace's policy, and by the one that decides, when it is known to be another."""
    if decides is None or decides.digest == case.policy.digest:
        return judge(case)
    return judge_by_both(case, decides, words="by the policy in force")


def _as_findings(error: GovError, rule: str) -> tuple[Finding, ...]:
    return error.findings or (Finding(rule=rule, message=error.message, hint=error.hint()),)


def _repeated(proposal: Proposal, alike: "_Alike") -> Iterator[Finding]:
    """Two files of one number confuse people; two of one content are the same operation on chain."""
    for other in alike.to(proposal):
        if other.id[:4] == proposal.id[:4]:
            message = f"{other.id} has the same number"
            yield _at(proposal, (), "number-twice", message, "rename the one that nobody has signed")
        if other.digest == proposal.digest:
            message = f"{other.id} says exactly the same: one operation on chain would stand for both"
            yield _at(proposal, (), "content-twice", message, "drop one, or say in the summary what is different")


class _Alike:
    """Proposals by number and by content, so that each is compared with the few that could be confused with it."""

    def __init__(self, proposals: Iterable[Proposal]) -> None:
        self._groups: dict[str | bytes, list[Proposal]] = {}
        for proposal in proposals:
            for key in (proposal.id[:4], proposal.digest):
                self._groups.setdefault(key, []).append(proposal)

    def to(self, proposal: Proposal) -> Iterator[Proposal]:
        """Others of its number or content, each once."""
        groups = (self._groups[proposal.id[:4]], self._groups[proposal.digest])
        others = {other.id: other for group in groups for other in group if other.id != proposal.id}
        yield from others.values()


def _references(proposal: Proposal, read: ReadProposal) -> Iterator[Finding]:
    """The proposals that it names exist, and do not lead back to it."""
    for key in ("after", "proposal"):
        named = getattr(proposal.document, key, None)
        if named is None:
            continue
        try:
            read(named)
        except Rejected as error:
            message = f"{named} cannot be read: {error.message}"
            yield _at(proposal, (key,), f"{key}-unknown", message, "name the id of a proposal in this workspace")
    if _leads_back(proposal, read):
        message = "each of these waits for the next, and the last for the first"
        yield _at(proposal, ("after",), "after-cycle", message, "drop one `after`")


def _leads_back(proposal: Proposal, read: ReadProposal) -> bool:
    seen: set[str] = set()
    named = proposal.document.after
    while named is not None and named not in seen:
        if named == proposal.id:
            return True
        seen.add(named)
        document = _read(named, read)
        named = None if isinstance(document, GovError) else document.document.after
    return False


def _at(proposal: Proposal, loc: tuple[str | int, ...], rule: str, message: str, hint: str) -> Finding:
    return Finding(rule=rule, message=message, hint=hint, place=locate(proposal.tree, loc), path=dotted(loc))


def misnamed(names: Sequence[str]) -> list[Review]:
    """Files beside the proposals whose names make them none: a finding each, or nobody would notice."""
    hint = "name it NNNN-lower-case-words.yaml, or move it elsewhere"
    return [
        Review(
            name=name,
            proposal=None,
            verdicts=(),
            findings=(
                Finding(
                    rule="file-name",
                    message="this name is not a proposal's",
                    hint=hint,
                    place=Place(file=name, line=1, column=1),
                ),
            ),
        )
        for name in map(shown, names)
    ]


def report_sarif(made: Sequence[Review], *, version: str) -> str:
    """The reviews as SARIF, for annotations in a pull request."""
    files = {each.name: FILE if each.of_policy else f"proposals/{each.name}.yaml" for each in made}
    return report(((files[each.name], finding) for each in made for finding in each.findings), version=version)


def report_markdown(made: Sequence[Review]) -> str:
    """The reviews as Markdown for a pull request. Words of documents stand in code, where they can format nothing."""
    faulty = sum(not each.ok for each in made)
    lines = ["## Proposals", "", f"{len(made)} checked, {faulty} with findings.", ""]
    if made:
        lines += ["| proposal | title | verdict | digest |", "|---|---|---|---|", *map(_row, made), ""]
    for each in made:
        if each.findings:
            lines += [f"### {_code(each.name)}", "", "```text"]
            lines += [line.replace("```", "'''") for finding in each.findings for line in str(finding).splitlines()]
            lines += ["```", ""]
    return "\n".join(lines)


def _row(each: Review) -> str:
    if each.proposal is None:
        return f"| {_code(each.name)} | | {'not in force' if each.of_policy else 'malformed'} | |"
    rules = ", ".join(f"{_code(v.network)}: {_code(v.rule.id) if v.rule else 'no rule'}" for v in each.verdicts)
    verdict = "holds" if each.ok else f"{len(each.findings)} findings"
    title, digest = _code(each.proposal.document.title), _code(to_hex(each.proposal.digest))
    return f"| {_code(each.name)} | {title} | {verdict} ({rules}) | {digest} |"


def _code(text: str) -> str:
    """Text in a code span of a table: no backtick ends it, no bar ends the cell."""
    return "`" + text.replace("`", "'").replace("|", "\\|").replace("\n", " ") + "`"
