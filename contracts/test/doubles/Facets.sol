// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {AdminOnly} from "../../src/facets/AdminOnly.sol";

// Facets, each with one fault that an inspection must find by its name, or, where it says so, with none. Never route them.

/**
 * @dev No fault of its own: `burn(uint256)` has the selector 0x42966c68.
 */
contract BurnFacet {
    /// @dev What it would burn.
    function burn(uint256 amount) external pure returns (uint256) {
        return amount;
    }
}

/**
 * @dev Its function has the selector of `burn(uint256)` under another name.
 */
contract ClashingFacet {
    /// @dev Answers its argument.
    function collate_propagate_storage(bytes16 word) external pure returns (bytes16) {
        return word;
    }
}

/**
 * @dev A function that the deployed dispatchers answer themselves.
 */
contract ShadowedFacet {
    /// @dev Never reached through a dispatcher.
    function getRouteCount() external pure returns (uint256) {
        return 1;
    }
}

/**
 * @dev The fee facet with a field put before the fee: what was the fee is taken for a receiver.
 */
contract ShiftedFeeFacet is AdminOnly {
    /// @custom:storage-location erc7201:gov.facet.fee
    struct Layout {
        address receiver;
        uint256 fee;
        bool isSet;
    }

    bytes32 private constant LOCATION = 0x20b34e32bc82ea53c278e59387e1b223d559ec45034e49e1ca3981486b8bce00;

    /// @dev Sets the fee. Only an admin of the dispatcher.
    function setFee(uint256 newFee) external onlyAdmin {
        Layout storage kept = _kept();
        kept.fee = newFee;
        kept.isSet = true;
    }

    /// @dev The fee in basis points.
    function fee() external view returns (uint256) {
        return _kept().fee;
    }

    function _kept() private pure returns (Layout storage kept) {
        bytes32 location = LOCATION;
        assembly ("memory-safe") {
            kept.slot := location
        }
    }
}

/**
 * @dev No fault: the fee facet with one more field behind the others.
 */
contract ExtendedFeeFacet is AdminOnly {
    /// @custom:storage-location erc7201:gov.facet.fee
    struct Layout {
        uint256 fee;
        bool isSet;
        uint64 since;
    }

    bytes32 private constant LOCATION = 0x20b34e32bc82ea53c278e59387e1b223d559ec45034e49e1ca3981486b8bce00;

    /// @dev Sets the fee. Only an admin of the dispatcher.
    function setFee(uint256 newFee) external onlyAdmin {
        Layout storage kept = _kept();
        kept.fee = newFee;
        kept.isSet = true;
        kept.since = uint64(block.timestamp);
    }

    /// @dev The fee in basis points.
    function fee() external view returns (uint256) {
        Layout storage kept = _kept();
        return kept.isSet ? kept.fee : 30;
    }

    function _kept() private pure returns (Layout storage kept) {
        bytes32 location = LOCATION;
        assembly ("memory-safe") {
            kept.slot := location
        }
    }
}

/**
 * @dev Another facet altogether, in the namespace of the fee.
 */
contract RivalFacet is AdminOnly {
    struct Rate {
        uint128 top;
        uint128 bottom;
    }

    /// @custom:storage-location erc7201:gov.facet.fee
    struct Layout {
        mapping(address => Rate) rates;
        Rate usual;
    }

    bytes32 private constant LOCATION = 0x20b34e32bc82ea53c278e59387e1b223d559ec45034e49e1ca3981486b8bce00;

    /// @dev Sets the usual rate. Only an admin of the dispatcher.
    function setRate(uint128 top) external onlyAdmin {
        _kept().usual.top = top;
    }

    /// @dev The rate of an account.
    function rate(address account) external view returns (uint128) {
        return _kept().rates[account].top;
    }

    function _kept() private pure returns (Layout storage kept) {
        bytes32 location = LOCATION;
        assembly ("memory-safe") {
            kept.slot := location
        }
    }
}

/**
 * @dev Says one namespace and writes at the location of another.
 */
contract MisplacedFacet is AdminOnly {
    /// @custom:storage-location erc7201:gov.facet.misplaced
    struct Layout {
        uint256 number;
    }

    bytes32 private constant LOCATION = 0xec312d68a12eb7dea52897dabb546c058a11a871a44f345a4c84da8bba44fc00;

    /// @dev Sets the number. Only an admin of the dispatcher.
    function setNumber(uint256 number) external onlyAdmin {
        Layout storage kept;
        bytes32 location = LOCATION;
        assembly ("memory-safe") {
            kept.slot := location
        }
        kept.number = number;
    }
}

/**
 * @dev State variables as in any contract: their slots are the dispatcher's, and every such facet's.
 */
contract PlainFacet is AdminOnly {
    uint256 public number;
    mapping(address account => uint256) public numbers;

    /// @dev Sets the numbers. Only an admin of the dispatcher.
    function setNumber(uint256 newNumber) external onlyAdmin {
        number = newNumber;
        numbers[msg.sender] = newNumber;
    }
}

/**
 * @dev Clears the slot in which a deployed dispatcher keeps that it is frozen, without a state variable to show for it.
 */
contract ThawingFacet {
    /// @dev Anybody may.
    function thaw() external {
        assembly {
            sstore(6, 0)
        }
    }
}

/**
 * @dev Whoever comes first, and whoever comes later, becomes its owner.
 */
contract OpenFacet {
    /// @custom:storage-location erc7201:gov.facet.open
    struct Layout {
        address owner;
    }

    bytes32 private constant LOCATION = 0xd64b4512f3d688022000ad1fb32f6d82c2bfa44759778026c7990b2ba27eef00;

    /// @dev Names the owner.
    function initialize(address owner_) external {
        require(owner_ != address(0));
        Layout storage kept;
        bytes32 location = LOCATION;
        assembly ("memory-safe") {
            kept.slot := location
        }
        kept.owner = owner_;
    }
}

/**
 * @dev An initialiser for the admin alone; `onlyOnce` is what makes it one without a fault.
 */
abstract contract AdminInitializer is AdminOnly {
    /// @custom:storage-location erc7201:gov.facet.initializer
    struct Layout {
        bool done;
        uint256 number;
    }

    bytes32 private constant LOCATION = 0x56c4fe9ed6d9c15b81c7cfef083a0602ad163970ef0b564e33275170b5e2c500;

    function _initialize(uint256 number, bool onlyOnce) internal {
        Layout storage kept;
        bytes32 location = LOCATION;
        assembly ("memory-safe") {
            kept.slot := location
        }
        require(!(onlyOnce && kept.done));
        kept.done = true;
        kept.number = number;
    }
}

/**
 * @dev The admin may initialise it again and again.
 */
contract AgainFacet is AdminInitializer {
    /// @dev Sets the number. Only an admin of the dispatcher.
    function initialize(uint256 number) external onlyAdmin {
        _initialize(number, false);
    }
}

/**
 * @dev No fault: only the admin, and only once.
 */
contract OnceFacet is AdminInitializer {
    /// @dev Sets the number. Only an admin of the dispatcher.
    function initialize(uint256 number) external onlyAdmin {
        _initialize(number, true);
    }
}

/**
 * @dev Runs code that nobody reviewed, in the dispatcher's name, and can end the dispatcher.
 */
contract LendingFacet is AdminOnly {
    /// @dev Runs the code of another contract. Only an admin of the dispatcher.
    function lend(address code, bytes calldata data) external onlyAdmin returns (bytes memory answer) {
        bool ok;
        (ok, answer) = code.delegatecall(data);
        require(ok);
    }
}

/**
 * @dev Can end the dispatcher that runs it, and itself.
 */
contract EndingFacet {
    /// @dev Anybody may.
    function end(address payable heir) external {
        assembly {
            selfdestruct(heir)
        }
    }
}
