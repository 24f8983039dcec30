"""The published vectors of the field dispatcher, as typed values."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from governance.core.facts import Route
from governance.core.merkle import Odd, Profile
from governance.core.units import checksummed

VECTORS = Path(__file__).parent.parent / "vectors"
PROFILES = list(Profile)
ODDS = list(Odd)
ODD_NAMES = {Odd.PROMOTE: "promote", Odd.DUPLICATE: "dup"}


@cache
def document(name: str) -> Any:
    """A vector file whose numbers stay text, as manifest files are read."""
    return json.loads((VECTORS / name).read_text(), parse_int=str, parse_float=str)


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def route(selector: str, facet: str, code_hash: str) -> Route:
    return Route(selector=raw(selector), facet=checksummed(raw(facet)), code_hash=raw(code_hash))  # type: ignore[arg-type]


def vectors() -> list[Any]:
    return list(document("payrox-dispatcher.json")["vectors"])


def made(count: int, *, salt: int = 0) -> list[Route]:
    """Routes that differ in everything."""
    return [
        route((index + 1).to_bytes(4, "big").hex(), f"{index + 1 + salt:040x}", f"{index + 7 + salt:064x}")
        for index in range(count)
    ]
