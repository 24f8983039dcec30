"""What pydantic has to say about a document, as findings with places: every one, in the order of the file."""

import difflib
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from governance.core.errors import Finding, Rejected
from governance.core.tree import Loc, Mapping, dotted, key_place, locate, plain

M = TypeVar("M", bound=BaseModel)


def validated(model: type[M], tree: Mapping, *, file: str) -> M:
    """The tree as a typed document. Raises Rejected with every finding."""
    try:
        return model.model_validate(plain(tree))
    except ValidationError as error:
        findings = sorted(
            _findings(error, model, tree), key=lambda f: (f.place.line, f.place.column) if f.place else (0, 0)
        )
        raise Rejected(f"{file} does not follow its schema", findings=tuple(findings)) from error


def _findings(error: ValidationError, model: type[BaseModel], tree: Mapping) -> Iterator[Finding]:
    for detail in error.errors(include_url=False):
        loc = tuple(part for part in detail["loc"] if not _is_branch(part))
        yield _finding(detail["type"], loc, str(detail["msg"]), model, tree)


def _is_branch(part: Any) -> bool:
    """Pydantic names the branch of a union in its path; the document does not."""
    return isinstance(part, str) and (part.startswith(("function-", "literal[", "constrained-str")) or part == "str")


def _finding(kind: str, loc: Loc, message: str, model: type[BaseModel], tree: Mapping) -> Finding:
    path = dotted(loc)
    if kind == "extra_forbidden":
        name = str(loc[-1])
        near = difflib.get_close_matches(name, _names(model), 1)
        hint = f"did you mean `{near[0]}`?" if near else "drop it, or see gov schema for what may stand here"
        return Finding(
            rule="schema-unknown-key",
            message=f"`{name}` is not known here",
            hint=hint,
            place=key_place(tree, loc),
            path=path,
        )
    place = locate(tree, loc)
    if kind == "missing":
        message = f"`{loc[-1]}` is missing"
        return Finding(rule="schema-missing", message=message, hint="see gov schema", place=place, path=path)
    message, _, hint = message.removeprefix("Value error, ").partition("; ")
    return Finding(rule="schema-value", message=message, hint=hint, place=place, path=path)


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
