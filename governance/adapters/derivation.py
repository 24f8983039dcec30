"""Which of a device's accounts: a BIP-32 path, `44'/60'/0'/0/0`. Devices are never asked to guess."""

import re

from governance.core.errors import Rejected
from governance.core.units import shown

DEFAULT = "44'/60'/0'/0/0"
"""The first account, as wallets count by BIP-44 for Ethereum."""
LONGEST = 10
"""Steps of a path, as devices take them."""
HARDENED = 1 << 31


def read_path(written: str) -> tuple[int, ...]:
    """The numbers of a path, `'` or `h` for hardened ones. Raises Rejected."""
    parts = written.removeprefix("m/").split("/")
    matches = [re.fullmatch(r"(0|[1-9][0-9]{0,9})(['h]?)", part) for part in parts]
    numbers = [int(match[1]) + (HARDENED if match[2] else 0) for match in matches if match is not None]
    fits = all(int(match[1]) < HARDENED for match in matches if match is not None)
    if len(numbers) != len(parts) or len(parts) > LONGEST or not fits:
        raise Rejected(f"`{shown(written)}` is no path of an account", hint=f"write it as {DEFAULT}")
    return tuple(numbers)
