// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {PolicyAnchor} from "../src/PolicyAnchor.sol";
import {Test} from "./Test.sol";

contract PolicyAnchorTest is Test {
    address private constant TIMELOCK = address(0x71);
    PolicyAnchor private anchor;

    function setUp() public {
        vm.expectEmit();
        emit PolicyAnchor.PolicyAnchored(keccak256("one"), bytes32(0), "ipfs://one");
        anchor = new PolicyAnchor(TIMELOCK, keccak256("one"), "ipfs://one");
    }

    function test_thePolicyAtBirthIsInForce() public view {
        vm.assertEq(anchor.digest(), keccak256("one"));
        vm.assertEq(anchor.uri(), "ipfs://one");
        vm.assertEq(anchor.timelock(), TIMELOCK);
    }

    function test_theTimelockReplacesIt() public {
        vm.expectEmit();
        emit PolicyAnchor.PolicyAnchored(keccak256("two"), keccak256("one"), "ipfs://two");
        vm.prank(TIMELOCK);
        anchor.setPolicy(keccak256("two"), "ipfs://two");
        vm.assertEq(anchor.digest(), keccak256("two"));
        vm.assertEq(anchor.uri(), "ipfs://two");
    }

    function testFuzz_nobodyElseDoes(address caller, bytes32 digest) public {
        vm.assume(caller != TIMELOCK);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(PolicyAnchor.CallerNotTimelock.selector, caller));
        anchor.setPolicy(digest, "");
    }

    function test_zeroIsRefused() public {
        vm.prank(TIMELOCK);
        vm.expectRevert(PolicyAnchor.DigestZero.selector);
        anchor.setPolicy(bytes32(0), "ipfs://none");
        vm.expectRevert(PolicyAnchor.DigestZero.selector);
        new PolicyAnchor(TIMELOCK, bytes32(0), "");
        vm.expectRevert(PolicyAnchor.TimelockZero.selector);
        new PolicyAnchor(address(0), keccak256("one"), "");
    }
}
