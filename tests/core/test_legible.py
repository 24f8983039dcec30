"""Text is what it looks like: characters that hide, and words that mix alphabets. threat_55."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.legible import deceptions, mixed_scripts

MIXED = {
    "F\u0435e": "Latin (`F` U+0046) and Cyrillic (`\u0435` U+0435)",
    "\u0430dmin": "Cyrillic (`\u0430` U+0430) and Latin (`d` U+0064)",
    "\u039fwner": "Greek (`\u039f` U+039F) and Latin (`w` U+0077)",
    "\u03bf\u0445": "Greek (`\u03bf` U+03BF) and Cyrillic (`\u0445` U+0445)",
    "p\u0430\u03c5": "Latin (`p` U+0070) and Cyrillic (`\u0430` U+0430) and Greek (`\u03c5` U+03C5)",
    "\uff26ee": "full-width letters (`\uff26` U+FF26) and Latin (`e` U+0065)",
    "\U0001d41fee": "mathematical letters (`\U0001d41f` U+1D41F) and Latin (`e` U+0065)",
    "e\u0301\u0430": "Latin (`e` U+0065) and Cyrillic (`\u0430` U+0430)",
}


@pytest.mark.parametrize("word", MIXED)
def test_a_word_of_two_alphabets_is_told_with_its_letters(word: str):
    assert list(mixed_scripts(f"swap {word} now, {word}!")) == [f"`{word}` mixes {MIXED[word]}"]


HONEST = [
    "Swap the facet", "Комиссия fee", "πληρωμή payment", "Gebührenänderung", "dž ǆ ŉ ſ", "10µs", "Tシャツ",
    "日本語text", "한국어API", "x² + y³", "fee_комиссия", "fee-комиссия", "setFee(uint256)", "a1а", "", "№ 7", "α/β", "Ⅷ",
]  # fmt: skip


@pytest.mark.parametrize("text", HONEST)
def test_languages_beside_one_another_are_not_told(text: str):
    assert list(mixed_scripts(text)) == []


@given(st.text())
def test_every_sentence_is_one_printable_line_about_a_word_of_the_text(text: str):
    told = list(mixed_scripts(text))
    assert len(told) == len(set(told))
    assert all(sentence.isprintable() and " mixes " in sentence for sentence in told)


@given(st.text("ab\u0430\u0435 \n", max_size=30))
def test_exactly_the_mixed_words_are_told(text: str):
    words = dict.fromkeys(w for w in text.split() if not w.isascii() and not set(w) <= set("\u0430\u0435"))
    assert [sentence.split("`")[1] for sentence in mixed_scripts(text)] == list(words)


def test_each_character_that_hides_is_told_where_it_stands():
    found = [(d.line, d.column) for d in deceptions("ok\n\u200bé\u202e\r\nx\ry\n")]
    assert found == [(2, 1), (2, 3), (3, 2)]
