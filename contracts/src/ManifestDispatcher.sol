// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IDiamondLoupe} from "./interfaces/IDiamondLoupe.sol";
import {RouteProof} from "./RouteProof.sol";

/**
 * @dev A proxy that sends each selector to the facet that a Merkle root names for it.
 *
 *   ┌────────┐ commitRoot ┌───────────┐ applyRoutes ×n ┌────────┐ activateCommittedRoot ┌────────┐
 *   │  idle  │ ─────────> │ committed │ ─────────────> │ staged │ ────────────────────> │ active │
 *   └────────┘            └───────────┘  (dormant)     └────────┘  after the delay, O(1) └────────┘
 *        ^                      │  ^                        │
 *        │   removeRoutes, dropPendingRoot, freeze          │        commitRoot again: the staged
 *        └──────────────────────┴──┴────────────────────────┘        routes of the old root die
 *
 * What it refuses to do:
 *
 * - Nothing routes before activation. An applied route is dormant; activation turns all of them on at once.
 * - A replaced or dropped commit never comes back. Every commit has its own number, never reused, and only an activated
 *   number turns routes on.
 * - A manifest can remove: the leaf (selector, 0, 0) is a tombstone.
 * - The emergency role can only stop: pause, remove routes, drop the pending root. Unpausing is the admin's.
 * - Removal works while paused, and takes the pending root with it so that nothing puts the route back.
 * - A change of the delay does not touch a root that is already pending.
 * - The last admin stays.
 *
 * It speaks the ABI of the compact generation for every act and for the views that governance reads; the second names of that
 * generation (`getRoute`, `getManifestInfo`, …) are left out.
 *
 * STORAGE. Facets run by delegatecall in this contract's storage. All of it, the roles and the pause included, begins at an
 * ERC-7201 location, so a facet with variables at slot 0, 1, 2 … overwrites nothing of ours. That stops accidents, not malice:
 * a hostile facet can write any slot. Review of facets stays the gate.
 *
 * REENTRANCY. No act here calls out, so none is guarded; only the fallback does, and facets may call back.
 */
contract ManifestDispatcher layout at 0xbb5fb06c26ef7a49a5f7f5ddb2856e6206654d01a65f1f7d463646841ef03b00
    is
     // erc7201("gov.dispatcher")
    IDiamondLoupe,
    AccessControl,
    Pausable
{
    /// @dev What is known of one selector. The route in effect is `next` if the commit `stagedIn` was activated, else `live`.
    struct Route {
        address live;
        uint64 stagedIn; // commit that staged `next`; 0 for none
        uint32 place; // index in `_selectors` plus one; 0 for absent
        bytes32 liveCodehash;
        address next; // zero stages a removal
        bytes32 nextCodehash;
    }

    /// @dev The answer of {manifest}, word for word that of the compact generation.
    struct ManifestState {
        bytes32 activeRoot;
        bytes32 pendingRoot;
        uint64 activeEpoch;
        uint64 committedAt;
        uint64 activationDelay;
        uint64 manifestVersion;
        bool frozen;
    }

    /// @dev May commit a root.
    bytes32 public constant COMMIT_ROLE = keccak256("COMMIT_ROLE");

    /// @dev May stage routes of the pending root, and activate it.
    bytes32 public constant APPLY_ROLE = keccak256("APPLY_ROLE");

    /// @dev May pause, remove routes and drop the pending root; nothing else.
    bytes32 public constant EMERGENCY_ROLE = keccak256("EMERGENCY_ROLE");

    /// @dev The most routes one call may carry.
    uint256 public constant MAX_BATCH = 100;

    /// @dev The longest activation delay.
    uint64 public constant MAX_ACTIVATION_DELAY = 30 days;

    uint256 private constant MAX_FACET_CODE = 24_576; // EIP-170

    // `_paused` shares its slot with these five: a routed call and every act read it anyway.
    bool private _frozen;
    uint64 private _lastCommit;
    uint64 private _pendingCommit; // 0 for none
    uint64 private _activeEpoch;

    uint64 private _committedAt;
    uint64 private _activatableAt;
    uint64 private _activationDelay;
    uint64 private _manifestVersion;

    bytes32 private _activeRoot;
    bytes32 private _pendingRoot;
    uint128 private _stagedCount;
    uint128 private _adminCount;

    mapping(uint64 commit => bool) private _activated;
    mapping(bytes4 selector => Route) private _routes;
    bytes4[] private _selectors; // every selector with a record; some may have no route in effect

    /// @dev `root` may be applied, and activated once the delay has passed.
    event RootCommitted(bytes32 indexed root, uint64 indexed epoch);

    /// @dev `selector` will reach `facet` (or nothing, if zero) when the pending root is activated.
    event RouteStaged(bytes4 indexed selector, address indexed facet, bytes32 codehash);

    /// @dev Every route staged for `root` is in effect from here on.
    event RootActivated(bytes32 indexed root, uint64 indexed epoch);

    /// @dev `root` will never be activated by its commit; the routes staged for it are dead.
    event PendingRootDropped(bytes32 indexed root, uint64 indexed epoch);

    /// @dev `selector` was removed by the emergency role.
    event RouteRemoved(bytes4 indexed selector);

    /// @dev The delay of commits to come.
    event ActivationDelaySet(uint64 oldDelay, uint64 newDelay);

    /// @dev The routes in effect changed.
    event ManifestVersionUpdated(uint64 indexed oldVersion, uint64 indexed newVersion);

    /// @dev No root will ever be committed, applied or activated again.
    event Frozen();

    /// @dev The contract is frozen.
    error FrozenContract();
    /// @dev Nothing is routed for this selector.
    error NoRoute();
    /// @dev The code of the facet is no longer the code that was approved.
    error CodehashMismatch();
    /// @dev A root of zero means "none".
    error RootZero();
    /// @dev The epoch is not the active one plus one.
    error BadEpoch();
    /// @dev Nothing is committed.
    error NoPendingRoot();
    /// @dev The delay has not passed.
    error ActivationNotReady(uint64 earliest, uint64 nowTs);
    /// @dev More than {MAX_BATCH} routes.
    error BatchTooLarge(uint256 n);
    /// @dev The arrays differ in length.
    error LenMismatch();
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
    /// @dev The selector is the dispatcher's own.
    error SelectorReserved(bytes4 selector);
    /// @dev The leaf is not in the pending root.
    error InvalidProof();
    /// @dev The delay is longer than {MAX_ACTIVATION_DELAY}.
    error DelayTooLong(uint64 delay);
    /// @dev Without an admin nobody could unpause or upgrade.
    error LastAdmin();

    modifier whenNotFrozen() {
        if (_frozen) revert FrozenContract();
        _;
    }

    constructor(address admin, address guardian, uint64 activationDelay_) {
        if (admin == address(0) || guardian == address(0)) revert ZeroAddress();
        if (activationDelay_ > MAX_ACTIVATION_DELAY) revert DelayTooLong(activationDelay_);
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(COMMIT_ROLE, admin);
        _grantRole(APPLY_ROLE, admin);
        _grantRole(EMERGENCY_ROLE, guardian);
        _activationDelay = activationDelay_;
        _manifestVersion = 1;
        emit ActivationDelaySet(0, activationDelay_);
    }

    /// @dev Plain ether has no selector and so no route.
    receive() external payable {
        revert NoRoute();
    }

    /// @dev Runs the facet in effect for the selector, if its code is still the code that was approved.
    fallback() external payable whenNotPaused {
        if (msg.data.length < 4) revert NoRoute();
        (address facet, bytes32 codehash) = _inEffect(_routes[msg.sig]);
        if (facet == address(0)) revert NoRoute();
        if (facet.codehash != codehash) revert CodehashMismatch();
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), facet, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }

    /// @dev Names the root of the next epoch. A root still pending is dropped, with all that was staged for it.
    function commitRoot(bytes32 newRoot, uint64 newEpoch) external onlyRole(COMMIT_ROLE) whenNotPaused whenNotFrozen {
        if (newRoot == bytes32(0)) revert RootZero();
        if (newEpoch != _activeEpoch + 1) revert BadEpoch();
        _dropPending();
        _pendingCommit = ++_lastCommit;
        _pendingRoot = newRoot;
        _committedAt = uint64(block.timestamp);
        _activatableAt = uint64(block.timestamp) + _activationDelay;
        emit RootCommitted(newRoot, newEpoch);
    }

    /**
     * @dev Stages routes that the pending root proves. They stay dormant until {activateCommittedRoot}.
     * A facet of zero with a code hash of zero stages the removal of its selector.
     */
    function applyRoutes(
        bytes4[] calldata selectors,
        address[] calldata facetAddrs,
        bytes32[] calldata codehashes,
        bytes32[][] calldata proofs,
        bool[][] calldata isRight
    ) external onlyRole(APPLY_ROLE) whenNotPaused whenNotFrozen {
        if (_pendingCommit == 0) revert NoPendingRoot();
        if (
            selectors.length != facetAddrs.length || selectors.length != codehashes.length
                || selectors.length != proofs.length || selectors.length != isRight.length
        ) revert LenMismatch();
        if (selectors.length > MAX_BATCH) revert BatchTooLarge(selectors.length);
        for (uint256 i = 0; i < selectors.length; ++i) {
            bytes32 leaf = RouteProof.leaf(selectors[i], facetAddrs[i], codehashes[i]);
            if (!RouteProof.verify(proofs[i], isRight[i], _pendingRoot, leaf)) revert InvalidProof();
            _stage(selectors[i], facetAddrs[i], codehashes[i]);
        }
        _stagedCount += uint128(selectors.length);
    }

    /// @dev Turns on every route staged for the pending root, at once.
    function activateCommittedRoot() external onlyRole(APPLY_ROLE) whenNotPaused whenNotFrozen {
        uint64 commit = _pendingCommit;
        if (commit == 0) revert NoPendingRoot();
        uint64 earliest = _activatableAt;
        if (block.timestamp < earliest) revert ActivationNotReady(earliest, uint64(block.timestamp));
        bytes32 root = _pendingRoot;
        uint64 epoch = ++_activeEpoch;
        _activated[commit] = true;
        _activeRoot = root;
        _clearPending();
        emit RootActivated(root, epoch);
        _bumpVersion();
    }

    /// @dev Whether {activateCommittedRoot} by an account that may would go through now.
    function canActivate() external view returns (bool) {
        return _pendingCommit != 0 && !paused() && !_frozen && block.timestamp >= _activatableAt;
    }

    /// @dev Removes routes at once, paused or frozen or not, and drops the pending root. Unknown selectors are passed over.
    function removeRoutes(bytes4[] calldata selectors) external onlyRole(EMERGENCY_ROLE) {
        if (selectors.length > MAX_BATCH) revert BatchTooLarge(selectors.length);
        bool changed = false;
        for (uint256 i = 0; i < selectors.length; ++i) {
            Route storage route = _routes[selectors[i]];
            (address facet,) = _inEffect(route);
            if (route.place != 0) _forget(selectors[i], route);
            if (facet == address(0)) continue;
            changed = true;
            emit RouteRemoved(selectors[i]);
        }
        _dropPending();
        if (changed) _bumpVersion();
    }

    /// @dev Drops the pending root, if any; nothing in effect changes.
    function dropPendingRoot() external onlyRole(EMERGENCY_ROLE) {
        _dropPending();
    }

    /// @dev Sets the delay of commits to come. One already pending keeps the moment it was given.
    function setActivationDelay(uint64 newDelay) external onlyRole(DEFAULT_ADMIN_ROLE) whenNotFrozen {
        if (newDelay > MAX_ACTIVATION_DELAY) revert DelayTooLong(newDelay);
        emit ActivationDelaySet(_activationDelay, newDelay);
        _activationDelay = newDelay;
    }

    /// @dev Ends all upgrades, for good. Routing, pausing and emergency removal go on.
    function freeze() external onlyRole(DEFAULT_ADMIN_ROLE) whenNotFrozen {
        _dropPending();
        _frozen = true;
        emit Frozen();
    }

    /// @dev Stops routing, committing, applying and activating.
    function pause() external onlyRole(EMERGENCY_ROLE) {
        _pause();
    }

    /// @dev Ends a pause. Not for the emergency role: who can stop in a second must not be able to start.
    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

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

    /// @dev The whole state of the manifest.
    function manifest() external view returns (ManifestState memory) {
        return ManifestState({
            activeRoot: _activeRoot,
            pendingRoot: _pendingRoot,
            activeEpoch: _activeEpoch,
            committedAt: _committedAt,
            activationDelay: _activationDelay,
            manifestVersion: _manifestVersion,
            frozen: _frozen
        });
    }

    /// @dev The root in effect, zero before the first.
    function activeRoot() external view returns (bytes32) {
        return _activeRoot;
    }

    /// @dev The committed root, zero for none.
    function pendingRoot() external view returns (bytes32) {
        return _pendingRoot;
    }

    /// @dev How many roots have been activated.
    function activeEpoch() external view returns (uint64) {
        return _activeEpoch;
    }

    /// @dev The epoch that the next commit must name, whether or not one is pending.
    function pendingEpoch() external view returns (uint64) {
        return _activeEpoch + 1;
    }

    /// @dev When the pending root was committed, in seconds; zero for none.
    function pendingSince() external view returns (uint64) {
        return _committedAt;
    }

    /// @dev From when on the pending root may be activated, in seconds; zero for none.
    function activatableAt() external view returns (uint64) {
        return _activatableAt;
    }

    /// @dev The delay of commits to come, in seconds.
    function activationDelay() external view returns (uint64) {
        return _activationDelay;
    }

    /// @dev Whether upgrades have ended for good.
    function frozen() external view returns (bool) {
        return _frozen;
    }

    /// @dev How many accounts hold `DEFAULT_ADMIN_ROLE`; never zero.
    function adminCount() external view returns (uint256) {
        return _adminCount;
    }

    /// @dev The fingerprint by which an orchestrator knows this generation.
    function generation() external pure returns (bytes32) {
        return "gov.dispatcher.1";
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

    /// @inheritdoc AccessControl
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IDiamondLoupe).interfaceId || super.supportsInterface(interfaceId);
    }

    /**
     * @dev Whether `selector` is the dispatcher's own. Such a call never reaches the fallback, so a route for it would be one
     * that the loupe shows and nobody can take: it is refused, rather than shadowed.
     */
    function isReserved(bytes4 selector) public pure returns (bool) {
        return _isAct(selector) || _isManifestView(selector) || _isRoleOrLoupe(selector);
    }

    function _isAct(bytes4 s) private pure returns (bool) {
        return s == this.commitRoot.selector || s == this.applyRoutes.selector
            || s == this.activateCommittedRoot.selector || s == this.removeRoutes.selector
            || s == this.dropPendingRoot.selector || s == this.setActivationDelay.selector || s == this.freeze.selector
            || s == this.pause.selector || s == this.unpause.selector || s == this.settle.selector;
    }

    function _isManifestView(bytes4 s) private pure returns (bool) {
        return s == this.manifest.selector || s == this.routes.selector || s == this.stagedRoute.selector
            || s == this.stagedCount.selector || s == this.routeCount.selector || s == this.activeRoot.selector
            || s == this.pendingRoot.selector || s == this.activeEpoch.selector || s == this.pendingEpoch.selector
            || s == this.pendingSince.selector || s == this.activatableAt.selector || s == this.activationDelay.selector
            || s == this.frozen.selector || s == this.canActivate.selector || s == this.generation.selector
            || s == this.isReserved.selector || s == this.paused.selector || s == this.adminCount.selector
            || s == this.MAX_BATCH.selector || s == this.MAX_ACTIVATION_DELAY.selector;
    }

    function _isRoleOrLoupe(bytes4 s) private pure returns (bool) {
        return s == this.hasRole.selector || s == this.getRoleAdmin.selector || s == this.grantRole.selector
            || s == this.revokeRole.selector || s == this.renounceRole.selector || s == this.DEFAULT_ADMIN_ROLE.selector
            || s == this.COMMIT_ROLE.selector || s == this.APPLY_ROLE.selector || s == this.EMERGENCY_ROLE.selector
            || s == this.supportsInterface.selector || s == this.facets.selector
            || s == this.facetFunctionSelectors.selector || s == this.facetAddresses.selector
            || s == this.facetAddress.selector;
    }

    /// @dev Demands that the leaf is a removal, or names a facet that can be one and has this very code now.
    function _requireRoutable(bytes4 selector, address facet, bytes32 codehash) private view {
        if (isReserved(selector)) revert SelectorReserved(selector);
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

    /// @dev Puts the route on record as dormant. What an earlier commit staged is folded in first, or thrown away.
    function _stage(bytes4 selector, address facet, bytes32 codehash) private {
        _requireRoutable(selector, facet, codehash);
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
        emit RouteStaged(selector, facet, codehash);
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

    function _dropPending() private {
        if (_pendingCommit == 0) return;
        emit PendingRootDropped(_pendingRoot, _activeEpoch + 1);
        _clearPending();
    }

    function _clearPending() private {
        _pendingCommit = 0;
        _pendingRoot = bytes32(0);
        _committedAt = 0;
        _activatableAt = 0;
        _stagedCount = 0;
    }

    function _bumpVersion() private {
        uint64 old = _manifestVersion;
        _manifestVersion = old + 1;
        emit ManifestVersionUpdated(old, old + 1);
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

    /// @inheritdoc AccessControl
    function _grantRole(bytes32 role, address account) internal override returns (bool granted) {
        granted = super._grantRole(role, account);
        if (granted && role == DEFAULT_ADMIN_ROLE) ++_adminCount;
    }

    /// @inheritdoc AccessControl
    function _revokeRole(bytes32 role, address account) internal override returns (bool revoked) {
        revoked = super._revokeRole(role, account);
        if (revoked && role == DEFAULT_ADMIN_ROLE && --_adminCount == 0) revert LastAdmin();
    }
}
