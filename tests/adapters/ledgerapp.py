"""Ledger's Ethereum app as its specification has it, behind the TCP port that ledgerblue speaks to emulators by.

It takes every APDU apart, builds the document anew from what it was sent, and signs it with eth-account: nothing of our
own hashing is in it. Specification: github.com/LedgerHQ/app-ethereum, doc/ethapp.adoc.
"""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account

from tests.adapters.walletserver import ADDRESS, KEY

TYPES = {1: "int", 2: "uint", 3: "address", 4: "bool", 5: "string", 6: "bytes", 7: "bytes"}
PATH = bytes.fromhex("05 8000002C 8000003C 80000000 00000000 00000000")


@dataclass(slots=True, kw_only=True)
class App:
    """One run of the app, and the APDUs that it was sent."""

    key: bytes = KEY
    knows_documents: bool = True
    status: dict[int, int] = field(default_factory=dict)
    """Status words to give instead, by instruction."""
    v_from: int = 27
    apdus: list[bytes] = field(default_factory=list)
    types: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    root: str = ""
    pending: bytes = b""

    def answer(self, apdu: bytes) -> tuple[bytes, int]:
        self.apdus.append(apdu)
        cla, instruction, p1, p2, length = apdu[:5]
        data = apdu[5:]
        assert (cla, length) == (0xE0, len(data))
        if instruction in self.status:
            return b"", self.status[instruction]
        if instruction == 0x02:
            assert (p1, p2, data) == (0, 0, PATH)
            return bytes((65,)) + bytes(65) + bytes((40,)) + ADDRESS[2:].encode(), 0x9000
        if instruction == 0x0C and p2 == 0:
            assert data[:21] == PATH
            return self._signed(Account.unsafe_sign_hash(_keccak(b"\x19\x01" + data[21:]), self.key)), 0x9000
        if not self.knows_documents:
            return b"", 0x6D00
        if instruction == 0x0C:
            assert (p1, p2, data) == (0, 1, PATH)
            return self._signed(Account.sign_typed_data(self.key, full_message=self._document())), 0x9000
        {0x1A: self._define, 0x1C: self._give}[instruction](p1, p2, data)
        return b"", 0x9000

    def _define(self, p1: int, p2: int, data: bytes) -> None:
        assert p1 == 0
        if p2 == 0x00:
            self.root = data.decode()
            self.types[self.root] = []
            return
        assert p2 == 0xFF
        kind, rest = TYPES[data[0] & 0x0F], data[1:]
        assert not data[0] & 0x80
        if data[0] & 0x40:
            kind += str(rest[0] if kind == "bytes" else rest[0] * 8)
            rest = rest[1:]
        assert len(rest) == 1 + rest[0]
        self.types[self.root].append({"name": rest[1:].decode(), "type": kind})

    def _give(self, p1: int, p2: int, data: bytes) -> None:
        if p2 == 0x00:
            self.root = data.decode()
            self.values[self.root] = {}
            return
        assert p2 == 0xFF
        assert p1 in {0, 1}
        self.pending += data
        if p1 == 1:
            assert len(data) == 255
            return
        told, self.pending = self.pending, b""
        assert int.from_bytes(told[:2]) == len(told) - 2
        member = self.types[self.root][len(self.values[self.root])]
        self.values[self.root][member["name"]] = _read(member["type"], told[2:])

    def _document(self) -> dict[str, Any]:
        (primary,) = set(self.values) - {"EIP712Domain"}
        return {
            "types": self.types,
            "primaryType": primary,
            "domain": self.values["EIP712Domain"],
            "message": self.values[primary],
        }

    def _signed(self, signed: Any) -> bytes:
        raw = bytes(signed.signature)
        return bytes((raw[64] - 27 + self.v_from,)) + raw[:64]


def _read(kind: str, raw: bytes) -> Any:
    if kind.startswith("uint"):
        assert raw
        assert len(raw) == 1 or raw[0]
        return int.from_bytes(raw)
    return raw.decode() if kind == "string" else "0x" + raw.hex()


def _keccak(raw: bytes) -> bytes:
    from eth_utils import keccak

    return keccak(raw)


@contextmanager
def served(answer: Callable[[bytes], tuple[bytes, int] | None]) -> Iterator[tuple[str, int]]:
    """One connection, as ledgerblue's TCP transport wants it; None hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            line, _ = listening.accept()
            with line:
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                while head := line.recv(4, socket.MSG_WAITALL):
                    reply = answer(line.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL))
                    if reply is None:
                        return
                    line.sendall(struct.pack(">I", len(reply[0])) + reply[0] + struct.pack(">H", reply[1]))
                    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield "127.0.0.1", listening.getsockname()[1]
        thread.join()
