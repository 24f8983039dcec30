"""A signer behind loopback HTTP or a UNIX socket that answers as a test says: well, badly, late or not at all."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from eth_account import Account

from governance.core.keccak import keccak
from governance.core.safetx import SafeTx
from governance.core.units import Address
from tests.adapters.badnode import Reply, answers

KEY = keccak(b"a signer of the tests")
ADDRESS = Address(Account.from_key(KEY).address)
ELSEWHERE = Address("0x5FbDB2315678afecb367f032d93F642f64180aa3")
SIGNED = SafeTx(chain_id=31337, safe=ELSEWHERE, to=ADDRESS, value=7, data=bytes(range(100)), nonce=3)

Question = dict[str, Any]
Script = Callable[[Question], Reply]


def by_key(document: dict[str, Any], key: bytes = KEY) -> bytes:
    """The signature of eth-account over a document: a second implementation of EIP-712, which hashes for itself."""
    return bytes(Account.sign_typed_data(key, full_message=document).signature)


def wallet(question: Question) -> Reply:
    """As a wallet answers `eth_signTypedData_v4`, Web3Signer `eth_signTypedData` and Clef `account_signTypedData`.

    Shapes: docs.web3signer.consensys.io/reference/api/json-rpc; go-ethereum's signer/core/signed_data.go, whose document
    is an object; EIP-712 and MetaMask's reference, whose document is a text.
    """
    who, document = question["params"]
    assert who == ADDRESS
    assert isinstance(document, dict) is (question["method"] == "account_signTypedData")
    read = document if isinstance(document, dict) else json.loads(document)
    return answers({"jsonrpc": "2.0", "id": question["id"], "result": "0x" + by_key(read).hex()})


@contextmanager
def over_http(script: Script) -> Iterator[tuple[str, list[Question]]]:
    """The URL and what was asked."""
    asked: list[Question] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append({**question, "headers": dict(self.headers), "path": self.path})
            reply = script(question)
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def over_socket(path: Path, script: Script) -> Iterator[str]:
    """A socket that answers one question, as Clef's IPC does: JSON after JSON, nothing closes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen(1)

        def serve() -> None:
            line, _ = listening.accept()
            with line, line.makefile("rb") as lines:
                body = script(json.loads(lines.readline())).body
                for i in range(0, len(body), 50):
                    line.sendall(body[i : i + 50])
                lines.readline()

        thread = threading.Thread(target=serve)
        thread.start()
        yield str(path)
        thread.join()
