"""The documents say what is: every test that the reliability table names exists, every test that cites a row stands in it,
every link leads somewhere, and the document descriptions name every key."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "contracts/README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
CITED = re.compile(r"\bthreat_(\d{1,2})\b")


def rows() -> dict[int, list[str]]:
    """Row number to the tests that its third column names."""
    found = {}
    for line in (ROOT / "docs/reliability.md").read_text("utf-8").splitlines():
        match = re.match(r"\| (\d+) \|", line)
        if match:
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            assert len(cells) == 4, f"row {match[1]} has {len(cells)} cells"
            found[int(match[1])] = re.findall(r"`([^`]+)`", cells[2])
            assert found[int(match[1])] or (cells[2] == "none yet" and cells[3].strip(" |")), (
                f"row {match[1]} is silent"
            )
    return found


def citations() -> Iterator[tuple[int, str, str]]:
    """(row, file, test) for each citation; the test is empty when the whole module cites the row."""
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        text, name = file.read_text("utf-8"), file.relative_to(ROOT).as_posix()
        module = ast.parse(text)
        for row in CITED.findall(ast.get_docstring(module) or ""):
            yield int(row), name, ""
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for row in CITED.findall(ast.get_docstring(node) or ""):
                    yield int(row), name, node.name


def declares(file: Path, test: str) -> bool:
    return file.is_file() and bool(re.search(rf"\b(?:def|function) {test}\b", file.read_text("utf-8")))


def test_every_row_is_there_once_and_in_order() -> None:
    assert list(rows()) == list(range(1, 71))


def test_every_test_that_the_table_names_exists() -> None:
    named = {test for tests in rows().values() for test in tests}
    missing = [test for test in sorted(named) if not declares(ROOT / test.split("::")[0], test.partition("::")[2])]
    assert missing == []


def test_every_citation_of_a_row_stands_in_it() -> None:
    table = rows()
    absent = [
        f"row {row}: {file}::{test}"
        for row, file, test in citations()
        if not any(named == f"{file}::{test}" if test else named.startswith(f"{file}::") for named in table[row])
    ]
    assert absent == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"```.*?```", "", document.read_text("utf-8"), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        file = (document.parent / path).resolve() if path else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


def anchors(file: Path) -> set[str]:
    """The anchors that Markdown readers make of headings."""
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_module_has_its_place_in_the_architecture() -> None:
    page = (ROOT / "docs/ARCHITECTURE.md").read_text("utf-8")
    modules = [file for file in (ROOT / "governance").rglob("*.py") if "migrations" not in file.parts]
    absent = [file for file in modules if not file.name.startswith("__") and file.name not in page]
    assert sorted(file.relative_to(ROOT).as_posix() for file in absent) == []


def test_every_key_of_every_document_is_described() -> None:
    from governance.core.deployment import Description
    from governance.core.kinds import KINDS
    from governance.core.lock import _FLAGS
    from governance.core.policyfile import PolicyDocument
    from governance.core.signingbundle import AnswerDocument, BundleDocument

    described = set(re.findall(r"[a-z][A-Za-z0-9_]*", (ROOT / "docs/documents.md").read_text("utf-8")))
    models = [PolicyDocument, Description, BundleDocument, AnswerDocument, *(kind.document for kind in KINDS.values())]
    keys = {key for model in models for key in keys_of(model.model_json_schema(by_alias=True))} | set(_FLAGS)
    assert sorted(keys - described) == []


def keys_of(schema: object) -> Iterator[str]:
    """Every property that a JSON Schema names, wherever it stands."""
    if isinstance(schema, list):
        for item in schema:
            yield from keys_of(item)
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        yield from properties
        for value in [*schema.values(), *properties.values()]:
            yield from keys_of(value)


def test_every_example_is_what_it_says_it_is() -> None:
    from governance.adapters.files import parse
    from governance.core import policy, proposal
    from governance.core.deployment import description
    from governance.core.kinds import KINDS
    from governance.core.manifestfile import read as read_manifest
    from governance.core.tree import plain

    kinds = {name: kind.document for name, kind in KINDS.items()}
    readers = {
        "governance/v1": lambda tree: proposal.read(tree, id="0007-swap-fee-facet", file="example", models=kinds),
        "governance/policy/v1": lambda tree: policy.read(tree, file="example", kinds=frozenset(KINDS)),
        "governance/deployment/v1": lambda tree: description(tree, "example"),
        "governance/manifest/v1": lambda tree: read_manifest(plain(tree), name="example").demand(),
    }
    text = (ROOT / "docs/documents.md").read_text("utf-8")
    examples = [parse(block, "example") for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)]
    schemas = [plain(tree)["schema"] for tree in examples]
    assert sorted(schemas) == sorted(readers)
    for schema, tree in zip(schemas, examples, strict=True):
        assert readers[schema](tree)


def test_every_json_document_is_listed() -> None:
    written = set()
    for file in (ROOT / "governance/apps").rglob("*.py"):
        written |= set(re.findall(r'"(governance/[a-z-]+/v\d+)"', file.read_text("utf-8")))
    described = (ROOT / "docs/documents.md").read_text("utf-8")
    assert written
    assert sorted(name for name in written if name not in described) == []
