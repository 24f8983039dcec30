"""JSON-RPC over HTTP in batches, by web3.py's provider: an answer to every question, or Unreachable.

Answers are matched to questions by id; a missing, foreign or malformed one is never replaced by a default. An endpoint is
shown as scheme, host and port only, since user, path and query carry keys. Redirects are not followed. One thread at a time.
"""

import json
import logging
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from governance.core.errors import Rejected, Unreachable
from governance.core.strictjson import require_shallow
from governance.core.units import shown

if TYPE_CHECKING:
    from requests import RequestException, Session
    from web3.providers import HTTPProvider
    from web3.types import RPCEndpoint, RPCResponse

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
        self.shown = f"{network} at {_origin(url, network)}"
        """The network and where its node is, without anything secret."""

    @cached_property
    def _provider(self) -> "HTTPProvider":
        from web3.providers import HTTPProvider

        class Provider(HTTPProvider):
            """One that is asked plain JSON values only, and that a bomb of brackets cannot end the process with."""

            def encode_batch_rpc_request(self, requests: "Sequence[tuple[RPCEndpoint, Any]]") -> bytes:
                named = [
                    {"jsonrpc": "2.0", "method": method, "params": params, "id": next(self.request_counter)}
                    for method, params in requests
                ]
                return json.dumps(named, separators=(",", ":")).encode()

            @staticmethod
            def decode_rpc_response(raw_response: bytes) -> "RPCResponse":
                text = raw_response.decode("utf-8")
                require_shallow(text, shown_as="the answer")
                return cast("RPCResponse", json.loads(text))

        for name in ("web3", "urllib3"):  # their debug lines hold the whole URL
            logging.getLogger(name).setLevel(logging.INFO)
        how = {"timeout": TIMEOUT, "allow_redirects": False}
        return Provider(self._url, how, _session(self._url), exception_retry_configuration=None)

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
        from requests import RequestException

        reason = ""
        for attempt in range(attempts):
            if attempt:
                time.sleep(PAUSE * 2 ** (attempt - 1))
            try:
                return self._exchange(requests)
            except RequestException as error:
                reason, passes = _fault(error)
                if not passes:
                    break
        # Raised out here because what was caught carries the whole URL.
        raise Unreachable(f"{self.shown} does not answer: {reason}", hint="check the endpoint, then try again")

    def _exchange(self, requests: Sequence[Request]) -> list[Any] | dict[str, Any]:
        from requests import RequestException
        from web3.exceptions import Web3Exception

        first = next(self._provider.request_counter) + 1
        try:
            with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # missing ids: judged below
                given: Any = self._provider.make_batch_request(list(requests))  # type: ignore[arg-type]
        except RequestException:
            raise
        except (Web3Exception, ValueError, TypeError, KeyError, AttributeError, Rejected) as error:
            raise self.garbled("JSON-RPC") from error
        if isinstance(given, dict):
            return given
        return self._matched(given, range(first, first + len(requests)))

    def _matched(self, given: Any, ids: range) -> list[Any]:
        if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
            raise self.garbled("a list of answers")
        if len(given) != len(ids):
            raise self.garbled(f"{len(ids)} answers to {len(ids)} questions, but with {len(given)}")
        if [one.get("id") for one in given] != list(ids):
            raise self.garbled("answers to the questions that were asked")
        return [self._result(one) for one in given]

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


def _session(url: str) -> "Session":
    """A line to one URL. What the environment says of proxies, certificates and passwords is looked up once, not each time."""
    from requests import Session
    from requests.utils import get_netrc_auth

    session = Session()
    found = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies, session.verify, session.cert = found["proxies"], found["verify"], found["cert"]
    session.auth = get_netrc_auth(url)
    session.trust_env = False
    return session


def _fault(error: "RequestException") -> tuple[str, bool]:
    """What went wrong, without the URL, and whether it may pass."""
    from requests import ConnectionError as Unconnected
    from requests import Timeout
    from requests.exceptions import ChunkedEncodingError

    if error.response is not None:
        status = error.response.status_code
        return f"HTTP status {status}", status == 429 or status >= 500
    return type(error).__name__, isinstance(error, (Unconnected, Timeout, ChunkedEncodingError))


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
