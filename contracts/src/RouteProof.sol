// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

/**
 * @dev Membership of one route in a manifest root: Merkle profile B of the field.
 *
 *   leaf = keccak256(0x00 ‖ keccak256(0x00 ‖ selector[4] ‖ facet[20] ‖ codehash[32]))
 *   node = keccak256(0x01 ‖ left ‖ right)
 *
 * Pairs are ordered, never sorted: `isRight[i]` says that `proof[i]` stands on the right. The prefixes keep a leaf from being
 * read as a node. A root binds neither chain, nor dispatcher, nor epoch; whoever may commit decides those.
 */
library RouteProof {
    /// @dev `proof` and `isRight` differ in length.
    error ProofLengthMismatch();

    /// @dev The leaf of one route. A removal is the leaf of facet zero and code hash zero.
    function leaf(bytes4 selector, address facet, bytes32 codehash) internal pure returns (bytes32) {
        bytes32 inner = keccak256(abi.encodePacked(bytes1(0x00), selector, facet, codehash));
        return keccak256(abi.encodePacked(bytes1(0x00), inner));
    }

    /// @dev The parent of two nodes, in their order.
    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @dev Whether walking from `start` along `proof` ends at `root`.
    function verify(bytes32[] calldata proof, bool[] calldata isRight, bytes32 root, bytes32 start)
        internal
        pure
        returns (bool)
    {
        if (proof.length != isRight.length) revert ProofLengthMismatch();
        bytes32 walked = start;
        for (uint256 i = 0; i < proof.length; ++i) {
            walked = isRight[i] ? node(walked, proof[i]) : node(proof[i], walked);
        }
        return walked == root;
    }
}
