"""One anvil: found in order, started on a free port, recognised by more than its pid, ended for good."""

import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.adapters import anvil
from governance.adapters.anvil import Process
from governance.core.errors import Refused, Unreachable

ROOT = Path(__file__).resolve().parents[2]


def program(path: Path, script: str = "exit 0") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def start(folder: Path, runs: Path | None = None) -> Process:
    chosen = runs or anvil.require_anvil(ROOT)
    return anvil.start(chosen, chain_id=31337, accounts=1, log=folder / "log", config=folder / "config.json")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_the_named_anvil_comes_before_all_others(tmp_path: Path) -> None:
    named, on_path = program(tmp_path / "mine"), program(tmp_path / "bin" / "anvil")
    installed = program(tmp_path / "node_modules" / ".bin" / "anvil")
    beside = [tmp_path / "deep" / "folder"]
    environ = {"PATH": f":{tmp_path / 'empty'}:{on_path.parent}"}
    assert anvil.find({**environ, "GOV_ANVIL": str(named)}, beside) == named
    assert anvil.find(environ, beside) == on_path
    assert anvil.find({}, beside) == installed


def test_a_named_anvil_that_cannot_run_is_not_replaced_by_another(tmp_path: Path) -> None:
    on_path = program(tmp_path / "anvil")
    (tmp_path / "plain").write_text("not a program")
    environ = {"PATH": str(on_path.parent), "GOV_ANVIL": str(tmp_path / "plain")}
    assert anvil.find(environ, []) is None


def test_the_native_program_comes_before_its_launcher(tmp_path: Path) -> None:
    modules = tmp_path / "contracts" / "node_modules"
    program(modules / ".bin" / "anvil")
    native = program(modules / "@foundry-rs" / "anvil-linux-amd64" / "bin" / "anvil")
    assert anvil.find({}, [tmp_path]) == native


def test_without_an_anvil_the_hint_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOV_ANVIL", str(tmp_path / "gone"))
    with pytest.raises(Refused) as caught:
        anvil.require_anvil(tmp_path)
    assert "npm ci" in caught.value.hint()


@pytest.mark.parametrize(
    ("script", "words"),
    [("echo out of luck; exit 3", "anvil ended at once: out of luck"), ("exit 0", "it said nothing")],
)
def test_a_program_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path, script: str, words: str) -> None:
    with pytest.raises(Unreachable, match=words):
        start(tmp_path, program(tmp_path / "anvil", script))


def test_a_pid_that_another_process_has_now_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    stale = Process(pid=sleeper.pid, identity="1", port=1)
    assert not anvil.is_running(stale)
    assert anvil.stop(stale) is False
    assert sleeper.poll() is None


def test_a_pid_that_nobody_has_is_not_running() -> None:
    with subprocess.Popen(["true"]) as done:
        done.wait()
    assert not anvil.is_running(Process(pid=done.pid, identity="1", port=1))


def test_a_node_that_is_not_there_is_unreachable() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(Unreachable, match="does not answer eth_chainId"):
            anvil.ask(f"http://127.0.0.1:{port}", "eth_chainId")


def test_the_identity_of_a_process_without_proc_is_its_start(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    program(tmp_path / "ps", 'echo "S    Mon Nov 23 00:35:27 2026"')
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{tmp_path}:{path}"
    try:
        assert anvil._identity_by_ps(sleeper.pid) == "Mon Nov 23 00:35:27 2026"
        program(tmp_path / "ps", 'echo "Z    Mon Nov 23 00:35:27 2026"')
        assert anvil._identity_by_ps(sleeper.pid) is None
        program(tmp_path / "ps", "exit 1")
        assert anvil._identity_by_ps(sleeper.pid) is None
    finally:
        os.environ["PATH"] = path


@pytest.mark.node
def test_it_listens_on_loopback_and_its_end_is_the_end(tmp_path: Path) -> None:
    process = start(tmp_path)
    try:
        assert anvil.is_running(process)
        assert anvil.ask(process.url, "eth_chainId") == hex(31337)
        with pytest.raises(Refused, match="the node refuses gov_nothing"):
            anvil.ask(process.url, "gov_nothing")
    finally:
        assert anvil.stop(process) is True
    assert not anvil.is_running(process)
    assert anvil.stop(process) is False
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


@pytest.mark.node
def test_a_launcher_takes_the_program_it_launched_down_with_it(tmp_path: Path) -> None:
    launcher = program(tmp_path / "anvil", f'"{anvil.require_anvil(ROOT)}" "$@" &\nwait')
    process = start(tmp_path, launcher)
    assert anvil.stop(process) is True
    with pytest.raises(Unreachable):
        anvil.ask(process.url, "eth_chainId")


@pytest.mark.node
def test_a_process_that_ignores_the_polite_signal_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"trap '' TERM\necho $$ > {tmp_path}/pid\necho 'Listening on 127.0.0.1:1'\nwhile :; do sleep 0.05; done"
    stubborn = program(tmp_path / "anvil", script)
    monkeypatch.setattr(anvil, "_PATIENCE", 0.3)
    with pytest.raises(Unreachable, match="does not answer"):  # what it claims to listen on is not there
        start(tmp_path, stubborn)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
