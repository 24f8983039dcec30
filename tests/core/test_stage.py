"""Stages: every fact leads to one row, the chain speaks before people, and two looks must be explicable."""

from itertools import product
from pathlib import Path

import pytest

from governance.core.errors import ChainContradicts
from governance.core.facts import OperationEvent, OperationFacts, SafeOutcome
from governance.core.stage import ACTIONS, RULES, SUCCESSORS, Stage, StepFacts, audit, overall, picture, stage_of
from governance.core.units import ZERO_WORD, Duration, Moment

ARCHITECTURE = Path(__file__).resolve().parents[2] / "docs" / "ARCHITECTURE.md"
NOW = 1_000_000
DONE = 1
GRACE = Duration(100)


def operation(timestamp: int, newest: OperationEvent, cancellations: int = 0) -> OperationFacts:
    return OperationFacts(id=ZERO_WORD, timestamp=timestamp, newest=newest, cancellations=cancellations)


UNSET = operation(0, OperationEvent.NONE)
SCHEDULED = OperationEvent.SCHEDULED
CANCELLED = operation(0, OperationEvent.CANCELLED, 1)
SENT = SafeOutcome(success=True, block=1, tx_hash=ZERO_WORD)
FAILED = SafeOutcome(success=False, block=1, tx_hash=ZERO_WORD)

TABLE: dict[str, tuple[OperationFacts | None, SafeOutcome | None, int | None, bool, Duration | None, str]] = {
    "nothing is locked": (None, None, None, False, None, "drafted"),
    "nothing is locked, and a guardian lane has no operation": (None, None, None, True, None, "drafted"),
    "locked, and nobody signed": (UNSET, None, 5, False, GRACE, "collecting"),
    "an earlier nonce must go first, and too few signed": (UNSET, None, 6, False, GRACE, "collecting"),
    "an earlier nonce must go first": (UNSET, None, 6, True, GRACE, "queued"),
    "all signed": (UNSET, None, 5, True, GRACE, "approved"),
    "the nonce went to another": (UNSET, None, 4, True, GRACE, "displaced"),
    "the nonce went to another, and nobody signed": (UNSET, None, 4, False, GRACE, "displaced"),
    "its Safe transaction failed and spent the nonce": (UNSET, FAILED, 4, True, GRACE, "displaced"),
    "scheduled, one second to go": (operation(NOW + 1, SCHEDULED), SENT, 4, True, GRACE, "waiting"),
    "scheduled, and the signers have left": (operation(NOW + 1, SCHEDULED), SENT, 4, False, GRACE, "waiting"),
    "scheduled by others, while ours is only drafted": (
        operation(NOW + 1, SCHEDULED),
        None,
        None,
        False,
        None,
        "waiting",
    ),
    "due this very second": (operation(NOW, SCHEDULED), SENT, 4, True, GRACE, "ready"),
    "the last second of grace": (operation(NOW - 100, SCHEDULED), SENT, 4, True, GRACE, "ready"),
    "a second after the grace": (operation(NOW - 101, SCHEDULED), SENT, 4, True, GRACE, "expired"),
    "long ago, and no limit": (operation(2, SCHEDULED), SENT, 4, True, None, "ready"),
    "no grace at all": (operation(NOW - 1, SCHEDULED), SENT, 4, True, Duration(0), "expired"),
    "cancelled": (CANCELLED, SENT, 4, True, GRACE, "cancelled"),
    "cancelled, whatever people sign": (CANCELLED, None, 5, True, GRACE, "cancelled"),
    "cancelled and scheduled again": (operation(NOW + 1, SCHEDULED, 1), SENT, 4, True, GRACE, "waiting"),
    "executed": (operation(DONE, OperationEvent.EXECUTED), SENT, 4, True, GRACE, "executed"),
    "executed, whatever the newest log": (
        operation(DONE, OperationEvent.CANCELLED, 1),
        None,
        5,
        False,
        None,
        "executed",
    ),
    "executed at once by the guardians": (None, SENT, 4, False, None, "executed"),
    "the guardians' call failed and spent the nonce": (None, FAILED, 4, True, None, "displaced"),
    "the guardians agree": (None, None, 5, True, None, "approved"),
}


@pytest.mark.parametrize("case", TABLE.values(), ids=TABLE.keys())
def test_facts_lead_to_a_stage(
    case: tuple[OperationFacts | None, SafeOutcome | None, int | None, bool, Duration | None, str],
) -> None:
    """threat_24, threat_25, threat_30, threat_36"""
    of, outcome, pinned, met, grace, wanted = case
    facts = StepFacts(
        now=Moment(NOW),
        operation=of,
        outcome=outcome,
        pinned_nonce=pinned,
        safe_nonce=5,
        quorum_met=met,
        grace=grace,
    )
    assert str(stage_of(facts)) == wanted


def test_every_stage_is_reached_in_the_table() -> None:
    assert {wanted for *_, wanted in TABLE.values()} == {str(stage) for stage in Stage}


def test_what_people_do_changes_nothing_once_the_chain_has_spoken() -> None:
    for of, outcome, met, pinned in product(
        (operation(NOW + 1, SCHEDULED), operation(NOW, SCHEDULED), CANCELLED, operation(DONE, OperationEvent.EXECUTED)),
        (None, SENT, FAILED),
        (True, False),
        (None, 4, 5, 6),
    ):
        facts = StepFacts(
            now=Moment(NOW),
            operation=of,
            outcome=outcome,
            pinned_nonce=pinned,
            safe_nonce=5,
            quorum_met=met,
            grace=None,
        )
        assert stage_of(facts) in {Stage.WAITING, Stage.READY, Stage.CANCELLED, Stage.EXECUTED}


def test_every_stage_has_a_row_in_every_table() -> None:
    assert [stage for stage, _ in RULES] == list(Stage)
    assert set(SUCCESSORS) == set(ACTIONS) == set(Stage)
    assert [stage for stage in Stage if not ACTIONS[stage]] == [Stage.EXECUTED]


def test_no_stage_follows_itself_and_what_is_executed_stays() -> None:
    assert all(stage not in followers for stage, followers in SUCCESSORS.items())
    assert SUCCESSORS[Stage.EXECUTED] == frozenset()


def test_every_stage_can_be_reached_and_left_but_the_last() -> None:
    assert frozenset().union(*SUCCESSORS.values()) == set(Stage)
    assert [stage for stage in Stage if not SUCCESSORS[stage]] == [Stage.EXECUTED]


@pytest.mark.parametrize(("before", "after"), list(product(Stage, Stage)), ids=str)
def test_a_jump_is_explained_by_the_table_or_contradicts(before: Stage, after: Stage) -> None:
    """threat_09, threat_15"""
    if before is after or after in SUCCESSORS[before]:
        audit(before, after, what="0001-one")
    else:
        with pytest.raises(ChainContradicts, match=f"0001-one was {before} and is now {after}") as caught:
            audit(before, after, what="0001-one")
        assert "compare several nodes" in caught.value.hint()


IMPOSSIBLE = [
    ("executed", "waiting"),
    ("executed", "cancelled"),
    ("waiting", "approved"),
    ("ready", "waiting"),
    ("waiting", "displaced"),
    ("ready", "drafted"),
    ("expired", "waiting"),
]


@pytest.mark.parametrize(("before", "after"), IMPOSSIBLE)
def test_the_impossible_is_named(before: str, after: str) -> None:
    assert Stage(after) not in SUCCESSORS[Stage(before)]


PLANS = [
    ([], "executed"),
    (["executed"], "executed"),
    (["executed", "waiting"], "waiting"),
    (["waiting", "executed"], "waiting"),
    (["executed", "executed", "cancelled", "drafted"], "cancelled"),
]


@pytest.mark.parametrize(("stages", "wanted"), PLANS, ids=str)
def test_a_plan_stands_where_its_first_unfinished_step_stands(stages: list[str], wanted: str) -> None:
    assert str(overall([Stage(stage) for stage in stages])) == wanted


def test_the_picture_in_the_documents_is_the_table() -> None:
    text = ARCHITECTURE.read_text("utf-8")
    assert text.partition("<!-- stages -->")[2].partition("<!-- /stages -->")[0].strip() == picture()
