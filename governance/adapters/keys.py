"""Encrypted keystores (Web3 Secret Storage, version 3), opened for one process. The key stays inside; nothing prints it.

Passwords come from a prompt or a file descriptor, never from the command line or the environment. A keystore that others
may read, or that is reached through a link, is refused. Errors never carry a key, a password or a part of a keystore:
where a library's error might, the chain of causes is cut.
"""

import getpass
import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, SupportsIndex

from governance.core.errors import Refused, Rejected
from governance.core.keccak import keccak
from governance.core.signable import Signable
from governance.core.strictjson import require_shallow
from governance.core.units import Address, Bytes32, address, checksummed, shown

MAX_PASSWORD_BYTES = 4096
MAX_KEYSTORE_BYTES = 64 << 10
MAX_SCRYPT_BYTES = 1 << 30
"""Memory that a keystore may ask of scrypt (128 · n · r); geth's default asks 256 MiB."""
MAX_PBKDF2_ROUNDS = 10_000_000


class KeystoreSigner:
    """Signs with the key of one keystore, which is decrypted when it is first needed."""

    __slots__ = ("__document", "__key", "__password", "_path")

    def __init__(self, document: Mapping[str, Any], password: str, path: Path) -> None:
        self.__document = document
        self.__password: str | None = password
        self.__key: bytes | None = None
        self._path = path

    @classmethod
    def open(cls, path: Path, password: str) -> "KeystoreSigner":
        """Read a keystore. Raises Rejected when it is none, Refused when others can read it or it is a link."""
        return cls(_keystore(_read_private(path), path), password, path)

    @property
    def address(self) -> Address:
        """The account: of the key itself, not what the keystore says. Raises Refused on a wrong password."""
        from coincurve import PublicKey

        public = PublicKey.from_secret(self.__unlocked()).format(compressed=False)
        return checksummed(keccak(public[1:])[12:])

    def sign(self, what: Signable) -> bytes:
        """Sign its hash: r ‖ s ‖ v, v in {27, 28}, s low. Raises Refused on a wrong password."""
        from coincurve import PrivateKey

        signed: bytes = PrivateKey(self.__unlocked()).sign_recoverable(what.hash, hasher=None)
        return signed[:64] + bytes((signed[64] + 27,))

    def sign_transaction(self, fields: Mapping[str, Any]) -> tuple[bytes, Bytes32]:
        """The raw signed transaction and its hash. Raises Refused on a wrong password."""
        from eth_account import Account

        signed = Account.sign_transaction(dict(fields), self.__unlocked())
        return bytes(signed.raw_transaction), Bytes32(bytes(signed.hash))

    def __unlocked(self) -> bytes:
        if self.__key is None:
            assert self.__password is not None
            self.__key = _decrypt(self.__document, self.__password, self._path)
            self.__password = None
        return self.__key

    def __repr__(self) -> str:
        return f"KeystoreSigner({self._path.name})"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a signer is not copied or stored")


def _decrypt(document: Mapping[str, Any], password: str, path: Path) -> bytes:
    from eth_account import Account

    try:
        key = bytes(Account.decrypt(dict(document), password))
    except (ValueError, TypeError, KeyError):
        # `from None`: the library's error may carry parts of the keystore.
        raise Refused(f"{path} does not open with this password", hint="check the password and the file") from None
    if not _is_key(key):
        raise Rejected(f"{path} holds no private key")
    return key


def _is_key(key: bytes) -> bool:
    """Whether these bytes are a private key: 32, and neither zero nor beyond the order of the curve."""
    from coincurve import PrivateKey

    if len(key) != 32:
        return False
    try:
        return PrivateKey(key).secret == key
    except ValueError:
        return False


def _read_private(path: Path) -> bytes:
    """The bytes of a file that only its owner may read, looked at and read through one descriptor."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if path.is_symlink():
            raise Refused(f"{path} is a symbolic link", hint="name the keystore itself") from error
        raise Rejected(f"{path} cannot be opened: {error.strerror}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Rejected(f"{path} is not a regular file")
        if status.st_mode & 0o077:
            mode = stat.S_IMODE(status.st_mode)
            raise Refused(f"{path} can be read by others (mode {mode:o})", hint=f"chmod 600 {path}")
        raw = os.read(descriptor, MAX_KEYSTORE_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(raw) > MAX_KEYSTORE_BYTES:
        raise Rejected(f"{path} is larger than a keystore")
    return raw


def _keystore(raw: bytes, path: Path) -> dict[str, Any]:
    hint = "it is an encrypted JSON key, version 3, as geth, foundry and eth-account write it"
    try:
        text = raw.decode("utf-8")
        require_shallow(text, shown_as=str(path))
        document = json.loads(text)
    except (ValueError, Rejected):
        # `from None`: the error would carry the document, which may be a key that was never encrypted.
        raise Rejected(f"{path} is not a keystore", hint=hint) from None
    crypto = _member(document, "crypto")
    parameters = _member(crypto, "kdfparams")
    if not isinstance(parameters, dict) or _member(document, "version") != 3:
        raise Rejected(f"{path} is not a keystore", hint=hint)
    _refuse_costly(parameters, path)
    return dict(document)


def _member(document: Any, name: str) -> Any:
    """The member of that name; old keystores write `Crypto`."""
    if not isinstance(document, dict):
        return None
    return next((value for key, value in document.items() if key.lower() == name), None)


def _refuse_costly(parameters: Mapping[str, Any], path: Path) -> None:
    """Refuse a keystore that would fill the memory or run for hours."""
    costs = [parameters.get(name, 1) for name in ("n", "r", "p", "c")]
    if not all(isinstance(cost, int) and cost > 0 for cost in costs):
        raise Rejected(f"{path} has key derivation parameters that are no positive numbers")
    n, r, p, c = costs
    if 128 * n * r > MAX_SCRYPT_BYTES or p > 16 or c > MAX_PBKDF2_ROUNDS:
        raise Refused(f"{path} asks too much work of the key derivation", hint="was it made to stall a signer?")


def create_keystore(
    path: Path, password: str, private_key: bytes | None = None, *, iterations: int | None = None
) -> Address:
    """Write a new keystore that only its owner may read, of a fresh random key when none is given; never overwrites.

    `iterations` is scrypt's n; None for the library's own choice.
    """
    from eth_account import Account

    if not password:
        raise Rejected("an empty password protects nothing")
    if private_key is not None and not _is_key(private_key):
        raise Rejected("these bytes are not a private key")
    account = Account.create() if private_key is None else Account.from_key(private_key)
    document = Account.encrypt(account.key, password, kdf="scrypt", iterations=iterations)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise Refused(f"{path} exists", hint="keys are never overwritten") from error
    except OSError as error:
        raise Rejected(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(document))
        file.flush()
        os.fsync(file.fileno())
    return address(account.address)


def read_password(descriptor: int) -> str:
    """The one line that a file descriptor gives, without its end. Raises Rejected on nothing, or on more."""
    raw = b""
    try:
        while len(raw) <= MAX_PASSWORD_BYTES and (chunk := os.read(descriptor, MAX_PASSWORD_BYTES)):
            raw += chunk
    except OSError as error:
        hint = "such as: --password-fd 3 3< FILE"
        raise Rejected(f"file descriptor {descriptor} cannot be read: {error.strerror}", hint=hint) from error
    line = raw.removesuffix(b"\n").removesuffix(b"\r")
    if not line or b"\n" in line or len(raw) > MAX_PASSWORD_BYTES:
        raise Rejected(f"file descriptor {descriptor} does not give one line", hint="one line, the password")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        # `from None`: the error would carry the password.
        raise Rejected(f"file descriptor {descriptor} gives a password that is not UTF-8") from None


def prompt_password(path: Path) -> str:
    """Ask on the terminal, without echo. Raises Rejected when nobody is there."""
    if not sys.stdin.isatty():
        raise Rejected("nobody is there to type a password", hint="give it with --password-fd")
    return getpass.getpass(f"password of {shown(path.name)}: ")
