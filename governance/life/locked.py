"""Opening a lock file: prove that the plan in it follows from the proposal, the policy and the pins; then ask the chain.

Every act starts here. `open_lock` needs no chain; `require_fresh` reads it again.
"""

from dataclasses import dataclass, replace
from typing import Any

from governance.core.case import Agreement, Gate
from governance.core.effects import RouteIs
from governance.core.errors import Finding, Refused
from governance.core.facts import Head, TargetFacts
from governance.core.keccak import keccak
from governance.core.kinds import Kind, Lane
from governance.core.kinds.emergency_pause import REMOVAL
from governance.core.lock import moved, read_effects, read_pins, require_fit, require_same
from governance.core.pins import Pins
from governance.core.plan import Plan, derive_plan
from governance.core.policy import Policy
from governance.core.proposal import Proposal
from governance.core.units import Address, Bytes32, to_hex
from governance.life.pin import case_at, gather, kind_of, permitted
from governance.life.report import require_report
from governance.life.site import Site, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A plan that has been derived again from its lock file."""

    proposal: Proposal
    policy: Policy
    """The workspace's own, which need not be the one that the plan was made under."""
    kind: Kind[Any]
    plan: Plan
    effects: Bytes32 | None
    """Digest of what was rehearsed when it was locked; None when nothing was."""


def open_lock(workspace: Workspace, proposal_id: str, network: str) -> Locked | None:
    """The plan that the lock file claims, proven; None when the proposal is not locked on the network.

    Raises Refused when the proposal or the lock file was edited since. A policy that has changed since is no fault of the
    lock file (what is executed stays readable); it is one at every gate, see `require_fresh`.
    """
    document = workspace.lock(proposal_id)
    if document is None or network not in document["networks"]:
        return None
    policy, proposal = workspace.policy(), workspace.proposal(proposal_id)
    file = f"{proposal_id}.lock.json"
    if document["digest"] != to_hex(proposal.digest):
        message = f"{file} was written for digest {document['digest']}, the proposal now has {to_hex(proposal.digest)}"
        hint = "the proposal was edited after it was locked: restore it, or run gov lock and have everybody sign anew"
        raise Refused(
            "the proposal was edited", findings=(Finding(rule="proposal-edited", message=message, hint=hint),)
        )
    entry = document["networks"][network]
    pins = read_pins(entry["pins"])
    if network not in policy.networks:
        raise Refused(f"policies.yaml no longer names {network}", hint="restore the network, or remove the lock file")
    kind, place = kind_of(proposal), policy.networks[network]
    require_fit(kind.needs(proposal.document, place), pins, place, file)
    plan = derive_plan(proposal, kind, network=place, pins=pins)
    require_same(entry, plan, file)
    return Locked(proposal=proposal, policy=policy, kind=kind, plan=plan, effects=read_effects(entry, file))


def open_with_report(workspace: Workspace, proposal_id: str, network: str) -> Locked | None:
    """As `open_lock`, and the report beside it must be the one that was locked."""
    locked = open_lock(workspace, proposal_id, network)
    if locked is not None:
        require_report(workspace, proposal_id)
    return locked


def demand_lock(workspace: Workspace, proposal_id: str, network: str) -> Locked:
    """As `open_lock`, for acts that need one."""
    locked = open_lock(workspace, proposal_id, network)
    if locked is None:
        raise Refused(f"{proposal_id} is not locked on {network}", hint=f"run gov lock {proposal_id} first")
    return locked


def require_fresh(
    site: Site, workspace: Workspace, locked: Locked, head: Head, *, gate: Gate, agreement: Agreement | None = None
) -> None:
    """Refuse a plan whose pins the chain has moved away from, or that the policy in force does not allow now.

    So too one with another report beside it than was locked.
    """
    require_report(workspace, locked.proposal.id)
    case = case_at(site, locked.policy, locked.proposal, head, gate=gate, plan=locked.plan)
    earlier = policy_before(workspace, locked)
    try:
        rule = permitted(site, replace(case, agreement=agreement), head, earlier=earlier)
    except Refused as error:
        raise _and_stale(error, locked) from error
    now = gather(site, workspace, locked.policy, rule, locked.proposal, head)
    findings = [f for f in moved(_still_true(site, locked, head), now) if f.path != "pins.attempt"]
    if findings:
        message = f"the plan of {locked.proposal.id} is stale on {site.network.name}"
        raise Refused(message, findings=tuple(findings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """An account whose code is not what was pinned."""

    account: Address
    pinned: Bytes32
    found: Bytes32
    """Hashes of the two codes."""


def swapped_code(site: Site, pins: Pins, head: Head) -> list[Swapped]:
    """Every facet and callee with other code than when it was pinned (CREATE2 and selfdestruct, EIP-7702)."""
    pinned = [(f.address, f.code_hash) for f in pins.facets] + [(c.address, c.code_hash) for c in pins.codes]
    codes = site.chain.codes([where for where, _ in pinned], head) if pinned else []
    found = [
        Swapped(account=where, pinned=expected, found=Bytes32(keccak(code)))
        for (where, expected), code in zip(pinned, codes, strict=True)
    ]
    return [each for each in found if each.found != each.pinned]


def _less_removed(site: Site, locked: Locked, target: TargetFacts, head: Head) -> TargetFacts:
    removal = [step.safe_tx.hash for step in locked.plan.steps if step.label == REMOVAL]
    if not removal or site.guardian.outcomes(removal, head) == [None]:
        return target
    gone = {effect.selector for effect in locked.plan.effects if isinstance(effect, RouteIs)}
    return replace(target, routes=tuple(route for route in target.routes if route.selector not in gone))


def policy_before(workspace: Workspace, locked: Locked) -> Policy | None:
    """The policy that the plan was made under, None when it is the workspace's own. Raises Refused when it is lost."""
    digest = locked.plan.pins.policy_digest
    return None if digest == locked.policy.digest else workspace.earlier_policy(digest)


def _and_stale(error: Refused, locked: Locked) -> Refused:
    """The same refusal, which also tells that the policy has changed; nothing more where it is not judged by it."""
    if any(found.rule == "policy-not-anchored" for found in error.findings):
        return error
    stale = moved(locked.plan.pins, replace(locked.plan.pins, policy_digest=locked.policy.digest))
    return Refused(error.message, hint=error.hint(), findings=(*error.findings, *stale))


def _still_true(site: Site, locked: Locked, head: Head) -> Pins:
    """The pins, less what this very plan has done by now.

    Operations that it has cancelled, one with each of its Safe transactions; routes that it has removed before it pauses.
    """
    pins = locked.plan.pins
    if locked.plan.lane is Lane.GUARDIAN and pins.target is not None:
        return replace(pins, target=_less_removed(site, locked, pins.target, head))
    if not pins.cancels:
        return pins
    sent = site.safe(locked.plan.lane).outcomes([step.safe_tx.hash for step in locked.plan.steps], head)
    left = (operation for operation, outcome in zip(pins.cancels, sent, strict=True) if outcome is None)
    return replace(pins, cancels=tuple(left))
