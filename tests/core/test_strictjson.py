"""JSON that is read without guessing, and never nested deeper than a parser can stand."""

import json

import pytest

from governance.core.errors import Rejected
from governance.core.strictjson import MAX_DEPTH, parse, require_shallow


def nested(depth: int, inside: str = "1") -> str:
    """Lists and mappings in turn."""
    opened = ['{"[{":' if i % 2 else "[" for i in range(depth)]
    closed = ["}" if i % 2 else "]" for i in reversed(range(depth))]
    return "".join((*opened, inside, *closed))


FLAT = {
    "many beside one another": json.dumps([[{}]] * 500),
    "as deep as may be": nested(MAX_DEPTH),
    "brackets in a text": json.dumps(["[{" * 500]),
    "brackets behind an escaped quote": json.dumps(['"' + "[" * 500, "\\" * 3 + '"[' * 300]),
}


@pytest.mark.parametrize("name", FLAT)
def test_what_is_flat_is_read(name: str) -> None:
    assert parse(FLAT[name], shown_as="it") == json.loads(FLAT[name], parse_int=str)


DEEP = {
    "one too deep": nested(MAX_DEPTH + 1),
    "a bomb": "[" * 100_000,
    "behind a text": nested(MAX_DEPTH, '"]]]", []'),
    "behind an escaped backslash": nested(MAX_DEPTH, '"\\\\", [{}]'),
}


@pytest.mark.parametrize("name", DEEP)
def test_what_is_deep_is_not_parsed(name: str) -> None:
    with pytest.raises(Rejected) as caught:
        require_shallow(DEEP[name], shown_as="it")
    assert [finding.rule for finding in caught.value.findings] == ["json-depth"]


@pytest.mark.parametrize("end", ["", "\\"])
def test_a_text_without_an_end_is_no_json_however_long_it_is(end: str) -> None:
    """Looked at once from its first quote on, not again from each of its escaped ones."""
    text = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)
    text = "[" + "[],[]," * MAX_DEPTH + '"' + '\\"' * 500_000 + text + end
    with pytest.raises(Rejected) as caught:
        parse(text, shown_as="it")
    assert [finding.rule for finding in caught.value.findings] == ["json-syntax"]
