"""A Safe Transaction Service on loopback, as far as owners exchange signatures: its paths, answers and refusals.

It validates what it is given as the real one does, by safe-eth-py: the hash is computed anew, each signature's owner must
be an owner, and nobody signs twice. A test may make it lie.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from safe_eth.safe import SafeTx
from safe_eth.safe.safe_signature import SafeSignature

Lie = Callable[[list[dict[str, Any]]], Any]
"""What is answered to a question for transactions, made from what is there."""


@dataclass(kw_only=True)
class Service:
    """What it holds, and what it was asked."""

    chain_id: int
    owners: list[str]
    url: str = ""
    transactions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By hash, as the service writes them."""
    asked: list[str] = field(default_factory=list)
    """Method and path of every request."""
    keys: list[str] = field(default_factory=list)
    """Authorization headers."""
    lie: Lie | None = None
    status: int = 0
    """Answered to everything, when set."""

    def listed(self, safe: str, nonce: str) -> Any:
        found = [each for each in self.transactions.values() if each["safe"] == safe and str(each["nonce"]) == nonce]
        if self.lie is not None:
            return self.lie(found)
        return {"count": len(found), "next": None, "previous": None, "results": found, "countUniqueNonce": 1}

    def proposed(self, safe: str, given: dict[str, Any]) -> tuple[int, Any]:
        tx = SafeTx(
            None,  # type: ignore[arg-type]
            safe,  # type: ignore[arg-type]
            given["to"],
            int(given["value"]),
            bytes.fromhex((given["data"] or "0x")[2:]),
            int(given["operation"]),
            int(given["safeTxGas"]),
            int(given["baseGas"]),
            int(given["gasPrice"]),
            given["gasToken"],
            given["refundReceiver"],
            safe_nonce=int(given["nonce"]),
            safe_version="1.4.1",
            chain_id=self.chain_id,
        )
        digest = "0x" + tx.safe_tx_hash.hex().removeprefix("0x")
        if digest != given["contractTransactionHash"]:
            message = f"Contract-transaction-hash={digest} does not match provided contract-tx-hash"
            return 422, {"nonFieldErrors": [message]}
        if given["sender"] not in self.owners:
            return 422, {"nonFieldErrors": [f"Sender={given['sender']} is not an owner or delegate"]}
        self.transactions.setdefault(
            digest,
            {
                **{
                    name: given[name]
                    for name in ("to", "data", "operation", "gasToken", "safeTxGas", "baseGas", "nonce")
                },
                "safe": safe,
                "value": str(given["value"]),
                "gasPrice": str(given["gasPrice"]),
                "refundReceiver": given["refundReceiver"],
                "proposer": given["sender"],
                "safeTxHash": digest,
                "transactionHash": None,
                "isExecuted": False,
                "confirmations": [],
                "trusted": True,
            },
        )
        return self.confirmed(digest, given["signature"]) if given["signature"] else (201, None)

    def confirmed(self, digest: str, signature: str) -> tuple[int, Any]:
        if digest not in self.transactions:
            return 404, {"detail": f"Multisig transaction with safe-tx-hash={digest} was not found"}
        kept = self.transactions[digest]["confirmations"]
        for each in SafeSignature.parse_signature(bytes.fromhex(signature[2:]), bytes.fromhex(digest[2:])):
            if each.owner not in self.owners:
                return 400, {"signature": [f"Signer={each.owner} is not an owner. Current owners={self.owners}"]}
            exported = "0x" + each.export_signature().hex().removeprefix("0x")
            kind = each.signature_type.name
            if each.owner not in {one["owner"] for one in kept}:
                kept.append(
                    {"owner": each.owner, "signature": exported, "signatureType": kind, "transactionHash": None}
                )
        return 201, None


@contextmanager
def serving(chain_id: int, owners: list[str]) -> Iterator[Service]:
    """The service on a free port of loopback, for as long as the block lasts."""
    service = Service(chain_id=chain_id, owners=owners)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            _, _, _, _, safe, *_ = parts.path.split("/")
            self._answer(200, service.listed(safe, parse_qs(parts.query)["nonce"][0]))

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            _, _, version, what, which, *_ = self.path.split("/")
            if (version, what) == ("v2", "safes"):
                self._answer(*service.proposed(which, given))
            else:
                self._answer(*service.confirmed(which, given["signature"]))

        def _answer(self, status: int, document: Any) -> None:
            service.asked.append(f"{self.command} {self.path}")
            service.keys.append(self.headers.get("Authorization", ""))
            body = b"" if document is None else json.dumps(document).encode()
            self.send_response(service.status or status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    service.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
