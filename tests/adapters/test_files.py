"""Strict YAML: hostile documents are refused at their place, honest ones are the text that was written. threat_48, 50, 55."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from governance.adapters.files import MAX_FINDINGS, Limits, load, parse, read_text, write_atomically
from governance.core.errors import Rejected
from governance.core.tree import canonical, digest, plain

DOCUMENTS = Path(__file__).parent.parent / "documents"

WRITTEN = {
    "duplicate-key": [("yaml-duplicate-key", 3, 1)],
    "duplicate-key-deep": [("yaml-duplicate-key", 4, 5)],
    "duplicate-key-quoted": [("yaml-duplicate-key", 1, 13)],
    "anchor": [("yaml-anchor", 1, 4)],
    "anchor-on-mapping": [("yaml-anchor", 1, 4)],
    "alias": [("yaml-alias", 2, 4)],
    "merge-key": [("yaml-merge-key", 3, 3)],
    "billion-laughs": [("yaml-anchor", 1, 4), ("yaml-anchor", 2, 4), ("yaml-alias", 2, 8), ("yaml-alias", 2, 12)],
    "tag-str": [("yaml-tag", 1, 4)],
    "tag-python": [("yaml-tag", 1, 4)],
    "tag-local": [("yaml-tag", 1, 4)],
    "tag-not-specific": [("yaml-tag", 1, 4)],
    "tag-verbatim": [("yaml-tag", 1, 4)],
    "several-documents": [("yaml-documents", 2, 1)],
    "list-at-top": [("yaml-top", 1, 1)],
    "scalar-at-top": [("yaml-top", 1, 1)],
    "only-comments": [("yaml-empty", 1, 1)],
    "collection-as-key": [("yaml-key", 1, 3)],
    "empty-key": [("yaml-key", 2, 1)],
    "tab-indentation": [("yaml-syntax", 2, 1)],
    "unclosed-list": [("yaml-syntax", 2, 2)],
    "unclosed-quote": [("yaml-syntax", 3, 1)],
    "wrong-indentation": [("yaml-syntax", 3, 3)],
    "colon-in-plain-text": [("yaml-syntax", 1, 13)],
    "surrogate-escape": [("yaml-syntax", 1, 7)],
    "escaped-bidi": [("text-deceives", 1, 8)],
    "escaped-nul": [("text-deceives", 2, 8)],
    "escaped-terminal": [("text-deceives", 1, 8)],
    "escaped-key": [("text-deceives", 1, 1)],
    "many-faults": [
        ("yaml-anchor", 1, 4),
        ("yaml-tag", 1, 4),
        ("yaml-duplicate-key", 2, 1),
        ("text-deceives", 2, 4),
        ("yaml-merge-key", 3, 1),
        ("yaml-alias", 3, 5),
    ],
}
"""Each file under tests/documents/, and everything that must be said of it."""

BYTES: dict[str, tuple[bytes, str, int, int]] = {
    "an empty file": (b"", "yaml-empty", 1, 1),
    "a byte-order mark": (b"\xef\xbb\xbfa: x\n", "file-encoding", 1, 1),
    "UTF-16": ("a: x\n".encode("utf-16"), "file-encoding", 1, 1),
    "UTF-16 without a mark": ("a: x\n".encode("utf-16-le"), "text-deceives", 1, 2),
    "Latin-1": ("a: ü\n".encode("latin-1"), "file-encoding", 1, 1),
    "an overlong encoding": (b"a: \xc0\xaf\n", "file-encoding", 1, 1),
    "a NUL": (b"a: x\nb: y\0z\n", "text-deceives", 2, 5),
    "an escape sequence of a terminal": (b"a: \x1b[2J\n", "text-deceives", 1, 4),
    "a right-to-left override in a title": ("title: \u202eeef\n".encode(), "text-deceives", 1, 8),
    "an isolate that is never closed, in a comment": ("# \u2066x\na: x\n".encode(), "text-deceives", 1, 3),
    "a zero-width space in a key": ("ti\u200btle: x\n".encode(), "text-deceives", 1, 3),
    "a byte-order mark in the middle": ("a: x\ufeff\n".encode(), "text-deceives", 1, 5),
    "a no-break space": ("a: x\u00a0y\n".encode(), "text-deceives", 1, 5),
    "an invisible letter": ("a: x\u3164\n".encode(), "text-deceives", 1, 5),
    "a variation selector": ("a: x\ufe0f\n".encode(), "text-deceives", 1, 5),
    "a letter in pieces": ("a: e\u0301\n".encode(), "text-deceives", 1, 4),
    "a line separator, which YAML takes for a line's end": ("# x\u2028a: y\n".encode(), "text-deceives", 1, 4),
    "a carriage return that hides a line from diffs": (b"# harmless\rauthor: mallory\na: x\n", "text-deceives", 1, 11),
    "a next-line character": ("# x\u0085a: y\n".encode(), "text-deceives", 1, 4),
    "200,000 brackets": (b"a: " + b"[" * 200_000, "yaml-depth", 1, 35),
    "200,000 braces": (b"{a: " * 50_000, "yaml-depth", 1, 129),
    "10,000 dashes": (b"- " * 10_000, "yaml-depth", 1, 65),
    "a file over the limit": (b"a: " + b"x" * (256 << 10), "file-too-large", 1, 1),
    "more parts than anybody reads": (b"a: [" + b"x," * 20_000 + b"]", "yaml-nodes", 1, 19999),
}


def refused(path: Path) -> list[tuple[str, int, int]]:
    with pytest.raises(Rejected) as caught:
        load(path, f"proposals/{path.name}")
    places = [f.place for f in caught.value.findings]
    assert all(place is not None and place.file == f"proposals/{path.name}" for place in places)
    assert all(f.message.isprintable() for f in caught.value.findings)
    return [(f.rule, f.place.line, f.place.column) for f in caught.value.findings if f.place is not None]


def test_every_hostile_document_has_a_row():
    assert {file.stem for file in DOCUMENTS.glob("*.yaml")} == set(WRITTEN)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_hostile_document_is_refused_at_its_place(name: str):
    assert refused(DOCUMENTS / f"{name}.yaml") == WRITTEN[name]


@pytest.mark.parametrize("name", BYTES)
def test_hostile_bytes_are_refused_at_their_place(name: str, tmp_path: Path):
    raw, rule, line, column = BYTES[name]
    file = tmp_path / "0001-x.yaml"
    file.write_bytes(raw)
    assert refused(file)[0] == (rule, line, column)


def test_a_bomb_ends_at_once():
    started = time.perf_counter()
    with pytest.raises(Rejected):
        parse("[" * 250_000, "bomb")
    assert time.perf_counter() - started < 0.5


def test_the_list_of_faults_is_bounded():
    with pytest.raises(Rejected) as caught:
        parse("".join(f"k{i}: !!str x\n" for i in range(5000)), "f")
    assert len(caught.value.findings) == MAX_FINDINGS
    with pytest.raises(Rejected) as caught:
        parse("a: \u200b\n" * 5000, "f")
    assert len(caught.value.findings) == MAX_FINDINGS


def test_faults_before_a_syntax_error_are_told_with_it():
    with pytest.raises(Rejected) as caught:
        parse("a: &x y\nb: [\n", "f")
    assert [f.rule for f in caught.value.findings] == ["yaml-anchor", "yaml-syntax"]


def test_depth_up_to_the_limit_is_fine():
    text = "a: " + "[" * 31 + "]" * 31
    assert json.dumps(plain(parse(text, "f"))).count("[") == 31
    with pytest.raises(Rejected):
        parse("a: " + "[" * 32 + "]" * 32, "f")


TEXTS = [
    "no", "on", "yes", "~", "null", "True", "2026-12-31", "2026-12-31T00:00:00Z", "12:30:45", "0777", "0o17", "0x10",
    "1e18", "1_000", ".inf", "NaN", "+1", "-0", "0.10", "9" * 78, "9" * 5000,
    "0xababababababababababababababababababab", "0xABCDEF", "=", "é ü 中 🎉", "a#b", "https://example.org/x",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_plain_text_stays_what_it_is(text: str):
    assert plain(parse(f"a: {text}\nb: [{text}]\n", "f")) == {"a": text, "b": [text]}


def test_an_address_without_quotes_is_refused_since_other_readers_take_it_for_a_number():
    bare = "0x" + "ab" * 20
    with pytest.raises(Rejected) as caught:
        parse(f"a: '{bare}'\nb: [{bare}]\n", "f")
    (finding,) = caught.value.findings
    assert (finding.rule, str(finding.place)) == ("yaml-bare-address", "f:2:5")
    assert plain(parse(f"a: {bare}\n", "f", Limits(bare_addresses=True))) == {"a": bare}


def test_json_passes_through_the_same_door():
    document = {"a": "b", "c": ["d", {"e": 'f\n"g"'}], "h": "ü/"}
    assert plain(parse(json.dumps(document), "f")) == document
    assert plain(parse(json.dumps(document, indent=2), "f")) == document


def test_values_left_out_are_empty_text():
    assert plain(parse("a:\nb: ''\n", "f")) == {"a": "", "b": ""}


def test_line_endings_do_not_count():
    text = "a: |\n  x\n  y\nb: z\n"
    assert digest(parse(text, "f")) == digest(parse(text.replace("\n", "\r\n"), "f"))


def test_places_are_those_of_an_editor():
    tree = parse("a:\n  - ü: [x, yy]\n", "f.yaml")
    (_, items) = tree.entries[0]
    assert [str(n) for n in (tree.place, items.place)] == ["f.yaml:1:1", "f.yaml:2:3"]
    inner = items.items[0].entries[0][1]  # type: ignore[union-attr]
    assert [str(item.place) for item in inner.items] == ["f.yaml:2:9", "f.yaml:2:12"]  # type: ignore[union-attr]


def test_a_tighter_limit_can_be_asked_for():
    with pytest.raises(Rejected) as caught:
        parse("a: [b, c]\n", "f", Limits(max_nodes=3))
    assert caught.value.findings[0].rule == "yaml-nodes"


# Files


def test_a_link_is_not_followed(tmp_path: Path):
    (tmp_path / "secret").write_text("a: x\n")
    (tmp_path / "0001-x.yaml").symlink_to(tmp_path / "secret")
    assert refused(tmp_path / "0001-x.yaml") == [("file-unreadable", 1, 1)]


def test_a_pipe_does_not_block(tmp_path: Path):
    os.mkfifo(tmp_path / "0001-x.yaml")
    assert refused(tmp_path / "0001-x.yaml") == [("file-not-regular", 1, 1)]


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path):
    assert refused(tmp_path) == [("file-not-regular", 1, 1)]
    assert refused(tmp_path / "missing") == [("file-unreadable", 1, 1)]


def test_a_device_is_refused():
    with pytest.raises(Rejected, match="not a regular file"):
        read_text(Path("/dev/zero"), "zero")


def test_written_text_is_read_back_and_replaces_the_old(tmp_path: Path):
    file = tmp_path / "new" / "a.yaml"
    for text in ("a: x\n", "a: ü\n"):
        write_atomically(file, text)
        assert read_text(file, "a.yaml") == text
    assert [f.name for f in file.parent.iterdir()] == ["a.yaml"]
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    file = tmp_path / "a.yaml"
    write_atomically(file, "a: x\n")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "a: \ud800\n")
    assert {f.name: f.read_text() for f in tmp_path.iterdir()} == {"a.yaml": "a: x\n"}


# Properties

_ALPHABET = st.characters(codec="utf-8", categories=["Lu", "Ll", "Nd", "Po", "Sm"], max_codepoint=0x17F) | st.just(" ")
_TEXT = st.text(_ALPHABET.filter(lambda c: c != "\u0149"), max_size=12)
_KEYS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=6)
_TREES: st.SearchStrategy[Any] = st.recursive(
    _TEXT, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=12
)
_DOCUMENTS = st.dictionaries(_KEYS, _TREES, min_size=1, max_size=4)


def _reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reordered(inner) for key, inner in reversed(value.items())}
    return [_reordered(item) for item in value] if isinstance(value, list) else value


def _dumped(document: Any, **options: Any) -> str:
    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return str(yaml.dump(document, Dumper=Plain, allow_unicode=True, sort_keys=False, **options))


@given(_DOCUMENTS)
def test_order_quotes_layout_and_comments_do_not_change_the_digest(document: dict[str, Any]):
    written = digest(parse(json.dumps(document), "f"))
    double = _dumped(_reordered(document), default_style='"')
    assert {
        digest(parse(json.dumps(_reordered(document), indent=4, ensure_ascii=False), "f")),
        digest(parse(double, "f")),
        digest(parse(_dumped(document, default_style="'", width=10**6), "f")),
        digest(parse(f"# a comment\n\n{double}# the end\n", "f")),
        digest(parse(_dumped(document, default_flow_style=True, default_style='"'), "f")),
    } == {written}


@given(_DOCUMENTS)
def test_every_text_comes_back_as_it_was_written(document: dict[str, Any]):
    tree = parse(json.dumps(document), "f")
    assert plain(tree) == document
    assert plain(parse(canonical(tree).decode(), "f")) == document


@given(_DOCUMENTS, st.data())
def test_one_word_more_changes_the_digest(document: dict[str, Any], data: st.DataObject):
    key = data.draw(st.sampled_from(sorted(document)))
    other = {**document, key: [document[key]]}
    assert digest(parse(json.dumps(other), "f")) != digest(parse(json.dumps(document), "f"))


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.text("[]{}:,-?&*!|>'\"%@`#ab \n\t", max_size=60))
def test_no_text_gets_past_the_reader_unrefused_or_unplaced(text: str):
    try:
        tree = parse(text, "f")
    except Rejected as error:
        refusal = error
    else:
        assert plain(parse(canonical(tree).decode(), "f")) == plain(tree)
        return
    assert refusal.findings
    assert all(f.place is not None and f.place.line >= 1 and f.place.column >= 1 for f in refusal.findings)
