// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

/**
 * @dev The four questions of EIP-2535. Its ERC-165 identifier is `0x48e2b093`.
 */
interface IDiamondLoupe {
    /// @dev One facet with the selectors that reach it.
    struct Facet {
        address facetAddress;
        bytes4[] functionSelectors;
    }

    /// @dev Every facet in use, each with its selectors.
    function facets() external view returns (Facet[] memory facets_);

    /// @dev The selectors that reach `facet`.
    function facetFunctionSelectors(address facet) external view returns (bytes4[] memory selectors);

    /// @dev Every facet in use.
    function facetAddresses() external view returns (address[] memory addresses);

    /// @dev The facet that `selector` reaches, zero for none.
    function facetAddress(bytes4 selector) external view returns (address facet);
}
