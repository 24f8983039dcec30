// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

/**
 * @dev A target whose every call fails, with the reason it was given, or with none.
 */
contract Reverter {
    /// @dev What it says when it fails.
    error AlwaysReverts(string reason);

    string public reason;

    constructor(string memory reason_) {
        reason = reason_;
    }

    receive() external payable {
        _fail();
    }

    fallback() external payable {
        _fail();
    }

    function _fail() private view {
        if (bytes(reason).length == 0) {
            assembly {
                revert(0, 0)
            }
        }
        revert AlwaysReverts(reason);
    }
}

/**
 * @dev A target that accepts every call and changes nothing: what a post-condition must notice.
 */
contract Sink {
    receive() external payable {}

    fallback() external payable {}
}

/**
 * @dev A target that, when called, calls back into what it was told to (a timelock, say) and reports how that went.
 */
contract HostileReceiver {
    /// @dev What to do when called.
    address public target;
    bytes public payload;

    /// @dev How the call back went.
    event CalledBack(bool success, bytes answer);

    /// @dev Sets what to do when called.
    function arm(address target_, bytes calldata payload_) external {
        target = target_;
        payload = payload_;
    }

    receive() external payable {
        _strike();
    }

    fallback() external payable {
        _strike();
    }

    function _strike() private {
        (bool success, bytes memory answer) = target.call(payload);
        emit CalledBack(success, answer);
    }
}

/**
 * @dev A target with a state worth governing: one number, and who last set it.
 */
contract Box {
    uint256 public value;
    address public setter;

    /// @dev The number changed.
    event ValueSet(uint256 value, address indexed setter);

    /// @dev The number would be one that the box does not take.
    error ValueForbidden(uint256 value);

    /// @dev Stores `newValue`; refuses 13.
    function set(uint256 newValue) external payable {
        if (newValue == 13) revert ValueForbidden(newValue);
        value = newValue;
        setter = msg.sender;
        emit ValueSet(newValue, msg.sender);
    }
}
