// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IDiamondLoupe} from "../src/interfaces/IDiamondLoupe.sol";
import {ManifestDispatcher} from "../src/ManifestDispatcher.sol";
import {RouteProof} from "../src/RouteProof.sol";
import {RouteTable} from "../src/RouteTable.sol";
import {Answer} from "./Answer.sol";
import {Manifest} from "./Manifest.sol";
import {Test} from "./Test.sol";

contract ManifestDispatcherTest is Test {
    address private constant ADMIN = address(0xA11CE);
    address private constant GUARDIAN = address(0xB0B);
    address private constant STRANGER = address(0xDEAD);
    uint64 private constant DELAY = 2 days;
    bytes4 private constant F = 0x11111111;
    bytes4 private constant G = 0x22222222;
    bytes4 private constant H = 0x33333333;

    ManifestDispatcher private dispatcher;
    address private one;
    address private two;

    function setUp() public {
        vm.warp(1_800_000_000);
        dispatcher = new ManifestDispatcher(ADMIN, GUARDIAN, DELAY);
        one = address(new Answer(1));
        two = address(new Answer(2));
    }

    // ---- birth

    function test_rolesAtBirth() public view {
        vm.assertEq(dispatcher.hasRole(0x00, ADMIN), true);
        vm.assertEq(dispatcher.hasRole(dispatcher.COMMIT_ROLE(), ADMIN), true);
        vm.assertEq(dispatcher.hasRole(dispatcher.APPLY_ROLE(), ADMIN), true);
        vm.assertEq(dispatcher.hasRole(dispatcher.EMERGENCY_ROLE(), ADMIN), false);
        vm.assertEq(dispatcher.hasRole(dispatcher.EMERGENCY_ROLE(), GUARDIAN), true);
        vm.assertEq(dispatcher.generation(), bytes32("gov.dispatcher.1"));
        vm.assertEq(dispatcher.manifest().manifestVersion, 1);
        vm.assertEq(dispatcher.activationDelay(), DELAY);
        vm.assertEq(dispatcher.supportsInterface(type(IDiamondLoupe).interfaceId), true);
        vm.assertEq(dispatcher.supportsInterface(type(IAccessControl).interfaceId), true);
        vm.assertEq(bytes32(type(IDiamondLoupe).interfaceId), bytes32(bytes4(0x48e2b093)));
    }

    function test_birthRefusesNobodyAndForever() public {
        vm.expectRevert(RouteTable.ZeroAddress.selector);
        new ManifestDispatcher(address(0), GUARDIAN, 0);
        vm.expectRevert(RouteTable.ZeroAddress.selector);
        new ManifestDispatcher(ADMIN, address(0), 0);
        vm.expectRevert(abi.encodeWithSelector(ManifestDispatcher.DelayTooLong.selector, uint64(30 days + 1)));
        new ManifestDispatcher(ADMIN, GUARDIAN, 30 days + 1);
    }

    function test_selectorsAreThoseOfTheCompactGeneration() public view {
        vm.assertEq(bytes32(dispatcher.commitRoot.selector), bytes32(bytes4(0x00ebb5f0)));
        vm.assertEq(bytes32(dispatcher.applyRoutes.selector), bytes32(bytes4(0x575d7487)));
        vm.assertEq(bytes32(dispatcher.activateCommittedRoot.selector), bytes32(bytes4(0xadc6c3b2)));
        vm.assertEq(bytes32(dispatcher.removeRoutes.selector), bytes32(bytes4(0xb782ba50)));
        vm.assertEq(bytes32(dispatcher.setActivationDelay.selector), bytes32(bytes4(0x96b896eb)));
        vm.assertEq(bytes32(dispatcher.manifest.selector), bytes32(bytes4(0xf5baf0d7)));
        vm.assertEq(dispatcher.COMMIT_ROLE(), 0xa7cca97e47194b7e39f5c716bb579f82fd22f5387703122260b316b1079e8ad1);
        vm.assertEq(dispatcher.APPLY_ROLE(), 0x151f387c3ce2424b7e46cbb7332b70a561e2f859e3a3c7816c8ccc16ea054639);
        vm.assertEq(dispatcher.EMERGENCY_ROLE(), 0xbf233dd2aafeb4d50879c4aa5c81e96d92f6e6945c906a58f9f2d1c1631b4b26);
    }

    function test_allStorageBeginsAtItsNamespace() public view {
        bytes32 base = keccak256(abi.encode(uint256(keccak256("gov.dispatcher")) - 1)) & ~bytes32(uint256(0xff));
        bytes32 roleSlot = keccak256(abi.encode(bytes32(0), base));
        bytes32 holderSlot = keccak256(abi.encode(ADMIN, roleSlot));
        vm.assertEq(vm.load(address(dispatcher), holderSlot), bytes32(uint256(1)));
        for (uint256 slot = 0; slot < 32; ++slot) {
            vm.assertEq(vm.load(address(dispatcher), bytes32(slot)), bytes32(0));
        }
    }

    // ---- the life of a manifest

    function test_nothingRoutesBeforeActivationAndEverythingAfter() public {
        Manifest.Entry[] memory m = _entries(one, one, two);
        _commit(m);
        _apply(m, 0, 2);
        _apply(m, 2, 3);
        vm.assertEq(dispatcher.stagedCount(), 3);
        vm.assertEq(dispatcher.routeCount(), 0);
        _assertNoRoute(F);
        _assertNoRoute(H);
        (bool staged, address facet, bytes32 codehash) = dispatcher.stagedRoute(H);
        vm.assertEq(staged, true);
        vm.assertEq(facet, two);
        vm.assertEq(codehash, two.codehash);

        vm.warp(block.timestamp + DELAY);
        _activate();
        _assertAnswers(F, 1);
        _assertAnswers(G, 1);
        _assertAnswers(H, 2);
        vm.assertEq(dispatcher.routeCount(), 3);
        vm.assertEq(dispatcher.facetAddresses().length, 2);
        vm.assertEq(dispatcher.facetFunctionSelectors(one).length, 2);
        vm.assertEq(dispatcher.facets()[1].facetAddress, two);
        vm.assertEq(dispatcher.facetAddress(G), one);
        vm.assertEq(dispatcher.activeEpoch(), 1);
        vm.assertEq(dispatcher.activeRoot(), Manifest.root(m));
        vm.assertEq(dispatcher.manifest().manifestVersion, 2);
        vm.assertEq(dispatcher.stagedCount(), 0);
        vm.assertEq(dispatcher.pendingRoot(), bytes32(0));
    }

    function test_replacementKeepsTheOldFacetUntilActivation() public {
        _run(_entries(one, one, one));
        Manifest.Entry[] memory m = _entries(two, two, address(0));
        _commit(m);
        _apply(m, 0, 3);
        _assertAnswers(F, 1);
        _assertAnswers(H, 1);
        vm.warp(block.timestamp + DELAY);
        _activate();
        _assertAnswers(F, 2);
        _assertNoRoute(H);
        vm.assertEq(dispatcher.routeCount(), 2);
    }

    function test_aRemovedSelectorCanComeBackByManifest() public {
        _run(_entries(one, one, one));
        _run(_entries(one, one, address(0)));
        _assertNoRoute(H);
        _run(_entries(one, one, two));
        _assertAnswers(H, 2);
    }

    function test_aReplacedCommitNeverGoesLive() public {
        Manifest.Entry[] memory bad = _entries(one, one, one);
        _commit(bad);
        _apply(bad, 0, 3);
        Manifest.Entry[] memory good = new Manifest.Entry[](1);
        good[0] = Manifest.entry(F, two);
        vm.expectEmit();
        emit ManifestDispatcher.PendingRootDropped(Manifest.root(bad), 1);
        _commit(good);
        vm.assertEq(dispatcher.stagedCount(), 0);
        (bool staged,,) = dispatcher.stagedRoute(F);
        vm.assertEq(staged, false);
        _apply(good, 0, 1);
        vm.warp(block.timestamp + DELAY);
        _activate();
        _assertAnswers(F, 2);
        _assertNoRoute(G);
        _assertNoRoute(H);
    }

    function test_recommittingTheSameRootForgetsWhatWasStaged() public {
        Manifest.Entry[] memory m = _entries(one, one, one);
        _commit(m);
        _apply(m, 0, 3);
        _commit(m);
        vm.warp(block.timestamp + DELAY);
        _activate();
        _assertNoRoute(F);
    }

    function test_settleChangesNoRouteInEffect() public {
        _run(_entries(one, one, one));
        _run(_entries(two, one, address(0)));
        Manifest.Entry[] memory m = _entries(one, one, two);
        _commit(m);
        _apply(m, 0, 3);
        bytes4[] memory all = new bytes4[](4);
        (all[0], all[1], all[2], all[3]) = (F, G, H, bytes4(0x44444444));
        bytes32 before = keccak256(abi.encode(dispatcher.facets()));
        vm.prank(STRANGER);
        dispatcher.settle(all);
        vm.assertEq(keccak256(abi.encode(dispatcher.facets())), before);
        vm.assertEq(dispatcher.stagedCount(), 3);
        vm.warp(block.timestamp + DELAY);
        _activate();
        _assertAnswers(H, 2);
        _run(_entries(one, one, address(0)));
        dispatcher.settle(all);
        _assertAnswers(F, 1);
        _assertNoRoute(H);
        vm.assertEq(dispatcher.routeCount(), 2);
    }

    function test_activationWaitsForTheDelayOfItsCommit() public {
        Manifest.Entry[] memory m = _entries(one, one, one);
        _commit(m);
        uint64 earliest = uint64(block.timestamp) + DELAY;
        vm.assertEq(dispatcher.activatableAt(), earliest);
        vm.prank(ADMIN);
        dispatcher.setActivationDelay(0);
        vm.assertEq(dispatcher.activatableAt(), earliest);
        vm.warp(earliest - 1);
        vm.assertEq(dispatcher.canActivate(), false);
        vm.expectRevert(abi.encodeWithSelector(ManifestDispatcher.ActivationNotReady.selector, earliest, earliest - 1));
        _activate();
        vm.warp(earliest);
        vm.assertEq(dispatcher.canActivate(), true);
        _activate();
        _commit(m);
        vm.assertEq(dispatcher.canActivate(), true);
    }

    function test_delayIsBounded() public {
        vm.prank(ADMIN);
        vm.expectRevert(abi.encodeWithSelector(ManifestDispatcher.DelayTooLong.selector, uint64(30 days + 1)));
        dispatcher.setActivationDelay(30 days + 1);
        vm.prank(ADMIN);
        dispatcher.setActivationDelay(30 days);
    }

    // ---- what commit and apply refuse

    function test_commitRefuses() public {
        vm.prank(ADMIN);
        vm.expectRevert(ManifestDispatcher.RootZero.selector);
        dispatcher.commitRoot(bytes32(0), 1);
        vm.prank(ADMIN);
        vm.expectRevert(ManifestDispatcher.BadEpoch.selector);
        dispatcher.commitRoot(bytes32(uint256(1)), 2);
    }

    function test_applyRefusesWithoutCommit() public {
        vm.expectRevert(ManifestDispatcher.NoPendingRoot.selector);
        _apply(_entries(one, one, one), 0, 3);
        vm.expectRevert(ManifestDispatcher.NoPendingRoot.selector);
        _activate();
    }

    function test_applyRefusesALeafThatIsNotInTheRoot() public {
        _commit(_entries(one, one, one));
        vm.expectRevert(ManifestDispatcher.InvalidProof.selector);
        _apply(_entries(two, one, one), 0, 1);
    }

    function test_applyRefusesLengths() public {
        Manifest.Entry[] memory m = _entries(one, one, one);
        _commit(m);
        Manifest.Batch memory b = Manifest.batch(m, 0, 3);
        b.isRight = new bool[][](2);
        vm.expectRevert(ManifestDispatcher.LenMismatch.selector);
        _applyBatch(b);
        b = Manifest.batch(m, 0, 3);
        b.isRight[1] = new bool[](7);
        vm.expectRevert(RouteProof.ProofLengthMismatch.selector);
        _applyBatch(b);
        vm.expectRevert(abi.encodeWithSelector(ManifestDispatcher.BatchTooLarge.selector, 101));
        _applyBatch(_blank(101));
    }

    function test_applyRefusesASelectorTwice() public {
        Manifest.Entry[] memory m = _entries(one, one, one);
        m[1].selector = F;
        m[1].facet = two;
        m[1].codehash = two.codehash;
        _commit(m);
        vm.expectRevert(abi.encodeWithSelector(RouteTable.DuplicateSelector.selector, F));
        _apply(m, 0, 2);
        _apply(m, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(RouteTable.DuplicateSelector.selector, F));
        _apply(m, 1, 2);
    }

    function test_applyRefusesFacets() public {
        address codeless = address(0xC0DE1E55);
        address large = address(0x1A46E);
        address delegated = address(0x7702);
        vm.etch(large, new bytes(24_577));
        vm.etch(delegated, abi.encodePacked(hex"ef0100", one));
        _assertFacetRefused(
            codeless, codeless.codehash, abi.encodeWithSelector(RouteTable.ZeroCodeFacet.selector, codeless)
        );
        _assertFacetRefused(
            large, large.codehash, abi.encodeWithSelector(RouteTable.CodeSizeExceeded.selector, large, 24_577)
        );
        _assertFacetRefused(
            delegated, delegated.codehash, abi.encodeWithSelector(RouteTable.FacetIsDelegated.selector, delegated)
        );
        _assertFacetRefused(
            address(dispatcher), address(dispatcher).codehash, abi.encodeWithSelector(RouteTable.FacetIsSelf.selector)
        );
        _assertFacetRefused(
            one,
            two.codehash,
            abi.encodeWithSelector(RouteTable.FacetCodeMismatch.selector, one, two.codehash, one.codehash)
        );
        _assertFacetRefused(address(0), one.codehash, abi.encodeWithSelector(RouteTable.ZeroAddress.selector));
    }

    function test_everySelectorOfItsOwnIsReserved() public {
        string memory artifact = vm.readFile("out/ManifestDispatcher.sol/ManifestDispatcher.json");
        string[] memory signatures = vm.parseJsonKeys(artifact, ".methodIdentifiers");
        vm.assertTrue(signatures.length > 40, "the artifact lists the functions");
        for (uint256 i = 0; i < signatures.length; ++i) {
            bytes4 selector = bytes4(keccak256(bytes(signatures[i])));
            vm.assertTrue(dispatcher.isReserved(selector), signatures[i]);
        }
        vm.assertEq(dispatcher.isReserved(F), false);
        Manifest.Entry[] memory m = new Manifest.Entry[](1);
        m[0] = Manifest.entry(dispatcher.unpause.selector, one);
        _commit(m);
        vm.expectRevert(abi.encodeWithSelector(ManifestDispatcher.SelectorReserved.selector, m[0].selector));
        _apply(m, 0, 1);
    }

    function test_aTombstoneForNothingIsHarmless() public {
        _run(_entries(one, address(0), address(0)));
        vm.assertEq(dispatcher.routeCount(), 1);
    }

    // ---- routing

    function test_codeThatChangedIsNotRun() public {
        _run(_entries(one, one, one));
        vm.etch(one, two.code);
        vm.expectRevert(ManifestDispatcher.CodehashMismatch.selector);
        _call(F);
    }

    function test_shortCalldataAndPlainEtherReachNothing() public {
        _run(_entries(one, one, one));
        (bool ok, bytes memory answer) = address(dispatcher).call(hex"111111");
        vm.assertEq(ok, false);
        vm.assertEq(answer, abi.encodeWithSelector(ManifestDispatcher.NoRoute.selector));
        vm.deal(address(this), 1 ether);
        (ok,) = address(dispatcher).call{value: 1}("");
        vm.assertEq(ok, false);
    }

    // ---- the emergency path

    function test_pausingIsTheGuardiansAndUnpausingTheAdmins() public {
        _run(_entries(one, one, one));
        _pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _call(F);
        _assertMissingRole(GUARDIAN, 0x00);
        vm.prank(GUARDIAN);
        dispatcher.unpause();
        vm.prank(ADMIN);
        dispatcher.unpause();
        _assertAnswers(F, 1);
        _assertMissingRole(ADMIN, dispatcher.EMERGENCY_ROLE());
        vm.prank(ADMIN);
        dispatcher.pause();
    }

    function test_aPauseStopsTheManifestToo() public {
        Manifest.Entry[] memory m = _entries(one, one, one);
        _commit(m);
        _apply(m, 0, 1);
        vm.warp(block.timestamp + DELAY);
        _pause();
        vm.assertEq(dispatcher.canActivate(), false);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _activate();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _apply(m, 1, 2);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(ADMIN);
        dispatcher.commitRoot(bytes32(uint256(1)), 1);
    }

    function test_removalWorksWhilePausedAndTakesThePendingRootWithIt() public {
        _run(_entries(one, one, one));
        Manifest.Entry[] memory m = _entries(two, two, two);
        _commit(m);
        _apply(m, 0, 3);
        _pause();
        vm.expectEmit();
        emit RouteTable.RouteRemoved(F);
        vm.expectEmit();
        emit ManifestDispatcher.PendingRootDropped(Manifest.root(m), 2);
        _remove(F);
        vm.prank(ADMIN);
        dispatcher.unpause();
        _assertNoRoute(F);
        _assertAnswers(G, 1);
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(ManifestDispatcher.NoPendingRoot.selector);
        _activate();
        vm.expectRevert(ManifestDispatcher.NoPendingRoot.selector);
        _apply(m, 0, 1);
        vm.assertEq(dispatcher.routeCount(), 2);
    }

    function test_removingTheUnknownChangesNoVersion() public {
        _run(_entries(one, one, one));
        uint64 version = dispatcher.manifest().manifestVersion;
        _remove(0x55555555);
        vm.assertEq(dispatcher.manifest().manifestVersion, version);
        _remove(G);
        vm.assertEq(dispatcher.manifest().manifestVersion, version + 1);
    }

    function test_guardianCanDropThePendingRootAlone() public {
        Manifest.Entry[] memory m = _entries(one, one, one);
        _commit(m);
        vm.prank(GUARDIAN);
        dispatcher.dropPendingRoot();
        vm.assertEq(dispatcher.pendingRoot(), bytes32(0));
        vm.prank(GUARDIAN);
        dispatcher.dropPendingRoot();
    }

    function test_freezeEndsUpgradesAndNothingElse() public {
        _run(_entries(one, one, one));
        Manifest.Entry[] memory m = _entries(two, two, two);
        _commit(m);
        vm.prank(ADMIN);
        dispatcher.freeze();
        vm.assertEq(dispatcher.frozen(), true);
        vm.assertEq(dispatcher.pendingRoot(), bytes32(0));
        vm.expectRevert(ManifestDispatcher.FrozenContract.selector);
        vm.prank(ADMIN);
        dispatcher.commitRoot(bytes32(uint256(1)), 2);
        vm.expectRevert(ManifestDispatcher.FrozenContract.selector);
        _apply(m, 0, 1);
        vm.expectRevert(ManifestDispatcher.FrozenContract.selector);
        _activate();
        vm.expectRevert(ManifestDispatcher.FrozenContract.selector);
        vm.prank(ADMIN);
        dispatcher.setActivationDelay(1);
        vm.expectRevert(ManifestDispatcher.FrozenContract.selector);
        vm.prank(ADMIN);
        dispatcher.freeze();
        _assertAnswers(F, 1);
        _pause();
        _remove(F);
        vm.prank(ADMIN);
        dispatcher.unpause();
        _assertNoRoute(F);
    }

    // ---- roles

    function test_theLastAdminStays() public {
        vm.prank(ADMIN);
        vm.expectRevert(ManifestDispatcher.LastAdmin.selector);
        dispatcher.renounceRole(0x00, ADMIN);
        vm.prank(ADMIN);
        vm.expectRevert(ManifestDispatcher.LastAdmin.selector);
        dispatcher.revokeRole(0x00, ADMIN);
        vm.prank(ADMIN);
        dispatcher.grantRole(0x00, STRANGER);
        vm.prank(ADMIN);
        dispatcher.grantRole(0x00, STRANGER);
        vm.assertEq(dispatcher.adminCount(), 2);
        vm.prank(ADMIN);
        dispatcher.renounceRole(0x00, ADMIN);
        vm.assertEq(dispatcher.adminCount(), 1);
    }

    function testFuzz_nobodyWithoutTheRoleActs(address caller) public {
        vm.assume(caller != ADMIN && caller != GUARDIAN);
        bytes[] memory acts = new bytes[](9);
        bytes4[] memory none = new bytes4[](0);
        acts[0] = abi.encodeCall(dispatcher.commitRoot, (bytes32(uint256(1)), 1));
        acts[1] = abi.encodeCall(
            dispatcher.applyRoutes, (none, new address[](0), new bytes32[](0), new bytes32[][](0), new bool[][](0))
        );
        acts[2] = abi.encodeCall(dispatcher.activateCommittedRoot, ());
        acts[3] = abi.encodeCall(dispatcher.removeRoutes, (none));
        acts[4] = abi.encodeCall(dispatcher.dropPendingRoot, ());
        acts[5] = abi.encodeCall(dispatcher.setActivationDelay, (1));
        acts[6] = abi.encodeCall(dispatcher.freeze, ());
        acts[7] = abi.encodeCall(dispatcher.pause, ());
        acts[8] = abi.encodeCall(dispatcher.grantRole, (0x00, caller));
        for (uint256 i = 0; i < acts.length; ++i) {
            vm.prank(caller);
            (bool ok, bytes memory answer) = address(dispatcher).call(acts[i]);
            vm.assertEq(ok, false);
            vm.assertEq(bytes32(bytes4(answer)), bytes32(IAccessControl.AccessControlUnauthorizedAccount.selector));
        }
    }

    // ---- manifests at random

    function testFuzz_theRoutesInEffectAreTheManifest(uint256 seed, uint8 size, uint8 split) public {
        uint256 n = _bound(size, 1, 40);
        Manifest.Entry[] memory m = new Manifest.Entry[](n);
        uint256 live = 0;
        for (uint256 i = 0; i < n; ++i) {
            uint256 pick = uint256(keccak256(abi.encode(seed, i))) % 3;
            m[i] = Manifest.entry(bytes4(uint32(0x90000000 + i)), pick == 0 ? address(0) : pick == 1 ? one : two);
            if (pick != 0) ++live;
        }
        uint256 cut = _bound(split, 0, n);
        _commit(m);
        _apply(m, 0, cut);
        _apply(m, cut, n);
        vm.assertEq(dispatcher.stagedCount(), n);
        vm.assertEq(dispatcher.routeCount(), 0);
        vm.warp(block.timestamp + DELAY);
        _activate();
        vm.assertEq(dispatcher.routeCount(), live);
        for (uint256 i = 0; i < n; ++i) {
            (address facet, bytes32 codehash) = dispatcher.routes(m[i].selector);
            vm.assertEq(facet, m[i].facet);
            vm.assertEq(codehash, m[i].codehash);
        }
    }

    // ---- gas, kept in snapshots/

    function test_gasOfAHundredRoutes() public {
        Manifest.Entry[] memory m = new Manifest.Entry[](100);
        for (uint256 i = 0; i < 100; ++i) {
            m[i] = Manifest.entry(bytes4(uint32(0x90000000 + i)), one);
        }
        _commit(m);
        vm.snapshotGasLastCall("commitRoot, first");
        _apply(m, 0, 100);
        vm.snapshotGasLastCall("applyRoutes, 100 new routes");
        vm.warp(block.timestamp + DELAY);
        _activate();
        vm.snapshotGasLastCall("activateCommittedRoot, 100 routes");
        vm.cool(address(dispatcher));
        _assertAnswers(0x90000000, 1);
        vm.snapshotGasLastCall("routed call, not settled, cold");
        bytes4[] memory first = new bytes4[](1);
        first[0] = 0x90000000;
        vm.cool(address(dispatcher));
        dispatcher.settle(first);
        vm.snapshotGasLastCall("settle, 1 route");
        vm.cool(address(dispatcher));
        _assertAnswers(0x90000000, 1);
        vm.snapshotGasLastCall("routed call, settled, cold");
    }

    // ---- words of these tests

    function _entries(address f, address g, address h) private view returns (Manifest.Entry[] memory m) {
        m = new Manifest.Entry[](3);
        m[0] = Manifest.entry(F, f);
        m[1] = Manifest.entry(G, g);
        m[2] = Manifest.entry(H, h);
    }

    function _commit(Manifest.Entry[] memory m) private {
        uint64 epoch = dispatcher.pendingEpoch();
        bytes32 root = Manifest.root(m);
        vm.prank(ADMIN);
        dispatcher.commitRoot(root, epoch);
    }

    function _apply(Manifest.Entry[] memory m, uint256 from, uint256 to) private {
        _applyBatch(Manifest.batch(m, from, to));
    }

    function _applyBatch(Manifest.Batch memory b) private {
        vm.prank(ADMIN);
        dispatcher.applyRoutes(b.selectors, b.facets, b.codehashes, b.proofs, b.isRight);
    }

    function _activate() private {
        vm.prank(ADMIN);
        dispatcher.activateCommittedRoot();
    }

    function _run(Manifest.Entry[] memory m) private {
        _commit(m);
        _apply(m, 0, m.length);
        vm.warp(block.timestamp + DELAY);
        _activate();
    }

    function _pause() private {
        vm.prank(GUARDIAN);
        dispatcher.pause();
    }

    function _remove(bytes4 selector) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        vm.prank(GUARDIAN);
        dispatcher.removeRoutes(selectors);
    }

    function _blank(uint256 n) private pure returns (Manifest.Batch memory) {
        return Manifest.Batch(new bytes4[](n), new address[](n), new bytes32[](n), new bytes32[][](n), new bool[][](n));
    }

    /// @dev An external frame, so that a revert of the routed call can be expected.
    function _call(bytes4 selector) private returns (uint256) {
        (bool ok, bytes memory answer) = address(dispatcher).call(abi.encodePacked(selector));
        if (ok) return abi.decode(answer, (uint256));
        assembly {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function _assertAnswers(bytes4 selector, uint256 number) private {
        vm.assertEq(_call(selector), number);
    }

    function _assertNoRoute(bytes4 selector) private {
        (bool ok, bytes memory answer) = address(dispatcher).call(abi.encodePacked(selector));
        vm.assertEq(ok, false);
        vm.assertEq(answer, abi.encodeWithSelector(ManifestDispatcher.NoRoute.selector));
        (address facet, bytes32 codehash) = dispatcher.routes(selector);
        vm.assertEq(facet, address(0));
        vm.assertEq(codehash, bytes32(0));
        vm.assertEq(dispatcher.facetAddress(selector), address(0));
    }

    function _assertFacetRefused(address facet, bytes32 codehash, bytes memory reason) private {
        Manifest.Entry[] memory m = new Manifest.Entry[](1);
        m[0] = Manifest.Entry(F, facet, codehash);
        _commit(m);
        vm.expectRevert(reason);
        _apply(m, 0, 1);
    }

    function _assertMissingRole(address caller, bytes32 role) private {
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, caller, role));
    }
}
