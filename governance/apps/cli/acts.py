"""`gov queue`, `execute`, `verify`: the steps on chain. Nothing is sent without `--broadcast`."""

from collections.abc import Callable
from functools import partial
from typing import Any

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
    Unrehearsed,
    WorkspaceDir,
    console,
    emit,
    leave,
    one_proposal,
    trouble,
)
from governance.core.errors import GovError

DEFAULT_MAX_FEE_GWEI = 200


def queue(
    proposal: ProposalId,
    key: Key,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    password_fd: PasswordFd = None,
    max_fee_gwei: MaxFee = DEFAULT_MAX_FEE_GWEI,
    broadcast: Broadcast = False,
    unrehearsed: Unrehearsed = False,
    json: AsJson = False,
) -> None:
    """Send the signed Safe transactions that schedule the proposal's operations in the timelock."""
    from governance.life.schedule import queue as act

    _run(
        act, proposal, workspace, network, (key, password_fd, max_fee_gwei, broadcast), unrehearsed, json, note="queued"
    )


def execute(
    proposal: ProposalId,
    key: Key,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    password_fd: PasswordFd = None,
    max_fee_gwei: MaxFee = DEFAULT_MAX_FEE_GWEI,
    broadcast: Broadcast = False,
    unrehearsed: Unrehearsed = False,
    json: AsJson = False,
) -> None:
    """Execute what is due: ready operations; on the guardian lane, an approved pause or cancel."""
    from governance.life.execute import execute as act

    _run(
        act,
        proposal,
        workspace,
        network,
        (key, password_fd, max_fee_gwei, broadcast),
        unrehearsed,
        json,
        note="executed",
    )


def _run(
    act: Callable[..., Any],
    proposal: str,
    workspace: Any,
    network: str | None,
    paying: tuple[Any, int | None, int, bool],
    unrehearsed: bool,
    json: bool,
    *,
    note: str,
) -> None:
    from governance.apps import show
    from governance.core.facts import Receipt
    from governance.life.notes import note_acts

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    key, password_fd, max_fee_gwei, broadcast = paying
    signer = wiring.signer(key, password_fd)
    results = []
    unnoted: GovError | None = None
    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        sender = wiring.sender(space, site, signer, max_fee_gwei, broadcast=broadcast)
        receipts: list[tuple[str, Receipt]] = []

        def told(words: str, receipt: Receipt, kept: list[tuple[str, Receipt]] = receipts) -> None:
            kept.append((words, receipt))
            console(stderr=True).print(f"{words}: block {receipt.block}, {receipt.gas_used:,} gas", markup=False)

        with show.waiting(f"{proposal_id} on {name}"):
            rehearse = None if unrehearsed else wiring.rehearse(space, site)
            sighting = act(site, space, proposal_id, sender, told, rehearse=rehearse, guards=wiring.guards(space, site))
        results.append({**show.sighting_document(sighting), "receipts": [show.receipt_document(*r) for r in receipts]})
        unnoted = trouble(partial(note_acts, wiring.journal(space), sighting, note, receipts)) or unnoted
    if json:
        emit({"schema": "governance/act/v1", "networks": results})
    else:
        console().print(show.status(results))
    if unnoted is not None:  # the act is done and shown; only its note is missing
        leave(unnoted)


def verify(
    proposal: ProposalId, workspace: WorkspaceDir = HERE, network: OnNetwork = None, json: AsJson = False
) -> None:
    """Hold what an executed proposal promised against the chain: routes, root, expectations."""
    from governance.apps import show
    from governance.life.verify import verify as life_verify

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    verified = []
    for name in wiring.networks_of(space, proposal_id, network):
        verified.append(life_verify(wiring.site(space, name), space, proposal_id))
    if json:
        emit({"schema": "governance/verification/v1", "networks": [show.verification_document(v) for v in verified]})
    else:
        for each in verified:
            console().print(show.verification(each))
    for each in verified:
        try:
            each.require()
        except GovError as error:
            leave(error)
