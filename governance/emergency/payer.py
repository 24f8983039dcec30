"""The account that pays for the pause: an encrypted keystore, opened in a thread of its own while nodes are asked.

The library that opens keystores takes as long to import as the key derivation takes to run, so both are under way from the
first moment. The key never leaves this object, and no error carries it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from governance.emergency.bundle import read_private
from governance.emergency.envelope import strict_json
from governance.emergency.safe import checksummed
from governance.emergency.threads import started
from governance.emergency.trouble import Denied, Malformed

MAX_KEYSTORE = 64 << 10
MAX_SCRYPT_BYTES = 1 << 30


class Payer:
    """A key that is on its way."""

    def __init__(self, path: Path, password: str) -> None:
        document = _keystore(path)
        self.claimed = _claimed(document)
        """What the keystore says it is; None where it does not say. Only good for reading ahead."""
        self._opened = started(lambda: _open(document, password, path.name))

    @property
    def address(self) -> str:
        """The account of the key itself, once it is open. Raises Denied on a wrong password."""
        _, address = self._opened.result()
        if self.claimed not in {None, address}:
            raise Denied(f"the keystore says {self.claimed}, its key is {address}'s", "use a keystore that is whole")
        return address

    def sign(self, fields: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """The raw transaction and its hash."""
        account, _ = self._opened.result()
        signed = account.sign_transaction(dict(fields))
        return bytes(signed.raw_transaction), bytes(signed.hash)


def _open(document: Mapping[str, Any], password: str, name: str) -> tuple[Any, str]:
    """The library's account, and its address."""
    from eth_account import Account

    try:
        account = Account.from_key(Account.decrypt(dict(document), password))
    except (ValueError, TypeError, KeyError):
        # `from None`: the library's error may carry parts of the keystore.
        raise Denied(f"{name} does not open with this password") from None
    return account, str(account.address)


def _keystore(path: Path) -> dict[str, Any]:
    document = strict_json(read_private(path, MAX_KEYSTORE), "the keystore")
    crypto = _member(document, "crypto")
    parameters = _member(crypto, "kdfparams")
    if not isinstance(parameters, dict) or _member(document, "version") != 3:
        raise Malformed(
            f"{path.name} is not a keystore", "an encrypted JSON key, version 3, as geth and foundry write it"
        )
    costs = [parameters.get(name, 1) for name in ("n", "r", "p", "c")]
    if not all(type(cost) is int and cost > 0 for cost in costs):
        raise Malformed(f"{path.name} has key derivation parameters that are no positive numbers")
    if 128 * costs[0] * costs[1] > MAX_SCRYPT_BYTES or costs[2] > 16 or costs[3] > 10_000_000:
        raise Denied(f"{path.name} asks too much work of the key derivation")
    return dict(document)


def _claimed(document: Mapping[str, Any]) -> str | None:
    digits = str(document.get("address", "")).lower().removeprefix("0x")
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return None
    return checksummed(raw) if len(raw) == 20 else None


def _member(document: Any, name: str) -> Any:
    """The member of that name; old keystores write `Crypto`."""
    if not isinstance(document, dict):
        return None
    return next((value for key, value in document.items() if key.lower() == name), None)
