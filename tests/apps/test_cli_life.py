"""The straight life by its commands: what people read, what tools read, what may not happen yet."""

import shutil
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tests.apps.conftest import ONE, SIGNERS, Gov, only_stage

pytestmark = pytest.mark.node

At = Callable[[str], Gov]


def test_a_facet_swap_goes_from_file_to_verified_and_every_stage_says_what_is_next(at: At) -> None:
    gov = at("drafted")
    stages: list[tuple[str, str]] = []

    def look() -> None:
        (row,) = gov.json("status")["proposals"]
        stages.append((row["stage"], row["next"]))

    look()
    assert f"written: proposals/{ONE}.lock.json" in gov.done("lock", "1").out
    look()
    for name in SIGNERS:
        assert "signed by 0x" in gov.sign(name).out
    look()
    queued = gov.act("queue")
    assert (queued.code, "queued: upgrade: block 24" in queued.err) == (0, True)
    look()
    gov.done("devnet", "warp", "48h")
    look()
    executed = gov.act("execute")
    assert (executed.code, "executed: upgrade: block 26" in executed.err) == (0, True)
    look()
    verified = gov.done("verify", ONE)
    assert "✗" not in verified.out
    assert verified.out.count("✓") == 6
    assert [stage for stage, _ in stages] == ["drafted", "collecting", "approved", "waiting", "ready", "executed"]
    assert [next_.split(":")[0].split(",")[0] for _, next_ in stages] == [
        "gov lock",
        "gov sign",
        "gov queue",
        "wait for the delay",
        "gov execute",
        "",
    ]
    assert [entry["kind"] for entry in gov.json("history", "1")["entries"]].count("executed") == 1


def test_without_broadcast_nothing_leaves_this_machine(at: At) -> None:
    gov = at("signed")
    before = gov.block()
    run = gov("queue", ONE, *gov.key("executor"))
    assert (run.code, run.out, gov.block()) == (1, "", before)
    assert "add --broadcast to send it" in run.err
    assert only_stage(gov) == "approved"


def test_a_waiting_operation_is_not_executed_and_the_sentence_says_until_when(at: At) -> None:
    gov = at("signed")
    gov.act("queue")
    (step,) = gov.json("status")["proposals"][0]["steps"]
    before = gov.block()
    run = gov.act("execute")
    assert (run.code, gov.block()) == (1, before)
    assert f"is waiting on devnet until {step['eta']}; the chain's clock says" in run.err


@pytest.mark.parametrize("command", ["queue", "execute"])
def test_acts_may_be_repeated_and_act_once(at: At, command: str) -> None:
    gov = at("signed")
    gov.act("queue")
    if command == "execute":
        gov.done("devnet", "warp", "48h")
        gov.act("execute")
    before = gov.block()
    again = gov.act(command, ONE, "--json")
    assert (again.code, gov.block()) == (0, before)
    assert [network["receipts"] for network in again.document["networks"]] == [[]]


TOO_EARLY = [
    ("drafted", ("sign", ONE), "is not locked on devnet", "gov lock"),
    ("drafted", ("queue", ONE, "--broadcast"), "is not locked on devnet", "gov lock"),
    ("drafted", ("execute", ONE, "--broadcast"), "is not locked on devnet", "gov lock"),
    ("locked", ("queue", ONE, "--broadcast"), "is collecting on devnet (0 of 3 signatures)", "gov sign"),
    ("locked", ("execute", ONE, "--broadcast"), "is collecting on devnet", "gov sign"),
    ("signed", ("execute", ONE, "--broadcast"), "is approved on devnet", "gov queue"),
]


@pytest.mark.parametrize(("stage", "words", "sentence", "advice"), TOO_EARLY)
def test_a_step_out_of_turn_is_refused_and_the_hint_names_the_step_before(
    at: At, stage: str, words: tuple[str, ...], sentence: str, advice: str
) -> None:
    gov = at(stage)
    before = gov.block()
    run = gov(*words, *gov.key("alice"))
    assert (run.code, run.out, gov.block()) == (1, "", before)
    assert sentence in run.err
    assert advice in run.err


def test_verify_before_the_end_shows_what_is_not_true_yet(at: At) -> None:
    run = at("locked")("verify", ONE, "--json")
    (network,) = run.document["networks"]
    assert (run.code, network["ok"], network["stage"]) == (1, False, "collecting")
    held = {promise["effect"]: promise["held"] for promise in network["promises"]}
    assert (held["fee() gives 30"], held["maxFee() gives 500"]) == (True, False)


def test_the_guardian_cancels_a_waiting_operation_and_it_reads_cancelled(at: At) -> None:
    gov = at("signed")
    gov.act("queue")
    draft = gov.json("cancel", "1", "--reason", "the audit found a fault")
    two = draft["proposal"]
    assert draft["file"] == f"proposals/{two}.yaml"
    gov.edit(draft["file"], "author: alice", "author: frank") if _author(gov, two) == "alice" else None
    gov.done("lock", two)
    for name in ("frank", "heidi"):
        assert gov.sign(name, two).code == 0
    assert gov("queue", two, *gov.key("executor"), "--broadcast").code == 1
    assert gov.act("execute", two).code == 0
    stages = {row["proposal"]: row["stage"] for row in gov.json("status")["proposals"]}
    assert stages == {ONE: "cancelled", two: "executed"}
    assert gov.done("verify", two).code == 0


def _author(gov: Gov, proposal: str) -> str:
    text = (gov.root / f"proposals/{proposal}.yaml").read_text()
    return text.split("author: ")[1].split("\n")[0]


JOURNAL = "journal.sqlite3"


def test_the_journal_may_be_lost_between_any_two_steps(at: At) -> None:
    """threat_60: the chain is the truth. The same life with and without a journal reads the same, but for no word."""
    gov = at("drafted")
    steps: list[Callable[[], Any]] = [
        lambda: gov.done("lock", ONE),
        *[lambda name=name: gov.sign(name) for name in SIGNERS],
        lambda: gov.act("queue"),
        lambda: gov.done("devnet", "warp", "48h"),
        lambda: gov.act("execute"),
    ]
    for step in steps:
        assert getattr(step(), "code", 0) == 0
        kept = gov.json("status")
        lost = list((gov.root / ".gov").glob(f"{JOURNAL}*"))
        assert lost
        for file in lost:
            file.unlink()
        assert gov.json("status") == kept
        shutil.rmtree(gov.root / ".gov/nothing", ignore_errors=True)
    assert gov.done("verify", ONE).code == 0


def test_a_damaged_journal_hides_nothing_of_what_the_chain_says(at: At) -> None:
    """threat_60: the stage is shown and the act is done; the damage is the error of the notes."""
    gov = at("signed")
    gov.act("queue")
    shown = gov.json("status")
    with sqlite3.connect(gov.root / ".gov" / JOURNAL) as database:
        database.execute("UPDATE journal_entry SET subject = replace(subject, 'block', 'clock')")
    database.close()
    damaged = gov("status", "--json")
    assert (damaged.code, damaged.document) == (1, shown)
    assert "was changed" in damaged.err
    gov.done("devnet", "warp", "48h")
    gov.act("execute")
    assert gov("status", "--json").document["proposals"][0]["stage"] == "executed"
