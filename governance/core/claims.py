"""What must be true on chain once a described system has been handed over: every owner, right, delay and route.

A claim is data: a view and its exact answer, a code hash, a storage word, the whole set of a role's holders. All are
read; the deployment is good when none differs. Nothing here reads or sends.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from governance.core.access import ADMIN, APPLY, CANCELLER, COMMIT, EMERGENCY, EXECUTOR, PROPOSER
from governance.core.blueprint import Blueprint, PlannedSafe, safe_address
from governance.core.call import Call, function
from governance.core.facts import Generation
from governance.core.handover import ACTIVATION_DELAY, ACTIVE_EPOCH, FACET_ADDRESS, GOV_STATE, OWNER, account_word, view
from governance.core.safelayout import FALLBACK_SLOT, GUARD_SLOT, SENTINEL
from governance.core.units import ZERO_WORD, Address, Bytes32

_OWNERS = function("getOwners()(address[])")
_THRESHOLD = function("getThreshold()(uint256)")
_NONCE = function("nonce()(uint256)")
_VERSION = function("VERSION()(string)")
_MODULES = function("getModulesPaginated(address,uint256)(address[],address)")
_MIN_DELAY = function("getMinDelay()(uint256)")
_PAUSED = function("paused()(bool)")
_FROZEN = function("frozen()(bool)")
_ANCHOR_TIMELOCK = function("timelock()(address)")
_ANCHOR_DIGEST = function("digest()(bytes32)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A view and all of its answer, still ABI-encoded."""

    what: str
    """As a sentence names it: `owners of the council Safe`."""
    call: Call
    answer: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotClaim:
    """A storage word."""

    what: str
    account: Address
    slot: int
    word: Bytes32


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeClaim:
    """An account whose code has no immutables, so that its hash is known beforehand."""

    what: str
    account: Address
    code_hash: Bytes32


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesClaim:
    """Every role of an AccessControl contract and exactly who holds it; a role not named is held by nobody."""

    what: str
    contract: Address
    holders: Mapping[Bytes32, frozenset[Address]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """All of them."""

    views: tuple[Claim, ...]
    slots: tuple[SlotClaim, ...]
    codes: tuple[CodeClaim, ...]
    roles: tuple[RolesClaim, ...]


def claims(plan: Blueprint, digest: Bytes32) -> Claims:
    """Everything that must hold of the system just built, with the policy of this digest anchored."""
    safes = (("council", plan.council), ("guardian", plan.guardian))
    return Claims(
        views=(
            *(claim for role, safe in safes for claim in _safe_views(role, plan, safe)),
            Claim(
                what="delay of the timelock",
                call=view(plan.timelock, _MIN_DELAY),
                answer=_number(plan.description.timelock.delay.seconds),
            ),
            *_target_views(plan),
            *_route_views(plan),
            Claim(
                what="timelock of the policy anchor",
                call=view(plan.policy_anchor, _ANCHOR_TIMELOCK),
                answer=account_word(plan.timelock),
            ),
            Claim(what="digest of the policy anchor", call=view(plan.policy_anchor, _ANCHOR_DIGEST), answer=digest),
        ),
        slots=tuple(claim for role, safe in safes for claim in _safe_slots(role, plan, safe)),
        codes=_codes(plan),
        roles=_roles(plan),
    )


def _safe_views(role: str, plan: Blueprint, safe: PlannedSafe) -> list[Claim]:
    from eth_abi.abi import encode

    where = safe.address
    version = plan.description.safe_version
    no_modules = bytes(encode(["address[]", "address"], [[], SENTINEL]))
    return [
        Claim(
            what=f"owners of the {role} Safe",
            call=view(where, _OWNERS),
            answer=bytes(encode(["address[]"], [list(safe.owners)])),
        ),
        Claim(what=f"threshold of the {role} Safe", call=view(where, _THRESHOLD), answer=_number(safe.threshold)),
        Claim(what=f"nonce of the {role} Safe", call=view(where, _NONCE), answer=_number(0)),
        Claim(
            what=f"version of the {role} Safe", call=view(where, _VERSION), answer=bytes(encode(["string"], [version]))
        ),
        Claim(what=f"modules of the {role} Safe", call=view(where, _MODULES, SENTINEL, 10), answer=no_modules),
    ]


def _safe_slots(role: str, plan: Blueprint, safe: PlannedSafe) -> list[SlotClaim]:
    singleton = account_word(safe_address(plan.parts.safe.singleton))
    handler = account_word(safe_address(plan.parts.safe.fallback_handler))
    wanted = {
        "singleton": (0, Bytes32(singleton)),
        "guard": (GUARD_SLOT, ZERO_WORD),
        "fallback handler": (FALLBACK_SLOT, Bytes32(handler)),
    }
    return [
        SlotClaim(what=f"{what} of the {role} Safe", account=safe.address, slot=slot, word=word)
        for what, (slot, word) in wanted.items()
    ]


def _target_views(plan: Blueprint) -> list[Claim]:
    target = plan.description.target
    if target.generation is Generation.DIAMOND:
        return [Claim(what="owner of the diamond", call=view(plan.target, OWNER), answer=account_word(plan.timelock))]
    delay = _number(target.activation_delay.seconds)
    found = [
        Claim(what="activation delay of the target", call=view(plan.target, ACTIVATION_DELAY), answer=delay),
        Claim(
            what="epoch of the target", call=view(plan.target, ACTIVE_EPOCH), answer=_number(1 if plan.routes else 0)
        ),
        Claim(what="pause of the target", call=view(plan.target, _PAUSED), answer=_number(0)),
        Claim(what="freeze of the target", call=view(plan.target, _FROZEN), answer=_number(0)),
    ]
    if target.generation is Generation.V1:
        state = account_word(plan.timelock) + account_word(plan.guardian.address) + bytes(64)
        found.append(Claim(what="governance state of the target", call=view(plan.target, GOV_STATE), answer=state))
    return found


def _route_views(plan: Blueprint) -> list[Claim]:
    return [
        Claim(
            what=f"route of 0x{route.selector.hex()}",
            call=view(plan.target, FACET_ADDRESS, route.selector),
            answer=account_word(route.facet),
        )
        for route in plan.routes
    ]


def _codes(plan: Blueprint) -> tuple[CodeClaim, ...]:
    parts = plan.parts
    safe_parts = ((f"Safe's {part.name}", safe_address(part), part) for part in parts.safe.deployed)
    facets = ((f"facet {name}", part.address, part) for name, part in parts.facets.items())
    proxies = ((f"{role} Safe", safe.address, parts.safe.proxy) for role, safe in _safes(plan))
    own = (("timelock", plan.timelock, parts.timelock), ("target", plan.target, parts.target))
    every = (*safe_parts, *facets, *proxies, *own)
    return tuple(
        CodeClaim(what=f"code of the {what}", account=account, code_hash=part.runtime_hash)
        for what, account, part in every
        if not part.has_immutables
    )


def _safes(plan: Blueprint) -> tuple[tuple[str, PlannedSafe], ...]:
    return (("council", plan.council), ("guardian", plan.guardian))


def _roles(plan: Blueprint) -> tuple[RolesClaim, ...]:
    council, guardian, timelock = plan.council.address, plan.guardian.address, plan.timelock
    only = frozenset({timelock})
    ours = RolesClaim(
        what="timelock",
        contract=timelock,
        holders={
            ADMIN: only,
            PROPOSER: frozenset({council}),
            CANCELLER: frozenset({council, guardian}),
            EXECUTOR: frozenset(plan.executors),
        },
    )
    held = {ADMIN: only, COMMIT: only, APPLY: only}
    match plan.description.target.generation:
        case Generation.DIAMOND:
            return (ours,)
        case Generation.OURS:
            held[EMERGENCY] = frozenset({guardian})
        case Generation.COMPACT | Generation.P4:
            held[EMERGENCY] = frozenset({guardian, timelock})
        case Generation.V1:
            held |= {EMERGENCY: frozenset({guardian, timelock}), EXECUTOR: only}
    return (ours, RolesClaim(what="target", contract=plan.target, holders=held))


def _number(value: int) -> bytes:
    return value.to_bytes(32, "big")
