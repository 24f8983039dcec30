// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {FeeFacetV1} from "../src/facets/FeeFacetV1.sol";
import {FeeFacetV2} from "../src/facets/FeeFacetV2.sol";
import {ManifestDispatcher} from "../src/ManifestDispatcher.sol";
import {PolicyAnchor} from "../src/PolicyAnchor.sol";
import {Manifest} from "./Manifest.sol";
import {Test} from "./Test.sol";

/// @dev The dispatcher as it is meant to be held: every right of upgrade with a timelock, the brake with a guardian.
contract TimelockTest is Test {
    address private constant COUNCIL = address(0xC0);
    address private constant GUARDIAN = address(0xB0B);
    uint256 private constant WAIT = 2 days;
    uint64 private constant DELAY = 1 days;

    TimelockController private timelock;
    ManifestDispatcher private dispatcher;
    FeeFacetV2 private system;

    function setUp() public {
        vm.warp(1_800_000_000);
        address[] memory council = new address[](1);
        council[0] = COUNCIL;
        timelock = new TimelockController(WAIT, council, new address[](1), address(0)); // anyone executes
        dispatcher = new ManifestDispatcher(address(timelock), GUARDIAN, DELAY);
        system = FeeFacetV2(address(dispatcher));
    }

    function test_anUpgradeIsTwoOperationsLinkedByPredecessor() public {
        _upgrade(address(new FeeFacetV1()), 1);
        vm.assertEq(system.fee(), 30);
        _upgrade(address(new FeeFacetV2()), 2);
        vm.assertEq(system.fee(), 30);
        vm.assertEq(dispatcher.activeEpoch(), 2);
    }

    function test_inOneBatchItFailsWhileThereIsADelay() public {
        (address[] memory targets, bytes[] memory calls) = _staging(address(new FeeFacetV1()), 1);
        bytes32 id = _schedule(_more(targets), _more(calls, abi.encodeCall(dispatcher.activateCommittedRoot, ())), 0);
        vm.warp(block.timestamp + WAIT);
        vm.expectRevert(
            abi.encodeWithSelector(
                ManifestDispatcher.ActivationNotReady.selector, block.timestamp + DELAY, block.timestamp
            )
        );
        _execute(_more(targets), _more(calls, abi.encodeCall(dispatcher.activateCommittedRoot, ())), 0);
        vm.assertEq(timelock.isOperationReady(id), true);
    }

    function test_aReadyOperationOutlivesAPause() public {
        (address[] memory targets, bytes[] memory calls) = _staging(address(new FeeFacetV1()), 1);
        bytes32 id = _schedule(targets, calls, 0);
        vm.warp(block.timestamp + WAIT);
        vm.prank(GUARDIAN);
        dispatcher.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _execute(targets, calls, 0);
        vm.assertEq(timelock.isOperationReady(id), true);
        vm.prank(address(timelock));
        dispatcher.unpause();
        _execute(targets, calls, 0);
        vm.assertEq(timelock.isOperationDone(id), true);
    }

    function test_theGuardianStopsAnActivationThatIsOnItsWay() public {
        (address[] memory targets, bytes[] memory calls) = _staging(address(new FeeFacetV1()), 1);
        _schedule(targets, calls, 0);
        vm.warp(block.timestamp + WAIT);
        _execute(targets, calls, 0);
        vm.prank(GUARDIAN);
        dispatcher.dropPendingRoot();
        (targets, calls) = _activation();
        _schedule(targets, calls, 0);
        vm.warp(block.timestamp + WAIT);
        vm.expectRevert(ManifestDispatcher.NoPendingRoot.selector);
        _execute(targets, calls, 0);
    }

    function test_theTimelockRunsARoutedCallAsAdmin() public {
        _upgrade(address(new FeeFacetV2()), 1);
        (address[] memory targets, bytes[] memory calls) = _one(address(system), abi.encodeCall(system.setFee, (250)));
        _schedule(targets, calls, 0);
        vm.warp(block.timestamp + WAIT);
        _execute(targets, calls, 0);
        vm.assertEq(system.fee(), 250);
    }

    function test_theTimelockAnchorsThePolicy() public {
        PolicyAnchor anchor = new PolicyAnchor(address(timelock), keccak256("one"), "one");
        (address[] memory targets, bytes[] memory calls) =
            _one(address(anchor), abi.encodeCall(anchor.setPolicy, (keccak256("two"), "two")));
        _schedule(targets, calls, 0);
        vm.warp(block.timestamp + WAIT);
        _execute(targets, calls, 0);
        vm.assertEq(anchor.digest(), keccak256("two"));
    }

    // ---- words of these tests

    function _upgrade(address facet, uint64 epoch) private {
        (address[] memory targets, bytes[] memory calls) = _staging(facet, epoch);
        bytes32 staging = _schedule(targets, calls, 0);
        (address[] memory last, bytes[] memory activation) = _activation();
        _schedule(last, activation, staging);
        vm.warp(block.timestamp + WAIT);
        _execute(targets, calls, 0);
        vm.warp(block.timestamp + DELAY);
        _execute(last, activation, staging);
    }

    function _staging(address facet, uint64 epoch) private view returns (address[] memory, bytes[] memory calls) {
        Manifest.Entry[] memory m = new Manifest.Entry[](2);
        m[0] = Manifest.entry(FeeFacetV1.fee.selector, facet);
        m[1] = Manifest.entry(FeeFacetV1.setFee.selector, facet);
        Manifest.Batch memory b = Manifest.batch(m, 0, 2);
        address[] memory targets = new address[](2);
        calls = new bytes[](2);
        (targets[0], targets[1]) = (address(dispatcher), address(dispatcher));
        calls[0] = abi.encodeCall(dispatcher.commitRoot, (Manifest.root(m), epoch));
        calls[1] = abi.encodeCall(dispatcher.applyRoutes, (b.selectors, b.facets, b.codehashes, b.proofs, b.isRight));
        return (targets, calls);
    }

    function _activation() private view returns (address[] memory, bytes[] memory) {
        return _one(address(dispatcher), abi.encodeCall(dispatcher.activateCommittedRoot, ()));
    }

    function _one(address target, bytes memory call)
        private
        pure
        returns (address[] memory targets, bytes[] memory calls)
    {
        targets = new address[](1);
        calls = new bytes[](1);
        (targets[0], calls[0]) = (target, call);
    }

    function _more(address[] memory some) private view returns (address[] memory more) {
        more = new address[](3);
        (more[0], more[1], more[2]) = (some[0], some[1], address(dispatcher));
    }

    function _more(bytes[] memory some, bytes memory last) private pure returns (bytes[] memory more) {
        more = new bytes[](3);
        (more[0], more[1], more[2]) = (some[0], some[1], last);
    }

    function _schedule(address[] memory targets, bytes[] memory calls, bytes32 after_) private returns (bytes32) {
        uint256[] memory values = new uint256[](targets.length);
        bytes32 salt = keccak256(abi.encode(calls));
        vm.prank(COUNCIL);
        timelock.scheduleBatch(targets, values, calls, after_, salt, WAIT);
        return timelock.hashOperationBatch(targets, values, calls, after_, salt);
    }

    function _execute(address[] memory targets, bytes[] memory calls, bytes32 after_) private {
        timelock.executeBatch(targets, new uint256[](targets.length), calls, after_, keccak256(abi.encode(calls)));
    }
}
