"""What is wrong with a manifest file: one finding for one fact, and all of them.

Knows the file only. That a facet has code on chain, and which, is for the plan to pin and the chain to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from governance.core.bytecode import MAX_CODE
from governance.core.errors import Finding
from governance.core.facts import Route
from governance.core.manifest import FORBIDDEN, SHADOWED, is_tombstone, root_of
from governance.core.manifestfile import ListedFacet, ListedRoute, ManifestFile
from governance.core.merkle import Odd, Profile, by_selector
from governance.core.units import EMPTY_CODE_HASH, ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, to_hex

MAX_BATCH = 100
"""Routes per `applyRoutes` call on every known generation."""


class Order(StrEnum):
    """In which order the leaves of a root stand."""

    GIVEN = "given"
    SELECTOR = "selector"


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How a root was made."""

    profile: Profile
    odd: Odd
    order: Order

    def root(self, routes: tuple[Route, ...]) -> Bytes32:
        """The root of routes, made this way."""
        return root_of(routes if self.order is Order.GIVEN else by_selector(routes), self.profile, self.odd)

    def __str__(self) -> str:
        order = "in the order of the file" if self.order is Order.GIVEN else "by selector ascending"
        return f"profile {self.profile}, {self.odd}, {order}"


MAKINGS = tuple(Making(profile=profile, odd=odd, order=order) for profile, odd, order in product(Profile, Odd, Order))
"""Every way in which a root of the field may have been made."""


def check(file: ManifestFile) -> list[Finding]:
    """Everything that is wrong with the file. Empty means: nothing was found, by someone who has not seen the chain."""
    return [
        *file.malformed,
        *file.misspelt,
        *file.missing_hashes(),
        *_repeated(file),
        *_conflicting(file),
        *_reserved(file),
        *_empty(file),
        *_two_hashes(file),
        *_facets_twice(file),
        *_facet_addresses(file),
        *_code_sizes(file),
        *_root(file),
    ]


def notes(file: ManifestFile) -> list[str]:
    """What a reader should know and need not change."""
    count = len(file.routes)
    told = []
    if count > MAX_BATCH:
        calls = -(-count // MAX_BATCH)
        told.append(f"{count} routes need {calls} applyRoutes calls, of at most {MAX_BATCH} routes each")
    removed = sum(is_tombstone(listed.route) for listed in file.routes)
    if removed and not file.published:
        told.append(f"{removed} tombstones: removals, which only a dispatcher of our generation understands")
    if file.root is not None and (making := making_of(file)) is not None:
        told.append(f"the published root is made with {making}")
    return told


def making_of(file: ManifestFile) -> Making | None:
    """How the published root was made from the listed routes; None when no way leads to it."""
    routes = tuple(listed.route for listed in file.routes)
    return next((making for making in MAKINGS if routes and making.root(routes) == file.root), None)


def _repeated(file: ManifestFile) -> Iterator[Finding]:
    for selector, group in _by_selector(file).items():
        if len(group) > 1:
            where = ", ".join(f"routes[{listed.index}]" for listed in group)
            message = f"{to_hex(selector)} is routed {len(group)} times: {where}"
            hint = "route each selector once: across batches the last one wins without a word"
            yield file.finding("manifest-duplicate-selector", ("routes", group[1].index, "selector"), message, hint)


def _conflicting(file: ManifestFile) -> Iterator[Finding]:
    for selector, group in _by_selector(file).items():
        facets = list(dict.fromkeys(listed.route.facet for listed in group))
        if len(facets) > 1:
            other = next(listed for listed in group if listed.route.facet == facets[1])
            message = f"{to_hex(selector)} is routed to {len(facets)} facets: {', '.join(facets)}"
            hint = "decide which facet shall answer"
            yield file.finding("manifest-conflicting-selector", ("routes", other.index, "facet"), message, hint)


def _reserved(file: ManifestFile) -> Iterator[Finding]:
    for selector, group in _by_selector(file).items():
        loc = ("routes", group[0].index, "selector")
        if selector in FORBIDDEN:
            message = f"{to_hex(selector)} is {FORBIDDEN[selector]}"
            yield file.finding("manifest-forbidden-selector", loc, message, "no route may take it")
        if selector in SHADOWED:
            message = f"{to_hex(selector)} is {SHADOWED[selector]}, which the dispatcher answers itself"
            yield file.finding(
                "manifest-shadowed-selector", loc, message, "drop the route: calls never reach the facet"
            )


def _empty(file: ManifestFile) -> Iterator[Finding]:
    for listed in file.routes:
        route, loc = listed.route, ("routes", listed.index)
        if is_tombstone(route) and listed.hash_given and not file.published:
            continue
        if route.facet == ZERO_ADDRESS:
            yield file.finding("manifest-zero-facet", (*loc, "facet"), "the facet is the zero address")
        if route.code_hash == ZERO_WORD and listed.hash_given:
            yield file.finding("manifest-zero-codehash", (*loc, "codehash"), "the code hash is zero")
        if route.code_hash == EMPTY_CODE_HASH:
            message = "the code hash is that of an account without code"
            yield file.finding("manifest-empty-codehash", (*loc, "codehash"), message, "deploy the facet first")


def _two_hashes(file: ManifestFile) -> Iterator[Finding]:
    hashes: dict[Address, dict[Bytes32, ListedRoute]] = {}
    for listed in file.routes:
        if listed.hash_given and listed.route.facet != ZERO_ADDRESS:
            hashes.setdefault(listed.route.facet, {}).setdefault(listed.route.code_hash, listed)
    for facet, found in hashes.items():
        if len(found) > 1:
            second = list(found.values())[1]
            message = f"{facet} is listed with {len(found)} code hashes: {', '.join(map(to_hex, found))}"
            hint = "an account has one code: ask the chain which"
            yield file.finding("manifest-conflicting-codehash", ("routes", second.index, "codehash"), message, hint)


def _facets_twice(file: ManifestFile) -> Iterator[Finding]:
    named: dict[str, list[ListedFacet]] = {}
    for facet in file.facets:
        named.setdefault(facet.name, []).append(facet)
    for name, group in named.items():
        if len(group) > 1:
            message = f"{name} is listed {len(group)} times"
            yield file.finding("manifest-facet-twice", ("facets", group[1].index), message, "list each facet once")


def _facet_addresses(file: ManifestFile) -> Iterator[Finding]:
    """One finding for every routed address that `facets` does not know, where `facets` knows any."""
    known = {facet.address for facet in file.facets if facet.address is not None}
    by_hash = {facet.code_hash: facet for facet in reversed(file.facets) if facet.code_hash is not None}
    strangers: dict[Address, list[ListedRoute]] = {}
    for listed in file.routes:
        if known and listed.route.facet not in known:
            strangers.setdefault(listed.route.facet, []).append(listed)
    for stranger, group in strangers.items():
        message = f"{len(group)} routes go to {stranger}, which is the address of no listed facet"
        facet = by_hash.get(group[0].route.code_hash)
        if facet is not None and facet.address is not None:
            message += f"; {facet.name}, which has their code hash, is listed at {facet.address}"
        hint = "ask the chain which address has the code"
        yield file.finding("manifest-facet-address", ("routes", group[0].index, "facet"), message, hint)


def _code_sizes(file: ManifestFile) -> Iterator[Finding]:
    for facet in file.facets:
        if facet.code_size is not None and facet.code_size > MAX_CODE:
            message = f"{facet.name} has {facet.code_size} bytes of code, the limit is {MAX_CODE}"
            yield file.finding(
                "manifest-code-size", ("facets", facet.index, "bytecodeSize"), message, "split the facet"
            )


def _root(file: ManifestFile) -> Iterator[Finding]:
    if file.root is None:
        return
    making = making_of(file)
    if making is None:
        message = f"{to_hex(file.root)} is the root of these routes in no known profile, odd-node rule or order"
        hint = "the routes or the root were edited after the build"
        yield file.finding("manifest-root-mismatch", ("merkleRoot",), message, hint)
    elif making.profile is Profile.A:
        message = f"the root is made with {making}: no dispatcher deployed since August 2025 verifies its proofs"
        hint = "compute it anew: gov manifest root --profile B (v1, compact, p4 and ours) or C (the successors)"
        yield file.finding("manifest-root-profile", ("merkleRoot",), message, hint)


def _by_selector(file: ManifestFile) -> dict[bytes, list[ListedRoute]]:
    groups: dict[bytes, list[ListedRoute]] = {}
    for listed in file.routes:
        groups.setdefault(listed.route.selector, []).append(listed)
    return groups
