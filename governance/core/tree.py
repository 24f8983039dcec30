"""A document as it was written: mappings, lists and strings, each with its place.

Every scalar is the text of the file; nothing is coerced. The canonical bytes of a tree are its RFC 8785 JSON, the digest
is keccak256 of them: comments, quoting, key order and layout do not count, one word of content does.
"""

from collections.abc import Iterator
from collections.abc import Mapping as Mappings
from dataclasses import dataclass
from typing import Any

import rfc8785

from governance.core.errors import Place
from governance.core.keccak import keccak
from governance.core.units import Bytes32, shown

Loc = tuple[str | int, ...]
"""A way into a tree: keys and 0-based indices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One piece of text."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Items in order."""

    items: tuple["Node", ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys and values, in the order written; keys are distinct."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    place: Place

    def get(self, key: str) -> "Node | None":
        """The value of a key, None when it is not there."""
        return next((value for name, value in self.entries if name.text == key), None)


Node = Scalar | Listing | Mapping


def plain(node: Node) -> Any:
    """The tree as nested dicts, lists and strings."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return {key.text: plain(value) for key, value in node.entries}


def planted(value: Any, place: Place) -> Node:
    """The tree of nested dicts, lists and strings that nobody has written down yet; all of it stands at one place."""
    if isinstance(value, Mappings):
        entries = ((Scalar(text=key, place=place), planted(inner, place)) for key, inner in value.items())
        return Mapping(entries=tuple(entries), place=place)
    if isinstance(value, str):
        return Scalar(text=value, place=place)
    return Listing(items=tuple(planted(inner, place) for inner in value), place=place)


def child(node: Node, part: str | int) -> Node | None:
    """The value of a key or the item at an index, None when there is none."""
    if isinstance(node, Mapping) and isinstance(part, str):
        return node.get(part)
    if isinstance(node, Listing) and isinstance(part, int) and 0 <= part < len(node.items):
        return node.items[part]
    return None


def locate(node: Node, loc: Loc) -> Place:
    """The place of the deepest part of `loc` that exists; for a mapping's entry, the place of its value."""
    for part in loc:
        inner = child(node, part)
        if inner is None:
            break
        node = inner
    return node.place


def key_place(node: Node, loc: Loc) -> Place:
    """As `locate`, but the place of the last key itself, for a key that should not be there."""
    for part in loc[:-1]:
        inner = child(node, part)
        if inner is None:
            return node.place
        node = inner
    if isinstance(node, Mapping):
        return next((key.place for key, _ in node.entries if (key.text,) == loc[-1:]), node.place)
    return locate(node, loc[-1:])


def mention(node: Node, text: str) -> Loc | None:
    """Where a text first stands as a value, None when it is nowhere."""
    return next((loc for loc, scalar in scalars(node) if scalar.text == text), None)


def scalars(node: Node, loc: Loc = ()) -> Iterator[tuple[Loc, Scalar]]:
    """Every value that is one piece of text, in the order of the document."""
    left: list[tuple[Loc, Node]] = [(loc, node)]
    while left:
        loc, node = left.pop()
        if isinstance(node, Scalar):
            yield loc, node
        elif isinstance(node, Listing):
            left += [((*loc, index), inner) for index, inner in enumerate(node.items)][::-1]
        else:
            left += [((*loc, key.text), inner) for key, inner in node.entries][::-1]


def dotted(loc: Loc) -> str:
    """`("changes", 1, "selectors", 0)` as `changes[1].selectors[0]`. A key may be any text: it cannot break the line."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}"
    return text.removeprefix(".")


def undotted(path: str) -> Loc:
    """The inverse of `dotted`, for names of fields."""
    loc: list[str | int] = []
    for part in path.split(".") if path else ():
        name, *indices = part.replace("]", "").split("[")
        loc += [name, *(int(index) for index in indices)]
    return tuple(loc)


def canonical(node: Node) -> bytes:
    """RFC 8785 JSON of the plain tree."""
    return bytes(rfc8785.dumps(plain(node)))


def digest(node: Node) -> Bytes32:
    """keccak256 of the canonical bytes."""
    return Bytes32(keccak(canonical(node)))
