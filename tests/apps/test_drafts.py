"""Drafts by the executor: one for each task, whatever the length of names, and a folder that cannot be written is told."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from governance.apps.drafts import draft_cancel
from governance.core.agenda import Action, Task
from governance.core.errors import Unreachable
from governance.core.fields import MAX_ID_LENGTH
from governance.core.units import Bytes32
from governance.life.fulfil import Outcome, Report

TASK = Task(network="devnet", proposal="0007-x", operation=Bytes32(b"\x11" * 32), action=Action.EXECUTE)
REPORT = Report(task=TASK, outcome=Outcome.EXPIRED, reason="0007-x is expired on devnet")


def space(root: Path, *known: str) -> Any:
    """As much of a workspace as a draft takes."""
    document = SimpleNamespace(document=SimpleNamespace(author="alice"))
    return SimpleNamespace(root=root, proposal_ids=lambda: list(known), proposal=lambda _: document)


@pytest.mark.parametrize(
    "proposal", ["0007-x", "0007-" + "swap-the-fee-facet-" * 4 + "now", "0007-" + "a" * 61 + "-then-b"]
)
def test_it_is_drafted_once(tmp_path: Path, proposal: str) -> None:
    report = replace(REPORT, task=replace(TASK, proposal=proposal))
    workspace = space(tmp_path, proposal)
    name = draft_cancel(workspace, report)
    assert name is not None
    assert name.startswith("0008-cancel-0007-")
    assert len(name.removesuffix(".yaml")) <= MAX_ID_LENGTH
    assert f"proposal: {proposal}" in (tmp_path / ".gov" / "drafts" / name).read_text("utf-8")
    assert draft_cancel(space(tmp_path, proposal, "0008-another"), report) is None
    assert len(list((tmp_path / ".gov" / "drafts").iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".gov").write_text("a file")
    with pytest.raises(Unreachable, match="cancel-0007-x cannot be drafted: Not a directory") as caught:
        draft_cancel(space(tmp_path), REPORT)
    assert "writable" in caught.value.hint()
