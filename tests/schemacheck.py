"""JSON Schema as an editor applies it: the part of draft 2020-12 that our schemas use, and an error on any other keyword.

Values are those of YAML 1.2's core schema, which editors read: `30` is a number there and `0x1e` too.
"""

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import yaml

ANNOTATIONS = {"$schema", "$defs", "title", "description", "default", "discriminator"}
TYPES = {"string": str, "object": dict, "array": list, "boolean": bool, "null": type(None)}


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema: dates are text, yes and no are text, 0x1e is a number."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


for tag, pattern, first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", "null|Null|NULL|~|", "nN~\0"),
    ("int", "[-+]?[0-9]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
):
    letters = [*first.replace("\0", ""), *([""] if "\0" in first else [])]
    CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), letters)


def as_editors_read(text: str) -> Any:
    """A document with numbers and booleans."""
    return yaml.load(text, Loader=CoreLoader)


def faults(schema: dict[str, Any], value: Any, root: dict[str, Any] | None = None, at: str = "$") -> list[str]:
    """What an editor would underline."""
    root = root or schema
    found = []
    for keyword, wanted in schema.items():
        if keyword not in ANNOTATIONS:
            found += list(KEYWORDS[keyword](schema, wanted, value, root, at))
    return found


def _ref(_: Any, wanted: str, value: Any, root: Any, at: str) -> Iterator[str]:
    yield from faults(root["$defs"][wanted.removeprefix("#/$defs/")], value, root, at)


def _type(_: Any, wanted: Any, value: Any, __: Any, at: str) -> Iterator[str]:
    names = [wanted] if isinstance(wanted, str) else wanted
    if not any(_is(name, value) for name in names):
        yield f"{at}: {value!r:.60} is no {' or '.join(names)}"


def _is(name: str, value: Any) -> bool:
    if name in {"integer", "number"}:
        whole = not isinstance(value, float) or value.is_integer()
        return isinstance(value, int | float) and not isinstance(value, bool) and (name == "number" or whole)
    return isinstance(value, TYPES[name])


def _alternatives(count: Any) -> Any:
    def check(_: Any, wanted: list[Any], value: Any, root: Any, at: str) -> Iterator[str]:
        branches = [faults(branch, value, root, at) for branch in wanted]
        if not count(sum(not branch for branch in branches)):
            yield f"{at}: fits {sum(not branch for branch in branches)} of {len(wanted)}: " + "; ".join(
                fault for branch in branches for fault in branch
            )

    return check


def _properties(_: Any, wanted: dict[str, Any], value: Any, root: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in wanted.items():
            if key in value:
                yield from faults(inner, value[key], root, f"{at}.{key}")


def _patterns(_: Any, wanted: dict[str, Any], value: Any, root: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for pattern, inner in wanted.items():
            for key in value:
                if re.search(pattern, str(key)):
                    yield from faults(inner, value[key], root, f"{at}.{key}")


def _additional(schema: Any, wanted: Any, value: Any, root: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key in value.keys() - schema.get("properties", {}).keys():
            if any(re.search(pattern, str(key)) for pattern in schema.get("patternProperties", ())):
                continue
            if wanted is False:
                yield f"{at}.{key}: not known"
            elif isinstance(wanted, dict):
                yield from faults(wanted, value[key], root, f"{at}.{key}")


def _items(_: Any, wanted: Any, value: Any, root: Any, at: str) -> Iterator[str]:
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from faults(wanted, item, root, f"{at}[{i}]")


def _names(_: Any, wanted: Any, value: Any, root: Any, at: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key in value:
            yield from faults(wanted, key, root, f"{at}.{key}")


def _holds(fits: Any, kind: Any) -> Any:
    def check(_: Any, wanted: Any, value: Any, __: Any, at: str) -> Iterator[str]:
        if isinstance(value, kind) and not isinstance(value, bool) and not fits(wanted, value):
            yield f"{at}: {value!r:.60} does not fit {wanted!r:.60}"

    return check


KEYWORDS = {
    "$ref": _ref,
    "type": _type,
    "anyOf": _alternatives(lambda n: n >= 1),
    "oneOf": _alternatives(lambda n: n == 1),
    "properties": _properties,
    "patternProperties": _patterns,
    "additionalProperties": _additional,
    "items": _items,
    "propertyNames": _names,
    "required": _holds(lambda wanted, value: set(wanted) <= value.keys(), dict),
    "minProperties": _holds(lambda wanted, value: len(value) >= wanted, dict),
    "minItems": _holds(lambda wanted, value: len(value) >= wanted, list),
    "maxItems": _holds(lambda wanted, value: len(value) <= wanted, list),
    "minLength": _holds(lambda wanted, value: len(value) >= wanted, str),
    "maxLength": _holds(lambda wanted, value: len(value) <= wanted, str),
    "pattern": _holds(re.search, str),
    "minimum": _holds(lambda wanted, value: value >= wanted, int | float),
    "maximum": _holds(lambda wanted, value: value <= wanted, int | float),
    "const": lambda _, wanted, value, __, at: [] if value == wanted else [f"{at}: not {wanted!r}"],
    "enum": lambda _, wanted, value, __, at: [] if value in wanted else [f"{at}: none of {wanted!r}"],
}
