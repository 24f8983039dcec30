"""`gov sign` and `gov signatures`: the moment of signing, and who has signed."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from governance.apps import show, wiring
from governance.apps.cli.common import (
    HERE,
    AsJson,
    Key,
    OnNetwork,
    PasswordFd,
    ProposalId,
    Unrehearsed,
    WorkspaceDir,
    console,
    emit,
    one_proposal,
)
from governance.core.errors import Refused, Rejected
from governance.core.safetx import grouped

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
    unrehearsed: Unrehearsed = False,
    json: AsJson = False,
) -> None:
    """Show what will be signed, with every hash a hardware wallet shows, then sign it with a keystore."""
    from governance.life.sign import prepare, require_owner
    from governance.life.sign import sign as life_sign

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    signer = wiring.signer(key, password_fd)
    ballots: list[Ballot] = []
    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        rehearse = None if unrehearsed else wiring.rehearse(space, site)
        ceremony = prepare(site, space, proposal_id, wiring.witness, rehearse=rehearse)
        require_owner(ceremony, signer.address)
        screen = console(stderr=True)
        screen.print(show.card(ceremony, screen.width), markup=False)
        for step in ceremony.steps:
            _confirm(grouped(step.safe_tx.hash), step.safe_tx.hash.hex(), confirm)
        ballots += life_sign(ceremony, signer, space)
    if json:
        emit({"schema": "governance/ballots/v1", "ballots": [show.ballot_document(ballot) for ballot in ballots]})
        return
    for ballot in ballots:
        console().print(f"signed by {ballot.signer}: nonce {ballot.nonce}, 0x{ballot.safe_tx_hash.hex()}")


def _confirm(grouped: str, digits: str, given: list[str] | None) -> None:
    """The hash, compared elsewhere, must be given or typed: a `y` is given without looking."""
    if given is not None:
        if f"0x{digits}" not in given:
            raise Refused(f"no --confirm names 0x{digits}", hint="compare the hash with the one you reviewed")
        return
    if not sys.stdin.isatty():
        raise Rejected("nobody is there to confirm", hint="run in a terminal, or give the hash with --confirm")
    tail = grouped.split()[-2:]
    typed = typer.prompt(f"type the last two groups of the Safe transaction hash ({len(tail)} groups of 4)", err=True)
    if typed.replace(" ", "").lower() != "".join(tail):
        raise Refused("the groups differ: nothing was signed", hint="compare the hash on the card once more")


def signatures(
    proposal: ProposalId, workspace: WorkspaceDir = HERE, network: OnNetwork = None, json: AsJson = False
) -> None:
    """Who has signed, who is missing, and what is wrong with a signature: against the owners of the newest block."""
    from governance.life.watch import look

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    sightings = [
        look(wiring.site(space, name), space, proposal_id) for name in wiring.networks_of(space, proposal_id, network)
    ]
    if json:
        emit({"schema": "governance/signatures/v1", "networks": [show.quorum_document(s) for s in sightings]})
    else:
        for sighting in sightings:
            console().print(show.quorum(sighting, space.policy()))
    if any(sighting.findings for sighting in sightings):
        raise typer.Exit(1)
