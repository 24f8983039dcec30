"""Manifest files on disk: the strict loader of documents, with room for as many routes as a dispatcher could hold.

YAML and JSON pass through one door and findings have places. Only JSON too large for it is read by the JSON parser:
without places, and without its guesses. Numbers stay the text that was written; duplicate keys and NaN are refused.
"""

import json
from pathlib import Path
from typing import Any, NoReturn

from governance.adapters.files import Limits, parse, read_text
from governance.core.errors import Finding, Place, Rejected
from governance.core.manifestfile import ManifestFile, read
from governance.core.tree import Loc, locate, plain
from governance.core.units import shown

MANIFEST_LIMITS = Limits(max_bytes=64 << 20, max_nodes=1_000_000)
"""100,000 routes are about 16 MiB and 700,000 nodes."""

PLACED_JSON = 1 << 20
"""Bytes of JSON that are still read with places: about 5,000 routes."""


def load_manifest(path: Path, *, shown_as: str) -> ManifestFile:
    """The manifest in a YAML or JSON file. Raises Rejected when the file cannot be read or is no manifest."""
    text = read_text(path, shown_as, max_bytes=MANIFEST_LIMITS.max_bytes)
    if path.suffix == ".json" and len(text) > PLACED_JSON:
        return read(parse_json(text, shown_as=shown_as), name=shown_as)
    tree = parse(text, shown_as, MANIFEST_LIMITS)

    def place_of(loc: Loc) -> Place:
        return locate(tree, loc)

    return read(plain(tree), name=shown_as, place_of=place_of)


def parse_json(text: str, *, shown_as: str) -> Any:
    """Mappings, lists, true, false, null, and every other scalar as the text that was written. Raises Rejected."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            keys = [key for key, _ in items]
            twice = next(key for key in found if keys.count(key) > 1)
            raise _refused(shown_as, "json-duplicate-key", f"one mapping gives the key `{shown(twice)}` twice")
        return found

    def constant(name: str) -> NoReturn:
        raise _refused(shown_as, "json-constant", f"JSON does not know {name}")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=constant)
    except json.JSONDecodeError as error:
        place = Place(file=shown_as, line=error.lineno, column=error.colno)
        raise _refused(shown_as, "json-syntax", error.msg, place) from error
    except RecursionError as error:
        raise _refused(shown_as, "json-depth", "the document is nested too deeply") from error


def _refused(shown_as: str, rule: str, message: str, place: Place | None = None) -> Rejected:
    finding = Finding(rule=rule, message=message, place=place or Place(file=shown_as, line=1, column=1))
    return Rejected(f"{shown_as} cannot be read", findings=(finding,))
