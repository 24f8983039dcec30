"""`gov executor run`: the job that executes what is due. Nothing is sent without `--broadcast`."""

import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from governance.apps.cli.common import HERE, AsJson, Broadcast, Key, MaxFee, PasswordFd, Unrehearsed, WorkspaceDir, emit

if TYPE_CHECKING:
    from governance.adapters.workspace import FileWorkspace
    from governance.apps.eventlog import EventLog
    from governance.apps.executor import Executor, Hooks
    from governance.apps.metrics import Metrics

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The job that executes what is due.")

EVERY = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60)
"""Seconds between two ticks: what divides a minute."""
ONCE_PATIENCE, PATIENCE = 120.0, 2.0
"""Seconds that a task waits for a receipt: alone, and where another tick goes on with it."""
CODES = {"refused": 1, "expired": 1, "broken": 1, "unreachable": 3, "contradicted": 4}
"""What the worst outcome makes of the exit code."""

Networks = Annotated[
    list[str] | None, typer.Option("--network", "-n", help="Only these networks; may be given again.", metavar="NAME")
]
Once = Annotated[bool, typer.Option("--once", help="One look, all that is due, then end: for cron and timers.")]
Every = Annotated[int, typer.Option("--every", help="Seconds between looks; divides a minute.", metavar="SECONDS")]
Confirmations = Annotated[
    int | None,
    typer.Option(
        "--confirmations",
        help="Blocks until an execution is final; else the node's finalized block.",
        min=0,
        metavar="N",
    ),
]
Queue = Annotated[
    bool, typer.Option("--queue", help="Send signed Safe transactions too, not only what they scheduled.")
]
Listen = Annotated[str | None, typer.Option("--listen", help="Serve /metrics and /healthz there.", metavar="HOST:PORT")]


@app.command("run")
def run(
    key: Key,
    workspace: WorkspaceDir = HERE,
    network: Networks = None,
    password_fd: PasswordFd = None,
    once: Once = False,
    every: Every = 12,
    confirmations: Confirmations = None,
    queue: Queue = False,
    max_fee_gwei: MaxFee = 200,
    listen: Listen = None,
    broadcast: Broadcast = False,
    unrehearsed: Unrehearsed = False,
    json: AsJson = False,
) -> None:
    """Execute what is due, once, whatever breaks; say so when it cannot. Logs are JSON lines on stderr."""
    from governance.apps import stations, wiring
    from governance.apps.eventlog import EventLog
    from governance.apps.metrics import Metrics, serve
    from governance.core.errors import Rejected

    if every not in EVERY:
        raise Rejected(f"--every {every} does not divide a minute", hint=f"one of {', '.join(map(str, EVERY))}")
    space = wiring.workspace(workspace)
    orders = stations.Orders(
        networks=tuple(wiring.networks(space, *(network or ()))),
        key=wiring.signer(key, password_fd),
        max_fee_gwei=max_fee_gwei,
        every=every,
        patience=ONCE_PATIENCE if once else PATIENCE,
        confirmations=confirmations,
        queue=queue,
        rehearse=not unrehearsed,
        broadcast=broadcast,
    )
    metrics, log, failures = Metrics(orders.networks, every), EventLog(), list[Any]()
    job = stations.executor(space, orders, _hooks(space, metrics, log, failures))
    if listen is not None:
        serve(metrics, listen)
    job.start()
    if once:
        _once(job, failures, json)
    job.schedule(every)
    log.told("started", networks=list(orders.networks), every=every, broadcast=broadcast, payer=orders.key.address)
    _until_told(job)
    log.told("stopped")


def _once(job: "Executor", failures: list[Any], json: bool) -> None:
    reports = job.once()
    job.stop(1)
    codes = [CODES.get(report["outcome"], 0) for report in reports] + [error.exit_code for error in failures]
    if json:
        emit({"schema": "governance/executor/v1", "tasks": [dict(report) for report in reports]})
    else:
        for report in reports:
            sys.stdout.write(f"{report['network']} {report['proposal']} {report['action']}: {report['outcome']}\n")
    raise typer.Exit(max(codes, default=0))


def _until_told(job: "Executor") -> None:
    """Until SIGTERM or Ctrl-C; what is under way comes to its end first."""
    told = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    told.wait()
    job.stop(30)


def _hooks(space: "FileWorkspace", metrics: "Metrics", log: "EventLog", failures: list[Any]) -> "Hooks":
    from governance.apps.drafts import draft_cancel, draft_rollback
    from governance.apps.executor import Hooks
    from governance.core.errors import GovError

    def both(name: str) -> Any:
        def tell(*arguments: Any) -> None:
            getattr(metrics, name)(*arguments)
            getattr(log, name)(*arguments)

        return tell

    def failed(network: str, error: Any) -> None:
        failures.append(error)
        del failures[:-100]
        both("failed")(network, error)

    def drafted(event: str, draft: Any) -> Any:
        def write(report: Any) -> None:
            try:
                file = draft(space, report)
            except GovError as error:  # the task is told all the same; only its draft is missing
                log.failed(report.task.network, error)
                return
            if file is not None:
                log.told(event, network=report.task.network, proposal=report.task.proposal, file=file)

        return write

    return Hooks(
        ticked=both("ticked"),
        failed=failed,
        reported=both("reported"),
        taken_over=both("taken_over"),
        expired=drafted("cancel-drafted", draft_cancel),
        broken=drafted("rollback-drafted", draft_rollback),
    )
