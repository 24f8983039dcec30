"""Permissions as they stand in `policies.yaml`, typed; and whether each fits the function that it names."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from governance.core.call import function, member_types, typed
from governance.core.conditions import (
    OPERATORS,
    ArgumentPath,
    Condition,
    bounds,
    canonical,
    dotted_path,
    element_type,
    number,
)
from governance.core.errors import Finding, Rejected
from governance.core.fields import (
    AddressField,
    DecimalField,
    DocumentPart,
    DurationField,
    SignatureField,
    exactly_one,
    matching,
    one_of,
)
from governance.core.network import Duty
from governance.core.permission import Allowance, Permission
from governance.core.tree import Loc, Mapping, dotted, locate
from governance.core.units import Duration

_STEP = r"(0|[1-9][0-9]?)(\[\]){0,4}"
_PATH = rf"{_STEP}(\.{_STEP}){{0,7}}"
ArgumentField = Annotated[
    str,
    AfterValidator(
        matching(
            _PATH,
            "an argument by its number, from 0; write 1, or 1.0 for a member of a tuple, or 1[] for each of a list",
        )
    ),
    WithJsonSchema(
        {
            "type": ["string", "integer", "number"],
            "pattern": f"^{_PATH}$",
            "description": "An argument's number, from 0; 1.0 for a member of a tuple, 1[] for each element of a list",
        }
    ),
]
_ONE = {"type": ["string", "number", "boolean", "array"]}
_VALUE = WithJsonSchema(_ONE)
_NUMBER = WithJsonSchema({"type": ["string", "integer"], "pattern": "^(0|-?[1-9][0-9]{0,77})$"})
_VALUES = WithJsonSchema({"type": "array", "items": _ONE, "minItems": 1})


class BitmaskPart(DocumentPart):
    """Some bits of an argument."""

    mask: Annotated[Any, _VALUE]
    """The bits that are compared."""
    equals: Annotated[Any, _VALUE]
    """What they must be."""


class ConditionPart(DocumentPart):
    """What one argument must be."""

    model_config = one_of(*OPERATORS)

    argument: ArgumentField
    """Its number, from 0; `1.0` for the first member of the second argument, `1[]` for each of its elements."""
    equal: Annotated[Any, _VALUE] = None
    """Just this."""
    less: Annotated[Any, _NUMBER] = None
    """A smaller number."""
    greater: Annotated[Any, _NUMBER] = None
    """A larger number."""
    in_: Annotated[list[Any], _VALUES] | None = Field(default=None, alias="in", min_length=1)
    """One of these."""
    subset: Annotated[list[Any], _VALUES] | None = Field(default=None, min_length=1)
    """A list with nothing in it but some of these."""
    bitmask: BitmaskPart | None = None
    """Some bits."""

    @model_validator(mode="after")
    def _one_operator(self) -> "ConditionPart":
        exactly_one(self, "equal", "less", "greater", "in_", "subset", "bitmask")
        return self

    @property
    def operator(self) -> str:
        """Its name in `OPERATORS`."""
        return next(name for name in OPERATORS if getattr(self, _field(name)) is not None)


class AllowancePart(DocumentPart):
    """How much within a time."""

    model_config = one_of("argument", "wei")

    argument: ArgumentField | None = None
    """The number that counts; with `[]` the sum of a list."""
    wei: Annotated[Literal["true"], WithJsonSchema({"enum": ["true", True]})] | None = None
    """Instead: what is sent with the call."""
    at_most: DecimalField
    """The most of it, over everything that was executed within the time, that waits, and that is proposed."""
    per: DurationField
    """The time, backwards from now."""

    @model_validator(mode="after")
    def _one_number(self) -> "AllowancePart":
        exactly_one(self, "argument", "wei")
        return self


class PermissionPart(DocumentPart):
    """A function that may be called."""

    to: list[AddressField | Duty] = Field(min_length=1)
    """Contracts; `target` for the governed system, and so on for what the network names."""
    function: SignatureField
    """In canonical types, e.g. `setFee(uint256)`."""
    where: list[ConditionPart] = Field(default_factory=list)
    """Conditions, all of which must hold."""
    value_at_most: DecimalField = "0"
    """Wei that may go with one call; none when left out."""
    allowance: AllowancePart | None = None
    """How much of something within a time."""


def _field(operator: str) -> str:
    return "in_" if operator == "in" else operator


def permission_findings(part: PermissionPart, loc: Loc, tree: Mapping) -> Iterator[Finding]:
    """A finding for each condition that does not fit the function."""
    inputs = function(part.function).inputs
    for i, condition in enumerate(part.where):
        where: Loc = (*loc, "where", i)
        try:
            _wanted(condition, argument_type(inputs, path_of(condition.argument)))
        except Rejected as error:
            yield _at(tree, where, "policy-condition", error.message, error.hint())
    if part.allowance is not None and part.allowance.argument is not None:
        where = (*loc, "allowance", "argument")
        try:
            _require_countable(argument_type(inputs, path_of(part.allowance.argument)))
        except Rejected as error:
            yield _at(tree, where, "policy-condition", error.message, error.hint())


def _require_countable(abi_type: str) -> None:
    if not re.fullmatch(r"uint[0-9]+", abi_type):
        raise Rejected(f"`{abi_type}` cannot be counted", hint="name an unsigned number")


def permission(part: PermissionPart, loc: Loc, tree: Mapping) -> Permission:
    """The permission. Of a part without findings."""
    fn = function(part.function)
    allowance = part.allowance
    return Permission(
        place=locate(tree, loc),
        to=frozenset(part.to),
        function=fn,
        conditions=tuple(_condition(each, fn.inputs) for each in part.where),
        value_at_most=int(part.value_at_most),
        allowance=None
        if allowance is None
        else Allowance(
            argument=None if allowance.argument is None else path_of(allowance.argument),
            at_most=int(allowance.at_most),
            per=Duration.parse(allowance.per),
        ),
    )


def _condition(part: ConditionPart, inputs: tuple[str, ...]) -> Condition:
    path = path_of(part.argument)
    wanted = _wanted(part, argument_type(inputs, path))
    return Condition(argument=path, operator=part.operator, wanted=wanted)


def path_of(written: str) -> ArgumentPath:
    """`1[].0` as steps."""
    return tuple(None if step == "[]" else int(step) for step in re.findall(r"[0-9]+|\[\]", written))


def argument_type(inputs: tuple[str, ...], path: ArgumentPath) -> str:
    """The ABI type at a path. Raises Rejected where there is nothing."""
    members, found = inputs, ""
    for i, step in enumerate(path):
        element = element_type(found)
        if step is None and element is None:
            raise Rejected(f"`{found}` is no list", hint=f"write {dotted_path(path[:i])} without []")
        if step is not None and element is not None:
            raise Rejected(f"`{found}` is a list", hint=f"write {dotted_path(path[:i])}[] for each of its elements")
        if step is not None and step >= len(members):
            raise Rejected(f"there is no argument {dotted_path(path)}", hint="arguments are counted from 0")
        found = element if step is None and element is not None else members[step or 0]
        members = member_types(found) if found.startswith("(") and found.endswith(")") else ()
    return found


def _wanted(part: ConditionPart, abi_type: str) -> Any:
    """What is compared, typed. Raises Rejected when it does not fit the type, or nothing would ever hold."""
    operator = part.operator
    written = getattr(part, _field(operator))
    if operator in {"less", "greater"}:
        return _bound(operator, abi_type, written)
    if operator == "in":
        return tuple(canonical(abi_type, typed(abi_type, each)) for each in written)
    if operator == "subset":
        element = element_type(abi_type)
        if element is None:
            raise Rejected(f"`{abi_type}` is no list", hint="use in for a single value")
        return tuple(canonical(element, typed(element, each)) for each in written)
    if operator == "bitmask":
        return _bits(abi_type, written)
    return canonical(abi_type, typed(abi_type, written))


def _bound(operator: str, abi_type: str, written: Any) -> int:
    ends = bounds(abi_type)
    if ends is None:
        raise Rejected(f"`{abi_type}` is no number: nothing is {operator}", hint="use equal, in, subset or bitmask")
    wanted = int(typed(abi_type, written))
    if wanted == ends[operator == "greater"]:
        words = "less" if operator == "less" else "greater"
        raise Rejected(f"no `{abi_type}` is {words} than {wanted}", hint="drop the permission, or write what may be")
    return wanted


def _bits(abi_type: str, part: BitmaskPart) -> tuple[Any, Any]:
    if not re.fullmatch(r"(uint|bytes)[0-9]+", abi_type):
        raise Rejected(f"`{abi_type}` has no bits to compare", hint="use equal or in")
    mask, value = typed(abi_type, part.mask), typed(abi_type, part.equals)
    if not number(mask):
        raise Rejected("the mask has no bit: nothing is compared", hint="drop the condition, or name the bits")
    if number(value) & ~number(mask):
        raise Rejected("`equals` has bits that `mask` leaves out: it never holds", hint="name them in the mask as well")
    return mask, value


def _at(tree: Mapping, loc: Loc, rule: str, message: str, hint: str) -> Finding:
    return Finding(rule=rule, message=message, hint=hint, place=locate(tree, loc), path=dotted(loc))
