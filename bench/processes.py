"""Cold processes: what a person waits for before a command says anything."""

import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

from bench.harness import Contest, Contestant, Unavailable, contest

REPOSITORY = Path(__file__).parent.parent
OTHERS = REPOSITORY / ".venv-bench"
"""The environment of safe-cli, whose dependencies conflict with ours."""
LOCK = Path(__file__).parent / "requirements-safe-cli.lock"
TRANSACTION = REPOSITORY / "tests" / "vectors" / "safe-mainnet-transaction.json"
GOV = "gov --help"
GOV_HASH = "gov hash FILE"
SAFE_CLI = "safe-cli --help"
CAST = "cast --help"


def cold(*, rounds: int) -> Contest:
    """`--help` of three programs, and one real answer of ours."""
    contestants = [
        Contestant(name=GOV, once=command([*gov(), "--help"])),
        Contestant(name=GOV_HASH, once=command([*gov(), "hash", str(TRANSACTION), "--chain-id", "1"])),
        Contestant(name=SAFE_CLI, once=command([str(OTHERS / "bin" / "safe-cli"), "--help"], _install_safe_cli)),
        Contestant(name=CAST, once=command([str(REPOSITORY / "contracts/node_modules/.bin/cast"), "--help"])),
    ]
    measures = "from the start of the process to its end, output thrown away; caches of the disk are warm"
    return contest("Cold process", measures, contestants, rounds=rounds)


def gov() -> list[str]:
    """The installed console script, or the two lines it consists of when the package runs from its checkout."""
    script = Path(sys.executable).parent / "gov"
    if script.exists():
        return [str(script)]
    return [sys.executable, "-c", "import sys; from governance.apps.cli import main; sys.exit(main())"]


def command(words: Sequence[str], prepare: Callable[[], None] = lambda: None) -> Callable[[], float]:
    """Run once; the first time prepare, and look at what the command says when it fails."""
    prepared = False

    def once() -> float:
        nonlocal prepared
        if not prepared:
            prepare()
            _require(words)
            prepared = True
        start = perf_counter()
        subprocess.run(words, check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return perf_counter() - start

    return once


def _require(command: Sequence[str]) -> None:
    if not Path(command[0]).exists():
        raise Unavailable(f"{Path(command[0]).name} is not installed")
    done = subprocess.run(command, check=False, cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode != 0 or not done.stdout.strip():
        last = (done.stderr.strip() or "it says nothing").splitlines()[-1]
        raise Unavailable(f"it exits with {done.returncode}: {last}")


def _install_safe_cli() -> None:
    if (OTHERS / "bin" / "safe-cli").exists():
        return
    venv.create(OTHERS, with_pip=True)
    (OTHERS / ".gitignore").write_text("*\n")
    pip = [str(OTHERS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
    done = subprocess.run(pip, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(f"pip could not install it: {done.stderr.strip().splitlines()[-1]}")
