// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {IDiamondLoupe} from "./interfaces/IDiamondLoupe.sol";

/**
 * @dev The routes, in two layers: the one in effect, and the one that a commit has staged above it.
 *
 *              _stage                    _closeCommit(true)
 *   ┌──────┐ ─────────> ┌─────────────┐ ───────────────────> ┌─────────────┐
 *   │ live │            │ live │ next │                      │ next counts │   one write turns on all of a commit's routes
 *   └──────┘ <───────── └─────────────┘                      └─────────────┘
 *              _closeCommit(false): `next` is dead                   │
 *      ^                                                             │
 *      └────────────── _fold, when the route is touched next ────────┘
 *
 * Rule 1: a commit's number is never used again, so what it staged cannot come back under a later one.
 * Rule 2: every answer about routes is {_inEffect}'s; the loupe, {routes} and the fallback cannot disagree.
 * Rule 3: it knows nothing of roles, roots, delays or pauses. Its heir decides who and when.
 */
abstract contract RouteTable is IDiamondLoupe {
    /// @dev What is known of one selector. The route in effect is `next` if the commit `stagedIn` was activated, else `live`.
    struct Route {
        address live;
        uint64 stagedIn; // commit that staged `next`; 0 for none
        uint32 place; // index in `_selectors` plus one; 0 for absent
        bytes32 liveCodehash;
        address next; // zero stages a removal
        bytes32 nextCodehash;
    }

    uint256 private constant MAX_FACET_CODE = 24_576; // EIP-170

    uint64 private _lastCommit;
    uint64 private _pendingCommit; // 0 for none
    uint32 private _stagedCount;

    mapping(uint64 commit => bool) private _activated;
    mapping(bytes4 selector => Route) private _routes;
    bytes4[] private _selectors; // every selector with a record; some may have no route in effect

    /// @dev `selector` will reach `facet` (or nothing, if zero) when the pending root is activated.
    event RouteStaged(bytes4 indexed selector, address indexed facet, bytes32 codehash);

    /// @dev `selector` was removed by the emergency role.
    event RouteRemoved(bytes4 indexed selector);

    /// @dev The dispatcher cannot be its own facet.
    error FacetIsSelf();
    /// @dev An address that must not be zero is zero.
    error ZeroAddress();
    /// @dev The facet has no code.
    error ZeroCodeFacet(address facet);
    /// @dev The facet's code is larger than EIP-170 allows.
    error CodeSizeExceeded(address facet, uint256 size);
    /// @dev The facet is an account delegated by EIP-7702: its owner can change what it runs without changing a byte here.
    error FacetIsDelegated(address facet);
    /// @dev The code hash in the manifest is not that of the facet.
    error FacetCodeMismatch(address facet, bytes32 expected, bytes32 actual);
    /// @dev The selector was already staged for this commit.
    error DuplicateSelector(bytes4 selector);

    /**
     * @dev Folds activated routes into place and forgets what is dead, so that routed calls read less. Anyone may; no route in
     * effect changes.
     */
    function settle(bytes4[] calldata selectors) external {
        for (uint256 i = 0; i < selectors.length; ++i) {
            Route storage route = _routes[selectors[i]];
            if (route.place == 0) continue;
            _fold(route);
            if (route.live == address(0) && route.stagedIn == 0) _forget(selectors[i], route);
        }
    }

    /// @dev The facet in effect for `selector` and the code hash it must have; zeros for none.
    function routes(bytes4 selector) external view returns (address facet, bytes32 codehash) {
        return _inEffect(_routes[selector]);
    }

    /// @dev What the pending root has staged for `selector`; a facet of zero is a removal if `staged`.
    function stagedRoute(bytes4 selector) external view returns (bool staged, address facet, bytes32 codehash) {
        Route storage route = _routes[selector];
        if (_pendingCommit == 0 || route.stagedIn != _pendingCommit) return (false, address(0), bytes32(0));
        return (true, route.next, route.nextCodehash);
    }

    /// @dev How many routes and removals are staged for the pending root.
    function stagedCount() external view returns (uint256) {
        return _stagedCount;
    }

    /// @dev How many selectors have a route in effect. Walks every selector on record: for reading, not for contracts.
    function routeCount() external view returns (uint256) {
        return _selectorsInEffect().length;
    }

    /// @inheritdoc IDiamondLoupe
    function facets() external view override returns (Facet[] memory facets_) {
        bytes4[] memory selectors = _selectorsInEffect();
        address[] memory addresses = _facetsOf(selectors);
        facets_ = new Facet[](addresses.length);
        for (uint256 i = 0; i < addresses.length; ++i) {
            facets_[i] = Facet(addresses[i], _selectorsOf(addresses[i], selectors));
        }
    }

    /// @inheritdoc IDiamondLoupe
    function facetFunctionSelectors(address facet) external view override returns (bytes4[] memory) {
        return _selectorsOf(facet, _selectorsInEffect());
    }

    /// @inheritdoc IDiamondLoupe
    function facetAddresses() external view override returns (address[] memory) {
        return _facetsOf(_selectorsInEffect());
    }

    /// @inheritdoc IDiamondLoupe
    function facetAddress(bytes4 selector) external view override returns (address facet) {
        (facet,) = _inEffect(_routes[selector]);
    }

    /// @dev Whether a commit is open.
    function _hasPendingCommit() internal view returns (bool) {
        return _pendingCommit != 0;
    }

    /// @dev Opens a commit, under a number of its own. None may be open.
    function _openCommit() internal {
        _pendingCommit = ++_lastCommit;
    }

    /// @dev Closes the open commit. All that it staged takes effect now, or never.
    function _closeCommit(bool activate) internal {
        if (activate) _activated[_pendingCommit] = true;
        _pendingCommit = 0;
        _stagedCount = 0;
    }

    /// @dev Puts the route on record as dormant. What an earlier commit staged is folded in first, or thrown away.
    function _stage(bytes4 selector, address facet, bytes32 codehash) internal {
        _requireFacet(facet, codehash);
        uint64 commit = _pendingCommit;
        Route storage route = _routes[selector];
        if (route.stagedIn == commit) revert DuplicateSelector(selector);
        _fold(route);
        if (route.place == 0) {
            _selectors.push(selector);
            route.place = uint32(_selectors.length);
        }
        route.stagedIn = commit;
        route.next = facet;
        route.nextCodehash = codehash;
        ++_stagedCount;
        emit RouteStaged(selector, facet, codehash);
    }

    /// @dev Takes `selector` out at once, with what is staged for it; answers whether it had a route in effect.
    function _remove(bytes4 selector) internal returns (bool removed) {
        Route storage route = _routes[selector];
        (address facet,) = _inEffect(route);
        if (route.place != 0) _forget(selector, route);
        removed = facet != address(0);
        if (removed) emit RouteRemoved(selector);
    }

    /// @dev The facet to run for `selector`, and the code hash it must have.
    function _routeOf(bytes4 selector) internal view returns (address facet, bytes32 codehash) {
        return _inEffect(_routes[selector]);
    }

    /// @dev Moves an activated `next` to `live`; clears a dead one; leaves the pending commit's alone.
    function _fold(Route storage route) private {
        uint64 commit = route.stagedIn;
        if (commit == 0 || commit == _pendingCommit) return;
        if (_activated[commit]) {
            route.live = route.next;
            route.liveCodehash = route.nextCodehash;
        }
        route.stagedIn = 0;
        route.next = address(0);
        route.nextCodehash = bytes32(0);
    }

    /// @dev Deletes the record of `selector`, filling its place with the last one.
    function _forget(bytes4 selector, Route storage route) private {
        uint256 index = route.place - 1;
        bytes4 last = _selectors[_selectors.length - 1];
        if (last != selector) {
            _selectors[index] = last;
            _routes[last].place = uint32(index + 1);
        }
        _selectors.pop();
        delete _routes[selector];
    }

    /// @dev Demands that the route is a removal, or names a facet that can be one and has this very code now.
    function _requireFacet(address facet, bytes32 codehash) private view {
        if (facet == address(0)) {
            if (codehash != bytes32(0)) revert ZeroAddress();
            return;
        }
        if (facet == address(this)) revert FacetIsSelf();
        uint256 size = facet.code.length;
        if (size == 0) revert ZeroCodeFacet(facet);
        if (size > MAX_FACET_CODE) revert CodeSizeExceeded(facet, size);
        if (_isDelegated(facet)) revert FacetIsDelegated(facet);
        if (facet.codehash != codehash) revert FacetCodeMismatch(facet, codehash, facet.codehash);
    }

    /// @dev Whether the code begins with the EIP-7702 designator, which no deployed contract can (EIP-3541).
    function _isDelegated(address facet) private view returns (bool) {
        bytes32 head;
        assembly ("memory-safe") {
            mstore(0, 0)
            extcodecopy(facet, 0, 0, 3)
            head := mload(0)
        }
        return bytes3(head) == 0xef0100;
    }

    /// @dev The route that a call takes now. Everything that answers about routes asks here.
    function _inEffect(Route storage route) private view returns (address facet, bytes32 codehash) {
        uint64 commit = route.stagedIn;
        if (commit != 0 && _activated[commit]) return (route.next, route.nextCodehash);
        return (route.live, route.liveCodehash);
    }

    function _selectorsInEffect() private view returns (bytes4[] memory found) {
        uint256 length = _selectors.length;
        found = new bytes4[](length);
        uint256 n = 0;
        for (uint256 i = 0; i < length; ++i) {
            (address facet,) = _inEffect(_routes[_selectors[i]]);
            if (facet != address(0)) found[n++] = _selectors[i];
        }
        assembly ("memory-safe") {
            mstore(found, n)
        }
    }

    function _selectorsOf(address wanted, bytes4[] memory selectors) private view returns (bytes4[] memory found) {
        found = new bytes4[](selectors.length);
        uint256 n = 0;
        for (uint256 i = 0; i < selectors.length; ++i) {
            (address facet,) = _inEffect(_routes[selectors[i]]);
            if (facet == wanted) found[n++] = selectors[i];
        }
        assembly ("memory-safe") {
            mstore(found, n)
        }
    }

    function _facetsOf(bytes4[] memory selectors) private view returns (address[] memory found) {
        found = new address[](selectors.length);
        uint256 n = 0;
        for (uint256 i = 0; i < selectors.length; ++i) {
            (address facet,) = _inEffect(_routes[selectors[i]]);
            uint256 seen = 0;
            while (seen < n && found[seen] != facet) ++seen;
            if (seen == n) found[n++] = facet;
        }
        assembly ("memory-safe") {
            mstore(found, n)
        }
    }
}
