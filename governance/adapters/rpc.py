"""JSON-RPC over HTTP in batches: an answer to every question, or Unreachable.

Answers are matched to questions by id; a missing, foreign or malformed one is never replaced by a default. An endpoint is
shown as scheme, host and port only, since user, path and query carry keys. Redirects are not followed. One thread at a time.
"""

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from governance.core.errors import Rejected, Unreachable
from governance.core.strictjson import require_shallow
from governance.core.units import shown

if TYPE_CHECKING:
    from urllib3.exceptions import HTTPError

BATCH = 100
"""Requests in one HTTP request; public endpoints take at least this many."""
TIMEOUT = 20.0
"""Seconds that a node may be silent."""
ATTEMPTS = 3
"""How often a question that got no answer at all is asked."""
PAUSE = 0.25
"""Seconds before the second attempt; doubled each time."""

Request = tuple[str, list[Any]]
"""Method and parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcError:
    """A JSON-RPC error object: the node answered, and the answer is no."""

    code: Any
    """A number by the specification; shown, and only ever compared."""
    message: str
    data: Any


class Rpc:
    """One endpoint of one network."""

    def __init__(self, url: str, network: str) -> None:
        self._url = url
        self._ids = count(1)
        self.shown = f"{network} at {_origin(url, network)}"
        """The network and where its node is, without anything secret."""

    @cached_property
    def _line(self) -> "_Line":
        return _line(self._url)

    def ask(self, requests: Sequence[Request]) -> list[Any]:
        """Results in order, errors as RpcError. In as many HTTP requests as the endpoint wants."""
        answers: list[Any] = []
        for i in range(0, len(requests), BATCH):
            answers += self._divisible(requests[i : i + BATCH])
        return answers

    def together(self, requests: Sequence[Request], *, attempts: int = ATTEMPTS) -> list[Any]:
        """Like `ask`, in exactly one HTTP request: one backend answers all, so that one answer vouches for another."""
        given = self._post(requests, attempts)
        if isinstance(given, dict):
            raise self.failed(self._refusal(given))
        return given

    def results(self, answers: Sequence[Any]) -> list[Any]:
        """Answers none of which may be an error."""
        for answer in answers:
            if isinstance(answer, RpcError):
                raise self.failed(answer)
        return list(answers)

    def failed(self, error: RpcError) -> Unreachable:
        """The node's own words."""
        words = f"{shown(error.message) or 'it gives no reason'} ({shown(str(error.code))})"
        return Unreachable(f"{self.shown} cannot answer: {words}", hint="try again, or another endpoint")

    def garbled(self, wanted: str) -> Unreachable:
        """What was wanted in place of what came."""
        return Unreachable(f"{self.shown} did not answer with {wanted}", hint="try again, or another endpoint")

    def _divisible(self, requests: Sequence[Request]) -> list[Any]:
        """A batch; halved when the endpoint refuses it as a whole, since that is how they say `too large`."""
        given = self._post(requests, ATTEMPTS)
        if not isinstance(given, dict):
            return given
        if len(requests) == 1:
            return [self._refusal(given)]
        middle = len(requests) // 2
        return self._divisible(requests[:middle]) + self._divisible(requests[middle:])

    def _post(self, requests: Sequence[Request], attempts: int) -> list[Any] | dict[str, Any]:
        """Results in order, or the one object by which the endpoint refuses a batch."""
        from urllib3.exceptions import HTTPError

        reason = ""
        for attempt in range(attempts):
            if attempt:
                time.sleep(PAUSE * 2 ** (attempt - 1))
            try:
                return self._exchange(requests)
            except (HTTPError, _Status) as error:
                reason, passes = _fault(error)
                if not passes:
                    break
        # Raised out here because what was caught carries the whole URL.
        raise Unreachable(f"{self.shown} does not answer: {reason}", hint="check the endpoint, then try again")

    def _exchange(self, requests: Sequence[Request]) -> list[Any] | dict[str, Any]:
        asked = [{"jsonrpc": "2.0", "id": next(self._ids), "method": m, "params": given} for m, given in requests]
        raw = self._line.post(json.dumps(asked).encode())
        try:
            text = raw.decode("utf-8")
            require_shallow(text, shown_as="the answer")  # a bomb of brackets would end the process
            given: Any = json.loads(text)
        except (ValueError, Rejected) as error:
            raise self.garbled("JSON-RPC") from error
        if isinstance(given, dict):
            return given
        return self._matched(given, [one["id"] for one in asked])

    def _matched(self, given: Any, ids: Sequence[Any]) -> list[Any]:
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            raise self.garbled("a list of answers")
        if len(given) != len(ids):
            raise self.garbled(f"{len(ids)} answers to {len(ids)} questions, but with {len(given)}")
        answered = {one["id"]: one for one in given if type(one.get("id")) is int}
        if set(answered) != set(ids):
            raise self.garbled("answers to the questions that were asked")
        return [self._result(answered[each]) for each in ids]

    def _result(self, one: dict[str, Any]) -> Any:
        if one.get("error") is not None:
            return self._refusal(one)
        if "result" not in one:
            raise self.garbled("a result or an error")
        return one["result"]

    def _refusal(self, one: dict[str, Any]) -> RpcError:
        error = one.get("error")
        if not isinstance(error, dict):
            raise self.garbled("an error that is one")
        return RpcError(code=error.get("code"), message=str(error.get("message", "")), data=error.get("data"))


class _Line:
    """One endpoint by HTTP. Proxies, certificates and passwords of the environment hold, and are looked up once.

    requests prepares the line, urllib3 below it carries what is asked: a rehearsal is many small questions.
    """

    def __init__(self, url: str) -> None:
        from requests import Request as HttpRequest
        from requests import Session
        from requests.adapters import HTTPAdapter

        logging.getLogger("urllib3").setLevel(logging.INFO)  # its debug lines hold the whole URL
        with Session() as session:
            self._prepared = session.prepare_request(HttpRequest("POST", url))
            how = session.merge_environment_settings(url, {}, None, None, None)
        adapter, self._cookies = HTTPAdapter(), session.cookies
        self._pool = adapter.get_connection_with_tls_context(
            self._prepared, how["verify"], proxies=how["proxies"], cert=how["cert"]
        )
        adapter.cert_verify(self._pool, url, how["verify"], how["cert"])
        self._path = adapter.request_url(self._prepared, how["proxies"])
        given = {name: str(value) for name, value in self._prepared.headers.items() if name != "Content-Length"}
        self._headers = {**given, "Content-Type": "application/json"}

    def post(self, body: bytes) -> bytes:
        """What the endpoint sends back; raises HTTPError, and _Status where it is one of failure."""
        from requests.cookies import extract_cookies_to_jar, get_cookie_header

        headers = self._headers
        if len(self._cookies):  # by which some endpoints keep a client at one backend
            headers = {**headers, "Cookie": get_cookie_header(self._cookies, self._prepared) or ""}
        response = self._pool.urlopen(
            "POST",
            self._path,
            body=body,
            headers=headers,
            timeout=TIMEOUT,
            redirect=False,
            retries=False,
            assert_same_host=False,
        )
        if "Set-Cookie" in response.headers:
            extract_cookies_to_jar(self._cookies, self._prepared, response)
        if response.status >= 400:
            raise _Status(response.status)
        return response.data


class _Status(Exception):
    """An HTTP status of failure."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@lru_cache(maxsize=8)
def _line(url: str) -> _Line:
    """One connection for all that this process asks of an endpoint."""
    return _Line(url)


def _fault(error: "_Status | HTTPError") -> tuple[str, bool]:
    """What went wrong, without the URL, and whether it may pass."""
    from urllib3.exceptions import NewConnectionError, ProtocolError, ProxyError, SSLError
    from urllib3.exceptions import TimeoutError as Silence

    if isinstance(error, _Status):
        return f"HTTP status {error.status}", error.status == 429 or error.status >= 500
    kinds = {NewConnectionError: "Connection", Silence: "Timeout"}
    name = next((words for kind, words in kinds.items() if isinstance(error, kind)), type(error).__name__)
    return name, isinstance(error, (Silence, ProtocolError, ProxyError, SSLError))


def _origin(url: str, network: str) -> str:
    """Scheme, host and port. Raises Rejected, without showing it, when it is no HTTP URL."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = None, None, None
    if parts is None or host is None or parts.scheme not in {"http", "https"}:
        raise Rejected(f"the endpoint of {network} is not an http or https URL", hint="write https://host/path")
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown(named)}" + (f":{port}" if port is not None else "")
