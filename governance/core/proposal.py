"""A proposal: one file, one decision. Its digest commits to every word of it.

`author` is decoration until a signature over the digest says so. What a kind adds to the document stands in its own file
under `kinds/`.
"""

import difflib
import re
from collections.abc import Mapping as Map
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, TypeAdapter, ValidationInfo, field_validator

from governance.core.alive import DangerName
from governance.core.errors import Finding, Rejected
from governance.core.expectation import Expectation
from governance.core.fields import (
    PROPOSAL_ID_PATTERN,
    AddressField,
    DocumentPart,
    EditorSchema,
    MomentField,
    NameField,
    ProposalIdField,
    TextField,
    TitleField,
)
from governance.core.findings import validated
from governance.core.risk import Risk
from governance.core.rollout import Wave, require_partition
from governance.core.tree import Mapping, Scalar, digest
from governance.core.units import Bytes32, shown

S = TypeVar("S", bound=str)
PROPOSAL_ID = re.compile(PROPOSAL_ID_PATTERN)
SCHEMA = "governance/v1"


def _distinct(names: list[S]) -> list[S]:
    if len(set(names)) != len(names):
        raise ValueError("a name is here twice; keep one")
    return names


class Introduction(DocumentPart):
    """Somebody new."""

    address: AddressField
    """The account."""
    name: NameField
    """What it is called from now on."""
    purpose: Annotated[TextField, Field(min_length=10)]
    """Who or what it is, for reviewers."""


class ProposalDocument(DocumentPart):
    """What every kind of proposal has."""

    schema_: Literal["governance/v1"] = Field(alias="schema")
    """The version of this schema."""
    title: TitleField
    """One line that a signer reads first."""
    author: NameField
    """A member of the policy. Decoration until signed."""
    networks: Annotated[list[NameField], Field(min_length=1), AfterValidator(_distinct)]
    """Networks of the policy on which this happens."""
    kind: str
    """What kind of change this is."""
    summary: TextField
    """Why, for reviewers."""
    expect: list[Expectation] = Field(default_factory=list)
    """What must be true afterwards, beside the effects that the kind promises itself."""
    after: ProposalIdField | None = None
    """A proposal that must be executed first."""
    rollout: Annotated[list[Wave], Field(min_length=1)] | None = None
    """In which waves its networks are reached; all at once where nothing is said."""
    not_after: MomentField | None = None
    """From then on it must not be queued any more."""
    introduce: list[Introduction] = Field(default_factory=list)
    """Accounts that neither the policy nor the chain knows yet, with their purpose."""
    irreversible: TextField | None = None
    """What of it no rollback can bring back, and why that is accepted."""
    acknowledge: Annotated[list[DangerName], AfterValidator(_distinct)] = Field(default_factory=list)
    """Dangers to the governance itself that come about and are meant; each is refused without its name here."""
    risk: Risk | None = None
    """How grave its author says it is; what it really is, is computed. Saying too little is refused."""

    @field_validator("rollout")
    @classmethod
    def _every_network_in_one_wave(cls, waves: list[Wave] | None, info: ValidationInfo) -> list[Wave] | None:
        if waves is not None and "networks" in info.data:
            require_partition(waves, info.data["networks"])
        return waves

    @property
    def contained(self) -> tuple[str, ...]:
        """Kinds of the changes inside this one; only a batch has any. Each is judged by its own rule as well."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal file that has passed its schema."""

    id: str
    """The file's stem, e.g. `0007-swap-fee-facet`."""
    file: str
    digest: Bytes32
    """keccak256 of the canonical bytes."""
    document: Any
    """The typed document of its kind."""
    tree: Mapping
    """The same as located text, to say where a finding is."""


def read(tree: Mapping, *, id: str, file: str, models: Map[str, type[ProposalDocument]]) -> Proposal:  # noqa: A002
    """A proposal from its tree, by the model that its `kind` names. Raises Rejected with every finding."""
    kind = tree.get("kind")
    model = models.get(kind.text) if isinstance(kind, Scalar) else None
    if model is None:
        raise Rejected(f"{file} does not follow its schema", findings=(_unknown_kind(tree, models),))
    document = validated(model, tree, file=file)
    return Proposal(id=id, file=file, digest=digest(tree), document=document, tree=tree)


def _unknown_kind(tree: Mapping, models: Map[str, type[ProposalDocument]]) -> Finding:
    kind = tree.get("kind")
    known = ", ".join(sorted(models))
    if kind is not None and not isinstance(kind, Scalar):
        message = "a kind is one piece of text"
        return Finding(rule="schema-value", message=message, hint=f"one of {known}", place=kind.place, path="kind")
    if kind is None:
        return Finding(
            rule="schema-missing", message="`kind` is missing", hint=f"one of {known}", place=tree.place, path="kind"
        )
    near = difflib.get_close_matches(kind.text, models, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"one of {known}"
    message = f"`{shown(kind.text)}` is not a kind of proposal"
    return Finding(rule="schema-kind", message=message, hint=hint, place=kind.place, path="kind")


def json_schema(models: Map[str, type[ProposalDocument]], kind: str | None = None) -> dict[str, Any]:
    """JSON Schema (2020-12) of one kind, or of all, for editors. Raises Rejected on an unknown kind."""
    if kind is not None and kind not in models:
        raise Rejected(f"there is no kind `{shown(kind)}`", hint=f"one of {', '.join(sorted(models))}")
    chosen = models[kind] if kind is not None else _union(models)
    schema = TypeAdapter(chosen).json_schema(by_alias=True, schema_generator=EditorSchema)
    title = "gov proposal" if kind is None else f"gov proposal: {kind}"
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}


def _union(models: Map[str, type[ProposalDocument]]) -> Any:
    union: Any = None
    for model in models.values():
        union = model if union is None else union | model
    return Annotated[union, Field(discriminator="kind")]
