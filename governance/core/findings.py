"""What pydantic has to say about a document, as findings with places: every one up to a bound, in the order of the file."""

import difflib
from collections.abc import Iterator
from itertools import groupby
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from governance.core.errors import Finding, Place, Rejected
from governance.core.tree import Loc, Mapping, Node, child, dotted, key_place, locate, plain
from governance.core.units import shown

M = TypeVar("M", bound=BaseModel)

MAX_FAULTS = 50
"""A document with more faults than this is not a mistake."""


def validated(model: type[M], tree: Mapping, *, file: str) -> M:
    """The tree as a typed document. Raises Rejected with every finding."""
    try:
        return model.model_validate(plain(tree))
    except ValidationError as error:
        details = error.errors(include_url=False)[:MAX_FAULTS]
        found = sorted((_finding(detail, model, tree) for detail in details), key=_order)
        findings = tuple(_joined(list(group)) for _, group in groupby(found, key=_order))
        raise Rejected(f"{file} does not follow its schema", findings=findings) from error


def _order(finding: Finding) -> tuple[int, int, str, str]:
    assert finding.place is not None
    return (finding.place.line, finding.place.column, finding.path, finding.rule)


def _joined(alternatives: list[Finding]) -> Finding:
    """Findings of one rule at one place are the branches of a union: each says what would have been right."""
    first = alternatives[0]
    messages = dict.fromkeys(finding.message for finding in alternatives)
    hints = dict.fromkeys(finding.hint for finding in alternatives if finding.hint)
    return Finding(
        rule=first.rule, message=", and ".join(messages), hint="; or ".join(hints), place=first.place, path=first.path
    )


def _finding(detail: ErrorDetails, model: type[BaseModel], tree: Mapping) -> Finding:
    kind = detail["type"]
    loc = _in_document(detail["loc"], tree, missing=kind == "missing")
    if kind == "extra_forbidden":
        return _unknown(loc, model, tree)
    place = locate(tree, loc)
    if kind == "missing":
        return _at("schema-missing", f"`{loc[-1]}` is missing", "see gov schema", place, loc)
    if "[key]" in detail["loc"]:
        place = key_place(tree, loc)
    message, hint = _sentence(detail)
    return _at("schema-value", message, hint, place, loc)


def _at(rule: str, message: str, hint: str, place: Place, loc: Loc) -> Finding:
    return Finding(rule=rule, message=message, hint=hint, place=place, path=dotted(loc))


def _in_document(loc: Loc, tree: Mapping, *, missing: bool) -> Loc:
    """The parts of pydantic's path that the document has: it also names branches of unions."""
    kept: list[str | int] = []
    node: Node = tree
    for part in loc:
        inner = child(node, part)
        if inner is not None:
            kept.append(part)
            node = inner
    return (*kept, loc[-1]) if missing else tuple(kept)


def _unknown(loc: Loc, model: type[BaseModel], tree: Mapping) -> Finding:
    name = str(loc[-1])
    near = difflib.get_close_matches(name, [other for other in _names(model) if other != name], 1)
    hint = f"did you mean `{near[0]}`?" if near else "drop it, or see gov schema for what may stand here"
    return _at("schema-unknown-key", f"`{shown(name)}` is not known here", hint, key_place(tree, loc), loc)


_SHAPES = {
    "list_type": ("this is not a list", "write [one, two], or a line `- one` for each"),
    "dict_type": ("this is not a mapping", "write key: value"),
    "model_type": ("this is not a mapping", "write key: value"),
    "string_type": ("this is not one piece of text", "write one value here"),
}


def _sentence(detail: ErrorDetails) -> tuple[str, str]:
    """Message and hint."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _SHAPES:
        return _SHAPES[kind]
    if kind in {"too_short", "string_too_short"}:
        if isinstance(detail["input"], str):
            return "this is empty", "write something that helps a reviewer"
        return "this is empty", "deny by default: name what is meant, or drop the whole key if it may be left out"
    if kind in {"too_long", "string_too_long"}:
        return f"this is longer than {context['max_length']} characters", "shorten it"
    if kind in {"literal_error", "enum"}:
        return f"`{shown(str(detail['input']))}` is not {context['expected']}", f"write {context['expected']}"
    message, _, hint = detail["msg"].removeprefix("Value error, ").partition("; ")
    return message, hint


def _names(model: type[BaseModel], seen: frozenset[type[BaseModel]] = frozenset()) -> list[str]:
    """Every field name of a document and of its parts."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        names.append(field.alias or name)
        for part in _models_in(field.annotation):
            if part not in seen:
                names += _names(part, seen | {model})
    return names


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)
