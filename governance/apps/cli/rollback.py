"""`gov rollback`: write the proposal that takes another one back, as its plan's pins tell, for an author to change."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from governance.apps import disk, wiring
from governance.apps.cli.common import HERE, AsJson, OnNetwork, ProposalId, WorkspaceDir, emit, one_proposal
from governance.core.errors import Refused

if TYPE_CHECKING:
    from governance.adapters.workspace import FileWorkspace


def text_of(space: "FileWorkspace", proposal_id: str, networks: Sequence[str]) -> str:
    """By the pins of the lock file, or where there is none, of the plan that follows now."""
    from governance.core.kinds import KINDS
    from governance.life.locked import open_lock
    from governance.life.pin import plan_now
    from governance.life.rollback import rollback as taken_back

    proposal, policy, pins = space.proposal(proposal_id), space.policy(), {}
    for name in networks:
        locked = open_lock(space, proposal_id, name)
        made = plan_now(wiring.site(space, name), space, proposal_id).plan if locked is None else locked.plan
        pins[policy.networks[name]] = made.pins
    return taken_back(proposal, KINDS[proposal.document.kind], pins, policy)


def rollback(
    proposal: ProposalId, workspace: WorkspaceDir = HERE, network: OnNetwork = None, json: AsJson = False
) -> None:
    """Write the proposal that takes another one back, with the next free number. It is reviewed and judged like any other."""
    from governance.life.draft import cut, next_id

    space = wiring.workspace(workspace)
    other = one_proposal(proposal, space.proposal_ids())
    text = text_of(space, other, wiring.networks_of(space, other, network))
    made = next_id(space.proposal_ids(), cut(f"roll-back-{other[5:]}"))
    file = space.proposal_file(made)
    if not disk.write_new(file, text):
        raise Refused(f"{space.shown(file)} exists")
    if json:
        emit({"schema": "governance/draft/v1", "proposal": made, "file": space.shown(file)})
    else:
        typer.echo(f"written: {space.shown(file)}\nnext: edit it, gov check, gov lock {made[:4]}")
