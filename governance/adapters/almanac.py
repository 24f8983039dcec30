"""The names in a policy's office hours, looked up: zones in the `tzdata` package, holidays in files beside the policy.

The zones are never those of the machine, so that all who installed the same lock file agree on every hour. What is not
found is left out, or named as unreadable; whether that matters, the policy's own check says.
"""

from collections.abc import Mapping as Map
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from governance.adapters.files import read_text, write_atomically
from governance.core.errors import Refused, Rejected
from governance.core.keccak import keccak
from governance.core.officehours import Almanac, files_in, zones_in
from governance.core.tree import Mapping
from governance.core.units import to_hex

MAX_HOLIDAY_BYTES = 64 << 10


def almanac_of(tree: Mapping, folder: Path) -> Almanac:
    """What the names of a policy in `folder` mean."""
    return _almanac(tree, {name: folder / name for name in files_in(tree)})


def almanac_of_copy(tree: Mapping, folder: Path) -> Almanac:
    """What the names of a copied policy mean: its files of holidays are kept under their hashes."""
    return _almanac(tree, {name: folder / f"{digest}.txt" for name, digest in files_in(tree).items()})


def keep_files(tree: Mapping, folder: Path, copies: Path) -> None:
    """Keep the files of a well-formed policy in `folder`, each under its hash, for as long as something is judged by it."""
    almanac = almanac_of(tree, folder)
    for name, digest in files_in(tree).items():
        text = almanac.texts.get(name, "")
        if to_hex(keccak(text.encode())) != digest:
            raise Refused(f"{name} was edited while it was read", hint="run it again")
        kept = copies / f"{digest}.txt"
        if not kept.exists() or read_text(kept, kept.name, max_bytes=MAX_HOLIDAY_BYTES) != text:
            write_atomically(kept, text)


def _almanac(tree: Mapping, files: Map[str, Path]) -> Almanac:
    texts: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    for name, path in sorted(files.items()):
        try:
            texts[name] = read_text(path, name, max_bytes=MAX_HOLIDAY_BYTES)
        except Rejected as error:
            unreadable[name] = error.message.removeprefix(f"{name} ")
    return Almanac(zones=_zones(zones_in(tree)), texts=texts, unreadable=unreadable)


def _zones(names: frozenset[str]) -> dict[str, ZoneInfo]:
    if not names:
        return {}
    package = resources.files("tzdata")
    known = frozenset(package.joinpath("zones").read_text("utf-8").split())
    found = {}
    for name in sorted(names & known):
        with package.joinpath("zoneinfo", *name.split("/")).open("rb") as file:
            found[name] = ZoneInfo.from_file(file, key=name)
    return found
