"""Numbers about the executor for Prometheus, and whether it is alive for whoever restarts it: two pages, read only.

`/metrics` in Prometheus' text format; `/healthz` answers 200 while every network was looked at lately, else 503 with the
networks that were not. They hold no address, path or key, and are meant for the inside of a network.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from governance.core.errors import GovError, Rejected
from governance.life.fulfil import Report

if TYPE_CHECKING:
    from governance.life.tick import Due

LATE_TICKS = 3
"""Ticks without one after which the job counts as dead."""


class Metrics:
    """Counters and gauges of one process."""

    def __init__(self, networks: Iterable[str], every: int, clock: Callable[[], float] = time.time) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge

        self._clock = clock
        self._late_after = LATE_TICKS * every
        self._last = dict.fromkeys(networks, clock())
        self.registry = CollectorRegistry()
        made: Mapping[str, Any] = {"labelnames": ["network"], "registry": self.registry}
        self._ticks = Counter("gov_ticks", "Looks at a network.", **made)
        self._failures = Counter("gov_tick_failures", "Looks that came to nothing.", **made)
        self._outcomes = Counter(
            "gov_tasks", "Tasks, by what came of them.", ["network", "action", "outcome"], registry=self.registry
        )
        self._gas = Counter("gov_gas_used", "Gas that was paid for.", **made)
        self._taken_over = Counter("gov_taken_over", "Tasks that another host did not finish.", **made)
        self._reorganised = Counter("gov_reorganisations", "Blocks looked at that are gone.", **made)
        self._block = Gauge("gov_block", "Newest block looked at.", **made)
        self._lag = Gauge("gov_chain_lag_seconds", "This machine's clock less the newest block's.", **made)
        self._waiting = Gauge("gov_waiting", "Operations that wait for their moment.", **made)
        self._unscheduled = Gauge("gov_unscheduled", "Locked operations that the timelock does not know.", **made)
        self._balance = Gauge("gov_payer_wei", "What the paying account has left.", **made)
        self._seen = Gauge("gov_last_tick_timestamp_seconds", "When a network was last looked at.", **made)

    def ticked(self, network: str, due: "Due") -> None:
        """A look that gave an answer."""
        self._last[network] = self._clock()
        self._ticks.labels(network).inc()
        self._reorganised.labels(network).inc(int(due.beat.forked))
        self._block.labels(network).set(due.beat.head.number)
        self._lag.labels(network).set(self._clock() - due.beat.head.timestamp.seconds)
        self._waiting.labels(network).set(due.waiting)
        self._unscheduled.labels(network).set(due.unscheduled)
        self._balance.labels(network).set(due.beat.balance)
        self._seen.labels(network).set(self._last[network])

    def failed(self, network: str, error: GovError) -> None:
        """A look that gave none."""
        del error
        self._failures.labels(network).inc()

    def reported(self, report: Report) -> None:
        """What came of a task."""
        self._outcomes.labels(report.task.network, str(report.task.action), str(report.outcome)).inc()
        self._gas.labels(report.task.network).inc(sum(receipt.gas_used for _, receipt in report.receipts))

    def taken_over(self, network: str, names: list[str], tick: int) -> None:
        """What another host left."""
        del tick
        self._taken_over.labels(network).inc(len(names))

    def late(self) -> list[str]:
        """Networks that were not looked at lately."""
        now = self._clock()
        return sorted(network for network, last in self._last.items() if now - last > self._late_after)

    def app(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        """Both pages, by WSGI."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        path, method = environ.get("PATH_INFO", ""), environ.get("REQUEST_METHOD")
        if method not in {"GET", "HEAD"}:
            return _answer(start_response, "405 Method Not Allowed", b"")
        if path == "/metrics":
            return _answer(start_response, "200 OK", generate_latest(self.registry), CONTENT_TYPE_LATEST)
        if path == "/healthz":
            late = self.late()
            status = "503 Service Unavailable" if late else "200 OK"
            return _answer(start_response, status, (f"late: {', '.join(late)}\n" if late else "alive\n").encode())
        return _answer(start_response, "404 Not Found", b"")


def _answer(start_response: Callable[..., Any], status: str, body: bytes, kind: str = "text/plain") -> list[bytes]:
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    start_response(status, headers)
    return [body]


class _Quiet(WSGIRequestHandler):
    """Requests are not logged: the log is the executor's."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def serve(metrics: Metrics, listen: str) -> WSGIServer:
    """Answer at `host:port` from a thread of its own. Raises Rejected where nobody can listen there."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise Rejected(f"`{listen}` is not host:port", hint="such as 127.0.0.1:9464")
    try:
        server = make_server(host, int(port), metrics.app, handler_class=_Quiet)
    except (OSError, OverflowError) as error:
        raise Rejected(f"nobody can listen at {listen}: {error}", hint="another port?") from error
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
