"""Timelock operations: salt and id by an independent encoding, and by the timelock itself."""

from collections.abc import Iterator

import pytest
from eth_abi.abi import decode, encode
from hypothesis import given
from hypothesis import strategies as st

from governance.core.call import Call
from governance.core.keccak import keccak
from governance.core.operation import Operation, cancel, salt
from governance.core.units import ZERO_WORD, Address, Bytes32, Duration, checksummed
from tests import chainkit

words = st.binary(min_size=32, max_size=32).map(Bytes32)
addresses = st.binary(min_size=20, max_size=20).map(checksummed)
calls = st.builds(Call, to=addresses, value=st.integers(0, 2**256 - 1), data=st.binary(max_size=70), summary=st.text())
operations = st.builds(
    Operation,
    timelock=addresses,
    calls=st.lists(calls, min_size=1, max_size=4).map(tuple),
    predecessor=words,
    salt=words,
    delay=st.integers(0, 2**256 - 1).map(Duration),
)
TIMELOCK = checksummed(b"\x11" * 20)
TYPES = ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"]


def arguments(of: Operation) -> list[object]:
    return [[c.to for c in of.calls], [c.value for c in of.calls], [c.data for c in of.calls], of.predecessor, of.salt]


@given(operations)
def test_the_id_is_the_hash_of_the_abi_encoding(of: Operation) -> None:
    assert of.id == keccak(encode(TYPES, arguments(of)))


@given(digest=words, chain_id=st.integers(1, 2**64), timelock=addresses, attempt=st.integers(0, 2**32))
def test_the_salt_is_four_words_in_this_order(digest: Bytes32, chain_id: int, timelock: Address, attempt: int) -> None:
    packed = encode(["bytes32", "uint256", "address", "uint256"], [digest, chain_id, timelock, attempt])
    assert len(packed) == 128
    assert salt(digest=digest, chain_id=chain_id, timelock=timelock, attempt=attempt) == keccak(packed)


def test_everything_that_was_reviewed_and_where_it_goes_changes_the_salt() -> None:
    """threat_17"""
    made = {
        salt(
            digest=Bytes32(bytes([digest]) * 32),
            chain_id=chain,
            timelock=checksummed(bytes([at]) * 20),
            attempt=attempt,
        )
        for digest in (1, 2)
        for chain in (1, 10)
        for at in (1, 2)
        for attempt in (0, 1)
    }
    assert len(made) == 16


@given(operations)
def test_scheduling_says_the_same_as_executing_and_the_delay(of: Operation) -> None:
    schedule, execute = of.schedule(), of.execute() if sum(c.value for c in of.calls) < 1 << 256 else None
    *said, delay = decode([*TYPES, "uint256"], schedule.data[4:])
    assert (schedule.to, schedule.value, delay) == (of.timelock, 0, of.delay.seconds)
    assert schedule.data[:4] == keccak(b"scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)")[:4]
    assert keccak(encode(TYPES, said)) == of.id
    if execute is not None:
        assert (execute.to, execute.value) == (of.timelock, sum(c.value for c in of.calls))
        assert execute.data == keccak(b"executeBatch(address[],uint256[],bytes[],bytes32,bytes32)")[:4] + encode(
            TYPES, arguments(of)
        )


@given(operations, operations)
def test_words_and_delay_are_not_in_the_id_and_everything_else_is(one: Operation, two: Operation) -> None:
    assert (one.id == two.id) is (_hashed(one) == _hashed(two))


def _hashed(of: Operation) -> object:
    return ([(c.to, c.value, c.data) for c in of.calls], of.predecessor, of.salt)


def test_an_operation_without_calls_does_not_come_to_be() -> None:
    with pytest.raises(ValueError, match="would do nothing"):
        Operation(timelock=TIMELOCK, calls=(), predecessor=ZERO_WORD, salt=ZERO_WORD, delay=Duration(0))


def test_a_cancel_names_the_id_and_nothing_else() -> None:
    operation_id = Bytes32(b"\xab" * 32)
    call = cancel(TIMELOCK, operation_id)
    assert (call.to, call.value) == (TIMELOCK, 0)
    assert call.data == keccak(b"cancel(bytes32)")[:4] + operation_id
    assert operation_id.hex() in call.summary


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chainkit.Node]:
    with chainkit.running(tmp_path_factory.mktemp("anvil")) as started:
        yield started


@pytest.mark.node
def test_the_timelock_hashes_as_we_do(node: chainkit.Node) -> None:
    """threat_17"""
    timelock = chainkit.deploy_timelock(node, delay=1, proposers=[node.address(0)])
    for count in (1, 2, 7):
        made = tuple(
            Call(to=checksummed(bytes([n + 1]) * 20), value=n << 200, data=bytes(range(n * 11))) for n in range(count)
        )
        of = Operation(
            timelock=timelock,
            calls=made,
            predecessor=Bytes32(bytes([count]) * 32),
            salt=Bytes32(keccak(bytes([count]))),
            delay=Duration(count),
        )
        signature = "hashOperationBatch(address[],uint256[],bytes[],bytes32,bytes32)(bytes32)"
        assert node.read(timelock, signature, *arguments(of)) == of.id
