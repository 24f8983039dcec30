"""A council, a guardian and a timelock by their published bytecode in one EVM, with blocks, logs and reorganisations.

Nothing of `governance` decides here: it derives hashes and calldata.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrevm
from eth_abi import encode

from governance.core.call import Call, encode_call, function
from governance.core.keccak import keccak
from governance.core.safetx import SafeTx
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, checksummed, to_hex
from tests.core.safevm import DEPLOYER, Person, RealSafe

CHAIN_ID = 1
"""Of pyrevm."""
ARTIFACTS = Path(__file__).resolve().parents[2] / "governance" / "artifacts"
COUNTS = bytes.fromhex("60005460010160005500")
"""slot 0 += 1, whatever it is asked."""
REVERTS = bytes.fromhex("60006000fd")
COUNTER, BROKEN = checksummed(b"\xc0" * 20), checksummed(b"\xbb" * 20)
START = 1_800_000_000
DELAY = 3600
PROPOSER, CANCELLER, EXECUTOR = (
    Bytes32(keccak(f"{name}_ROLE".encode())) for name in ("PROPOSER", "CANCELLER", "EXECUTOR")
)
ADMIN = ZERO_WORD

GRANT = function("grantRole(bytes32,address)")
REVOKE = function("revokeRole(bytes32,address)")
RENOUNCE = function("renounceRole(bytes32,address)")
UPDATE_DELAY = function("updateDelay(uint256)")
MIN_DELAY = function("getMinDelay()(uint256)")
TIMESTAMP = function("getTimestamp(bytes32)(uint256)")
HAS_ROLE = function("hasRole(bytes32,address)(bool)")
HASH_BATCH = function("hashOperationBatch(address[],uint256[],bytes[],bytes32,bytes32)(bytes32)")
OWNERS = function("getOwners()(address[])")
THRESHOLD = function("getThreshold()(uint256)")
NONCE = function("nonce()(uint256)")
ADD_OWNER = function("addOwnerWithThreshold(address,uint256)")
REMOVE_OWNER = function("removeOwner(address,address,uint256)")
CHANGE_THRESHOLD = function("changeThreshold(uint256)")
COUNT = function("count()")
SENTINEL = Address("0x0000000000000000000000000000000000000001")

PEOPLE = [Person(seed) for seed in range(7)]
"""Three begin as owners of the council, two guard; the last two are strangers until somebody adds them."""
SECRETS = tuple(form for each in PEOPLE for form in (each.key.secret, each.key.secret.hex().encode()))
"""Their keys, as bytes and as text."""
CONFIRMATIONS = 8
"""A block with so many after it is final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block; what was sent in it stands in its logs."""

    hash: Bytes32
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A block that may become the newest again."""

    checkpoint: Any
    number: int
    logs: int


class Reality:
    """The contracts, and the chain that they are on: a block for each message that passes, and for each wait."""

    def __init__(self) -> None:
        self.evm = pyrevm.EVM()
        self.blocks = [Block(hash=ZERO_WORD, timestamp=START)]
        self.logs: list[dict[str, Any]] = []
        """As a node gives them."""
        self.final = 0
        """Number of a block that is never taken back."""
        self._mined = 0
        self.council = RealSafe("1.4.1", [each.address for each in PEOPLE[:3]], 2, evm=self.evm)
        self.guardian = RealSafe("1.4.1", [each.address for each in PEOPLE[3:5]], 1, evm=self.evm)
        artifact = json.loads((ARTIFACTS / "TimelockController.json").read_text())
        arguments = encode(
            ["uint256", "address[]", "address[]", "address"], [DELAY, [self.council.address], [ZERO_ADDRESS], DEPLOYER]
        )
        code = bytes.fromhex(artifact["bytecode"].removeprefix("0x")) + arguments
        self.timelock = checksummed(bytes.fromhex(self.evm.deploy(DEPLOYER, code)[2:]))
        for account, code in ((COUNTER, COUNTS), (BROKEN, REVERTS)):
            self.evm.insert_account_info(account, pyrevm.AccountInfo(code=code))
        assert self.send(DEPLOYER, self.timelock, encode_call(GRANT, [CANCELLER, self.guardian.address]))
        assert self.send(DEPLOYER, self.timelock, encode_call(RENOUNCE, [ADMIN, DEPLOYER]))
        self.set_time(START)

    # ---- blocks ------------------------------------------------------------------------------------------------------

    def set_time(self, now: int) -> None:
        """Mine a block at that time."""
        self._mine(now, [])

    def _mine(self, now: int, logs: list[Any]) -> None:
        self._mined += 1  # no two blocks are alike, on whatever branch
        number, block = len(self.blocks), Bytes32(keccak(self.blocks[-1].hash + self._mined.to_bytes(8)))
        self.blocks.append(Block(hash=block, timestamp=now))
        tx_hash = to_hex(keccak(block))
        self.logs += [
            {
                "address": log.address,
                "topics": log.topics,
                "data": to_hex(log.data[1]),
                "blockNumber": hex(number),
                "logIndex": hex(index),
                "transactionHash": tx_hash,
            }
            for index, log in enumerate(logs)
        ]
        self.final = max(self.final, number - CONFIRMATIONS)
        self.evm.set_block_env(pyrevm.BlockEnv(timestamp=now, number=number + 1, gas_limit=10**9))

    def mark(self) -> Mark:
        """The newest block, to come back to."""
        return Mark(checkpoint=self.evm.snapshot(), number=len(self.blocks) - 1, logs=len(self.logs))

    def reorganise(self, to: Mark) -> None:
        """What came after a block is gone, as if it had never been."""
        assert to.number >= self.final
        self.evm.revert(to.checkpoint)
        del self.blocks[to.number + 1 :]
        del self.logs[to.logs :]
        self._mine(self.blocks[-1].timestamp, [])

    # ---- messages ----------------------------------------------------------------------------------------------------

    def send(self, sender: Address, to: Address, data: bytes) -> bool:
        """Whether it passes."""
        assert not any(secret in data for secret in SECRETS), "I9: a key leaves its owner"
        try:
            self.evm.message_call(caller=sender, to=to, calldata=data, gas=10**7)
        except RuntimeError as error:
            assert "Revert" in str(error), error  # noqa: PT017 - anything else is a fault of the test
            return False
        result = self.evm.result
        assert result is not None
        self._mine(self.blocks[-1].timestamp, result.logs)
        return True

    def ask(self, to: Address, fn_data: bytes) -> bytes:
        return bytes(self.evm.message_call(caller=DEPLOYER, to=to, calldata=fn_data, is_static=True))

    def number(self, to: Address, data: bytes) -> int:
        return int.from_bytes(self.ask(to, data)[:32])

    def timestamp(self, operation: Bytes32) -> int:
        return self.number(self.timelock, encode_call(TIMESTAMP, [operation]))


def safe_tx(safe: Address, call: Call, nonce: int) -> SafeTx:
    return SafeTx(chain_id=CHAIN_ID, safe=safe, to=call.to, data=call.data, nonce=nonce)
