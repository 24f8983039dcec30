"""What a rule lets a proposal call: to whom, which function, with which arguments, with how much wei, and how often.

A call that no permission allows is refused, with what the nearest one wanted. Whether a permission makes sense is asked
when the policy is read; what was spent before is told by others.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from governance.core.call import Call, Function, decode, encode_call
from governance.core.conditions import ArgumentPath, Condition, at, canonical, dotted_path, written
from governance.core.errors import Place, Rejected
from governance.core.units import Bytes32, Duration, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much may be used within a time, over everything that was executed or waits."""

    argument: ArgumentPath | None
    """The number that counts, or the numbers of a list; None for the wei of the call."""
    at_most: int
    per: Duration

    def __str__(self) -> str:
        what = "wei" if self.argument is None else f"argument {dotted_path(self.argument)}"
        return f"at most {self.at_most} of {what} within {self.per}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The arguments of a call, as one function has them."""

    arguments: tuple[Any, ...]
    exact: bool
    """The call's bytes are just those that these arguments encode to."""


def read_call(fn: Function, call: Call) -> Reading:
    """Decode a call of a function. Raises Rejected when its bytes are nothing that the function takes."""
    found = decode(fn.inputs, call.data[4:])
    arguments = tuple(canonical(kind, each) for kind, each in zip(fn.inputs, found, strict=True))
    return Reading(arguments=arguments, exact=encode_call(fn, found) == call.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One function that may be called."""

    place: Place = field(compare=False)
    to: frozenset[str]
    """Addresses, or duties of the network such as `target`."""
    function: Function
    conditions: tuple[Condition, ...]
    value_at_most: int
    """Wei."""
    allowance: Allowance | None
    selector: bytes = field(init=False, repr=False, compare=False)
    """Of the function; kept, since every decision asks for it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "selector", self.function.selector)

    def __str__(self) -> str:
        parts = [f"{self.function.signature} of {' or '.join(sorted(self.to))}"]
        parts += [f"where {' and '.join(map(str, self.conditions))}"] if self.conditions else []
        parts += [f"with at most {self.value_at_most} wei"] if self.value_at_most else []
        parts += [f"using {self.allowance}"] if self.allowance is not None else []
        return ", ".join(parts)

    def objections(self, call: Call, reading: Reading | None) -> Iterator[str]:
        """A sentence for each respect in which a call of its function goes further than it allows.

        `reading` is what `read_call` gave for its function; None when that could not be read.
        """
        if reading is None:
            yield "its arguments cannot be read"
            return
        if not reading.exact:
            yield "its arguments cannot be read: its bytes are not those that its arguments encode to"
        for condition in self.conditions:
            failing = condition.failing(reading.arguments)
            if failing:
                yield f"{condition} is wanted, found {written(failing[0])}"
        if call.value > self.value_at_most:
            yield f"at most {self.value_at_most} wei may go with it, found {call.value}"

    def used(self, call: Call) -> int:
        """What a call of its function takes from its allowance; nothing when its conditions speak of other calls.

        Bytes that nobody encodes so count as what the contract would read in them.
        """
        assert self.allowance is not None
        if not self.conditions and self.allowance.argument is None:
            return call.value
        try:
            arguments = read_call(self.function, call).arguments
        except Rejected:
            return 0  # no function with these arguments can have read them
        if any(condition.failing(arguments) for condition in self.conditions):
            return 0
        return call.value if self.allowance.argument is None else sum(at(arguments, self.allowance.argument))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """A call that the timelock has executed, or that waits in it."""

    operation: Bytes32
    call: Call
    moment: Moment | None
    """When it was executed; None while it waits."""
