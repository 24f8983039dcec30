"""`gov sign` and `gov signatures`: the moment of signing, and who has signed."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from governance.apps import show as showing
from governance.apps import showapprovals, wiring
from governance.apps.card import card_document, cards, rows
from governance.apps.cli.bundles import BundleFile, Export, Import, read_answer, sign_bundle, write_bundle
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
from governance.apps.cli.signers import KeyToSign, SignedBy, tell
from governance.apps.names import names_of
from governance.core.errors import Rejected

if TYPE_CHECKING:
    from governance.adapters.workspace import FileWorkspace
    from governance.apps.names import Names
    from governance.core.ballot import Ballot
    from governance.core.signingbundle import Answer
    from governance.core.units import Address
    from governance.life.sign import Ceremony
    from governance.ports import Signer

CARRIED_WIDTH = 100
"""Columns of the cards in a bundle: whoever reads them may have another screen."""

Confirm = Annotated[
    list[str] | None,
    typer.Option(
        "--confirm",
        help="A hash that you compared on another screen, one a transaction. Without it, you are asked.",
        metavar="HASH",
    ),
]
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
    from governance.core.units import address

    _require_sense(proposal, bundle, [key or by, show or None, export, answer], [through, network, unrehearsed or None])
    if bundle is not None:
        with wiring.signing(key, password_fd, by, tell) as signer:
            sign_bundle(bundle, signer, confirm, export, as_json=json)
        return
    assert proposal is not None
    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    seen = _ceremonies(space, proposal_id, network, unrehearsed=unrehearsed)
    if show:
        _show(seen, as_json=json)
        return
    if export is not None:
        _export(seen, export, as_json=json)
        return
    chosen = None if through is None else [address(each) for each in through.split(",")]
    if answer is not None:
        ballots = _take(seen, read_answer(answer, proposal_id), space)
    else:
        with wiring.signing(key, password_fd, by, tell) as signer:
            ballots = _sign(seen, signer, chosen, confirm, space)
    if json:
        emit({"schema": "governance/ballots/v1", "ballots": [showing.ballot_document(ballot) for ballot in ballots]})
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
) -> "Iterator[tuple[Ceremony, Names]]":
    """What is to be signed on each network, with names for addresses: each is made ready when it is its turn."""
    from governance.life.sign import prepare

    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        rehearse = None if unrehearsed else wiring.rehearse(space, site)
        ceremony = prepare(site, space, proposal_id, wiring.witness, rehearse=rehearse)
        yield ceremony, names_of(space.policy(), ceremony.locked.proposal, name)


def _show(seen: "Iterable[tuple[Ceremony, Names]]", *, as_json: bool) -> None:
    screen, shown = console(), []
    for ceremony, names in seen:
        for card in cards(ceremony):
            shown.append(card)
            if not as_json:
                screen.print("\n".join(rows(card, screen.width, names)), markup=False)
    if as_json:
        emit({"schema": "governance/card/v1", "cards": [card_document(card) for card in shown]})


def _export(seen: "Iterable[tuple[Ceremony, Names]]", export: str, *, as_json: bool) -> None:
    from governance.core.signingbundle import Carried, SigningBundle, carried

    found: list[Carried] = []
    for ceremony, names in seen:
        plan = ceremony.locked.plan
        found += [carried(plan, card.step, rows(card, CARRIED_WIDTH, names)) for card in cards(ceremony)]
    write_bundle(
        SigningBundle(proposal=plan.proposal, digest=plan.digest, transactions=tuple(found)), export, as_json=as_json
    )


def _take(seen: "Iterable[tuple[Ceremony, Names]]", answer: "Answer", space: "FileWorkspace") -> "list[Ballot]":
    """The signatures of an answer, if they are by an owner over exactly these plans; nothing is kept of another."""
    from governance.core.signingbundle import AnsweredSigner
    from governance.life.sign import require_answered
    from governance.life.sign import sign as life_sign

    ready, signer = [ceremony for ceremony, _ in seen], AnsweredSigner(answer)
    require_answered(ready, signer)
    return [ballot for ceremony in ready for ballot in life_sign(ceremony, signer, space)]


def _sign(
    seen: "Iterable[tuple[Ceremony, Names]]",
    signer: "Signer",
    through: "list[Address] | None",
    confirm: list[str] | None,
    space: "FileWorkspace",
) -> "list[Ballot]":
    from governance.life.sign import sign as life_sign
    from governance.life.sign import way_of

    ballots: list[Ballot] = []
    for ceremony, names in seen:
        way = way_of(ceremony, signer.address, through)
        screen = console(stderr=True)
        for card in cards(ceremony, way):
            shown = "\n".join(rows(card, screen.width, names))
            screen.print(shown, markup=False)
            confirm_hash("Safe message hash" if way else "Safe transaction hash", card.asked, confirm)
            wiring.show_card(signer, shown)
        ballots += life_sign(ceremony, signer, space, way)
    return ballots


def signatures(
    proposal: ProposalId, workspace: WorkspaceDir = HERE, network: OnNetwork = None, json: AsJson = False
) -> None:
    """Who has signed or approved, who is missing, and what is wrong with it: against the newest block."""
    from governance.life.agreement import asked_of
    from governance.life.watch import look

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    seen = []
    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        sighting = look(site, space, proposal_id)
        seen.append((sighting, *asked_of(site, space, sighting)))
    if json:
        networks = [
            {**showing.quorum_document(s), **showapprovals.roles_document(case, asked)} for s, case, asked in seen
        ]
        emit({"schema": "governance/signatures/v1", "networks": networks})
    else:
        for sighting, case, asked in seen:
            console().print(showing.quorum(sighting, space.policy()))
            if case is not None:
                console().print(showapprovals.roles(case, asked))
    if any(sighting.findings for sighting, _, _ in seen):
        raise typer.Exit(1)
