"""Units that cannot be mistaken for one another, and the one way to read each from text.

A moment is not a duration, an address is checksummed or refused, a 32-byte word has 32 bytes. Nothing here knows what
time it is.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import NewType, Self

from governance.core.errors import Rejected
from governance.core.keccak import keccak

Address = NewType("Address", str)
"""20 bytes as `0x` and 40 hex digits with the EIP-55 checksum."""

Bytes32 = NewType("Bytes32", bytes)
"""Exactly 32 bytes: a digest, salt, id, root or code hash."""

ZERO_ADDRESS = Address("0x" + "00" * 20)
ZERO_WORD = Bytes32(bytes(32))
EMPTY_CODE_HASH = Bytes32(keccak(b""))
"""`extcodehash` of an account without code (EIP-1052)."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HEX = re.compile(r"0x[0-9a-fA-F]*")
_DURATION = re.compile(r"(0|[1-9][0-9]{0,9}) ?(s|min|h|d)")
LONGEST = 36_525 * 86_400
"""Seconds: a hundred years. Beyond that, calendars end before durations do."""
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


@lru_cache(maxsize=4096)
def checksummed(raw: bytes) -> Address:
    """The EIP-55 form of 20 bytes. Raises ValueError on another length."""
    if len(raw) != 20:
        raise ValueError(f"an address has 20 bytes, not {len(raw)}")
    digits = raw.hex()
    mask = keccak(digits.encode("ascii")).hex()
    return Address("0x" + "".join(c.upper() if int(m, 16) >= 8 else c for c, m in zip(digits, mask, strict=False)))


@lru_cache(maxsize=256)
def code_hash(code: bytes) -> Bytes32:
    """keccak256 of a code, as `extcodehash` gives it."""
    return Bytes32(keccak(code))


def address(text: str) -> Address:
    """Read an address that carries its EIP-55 checksum. Raises Rejected on any other text."""
    if not _ADDRESS.fullmatch(text):
        raise Rejected(f"`{shown(text)}` is not an address", hint="write 0x and 40 hex digits")
    proper = checksummed(bytes.fromhex(text[2:]))
    if proper != text:
        raise Rejected(f"`{text}` lacks the EIP-55 checksum", hint=f"if the digits are right, write {proper}")
    return proper


def address_bytes(value: Address) -> bytes:
    """The 20 bytes of an address."""
    return bytes.fromhex(value[2:])


def hex_bytes(text: str) -> bytes:
    """Read `0x` and an even number of hex digits. Raises Rejected on any other text."""
    if len(text) % 2 or not _HEX.fullmatch(text):
        raise Rejected(f"`{shown(text)}` is not hex data", hint="write 0x and an even number of hex digits")
    return bytes.fromhex(text[2:])


def word(text: str) -> Bytes32:
    """Read 32 bytes of hex. Raises Rejected on any other text."""
    raw = hex_bytes(text)
    if len(raw) != 32:
        raise Rejected(f"`{shown(text)}` has {len(raw)} bytes where 32 are wanted")
    return Bytes32(raw)


def selector_bytes(text: str) -> bytes:
    """Read a 4-byte selector of hex. Raises Rejected on any other text."""
    raw = hex_bytes(text)
    if len(raw) != 4:
        raise Rejected(f"`{shown(text)}` has {len(raw)} bytes where a selector has 4")
    return raw


def to_hex(raw: bytes) -> str:
    """`0x` and lower-case hex digits."""
    return "0x" + raw.hex()


def unsigned(text: str, bits: int = 256) -> int:
    """Read a canonical decimal that fits `bits`. No sign, no leading zero, no underscore. Raises Rejected."""
    if not re.fullmatch(r"0|[1-9][0-9]{0,77}", text) or int(text) >= 1 << bits:
        raise Rejected(f"`{shown(text)}` is not a decimal number that fits {bits} bits")
    return int(text)


def shown(text: str) -> str:
    """A short, printable, single-line form of untrusted text for a message."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:81])
    return clean if len(clean) <= 80 else clean[:77] + "…"


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A length of time in whole seconds, never negative."""

    seconds: int

    def __post_init__(self) -> None:
        if self.seconds < 0:
            raise ValueError("a duration is not negative")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `48 h`, `14 d`, `90 min` or `0 s`. Raises Rejected on any other text."""
        match = _DURATION.fullmatch(text)
        if match is None:
            raise Rejected(f"`{shown(text)}` is not a duration", hint="write a whole number and s, min, h or d: 48 h")
        seconds = int(match[1]) * _SECONDS[match[2]]
        if seconds > LONGEST:
            raise Rejected(f"`{shown(text)}` is longer than a hundred years", hint="write how long it really has to be")
        return cls(seconds)

    def __add__(self, other: "Duration") -> "Duration":
        return Duration(self.seconds + other.seconds)

    def __str__(self) -> str:
        for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
            if self.seconds and self.seconds % size == 0 and (unit != "d" or self.seconds > 2 * size):
                return f"{self.seconds // size} {unit}"
        return f"{self.seconds} s"


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A point in time: whole seconds since 1970-01-01T00:00:00Z, as block timestamps count."""

    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `2026-12-31T00:00:00Z` or `2026-12-31` (midnight UTC). Raises Rejected on any other text."""
        for layout in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"):
            try:
                return cls(int(datetime.strptime(text, layout).replace(tzinfo=UTC).timestamp()))
            except ValueError:
                continue
        raise Rejected(f"`{shown(text)}` is not a moment", hint="write UTC as 2026-12-31T00:00:00Z")

    def __add__(self, wait: Duration) -> "Moment":
        return Moment(self.seconds + wait.seconds)

    def until(self, later: "Moment") -> Duration:
        """The wait from here to `later`, zero when it has passed."""
        return Duration(max(0, later.seconds - self.seconds))

    def __str__(self) -> str:
        return datetime.fromtimestamp(self.seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
