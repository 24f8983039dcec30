// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {AdminOnly} from "./AdminOnly.sol";
import {FeeStorage} from "./FeeStorage.sol";

/**
 * @dev The fee, in basis points, with a cap of 5 %. It takes over the value that version 1 stored; one that is above the cap
 * counts as the cap from the first block on.
 */
contract FeeFacetV2 is AdminOnly {
    uint256 private constant CAP = 500;

    /// @dev The fee changed.
    event FeeSet(uint256 oldFee, uint256 newFee);

    /// @dev The fee asked for is above the cap.
    error FeeAboveCap(uint256 fee, uint256 cap);

    /// @dev Sets the fee. Only an admin of the dispatcher, and never above {maxFee}.
    function setFee(uint256 newFee) external onlyAdmin {
        if (newFee > CAP) revert FeeAboveCap(newFee, CAP);
        emit FeeSet(_fee(), newFee);
        FeeStorage.write(newFee);
    }

    /// @dev The fee in basis points.
    function fee() external view returns (uint256) {
        return _fee();
    }

    /// @dev The largest fee, in basis points.
    function maxFee() external pure returns (uint256) {
        return CAP;
    }

    function _fee() private view returns (uint256) {
        uint256 stored = FeeStorage.read();
        return stored > CAP ? CAP : stored;
    }
}
