"""A loopback HTTP server that answers JSON-RPC as a test says: well, badly, late or not at all."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Questions = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP response."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


Script = Callable[[Questions], Reply]


@dataclass(slots=True, kw_only=True)
class BadNode:
    """Where it listens, and what it was asked."""

    url: str
    asked: list[Questions] = field(default_factory=list)
    """One entry for each HTTP request."""
    cookies: list[str] = field(default_factory=list)
    """What came with each, empty without one."""


def answers(given: Any, **how: Any) -> Reply:
    """Anything as JSON."""
    return Reply(body=json.dumps(given).encode(), **how)


def result(question: dict[str, Any], value: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": question["id"], "result": value}


def failure(question: dict[str, Any], code: Any, message: str, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": question["id"], "error": {"code": code, "message": message, **more}}


def by_method(**values: Any) -> Script:
    """Answer each method with one value; a callable is given the parameters."""

    def script(questions: Questions) -> Reply:
        return answers([result(q, _value(values[q["method"]], q["params"])) for q in questions])

    return script


def _value(value: Any, params: list[Any]) -> Any:
    return value(*params) if callable(value) else value


@contextmanager
def serving(script: Script, *, path: str = "") -> Iterator[BadNode]:
    """Serve until the block ends."""
    node = BadNode(url="")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            questions = json.loads(self.rfile.read(int(self.headers["content-length"])))
            node.asked.append(questions)
            node.cookies.append(self.headers.get("cookie", ""))
            reply = script(questions)
            if reply.status == 0:
                return  # hang up without a word
            self.send_response(reply.status)
            for name, value in (*reply.headers, ("content-length", str(len(reply.body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # whoever asks in bursts is not kept waiting by the system

    with Server(("127.0.0.1", 0), Handler) as server:
        node.url = f"http://127.0.0.1:{server.server_port}{path}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield node
        finally:
            server.shutdown()
            thread.join()
