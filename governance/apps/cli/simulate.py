"""`gov simulate`: rehearse a proposal. Nothing is sent, nothing is written, and no key is asked for."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.apps import show, showafter, showpower, wiring
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
from governance.core.extra import draft

if TYPE_CHECKING:
    from governance.adapters.workspace import FileWorkspace


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
    json: AsJson = False,
) -> None:
    """Rehearse a proposal's whole life on the live state: approvals, delay, execution, promises, every changed slot.

    Then the rollback and an emergency drill on what it leaves.
    """
    space = wiring.workspace(workspace)
    if bool(proposal) is all_pending:
        raise Rejected("name one proposal, or say --all-pending", hint="gov simulate 7")
    if all_pending:
        _stacked(space, network, json=json)
        return
    proposal_id = one_proposal(proposal, space.proposal_ids())
    rehearsals = []
    for name in wiring.networks_of(space, proposal_id, network):
        rehearsals.append(wiring.rehearse(space, wiring.site(space, name))(proposal_id, None))
    if write_expect:
        for each in rehearsals:
            sys.stdout.write(f"# on {each.network}\nexpect:\n{draft(each.undeclared, each.names)}")
        return
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
        emit({"schema": "governance/simulation/v1", "networks": documents})
    else:
        for each in rehearsals:
            console().print(show.rehearsal(each), showpower.power(each.power), showafter.afterwards(each))
            console().print(showafter.findings(each.findings))
    for each in rehearsals:
        try:
            each.require()
        except GovError as error:
            leave(error)


def _stacked(space: "FileWorkspace", only: str | None, *, json: bool) -> None:
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
