"""`gov sign` and `gov signatures`: the moment of signing, and who has signed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.apps import show as showing
from governance.apps import showapprovals, wiring
from governance.apps.card import Card, card_document, cards, rows
from governance.apps.cli.common import (
    HERE,
    AsJson,
    OnNetwork,
    PasswordFd,
    ProposalId,
    Unrehearsed,
    WorkspaceDir,
    confirm_hash,
    console,
    emit,
    one_proposal,
)
from governance.apps.names import names_of
from governance.core.errors import Rejected

if TYPE_CHECKING:
    from governance.core.ballot import Ballot

Confirm = Annotated[
    list[str] | None,
    typer.Option(
        "--confirm",
        help="A hash that you compared on another screen, one a transaction. Without it, you are asked.",
        metavar="HASH",
    ),
]
KeyToSign = Annotated[
    Path | None, typer.Option("--key", help="Encrypted keystore of the account that signs.", metavar="FILE")
]
OnlyShow = Annotated[
    bool, typer.Option("--show", help="Only show the card: no key is asked for, and nothing is signed.")
]
Through = Annotated[
    str | None,
    typer.Option(
        "--through", help="Sign for a Safe that is an owner, where your key owns several on the way.", metavar="SAFE,…"
    ),
]


def sign(
    proposal: ProposalId,
    key: KeyToSign = None,
    show: OnlyShow = False,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    password_fd: PasswordFd = None,
    confirm: Confirm = None,
    through: Through = None,
    unrehearsed: Unrehearsed = False,
    json: AsJson = False,
) -> None:
    """Show what will be signed, with every hash a hardware wallet shows, then sign it with a keystore."""
    from governance.core.units import address
    from governance.life.sign import prepare, way_of
    from governance.life.sign import sign as life_sign

    if (key is None) is not show:
        raise Rejected("name the key that signs, or say --show", hint="gov sign 7 --key FILE")
    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    signer = None if key is None else wiring.signer(key, password_fd)
    chosen = None if through is None else [address(each) for each in through.split(",")]
    shown: list[Card] = []
    ballots: list[Ballot] = []
    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        rehearse = None if unrehearsed else wiring.rehearse(space, site)
        ceremony = prepare(site, space, proposal_id, wiring.witness, rehearse=rehearse)
        way = () if signer is None else way_of(ceremony, signer.address, chosen)
        names = names_of(space.policy(), ceremony.locked.proposal, name)
        screen = console(stderr=not show)
        for card in cards(ceremony, way):
            shown.append(card)
            if not (show and json):
                screen.print("\n".join(rows(card, screen.width, names)), markup=False)
            if signer is not None:
                confirm_hash("Safe message hash" if way else "Safe transaction hash", card.asked, confirm)
        if signer is not None:
            ballots += life_sign(ceremony, signer, space, way)
    if show and json:
        emit({"schema": "governance/card/v1", "cards": [card_document(card) for card in shown]})
    elif json:
        emit({"schema": "governance/ballots/v1", "ballots": [showing.ballot_document(ballot) for ballot in ballots]})
    else:
        for ballot in ballots:
            console().print(f"signed by {ballot.signer}: nonce {ballot.nonce}, 0x{ballot.safe_tx_hash.hex()}")


def signatures(
    proposal: ProposalId,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    take: Annotated[bool, typer.Option("--pull", help="First take over signatures from the Safe service.")] = False,
    give: Annotated[bool, typer.Option("--push", help="Then give the Safe service what it lacks.")] = False,
    json: AsJson = False,
) -> None:
    """Who has signed or approved, who is missing, and what is wrong with it: against the newest block."""
    from governance.life.agreement import asked_of
    from governance.life.exchange import pull, push
    from governance.life.watch import look

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    seen, exchanged = [], []
    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        if take:
            exchanged.append(("from", pull(look(site, space, proposal_id), space, wiring.exchange(site.network))))
        sighting = look(site, space, proposal_id)
        seen.append((sighting, *asked_of(site, space, sighting)))
        if give:
            exchanged.append(("to", push(sighting, wiring.exchange(site.network))))
    if json:
        networks = [
            {**showing.quorum_document(s), **showapprovals.roles_document(case, asked)} for s, case, asked in seen
        ]
        moved = [showing.exchange_document(way, each) for way, each in exchanged]
        emit({"schema": "governance/signatures/v1", "networks": networks, "exchanged": moved})
    else:
        for sighting, case, asked in seen:
            console().print(showing.quorum(sighting, space.policy()))
            if case is not None:
                console().print(showapprovals.roles(case, asked))
        for way, each in exchanged:
            console().print(showing.exchanged(way, each))
    if any(sighting.findings for sighting, _, _ in seen) or any(each.findings for _, each in exchanged):
        raise typer.Exit(1)
