"""`gov executor run` as its operator meets it: exit codes, what it tells, and that nothing is sent unasked."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import yaml

from tests.apps.conftest import ONE, ROOT, Gov, Run

pytestmark = pytest.mark.node

At = Callable[[str], Gov]
ONCE = ("--once", "--confirmations", "0")


def run(gov: Gov, *words: str) -> Run:
    return gov("executor", "run", *gov.key("executor"), *ONCE, *words)


def tasks(ended: Run) -> list[tuple[str, str]]:
    return [(task["action"], task["outcome"]) for task in ended.document["tasks"]]


def told(ended: Run, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def test_from_signed_to_settled_by_nothing_but_the_job(at: At) -> None:
    gov = at("signed")
    assert tasks(run(gov, "--broadcast", "--json")) == []
    assert tasks(run(gov, "--queue", "--broadcast", "--json")) == [("queue", "done")]
    assert tasks(run(gov, "--queue", "--broadcast", "--json")) == []
    gov.done("devnet", "warp", "48h")
    executed = run(gov, "--broadcast", "--json")
    assert (executed.code, tasks(executed)) == (0, [("execute", "done")])
    (line,) = told(executed, "task")
    assert (line["outcome"], line["proposal"], len(line["transactions"])) == ("done", ONE, 1)
    assert tasks(run(gov, "--broadcast", "--json")) == [("settle", "done")]
    assert tasks(run(gov, "--broadcast", "--json")) == []
    settled = [e for e in gov.json("history", ONE)["entries"] if e["kind"] == "settled"]
    assert [e["subject"]["tx_hash"] for e in settled] == line["transactions"]
    gov.done("verify", ONE)


def test_without_broadcast_nothing_is_sent(at: At) -> None:
    gov = at("signed")
    gov.act("queue")
    gov.done("devnet", "warp", "48h")
    before = gov.ask("eth_blockNumber")
    ended = run(gov)
    assert (ended.code, ended.out) == (1, f"devnet {ONE} execute: refused\n")
    (line,) = told(ended, "task")
    assert "not sent" in line["reason"]
    assert gov.ask("eth_blockNumber") == before


def test_what_a_gate_refuses_is_refused_and_told_with_its_rule(at: At) -> None:
    """threat_41"""
    gov = at("signed")
    gov.act("queue")
    gov.done("devnet", "warp", "48h")
    facet = gov.locked()["pins"]["facets"][0]["address"]
    gov.ask("anvil_setCode", facet, "0x60006000fd")
    ended = run(gov, "--broadcast", "--json")
    assert (ended.code, tasks(ended)) == (1, [("execute", "refused")])
    (line,) = told(ended, "task")
    assert "code-swapped" in [finding["rule"] for finding in line["findings"]]


def test_what_nobody_executed_in_time_is_told_and_its_cancel_drafted_once(at: At) -> None:
    """threat_25"""
    gov = at("signed")
    gov.act("queue")
    gov.done("devnet", "warp", "48h")
    gov.done("devnet", "warp", "15d")
    for number in range(2):
        ended = run(gov, "--broadcast", "--json")
        assert (ended.code, tasks(ended)) == (1, [("execute", "expired")])
        assert len(told(ended, "cancel-drafted")) == (number == 0)
    (draft,) = (gov.root / ".gov/drafts").iterdir()
    document = yaml.safe_load(draft.read_text())
    assert (document["kind"], document["proposal"]) == ("cancel", ONE)
    (gov.root / "proposals" / draft.name).write_text(draft.read_text())
    gov.done("check", draft.stem)


def test_a_node_that_does_not_answer_is_exit_3_and_told(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_01 threat_57"""
    gov = at("signed")
    monkeypatch.setenv("GOV_RPC_DEVNET", "http://127.0.0.1:9/s3cret-key")
    ended = run(gov, "--broadcast", "--json")
    assert (ended.code, tasks(ended)) == (3, [])
    assert told(ended, "tick-failed")
    assert "s3cret" not in ended.err + ended.out


@pytest.mark.parametrize("words", [("--every", "7"), ("--network", "elsewhere"), ("--listen", "nowhere")])
def test_orders_that_make_no_sense_are_refused_before_anything_is_looked_at(at: At, words: tuple[str, ...]) -> None:
    gov = at("drafted")
    assert run(gov, *words).code == 2


@contextmanager
def daemon(gov: Gov, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The installed program, which must end by itself when it is told to."""
    with (gov.root / ".gov/devnet/password").open() as password:
        key = gov.root / ".gov/devnet/keys/executor.json"
        command = [gov.shell_path(), "executor", "run", "--key", key, "--password-fd", "0", "--confirmations", "0"]
        process = subprocess.Popen(
            [*command, "--every", "1", *words],
            cwd=gov.root,
            stdin=password,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], event: str) -> dict[str, Any]:
    """The next line of an event."""
    assert process.stderr is not None
    for line in process.stderr:
        found: dict[str, Any] = json.loads(line)
        if found["event"] == event:
            return found
    raise AssertionError(f"it ended before it told of {event}")


def page(listen: str, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://{listen}{path}", timeout=5) as response:
            return response.status, response.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def test_the_daemon_executes_tells_and_ends_when_it_is_told_to(at: At) -> None:
    gov = at("signed")
    gov.act("queue")
    gov.done("devnet", "warp", "48h")
    listen = "127.0.0.1:19464"
    with daemon(gov, "--broadcast", "--listen", listen) as process:
        assert until(process, "started")["networks"] == ["devnet"]
        assert until(process, "task")["outcome"] == "done"
        settled = until(process, "task")
        assert (settled["action"], settled["outcome"]) == ("settle", "done")
        status, text = page(listen, "/metrics")
        assert status == 200
        assert 'gov_tasks_total{action="execute",network="devnet",outcome="done"} 1.0' in text
        assert "gov_payer_wei" in text
        assert page(listen, "/healthz") == (200, "alive\n")
        assert page(listen, "/")[0] == 404
        process.send_signal(signal.SIGTERM)
        assert until(process, "stopped")["level"] == "info"
        assert process.wait(20) == 0


def test_a_health_page_says_which_network_was_not_looked_at(at: At) -> None:
    """threat_68: a job that hangs is not alive."""
    gov, listen = at("drafted"), "127.0.0.1:19465"
    pid = gov.json("devnet", "status")["pid"]
    with daemon(gov, "--listen", listen) as process:
        until(process, "started")
        os.kill(pid, signal.SIGSTOP)
        try:
            end = time.monotonic() + 30
            while page(listen, "/healthz")[0] == 200:
                assert time.monotonic() < end
                time.sleep(0.2)
            assert page(listen, "/healthz") == (503, "late: devnet\n")
        finally:
            os.kill(pid, signal.SIGCONT)


DEPLOY = ROOT / "deploy/executor"


def commands() -> dict[str, str]:
    """The command line of each file that starts the job."""
    found = {}
    for name in ("gov-executor.service", "gov-executor-once.service"):
        line = next(line for line in (DEPLOY / name).read_text().splitlines() if line.startswith("ExecStart="))
        found[name] = line.removeprefix("ExecStart=/bin/sh -c '").removesuffix("'")
    found["crontab"] = (DEPLOY / "crontab").read_text().splitlines()[-1].removeprefix("* * * * * ")
    job = yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text())
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["/bin/sh", "-c"]
    (found["kubernetes.yaml"],) = container["args"]
    steps = yaml.safe_load((DEPLOY / "github.yml").read_text())["jobs"]["look"]["steps"]
    found["github.yml"] = steps[-1]["run"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", commands())
def test_the_command_lines_of_the_deployment_files_run(at: At, tmp_path: Path, name: str) -> None:
    """What only the place has (paths, options that make it last) is changed; everything else is run as it is written."""
    gov, home = at("signed"), tmp_path / "home"
    home.mkdir()
    secrets = gov.root / ".gov/devnet"
    line = commands()[name].replace(" --listen 127.0.0.1:9464", " --once")
    for there, here in (
        ("/srv/governance", str(gov.root)),
        ("$HOME/governance", str(gov.root)),
        ("/etc/gov-executor/key.json", str(secrets / "keys/executor.json")),
        ("$HOME/.gov-executor/key.json", str(secrets / "keys/executor.json")),
        ("/secrets/key.json", str(secrets / "keys/executor.json")),
        ("$HOME/.gov-executor/password", str(secrets / "password")),
        ("/secrets/password", str(secrets / "password")),
    ):
        line = line.replace(there, here)
    environment = {
        **os.environ,
        "PATH": f"{gov.shell_path().parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "CREDENTIALS_DIRECTORY": str(secrets),
        "RUNNER_TEMP": str(home),
        "KEYSTORE": (secrets / "keys/executor.json").read_text(),
        "PASSWORD": (secrets / "password").read_text(),
        "GOV_RPC_DEVNET": gov.json("devnet", "status")["url"],
    }
    ended = subprocess.run(
        ["/bin/sh", "-c", line], cwd=gov.root, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""


def test_the_units_are_well_formed_and_name_one_another() -> None:
    timer = (DEPLOY / "gov-executor-once.timer").read_text()
    assert "[Timer]" in timer
    assert "Persistent=true" in timer
    for name in ("gov-executor.service", "gov-executor-once.service"):
        text = (DEPLOY / name).read_text()
        assert "LoadCredential=password:" in text
        assert "NoNewPrivileges=yes" in text
        assert "ProtectSystem=strict" in text
        assert "Environment=" not in text
