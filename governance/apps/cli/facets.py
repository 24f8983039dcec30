"""`gov facet inspect`: what a reviewer must know of a facet's code. Nothing is sent, and no key is asked for."""

from typing import Annotated

import typer

from governance.apps import wiring
from governance.apps.cli.common import HERE, AsJson, WorkspaceDir, console, emit, finding_document, leave
from governance.core.errors import GovError


def inspect(
    reference: Annotated[str, typer.Argument(help="An artifact, FeeFacet@2, or an address.", metavar="REFERENCE")],
    workspace: WorkspaceDir = HERE,
    network: Annotated[
        str | None, typer.Option("--network", "-n", help="Only this network of policies.yaml.", metavar="NAME")
    ] = None,
    json: AsJson = False,
) -> None:
    """Inspect a facet before anything is routed to it: its code, selectors, storage layout and initialisers."""
    from governance.apps import showfacet
    from governance.life.inspect import inspect as inspect_facet

    space = wiring.workspace(workspace)
    inspections = []
    for name in [network] if network is not None else sorted(space.policy().networks):
        site = wiring.site(space, name)
        inspections.append(inspect_facet(site, space, wiring.simulator(space, site), reference))
    if json:
        documents = [
            {**showfacet.inspection_document(each), "findings": [finding_document(one) for one in each.findings]}
            for each in inspections
        ]
        emit({"schema": "governance/inspection/v1", "networks": documents})
    else:
        for each in inspections:
            console().print(showfacet.inspection(each))
    for each in inspections:
        try:
            each.require()
        except GovError as error:
            leave(error)
