"""One anvil process in the background: found, started, recognised, asked, ended.

It ends only the very process it started: a pid alone is never trusted, since pids are used again. It listens on
loopback and on a port that the system chose.
"""

import json
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from governance.core.errors import Refused, Unreachable

_LISTENING = re.compile(r"^Listening on 127\.0\.0\.1:([0-9]+)$", re.MULTILINE)
_PATIENCE = 10.0
"""Seconds until anvil must listen, and until it must have ended. It takes 0.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A running anvil, as the state file keeps it."""

    pid: int
    identity: str
    """When the kernel started this pid; another process with the same pid differs in it."""
    port: int

    @property
    def url(self) -> str:
        """Where it answers JSON-RPC."""
        return f"http://127.0.0.1:{self.port}"


def find_anvil(workspace: Path) -> Path | None:
    """The anvil to run here, None when there is none."""
    return find(os.environ, [workspace.absolute(), Path(__file__).resolve().parent])


def require_anvil(workspace: Path) -> Path:
    """The anvil to run here. Raises Refused when there is none."""
    found = find_anvil(workspace)
    if found is None:
        hint = "run `npm ci` in contracts/, or put anvil on the PATH, or name it in GOV_ANVIL"
        raise Refused("there is no anvil to run", hint=hint)
    return found


def find(environ: Mapping[str, str], beside: Sequence[Path]) -> Path | None:
    """`GOV_ANVIL` if it is set, else the first on `PATH`, else in `node_modules` of `beside` and the folders above."""
    named = environ.get("GOV_ANVIL")
    if named is not None:
        return Path(named) if _runs(Path(named)) else None
    on_path = (Path(folder) / "anvil" for folder in environ.get("PATH", "").split(os.pathsep) if folder)
    candidates = (*on_path, *(found for start in beside for found in _installed(start)))
    return next((candidate for candidate in candidates if _runs(candidate)), None)


def start(program: Path, *, chain_id: int, accounts: int, log: Path, config: Path, more: Sequence[str] = ()) -> Process:
    """Run anvil in a session of its own and wait until it answers. Raises Unreachable when it does not.

    `more` are further arguments, which every user of this machine can read.
    """
    arguments = [str(program), "--host", "127.0.0.1", "--port", "0", "--chain-id", str(chain_id)]
    arguments += ["--accounts", str(accounts), "--config-out", str(config), *more]
    log.write_text("")
    private = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), private, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    environ = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}  # secrets stay here
    pid = os.posix_spawn(str(program), arguments, environ, file_actions=actions, setsid=True)
    identity = _identity(pid)
    if identity is None:
        raise Unreachable(f"anvil ended at once: {_last_line(log)}")
    try:
        return Process(pid=pid, identity=identity, port=_await_port(pid, identity, log))
    except BaseException:
        stop(Process(pid=pid, identity=identity, port=0))
        raise


def is_running(process: Process) -> bool:
    """Whether the very process still runs."""
    return _identity(process.pid) == process.identity


def stop(process: Process) -> bool:
    """End the process and whatever it started, and wait. False when it was gone already."""
    if not is_running(process):
        return False
    for sign in (signal.SIGTERM, signal.SIGKILL):
        _signal(process.pid, sign)
        for _ in ticks():
            if not is_running(process):
                _reap(process.pid, options=0)  # it is dying: wait until it is gone
                return True
    raise Unreachable(f"anvil with pid {process.pid} does not end")


def ask(url: str, method: str, *params: Any) -> Any:
    """One JSON-RPC request to a node on this machine. Raises Unreachable, or Refused with the node's words."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = Request(url, data=body, headers={"content-type": "application/json"})  # noqa: S310 - http on loopback
    try:
        with urlopen(request, timeout=_PATIENCE) as response:  # noqa: S310 - same
            answer = json.load(response)
    except (URLError, TimeoutError, ConnectionError, json.JSONDecodeError) as error:
        raise Unreachable(f"the node at {url} does not answer {method}", hint="gov devnet status") from error
    if "error" in answer:
        raise Refused(f"the node refuses {method}: {answer['error'].get('message', 'no reason given')}")
    return answer["result"]


def _installed(start: Path) -> Iterator[Path]:
    """Candidates under `start` and every folder above; the native program before npm's launcher."""
    for folder in (start, *start.parents):
        for modules in (folder / "node_modules", folder / "contracts" / "node_modules"):
            yield from sorted(modules.glob("@foundry-rs/anvil-*/bin/anvil"))
            yield modules / ".bin" / "anvil"


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _await_port(pid: int, identity: str, log: Path) -> int:
    for _ in ticks():
        found = _LISTENING.search(log.read_text("utf-8", errors="replace"))
        if found is not None:
            port = int(found[1])
            ask(f"http://127.0.0.1:{port}", "eth_chainId")
            return port
        if _identity(pid) != identity:
            raise Unreachable(f"anvil ended at once: {_last_line(log)}")
    raise Unreachable(f"anvil does not listen after {_PATIENCE:.0f} s: {_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


def ticks() -> Iterator[None]:
    """Come round every 5 ms until patience ends."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        yield
        time.sleep(0.005)


def _identity(pid: int) -> str | None:
    """The kernel's start time of a pid, None when nothing (or only a zombie) has it."""
    _reap(pid)
    if Path("/proc/self/stat").exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and parentheses
        if fields[0] == "Z":
            _reap(pid)  # it ended after the first look
            return None
        return fields[19]
    return _identity_by_ps(pid)


def _identity_by_ps(pid: int) -> str | None:
    """For systems without /proc."""
    import subprocess

    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split(None, 1)  # noqa: S603
    return None if len(shown) != 2 or shown[0].startswith("Z") else shown[1].strip()


def _reap(pid: int, options: int = os.WNOHANG) -> None:
    """Take note of the end of a child of ours; another's child is not ours to wait for."""
    try:
        os.waitpid(pid, options)
    except ChildProcessError:
        return


def _signal(pid: int, sign: signal.Signals) -> None:
    """To the whole session: npm's launcher is a process of its own in front of anvil."""
    try:
        os.killpg(pid, sign)
    except ProcessLookupError:
        return
