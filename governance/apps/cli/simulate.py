"""`gov simulate`: rehearse a proposal. Nothing is sent, nothing is written, and no key is asked for."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.apps import disk, wiring
from governance.apps.cli.common import (
    HERE,
    AsJson,
    OnNetwork,
    ProposalId,
    WorkspaceDir,
    console,
    emit,
    finding_document,
    leave,
    one_proposal,
)
from governance.core.errors import GovError, Refused, Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.adapters.workspace import FileWorkspace
    from governance.core.network import Network
    from governance.core.plan import Plan
    from governance.core.rehearsal import Rehearsal


WriteReport = Annotated[Path | None, typer.Option("--report", help="Write the report, as Markdown.", metavar="FILE")]
WriteHtml = Annotated[Path | None, typer.Option("--html", help="Write the report as one page.", metavar="FILE")]
WriteSarif = Annotated[
    Path | None, typer.Option("--sarif", help="Write the findings, for a code host.", metavar="FILE")
]


def simulate(
    proposal: ProposalId = "",
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    write_expect: Annotated[
        bool, typer.Option("--write-expect", help="Only draft, under `expect:`, the changes that nothing announces.")
    ] = False,
    all_pending: Annotated[
        bool, typer.Option("--all-pending", help="Instead, every open proposal with every other, in each order.")
    ] = False,
    report: WriteReport = None,
    html: WriteHtml = None,
    sarif: WriteSarif = None,
    json: AsJson = False,
) -> None:
    """Rehearse a proposal's whole life on the live state: approvals, delay, execution, promises, every changed slot.

    Then the rollback and an emergency drill on what it leaves.
    """
    from governance.apps import show, showafter, showpower

    space = wiring.workspace(workspace)
    if bool(proposal) is all_pending:
        raise Rejected("name one proposal, or say --all-pending", hint="gov simulate 7")
    if all_pending:
        _stacked(space, network, json=json)
        return
    proposal_id = one_proposal(proposal, space.proposal_ids())
    names = wiring.networks_of(space, proposal_id, network)
    rehearsals = [wiring.rehearse(space, wiring.site(space, name))(proposal_id, None) for name in names]
    if write_expect:
        from governance.core.extra import draft

        for each in rehearsals:
            sys.stdout.write(f"# on {each.network}\nexpect:\n{draft(each.undeclared, each.names)}")
        return
    differs = _reported(space, rehearsals, report, html, sarif)
    if json:
        documents = [
            {
                **show.rehearsal_document(each),
                "power": showpower.power_document(each.power),
                **showafter.afterwards_document(each),
                "findings": [finding_document(finding) for finding in each.findings],
            }
            for each in rehearsals
        ]
        emit({"schema": "governance/simulation/v1", "networks": documents, "report_differs": differs})
    else:
        for each in rehearsals:
            console().print(show.rehearsal(each), showpower.power(each.power), showafter.afterwards(each))
            console().print(showafter.findings(each.findings))
        if differs is not None:
            words = "\n".join(differs) or "the report would say the same as the one that was locked"
            console().print(words, markup=False)
    for each in rehearsals:
        try:
            each.require()
        except GovError as error:
            leave(error)


def _reported(
    space: "FileWorkspace",
    rehearsals: "Sequence[Rehearsal]",
    report: Path | None,
    html: Path | None,
    sarif: Path | None,
) -> list[str] | None:
    """Write what is asked for. Gives where the report differs from the locked one; None where there is none."""
    from governance import __version__
    from governance.core.htmlpage import html as as_html
    from governance.core.markdown import markdown
    from governance.core.sarif import report as as_sarif
    from governance.life.report import difference, page_of

    proposal_id = rehearsals[0].proposal
    page = page_of(space, [(*_planned(space, each), each) for each in rehearsals])
    text = markdown(page)
    if report is not None:
        disk.write(report, text)
    if html is not None:
        disk.write(html, as_html(page))
    if sarif is not None:
        file = space.shown(space.proposal_file(proposal_id))
        disk.write(sarif, as_sarif(((file, f) for each in rehearsals for f in each.findings), version=__version__))
    approved = space.report(proposal_id)
    every = {each.network for each in rehearsals} == set(space.proposal(proposal_id).document.networks)
    return difference(approved, text) if approved is not None and every else None


def _planned(space: "FileWorkspace", each: "Rehearsal") -> "tuple[Network, Plan]":
    """The plan that was rehearsed: the locked one, or what would be locked now."""
    from governance.life.locked import open_lock
    from governance.life.pin import plan_now

    locked = open_lock(space, each.proposal, each.network)
    if locked is not None:
        return space.policy().networks[each.network], locked.plan
    site = wiring.site(space, each.network)
    return site.network, plan_now(site, space, each.proposal).plan


def _stacked(space: "FileWorkspace", only: str | None, *, json: bool) -> None:
    from governance.apps import showafter

    names = sorted(space.policy().networks) if only is None else [only]
    stacks = [wiring.stacked(space, wiring.site(space, name)) for name in names]
    if json:
        documents: list[dict[str, Any]] = [
            {**showafter.stack_document(each), "findings": [finding_document(finding) for finding in each.findings]}
            for each in stacks
        ]
        emit({"schema": "governance/stacked/v1", "networks": documents})
    else:
        for each in stacks:
            console().print(showafter.stack(each))
    found = tuple(finding for each in stacks for finding in each.findings)
    if found:
        leave(Refused("the order of open proposals matters", findings=found))
