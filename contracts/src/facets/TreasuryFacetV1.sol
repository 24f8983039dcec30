// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {AdminOnly} from "./AdminOnly.sol";

/**
 * @dev Who receives what the system earns: one address, named by the admin, and never zero once named.
 */
contract TreasuryFacetV1 is AdminOnly {
    /// @custom:storage-location erc7201:gov.facet.treasury
    struct Layout {
        address treasury;
        uint64 since;
    }

    bytes32 private constant LOCATION = 0xec312d68a12eb7dea52897dabb546c058a11a871a44f345a4c84da8bba44fc00;

    /// @dev Earnings go to `newTreasury` from here on.
    event TreasurySet(address indexed oldTreasury, address indexed newTreasury);

    /// @dev Earnings cannot go to nobody.
    error TreasuryZero();

    /// @dev Names the treasury. Only an admin of the dispatcher.
    function setTreasury(address newTreasury) external onlyAdmin {
        if (newTreasury == address(0)) revert TreasuryZero();
        Layout storage kept = _kept();
        emit TreasurySet(kept.treasury, newTreasury);
        kept.treasury = newTreasury;
        kept.since = uint64(block.timestamp);
    }

    /// @dev Who receives, zero if never named.
    function treasury() external view returns (address) {
        return _kept().treasury;
    }

    /// @dev Since when, in seconds; zero if never named.
    function treasurySince() external view returns (uint64) {
        return _kept().since;
    }

    function _kept() private pure returns (Layout storage kept) {
        bytes32 location = LOCATION;
        assembly ("memory-safe") {
            kept.slot := location
        }
    }
}
