"""Every way in which somebody may sign, by the one word that names it; see docs/signers.md.

    ledger[:PATH] · trezor[:PATH] · browser[:ADDRESS] · URL#ADDRESS · clef:PLACE#ADDRESS · web3signer:URL#ADDRESS

A keystore has an option of its own, since it has a password. What is not one of these is refused: there is no default.
"""

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from governance.adapters.browser import BrowserSigner
from governance.adapters.derivation import DEFAULT, read_path
from governance.adapters.ledger import LedgerSigner, over_usb
from governance.adapters.remotesigner import Dialect, RemoteSigner, holds_secret, read_endpoint
from governance.adapters.trezor import open_trezor
from governance.core.errors import Refused, Rejected
from governance.core.units import address, shown
from governance.ports import Signer

FORMS = "ledger[:PATH], trezor[:PATH], browser[:ADDRESS], URL#ADDRESS, clef:PLACE#ADDRESS, web3signer:URL#ADDRESS"
PLACE = "GOV_SIGNER"
"""The environment variable for what argument lists must not show."""


@contextmanager
def open_signer(written: str, tell: Callable[[str], None], *, in_arguments: bool) -> Iterator[Signer]:
    """The signer that a word means, until it is put away. Raises Rejected, Refused or Unreachable.

    `tell` says what its holder is to do now; `in_arguments` is whether the word was typed where every user of the machine
    reads it.
    """
    kind, _, rest = written.partition(":")
    if kind == "browser":
        with closing(BrowserSigner(address(rest) if rest else None, tell)) as browser:
            yield browser
    elif kind == "ledger":
        path = read_path(rest or DEFAULT)
        exchange, let_go = over_usb()
        try:
            yield LedgerSigner(exchange, path, tell)
        finally:
            let_go()
    elif kind == "trezor":
        with closing(open_trezor(read_path(rest or DEFAULT), tell, _ask)) as trezor:
            yield trezor
    else:
        yield _remote_of(kind, rest, written, in_arguments=in_arguments)


def _remote_of(kind: str, rest: str, written: str, *, in_arguments: bool) -> RemoteSigner:
    if kind in {"http", "https"}:
        return _remote(Dialect.RPC, written, in_arguments=in_arguments)
    if kind in {Dialect.CLEF, Dialect.WEB3SIGNER, Dialect.RPC}:
        return _remote(Dialect(kind), rest, in_arguments=in_arguments)
    raise Rejected(f"`{shown(kind)}` is no way to sign", hint=f"there are: {FORMS}")


def _remote(dialect: Dialect, place: str, *, in_arguments: bool) -> RemoteSigner:
    if in_arguments and not place.startswith("/") and holds_secret(place):
        hint = f"put it into {PLACE} instead: every user of this machine can read an argument list"
        raise Refused("the signer's URL carries a user or a query, which may be secret", hint=hint)
    return RemoteSigner(read_endpoint(dialect, place))


def _ask(words: str) -> str:
    """One line from the terminal, without echo. Raises Refused when nobody is there."""
    if not sys.stdin.isatty():
        raise Refused("nobody is there to type what the device wants", hint="run in a terminal")
    return getpass.getpass(words)
