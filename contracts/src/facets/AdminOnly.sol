// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

/**
 * @dev For facets: asks the dispatcher that runs the facet whether the caller is its admin. Called directly, and not through a
 * dispatcher, a facet has nobody to ask and so refuses everyone.
 */
abstract contract AdminOnly {
    /// @dev `caller` does not hold `DEFAULT_ADMIN_ROLE` on the dispatcher.
    error CallerNotAdmin(address caller);

    modifier onlyAdmin() {
        if (!IAccessControl(address(this)).hasRole(0x00, msg.sender)) revert CallerNotAdmin(msg.sender);
        _;
    }
}
