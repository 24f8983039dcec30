"""`gov devnet`, `doctor`, `deploy`, `facet deploy`, `plan`, `history`: networks, and what is noted about them."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.apps.conftest import ONE, ROOT, Gov, only_stage
from tests.apps.test_cli_bad_input import COUNCIL, DISPATCHER, FACET, threshold_above_owners, words_of

pytestmark = pytest.mark.node

At = Callable[[str], Gov]
STAGING = """\
schema: governance/deployment/v1
name: staging
safe_version: 1.5.0
council: {owners: [alice, bob, carol], threshold: 2}
guardian: {owners: [frank, grace], threshold: 1}
timelock: {delay: 1 h, executors: open}
target: {generation: gov-1, artifact: ManifestDispatcher, activation_delay: 0 s, facets: []}
staged: []
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Gov]:
    """A workspace that may end its devnet."""
    made = Gov(tmp_path)
    made.done("init")
    yield made
    made("devnet", "down")


def test_a_devnet_comes_up_answers_and_goes_and_the_shell_sees_the_same(own: Gov) -> None:
    up = own.shell("devnet", "up")
    assert (up.code, up.err, up.out.splitlines()[0]) == (0, "", "the devnet is up, after 23 transactions")
    status = own.json("devnet", "status")
    assert (status["schema"], status["up"], status["chain_id"]) == ("governance/devnet/v1", True, 31337)
    assert all(account in up.out for account in status["addresses"].values())
    assert own.done("devnet", "up").out.startswith("the devnet is up already\n")
    assert own.json("devnet", "up")["already_up"] is True
    down = own.shell("devnet", "down")
    assert (down.code, down.out, down.err) == (0, "the devnet is down\n", "")
    assert own.done("devnet", "down").out == "no devnet was up\n"
    assert own.json("devnet", "status") == {"schema": "governance/devnet/v1", "up": False}
    assert own("devnet", "warp", "1h").code == 1
    assert not runs(status["pid"])


def runs(pid: int) -> bool:
    """Whether a process is there and is not only waiting to be buried by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_warp_moves_the_clock_by_what_was_said(at: At) -> None:
    gov = at("drafted")
    before = int(gov.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    warped = gov.json("devnet", "warp", "90 min")
    after = int(gov.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert warped["warped_by"] == 5400
    assert 5400 <= after - before < 5460
    assert "the chain's clock reads 20" in gov.done("devnet", "warp", "1d").out


def test_the_doctor_finds_a_fresh_devnet_well(at: At) -> None:
    run = at("drafted")("doctor", "--json")
    checks = run.document["checks"]
    assert (run.code, [check for check in checks if not check["ok"]]) == (0, [])
    assert {"the council is a known Safe", "the timelock delays", "the guardian may pause"} <= {
        check["question"] for check in checks
    }


def test_the_doctor_does_not_mind_a_warped_devnet(at: At) -> None:
    gov = at("drafted")
    gov.done("devnet", "warp", "48h")
    assert gov("doctor").code == 0


def test_the_doctor_minds_the_clock_of_any_other_chain(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_18"""
    gov = at("drafted")
    gov.done("devnet", "warp", "48h")
    monkeypatch.setenv("GOV_RPC_DEVNET", f"{gov.url}/")
    run = gov("doctor", "--json")
    assert (run.code, [check["question"] for check in run.document["checks"] if not check["ok"]]) == (
        1,
        ["the chain's clock and this machine's agree"],
    )


def paused(gov: Gov) -> None:
    draft = gov.json("new", "emergency_pause")["proposal"]
    gov.done("lock", draft)
    assert [gov.sign(name, draft).code for name in ("frank", "grace")] == [0, 0]
    assert gov.act("execute", draft).code == 0


def node_gone(gov: Gov) -> None:
    state = gov.root / ".gov/devnet/devnet.json"
    document = json.loads(state.read_text())
    document["url"], document["process"]["port"] = "http://127.0.0.1:1", 1
    state.write_text(json.dumps(document))


ILLS: dict[str, tuple[Callable[[Gov], object], str]] = {
    "threshold-above-owners": (threshold_above_owners, "the council is a known Safe"),
    "one-of-five": (
        lambda gov: gov.ask("anvil_setStorageAt", COUNCIL, words_of(4), words_of(1)),
        "the council's threshold is at least half of its owners",
    ),
    "five-of-five": (
        lambda gov: gov.ask("anvil_setStorageAt", COUNCIL, words_of(4), words_of(5)),
        "the council survives the loss of one key",
    ),
    "no-dispatcher": (lambda gov: gov.ask("anvil_setCode", DISPATCHER, "0x"), "the governed system"),
    "another-policy": (
        lambda gov: gov.edit("policies.yaml", "grace: 14 d", "grace: 15 d"),
        "the anchored policy is policies.yaml",
    ),
    "paused": (paused, "the governed system is not paused"),
}


@pytest.mark.parametrize("name", ILLS)
def test_the_doctor_names_what_ails(at: At, name: str) -> None:
    ail, question = ILLS[name]
    gov = at("drafted")
    ail(gov)
    run, people = gov("doctor", "--json"), gov("doctor")
    assert (run.code, people.code) == (1, 1)
    assert question in [check["question"] for check in run.document["checks"] if not check["ok"]]
    assert "✗" in people.out


def test_a_node_that_went_away_is_an_ill_too(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("governance.adapters.rpc.PAUSE", 0.001)
    gov = at("drafted")
    node_gone(gov)
    run = gov("doctor")
    assert (run.code, "Traceback" in run.err, "✗   devnet: the node answers for chain 31337" in run.out) == (
        1,
        False,
        True,
    )


def test_a_network_is_deployed_from_a_description_and_taken_up_again(at: At) -> None:
    gov = at("drafted")
    (gov.root / "staging.yaml").write_text(STAGING)
    where = ("deploy", str(gov.root / "staging.yaml"), "--network", "staging", "--chain-id", "31337")
    before, policies = gov.block(), (gov.root / "policies.yaml").read_text()
    dry = gov.done(*where, *gov.key("executor"))
    assert "sent           not sent: add --broadcast" in dry.out
    assert (gov.block(), (gov.root / "policies.yaml").read_text()) == (before, policies)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GOV_RPC_STAGING", gov.url)
        done = gov.json(*where, *gov.key("executor"), "--broadcast")
        again = gov.done(*where, *gov.key("executor"), "--broadcast")
        healthy = gov("doctor", "--network", "staging", "--json").document["checks"]
    assert (done["schema"], done["sent"] > 10) == ("governance/deploy/v1", True)
    assert "sent           nothing: it was all there" in again.out
    assert all(done[name] in dry.out for name in ("council", "guardian", "timelock", "target", "policy_anchor"))
    # Each transaction takes a block, and each block a second of its own: a quick machine runs ahead of the clock.
    assert {check["question"] for check in healthy if not check["ok"]} <= {"the chain's clock and this machine's agree"}


def test_a_facet_is_put_on_chain_at_its_address(at: At) -> None:
    gov = at("drafted")
    gov.ask("anvil_setCode", FACET, "0x")
    words = ("facet", "deploy", "FeeFacet@2", "--network", "devnet")
    dry = gov.json(*words, *gov.key("executor"))
    assert (dry["address"], dry["sent"], gov.ask("eth_getCode", FACET, "latest")) == (FACET, None, "0x")
    assert "not sent: add --broadcast" in gov.done(*words, *gov.key("executor")).out


def test_a_new_facet_is_really_there_and_twice_is_once(at: At) -> None:
    gov = at("drafted")
    (gov.root / "artifacts").mkdir()
    shutil.copy(ROOT / "tests/artifacts/Sink.json", gov.root / "artifacts")
    words = ("facet", "deploy", "Sink", "--network", "devnet", "--broadcast")
    first = gov.json(*words, *gov.key("executor"))
    assert (first["schema"], first["sent"]) == ("governance/facet/v1", 1)
    assert gov.ask("eth_getCode", first["address"], "latest") != "0x"
    before = gov.block()
    again = gov.done(*words, *gov.key("executor"))
    assert "sent           nothing: it was all there" in again.out
    assert (first["address"] in again.out, gov.block()) == (True, before)


def test_the_plan_is_shown_without_writing_and_says_when_the_lock_is_stale(at: At) -> None:
    gov = at("locked")
    kept = gov.lock_file().read_bytes()
    plan = gov.json("plan", "1")
    assert (plan["stale"], plan["schema"], gov.lock_file().read_bytes()) == ([], "governance/lock/v1", kept)
    operation = gov.locked()["plan"]["steps"][0]["operation"]["id"]
    assert operation in gov.done("plan", "1").out


def test_history_tells_acts_and_sightings_and_nothing_when_nothing_was_noted(at: At) -> None:
    gov = at("locked")
    empty = gov("history", "1")
    assert (empty.code, "the chain still knows: gov status" in empty.err) == (2, True)
    assert gov.json("history", "1") == {"schema": "governance/history/v1", "entries": []}
    for name in ("alice", "bob", "carol"):
        assert gov.sign(name).code == 0
    gov.done("status")
    gov.act("queue")
    entries = gov.json("history", "1")["entries"]
    assert [entry["kind"] for entry in entries] == [*("shown", "signed") * 3, "sighted", "queued"]
    assert "queued: upgrade" in gov.done("history", "1").out


def test_a_jump_that_nothing_explains_is_a_contradiction(at: At) -> None:
    """threat_09: what was executed cannot be merely approved at a later block."""
    gov = at("signed")
    snapshot = gov.ask("evm_snapshot")
    gov.act("queue")
    gov.done("devnet", "warp", "48h")
    gov.act("execute")
    assert only_stage(gov) == "executed"
    gov.ask("evm_revert", snapshot)
    for _ in range(6):
        gov.ask("evm_mine")
    run = gov("status", "--json")
    assert run.code == 4, run
    assert "ChainContradicts: " in run.err


def test_the_stage_is_the_same_through_a_pipe_and_on_a_terminal(at: At) -> None:
    """A terminal gets colours and its own width, a pipe gets neither; both get every word."""
    gov = at("locked")
    piped = gov.shell("status")
    assert ("\x1b" in piped.out, piped.err) == (False, "")
    assert [line for line in piped.out.splitlines() if line != line.rstrip()] == []
    command = f"stty cols 80; env -u NO_COLOR TERM=xterm-256color {gov.shell_path()} status"
    seen = subprocess.run(
        ["script", "-qec", command, "/dev/null"], cwd=gov.root, capture_output=True, text=True, check=True
    ).stdout
    assert "\x1b[" in seen
    assert ONE in seen
    assert "collecting" in seen
