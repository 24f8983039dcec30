"""What a bundle holds: for each network where, which Safe, which system, and signatures over the next nonces.

It can hold nothing but pauses: an entry is a nonce, a hash that must be that of the pause at this nonce, and signatures that
must be over it. Reading checks all of it; what does not agree is refused whole: a bundle is worth what can be relied on.
"""

import json
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from governance.emergency.envelope import HINT, MAX_BYTES, members, octets, seal, strict_json, unseal
from governance.emergency.safe import PAUSE, PauseTx, address, keccak, signer_of, word
from governance.emergency.trouble import Denied, Malformed

PAUSED = keccak(b"paused()")[:4]
_PLACE = {"name", "chain_id", "endpoints", "safe", "target", "data", "proof", "expires", "entries"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a node is asked: by the name of an environment variable, or by a URL that the bundle keeps secret."""

    variable: str = ""
    url: str = field(default="", repr=False)

    @property
    def shown(self) -> str:
        """What may be said of it."""
        return self.variable or "an endpoint of the bundle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The pause at one nonce, and who signed it."""

    nonce: int
    signatures: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    """By owner: 65 bytes r ‖ s ‖ v."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One network."""

    name: str
    chain_id: int
    endpoints: tuple[Endpoint, ...]
    safe: str
    """The guardian."""
    target: str
    """What is paused; `paused()` of it is the proof."""
    expires: int
    """Seconds since 1970, by the chain's clock: later, nothing of it is sent unasked."""
    entries: tuple[Entry, ...]
    """By nonce, ascending."""

    def tx(self, nonce: int) -> PauseTx:
        """The pause at a nonce."""
        return PauseTx(chain_id=self.chain_id, safe=self.safe, target=self.target, nonce=nonce)

    def entry(self, nonce: int) -> Entry | None:
        """What was signed at a nonce."""
        return next((entry for entry in self.entries if entry.nonce == nonce), None)

    @property
    def lane(self) -> tuple[object, ...]:
        """What the signatures are about: another of these makes them worthless."""
        return (self.chain_id, self.safe, self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Every network."""

    places: tuple[Place, ...]

    def place(self, name: str) -> Place | None:
        """One network by its name."""
        return next((place for place in self.places if place.name == name), None)

    def extended(self, place: Place) -> "Bundle":
        """With another guardian's signatures. Where chain, Safe or target is another, the old ones are dropped."""
        old = self.place(place.name)
        if old is not None and old.lane == place.lane:
            place = replace(place, entries=_joined(old, place))
        others = [each for each in self.places if each.name != place.name]
        return Bundle(places=tuple(sorted((*others, place), key=lambda each: each.name)))


def _joined(old: Place, new: Place) -> tuple[Entry, ...]:
    found: dict[int, Entry] = {entry.nonce: entry for entry in old.entries}
    for entry in new.entries:
        before = found.get(entry.nonce, Entry(nonce=entry.nonce))
        found[entry.nonce] = Entry(nonce=entry.nonce, signatures={**before.signatures, **entry.signatures})
    return tuple(found[nonce] for nonce in sorted(found))


def load(path: Path, password: str) -> Bundle:
    """Read and decrypt a bundle, and hold every signature in it against its hash."""
    return read(unseal(read_private(path), password))


def save(path: Path, bundle: Bundle, password: str) -> None:
    """Encrypt and write, all or nothing, readable by its owner alone. What would not be read again is not written."""
    raw = dump(bundle)
    read(raw)
    sealed = seal(raw, password)
    if path.is_symlink():
        raise Denied(f"{path.name} is a symbolic link", "name the bundle itself")
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def read_private(path: Path, most: int = MAX_BYTES) -> bytes:
    """The bytes of a file that only its owner may read, looked at and read through one descriptor."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Malformed(f"{path} cannot be opened: {error.strerror}", "name the file itself, not a link") from error
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Malformed(f"{path} is not a regular file")
        if status.st_mode & 0o077:
            raise Denied(f"{path} can be read by others", f"chmod 600 {path}")
        raw = file.read(most + 1)
    if len(raw) > most:
        raise Malformed(f"{path} is too large")
    return raw


def dump(bundle: Bundle) -> bytes:
    """The plaintext."""
    return json.dumps({"networks": [_place_document(place) for place in bundle.places]}, sort_keys=True).encode()


def _place_document(place: Place) -> dict[str, Any]:
    entries = [
        {
            "nonce": entry.nonce,
            "safe_tx_hash": f"0x{place.tx(entry.nonce).hash.hex()}",
            "signatures": {who: f"0x{made.hex()}" for who, made in sorted(entry.signatures.items())},
        }
        for entry in place.entries
    ]
    return {
        "name": place.name,
        "chain_id": place.chain_id,
        "endpoints": [{"variable": each.variable, "url": each.url} for each in place.endpoints],
        "safe": place.safe,
        "target": place.target,
        "data": f"0x{PAUSE.hex()}",
        "proof": {"to": place.target, "data": f"0x{PAUSED.hex()}", "equals": f"0x{word(1).hex()}"},
        "expires": place.expires,
        "entries": entries,
    }


def read(raw: bytes) -> Bundle:
    """The bundle in a plaintext. Raises Malformed or Denied on whatever is not a pause signed by whom it names."""
    document = members(strict_json(raw, "the bundle's content"), {"networks"}, "the bundle's content")
    places = tuple(_read_place(each) for each in _list(document["networks"], "networks"))
    if not places or len({place.name for place in places}) != len(places):
        raise Malformed("the bundle names no network, or one twice", HINT)
    return Bundle(places=places)


def _read_place(document: Any) -> Place:
    found = members(document, _PLACE, "a network of the bundle")
    name = found["name"]
    if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= 64:
        raise Malformed("a network of the bundle has no name", HINT)
    place = Place(
        name=name,
        chain_id=_number(found["chain_id"], "chain_id", least=1),
        endpoints=tuple(_endpoint(each) for each in _list(found["endpoints"], "endpoints")),
        safe=address(found["safe"], "the Safe"),
        target=address(found["target"], "the target"),
        expires=_number(found["expires"], "expires"),
        entries=(),
    )
    if found["data"] != f"0x{PAUSE.hex()}" or found["proof"] != _place_document(place)["proof"]:
        raise Denied(f"what the bundle holds for {name} is not a plain pause", HINT)
    entries = tuple(_read_entry(place, each) for each in _list(found["entries"], "entries"))
    if len({entry.nonce for entry in entries}) != len(entries):
        raise Malformed(f"a nonce of {name} stands twice in the bundle", HINT)
    return replace(place, entries=tuple(sorted(entries, key=lambda entry: entry.nonce)))


def _read_entry(place: Place, document: Any) -> Entry:
    found = members(document, {"nonce", "safe_tx_hash", "signatures"}, "an entry")
    nonce, given = _number(found["nonce"], "nonce"), found["signatures"]
    digest = place.tx(nonce).hash
    if octets(found["safe_tx_hash"], "safe_tx_hash", 32) != digest:
        raise Denied(f"nonce {nonce} of {place.name} has another hash than a plain pause", HINT)
    if not isinstance(given, dict):
        raise Malformed("signatures are not an object", HINT)
    signatures = {address(who, "a signer"): octets(made, "a signature", 65) for who, made in given.items()}
    for who, made in signatures.items():
        if signer_of(digest, made) != who:
            raise Denied(
                f"the signature in the name of {who} at nonce {nonce} of {place.name} is not by that key", HINT
            )
    return Entry(nonce=nonce, signatures=signatures)


def _endpoint(document: Any) -> Endpoint:
    found = members(document, {"variable", "url"}, "an endpoint")
    if not all(isinstance(each, str) and each.isprintable() for each in found.values()) or not any(found.values()):
        raise Malformed("an endpoint has neither a variable nor a URL", HINT)
    return Endpoint(variable=found["variable"], url=found["url"])


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed(f"{what} is not a list", HINT)
    return value


def _number(value: Any, what: str, least: int = 0) -> int:
    if type(value) is not int or not least <= value < 1 << 64:
        raise Malformed(f"{what} is not a number that fits", HINT)
    return value
