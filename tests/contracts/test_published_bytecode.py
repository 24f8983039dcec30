"""What we deploy of others is byte for byte what they published.

Safe's bytecode comes from safe-eth-py, OpenZeppelin's timelock from our shipped artifact. Here both are held against
the packages that the authors themselves put on npm. Without `contracts/node_modules` there is nothing to hold them
against.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "contracts" / "node_modules"

pytestmark = pytest.mark.skipif(not MODULES.is_dir(), reason="npm ci has not run in contracts/")


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def test_the_timelock_artifact_is_the_published_one() -> None:
    package = MODULES / "@openzeppelin" / "contracts"
    shipped = load(ROOT / "governance" / "artifacts" / "TimelockController.json")
    published = load(package / "build" / "contracts" / "TimelockController.json")

    assert shipped["version"] == load(package / "package.json")["version"]
    assert shipped["bytecode"] == published["bytecode"]
    assert shipped["deployedBytecode"] == published["deployedBytecode"]
    assert shipped["abi"] == published["abi"]


@pytest.mark.parametrize(("package", "version"), [("safe-contracts", "V1_4_1"), ("safe-smart-account", "V1_5_0")])
@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("Safe", "SafeL2.sol/SafeL2"),  # what safe-eth-py calls Safe is the variant that logs
        ("Proxy", "proxies/SafeProxy.sol/SafeProxy"),
        ("ProxyFactory", "proxies/SafeProxyFactory.sol/SafeProxyFactory"),
        ("MultiSendCallOnly", "libraries/MultiSendCallOnly.sol/MultiSendCallOnly"),
        ("CompatibilityFallbackHandler", "handler/CompatibilityFallbackHandler.sol/CompatibilityFallbackHandler"),
    ],
)
def test_safes_bytecode_is_the_published_one(package: str, version: str, name: str, source: str) -> None:
    published = load(MODULES / "@safe-global" / package / "build" / "artifacts" / "contracts" / f"{source}.json")
    spec = importlib.util.find_spec("safe_eth.eth")
    assert spec is not None
    assert spec.origin is not None
    installed = load(Path(spec.origin).parent / "contracts" / "abis" / f"{name}_{version}.json")

    for part in ("bytecode", "deployedBytecode"):
        assert installed[part].removeprefix("0x") == published[part].removeprefix("0x")
