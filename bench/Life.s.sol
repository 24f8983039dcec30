// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

/**
 * @dev The cheatcodes that the script uses.
 */
interface Vm {
    function envAddress(string calldata name) external view returns (address);
    function envAddress(string calldata name, string calldata delimiter) external view returns (address[] memory);
    function envBytes(string calldata name) external view returns (bytes memory);
    function envUint(string calldata name) external view returns (uint256);
    function getStateDiffJson() external view returns (string memory);
    function prank(address sender) external;
    function startStateDiffRecording() external;
    function warp(uint256 timestamp) external;
}

/**
 * @dev A proposal's life on a fork, as a careful team scripts it: approvals, scheduling, an execution that comes too early,
 * the execution, every word that it changes, and what the system says afterwards.
 */
contract Life {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public constant IS_SCRIPT = true;

    /// @dev An act did not end as it must.
    error NotAsItMust(string act);

    function run() external returns (uint256 fee, address treasury, string memory changes) {
        address safe = vm.envAddress("SAFE");
        address timelock = vm.envAddress("TIMELOCK");
        address target = vm.envAddress("TARGET");
        address[] memory owners = vm.envAddress("OWNERS", ",");
        bytes memory approve = vm.envBytes("APPROVE");
        for (uint256 i = 0; i < owners.length; i++) {
            _act(owners[i], safe, approve, true, "approveHash");
        }
        _act(owners[0], safe, vm.envBytes("SCHEDULE"), true, "execTransaction");
        uint256 due = block.timestamp + vm.envUint("DELAY");
        vm.warp(due - 1);
        _act(owners[0], timelock, vm.envBytes("EXECUTE"), false, "executeBatch too early");
        vm.warp(due);
        vm.startStateDiffRecording();
        _act(owners[0], timelock, vm.envBytes("EXECUTE"), true, "executeBatch");
        changes = vm.getStateDiffJson();
        fee = uint256(bytes32(_view(target, "fee()")));
        treasury = address(uint160(uint256(bytes32(_view(target, "treasury()")))));
    }

    function _act(address sender, address to, bytes memory data, bool passes, string memory name) private {
        vm.prank(sender);
        (bool passed,) = to.call(data);
        if (passed != passes) revert NotAsItMust(name);
    }

    function _view(address to, string memory signature) private view returns (bytes memory answer) {
        bool passed;
        (passed, answer) = to.staticcall(abi.encodeWithSignature(signature));
        if (!passed) revert NotAsItMust(signature);
    }
}
