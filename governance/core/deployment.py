"""The typed description of a governed system that is to be deployed: one YAML document, on any network.

It says who and how many, how long, and which generation. It never says an address of a part: those follow from it (see
`blueprint`). An unknown key, a missing delay or an empty list is refused; nothing here has a default that matters.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from governance.core.artifact import artifact_name
from governance.core.errors import Finding, GovError, Rejected
from governance.core.facts import Generation
from governance.core.network import TargetKind
from governance.core.units import Duration, unsigned

SAFE_VERSIONS = ("1.4.1", "1.5.0")
LONGEST_DELAY = Duration(365 * 86400)
"""A longer wait is a system that nobody can repair."""

T = TypeVar("T")


def _spoken(read: Callable[[], T]) -> T:
    """Turn our errors into the kind that pydantic collects, with their places."""
    try:
        return read()
    except GovError as error:
        raise ValueError(f"{error.message}; {error.hint()}" if error.hint() else error.message) from error


def _scalar(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("write one scalar here")  # noqa: TRY004 - pydantic reports ValueError with its place
    return value


def _duration(value: object) -> Duration:
    wait = value if isinstance(value, Duration) else _spoken(lambda: Duration.parse(_scalar(value)))
    if wait > LONGEST_DELAY:
        raise ValueError(f"{wait} is longer than {LONGEST_DELAY}")
    return wait


def _whole(value: object) -> int:
    return _spoken(lambda: unsigned(_scalar(value), 16))


def _artifact(value: str) -> str:
    return _spoken(lambda: artifact_name(value))


DurationField = Annotated[Duration, BeforeValidator(_duration)]
WholeField = Annotated[int, BeforeValidator(_whole), Field(ge=1)]
ArtifactField = Annotated[str, AfterValidator(_artifact)]
MemberField = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class SafeDescription(_Part):
    """A Safe: its owners by member name, and how many of them must sign."""

    owners: Annotated[tuple[MemberField, ...], Field(min_length=1)]
    threshold: WholeField

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if len(set(self.owners)) != len(self.owners):
            raise ValueError("an owner is named twice")
        if self.threshold > len(self.owners):
            raise ValueError(f"threshold {self.threshold} can never be reached by {len(self.owners)} owners")
        return self


class TimelockDescription(_Part):
    """OpenZeppelin's TimelockController, unmodified. The council proposes and cancels, the guardian cancels."""

    delay: DurationField
    """The least wait between schedule and execute."""
    executors: Literal["open"] | Annotated[tuple[MemberField, ...], Field(min_length=1)]
    """`open`: anyone may execute what is ready. Otherwise the members who may."""


class FacetDescription(_Part):
    """A facet that is routed from the first day."""

    artifact: ArtifactField
    selectors: Literal["all"] | Annotated[tuple[str, ...], Field(min_length=1)]
    """Function signatures such as `fee()`, or `all` of the artifact's."""


class TargetDescription(_Part):
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
            raise ValueError("a diamond has no activation delay: write `activation_delay: 0 s`")
        return self


class Description(_Part):
    """The whole document, `governance/deployment/v1`."""

    document_schema: Annotated[Literal["governance/deployment/v1"], Field(alias="schema")]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
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


def description(document: Mapping[str, Any], file: str) -> Description:
    """Read the description from a tree of mappings, lists and text. Raises Rejected with every finding."""
    try:
        return Description.model_validate(document)
    except ValidationError as error:
        findings = tuple(
            Finding(rule="deployment-schema", path=f"{file}: {_path(one['loc'])}", message=one["msg"])
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        )
        raise Rejected(f"{file} does not describe a deployment", findings=findings) from error


def _path(location: tuple[int | str, ...]) -> str:
    """`target.facets[0].artifact`; the names of union branches that pydantic adds are left out."""
    parts = (part for part in location if isinstance(part, int) or not any(c in part for c in "[]()'-"))
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
