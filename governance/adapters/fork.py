"""A node on this machine that goes on from a block of another one: for rehearsals on endpoints that cannot play blocks.

Anvil is told where to fork from in its arguments, which every user of the machine can read, and an endpoint's URL may hold a
key. So it is told of a relay on loopback instead, which hands its questions on for as long as the rehearsal lasts.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from governance.adapters import anvil
from governance.core.call import Call
from governance.core.errors import Refused, Unreachable
from governance.core.units import Address, to_hex

TIMEOUT = 20.0
"""Seconds that the endpoint may be silent."""
MAX_QUESTION = 1 << 20
"""Bytes of one request."""
AT_ONCE = 128
"""Connections that wait to be accepted. Anvil opens many in the same moment; one that finds no room is tried again by the
system, at growing distances, until somebody's patience ends."""


class _Server(ThreadingHTTPServer):
    request_queue_size = AT_ONCE


@contextmanager
def forked(url: str, program: Path, *, chain_id: int, mining: bool = False) -> Iterator[str]:
    """The fork's URL. It ends with the block, and so does everything that was played on it.

    With `mining`, what is sent to it is mined at once; nothing of that ever reaches the endpoint.
    """
    with TemporaryDirectory(prefix="gov-fork-") as made, _relay(url) as relay:
        folder = Path(made)
        more = ["--fork-url", relay, "--no-storage-caching", *([] if mining else ["--no-mining"])]
        process = anvil.start(
            program, chain_id=chain_id, accounts=0, log=folder / "log", config=folder / "config", more=more
        )
        try:
            yield process.url
        finally:
            anvil.stop(process)


def send_as(fork: str, sender: Address, call: Call) -> None:
    """Send a call in anybody's name, as only a fork lets one, and wait until it is mined. Raises Refused on a revert."""
    anvil.ask(fork, "anvil_setBalance", sender, hex(10**21))
    anvil.ask(fork, "anvil_impersonateAccount", sender)
    request = {"from": sender, "to": call.to, "data": to_hex(call.data), "value": hex(call.value)}
    tx_hash = anvil.ask(fork, "eth_sendTransaction", request)
    for _ in anvil.ticks():
        receipt = anvil.ask(fork, "eth_getTransactionReceipt", tx_hash)
        if receipt is not None:
            if int(receipt["status"], 16) != 1:
                raise Refused(f"{call.summary} reverts on the fork")
            return
    raise Unreachable(f"{call.summary} is not mined on the fork")


@contextmanager
def _relay(url: str) -> Iterator[str]:
    """Questions to a free port of loopback reach the endpoint, and its answers come back; errors as 502, without a word."""
    from requests import RequestException, Session

    local = threading.local()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), MAX_QUESTION))
            session = local.__dict__.setdefault("session", Session())
            try:
                given = session.post(
                    url,
                    data=asked,
                    headers={"Content-Type": "application/json"},
                    timeout=TIMEOUT,
                    allow_redirects=False,
                )
                status, body = given.status_code, given.content
            except RequestException:
                status, body = 502, b""
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: a line would hold what is asked."""

    server = _Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
