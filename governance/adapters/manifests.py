"""Manifest files on disk: the strict loader of documents, with room for as many routes as a dispatcher could hold.

YAML and JSON pass through one door and findings have places. Only JSON too large for it is read by the JSON parser:
without places, and without its guesses. Numbers stay the text that was written; duplicate keys and NaN are refused.
"""

from pathlib import Path

from governance.adapters.files import Limits, parse, read_text
from governance.core import strictjson
from governance.core.errors import Place
from governance.core.manifestfile import ManifestFile, read
from governance.core.tree import Loc, locate, plain

MANIFEST_LIMITS = Limits(max_bytes=64 << 20, max_nodes=1_000_000, bare_addresses=True)
"""100,000 routes are about 16 MiB and 700,000 nodes."""

PLACED_JSON = 1 << 20
"""Bytes of JSON that are still read with places: about 5,000 routes."""


def load_manifest(path: Path, *, shown_as: str) -> ManifestFile:
    """The manifest in a YAML or JSON file. Raises Rejected when the file cannot be read or is no manifest."""
    text = read_text(path, shown_as, max_bytes=MANIFEST_LIMITS.max_bytes)
    if path.suffix == ".json" and len(text) > PLACED_JSON:
        return read(strictjson.parse(text, shown_as=shown_as), name=shown_as)
    tree = parse(text, shown_as, MANIFEST_LIMITS)

    def place_of(loc: Loc) -> Place:
        return locate(tree, loc)

    return read(plain(tree), name=shown_as, place_of=place_of)
