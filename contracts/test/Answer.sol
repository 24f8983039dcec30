// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

/**
 * @dev A facet that answers every selector with one number, its own. Small, so that tests can have many.
 */
contract Answer {
    uint256 private immutable _number;

    constructor(uint256 number) {
        _number = number;
    }

    fallback() external payable {
        uint256 answer = _number;
        assembly {
            mstore(0, answer)
            return(0, 32)
        }
    }
}
