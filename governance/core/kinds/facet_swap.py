"""`facet_swap`: route some selectors to other facets, add some, remove some; everything else stays as it is live."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, model_validator

from governance.core.errors import Finding, Refused
from governance.core.facts import Route
from governance.core.fields import DocumentPart, FacetField, SelectorField, selector_of
from governance.core.kinds.base import Derivation, Kind, Lane
from governance.core.kinds.upgrade import derive_upgrade, rollback, upgrade_questions
from governance.core.network import Network
from governance.core.pins import FacetPin, Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import to_hex


class Change(DocumentPart):
    """One change: exactly one of `replace`, `add` and `remove`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["replace", "selectors"]},
                {"required": ["add", "selectors"]},
                {"required": ["remove"]},
            ]
        }
    )

    replace: FacetField | None = None
    """The facet (artifact `Name@Version`, or address) that takes over selectors which are routed now."""
    add: FacetField | None = None
    """The facet that gets selectors which are not routed now."""
    remove: list[SelectorField] | None = Field(default=None, min_length=1)
    """Selectors that stop being routed."""
    selectors: list[SelectorField] | None = Field(default=None, min_length=1)
    """Function signatures such as `setFee(uint256)`, or 4 bytes of hex. With `replace` and `add`."""

    @model_validator(mode="after")
    def _one_of(self) -> "Change":
        named = [name for name in ("replace", "add", "remove") if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError("a change has exactly one of `replace`, `add` and `remove`")
        if (self.selectors is None) != (self.remove is not None):
            raise ValueError("`selectors` goes with `replace` and `add`; `remove` lists its own")
        return self


class FacetSwapDocument(ProposalDocument):
    """Route selectors to other facets."""

    kind: Literal["facet_swap"]
    changes: list[Change] = Field(min_length=1)
    """What changes; selectors not named stay routed as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """One selector's change, with its place in the document."""

    path: str
    written: str
    selector: bytes
    verb: str
    facet: str | None


class FacetSwap(Kind[FacetSwapDocument]):
    """See the module."""

    name: ClassVar[str] = "facet_swap"
    lane: ClassVar[Lane] = Lane.TIMELOCK
    free_calls: ClassVar[bool] = False
    document = FacetSwapDocument

    def needs(self, document: FacetSwapDocument, network: Network) -> Needs:  # noqa: ARG002 - same on every network
        """The named facets and the live routes."""
        facets = dict.fromkeys(c.replace or c.add for c in document.changes)
        return Needs(facets=tuple(name for name in facets if name is not None), target=True)

    def derive(self, document: FacetSwapDocument, network: Network, pins: Pins) -> Derivation:
        """Live routes with the changes made, by the calls of the target's generation."""
        assert pins.target is not None
        wanted = _wanted(document, network, pins)
        return derive_upgrade(pins.target, network.timelock, wanted, acknowledge=document.acknowledge)

    def questions(self, document: FacetSwapDocument, network: Network, pins: Pins) -> tuple[str, ...]:
        """Storage, review, and who still calls what goes."""
        assert pins.target is not None
        return upgrade_questions(pins.target, _wanted(document, network, pins))

    def inverse(self, document: FacetSwapDocument, network: Network, pins: Pins) -> dict[str, Any]:
        """Back to the pinned facets, by their addresses."""
        assert pins.target is not None
        return rollback(pins.target, _wanted(document, network, pins))


def _wanted(document: FacetSwapDocument, network: Network, pins: Pins) -> tuple[Route, ...]:
    """Every route that shall be live. Raises Refused with every change that does not fit the live ones."""
    assert pins.target is not None
    live = {route.selector: route for route in pins.target.routes}
    wanted = dict(live)
    findings: list[Finding] = []
    named: set[bytes] = set()
    for wish in _wishes(document):
        problem = _problem(wish, live, named, pins)
        named.add(wish.selector)
        if problem is not None:
            findings.append(problem)
        elif wish.facet is None:
            del wanted[wish.selector]
        else:
            pin = pins.facet(wish.facet)
            wanted[wish.selector] = Route(selector=wish.selector, facet=pin.address, code_hash=pin.code_hash)
    if findings:
        raise Refused(f"the changes do not fit the live routes of {network.name}", findings=tuple(findings))
    return tuple(wanted.values())


def _wishes(document: FacetSwapDocument) -> Iterator[_Wish]:
    for i, change in enumerate(document.changes):
        verb = "replace" if change.replace else "add" if change.add else "remove"
        field = "remove" if verb == "remove" else "selectors"
        for j, written in enumerate(change.remove or change.selectors or ()):
            path = f"changes[{i}].{field}[{j}]"
            facet = change.replace or change.add
            yield _Wish(path=path, written=written, selector=selector_of(written), verb=verb, facet=facet)


def _problem(wish: _Wish, live: dict[bytes, Route], named: set[bytes], pins: Pins) -> Finding | None:
    shown = f"`{wish.written}` ({to_hex(wish.selector)})"
    route = live.get(wish.selector)
    if wish.selector in named:
        return Finding(rule="selector-twice", path=wish.path, message=f"{shown} is named twice", hint="name it once")
    if wish.verb == "add" and route is not None:
        message = f"{shown} is routed already, to {route.facet}"
        return Finding(rule="add-existing", path=wish.path, message=message, hint="use `replace`")
    if wish.verb != "add" and route is None:
        hint = "use `add`" if wish.verb == "replace" else "drop it: there is nothing to remove"
        return Finding(rule="selector-not-routed", path=wish.path, message=f"{shown} is not routed", hint=hint)
    if wish.facet is None:
        return None
    pin = pins.facet(wish.facet)
    return _facet_problem(wish, shown, pin, route)


def _facet_problem(wish: _Wish, shown: str, pin: FacetPin, route: Route | None) -> Finding | None:
    if pin.selectors is not None and wish.selector not in pin.selectors:
        message = f"{pin.reference} has no function {shown}"
        return Finding(rule="unknown-selector", path=wish.path, message=message, hint="check the name and the types")
    if route is not None and (route.facet, route.code_hash) == (pin.address, pin.code_hash):
        message = f"{shown} goes to {pin.reference} already"
        return Finding(rule="replace-same", path=wish.path, message=message, hint="drop it")
    return None
