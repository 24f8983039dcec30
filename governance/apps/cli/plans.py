"""`gov lock`, `plan`, `status`, `history`: what will happen, where it stands, what was noted."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.apps import wiring
from governance.apps.cli.common import (
    HERE,
    AsJson,
    OnNetwork,
    ProposalId,
    Unrehearsed,
    WorkspaceDir,
    console,
    emit,
    finding_document,
    leave,
    one_proposal,
    trouble,
)
from governance.apps.cli.rollback import text_of
from governance.core.errors import GovError, Rejected

if TYPE_CHECKING:
    from governance.core.errors import Finding


def lock(
    proposal: ProposalId, workspace: WorkspaceDir = HERE, unrehearsed: Unrehearsed = False, json: AsJson = False
) -> None:
    """Derive the plan of a proposal from the chain as it is, rehearse it, and write its lock file."""
    from governance.apps import show
    from governance.life.pin import lock as life_lock

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    sites = [wiring.site(space, network) for network in space.proposal(proposal_id).document.networks]
    rehearse = None if unrehearsed else {site.network.name: wiring.rehearse(space, site) for site in sites}
    locking = life_lock(sites, space, proposal_id, rehearse=rehearse)
    if json:
        emit({**locking.document, "file": locking.file})
        return
    for planned in locking.planned.values():
        console().print(show.plan(planned.plan))
    console().print(f"written: {locking.file}")


def plan(
    proposal: ProposalId,
    workspace: WorkspaceDir = HERE,
    network: OnNetwork = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Instead, the proposal that takes it back, as YAML to review.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Show the plan that follows from the chain now, what to ask of it, and whether the lock file still says the same.

    Writes nothing.
    """
    from governance.apps import show
    from governance.core.kinds import KINDS
    from governance.core.lock import lock_document, moved
    from governance.life.locked import open_lock
    from governance.life.pin import plan_now

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    if rollback:
        networks = wiring.networks_of(space, proposal_id, network)
        text = text_of(space, proposal_id, networks)
        if json:
            emit({"schema": "governance/rollback/v1", "proposal": proposal_id, "networks": networks, "text": text})
        else:
            typer.echo(text, nl=False)
        return
    plans: dict[str, Any] = {}
    questions: dict[str, tuple[str, ...]] = {}
    stale: list[Finding] = []
    for name in wiring.networks_of(space, proposal_id, network):
        site = wiring.site(space, name)
        plans[name] = plan_now(site, space, proposal_id).plan
        document = space.proposal(proposal_id).document
        questions[name] = KINDS[document.kind].questions(document, site.network, plans[name].pins)
        locked = open_lock(space, proposal_id, name)
        if locked is not None:
            stale += moved(locked.plan.pins, plans[name].pins)
    if json:
        told = {"stale": [finding_document(finding) for finding in stale], "questions": questions}
        emit({**lock_document(plans, {}), **told})
    else:
        for name, each in plans.items():
            console().print(show.plan(each))
            console().print(
                "\n".join(["to ask before agreeing:", *(f"  · {q}" for q in questions[name])]), markup=False
            )
        for finding in stale:
            console(stderr=True).print(str(finding), markup=False)
    if stale:
        raise typer.Exit(1)


def status(
    proposal: ProposalId = "", workspace: WorkspaceDir = HERE, network: OnNetwork = None, json: AsJson = False
) -> None:
    """The stage of one proposal, or of all, on each network: derived from the chain now."""
    from governance.apps import show
    from governance.core.stage import Stage
    from governance.life.agreement import lacking
    from governance.life.hold import told
    from governance.life.notes import note_sighting
    from governance.life.watch import look

    space = wiring.workspace(workspace)
    notes = wiring.journal(space)
    ids = [one_proposal(proposal, space.proposal_ids())] if proposal else space.proposal_ids()
    if proposal:
        wiring.networks_of(space, ids[0], network)  # a network that it is not for is wrong usage, not a row
    rows: list[dict[str, Any]] = []
    worst: GovError | None = None
    for proposal_id in ids:
        try:
            for name in wiring.networks_of(space, proposal_id, network):
                site = wiring.site(space, name)
                sighting = look(site, space, proposal_id)
                missing = lacking(site, space, sighting) if sighting.stage is Stage.APPROVED else ""
                held = told(site, space, sighting)
                following = f"gov approve: {missing}" if missing else "; ".join(held)
                more = {"held": list(held), **({"next": following} if following else {})}
                rows.append({**show.sighting_document(sighting), **more})
                # Noted after it is shown: whatever is wrong with the journal, the chain has spoken.
                worst = _worse(worst, trouble(partial(note_sighting, notes, sighting)))
        except GovError as error:
            rows.append({"proposal": proposal_id, "network": network or "", "stage": "", "error": error.message})
            worst = _worse(worst, error)
    if json:
        emit({"schema": "governance/status/v1", "proposals": rows})
    else:
        console().print(show.status(rows))
    if worst is not None:
        leave(worst)


def _worse(one: GovError | None, other: GovError | None) -> GovError | None:
    """The error with the higher exit code."""
    return max((one, other), key=lambda error: -1 if error is None else error.exit_code)


def history(proposal: ProposalId, workspace: WorkspaceDir = HERE, json: AsJson = False) -> None:
    """What the journal notes about a proposal: acts and sightings. Notes decide nothing."""
    from governance.apps import show

    space = wiring.workspace(workspace)
    proposal_id = one_proposal(proposal, space.proposal_ids())
    entries = wiring.journal(space).entries(proposal_id)
    if json:
        emit({"schema": "governance/history/v1", "entries": [show.entry_document(entry) for entry in entries]})
    elif entries:
        console().print(show.history(entries))
    else:
        raise Rejected(f"the journal has nothing on {proposal_id}", hint="the chain still knows: gov status")
