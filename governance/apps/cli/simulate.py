"""`gov simulate`: rehearse a proposal. Nothing is sent, nothing is written, and no key is asked for."""

import sys
from typing import Annotated

import typer

from governance.apps import show, wiring
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
from governance.core.errors import GovError
from governance.core.extra import draft


def simulate(
    proposal: ProposalId,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    write_expect: Annotated[
        bool, typer.Option("--write-expect", help="Only draft, under `expect:`, the changes that nothing announces.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Rehearse a proposal's whole life on the live state: approvals, delay, execution, promises, every changed slot."""
    space = wiring.workspace(workspace)
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
            {**show.rehearsal_document(each), "findings": [finding_document(finding) for finding in each.findings]}
            for each in rehearsals
        ]
        emit({"schema": "governance/simulation/v1", "networks": documents})
    else:
        for each in rehearsals:
            console().print(show.rehearsal(each))
    for each in rehearsals:
        try:
            each.require()
        except GovError as error:
            leave(error)
