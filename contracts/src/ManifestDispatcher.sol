// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IDiamondLoupe} from "./interfaces/IDiamondLoupe.sol";
import {RouteProof} from "./RouteProof.sol";
import {RouteTable} from "./RouteTable.sol";

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
 * STORAGE. Facets run by delegatecall in this contract's storage. All of it, the roles and the pause included, begins at the
 * ERC-7201 location of "gov.dispatcher", so a facet with variables at slot 0, 1, 2 … overwrites nothing of ours. That stops accidents, not malice:
 * a hostile facet can write any slot. Review of facets stays the gate.
 *
 * REENTRANCY. No act here calls out, so none is guarded; only the fallback does, and facets may call back.
 */
contract ManifestDispatcher layout at 0xbb5fb06c26ef7a49a5f7f5ddb2856e6206654d01a65f1f7d463646841ef03b00
    is
    AccessControl,
    Pausable,
    RouteTable
{
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

    bool private _frozen;
    uint64 private _activeEpoch;

    uint64 private _committedAt;
    uint64 private _activatableAt;
    uint64 private _activationDelay;
    uint64 private _manifestVersion;

    bytes32 private _activeRoot;
    bytes32 private _pendingRoot;
    uint256 private _adminCount;

    /// @dev `root` may be applied, and activated once the delay has passed.
    event RootCommitted(bytes32 indexed root, uint64 indexed epoch);

    /// @dev Every route staged for `root` is in effect from here on.
    event RootActivated(bytes32 indexed root, uint64 indexed epoch);

    /// @dev `root` will never be activated by its commit; the routes staged for it are dead.
    event PendingRootDropped(bytes32 indexed root, uint64 indexed epoch);

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
        (address facet, bytes32 codehash) = _routeOf(msg.sig);
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
        _openCommit();
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
        if (!_hasPendingCommit()) revert NoPendingRoot();
        if (
            selectors.length != facetAddrs.length || selectors.length != codehashes.length
                || selectors.length != proofs.length || selectors.length != isRight.length
        ) revert LenMismatch();
        if (selectors.length > MAX_BATCH) revert BatchTooLarge(selectors.length);
        for (uint256 i = 0; i < selectors.length; ++i) {
            bytes32 leaf = RouteProof.leaf(selectors[i], facetAddrs[i], codehashes[i]);
            if (!RouteProof.verify(proofs[i], isRight[i], _pendingRoot, leaf)) revert InvalidProof();
            if (isReserved(selectors[i])) revert SelectorReserved(selectors[i]);
            _stage(selectors[i], facetAddrs[i], codehashes[i]);
        }
    }

    /// @dev Turns on every route staged for the pending root, at once.
    function activateCommittedRoot() external onlyRole(APPLY_ROLE) whenNotPaused whenNotFrozen {
        if (!_hasPendingCommit()) revert NoPendingRoot();
        uint64 earliest = _activatableAt;
        if (block.timestamp < earliest) revert ActivationNotReady(earliest, uint64(block.timestamp));
        bytes32 root = _pendingRoot;
        uint64 epoch = ++_activeEpoch;
        _activeRoot = root;
        _clearPending(true);
        emit RootActivated(root, epoch);
        _bumpVersion();
    }

    /// @dev Whether {activateCommittedRoot} by an account that may would go through now.
    function canActivate() external view returns (bool) {
        return _hasPendingCommit() && !paused() && !_frozen && block.timestamp >= _activatableAt;
    }

    /// @dev Removes routes at once, paused or frozen or not, and drops the pending root. Unknown selectors are passed over.
    function removeRoutes(bytes4[] calldata selectors) external onlyRole(EMERGENCY_ROLE) {
        if (selectors.length > MAX_BATCH) revert BatchTooLarge(selectors.length);
        bool changed = false;
        for (uint256 i = 0; i < selectors.length; ++i) {
            if (_remove(selectors[i])) changed = true;
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

    function _dropPending() private {
        if (!_hasPendingCommit()) return;
        emit PendingRootDropped(_pendingRoot, _activeEpoch + 1);
        _clearPending(false);
    }

    function _clearPending(bool activate) private {
        _closeCommit(activate);
        _pendingRoot = bytes32(0);
        _committedAt = 0;
        _activatableAt = 0;
    }

    function _bumpVersion() private {
        uint64 old = _manifestVersion;
        _manifestVersion = old + 1;
        emit ManifestVersionUpdated(old, old + 1);
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
