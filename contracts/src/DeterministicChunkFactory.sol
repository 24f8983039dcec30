// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

/**
 * @dev Stores bytes as code and deploys contracts, at addresses that depend on content alone.
 *
 *   data ── stage ──> chunk, whose runtime is STOP ‖ data ── read ──> data, byte for byte
 *   init code ── deploy(salt) ──> contract
 *
 * Everything is created by the canonical deterministic deployment proxy, so an address is a function of the content (and the
 * salt), not of this factory, the sender or the network. There is no owner, no fee and no state; whoever comes second finds
 * the work done, and that is not an error. The leading STOP keeps a chunk from ever being run as code.
 */
contract DeterministicChunkFactory {
    /// @dev The proxy that stands at this address on every network: calldata is salt ‖ init code, it answers 20 bytes.
    address public constant PROXY = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    /// @dev Largest blob, in bytes: the EIP-170 limit less the STOP.
    uint256 public constant MAX_CHUNK = 24_575;

    /// @dev `chunk` now holds the `size` bytes whose keccak256 is `contentHash`.
    event ChunkStaged(address indexed chunk, bytes32 indexed contentHash, uint256 size);

    /// @dev The init code with this hash was run under `salt` and left its code at `deployed`.
    event ContractDeployed(address indexed deployed, bytes32 indexed salt, bytes32 indexed initCodeHash);

    /// @dev The deployment proxy has no code on this network.
    error ProxyMissing();

    /// @dev The blob of `size` bytes does not fit into one chunk.
    error ChunkTooLarge(uint256 size);

    /// @dev The account holds no code, or code that this factory would not have staged there.
    error NotAChunk(address account);

    /// @dev The init code reverted, returned nothing, or ran out of gas.
    error DeploymentFailed(address predicted);

    /// @dev Stages one blob and answers its chunk, which may have been there already.
    function stage(bytes calldata data) external returns (address chunk) {
        return _stage(data);
    }

    /// @dev Stages several blobs; all or none.
    function stageBatch(bytes[] calldata blobs) external returns (address[] memory chunks) {
        chunks = new address[](blobs.length);
        for (uint256 i = 0; i < blobs.length; ++i) {
            chunks[i] = _stage(blobs[i]);
        }
    }

    /// @dev Runs `initCode` under `salt` and answers the contract, which may have been there already.
    function deploy(bytes32 salt, bytes calldata initCode) external returns (address deployed) {
        bytes32 initCodeHash = keccak256(initCode);
        deployed = _address(salt, initCodeHash);
        if (deployed.code.length != 0) return deployed;
        _create(deployed, salt, initCode);
        emit ContractDeployed(deployed, salt, initCodeHash);
    }

    /// @dev Where `data` is staged, or would be.
    function predict(bytes calldata data) external pure returns (address chunk) {
        return _address(bytes32(0), keccak256(_chunkInitCode(data)));
    }

    /// @dev Where `initCode` under `salt` is deployed, or would be.
    function predictDeploy(bytes32 salt, bytes calldata initCode) external pure returns (address deployed) {
        return _address(salt, keccak256(initCode));
    }

    /// @dev Whether `data` is staged.
    function exists(bytes calldata data) external view returns (bool) {
        return _address(bytes32(0), keccak256(_chunkInitCode(data))).code.length != 0;
    }

    /// @dev The bytes that were staged at `chunk`; refuses an account that is not the chunk of its own content.
    function read(address chunk) external view returns (bytes memory data) {
        bytes memory code = chunk.code;
        if (code.length == 0 || code[0] != 0x00) revert NotAChunk(chunk);
        data = new bytes(code.length - 1);
        assembly ("memory-safe") {
            extcodecopy(chunk, add(data, 0x20), 1, mload(data))
        }
        if (_address(bytes32(0), keccak256(_chunkInitCode(data))) != chunk) revert NotAChunk(chunk);
    }

    function _stage(bytes calldata data) private returns (address chunk) {
        bytes memory initCode = _chunkInitCode(data);
        chunk = _address(bytes32(0), keccak256(initCode));
        if (chunk.code.length != 0) return chunk;
        _create(chunk, bytes32(0), initCode);
        emit ChunkStaged(chunk, keccak256(data), data.length);
    }

    function _create(address predicted, bytes32 salt, bytes memory initCode) private {
        if (PROXY.code.length == 0) revert ProxyMissing();
        (bool success,) = PROXY.call(abi.encodePacked(salt, initCode));
        // What stands at the address decides, not what the proxy says.
        if (!success || predicted.code.length == 0) revert DeploymentFailed(predicted);
    }

    /**
     * @dev Ten bytes that return everything behind them, then the STOP, then the data:
     * PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE (0), CODECOPY, RETURNDATASIZE (0), RETURN.
     */
    function _chunkInitCode(bytes memory data) private pure returns (bytes memory) {
        if (data.length > MAX_CHUNK) revert ChunkTooLarge(data.length);
        return abi.encodePacked(hex"61", uint16(data.length + 1), hex"80600a3d393df3", hex"00", data);
    }

    function _address(bytes32 salt, bytes32 initCodeHash) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), PROXY, salt, initCodeHash)))));
    }
}
