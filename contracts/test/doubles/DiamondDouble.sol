// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {IDiamondLoupe} from "../../src/interfaces/IDiamondLoupe.sol";

/**
 * @dev A plain EIP-2535 diamond with an ERC-173 owner, for tests only: it cuts, it answers the loupe, it cannot be paused, and a
 * cut is in effect at once. Its own functions are immutable: the loupe names the diamond itself as their facet.
 */
contract DiamondDouble is IDiamondLoupe {
    enum FacetCutAction {
        Add,
        Replace,
        Remove
    }

    struct FacetCut {
        address facetAddress;
        FacetCutAction action;
        bytes4[] functionSelectors;
    }

    address public owner;
    mapping(bytes4 selector => address) private _facetOf;
    bytes4[] private _selectors;

    event DiamondCut(FacetCut[] _diamondCut, address _init, bytes _calldata);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

    error CallerNotOwner(address caller);
    error FunctionMissing(bytes4 selector);
    error SelectorExists(bytes4 selector);
    error SelectorMissing(bytes4 selector);
    error SelectorImmutable(bytes4 selector);
    error FacetUnchanged(bytes4 selector);
    error FacetWithoutCode(address facet);
    error RemovalNamesFacet(address facet);
    error SelectorsEmpty();
    error InitializationFailed();

    modifier onlyOwner() {
        if (msg.sender != owner) revert CallerNotOwner(msg.sender);
        _;
    }

    constructor(address owner_) {
        owner = owner_;
        emit OwnershipTransferred(address(0), owner_);
        bytes4[8] memory own = [
            DiamondDouble.diamondCut.selector,
            IDiamondLoupe.facets.selector,
            IDiamondLoupe.facetFunctionSelectors.selector,
            IDiamondLoupe.facetAddresses.selector,
            IDiamondLoupe.facetAddress.selector,
            bytes4(0x8da5cb5b), /* owner() */
            DiamondDouble.transferOwnership.selector,
            DiamondDouble.supportsInterface.selector
        ];
        for (uint256 i = 0; i < own.length; ++i) {
            _facetOf[own[i]] = address(this);
            _selectors.push(own[i]);
        }
    }

    receive() external payable {}

    fallback() external payable {
        address facet = _facetOf[msg.sig];
        if (facet == address(0)) revert FunctionMissing(msg.sig);
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), facet, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }

    function diamondCut(FacetCut[] calldata cuts, address init, bytes calldata data) external onlyOwner {
        for (uint256 i = 0; i < cuts.length; ++i) {
            _cut(cuts[i]);
        }
        emit DiamondCut(cuts, init, data);
        if (init == address(0)) return;
        if (init.code.length == 0) revert FacetWithoutCode(init);
        (bool ok, bytes memory answer) = init.delegatecall(data);
        if (ok) return;
        if (answer.length == 0) revert InitializationFailed();
        assembly {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function transferOwnership(address newOwner) external onlyOwner {
        emit OwnershipTransferred(owner, newOwner);
        owner = newOwner;
    }

    function facets() external view override returns (Facet[] memory facets_) {
        address[] memory addresses = facetAddresses();
        facets_ = new Facet[](addresses.length);
        for (uint256 i = 0; i < addresses.length; ++i) {
            facets_[i] = Facet(addresses[i], facetFunctionSelectors(addresses[i]));
        }
    }

    function facetAddress(bytes4 selector) external view override returns (address) {
        return _facetOf[selector];
    }

    /// @dev ERC-165, `diamondCut`, the loupe and ERC-173.
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0x01ffc9a7 || id == 0x1f931c1c || id == 0x48e2b093 || id == 0x7f5828d0;
    }

    function facetFunctionSelectors(address facet) public view override returns (bytes4[] memory found) {
        found = new bytes4[](_selectors.length);
        uint256 n = 0;
        for (uint256 i = 0; i < _selectors.length; ++i) {
            if (_facetOf[_selectors[i]] == facet) found[n++] = _selectors[i];
        }
        assembly ("memory-safe") {
            mstore(found, n)
        }
    }

    function facetAddresses() public view override returns (address[] memory found) {
        found = new address[](_selectors.length);
        uint256 n = 0;
        for (uint256 i = 0; i < _selectors.length; ++i) {
            address facet = _facetOf[_selectors[i]];
            uint256 seen = 0;
            while (seen < n && found[seen] != facet) ++seen;
            if (seen == n) found[n++] = facet;
        }
        assembly ("memory-safe") {
            mstore(found, n)
        }
    }

    function _cut(FacetCut calldata cut) private {
        if (cut.functionSelectors.length == 0) revert SelectorsEmpty();
        bool removal = cut.action == FacetCutAction.Remove;
        if (removal && cut.facetAddress != address(0)) revert RemovalNamesFacet(cut.facetAddress);
        if (!removal && cut.facetAddress.code.length == 0) revert FacetWithoutCode(cut.facetAddress);
        for (uint256 i = 0; i < cut.functionSelectors.length; ++i) {
            bytes4 selector = cut.functionSelectors[i];
            if (_facetOf[selector] == address(this)) revert SelectorImmutable(selector);
            if (cut.action == FacetCutAction.Add) _add(selector, cut.facetAddress);
            else if (removal) _remove(selector);
            else _replace(selector, cut.facetAddress);
        }
    }

    function _add(bytes4 selector, address facet) private {
        if (_facetOf[selector] != address(0)) revert SelectorExists(selector);
        _facetOf[selector] = facet;
        _selectors.push(selector);
    }

    function _replace(bytes4 selector, address facet) private {
        if (_facetOf[selector] == address(0)) revert SelectorMissing(selector);
        if (_facetOf[selector] == facet) revert FacetUnchanged(selector);
        _facetOf[selector] = facet;
    }

    function _remove(bytes4 selector) private {
        if (_facetOf[selector] == address(0)) revert SelectorMissing(selector);
        delete _facetOf[selector];
        for (uint256 i = 0; i < _selectors.length; ++i) {
            if (_selectors[i] != selector) continue;
            _selectors[i] = _selectors[_selectors.length - 1];
            _selectors.pop();
            return;
        }
    }
}
