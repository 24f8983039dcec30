"""The names in a policy's office hours, looked up: zones in the `tzdata` package, holidays in files beside the policy.

The zones are never those of the machine, so that all who installed the same lock file agree on every hour. What is not
found is left out, or named as unreadable; whether that matters, the policy's own check says.
"""

from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from governance.adapters.files import read_text
from governance.core.errors import Rejected
from governance.core.officehours import Almanac, names_in
from governance.core.tree import Mapping

MAX_HOLIDAY_BYTES = 64 << 10


def almanac_of(tree: Mapping, folder: Path) -> Almanac:
    """What the names of a policy in `folder` mean."""
    zones, files = names_in(tree)
    texts: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    for name in sorted(files):
        try:
            texts[name] = read_text(folder / name, name, max_bytes=MAX_HOLIDAY_BYTES)
        except Rejected as error:
            unreadable[name] = error.message.removeprefix(f"{name} ")
    return Almanac(zones=_zones(zones), texts=texts, unreadable=unreadable)


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
