"""`gov manifest check`, `diff`, `root` and `proof`: what they answer, as values that are JSON as they stand.

Everything is about files that were read already. Nothing here asks a chain, so nothing here says that a facet exists.
"""

from dataclasses import dataclass
from typing import Any

from governance.core.errors import Finding, Refused
from governance.core.facts import Route
from governance.core.manifest import diff as diff_of
from governance.core.manifest import duplicates, root_of
from governance.core.manifestcheck import Order
from governance.core.manifestcheck import check as findings_of
from governance.core.manifestcheck import notes as notes_of
from governance.core.manifestfile import ManifestFile
from governance.core.merkle import Odd, Profile, build, by_selector, leaves, prove, verify
from governance.core.units import Bytes32, to_hex

Value = dict[str, Any]
"""Text, whole numbers, booleans, lists and mappings of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer of `gov manifest check`."""

    name: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    routes: int
    selectors: int
    """Distinct ones."""

    @property
    def value(self) -> Value:
        """As JSON; findings in the order of the checks."""
        return {
            "file": self.name,
            "routes": self.routes,
            "selectors": self.selectors,
            "findings": [_finding(finding) for finding in self.findings],
            "notes": list(self.notes),
        }

    def require(self) -> None:
        """Raise Refused with every finding, if there is one."""
        if self.findings:
            count = len(self.findings)
            message = f"{self.name} has {count} fault{'s' if count > 1 else ''}"
            raise Refused(message, findings=self.findings)


def check(file: ManifestFile) -> Checked:
    """What is wrong with a file, and what is worth knowing about it."""
    return Checked(
        name=file.name,
        findings=tuple(findings_of(file)),
        notes=tuple(notes_of(file)),
        routes=len(file.routes),
        selectors=len({listed.route.selector for listed in file.routes}),
    )


def diff(live: ManifestFile, wanted: ManifestFile) -> Value:
    """What takes the first file's routes to the second's. Raises Rejected when either routes a selector twice."""
    change = diff_of(live.demand(), wanted.demand())
    return {
        "from": live.name,
        "to": wanted.name,
        "added": [_route(route) for route in change.added],
        "replaced": [{"old": _route(old), "new": _route(new)} for old, new in change.replaced],
        "removed": [_route(route) for route in change.removed],
        "unchanged": len(change.unchanged),
    }


def root(file: ManifestFile, *, profile: Profile, odd: Odd, order: Order) -> Value:
    """The Merkle root of a file's routes. Raises Rejected when a route is malformed."""
    routes = _ordered(file.demand(), order)
    return _made(file, profile, odd, order) | {"leaves": len(routes), "root": to_hex(root_of(routes, profile, odd))}


def proof(file: ManifestFile, *, selector: bytes, profile: Profile, odd: Odd, order: Order) -> Value:
    """The proof of one selector's route, verified before it is given.

    Raises Rejected when a route is malformed, Refused when the selector is routed twice or not at all.
    """
    routes = _ordered(file.demand(), order)
    index = _index(file, routes, selector)
    tree = build(leaves(profile, routes), profile, odd)
    found, leaf = prove(tree, index), tree.levels[0][index]
    assert verify(profile, leaf, found, tree.root), "our own proof does not verify"
    return _made(file, profile, odd, order) | {
        "root": to_hex(tree.root),
        "route": _route(routes[index]),
        "index": index,
        "leaf": to_hex(leaf),
        "proof": _words(found.siblings),
        "isRight": list(found.is_right),
        "positions": hex(found.positions),
    }


def _index(file: ManifestFile, routes: list[Route], selector: bytes) -> int:
    indices = [index for index, route in enumerate(routes) if route.selector == selector]
    if not indices:
        raise Refused(f"{file.name} does not route {to_hex(selector)}")
    if len(indices) > 1:
        findings = duplicates(routes[index] for index in indices)
        raise Refused(f"{file.name} routes {to_hex(selector)} more than once", findings=tuple(findings))
    return indices[0]


def _ordered(routes: tuple[Route, ...], order: Order) -> list[Route]:
    return list(routes) if order is Order.GIVEN else by_selector(routes)


def _made(file: ManifestFile, profile: Profile, odd: Odd, order: Order) -> Value:
    return {"file": file.name, "profile": str(profile), "odd": str(odd), "order": str(order)}


def _route(route: Route) -> Value:
    return {"selector": to_hex(route.selector), "facet": route.facet, "codehash": to_hex(route.code_hash)}


def _words(words: tuple[Bytes32, ...]) -> list[str]:
    return [to_hex(word) for word in words]


def _finding(finding: Finding) -> Value:
    place = finding.place
    return {
        "rule": finding.rule,
        "message": finding.message,
        "hint": finding.hint,
        "path": finding.path,
        "line": None if place is None else place.line,
        "column": None if place is None else place.column,
    }
