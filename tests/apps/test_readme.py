"""README.md is run: every `$ gov …` line of its console blocks, in order, in an empty folder; what it shows must come."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from governance.apps.cli import main
from tests.apps.conftest import ROOT, Gov

PAGE = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
EXIT = re.compile(r"\s+# exit ([0-9])$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One command of the page and what the page shows after it."""

    line: str
    shown: str
    code: int


def commands() -> list[Typed]:
    """Every command, in order."""
    found = []
    for block in BLOCKS:
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, shown = part.partition("\n")
            wanted = EXIT.search(line)
            code = int(wanted[1]) if wanted else 0
            found.append(Typed(line=EXIT.sub("", line), shown=shown, code=code))
    return found


def run(line: str) -> tuple[int, str]:
    """Run one line in this process, as a shell would: words expanded, `3< FILE` opened. Both streams, interleaved."""
    words, _, redirected = line.partition(" 3< ")
    expanded = subprocess.run(
        ["bash", "-euc", f"printf '%s\\0' {words}"], capture_output=True, text=True, check=True
    ).stdout
    argv = expanded.split("\0")[:-1]
    assert argv[0] == "gov", f"the page may only run gov: {line}"
    if redirected:
        argv[argv.index("--password-fd") + 1] = str(os.open(redirected.strip(), os.O_RDONLY))
    said, code = StringIO(), 0
    with patch.object(sys, "argv", argv), redirect_stdout(said), redirect_stderr(said):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return code, said.getvalue()


def bare(text: str) -> list[str]:
    """Lines without what differs from run to run: times, hashes, numbers, and the widths of tables."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "WHEN", text)
    text = re.sub(r"0x[0-9a-fA-F]+", "HEX", text)
    text = re.sub(r"(\b[0-9a-f]{4} ){15}[0-9a-f]{4}\b", "HEX", text)
    text = re.sub(r"\b\d[\d,.:]*", "N", text)
    text = re.sub(r"─+", "─", text)
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if line]


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    Gov(tmp_path)("devnet", "down")


@pytest.mark.node
def test_every_command_of_the_readme_runs_and_shows_what_the_readme_shows(empty_folder: Path) -> None:
    for typed in commands():
        code, said = run(typed.line)
        assert code == typed.code, f"$ {typed.line}\n{said}"
        assert bare(said) == bare(typed.shown), f"$ {typed.line}\n{said}"
    assert not (empty_folder / ".gov/devnet").exists(), "the page ends what it starts"


def test_the_life_is_on_the_page() -> None:
    names = [typed.line.split()[1] for typed in commands()]
    wanted = [
        "init",
        "devnet",
        "check",
        "lock",
        "simulate",
        "sign",
        "signatures",
        "queue",
        "status",
        "execute",
        "verify",
    ]
    assert list(dict.fromkeys(names))[: len(wanted)] == wanted


def test_blanks_and_numbers_do_not_hide_a_difference() -> None:
    assert bare("a  0x12 \n\n ── 3") == ["a HEX", "─ N"]
    assert bare("signed 1 of 3") == bare("signed 2 of 3") != bare("signed by 3")


def test_the_list_of_commands_is_what_help_says(gov: Gov) -> None:
    assert gov.done("--help").out.strip() in PAGE
    assert gov.shell("--help").out.strip() in PAGE


@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_two_commands_exist(target: str) -> None:
    assert f"make {target}" in PAGE
    subprocess.run(["make", "--dry-run", "--always-make", target], cwd=ROOT, check=True, capture_output=True)


def test_every_make_target_on_the_page_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", " ".join(re.findall(r"`[^`]+`", PAGE)))) <= targets
