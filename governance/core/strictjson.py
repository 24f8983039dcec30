"""JSON of any size without the guesses of a parser: numbers stay the text that was written, nothing is said twice.

Nesting is bounded before the parser sees the text: libraries lift the interpreter's recursion limit, and the C parser of
`json` then ends the process on a bomb of brackets.
"""

import json
import re
from typing import Any, NoReturn

from governance.core.errors import Finding, Place, Rejected
from governance.core.units import shown

MAX_DEPTH = 64
"""Deeper than any document here; an ABI nests about ten."""

_BETWEEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[^"\[\]{}]++', re.DOTALL)
"""Strings, which are skipped whole, one that does not end with all that follows; and whatever else is no bracket."""
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def parse(text: str, *, shown_as: str) -> Any:
    """Mappings, lists, true, false, null, and every other scalar as text. Raises Rejected with a place."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            keys = [key for key, _ in items]
            twice = next(key for key in found if keys.count(key) > 1)
            raise _refused(shown_as, "json-duplicate-key", f"one mapping gives the key `{shown(twice)}` twice")
        return found

    def constant(name: str) -> NoReturn:
        raise _refused(shown_as, "json-constant", f"JSON does not know {name}")

    require_shallow(text, shown_as=shown_as)
    try:
        return json.loads(text, object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=constant)
    except json.JSONDecodeError as error:
        place = Place(file=shown_as, line=error.lineno, column=error.colno)
        raise _refused(shown_as, "json-syntax", error.msg, place) from error


def require_shallow(text: str, *, shown_as: str) -> None:
    """Raise Rejected when brackets are nested deeper than `MAX_DEPTH`."""
    if _is_plainly_shallow(text):
        return
    depth = 0
    for bracket in _BETWEEN.sub("", text):
        depth += _STEPS.get(bracket, 0)
        if depth > MAX_DEPTH:
            raise _refused(shown_as, "json-depth", f"the document is nested deeper than {MAX_DEPTH}")


def _is_plainly_shallow(text: str) -> bool:
    """Whether that can be told quickly: brackets in strings count too, and each round takes two levels at most."""
    left = text.encode("utf-8", "replace").translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH // 2):
        if not left:
            return True
        left = left.replace(b"[]", b"").replace(b"{}", b"")
    return not left


def _refused(shown_as: str, rule: str, message: str, place: Place | None = None) -> Rejected:
    finding = Finding(rule=rule, message=message, place=place or Place(file=shown_as, line=1, column=1))
    return Rejected(f"{shown_as} cannot be read", findings=(finding,))
