"""`gov nonces` and `gov reject`: which nonce belongs to what, and spending one for nothing."""

from typing import Annotated, Any

import typer

from governance.apps import wiring
from governance.apps.cli.common import (
    HERE,
    AsJson,
    Broadcast,
    Key,
    MaxFee,
    OnNetwork,
    PasswordFd,
    ProposalId,
    WorkspaceDir,
    confirm_hash,
    console,
    emit,
    one_proposal,
)
from governance.apps.cli.signers import Confirm, KeyToSign, SignedBy, tell
from governance.core.units import to_hex

app = typer.Typer(
    name="reject", help="Spend the nonce of something that was signed and is not to happen.", no_args_is_help=True
)
Nonce = Annotated[
    int | None, typer.Option("--nonce", help="This nonce, whatever is signed at it; else each abandoned one.", min=0)
]


def nonces(
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    replan: Annotated[
        bool, typer.Option("--replan", help="Only name the proposals to lock anew, in order, so that all fit.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Which proposal holds which nonce of each Safe; conflicts, gaps, lost nonces, and signed hashes that nobody means."""
    from governance.apps import shownonces
    from governance.life.nonces import books

    space = wiring.workspace(workspace)
    ledger = wiring.journal(space).entries()
    names = [network] if network is not None else sorted(space.policy().networks)
    found = [book for name in names for book in books(wiring.site(space, name), space, ledger=ledger)]
    if json:
        emit({"schema": "governance/nonces/v1", "safes": [shownonces.book_document(book) for book in found]})
    elif replan:
        for book in found:
            for proposal in book.replan:
                console().print(f"gov lock {proposal[:4]}  # on {book.network}: {proposal}", markup=False)
    else:
        for book in found:
            console().print(shownonces.book(book))
    if not replan and any(book.findings for book in found):
        raise typer.Exit(1)


@app.command("sign", short_help="Sign the rejection of what was signed for a proposal.")
def sign(
    proposal: ProposalId,
    key: KeyToSign = None,
    by: SignedBy = None,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    nonce: Nonce = None,
    password_fd: PasswordFd = None,
    confirm: Confirm = None,
    json: AsJson = False,
) -> None:
    """Sign an empty transaction of the Safe to itself at the nonce, which makes everything else at it dead."""
    from governance.apps import shownonces
    from governance.apps.show import ballot_document
    from governance.life.reject import rejections, sign_rejection

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    ledger = wiring.journal(space).entries()
    ballots = []
    with wiring.signing(key, password_fd, by, tell) as signer:
        for name in wiring.networks_of(space, proposal_id, network):
            site = wiring.site(space, name)
            for rejected in rejections(site, space, proposal_id, nonce=nonce, ledger=ledger):
                screen = console(stderr=True)
                shown = "\n".join(shownonces.card(rejected, screen.width))
                screen.print(shown, markup=False)
                confirm_hash("Safe transaction hash", rejected.tx.hash, confirm)
                wiring.show_card(signer, shown)
                ballots.append(sign_rejection(site, rejected, signer, space, wiring.witness))
    if json:
        emit({"schema": "governance/ballots/v1", "ballots": [ballot_document(ballot) for ballot in ballots]})
        return
    for ballot in ballots:
        console().print(f"rejected by {ballot.signer}: nonce {ballot.nonce}, {to_hex(ballot.safe_tx_hash)}")


@app.command("send", short_help="Execute a rejection that enough owners have signed.")
def send(
    proposal: ProposalId,
    key: Key,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    nonce: Nonce = None,
    password_fd: PasswordFd = None,
    max_fee_gwei: MaxFee = 200,
    broadcast: Broadcast = False,
    json: AsJson = False,
) -> None:
    """Spend the nonce on chain."""
    from governance.apps.show import receipt_document
    from governance.life.reject import rejections, send_rejection

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    signer = wiring.signer(key, password_fd)
    ledger = wiring.journal(space).entries()
    done: list[dict[str, Any]] = []
    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        sender = wiring.sender(space, site, signer, max_fee_gwei, broadcast=broadcast)
        for rejected in rejections(site, space, proposal_id, nonce=nonce, ledger=ledger):
            receipt = send_rejection(site, rejected, sender)
            words = f"spent: nonce {rejected.tx.nonce} of the Safe {rejected.tx.safe} on {name}"
            done.append(receipt_document(words, receipt))
            console(stderr=json).print(f"{words}: block {receipt.block}, {receipt.gas_used:,} gas", markup=False)
    if json:
        emit({"schema": "governance/rejection/v1", "receipts": done})
