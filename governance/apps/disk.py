"""What commands read from files that are named to them, and write: documents, each read once and strictly."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from governance.apps import wiring

if TYPE_CHECKING:
    from governance.core.manifestfile import ManifestFile
    from governance.core.policy import Policy
    from governance.core.tree import Mapping

MAX_JOURNAL = 1 << 30
"""Bytes of an exported journal."""


def manifest(file: Path) -> "ManifestFile":
    """A manifest on disk, YAML or JSON."""
    from governance.adapters.manifests import load_manifest

    return load_manifest(file, shown_as=str(file))


def document_text(file: Path) -> str:
    """A small text file, read once and strictly."""
    from governance.adapters.files import read_text

    return read_text(file, str(file))


def journal_text(file: Path) -> str:
    """An exported journal, which may be large."""
    from governance.adapters.files import read_text

    return read_text(file, str(file), max_bytes=MAX_JOURNAL)


def policy(file: Path) -> "Policy":
    """A policy on disk, with its files beside it, which need not be a workspace's. Raises Rejected with every finding."""
    from governance.adapters.almanac import almanac_of
    from governance.adapters.files import load
    from governance.core.kinds import KINDS
    from governance.core.policy import read

    wiring.admit_kinds()
    tree = load(file, str(file))
    return read(tree, file=str(file), kinds=frozenset(KINDS), almanac=almanac_of(tree, file.parent))


def parsed(text: str, shown_as: str) -> "Mapping":
    """The document in a text, read as strictly as a file."""
    from governance.adapters.files import parse

    return parse(text, shown_as)


def argument(written: str) -> "str | list[Any]":
    """An argument as it is typed: text, or a list of them in brackets. Raises Rejected."""
    from governance.adapters.files import parse
    from governance.core.tree import plain

    if not written.startswith("["):
        return written
    parsed: dict[str, list[Any]] = plain(parse(f"argument: {written}", "the argument"))
    return parsed["argument"]


def write(file: Path, text: str) -> None:
    """Write a file, all or nothing."""
    from governance.adapters.files import write_atomically

    write_atomically(file, text)


def write_new(file: Path, text: str) -> bool:
    """Write a file that is not there yet; False when it is."""
    if file.exists():
        return False
    write(file, text)
    return True
