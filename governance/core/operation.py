"""An operation of OpenZeppelin's TimelockController (v5): salt, id, and the calls that schedule, cancel and execute it.

The salt commits to every word of the proposal, to the chain and to the timelock: OpenZeppelin's id holds neither of the
last two. Batch functions are used for one call too, so that one derivation serves all.
"""

from dataclasses import dataclass

from governance.core.call import Call, encode_call, function
from governance.core.keccak import keccak
from governance.core.units import Address, Bytes32, Duration, address_bytes

SCHEDULE = function("scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)")
EXECUTE = function("executeBatch(address[],uint256[],bytes[],bytes32,bytes32)")
CANCEL = function("cancel(bytes32)")


def salt(*, digest: Bytes32, chain_id: int, timelock: Address, attempt: int) -> Bytes32:
    """keccak256(abi.encode(bytes32 digest, uint256 chainId, address timelock, uint256 attempt)).

    `attempt` counts re-proposals after a cancel, since the timelock forgets cancelled ids and would take them again.
    """
    packed = digest + chain_id.to_bytes(32, "big") + bytes(12) + address_bytes(timelock) + attempt.to_bytes(32, "big")
    return Bytes32(keccak(packed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What the timelock is asked to do, all or nothing."""

    timelock: Address
    calls: tuple[Call, ...]
    predecessor: Bytes32
    """Id of the operation that must be executed first; zero for none."""
    salt: Bytes32
    delay: Duration

    def __post_init__(self) -> None:
        if not self.calls:
            raise ValueError("an operation without calls would do nothing")

    @property
    def id(self) -> Bytes32:
        """HashOperationBatch of TimelockController.sol: keccak256 of the ABI encoding of the five arguments."""
        return Bytes32(keccak(encode_call(EXECUTE, self._arguments())[4:]))

    def schedule(self) -> Call:
        """The call that a proposer sends."""
        data = encode_call(SCHEDULE, [*self._arguments(), self.delay.seconds])
        return Call(to=self.timelock, data=data, summary=f"scheduleBatch: {len(self.calls)} calls after {self.delay}")

    def execute(self) -> Call:
        """The call that an executor sends once the delay has passed."""
        value = sum(call.value for call in self.calls)
        data = encode_call(EXECUTE, self._arguments())
        return Call(to=self.timelock, value=value, data=data, summary=f"executeBatch: {len(self.calls)} calls")

    def _arguments(self) -> list[object]:
        return [
            [call.to for call in self.calls],
            [call.value for call in self.calls],
            [call.data for call in self.calls],
            self.predecessor,
            self.salt,
        ]


def cancel(timelock: Address, operation_id: Bytes32) -> Call:
    """The call by which a canceller withdraws a scheduled operation."""
    return Call(
        to=timelock, data=encode_call(CANCEL, [operation_id]), summary=f"cancel operation 0x{operation_id.hex()}"
    )
