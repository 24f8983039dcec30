// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {IDiamondLoupe} from "../src/interfaces/IDiamondLoupe.sol";
import {ManifestDispatcher} from "../src/ManifestDispatcher.sol";
import {Answer} from "./Answer.sol";
import {Manifest} from "./Manifest.sol";
import {Test} from "./Test.sol";

/**
 * @dev Everyone who acts on a dispatcher, at random, beside a model that a reader can check at a glance: `inEffect` changes in
 * two places only, {activate} and {remove}. What the model says must be refused is demanded to be refused.
 */
contract Actors is Test {
    uint256 public constant SELECTORS = 8;
    uint256 private constant FACETS = 3;
    uint64 private constant DELAY = 1 hours;
    address private constant ADMIN = address(0xA11CE);
    address private constant GUARDIAN = address(0xB0B);

    ManifestDispatcher public immutable dispatcher;
    address[] public facets;

    mapping(bytes4 => address) public inEffect;
    mapping(bytes4 => address) private _staged;
    bytes4[] public stagedSelectors;
    Manifest.Entry[] private _pending;
    uint256 private _applied;
    uint256 private _earliest;
    uint256 private _activations;
    bool private _isPending;
    bool private _isPaused;

    constructor() {
        dispatcher = new ManifestDispatcher(ADMIN, GUARDIAN, DELAY);
        for (uint256 i = 0; i < FACETS; ++i) {
            facets.push(address(new Answer(i)));
        }
    }

    function commit(uint256 seed) external {
        uint64 epoch = uint64(_activations + 1);
        if (_isPaused) {
            _act(ADMIN, abi.encodeCall(dispatcher.commitRoot, (bytes32(seed | 1), epoch)), false);
            return;
        }
        delete _pending;
        for (uint256 i = 0; i < SELECTORS; ++i) {
            uint256 pick = uint256(keccak256(abi.encode(seed, i))) % (FACETS + 2);
            if (pick == FACETS + 1) continue; // not in this manifest
            _pending.push(Manifest.entry(selector(i), pick == FACETS ? address(0) : facets[pick]));
        }
        if (_pending.length == 0) _pending.push(Manifest.entry(selector(0), facets[0]));
        _act(ADMIN, abi.encodeCall(dispatcher.commitRoot, (Manifest.root(_pending), epoch)), true);
        _forgetStaged();
        _isPending = true;
        _earliest = block.timestamp + DELAY;
    }

    function applySome(uint256 count) external {
        if (!_isPending) return;
        uint256 to = _applied + _bound(count, 0, _pending.length - _applied);
        Manifest.Batch memory b = Manifest.batch(_pending, _applied, to);
        bytes memory act =
            abi.encodeCall(dispatcher.applyRoutes, (b.selectors, b.facets, b.codehashes, b.proofs, b.isRight));
        if (!_act(ADMIN, act, !_isPaused)) return;
        for (; _applied < to; ++_applied) {
            _staged[_pending[_applied].selector] = _pending[_applied].facet;
            stagedSelectors.push(_pending[_applied].selector);
        }
    }

    function activate() external {
        bool due = _isPending && !_isPaused && block.timestamp >= _earliest;
        vm.assertEq(dispatcher.canActivate(), due);
        if (!_act(ADMIN, abi.encodeCall(dispatcher.activateCommittedRoot, ()), due)) return;
        for (uint256 i = 0; i < stagedSelectors.length; ++i) {
            inEffect[stagedSelectors[i]] = _staged[stagedSelectors[i]];
        }
        ++_activations;
        _forgetStaged();
    }

    function remove(uint256 seed) external {
        bytes4[] memory gone = new bytes4[](2);
        (gone[0], gone[1]) = (selector(seed % SELECTORS), selector((seed >> 8) % SELECTORS));
        _act(GUARDIAN, abi.encodeCall(dispatcher.removeRoutes, (gone)), true);
        delete inEffect[gone[0]];
        delete inEffect[gone[1]];
        _forgetStaged();
    }

    function drop() external {
        _act(GUARDIAN, abi.encodeCall(dispatcher.dropPendingRoot, ()), true);
        _forgetStaged();
    }

    function pause() external {
        if (_act(GUARDIAN, abi.encodeCall(dispatcher.pause, ()), !_isPaused)) _isPaused = true;
    }

    function unpause() external {
        _act(GUARDIAN, abi.encodeCall(dispatcher.unpause, ()), false);
        if (_act(ADMIN, abi.encodeCall(dispatcher.unpause, ()), _isPaused)) _isPaused = false;
    }

    function settle(uint256 seed) external {
        bytes4[] memory some = new bytes4[](3);
        for (uint256 i = 0; i < 3; ++i) {
            some[i] = selector((seed >> (8 * i)) % SELECTORS);
        }
        dispatcher.settle(some);
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + _bound(time, 1, 2 hours));
    }

    function intrude(address stranger, uint256 pick, bytes32 root) external {
        if (stranger == ADMIN || stranger == GUARDIAN || stranger == address(vm)) return;
        bytes4[] memory all = new bytes4[](SELECTORS);
        for (uint256 i = 0; i < SELECTORS; ++i) {
            all[i] = selector(i);
        }
        bytes[6] memory acts = [
            abi.encodeCall(dispatcher.commitRoot, (root, dispatcher.pendingEpoch())),
            abi.encodeCall(dispatcher.activateCommittedRoot, ()),
            abi.encodeCall(dispatcher.removeRoutes, (all)),
            abi.encodeCall(dispatcher.dropPendingRoot, ()),
            abi.encodeCall(dispatcher.grantRole, (0x00, stranger)),
            abi.encodeCall(dispatcher.freeze, ())
        ];
        _act(stranger, acts[pick % 6], false);
    }

    function selector(uint256 i) public pure returns (bytes4) {
        return bytes4(uint32(0xa0000000 + i));
    }

    function stagedCount() external view returns (uint256) {
        return stagedSelectors.length;
    }

    function isPaused() external view returns (bool) {
        return _isPaused;
    }

    function _act(address sender, bytes memory act, bool allowed) private returns (bool done) {
        vm.prank(sender);
        (done,) = address(dispatcher).call(act);
        vm.assertEq(done, allowed);
    }

    function _forgetStaged() private {
        _isPending = false;
        _applied = 0;
        delete stagedSelectors;
    }
}

contract ManifestDispatcherInvariants is Test {
    Actors private actors;
    ManifestDispatcher private dispatcher;

    function setUp() public {
        vm.warp(1_800_000_000);
        actors = new Actors();
        dispatcher = actors.dispatcher();
        _target(address(actors));
    }

    /// @dev Nothing before activation, all at once with it, the replaced and dropped never, the removed not again.
    function invariant_theRoutesInEffectAreThoseOfTheModel() public view {
        for (uint256 i = 0; i < actors.SELECTORS(); ++i) {
            bytes4 selector = actors.selector(i);
            (address facet, bytes32 codehash) = dispatcher.routes(selector);
            vm.assertEq(facet, actors.inEffect(selector));
            vm.assertEq(codehash, facet == address(0) ? bytes32(0) : facet.codehash);
            vm.assertEq(dispatcher.facetAddress(selector), facet);
        }
    }

    /// @dev A call goes where {routes} says, or nowhere while paused.
    function invariant_callsGoWhereTheLoupeSays() public {
        for (uint256 i = 0; i < actors.SELECTORS(); ++i) {
            address facet = actors.inEffect(actors.selector(i));
            (bool ok, bytes memory answer) = address(dispatcher).call(abi.encodePacked(actors.selector(i)));
            vm.assertEq(ok, facet != address(0) && !actors.isPaused());
            if (ok) vm.assertEq(actors.facets(abi.decode(answer, (uint256))), facet);
        }
    }

    /// @dev Every selector in effect stands in the loupe once, under its facet; no facet stands there twice or empty.
    function invariant_theLoupeIsExact() public view {
        IDiamondLoupe.Facet[] memory facets = dispatcher.facets();
        uint256 listed = 0;
        for (uint256 i = 0; i < facets.length; ++i) {
            vm.assertTrue(facets[i].functionSelectors.length != 0, "no facet without selectors");
            for (uint256 j = 0; j < facets[i].functionSelectors.length; ++j) {
                vm.assertEq(facets[i].facetAddress, actors.inEffect(facets[i].functionSelectors[j]));
                ++listed;
            }
        }
        uint256 expected = 0;
        for (uint256 i = 0; i < actors.SELECTORS(); ++i) {
            if (actors.inEffect(actors.selector(i)) != address(0)) ++expected;
        }
        vm.assertEq(listed, expected);
        vm.assertEq(dispatcher.routeCount(), expected);
        vm.assertEq(dispatcher.facetAddresses().length, facets.length);
    }

    /// @dev What is staged is what was applied to the pending root, and the admin is still there.
    function invariant_stagedIsWhatWasApplied() public view {
        vm.assertEq(dispatcher.stagedCount(), actors.stagedCount());
        for (uint256 i = 0; i < actors.stagedCount(); ++i) {
            (bool staged,,) = dispatcher.stagedRoute(actors.stagedSelectors(i));
            vm.assertEq(staged, true);
        }
        vm.assertEq(dispatcher.adminCount(), 1);
        vm.assertEq(dispatcher.frozen(), false);
    }
}
