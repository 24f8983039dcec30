"""Whoever asks for help waits for no library that help does not need."""

import subprocess
import sys

import pytest

from tests.apps.conftest import ROOT

HEAVY = {
    *("web3", "safe_eth", "eth_account", "eth_abi", "sqlmodel", "sqlalchemy", "rich", "urllib3"),
    *("governance.core.kinds", "governance.core.fields", "governance.life.inspect"),
}
"""pydantic itself is not among them: typer loads it to read a command's options. Our models are."""
ASK = """
import sys
from governance.apps.cli import main
try:
    main()
except SystemExit:
    pass
print(*sorted(sys.modules), file=sys.stderr)
"""


@pytest.mark.parametrize("words", ["--help", "sign --help", "signatures --help", "hash --help"])
def test_help_brings_no_library_that_it_does_not_need(words: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ASK, *words.split()], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    loaded = set(ended.stderr.split())
    assert ("Usage" in ended.stdout, "governance.apps.cli" in loaded) == (True, True), ended.stderr
    assert sorted(loaded & HEAVY) == []
