"""Merkle trees over routes, in every profile that the field uses.

Pairs are ordered, never sorted. The caller chooses the order of the leaves: nothing here sorts behind your back. There
is no default profile and no default odd-node rule, since a root in the wrong one is a root that no contract accepts.

A leaf commits to selector, facet and code hash only. Neither chain, dispatcher nor epoch is in it: that an old root may
be committed again is for the caller to catch (`threat_46`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from sha3 import keccak_256

from governance.core.errors import Rejected
from governance.core.facts import Route
from governance.core.units import Address, Bytes32, address_bytes

MAX_PROOF = 256
"""Elements that the contracts' `positions` bitfield, a uint256, can speak about."""

_GAP = bytes(28 + 12)
"""The padding of abi.encode between the bytes4 on the left of its word and the address on the right of its own."""


class Profile(StrEnum):
    """How a leaf and a node are hashed."""

    A = "A"
    """Leaf keccak(abi.encode(route)), node keccak(l ‖ r): what the published tooling writes, refused on chain."""
    B = "B"
    """Leaf keccak(0 ‖ keccak(0 ‖ packed route)), node keccak(1 ‖ l ‖ r): v1, compact, p4 and our dispatcher."""
    C = "C"
    """Leaf keccak(0 ‖ keccak(abi.encode(route))), node keccak(1 ‖ l ‖ r): the successor repositories."""


class Odd(StrEnum):
    """What becomes of the last node of a level that has no partner."""

    PROMOTE = "promote"
    """It moves up unchanged and leaves no element in a proof."""
    DUPLICATE = "duplicate"
    """It is hashed with itself. [a, b, c] and [a, b, c, c] then share a root: for reading other people's roots only."""


_NODE = {Profile.A: b"", Profile.B: b"\x01", Profile.C: b"\x01"}
"""What a node's preimage begins with. Profile A has no domain: there a 64-byte leaf would be a node (`threat_46`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Every level of a tree, for proofs. `root` alone is cheaper to get from the function of that name."""

    profile: Profile
    odd: Odd
    levels: tuple[tuple[Bytes32, ...], ...]
    """Leaves first, the root's level last."""

    @property
    def root(self) -> Bytes32:
        """What the tree commits to."""
        return self.levels[-1][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The way from one leaf to the root."""

    siblings: tuple[Bytes32, ...]
    """From the leaf's level upwards."""
    is_right: tuple[bool, ...]
    """True where the sibling stands on the right: hash(node ‖ sibling)."""

    def __post_init__(self) -> None:
        if len(self.siblings) != len(self.is_right) or len(self.siblings) > MAX_PROOF:
            raise ValueError(f"a proof has as many siblings as sides, at most {MAX_PROOF}")

    @property
    def positions(self) -> int:
        """`is_right` as the bitfield of the contracts: bit i, counted from the lowest, speaks about sibling i."""
        return sum(1 << i for i, right in enumerate(self.is_right) if right)


def by_selector(routes: Iterable[Route]) -> list[Route]:
    """The order of our manifests and of the successors: selectors ascending, repetitions in the order given."""
    return sorted(routes, key=attrgetter("selector"))


def encoded(profile: Profile, route: Route) -> bytes:
    """The bytes of a route that its leaf hashes: 56 packed in profile B, 96 of abi.encode in A and C."""
    facet = address_bytes(route.facet)
    if profile is Profile.B:
        return route.selector + facet + route.code_hash
    return route.selector + _GAP + facet + route.code_hash


def leaf_hash(profile: Profile, data: bytes) -> Bytes32:
    """The leaf of already encoded bytes."""
    if profile is Profile.A:
        return Bytes32(keccak_256(data).digest())
    inner = keccak_256(b"\x00" + data if profile is Profile.B else data).digest()
    return Bytes32(keccak_256(b"\x00" + inner).digest())


def leaf(profile: Profile, route: Route) -> Bytes32:
    """The leaf of one route."""
    return leaf_hash(profile, encoded(profile, route))


class _FacetBytes(dict[Address, bytes]):
    """The 20 bytes of each facet, converted once: many routes share a facet."""

    def __missing__(self, facet: Address) -> bytes:
        raw = self[facet] = address_bytes(facet)
        return raw


# The loops below are the hot path of `gov manifest root`: one hash call per item, no function of ours in between.


def leaves(profile: Profile, routes: Iterable[Route]) -> list[Bytes32]:
    """The leaves of many routes, in their order: as `leaf`, without its price per call."""
    keccak, facets, gap = keccak_256, _FacetBytes(), _GAP
    if profile is Profile.A:
        return [keccak(r.selector + gap + facets[r.facet] + r.code_hash).digest() for r in routes]
    if profile is Profile.C:
        inner = [keccak(r.selector + gap + facets[r.facet] + r.code_hash).digest() for r in routes]
    else:
        inner = [keccak(b"\x00" + r.selector + facets[r.facet] + r.code_hash).digest() for r in routes]
    return [keccak(b"\x00" + digest).digest() for digest in inner]


def root(leaf_hashes: Sequence[Bytes32], profile: Profile, odd: Odd) -> Bytes32:
    """The root over leaves in the given order; keeps no level. Raises Rejected when there is no leaf."""
    level = _some(leaf_hashes)
    while len(level) > 1:
        level = _parents(level, profile, odd)
    return level[0]


def build(leaf_hashes: Sequence[Bytes32], profile: Profile, odd: Odd) -> Tree:
    """The tree over leaves in the given order. Raises Rejected when there is no leaf."""
    levels = [_some(leaf_hashes)]
    while len(levels[-1]) > 1:
        levels.append(_parents(levels[-1], profile, odd))
    return Tree(profile=profile, odd=odd, levels=tuple(map(tuple, levels)))


def prove(tree: Tree, index: int) -> Proof:
    """The proof of the leaf at `index`, counted from 0."""
    if not 0 <= index < len(tree.levels[0]):
        raise ValueError(f"the tree has no leaf {index}")
    siblings, is_right = [], []
    for level in tree.levels[:-1]:
        # A promoted node adds nothing to either list: a side without a sibling is what field tooling gets wrong.
        if index ^ 1 < len(level):
            siblings.append(level[index ^ 1])
            is_right.append(index % 2 == 0)
        elif tree.odd is Odd.DUPLICATE:
            siblings.append(level[index])
            is_right.append(True)
        index //= 2
    return Proof(siblings=tuple(siblings), is_right=tuple(is_right))


def verify(profile: Profile, leaf_: Bytes32, proof: Proof, root_: Bytes32) -> bool:
    """Whether the proof leads from the leaf to the root, as the contracts decide it.

    Compute `leaf_` from a route. A 32-byte value that somebody else calls a leaf may as well be an inner node.
    """
    prefix, node = _NODE[profile], bytes(leaf_)
    for sibling, right in zip(proof.siblings, proof.is_right, strict=True):
        node = keccak_256(prefix + node + sibling if right else prefix + sibling + node).digest()
    return node == root_


def _some(leaf_hashes: Sequence[Bytes32]) -> list[Bytes32]:
    if not leaf_hashes:
        raise Rejected("a manifest without routes has no root", hint="list at least one route")
    return list(leaf_hashes)


def _parents(level: list[Bytes32], profile: Profile, odd: Odd) -> list[Bytes32]:
    keccak, prefix = keccak_256, _NODE[profile]
    parents = [keccak(prefix + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
    if len(level) % 2:
        last = level[-1]
        parents.append(last if odd is Odd.PROMOTE else keccak(prefix + last + last).digest())
    return parents
