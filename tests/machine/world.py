"""A council, a guardian and a timelock by their published bytecode in one EVM, with blocks, logs, and reorganisations.

Nothing of `governance` decides here; what reads a chain by our code reads this one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrevm
from eth_abi import encode

from governance.core.call import Call, encode_call, function
from governance.core.facts import Head, Log
from governance.core.keccak import keccak
from governance.core.safetx import SafeTx
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, Moment, checksummed, word
from governance.ports import Answer
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
SENTINEL = Address("0x0000000000000000000000000000000000000001")

PEOPLE = [Person(seed) for seed in range(7)]
"""Five begin as owners of the council, three of them guard; the last two are strangers until somebody adds them."""
SECRETS = tuple(form for each in PEOPLE for form in (each.key.secret, each.key.secret.hex().encode()))
"""Their keys, as bytes and as text."""


@dataclass(frozen=True)
class Kept:
    """A moment to go back to."""

    checkpoint: Any
    blocks: int
    logs: int


class Reality:
    """The contracts, and as much of `governance.ports.Chain` as reading a timelock takes."""

    def __init__(self) -> None:
        self.evm = pyrevm.EVM()
        self.blocks: list[Head] = []
        self.logged: list[Log] = []
        self.made = 0
        self.set_time(START)
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

    def set_time(self, now: int) -> None:
        """Another block, of that time."""
        self.evm.set_block_env(pyrevm.BlockEnv(timestamp=now, number=1, gas_limit=10**9))
        parent, self.made = self.blocks[-1].hash if self.blocks else ZERO_WORD, self.made + 1
        made = Bytes32(keccak(parent + self.made.to_bytes(32)))
        self.blocks.append(Head(chain_id=CHAIN_ID, number=len(self.blocks), hash=made, timestamp=Moment(now)))

    def send(self, sender: Address, to: Address, data: bytes) -> bool:
        """Whether it passes, in a block of its own."""
        self.set_time(self.head().timestamp.seconds)
        assert not any(secret in data for secret in SECRETS), "I9: a key was sent"
        try:
            self.evm.message_call(caller=sender, to=to, calldata=data, gas=10**7)
        except RuntimeError as error:
            assert "Revert" in str(error), error  # noqa: PT017 - anything else is a fault of the test
            return False
        result = self.evm.result
        assert result is not None
        for log in result.logs:
            topics = tuple(word(topic) for topic in log.topics)
            self.logged.append(self._log(log.address, topics, bytes(log.data[1])))
        return True

    def _log(self, address: str, topics: tuple[Bytes32, ...], data: bytes) -> Log:
        return Log(
            address=checksummed(bytes.fromhex(address[2:])),
            topics=topics,
            data=data,
            block=self.head().number,
            index=len(self.logged),
            tx_hash=Bytes32(keccak(self.head().hash)),
        )

    # ---- reorganisations ---------------------------------------------------------------------------------------------

    def keep(self) -> "Kept":
        """What a reorganisation goes back to; only the newest is good."""
        return Kept(checkpoint=self.evm.snapshot(), blocks=len(self.blocks), logs=len(self.logged))

    def go_back(self, kept: "Kept") -> None:
        """Everything since is gone: blocks, logs, and what contracts remember."""
        self.evm.revert(kept.checkpoint)
        del self.blocks[kept.blocks :]
        del self.logged[kept.logs :]

    # ---- as our adapters read it -------------------------------------------------------------------------------------

    def head(self) -> Head:
        return self.blocks[-1]

    def call_many(self, calls: Sequence[Call], at: Head) -> list[Answer]:
        assert at == self.head(), "an old block is read"
        return [Answer(ok=True, data=self.ask(call.to, call.data)) for call in calls]

    def logs(self, address: Address, topics: Sequence[Sequence[Bytes32] | None], at: Head) -> list[Log]:
        assert at == self.head(), "an old block is read"
        wanted = [log for log in self.logged if log.address == address and len(log.topics) >= len(topics)]
        return [
            log for log in wanted if all(one is None or t in one for one, t in zip(topics, log.topics, strict=False))
        ]

    def ask(self, to: Address, fn_data: bytes) -> bytes:
        return bytes(self.evm.message_call(caller=DEPLOYER, to=to, calldata=fn_data, is_static=True))

    def number(self, to: Address, data: bytes) -> int:
        return int.from_bytes(self.ask(to, data)[:32])

    def timestamp(self, operation: Bytes32) -> int:
        return self.number(self.timelock, encode_call(TIMESTAMP, [operation]))


def safe_tx(safe: Address, call: Call, nonce: int) -> SafeTx:
    return SafeTx(chain_id=CHAIN_ID, safe=safe, to=call.to, data=call.data, nonce=nonce)
