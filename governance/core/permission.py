"""What a rule lets a proposal call: to whom, which function, with which arguments, with how much wei, and how often.

The conditions have the names that the Zodiac Roles modifier gave them. A call that no permission allows is refused, with
what the nearest one wanted. Whether a permission makes sense is asked when the policy is read.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from governance.core.call import Call, Function, as_text, decode, encode_call
from governance.core.errors import Place, Rejected
from governance.core.units import Address, Bytes32, Duration, Moment, checksummed

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
TARGET = "target"
"""In place of an address: the network's governed system."""
ArgumentPath = tuple[int, ...]
"""Which argument, and which member of it where it is a tuple: `(1, 0)` for `1.0`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What one argument must be."""

    argument: ArgumentPath
    operator: str
    """One of OPERATORS."""
    wanted: Any
    """Typed as the argument is; a list for `in` and `subset`, a pair (mask, value) for `bitmask`."""

    def holds(self, arguments: Sequence[Any]) -> bool:
        """Whether the argument is so."""
        return OPERATORS[self.operator](at(arguments, self.argument), self.wanted)

    def __str__(self) -> str:
        return f"argument {_dotted(self.argument)} {self.operator} {as_text(self.wanted)}"


def _dotted(path: ArgumentPath) -> str:
    return ".".join(map(str, path))


def _masked(found: Any, wanted: tuple[Any, Any]) -> bool:
    mask, value = (_number(each) for each in wanted)
    return _number(found) & mask == value


def _number(value: Any) -> int:
    return int.from_bytes(value, "big") if isinstance(value, bytes) else int(value)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equal": lambda found, wanted: bool(found == wanted),
    "less": lambda found, wanted: bool(found < wanted),
    "greater": lambda found, wanted: bool(found > wanted),
    "in": lambda found, wanted: found in wanted,
    "subset": lambda found, wanted: all(each in wanted for each in found),
    "bitmask": _masked,
}
"""Found and wanted to whether it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much may be used within a time, over everything that was executed or waits."""

    argument: ArgumentPath | None
    """The number that counts; None for the wei of the call."""
    at_most: int
    per: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One function that may be called."""

    place: Place = field(compare=False)
    to: frozenset[str]
    """Addresses, or `target`."""
    function: Function
    conditions: tuple[Condition, ...]
    value_at_most: int
    """Wei."""
    allowance: Allowance | None

    def __str__(self) -> str:
        parts = [f"{self.function.signature} of {' or '.join(sorted(self.to))}"]
        parts += [f"where {' and '.join(map(str, self.conditions))}"] if self.conditions else []
        parts += [f"with at most {self.value_at_most} wei"] if self.value_at_most else []
        if self.allowance is not None:
            what = "wei" if self.allowance.argument is None else f"argument {_dotted(self.allowance.argument)}"
            parts.append(f"using at most {self.allowance.at_most} of {what} within {self.allowance.per}")
        return ", ".join(parts)

    def is_for(self, call: Call, target: Address) -> bool:
        """Whether it speaks of this function of this contract."""
        meant = call.to in self.to or (call.to == target and TARGET in self.to)
        return meant and call.data[:4] == self.function.selector

    def arguments(self, call: Call) -> Sequence[Any]:
        """The call's arguments. Raises Rejected when its bytes are not just those."""
        found = decode(self.function.inputs, call.data[4:])
        if encode_call(self.function, found) != call.data:
            raise Rejected("its bytes are not those that its arguments encode to")
        return [normal(each) for each in found]

    def objections(self, call: Call) -> Iterator[str]:
        """A sentence for each respect in which a call that it is for goes further than it allows."""
        try:
            found = self.arguments(call)
        except Rejected as error:
            yield f"its arguments cannot be read: {error.message}"
            return
        for condition in self.conditions:
            if not condition.holds(found):
                yield f"{condition} is wanted, found {as_text(at(found, condition.argument))}"
        if call.value > self.value_at_most:
            yield f"at most {self.value_at_most} wei may go with it, found {call.value}"

    def used(self, call: Call) -> int:
        """What a call takes from the allowance."""
        assert self.allowance is not None
        if self.allowance.argument is None:
            return call.value
        return int(at(self.arguments(call), self.allowance.argument))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """A call that the timelock has executed, or that waits in it."""

    operation: Bytes32
    call: Call
    moment: Moment | None
    """When it was executed; None while it waits."""


def at(arguments: Sequence[Any], path: ArgumentPath) -> Any:
    """The argument at a path."""
    found: Any = arguments
    for index in path:
        found = found[index]
    return found


def normal(value: Any) -> Any:
    """Decoded and written values alike: addresses with checksums, lists for arrays and tuples."""
    if isinstance(value, list | tuple):
        return [normal(each) for each in value]
    if isinstance(value, str) and _ADDRESS.fullmatch(value):
        return checksummed(bytes.fromhex(value[2:]))
    return value
