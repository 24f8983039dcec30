"""Whatever is written: only a GovError leaves, and what is accepted means one thing. threat_48.

Valid documents are mutated as trees, where the grammar is kept and values are wrong, and as text, where it is not.
"""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.core.kinds import KINDS
from governance.life.draft import scaffold, workspace_files
from tests.fuzz.documents import TOKENS, seeds
from tests.fuzz.invariants import outcome

VALID = [scaffold(kind, author="alice", network="devnet") for kind in KINDS] + [workspace_files()["policies.yaml"]]
WORDS = [
    "", "~", "yes", "NaN", "0x10", "-1", "1e18", "9" * 100, "0x" + "ab" * 20, "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "../../x", "0001-a", "a(uint256)", "a()(uint256[])", "f(" + "(" * 20 + ")" * 20, "uint" + "9" * 30, "48 h", "9" * 30 + " d",
    "2026-12-31", "9999-99-99", "Name@1", "threshold", "fее", "\u202e", "\n", "a\x00", "<<", "x" * 5000, "https://u:p@x", "é",
]  # fmt: skip
LEAVES = st.sampled_from(WORDS) | st.text(max_size=12)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LEAVES, inner, max_size=3), max_leaves=6
)
HARMLESS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def places(node: Any) -> list[tuple[Any, Any]]:
    """(container, key) of everything in a tree."""
    keys: list[Any] = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    return [spot for key in keys for spot in ((node, key), *places(node[key]))]


@given(st.sampled_from(VALID), st.data())
@HARMLESS
def test_a_valid_document_with_other_values_is_read_or_refused(text: str, data: st.DataObject):
    tree = copy.deepcopy(yaml.load(text, Loader=yaml.BaseLoader))  # text as it is written
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(tree)))
        match data.draw(st.sampled_from(["replace", "drop", "add", "repeat"])):
            case "replace":
                container[key] = data.draw(TREES)
            case "drop":
                del container[key]
            case "add" if isinstance(container, dict):
                container[data.draw(LEAVES)] = data.draw(TREES)
            case _ if isinstance(container, list):
                container.append(copy.deepcopy(container[key]))
        if not places(tree):
            break
    outcome(json.dumps(tree))
    outcome(yaml.dump(tree, allow_unicode=True, sort_keys=False))


@given(st.sampled_from(VALID), st.data())
@HARMLESS
def test_a_valid_document_with_other_characters_is_read_or_refused(text: str, data: st.DataObject):
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 20)))
        text = text[:start] + data.draw(st.sampled_from(TOKENS) | st.text(max_size=6)) + text[end:]
    outcome(text)


@given(st.lists(st.sampled_from(TOKENS) | st.sampled_from(["\n", "\n  ", " ", "[", "]", "{", "}", ","]), max_size=40))
@HARMLESS
def test_words_of_the_grammar_in_any_order_are_read_or_refused(words: list[str]):
    outcome("".join(words))


@pytest.mark.parametrize("file", seeds(), ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_every_seed_of_the_fuzzer_holds(file: Path):
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        pytest.fail("a seed is text")
    assert outcome(text)


def test_what_is_valid_is_found_to_be():
    assert [outcome(text) for text in VALID] == ["proposal"] * len(KINDS) + ["policy"]
