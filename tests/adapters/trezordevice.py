"""A Trezor below its maker's library: packets of 64 bytes in, packets of 64 bytes out, in protocol version 1.

Messages are packed and unpacked by the library's own classes; the document is built anew from what the library sends when
it is asked member by member, and signed with eth-account: nothing of our own hashing is in it.
"""

import struct
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account
from eth_utils import keccak
from trezorlib import messages as m
from trezorlib.mapping import DEFAULT_MAPPING
from trezorlib.transport import Timeout, Transport

from tests.adapters.walletserver import ADDRESS, KEY

PATH = [0x8000002C, 0x8000003C, 0x80000000, 0, 0]
DOMAIN = "EIP712Domain"


@dataclass(slots=True, kw_only=True)
class Device:
    """What it is, what its holder does, and what it was asked."""

    model: str = "T"
    key: bytes = KEY
    refuses: m.FailureType | None = None
    """How it ends a request to sign."""
    pin: str = ""
    """Typed on the host, as a Model One wants it."""
    asked: list[str] = field(default_factory=list)
    types: dict[str, list[Any]] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    primary: str = ""
    shown_hash: bytes | None = None
    waiting: Any = None

    def answer(self, message: Any) -> Any:
        self.asked.append(type(message).__name__)
        simple: dict[type, Any] = {
            m.Cancel: m.Failure(code=m.FailureType.ActionCancelled, message="Cancelled"),
            m.Initialize: self._features(),
            m.GetFeatures: self._features(),
            m.EndSession: m.Success(),
            m.ApplyFlags: m.Success(),
        }
        if type(message) in simple:
            if self.pin and isinstance(message, m.ApplyFlags):
                return m.PinMatrixRequest()
            return simple[type(message)]
        return getattr(self, f"on_{type(message).__name__.lower()}")(message)

    def _features(self) -> m.Features:
        one = self.model == "1"
        return m.Features(
            vendor="trezor.io", model=self.model, internal_model="T1B1" if one else "T2T1",
            major_version=1 if one else 2, minor_version=13 if one else 9, patch_version=0, initialized=True,
            pin_protection=bool(self.pin), passphrase_protection=False, session_id=bytes(32),
            capabilities=[m.Capability.Ethereum], unlocked=True, bootloader_mode=False,
        )  # fmt: skip

    def on_pinmatrixack(self, message: m.PinMatrixAck) -> Any:
        if message.pin != self.pin:
            return m.Failure(code=m.FailureType.PinInvalid, message="PIN invalid")
        return m.Success()

    def on_getpublickey(self, _: m.GetPublicKey) -> m.PublicKey:
        node = m.HDNodeType(depth=1, fingerprint=7, child_num=0, chain_code=bytes(32), public_key=b"\2" + bytes(32))
        return m.PublicKey(node=node, xpub="xpub")

    def on_ethereumgetaddress(self, message: m.EthereumGetAddress) -> m.EthereumAddress:
        assert list(message.address_n) == PATH
        return m.EthereumAddress(address=ADDRESS)

    def on_ethereumsigntypedhash(self, message: m.EthereumSignTypedHash) -> Any:
        assert list(message.address_n) == PATH
        self.waiting = keccak(b"\x19\x01" + message.domain_separator_hash + (message.message_hash or b""))
        return m.ButtonRequest()

    def on_ethereumsigntypeddata(self, message: m.EthereumSignTypedData) -> Any:
        if self.model == "1":
            return m.Failure(code=m.FailureType.UnexpectedMessage, message="Unknown message")
        assert list(message.address_n) == PATH
        self.primary, self.shown_hash = message.primary_type, message.show_message_hash
        return m.EthereumTypedDataStructRequest(name=DOMAIN)

    def on_ethereumtypeddatastructack(self, message: m.EthereumTypedDataStructAck) -> Any:
        name = self.primary if DOMAIN in self.types else DOMAIN
        self.types[name] = list(message.members)
        if name == DOMAIN:
            return m.EthereumTypedDataStructRequest(name=self.primary)
        return m.EthereumTypedDataValueRequest(member_path=[0, 0])

    def on_ethereumtypeddatavalueack(self, message: m.EthereumTypedDataValueAck) -> Any:
        name = self.primary if len(self.values.get(DOMAIN, {})) == len(self.types[DOMAIN]) else DOMAIN
        given = self.values.setdefault(name, {})
        member = self.types[name][len(given)]
        given[member.name] = _value(member.type, message.value)
        if name == DOMAIN and len(given) == len(self.types[name]):
            return m.EthereumTypedDataValueRequest(member_path=[1, 0])
        if len(given) < len(self.types[name]):
            return m.EthereumTypedDataValueRequest(member_path=[int(name != DOMAIN), len(given)])
        self.waiting = self._document()
        return m.ButtonRequest()

    def on_buttonack(self, _: m.ButtonAck) -> Any:
        if self.refuses is not None:
            return m.Failure(code=self.refuses, message="the \x1b[2Kdevice says no")
        if isinstance(self.waiting, bytes):
            signed = Account.unsafe_sign_hash(self.waiting, self.key)
        else:
            signed = Account.sign_typed_data(self.key, full_message=self.waiting)
        return m.EthereumTypedDataSignature(signature=bytes(signed.signature), address=ADDRESS)

    def _document(self) -> dict[str, Any]:
        types = {
            name: [{"name": each.name, "type": _kind(each.type)} for each in members]
            for name, members in self.types.items()
        }
        return {
            "types": types,
            "primaryType": self.primary,
            "domain": self.values[DOMAIN],
            "message": self.values[self.primary],
        }


def _kind(kind: m.EthereumFieldType) -> str:
    names = {
        m.EthereumDataType.UINT: "uint",
        m.EthereumDataType.BYTES: "bytes",
        m.EthereumDataType.STRING: "string",
        m.EthereumDataType.ADDRESS: "address",
    }
    name = names[m.EthereumDataType(kind.data_type)]
    if kind.size is None:
        return name
    return f"{name}{kind.size * 8 if name == 'uint' else kind.size}"


def _value(kind: m.EthereumFieldType, raw: bytes) -> Any:
    if kind.data_type == m.EthereumDataType.UINT:
        assert len(raw) == kind.size
        return int.from_bytes(raw)
    return raw.decode() if kind.data_type == m.EthereumDataType.STRING else "0x" + raw.hex()


class Packets(Transport):
    """The cable."""

    PATH_PREFIX = "test"
    CHUNK_SIZE = 64
    ENABLED = True

    def __init__(self, device: Device) -> None:
        self.device = device
        self.received = b""
        self.ready: list[bytes] = []

    def get_path(self) -> str:
        return "test:1"

    def is_open(self) -> bool:
        return True

    def _open(self) -> None:
        pass

    def _close(self) -> None:
        pass

    def write_chunk(self, chunk: bytes, /) -> None:
        assert len(chunk) == 64
        if not self.received:
            assert chunk.startswith(b"?##")
            self.received = chunk[3:]
        else:
            assert chunk.startswith(b"?")
            self.received += chunk[1:]
        kind, length = struct.unpack(">HL", self.received[:6])
        if len(self.received) < 6 + length:
            return
        message = DEFAULT_MAPPING.decode(kind, self.received[6 : 6 + length])
        self.received = b""
        kind, raw = DEFAULT_MAPPING.encode(self.device.answer(message))
        told = b"##" + struct.pack(">HL", kind, len(raw)) + raw
        self.ready += [(b"?" + told[i : i + 63]).ljust(64, b"\0") for i in range(0, len(told), 63)]

    def read_chunk(self, *, timeout: float | None = None) -> bytes:
        if not self.ready:
            raise Timeout("nothing to read")
        return self.ready.pop(0)
