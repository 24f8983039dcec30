"""`docs/cast.md` as a stranger runs it: `cast` alone finds the operation id and the Safe hashes of a lock file."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.apps.conftest import ONE, ROOT, Gov

pytestmark = pytest.mark.node

At = Callable[[str], Gov]
PAGE = (ROOT / "docs" / "cast.md").read_text("utf-8")


def run_page(gov: Gov) -> "subprocess.CompletedProcess[str]":
    (script,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    path = f"{ROOT / 'contracts/node_modules/.bin'}{os.pathsep}{os.environ['PATH']}"
    environ = {"PATH": path, "HOME": str(gov.root)}
    return subprocess.run(
        ["sh", "-eu", "-c", script], cwd=gov.root, env=environ, capture_output=True, text=True, timeout=60, check=False
    )


def test_cast_recomputes_every_value_of_the_lock_file(at: At) -> None:
    gov = at("locked")
    ended = run_page(gov)
    (step,) = gov.locked()["plan"]["steps"]
    assert (ended.returncode, ended.stderr) == (0, "")
    found = dict(re.findall(r"^(.+?)\s+(0x[0-9a-f]{64})$", ended.stdout, re.MULTILINE))
    found.pop("keccak of data")
    assert found == {
        "salt": step["operation"]["salt"],
        "operation id": step["operation"]["id"],
        "domain hash": step["safe_tx"]["domain_hash"],
        "message hash": step["safe_tx"]["message_hash"],
        "safe tx hash": step["safe_tx"]["safe_tx_hash"],
    }


LIES: dict[str, tuple[str, Any]] = {
    "another-digest": ("salt", lambda entry: entry["plan"].update(digest="0x" + "00" * 32)),
    "another-call": ("operation id", lambda entry: entry["plan"]["steps"][0]["calls"][0].update(value="1")),
    "another-delay": ("keccak of data", lambda entry: entry["plan"]["steps"][0]["operation"].update(delay="1")),
    "another-nonce": ("message hash", lambda entry: entry["plan"]["steps"][0]["safe_tx"].update(nonce="7")),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lock_file_that_lies_is_caught_at_the_value_that_differs(at: At, name: str) -> None:
    what, lie = LIES[name]
    gov = at("locked")
    document = json.loads(gov.lock_file(ONE).read_text())
    lie(document["networks"]["devnet"])
    gov.lock_file(ONE).write_text(json.dumps(document))
    ended = run_page(gov)
    assert (ended.returncode, re.findall(r"^(.+?)\s+DIFFERS", ended.stdout, re.MULTILINE)) == (1, [what])
