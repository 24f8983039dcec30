// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

/**
 * @dev A reentrancy guard with its flag in an ordinary slot, where the field's dispatchers have theirs (slot 2).
 */
abstract contract FieldGuard {
    uint256 private _status = 1;

    error ReentrancyGuardReentrantCall();

    modifier nonReentrant() {
        if (_status == 2) revert ReentrancyGuardReentrantCall();
        _status = 2;
        _;
        _status = 1;
    }
}
