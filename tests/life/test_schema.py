"""Schemas for editors: they accept what `gov` accepts, numbers without quotes included, and underline what it refuses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.files import parse
from governance.core import policy, proposal
from governance.core.errors import Rejected
from governance.core.kinds import KINDS
from governance.core.policyfile import policy_schema
from governance.core.proposal import json_schema
from governance.life.draft import scaffold, workspace_files
from tests.schemacheck import as_editors_read, faults

ROOT = Path(__file__).parents[2]
MODELS = {name: kind.document for name, kind in KINDS.items()}
ALL = json_schema(MODELS)
GOOD = {
    **{f"the start of {kind}": scaffold(kind, author="alice", network="devnet") for kind in KINDS},
    **{file.name: file.read_text("utf-8") for file in sorted((ROOT / "proposals").glob("*.yaml"))},
    **{name: text for name, text in workspace_files().items() if name.startswith("proposals/")},
}
POLICIES = {"ours": (ROOT / "policies.yaml").read_text("utf-8"), "a new one": workspace_files()["policies.yaml"]}
CALL = """\
schema: governance/v1
title: Set the fee
author: alice
networks: [devnet]
kind: contract_call
summary: x
calls:
  - to: target
    function: "setFee(uint256)"
    args: ["30"]
"""
SWAP = "schema: governance/v1\ntitle: x\nauthor: alice\nnetworks: [devnet]\nkind: facet_swap\nsummary: x\nchanges:\n"


def accepts(text: str) -> bool:
    """Whether the strict reader takes it."""
    try:
        tree = parse(text, "f")
        if tree.get("rules") is not None:
            policy.read(tree, file="f", kinds=frozenset(KINDS))
        else:
            proposal.read(tree, id="0001-x", file="f", models=MODELS)
    except Rejected:
        return False
    return True


@pytest.mark.parametrize("name", GOOD)
def test_every_proposal_we_write_fits_the_schema_of_all_kinds_and_of_its_own(name: str):
    document = as_editors_read(GOOD[name])
    assert accepts(GOOD[name])
    assert faults(ALL, document) == []
    assert faults(json_schema(MODELS, document["kind"]), document) == []
    others = [kind for kind in KINDS if kind != document["kind"]]
    assert all(faults(json_schema(MODELS, kind), document) for kind in others)


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_we_write_fits_its_schema(name: str):
    assert accepts(POLICIES[name])
    assert faults(policy_schema(), as_editors_read(POLICIES[name])) == []


NOT_TEXT_TO_EDITORS = {
    "an answer that is a number": CALL + 'expect: [{call: "a()(uint256)", equals: 30}]\n',
    "an answer that is true": CALL + 'expect: [{call: "a()(bool)", equals: true}]\n',
    "an answer that is a fraction": CALL + 'expect: [{call: "a()(string)", equals: 1.5}]\n',
    "answers that are lists": CALL + 'expect: [{call: "a()(uint256[])", equals: [[1, 2], [], true]}]\n',
    "a title that is a year": CALL.replace("title: ", "title: 2026 #"),
    "a summary that is true": SWAP.replace("summary: x", "summary: true") + "  - remove: [0x69fe0e2d]\n",
    "a selector in hex": SWAP + "  - {replace: A@1, selectors: [0x69fe0e2d, 0xffffffff]}\n",
    "a code hash in hex": SWAP.replace("facet_swap", "manifest_upgrade").replace("changes", "routes")
    + f"  - {{selector: 0x69fe0e2d, facet: A@1, codehash: 0x{'ab' * 32}}}\n",
    "wei": CALL.replace("    function:", "    value: 1000000000000000000\n    function:"),
    "a day": CALL + "not_after: 2026-12-31\n",
    "a moment": CALL + "not_after: 2026-12-31T00:00:00Z\n",
    "a version of an artifact": SWAP + "  - {add: Facet@1.2.3-rc_1, selectors: ['a(uint256,(bool,bytes32)[2][])']}\n",
}


@pytest.mark.parametrize("name", NOT_TEXT_TO_EDITORS)
def test_what_editors_do_not_read_as_text_fits_where_gov_takes_text(name: str):
    text = NOT_TEXT_TO_EDITORS[name]
    assert accepts(text)
    assert faults(ALL, as_editors_read(text)) == []


REFUSED = {
    "a key nobody knows": CALL + "acknowledges: x\n",
    "a key nobody knows, deep": CALL.replace("    function:", "    gas: 1\n    function:"),
    "a kind nobody knows": CALL.replace("contract_call", "contract_cal"),
    "another schema": CALL.replace("governance/v1", "governance/v2"),
    "a key left out": CALL.replace("author: alice\n", ""),
    "a key without value": CALL + "after:\n",
    "an author in capitals": CALL.replace("alice", "Alice"),
    "no network": CALL.replace("[devnet]", "[]"),
    "a path for a proposal": CALL + "after: ../0001-x\n",
    "a wrong moment": CALL + "not_after: tomorrow\n",
    "a title of two lines": CALL.replace("title: ", 'title: "a\\nb" #'),
    "a negative value": CALL.replace("    function:", "    value: -1\n    function:"),
    "a fraction of a wei": CALL.replace("    function:", "    value: 0.5\n    function:"),
    "two verbs": SWAP + "  - {replace: A@1, add: B@1, selectors: ['a()']}\n",
    "no selectors": SWAP + "  - {replace: A@1}\n",
    "a signature with blanks": SWAP + "  - {replace: A@1, selectors: ['a( uint256 )']}\n",
    "half a selector": SWAP + "  - {replace: A@1, selectors: ['0x69fe']}\n",
    "a path for a facet": SWAP + "  - {replace: ../A@1, selectors: ['a()']}\n",
    "an answer that is a mapping": CALL + 'expect: [{call: "a()(uint256)", equals: {a: b}}]\n',
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_editor_underlines_what_gov_refuses(name: str):
    assert not accepts(REFUSED[name])
    assert faults(ALL, as_editors_read(REFUSED[name]))


POLICY_REFUSED = [
    ("delay: 48 h", "delay: 48"), ("delay: 48 h", "delay: 48 h\n    quorum: 3"), ("via: timelock", "via: treasury"),
    ("at_least: threshold", "at_least: 0"), ("at_least: threshold", "at_least: -1"), ("id: upgrades-are-slow", "id: Slow"),
    ("chain_id: 31337", "chain_id: -1"), ("kind: manifest_dispatcher", "kind: safe"), ("safe: council", "safe: treasury"),
    ("policy/v1", "policy/v2"), ("[alice, bob, carol]", "alice"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), POLICY_REFUSED)
def test_an_editor_underlines_what_gov_refuses_in_a_policy(old: str, new: str):
    text = workspace_files()["policies.yaml"].replace(old, new, 1)
    assert not accepts(text)
    assert faults(policy_schema(), as_editors_read(text))


def parts(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property with its name."""
    if isinstance(schema, list):
        for item in schema:
            yield from parts(item)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {}).items()
        for value in schema.values():
            yield from parts(value)


@pytest.mark.parametrize("schema", [ALL, policy_schema()], ids=["proposals", "policy"])
def test_every_key_is_described_and_none_may_be_null(schema: dict[str, Any]):
    named = list(parts(schema))
    assert len(named) > 20
    silent = {name for name, part in named if name != "kind" and not (part.get("description") or part.get("$ref"))}
    assert silent == set()
    assert "'null'" not in str(schema)
    objects = [part for part in [schema, *schema["$defs"].values()] if part.get("type") == "object"]
    assert all(part["additionalProperties"] is False for part in objects)
