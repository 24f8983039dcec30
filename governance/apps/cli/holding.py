"""`gov hold`: a guardian holds what waits in the timelock, for a time and with a reason."""

from typing import TYPE_CHECKING, Annotated

import typer

from governance.apps import wiring
from governance.apps.cli.common import (
    HERE,
    AsJson,
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

if TYPE_CHECKING:
    from governance.core.hold import Hold
    from governance.life.hold import HoldRequest

Reason = Annotated[str, typer.Option("--reason", help="What must be looked at first, in one line.", metavar="TEXT")]
Show = Annotated[bool, typer.Option("--show", help="Show what would be signed, and sign nothing.")]


def hold(
    proposal: ProposalId,
    reason: Reason,
    key: KeyToSign = None,
    by: SignedBy = None,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    password_fd: PasswordFd = None,
    confirm: Confirm = None,
    show: Show = False,
    json: AsJson = False,
) -> None:
    """Show what would be held and until when, then sign it. It binds this tool; what must not happen is cancelled."""
    from governance.apps import showhold
    from governance.life.hold import hold as life_hold
    from governance.life.hold import prepare

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    names = wiring.networks_of(space, proposal_id, network)
    if show:
        _show([prepare(wiring.site(space, name), space, proposal_id, reason) for name in names], json)
        return
    given: list[tuple[HoldRequest, Hold]] = []
    with wiring.signing(key, password_fd, by, tell) as signer:
        for name in names:
            request = prepare(wiring.site(space, name), space, proposal_id, reason)
            screen = console(stderr=True)
            shown = showhold.card(request, screen.width)
            screen.print(shown, markup=False)
            confirm_hash("hold", request.terms.hash, confirm)
            wiring.show_card(signer, shown)
            given.append((request, life_hold(request, signer, space)))
    if json:
        emit({"schema": "governance/holds/v1", "holds": [showhold.hold_document(*each) for each in given]})
        return
    for request, made in given:
        console().print(showhold.outcome(request, made), markup=False)


def _show(requests: "list[HoldRequest]", json: bool) -> None:
    from governance.apps import showhold

    if json:
        emit({"schema": "governance/hold-card/v1", "holds": [showhold.terms_document(each) for each in requests]})
        return
    for each in requests:
        console().print(showhold.card(each, console().width), markup=False)
