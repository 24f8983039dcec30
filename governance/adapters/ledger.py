"""A Ledger device with its Ethereum app open, asked in APDUs as the app's own specification has them.

Specification: github.com/LedgerHQ/app-ethereum, `doc/ethapp.adoc` (GET ETH PUBLIC ADDRESS, EIP712 SEND STRUCT DEFINITION,
EIP712 SEND STRUCT IMPLEMENTATION, SIGN ETH EIP 712, status words). The bytes are ours, the cable is ledgerblue's.

1. The device is sent the whole document, hashes it itself, and shows its fields.
2. Where its app cannot (Nano S; a document beyond its memory), it is given domain hash and message hash, and shows these.

Either way the signature is recovered against our own hash: there were apps whose own hashing differed.
"""

from collections.abc import Callable, Iterator
from typing import Any

from governance.core.errors import GovError, Refused, Unreachable
from governance.core.signable import Signable
from governance.core.signature import vouched
from governance.core.units import Address, checksummed

EXTRA = "in a checkout: make devices; elsewhere: pip install 'gov-orchestrator[ledger]'"
PATIENCE = 300
"""Seconds that its holder may take to read."""
CLA = 0xE0
GET_ADDRESS, SIGN, DEFINE, GIVE = 0x02, 0x0C, 0x1A, 0x1C
COMPLETE, PARTIAL = 0x00, 0x01
NAME, FIELD = 0x00, 0xFF
BY_HASHES, BY_DOCUMENT = 0x00, 0x01
MAX_DATA = 255
MAX_VALUE = 0xFFFF
"""Bytes of one value, whose length is told in two."""
OK = 0x9000
UNKNOWN = frozenset({0x6D00, 0x6B00, 0x6A80})
"""The app does not know the instruction or its form, or cannot hold the document: the hashes are left."""

_TYPES = {"address": b"\x03", "string": b"\x05", "bytes": b"\x07", "bytes32": b"\x46\x20"}

Exchange = Callable[[bytes], tuple[bytes, int]]
"""One APDU there, its answer and status word back. Raises Unreachable when the cable is cut."""


class LedgerSigner:
    """One account of a device."""

    def __init__(self, exchange: Exchange, path: tuple[int, ...], tell: Callable[[str], None]) -> None:
        self._exchange = exchange
        self._path = bytes((len(path),)) + b"".join(number.to_bytes(4, "big") for number in path)
        self._tell = tell
        self._address: Address | None = None

    @property
    def address(self) -> Address:
        """The account at the path; asked for once."""
        if self._address is None:
            answer = self._demand(_apdu(GET_ADDRESS, 0, 0, self._path))
            self._address = _address(answer)
        return self._address

    def sign(self, what: Signable) -> bytes:
        """See `governance.ports.Signer`."""
        who = self.address
        self._tell("look at the Ledger: compare what it shows with the card, then confirm there")
        answer = self._by_document(what.typed_data())
        if answer is None:
            self._tell("the Ledger cannot show this document: it shows domain hash and message hash, compare both")
            given = self._path + what.domain_hash + what.message_hash
            answer = self._demand(_apdu(SIGN, COMPLETE, BY_HASHES, given))
        if len(answer) != 65:
            raise Unreachable("the Ledger did not answer with a signature")
        return vouched(what.hash, answer[1:] + answer[:1], who)

    def _by_document(self, document: dict[str, Any]) -> bytes | None:
        """The signature over the document as a whole; None where the app cannot."""
        commands = _commands(document)
        if commands is None:
            return None
        answer = b""
        for command in (*commands, _apdu(SIGN, COMPLETE, BY_DOCUMENT, self._path)):
            answer, status = self._exchange(command)
            if status in UNKNOWN:
                return None
            if status != OK:
                raise _fault(status)
        return answer

    def _demand(self, command: bytes) -> bytes:
        answer, status = self._exchange(command)
        if status != OK:
            raise _fault(status)
        return answer

    def __repr__(self) -> str:
        return "LedgerSigner()"


def _apdu(instruction: int, p1: int, p2: int, data: bytes) -> bytes:
    return bytes((CLA, instruction, p1, p2, len(data))) + data


def _address(answer: bytes) -> Address:
    """From `public key length, public key, address length, address in ASCII`."""
    try:
        start = 2 + answer[0]
        digits = answer[start : start + answer[start - 1]].decode("ascii")
        return checksummed(bytes.fromhex(digits))
    except (IndexError, ValueError) as error:
        raise Unreachable("the Ledger did not answer with an address", hint="is its Ethereum app open?") from error


def _commands(document: dict[str, Any]) -> list[bytes] | None:
    """Definitions, then values; None when a value is longer than the app takes."""
    made: list[bytes] = []
    types: dict[str, list[dict[str, str]]] = document["types"]
    for name, members in types.items():
        made.append(_apdu(DEFINE, COMPLETE, NAME, name.encode()))
        for member in members:
            key = member["name"].encode()
            made.append(_apdu(DEFINE, COMPLETE, FIELD, _type(member["type"]) + bytes((len(key),)) + key))
    for name, values in (("EIP712Domain", document["domain"]), (document["primaryType"], document["message"])):
        made.append(_apdu(GIVE, COMPLETE, NAME, name.encode()))
        for member in types[name]:
            value = _value(member["type"], values[member["name"]])
            if len(value) > MAX_VALUE:
                return None
            made += _pieces(len(value).to_bytes(2, "big") + value)
    return made


def _type(written: str) -> bytes:
    """TypeDesc, and TypeSize where the type has one."""
    if written.startswith("uint"):
        return bytes((0x42, int(written[4:]) // 8))
    return _TYPES[written]


def _value(written: str, value: str) -> bytes:
    """Raw: a number in as few bytes as it needs, and zero in one."""
    if written.startswith("uint"):
        number = int(value)
        return number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
    return value.encode() if written == "string" else bytes.fromhex(value[2:])


def _pieces(told: bytes) -> Iterator[bytes]:
    for start in range(0, len(told), MAX_DATA):
        piece, more = told[start : start + MAX_DATA], start + MAX_DATA < len(told)
        yield _apdu(GIVE, PARTIAL if more else COMPLETE, FIELD, piece)


def _fault(status: int) -> GovError:
    if status in {0x6982, 0x6985}:
        return Refused("the Ledger's holder does not want to sign", hint="nothing was signed")
    if status in {0x5515, 0x6804, 0x6B0C}:
        return Refused("the Ledger is locked", hint="unlock it, and run the command once more")
    if status in {0x6D00, 0x6D02, 0x6E00, 0x6E01, 0x6511}:
        return Refused("the Ledger's Ethereum app is not open", hint="open it on the device")
    if status == 0x6A80:
        hint = "its settings may forbid to sign by hashes (blind signing), and it cannot show the document"
        return Refused("the Ledger's app does not take this", hint=hint)
    return Unreachable(f"the Ledger answers with status {status:04x}", hint="see the status words of its Ethereum app")


def over_usb() -> tuple[Exchange, Callable[[], None]]:
    """The one device that is plugged in, and how it is let go. Raises Refused without ledgerblue, Unreachable without one."""
    try:
        from ledgerblue.comm import getDongle
        from ledgerblue.commException import CommException
    except ImportError as error:
        raise Refused("ledgerblue is not installed, which talks to Ledger devices", hint=EXTRA) from error
    hint = "plug it in, unlock it, open its Ethereum app; on Linux, Ledger's udev rules let you reach it"
    try:
        device = getDongle()
    except (CommException, OSError) as error:
        raise Unreachable("no Ledger is reached", hint=hint) from error

    def exchange(command: bytes) -> tuple[bytes, int]:
        try:
            return bytes(device.exchange(bytearray(command), timeout=PATIENCE)), OK
        except CommException as error:
            # Every status but 9000 comes as an exception; without one it is the cable's or the clock's.
            if error.data is None and error.sw == 0x6F00:
                raise Unreachable(f"the Ledger does not answer: {error.message}", hint=hint) from error
            return bytes(error.data or b""), int(error.sw)
        except OSError as error:
            raise Unreachable("the Ledger was unplugged", hint=hint) from error
        except BaseException as error:
            if type(error) is not BaseException:
                raise
            # ledgerblue says so, in the root of all exceptions, when it could not write.
            raise Unreachable("the Ledger was unplugged", hint=hint) from error

    return exchange, device.close
