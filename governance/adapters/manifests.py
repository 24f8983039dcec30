"""Manifest files on disk: JSON of any size a chain could hold, without the guesses of a JSON parser.

Numbers stay the text that was written. Duplicate keys, NaN and what is no UTF-8 are refused. A file is read once.
"""

import json
from pathlib import Path
from typing import Any, NoReturn

from governance.core.errors import Rejected
from governance.core.manifestfile import ManifestFile, read
from governance.core.units import shown

MAX_BYTES = 64 * 1024 * 1024
"""A manifest of 100,000 routes is about 16 MiB."""


def load_manifest(path: Path, *, shown_as: str) -> ManifestFile:
    """The manifest in a JSON file. Raises Rejected when the file cannot be read or is no manifest."""
    return read(parse_json(_text(path, shown_as), shown_as=shown_as), name=shown_as)


def parse_json(text: str, *, shown_as: str) -> Any:
    """Mappings, lists, true, false, null, and every other scalar as the text that was written."""

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            keys = [key for key, _ in items]
            twice = next(key for key in found if keys.count(key) > 1)
            raise Rejected(f"{shown_as} gives the key `{shown(twice)}` twice in one mapping", hint="keep one")
        return found

    def constant(name: str) -> NoReturn:
        raise Rejected(f"{shown_as} says {name}, which JSON does not know")

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_int=str, parse_float=str, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise Rejected(f"{shown_as}:{error.lineno}:{error.colno} is not JSON: {error.msg}") from error
    except RecursionError as error:
        raise Rejected(f"{shown_as} is nested too deeply") from error


def _text(path: Path, shown_as: str) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Rejected(f"{shown_as} cannot be read: {error.strerror}") from error
    if len(raw) > MAX_BYTES:
        raise Rejected(f"{shown_as} is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Rejected(f"{shown_as} is not UTF-8 at byte {error.start}") from error
