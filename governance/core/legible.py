"""Text that is what it looks like.

Refused wherever a person reads before signing: control, zero-width and reordering characters, blanks other than the
space, invisible selectors, lone carriage returns, and letters that are not composed (Unicode NFC). A word that mixes
alphabets with look-alike letters is refused too; a whole word of another alphabet is somebody's language, and names are
ASCII by their own rules.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from governance.core.units import shown

_ORDINARY = re.compile(r"[\t\n -~]*")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Joiners and fillers that print as nothing but count as letters or symbols."""

_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f])+")
_ALPHABETS = {"MATHEMATICAL": "mathematical letters", "FULLWIDTH": "full-width letters"} | {
    name: name.title()
    for name in ("LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC", "DESERET", "GEORGIAN", "LISU", "OSAGE")
}
"""First words of Unicode names, for alphabets in which some letters look like those of another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deception:
    """A character that a reader would not see, or not see where it is."""

    line: int
    """1-based."""
    column: int
    """1-based, in characters."""
    what: str
    """One sentence."""


def deceptions(text: str) -> Iterator[Deception]:
    """Everything deceiving in a text, in order. A carriage return is fine before a line feed."""
    if _ORDINARY.fullmatch(text):
        return
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if _ORDINARY.fullmatch(line):
            continue
        refused = {c for c in set(line) if _deceives(c)}
        for column, c in enumerate(line if refused else "", 1):
            if c in refused:
                name = f"{unicodedata.name(c, 'character')} (U+{ord(c):04X})"
                yield Deception(line=number, column=column, what=f"{name} is not allowed")
        if not unicodedata.is_normalized("NFC", line):
            composed = unicodedata.normalize("NFC", line)
            column = next((i for i, (a, b) in enumerate(zip(line, composed, strict=False)) if a != b), len(composed))
            yield Deception(line=number, column=column + 1, what="a letter is not in its composed form (Unicode NFC)")


def _deceives(c: str) -> bool:
    if _ORDINARY.fullmatch(c):
        return False
    return (
        unicodedata.category(c) in _REFUSED_CATEGORIES
        or c in _INVISIBLE
        or "\ufe00" <= c <= "\ufe0f"
        or "\u180b" <= c <= "\u180f"
        or "\U000e0100" <= c <= "\U000e01ef"
    )


def mixed_scripts(text: str) -> Iterator[str]:
    """A sentence for each word that mixes alphabets, such as Latin and Cyrillic: no language writes so, forgers do."""
    if text.isascii() or len(_alphabets(text)) < 2:
        return
    for word in dict.fromkeys(_WORD.findall(text)):
        alphabets = {} if word.isascii() else _alphabets(word)
        if len(alphabets) > 1:
            letters = " and ".join(f"{_ALPHABETS[name]} (`{c}` U+{ord(c):04X})" for name, c in alphabets.items())
            yield f"`{shown(word)}` mixes {letters}"


def _alphabets(text: str) -> dict[str, str]:
    """The alphabets in a text, each with its first letter."""
    found: dict[str, str] = {}
    for c in dict.fromkeys(text):
        name = unicodedata.name(c, "").partition(" ")[0]
        if name in _ALPHABETS:
            found.setdefault(name, c)
    return found
