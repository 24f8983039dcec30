// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

// Compiled for its ABI, selectors and storage layout; the bytecode in use is the published one.
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
