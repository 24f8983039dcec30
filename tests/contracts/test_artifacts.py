"""The artifacts are whole, steady and what their sources compile to."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from eth_utils import keccak
from eth_utils.abi import collapse_if_tuple

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
SHIPPED = sorted((ROOT / "governance" / "artifacts").glob("*.json"))
DOUBLES = sorted((ROOT / "tests" / "artifacts").glob("*.json"))
ALL = [pytest.param(path, id=path.stem) for path in SHIPPED + DOUBLES]


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def signature(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(collapse_if_tuple(i) for i in entry['inputs'])})"


def test_all_are_there() -> None:
    assert {path.stem for path in SHIPPED} == {
        "ManifestDispatcher", "DeterministicChunkFactory", "PolicyAnchor", "TimelockController",
        "FeeFacet@1", "FeeFacet@2", "TreasuryFacet@1",
    }  # fmt: skip
    assert {path.stem for path in DOUBLES} == {
        "DispatcherV1Double", "DispatcherCompactDouble", "DispatcherP4Double", "DiamondDouble",
        "Reverter", "Sink", "HostileReceiver", "Box",
        "FeeFacet@3", "FeeFacet@4", "AgainFacet", "BurnFacet", "ClashingFacet", "EndingFacet", "LendingFacet",
        "MisplacedFacet", "OnceFacet", "OpenFacet", "PlainFacet", "RivalFacet", "ShadowedFacet", "ThawingFacet",
    }  # fmt: skip


NAMESPACES = {
    "FeeFacet@1": ["gov.facet.fee"],
    "FeeFacet@2": ["gov.facet.fee"],
    "TreasuryFacet@1": ["gov.facet.treasury"],
    "FeeFacet@3": ["gov.facet.fee"],
    "FeeFacet@4": ["gov.facet.fee"],
    "RivalFacet": ["gov.facet.fee"],
    "MisplacedFacet": ["gov.facet.misplaced"],
    "AgainFacet": ["gov.facet.initializer"],
    "OnceFacet": ["gov.facet.initializer"],
    "OpenFacet": ["gov.facet.open"],
}
"""Of a library, of the contract itself, and of a base."""


@pytest.mark.parametrize("path", ALL)
def test_each_says_the_namespaces_that_its_code_can_reach(path: Path) -> None:
    """threat_44"""
    artifact = load(path)
    if path.stem == "TimelockController":  # published by others, as they built it
        assert "namespaces" not in artifact
    else:
        assert list(artifact["namespaces"]) == NAMESPACES.get(path.stem, [])
        assert all(layout["storage"] and layout["types"] for layout in artifact["namespaces"].values())


@pytest.mark.parametrize("path", ALL)
def test_each_is_written_one_way(path: Path) -> None:
    text = path.read_text()
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert not re.search(r"/(home|root|tmp|work|Users)/", text)


@pytest.mark.parametrize("path", ALL)
def test_each_selector_is_the_hash_of_its_signature(path: Path) -> None:
    artifact = load(path)
    functions = {signature(e): keccak(text=signature(e))[:4].hex() for e in artifact["abi"] if e["type"] == "function"}
    assert artifact["methodIdentifiers"] == functions


@pytest.mark.parametrize("path", ALL)
def test_each_carries_its_runtime_at_the_end_of_its_creation_code(path: Path) -> None:
    artifact = load(path)
    creation, runtime = (bytes.fromhex(artifact[part].removeprefix("0x")) for part in ("bytecode", "deployedBytecode"))
    assert 0 < len(runtime) <= 24_576
    assert runtime in creation  # immutables are zeros in both


def test_facets_of_one_name_share_the_selectors_they_swap() -> None:
    one, two = (load(ROOT / "governance" / "artifacts" / f"FeeFacet@{v}.json") for v in (1, 2))
    assert one["methodIdentifiers"].items() < two["methodIdentifiers"].items()
    assert (one["version"], two["version"]) == ("1", "2")


def test_our_dispatcher_speaks_the_acts_of_the_compact_generation() -> None:
    ours = load(ROOT / "governance" / "artifacts" / "ManifestDispatcher.json")["methodIdentifiers"]
    compact = load(ROOT / "tests" / "artifacts" / "DispatcherCompactDouble.json")["methodIdentifiers"]
    second_names = {
        "getManifestInfo()", "getManifestVersion()", "getRoute(bytes4)", "getRouteCount()", "verifyManifest(bytes32)",
        "registeredSelectors(bytes4)", "facetSelectors(address,uint256)",
    }  # fmt: skip
    assert set(compact) - set(ours) == second_names


@pytest.mark.parametrize(
    ("name", "slots"),
    [
        (
            "DispatcherCompactDouble",
            {"_roles": 0, "_paused": 1, "_status": 2, "manifest": 3, "_routes": 7, "registeredSelectors": 8,
             "facetSelectors": 9, "_facetAddresses": 10, "routeCount": 11},
        ),
        (
            "DispatcherV1Double",
            {"_roles": 0, "_paused": 1, "_status": 2, "maxReturnDataSize": 3, "manifestState": 4, "govState": 8,
             "_routes": 11, "registeredSelectors": 12, "facetSelectors": 13, "facetAddressList": 14, "routeCount": 15},
        ),
    ],
)  # fmt: skip
def test_the_doubles_keep_the_storage_order_of_the_field(name: str, slots: dict[str, int]) -> None:
    layout = load(ROOT / "tests" / "artifacts" / f"{name}.json")["storageLayout"]["storage"]
    assert {variable["label"]: int(variable["slot"]) for variable in layout} == slots


def test_our_dispatcher_keeps_everything_behind_its_namespace() -> None:
    inner = int.from_bytes(keccak(text="gov.dispatcher")) - 1
    base = int.from_bytes(keccak(inner.to_bytes(32))) & ~0xFF
    layout = load(ROOT / "governance" / "artifacts" / "ManifestDispatcher.json")["storageLayout"]["storage"]
    assert all(base <= int(variable["slot"]) < base + 16 for variable in layout)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None or not (CONTRACTS / "node_modules").is_dir(), reason="needs npm ci")
def test_the_sources_compile_to_these_very_bytes() -> None:
    run = subprocess.run(
        ["npm", "run", "--silent", "check"], cwd=CONTRACTS, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
