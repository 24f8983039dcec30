"""One call a contract will make, and the calldata of functions named by their signatures.

Calldata is always derived from a signature and arguments, never pasted. Encoding is eth-abi's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from governance.core.errors import Rejected
from governance.core.keccak import selector
from governance.core.units import Address, address, hex_bytes, shown, to_hex, unsigned


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A message call: target, wei, calldata, and the words a reviewer reads."""

    to: Address
    value: int = 0
    """Wei."""
    data: bytes = b""
    summary: str = ""
    """Derived in words, e.g. `applyRoutes: 2 routes`. Not part of any hash."""

    def __post_init__(self) -> None:
        if not 0 <= self.value < 1 << 256:
            raise ValueError("the value of a call is a uint256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function by its human-readable signature, `fee()(uint256)` or `setFee(uint256)`."""

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def signature(self) -> str:
        """The canonical form that the selector hashes: `setFee(uint256)`."""
        return f"{self.name}({','.join(self.inputs)})"

    @property
    def selector(self) -> bytes:
        """The first four bytes of keccak256(signature)."""
        return selector(self.signature)


_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_ARRAYS = r"((?:\[(?:[1-9][0-9]{0,8})?\])*)"
_LEAF = re.compile(rf"(uint|int|bytes|address|bool|string|function)([0-9]{{0,3}}){_ARRAYS}")
MAX_SIGNATURE = 4096
"""Characters of a signature; the longest that we have seen has 400."""
MAX_NESTING = 16
"""Tuples within tuples in a signature."""


def function(text: str) -> Function:
    """Read `name(inputs)` or `name(inputs)(outputs)` in canonical ABI types. Raises Rejected."""
    if len(text) > MAX_SIGNATURE:
        raise _bad(text, f"it is longer than {MAX_SIGNATURE} characters")
    name, rest = _split_name(text)
    inputs, rest = _parenthesised(text, rest)
    outputs: tuple[str, ...] = ()
    if rest:
        outputs, rest = _parenthesised(text, rest)
    if rest:
        raise _bad(text, f"`{shown(rest)}` is left over")
    return Function(name=name, inputs=inputs, outputs=outputs)


def encode_call(fn: Function, arguments: Sequence[Any]) -> bytes:
    """Selector and ABI-encoded arguments, given as typed Python values. Raises Rejected when they do not fit."""
    if len(arguments) != len(fn.inputs):
        raise Rejected(f"`{fn.signature}` takes {len(fn.inputs)} arguments, not {len(arguments)}")
    if not arguments:
        return fn.selector
    kept = [_kept(each) for each in arguments]
    small = all(each is not None for each in kept) and sum(each[1] for each in kept if each is not None) <= _KEPT
    return _encoded_before(fn, tuple(kept)) if small else _encoded(fn, *arguments)


Kept = tuple[Any, int]
"""A value with the types of all its parts, so that True is not 1; and about how long it is."""
_NUMBERS, _TEXTS, _LISTS = frozenset((bool, int)), frozenset((bytes, str)), frozenset((list, tuple))
_KEPT = 16_384
"""Bytes or characters; what is longer is worked out each time."""


def _kept(value: Any) -> Kept | None:
    """None for what is of no plain type."""
    kind = type(value)
    if kind in _NUMBERS:
        return (kind, value), 32
    if kind in _TEXTS:
        return (kind, value), len(value)
    if kind in _LISTS:
        parts = [_kept(each) for each in value]
        if all(part is not None for part in parts):
            known = [part for part in parts if part is not None]
            return (list, tuple(part[0] for part in known)), 32 + sum(part[1] for part in known)
    return None


def _plain(kept: Any) -> Any:
    kind, value = kept
    return [_plain(each) for each in value] if kind is list else value


@lru_cache(maxsize=1024)
def _encoded_before(fn: Function, kept: tuple[Kept, ...]) -> bytes:
    return _encoded(fn, *(_plain(value) for value, _ in kept))


def _encoded(fn: Function, *arguments: Any) -> bytes:
    from eth_abi.abi import encode
    from eth_abi.exceptions import EncodingError

    try:
        return fn.selector + bytes(encode(fn.inputs, arguments))
    except (EncodingError, OverflowError) as error:
        raise Rejected(f"the arguments do not fit `{fn.signature}`: {shown(str(error))}") from error


_KEPT_ANSWER = 1024
"""Bytes; a longer answer is decoded each time."""


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """ABI-decode `data`, strictly. Raises Rejected when it is not of these types."""
    return _decoded_before(tuple(types), data) if len(data) <= _KEPT_ANSWER else _decoded(tuple(types), data)


def _decoded(types: tuple[str, ...], data: bytes) -> tuple[Any, ...]:
    from eth_abi.abi import decode as abi_decode
    from eth_abi.exceptions import DecodingError

    try:
        return tuple(abi_decode(types, data))
    except (DecodingError, OverflowError, UnicodeDecodeError) as error:
        raise Rejected(f"{len(data)} bytes do not decode as ({','.join(types)})") from error


_decoded_before = lru_cache(maxsize=1024)(_decoded)


def typed(abi_type: str, written: Any) -> Any:
    """The Python value of an argument written as text (or nested lists of text). Raises Rejected.

    Numbers are canonical decimals (a leading `-` for int), addresses checksummed, bytes hex, bools `true`/`false`.
    """
    array = re.fullmatch(r"(.*)\[([0-9]*)\]", abi_type, re.DOTALL)
    if array is not None:
        items = _sequence(abi_type, written)
        if array[2] and len(items) != int(array[2]):
            raise Rejected(f"`{abi_type}` wants {array[2]} items, not {len(items)}")
        return [typed(array[1], item) for item in items]
    if abi_type.startswith("("):
        members, _ = _parenthesised(abi_type, abi_type)
        items = _sequence(abi_type, written)
        if len(items) != len(members):
            raise Rejected(f"`{abi_type}` wants {len(members)} items, not {len(items)}")
        return tuple(typed(member, item) for member, item in zip(members, items, strict=True))
    if not isinstance(written, str):
        raise Rejected(f"`{abi_type}` is written as one scalar")
    return _typed_scalar(abi_type, written)


def member_types(abi_type: str) -> tuple[str, ...]:
    """The types of a tuple's members: `(uint256,address)` has two. Raises Rejected when it is no tuple."""
    members, rest = _parenthesised(abi_type, abi_type)
    if rest:
        raise _bad(abi_type, f"`{shown(rest)}` is left over")
    return members


def as_text(value: Any) -> Any:
    """The inverse of `typed`: a decoded ABI value as the text (or nested lists of text) a document would write."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return to_hex(value)
    if isinstance(value, (list, tuple)):
        return [as_text(item) for item in value]
    return str(value)


def _typed_scalar(abi_type: str, written: str) -> Any:
    if abi_type == "address":
        return address(written)
    if abi_type == "bool":
        if written not in {"true", "false"}:
            raise Rejected(f"`{shown(written)}` is not a bool", hint="write true or false")
        return written == "true"
    if abi_type == "string":
        return written
    if abi_type.startswith("uint"):
        return unsigned(written, int(abi_type[4:]))
    if abi_type.startswith("int"):
        bits = int(abi_type[3:])
        number = -unsigned(written[1:]) if written.startswith("-") and written != "-0" else unsigned(written)
        if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
            raise Rejected(f"`{shown(written)}` does not fit {abi_type}")
        return number
    raw = hex_bytes(written)
    if abi_type != "bytes" and len(raw) != int(abi_type[5:]):
        raise Rejected(f"`{shown(written)}` has {len(raw)} bytes where {abi_type} has {abi_type[5:]}")
    return raw


def _sequence(abi_type: str, written: Any) -> Sequence[Any]:
    if isinstance(written, str) or not isinstance(written, Sequence):
        raise Rejected(f"`{abi_type}` is written as a list")
    return written


def _split_name(text: str) -> tuple[str, str]:
    match = _NAME.match(text)
    if match is None:
        raise _bad(text, "it has no name")
    return match[0], text[match.end() :]


def _parenthesised(whole: str, rest: str) -> tuple[tuple[str, ...], str]:
    """Split `(a,(b,c)[],d)tail` into its members and the tail, checking every type."""
    if not rest.startswith("("):
        raise _bad(whole, "a parenthesis is missing")
    depth, start, members = 0, 1, []
    for i, c in enumerate(rest):
        depth += (c == "(") - (c == ")")
        if depth > MAX_NESTING:
            raise _bad(whole, f"its tuples are nested deeper than {MAX_NESTING}")
        if (c == "," and depth == 1) or depth == 0:
            members.append(rest[start:i])
            start = i + 1
        if depth == 0:
            members = [] if members == [""] else members
            return tuple(_abi_type(whole, member) for member in members), rest[i + 1 :]
    raise _bad(whole, "a parenthesis is not closed")


def _abi_type(whole: str, text: str) -> str:
    if text.startswith("("):
        _, suffix = _parenthesised(whole, text)
        if not re.fullmatch(_ARRAYS, suffix):
            raise _bad(whole, f"`{shown(text)}` is not a type")
        return text
    match = _LEAF.fullmatch(text)
    if match is None or not _size_fits(match[1], match[2]):
        raise _bad(whole, f"`{shown(text)}` is not a canonical ABI type")
    return text


def _size_fits(base: str, size: str) -> bool:
    if base in {"uint", "int"}:
        return size.isdigit() and not size.startswith("0") and int(size) % 8 == 0 and int(size) <= 256
    if base == "bytes":
        return size == "" or (not size.startswith("0") and 1 <= int(size) <= 32)
    return size == "" and base != "function"


def _bad(text: str, why: str) -> Rejected:
    return Rejected(
        f"`{shown(text)}` is not a function signature: {why}",
        hint="write canonical types without names or spaces: setFee(uint256), fee()(uint256)",
    )
