"""A page stays what it is, whatever the quoted text would like to be: as Markdown and as HTML.

Covers threat_67 (text of proposals in pages).
"""

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from governance.core.htmlpage import html
from governance.core.markdown import markdown
from governance.core.page import (
    Branch,
    Flow,
    Line,
    Listing,
    Page,
    Paragraph,
    Quote,
    Section,
    Tree,
    Verbatim,
    grid,
    line,
)

HOSTILE = [
    "plain",
    "`code`",
    "```\nfence\n```",
    "a | b | c",
    "<script>alert(1)</script>",
    "</details><h1>big</h1>",
    "<img src=x onerror=alert(1)>",
    "[link](https://evil.example)",
    "![image](https://evil.example/x.png)",
    "@somebody and #12 and GH-1",
    "https://evil.example",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "**bold** _it_ ~~gone~~",
    "line\nbreak\r\nmore\u2028end",
    "\\` \\\\",
    "`",
    "``` ` ``",
    " ",
    "trailing `",
    "&lt;b&gt; &amp; &#64;",
    "$math$ $$more$$",
    '" onmouseover="x',
    "]]> --> <!--",
    "{{ template }} ${{ github.token }}",
]


def page(text: str) -> Page:
    quoted = line("before ", Quote(text), " after")
    return Page(
        line(Quote(text)),
        (
            Section(
                line("A ", Quote(text)),
                (
                    Paragraph(quoted),
                    Listing((quoted, line(Quote(text)))),
                    grid(("one", "two"), [(Quote(text), "x"), (quoted, Quote(text))]),
                    Verbatim(text),
                    Tree((Branch(quoted, (Branch(quoted),)),)),
                    Flow("before", "after", ((text, text, "elsewhere"),)),
                ),
            ),
            Section(line("Folded ", Quote(text)), (Paragraph(quoted),), folded=True),
        ),
    )


def tokens(text: str) -> list[Token]:
    flat = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        flat.append(token)
        flat += token.children or []
    return flat


def one_line(text: str) -> str:
    for end in ("\r\n", "\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"):
        text = text.replace(end, "\n")
    return " ".join(part for part in text.split("\n") if part) if "\n" in text else text


SHAPES = {"heading_open": 2, "bullet_list_open": 3, "table_open": 2, "fence": 1, "tr_open": 5}
"""How many of each the page has, whatever it quotes."""


@pytest.mark.parametrize("text", HOSTILE)
def test_quoted_text_makes_no_notation(text: str) -> None:
    """threat_67"""
    found = tokens(markdown(page(text)))
    counts = {kind: sum(token.type == kind for token in found) for kind in SHAPES}
    assert counts == SHAPES
    assert {token.type for token in found} & {
        "link_open",
        "image",
        "strong_open",
        "em_open",
        "s_open",
        "html_inline",
    } == set()
    raw = [token.content for token in found if token.type == "html_block"]
    assert [each.strip().startswith(("<details><summary>Folded ", "</details>")) for each in raw] == [True, True]
    assert all("<script" not in each and "<img" not in each and "<h1" not in each for each in raw)


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip()])
def test_quoted_text_is_all_there(text: str) -> None:
    codes = [token.content.strip() for token in tokens(markdown(page(text))) if token.type == "code_inline"]
    wanted = one_line(text).strip()
    assert len(codes) == 14
    assert {code.replace("\\|", "|") for code in codes if code != "elsewhere"} == {wanted}


@given(st.text(max_size=60))
def test_any_text_keeps_the_shape_of_the_page(text: str) -> None:
    found = tokens(markdown(page(text)))
    assert {kind: sum(token.type == kind for token in found) for kind in SHAPES} == SHAPES


def test_our_own_words_are_words() -> None:
    words: Line = line("a *b* _c_ `d` <e> | #1 @f [g](h)")
    found = tokens(markdown(Page(line("x"), (Section(line("y"), (Paragraph(words),)),))))
    texts = "".join(token.content for token in found if token.type in {"text", "text_special"})
    assert texts.endswith("a *b* _c_ `d` <e> | #1 @f [g](h)")


# ---- HTML ------------------------------------------------------------------------------------------------------------


class Read(HTMLParser):
    """Elements with their attributes, and all text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def read(document: str) -> Read:
    parser = Read()
    parser.feed(document)
    parser.close()
    return parser


PLAIN = read(html(page("plain")))


@pytest.mark.parametrize("text", HOSTILE)
def test_quoted_text_makes_no_element(text: str) -> None:
    """threat_67"""
    found = read(html(page(text)))
    assert found.elements == PLAIN.elements
    assert [name for name, _ in found.attributes] == [name for name, _ in PLAIN.attributes]
    assert found.text.count(text) >= 10


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    """threat_64"""
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(PLAIN.elements)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'") in (
        PLAIN.attributes
    )
    assert "http:" not in html(page("plain"))
    assert "https:" not in html(page("plain"))
