"""The command line as its users meet it: one devnet for all tests of a worker, put back to the same block after each.

`gov` runs in this process, since libraries take seconds to import; `Gov.shell` runs the installed console script.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from governance.adapters import anvil
from governance.adapters.workspace import FileWorkspace
from governance.apps.cli import main
from governance.core.units import to_hex

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"
ONE = "0001-swap-fee-facet"
"""The proposal that `gov init` writes."""
SIGNERS = ("alice", "bob", "carol")
"""As many owners as the council's threshold asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One finished command."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


@dataclass(frozen=True, slots=True)
class Gov:
    """`gov` in one workspace."""

    root: Path

    def __call__(self, *words: str) -> Run:
        """Run in this process."""
        out, err, code = StringIO(), StringIO(), 0
        handed = [*words] if "--help" in words else [*words, "--workspace", str(self.root)]
        with patch.object(sys, "argv", ["gov", *handed]), redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        return Run(words=words, code=code, out=out.getvalue(), err=err.getvalue())

    def done(self, *words: str) -> Run:
        """Run a command that must succeed."""
        run = self(*words)
        assert run.code == 0, run
        return run

    def json(self, *words: str) -> dict[str, Any]:
        """The document of a command that must succeed."""
        return self.done(*words, "--json").document

    @staticmethod
    def shell_path() -> Path:
        """The installed console script."""
        return Path(sys.executable).with_name("gov")

    def shell(self, *words: str, **more: Any) -> Run:
        """Run the installed console script as a process of its own, in the workspace."""
        ended = subprocess.run(
            [self.shell_path(), *words], cwd=self.root, capture_output=True, text=True, timeout=60, check=False, **more
        )
        return Run(words=words, code=ended.returncode, out=ended.stdout, err=ended.stderr)

    def key(self, name: str) -> tuple[str, ...]:
        """Options that open a devnet keystore; the password waits on a file descriptor."""
        password = os.open(self.root / ".gov/devnet/password", os.O_RDONLY)
        return ("--key", str(self.root / f".gov/devnet/keys/{name}.json"), "--password-fd", str(password))

    def sign(self, name: str, proposal: str = ONE) -> Run:
        """Sign what the lock file says."""
        confirmed = [part for one in self.safe_hashes(proposal) for part in ("--confirm", one)]
        return self("sign", proposal, *self.key(name), *confirmed)

    def act(self, command: str, proposal: str = ONE, *more: str) -> Run:
        """Queue or execute, really."""
        return self(command, proposal, *self.key("executor"), "--broadcast", *more)

    def lock_file(self, proposal: str = ONE) -> Path:
        """Where the lock file of a proposal is."""
        return self.root / f"proposals/{proposal}.lock.json"

    def locked(self, proposal: str = ONE) -> dict[str, Any]:
        """The lock file's entry of the devnet."""
        entry = json.loads(self.lock_file(proposal).read_text("utf-8"))["networks"]["devnet"]
        assert isinstance(entry, dict)
        return entry

    def safe_hashes(self, proposal: str = ONE) -> list[str]:
        """Every Safe transaction hash of the lock file."""
        return [step["safe_tx"]["safe_tx_hash"] for step in self.locked(proposal)["plan"]["steps"]]

    def edit(self, file: str, old: str, new: str) -> Path:
        """Change a document by hand; the text must be there."""
        path = self.root / file
        text = path.read_text("utf-8")
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new), "utf-8")
        return path

    def ask_security(self) -> None:
        """Put a policy in force that asks an approval of dave or erin, and lock the first proposal under it."""
        self.edit("policies.yaml", "  # Held by", "  security: [dave, erin]\n  # Held by")
        council = "      - {role: council, at_least: threshold}\n"
        asked = f"{council}      - {{role: security, at_least: 1}}\n    approval_lifetime: 30 d\n    via:"
        self.edit("policies.yaml", f"{council}    via:", asked)
        self.anchor()
        self.done("lock", ONE)

    def let_guardians_hold(self) -> None:
        """Put a policy in force that lets each guardian hold a facet swap for a day, and queue the first proposal under it."""
        self.edit("policies.yaml", "    grace: 14 d\n", "    grace: 14 d\n    hold: 24 h\n")
        self.anchor()
        self.done("lock", ONE)
        for name in SIGNERS:
            assert self.sign(name).code == 0
        assert self.act("queue").code == 0

    def anchor(self) -> None:
        """The workspace's policy is the one in force."""
        digest = to_hex(FileWorkspace(self.root).policy().digest)
        self.ask("anvil_setStorageAt", self.addresses()["policy_anchor"], "0x" + "00" * 32, digest)
        self.ask("evm_mine")

    def plan_basis(self) -> str:
        """What an approver compares."""
        (network,) = self.json("signatures", ONE)["networks"]
        return str(network["plan_basis"])

    def approve(self, name: str, *more: str) -> Run:
        """Approve the first proposal, having compared its basis."""
        return self("approve", ONE, *self.key(name), "--confirm", self.plan_basis(), *more)

    @property
    def url(self) -> str:
        """The devnet's endpoint."""
        return str(json.loads((self.root / ".gov/devnet/devnet.json").read_text("utf-8"))["url"])

    def ask(self, method: str, *params: Any) -> Any:
        """One question to the node, past the tool."""
        return anvil.ask(self.url, method, *params)

    def block(self) -> int:
        """The newest block's number."""
        return int(self.ask("eth_blockNumber"), 16)

    def addresses(self) -> dict[str, str]:
        """What stands on the devnet."""
        found = self.json("devnet", "status")["addresses"]
        assert isinstance(found, dict)
        return found


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same anvil for everybody, no colours, and nobody's endpoints."""
    monkeypatch.setenv("GOV_ANVIL", str(anvil.require_anvil(ROOT)))
    monkeypatch.setenv("NO_COLOR", "1")
    for name in [
        name
        for name in os.environ
        if name.startswith(("GOV_RPC_", "GOV_RELAY_", "GOV_SAFE_SERVICE_")) or name == "GOV_DATABASE"
    ]:
        monkeypatch.delenv(name)


@pytest.fixture
def gov(tmp_path: Path) -> Gov:
    """A workspace without a chain, as `gov init` writes it."""
    made = Gov(tmp_path)
    made.done("init")
    return made


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """One devnet, and the workspace at each stage that is made of files alone: drafted, locked, signed."""
    folder = tmp_path_factory.mktemp("council")
    first = Gov(folder / "drafted")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GOV_ANVIL", str(anvil.require_anvil(ROOT)))
        first.done("init")
        first.done("devnet", "up")
        try:
            made = {"drafted": first.root}
            for stage, steps in _STAGES.items():
                made[stage] = folder / stage
                shutil.copytree(list(made.values())[-2], made[stage], symlinks=True)
                steps(Gov(made[stage]))
            yield made
        finally:
            first.done("devnet", "down")


def _sign_by_all(gov: Gov) -> None:
    for name in SIGNERS:
        assert gov.sign(name).code == 0


_STAGES: dict[str, Callable[[Gov], object]] = {"locked": lambda gov: gov.done("lock", ONE), "signed": _sign_by_all}


@pytest.fixture
def at(originals: dict[str, Path], tmp_path: Path) -> Iterator[Callable[[str], Gov]]:
    """A copy of the workspace at a stage; the chain is put back when the test ends."""
    made: list[Gov] = []
    chain = Gov(originals["drafted"])
    snapshot = chain.ask("evm_snapshot")

    def copy(stage: str) -> Gov:
        root = tmp_path / f"council{len(made) or ''}"
        shutil.copytree(originals[stage], root, symlinks=True)
        made.append(Gov(root))
        return made[-1]

    yield copy
    assert chain.ask("evm_revert", snapshot) is True


def only_stage(gov: Gov) -> str:
    """The stage of the only proposal, as `gov status` derives it."""
    (row,) = gov.json("status")["proposals"]
    return str(row["stage"])
