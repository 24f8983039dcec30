// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {AdminOnly} from "../src/facets/AdminOnly.sol";
import {FeeFacetV1} from "../src/facets/FeeFacetV1.sol";
import {FeeFacetV2} from "../src/facets/FeeFacetV2.sol";
import {TreasuryFacetV1} from "../src/facets/TreasuryFacetV1.sol";
import {ManifestDispatcher} from "../src/ManifestDispatcher.sol";
import {Manifest} from "./Manifest.sol";
import {Test} from "./Test.sol";

contract FacetsTest is Test {
    address private constant ADMIN = address(0xA11CE);
    ManifestDispatcher private dispatcher;
    FeeFacetV2 private system; // both versions answer these selectors
    TreasuryFacetV1 private treasury;

    function setUp() public {
        dispatcher = new ManifestDispatcher(ADMIN, address(0xB0B), 0);
        system = FeeFacetV2(address(dispatcher));
        treasury = TreasuryFacetV1(address(dispatcher));
        address fee = address(new FeeFacetV1());
        address money = address(new TreasuryFacetV1());
        Manifest.Entry[] memory m = new Manifest.Entry[](5);
        m[0] = Manifest.entry(FeeFacetV1.fee.selector, fee);
        m[1] = Manifest.entry(FeeFacetV1.setFee.selector, fee);
        m[2] = Manifest.entry(TreasuryFacetV1.treasury.selector, money);
        m[3] = Manifest.entry(TreasuryFacetV1.setTreasury.selector, money);
        m[4] = Manifest.entry(TreasuryFacetV1.treasurySince.selector, money);
        _upgrade(m);
    }

    function test_theFeeIsThirtyUntilItIsSet() public {
        vm.assertEq(system.fee(), 30);
        vm.prank(ADMIN);
        system.setFee(0);
        vm.assertEq(system.fee(), 0);
    }

    function test_versionTwoCapsWhatVersionOneStored() public {
        vm.prank(ADMIN);
        system.setFee(9000);
        _toVersionTwo();
        vm.assertEq(system.fee(), 500);
        vm.assertEq(system.maxFee(), 500);
        vm.prank(ADMIN);
        vm.expectRevert(abi.encodeWithSelector(FeeFacetV2.FeeAboveCap.selector, 501, 500));
        system.setFee(501);
        vm.prank(ADMIN);
        system.setFee(500);
        vm.assertEq(system.fee(), 500);
    }

    function test_versionTwoKeepsTheValue() public {
        vm.prank(ADMIN);
        system.setFee(45);
        _toVersionTwo();
        vm.assertEq(system.fee(), 45);
    }

    function testFuzz_onlyAnAdminOfTheDispatcherSets(address caller) public {
        vm.assume(caller != ADMIN);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(AdminOnly.CallerNotAdmin.selector, caller));
        system.setFee(1);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(AdminOnly.CallerNotAdmin.selector, caller));
        treasury.setTreasury(caller);
    }

    function test_theTreasuryIsNeverNobodyOnceNamed() public {
        vm.assertEq(treasury.treasury(), address(0));
        vm.warp(777);
        vm.prank(ADMIN);
        treasury.setTreasury(address(0x7ea));
        vm.assertEq(treasury.treasury(), address(0x7ea));
        vm.assertEq(treasury.treasurySince(), 777);
        vm.prank(ADMIN);
        vm.expectRevert(TreasuryFacetV1.TreasuryZero.selector);
        treasury.setTreasury(address(0));
    }

    function test_locationsAreTheirNamespaces() public {
        vm.prank(ADMIN);
        system.setFee(77);
        vm.assertEq(vm.load(address(dispatcher), _erc7201("gov.facet.fee")), bytes32(uint256(77)));
        vm.prank(ADMIN);
        treasury.setTreasury(address(0x7ea));
        bytes32 word = vm.load(address(dispatcher), _erc7201("gov.facet.treasury"));
        vm.assertEq(address(uint160(uint256(word))), address(0x7ea));
    }

    function _erc7201(string memory name) private pure returns (bytes32) {
        return keccak256(abi.encode(uint256(keccak256(bytes(name))) - 1)) & ~bytes32(uint256(0xff));
    }

    function _toVersionTwo() private {
        address fee = address(new FeeFacetV2());
        Manifest.Entry[] memory m = new Manifest.Entry[](3);
        m[0] = Manifest.entry(FeeFacetV2.fee.selector, fee);
        m[1] = Manifest.entry(FeeFacetV2.setFee.selector, fee);
        m[2] = Manifest.entry(FeeFacetV2.maxFee.selector, fee);
        _upgrade(m);
    }

    function _upgrade(Manifest.Entry[] memory m) private {
        Manifest.Batch memory b = Manifest.batch(m, 0, m.length);
        uint64 epoch = dispatcher.pendingEpoch();
        vm.prank(ADMIN);
        dispatcher.commitRoot(Manifest.root(m), epoch);
        vm.prank(ADMIN);
        dispatcher.applyRoutes(b.selectors, b.facets, b.codehashes, b.proofs, b.isRight);
        vm.prank(ADMIN);
        dispatcher.activateCommittedRoot();
    }
}
