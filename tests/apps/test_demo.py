"""`make demo`, as a stranger runs it: it ends verified, and leaves no process and no changed file."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.apps.conftest import ONE, ROOT

pytestmark = pytest.mark.node


def checkout(folder: Path) -> Path:
    """What the demo reads of a clone, committed, so that any change shows."""
    folder.mkdir()
    for name in ("policies.yaml", f"proposals/{ONE}.yaml", ".gitignore"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "A clone")
    return folder


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


def anvils_in(folder: Path) -> list[str]:
    """Processes that were started for the folder: their configuration is in it."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if "anvil" in line and (str(folder) in line or _works_in(entry.parent, folder)):
            found.append(line)
    return found


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink().is_relative_to(folder)
    except OSError:
        return False


def test_the_demo_ends_with_a_verified_facet_swap_and_leaves_nothing(tmp_path: Path) -> None:
    clone = checkout(tmp_path / "clone")
    ended = subprocess.run(
        [sys.executable, "-m", "governance.apps.demo"],
        cwd=clone,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    life, _, summary = ended.stdout.partition("done: a facet swap went from a reviewed file to the chain")
    promised = [line for line in life.splitlines() if line.lstrip().startswith(("✓", "✗"))]
    assert len(promised) >= 6
    assert [line for line in promised if "✗" in line] == []
    assert re.findall(r"^  (\w[\w ]+?)  +0x[0-9a-f]{64}$", summary, re.MULTILINE) == [
        "operation id",
        "domain hash",
        "message hash",
        "safe tx hash",
    ]
    assert len(re.findall(r"0x[0-9a-f]{8}  0x\w{40}  →  0x\w{40} \(FeeFacet@2\)", summary)) == 2
    assert re.findall(r"^  (queued|executed): upgrade +[\d,]+ gas, block \d+$", summary, re.MULTILINE) == [
        "queued",
        "executed",
    ]
    assert "is waiting on devnet until" in ended.stderr
    assert git(clone, "status", "--porcelain") == ""
    assert anvils_in(tmp_path) == []
