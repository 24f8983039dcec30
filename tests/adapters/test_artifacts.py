"""Artifacts are found by name, the workspace's before the package's, and never outside their folders."""

import json
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.artifacts import Artifacts, safe_artifacts, shipped
from governance.core.blueprint import safe_address
from governance.core.errors import Rejected
from governance.core.keccak import keccak

FEE: dict[str, Any] = {
    "contractName": "Fee",
    "abi": [
        {"type": "function", "name": "fee", "inputs": []},
        {"type": "function", "name": "set", "inputs": [{"type": "tuple", "components": [{"type": "uint256"}]}]},
        {"type": "error", "name": "Wrong", "inputs": []},
    ],
    "bytecode": "0x6001",
    "deployedBytecode": "0x02",
    "immutableReferences": [],
    "methodIdentifiers": {"fee()": "00000000"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "near", "Fee@1")
    return tmp_path


def write(folder: Path, name: str, **changes: Any) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**FEE, **changes}))
    return path


def test_selectors_are_hashed_again_and_not_believed(folder: Path) -> None:
    artifact = Artifacts([folder / "near"]).get("Fee@1")
    assert artifact.selectors == {"fee()": keccak(b"fee()")[:4], "set((uint256))": keccak(b"set((uint256))")[:4]}
    assert (artifact.name, artifact.creation_code, artifact.runtime_code) == ("Fee@1", b"\x60\x01", b"\x02")


def test_the_first_folder_wins_and_a_missing_one_is_no_harm(folder: Path) -> None:
    write(folder / "far", "Fee@1", bytecode="0xff")
    write(folder / "far", "Other")
    write(folder / "far", "not a name")
    artifacts = Artifacts([folder / "gone", folder / "near", folder / "far"])
    assert artifacts.get("Fee@1").creation_code == b"\x60\x01"
    assert artifacts.names() == ["Fee@1", "Other"]


def test_code_may_be_nested_as_the_compiler_writes_it_and_lack_its_prefix(folder: Path) -> None:
    write(folder / "near", "Raw", bytecode={"object": "6001"}, deployedBytecode={"object": "0x02"})
    assert Artifacts([folder / "near"]).get("Raw").creation_code == b"\x60\x01"


def test_immutables_are_told(folder: Path) -> None:
    write(folder / "near", "Fixed", immutableReferences=[{"start": 1, "length": 32}])
    artifacts = Artifacts([folder / "near"])
    assert (artifacts.get("Fixed").has_immutables, artifacts.get("Fee@1").has_immutables) == (True, False)


def test_layouts_are_read_where_they_are_and_not_made_up_where_they_are_not(folder: Path) -> None:
    empty = {"storage": [], "types": {}}
    write(folder / "near", "Laid", storageLayout=empty, namespaces={"a.b": empty})
    write(folder / "near", "Bare")
    laid, bare = (Artifacts([folder / "near"]).get(name) for name in ("Laid", "Bare"))
    assert laid.layout is not None
    assert laid.namespaces == {"a.b": laid.layout}
    assert (bare.layout, bare.namespaces) == (None, None)


def test_an_unknown_name_is_rejected_with_what_it_may_have_meant(folder: Path) -> None:
    with pytest.raises(Rejected, match="there is no artifact Fea@1") as caught:
        Artifacts([folder / "near"]).get("Fea@1")
    assert caught.value.hint() == "did you mean Fee@1?"
    with pytest.raises(Rejected) as caught:
        Artifacts([folder / "near"]).get("Zebra")
    assert "put Zebra.json in one of:" in caught.value.hint()


@pytest.mark.parametrize("name", ["../near/Fee@1", "/etc/passwd", "near/Fee@1", "Fee@1.json/..", ".."])
def test_a_path_is_not_a_name(folder: Path, name: str) -> None:
    """threat_50"""
    with pytest.raises(Rejected, match="not the name of an artifact"):
        Artifacts([folder / "near"]).get(name)


def test_a_link_out_of_the_folder_is_not_followed(folder: Path) -> None:
    """threat_50"""
    outside = write(folder / "outside", "Secret")
    (folder / "near" / "Secret.json").symlink_to(outside)
    with pytest.raises(Rejected, match="is a link out of"):
        Artifacts([folder / "near"]).get("Secret")


BROKEN = {
    "no JSON": "{",
    "another document": "[]",
    "no code": json.dumps({"abi": []}),
    "an unlinked library": json.dumps({**FEE, "bytecode": "0x60__$abc$__"}),
    "an interface": json.dumps({**FEE, "bytecode": "0x"}),
    "a layout that is none": json.dumps({**FEE, "storageLayout": {"storage": 1}}),
    "namespaces that are a list": json.dumps({**FEE, "namespaces": [1]}),
    "a namespace without a layout": json.dumps({**FEE, "namespaces": {"a.b": {}}}),
    "a namespace of nothing": json.dumps({**FEE, "namespaces": {"a.b": None}}),
    "brackets without end": "[" * 100_000,
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_a_file_that_is_no_artifact_is_rejected(folder: Path, text: str) -> None:
    (folder / "near" / "Broken.json").write_text(text)
    with pytest.raises(Rejected):
        Artifacts([folder / "near"]).get("Broken")


def test_a_huge_file_is_not_read(folder: Path) -> None:
    """threat_50"""
    path = write(folder / "near", "Huge")
    with path.open("r+b") as file:
        file.truncate(9 * 1024 * 1024)
    with pytest.raises(Rejected, match="larger than"):
        Artifacts([folder / "near"]).get("Huge")


def test_the_package_ships_what_a_deployment_needs(tmp_path: Path) -> None:
    names = set(shipped(tmp_path).names())
    assert {"ManifestDispatcher", "PolicyAnchor", "TimelockController", "FeeFacet@1", "FeeFacet@2"} <= names


def test_what_the_package_ships_matches_its_own_selectors(tmp_path: Path) -> None:
    artifacts = shipped(tmp_path)
    folder = Path(__file__).resolve().parents[2] / "governance" / "artifacts"
    for name in artifacts.names():
        claimed = json.loads((folder / f"{name}.json").read_text())["methodIdentifiers"]
        assert {s: raw.hex() for s, raw in artifacts.get(name).selectors.items()} == claimed


CANONICAL = {
    "Safe_V1_4_1": "0x29fcB43b46531BcA003ddC8FCB67FFE91900C762",
    "ProxyFactory_V1_4_1": "0x4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67",
    "CompatibilityFallbackHandler_V1_4_1": "0xfd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99",
    "Safe_V1_5_0": "0xEdd160fEBBD92E350D4D398fb636302fccd67C7e",
    "ProxyFactory_V1_5_0": "0x14F2982D601c9458F93bd70B218933A6f8165e7b",
    "CompatibilityFallbackHandler_V1_5_0": "0x3EfCBb83A4A7AfcB4F68D501E2c2203a38be77f4",
}


@pytest.mark.parametrize(("name", "address"), CANONICAL.items())
def test_safes_contracts_are_byte_for_byte_those_that_safe_deployed(name: str, address: str) -> None:
    """Their addresses on every public network are hashes of their code."""
    assert safe_address(safe_artifacts().get(name)) == address
