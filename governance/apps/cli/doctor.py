"""`gov doctor`: tools, endpoints, addresses, roles, clock."""

import time

import typer

from governance.apps import show, wiring
from governance.apps.cli.common import HERE, AsJson, OnNetwork, WorkspaceDir, console, emit
from governance.core.errors import GovError
from governance.core.units import Moment


def doctor(workspace: WorkspaceDir = HERE, network: OnNetwork = None, json: AsJson = False) -> None:
    """Check every network of the policy: can it be reached, is it what the policy says, can everybody do their part."""
    from governance.life.audit import Check, examine

    space = wiring.workspace(workspace)
    policy = space.policy()
    names = [network] if network else sorted(policy.networks)
    checks = wiring.tool_checks(space)
    now = Moment(int(time.time()))
    for name in names:
        checks += examine(wiring.site(space, name), policy, wall_clock=None if wiring.is_devnet(space, name) else now)
    if json:
        emit({"schema": "governance/doctor/v1", "checks": [show.check_document(check) for check in checks]})
    else:
        console().print(show.checks(checks))
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
