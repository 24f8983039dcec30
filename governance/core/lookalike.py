"""Addresses that a reader takes for one another: different, but equal in the bytes that people compare.

People read the beginning and the end. Four bytes of zeros do not count as a beginning, or every address that was mined for
cheap calls would look like every other. Whether an address is the right one is not known here.
"""

import re
from collections.abc import Iterator, Mapping

from governance.core.errors import Finding
from governance.core.tree import Loc, Node, Scalar, dotted, scalars
from governance.core.units import Address

ALIKE_BYTES = 4
"""At the beginning or the end: eight digits, which anybody can mine within a minute."""

HINT = "compare every digit with its source; if both are meant, one of them has to be made anew"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def lookalikes(tree: Node, known: Mapping[Address, str]) -> Iterator[Finding]:
    """A finding for each address of a document that looks like a known one, or like one before it in the document.

    `known` maps addresses to what they are, as a sentence names it.
    """
    faces = Faces(known)
    for loc, scalar in mentioned(tree):
        raw = bytes.fromhex(scalar.text[2:])
        for sentence in faces.imitated(raw, scalar.text):
            yield Finding(rule="address-lookalike", message=sentence, hint=HINT, place=scalar.place, path=dotted(loc))
        faces.remember(raw, f"`{dotted(loc)}`, {scalar.text}")


class Faces:
    """Addresses that were seen before, by the bytes that people compare."""

    def __init__(self, known: Mapping[Address, str], before: "Faces | None" = None) -> None:
        """`before` are others that were seen first; they are read, and stay as they are."""
        self._before = before
        self._seen: set[bytes] = set()
        self._first: dict[tuple[str, bytes], str] = {}
        for account, what in known.items():
            self.remember(bytes.fromhex(account[2:]), f"{what}, {account}")

    def imitated(self, raw: bytes, written: str) -> Iterator[str]:
        """A sentence for each address that this one, which was not seen before, is mistaken for."""
        if self._saw(raw):
            return
        alike: dict[str, list[str]] = {}
        for verb, part in _parts(raw):
            first = self._who((verb, part))
            if first is not None:
                alike.setdefault(first, []).append(verb)
        for what, verbs in alike.items():
            yield f"{written} {' and '.join(verbs)} like {what}, but is another address"

    def _saw(self, raw: bytes) -> bool:
        return raw in self._seen or (self._before is not None and self._before._saw(raw))

    def _who(self, key: tuple[str, bytes]) -> str | None:
        first = None if self._before is None else self._before._who(key)
        return self._first.get(key) if first is None else first

    def remember(self, raw: bytes, what: str) -> None:
        """From now on it was seen; what imitates two is told of the first."""
        self._seen.add(raw)
        for key in _parts(raw):
            self._first.setdefault(key, what)


def _parts(raw: bytes) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    """The bytes that people compare."""
    zeros = 0 if any(raw[:ALIKE_BYTES]) else len(raw) - len(raw.lstrip(b"\0"))
    return ("begins", raw[: zeros + ALIKE_BYTES]), ("ends", raw[-ALIKE_BYTES:])


_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "-": None, "_": None})


def folded(name: str) -> str:
    """A name as a hasty reader sees it: two names that fold to the same are taken for one another."""
    return name.lower().translate(_ALIKE).replace("rn", "m").replace("vv", "w")


def mentioned(tree: Node) -> Iterator[tuple[Loc, Scalar]]:
    """Every value that is written as an address, in the order of the document."""
    return ((loc, scalar) for loc, scalar in scalars(tree) if _ADDRESS.fullmatch(scalar.text))
