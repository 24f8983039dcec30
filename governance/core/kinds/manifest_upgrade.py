"""`manifest_upgrade`: from the live routes to a full manifest, by the smallest change; what it does not list is removed."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from governance.core.errors import Finding, Refused
from governance.core.facts import Route
from governance.core.fields import DocumentPart, FacetField, SelectorField, WordField, selector_of
from governance.core.kinds.base import Derivation, Kind, Lane
from governance.core.kinds.upgrade import derive_upgrade, rollback, upgrade_questions
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import to_hex, word


class WantedRoute(DocumentPart):
    """One route of the wanted manifest."""

    selector: SelectorField
    """A function signature, or 4 bytes of hex."""
    facet: FacetField
    """An artifact `Name@Version`, or an address."""
    codehash: WordField | None = None
    """keccak256 of the facet's runtime code, if the author wants to state it; the live one is pinned anyway."""


class ManifestUpgradeDocument(ProposalDocument):
    """Replace the whole manifest."""

    kind: Literal["manifest_upgrade"]
    routes: list[WantedRoute] = Field(min_length=1)
    """Every route that shall be live afterwards. A live selector that is not listed is removed."""


class ManifestUpgrade(Kind[ManifestUpgradeDocument]):
    """See the module."""

    name: ClassVar[str] = "manifest_upgrade"
    lane: ClassVar[Lane] = Lane.TIMELOCK
    free_calls: ClassVar[bool] = False
    document = ManifestUpgradeDocument

    def needs(self, document: ManifestUpgradeDocument, network: Network) -> Needs:  # noqa: ARG002 - same everywhere
        """The named facets and the live routes."""
        return Needs(facets=tuple(dict.fromkeys(route.facet for route in document.routes)), target=True)

    def derive(self, document: ManifestUpgradeDocument, network: Network, pins: Pins) -> Derivation:
        """The listed routes, by the calls of the target's generation."""
        assert pins.target is not None
        wanted = _wanted(document, network, pins)
        return derive_upgrade(pins.target, network.timelock, wanted, acknowledge=document.acknowledge)

    def questions(self, document: ManifestUpgradeDocument, network: Network, pins: Pins) -> tuple[str, ...]:
        """Storage, review, and who still calls what goes."""
        assert pins.target is not None
        return upgrade_questions(pins.target, _wanted(document, network, pins))

    def inverse(self, document: ManifestUpgradeDocument, network: Network, pins: Pins) -> dict[str, Any]:
        """Back to the pinned facets, by their addresses: a facet_swap, since it is smaller than the whole manifest."""
        assert pins.target is not None
        return rollback(pins.target, _wanted(document, network, pins))


def _wanted(document: ManifestUpgradeDocument, network: Network, pins: Pins) -> tuple[Route, ...]:
    """The listed routes. Raises Refused with every one that does not fit."""
    findings: list[Finding] = []
    wanted: dict[bytes, Route] = {}
    for i, entry in enumerate(document.routes):
        key, pin, path = selector_of(entry.selector), pins.facet(entry.facet), f"routes[{i}]"
        shown = f"`{entry.selector}` ({to_hex(key)})"
        if key in wanted:
            findings.append(Finding(rule="selector-twice", path=f"{path}.selector", message=f"{shown} is listed twice"))
        if pin.selectors is not None and key not in pin.selectors:
            message = f"{pin.reference} has no function {shown}"
            findings.append(Finding(rule="unknown-selector", path=f"{path}.selector", message=message))
        if entry.codehash is not None and word(entry.codehash) != pin.code_hash:
            message = f"{pin.reference} at {pin.address} has code hash {to_hex(pin.code_hash)} on {network.name}"
            hint = "the code on chain is not the code that was reviewed: find out why before anything else"
            findings.append(Finding(rule="code-hash-differs", path=f"{path}.codehash", message=message, hint=hint))
        wanted[key] = Route(selector=key, facet=pin.address, code_hash=pin.code_hash)
    if findings:
        raise Refused(f"the manifest does not fit {network.name}", findings=tuple(findings))
    return tuple(wanted.values())
