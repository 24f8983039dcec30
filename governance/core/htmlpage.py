"""A page as one HTML document that needs nothing else: no script, no font, no image from anywhere.

Every text is escaped, quoted or ours; a policy in the document forbids scripts and every load besides. The flow of routes is
an SVG with a table's worth of text in it, so that it can be read aloud and copied.
"""

from collections.abc import Iterable, Iterator
from html import escape

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

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --faint: #667079; --rule: #d6dbe0; --quote: #f2f4f7; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8ec; --paper: #14171a; --faint: #98a2ab; --rule: #343b42; --quote: #20252b; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.3rem; border-bottom: 1px solid var(--rule); margin-top: 2.5rem; }
h3, summary { font-size: 1.05rem; font-weight: 600; margin-top: 1.6rem; } summary { cursor: pointer; }
code, pre, svg text { font-family: ui-monospace, monospace; font-size: .85rem; }
code, pre { background: var(--quote); border-radius: 4px; padding: .1em .3em; overflow-wrap: anywhere; }
pre { padding: .8em; white-space: pre-wrap; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35em .6em; border-bottom: 1px solid var(--rule); }
th { color: var(--faint); font-weight: 600; }
ul.tree { list-style: none; padding-left: 1.2em; border-left: 2px solid var(--rule); }
svg { max-width: 100%; height: auto; } svg text { fill: var(--ink); } svg .faint { fill: var(--faint); }
svg rect { fill: var(--quote); stroke: var(--rule); } svg path { stroke: var(--faint); fill: none; }
svg .gone { stroke-dasharray: 4 4; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
ROW, WIDTH, SIDE, MIDDLE = 44, 1140, 380, 220
"""Of the flow's picture, in pixels: a row, the whole, a box at either side, and the box between them."""


def html(page: Page) -> str:
    """The whole document."""
    body = "\n".join(part for section in page.sections for part in _section(section))
    title = escape(_plain(page.title))
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


def _section(section: Section) -> Iterator[str]:
    title = _words(section.title)
    yield f"<details><summary>{title}</summary>" if section.folded else f"<h{section.level}>{title}</h{section.level}>"
    for block in section.blocks:
        yield _block(block)
    if section.folded:
        yield "</details>"


def _block(block: Block) -> str:
    match block:
        case Paragraph(words):
            return f"<p>{_words(words)}</p>"
        case Listing(items):
            return f"<ul>{''.join(f'<li>{_words(item)}</li>' for item in items)}</ul>"
        case Grid(header, rows):
            return _table(header, rows)
        case Verbatim(text):
            return f"<pre>{escape(text)}</pre>"
        case Tree(branches):
            return _branches(branches)
        case Flow():
            return _picture(block)


def _table(header: Iterable[str], rows: Iterable[Iterable[Line]]) -> str:
    names = list(header)
    head = f"<thead><tr>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr></thead>" if any(names) else ""
    body = "".join(f"<tr>{''.join(f'<td>{_words(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>'


def _branches(branches: Iterable[Branch]) -> str:
    items = "".join(
        f"<li>{_words(each.words)}{_branches(each.inside) if each.inside else ''}</li>" for each in branches
    )
    return f'<ul class="tree">{items}</ul>'


def _picture(flow: Flow) -> str:
    """Three columns: where each goes before, what it is, where it goes after; equal ends are one box."""
    columns = [list(dict.fromkeys(row[side] for row in flow.rows)) for side in (1, 0, 2)]
    height = ROW * (max(len(column) for column in columns) + 1)
    lefts = (0, (WIDTH - MIDDLE) // 2, WIDTH - SIDE)
    widths = (SIDE, MIDDLE, SIDE)
    parts = [f'<text class="faint" x="0" y="18">{escape(flow.before)}</text>']
    parts.append(f'<text class="faint" x="{lefts[2]}" y="18">{escape(flow.after)}</text>')
    for column, left, width in zip(columns, lefts, widths, strict=True):
        for index, text in enumerate(column):
            top = ROW * (index + 1) - 18
            parts.append(f'<rect x="{left}" y="{top}" width="{width}" height="{ROW - 12}" rx="5"/>')
            parts.append(
                f'<text x="{left + 8}" y="{top + 21}">{escape(_short(text, width // 9))}<title>{escape(text)}</title></text>'
            )
    for what, before, after in flow.rows:
        middle = _centre(columns[1].index(what))
        was, now = _centre(columns[0].index(before)), _centre(columns[2].index(after))
        parts.append(_arrow(lefts[0] + SIDE, was, lefts[1], middle, gone=True))
        parts.append(_arrow(lefts[1] + MIDDLE, middle, lefts[2], now, gone=False))
    told = "; ".join(f"{what}: {before}, then {after}" for what, before, after in flow.rows)
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return f'<div class="wide"><svg role="img" aria-label="{escape(told)}" {size}>{"".join(parts)}</svg></div>'


def _centre(index: int) -> int:
    return ROW * (index + 1) - 18 + (ROW - 12) // 2


def _arrow(x: int, y: int, to_x: int, to_y: int, *, gone: bool) -> str:
    half = (x + to_x) // 2
    style = ' class="gone"' if gone else ""
    return f'<path{style} d="M{x} {y} C{half} {y} {half} {to_y} {to_x} {to_y}"/>'


def _short(text: str, most: int) -> str:
    """As much as fits a box; an address with a name by both its ends. The whole is told when one points at it."""
    if len(text) <= most:
        return text
    address, _, name = text.partition(" ")
    short = f"{address[:10]}…{address[-8:]} {name}" if name and address.startswith("0x") else text
    return short if len(short) <= most else f"{short[: most - 1]}…"


def _words(words: Line) -> str:
    return "".join(f"<code>{escape(each.text)}</code>" if isinstance(each, Quote) else escape(each) for each in words)


def _plain(words: Line) -> str:
    return "".join(each.text if isinstance(each, Quote) else each for each in words)
