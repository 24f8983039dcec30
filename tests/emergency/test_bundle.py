"""The encrypted file: it opens with its password and unchanged, or not at all; and it holds pauses or nothing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey

from governance.core.call import encode_call, function
from governance.core.keccak import keccak
from governance.core.safetx import SafeTx, execution
from governance.core.units import Address, checksummed
from governance.emergency import envelope
from governance.emergency.bundle import Bundle, Endpoint, Entry, Place, dump, load, read, save
from governance.emergency.envelope import seal, unseal
from governance.emergency.safe import PauseTx, counted, signer_of
from governance.emergency.trouble import Denied, Malformed, Trouble

SAFE, TARGET = checksummed(b"\x11" * 20), checksummed(b"\x22" * 20)
KEYS = [bytes([n]) * 32 for n in (1, 2, 3)]
PASSWORD = "correct horse"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least work that reading accepts."""
    monkeypatch.setattr(envelope, "N", envelope.LEAST_N)


def who(key: bytes) -> Address:
    return checksummed(keccak(PrivateKey(key).public_key.format(compressed=False)[1:])[12:])


def sign(key: bytes, digest: bytes) -> bytes:
    made = PrivateKey(key).sign_recoverable(digest, hasher=None)
    return made[:64] + bytes([27 + made[64]])


def place(**changes: Any) -> Place:
    made = Place(
        name="main",
        chain_id=1,
        endpoints=(Endpoint(variable="GOV_RPC_MAIN"), Endpoint(url="https://node.example/5ecret")),
        safe=SAFE,
        target=TARGET,
        expires=2_000_000_000,
        entries=(),
    )
    entries = tuple(
        Entry(nonce=n, signatures={who(key): sign(key, made.tx(n).hash) for key in KEYS[:2]}) for n in (4, 5)
    )
    return replace(made, **{"entries": entries, **changes})


@pytest.mark.parametrize("chain_id", [1, 10, 31337, 2**63])
@pytest.mark.parametrize("nonce", [0, 1, 255, 2**40])
def test_the_one_transaction_hashes_and_encodes_like_the_rest_of_the_tool(chain_id: int, nonce: int) -> None:
    """threat_17"""
    ours = PauseTx(chain_id=chain_id, safe=SAFE, target=TARGET, nonce=nonce)
    theirs = SafeTx(chain_id=chain_id, safe=SAFE, to=TARGET, data=encode_call(function("pause()"), []), nonce=nonce)
    assert ours.hash == theirs.hash
    signatures = {who(key): sign(key, ours.hash) for key in KEYS}
    for threshold in (1, 2, 3):
        ascending = sorted(signatures, key=lambda owner: int(owner, 16))[:threshold]
        blob = b"".join(signatures[owner] for owner in ascending)
        assert ours.calldata(signatures, threshold) == execution(theirs, blob).data


def test_only_signatures_of_owners_over_this_very_transaction_count() -> None:
    """threat_31"""
    tx, other = place().tx(4), place().tx(5)
    a, b, c = (who(key) for key in KEYS)
    given = {a: sign(KEYS[0], tx.hash), b: sign(KEYS[1], other.hash), c: sign(KEYS[0], tx.hash)}
    assert set(counted(tx, given, [a, b, c])) == {a}
    assert counted(tx, given, [b, c]) == {}
    assert signer_of(tx.hash, bytes(65)) is None
    assert signer_of(tx.hash, sign(KEYS[0], tx.hash)[:64] + b"\x1f") is None


def test_a_bundle_comes_back_as_it_was_and_shows_nothing_of_it(tmp_path: Path) -> None:
    path, made = tmp_path / "pause.bundle", Bundle(places=(place(),))
    save(path, made, PASSWORD)
    assert load(path, PASSWORD) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"5ecret" not in path.read_bytes()
    assert "5ecret" not in repr(made)
    assert list(tmp_path.iterdir()) == [path]


def test_a_wrong_password_a_flipped_byte_and_no_bundle_are_told_apart() -> None:
    """threat_57"""
    sealed = seal(b"content", PASSWORD)
    with pytest.raises(Denied, match="does not open with this password"):
        unseal(sealed, "wrong")
    document = json.loads(sealed)
    last = document["ciphertext"][-1]
    document["ciphertext"] = document["ciphertext"][:-1] + ("0" if last != "0" else "1")
    with pytest.raises(Denied, match="changed or damaged"):
        unseal(json.dumps(document).encode(), PASSWORD)
    with pytest.raises(Malformed, match="is not JSON"):
        unseal(b"\xff\x00", PASSWORD)


def _changes(document: dict[str, Any]) -> list[dict[str, Any]]:
    kdf, cipher = document["kdf"], document["cipher"]
    return [
        {**document, "schema": "other"},
        {**document, "extra": 1},
        {**document, "kdf": {**kdf, "n": 2}},
        {**document, "kdf": {**kdf, "n": "32768"}},
        {**document, "kdf": {**kdf, "n": 2**30}},
        {**document, "kdf": {**kdf, "n": 40_000}},
        {**document, "kdf": {**kdf, "r": 1}},
        {**document, "kdf": {**kdf, "p": 99}},
        {**document, "kdf": {**kdf, "name": "none"}},
        {**document, "kdf": {**kdf, "salt": "0x00"}},
        {**document, "kdf": {**kdf, "salt": "0x" + "00" * 32}},
        {**document, "cipher": {**cipher, "name": "none"}},
        {**document, "cipher": {**cipher, "nonce": "0x" + "00" * 12}},
        {**document, "check": "0x" + "00" * 16},
        {**document, "ciphertext": "0x"},
        {**document, "ciphertext": 7},
        {name: value for name, value in document.items() if name != "check"},
    ]


@pytest.mark.parametrize("change", range(17))
def test_no_part_of_the_header_can_be_changed(change: int) -> None:
    """threat_57"""
    document = json.loads(seal(b"content", PASSWORD))
    with pytest.raises(Trouble):
        unseal(json.dumps(_changes(document)[change]).encode(), PASSWORD)


def test_every_flipped_byte_of_a_file_is_noticed() -> None:
    """threat_57"""
    sealed = seal(b"content", PASSWORD)
    assert unseal(sealed, PASSWORD) == b"content"
    at = [i for i, byte in enumerate(sealed) if chr(byte) not in " \n"]
    for i in at[::7]:
        with pytest.raises(Trouble):
            unseal(sealed[:i] + bytes([sealed[i] ^ 1]) + sealed[i + 1 :], PASSWORD)


SABOTAGE: dict[str, tuple[Any, str]] = {
    "another call than pause": (lambda d: d.update(data="0x3f4ba83a"), "not a plain pause"),
    "another proof": (lambda d: d["proof"].update(equals="0x"), "not a plain pause"),
    "a hash of something else": (
        lambda d: d["entries"][0].update(safe_tx_hash="0x" + "11" * 32),
        "another hash than a plain pause",
    ),
    "another target": (
        lambda d: d.update(target=SAFE, proof={**d["proof"], "to": SAFE}),
        "another hash than a plain pause",
    ),
    "somebody else's signature": (
        lambda d: d["entries"][0]["signatures"].update({SAFE: d["entries"][0]["signatures"][who(KEYS[0])]}),
        "is not by that key",
    ),
    "one nonce twice": (lambda d: d["entries"].append(d["entries"][0]), "stands twice"),
    "a nonce that is no number": (lambda d: d["entries"][0].update(nonce="4"), "nonce is not a number"),
    "a nonce that is true": (lambda d: d["entries"][0].update(nonce=True), "nonce is not a number"),
    "an address with a wrong checksum": (lambda d: d.update(safe="0x" + "aA" * 20), "not a checksummed address"),
    "an endpoint that is none": (lambda d: d["endpoints"].append({"variable": "", "url": ""}), "neither"),
    "a key too much": (lambda d: d.update(value="1"), "does not have exactly"),
}


@pytest.mark.parametrize("name", SABOTAGE)
def test_a_content_that_is_not_signed_pauses_is_refused(name: str) -> None:
    """threat_53: what a bundle holds can only stop things, whoever wrote it and knows the password."""
    document = json.loads(dump(Bundle(places=(place(),))))
    change, words = SABOTAGE[name]
    change(document["networks"][0])
    with pytest.raises(Trouble, match=words):
        read(json.dumps(document).encode())


def test_another_guardian_adds_and_another_safe_replaces() -> None:
    tx = place().tx(6)
    more = place(entries=(Entry(nonce=6, signatures={who(KEYS[2]): sign(KEYS[2], tx.hash)}),))
    bundle = Bundle(places=(place(),)).extended(more)
    (found,) = bundle.places
    assert [(entry.nonce, len(entry.signatures)) for entry in found.entries] == [(4, 2), (5, 2), (6, 1)]
    other = replace(place(), safe=TARGET, entries=())
    assert bundle.extended(other).places == (other,)


def test_others_may_not_read_a_bundle_nor_may_it_be_a_link(tmp_path: Path) -> None:
    path = tmp_path / "pause.bundle"
    save(path, Bundle(places=(place(),)), PASSWORD)
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(Malformed, match="cannot be opened"):
        load(tmp_path / "link", PASSWORD)
    with pytest.raises(Denied, match="symbolic link"):
        save(tmp_path / "link", Bundle(places=(place(),)), PASSWORD)
    path.chmod(0o644)
    with pytest.raises(Denied, match="can be read by others"):
        load(path, PASSWORD)


def test_an_empty_password_protects_nothing() -> None:
    with pytest.raises(Malformed, match="protects nothing"):
        seal(b"content", "")
