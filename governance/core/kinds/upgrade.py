"""From live routes to wanted routes: the calls that each generation of dispatcher, and a diamond, needs.

Rule 1: on deployed generations `applyRoutes` is the moment of effect, not activation; so it never leaves the timelock.
Rule 2: commit and activation share an operation only when the activation delay is zero; else two linked operations.
Rule 3: a removal is a tombstone in a manifest of our generation, `removeRoutes` on the deployed ones, a cut on a diamond.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from governance.core.access import EMERGENCY
from governance.core.alive import unacknowledged
from governance.core.call import Call, encode_call, function
from governance.core.effects import Effect, RootIs, RouteIs
from governance.core.errors import Finding, Refused
from governance.core.facts import Generation, Route, TargetFacts
from governance.core.kinds.base import Bundle, Derivation
from governance.core.kinds.roles import lent
from governance.core.manifest import FORBIDDEN, SHADOWED, Diff, diff
from governance.core.merkle import Odd, Profile, build, leaf, prove
from governance.core.ownfunctions import DIAMOND
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, to_hex

COMMIT_ROOT = function("commitRoot(bytes32,uint64)")
APPLY_ROUTES = function("applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])")
ACTIVATE = function("activateCommittedRoot()")
REMOVE_ROUTES = function("removeRoutes(bytes4[])")
DIAMOND_CUT = function("diamondCut((address,uint8,bytes4[])[],address,bytes)")

PROTECTED = {function(signature).selector: signature for signature in (*DIAMOND, "pause()", "unpause()")}
"""What a diamond must keep to stay upgradable and readable (EIP-2535, ERC-165, ERC-173), and stoppable where it is."""

T = TypeVar("T")
MAX_BATCH = 100
"""Routes per `applyRoutes` or `removeRoutes` call on every known generation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """A change of routes, by selector ascending."""

    target: TargetFacts
    timelock: Address
    change: Diff
    wanted: tuple[Route, ...]

    @property
    def staged(self) -> tuple[Route, ...]:
        """Routes that a manifest must add or replace."""
        return tuple(sorted((*self.change.added, *(new for _, new in self.change.replaced))))

    @property
    def removed(self) -> tuple[bytes, ...]:
        """Selectors that must go."""
        return tuple(sorted(route.selector for route in self.change.removed))


def derive_upgrade(
    target: TargetFacts, timelock: Address, wanted: Sequence[Route], *, acknowledge: Sequence[str]
) -> Derivation:
    """The calls that take the live routes to `wanted`, and the effects. Raises Refused with every finding."""
    change = diff(target.routes, wanted)
    upgrade = Upgrade(target=target, timelock=timelock, change=change, wanted=tuple(sorted(wanted)))
    findings, acknowledged = unacknowledged(_obstacles(upgrade), acknowledge)
    if findings:
        raise Refused("the upgrade does not fit the live system", findings=findings)
    if target.generation is Generation.DIAMOND:
        return Derivation(bundles=(_cut(upgrade),), effects=_route_effects(upgrade), acknowledged=acknowledged)
    return _manifest_upgrade(upgrade)


def rollback(target: TargetFacts, wanted: Sequence[Route]) -> dict[str, Any]:
    """The facet_swap that routes back from `wanted` to the pinned routes, with each facet by its address."""
    change = diff(wanted, target.routes)
    groups: dict[tuple[str, Address], list[str]] = {}
    for route in sorted(change.added):
        groups.setdefault(("add", route.facet), []).append(to_hex(route.selector))
    for _, route in sorted(change.replaced, key=lambda pair: pair[1]):
        groups.setdefault(("replace", route.facet), []).append(to_hex(route.selector))
    changes: list[dict[str, Any]] = [{verb: facet, "selectors": found} for (verb, facet), found in groups.items()]
    if change.removed:
        changes.append({"remove": [to_hex(selector) for selector in sorted(r.selector for r in change.removed)]})
    return {"kind": "facet_swap", "changes": changes}


def upgrade_questions(target: TargetFacts, wanted: Sequence[Route]) -> tuple[str, ...]:
    """What a reviewer should ask about a change of routes."""
    change = diff(target.routes, wanted)
    asked = [
        "Does the new code read and write the storage that the old code left, and nothing of the dispatcher's own?"
    ]
    for facet in dict.fromkeys(route.facet for route in (*change.added, *(new for _, new in change.replaced))):
        asked.append(f"Who has reviewed the code of {facet}, and does it delegate to other code?")
    if change.removed:
        asked.append(f"Who still calls the {len(change.removed)} selectors that stop being routed?")
    if target.generation not in {Generation.OURS, Generation.DIAMOND}:
        asked.append(
            "On this generation a route is live when it is applied, before its root is active: is that in time?"
        )
    if target.pending_root != ZERO_WORD:
        asked.append(f"The pending root {to_hex(target.pending_root)} is dropped by the new commit: whose is it?")
    if target.paused:
        asked.append("The system is paused and takes no upgrade until it is not: what ends the pause?")
    return tuple(asked)


def _obstacles(upgrade: Upgrade) -> list[Finding]:
    target, found = upgrade.target, []
    if not upgrade.staged and not upgrade.removed:
        found.append(Finding(rule="upgrade-empty", message="the live routes are already as wanted: nothing to do"))
    if not upgrade.wanted:
        found.append(Finding(rule="upgrade-removes-all", message="no route would be left"))
    if target.frozen:
        found.append(Finding(rule="target-frozen", message=f"{target.address} is frozen: it takes no upgrade"))
    found += _untouchable(upgrade)
    rights = {
        "commit roots": target.timelock_may_commit,
        "apply routes": target.timelock_may_apply,
        "remove routes": _may_remove(upgrade),
    }
    hint = "an admin of the target must grant the timelock its role first; run gov doctor"
    for right, held in rights.items():
        if not held:
            message = f"the timelock {upgrade.timelock} has no right to {right} on {target.address}"
            found.append(Finding(rule="timelock-lacks-role", message=message, hint=hint))
    return found


def _untouchable(upgrade: Upgrade) -> list[Finding]:
    """Selectors that a dispatcher answers itself cannot be routed; those that keep a diamond upgradable cannot go."""
    found = []
    if upgrade.target.generation is Generation.DIAMOND:
        for removed in upgrade.removed:
            if removed in PROTECTED:
                found.append(protected_gone(removed))
        return found
    for route in upgrade.staged:
        words = FORBIDDEN.get(route.selector) or SHADOWED.get(route.selector)
        if words is not None:
            message = f"{to_hex(route.selector)} is {words}: the dispatcher answers before any route"
            found.append(Finding(rule="reserved-selector", message=message, hint="leave it out"))
    return found


def protected_gone(selector: bytes, *, path: str = "") -> Finding:
    """The danger of a protected selector that would not be routed any more."""
    message = f"`{PROTECTED[selector]}` ({to_hex(selector)}) would be gone"
    hint = "without it the diamond can no longer be upgraded, read or stopped; replace it instead"
    return Finding(rule="protected-selector", path=path, message=message, hint=hint)


def _may_remove(upgrade: Upgrade) -> bool:
    target = upgrade.target
    in_manifest = target.generation in {Generation.OURS, Generation.DIAMOND}
    return in_manifest or not upgrade.removed or target.timelock_may_remove or target.timelock_is_admin


def _manifest_upgrade(upgrade: Upgrade) -> Derivation:
    target = upgrade.target
    tombstones: tuple[Route, ...] = ()
    if target.generation is Generation.OURS:
        tombstones = tuple(Route(selector=s, facet=ZERO_ADDRESS, code_hash=ZERO_WORD) for s in upgrade.removed)
    leaves = sorted((*upgrade.wanted, *tombstones))
    tree = build([leaf(Profile.B, route) for route in leaves], Profile.B, Odd.PROMOTE)
    position = {route.selector: index for index, route in enumerate(leaves)}
    epoch = target.active_epoch + 1

    calls = [_call(target, encode_call(COMMIT_ROOT, [tree.root, epoch]), f"commitRoot: epoch {epoch}")]
    staged = sorted((*upgrade.staged, *tombstones))
    for batch in _batches(staged):
        proofs = [prove(tree, position[route.selector]) for route in batch]
        arguments = [
            [route.selector for route in batch],
            [route.facet for route in batch],
            [route.code_hash for route in batch],
            [list(proof.siblings) for proof in proofs],
            [list(proof.is_right) for proof in proofs],
        ]
        calls.append(_call(target, encode_call(APPLY_ROUTES, arguments), f"applyRoutes: {len(batch)} routes"))
    if target.generation is not Generation.OURS:
        calls += _removal(upgrade)
    activate = _call(target, encode_call(ACTIVATE, []), "activateCommittedRoot")

    wait = target.activation_delay
    if wait.seconds == 0:
        bundles: tuple[Bundle, ...] = (Bundle(label="upgrade", calls=(*calls, activate)),)
    else:
        first = Bundle(label="commit and apply", calls=tuple(calls))
        bundles = (first, Bundle(label="activate", calls=(activate,), extra_delay=wait))
    return Derivation(bundles=bundles, effects=(*_route_effects(upgrade), RootIs(root=tree.root, epoch=epoch)))


def _removal(upgrade: Upgrade) -> list[Call]:
    """`removeRoutes` on a deployed generation. Lacking EMERGENCY_ROLE, the timelock lends it to itself for the call."""
    target = upgrade.target
    calls = [
        _call(target, encode_call(REMOVE_ROUTES, [list(batch)]), f"removeRoutes: {len(batch)} selectors")
        for batch in _batches(upgrade.removed)
    ]
    if not calls or target.timelock_may_remove:
        return calls
    return lent(target.address, EMERGENCY, upgrade.timelock, calls)


def _cut(upgrade: Upgrade) -> Bundle:
    groups: dict[tuple[Address, int], list[bytes]] = {}
    for route in sorted(upgrade.change.added):
        groups.setdefault((route.facet, 0), []).append(route.selector)
    for _, route in sorted(upgrade.change.replaced, key=lambda pair: pair[1]):
        groups.setdefault((route.facet, 1), []).append(route.selector)
    if upgrade.removed:
        groups[ZERO_ADDRESS, 2] = list(upgrade.removed)
    cuts = [(facet, action, selectors) for (facet, action), selectors in groups.items()]
    # No init call: the delegatecall that took Beanstalk is absent here, and no kind of ours can ask for it.
    data = encode_call(DIAMOND_CUT, [cuts, ZERO_ADDRESS, b""])
    return Bundle(label="upgrade", calls=(_call(upgrade.target, data, f"diamondCut: {len(cuts)} cuts, no init"),))


def _route_effects(upgrade: Upgrade) -> tuple[Effect, ...]:
    routed = [RouteIs(selector=r.selector, facet=r.facet, code_hash=r.code_hash) for r in upgrade.staged]
    gone = [RouteIs(selector=s, facet=ZERO_ADDRESS, code_hash=ZERO_WORD) for s in upgrade.removed]
    return tuple(sorted((*routed, *gone), key=lambda effect: effect.selector))


def _batches(items: Sequence[T]) -> list[Sequence[T]]:
    return [items[i : i + MAX_BATCH] for i in range(0, len(items), MAX_BATCH)]


def _call(target: TargetFacts, data: bytes, summary: str) -> Call:
    return Call(to=target.address, data=data, summary=summary)
