"""The typed description of a governed system that is to be deployed: one YAML document, on any network.

It says who and how many, how long, and which generation. It never says an address of a part: those follow from it (see
`blueprint`). An unknown key, a missing delay or an empty list is refused; nothing here has a default that matters.
"""

import re
from collections.abc import Callable
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, model_validator

from governance.core.artifact import artifact_name
from governance.core.call import function
from governance.core.errors import GovError, Rejected
from governance.core.facts import Generation
from governance.core.fields import NAME_PATTERN, DocumentPart, NameField, checked
from governance.core.findings import validated
from governance.core.network import TargetKind
from governance.core.tree import Mapping
from governance.core.units import Duration, unsigned

LONGEST_DELAY = Duration(365 * 86400)
"""A longer wait is a system that nobody can repair."""

T = TypeVar("T")


def _read(reader: Callable[[str], T]) -> PlainValidator:
    """A pydantic validator that takes one piece of text and keeps what `reader` makes of it."""

    def validate(value: object) -> T:
        if not isinstance(value, str):
            raise ValueError("write one piece of text here")  # noqa: TRY004 - pydantic collects ValueError
        try:
            return reader(value)
        except GovError as error:
            raise ValueError(f"{error.message}; {error.hint()}" if error.hint() else error.message) from error

    return PlainValidator(validate)


def _duration(written: str) -> Duration:
    wait = Duration.parse(written)
    if wait > LONGEST_DELAY:
        raise Rejected(f"{wait} is longer than {LONGEST_DELAY}")
    return wait


def _count(written: str) -> int:
    number = unsigned(written, 16)
    if number == 0:
        raise Rejected("none is not enough", hint="write 1 or more")
    return number


def _word_or_names(word: str, check: Callable[[str], object]) -> PlainValidator:
    """Either the one word, or a list of texts that are not empty and all pass `check`."""

    def validate(value: object) -> str | tuple[str, ...]:
        if value == word:
            return word
        if not isinstance(value, list) or not value:
            raise ValueError(f"write `{word}`, or a list of at least one name")
        names = tuple(_checked(item) for item in value)
        if len(set(names)) != len(names):
            raise ValueError("a name is in the list twice")
        return names

    def _checked(item: object) -> str:
        if not isinstance(item, str):
            raise ValueError("the list holds plain names")  # noqa: TRY004 - pydantic collects ValueError
        return checked(check)(item)

    return PlainValidator(validate)


def _member(written: str) -> None:
    if not re.fullmatch(NAME_PATTERN, written):
        raise Rejected("a member's name has small letters, digits, - and _")


DurationField = Annotated[Duration, _read(_duration)]
CountField = Annotated[int, _read(_count)]
ArtifactField = Annotated[str, AfterValidator(checked(artifact_name))]


class SafeDescription(DocumentPart):
    """A Safe: its owners by member name, and how many of them must sign."""

    owners: Annotated[tuple[NameField, ...], Field(min_length=1)]
    threshold: CountField

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if len(set(self.owners)) != len(self.owners):
            raise ValueError("an owner is named twice")
        if self.threshold > len(self.owners):
            raise ValueError(f"threshold {self.threshold} can never be reached by {len(self.owners)} owners")
        return self


class TimelockDescription(DocumentPart):
    """OpenZeppelin's TimelockController, unmodified. The council proposes and cancels, the guardian cancels."""

    delay: DurationField
    """The least wait between schedule and execute."""
    executors: Annotated[Literal["open"] | tuple[str, ...], _word_or_names("open", _member)]
    """`open`: anyone may execute what is ready. Otherwise the members who may."""


class FacetDescription(DocumentPart):
    """A facet that is routed from the first day."""

    artifact: ArtifactField
    selectors: Annotated[Literal["all"] | tuple[str, ...], _word_or_names("all", function)]
    """Function signatures such as `fee()`, or `all` of the artifact's."""


class TargetDescription(DocumentPart):
    """The system that is governed."""

    generation: Generation
    artifact: ArtifactField
    """The contract's artifact, e.g. `ManifestDispatcher`."""
    activation_delay: DurationField
    """Between commit and activation of a root; `0 s` on a diamond, which has none."""
    facets: tuple[FacetDescription, ...]

    @property
    def kind(self) -> TargetKind:
        """As `policies.yaml` names it."""
        diamond = self.generation is Generation.DIAMOND
        return TargetKind.DIAMOND if diamond else TargetKind.MANIFEST_DISPATCHER

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.generation is Generation.DIAMOND and self.activation_delay.seconds:
            raise ValueError("a diamond has no activation delay; write `activation_delay: 0 s`")
        return self


class Description(DocumentPart):
    """The whole document, `governance/deployment/v1`."""

    model_config = ConfigDict(validate_by_name=False, validate_by_alias=True)

    document_schema: Annotated[Literal["governance/deployment/v1"], Field(alias="schema")]
    name: NameField
    """Enters every salt: two systems of different names on one chain never share an address."""
    safe_version: Literal["1.4.1", "1.5.0"]
    council: SafeDescription
    guardian: SafeDescription
    timelock: TimelockDescription
    target: TargetDescription
    staged: tuple[ArtifactField, ...]
    """Facets that are deployed but not routed: what the first proposals will route."""

    @property
    def members(self) -> tuple[str, ...]:
        """Every member it names, once, in order."""
        executors = () if self.timelock.executors == "open" else self.timelock.executors
        return tuple(dict.fromkeys((*self.council.owners, *self.guardian.owners, *executors)))


def description(tree: Mapping, file: str) -> Description:
    """Read a description. Raises Rejected with every finding and its place."""
    return validated(Description, tree, file=file)
