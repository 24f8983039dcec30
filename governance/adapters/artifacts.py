"""Compiled contracts from JSON files: the workspace's own first, then those the package ships.

Reads only files whose names are artifact names, directly inside the given folders, never through a symbolic link that
leaves them. It trusts no selector that the file claims: each is hashed again.
"""

import difflib
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from governance.core.artifact import Artifact, abi_type, artifact_name
from governance.core.errors import Rejected
from governance.core.keccak import selector
from governance.core.storagelayout import Layout, read_layout
from governance.core.strictjson import parse
from governance.core.units import hex_bytes

_LIMIT = 8 * 1024 * 1024
"""Bytes; the largest contract's artifact with its ABI stays under 1 MiB."""


class Artifacts:
    """Artifacts by name. The first folder that has the name wins."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._read: dict[str, Artifact] = {}

    def get(self, name: str) -> Artifact:
        """The artifact, read once. Raises Rejected when it is unknown or not an artifact."""
        if name not in self._read:
            self._read[name] = _read(name, self._find(artifact_name(name)))
        return self._read[name]

    def names(self) -> list[str]:
        """Every name that `get` knows."""
        files = (path.stem for folder in self._folders if folder.is_dir() for path in folder.glob("*.json"))
        return sorted({stem for stem in files if _is_name(stem)})

    def _find(self, name: str) -> Path:
        for folder in self._folders:
            path = folder / f"{name}.json"
            if path.is_file():
                if path.resolve().parent != folder.resolve():
                    raise Rejected(f"the artifact {name} is a link out of {folder}")
                return path
        near = difflib.get_close_matches(name, self.names(), n=3)
        places = ", ".join(str(folder) for folder in self._folders)
        raise Rejected(
            f"there is no artifact {name}",
            hint=f"did you mean {' or '.join(near)}?" if near else f"put {name}.json in one of: {places}",
        )


def shipped(workspace: Path) -> Artifacts:
    """The workspace's `artifacts/` and then the package's own."""
    return Artifacts([workspace / "artifacts", Path(__file__).resolve().parent.parent / "artifacts"])


def safe_artifacts() -> Artifacts:
    """Safe's contracts as safe-eth-py bundles them (`Safe_V1_4_1`, `Proxy_V1_5_0`), read without importing it."""
    found = importlib.util.find_spec("safe_eth")
    if found is None or found.origin is None:
        raise Rejected("the package safe-eth-py is not installed", hint="install safe-eth-py")
    return Artifacts([Path(found.origin).parent / "eth" / "contracts" / "abis"])


def _is_name(stem: str) -> bool:
    try:
        artifact_name(stem)
    except Rejected:
        return False
    return True


def _read(name: str, path: Path) -> Artifact:
    if path.stat().st_size > _LIMIT:
        raise Rejected(f"the artifact {path} is larger than {_LIMIT} bytes")
    try:
        document = parse(path.read_text("utf-8"), shown_as=str(path))
        abi = tuple(document["abi"])
        creation, runtime = _code(document, "bytecode"), _code(document, "deployedBytecode")
    except (UnicodeDecodeError, KeyError, TypeError) as error:
        raise Rejected(
            f"{path} is not a contract artifact", hint="it needs abi, bytecode and deployedBytecode"
        ) from error
    if not creation:
        raise Rejected(f"the artifact {path} has no creation code", hint="is it an interface or an abstract contract?")
    return Artifact(
        name=name,
        abi=abi,
        creation_code=creation,
        runtime_code=runtime,
        selectors=_selectors(abi),
        has_immutables=bool(document.get("immutableReferences")),  # Safe's files lack the key, and its contracts any
        layout=_layout(path, document.get("storageLayout")),
        namespaces=_namespaces(path, document.get("namespaces")),
    )


def _layout(path: Path, document: Any) -> Layout | None:
    return None if document is None else _read_layout(path, document)


def _namespaces(path: Path, document: Any) -> dict[str, Layout] | None:
    if document is None:
        return None
    if not isinstance(document, Mapping):
        raise Rejected(f"{path}: its namespaces are not as they should be", hint="id to storage layout, for each")
    return {str(name): _read_layout(path, each) for name, each in document.items()}


def _read_layout(path: Path, document: Any) -> Layout:
    try:
        return read_layout(document)
    except Rejected as error:
        raise Rejected(f"{path}: {error.message}", hint=error.hint()) from error


def _code(document: Mapping[str, Any], key: str) -> bytes:
    """Hex of one piece of code; a compiler leaves placeholders for unlinked libraries, which are not hex."""
    text = document[key]
    if isinstance(text, Mapping):  # solc's own standard JSON nests it
        text = text["object"]
    return hex_bytes(text if text.startswith("0x") else "0x" + text)


def _selectors(abi: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    functions = (entry for entry in abi if entry["type"] == "function")
    signatures = (f"{entry['name']}({','.join(map(abi_type, entry['inputs']))})" for entry in functions)
    return {signature: selector(signature) for signature in signatures}
