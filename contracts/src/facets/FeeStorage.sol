// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

/**
 * @dev Where every version of the fee facet keeps its fee, in the storage of the dispatcher that runs it.
 */
library FeeStorage {
    /// @custom:storage-location erc7201:gov.facet.fee
    struct Layout {
        uint256 fee;
        bool isSet;
    }

    uint256 private constant INITIAL = 30;
    bytes32 private constant LOCATION = 0x20b34e32bc82ea53c278e59387e1b223d559ec45034e49e1ca3981486b8bce00;

    /// @dev The fee as stored, 30 if it never was.
    function read() internal view returns (uint256) {
        Layout storage kept = _kept();
        return kept.isSet ? kept.fee : INITIAL;
    }

    /// @dev Stores the fee.
    function write(uint256 newFee) internal {
        Layout storage kept = _kept();
        kept.fee = newFee;
        kept.isSet = true;
    }

    function _kept() private pure returns (Layout storage kept) {
        bytes32 location = LOCATION;
        assembly ("memory-safe") {
            kept.slot := location
        }
    }
}
