"""A wallet in the signer's own browser, asked by a page that this process serves to this machine alone, once.

1. A server listens on 127.0.0.1, on a port of the system's choice, until it is put away or nobody answers.
2. Its page is static and may load and ask nothing but itself. What is to be signed is given only to who has the token;
   the token stands in the fragment of the URL, which browsers send to nobody, and serves one page: the first.
3. `Host`, `Origin` and `Sec-Fetch-Site` must be the page's own, so that no name that is rebound to this machine, and no
   other site in the same browser, gets in.
4. What comes back is recovered against our own hash. The page is believed in nothing.

It opens no browser: the URL would stand in an argument list, which every user of the machine can read.
"""

import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from governance.core.errors import Refused, Rejected, Unreachable
from governance.core.signable import Signable
from governance.core.signature import vouched
from governance.core.units import Address, checksummed, hex_bytes, shown, to_hex

PATIENCE = 600.0
"""Seconds that a person may take for one step."""
MAX_ANSWER = 4096
"""Bytes; a signature needs two hundred."""
STALL = 10.0
"""Seconds that a connection may be silent."""

PAGES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(slots=True)
class _Desk:
    """What the page is to do now, and what it answered. Touched by the server's threads and by the one that waits."""

    token: str
    page: str = ""
    """Of the first page that came with the token."""
    number: int = 0
    task: dict[str, Any] = field(default_factory=lambda: {"do": "wait"})
    answer: dict[str, str] | None = None
    changed: threading.Condition = field(default_factory=threading.Condition)

    def admits(self, token: str, page: str) -> bool:
        """Whether these words open the desk; the first page to say the token is the only one."""
        if not secrets.compare_digest(token.encode(), self.token.encode()) or not page:
            return False
        with self.changed:
            self.page = self.page or page
            return secrets.compare_digest(page.encode(), self.page.encode())

    def current(self) -> dict[str, Any]:
        """The task as the page is given it."""
        with self.changed:
            return {"task": self.number, **self.task}

    def take(self, given: Any) -> bool:
        """Take the one answer to the current task."""
        texts = isinstance(given, dict) and all(isinstance(each, str) for key, each in given.items() if key != "task")
        with self.changed:
            open_now = self.task["do"] != "wait" and self.answer is None
            if not texts or not open_now or given.get("task") != self.number:
                return False
            self.answer = {key: each for key, each in given.items() if key != "task"}
            self.changed.notify_all()
            return True

    def ask(self, task: dict[str, Any], patience: float) -> dict[str, str] | None:
        """Put a task on the desk and wait; None when nobody answered."""
        with self.changed:
            self.number, self.task, self.answer = self.number + 1, task, None
            self.changed.wait_for(lambda: self.answer is not None, timeout=patience)
            self.task = {"do": "wait"}
            return self.answer


class BrowserSigner:
    """Asks a wallet through a page. The account is the one that the wallet offers, or the one that was named."""

    def __init__(self, wanted: Address | None, tell: Callable[[str], None], *, patience: float = PATIENCE) -> None:
        self._wanted = wanted
        self._tell = tell
        self._patience = patience
        self._address: Address | None = None
        self._words = ""
        self._desk = _Desk(token=secrets.token_urlsafe(32))
        self._server = _Server(self._desk)
        self._thread = threading.Thread(target=partial(self._server.serve_forever, poll_interval=0.1), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the page is, with its token."""
        return f"{self._server.origin}/#{self._desk.token}"

    @property
    def address(self) -> Address:
        """The account that the wallet gave; asked for once. Raises Refused or Unreachable."""
        if self._address is None:
            self._tell(f"open this in the browser that has your wallet: {self.url}")
            given = self._ask({"do": "connect", "wanted": self._wanted}, "account")
            account = _account(given)
            if self._wanted is not None and account != self._wanted:
                raise Refused(
                    f"the wallet offers {account}, not {self._wanted}", hint="choose the account in the wallet"
                )
            self._address = account
        return self._address

    def show(self, words: str) -> None:
        """What the page shows beside the hashes of what is signed next."""
        self._words = words

    def sign(self, what: Signable) -> bytes:
        """See `governance.ports.Signer`."""
        who, document = self.address, what.typed_data()
        task = {
            "do": "sign",
            "address": who,
            "chain_id": document["domain"]["chainId"],
            "typed_data": json.dumps(document),
            "domain_hash": to_hex(what.domain_hash),
            "message_hash": to_hex(what.message_hash),
            "hash": to_hex(what.hash),
            "words": self._words,
        }
        self._tell("read the page, compare the hashes, and sign in the wallet")
        given = self._ask(task, "signature")
        try:
            signature = hex_bytes(given)
        except Rejected as error:
            raise Unreachable("the wallet did not answer with a signature") from error
        return vouched(what.hash, signature, who)

    def close(self) -> None:
        """Stop serving. Doing it again changes nothing."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _ask(self, task: dict[str, Any], wanted: str) -> str:
        given = self._desk.ask(task, self._patience)
        if given is None:
            raise Unreachable("nobody answered on the page in the browser", hint="run it once more; nothing was signed")
        if "refused" in given:
            raise Refused(f"the wallet does not sign: {shown(given['refused'])}")
        if wanted not in given:
            raise Unreachable(f"the page did not answer with a {wanted}")
        return given[wanted]

    def __repr__(self) -> str:
        return "BrowserSigner()"


def _account(given: str) -> Address:
    """An address as wallets write it: mostly in lower case."""
    try:
        return checksummed(hex_bytes(given))
    except (Rejected, ValueError) as error:
        raise Unreachable("the wallet did not answer with an account") from error


class _Server(ThreadingHTTPServer):
    """Serves one desk."""

    daemon_threads = True

    def __init__(self, desk: _Desk) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.desk = desk
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.origin = f"http://{self.host}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is nobody's concern here: nothing is printed over the card."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = STALL

    def do_GET(self) -> None:
        """The static page, or the task for who has the token."""
        if not self._is_own():
            self._reply(403)
        elif self.path in PAGES:
            name, kind = PAGES[self.path]
            self._reply(200, (files(__package__) / "browserpage" / name).read_bytes(), kind)
        elif self.path == "/task" and self._is_admitted():
            self._reply(200, json.dumps(self.server.desk.current()).encode(), "application/json")
        else:
            self._reply(404)

    def do_POST(self) -> None:
        """The answer to the task."""
        if not self._is_own() or self.headers.get("Origin") != self.server.origin:
            self._reply(403)
        elif self.path != "/answer" or not self._is_admitted():
            self._reply(404)
        else:
            self._reply(200 if self.server.desk.take(self._given()) else 409)

    def _is_own(self) -> bool:
        """Whether this page asks, and no other site nor a name that leads here by somebody else's DNS."""
        host, origin = self.headers.get_all("Host") or [], self.headers.get("Origin", self.server.origin)
        site = self.headers.get("Sec-Fetch-Site", "same-origin")
        return host == [self.server.host] and origin == self.server.origin and site in {"same-origin", "none"}

    def _is_admitted(self) -> bool:
        return self.server.desk.admits(self.headers.get("X-Gov-Token", ""), self.headers.get("X-Gov-Page", ""))

    def _given(self) -> Any:
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > MAX_ANSWER:
            return None
        if self.headers.get("Content-Type") != "application/json":
            return None
        try:
            return json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            return None

    def _reply(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        """Nobody needs to know what serves this."""
        return "gov"

    def log_message(self, *_: Any) -> None:
        """Nothing: lines on the terminal would run into the card, and say who asked what."""
