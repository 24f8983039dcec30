"""`gov manifest`: manifests as files, before anybody proposes one."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from governance.apps import disk
from governance.apps.cli.common import HERE, AsJson, WorkspaceDir, counted, emit, printable

app = typer.Typer(help="Check, compare and hash manifests of routes.", no_args_is_help=True)


class ProfileName(StrEnum):
    """Merkle profiles; `core.merkle` says what each is."""

    A = "A"
    B = "B"
    C = "C"


class OddName(StrEnum):
    """What a node without a partner does."""

    PROMOTE = "promote"
    DUPLICATE = "duplicate"


class OrderName(StrEnum):
    """In which order the leaves stand."""

    GIVEN = "given"
    SELECTOR = "selector"


ManifestPath = Annotated[Path, typer.Argument(help="YAML or JSON with `routes:`.", metavar="FILE")]
WithProfile = Annotated[ProfileName, typer.Option("--profile", help="The contracts of v1, compact, p4 and ours use B.")]
WithOdd = Annotated[OddName, typer.Option("--odd", help="What a node without a partner does.")]
WithOrder = Annotated[OrderName, typer.Option("--order", help="As the file gives the routes, or by selector.")]


@app.command()
def check(file: ManifestPath, workspace: WorkspaceDir = HERE, json: AsJson = False) -> None:  # noqa: ARG001
    """Find what is wrong: selectors routed twice, conflicting facets, a root that nothing reproduces."""
    from governance.life import manifests as life

    checked = life.check(disk.manifest(file))
    if json:
        emit({"schema": "governance/manifest-check/v1", **checked.value})
    else:
        for line in (*checked.findings, *checked.notes):
            typer.echo(printable(str(line)))
        typer.echo(f"{checked.name}: {counted(checked.routes, 'route')}, {counted(len(checked.findings), 'finding')}")
    if checked.findings:
        raise typer.Exit(1)


@app.command()
def diff(old: ManifestPath, new: ManifestPath, workspace: WorkspaceDir = HERE, json: AsJson = False) -> None:  # noqa: ARG001
    """What takes the routes of the first file to those of the second."""
    from governance.life import manifests as life

    found = life.diff(disk.manifest(old), disk.manifest(new))
    if json:
        emit({"schema": "governance/manifest-diff/v1", **found})
        return
    for route in found["added"]:
        typer.echo(f"+ {route['selector']}  {route['facet']}")
    for pair in found["replaced"]:
        typer.echo(f"~ {pair['old']['selector']}  {pair['old']['facet']} → {pair['new']['facet']}")
    for route in found["removed"]:
        typer.echo(f"- {route['selector']}  {route['facet']}")
    typer.echo(f"{found['unchanged']} unchanged")


@app.command()
def root(
    file: ManifestPath,
    profile: WithProfile,
    odd: WithOdd,
    order: WithOrder = OrderName.GIVEN,
    workspace: WorkspaceDir = HERE,  # noqa: ARG001
    json: AsJson = False,
) -> None:
    """The Merkle root of a file's routes."""
    from governance.life import manifests as life

    _answer(life.root(disk.manifest(file), **_making(profile, odd, order)), "root", json)


@app.command()
def proof(
    file: ManifestPath,
    selector: Annotated[str, typer.Argument(help="4 bytes of hex, or a function signature.")],
    profile: WithProfile,
    odd: WithOdd,
    order: WithOrder = OrderName.GIVEN,
    workspace: WorkspaceDir = HERE,  # noqa: ARG001
    json: AsJson = False,
) -> None:
    """The proof that one selector's route is in the root; verified before it is shown."""
    from governance.core.call import function
    from governance.core.units import selector_bytes
    from governance.life import manifests as life

    raw = selector_bytes(selector) if selector.startswith("0x") else function(selector).selector
    found = life.proof(disk.manifest(file), selector=raw, **_making(profile, odd, order))
    _answer(found, "proof", json)


def _making(profile: ProfileName, odd: OddName, order: OrderName) -> dict[str, Any]:
    from governance.core.manifestcheck import Order
    from governance.core.merkle import Odd, Profile

    return {"profile": Profile(profile.value), "odd": Odd(odd.value), "order": Order(order.value)}


def _answer(found: dict[str, Any], what: str, json: bool) -> None:
    if json:
        emit({"schema": f"governance/manifest-{what}/v1", **found})
    elif what == "root":
        typer.echo(found["root"])
    else:
        for sibling, right in zip(found["proof"], found["isRight"], strict=True):
            typer.echo(f"{sibling}  {'right' if right else 'left'}")
        typer.echo(f"leaf {found['leaf']}\nroot {found['root']}")
