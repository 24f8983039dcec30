"""The part of GitHub's REST API that a comment needs, on loopback: pulls, and comments of an issue with their pages."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(kw_only=True)
class Api:
    """What it holds, and what it was asked."""

    head: str
    number: int = 7
    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    status: int = 0
    """Answered to everything, when set."""
    location: str = ""

    def said(self, body: str, *, kind: str = "User") -> None:
        """Somebody comments."""
        self.comments.append({"id": len(self.comments) + 1, "body": body, "user": {"type": kind}})


@contextmanager
def serving(head: str) -> Iterator[Api]:
    """Serve until the block ends."""
    api = Api(head=head)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.endswith(f"/pulls/{api.number}"):
                self._answer(200, {"head": {"sha": api.head}})
                return
            query = parse_qs(parts.query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            self._answer(200, api.comments[(page - 1) * size : page * size])

        def do_POST(self) -> None:
            api.said(self._given()["body"], kind="Bot")
            self._answer(201, api.comments[-1])

        def do_PATCH(self) -> None:
            which = int(self.path.rsplit("/", 1)[1])
            api.comments[which - 1]["body"] = self._given()["body"]
            self._answer(200, api.comments[which - 1])

        def _given(self) -> dict[str, Any]:
            found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            return found

        def _answer(self, status: int, document: Any) -> None:
            api.asked.append(f"{self.command} {self.path}")
            api.tokens.add(self.headers.get("Authorization", ""))
            body = json.dumps(document).encode()
            self.send_response(api.status or status)
            if api.location:
                self.send_header("Location", api.location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
