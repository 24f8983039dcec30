"""What an argument of a call must be: one operator and one value of the argument's own type.

The operators have the names that the Zodiac Roles modifier gave them. Nothing here reads a policy or a call: whether a value
fits its type is asked when the policy is read (`permissionfile`), and bytes are decoded before (`permission`).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from governance.core.call import as_text, member_types
from governance.core.units import checksummed, shown

ArgumentPath = tuple[int | None, ...]
"""Which argument, then which member of it; None for each element of a list: `(1, None, 0)` for `1[].0`."""

_ARRAY = re.compile(r"(.*)\[[0-9]*\]", re.DOTALL)
_NUMBER = re.compile(r"(u?)int([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What one argument must be, or each element of one."""

    argument: ArgumentPath
    operator: str
    """One of OPERATORS."""
    wanted: Any
    """Typed as the argument is; several for `in` and `subset`, a pair (mask, value) for `bitmask`."""

    def failing(self, arguments: Sequence[Any]) -> list[Any]:
        """What is not so; empty when it holds. An empty list has no element that is not so."""
        holds = OPERATORS[self.operator]
        return [found for found in at(arguments, self.argument) if not holds(found, self.wanted)]

    def __str__(self) -> str:
        if self.operator == "bitmask":
            mask, value = map(written, self.wanted)
            return f"argument {dotted_path(self.argument)} bitmask {mask} equals {value}"
        return f"argument {dotted_path(self.argument)} {self.operator} {written(self.wanted)}"


def _masked(found: Any, wanted: tuple[Any, Any]) -> bool:
    mask, value = (number(each) for each in wanted)
    return number(found) & mask == value


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equal": lambda found, wanted: bool(found == wanted),
    "less": lambda found, wanted: bool(found < wanted),
    "greater": lambda found, wanted: bool(found > wanted),
    "in": lambda found, wanted: found in wanted,
    "subset": lambda found, wanted: all(each in wanted for each in found),
    "bitmask": _masked,
}
"""Found and wanted to whether it holds."""


def number(value: Any) -> int:
    """Bits as a number, also those of bytes."""
    return int.from_bytes(value, "big") if isinstance(value, bytes) else int(value)


def at(arguments: Sequence[Any], path: ArgumentPath) -> list[Any]:
    """What is at a path: one value, or as many as the lists on the way have elements."""
    found: list[Any] = [arguments]
    for step in path:
        found = [inner for each in found for inner in (each if step is None else (each[step],))]
    return found


def canonical(abi_type: str, value: Any) -> Any:
    """A decoded or written value in the one form in which values are compared: checksums, and tuples for all lists."""
    element = element_type(abi_type)
    if element is not None:
        return tuple(canonical(element, each) for each in value)
    if abi_type.startswith("("):
        return tuple(canonical(kind, each) for kind, each in zip(member_types(abi_type), value, strict=True))
    return checksummed(bytes.fromhex(value[2:])) if abi_type == "address" else value


def element_type(abi_type: str) -> str | None:
    """Of a list; None when it is none."""
    array = _ARRAY.fullmatch(abi_type)
    return None if array is None else array[1]


def bounds(abi_type: str) -> tuple[int, int] | None:
    """The smallest and the largest number of a type; None when it has no numbers."""
    match = _NUMBER.fullmatch(abi_type)
    if match is None:
        return None
    bits = int(match[2])
    return (0, (1 << bits) - 1) if match[1] else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def dotted_path(path: ArgumentPath) -> str:
    """`1[].0`, as a policy writes it."""
    return "".join("[]" if step is None else f".{step}" for step in path).removeprefix(".")


def written(value: Any) -> str:
    """A value as a message shows it."""
    return shown(str(as_text(value)).replace("'", ""))
