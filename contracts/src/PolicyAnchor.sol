// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

/**
 * @dev Which policy is in force: the digest that proposals are judged by, and where its text was published.
 *
 *   ┌─────────────┐  timelock: setPolicy(digest, uri)   ┌─────────────┐
 *   │ policy n    │ ──────────────────────────────────> │ policy n+1  │
 *   └─────────────┘                                     └─────────────┘
 *
 * Only the timelock named at birth may move it, so that a change of policy waits as long as any other change and is judged by
 * the policy it replaces. The contract never reads the uri and never checks that it yields the digest: readers do.
 */
contract PolicyAnchor {
    /// @dev The only caller that may set a policy.
    address public immutable timelock;

    /// @dev keccak256 of the canonical bytes of the policy in force; never zero.
    bytes32 public digest;

    /// @dev Where the text was published; a convenience, not a proof.
    string public uri;

    /// @dev `digest` is in force from here on, instead of `previous` (zero at birth).
    event PolicyAnchored(bytes32 indexed digest, bytes32 indexed previous, string uri);

    /// @dev `caller` is not the timelock.
    error CallerNotTimelock(address caller);

    /// @dev A digest of zero would read as "no policy".
    error DigestZero();

    /// @dev A timelock of zero would make the first policy the last.
    error TimelockZero();

    constructor(address timelock_, bytes32 digest_, string memory uri_) {
        if (timelock_ == address(0)) revert TimelockZero();
        timelock = timelock_;
        _anchor(digest_, uri_);
    }

    /// @dev Puts the policy with this digest in force. Only the timelock.
    function setPolicy(bytes32 digest_, string calldata uri_) external {
        if (msg.sender != timelock) revert CallerNotTimelock(msg.sender);
        _anchor(digest_, uri_);
    }

    function _anchor(bytes32 digest_, string memory uri_) private {
        if (digest_ == bytes32(0)) revert DigestZero();
        bytes32 previous = digest;
        digest = digest_;
        uri = uri_;
        emit PolicyAnchored(digest_, previous, uri_);
    }
}
