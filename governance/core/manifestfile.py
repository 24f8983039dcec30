"""Manifest files: ours, a list of routes and nothing else, and the release manifests that the field publishes.

Reads a tree of mappings, lists and text (every scalar is the text that was written) and finds what is malformed in it,
all of it. It opens no file, and says nothing about whether the routes make sense: `manifestcheck` does.

Ours is strict: no unknown key, checksummed addresses. A published one may carry more keys and addresses in any case.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from governance.core.errors import Finding, Place, Rejected
from governance.core.facts import Route
from governance.core.tree import Loc, dotted
from governance.core.units import (
    ZERO_WORD,
    Address,
    Bytes32,
    address,
    checksummed,
    hex_bytes,
    selector_bytes,
    shown,
    unsigned,
    word,
)

PlaceOf = Callable[[Loc], Place | None]
"""Where a node was written, None when the parser of the file kept no places."""

PUBLISHED_KEYS = frozenset({"merkleRoot", "header", "factory", "facets"})
"""Any of these makes a document a published release manifest."""

OUR_KEYS = frozenset({"schema", "routes"})
ROUTE_KEYS = frozenset({"selector", "facet", "codehash"})
SCHEMA = "governance/manifest/v1"
"""The value of `schema` in a file of ours that states it."""

T = TypeVar("T")


def nowhere(loc: Loc) -> Place | None:  # noqa: ARG001 - it answers every place alike
    """The PlaceOf of a tree that was not read from lines."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRoute:
    """One entry of `routes`."""

    index: int
    """Counted from 0, as in the file."""
    route: Route
    """With the zero word for a code hash that the file does not give."""
    hash_given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFacet:
    """One entry of a published manifest's `facets`."""

    index: int
    name: str
    address: Address | None
    code_hash: Bytes32 | None
    """`bytecodeHash`: keccak256 of the compiled, not the deployed, code. Wrong for contracts with immutables."""
    code_size: int | None
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFile:
    """What a file says, and what in it could not be read."""

    name: str
    """As shown to people."""
    published: bool
    """A release manifest of the field; otherwise one of ours."""
    routes: tuple[ListedRoute, ...]
    """In the order of the file, without the malformed ones."""
    facets: tuple[ListedFacet, ...]
    root: Bytes32 | None
    """`merkleRoot`, when the file gives one."""
    malformed: tuple[Finding, ...]
    """What could not be read, or is written in a way that ours refuses."""
    misspelt: tuple[Finding, ...]
    """Addresses of a published manifest without their checksum: read all the same."""
    place_of: PlaceOf

    def demand(self) -> tuple[Route, ...]:
        """The routes in the order of the file. Raises Rejected with every malformed entry and missing code hash."""
        findings = (*self.malformed, *self.missing_hashes())
        if findings:
            raise Rejected(f"{self.name} is malformed", findings=findings)
        return tuple(listed.route for listed in self.routes)

    def missing_hashes(self) -> list[Finding]:
        """One finding for every route without a code hash."""
        hint = "state keccak256 of the facet's runtime code: without it the leaf cannot be computed"
        message = "the route has no code hash"
        return [
            self.finding("manifest-missing-codehash", ("routes", listed.index), message, hint)
            for listed in self.routes
            if not listed.hash_given
        ]

    def finding(self, rule: str, loc: Loc, message: str, hint: str = "") -> Finding:
        """A finding at a node of this file."""
        return Finding(rule=rule, message=message, hint=hint, place=self.place_of(loc), path=dotted(loc))


def read(tree: object, *, name: str, place_of: PlaceOf = nowhere) -> ManifestFile:
    """Read a document. Raises Rejected only when it is no manifest at all; `malformed` lists the rest."""
    if not isinstance(tree, Mapping):
        raise Rejected(f"{name} is not a mapping", hint="a manifest is a mapping with `routes`")
    entries = tree.get("routes")
    if not isinstance(entries, Sequence) or isinstance(entries, str) or not entries:
        raise Rejected(f"{name} lists no routes", hint="write `routes:` with a selector, facet and codehash each")
    reading = _Reading(published=bool(PUBLISHED_KEYS & set(tree)), place_of=place_of)
    if not reading.published:
        reading.our_header(tree)
    routes = [reading.route(index, entry) for index, entry in enumerate(entries)]
    return ManifestFile(
        name=name,
        published=reading.published,
        routes=tuple(listed for listed in routes if listed is not None),
        facets=tuple(reading.facets(tree.get("facets", ()))),
        root=reading.value(tree, ("merkleRoot",), word) if "merkleRoot" in tree else None,
        malformed=tuple(reading.findings),
        misspelt=tuple(reading.misspelt),
        place_of=place_of,
    )


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One pass over a document: reads on after a fault, and keeps every one."""

    published: bool
    place_of: PlaceOf
    findings: list[Finding] = field(default_factory=list)
    misspelt: list[Finding] = field(default_factory=list)
    at: Loc = ()
    """The node being converted."""
    seen: dict[str, Address] = field(default_factory=dict)
    """Addresses by the text they were first written as; manifests repeat them."""

    def our_header(self, tree: Mapping[object, object]) -> None:
        self.known(tree, OUR_KEYS, ())
        if tree.get("schema", SCHEMA) != SCHEMA:
            self.fault("manifest-schema", ("schema",), "the file is of another schema", f"write {SCHEMA}")

    def route(self, index: int, entry: object) -> ListedRoute | None:
        loc: Loc = ("routes", index)
        if not isinstance(entry, Mapping):
            self.fault("manifest-malformed", loc, "a route is a mapping", "give selector, facet and codehash")
            return None
        if not self.published:
            self.known(entry, ROUTE_KEYS, loc)
        selector = self.value(entry, (*loc, "selector"), selector_bytes)
        facet = self.value(entry, (*loc, "facet"), self.address_of)
        given = "codehash" in entry
        code_hash = self.value(entry, (*loc, "codehash"), word) if given else ZERO_WORD
        if selector is None or facet is None or code_hash is None:
            return None
        route = Route(selector=selector, facet=facet, code_hash=code_hash)
        return ListedRoute(index=index, route=route, hash_given=given)

    def facets(self, entries: object) -> list[ListedFacet]:
        if not isinstance(entries, Sequence) or isinstance(entries, str):
            self.fault("manifest-malformed", ("facets",), "`facets` is a list")
            return []
        listed = (self.facet(index, entry) for index, entry in enumerate(entries))
        return [one for one in listed if one is not None]

    def facet(self, index: int, entry: object) -> ListedFacet | None:
        loc: Loc = ("facets", index)
        if not isinstance(entry, Mapping):
            self.fault("manifest-malformed", loc, "a facet is a mapping")
            return None
        return ListedFacet(
            index=index,
            name=self.optional(entry, (*loc, "name"), shown) or dotted(loc),
            address=self.optional(entry, (*loc, "address"), self.address_of),
            code_hash=self.optional(entry, (*loc, "bytecodeHash"), word),
            code_size=self.optional(entry, (*loc, "bytecodeSize"), unsigned),
        )

    def optional(self, entry: Mapping[object, object], loc: Loc, convert: Callable[[str], T]) -> T | None:
        return self.value(entry, loc, convert) if loc[-1] in entry else None

    def value(self, entry: Mapping[object, object], loc: Loc, convert: Callable[[str], T]) -> T | None:
        """The last key of `loc`, converted; None when that is a finding."""
        written = entry.get(loc[-1])
        if not isinstance(written, str):
            self.fault("manifest-malformed", loc, f"`{loc[-1]}` is missing or is no scalar")
            return None
        self.at = loc
        try:
            return convert(written)
        except Rejected as error:
            self.fault("manifest-malformed", loc, error.message, error.hint())
            return None

    def address_of(self, text: str) -> Address:
        """Checksummed in files of ours; in published ones any case is read, and told."""
        if text not in self.seen:
            self.seen[text] = self.any_case(text) if self.published else address(text)
        return self.seen[text]

    def any_case(self, text: str) -> Address:
        raw = hex_bytes(text)
        if len(raw) != 20:
            raise Rejected(f"an address has 20 bytes, not {len(raw)}")
        proper = checksummed(raw)
        if text != proper:
            hint = f"if the digits are right, it is {proper}"
            message = f"`{text}` lacks the EIP-55 checksum"
            self.misspelt.append(self.finding("manifest-address-checksum", self.at, message, hint))
        return proper

    def known(self, entry: Mapping[object, object], keys: frozenset[str], loc: Loc) -> None:
        for key in entry:
            if key not in keys:
                hint = f"the keys are {', '.join(sorted(keys))}"
                self.fault("manifest-unknown-key", (*loc, str(key)), f"`{shown(str(key))}` is no key here", hint)

    def fault(self, rule: str, loc: Loc, message: str, hint: str = "") -> None:
        self.findings.append(self.finding(rule, loc, message, hint))

    def finding(self, rule: str, loc: Loc, message: str, hint: str) -> Finding:
        return Finding(rule=rule, message=message, hint=hint, place=self.place_of(loc), path=dotted(loc))
