"""docs/examples/: the files of one pull request are what the commands write today, byte for byte."""

import json
import os
import re
from pathlib import Path

import pytest

from tests.apps.conftest import ONE, ROOT, Gov

pytestmark = pytest.mark.node
FOLDER = ROOT / "docs" / "examples"
FILES = (f"{ONE}.yaml", f"{ONE}.lock.json", f"{ONE}.report.md")


@pytest.mark.node
def test_the_examples_are_what_the_commands_write(tmp_path: Path) -> None:
    gov = Gov(tmp_path)
    gov.done("init")
    gov.done("devnet", "up")
    try:
        gov.done("lock", "1")
    finally:
        gov.done("devnet", "down")
    for name in FILES:
        made = (tmp_path / "proposals" / name).read_text("utf-8")
        if os.environ.get("GOV_WRITE_GOLDEN"):
            (FOLDER / name).write_text(made, "utf-8")
        assert settled(name, made) == settled(name, (FOLDER / name).read_text("utf-8")), name


def settled(name: str, text: str) -> str:
    """Without the block that the facts were read at, which is another one on each chain."""
    if not name.endswith(".lock.json"):
        return text
    return re.sub(r'("block_(?:hash|number)": )"\w+"', r'\1"…"', text)


def test_the_example_holds_together() -> None:
    from governance.core.keccak import keccak
    from governance.core.units import to_hex

    lock = json.loads((FOLDER / FILES[1]).read_text("utf-8"))
    report = (FOLDER / FILES[2]).read_text("utf-8")
    assert lock["report"] == to_hex(keccak(report.encode()))
    (network,) = lock["networks"].values()
    for step in network["plan"]["steps"]:
        for wanted in ("domain_hash", "message_hash", "safe_tx_hash"):
            assert step["safe_tx"][wanted] in report
