"""`gov sign` and `gov signatures`: the moment of signing, and who has signed."""

from typing import TYPE_CHECKING, Annotated

import typer

from governance.apps import show, showapprovals, wiring
from governance.apps.cli.common import (
    HERE,
    AsJson,
    Key,
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

if TYPE_CHECKING:
    from governance.core.ballot import Ballot

Confirm = Annotated[
    list[str] | None,
    typer.Option(
        "--confirm",
        help="A Safe transaction hash that you compared on another screen, one a transaction. Without it, you are asked.",
        metavar="HASH",
    ),
]


def sign(
    proposal: ProposalId,
    key: Key,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    password_fd: PasswordFd = None,
    confirm: Confirm = None,
    through: Annotated[
        str | None,
        typer.Option(
            "--through",
            help="Sign for a Safe that is an owner, where your key owns several on the way.",
            metavar="SAFE,…",
        ),
    ] = None,
    unrehearsed: Unrehearsed = False,
    json: AsJson = False,
) -> None:
    """Show what will be signed, with every hash a hardware wallet shows, then sign it with a keystore."""
    from governance.core.units import address
    from governance.life.sign import asked_in, prepare, way_of
    from governance.life.sign import sign as life_sign

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    signer = wiring.signer(key, password_fd)
    ballots: list[Ballot] = []
    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        rehearse = None if unrehearsed else wiring.rehearse(space, site)
        ceremony = prepare(site, space, proposal_id, wiring.witness, rehearse=rehearse)
        way = way_of(
            ceremony, signer.address, None if through is None else [address(each) for each in through.split(",")]
        )
        screen = console(stderr=True)
        names = names_of(space.policy(), ceremony.locked.proposal, name)
        screen.print(show.card(ceremony, screen.width, names, way), markup=False)
        for step in ceremony.steps:
            what = "Safe message hash" if way else "Safe transaction hash"
            confirm_hash(what, asked_in(step.safe_tx, way).hash, confirm)
        ballots += life_sign(ceremony, signer, space, way)
    if json:
        emit({"schema": "governance/ballots/v1", "ballots": [show.ballot_document(ballot) for ballot in ballots]})
        return
    for ballot in ballots:
        console().print(f"signed by {ballot.signer}: nonce {ballot.nonce}, 0x{ballot.safe_tx_hash.hex()}")


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
        networks = [{**show.quorum_document(s), **showapprovals.roles_document(case, asked)} for s, case, asked in seen]
        emit({"schema": "governance/signatures/v1", "networks": networks})
    else:
        for sighting, case, asked in seen:
            console().print(show.quorum(sighting, space.policy()))
            if case is not None:
                console().print(showapprovals.roles(case, asked))
    if any(sighting.findings for sighting, _, _ in seen):
        raise typer.Exit(1)
