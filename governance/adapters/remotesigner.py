"""A signer behind JSON-RPC: a node's or wallet's own accounts, Clef, or Web3Signer. It is asked for typed data only.

What it answers is recovered against our own hash; it is believed in nothing else. Plain HTTP goes to this machine only,
since whoever stands between could show its holder something else. Redirects, proxies and `.netrc` are not followed, an
answer is bounded in size and time, and an endpoint is shown as scheme, host and port: the rest may be a secret.
"""

import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from governance.core.errors import Refused, Rejected, Unreachable
from governance.core.signable import Signable
from governance.core.signature import vouched
from governance.core.strictjson import parse
from governance.core.units import Address, address, hex_bytes, shown

if TYPE_CHECKING:
    from requests import Response

MAX_ANSWER = 64 << 10
"""Bytes; a signature needs two hundred."""
CONNECT = 10.0
"""Seconds until somebody must have picked up."""
PATIENCE = 300.0
"""Seconds that a person behind the signer may take to read."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Dialect(StrEnum):
    """How a signer wants to be asked."""

    RPC = "rpc"
    """`eth_signTypedData_v4(address, text of the document)`: nodes and wallets."""
    CLEF = "clef"
    """`account_signTypedData(address, document)`: go-ethereum's Clef, over HTTP or its socket."""
    WEB3SIGNER = "web3signer"
    """`eth_signTypedData(address, text of the document)`: Web3Signer's eth1 mode."""


_METHODS = {
    Dialect.RPC: "eth_signTypedData_v4",
    Dialect.CLEF: "account_signTypedData",
    Dialect.WEB3SIGNER: "eth_signTypedData",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a signer listens, and for whom it is to sign."""

    dialect: Dialect
    address: Address
    url: str
    """An http or https URL without the fragment, or empty."""
    socket: str
    """Path of a UNIX socket, or empty."""
    shown: str
    """Without anything secret."""

    def __repr__(self) -> str:
        return f"Endpoint({self.shown})"


class RemoteSigner:
    """Asks for one signature at a time."""

    def __init__(self, endpoint: Endpoint, *, patience: float = PATIENCE) -> None:
        self._endpoint = endpoint
        self._patience = patience
        self._asked = 0

    @property
    def address(self) -> Address:
        """Whose signature is asked for."""
        return self._endpoint.address

    def sign(self, what: Signable) -> bytes:
        """See `governance.ports.Signer`."""
        endpoint, document = self._endpoint, what.typed_data()
        self._asked += 1
        question = {
            "jsonrpc": "2.0",
            "id": self._asked,
            "method": _METHODS[endpoint.dialect],
            "params": [endpoint.address, document if endpoint.dialect is Dialect.CLEF else json.dumps(document)],
        }
        send: Callable[[bytes], bytes] = self._over_socket if endpoint.socket else self._over_http
        answer = self._read(send(json.dumps(question).encode() + b"\n"))
        try:
            signature = hex_bytes(answer)
        except Rejected as error:
            raise Unreachable(f"{endpoint.shown} did not answer with a signature") from error
        return vouched(what.hash, signature, endpoint.address)

    def _read(self, raw: bytes) -> str:
        """The result, as text. Raises Refused with the signer's words, Unreachable when it is no answer to this."""
        where = self._endpoint.shown
        try:
            document = parse(raw.decode("utf-8"), shown_as="the answer")
        except (UnicodeDecodeError, Rejected) as error:
            raise Unreachable(f"{where} did not answer with JSON-RPC", hint="is it a signer's endpoint?") from error
        if not isinstance(document, dict):
            raise Unreachable(f"{where} did not answer with JSON-RPC", hint="is it a signer's endpoint?")
        error_object = document.get("error")
        if error_object is not None:
            words = error_object if isinstance(error_object, dict) else {}
            said = f"{shown(str(words.get('message', 'no reason')))} ({shown(str(words.get('code', 'no code')))})"
            hint = "it, or the person behind it, refuses; or it does not hold the account, or speaks another dialect"
            raise Refused(f"{where} does not sign: {said}", hint=hint)
        if document.get("id") != str(self._asked) or not isinstance(document.get("result"), str):
            raise Unreachable(f"{where} did not answer what was asked")
        return str(document["result"])

    def _over_http(self, question: bytes) -> bytes:
        from requests import RequestException, Session

        reason = ""
        with Session() as session:
            session.trust_env = False  # no proxy, no .netrc: neither is ours to follow with a question for a signature
            try:
                with session.post(
                    self._endpoint.url,
                    data=question,
                    headers={"Content-Type": "application/json", "Accept-Encoding": "identity"},
                    timeout=(CONNECT, self._patience),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return self._bounded(response)
            except RequestException as error:
                reason = type(error).__name__
        # Raised out here because what was caught carries the whole URL.
        raise self._silent(reason)

    def _bounded(self, response: "Response") -> bytes:
        if response.is_redirect:
            raise Unreachable(f"{self._endpoint.shown} sends elsewhere, which is not followed")
        if response.status_code in {401, 403}:
            raise Refused(f"{self._endpoint.shown} lets nobody in with these credentials")
        end, raw = time.monotonic() + self._patience, b""
        for chunk in response.iter_content(4096):
            raw += chunk
            if len(raw) > MAX_ANSWER:
                raise Unreachable(f"{self._endpoint.shown} answers with more than a signature")
            if time.monotonic() > end:
                raise self._silent("it is too slow")
        # Signers tell JSON-RPC errors with any status; what is none of them has only its status to show.
        if response.status_code != 200 and not raw.lstrip().startswith(b"{"):
            raise self._silent(f"HTTP status {response.status_code}")
        return raw

    def _over_socket(self, question: bytes) -> bytes:
        end, raw = time.monotonic() + self._patience, b""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(CONNECT)
                line.connect(self._endpoint.socket)
                line.sendall(question)
                while len(raw) <= MAX_ANSWER and not _whole(raw):
                    line.settimeout(max(0.01, end - time.monotonic()))
                    chunk = line.recv(4096)
                    if not chunk:
                        break
                    raw += chunk
        except OSError as error:
            raise self._silent(error.strerror or type(error).__name__) from error
        return raw

    def _silent(self, reason: str) -> Unreachable:
        hint = "is the signer running, and did somebody answer it? nothing was signed"
        return Unreachable(f"{self._endpoint.shown} does not answer: {reason}", hint=hint)

    def __repr__(self) -> str:
        return f"RemoteSigner({self._endpoint.shown})"


def _whole(raw: bytes) -> bool:
    """Whether these bytes are a JSON text by now: a socket says when it is over only by closing."""
    try:
        json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return True


def read_endpoint(dialect: Dialect, written: str) -> Endpoint:
    """`http://127.0.0.1:8550#0x…`, `https://host/path#0x…`, or for Clef the path of its socket and `#0x…`.

    Raises Rejected without showing more of it than its origin.
    """
    place, marked, who = written.partition("#")
    if not marked:
        hint = "end it with # and the account: http://127.0.0.1:8550#0x…"
        raise Rejected(f"a {dialect} signer needs to be told whose signature is wanted", hint=hint)
    signer = address(who)
    if place.startswith("/"):
        if dialect is not Dialect.CLEF:
            raise Rejected("only Clef listens on a socket", hint="write clef:/path/to/clef.ipc#0x…")
        return Endpoint(dialect=dialect, address=signer, url="", socket=place, shown=f"clef at {shown(place)}")
    return Endpoint(dialect=dialect, address=signer, url=place, socket="", shown=f"{dialect} at {_origin(place)}")


def _origin(url: str) -> str:
    parts, port = _split(url)
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown(named)}" + (f":{port}" if port is not None else "")
    if parts.scheme == "http" and host not in LOOPBACK:
        hint = "use https, or a tunnel that ends on this machine: who stands between could show its holder another text"
        raise Refused(f"{origin} is not on this machine, and plain HTTP hides and proves nothing", hint=hint)
    return origin


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        # The URL is not shown, nor chained: it may hold a secret anywhere.
        raise Rejected("the signer's endpoint is not an http or https URL", hint="write http://127.0.0.1:8550#0x…")
    return parts, port


def holds_secret(written: str) -> bool:
    """Whether a URL has a user or a query, which every user of this machine could read in an argument list."""
    parts, _ = _split(written.partition("#")[0])
    return parts.username is not None or bool(parts.query)
