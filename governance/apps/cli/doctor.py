"""`gov doctor`: tools, endpoints, addresses, roles, clock."""

import time

import typer

from governance.apps import wiring
from governance.apps.cli.common import HERE, AsJson, OnNetwork, WorkspaceDir, console, emit
from governance.core.errors import GovError
from governance.core.units import Moment


def doctor(workspace: WorkspaceDir = HERE, network: OnNetwork = None, json: AsJson = False) -> None:
    """Check every network of the policy: can it be reached, is it what the policy says, can everybody do their part."""
    from governance.apps import checkup, show
    from governance.core.check import Check
    from governance.life.audit import examine
    from governance.life.electors import signed_by

    space = wiring.workspace(workspace)
    policy = space.policy()
    names = wiring.networks(space, network)
    checks = checkup.tool_checks(space)
    now = Moment(int(time.time()))
    for name in names:
        try:
            site = wiring.site(space, name)
        except GovError as error:
            checks.append(
                Check(question=f"{name}: its node is known", ok=False, answer=error.message, hint=error.hint())
            )
            continue
        checks += examine(
            site,
            policy,
            wall_clock=None if wiring.is_devnet(space, name) else now,
            signed=lambda: signed_by(space, wiring.journal(space).entries()),
        )
        checks += checkup.endpoint_checks(site)
    if json:
        emit({"schema": "governance/doctor/v1", "checks": [show.check_document(check) for check in checks]})
    else:
        console().print(show.checks(checks))
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
