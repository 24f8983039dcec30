"""Addresses that a reader takes for one another: different, but equal in the bytes that people compare.

People read the beginning and the end. Four bytes of zeros do not count as a beginning, or every address that was mined for
cheap calls would look like every other. Whether an address is the right one is not known here.
"""

import re
from collections.abc import Iterator, Mapping

from governance.core.errors import Finding
from governance.core.tree import Listing, Loc, Node, Scalar, dotted
from governance.core.units import Address

ALIKE_BYTES = 4
"""At the beginning or the end: eight digits, which anybody can mine within a minute."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def lookalikes(tree: Node, known: Mapping[Address, str]) -> Iterator[Finding]:
    """A finding for each address of a document that looks like a known one, or like one before it in the document.

    `known` maps addresses to what they are, as a sentence names it.
    """
    seen: set[bytes] = set()
    first: dict[tuple[str, bytes], str] = {}
    for account, what in known.items():
        _remember(bytes.fromhex(account[2:]), f"{what}, {account}", seen, first)
    for loc, scalar in _addresses(tree):
        raw, text = bytes.fromhex(scalar.text[2:]), scalar.text
        if raw in seen:
            continue
        for what, verbs in _alike(raw, first).items():
            message = f"{text} {' and '.join(verbs)} like {what}, but is another address"
            hint = "compare every digit with its source; if both are meant, one of them has to be made anew"
            place, path = scalar.place, dotted(loc)
            yield Finding(rule="address-lookalike", message=message, hint=hint, place=place, path=path)
        _remember(raw, f"`{dotted(loc)}`, {text}", seen, first)


def _alike(raw: bytes, first: Mapping[tuple[str, bytes], str]) -> dict[str, list[str]]:
    """What it looks like, each with `begins`, `ends` or both."""
    found: dict[str, list[str]] = {}
    for verb, part in _parts(raw):
        if (verb, part) in first:
            found.setdefault(first[verb, part], []).append(verb)
    return found


def _remember(raw: bytes, what: str, seen: set[bytes], first: dict[tuple[str, bytes], str]) -> None:
    seen.add(raw)
    for key in _parts(raw):
        first.setdefault(key, what)


def _parts(raw: bytes) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    """The bytes that people compare."""
    zeros = 0 if any(raw[:ALIKE_BYTES]) else len(raw) - len(raw.lstrip(b"\0"))
    return ("begins", raw[: zeros + ALIKE_BYTES]), ("ends", raw[-ALIKE_BYTES:])


def _addresses(node: Node, loc: Loc = ()) -> Iterator[tuple[Loc, Scalar]]:
    """Every value that is written as an address, in the order of the document."""
    if isinstance(node, Scalar):
        if _ADDRESS.fullmatch(node.text):
            yield loc, node
    elif isinstance(node, Listing):
        for index, inner in enumerate(node.items):
            yield from _addresses(inner, (*loc, index))
    else:
        for key, inner in node.entries:
            yield from _addresses(inner, (*loc, key.text))
