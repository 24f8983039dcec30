"""The encrypted file: one JSON object, of which everything but the ciphertext is authenticated.

    schema   governance/emergency-bundle/v1
    kdf      scrypt: n, r, p, salt
    cipher   aes-256-gcm: nonce
    check    16 bytes by which a wrong password is told from a damaged file
    ciphertext

scrypt gives 64 bytes: the first 32 are the key, `check` is the beginning of the SHA-256 of the others. The header as canonical
JSON is the associated data. Parameters are read from the file and held within bounds; none has a default on reading.
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable
from typing import Any

from governance.emergency.trouble import Denied, Malformed

SCHEMA = "governance/emergency-bundle/v1"
N = 1 << 17
"""scrypt's cost for new files: 128 MiB and about 0.4 s."""
LEAST_N, MOST_N = 1 << 15, 1 << 20
MAX_BYTES = 4 << 20
"""Of a file; a network with a hundred nonces and nine signers takes 300 KiB."""
HINT = "restore it from a copy, or presign anew: gov emergency presign"
_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")


def seal(plaintext: bytes, password: str, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """Encrypt under a fresh salt and nonce. Raises Malformed on an empty password."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if not password:
        raise Malformed("an empty password protects nothing")
    salt, nonce = random(32), random(12)
    key, check = _derive(password, salt, N)
    header = {
        "schema": SCHEMA,
        "kdf": {"name": "scrypt", "n": N, "r": 8, "p": 1, "salt": _hex(salt)},
        "cipher": {"name": "aes-256-gcm", "nonce": _hex(nonce)},
        "check": _hex(check),
    }
    ciphertext = AESGCM(key).encrypt(nonce, plaintext, _bytes(header))
    return (json.dumps({**header, "ciphertext": _hex(ciphertext)}, indent=1) + "\n").encode()


def unseal(raw: bytes, password: str) -> bytes:
    """Decrypt. Raises Malformed on what is no bundle, Denied on a wrong password, and on any changed byte."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header, salt, nonce, check, ciphertext = _opened(raw)
    key, found = _derive(password, salt, header["kdf"]["n"])
    if not hmac.compare_digest(found, check):
        raise Denied("the bundle does not open with this password", "or its header was changed since it was written")
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _bytes(header))
    except InvalidTag:
        # `from None`: the library's error says nothing more.
        raise Denied("the bundle was changed or damaged since it was written", HINT) from None


def strict_json(raw: bytes, what: str) -> Any:
    """A JSON value without duplicate keys. Raises Malformed."""
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"{what} is not JSON") from error


def members(document: Any, names: set[str], what: str) -> dict[str, Any]:
    """The object, if it has exactly these members. Raises Malformed."""
    if not isinstance(document, dict) or set(document) != names:
        raise Malformed(f"{what} does not have exactly the members {', '.join(sorted(names))}", HINT)
    return document


def octets(value: Any, what: str, size: int | None = None) -> bytes:
    """Bytes written as 0x and lower-case hex. Raises Malformed."""
    if not isinstance(value, str) or not _HEX.fullmatch(value) or (size is not None and len(value) != 2 + 2 * size):
        raise Malformed(f"{what} is not {'hex' if size is None else f'{size} bytes of hex'}", HINT)
    return bytes.fromhex(value[2:])


def _opened(raw: bytes) -> tuple[dict[str, Any], bytes, bytes, bytes, bytes]:
    document = members(strict_json(raw, "the bundle"), {"schema", "kdf", "cipher", "check", "ciphertext"}, "the bundle")
    if document["schema"] != SCHEMA:
        raise Malformed(f"the bundle is not of schema {SCHEMA}", HINT)
    kdf = members(document["kdf"], {"name", "n", "r", "p", "salt"}, "kdf")
    cipher = members(document["cipher"], {"name", "nonce"}, "cipher")
    n = kdf["n"]
    if (kdf["name"], cipher["name"]) != ("scrypt", "aes-256-gcm"):
        raise Malformed("the bundle is not encrypted by scrypt and aes-256-gcm", HINT)
    if type(n) is not int or not LEAST_N <= n <= MOST_N or n & (n - 1) or (kdf["r"], kdf["p"]) != (8, 1):
        raise Malformed("the parameters of scrypt are out of bounds", HINT)
    header = {name: value for name, value in document.items() if name != "ciphertext"}
    return (
        header,
        octets(kdf["salt"], "salt", 32),
        octets(cipher["nonce"], "nonce", 12),
        octets(document["check"], "check", 16),
        octets(document["ciphertext"], "ciphertext"),
    )


def _derive(password: str, salt: bytes, n: int) -> tuple[bytes, bytes]:
    made = hashlib.scrypt(password.encode(), salt=salt, n=n, r=8, p=1, maxmem=256 * n * 8, dklen=64)
    return made[:32], hashlib.sha256(made[32:]).digest()[:16]


def _bytes(header: dict[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":")).encode()


def _hex(raw: bytes) -> str:
    return f"0x{raw.hex()}"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _no_number(_: str) -> Any:
    raise ValueError("not a number")
