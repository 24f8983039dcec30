"""A proposal's life as others rehearse it: scripted on a forked anvil, and as a `forge script` on the same chain.

Both do what a careful team would: a quorum of owners approves, the Safe schedules, an execution a second too early is
refused, the execution passes, every word that it changes is read, and the system is asked what it says afterwards. Neither
rehearses a rollback or an emergency drill, nor compares what else a node could tell.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import perf_counter, sleep
from typing import Any

import requests

from bench.harness import Unavailable

REPOSITORY = Path(__file__).resolve().parents[1]
CONTRACTS = REPOSITORY / "contracts"
SCRIPT = Path(__file__).parent / "Life.s.sol"
_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:([0-9]+)")
RICH = hex(10**20)

Words = Mapping[str, str]
"""Storage slots of the governed system and what is in them afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What is sent, in calldata: a team copies it from the Safe's and the timelock's own interfaces."""

    safe: str
    timelock: str
    target: str
    owners: tuple[str, ...]
    """As many as must agree."""
    approve: str
    schedule: str
    execute: str
    delay: int
    """Seconds."""


class Node:
    """A node that is asked one thing after another."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()

    def ask(self, method: str, *params: Any) -> Any:
        """The result of one request."""
        body: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self._session.post(self.url, json=body, timeout=20).json()
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def sends(self, sender: str, to: str, data: str) -> str:
        """A transaction that passes; gives its hash."""
        sent: str = self.ask("eth_sendTransaction", {"from": sender, "to": to, "data": data, "gas": hex(5_000_000)})
        asked = (self.ask("eth_getTransactionReceipt", sent) for _ in range(1000))
        receipt = next(found for found in asked if found is not None)
        assert receipt["status"] == "0x1", f"{to} refused {data[:10]}"
        return sent

    def refuses(self, sender: str, to: str, data: str) -> None:
        """A call that must not pass."""
        body = {"from": sender, "to": to, "data": data}
        request: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [body, "latest"]}
        assert "error" in self._session.post(self.url, json=request, timeout=20).json(), f"{to} took {data[:10]}"


@contextmanager
def fork(anvil: Path, url: str) -> Iterator[Node]:
    """An anvil that stands on the newest block of another node."""
    command = [str(anvil), "--fork-url", url, "--host", "127.0.0.1", "--port", "0", "--no-storage-caching"]
    with NamedTemporaryFile() as log, subprocess.Popen(command, stdout=log.fileno(), stderr=log.fileno()) as process:
        try:
            yield Node(f"http://127.0.0.1:{_port(process, Path(log.name))}")
        finally:
            process.terminate()


def _port(process: "subprocess.Popen[bytes]", log: Path) -> str:
    while process.poll() is None:
        found = _LISTENING.search(log.read_text("utf-8"))
        if found is not None:
            return found[1]
        sleep(0.001)
    raise Unavailable(f"anvil does not fork: {log.read_text('utf-8')[-300:]}")


def scripted(node: Node, life: Life) -> tuple[Words, str, str]:
    """One life on a fork; what changes in the governed system, its fee and its treasury."""
    before = [_says(node, life.target, signature) for signature in (FEE, TREASURY)]
    assert all(before)
    _queue(node, life)
    node.ask("evm_increaseTime", life.delay - 5)
    node.ask("evm_mine")
    node.refuses(life.owners[0], life.timelock, life.execute)
    node.ask("evm_increaseTime", 6)
    node.ask("evm_mine")
    done = node.sends(life.owners[0], life.timelock, life.execute)
    tracer = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    changed = node.ask("debug_traceTransaction", done, tracer)
    return _words(changed, life.target), _says(node, life.target, FEE), _says(node, life.target, TREASURY)


def scripted_together(node: Node, lives: Sequence[Life]) -> None:
    """Many lives on a fork in the one order that is written: all are queued, and then each is executed and traced."""
    for life in lives:
        _queue(node, life)
    node.ask("evm_increaseTime", max(life.delay for life in lives) + 1)
    node.ask("evm_mine")
    tracer = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    for life in lives:
        done = node.sends(life.owners[0], life.timelock, life.execute)
        assert _words(node.ask("debug_traceTransaction", done, tracer), life.target)


def _queue(node: Node, life: Life) -> None:
    for owner in life.owners:
        node.ask("anvil_impersonateAccount", owner)
        node.ask("anvil_setBalance", owner, RICH)
        node.sends(owner, life.safe, life.approve)
    node.sends(life.owners[0], life.safe, life.schedule)


FEE, TREASURY = "0xddca3f43", "0x61d027b3"
"""Selectors of `fee()` and `treasury()`."""


def _says(node: Node, to: str, data: str) -> str:
    said: str = node.ask("eth_call", {"to": to, "data": data}, "latest")
    return said


def _words(difference: Mapping[str, Any], account: str) -> Words:
    sides = [difference[side].get(account.lower(), {}).get("storage", {}) for side in ("pre", "post")]
    return {slot: sides[1].get(slot, "0x" + "00" * 32) for slot in {*sides[0], *sides[1]}}


class ForgeScript:
    """`forge script` in a project of its own, compiled once by the same compiler as the contracts."""

    def __init__(self, folder: Path) -> None:
        found = sorted(CONTRACTS.glob("node_modules/@foundry-rs/forge-*/bin/forge"))
        self.reason = "" if found and shutil.which("node") else "forge or node is not installed"
        self._command = [str(found[-1]) if found else "", "script", "Life.s.sol:Life", "--offline", "--json"]
        self._folder = folder
        shutil.copy(SCRIPT, folder)
        settings = f'src = "."\nscript = "."\nsolc = "{CONTRACTS / "bin" / "solc"}"\nevm_version = "shanghai"\n'
        (folder / "foundry.toml").write_text(f"[profile.default]\n{settings}", "utf-8")

    def run(self, url: str, life: Life) -> tuple[float, str]:
        """Seconds, and what it said."""
        if self.reason:
            raise Unavailable(self.reason)
        given = {
            "SAFE": life.safe,
            "TIMELOCK": life.timelock,
            "TARGET": life.target,
            "OWNERS": ",".join(life.owners),
            "APPROVE": life.approve,
            "SCHEDULE": life.schedule,
            "EXECUTE": life.execute,
            "DELAY": str(life.delay),
        }
        command = [*self._command, "--fork-url", url]
        start = perf_counter()
        done = subprocess.run(
            command, check=False, cwd=self._folder, env={**os.environ, **given}, capture_output=True, text=True
        )
        seconds = perf_counter() - start
        if done.returncode != 0:
            raise Unavailable(f"forge exits with {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")
        return seconds, done.stdout


def returned(said: str) -> Mapping[str, str]:
    """What `run()` of the script gave, by name."""
    for line in said.splitlines():
        if line.startswith("{") and "returns" in (found := json.loads(line)):
            return {name: each["value"] for name, each in found["returns"].items()}
    raise Unavailable("forge told no result")
