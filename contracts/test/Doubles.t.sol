// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Answer} from "./Answer.sol";
import {DiamondDouble} from "./doubles/DiamondDouble.sol";
import {DispatcherCompactDouble} from "./doubles/DispatcherCompactDouble.sol";
import {DispatcherP4Double} from "./doubles/DispatcherP4Double.sol";
import {DispatcherV1Double} from "./doubles/DispatcherV1Double.sol";
import {Manifest} from "./Manifest.sol";
import {Test} from "./Test.sol";

/// @dev A facet that overwrites one slot of whoever runs it.
contract SlotWiper {
    uint256 private immutable _slot;

    constructor(uint256 slot) {
        _slot = slot;
    }

    fallback() external {
        uint256 slot = _slot;
        assembly {
            sstore(slot, 0)
        }
    }
}

/// @dev The doubles have the faults of what they stand for; each test names one.
contract DoublesTest is Test {
    address private constant GOV = address(0x60);
    address private constant GUARDIAN = address(0xB0B);
    bytes4 private constant F = 0x11111111;
    uint64 private constant DELAY = 2 days;

    DispatcherCompactDouble private compact;
    DispatcherV1Double private v1;
    address private one;

    function setUp() public {
        vm.warp(1_800_000_000);
        compact = new DispatcherCompactDouble(GOV, DELAY);
        v1 = new DispatcherV1Double(GOV, GUARDIAN, DELAY);
        one = address(new Answer(1));
    }

    function test_compactAndV1_routesGoLiveBeforeActivation() public {
        _applyOne(address(compact), F, one);
        _applyOne(address(v1), F, one);
        vm.assertEq(_ask(address(compact), F), 1);
        vm.assertEq(_ask(address(v1), F), 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                DispatcherCompactDouble.ActivationNotReady.selector, block.timestamp + DELAY, block.timestamp
            )
        );
        vm.prank(GOV);
        compact.activateCommittedRoot();
    }

    function test_compact_theDelayCanBeTakenAwayUnderAPendingRoot() public {
        _applyOne(address(compact), F, one);
        vm.prank(GOV);
        compact.setActivationDelay(0);
        vm.prank(GOV);
        compact.activateCommittedRoot();
        vm.assertEq(compact.activeEpoch(), 1);
        vm.assertEq(compact.getManifestVersion(), 3);
    }

    function test_compact_theDelayHasNoBound() public {
        _applyOne(address(compact), F, one);
        vm.prank(GOV);
        compact.setActivationDelay(type(uint64).max);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x11));
        vm.prank(GOV);
        compact.activateCommittedRoot();
    }

    function test_compactAndV1_noRemovalByManifestNorWhilePaused() public {
        vm.prank(GOV);
        vm.expectRevert(DispatcherCompactDouble.NoPendingRoot.selector);
        compact.activateCommittedRoot();
        Manifest.Entry[] memory m = new Manifest.Entry[](1);
        m[0] = Manifest.Entry(F, address(0), bytes32(0));
        _commit(address(compact), m);
        vm.expectRevert(DispatcherCompactDouble.ZeroAddress.selector);
        _apply(address(compact), m);
        bytes4[] memory gone = new bytes4[](1);
        vm.prank(GOV);
        compact.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(GOV);
        compact.removeRoutes(gone);
    }

    function test_compact_aRemovedRouteCanBeAppliedAgain() public {
        Manifest.Entry[] memory m = _applyOne(address(compact), F, one);
        bytes4[] memory gone = new bytes4[](2);
        (gone[0], gone[1]) = (F, 0x99999999);
        vm.expectEmit();
        emit DispatcherCompactDouble.RouteRemoved(F);
        vm.expectEmit();
        emit DispatcherCompactDouble.RoutesRemoved(gone);
        vm.prank(GOV);
        compact.removeRoutes(gone);
        vm.assertEq(compact.routeCount(), 0);
        vm.assertEq(compact.facetAddresses().length, 0);
        vm.assertEq(compact.getManifestVersion(), 2);
        _apply(address(compact), m);
        vm.assertEq(_ask(address(compact), F), 1);
    }

    function test_compact_whoPausesUnpauses() public {
        vm.prank(GOV);
        compact.pause();
        vm.prank(GOV);
        compact.unpause();
        vm.prank(GOV);
        compact.renounceRole(0x00, GOV); // and the last admin may leave
    }

    function test_compactAndV1_aFacetCanUnfreeze() public {
        _applyOne(address(compact), F, address(new SlotWiper(6)));
        _applyOne(address(v1), F, address(new SlotWiper(7)));
        vm.prank(GOV);
        compact.freeze();
        vm.prank(GOV);
        v1.freeze();
        (bool ok,) = address(compact).call(abi.encodePacked(F));
        vm.assertEq(ok, true);
        (ok,) = address(v1).call(abi.encodePacked(F));
        vm.assertEq(compact.frozen(), false);
        vm.assertEq(v1.frozen(), false);
    }

    function test_applyNothing_compactIsSilentAndV1Counts() public {
        Manifest.Entry[] memory m = _applyOne(address(compact), F, one);
        _commit(address(v1), m);
        Manifest.Batch memory none = Manifest.batch(m, 0, 0);
        none.facets = new address[](3);
        vm.prank(GOV);
        compact.applyRoutes(none.selectors, none.facets, none.codehashes, none.proofs, none.isRight);
        vm.assertEq(compact.getManifestVersion(), 2);
        none.facets = new address[](0);
        vm.prank(GOV);
        v1.applyRoutes(none.selectors, none.facets, none.codehashes, none.proofs, none.isRight);
        vm.assertEq(v1.getManifestVersion(), 2);
    }

    function test_v1_missingProofsPanic() public {
        Manifest.Entry[] memory m = _applyOne(address(v1), F, one);
        Manifest.Batch memory b = Manifest.batch(m, 0, 1);
        b.proofs = new bytes32[][](0);
        vm.expectRevert(abi.encodeWithSignature("Panic(uint256)", 0x32));
        vm.prank(GOV);
        v1.applyRoutes(b.selectors, b.facets, b.codehashes, b.proofs, b.isRight);
    }

    function test_v1_governanceCannotPauseAndTheGuardianCan() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControl.AccessControlUnauthorizedAccount.selector, GOV, keccak256("EMERGENCY_ROLE")
            )
        );
        vm.prank(GOV);
        v1.pause();
        vm.expectEmit();
        emit DispatcherV1Double.GuardianAction(GUARDIAN, "pause", uint64(block.timestamp));
        vm.prank(GUARDIAN);
        v1.guardianPause();
        vm.prank(GUARDIAN);
        v1.unpause();
    }

    function test_v1_anyoneExecutesAQueuedRotationAndNobodyCancelsIt() public {
        address next = address(0x4e8);
        vm.prank(GOV);
        v1.queueRotateGovernance(next);
        vm.prank(GOV);
        vm.expectRevert(DispatcherV1Double.AlreadyPending.selector);
        v1.queueRotateGovernance(GOV);
        uint64 eta = uint64(block.timestamp) + DELAY;
        vm.expectRevert(abi.encodeWithSelector(DispatcherV1Double.RotationNotReady.selector, eta, block.timestamp));
        v1.executeRotateGovernance();
        vm.warp(eta);
        vm.prank(address(0xDEAD));
        v1.executeRotateGovernance();
        vm.assertEq(v1.hasRole(0x00, next), true);
        vm.assertEq(v1.hasRole(0x00, GOV), false);
        vm.assertEq(v1.hasRole(keccak256("EMERGENCY_ROLE"), GUARDIAN), true);
    }

    function test_v1_updateManifestIsABypassThatFilesEverythingUnderSelectorZero() public {
        vm.prank(GOV);
        v1.updateManifest(keccak256("anything"), abi.encodePacked(F, one));
        vm.assertEq(v1.activeRoot(), keccak256("anything"));
        vm.assertEq(v1.activeEpoch(), 0);
        vm.assertEq(v1.facetAddress(F), address(0));
        vm.assertEq(v1.facetAddress(bytes4(0)), one);
    }

    function test_v1_returnDataIsBounded() public {
        _applyOne(address(v1), F, one);
        vm.prank(GOV);
        v1.setMaxReturnDataSize(31);
        (bool ok, bytes memory answer) = address(v1).call(abi.encodePacked(F));
        vm.assertEq(ok, false);
        vm.assertEq(answer, abi.encodeWithSelector(DispatcherV1Double.ReturnDataTooLarge.selector, 32));
    }

    function test_generationsAreToldApartByTheirFingerprints() public {
        DispatcherP4Double p4 = new DispatcherP4Double(GOV, 0);
        bytes memory manifestState = abi.encodePacked(bytes4(0xf478827d));
        bytes memory manifest = abi.encodePacked(bytes4(0xf5baf0d7));
        bytes memory facetsEx = abi.encodeWithSelector(0x45be02b5, false);
        vm.assertEq(_answers(address(v1), manifestState), true);
        vm.assertEq(_answers(address(v1), manifest), false);
        vm.assertEq(_answers(address(compact), manifestState), false);
        vm.assertEq(_answers(address(compact), manifest), true);
        vm.assertEq(_answers(address(compact), facetsEx), false);
        vm.assertEq(_answers(address(p4), manifest), true);
        vm.assertEq(_answers(address(p4), facetsEx), true);
    }

    function test_storageOrderIsThatOfTheField() public {
        vm.prank(GOV);
        compact.pause();
        vm.assertEq(vm.load(address(compact), bytes32(uint256(1))), bytes32(uint256(1)));
        vm.assertEq(vm.load(address(compact), bytes32(uint256(2))), bytes32(uint256(1)));
        vm.assertEq(uint64(uint256(vm.load(address(compact), bytes32(uint256(5)))) >> 128), DELAY);
        vm.assertEq(uint256(vm.load(address(v1), bytes32(uint256(3)))), 32_768);
        vm.assertEq(uint256(vm.load(address(v1), bytes32(uint256(6)))) >> 192, DELAY);
        vm.assertEq(address(uint160(uint256(vm.load(address(v1), bytes32(uint256(9)))))), GUARDIAN);
    }

    // ---- gas, kept in snapshots/ to compare with ours

    function test_compact_gasOfAHundredRoutes() public {
        Manifest.Entry[] memory m = new Manifest.Entry[](100);
        for (uint256 i = 0; i < 100; ++i) {
            m[i] = Manifest.entry(bytes4(uint32(0x90000000 + i)), one);
        }
        _commit(address(compact), m);
        _apply(address(compact), m);
        vm.snapshotGasLastCall("applyRoutes, 100 new routes");
        vm.warp(block.timestamp + DELAY);
        vm.prank(GOV);
        compact.activateCommittedRoot();
        vm.snapshotGasLastCall("activateCommittedRoot, 100 routes");
        vm.cool(address(compact));
        vm.assertEq(_ask(address(compact), 0x90000000), 1);
        vm.snapshotGasLastCall("routed call, cold");
    }

    // ---- the diamond

    function test_diamond_cutsTakeEffectAtOnce() public {
        DiamondDouble diamond = new DiamondDouble(GOV);
        address two = address(new Answer(2));
        _cut(diamond, one, DiamondDouble.FacetCutAction.Add);
        vm.assertEq(_ask(address(diamond), F), 1);
        _cut(diamond, two, DiamondDouble.FacetCutAction.Replace);
        vm.assertEq(_ask(address(diamond), F), 2);
        vm.assertEq(diamond.facetAddresses().length, 2);
        _cut(diamond, address(0), DiamondDouble.FacetCutAction.Remove);
        vm.assertEq(diamond.facetAddress(F), address(0));
        vm.assertEq(diamond.facets().length, 1);
        vm.assertEq(diamond.facets()[0].functionSelectors.length, 8);
    }

    function test_diamond_refuses() public {
        DiamondDouble diamond = new DiamondDouble(GOV);
        vm.expectRevert(abi.encodeWithSelector(DiamondDouble.SelectorMissing.selector, F));
        _cut(diamond, one, DiamondDouble.FacetCutAction.Replace);
        _cut(diamond, one, DiamondDouble.FacetCutAction.Add);
        vm.expectRevert(abi.encodeWithSelector(DiamondDouble.SelectorExists.selector, F));
        _cut(diamond, one, DiamondDouble.FacetCutAction.Add);
        vm.expectRevert(abi.encodeWithSelector(DiamondDouble.FacetUnchanged.selector, F));
        _cut(diamond, one, DiamondDouble.FacetCutAction.Replace);
        vm.expectRevert(abi.encodeWithSelector(DiamondDouble.RemovalNamesFacet.selector, one));
        _cut(diamond, one, DiamondDouble.FacetCutAction.Remove);
        DiamondDouble.FacetCut[] memory none = new DiamondDouble.FacetCut[](0);
        vm.expectRevert(abi.encodeWithSelector(DiamondDouble.CallerNotOwner.selector, address(this)));
        diamond.diamondCut(none, address(0), "");
    }

    // ---- words of these tests

    function _cut(DiamondDouble diamond, address facet, DiamondDouble.FacetCutAction action) private {
        DiamondDouble.FacetCut[] memory cuts = new DiamondDouble.FacetCut[](1);
        cuts[0].facetAddress = facet;
        cuts[0].action = action;
        cuts[0].functionSelectors = new bytes4[](1);
        cuts[0].functionSelectors[0] = F;
        vm.prank(GOV);
        diamond.diamondCut(cuts, address(0), "");
    }

    function _applyOne(address dispatcher, bytes4 selector, address facet) private returns (Manifest.Entry[] memory m) {
        m = new Manifest.Entry[](1);
        m[0] = Manifest.entry(selector, facet);
        _commit(dispatcher, m);
        _apply(dispatcher, m);
    }

    function _commit(address dispatcher, Manifest.Entry[] memory m) private {
        vm.prank(GOV);
        DispatcherCompactDouble(payable(dispatcher)).commitRoot(Manifest.root(m), 1);
    }

    function _apply(address dispatcher, Manifest.Entry[] memory m) private {
        Manifest.Batch memory b = Manifest.batch(m, 0, m.length);
        vm.prank(GOV);
        DispatcherCompactDouble(payable(dispatcher))
            .applyRoutes(b.selectors, b.facets, b.codehashes, b.proofs, b.isRight);
    }

    function _ask(address system, bytes4 selector) private returns (uint256) {
        (bool ok, bytes memory answer) = system.call(abi.encodePacked(selector));
        vm.assertEq(ok, true);
        return abi.decode(answer, (uint256));
    }

    function _answers(address system, bytes memory question) private view returns (bool) {
        (bool ok, bytes memory answer) = system.staticcall(question);
        return ok && answer.length != 0;
    }
}
