"""A page as Markdown that a code host shows as it is meant, whatever the quoted text would like to be.

Quoted text stands in code spans and code blocks, whose fences are longer than any run of backticks inside: there a code
host makes no links, mentions, images, references or HTML of it. Our own words are escaped.
"""

import re
from collections.abc import Iterable, Iterator

from governance.core.page import (
    Block,
    Branch,
    Flow,
    Grid,
    Line,
    Listing,
    Page,
    Paragraph,
    Quote,
    Section,
    Tree,
    Verbatim,
)

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#+!|~&$@])")
_LINES = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_RUNS = re.compile(r"`+")


def markdown(page: Page) -> str:
    """The whole page. Ends in one line feed."""
    parts = [f"# {_words(page.title)}"]
    for section in page.sections:
        parts += _section(section)
    return "\n\n".join(parts) + "\n"


def _section(section: Section) -> Iterator[str]:
    if section.folded:
        yield f"<details><summary>{_summary(section.title)}</summary>"
    else:
        yield f"{'#' * section.level} {_words(section.title)}"
    for block in section.blocks:
        yield _block(block)
    if section.folded:
        yield "</details>"


def _block(block: Block) -> str:
    match block:
        case Paragraph(words):
            return _words(words)
        case Listing(items):
            return "\n".join(f"- {_words(item)}" for item in items)
        case Grid(header, rows):
            return _table(header, rows)
        case Verbatim(text):
            return _fenced(text)
        case Tree(branches):
            return "\n".join(_branches(branches, 0))
        case Flow(before, after, rows):
            cells = [[(Quote(what),), (Quote(was),), (Quote(now),)] for what, was, now in rows]
            return _table(("", before, after), cells)


def _table(header: Iterable[str], rows: Iterable[Iterable[Line]]) -> str:
    names = [_text(name) for name in header]
    lines = [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def _cell(words: Line) -> str:
    # In a table a bar ends the cell, even inside of a code span.
    return "".join(_quoted(each.text).replace("|", r"\|") if isinstance(each, Quote) else _text(each) for each in words)


def _branches(branches: Iterable[Branch], depth: int) -> Iterator[str]:
    for branch in branches:
        yield f"{'  ' * depth}- {_words(branch.words)}"
        yield from _branches(branch.inside, depth + 1)


def _words(words: Line) -> str:
    return "".join(_quoted(each.text) if isinstance(each, Quote) else _text(each) for each in words)


def _summary(words: Line) -> str:
    """Inside of an HTML element, where Markdown is not read."""
    return "".join(_html(each.text if isinstance(each, Quote) else each) for each in words)


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "&#64;")


def _text(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", _LINES.sub(" ", text))


def _quoted(text: str) -> str:
    """A code span of any text in one line."""
    inside = _LINES.sub(" ", text)
    if not inside.strip():
        return "` `"
    fence = "`" * (1 + max((len(run) for run in _RUNS.findall(inside)), default=0))
    pad = " " if inside[0] in "` " or inside[-1] in "` " else ""
    return f"{fence}{pad}{inside}{pad}{fence}"


def _fenced(text: str) -> str:
    fence = "`" * max(3, 1 + max((len(run) for run in _RUNS.findall(text)), default=0))
    return f"{fence}text\n{text}\n{fence}"
