"""Encrypted keystores (Web3 Secret Storage), opened for one process. The key stays inside; nothing prints it.

Passwords come from a prompt or a file descriptor, never from the command line or the environment. A keystore that others
may read, or that is reached through a link, is refused.
"""

import getpass
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from governance.adapters.files import read_text, write_atomically
from governance.core.errors import Refused, Rejected
from governance.core.units import Address, Bytes32, address

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

MAX_PASSWORD_BYTES = 4096


class KeystoreSigner:
    """Signs with the key of one keystore."""

    __slots__ = ("__account",)

    def __init__(self, account: "LocalAccount") -> None:
        self.__account = account

    @classmethod
    def open(cls, path: Path, password: str) -> "KeystoreSigner":
        """Decrypt a keystore. Raises Rejected when it is none, Refused on a wrong password or open permissions."""
        from eth_account import Account

        text = read_text(path, str(path))
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise Refused(f"{path} can be read by others (mode {mode:o})", hint=f"chmod 600 {path}")
        document = _keystore(text, path)
        try:
            key = Account.decrypt(document, password)
        except (ValueError, KeyError, TypeError):
            # `from None`: the library's error may carry parts of the keystore.
            raise Refused(f"{path} does not open with this password", hint="check the password and the file") from None
        return cls(Account.from_key(key))

    @property
    def address(self) -> Address:
        """The account."""
        return address(self.__account.address)

    def sign(self, safe_tx_hash: Bytes32) -> bytes:
        """r ‖ s ‖ v over the hash itself, v in {27, 28}, s low."""
        signed = self.__account.unsafe_sign_hash(safe_tx_hash)
        return signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes((signed.v,))

    def sign_transaction(self, fields: Mapping[str, Any]) -> tuple[bytes, Bytes32]:
        """Raw signed transaction and its hash."""
        signed = self.__account.sign_transaction(dict(fields))
        return bytes(signed.raw_transaction), Bytes32(bytes(signed.hash))

    def __repr__(self) -> str:
        return f"KeystoreSigner({self.address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signer is not copied or stored")


def _keystore(text: str, path: Path) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        raise Rejected(f"{path} is not a keystore", hint="an encrypted JSON key, version 3") from None
    if not isinstance(document, dict) or "crypto" not in {str(key).lower() for key in document}:
        raise Rejected(f"{path} is not a keystore", hint="an encrypted JSON key, version 3")
    return document


def create_keystore(
    path: Path, password: str, private_key: bytes | None = None, *, iterations: int | None = None
) -> Address:
    """Write a new keystore, readable by its owner only. A new random key when none is given."""
    from eth_account import Account

    account = Account.create() if private_key is None else Account.from_key(private_key)
    document = Account.encrypt(account.key, password, kdf="scrypt", iterations=iterations)
    if path.exists():
        raise Refused(f"{path} exists", hint="keys are never overwritten")
    write_atomically(path, json.dumps(document), mode=0o600)
    return address(account.address)


def read_password(descriptor: int) -> str:
    """The first line from a file descriptor. Raises Rejected when it cannot be read."""
    try:
        raw = os.read(descriptor, MAX_PASSWORD_BYTES)
    except OSError as error:
        raise Rejected(f"file descriptor {descriptor} cannot be read: {error.strerror}") from error
    finally:
        if descriptor > 2:
            _close(descriptor)
    return raw.split(b"\n", 1)[0].decode("utf-8", "surrogateescape")


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError as error:
        raise Rejected(f"file descriptor {descriptor} is not open", hint="such as: --password-fd 3 3< FILE") from error


def prompt_password(path: Path) -> str:
    """Ask on the terminal, without echo."""
    return getpass.getpass(f"password of {path.name}: ")
