"""`gov signatures`: who has signed, who is missing; signatures by way of a Safe service; what could still be executed."""

from typing import TYPE_CHECKING, Annotated

import typer

from governance.apps import wiring
from governance.apps.cli.common import HERE, AsJson, OnNetwork, WorkspaceDir, console, emit, one_proposal
from governance.core.errors import Rejected

if TYPE_CHECKING:
    from governance.adapters.workspace import FileWorkspace

MaybeProposal = Annotated[str, typer.Argument(help="A proposal: 0007, or 0007-swap-fee-facet.", metavar="ID")]
Pull = Annotated[bool, typer.Option("--pull", help="First take over signatures from the Safe service.")]
Push = Annotated[bool, typer.Option("--push", help="Then give the Safe service what it lacks.")]
OnlyLive = Annotated[
    bool, typer.Option("--live", help="Instead, every signed hash that could still be executed, of any proposal.")
]


def signatures(
    proposal: MaybeProposal = "",
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    pull: Pull = False,
    push: Push = False,
    live: OnlyLive = False,
    json: AsJson = False,
) -> None:
    """Who has signed or approved, who is missing, and what is wrong with it: against the newest block."""
    space = wiring.workspace(workspace)
    if bool(proposal) is live:
        raise Rejected("name one proposal, or say --live", hint="gov signatures 7")
    if live:
        _live(space, network, json=json)
    else:
        _of_one(space, one_proposal(proposal, space.proposal_ids()), network, pull=pull, push=push, json=json)


def _of_one(
    space: "FileWorkspace", proposal_id: str, network: str | None, *, pull: bool, push: bool, json: bool
) -> None:
    from governance.apps import show, showapprovals
    from governance.life import exchange
    from governance.life.agreement import asked_of
    from governance.life.watch import look

    seen, exchanged = [], []
    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        if pull:
            taken = exchange.pull(look(site, space, proposal_id), space, wiring.exchange(site.network))
            exchanged.append(("from", taken))
        sighting = look(site, space, proposal_id)
        seen.append((sighting, *asked_of(site, space, sighting)))
        if push:
            exchanged.append(("to", exchange.push(sighting, wiring.exchange(site.network))))
    if json:
        networks = [{**show.quorum_document(s), **showapprovals.roles_document(case, asked)} for s, case, asked in seen]
        moved = [show.exchange_document(way, each) for way, each in exchanged]
        emit({"schema": "governance/signatures/v1", "networks": networks, "exchanged": moved})
    else:
        for sighting, case, asked in seen:
            console().print(show.quorum(sighting, space.policy()))
            if case is not None:
                console().print(showapprovals.roles(case, asked))
        for way, each in exchanged:
            console().print(show.exchanged(way, each))
    if any(sighting.findings for sighting, _, _ in seen) or any(each.findings for _, each in exchanged):
        raise typer.Exit(1)


def _live(space: "FileWorkspace", network: str | None, *, json: bool) -> None:
    """Of both Safes of each network."""
    from governance.apps import shownonces
    from governance.life.nonces import books

    ledger = wiring.journal(space).entries()
    names = [network] if network is not None else sorted(space.policy().networks)
    found = [book for name in names for book in books(wiring.site(space, name), space, ledger=ledger)]
    if json:
        emit({"schema": "governance/live/v1", "safes": [shownonces.live_documents(book) for book in found]})
    else:
        for book in found:
            console().print(shownonces.lives(book))
    if any(live.abandoned for book in found for live in book.lives):
        raise typer.Exit(1)
