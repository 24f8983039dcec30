"""`gov lock`: read the facts that a plan depends on, at one block, and freeze them beside the proposal.

Procedure:
1. What an earlier lock file of the proposal has scheduled or executed is not planned again.
2. The policy in the workspace must be the one anchored on chain: a policy cannot loosen itself.
3. The rule that the proposal falls under must allow it now.
4. Council, timelock and guardian must be able to do their part.
5. Every facet must have the code that its artifact says, every called contract must have code.
6. The plan is derived; if its operations were cancelled before, the attempt is raised; if scheduled or executed, refused.
7. The policy judges the plan as well: what is really called.
8. The plan is rehearsed; the digest of its effects stands in the lock file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from governance.core.artifact import Artifact
from governance.core.bytecode import delegate_of
from governance.core.case import Case, Gate
from governance.core.errors import Finding, Refused, Rejected
from governance.core.facts import Head, OperationEvent, OperationFacts, TimelockFacts
from governance.core.keccak import keccak
from governance.core.kinds import KINDS, Kind, Lane
from governance.core.lock import lock_document, read_claim, read_pins
from governance.core.markdown import markdown
from governance.core.pins import CodePin, FacetPin, Needs, Pins
from governance.core.plan import Plan, derive_plan
from governance.core.policy import Policy, Rule
from governance.core.proposal import Proposal
from governance.core.rehearsal import Rehearsal, comes_later
from governance.core.stage import DONE_TIMESTAMP
from governance.core.tree import dotted, locate, mention, plain, undotted
from governance.core.units import ZERO_WORD, Address, Bytes32, address, to_hex
from governance.core.verdict import judge, judge_by_both
from governance.life.observe import observe
from governance.life.report import page_of
from governance.life.site import Rehearse, Site, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan on one network, what it was made of, and the rule it falls under."""

    proposal: Proposal
    policy: Policy
    plan: Plan
    rule: Rule
    head: Head
    """Of the block that it follows from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locking:
    """A lock file that was written."""

    file: str
    """Its name, as it is shown."""
    planned: Mapping[str, Planned]
    """By network."""
    document: Mapping[str, Any]


def lock(
    sites: Sequence[Site], workspace: Workspace, proposal_id: str, *, rehearse: Mapping[str, Rehearse] | None
) -> Locking:
    """Plan a proposal on each of its networks, rehearse every plan, and write the lock file.

    `rehearse` is by network, and None where nothing shall be rehearsed. Raises Refused, and writes nothing, when a
    rehearsal finds what must not be.
    """
    plans = {site.network.name: plan_now(site, workspace, proposal_id) for site in sites}
    rehearsals: dict[str, Rehearsal] = {}
    for name, planned in plans.items() if rehearse is not None else ():
        assert rehearse is not None
        played = _rehearsed(rehearse[name], planned.plan)
        if played is not None:
            rehearsals[name] = played
    effects = {name: played.effects for name, played in rehearsals.items()}
    for digest in {each.plan.pins.policy_digest for each in plans.values()}:
        workspace.keep_policy(digest)  # what waits is judged by it as well, whatever comes into force meanwhile
    text = _reported(workspace, sites, plans, rehearsals)
    report = None if text is None else Bytes32(keccak(text.encode()))
    document = lock_document({name: each.plan for name, each in plans.items()}, effects, report)
    workspace.write_report(proposal_id, text)
    return Locking(file=workspace.write_lock(proposal_id, document), planned=plans, document=document)


def _reported(
    workspace: Workspace,
    sites: Sequence[Site],
    plans: Mapping[str, "Planned"],
    rehearsals: Mapping[str, Rehearsal],
) -> str | None:
    """The report; None unless every network was rehearsed."""
    if set(rehearsals) != set(plans):
        return None
    networks = {site.network.name: site.network for site in sites}
    made = [(networks[name], planned.plan, rehearsals[name]) for name, planned in plans.items()]
    return markdown(page_of(workspace, made))


def _rehearsed(rehearse: Rehearse, plan: Plan) -> Rehearsal | None:
    """What was played without a finding; None on the guardian's lane, and for what comes after another proposal."""
    if plan.lane is Lane.GUARDIAN:
        return None
    try:
        rehearsal = rehearse(plan.proposal, plan)
    except Refused as error:
        if comes_later(error):
            return None
        raise
    rehearsal.require()
    return rehearsal


def plan_now(site: Site, workspace: Workspace, proposal_id: str) -> Planned:
    """The plan that follows from the chain as it is now. Writes nothing."""
    policy, proposal = workspace.policy(), workspace.proposal(proposal_id)
    kind = kind_of(proposal)
    head = site.chain.head()
    # A new lock file must not hide what the old one has set in motion, whatever was edited or moved since.
    _refuse_known(site, proposal_id, _known_ids(workspace, proposal_id, site.network.name), head)
    rule = permitted(site, case_at(site, policy, proposal, head, gate=Gate.LOCK), head)
    pins = gather(site, workspace, policy, rule, proposal, head)
    pins = replace(pins, attempt=_last_attempt(workspace, proposal, site.network.name))
    while True:
        try:
            plan = derive_plan(proposal, kind, network=site.network, pins=pins)
        except Refused as error:
            placed = tuple(_placed(finding, proposal) for finding in error.findings)
            raise Refused(error.message, hint=error.hint(), findings=placed) from error
        ids = [step.operation.id for step in plan.steps if step.operation is not None]
        known = _refuse_known(site, proposal_id, ids, head)
        if not any(fact.newest is OperationEvent.CANCELLED for fact in known):
            permitted(site, case_at(site, policy, proposal, head, gate=Gate.LOCK, plan=plan), head)
            return Planned(proposal=proposal, policy=policy, plan=plan, rule=rule, head=head)
        pins = replace(pins, attempt=pins.attempt + 1)


def _placed(finding: Finding, proposal: Proposal) -> Finding:
    """With its place in the proposal's file, when it names a path there."""
    loc = undotted(finding.path)
    return replace(finding, place=locate(proposal.tree, loc)) if loc and loc[0] in plain(proposal.tree) else finding


def kind_of(proposal: Proposal) -> Kind[Any]:
    """The kind of a proposal that has passed the schema."""
    return KINDS[proposal.document.kind]


def case_at(
    site: Site, policy: Policy, proposal: Proposal, head: Head, *, gate: Gate, plan: Plan | None = None
) -> Case:
    """A proposal on the site's network at a gate, by the clock of a head."""
    return Case(
        proposal=proposal,
        policy=policy,
        network=site.network.name,
        lane=kind_of(proposal).lane,
        gate=gate,
        now=head.timestamp,
        plan=plan,
    )


def permitted(site: Site, case: Case, head: Head, *, earlier: Policy | None = None) -> Rule:
    """The rule that allows a case, by the policy in force. Raises Refused with every violation.

    `earlier` is the policy that it was locked under, where that is another: it must allow it too.
    """
    require_anchored(site, case.policy, head)
    if any(_counts(each, case.proposal, site) for each in (case.policy, earlier) if each is not None):
        case = replace(case, spent=tuple(site.timelock.ledger(head)))
    return (judge(case) if earlier is None else judge_by_both(case, earlier)).require()


def _counts(policy: Policy, proposal: Proposal, site: Site) -> bool:
    """Whether the rule that the proposal goes by has an allowance, so that what was spent before matters."""
    rule = policy.rule_for(proposal.document.kind, site.network.name)
    return rule is not None and any(each.allowance is not None for each in rule.calls or ())


def require_anchored(site: Site, policy: Policy, head: Head) -> None:
    """Refuse a workspace policy that is not the one anchored on chain."""
    anchored = site.anchor.digest(head)
    if anchored != policy.digest:
        message = f"policies.yaml has digest {to_hex(policy.digest)}, {site.network.name} anchors {to_hex(anchored)}"
        hint = "use the policies.yaml that is in force; a change of it is itself a proposal"
        finding = Finding(rule="policy-not-anchored", message=message, hint=hint)
        raise Refused("the workspace's policy is not the one in force", findings=(finding,))


def gather(site: Site, workspace: Workspace, policy: Policy, rule: Rule, proposal: Proposal, head: Head) -> Pins:
    """Read every fact that the proposal's kind needs, at `head`. Attempt zero."""
    kind = kind_of(proposal)
    needs = kind.needs(proposal.document, site.network)
    timelock = site.timelock.look(head)
    _require_rights(site, kind.lane, needs, timelock)
    return Pins(
        chain_id=head.chain_id,
        block_number=head.number,
        block_hash=head.hash,
        policy_digest=policy.digest,
        rule=rule.id,
        delay=rule.delay,
        grace=rule.grace,
        predecessor=_predecessor(site, workspace, proposal, kind.lane),
        attempt=0,
        nonce=_next_nonce(site, workspace, proposal.id, kind.lane, head),
        min_delay=timelock.min_delay,
        target=site.target.look(head) if needs.target else None,
        facets=_facets(site, workspace, needs.facets, proposal, head),
        codes=_codes(site, needs.codes, head),
        cancels=_pending_ids(site, workspace, needs.cancels, head),
        governance=observe(site, needs, head),
    )


def _require_rights(site: Site, lane: Lane, needs: Needs, timelock: TimelockFacts) -> None:
    network, findings = site.network, []
    if lane is Lane.TIMELOCK and not timelock.council_may_propose:
        message = f"the council {network.council} is no proposer of the timelock {network.timelock}"
        findings.append(Finding(rule="council-cannot-propose", message=message, hint="run gov doctor"))
    if needs.cancels and not timelock.guardian_may_cancel:
        message = f"the guardian {network.guardian} is no canceller of the timelock {network.timelock}"
        findings.append(Finding(rule="guardian-cannot-cancel", message=message, hint="run gov doctor"))
    if findings:
        raise Refused(f"the rights on {network.name} do not allow this", findings=tuple(findings))


def _next_nonce(site: Site, workspace: Workspace, proposal_id: str, lane: Lane, head: Head) -> int:
    """The Safe's next nonce that no other lock file of the workspace has pinned."""
    free = site.safe(lane).look(head).nonce
    for other in workspace.proposal_ids():
        document = None if other == proposal_id else workspace.lock(other)
        entry = (document or {}).get("networks", {}).get(site.network.name)
        if entry is None:
            continue
        claim = read_claim(entry, f"{other}.lock.json")
        if (claim.lane == Lane.GUARDIAN) is (lane is Lane.GUARDIAN):  # the other two lanes spend the council's nonces
            free = max((free, *(nonce + 1 for nonce in claim.nonces)))
    return free


def _facets(
    site: Site, workspace: Workspace, references: Sequence[str], proposal: Proposal, head: Head
) -> tuple[FacetPin, ...]:
    artifacts = _artifacts(workspace, references, proposal)
    addresses = [address(ref) if artifact is None else artifact.address for ref, artifact in artifacts.items()]
    codes = site.chain.codes(addresses, head)
    pins, findings = [], []
    for (reference, artifact), where, code in zip(artifacts.items(), addresses, codes, strict=True):
        finding = _facet_finding(reference, where, code, artifact, site)
        if finding is not None:
            findings.append(_placed(replace(finding, path=_named(proposal, reference)), proposal))
        selectors = None if artifact is None else tuple(sorted(artifact.selectors.values()))
        code_hash = Bytes32(keccak(code))
        pins.append(FacetPin(reference=reference, address=where, code_hash=code_hash, selectors=selectors))
    if findings:
        raise Refused(f"the facets are not as they should be on {site.network.name}", findings=tuple(findings))
    return tuple(pins)


def _artifacts(workspace: Workspace, references: Sequence[str], proposal: Proposal) -> dict[str, Artifact | None]:
    """The artifact of each facet, None for one that is named by its address. Raises Rejected with every unknown one."""
    found: dict[str, Artifact | None] = {}
    findings = []
    for reference in references:
        try:
            found[reference] = None if reference.startswith("0x") else workspace.artifact(reference)
        except Rejected as error:
            where = _named(proposal, reference)
            finding = Finding(rule="unknown-facet", message=error.message, hint=error.hint(), path=where)
            findings.append(_placed(finding, proposal))
    if findings:
        raise Rejected(f"{proposal.file} names facets that cannot be used", findings=tuple(findings))
    return found


def _named(proposal: Proposal, text: str) -> str:
    """The path at which the proposal first names something."""
    return dotted(mention(proposal.tree, text) or ())


def _facet_finding(
    reference: str, where: Address, code: bytes, artifact: Artifact | None, site: Site
) -> Finding | None:
    if not code:
        message = f"{reference} has no code at {where} on {site.network.name}"
        hint = "deploy it first: gov facet deploy"
        return Finding(rule="facet-no-code", message=message, hint=hint)
    if delegate_of(code) is not None:
        message = f"{where} is an account that delegates (EIP-7702), not a facet"
        return Finding(rule="facet-delegated", message=message, hint="its code can change at any time")
    if artifact is not None and artifact.has_immutables:
        message = f"{reference} has immutables: its code cannot be compared with the artifact"
        return Finding(rule="facet-has-immutables", message=message, hint="name it by its address, which pins its code")
    if artifact is not None and keccak(code) != artifact.runtime_hash:
        message = (
            f"{reference} at {where} has code hash 0x{keccak(code).hex()}, its artifact {to_hex(artifact.runtime_hash)}"
        )
        return Finding(rule="facet-code-differs", message=message, hint="the code on chain is not what was built here")
    return None


def _codes(site: Site, addresses: Sequence[Address], head: Head) -> tuple[CodePin, ...]:
    codes = site.chain.codes(addresses, head) if addresses else []
    pairs = zip(addresses, codes, strict=True)
    return tuple(CodePin(address=where, code_hash=Bytes32(keccak(code))) for where, code in pairs)


def _predecessor(site: Site, workspace: Workspace, proposal: Proposal, lane: Lane) -> Bytes32:
    """The last operation of the proposal named under `after:`. The timelock itself then keeps the order."""
    after = proposal.document.after
    if after is None:
        return ZERO_WORD
    ids = locked_operation_ids(workspace, after, site.network.name) if lane is Lane.TIMELOCK else ()
    if not ids or after == proposal.id:
        message = f"{after} has no operation on {site.network.name} that this one could come after"
        hint = f"lock {after} first; only what goes through the timelock can be ordered"
        finding = Finding(rule="after-not-locked", path="after", message=message, hint=hint)
        raise Refused("the proposal that must come first is not there", findings=(finding,))
    return ids[-1]


def _pending_ids(site: Site, workspace: Workspace, proposal_id: str, head: Head) -> tuple[Bytes32, ...]:
    if not proposal_id:
        return ()
    ids = locked_operation_ids(workspace, proposal_id, site.network.name)
    facts = site.timelock.operations(ids, head) if ids else []
    return tuple(fact.id for fact in facts if fact.timestamp > DONE_TIMESTAMP)


def locked_operation_ids(workspace: Workspace, proposal_id: str, network: str) -> Sequence[Bytes32]:
    """Operation ids that a proposal's lock file names on a network; empty without one."""
    document = workspace.lock(proposal_id)
    entry = None if document is None else document["networks"].get(network)
    return () if entry is None else read_claim(entry, f"{proposal_id}.lock.json").operations


def _known_ids(workspace: Workspace, proposal_id: str, network: str) -> Sequence[Bytes32]:
    try:
        return locked_operation_ids(workspace, proposal_id, network)
    except Rejected:
        # What cannot be read is about to be replaced, and names nothing that a cancel could find.
        return ()


def _last_attempt(workspace: Workspace, proposal: Proposal, network: str) -> int:
    try:
        document = workspace.lock(proposal.id)
        if document is None or document["digest"] != to_hex(proposal.digest) or network not in document["networks"]:
            return 0
        return read_pins(document["networks"][network]["pins"]).attempt
    except Rejected:
        # What cannot be read is about to be replaced; attempts that were cancelled are found on the chain.
        return 0


def _refuse_known(site: Site, proposal_id: str, ids: Sequence[Bytes32], head: Head) -> list[OperationFacts]:
    """What the timelock knows of the ids. Raises Refused when it has one scheduled or executed."""
    facts = site.timelock.operations(ids, head) if ids else []
    findings = []
    for fact in facts:
        if fact.timestamp >= DONE_TIMESTAMP:
            word = "executed" if fact.timestamp == DONE_TIMESTAMP else "scheduled"
            hint = "a further change is a further proposal" if word == "executed" else "cancel it first: gov new cancel"
            message = f"operation {to_hex(fact.id)} is {word} already"
            findings.append(Finding(rule=f"operation-{word}", message=message, hint=hint))
    if findings:
        message = f"{proposal_id} is under way or done on {site.network.name}: there is nothing to lock"
        raise Refused(message, findings=tuple(findings))
    return facts
