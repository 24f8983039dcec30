// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {AdminOnly} from "./AdminOnly.sol";
import {FeeStorage} from "./FeeStorage.sol";

/**
 * @dev The fee, in basis points: 30 until it is set, and whatever the admin says after that. It has no cap.
 */
contract FeeFacetV1 is AdminOnly {
    /// @dev The fee changed.
    event FeeSet(uint256 oldFee, uint256 newFee);

    /// @dev Sets the fee. Only an admin of the dispatcher.
    function setFee(uint256 newFee) external onlyAdmin {
        emit FeeSet(FeeStorage.read(), newFee);
        FeeStorage.write(newFee);
    }

    /// @dev The fee in basis points.
    function fee() external view returns (uint256) {
        return FeeStorage.read();
    }
}
