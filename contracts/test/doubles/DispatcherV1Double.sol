// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IDiamondLoupe} from "../../src/interfaces/IDiamondLoupe.sol";
import {RouteProof} from "../../src/RouteProof.sol";
import {FieldGuard} from "./FieldGuard.sol";

/**
 * @dev A stand-in for generation v1 of the field's dispatcher, for tests only, with its ABI, events, errors, storage order and
 * FAULTS: those of the compact generation, and
 *
 * - governance cannot pause, only the guardian can; the guardian can never be replaced for `guardianPause`;
 * - a queued rotation of governance can be executed by anyone and cancelled by no one;
 * - `applyRoutes` does not compare the lengths of proofs (Panic 0x32) and bumps the version even for nothing;
 * - `updateManifest` needs no proof, no delay and no epoch, and files every entry under selector zero.
 */
contract DispatcherV1Double is IDiamondLoupe, AccessControl, Pausable, FieldGuard {
    struct ManifestState {
        bytes32 activeRoot;
        bytes32 committedRoot;
        uint64 activeEpoch;
        uint64 committedAt;
        uint64 manifestVersion;
        uint64 minDelay;
        bool frozen;
    }

    struct GovernanceState {
        address governance;
        address guardian;
        address pendingGov;
        uint64 etaGov;
    }

    struct Route {
        address facet;
        bytes32 codehash;
    }

    struct ManifestInfo {
        bytes32 hash;
        uint64 version;
        uint256 timestamp;
        uint256 selectorCount;
    }

    bytes32 public constant COMMIT_ROLE = keccak256("COMMIT_ROLE");
    bytes32 public constant APPLY_ROLE = keccak256("APPLY_ROLE");
    bytes32 public constant EMERGENCY_ROLE = keccak256("EMERGENCY_ROLE");
    bytes32 public constant EXECUTOR_ROLE = keccak256("EXECUTOR_ROLE");
    uint256 public constant MAX_MANIFEST_SIZE = 24_000;
    uint256 public constant ENTRY_SIZE = 24;
    uint256 public constant MAX_BATCH_SIZE = 100;
    uint256 public constant MIN_DELAY = 1 hours; // never enforced
    uint256 public constant MAX_DELAY = 30 days;

    uint256 public maxReturnDataSize = 32_768; // slot 3
    ManifestState public manifestState; // 4-7
    GovernanceState public govState; // 8-10
    mapping(bytes4 selector => Route) private _routes; // 11
    mapping(bytes4 selector => bool) public registeredSelectors; // 12
    mapping(address facet => bytes4[]) public facetSelectors; // 13
    address[] public facetAddressList; // 14
    uint256 public routeCount; // 15

    event RootCommitted(bytes32 indexed root, uint64 indexed epoch);
    event RootActivated(bytes32 indexed root, uint64 indexed epoch);
    event RootUpdated(bytes32 indexed manifestHash, uint256 routeCount);
    event RouteAdded(bytes4 indexed selector, address indexed facet, bytes32 codehash);
    event RouteUpdated(bytes4 indexed selector, address indexed oldFacet, address indexed newFacet);
    event RouteRemoved(bytes4 indexed selector, address indexed oldFacet);
    event ActivationDelaySet(uint64 oldDelay, uint64 newDelay);
    event ManifestVersionUpdated(uint64 indexed oldVersion, uint64 indexed newVersion);
    event ManifestApplied(bytes32 indexed manifestHash, uint256 routeCount);
    event GovernanceRotationQueued(address indexed newGov, uint64 eta);
    event GovernanceRotated(address indexed oldGov, address indexed newGov);
    event GuardianAction(address indexed guardian, string action, uint64 timestamp);
    event ReturnDataSizeUpdated(uint256 oldSize, uint256 newSize);
    event Frozen();

    error FrozenError();
    error NoRoute();
    error CodehashMismatch();
    error InvalidSelector();
    error DuplicateSelector(bytes4 selector);
    error BatchTooLarge(uint256 size);
    error Unauthorized(address caller);
    error InvalidDelay(uint256 delay);
    error RotationNotReady(uint64 eta, uint64 current);
    error AlreadyPending();
    error FacetCodeMismatch(address facet, bytes32 expected, bytes32 actual);
    error ReturnDataTooLarge(uint256 size);
    error CodeSizeExceeded(address facet, uint256 size);
    error ZeroCodeFacet(address facet);
    error InvalidManifestFormat();
    error ManifestTooLarge(uint256 size);
    error RootZero();
    error BadEpoch();
    error NoPendingRoot();
    error ActivationNotReady(uint64 earliestActivation, uint64 currentTime);
    error LenMismatch();
    error FacetIsSelf();
    error ZeroAddress();
    error InvalidProof();

    modifier whenNotFrozen() {
        if (manifestState.frozen) revert FrozenError();
        _;
    }

    constructor(address governance, address guardian, uint256 minDelay) {
        if (governance == address(0) || guardian == address(0)) revert ZeroAddress();
        if (minDelay > MAX_DELAY) revert InvalidDelay(minDelay);
        govState.governance = governance;
        govState.guardian = guardian;
        manifestState.manifestVersion = 1;
        manifestState.minDelay = uint64(minDelay);
        _grantGovernance(governance);
        _grantRole(EMERGENCY_ROLE, guardian);
    }

    receive() external payable {}

    fallback() external payable whenNotPaused {
        address facet = _facetFor(msg.sig);
        (bool ok, bytes memory answer) = facet.delegatecall(msg.data);
        if (answer.length > maxReturnDataSize) revert ReturnDataTooLarge(answer.length);
        assembly {
            if iszero(ok) { revert(add(answer, 0x20), mload(answer)) }
            return(add(answer, 0x20), mload(answer))
        }
    }

    function routeCall(bytes calldata data) external payable whenNotPaused nonReentrant returns (bytes memory answer) {
        if (data.length < 4) revert InvalidSelector();
        bool ok;
        (ok, answer) = _facetFor(bytes4(data[:4])).delegatecall(data);
        if (answer.length > maxReturnDataSize) revert ReturnDataTooLarge(answer.length);
        if (!ok) {
            assembly {
                revert(add(answer, 0x20), mload(answer))
            }
        }
    }

    function commitRoot(bytes32 newRoot, uint64 newEpoch) external onlyRole(COMMIT_ROLE) whenNotPaused whenNotFrozen {
        if (newRoot == bytes32(0)) revert RootZero();
        if (newEpoch != manifestState.activeEpoch + 1) revert BadEpoch();
        manifestState.committedRoot = newRoot;
        manifestState.committedAt = uint64(block.timestamp);
        emit RootCommitted(newRoot, newEpoch);
    }

    function applyRoutes(
        bytes4[] calldata selectors,
        address[] calldata facetList,
        bytes32[] calldata codehashes,
        bytes32[][] calldata proofs,
        bool[][] calldata isRight
    ) external onlyRole(APPLY_ROLE) whenNotPaused nonReentrant whenNotFrozen {
        if (manifestState.committedRoot == bytes32(0)) revert NoPendingRoot();
        if (selectors.length != facetList.length || facetList.length != codehashes.length) revert LenMismatch();
        if (selectors.length > MAX_BATCH_SIZE) revert BatchTooLarge(selectors.length);
        _refuseDuplicates(selectors);
        for (uint256 i = 0; i < selectors.length; ++i) {
            bytes32 leaf = RouteProof.leaf(selectors[i], facetList[i], codehashes[i]);
            if (!RouteProof.verify(proofs[i], isRight[i], manifestState.committedRoot, leaf)) revert InvalidProof();
            _setRoute(selectors[i], facetList[i], codehashes[i]);
        }
        _bumpVersion();
    }

    function activateCommittedRoot() external onlyRole(APPLY_ROLE) whenNotPaused whenNotFrozen {
        bytes32 committed = manifestState.committedRoot;
        if (committed == bytes32(0)) revert NoPendingRoot();
        uint64 earliest = manifestState.committedAt + manifestState.minDelay;
        if (block.timestamp < earliest) revert ActivationNotReady(earliest, uint64(block.timestamp));
        manifestState.activeRoot = committed;
        manifestState.activeEpoch += 1;
        manifestState.committedRoot = bytes32(0);
        manifestState.committedAt = 0;
        emit RootActivated(committed, manifestState.activeEpoch);
        _bumpVersion();
    }

    /// @dev `manifestData` is entries of selector[4] ‖ facet[20]; every one lands under selector zero.
    function updateManifest(bytes32 manifestHash, bytes calldata manifestData)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
        whenNotPaused
        nonReentrant
        whenNotFrozen
    {
        if (manifestData.length > MAX_MANIFEST_SIZE) {
            revert ManifestTooLarge(manifestData.length);
        }
        if (manifestData.length % ENTRY_SIZE != 0) revert InvalidManifestFormat();
        uint256 entries = manifestData.length / ENTRY_SIZE;
        if (entries > MAX_BATCH_SIZE) revert BatchTooLarge(entries);
        for (uint256 i = 0; i < entries; ++i) {
            address facet = address(bytes20(manifestData[i * ENTRY_SIZE + 4:(i + 1) * ENTRY_SIZE]));
            _setRoute(bytes4(0), facet, facet.codehash);
        }
        manifestState.activeRoot = manifestHash;
        emit RootUpdated(manifestHash, entries);
        emit ManifestApplied(manifestHash, entries);
        _bumpVersion();
    }

    function removeRoutes(bytes4[] calldata selectors) external onlyRole(EMERGENCY_ROLE) whenNotPaused {
        if (selectors.length > MAX_BATCH_SIZE) revert BatchTooLarge(selectors.length);
        for (uint256 i = 0; i < selectors.length; ++i) {
            address facet = _routes[selectors[i]].facet;
            if (facet == address(0)) continue;
            delete _routes[selectors[i]];
            registeredSelectors[selectors[i]] = false;
            --routeCount;
            _detach(facet, selectors[i]);
            emit RouteRemoved(selectors[i], facet);
        }
    }

    function setActivationDelay(uint64 newDelay) external onlyRole(DEFAULT_ADMIN_ROLE) whenNotFrozen {
        if (newDelay > MAX_DELAY) revert InvalidDelay(newDelay);
        emit ActivationDelaySet(manifestState.minDelay, newDelay);
        manifestState.minDelay = newDelay;
    }

    function setMaxReturnDataSize(uint256 newSize) external onlyRole(DEFAULT_ADMIN_ROLE) whenNotFrozen {
        if (newSize == 0 || newSize > 1_000_000) revert InvalidDelay(newSize);
        emit ReturnDataSizeUpdated(maxReturnDataSize, newSize);
        maxReturnDataSize = newSize;
    }

    function freeze() external onlyRole(DEFAULT_ADMIN_ROLE) whenNotFrozen {
        manifestState.frozen = true;
        emit Frozen();
    }

    function pause() external onlyRole(EMERGENCY_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(EMERGENCY_ROLE) {
        _unpause();
    }

    function guardianPause() external {
        if (msg.sender != govState.guardian) revert Unauthorized(msg.sender);
        _pause();
        emit GuardianAction(msg.sender, "pause", uint64(block.timestamp));
    }

    function queueRotateGovernance(address newGov) external {
        if (msg.sender != govState.governance) revert Unauthorized(msg.sender);
        if (newGov == address(0)) revert ZeroAddress();
        if (govState.pendingGov != address(0)) revert AlreadyPending();
        govState.pendingGov = newGov;
        govState.etaGov = uint64(block.timestamp) + manifestState.minDelay;
        emit GovernanceRotationQueued(newGov, govState.etaGov);
    }

    function executeRotateGovernance() external {
        address newGov = govState.pendingGov;
        if (newGov == address(0)) revert Unauthorized(msg.sender);
        if (block.timestamp < govState.etaGov) revert RotationNotReady(govState.etaGov, uint64(block.timestamp));
        address oldGov = govState.governance;
        govState.governance = newGov;
        _revokeRole(DEFAULT_ADMIN_ROLE, oldGov);
        _revokeRole(COMMIT_ROLE, oldGov);
        _revokeRole(APPLY_ROLE, oldGov);
        _revokeRole(EXECUTOR_ROLE, oldGov);
        _grantGovernance(newGov);
        govState.pendingGov = address(0);
        govState.etaGov = 0;
        emit GovernanceRotated(oldGov, newGov);
    }

    function routes(bytes4 selector) external view returns (address facet, bytes32 codehash) {
        return (_routes[selector].facet, _routes[selector].codehash);
    }

    function pendingRoot() external view returns (bytes32) {
        return manifestState.committedRoot;
    }

    function pendingEpoch() external view returns (uint64) {
        return manifestState.activeEpoch + 1;
    }

    function pendingSince() external view returns (uint64) {
        return manifestState.committedAt;
    }

    function activeRoot() external view returns (bytes32) {
        return manifestState.activeRoot;
    }

    function activeEpoch() external view returns (uint64) {
        return manifestState.activeEpoch;
    }

    function activationDelay() external view returns (uint64) {
        return manifestState.minDelay;
    }

    function frozen() external view returns (bool) {
        return manifestState.frozen;
    }

    function getManifestVersion() external view returns (uint64) {
        return manifestState.manifestVersion;
    }

    function getRoute(bytes4 selector) external view returns (address) {
        return _routes[selector].facet;
    }

    function getRouteCount() external view returns (uint256) {
        return routeCount;
    }

    function verifyManifest(bytes32 manifestHash) external view returns (bool valid, bytes32 currentHash) {
        return (manifestHash == manifestState.activeRoot, manifestState.activeRoot);
    }

    /// @dev `timestamp` is the time of asking, not of committing.
    function getManifestInfo() external view returns (ManifestInfo memory) {
        return ManifestInfo(manifestState.activeRoot, manifestState.manifestVersion, block.timestamp, routeCount);
    }

    function facets() external view override returns (Facet[] memory facets_) {
        facets_ = new Facet[](facetAddressList.length);
        for (uint256 i = 0; i < facets_.length; ++i) {
            facets_[i] = Facet(facetAddressList[i], facetSelectors[facetAddressList[i]]);
        }
    }

    function facetFunctionSelectors(address facet) external view override returns (bytes4[] memory) {
        return facetSelectors[facet];
    }

    function facetAddresses() external view override returns (address[] memory) {
        return facetAddressList;
    }

    function facetAddress(bytes4 selector) external view override returns (address) {
        return _routes[selector].facet;
    }

    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IDiamondLoupe).interfaceId || super.supportsInterface(interfaceId);
    }

    function _grantGovernance(address account) private {
        _grantRole(DEFAULT_ADMIN_ROLE, account);
        _grantRole(COMMIT_ROLE, account);
        _grantRole(APPLY_ROLE, account);
        _grantRole(EXECUTOR_ROLE, account);
    }

    function _facetFor(bytes4 selector) private view returns (address facet) {
        facet = _routes[selector].facet;
        if (facet == address(0)) revert NoRoute();
        if (facet.codehash != _routes[selector].codehash) revert CodehashMismatch();
    }

    function _refuseDuplicates(bytes4[] calldata selectors) private pure {
        for (uint256 i = 0; i < selectors.length; ++i) {
            for (uint256 j = i + 1; j < selectors.length; ++j) {
                if (selectors[i] == selectors[j]) revert DuplicateSelector(selectors[i]);
            }
        }
    }

    function _setRoute(bytes4 selector, address facet, bytes32 codehash) private {
        if (facet == address(0)) revert ZeroAddress();
        if (facet == address(this)) revert FacetIsSelf();
        if (facet.code.length == 0) revert ZeroCodeFacet(facet);
        if (facet.code.length > 24_576) revert CodeSizeExceeded(facet, facet.code.length);
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
        if (facetSelectors[facet].length == 0) facetAddressList.push(facet);
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
        for (uint256 i = 0; i < facetAddressList.length; ++i) {
            if (facetAddressList[i] != facet) continue;
            facetAddressList[i] = facetAddressList[facetAddressList.length - 1];
            facetAddressList.pop();
            break;
        }
    }

    function _bumpVersion() private {
        uint64 old = manifestState.manifestVersion;
        manifestState.manifestVersion = old + 1;
        emit ManifestVersionUpdated(old, old + 1);
    }
}
