"""Timelock and Safes against a model, step by step, for a hundred thousand steps; and what must hold after every one.

I1 at most one execution of each incarnation; I2 nothing before its time; I3 what is executed is what was derived; I4 a quorum
of the owners of that moment; I6 what the executor remembers and notes is what is so on chain, also after reorganisations; I7
the journal verifies; I8 the council can still act; I9 no key is in anything that is sent or noted; I10 what is told twice is
noted once. I5, that the policy allowed it, is `tests/core/test_policy_properties.py`'s, since nothing on chain knows it.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from governance.adapters.journal import SqlJournal
from governance.core.stage import Stage
from tests.machine.machine import Governance, taken
from tests.machine.world import SECRETS

STEPS, LIVES = 250, 400


def run(lives: int, steps: int, folder: Path) -> dict[str, int]:
    """So many lives, the same each time; gives what came of them."""
    before, file = taken.copy(), folder / "journal.sqlite3"
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
    held = b"".join(each.read_bytes() for each in folder.iterdir())
    assert len(held) > 1000
    assert not any(secret in held for secret in SECRETS)
    return {name: taken[name] - before[name] for name in taken}


def test_a_few_lives_are_as_the_model_says(tmp_path: Path) -> None:
    """threat_09 threat_24 threat_26 threat_27 threat_30 threat_31 threat_35"""
    found = run(25, 60, tmp_path)
    assert min(found.values()) > 0, found


@pytest.mark.slow
@pytest.mark.sweep
def test_a_hundred_thousand_steps_are_as_the_model_says(tmp_path: Path) -> None:
    """threat_09 threat_24 threat_26 threat_27 threat_30 threat_31 threat_32 threat_34 threat_35"""
    found = run(LIVES, STEPS, tmp_path)
    assert found["steps"] >= 100_000  # in one round: another one would live the same lives again
    assert found["executions"] > 1000
    assert found["cancels"] > 100
    assert found["reorganisations"] > 500
    assert min(found[str(stage)] for stage in Stage) > 100, found
