"""Text that is what it looks like.

Refused wherever a person reads before signing: control, zero-width and reordering characters, blanks other than the
space, invisible selectors, lone carriage returns, and letters that are not composed (Unicode NFC). Look-alike letters
of other scripts are not refused here; names are ASCII by their own rules.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

_ORDINARY = re.compile(r"[\t\n -~]*")
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Joiners and fillers that print as nothing but count as letters or symbols."""


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
        for column, c in enumerate(line, 1):
            if _deceives(c):
                name = f"{unicodedata.name(c, 'character')} (U+{ord(c):04X})"
                yield Deception(line=number, column=column, what=f"{name} is not allowed")
        composed = unicodedata.normalize("NFC", line)
        if composed != line:
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
