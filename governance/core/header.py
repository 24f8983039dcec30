"""The header of a block: its hash computed again from the fields that a node gives.

What a header says (time, state root) is only as true as its hash is the right one, which this cannot know. It never takes
the node's word for the hash: fields that do not hash to it contradict it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.core.errors import ChainContradicts, Rejected
from governance.core.facts import Head
from governance.core.keccak import keccak
from governance.core.units import Bytes32, Moment, hex_bytes, shown, to_hex, word


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A block whose fields hash to its hash."""

    head: Head
    state_root: Bytes32
    """Of all accounts, after the block's transactions."""


def _quantity(value: Any) -> bytes:
    """A number as RLP writes it: big-endian, without leading zeros."""
    if not isinstance(value, str) or not value.startswith("0x") or not 3 <= len(value) <= 66:
        raise Rejected("a number is missing")
    digits = value[2:]
    if not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        raise Rejected(f"`{shown(value)}` is not a number")
    return bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2)).lstrip(b"\0")


def _data(length: int | None) -> Callable[[Any], bytes]:
    def read(value: Any) -> bytes:
        if not isinstance(value, str):
            raise Rejected("hex data is missing")
        raw = hex_bytes(value)
        if length is not None and len(raw) != length:
            raise Rejected(f"{len(raw)} bytes stand where {length} are wanted")
        return raw

    return read


_WORD = _data(32)
ALWAYS: tuple[tuple[str, Callable[[Any], bytes]], ...] = (
    ("parentHash", _WORD),
    ("sha3Uncles", _WORD),
    ("miner", _data(20)),
    ("stateRoot", _WORD),
    ("transactionsRoot", _WORD),
    ("receiptsRoot", _WORD),
    ("logsBloom", _data(256)),
    ("difficulty", _quantity),
    ("number", _quantity),
    ("gasLimit", _quantity),
    ("gasUsed", _quantity),
    ("timestamp", _quantity),
    ("extraData", _data(None)),
    ("mixHash", _WORD),
    ("nonce", _data(8)),
)
"""In the order of the header (Yellow Paper 4.4.3), by their names in JSON-RPC."""
SINCE: tuple[tuple[str, Callable[[Any], bytes]], ...] = (
    ("baseFeePerGas", _quantity),  # London, EIP-1559
    ("withdrawalsRoot", _WORD),  # Shanghai, EIP-4895
    ("blobGasUsed", _quantity),  # Cancun, EIP-4844
    ("excessBlobGas", _quantity),
    ("parentBeaconBlockRoot", _WORD),  # Cancun, EIP-4788
    ("requestsHash", _WORD),  # Prague, EIP-7685; Osaka adds none
)
"""What forks have added at the end. A block has all of them up to its own fork."""


def header_hash(block: Mapping[str, Any]) -> Bytes32:
    """keccak256 of the RLP of the header. Raises Rejected when a field is missing or malformed."""
    import rlp

    fields = [_field(block, name, read) for name, read in ALWAYS]
    fields += [_field(block, name, read) for name, read in SINCE if block.get(name) is not None]
    encoded: bytes = rlp.encode(fields)
    return Bytes32(keccak(encoded))


def read_header(block: Any, *, chain_id: int, by: str) -> Header:
    """The header that a node gave, `by` whom.

    Raises Rejected when it is no header, ChainContradicts when its fields have another hash than it says.
    """
    if not isinstance(block, Mapping):
        raise Rejected("there is no block")
    said, found = word(to_hex(_field(block, "hash", _WORD))), header_hash(block)
    if said != found:
        raise ChainContradicts(
            f"{by} says that a block has hash {to_hex(said)}, its header has {to_hex(found)}",
            hint="do not believe this endpoint; a chain whose headers are of another form takes one endpoint only",
        )
    number, timestamp = (int(block[name], 16) for name in ("number", "timestamp"))
    head = Head(chain_id=chain_id, number=number, hash=found, timestamp=Moment(timestamp))
    return Header(head=head, state_root=word(block["stateRoot"]))


def _field(block: Mapping[str, Any], name: str, read: Callable[[Any], bytes]) -> bytes:
    try:
        return read(block.get(name))
    except Rejected as error:
        raise Rejected(f"{name}: {error.message}") from error
