// SPDX-License-Identifier: MIT
pragma solidity =0.8.37;

import {DeterministicChunkFactory} from "../src/DeterministicChunkFactory.sol";
import {Answer} from "./Answer.sol";
import {Test} from "./Test.sol";

contract DeterministicChunkFactoryTest is Test {
    // The runtime of the canonical deployment proxy, as it stands on every network.
    bytes private constant PROXY_CODE =
        hex"7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3";

    DeterministicChunkFactory private factory;

    function setUp() public {
        factory = new DeterministicChunkFactory();
        vm.etch(factory.PROXY(), PROXY_CODE);
    }

    function testFuzz_whatIsStagedReadsBack(bytes calldata data) public {
        address predicted = factory.predict(data);
        vm.assertEq(factory.exists(data), false);
        vm.assertEq(factory.stage(data), predicted);
        vm.assertEq(factory.exists(data), true);
        vm.assertEq(factory.read(predicted), data);
        vm.assertEq(predicted.code, abi.encodePacked(hex"00", data));
    }

    function testFuzz_aChunkDoesNothingWhenCalled(bytes calldata data) public {
        (bool ok, bytes memory answer) = factory.stage(data).call(data);
        vm.assertEq(ok, true);
        vm.assertEq(answer.length, 0);
    }

    function test_theLargestChunkReadsBackAndOneByteMoreIsRefused() public {
        bytes memory data = new bytes(24_575);
        data[24_574] = 0x7f;
        vm.assertEq(factory.read(factory.stage(data)), data);
        vm.expectRevert(abi.encodeWithSelector(DeterministicChunkFactory.ChunkTooLarge.selector, 24_576));
        factory.stage(new bytes(24_576));
    }

    function test_stagingTwiceIsStagingOnce() public {
        vm.expectEmit();
        emit DeterministicChunkFactory.ChunkStaged(factory.predict("once"), keccak256("once"), 4);
        address first = factory.stage("once");
        vm.recordLogs();
        vm.assertEq(factory.stage("once"), first);
        vm.assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_addressesDoNotDependOnTheFactory() public {
        DeterministicChunkFactory another = new DeterministicChunkFactory();
        vm.assertEq(another.predict("same"), factory.predict("same"));
        vm.assertEq(another.stage("same"), factory.stage("same"));
    }

    function test_aBatchIsItsBlobsInOrder() public {
        bytes[] memory blobs = new bytes[](6);
        for (uint256 i = 0; i < 6; ++i) {
            blobs[i] = abi.encode(i % 5); // the last repeats the first
        }
        address[] memory chunks = factory.stageBatch(blobs);
        for (uint256 i = 0; i < 6; ++i) {
            vm.assertEq(factory.read(chunks[i]), blobs[i]);
        }
        vm.assertEq(chunks[5], chunks[0]);
    }

    function test_readRefusesWhatIsNotAChunk() public {
        vm.expectRevert(abi.encodeWithSelector(DeterministicChunkFactory.NotAChunk.selector, address(1)));
        factory.read(address(1));
        vm.expectRevert(abi.encodeWithSelector(DeterministicChunkFactory.NotAChunk.selector, address(factory)));
        factory.read(address(factory));
        vm.etch(address(0xBEEF), hex"00aabb"); // the right shape at the wrong address
        vm.expectRevert(abi.encodeWithSelector(DeterministicChunkFactory.NotAChunk.selector, address(0xBEEF)));
        factory.read(address(0xBEEF));
    }

    function testFuzz_deployPutsTheContractWhereItWasPredicted(bytes32 salt, uint256 number) public {
        bytes memory initCode = abi.encodePacked(type(Answer).creationCode, abi.encode(number));
        address predicted = factory.predictDeploy(salt, initCode);
        vm.assertEq(factory.deploy(salt, initCode), predicted);
        vm.assertEq(factory.deploy(salt, initCode), predicted);
        (, bytes memory answer) = predicted.call("");
        vm.assertEq(abi.decode(answer, (uint256)), number);
    }

    function test_deployRefusesInitCodeThatLeavesNothing() public {
        bytes memory reverting = hex"5f5ffd";
        address at = factory.predictDeploy(0, reverting);
        vm.expectRevert(abi.encodeWithSelector(DeterministicChunkFactory.DeploymentFailed.selector, at));
        factory.deploy(0, reverting);
        bytes memory empty = hex"5f5ff3";
        at = factory.predictDeploy(0, empty);
        vm.expectRevert(abi.encodeWithSelector(DeterministicChunkFactory.DeploymentFailed.selector, at));
        factory.deploy(0, empty);
    }

    function test_withoutTheProxyItSaysSo() public {
        vm.etch(factory.PROXY(), "");
        vm.expectRevert(DeterministicChunkFactory.ProxyMissing.selector);
        factory.stage("nowhere");
    }
}
