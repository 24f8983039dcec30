"""Timelock and Safes against a model, step by step, for a hundred thousand steps; and what must hold after every one.

Everything is read as the tool reads it: `node.py` answers the adapters in JSON-RPC from the EVM, with its real logs. Safe
nonces are pinned ahead, history is reorganised as deep as it is not final, and what was signed for a branch that is gone is
sent again. An executor's memory and journal run along (`keeper.py`). `life.py` says which invariants are held.

What is not here: faults of node and database (`tests/executor`), owners that are Safes and other kinds than plain calls
(`tests/life`), approvals in roles (`tests/core/test_policy_properties.py`), and alarms beside the journal's notes
(`tests/apps/test_canary.py`).
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from governance.adapters.journal import SqlJournal
from governance.core.stage import Stage
from tests.machine.keeper import read_back
from tests.machine.life import Governance
from tests.machine.sending import stages, taken

STEPS, LIVES = 250, 400


def run(lives: int, steps: int, folder: Path) -> dict[str, int]:
    """So many lives, the same each time; gives what came of them, and how often each stage was seen."""
    before = {**taken, **stages}
    file = folder / "journal.sqlite3"
    Governance.journal = SqlJournal(f"sqlite:///{file}")
    how = settings(
        max_examples=lives,
        stateful_step_count=steps,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Governance, settings=how)
    after = {**dict.fromkeys(map(str, Stage), 0), **taken, **stages}
    found = {name: number - before.get(name, 0) for name, number in after.items()}
    raw = b"".join(each.read_bytes() for each in folder.iterdir() if each.name.startswith(file.name))
    read_back(Governance.journal, found["settlements"] + found["vetoes"], raw)
    return found


def test_a_few_lives_are_as_the_model_says(tmp_path: Path) -> None:
    """threat_09 threat_24 threat_26 threat_27 threat_30 threat_31 threat_35"""
    found = run(25, 90, tmp_path)
    assert min(found.values()) > 0, found


@pytest.mark.slow
@pytest.mark.sweep
def test_a_hundred_thousand_steps_are_as_the_model_says(tmp_path: Path) -> None:
    """threat_09 threat_10 threat_24 threat_26 threat_27 threat_30 threat_31 threat_32 threat_34 threat_35"""
    found = run(LIVES, STEPS, tmp_path)
    assert found["steps"] >= 100_000  # in one round: another one would live the same lives again
    assert found["executions"] > 1000
    assert found["cancellations"] > 100
    assert found["branches"] > 1000
    assert min(found["forks"], found["settlements"], found["vetoes"]) > 300
    assert min(found[str(stage)] for stage in Stage) > 1000, found
