"""Manifests: sets of routes, one per selector; what tells two apart; and the selectors that no route may take.

Nothing here knows where routes come from. A tombstone marks a removal inside a manifest of our generation: it is a leaf
of the tree, never a live route.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from governance.core.errors import Finding, Rejected
from governance.core.facts import Route
from governance.core.keccak import selector as selector_of
from governance.core.merkle import Odd, Profile, by_selector, leaves, root
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Bytes32, to_hex

GOVERNING = (
    "commitRoot(bytes32,uint64)",
    "applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])",
    "activateCommittedRoot()",
    "removeRoutes(bytes4[])",
    "setActivationDelay(uint64)",
    "freeze()",
    "pause()",
    "unpause()",
)
"""Functions that govern the dispatcher. The field's own list of forbidden selectors misses `applyRoutes`."""

SHADOWING = (
    "DEFAULT_ADMIN_ROLE()",
    "getRoleAdmin(bytes32)",
    "grantRole(bytes32,address)",
    "hasRole(bytes32,address)",
    "renounceRole(bytes32,address)",
    "revokeRole(bytes32,address)",
    "supportsInterface(bytes4)",
)
"""Functions of every dispatcher that answer before any route is looked up: a facet never sees these calls."""

FORBIDDEN: dict[bytes, str] = {
    bytes(4): "the empty selector",
    b"\xff" * 4: "the erased selector",
    **{selector_of(signature): f"the dispatcher's own {signature}" for signature in GOVERNING},
}
"""Selectors that no manifest may route, and what each is."""

SHADOWED: dict[bytes, str] = {selector_of(signature): signature for signature in SHADOWING}
"""Selectors that a route cannot reach, and the dispatcher's function that answers instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Routes by selector ascending, each selector once. `Manifest.of` is the way to one."""

    routes: tuple[Route, ...]

    def __post_init__(self) -> None:
        pairs = zip(self.routes, self.routes[1:], strict=False)
        if any(left.selector >= right.selector for left, right in pairs):
            raise ValueError("the routes of a manifest ascend by selector, without a repetition")

    @classmethod
    def of(cls, routes: Iterable[Route]) -> "Manifest":
        """The manifest of routes in any order. Raises Rejected with one finding for every selector routed twice."""
        ordered = by_selector(routes)
        findings = duplicates(ordered)
        if findings:
            raise Rejected("a manifest routes each selector once", findings=tuple(findings))
        return cls(routes=tuple(ordered))

    @property
    def live(self) -> dict[bytes, Route]:
        """The routes that answer calls, by selector: all but the tombstones."""
        return {route.selector: route for route in self.routes if not is_tombstone(route)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What takes live routes to the wanted ones, each part by selector ascending."""

    added: tuple[Route, ...]
    replaced: tuple[tuple[Route, Route], ...]
    """Old and new route of a selector whose facet or code hash changes."""
    removed: tuple[Route, ...]
    """As they were while live."""
    unchanged: tuple[Route, ...]

    @property
    def empty(self) -> bool:
        """Nothing is to be done."""
        return not (self.added or self.replaced or self.removed)


def diff(live: Sequence[Route], wanted: Sequence[Route]) -> Diff:
    """What takes `live` to `wanted`. In either, a tombstone is no route. Raises Rejected on a repeated selector."""
    old, new = Manifest.of(live).live, Manifest.of(wanted).live
    both = [(old[key], route) for key, route in new.items() if key in old]
    return Diff(
        added=tuple(route for key, route in new.items() if key not in old),
        replaced=tuple((was, now) for was, now in both if was != now),
        removed=tuple(route for key, route in old.items() if key not in new),
        unchanged=tuple(now for was, now in both if was == now),
    )


def apply(live: Sequence[Route], change: Diff) -> tuple[Route, ...]:
    """The routes after the change, by selector ascending. Raises Rejected when the change was not made for `live`."""
    routes = Manifest.of(live).live
    for old in (*change.removed, *(old for old, _ in change.replaced)):
        if routes.pop(old.selector, None) != old:
            raise _unfit(f"the live route of {to_hex(old.selector)} is not the one the change replaces or removes")
    for new in (*change.added, *(new for _, new in change.replaced)):
        if new.selector in routes:
            raise _unfit(f"{to_hex(new.selector)} is already live")
        routes[new.selector] = new
    return tuple(by_selector(routes.values()))


def tombstone(selector: bytes) -> Route:
    """The route that removes `selector` inside a manifest of our generation."""
    return Route(selector=selector, facet=ZERO_ADDRESS, code_hash=ZERO_WORD)


def is_tombstone(route: Route) -> bool:
    """Whether the route marks a removal."""
    return route.facet == ZERO_ADDRESS and route.code_hash == ZERO_WORD


def with_tombstones(live: Sequence[Route], wanted: Sequence[Route]) -> Manifest:
    """The manifest that our dispatcher takes: the wanted routes, and a tombstone for each live one that is to go."""
    gone = [tombstone(route.selector) for route in diff(live, wanted).removed]
    present = Manifest.of(wanted).live.values()
    return Manifest.of([*present, *gone])


def root_of(routes: Sequence[Route], profile: Profile, odd: Odd) -> Bytes32:
    """The Merkle root of routes in the given order. Raises Rejected when there are none."""
    return root(leaves(profile, routes), profile, odd)


def duplicates(routes: Iterable[Route]) -> list[Finding]:
    """One finding for every selector that is routed more than once."""
    counted = Counter(route.selector for route in routes)
    return [
        Finding(
            rule="manifest-duplicate-selector",
            message=f"{to_hex(selector)} is routed {times} times",
            hint="route each selector once: across batches the last one wins without a word",
        )
        for selector, times in sorted(counted.items())
        if times > 1
    ]


def _unfit(message: str) -> Rejected:
    return Rejected(f"the change does not fit the live routes: {message}")
