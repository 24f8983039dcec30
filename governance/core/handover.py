"""The transactions that build a described system and hand it over, in order, each with the sign that it is done.

A step that is done is skipped, so an interrupted deployment is taken up where it stopped. The deployer is admin only
until the hand-over: the order is grant, then renounce, and whether it came out right is not judged here but read back
from the chain afterwards (`claims`).
"""

from dataclasses import dataclass

from governance.core.access import ADMIN, APPLY, CANCELLER, COMMIT, EMERGENCY, GRANT, HAS_ROLE
from governance.core.artifact import SAFE_SINGLETON_FACTORY, Artifact, create2_call
from governance.core.blueprint import Blueprint, PlannedSafe, safe_address
from governance.core.call import Call, Function, encode_call, function
from governance.core.facts import Generation, TargetFacts
from governance.core.units import ZERO_WORD, Address, Bytes32, Duration, address_bytes, to_hex

CREATE_PROXY = function("createProxyWithNonce(address,bytes,uint256)")
RENOUNCE_ROLE = function("renounceRole(bytes32,address)")
SET_DELAY = function("setActivationDelay(uint64)")
QUEUE_ROTATION = function("queueRotateGovernance(address)")
EXECUTE_ROTATION = function("executeRotateGovernance()")
TRANSFER_OWNERSHIP = function("transferOwnership(address)")
OWNER = function("owner()(address)")
FACET_ADDRESS = function("facetAddress(bytes4)(address)")
ACTIVE_EPOCH = function("activeEpoch()(uint64)")
ACTIVATION_DELAY = function("activationDelay()(uint64)")
GOV_STATE = function("govState()(address,address,address,uint64)")

TRUE, FALSE = (1).to_bytes(32, "big"), bytes(32)


def view(contract: Address, fn: Function, *arguments: object) -> Call:
    """A read-only call."""
    return Call(to=contract, data=encode_call(fn, list(arguments)), summary=fn.signature)


def account_word(account: Address) -> bytes:
    """An address as the ABI pads it."""
    return bytes(12) + address_bytes(account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """A statement about the chain: what a view answers begins with these bytes."""

    call: Call
    begins: bytes
    """All of the answer, where it has one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One transaction of the deployer."""

    purpose: str
    call: Call
    built: Address | None = None
    """Done when this account has code."""
    done: tuple[Holds, ...] = ()
    """Done when one of these holds."""

    def __post_init__(self) -> None:
        if self.built is None and not self.done:
            raise ValueError("a step without a sign that it is done would be repeated")


def steps(plan: Blueprint, digest: Bytes32, uri: str) -> tuple[Step, ...]:
    """Everything, in order; the policy anchor comes last, so that its existence says that the rest was done.

    1. Safe's contracts, where Safe has not deployed them   2. council and guardian   3. timelock   4. facets
    5. the governed system, its first routes, its hand-over   6. the timelock's own hand-over   7. the anchor
    """
    anchor = plan.parts.anchor.init_code(plan.timelock, digest, uri)
    return (
        *(_safe_part(artifact) for artifact in plan.parts.safe.deployed),
        _safe("council", plan, plan.council),
        _safe("guardian", plan, plan.guardian),
        _created(plan, "timelock", plan.timelock_code, plan.timelock),
        *(_facet(artifact) for artifact in plan.parts.facets.values()),
        _created(plan, "target", plan.target_code, plan.target),
        *_first_routes(plan),
        *_target_handover(plan),
        _grant(plan.timelock, CANCELLER, plan.guardian.address, "guardian may cancel"),
        _renounce(plan.timelock, ADMIN, plan.deployer, "deployer leaves the timelock"),
        _created(plan, "cradle of the policy anchor", plan.cradle_code, plan.cradle),
        Step(
            purpose="deploy policy anchor",
            call=Call(to=plan.cradle, data=anchor, summary="deploy policy anchor"),
            built=plan.policy_anchor,
        ),
    )


def staged_facet(artifact: Artifact) -> Step:
    """The step that puts a facet on chain, at the same address on every network, without routing it."""
    return _facet(artifact)


def _safe_part(artifact: Artifact) -> Step:
    what = f"Safe's {artifact.name}"
    call = create2_call(artifact.creation_code, proxy=SAFE_SINGLETON_FACTORY, what=what)
    return Step(purpose=call.summary, call=call, built=safe_address(artifact))


def _safe(role: str, plan: Blueprint, safe: PlannedSafe) -> Step:
    parts = plan.parts.safe
    data = encode_call(CREATE_PROXY, [safe_address(parts.singleton), safe.initializer, safe.salt_nonce])
    summary = f"deploy {role} Safe, {safe.threshold} of {len(safe.owners)}"
    call = Call(to=safe_address(parts.factory), data=data, summary=summary)
    return Step(purpose=summary, call=call, built=safe.address)


def _created(plan: Blueprint, what: str, code: bytes, address: Address) -> Step:
    call = create2_call(code, salt=plan.salt, what=what)
    return Step(purpose=call.summary, call=call, built=address)


def _facet(artifact: Artifact) -> Step:
    call = create2_call(artifact.creation_code, what=f"facet {artifact.name}")
    return Step(purpose=call.summary, call=call, built=artifact.address)


def _first_routes(plan: Blueprint) -> list[Step]:
    """Routes, by the very derivation that later proposals use, with the deployer where the timelock will stand."""
    from governance.core.kinds.upgrade import derive_upgrade

    if not plan.routes:
        return []
    derivation = derive_upgrade(_newborn(plan), plan.deployer, plan.routes, acknowledge=())
    calls = [call for bundle in derivation.bundles for call in bundle.calls]
    done = (_routed(plan),)
    return [Step(purpose=f"first routes {i + 1} of {len(calls)}", call=c, done=done) for i, c in enumerate(calls)]


def _routed(plan: Blueprint) -> Holds:
    """The first root is active; until then, commit and apply may be sent again. A diamond cuts all at once."""
    if plan.description.target.generation is Generation.DIAMOND:
        route = plan.routes[0]
        return Holds(call=view(plan.target, FACET_ADDRESS, route.selector), begins=account_word(route.facet))
    return Holds(call=view(plan.target, ACTIVE_EPOCH), begins=TRUE)


def _newborn(plan: Blueprint) -> TargetFacts:
    """The governed system as its constructor leaves it."""
    return TargetFacts(
        address=plan.target,
        generation=plan.description.target.generation,
        code_hash=plan.parts.target.runtime_hash,
        routes=(),
        active_root=ZERO_WORD,
        pending_root=ZERO_WORD,
        active_epoch=0,
        activation_delay=Duration(0),
        frozen=False,
        paused=False,
        timelock_is_admin=True,
        timelock_may_commit=True,
        timelock_may_apply=True,
        timelock_may_remove=True,
        guardian_may_pause=False,
    )


def _target_handover(plan: Blueprint) -> list[Step]:
    match plan.description.target.generation:
        case Generation.OURS:
            granted = [_to_timelock(plan, role) for role in (COMMIT, APPLY, ADMIN)]
            return [*_delay(plan), *granted, *(_leave(plan, role) for role in (COMMIT, APPLY, ADMIN))]
        case Generation.COMPACT | Generation.P4:
            return _compact_handover(plan)
        case Generation.V1:
            return _v1_handover(plan)
        case Generation.DIAMOND:
            return [_transfer(plan)]


def _compact_handover(plan: Blueprint) -> list[Step]:
    """Deployed generations ask EMERGENCY_ROLE for removing routes and for unpausing: the timelock needs it as well."""
    roles = (COMMIT, APPLY, EMERGENCY, ADMIN)
    guard = _grant(plan.target, EMERGENCY, plan.guardian.address, "guardian may pause")
    granted = [_to_timelock(plan, role) for role in roles]
    return [*_delay(plan), guard, *granted, *(_leave(plan, role) for role in roles)]


def _v1_handover(plan: Blueprint) -> list[Step]:
    """By rotation, since roles alone would leave the deployer in `govState`, able to rotate everything back.

    The rotation is queued while the delay is still zero, the delay is set, and then anyone may execute the rotation.
    """
    queued = account_word(plan.deployer) + account_word(plan.guardian.address) + account_word(plan.timelock)
    pending = Holds(call=view(plan.target, GOV_STATE), begins=queued)
    done = Holds(call=view(plan.target, HAS_ROLE, ADMIN, plan.timelock), begins=TRUE)
    queue = Call(
        to=plan.target, data=encode_call(QUEUE_ROTATION, [plan.timelock]), summary="queue rotation to the timelock"
    )
    execute = Call(to=plan.target, data=encode_call(EXECUTE_ROTATION, []), summary="rotate governance to the timelock")
    return [
        _to_timelock(plan, EMERGENCY),
        Step(purpose=queue.summary, call=queue, done=(pending, done)),
        *_delay(plan),
        Step(purpose=execute.summary, call=execute, done=(done,)),
    ]


def _delay(plan: Blueprint) -> list[Step]:
    seconds = plan.description.target.activation_delay.seconds
    if not seconds:
        return []
    summary = f"set the activation delay to {plan.description.target.activation_delay}"
    call = Call(to=plan.target, data=encode_call(SET_DELAY, [seconds]), summary=summary)
    done = Holds(call=view(plan.target, ACTIVATION_DELAY), begins=seconds.to_bytes(32, "big"))
    return [Step(purpose=summary, call=call, done=(done,))]


def _transfer(plan: Blueprint) -> Step:
    call = Call(
        to=plan.target, data=encode_call(TRANSFER_OWNERSHIP, [plan.timelock]), summary="the timelock owns the diamond"
    )
    done = Holds(call=view(plan.target, OWNER), begins=account_word(plan.timelock))
    return Step(purpose=call.summary, call=call, done=(done,))


def _to_timelock(plan: Blueprint, role: Bytes32) -> Step:
    return _grant(plan.target, role, plan.timelock, f"timelock takes role {to_hex(role[:4])} of the target")


def _leave(plan: Blueprint, role: Bytes32) -> Step:
    return _renounce(plan.target, role, plan.deployer, f"deployer leaves role {to_hex(role[:4])} of the target")


def _grant(contract: Address, role: Bytes32, account: Address, summary: str) -> Step:
    call = Call(to=contract, data=encode_call(GRANT, [role, account]), summary=summary)
    return Step(purpose=summary, call=call, done=(Holds(call=view(contract, HAS_ROLE, role, account), begins=TRUE),))


def _renounce(contract: Address, role: Bytes32, account: Address, summary: str) -> Step:
    call = Call(to=contract, data=encode_call(RENOUNCE_ROLE, [role, account]), summary=summary)
    return Step(purpose=summary, call=call, done=(Holds(call=view(contract, HAS_ROLE, role, account), begins=FALSE),))
