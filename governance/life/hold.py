"""`gov hold`: a guardian holds what waits in the timelock. And before anything is executed: whether somebody does.

A hold binds whoever executes by this tool, never the chain. It stops executions alone: queueing, cancelling and the guardian's
lane go on.
"""

from dataclasses import dataclass

from governance.core.errors import Refused
from governance.core.hold import Docket, Held, Hold, HoldTerms, docket
from governance.core.kinds import Lane
from governance.core.stage import ACTIONS, Stage
from governance.life.locked import Locked, policy_before
from governance.life.site import Site, Workspace
from governance.life.watch import Sighting, StepSighting, look
from governance.ports import Signer

HELD = frozenset({Stage.WAITING, Stage.READY})


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequest:
    """What a guardian is asked to put a name to on one network; made before any key is touched."""

    locked: Locked
    sighting: Sighting
    seen: StepSighting
    docket: Docket
    terms: HoldTerms


def prepare(site: Site, workspace: Workspace, proposal_id: str, reason: str) -> HoldRequest:
    """The round that one more guardian would sign for, and why. Raises Refused where nothing can be held."""
    sighting = look(site, workspace, proposal_id)
    seen = next((each for each in sighting.steps if each.stage in HELD), None)
    if sighting.locked is None or seen is None:
        hint = ACTIONS[sighting.stage] or "what is executed is executed"
        raise Refused(f"{proposal_id} is {sighting.stage} on {site.network.name}: nothing waits there", hint=hint)
    found = docket_of(site, workspace, sighting, seen)
    if found is None:
        message = f"no rule of policies.yaml lets a guardian hold a {sighting.locked.proposal.document.kind}"
        raise Refused(message, hint="a rule on the timelock lane with `hold`; to stop it for good: gov cancel")
    number = found.open_round(sighting.head.timestamp)
    if number is None:
        message = f"no further round of {proposal_id} can be held on {site.network.name}"
        raise Refused(message, hint="the budget is spent, or a round was left out; to stop it for good: gov cancel")
    terms = HoldTerms(held=found.held, round=number, reason=reason)
    return HoldRequest(locked=sighting.locked, sighting=sighting, seen=seen, docket=found, terms=terms)


def hold(request: HoldRequest, signer: Signer, workspace: Workspace) -> Hold:
    """Sign, and put it beside the proposal. Raises Refused for a signer who is no guardian, or has signed for this round."""
    if signer.address not in request.docket.guardians:
        guardians = ", ".join(sorted(request.docket.guardians))
        raise Refused(f"{signer.address} is no owner of the guardian Safe", hint=f"those who are: {guardians}")
    if signer.address in request.docket.rounds.get(request.terms.round, {}):
        number = request.terms.round
        hint = f"round {number} needs {request.docket.lacking(number)} more guardians" if number > 1 else ""
        raise Refused(f"{signer.address} holds it in round {number} already", hint=hint)
    proposal = request.locked.plan.proposal
    given = Hold(proposal=proposal, signer=signer.address, terms=request.terms, signature=signer.sign(request.terms))
    workspace.holds(proposal).add(given)
    return given


def docket_of(site: Site, workspace: Workspace, sighting: Sighting, seen: StepSighting) -> Docket | None:
    """The holds of a step that waits or is ready; None where no rule lets it be held."""
    locked, operation = sighting.locked, seen.step.operation
    if locked is None or locked.plan.lane is not Lane.TIMELOCK or seen.eta is None or operation is None:
        return None
    # What was dropped or shortened meanwhile still holds what was locked under it.
    policies = (locked.policy, policy_before(workspace, locked))
    rules = [each.rule_for(locked.proposal.document.kind, site.network.name) for each in policies if each is not None]
    length = max((rule.hold for rule in rules if rule is not None and rule.hold is not None), default=None)
    if length is None:
        return None
    held = Held(chain_id=site.network.chain_id, timelock=site.network.timelock, operation=operation.id, eta=seen.eta)
    guardians = site.guardian.look(sighting.head).owners
    return docket(workspace.holds(sighting.proposal).all(), held, length=length, guardians=guardians)


def told(site: Site, workspace: Workspace, sighting: Sighting) -> tuple[str, ...]:
    """What there is to know of holds, a sentence each; nothing for what does not wait."""
    dockets = (docket_of(site, workspace, sighting, seen) for seen in sighting.steps if seen.stage in HELD)
    return tuple(words for each in dockets if each is not None for words in each.told(sighting.now))


def require_unheld(site: Site, workspace: Workspace, sighting: Sighting, seen: StepSighting) -> None:
    """Raise Refused while guardians hold the step that is about to be executed."""
    found = docket_of(site, workspace, sighting, seen)
    findings = () if found is None else found.findings(sighting.now)
    if findings:
        raise Refused(f"guardians hold {sighting.proposal} on {sighting.network}", findings=findings)
