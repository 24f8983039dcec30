"""`gov pr review`: what a pull request's reviewers are told of each proposal, in one comment.

1. Everything that `gov check` says, each lock file derived anew.
2. Where a network has an endpoint: the stage, who of the Safe's owners has signed, and a rehearsal on the live state.
3. Where it has none: whose signatures they are, as far as the bytes tell; and that nothing was rehearsed, which is never
   taken for a good sign.

Whatever a proposal says is quoted (`core/markdown.py`), and no file of the pull request goes into the comment as it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from governance.core.errors import Finding, GovError
from governance.core.markdown import markdown
from governance.core.page import Block, Listing, Page, Paragraph, Quote, Section, Words, grid, line
from governance.core.rehearsal import Rehearsal
from governance.core.stage import Stage
from governance.core.units import Address, to_hex
from governance.life.locked import open_lock
from governance.life.review import Review
from governance.life.site import Rehearse, Site, Workspace
from governance.life.watch import look

MARK = "<!-- gov: proposals of this pull request -->"
"""Begins the comment, so that it is found again."""
MOST = 60_000
"""Characters; GitHub takes 65,536."""
OPEN = frozenset({Stage.DRAFTED, Stage.COLLECTING, Stage.QUEUED, Stage.APPROVED, Stage.WAITING, Stage.READY})
"""Stages in which a rehearsal still says something."""

Reach = Callable[[str], tuple[Site, Rehearse] | None]
"""A network's site and rehearsals; None where it has no endpoint."""
Render = Callable[[str, Sequence[Rehearsal]], Page]
"""The report of rehearsals of one proposal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """One proposal on one network."""

    network: str
    stage: str
    signers: tuple[Address, ...]
    threshold: int | None
    """None where nobody could be asked."""
    rehearsal: Rehearsal | None
    findings: tuple[Finding, ...]
    said: str
    """What became of the rehearsal, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One proposal, and everything that is told of it."""

    review: Review
    there: tuple[There, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of the check, of the signatures and of the rehearsals."""
        return (*self.review.findings, *(finding for each in self.there for finding in each.findings))


def tell(reviews: Sequence[Review], workspace: Workspace, reach: Reach) -> list[Told]:
    """Every review with what the networks say of it."""
    return [Told(review=each, there=_everywhere(each, workspace, reach)) for each in reviews]


def _everywhere(review: Review, workspace: Workspace, reach: Reach) -> tuple[There, ...]:
    if review.proposal is None or not review.ok:
        return ()
    return tuple(_there(review.proposal.id, name, workspace, reach) for name in review.proposal.document.networks)


def _there(proposal_id: str, network: str, workspace: Workspace, reach: Reach) -> There:
    """Whatever goes wrong is a finding of this proposal on this network, and hides nothing about the others."""
    try:
        reached = reach(network)
        return (
            _offline(proposal_id, network, workspace) if reached is None else _online(proposal_id, workspace, *reached)
        )
    except GovError as error:
        findings = error.findings or (Finding(rule="network", message=error.message, hint=error.hint()),)
        return There(
            network=network,
            stage="unknown",
            signers=(),
            threshold=None,
            rehearsal=None,
            findings=findings,
            said="failed",
        )


def _offline(proposal_id: str, network: str, workspace: Workspace) -> There:
    locked = open_lock(workspace, proposal_id, network)
    hashes = set() if locked is None else {step.safe_tx.hash for step in locked.plan.steps}
    ballots = [ballot for ballot in workspace.mailbox(proposal_id).all() if ballot.safe_tx_hash in hashes]
    return There(
        network=network,
        stage="not locked" if locked is None else "locked",
        signers=tuple(sorted({ballot.signer for ballot in ballots})),
        threshold=None,
        rehearsal=None,
        findings=(),
        said="NOT REHEARSED: no endpoint is known here",
    )


def _online(proposal_id: str, workspace: Workspace, site: Site, rehearse: Rehearse) -> There:
    sighting = look(site, workspace, proposal_id)
    signed = sighting.steps[0].quorum.signed if sighting.steps else ()
    rehearsal = rehearse(proposal_id, None) if sighting.stage in OPEN else None
    found = () if rehearsal is None else rehearsal.findings
    said = f"{len(found)} findings" if found else "nothing was found that must not be"
    return There(
        network=site.network.name,
        stage=str(sighting.stage),
        signers=signed,
        threshold=sighting.safe.threshold,
        rehearsal=rehearsal,
        findings=(*sighting.findings, *found),
        said=said if rehearsal is not None else "nothing is left to rehearse",
    )


def comment(told: Sequence[Told], render: Render) -> str:
    """The comment, whole; reports that do not fit are left out, and that is said."""
    text = f"{MARK}\n{markdown(_summary(told))}"
    for each in told:
        rehearsals = [there.rehearsal for there in each.there if there.rehearsal is not None]
        if each.review.proposal is None or not rehearsals:
            continue
        report = markdown(render(each.review.proposal.id, rehearsals)).replace("\n# ", "\n### ")
        folded = f"\n<details><summary>Report of {each.review.proposal.id}</summary>\n\n{report}\n</details>\n"
        if len(text) + len(folded) > MOST:
            folded = f"\nThe report of {each.review.proposal.id} is too long for a comment: run gov simulate.\n"
        text += folded
    return text[:MOST]


def _summary(told: Sequence[Told]) -> Page:
    faulty = sum(bool(each.findings) for each in told)
    blocks: list[Block] = [Paragraph(line(f"{len(told)} checked, {faulty} with findings."))]
    if told:
        blocks.append(grid(("proposal", "title", "check", "network", "stage", "signed", "rehearsal"), _rows(told)))
    sections = [Section(line("Proposals"), tuple(blocks))]
    for each in told:
        if each.findings:
            found = tuple(line(Quote(str(finding))) for finding in dict.fromkeys(each.findings))
            sections.append(Section(line("What stands against ", Quote(each.review.name)), (Listing(found),), level=3))
    return Page(line("What this pull request would do"), tuple(sections))


def _rows(told: Sequence[Told]) -> list[tuple[Words, ...]]:
    made: list[tuple[Words, ...]] = []
    for each in told:
        proposal = each.review.proposal
        title = "" if proposal is None else proposal.document.title
        check = (
            "holds"
            if each.review.ok
            else "malformed"
            if each.review.malformed
            else f"{len(each.review.findings)} findings"
        )
        head: tuple[Words, ...] = (Quote(each.review.name), Quote(title), check)
        for there in each.there:
            made.append((*head, Quote(there.network), there.stage, _signed(there), there.said))
        if not each.there:
            made.append((*head, "", "", "", ""))
    return made


def _signed(there: There) -> str:
    if there.threshold is None:
        return f"{len(there.signers)}, not held against the owners" if there.signers else "nobody"
    return f"{len(there.signers)} of {there.threshold}"


def digest_words(told: Sequence[Told]) -> list[str]:
    """A line for each proposal, for a log."""
    return [
        f"{each.review.name}: {len(each.findings)} findings"
        + ("" if each.review.proposal is None else f", digest {to_hex(each.review.proposal.digest)}")
        for each in told
    ]
