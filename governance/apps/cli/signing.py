"""`gov sign`: the moment of signing. A card, two groups of its hash, a signature."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.apps import wiring
from governance.apps.cli.bundles import BundleFile, Export, Import, read_answer, sign_bundle, write_bundle
from governance.apps.cli.common import (
    HERE,
    AsJson,
    OnNetwork,
    PasswordFd,
    Unrehearsed,
    WorkspaceDir,
    confirm_hash,
    console,
    emit,
    one_proposal,
)
from governance.apps.cli.signers import Confirm, KeyToSign, SignedBy, tell
from governance.core.errors import Refused, Rejected

if TYPE_CHECKING:
    from governance.adapters.workspace import FileWorkspace
    from governance.apps.card import Card
    from governance.core.ballot import Ballot
    from governance.core.signingbundle import Answer
    from governance.core.units import Address
    from governance.life.sign import Ceremony
    from governance.ports import Signer

CARRIED_WIDTH = 100
"""Columns of the cards in a bundle: whoever reads them may have another screen."""

MaybeProposal = Annotated[
    str | None, typer.Argument(help="A proposal: 0007, or 0007-swap-fee-facet.", metavar="ID", show_default=False)
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
    proposal: MaybeProposal = None,
    key: KeyToSign = None,
    by: SignedBy = None,
    show: OnlyShow = False,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    password_fd: PasswordFd = None,
    confirm: Confirm = None,
    through: Through = None,
    unrehearsed: Unrehearsed = False,
    export: Export = None,
    answer: Import = None,
    bundle: BundleFile = None,
    json: AsJson = False,
) -> None:
    """Show what will be signed, with every hash a hardware wallet shows, then sign it."""
    from governance.apps.show import ballot_document
    from governance.core.units import address

    _require_sense(proposal, bundle, [key or by, show or None, export, answer], [through, network, unrehearsed or None])
    if bundle is not None:
        with wiring.signing(key, password_fd, by, tell) as signer:
            sign_bundle(bundle, signer, confirm, export, as_json=json)
        return
    assert proposal is not None
    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    ready = _ceremonies(space, proposal_id, network, unrehearsed=unrehearsed)
    if show:
        _show_only(space, ready, as_json=json)
        return
    if export is not None:
        _export(space, ready, export, as_json=json)
        return
    chosen = None if through is None else [address(each) for each in through.split(",")]
    if answer is not None:
        ballots = _taken(space, list(ready), read_answer(answer, proposal_id))
    else:
        with wiring.signing(key, password_fd, by, tell) as signer:
            ballots = _signed_by(space, ready, signer, chosen, confirm)
    if json:
        emit({"schema": "governance/ballots/v1", "ballots": [ballot_document(ballot) for ballot in ballots]})
        return
    for ballot in ballots:
        console().print(f"signed by {ballot.signer}: nonce {ballot.nonce}, 0x{ballot.safe_tx_hash.hex()}")


def _require_sense(proposal: str | None, bundle: Path | None, acts: Sequence[object], chosen: Sequence[object]) -> None:
    """Refuse options that do not go together: one run does one of the acts, and a bundle leaves nothing to choose."""
    _, show, export, answer = acts
    if bundle is not None and any((proposal, show, answer, *chosen)):
        raise Rejected("a bundle says itself what is to be signed", hint="gov sign --bundle FILE --key FILE")
    if bundle is None and proposal is None:
        raise Rejected("name the proposal", hint="gov sign 7 --key FILE")
    if bundle is None and sum(each is not None for each in acts) > 1:
        raise Rejected("one at a time: --key or --signer, --show, --export, --import", hint="gov sign 7 --key FILE")
    if chosen[0] is not None and (export is not None or answer is not None):
        raise Rejected("a bundle is for owners of the Safe itself, not for those behind an owner Safe")


def _ceremonies(
    space: "FileWorkspace", proposal_id: str, network: str | None, *, unrehearsed: bool
) -> "Iterator[Ceremony]":
    """What is to be signed on each network; each is made ready when it is its turn."""
    from governance.life.sign import prepare

    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        yield prepare(
            site,
            space,
            proposal_id,
            wiring.witness,
            rehearse=None if unrehearsed else wiring.rehearse(space, site),
            ledger=wiring.journal(space).entries(),
        )


def _rows(space: "FileWorkspace", card: "Card", width: int) -> list[str]:
    from governance.apps.card import rows
    from governance.core.wording import names_of

    locked = card.ceremony.locked
    return rows(card, width, names_of(space.policy(), locked.proposal, locked.plan.network))


def _show_only(space: "FileWorkspace", ready: "Iterable[Ceremony]", *, as_json: bool) -> None:
    from governance.apps.card import card_document, cards

    screen, shown = console(), []
    for ceremony in ready:
        for card in cards(ceremony):
            shown.append(card)
            if not as_json:
                screen.print("\n".join(_rows(space, card, screen.width)), markup=False)
    if as_json:
        emit({"schema": "governance/card/v1", "cards": [card_document(card) for card in shown]})


def _export(space: "FileWorkspace", ready: "Iterable[Ceremony]", export: str, *, as_json: bool) -> None:
    from governance.apps.card import cards
    from governance.core.signingbundle import Carried, SigningBundle, carried

    found: list[Carried] = []
    for ceremony in ready:
        plan = ceremony.locked.plan
        found += [carried(plan, card.step, _rows(space, card, CARRIED_WIDTH)) for card in cards(ceremony)]
    write_bundle(
        SigningBundle(proposal=plan.proposal, digest=plan.digest, transactions=tuple(found)), export, as_json=as_json
    )


def _taken(space: "FileWorkspace", ready: "Sequence[Ceremony]", answer: "Answer") -> "list[Ballot]":
    """The signatures of an answer, if they are by an owner over exactly these plans; nothing is kept of another."""
    from governance.core.signingbundle import AnsweredSigner
    from governance.life.notes import note_hash
    from governance.life.sign import require_answered
    from governance.life.sign import sign as life_sign

    signer, journal = AnsweredSigner(answer), wiring.journal(space)
    require_answered(ready, signer)
    ballots: list[Ballot] = []
    for ceremony in ready:
        ballots += life_sign(ceremony, signer, space)
        for step in ceremony.steps:
            note_hash(journal, "signed", ceremony, step.safe_tx, signer.address)
    return ballots


def _signed_by(
    space: "FileWorkspace",
    ready: "Iterable[Ceremony]",
    signer: "Signer",
    through: "Sequence[Address] | None",
    given: list[str] | None,
) -> "list[Ballot]":
    from governance.apps.card import cards
    from governance.life.sign import way_of

    ballots: list[Ballot] = []
    for ceremony in ready:
        made = cards(ceremony, way_of(ceremony, signer.address, through))
        screen = console(stderr=True)
        shown = ["\n".join(_rows(space, card, screen.width)) for card in made]
        for text in shown:
            screen.print(text, markup=False)
        wiring.show_card(signer, "\n\n".join(shown))
        ballots += _signed(space, made, signer, given)
    return ballots


def _signed(
    space: "FileWorkspace", made: "Sequence[Card]", signer: "Signer", given: list[str] | None
) -> "Sequence[Ballot]":
    """Confirmed card by card, then signed; the ledger keeps what was shown, declined and signed."""
    from governance.core.signature import SignedOtherwise
    from governance.life.live import ASTRAY
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
    try:
        ballots = life_sign(ceremony, signer, space, made[0].way)
    except SignedOtherwise as error:
        if error.recovered not in ceremony.sighting.safe.owners:  # an owner's would be over this very hash
            for card in made:
                note_hash(journal, ASTRAY, ceremony, card.step.safe_tx, signer.address)
        raise
    for card in made:
        note_hash(journal, "signed", ceremony, card.step.safe_tx, signer.address)
    return ballots
