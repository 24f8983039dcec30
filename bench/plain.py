"""Merkle trees as one writes them with eth-abi and eth-utils, for comparison.

Nothing here is slowed down on purpose: eth-utils hashes with the C keccak too, as the harness sets.
"""

from collections.abc import Sequence

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from governance.core.facts import Route

TYPES = ("bytes4", "address", "bytes32")


def root(routes: Sequence[Route]) -> bytes:
    """Profile C, promote: the root that `governance.core.merkle` must give too."""
    level = [
        keccak(b"\x00" + keccak(encode(TYPES, (route.selector, route.facet, route.code_hash)))) for route in routes
    ]
    while len(level) > 1:
        pairs = [keccak(b"\x01" + level[i] + level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]


def standard_root(routes: Sequence[Route]) -> bytes:
    """The root of OpenZeppelin's StandardMerkleTree: sorted leaves, sorted pairs, a complete binary tree."""
    leaves = sorted(keccak(keccak(encode(TYPES, (route.selector, route.facet, route.code_hash)))) for route in routes)
    count = len(leaves)
    tree = [b""] * (count - 1) + leaves[::-1]
    for i in range(count - 2, -1, -1):
        tree[i] = keccak(b"".join(sorted((tree[2 * i + 1], tree[2 * i + 2]))))
    return tree[0]
