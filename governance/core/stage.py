"""The stage of a step: a table over facts read at one block.

Rule 1: everything that decides a stage lives in this file.
Rule 2: the chain speaks before people do; the first row that holds wins.
Rule 3: no stage is ever stored and read back to decide; SUCCESSORS audits two looks, it drives nothing.
Rule 4: every stage has a row in every table; terminal rows are written, empty.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from governance.core.errors import ChainContradicts
from governance.core.facts import OperationEvent, OperationFacts, SafeOutcome
from governance.core.units import Duration, Moment

DONE_TIMESTAMP = 1
"""`_DONE_TIMESTAMP` of TimelockController.sol."""


class Stage(StrEnum):
    """Where one step of a plan stands."""

    EXECUTED = "executed"
    WAITING = "waiting"
    EXPIRED = "expired"
    READY = "ready"
    CANCELLED = "cancelled"
    DRAFTED = "drafted"
    DISPLACED = "displaced"
    COLLECTING = "collecting"
    QUEUED = "queued"
    APPROVED = "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFacts:
    """Everything that a stage depends on."""

    now: Moment
    """The block's timestamp, never a wall clock."""
    operation: OperationFacts | None
    """None on the guardian lane, and while nothing is locked."""
    outcome: SafeOutcome | None
    """What became of the Safe transaction; None while no log names its hash."""
    pinned_nonce: int | None
    """None while nothing is locked."""
    safe_nonce: int
    quorum_met: bool
    """Valid signatures of owners as of this block reach this block's threshold."""
    grace: Duration | None
    """How long a ready operation may wait by policy; None for no limit."""


def _timestamp(facts: StepFacts) -> int:
    return 0 if facts.operation is None else facts.operation.timestamp


def _executed(facts: StepFacts) -> bool:
    if facts.operation is None:
        return facts.outcome is not None and facts.outcome.success
    return _timestamp(facts) == DONE_TIMESTAMP


def _waiting(facts: StepFacts) -> bool:
    return _timestamp(facts) > facts.now.seconds


def _ready(facts: StepFacts) -> bool:
    return DONE_TIMESTAMP < _timestamp(facts) <= facts.now.seconds


def _expired(facts: StepFacts) -> bool:
    return _ready(facts) and facts.grace is not None and _timestamp(facts) + facts.grace.seconds < facts.now.seconds


def _cancelled(facts: StepFacts) -> bool:
    return facts.operation is not None and facts.operation.newest is OperationEvent.CANCELLED


def _drafted(facts: StepFacts) -> bool:
    return facts.pinned_nonce is None


def _displaced(facts: StepFacts) -> bool:
    return facts.pinned_nonce is not None and facts.pinned_nonce < facts.safe_nonce


def _collecting(facts: StepFacts) -> bool:
    return not facts.quorum_met


def _queued(facts: StepFacts) -> bool:
    return facts.pinned_nonce is not None and facts.pinned_nonce > facts.safe_nonce


RULES: tuple[tuple[Stage, Callable[[StepFacts], bool]], ...] = (
    (Stage.EXECUTED, _executed),
    (Stage.WAITING, _waiting),
    (Stage.EXPIRED, _expired),
    (Stage.READY, _ready),
    (Stage.CANCELLED, _cancelled),
    (Stage.DRAFTED, _drafted),
    (Stage.DISPLACED, _displaced),
    (Stage.COLLECTING, _collecting),
    (Stage.QUEUED, _queued),
    (Stage.APPROVED, lambda _: True),
)
"""First match wins."""

SUCCESSORS: dict[Stage, frozenset[Stage]] = {
    Stage.DRAFTED: frozenset(set(Stage) - {Stage.DRAFTED}),
    Stage.COLLECTING: frozenset(set(Stage) - {Stage.COLLECTING}),
    Stage.QUEUED: frozenset(set(Stage) - {Stage.QUEUED}),
    Stage.APPROVED: frozenset(set(Stage) - {Stage.APPROVED}),
    Stage.DISPLACED: frozenset(set(Stage) - {Stage.DISPLACED}),
    Stage.WAITING: frozenset({Stage.READY, Stage.EXPIRED, Stage.EXECUTED, Stage.CANCELLED}),
    Stage.READY: frozenset({Stage.EXECUTED, Stage.EXPIRED, Stage.CANCELLED}),
    Stage.EXPIRED: frozenset({Stage.EXECUTED, Stage.CANCELLED, Stage.READY}),
    Stage.CANCELLED: frozenset(set(Stage) - {Stage.CANCELLED}),
    Stage.EXECUTED: frozenset(),
}
"""What a later look at a later block may find, apart from the same again.

Before scheduling, any amount may happen between two looks: whoever has a quorum may schedule the same id by another Safe
transaction than the pinned one. Afterwards only time, execution and a cancel can move an
operation (an expired one is ready again when the policy lengthens the grace); after a cancel, the proposal may be locked
again with a new attempt, or the same id scheduled again and end in any way. What is executed stays executed. Two looks
between which the number of cancellations has grown speak of two lives of an operation, and are not held against one another.
"""

ACTIONS: dict[Stage, str] = {
    Stage.DRAFTED: "gov lock: pin a Safe nonce",
    Stage.COLLECTING: "gov sign: owners sign",
    Stage.QUEUED: "wait: an earlier Safe nonce must go first",
    Stage.APPROVED: "gov queue: send the Safe transaction (without a timelock: gov execute)",
    Stage.DISPLACED: "gov lock: another transaction took the nonce; pin anew and sign anew",
    Stage.WAITING: "wait for the delay, or gov cancel",
    Stage.READY: "gov execute, or gov cancel",
    Stage.EXPIRED: "gov cancel: the policy's grace period has passed, though the timelock itself would still execute",
    Stage.CANCELLED: "gov lock: propose again with a new attempt, or leave it",
    Stage.EXECUTED: "",
}
"""What a person can do next; nothing once executed."""


def stage_of(facts: StepFacts) -> Stage:
    """The stage of one step."""
    return next(stage for stage, holds in RULES if holds(facts))


def overall(stages: Sequence[Stage]) -> Stage:
    """The stage of a plan: that of its first unfinished step; executed when all are."""
    return next((stage for stage in stages if stage is not Stage.EXECUTED), Stage.EXECUTED)


def audit(before: Stage, after: Stage, *, what: str) -> None:
    """Hold two looks at growing blocks against SUCCESSORS. Raises ChainContradicts on a jump it cannot explain."""
    if before is not after and after not in SUCCESSORS[before]:
        raise ChainContradicts(
            f"{what} was {before} and is now {after}, which nothing explains",
            hint="a reorganisation, a lying endpoint or a restored backup: compare several nodes before acting",
        )


def picture() -> str:
    """The successor table as Markdown, for the docs; a test compares the two."""
    lines = ["| stage | may be followed by | what to do |", "|---|---|---|"]
    for stage in Stage:
        followers = ", ".join(sorted(SUCCESSORS[stage])) or "—"
        lines.append(f"| {stage} | {followers} | {ACTIONS[stage] or '—'} |")
    return "\n".join(lines)
