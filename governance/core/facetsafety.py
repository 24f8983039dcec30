"""What a reviewer must know of a facet's code before anything is routed to it.

A facet runs in the storage of the system that routes to it: what it writes there, and whose code it runs, it does in that
system's name. Each check has a rule of its own and judges what others read; none of them proves that a facet is harmless.
What cannot be checked, for want of an artifact, is said and never counted as held.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from governance.core import bytecode
from governance.core.artifact import Artifact
from governance.core.errors import Finding
from governance.core.keccak import keccak
from governance.core.slots import DISPATCHER
from governance.core.storagelayout import Layout, differences, location
from governance.core.units import Address, Bytes32, checksummed, to_hex

RULES = MappingProxyType(
    {
        "code-size": "it has code, and no more than a chain lets stand",
        "code-delegated": "it is no account whose code its owner can exchange",
        "facet-code-differs": "its code is what its artifact was compiled to",
        "delegatecall-in-facet": "it runs no other contract's code",
        "callcode-in-facet": "it runs no other contract's code the old way",
        "selfdestruct-in-facet": "it cannot end the system",
        "create2-redeployable": "other code cannot come to its address",
        "low-slot-write": "it writes no low slot by a constant number",
        "plain-storage": "it has no state variables beside namespaces",
        "selector-clash": "no two functions share a selector",
        "selector-shadowed": "no function of it is answered by the system itself",
        "storage-layout": "old values are where it looks for them",
        "namespace-reuse": "no other facet uses its namespaces otherwise",
        "namespace-location": "its namespaces are where ERC-7201 puts them",
        "open-initializer": "no stranger can initialise it",
        "reinitializer": "nobody can initialise it twice",
    }
)
"""Rule id to what holds when it is silent."""

OF_ARTIFACTS = (
    "plain-storage",
    "selector-clash",
    "storage-layout",
    "namespace-reuse",
    "namespace-location",
)
"""Rules that nothing can be said of without the artifact."""
_LOW = 1 << 64
"""Below this, a state variable is at a counted slot and not at a location of its own."""
_RUNS = {"DELEGATECALL": "delegatecall-in-facet", "CALLCODE": "callcode-in-facet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """Code that is, or shall be, routed to."""

    reference: str
    """As documents name it: `FeeFacet@2`, or its address."""
    address: Address
    code: bytes
    """On chain."""
    artifact: Artifact | None
    """The one that has this code, or by which it is named; None when none is known."""

    @property
    def name(self) -> str:
        """Without its version: two facets of one name are versions of one another."""
        return self.reference.partition("@")[0]

    @property
    def functions(self) -> Mapping[str, bytes]:
        """Signature to selector; empty when no artifact tells."""
        return {} if self.artifact is None else self.artifact.selectors

    @property
    def namespaces(self) -> Mapping[str, Layout]:
        """By id; empty when no artifact tells."""
        return {} if self.artifact is None else self.artifact.namespaces or {}

    @property
    def plain(self) -> Layout | None:
        """Its state variables; None when no artifact tells."""
        return None if self.artifact is None else self.artifact.layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """A rule that could not be asked, and why."""

    rule: str
    why: str


def judge_facet(facet: Facet) -> list[Finding]:
    """Everything that is told from a facet alone."""
    if not facet.code:
        hint = "put it on chain first: gov facet deploy"
        return [Finding(rule="code-size", message=f"{_named(facet)} has no code", hint=hint)]
    delegate = bytecode.delegate_of(facet.code)
    if delegate is not None:
        message = f"{_named(facet)} is an account that runs the code of {checksummed(delegate)} (EIP-7702)"
        return [Finding(rule="code-delegated", message=message, hint="its owner can exchange that code at any time")]
    return [*_judge_size(facet), *_judge_instructions(facet), *_judge_writes(facet), *_judge_storage(facet)]


def judge_selectors(
    new: Sequence[Facet],
    others: Sequence[Facet],
    *,
    own: Mapping[bytes, str],
    routed: Mapping[Address, Collection[bytes]],
) -> list[Finding]:
    """Selectors that two functions share, and those that the system answers itself.

    `others` are the facets around the new ones, before and after; `routed` the selectors that lead, or would, to each.
    """
    called: dict[bytes, dict[str, Facet]] = {}
    for facet in (*others, *new):
        for signature, selector in facet.functions.items():
            called.setdefault(selector, {})[signature] = facet
    ours = {selector for facet in new for selector in facet.functions.values()}
    findings = [_clash(each, called[each]) for each in sorted(called) if each in ours and len(called[each]) > 1]
    for facet in new:
        for selector in sorted(set(routed.get(facet.address, ())) & set(own)):
            message = f"{to_hex(selector)} of {facet.reference} is the system's own {own[selector]}"
            hint = "the system answers before any route: leave it out, or give the function another name"
            findings.append(Finding(rule="selector-shadowed", message=message, hint=hint))
    return findings


def judge_layouts(new: Sequence[Facet], before: Sequence[Facet], after: Sequence[Facet]) -> list[Finding]:
    """Values that would be read as something else: of an earlier version, and of whoever shares a namespace.

    `before` are the facets that were routed to, `after` those that are routed to in the end, the new ones among them.
    """
    found: dict[str, Finding] = {}
    staying = {facet.address for facet in after}
    for facet in new:
        for old in _unlike(facet, before):
            if old.name == facet.name or old.address not in staying:
                found |= {each.message: each for each in _moved(facet, old)}
        for other in _unlike(facet, after):
            if other.name != facet.name:
                found |= {each.message: each for each in _shared(facet, other)}
        if any(location(namespace) == DISPATCHER for namespace in facet.namespaces):
            message = f"{facet.reference} uses the namespace in which the dispatcher keeps routes and roles"
            finding = Finding(rule="namespace-reuse", message=message, hint="give it a namespace of its own")
            found[message] = finding
    return list(found.values())


def unchecked(facets: Iterable[Facet]) -> list[Unchecked]:
    """What the artifacts, or the want of them, leave open."""
    found = []
    for facet in facets:
        if facet.artifact is None:
            why = f"no artifact has the code of {facet.address}: names and storage layout are not known"
            found += [Unchecked(rule=rule, why=why) for rule in OF_ARTIFACTS]
            continue
        if facet.plain is None:
            rules = ("plain-storage", "storage-layout")
            found += [Unchecked(rule=r, why=f"the artifact {facet.reference} has no storageLayout") for r in rules]
        if facet.artifact.namespaces is None:
            rules = ("namespace-reuse", "namespace-location")
            found += [Unchecked(rule=r, why=f"the artifact {facet.reference} has no namespaces") for r in rules]
    return found


# ---- a facet alone -----------------------------------------------------------------------------------------------------


def _judge_size(facet: Facet) -> Iterator[Finding]:
    if len(facet.code) > bytecode.MAX_CODE:
        message = f"{_named(facet)} has {len(facet.code):,} bytes of code, the limit is {bytecode.MAX_CODE:,} (EIP-170)"
        yield Finding(rule="code-size", message=message, hint="split it: other chains would refuse it")
    artifact = facet.artifact
    if artifact is not None and not artifact.has_immutables and keccak(facet.code) != artifact.runtime_hash:
        hashes = f"{to_hex(keccak(facet.code))}, its artifact {to_hex(artifact.runtime_hash)}"
        hint = "the code on chain is not what was built here"
        message = f"{_named(facet)} has code hash {hashes}"
        yield Finding(rule="facet-code-differs", message=message, hint=hint)


def _judge_instructions(facet: Facet) -> Iterator[Finding]:
    at: dict[str, list[int]] = {}
    for each in bytecode.reachable(facet.code):
        at.setdefault(each.name, []).append(each.offset)
    for name, rule in _RUNS.items():
        if name in at:
            message = f"{_named(facet)} has {name} at {_offsets(at[name])}"
            hint = "what it runs may write any slot of the system, and no pin covers it: inline the code instead"
            yield Finding(rule=rule, message=message, hint=hint)
    if "SELFDESTRUCT" in at:
        message = f"{_named(facet)} has SELFDESTRUCT at {_offsets(at['SELFDESTRUCT'])}"
        hint = "run by the system, it ends the system or empties it: take it out"
        yield Finding(rule="selfdestruct-in-facet", message=message, hint=hint)
        if facet.artifact is not None and facet.address == facet.artifact.address:
            message = f"{_named(facet)} was made by CREATE2 and can destroy itself"
            hint = "where that empties the address, anyone can put it there anew: pin no such code"
            yield Finding(rule="create2-redeployable", message=message, hint=hint)


def _judge_writes(facet: Facet) -> Iterator[Finding]:
    names = {selector: signature for signature, selector in facet.functions.items()}
    for write in bytecode.low_writes(facet.code):
        by = ", ".join(names.get(selector, to_hex(selector)) for selector in write.selectors)
        message = f"{_named(facet)} writes slot {write.slot}" + (f" in {by}" if by else "")
        hint = "low slots are the system's own, or every facet's: use an ERC-7201 namespace"
        yield Finding(rule="low-slot-write", message=message, hint=hint)


def _judge_storage(facet: Facet) -> Iterator[Finding]:
    fields = [field for field in (facet.plain.fields if facet.plain else ()) if field.slot < _LOW]
    if fields:
        kept = ", ".join(f"{field.label} (slot {field.slot}, offset {field.offset})" for field in fields)
        hint = "run by the system, they are the system's slots: put them into an ERC-7201 namespace"
        message = f"{facet.reference} has state variables: {kept}"
        yield Finding(rule="plain-storage", message=message, hint=hint)
    words = bytecode.pushed_words(facet.code)
    spans = [(name, location(name), layout.words()) for name, layout in facet.namespaces.items()]
    stray = sorted(w for w in words if _is_location(w) and not any(at <= w < at + n for _, at, n in spans))
    for name, at, size in spans:
        if stray and not any(at <= word < at + size for word in words):
            where, instead = _word(at), ", ".join(_word(word) for word in stray)
            message = f"{facet.reference} declares erc7201:{name}, at {where}, and its code has {instead} instead"
            hint = "the location is keccak256(abi.encode(uint256(keccak256(id)) - 1)) & ~bytes32(uint256(0xff))"
            yield Finding(rule="namespace-location", message=message, hint=hint)


def _is_location(word: int) -> bool:
    """It looks like an ERC-7201 location: hashed, but for its last byte."""
    return word & 0xFF == 0 and word & 0xFFFF_FFFF != 0 and word >> 224 not in {0, 0xFFFF_FFFF}


# ---- among others ------------------------------------------------------------------------------------------------------


def _clash(selector: bytes, signatures: Mapping[str, Facet]) -> Finding:
    listed = " and ".join(f"{signature} of {facet.reference}" for signature, facet in sorted(signatures.items()))
    hint = "only one of them can be routed; whoever calls the other runs this one: give it another name"
    return Finding(rule="selector-clash", message=f"{to_hex(selector)} is {listed}", hint=hint)


def _unlike(facet: Facet, others: Sequence[Facet]) -> list[Facet]:
    return [other for other in others if other.code != facet.code]


def _moved(facet: Facet, old: Facet) -> Iterator[Finding]:
    if old.name == facet.name and old.plain is not None and facet.plain is not None:
        yield from _found("storage-layout", "state variables", old.plain, facet.plain, old=old, new=facet)
    for name in sorted(set(old.namespaces) & set(facet.namespaces)):
        layouts = old.namespaces[name], facet.namespaces[name]
        yield from _found("storage-layout", f"erc7201:{name}", *layouts, old=old, new=facet)


def _shared(facet: Facet, other: Facet) -> Iterator[Finding]:
    """A namespace of two facets: one may know more of it than the other, never something else."""
    for name in sorted(set(other.namespaces) & set(facet.namespaces)):
        theirs, ours = other.namespaces[name], facet.namespaces[name]
        if differences(ours, theirs):
            yield from _found("namespace-reuse", f"erc7201:{name}", theirs, ours, old=other, new=facet)


def _found(rule: str, what: str, was: Layout, now: Layout, *, old: Facet, new: Facet) -> Iterator[Finding]:
    hint = "append fields, or take them from a gap; leave what is there in its place, with its type and name"
    if rule == "namespace-reuse":
        hint = "both run in one storage: give it a namespace of its own, or the very same struct"
    for each in differences(was, now):
        where = f"slot {each.slot}, offset {each.offset}"
        message = f"{what}: `{each.field}` of {old.reference} ({where}) {each.words} in {new.reference}"
        yield Finding(rule=rule, message=message, hint=hint)


def _named(facet: Facet) -> str:
    return facet.reference if facet.reference == facet.address else f"{facet.reference} at {facet.address}"


def _offsets(offsets: Sequence[int]) -> str:
    listed = ", ".join(str(offset) for offset in offsets[:3])
    return f"byte {listed}" + (f" and {len(offsets) - 3} more" if len(offsets) > 3 else "")


def _word(number: int) -> str:
    return to_hex(Bytes32(number.to_bytes(32, "big")))
