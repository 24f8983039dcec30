"""`gov deploy` and `gov facet deploy`: put a described system, or one facet, on a network. Devnets use the same code."""

from pathlib import Path
from typing import Annotated, Any

import typer

from governance.apps import wiring
from governance.apps.cli.acts import DEFAULT_MAX_FEE_GWEI
from governance.apps.cli.common import (
    HERE,
    AsJson,
    Broadcast,
    Key,
    MaxFee,
    PasswordFd,
    WorkspaceDir,
    counted,
    emit,
)

facet_app = typer.Typer(
    help="Facets: inspect them, and put them on chain, so that a proposal can route to them.", no_args_is_help=True
)

ToNetwork = Annotated[str, typer.Option("--network", "-n", help="The network's name.", metavar="NAME")]


def deploy(
    description: Annotated[
        Path, typer.Argument(help="A deployment description; see docs/documents.md.", metavar="FILE")
    ],
    network: ToNetwork,
    chain_id: Annotated[int, typer.Option("--chain-id", help="The chain that the endpoint must serve.")],
    key: Key,
    workspace: WorkspaceDir = HERE,
    password_fd: PasswordFd = None,
    max_fee_gwei: MaxFee = DEFAULT_MAX_FEE_GWEI,
    broadcast: Broadcast = False,
    json: AsJson = False,
) -> None:
    """Deploy Safes, timelock, dispatcher and anchor as described, hand everything over, and read it back.

    Interrupted, it is taken up where it stopped. Members come from policies.yaml; the network's addresses are written there.
    """
    from governance.apps import deployment

    signer = wiring.signer(key, password_fd)
    plan = deployment.planned(workspace, deployment.described(description), signer.address)
    where = plan.network(network, chain_id)
    report: dict[str, Any] = {
        "schema": "governance/deploy/v1",
        "network": network,
        "council": where.council,
        "guardian": where.guardian,
        "timelock": where.timelock,
        "target": where.target,
        "policy_anchor": where.policy_anchor,
        "sent": None,
    }
    if broadcast:
        prepared = deployment.prepare(workspace, plan, network, chain_id)
        space = wiring.workspace(workspace)
        node = wiring.node(space, where)
        payer = wiring.payer(space, node, network, signer, max_fee_gwei)
        done = deployment.deploy(prepared, chain=node, sender=payer, told=lambda words: typer.echo(words, err=True))
        report["sent"] = done.sent
    _show(report, json)


@facet_app.command("deploy")
def facet_deploy(
    artifact: Annotated[str, typer.Argument(help="An artifact: FeeFacet@2.", metavar="NAME@VERSION")],
    network: ToNetwork,
    key: Key,
    workspace: WorkspaceDir = HERE,
    password_fd: PasswordFd = None,
    max_fee_gwei: MaxFee = DEFAULT_MAX_FEE_GWEI,
    broadcast: Broadcast = False,
    json: AsJson = False,
) -> None:
    """Put a facet on chain at its deterministic address, without routing anything to it. Anybody may."""
    from governance.life.deploy import stage_facet

    space = wiring.workspace(workspace)
    place = wiring.place_of(space, network)
    found = space.artifact(artifact)
    sent = None
    if broadcast:
        node = wiring.node(space, place)
        (code,) = node.codes([found.address], node.head())
        sent = 0 if code else 1
        signer = wiring.signer(key, password_fd)
        stage_facet(found, chain=node, sender=wiring.payer(space, node, network, signer, max_fee_gwei))
    report = {
        "schema": "governance/facet/v1",
        "artifact": artifact,
        "address": found.address,
        "code_hash": f"0x{found.runtime_hash.hex()}",
        "sent": sent,
    }
    _show(report, json)


def _show(report: dict[str, Any], json: bool) -> None:
    if json:
        emit(report)
        return
    for name, value in report.items():
        if name not in {"schema", "sent"}:
            typer.echo(f"{name.replace('_', ' '):<14} {value}")
    typer.echo(f"{'sent':<14} {_sent(report['sent'])}")


def _sent(number: int | None) -> str:
    if number is None:
        return "not sent: add --broadcast"
    return counted(number, "transaction") if number else "nothing: it was all there"
