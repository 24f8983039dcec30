"""`gov facet inspect`, and what `gov simulate` says of each facet that a proposal routes to: code, selectors, storage, probes.

Procedure:
1. The facet: its code on chain, and the artifact that it is named by or that has this code.
2. Those around it: every facet that is routed to before, and after.
3. The facet alone, then among the others (`core/facetsafety.py`).
4. Its functions are called, as a stranger would: through the system where they are routed, on the state after the proposal;
   of a facet that nothing routes to yet, its own address is called.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from governance.core import bytecode, facetsafety
from governance.core.artifact import Artifact
from governance.core.call import Call
from governance.core.effects import RouteIs
from governance.core.errors import Finding, Refused, Rejected
from governance.core.facetsafety import Facet, Unchecked
from governance.core.facts import Head, Route
from governance.core.initializers import (
    Probe,
    Tried,
    changing,
    judge_probes,
    open_to_anyone,
    probes,
    speakable,
    usual,
)
from governance.core.keccak import selector
from governance.core.plan import Plan
from governance.core.scenes import Scene, Sent
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, Moment, address, code_hash, shown
from governance.life.ownfunctions import own_functions_of
from governance.life.script import ANYONE, BLOCK_TIME
from governance.life.site import Site, Workspace
from governance.ports import Simulator

OF_PROBES = ("open-initializer", "reinitializer")
"""Rules that only a call can answer."""
Door = Callable[[Facet, bytes], Address | None]
"""Where a function of a facet is called; None for not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One facet on one network, and every finding."""

    facet: Facet
    network: str
    head: Head
    selectors: tuple[bytes, ...]
    """Those that are routed to it now."""
    open: tuple[str, ...]
    """Functions that passed when a stranger called them, and are no initialisers."""
    findings: tuple[Finding, ...]
    unchecked: tuple[Unchecked, ...]
    notes: tuple[str, ...]

    def require(self) -> None:
        """Raise Refused, with every finding, unless there is none."""
        if self.findings:
            message = f"the inspection of {self.facet.reference} on {self.network} found what must not be"
            raise Refused(message, findings=self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The state that a proposal leaves: what is played, and when to ask."""

    scenes: Sequence[Scene]
    moment: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """The facets of one change of routes."""

    new: tuple[Facet, ...]
    before: tuple[Facet, ...]
    after: tuple[Facet, ...]
    """The new ones among them."""
    routed: Mapping[Address, frozenset[bytes]]
    """After the change."""
    own: Mapping[bytes, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Library:
    by_hash: Mapping[Bytes32, Artifact]
    notes: tuple[str, ...]


def inspect(site: Site, workspace: Workspace, simulator: Simulator, reference: str) -> Inspection:
    """Inspect a facet as it would be routed now. Raises Rejected on an unknown artifact."""
    head = site.chain.head()
    target, library = site.target.look(head), _library(workspace)
    # 1. The facet.
    facet, there = _facet(site, workspace, library, reference, head)
    # 2. Those around it.
    live = _facets_of(site, library, target.routes, head)
    others = tuple(each for each in live if each.address != facet.address)
    routed = _routed(target.routes)
    wanted = frozenset(facet.functions.values()) or frozenset(bytecode.selectors_in(facet.code))
    around = _Around(
        new=(facet,),
        before=others,
        after=(*others, facet),
        routed={**routed, facet.address: routed.get(facet.address, frozenset()) | wanted},
        own=own_functions_of(workspace, target),
    )
    findings, unchecked = _judged(around)
    # 4. Its functions.
    tried: list[Tried] = []
    if there:
        door = _door(site, routed, otherwise_direct=True)
        end = After(scenes=(), moment=head.timestamp + BLOCK_TIME)
        tried, untried = _tried(site, simulator, facet, door, end, head)
        unchecked += untried
    else:
        why = f"{facet.address} has no code on {site.network.name} yet: gov facet deploy"
        unchecked += [Unchecked(rule=rule, why=why) for rule in OF_PROBES]
    return Inspection(
        facet=facet,
        network=site.network.name,
        head=head,
        selectors=tuple(sorted(routed.get(facet.address, ()))),
        open=tuple(open_to_anyone(tried)),
        findings=(*findings, *judge_probes(tried)),
        unchecked=tuple(unchecked),
        notes=library.notes,
    )


def inspect_change(
    site: Site, workspace: Workspace, simulator: Simulator, plan: Plan, *, head: Head, after: After | None
) -> tuple[list[Finding], list[str]]:
    """Findings on every facet that a plan routes to anew, and what else a reviewer should know.

    `after` is None when the plan's steps do not pass: then nothing is called.
    """
    promised = [each for each in plan.effects if isinstance(each, RouteIs)]
    if not any(each.facet != ZERO_ADDRESS for each in promised):
        return [], []
    assert plan.pins.target is not None
    library, was = _library(workspace), plan.pins.target.routes
    then = _overlaid(was, promised)
    # 1. and 2. The facets, and those around them.
    references = {pin.address: pin.reference for pin in plan.pins.facets}
    old = {route.facet for route in was}
    fresh = dict.fromkeys(each.facet for each in promised if each.facet != ZERO_ADDRESS)
    new = tuple(
        _facet(site, workspace, library, references.get(where, where), head)[0]
        for where in fresh
        if where not in old or _gains(where, was, promised)
    )
    named = {facet.address: facet for facet in new}
    after_facets = _facets_of(site, library, then, head)
    around = _Around(
        new=new,
        before=_facets_of(site, library, was, head),
        after=tuple(named.get(facet.address, facet) for facet in after_facets),
        routed=_routed(then),
        own=own_functions_of(workspace, plan.pins.target, was),
    )
    findings, unchecked = _judged(around)
    # 4. Their functions.
    notes = list(library.notes)
    if after is None:
        unchecked += [Unchecked(rule=rule, why="the proposal's steps do not all pass") for rule in OF_PROBES]
    else:
        door = _door(site, around.routed, otherwise_direct=False)
        for facet in new:
            tried, untried = _tried(site, simulator, facet, door, after, head)
            unchecked += untried
            findings += judge_probes(tried)
            notes += [f"{signature} of {facet.reference}: anyone may call it" for signature in open_to_anyone(tried)]
    return findings, notes + told(unchecked)


def told(unchecked: Iterable[Unchecked]) -> list[str]:
    """What could not be checked, a sentence for each reason."""
    rules: dict[str, list[str]] = {}
    for each in unchecked:
        rules.setdefault(each.why, []).append(each.rule)
    return [f"not checked: {', '.join(dict.fromkeys(names))}, since {why}" for why, names in rules.items()]


# 1. The facet.


def _library(workspace: Workspace) -> _Library:
    """Every artifact whose code can be recognised. One that cannot be read is told, since others may be meant."""
    by_hash: dict[Bytes32, Artifact] = {}
    notes = []
    for name in workspace.artifact_names():
        try:
            artifact = workspace.artifact(name)
        except Rejected as error:
            notes.append(f"the artifact {name} is not looked at: {error.message}")
            continue
        if artifact.runtime_code and not artifact.has_immutables:
            by_hash.setdefault(artifact.runtime_hash, artifact)
    return _Library(by_hash=by_hash, notes=tuple(notes))


def _facet(site: Site, workspace: Workspace, library: _Library, reference: str, head: Head) -> tuple[Facet, bool]:
    """A facet, and whether it stands on chain; one that does not yet is what its artifact says."""
    named = None if reference.startswith("0x") else workspace.artifact(reference)
    where = address(reference) if named is None else named.address
    (code,) = site.chain.codes([where], head)
    artifact = named or library.by_hash.get(code_hash(code))
    stands = bool(code) or named is None
    return Facet(
        reference=artifact.name if artifact is not None else where,
        address=where,
        code=code if stands or named is None else named.runtime_code,
        artifact=artifact,
    ), stands


# 2. Those around it.


def _facets_of(site: Site, library: _Library, routes: Iterable[Route], head: Head) -> tuple[Facet, ...]:
    addresses = list(dict.fromkeys(route.facet for route in routes))
    found = []
    for where, code in zip(addresses, site.chain.codes(addresses, head) if addresses else [], strict=True):
        artifact = library.by_hash.get(code_hash(code))
        reference = artifact.name if artifact is not None else where
        found.append(Facet(reference=reference, address=where, code=code, artifact=artifact))
    return tuple(found)


def _routed(routes: Iterable[Route]) -> dict[Address, frozenset[bytes]]:
    found: dict[Address, frozenset[bytes]] = {}
    for route in routes:
        found[route.facet] = found.get(route.facet, frozenset()) | {route.selector}
    return found


def _overlaid(routes: Iterable[Route], promised: Iterable[RouteIs]) -> tuple[Route, ...]:
    """The routes with the promises kept."""
    then = {route.selector: route for route in routes}
    for each in promised:
        then[each.selector] = Route(selector=each.selector, facet=each.facet, code_hash=each.code_hash)
    return tuple(route for route in then.values() if route.facet != ZERO_ADDRESS)


def _gains(where: Address, was: Iterable[Route], promised: Iterable[RouteIs]) -> bool:
    """A facet that is routed to already gets something: another selector, or other code."""
    had = {(route.selector, route.code_hash) for route in was if route.facet == where}
    return any((each.selector, each.code_hash) not in had for each in promised if each.facet == where)


# 3. Alone, and among the others.


def _judged(around: _Around) -> tuple[list[Finding], list[Unchecked]]:
    findings = [finding for facet in around.new for finding in facetsafety.judge_facet(facet)]
    beside = {facet.address: facet for facet in (*around.before, *around.after)}
    others = [facet for where, facet in beside.items() if where not in {each.address for each in around.new}]
    findings += facetsafety.judge_selectors(around.new, others, own=around.own, routed=around.routed)
    findings += facetsafety.judge_layouts(around.new, around.before, around.after)
    return findings, facetsafety.unchecked(facet for facet in around.new if facet.code)


# 4. Its functions.


def _door(site: Site, routed: Mapping[Address, frozenset[bytes]], *, otherwise_direct: bool) -> Door:
    def door(facet: Facet, function: bytes) -> Address | None:
        if function in routed.get(facet.address, ()):
            return site.network.target
        return facet.address if otherwise_direct else None

    return door


def _tried(
    site: Site, simulator: Simulator, facet: Facet, door: Door, after: After, head: Head
) -> tuple[list[Tried], list[Unchecked]]:
    """Each probe alone on the state, its call made twice in one block; and what cannot be tried."""
    artifact = facet.artifact
    signatures = changing(artifact) if artifact is not None else usual(bytecode.selectors_in(facet.code))
    fine, strange = speakable(signatures)
    asked: list[tuple[Probe, Scene]] = []
    for probe in probes(facet.reference, fine, stranger=ANYONE, admin=site.network.timelock):
        where = door(facet, selector(probe.signature))
        if where is not None:
            sent = Sent(call=Call(to=where, data=probe.data), sender=probe.sender)
            asked.append((probe, Scene(moment=after.moment, sent=(sent, sent))))
    results = simulator.each(after.scenes, [scene for _, scene in asked], head)
    pairs = zip(asked, results, strict=True)
    tried = [Tried(probe=probe, first=played[0].ok, second=played[1].ok) for (probe, _), played in pairs]
    whys = [f"no value is made up for `{shown(signature)}` of {facet.reference}" for signature in strange]
    return tried, [Unchecked(rule=rule, why=why) for why in whys for rule in OF_PROBES]
