// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {RouteProof} from "../src/RouteProof.sol";
import {Manifest} from "./Manifest.sol";
import {Test} from "./Test.sol";

/// @dev The library behind an external frame, for calldata.
contract RouteProofHarness {
    function verify(bytes32[] calldata proof, bool[] calldata isRight, bytes32 root, bytes32 leaf)
        external
        pure
        returns (bool)
    {
        return RouteProof.verify(proof, isRight, root, leaf);
    }
}

contract RouteProofTest is Test {
    RouteProofHarness private harness;

    function setUp() public {
        harness = new RouteProofHarness();
    }

    /// @dev Roots and proofs that were checked on the field's own contract: tests/vectors/payrox-dispatcher.json.
    function test_rootsAndProofsOfTheFieldHold() public view {
        string memory file = vm.readFile("../tests/vectors/payrox-dispatcher.json");
        uint256 checked = 0;
        for (uint256 v = 0; v < 5; ++v) {
            string memory at = string.concat(".vectors[", vm.toString(v), "]");
            Manifest.Entry[] memory m = _routes(file, at);
            bytes32 root = vm.parseJsonBytes32(file, string.concat(at, ".roots.B/promote"));
            vm.assertEq(Manifest.root(m), root);
            for (uint256 i = 0; i < m.length; ++i) {
                (bytes32[] memory proof, bool[] memory isRight) = Manifest.proof(m, i);
                vm.assertEq(harness.verify(proof, isRight, root, Manifest.leaves(m)[i]), true);
            }
            checked += _checkPublishedProofs(file, at, "promote", m) + _checkPublishedProofs(file, at, "dup", m);
        }
        vm.assertTrue(checked >= 10, "each vector has proofs under both odd-node rules");
    }

    function testFuzz_onlyTheRightLeafInTheRightPlaceIsProven(uint8 size, uint256 index, uint256 other, bytes32 forged)
        public
        view
    {
        Manifest.Entry[] memory m = new Manifest.Entry[](_bound(size, 2, 33));
        for (uint256 i = 0; i < m.length; ++i) {
            m[i] = Manifest.Entry(bytes4(uint32(i)), address(uint160(i + 1)), bytes32(i));
        }
        index = _bound(index, 0, m.length - 1);
        other = _bound(other, 0, m.length - 1);
        bytes32[] memory leaves = Manifest.leaves(m);
        bytes32 root = Manifest.root(m);
        (bytes32[] memory proof, bool[] memory isRight) = Manifest.proof(m, index);
        vm.assertEq(harness.verify(proof, isRight, root, leaves[index]), true);
        vm.assertEq(harness.verify(proof, isRight, root, leaves[other]), index == other);
        vm.assertEq(harness.verify(proof, isRight, root, forged), forged == leaves[index]);
        isRight[0] = !isRight[0];
        vm.assertEq(harness.verify(proof, isRight, root, leaves[index]), false);
    }

    function _routes(string memory file, string memory at) private pure returns (Manifest.Entry[] memory m) {
        m = new Manifest.Entry[](vm.parseJsonUint(file, string.concat(at, ".n")));
        for (uint256 i = 0; i < m.length; ++i) {
            string memory route = string.concat(at, ".routes[", vm.toString(i), "]");
            m[i] = Manifest.Entry(
                bytes4(vm.parseJsonBytes(file, string.concat(route, "[0]"))),
                vm.parseJsonAddress(file, string.concat(route, "[1]")),
                vm.parseJsonBytes32(file, string.concat(route, "[2]"))
            );
        }
    }

    function _checkPublishedProofs(string memory file, string memory at, string memory odd, Manifest.Entry[] memory m)
        private
        view
        returns (uint256 checked)
    {
        bytes32 root = vm.parseJsonBytes32(file, string.concat(at, ".roots.B/", odd));
        string memory proofs = string.concat(at, ".proofs_B_", odd);
        string[] memory selectors = vm.parseJsonKeys(file, proofs);
        for (; checked < selectors.length; ++checked) {
            string memory one = string.concat(proofs, ".", selectors[checked]);
            bytes32 leaf = Manifest.leaves(m)[vm.parseJsonUint(file, string.concat(one, ".index"))];
            bytes32[] memory proof = vm.parseJsonBytes32Array(file, string.concat(one, ".proof"));
            bool[] memory isRight = vm.parseJsonBoolArray(file, string.concat(one, ".isRight"));
            vm.assertEq(harness.verify(proof, isRight, root, leaf), true);
        }
    }
}
