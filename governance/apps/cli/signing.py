"""`gov sign`: the moment of signing. A card, two groups of its hash, a signature."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.apps import wiring
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
from governance.apps.show import ballot_document
from governance.core.errors import Refused, Rejected
from governance.core.wording import names_of

if TYPE_CHECKING:
    from rich.console import Console

    from governance.adapters.workspace import FileWorkspace
    from governance.core.ballot import Ballot
    from governance.ports import Signer

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
        ceremony = prepare(
            site,
            space,
            proposal_id,
            wiring.witness,
            rehearse=None if unrehearsed else wiring.rehearse(space, site),
            ledger=wiring.journal(space).entries(),
        )
        way = () if signer is None else way_of(ceremony, signer.address, chosen)
        made = cards(ceremony, way)
        if not (show and json):
            _show(space, made, console(stderr=not show))
        shown += made
        if signer is not None:
            ballots += _signed(space, made, signer, confirm)
    if show and json:
        emit({"schema": "governance/card/v1", "cards": [card_document(card) for card in shown]})
    elif json:
        emit({"schema": "governance/ballots/v1", "ballots": [ballot_document(ballot) for ballot in ballots]})
    else:
        for ballot in ballots:
            console().print(f"signed by {ballot.signer}: nonce {ballot.nonce}, 0x{ballot.safe_tx_hash.hex()}")


def _show(space: "FileWorkspace", made: Sequence[Card], screen: "Console") -> None:
    for card in made:
        locked = card.ceremony.locked
        names = names_of(space.policy(), locked.proposal, locked.plan.network)
        screen.print("\n".join(rows(card, screen.width, names)), markup=False)


def _signed(
    space: "FileWorkspace", made: Sequence[Card], signer: "Signer", given: list[str] | None
) -> "Sequence[Ballot]":
    """Confirmed card by card, then signed; the ledger keeps what was shown, declined and signed."""
    from governance.life.notes import note_hash
    from governance.life.sign import sign as life_sign

    journal, ceremony = wiring.journal(space), made[0].ceremony
    for card in made:
        tx = card.step.safe_tx
        note_hash(journal, "shown", ceremony, tx, signer.address)
        try:
            confirm_hash("Safe message hash" if card.way else "Safe transaction hash", card.asked, given)
        except (Refused, typer.Abort):
            note_hash(journal, "declined", ceremony, tx, signer.address)
            raise
    ballots = life_sign(ceremony, signer, space, made[0].way)
    for card in made:
        note_hash(journal, "signed", ceremony, card.step.safe_tx, signer.address)
    return ballots
