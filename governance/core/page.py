"""A page for readers, as plain values: sections of paragraphs, lists, tables, a tree, a flow. It knows no notation.

Text is either ours or quoted. What comes out of a document or a chain is always quoted, so that whoever renders it can see
to it that it stays text.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quote:
    """Text that somebody else wrote, or bytes: shown as it is, and never as notation."""

    text: str


Words = str | Quote
Line = tuple[Words, ...]
"""One piece after another."""


def line(*words: Words) -> Line:
    """A line of pieces."""
    return words


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    words: Line


@dataclass(frozen=True, slots=True)
class Listing:
    """One line below the other."""

    items: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; every row has as many cells as the header."""

    header: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Several lines that somebody else wrote."""

    text: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One node of a tree."""

    words: Line
    inside: tuple["Branch", ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """What is inside of what."""

    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """Where something goes before and after."""

    before: str
    """What the first column is called."""
    after: str
    rows: tuple[tuple[str, str, str], ...]
    """What, where to before, where to after."""


Block = Paragraph | Listing | Grid | Verbatim | Tree | Flow


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: Line
    blocks: tuple[Block, ...]
    level: int = 2
    """Of the heading; 1 is the page's own."""
    folded: bool = False
    """Long, and not what a reader looks at first."""


@dataclass(frozen=True, slots=True)
class Page:
    """Sections in order."""

    title: Line
    sections: tuple[Section, ...]


def grid(header: Iterable[str], rows: Iterable[Iterable[Words | Line]]) -> Grid:
    """A table; a cell may be one piece."""
    made = tuple(tuple(cell if isinstance(cell, tuple) else (cell,) for cell in row) for row in rows)
    return Grid(header=tuple(header), rows=made)
