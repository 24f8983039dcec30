// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {DispatcherCompactDouble} from "./DispatcherCompactDouble.sol";

/**
 * @dev A stand-in for the Phase-4 generation: the compact one plus `facetsEx(bool)`, by which it is told apart.
 */
contract DispatcherP4Double is DispatcherCompactDouble {
    constructor(address admin, uint64 activationDelay_) DispatcherCompactDouble(admin, activationDelay_) {}

    /// @dev The facets in use. The flag, which asks for unsafe ones too, changes nothing here.
    function facetsEx(bool) external view returns (Facet[] memory) {
        return this.facets();
    }
}
