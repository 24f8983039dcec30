"""A Trezor device, by its maker's own library: it is sent the whole document, hashes it itself, and shows its fields.

A Model One is given domain hash and message hash instead, since it takes no documents. PIN and passphrase are typed on
the device where it has a screen for it; otherwise without echo on the terminal, and kept by nobody. Whatever comes back
is recovered against our own hash.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from governance.core.errors import GovError, Refused, Rejected, Unreachable
from governance.core.signable import Signable
from governance.core.signature import vouched
from governance.core.units import Address, address, shown

if TYPE_CHECKING:
    from trezorlib.client import Session
    from trezorlib.transport import Transport

EXTRA = "in a checkout: make devices; elsewhere: pip install 'gov-orchestrator[trezor]'"


class TrezorSigner:
    """One account of a device, in one session."""

    def __init__(self, session: "Session[Any, Any]", path: tuple[int, ...], tell: Callable[[str], None]) -> None:
        self._session = session
        self._path = list(path)
        self._tell = tell
        self._address: Address | None = None

    @property
    def address(self) -> Address:
        """The account at the path; asked for once."""
        if self._address is None:
            from trezorlib import ethereum

            self._address = self._account(self._asked(ethereum.get_address, self._path))
        return self._address

    def sign(self, what: Signable) -> bytes:
        """See `governance.ports.Signer`."""
        from trezorlib import ethereum

        who = self.address
        self._tell("look at the Trezor: compare what it shows with the card, then confirm there")
        if self._takes_documents():
            document = what.typed_data()
            # The device shows this hash too, and computes its own: who compares it need not read every field.
            answer = self._asked(
                ethereum.sign_typed_data, self._path, document, show_message_hash=bytes(what.message_hash)
            )
        else:
            answer = self._asked(ethereum.sign_typed_data_hash, self._path, what.domain_hash, what.message_hash)
        return vouched(what.hash, bytes(answer.signature), who)

    def _takes_documents(self) -> bool:
        from trezorlib import models

        return self._session.model is not models.T1B1

    def _asked(self, question: Callable[..., Any], *given: Any, **more: Any) -> Any:
        from trezorlib.exceptions import TrezorException

        try:
            return question(self._session, *given, **more)
        except TrezorException as error:
            raise _fault(error) from error

    @staticmethod
    def _account(given: str) -> Address:
        try:
            return address(given)
        except Rejected as error:
            raise Unreachable("the Trezor did not answer with an address") from error

    def close(self) -> None:
        """End the session on the device: it forgets the passphrase."""
        self._session.close()

    def __repr__(self) -> str:
        return "TrezorSigner()"


def open_trezor(
    path: tuple[int, ...],
    tell: Callable[[str], None],
    ask: Callable[[str], str],
    transport: "Transport | None" = None,
) -> TrezorSigner:
    """The one device that is plugged in, or the one behind a transport.

    `ask` reads without echo what a device without a screen for it wants: PIN by the places of its digits, passphrase, and
    the code of pairing. Raises Refused without trezorlib, Unreachable without a device.
    """
    try:
        from trezorlib.client import get_default_client, get_default_session
        from trezorlib.exceptions import TrezorException
    except ImportError as error:
        raise Refused("trezor is not installed, which talks to Trezor devices", hint=EXTRA) from error
    try:
        client = get_default_client(
            "gov",
            transport,
            button_callback=lambda _: tell("the Trezor asks something: look at it"),
            pin_callback=lambda _: ask("PIN of the Trezor, by the places that it shows (7 8 9 / 4 5 6 / 1 2 3): "),
            code_entry_callback=lambda: ask("code that the Trezor shows, to pair it: "),
        )
        session = get_default_session(client, lambda: ask("passphrase of the Trezor, empty for none: "))
    except TrezorException as error:
        raise _fault(error) from error
    return TrezorSigner(session, path, tell)


def _fault(error: Exception) -> GovError:
    from trezorlib.exceptions import Cancelled, DeviceLockedError, OutdatedFirmwareError, PinException, TrezorFailure
    from trezorlib.transport import TransportException

    if isinstance(error, Cancelled):
        return Refused("the Trezor's holder does not want to sign", hint="nothing was signed")
    if isinstance(error, DeviceLockedError | PinException):
        return Refused("the Trezor is locked", hint="unlock it, and run the command once more")
    if isinstance(error, OutdatedFirmwareError):
        return Refused("the Trezor's firmware is too old", hint="update it with its maker's own application")
    if isinstance(error, TransportException):
        hint = "plug it in, close other programs that use it; on Linux, its maker's udev rules let you reach it"
        return Unreachable(f"no Trezor is reached: {shown(str(error))}", hint=hint)
    if isinstance(error, TrezorFailure):
        return Refused(f"the Trezor does not sign: {shown(str(error))}")
    return Unreachable(f"the Trezor does not answer as it should: {shown(str(error)) or type(error).__name__}")
