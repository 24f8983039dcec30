"""A canary key, its password and a canary in the endpoint's URL go through every command that takes them.

threat_57: afterwards none of the three is anywhere but where the user put it.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from governance.adapters.keys import create_keystore
from governance.core.live import rejection
from governance.core.units import to_hex
from tests.apps.conftest import ONE, Gov

pytestmark = pytest.mark.node

At = Callable[[str], Gov]
PASSWORD = "canary-Tweet-7f3a9c51"
KEY = bytes.fromhex("c0ffee5eed" + "7a" * 26 + "11")
URL_SECRET = "canary-endpoint-51c2"
DESCRIPTION = """\
schema: governance/deployment/v1
name: staging
safe_version: 1.4.1
council: {owners: [alice], threshold: 1}
guardian: {owners: [bob], threshold: 1}
timelock: {delay: 1 h, executors: open}
target:
  generation: gov-1
  artifact: ManifestDispatcher
  activation_delay: 0 s
  facets: [{artifact: FeeFacet@1, selectors: all}]
staged: []
"""


def forms(secret: bytes) -> dict[str, bytes]:
    """How a secret may be written."""
    return {
        "raw": secret,
        "hex": secret.hex().encode(),
        "HEX": secret.hex().upper().encode(),
        "base64": base64.b64encode(secret).rstrip(b"="),
        "urlsafe": base64.urlsafe_b64encode(secret).rstrip(b"="),
        "base64 of hex": base64.b64encode(secret.hex().encode()).rstrip(b"="),
        "decimal": str(int.from_bytes(secret, "big")).encode(),
    }


SECRETS = {
    f"{name}: {form}": written
    for name, secret in (("password", PASSWORD.encode()), ("key", KEY), ("endpoint", URL_SECRET.encode()))
    for form, written in forms(secret).items()
}


def found_in(content: bytes) -> list[str]:
    return [name for name, written in SECRETS.items() if written in content]


@dataclass
class Watched:
    """Runs `gov` as processes of their own; keeps all that they say and every argument list they have."""

    root: Path
    url: str
    said: dict[str, bytes] = field(default_factory=dict)
    arguments: set[bytes] = field(default_factory=set)

    def run(self, *words: str, password: str = PASSWORD, keyed: bool = True, signer: str = "") -> int:
        reading, writing = os.pipe()
        os.write(writing, password.encode())
        os.close(writing)
        environ = {**os.environ, "GOV_RPC_STAGING": f"{self.url}/?key={URL_SECRET}"}
        program = str(Path(sys.executable).with_name("gov"))
        options = ("--key", str(self.root / "canary.json"), "--password-fd", str(reading)) if keyed else ()
        environ |= {"GOV_SIGNER": signer} if signer else {}
        environ |= {
            "GOV_SAFE_SERVICE_STAGING": f"http://127.0.0.1:9/{URL_SECRET}",
            "GITHUB_API_URL": "http://127.0.0.1:9",
        }
        environ |= {"SAFE_TRANSACTION_SERVICE_API_KEY": URL_SECRET, "GITHUB_TOKEN": URL_SECRET}
        environ |= {"GITHUB_REPOSITORY": "council/upgrades"}
        process = subprocess.Popen(
            [program, *words, *options],
            cwd=self.root,
            env=environ,
            pass_fds=[reading],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        os.close(reading)
        while True:
            self._look_at(process.pid)
            try:
                out, err = process.communicate(timeout=0.05)
                break
            except subprocess.TimeoutExpired:
                continue
        self.said[" ".join(words)] = out + err
        return process.returncode

    def _look_at(self, pid: int) -> None:
        """The argument lists of a process and its children, as any user of the machine reads them."""
        try:
            self.arguments.add(Path(f"/proc/{pid}/cmdline").read_bytes())
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            return
        for child in children:
            self._look_at(int(child))


def test_the_forms_are_noticed() -> None:
    assert found_in(b"x" + KEY + b"y") == ["key: raw"]
    assert found_in(f"Authorization: {base64.b64encode(KEY).decode()}".encode()) == ["key: base64"]


LOOKS: dict[tuple[str, ...], int] = {
    ("check",): 0,
    ("doctor", "--network", "staging"): 1,
    ("plan", ONE): 0,
    ("simulate", ONE, "--report", "report.md", "--html", "report.html", "--sarif", "report.sarif"): 0,
    ("signatures", ONE, "--json"): 0,
    ("signatures", "--live", "--network", "staging"): 0,
    ("signatures", ONE, "--pull"): 3,
    ("nonces", "--network", "staging"): 0,
    ("status",): 0,
    ("pr", "review", "--comment", "comment.md"): 0,
    ("pr", "comment", "--file", "comment.md", "--number", "number", "--head", "0" * 40): 3,
}
"""Commands that take no key, and reach something whose address or token is a secret; and how each ends."""


def look(watched: Watched) -> None:
    (watched.root / "number").write_text("7")
    for words, code in LOOKS.items():
        assert watched.run(*words, keyed=False) == code, (words, watched.said[" ".join(words)])


@pytest.mark.slow
@pytest.mark.parametrize("looks", [False, True], ids=["acts", "acts and looks"])
def test_no_secret_is_in_any_file_output_or_argument_list(at: At, looks: bool) -> None:
    """threat_57, over `deploy`, `facet deploy`, `sign` (also by bundle and by another signer), `approve`, `queue`, `execute`,
    `reject`, with right and wrong passwords; and over whatever asks an endpoint, a Safe service or a code host.
    """
    from eth_account import Account

    gov = at("drafted")
    address = Account.from_key(KEY).address
    gov.ask("anvil_setBalance", address, hex(10**20))
    create_keystore(gov.root / "canary.json", PASSWORD, KEY, iterations=1024)
    gov.edit("policies.yaml", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", address)
    gov.edit(f"proposals/{ONE}.yaml", "networks: [devnet]", "networks: [staging]")
    gov.edit(f"proposals/{ONE}.yaml", "author: alice", "author: bob")
    gov.edit("policies.yaml", "  # Held by", "  security: [alice]\n  # Held by")
    council = "      - {role: council, at_least: threshold}\n"
    asked = f"{council}      - {{role: security, at_least: 1}}\n    approval_lifetime: 30 d\n    via:"
    gov.edit("policies.yaml", f"{council}    via:", asked)
    (gov.root / "staging.yaml").write_text(DESCRIPTION)
    watched = Watched(gov.root, gov.url)
    at_staging = ("--network", "staging", "--broadcast")

    assert watched.run("deploy", "staging.yaml", "--chain-id", "31337", *at_staging) == 0, watched.said
    assert watched.run("facet", "deploy", "FeeFacet@2", *at_staging) == 0, watched.said
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GOV_RPC_STAGING", f"{gov.url}/?key={URL_SECRET}")
        locked = gov.done("lock", ONE)
    watched.said["lock"] = (locked.out + locked.err).encode()
    document = json.loads(gov.lock_file().read_text())["networks"]["staging"]
    (step,) = document["plan"]["steps"]
    assert watched.run("sign", ONE, "--confirm", step["safe_tx"]["safe_tx_hash"]) == 0, watched.said
    confirmed = ("--confirm", step["safe_tx"]["safe_tx_hash"])
    bundle, answer = str(gov.root / "bundle.json"), str(gov.root / "answer.json")
    assert watched.run("sign", ONE, "--export", bundle, keyed=False) == 0, watched.said
    assert watched.run("sign", "--bundle", bundle, "--export", answer, *confirmed) == 0, watched.said
    assert watched.run("sign", "--bundle", bundle, "--export", "qr", *confirmed, password="wrong") == 1, watched.said
    assert watched.run("sign", ONE, "--import", answer, keyed=False) == 0, watched.said
    by_url = {"keyed": False, "signer": f"http://me:{URL_SECRET}@127.0.0.1:9/{URL_SECRET}?key={URL_SECRET}#{address}"}
    assert watched.run("sign", ONE, "--network", "staging", *confirmed, **by_url) == 3, watched.said
    assert watched.run("approve", ONE, "--confirm", "0x" + "00" * 32, **by_url) == 1, watched.said
    assert watched.run("approve", ONE, "--confirm", "0x" + "00" * 32) == 1, watched.said
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GOV_RPC_STAGING", f"{gov.url}/?key={URL_SECRET}")
        basis = gov.plan_basis()
    assert watched.run("approve", ONE, "--confirm", basis) == 0, watched.said
    rejected = to_hex(rejection(31337, step["safe_tx"]["safe"], 0).hash)
    assert watched.run("reject", "sign", ONE, "--nonce", "0", "--confirm", rejected) == 0, watched.said
    if looks:
        look(watched)
    assert watched.run("queue", ONE, "--broadcast", password=PASSWORD[:-1] + "!") == 1
    assert watched.run("queue", ONE, "--broadcast") == 0, watched.said
    gov.ask("evm_increaseTime", 48 * 3600)
    gov.ask("evm_mine")
    assert watched.run("execute", ONE, "--broadcast", "--json") == 0, watched.said
    assert watched.run("verify", ONE, keyed=False) == 0, watched.said
    assert watched.run("history", ONE, "--json", keyed=False) == 0, watched.said

    files = {str(file.relative_to(gov.root)): file.read_bytes() for file in gov.root.rglob("*") if file.is_file()}
    assert {".gov/journal.sqlite3", f"proposals/{ONE}.lock.json", "canary.json"} <= set(files)
    assert {name: found_in(content) for name, content in files.items() if found_in(content)} == {}
    assert {name: found_in(said) for name, said in watched.said.items() if found_in(said)} == {}
    assert [line for line in watched.arguments if found_in(line)] == []
    assert any(b"execute" in line for line in watched.arguments)
