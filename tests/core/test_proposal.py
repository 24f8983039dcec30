"""Proposals: every fault of a document is told at its place, with what to do. threat_48, threat_54."""

import json
from typing import Any

import pytest

from governance.adapters.files import parse
from governance.core.errors import Rejected
from governance.core.kinds import KINDS
from governance.core.proposal import PROPOSAL_ID, Proposal, json_schema, read
from governance.core.tree import digest

MODELS = {name: kind.document for name, kind in KINDS.items()}
ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"

START = """\
schema: governance/v1
title: Set the fee
author: alice
networks: [devnet]
kind: contract_call
summary: why
calls:
  - {to: target, function: "setFee(uint256)", args: [30]}
"""
"""Eight lines that are a valid proposal."""


def made(text: str) -> Proposal:
    return read(parse(text, "f"), id="0007-set-fee", file="f", models=MODELS)


def faults(text: str) -> list[tuple[str, str, str]]:
    """Rule, line:column and path of each finding."""
    with pytest.raises(Rejected) as caught:
        made(text)
    return [(f.rule, str(f.place).removeprefix("f:"), f.path) for f in caught.value.findings]


def hints(text: str) -> list[str]:
    with pytest.raises(Rejected) as caught:
        made(text)
    return [f"{f.message} / {f.hint}" for f in caught.value.findings]


def test_a_valid_document_is_a_proposal_with_the_digest_of_its_tree():
    proposal = made(START)
    assert (proposal.id, proposal.file, proposal.digest) == ("0007-set-fee", "f", digest(parse(START, "f")))
    assert proposal.document.calls[0].args == ["30"]
    assert (proposal.document.expect, proposal.document.after, proposal.document.not_after) == ([], None, None)


def test_a_document_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        made(START).document.title = "x"


ONE_FAULT = {
    "another version of the schema": (("governance/v1", "governance/v2"), ("schema-value", "1:9", "schema")),
    "an empty title": (("Set the fee", '""'), ("schema-value", "2:8", "title")),
    "a title of blanks": (("Set the fee", '"  "'), ("schema-value", "2:8", "title")),
    "a title of two lines": (("Set the fee", '"a\\nb"'), ("schema-value", "2:8", "title")),
    "a title that is too long": (("Set the fee", "x" * 121), ("schema-value", "2:8", "title")),
    "a title that is a list": (("Set the fee", "[a]"), ("schema-value", "2:8", "title")),
    "an author in capitals": (("alice", "Alice"), ("schema-value", "3:9", "author")),
    "an author of another script": (("alice", "аӏісе"), ("schema-value", "3:9", "author")),
    "an author of two scripts": (("alice", "аlice"), ("text-mixed-script", "3:9", "")),
    "an author with a line's end": (("alice", '"alice\\n"'), ("schema-value", "3:9", "author")),
    "no network": (("[devnet]", "[]"), ("schema-value", "4:11", "networks")),
    "a network twice": (("[devnet]", "[devnet, devnet]"), ("schema-value", "4:11", "networks")),
    "networks that are text": (("[devnet]", "devnet"), ("schema-value", "4:11", "networks")),
    "a bad network": (("[devnet]", "[devnet, '']"), ("schema-value", "4:20", "networks[1]")),
    "a kind nobody knows": (("contract_call", "contract_cal"), ("schema-kind", "5:7", "kind")),
    "a kind that is a list": (("contract_call", "[contract_call]"), ("schema-value", "5:7", "kind")),
    "an empty summary": (("why", '" "'), ("schema-value", "6:10", "summary")),
    "a summary that is too long": (("why", "x" * 4001), ("schema-value", "6:10", "summary")),
    "a key that is misspelt": (("summary", "sumary"), ("schema-missing", "1:1", "summary")),
    "a key that nobody knows, deep": (("args:", "argz:"), ("schema-unknown-key", "8:47", "calls[0].argz")),
    "an address without its checksum": (("target", f'"{ALICE.lower()}"'), ("schema-value", "8:10", "calls[0].to")),
    "an address that is too short": (("target", ALICE[:-1]), ("schema-value", "8:10", "calls[0].to")),
    "a wrong signature": (("uint256", "uint"), ("schema-value", "8:28", "calls[0].function")),
    "arguments that are no list": (("[30]", "30"), ("schema-value", "8:53", "calls[0].args")),
    "a value in scientific notation": (("[30]", "[], value: 1e18"), ("schema-value", "8:64", "calls[0].value")),
    "a value over 256 bits": (("[30]", f"[], value: {1 << 256}"), ("schema-value", "8:64", "calls[0].value")),
    "a value with an underscore": (("[30]", "[], value: 1_000"), ("schema-value", "8:64", "calls[0].value")),
    "no calls": (('  - {to: target, function: "setFee(uint256)", args: [30]}', "  []"), ("schema-value", "8:3", "calls")),
    "calls of text": (('{to: target, function: "setFee(uint256)", args: [30]}', "x"), ("schema-value", "8:5", "calls[0]")),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_FAULT)
def test_a_fault_is_told_at_its_place(name: str):
    (old, new), expected = ONE_FAULT[name]
    assert START.count(old) == 1
    assert expected in faults(START.replace(old, new))


ADDED = {
    "expect: {}": ("schema-value", "9:9", "expect"),
    'expect: [{call: "fee()", equals: {a: b}}]': ("schema-value", "9:34", "expect[0].equals"),
    'expect: [{call: "fee()(uint256)", equals: [[{a: b}]]}]': ("schema-value", "9:43", "expect[0].equals"),
    'expect: [{call: "fee", equals: 1}]': ("schema-value", "9:17", "expect[0].call"),
    'expect: [{call: "fee()(uint256)"}]': ("schema-value", "9:10", "expect[0]"),
    'expect: [{call: "fee()(uint256)", equals: 1, reverts: true}]': ("schema-value", "9:10", "expect[0]"),
    'expect: [{call: "fee()", equals: 1}]': ("schema-value", "9:10", "expect[0]"),
    'expect: [{call: "fee(uint256)(uint256)", equals: 1}]': ("schema-value", "9:10", "expect[0]"),
    'expect: [{call: "fee(uint256)(uint256)", args: [x], equals: 1}]': ("schema-value", "9:10", "expect[0]"),
    'expect: [{call: "fee()(uint256)", nonzero: false}]': ("schema-value", "9:44", "expect[0].nonzero"),
    'expect: [{change: "fee()", slot: "0x' + "00" * 32 + '", becomes: any}]': (
        "schema-value",
        "9:19",
        "expect[0].change",
    ),
    "expect: [{balance: 7, changes_by: 5}]": ("schema-value", "9:20", "expect[0].balance"),
    f'expect: [{{balance: "{ALICE}", changes_by: "1.5"}}]': ("schema-value", "9:78", "expect[0].changes_by"),
    'expect: [{event: "Fee"}]': ("schema-value", "9:18", "expect[0].event"),
    "expect: [{creates: 7, networks: [a]}]": ("schema-value", "9:20", "expect[0].creates"),
    'expect: [{call: "fee()(uint256)", equals: 1, to: 0x00}]': ("schema-value", "9:50", "expect[0].to"),
    "after: 7": ("schema-value", "9:8", "after"),
    "after: 0007-Set-fee": ("schema-value", "9:8", "after"),
    f"after: 0007-{'x' * 76}": ("schema-value", "9:8", "after"),
    "not_after: soon": ("schema-value", "9:12", "not_after"),
    "not_after: 2026-02-30": ("schema-value", "9:12", "not_after"),
    "acknowledge: [last-word]": ("schema-value", "9:15", "acknowledge[0]"),
    "acknowledge: [threshold-all, threshold-all]": ("schema-value", "9:14", "acknowledge"),
    "acknowledges: []": ("schema-unknown-key", "9:1", "acknowledges"),
    "schema_: governance/v1": ("schema-unknown-key", "9:1", "schema_"),
    "changes: []": ("schema-unknown-key", "9:1", "changes"),
}


@pytest.mark.parametrize("line", ADDED)
def test_a_faulty_line_is_told_at_its_place(line: str):
    assert faults(f"{START}{line}\n") == [ADDED[line]]


@pytest.mark.parametrize(
    "line",
    [
        'expect: [{call: "fee()(uint256)", equals: 30}]',
        'expect: [{call: "fee()(uint256)", nonzero: true, networks: [devnet]}]',
        'expect: [{call: "set(uint256)", args: [7], reverts: true}]',
        f'expect: [{{event: "Set(uint256)"}}, {{creates: "{ALICE}"}}, {{balance: "{ALICE}", changes_by: -5}}]',
        f'expect: [{{change: "{ALICE}", slot: "0x{"00" * 32}", becomes: any}}]',
        f'expect: [{{call: "pair()(uint256,uint256[])", equals: [1, [2, 3]], to: "{ALICE}"}}]',
        "after: 0006-rotate-guardian",
        "not_after: 2026-12-31T00:00:00Z",
        "not_after: 2026-12-31",
    ],
)
def test_what_may_be_added(line: str):
    assert made(f"{START}{line}\n").digest != made(START).digest


def test_every_fault_is_told_in_the_order_of_the_file():
    text = START.replace("governance/v1", "v1").replace("alice", "Al ice").replace("summary", "sumary")
    assert faults(text + "after: 7\n") == [
        ("schema-missing", "1:1", "summary"),
        ("schema-value", "1:9", "schema"),
        ("schema-value", "3:9", "author"),
        ("schema-unknown-key", "6:1", "sumary"),
        ("schema-value", "9:8", "after"),
    ]


def test_a_fault_says_what_to_do():
    assert hints(START.replace("summary", "sumary"))[1] == "`sumary` is not known here / did you mean `summary`?"
    assert hints(START + "qqq: x\n") == ["`qqq` is not known here / drop it, or see gov schema for what may stand here"]
    assert hints(START.replace("contract_call", "facet_swop")) == [
        "`facet_swop` is not a kind of proposal / did you mean `facet_swap`?"
    ]
    assert hints(START.replace("contract_call", "xyz"))[0].startswith("`xyz` is not a kind of proposal / one of ")
    assert f"if the digits are right, write {ALICE}" in hints(START.replace("target", f'"{ALICE.lower()}"'))[0]
    assert hints(START.replace("[devnet]", "[]"))[0].startswith("this is empty / deny by default")
    assert hints(START.replace("Set the fee", '""')) == ["this is empty / write something that helps a reviewer"]
    assert hints(START.replace("why", "x" * 4001)) == ["this is longer than 4000 characters / shorten it"]
    assert hints("a: b\n") == [f"`kind` is missing / one of {', '.join(sorted(KINDS))}"]


def test_the_branches_of_a_choice_are_one_fault():
    assert faults(START.replace("target", "0xabc")) == [("schema-value", "8:10", "calls[0].to")]


def test_messages_stay_printable_whatever_the_document_says():
    for text in (START.replace("alice", '"\\ta\\nb"'), START.replace("contract_call", '"a\\nb"')):
        assert all(line.isprintable() for line in hints(text))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ("- {replace: A@1, add: B@1, selectors: ['f()']}", "exactly one of"),
        ("- {selectors: ['f()']}", "exactly one of"),
        ("- {replace: A@1}", "`selectors` goes with"),
        ("- {remove: ['f()'], selectors: ['f()']}", "`selectors` goes with"),
        ("- {add: ../../etc/passwd, selectors: ['f()']}", "is not the name of an artifact"),
        ("- {add: '0x1234', selectors: ['f()']}", "is not an address"),
        ("- {add: A@1, selectors: ['0x12345678', 'f']}", "is not a function signature"),
        ("- {add: A@1, selectors: ['0x123456']}", "3 bytes where a selector has 4"),
    ],
)
def test_a_facet_swap_that_says_two_things_or_none(changes: str, rule: str):
    head = START[: START.index("calls:")].replace("contract_call", "facet_swap")
    assert any(rule in line for line in hints(f"{head}changes:\n  {changes}\n"))


@pytest.mark.parametrize("kind", [None, *KINDS])
def test_the_json_schema_describes_every_key(kind: str | None):
    schema = json_schema(MODELS, kind)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    documents = [schema] if kind else [d for n, d in schema["$defs"].items() if n.endswith("Document")]
    assert len(documents) == (1 if kind else len(KINDS))
    for document in documents:
        assert document["additionalProperties"] is False
        assert {"schema", "title", "author", "networks", "kind", "summary"} <= set(document["required"])
        described = {key for key, value in document["properties"].items() if "description" in value}
        assert set(document["properties"]) - described <= {"kind"}
    if kind is None:
        assert set(schema["discriminator"]["mapping"]) == set(KINDS)
    assert json.loads(json.dumps(schema)) == schema


def test_editors_may_read_an_unquoted_number_as_a_number():
    entry: Any = json_schema(MODELS, "contract_call")["$defs"]["ContractCallEntry"]
    assert "integer" in entry["properties"]["value"]["type"]


def test_a_schema_of_no_kind_is_refused():
    with pytest.raises(Rejected, match="there is no kind"):
        json_schema(MODELS, "facet_swop")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("0007-swap-fee-facet", True),
        ("0007-1", True),
        ("007-swap", False),
        ("0007", False),
        ("0007-", False),
        ("0007-a--b", False),
        ("0007-Swap", False),
        ("../0007-swap", False),
        ("0007-swap\n", False),
    ],
)
def test_an_id_is_a_number_and_words(text: str, fits: bool):
    assert bool(PROPOSAL_ID.fullmatch(text)) is fits
