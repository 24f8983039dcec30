"""`gov approve`: a member's approval in a role, beside the Safe's signatures."""

from typing import TYPE_CHECKING, Annotated

import typer

from governance.apps import wiring
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
from governance.core.units import Duration

if TYPE_CHECKING:
    from governance.core.approval import RoleApproval

Role = Annotated[
    str | None, typer.Option("--role", help="In which role; needed by who counts for several.", metavar="NAME")
]
ValidFor = Annotated[
    str | None, typer.Option("--valid-for", help="Shorter than the rule lets it hold: 7 d.", metavar="DURATION")
]
Confirm = Annotated[
    list[str] | None,
    typer.Option(
        "--confirm",
        help="A plan basis that you compared on another screen, one a network. Without it, you are asked.",
        metavar="HASH",
    ),
]


def approve(
    proposal: ProposalId,
    key: KeyToSign = None,
    by: SignedBy = None,
    workspace: WorkspaceDir = HERE,
    role: Role = None,
    valid_for: ValidFor = None,
    network: OnNetwork = None,
    password_fd: PasswordFd = None,
    confirm: Confirm = None,
    unrehearsed: Unrehearsed = False,
    json: AsJson = False,
) -> None:
    """Show what would happen and until when the approval holds, then sign it."""
    from governance.apps import showapprovals
    from governance.core.wording import names_of
    from governance.life.approve import approve as life_approve
    from governance.life.approve import prepare

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    lifetime = None if valid_for is None else Duration.parse(valid_for)
    given: list[RoleApproval] = []
    with wiring.signing(key, password_fd, by, tell) as signer:
        for name in wiring.networks_of(space, proposal_id, network):
            site = wiring.site(space, name)
            play = None if unrehearsed else wiring.rehearse(space, site)
            request = prepare(site, space, proposal_id, signer.address, role=role, valid_for=lifetime, rehearse=play)
            screen = console(stderr=True)
            shown = showapprovals.card(request, screen.width, names_of(space.policy(), request.locked.proposal, name))
            screen.print(shown, markup=False)
            confirm_hash("plan basis", request.terms.plan_basis, confirm)
            wiring.show_card(signer, shown)
            given.append(life_approve(request, signer, space))
    if json:
        documents = [showapprovals.approval_document(approval) for approval in given]
        emit({"schema": "governance/approvals/v1", "approvals": documents})
        return
    for approval in given:
        terms = approval.terms
        words = f"approved by {approval.signer} as {terms.role} on {terms.network}, until {terms.valid_until}"
        console().print(words)
