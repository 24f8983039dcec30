"""`gov devnet`: a local chain with everything on it, deployed the way a real network is."""

from pathlib import Path
from typing import Annotated

import typer

from governance.apps.cli.common import HERE, AsJson, WorkspaceDir, console, emit
from governance.core.units import Duration

app = typer.Typer(
    help="A local chain with Safe, timelock, dispatcher, guardian and funded test signers.", no_args_is_help=True
)

Description = Annotated[
    Path | None,
    typer.Option("--from", help="A deployment description; the default is a 3-of-5 council.", metavar="FILE"),
]


@app.command()
def up(workspace: WorkspaceDir = HERE, description: Description = None, json: AsJson = False) -> None:
    """Start anvil in the background and deploy everything; write the addresses to policies.yaml."""
    from governance.apps import devnet

    report = devnet.up(workspace, description)
    emit(report) if json else console().print(devnet.show(report))


@app.command()
def down(workspace: WorkspaceDir = HERE, json: AsJson = False) -> None:
    """End the chain and remove its state."""
    from governance.apps import devnet

    report = devnet.down(workspace)
    emit(report) if json else console().print(devnet.show(report))


@app.command()
def status(workspace: WorkspaceDir = HERE, json: AsJson = False) -> None:
    """Is it running, where, and what is on it."""
    from governance.apps import devnet

    report = devnet.status(workspace)
    emit(report) if json else console().print(devnet.show(report))


@app.command()
def warp(
    by: Annotated[str, typer.Argument(help="How far: 48h, 90min, 3d.", metavar="DURATION")],
    workspace: WorkspaceDir = HERE,
    json: AsJson = False,
) -> None:
    """Move the chain's clock forward."""
    from governance.apps import devnet

    report = devnet.warp(workspace, Duration.parse(by))
    emit(report) if json else console().print(devnet.show(report))
