"""Typed fields of documents: text that has been read once and is kept as it was written.

A field validates with the functions of `units` and `call`, so that a document and the chain speak of the same things.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints, WithJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from governance.core.artifact import artifact_name
from governance.core.call import function
from governance.core.errors import GovError
from governance.core.units import Duration, Moment, address, hex_bytes, selector_bytes, shown, unsigned, word

PROPOSAL_ID_PATTERN = r"[0-9]{4}-[a-z0-9]+(-[a-z0-9]+)*"
MAX_ID_LENGTH = 80
"""Of a proposal's id: file names and tables have to hold it."""
NAME_PATTERN = r"[a-z][a-z0-9]*([_-][a-z0-9]+)*"


class EditorSchema(GenerateJsonSchema):
    """JSON Schema for editors: a key that may be left out has no value `null`, since a document has no such value."""

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """The schema of what stands there when something does."""
        return self.generate_inner(schema["schema"])

    def dict_schema(self, schema: Any) -> JsonSchemaValue:
        """As usual, and a key that is no name is refused."""
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """As usual, but silence is no default to write down."""
        made = super().default_schema(schema)
        if "default" in made and made["default"] is None:
            del made["default"]
        return made


class DocumentPart(BaseModel):
    """A part of a document: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


def checked(read: Callable[[str], Any]) -> Callable[[str], str]:
    """A pydantic validator that keeps the text when `read` accepts it."""

    def validate(text: str) -> str:
        try:
            read(text)
        except GovError as error:
            raise ValueError(f"{error.message}" + (f"; {error.hint()}" if error.hint() else "")) from error
        return text

    return validate


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("write one piece of text here")  # noqa: TRY004 - pydantic collects ValueError
    return value


def matching(pattern: str, sentence: str) -> Callable[[str], str]:
    """A pydantic validator that wants a whole text of a shape, and says in words which; `; ` begins the hint."""
    shape = re.compile(pattern)

    def validate(text: str) -> str:
        if not shape.fullmatch(text):
            raise ValueError(f"`{shown(text)}` is not {sentence}")
        return text

    return validate


def exactly_one(part: BaseModel, *names: str) -> None:
    """Raise ValueError, for pydantic to collect, unless exactly one of these keys has a value."""
    if sum(getattr(part, name) is not None for name in names) != 1:
        raise ValueError(f"write exactly one of {', '.join(f'`{name}`' for name in names)}")


def one_of(*names: str) -> ConfigDict:
    """The same, for editors."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in names]})


def _facet(text: str) -> None:
    if text.startswith("0x"):
        address(text)
    else:
        artifact_name(text)


def _selector(text: str) -> None:
    selector_of(text)


def selector_of(text: str) -> bytes:
    """The 4 bytes that `0x69fe0e2d` or `setFee(uint256)` means. Raises Rejected."""
    return selector_bytes(text) if text.startswith("0x") else function(text).selector


def _schema(description: str, pattern: str, *also: str, **more: Any) -> WithJsonSchema:
    """For editors, which see `0x69fe0e2d` or `2026` without quotes as a number where this tool sees text."""
    types = ["string", *also] if also else "string"
    return WithJsonSchema({"type": types, "description": description, "pattern": pattern, **more})


_Str = Annotated[str, BeforeValidator(_text)]
_CALL = r"[A-Za-z_$][A-Za-z0-9_$]*\([a-z0-9,()\[\]]*\)"
"""A function signature as editors can check it; its types are checked here."""

AddressField = Annotated[
    _Str, AfterValidator(checked(address)), _schema("An address with its EIP-55 checksum", "^0x[0-9a-fA-F]{40}$")
]
WordField = Annotated[_Str, AfterValidator(checked(word)), _schema("32 bytes of hex", "^0x[0-9a-fA-F]{64}$", "number")]
HexField = Annotated[_Str, AfterValidator(checked(hex_bytes)), _schema("Hex data", "^0x([0-9a-fA-F]{2})*$", "number")]
SelectorField = Annotated[
    _Str,
    AfterValidator(checked(_selector)),
    _schema("A function signature `setFee(uint256)`, or 4 bytes of hex", f"^(0x[0-9a-fA-F]{{8}}|{_CALL})$", "integer"),
]
SignatureField = Annotated[
    _Str,
    AfterValidator(checked(function)),
    _schema("A function signature in canonical types: `fee()(uint256)`", f"^{_CALL}$"),
]
FacetField = Annotated[
    _Str,
    AfterValidator(checked(_facet)),
    _schema("A facet: an artifact `Name@Version`, or an address", "^(0x[0-9a-fA-F]{40}|[A-Za-z][A-Za-z0-9_.@-]*)$"),
]
DecimalField = Annotated[
    _Str,
    AfterValidator(checked(unsigned)),
    _schema("A decimal", "^(0|[1-9][0-9]{0,77})$", "integer", minimum=0),
]
MomentField = Annotated[
    _Str,
    AfterValidator(checked(Moment.parse)),
    _schema(
        "UTC: 2026-12-31T00:00:00Z, or 2026-12-31 for midnight",
        "^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(T[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}Z)?$",
    ),
]
TextField = Annotated[
    _Str,
    StringConstraints(min_length=1, max_length=4000),
    AfterValidator(matching(r"(?s)\s*\S.*", "text that helps a reviewer")),
    _schema("Words for a reviewer", r"\S", "number", "boolean", minLength=1, maxLength=4000),
]
TitleField = Annotated[
    _Str,
    StringConstraints(min_length=1, max_length=120),
    AfterValidator(matching(r"\S(?:[^\n\t]*\S)?", "one line without blanks around it")),
    _schema("One line", r"^\S([^\n\t]*\S)?$", "number", "boolean", minLength=1, maxLength=120),
]
NameField = Annotated[
    _Str,
    StringConstraints(max_length=64),
    AfterValidator(
        matching(NAME_PATTERN, "a name; write lower-case letters, digits, - and _, beginning with a letter")
    ),
    _schema("A name in lower case", f"^{NAME_PATTERN}$"),
]
ProposalIdField = Annotated[
    _Str,
    StringConstraints(max_length=MAX_ID_LENGTH),
    AfterValidator(matching(PROPOSAL_ID_PATTERN, "the id of a proposal; write it as 0007-swap-fee-facet")),
    _schema("The id of a proposal, 0007-swap-fee-facet", f"^{PROPOSAL_ID_PATTERN}$"),
]
DurationField = Annotated[
    _Str, AfterValidator(checked(Duration.parse)), _schema("A duration: 48 h", "^(0|[1-9][0-9]{0,9}) ?(s|min|h|d)$")
]
