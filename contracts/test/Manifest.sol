// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {RouteProof} from "../src/RouteProof.sol";

/**
 * @dev A manifest under construction: a list of routes, their root, and the proof of each. An odd node is promoted.
 */
library Manifest {
    struct Entry {
        bytes4 selector;
        address facet;
        bytes32 codehash;
    }

    /// @dev The five arguments of `applyRoutes`.
    struct Batch {
        bytes4[] selectors;
        address[] facets;
        bytes32[] codehashes;
        bytes32[][] proofs;
        bool[][] isRight;
    }

    /// @dev An entry for `facet` as it is now; facet zero makes a tombstone.
    function entry(bytes4 selector, address facet) internal view returns (Entry memory) {
        return Entry(selector, facet, facet == address(0) ? bytes32(0) : facet.codehash);
    }

    /// @dev The root of all entries.
    function root(Entry[] memory entries) internal pure returns (bytes32) {
        bytes32[] memory level = leaves(entries);
        while (level.length > 1) level = above(level);
        return level[0];
    }

    /// @dev The proof of entry `index`.
    function proof(Entry[] memory entries, uint256 index)
        internal
        pure
        returns (bytes32[] memory siblings, bool[] memory isRight)
    {
        siblings = new bytes32[](32);
        isRight = new bool[](32);
        uint256 n = 0;
        for (bytes32[] memory level = leaves(entries); level.length > 1; level = above(level)) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) {
                siblings[n] = level[sibling];
                isRight[n++] = sibling > index;
            }
            index >>= 1;
        }
        assembly ("memory-safe") {
            mstore(siblings, n)
            mstore(isRight, n)
        }
    }

    /// @dev The entries `from` up to `to` (exclusive) as arguments of one `applyRoutes`.
    function batch(Entry[] memory entries, uint256 from, uint256 to) internal pure returns (Batch memory b) {
        uint256 n = to - from;
        b = Batch(new bytes4[](n), new address[](n), new bytes32[](n), new bytes32[][](n), new bool[][](n));
        for (uint256 i = 0; i < n; ++i) {
            b.selectors[i] = entries[from + i].selector;
            b.facets[i] = entries[from + i].facet;
            b.codehashes[i] = entries[from + i].codehash;
            (b.proofs[i], b.isRight[i]) = proof(entries, from + i);
        }
    }

    function leaves(Entry[] memory entries) internal pure returns (bytes32[] memory level) {
        level = new bytes32[](entries.length);
        for (uint256 i = 0; i < entries.length; ++i) {
            level[i] = RouteProof.leaf(entries[i].selector, entries[i].facet, entries[i].codehash);
        }
    }

    function above(bytes32[] memory level) internal pure returns (bytes32[] memory next) {
        next = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            next[i] = 2 * i + 1 < level.length ? RouteProof.node(level[2 * i], level[2 * i + 1]) : level[2 * i];
        }
    }
}
