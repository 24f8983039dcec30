"""`expect:` in a proposal: what its author says will be true afterwards, and what exactly will change.

A call and its answer can be asked of any chain. A change, a balance, an event or a new contract is held against what an
execution does. What is not said here, and not promised by the kind itself, must not happen.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator

from governance.core.call import encode_call, function, typed
from governance.core.difference import Change, Key, Part
from governance.core.effects import Seen
from governance.core.errors import Rejected
from governance.core.facts import Log
from governance.core.fields import (
    AddressField,
    DocumentPart,
    NameField,
    SignatureField,
    WordField,
    exactly_one,
    matching,
    one_of,
)
from governance.core.keccak import keccak
from governance.core.units import ZERO_WORD, Address, Bytes32, hex_bytes, to_hex

E = TypeVar("E", bound="_Expectation")
ANY = "any"
"""Where a value follows from the moment or from what others do, and only that it changes can be said."""


def _answer(value: Any) -> Any:
    if isinstance(value, list):
        return [_answer(item) for item in value]
    if not isinstance(value, str):
        raise ValueError("an answer is one piece of text, or a list of them")  # noqa: TRY004 - pydantic collects ValueError
    return value


_SCALAR = {"type": ["string", "number", "boolean"]}
ANSWER = {"anyOf": [_SCALAR, {"type": "array", "items": {"type": ["string", "number", "boolean", "array"]}}]}
"""What editors make of `30`, `true` or `[a, [b]]`."""
_YES = WithJsonSchema({"enum": ["true", True]})
_WEI = r"(0|-?[1-9][0-9]{0,77})|any"
WeiField = Annotated[
    str,
    AfterValidator(matching(_WEI, "a number of wei; write -5, or any")),
    WithJsonSchema({"type": ["string", "integer"], "pattern": f"^({_WEI})$", "description": "Wei, or `any`"}),
]


class _Expectation(DocumentPart):
    networks: list[NameField] | None = Field(default=None, min_length=1)
    """Where this is expected; on every network of the proposal when left out."""


class CallExpectation(_Expectation):
    """A call, and what must come of it once the proposal is executed."""

    model_config = one_of("equals", "nonzero", "reverts")

    call: SignatureField
    """A function, with its result where that is compared: `fee()(uint256)`."""
    args: list[Any] = Field(default_factory=list)
    """One text (or list of texts, for arrays and tuples) per argument."""
    to: AddressField | None = None
    """Who is asked; the governed system when left out."""
    from_: AddressField | None = Field(default=None, alias="from")
    """Who asks; an account without any rights when left out."""
    equals: Annotated[Any, AfterValidator(_answer), WithJsonSchema(ANSWER)] = None
    """The answer as text, e.g. `30`; a list when there are several."""
    nonzero: Annotated[Literal["true"], _YES] | None = None
    """No part of the answer is zero or empty."""
    reverts: Annotated[Literal["true"], _YES] | None = None
    """The call must be refused."""

    @model_validator(mode="after")
    def _one_demand(self) -> "CallExpectation":
        exactly_one(self, "equals", "nonzero", "reverts")
        fn = function(self.call)
        if not self.reverts and not fn.outputs:
            raise ValueError("nothing can be compared without the type of the result; write fee()(uint256)")
        if len(fn.inputs) != len(self.args):
            raise ValueError(f"`{fn.signature}` takes {len(fn.inputs)} arguments, not {len(self.args)}")
        try:
            self._arguments()
        except Rejected as error:
            raise ValueError(error.message) from error
        return self

    def asked(self) -> bytes:
        """Calldata."""
        return encode_call(function(self.call), self._arguments())

    def _arguments(self) -> list[Any]:
        pairs = zip(function(self.call).inputs, self.args, strict=True)
        return [typed(abi_type, written) for abi_type, written in pairs]


class ChangeExpectation(_Expectation):
    """A storage word that the execution changes."""

    change: AddressField | Literal["target"]
    """Whose; `target` for the governed system."""
    slot: WordField
    """Which."""
    becomes: WordField | Literal["any"]
    """Its value afterwards; `any` where it follows from the moment."""


class BalanceExpectation(_Expectation):
    """Wei that move in the execution."""

    balance: AddressField
    """Whose."""
    changes_by: WeiField
    """By how much; `any` where it follows from the moment."""


class EventExpectation(_Expectation):
    """An event that the execution emits."""

    event: SignatureField
    """Its signature: `FeeChanged(uint256)`."""
    of: AddressField | None = None
    """By whom; the governed system when left out."""


class CreationExpectation(_Expectation):
    """A contract that the execution creates."""

    creates: AddressField
    """Where."""


def _form(value: Any) -> str:
    """Which form is meant, so that only its faults are told."""
    for name in ("change", "balance", "event", "creates"):
        if (isinstance(value, dict) and name in value) or hasattr(value, name):
            return f"of {name}"
    return "of call"


Expectation = Annotated[
    Annotated[CallExpectation, Tag("of call")]
    | Annotated[ChangeExpectation, Tag("of change")]
    | Annotated[BalanceExpectation, Tag("of balance")]
    | Annotated[EventExpectation, Tag("of event")]
    | Annotated[CreationExpectation, Tag("of creates")],
    Discriminator(_form),
]


def expected_on(expected: Iterable[E], network: str) -> list[E]:
    """What is expected on one network."""
    return [each for each in expected if each.networks is None or network in each.networks]


def expected_keys(expected: Iterable[Any], target: Address) -> frozenset[Key]:
    """Every value that is expected to change."""
    keys: set[Key] = set()
    for each in expected:
        if isinstance(each, ChangeExpectation):
            keys.add(_word(each, target))
        elif isinstance(each, BalanceExpectation):
            keys.add((Address(each.balance), Part.BALANCE, ZERO_WORD))
        elif isinstance(each, CreationExpectation):
            keys.add((Address(each.creates), Part.CODE, ZERO_WORD))
    return frozenset(keys)


def _word(each: ChangeExpectation, target: Address) -> Key:
    account = target if each.change == "target" else Address(each.change)
    return (account, Part.STORAGE, Bytes32(hex_bytes(each.slot)))


def open_ended(expected: Iterable[Any]) -> list[Any]:
    """Those that say only that something changes."""
    values = ((each, getattr(each, "becomes", getattr(each, "changes_by", None))) for each in expected)
    return [each for each, value in values if value == ANY]


def settled_words(expected: Iterable[Any], target: Address) -> list[tuple[Address, int, Bytes32]]:
    """Account, slot and value of every storage word whose value is known beforehand: these can be read ever after."""
    words = []
    for each in expected:
        if isinstance(each, ChangeExpectation) and each.becomes != ANY:
            account, _, slot = _word(each, target)
            words.append((account, int.from_bytes(slot), Bytes32(hex_bytes(each.becomes))))
    return words


def becomes(account: Address, slot: int, value: Bytes32 | str) -> str:
    """The promise in words."""
    written = value if isinstance(value, str) else to_hex(value)
    return f"slot {to_hex(slot.to_bytes(32, 'big'))} of {account} becomes {written}"


def hold_changes(expected: Iterable[Any], changes: Sequence[Change], target: Address) -> list[Seen]:
    """Expected changes, balances and creations held against a difference."""
    found = {change.key: change for change in changes}
    return [
        _held(each, found, target)
        for each in expected
        if isinstance(each, ChangeExpectation | BalanceExpectation | CreationExpectation)
    ]


def _held(
    each: ChangeExpectation | BalanceExpectation | CreationExpectation, found: Mapping[Key, Change], target: Address
) -> Seen:
    if isinstance(each, ChangeExpectation):
        change = found.get(_word(each, target))
        account, _, slot = _word(each, target)
        words = becomes(account, int.from_bytes(slot), each.becomes)
        held = change is not None and each.becomes in {ANY, to_hex(change.after)}
        return Seen(effect=words, held=held, found="no change" if change is None else to_hex(change.after))
    if isinstance(each, BalanceExpectation):
        change = found.get((Address(each.balance), Part.BALANCE, ZERO_WORD))
        by = 0 if change is None else int.from_bytes(change.after) - int.from_bytes(change.before)
        held = each.changes_by == str(by) or (each.changes_by == ANY and change is not None)
        return Seen(effect=f"the balance of {each.balance} changes by {each.changes_by}", held=held, found=str(by))
    change = found.get((Address(each.creates), Part.CODE, ZERO_WORD))
    held = change is not None and not change.before and bool(change.after)
    return Seen(effect=f"{each.creates} is created", held=held, found="created" if held else "not created")


def hold_events(expected: Iterable[Any], logs: Sequence[Log], target: Address) -> list[Seen]:
    """Expected events held against the logs of an execution."""
    seen = []
    for each in expected:
        if isinstance(each, EventExpectation):
            of = target if each.of is None else Address(each.of)
            topic = Bytes32(keccak(function(each.event).signature.encode()))
            count = sum(log.address == of and log.topics[:1] == (topic,) for log in logs)
            seen.append(Seen(effect=f"{of} emits {each.event}", held=count > 0, found=f"{count} of them"))
    return seen


def is_empty(answer: Any) -> bool:
    """Whether a part of an answer is zero, false or without content, as `nonzero` forbids."""
    if isinstance(answer, list):
        return not answer or any(is_empty(item) for item in answer)
    text = str(answer)
    return text in {"", "false", "0x"} or not text.removeprefix("0x").strip("0")
