"""What the executor tells: JSON objects, one a line, on stderr, for whatever collects logs. No secret ever enters."""

import sys
from typing import TYPE_CHECKING, Any

from governance.core.errors import GovError
from governance.core.units import Moment, to_hex
from governance.life.fulfil import Outcome, Report

if TYPE_CHECKING:
    from governance.life.tick import Due

LEVELS = {
    Outcome.DONE: "info",
    Outcome.IN_FLIGHT: "info",
    Outcome.WAITING: "debug",
    Outcome.OVERTAKEN: "warning",
    Outcome.REFUSED: "warning",
    Outcome.UNREACHABLE: "warning",
    Outcome.EXPIRED: "error",
    Outcome.BROKEN: "critical",
    Outcome.CONTRADICTED: "critical",
}
"""How loud each outcome is."""


class EventLog:
    """Events with their fields."""

    def __init__(self) -> None:
        import logging

        import structlog

        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(sort_keys=True),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        )

    def ticked(self, network: str, due: "Due") -> None:
        """Only what is not idle: a night without anything due is a silent one."""
        if due.tasks:
            names = [task.name for task in due.tasks]
            self._log.info("due", network=network, block=due.beat.head.number, tasks=names)
        if due.beat.forked:
            self._log.warning("reorganised", network=network, block=due.beat.head.number)

    def failed(self, network: str, error: GovError) -> None:
        """A tick that came to nothing."""
        self._log.warning("tick-failed", network=network, **_error(error))

    def reported(self, report: Report) -> None:
        """What came of a task."""
        task = report.task
        fields: dict[str, Any] = {
            "network": task.network,
            "proposal": task.proposal,
            "operation": to_hex(task.operation),
            "action": str(task.action),
            "outcome": str(report.outcome),
            "reason": report.reason,
            "findings": [{"rule": each.rule, "message": each.message} for each in report.findings],
            "transactions": [to_hex(receipt.tx_hash) for _, receipt in report.receipts],
            "at": _moment(report.at),
        }
        getattr(self._log, LEVELS[report.outcome])("task", **fields)

    def taken_over(self, network: str, names: list[str], tick: int) -> None:
        """Another host, or this one before, did not finish these."""
        self._log.warning("taken-over", network=network, tasks=names, ticks=tick)

    def told(self, event: str, **fields: Any) -> None:
        """Anything else."""
        self._log.info(event, **fields)


def _moment(at: Moment | None) -> str | None:
    return None if at is None else str(at)


def _error(error: GovError) -> dict[str, Any]:
    return {
        "error": type(error).__name__,
        "message": error.message,
        "findings": [{"rule": each.rule, "message": each.message} for each in error.findings],
    }
