"""JSON-RPC by the standard library alone, since it imports in 30 ms: no redirects, bounded answers, no secret in an error.

An endpoint is named by the variable it came from, never by its host: some providers put the key there.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import RLock
from typing import Any
from urllib.parse import unquote, urlsplit

from governance.emergency.trouble import Malformed, Silent, plain

TIMEOUT = 5.0
"""Seconds of silence after which an endpoint counts as dead."""
MAX_ANSWER = 4 << 20
Request = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcError:
    """What a node says instead of a result."""

    message: str
    data: bytes = b""
    """What a contract gave when it reverted."""


class Node:
    """One endpoint over one kept connection; one thread after another."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if host is None or parts.scheme not in {"http", "https"}:
            # The reason would show the URL.
            raise Malformed(f"{name} is not an http or https URL") from None
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(host, port, timeout=TIMEOUT)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        self._single = False
        self._lock = RLock()

    def ask(self, requests: Sequence[Request]) -> list[Any]:
        """Results or RpcErrors, in order. Raises Silent when there is no proper answer."""
        with self._lock:
            return self._ask(requests)

    def _ask(self, requests: Sequence[Request]) -> list[Any]:
        bodies: list[dict[str, Any]] = [
            {"jsonrpc": "2.0", "id": i, "method": method, "params": params}
            for i, (method, params) in enumerate(requests)
        ]
        if self._single or len(bodies) == 1:
            return [self._result(self._post(body), body["id"]) for body in bodies]
        answers = self._post(bodies)
        if isinstance(answers, dict):  # an endpoint that takes no batches
            self._single = True
            return self._ask(requests)
        if not isinstance(answers, list) or not all(isinstance(each, dict) for each in answers):
            raise self._garbled()
        by_id = {str(each.get("id")): each for each in answers}
        return [self._result(by_id.get(str(body["id"])), body["id"]) for body in bodies]

    def values(self, requests: Sequence[Request]) -> list[Any]:
        """Results that must not be errors."""
        found = self.ask(requests)
        for each in found:
            if isinstance(each, RpcError):
                raise Silent(f"{self.name} refuses: {each.message}")
        return found

    def close(self) -> None:
        """Let go of the connection; whatever another thread still asks over it fails."""
        self._connection.close()

    def _post(self, body: Any) -> Any:
        try:
            self._connection.request("POST", self._path, json.dumps(body), self._headers)
            response = self._connection.getresponse()
            raw = response.read(MAX_ANSWER + 1)
        except (OSError, HTTPException) as error:
            self._connection.close()
            # `from None`: what was caught may carry the host and the path.
            raise Silent(f"{self.name} does not answer: {type(error).__name__}") from None
        if len(raw) > MAX_ANSWER:
            self._connection.close()
            raise self._garbled()
        try:
            return json.loads(raw)
        except ValueError:
            raise Silent(f"{self.name} answers with HTTP status {response.status} and no JSON") from None

    def _result(self, answer: Any, wanted: int) -> Any:
        if not isinstance(answer, dict) or (str(answer.get("id")) != str(wanted) and answer.get("error") is None):
            raise self._garbled()
        error = answer.get("error")
        if error is not None:
            return self._error(error)
        if "result" not in answer:
            raise self._garbled()
        return answer["result"]

    def _error(self, error: Any) -> RpcError:
        if not isinstance(error, dict):
            raise self._garbled()
        data = error.get("data")
        data = data.get("data") if isinstance(data, dict) else data
        reverted = bytes.fromhex(data[2:]) if isinstance(data, str) and _is_hex(data) else b""
        return RpcError(message=self._harmless(str(error.get("message", ""))) or "no reason", data=reverted)

    def _harmless(self, words: str) -> str:
        """A node's words without the secret part of its own URL, should it say it."""
        secrets = [part for part in self._path.replace("?", "/").split("/") if len(part) > 3]
        for part in (*secrets, self._connection.host):
            words = words.replace(part, "…")
        return plain(words)

    def _garbled(self) -> Silent:
        return Silent(f"{self.name} does not answer with JSON-RPC")


def _is_hex(text: str) -> bool:
    try:
        return text.startswith("0x") and bytes.fromhex(text[2:]) is not None
    except ValueError:
        return False


def number(value: Any) -> int:
    """A quantity. Raises Silent on anything else: no default stands in for a node's answer."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return int(value, 16)
        except ValueError:
            pass
    raise Silent("a node answers with something that is no number")


def data(value: Any) -> bytes:
    """Bytes. Raises Silent on anything else."""
    if isinstance(value, str) and _is_hex(value):
        return bytes.fromhex(value[2:])
    raise Silent("a node answers with something that is no data")
