// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IDiamondLoupe} from "../../src/interfaces/IDiamondLoupe.sol";
import {RouteProof} from "../../src/RouteProof.sol";
import {FieldGuard} from "./FieldGuard.sol";

/**
 * @dev A stand-in for the compact generation of the field's dispatcher, for tests only. It keeps that generation's ABI, events,
 * errors, storage order and FAULTS:
 *
 * - routes go live in `applyRoutes`; the activation delay delays only the bookkeeping root;
 * - a manifest cannot remove; `removeRoutes` can, but not while paused, and the route can be applied again at once;
 * - the emergency role pauses and unpauses, and the admin holds it too;
 * - the delay has no bound and changes under a pending root;
 * - the last admin may leave; a facet may overwrite slot 6 and so unfreeze.
 */
contract DispatcherCompactDouble is IDiamondLoupe, AccessControl, Pausable, FieldGuard {
    struct ManifestState {
        bytes32 activeRoot;
        bytes32 pendingRoot;
        uint64 activeEpoch;
        uint64 committedAt;
        uint64 activationDelay;
        uint64 manifestVersion;
        bool frozen;
    }

    struct Route {
        address facet;
        bytes32 codehash;
    }

    struct ManifestInfo {
        bytes32 hash;
        uint256 version;
        uint256 timestamp;
        uint256 selectorCount;
    }

    bytes32 public constant COMMIT_ROLE = keccak256("COMMIT_ROLE");
    bytes32 public constant APPLY_ROLE = keccak256("APPLY_ROLE");
    bytes32 public constant EMERGENCY_ROLE = keccak256("EMERGENCY_ROLE");

    ManifestState public manifest; // slots 3-6
    mapping(bytes4 selector => Route) private _routes; // 7
    mapping(bytes4 selector => bool) public registeredSelectors; // 8
    mapping(address facet => bytes4[]) public facetSelectors; // 9
    address[] private _facetAddresses; // 10
    uint256 public routeCount; // 11

    event RootCommitted(bytes32 indexed root, uint64 indexed epoch);
    event RootActivated(bytes32 indexed root, uint64 indexed epoch);
    event RouteAdded(bytes4 indexed selector, address indexed facet, bytes32 codehash);
    event RouteUpdated(bytes4 indexed selector, address indexed oldFacet, address indexed newFacet);
    event RouteRemoved(bytes4 indexed selector);
    event RoutesRemoved(bytes4[] selectors);
    event ActivationDelaySet(uint64 oldDelay, uint64 newDelay);
    event ManifestVersionUpdated(uint64 indexed oldVersion, uint64 indexed newVersion);
    event Frozen();

    error FrozenContract();
    error NoRoute();
    error CodehashMismatch();
    error RootZero();
    error BadEpoch();
    error NoPendingRoot();
    error ActivationNotReady(uint64 earliest, uint64 nowTs);
    error BatchTooLarge(uint256 n);
    error LenMismatch();
    error FacetIsSelf();
    error ZeroAddress();
    error ZeroCodeFacet(address facet);
    error CodeSizeExceeded(address facet, uint256 size);
    error FacetCodeMismatch(address facet, bytes32 expected, bytes32 actual);
    error DuplicateSelector(bytes4 selector);
    error InvalidProof();

    modifier whenNotFrozen() {
        if (manifest.frozen) revert FrozenContract();
        _;
    }

    constructor(address admin, uint64 activationDelay_) {
        if (admin == address(0)) revert ZeroAddress();
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(COMMIT_ROLE, admin);
        _grantRole(APPLY_ROLE, admin);
        _grantRole(EMERGENCY_ROLE, admin);
        manifest.activationDelay = activationDelay_;
        manifest.manifestVersion = 1;
    }

    receive() external payable {}

    fallback() external payable whenNotPaused {
        Route storage route = _routes[msg.sig];
        address facet = route.facet;
        if (facet == address(0)) revert NoRoute();
        if (facet.codehash != route.codehash) revert CodehashMismatch();
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), facet, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }

    function commitRoot(bytes32 newRoot, uint64 newEpoch) external onlyRole(COMMIT_ROLE) whenNotPaused whenNotFrozen {
        if (newRoot == bytes32(0)) revert RootZero();
        if (newEpoch != manifest.activeEpoch + 1) revert BadEpoch();
        manifest.pendingRoot = newRoot;
        manifest.committedAt = uint64(block.timestamp);
        emit RootCommitted(newRoot, newEpoch);
    }

    function applyRoutes(
        bytes4[] calldata selectors,
        address[] calldata facetAddrs,
        bytes32[] calldata codehashes,
        bytes32[][] calldata proofs,
        bool[][] calldata isRight
    ) external onlyRole(APPLY_ROLE) whenNotPaused nonReentrant whenNotFrozen {
        if (manifest.pendingRoot == bytes32(0)) revert NoPendingRoot();
        if (selectors.length == 0) return; // silently, whatever the other arrays hold
        if (
            selectors.length != facetAddrs.length || selectors.length != codehashes.length
                || selectors.length != proofs.length || selectors.length != isRight.length
        ) revert LenMismatch();
        if (selectors.length > 100) revert BatchTooLarge(selectors.length);
        _refuseDuplicates(selectors);
        for (uint256 i = 0; i < selectors.length; ++i) {
            _requireFacet(facetAddrs[i]);
            bytes32 leaf = RouteProof.leaf(selectors[i], facetAddrs[i], codehashes[i]);
            if (!RouteProof.verify(proofs[i], isRight[i], manifest.pendingRoot, leaf)) revert InvalidProof();
            _setRoute(selectors[i], facetAddrs[i], codehashes[i]);
        }
        _bumpVersion();
    }

    function activateCommittedRoot() external onlyRole(APPLY_ROLE) whenNotPaused whenNotFrozen {
        bytes32 pending = manifest.pendingRoot;
        if (pending == bytes32(0)) revert NoPendingRoot();
        uint64 earliest = manifest.committedAt + manifest.activationDelay; // overflows for a huge delay: Panic 0x11
        if (block.timestamp < earliest) revert ActivationNotReady(earliest, uint64(block.timestamp));
        manifest.activeRoot = pending;
        manifest.activeEpoch += 1;
        manifest.pendingRoot = bytes32(0);
        manifest.committedAt = 0;
        emit RootActivated(pending, manifest.activeEpoch);
        _bumpVersion();
    }

    function removeRoutes(bytes4[] calldata selectors) external onlyRole(EMERGENCY_ROLE) whenNotPaused {
        if (selectors.length > 100) revert BatchTooLarge(selectors.length);
        for (uint256 i = 0; i < selectors.length; ++i) {
            address facet = _routes[selectors[i]].facet;
            if (facet == address(0)) continue;
            delete _routes[selectors[i]];
            registeredSelectors[selectors[i]] = false;
            --routeCount;
            _detach(facet, selectors[i]);
            emit RouteRemoved(selectors[i]);
        }
        emit RoutesRemoved(selectors); // the input, even if nothing was removed
    }

    function setActivationDelay(uint64 newDelay) external onlyRole(DEFAULT_ADMIN_ROLE) whenNotFrozen {
        emit ActivationDelaySet(manifest.activationDelay, newDelay);
        manifest.activationDelay = newDelay;
    }

    function freeze() external onlyRole(DEFAULT_ADMIN_ROLE) whenNotFrozen {
        manifest.frozen = true;
        emit Frozen();
    }

    function pause() external onlyRole(EMERGENCY_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(EMERGENCY_ROLE) {
        _unpause();
    }

    function routes(bytes4 selector) external view returns (address facet, bytes32 codehash) {
        return (_routes[selector].facet, _routes[selector].codehash);
    }

    function pendingRoot() external view returns (bytes32) {
        return manifest.pendingRoot;
    }

    function pendingEpoch() external view returns (uint64) {
        return manifest.activeEpoch + 1;
    }

    function pendingSince() external view returns (uint64) {
        return manifest.committedAt;
    }

    function activeRoot() external view returns (bytes32) {
        return manifest.activeRoot;
    }

    function activeEpoch() external view returns (uint64) {
        return manifest.activeEpoch;
    }

    function activationDelay() external view returns (uint64) {
        return manifest.activationDelay;
    }

    function frozen() external view returns (bool) {
        return manifest.frozen;
    }

    function getManifestVersion() external view returns (uint64) {
        return manifest.manifestVersion;
    }

    function getRoute(bytes4 selector) external view returns (address) {
        return _routes[selector].facet;
    }

    function getRouteCount() external view returns (uint256) {
        return routeCount;
    }

    function verifyManifest(bytes32 manifestHash) external view returns (bool valid, bytes32 currentHash) {
        return (manifestHash == manifest.activeRoot, manifest.activeRoot);
    }

    /// @dev `timestamp` is the time of asking, not of committing.
    function getManifestInfo() external view returns (ManifestInfo memory) {
        return ManifestInfo(manifest.activeRoot, manifest.manifestVersion, block.timestamp, routeCount);
    }

    function facets() external view override returns (Facet[] memory facets_) {
        facets_ = new Facet[](_facetAddresses.length);
        for (uint256 i = 0; i < facets_.length; ++i) {
            facets_[i] = Facet(_facetAddresses[i], facetSelectors[_facetAddresses[i]]);
        }
    }

    function facetFunctionSelectors(address facet) external view override returns (bytes4[] memory) {
        return facetSelectors[facet];
    }

    function facetAddresses() external view override returns (address[] memory) {
        return _facetAddresses;
    }

    function facetAddress(bytes4 selector) external view override returns (address) {
        return _routes[selector].facet;
    }

    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IDiamondLoupe).interfaceId || super.supportsInterface(interfaceId);
    }

    function _refuseDuplicates(bytes4[] calldata selectors) private pure {
        for (uint256 i = 0; i < selectors.length; ++i) {
            for (uint256 j = i + 1; j < selectors.length; ++j) {
                if (selectors[i] == selectors[j]) revert DuplicateSelector(selectors[i]);
            }
        }
    }

    function _requireFacet(address facet) private view {
        if (facet == address(0)) revert ZeroAddress();
        if (facet == address(this)) revert FacetIsSelf();
        if (facet.code.length == 0) revert ZeroCodeFacet(facet);
        if (facet.code.length > 24_576) revert CodeSizeExceeded(facet, facet.code.length);
    }

    function _setRoute(bytes4 selector, address facet, bytes32 codehash) private {
        if (facet.codehash != codehash) revert FacetCodeMismatch(facet, codehash, facet.codehash);
        address old = _routes[selector].facet;
        _routes[selector] = Route(facet, codehash);
        if (old == address(0)) {
            registeredSelectors[selector] = true;
            ++routeCount;
            _attach(facet, selector);
            emit RouteAdded(selector, facet, codehash);
        } else if (old != facet) {
            _detach(old, selector);
            _attach(facet, selector);
            emit RouteUpdated(selector, old, facet);
        }
    }

    function _attach(address facet, bytes4 selector) private {
        if (facetSelectors[facet].length == 0) _facetAddresses.push(facet);
        facetSelectors[facet].push(selector);
    }

    function _detach(address facet, bytes4 selector) private {
        bytes4[] storage list = facetSelectors[facet];
        for (uint256 i = 0; i < list.length; ++i) {
            if (list[i] != selector) continue;
            list[i] = list[list.length - 1];
            list.pop();
            break;
        }
        if (list.length != 0) return;
        for (uint256 i = 0; i < _facetAddresses.length; ++i) {
            if (_facetAddresses[i] != facet) continue;
            _facetAddresses[i] = _facetAddresses[_facetAddresses.length - 1];
            _facetAddresses.pop();
            break;
        }
    }

    function _bumpVersion() private {
        uint64 old = manifest.manifestVersion;
        manifest.manifestVersion = old + 1;
        emit ManifestVersionUpdated(old, old + 1);
    }
}
