"""`batch`: entries of other kinds, in order, in one operation of the timelock: all or nothing.

Each entry is derived on the live state, not on what the entries before it leave behind; so two entries that speak of the
same thing are refused, as is what does not fit into one operation.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Annotated, Any, ClassVar, Literal, Union

from pydantic import BeforeValidator, Field, create_model, model_validator

from governance.core.call import Call
from governance.core.effects import Effect
from governance.core.errors import Finding, Refused
from governance.core.fields import DocumentPart
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import shown

NAME = "batch"


class BatchDocument(ProposalDocument):
    """Several changes at once; which kinds may be entries is added by `batch_of`."""

    kind: str
    """This kind."""
    entries: list[Any]
    """What happens, in order."""

    @property
    def contained(self) -> tuple[str, ...]:
        """The kinds of the entries."""
        return tuple(entry.kind for entry in self.entries)


class Batch(Kind[BatchDocument]):
    """See the module. Made for a set of kinds, of which those of the timelock lane may be entries."""

    name: ClassVar[str] = NAME
    lane: ClassVar[Lane] = Lane.TIMELOCK
    free_calls: ClassVar[bool] = False

    def __init__(self, kinds: Iterable[Kind[Any]]) -> None:
        self._kinds = {kind.name: kind for kind in kinds if kind.lane is Lane.TIMELOCK and kind.name != NAME}
        self.document = _document(self._kinds)

    def needs(self, document: BatchDocument, network: Network) -> Needs:
        """What any entry needs."""
        return reduce(add, (kind.needs(each, network) for kind, each in self._parts(document)))

    def derive(self, document: BatchDocument, network: Network, pins: Pins) -> Derivation:
        """The entries' calls in order, in one operation."""
        findings: list[Finding] = []
        made: list[Derivation] = []
        for i, (kind, each) in enumerate(self._parts(document)):
            try:
                made.append(kind.derive(each, network, pins))
            except Refused as error:
                own = error.findings or (
                    Finding(rule=f"{kind.name}-refused", message=error.message, hint=error.hint()),
                )
                findings += [replace(f, path=f"entries[{i}].{f.path}".removesuffix(".")) for f in own]
            else:
                findings += _unfit(i, made[-1])
        findings += [] if findings else _overlaps(made)
        if findings:
            raise Refused(f"the batch does not fit {network.name}", findings=tuple(findings))
        calls: tuple[Call, ...] = tuple(call for each in made for call in each.bundles[0].calls)
        effects: tuple[Effect, ...] = tuple(effect for each in made for effect in each.effects)
        acknowledged = tuple(dict.fromkeys(name for each in made for name in each.acknowledged))
        bundles = (Bundle(label="batch", calls=calls),)
        return Derivation(bundles=bundles, effects=effects, acknowledged=acknowledged)

    def questions(self, document: BatchDocument, network: Network, pins: Pins) -> tuple[str, ...]:
        """Each entry's, and why they belong together."""
        own = (
            f"entry {i + 1}, {kind.name}: {question}"
            for i, (kind, each) in enumerate(self._parts(document))
            for question in kind.questions(each, network, pins)
        )
        return ("Why must these happen together, and in this order?", *own)

    def inverse(self, document: BatchDocument, network: Network, pins: Pins) -> dict[str, Any] | None:
        """Each entry's, last first; None when one has none that a batch could hold."""
        back = [kind.inverse(each, network, pins) for kind, each in reversed(self._parts(document))]
        if any(each is None or each["kind"] not in self._kinds for each in back):
            return None
        return {"kind": self.name, "entries": back}

    def _parts(self, document: BatchDocument) -> list[tuple[Kind[Any], Any]]:
        """Each entry's kind, and the entry as the proposal that it would be alone."""
        shared = {name: getattr(document, name) for name in ProposalDocument.model_fields if name != "kind"}
        parts = []
        for entry in document.entries:
            kind = self._kinds[entry.kind]
            own = {name: getattr(entry, name) for name in type(entry).model_fields}
            parts.append((kind, kind.document.model_construct(**shared, **own)))
        return parts


def _unfit(index: int, derivation: Derivation) -> list[Finding]:
    if len(derivation.bundles) == 1 and derivation.bundles[0].extra_delay.seconds == 0:
        return []
    message = "it takes more than one operation, or waits longer than the rest"
    hint = "a dispatcher with an activation delay commits and activates in two: make it a proposal of its own"
    return [Finding(rule="batch-not-atomic", path=f"entries[{index}]", message=message, hint=hint)]


def _overlaps(made: Sequence[Derivation]) -> list[Finding]:
    """Entries know nothing of one another, so no two may promise anything about the same thing."""
    first: dict[str, int] = {}
    found = []
    for i, derivation in enumerate(made):
        for subject in dict.fromkeys(effect.subject for effect in derivation.effects):
            other = first.setdefault(subject, i)
            if other != i:
                message = f"entries {other + 1} and {i + 1} both change {subject}"
                hint = "make them one entry, or two proposals with `after`"
                found.append(Finding(rule="batch-overlap", path=f"entries[{i}]", message=message, hint=hint))
    return found


def _document(kinds: Mapping[str, Kind[Any]]) -> type[BatchDocument]:
    """The schema of a batch of these kinds."""
    bodies = tuple(_entry(kind) for kind in kinds.values())
    union: Any = Union[bodies]  # noqa: UP007 - of a tuple that is known only now
    one: Any = Annotated[union, Field(discriminator="kind")] if len(bodies) > 1 else union
    name: Any = Literal["batch"]
    entries: Any = list[Annotated[one, BeforeValidator(_known(kinds))]]
    return create_model(
        "BatchDocument",
        __base__=BatchDocument,
        __doc__="Several changes in one operation, all or nothing.",
        kind=(name, Field(description="This kind.")),
        entries=(entries, Field(min_length=2, description="What happens, in order: bodies of other kinds.")),
    )


def _entry(kind: Kind[Any]) -> type[DocumentPart]:
    """The kind's document without what every proposal has; its own validators apply when it is put together again."""
    shared = set(ProposalDocument.model_fields) - {"kind"}
    own: dict[str, Any] = {
        name: (field.rebuild_annotation(), field)
        for name, field in kind.document.model_fields.items()
        if name not in shared
    }
    return create_model(
        f"{type(kind).__name__}Entry",
        __base__=DocumentPart,
        __doc__=kind.document.__doc__,
        __validators__=_validators(kind.document),
        **own,
    )


def _validators(document: type[ProposalDocument]) -> dict[str, Any]:
    """The document's own validators of the whole, which say what its keys mean together."""
    own = document.__pydantic_decorators__.model_validators
    return {name: model_validator(mode=each.info.mode)(each.func) for name, each in own.items()}


def _known(kinds: Mapping[str, Kind[Any]]) -> Callable[[Any], Any]:
    def validate(value: Any) -> Any:
        kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
        if not isinstance(kind, str) or kind not in kinds:
            named = f"`{shown(str(kind))}`" if isinstance(kind, str) else "an entry without a kind"
            raise ValueError(f"{named} cannot be part of a batch; one of {', '.join(sorted(kinds))}")
        return value

    return validate
