"""`gov hold` as a guardian meets it: what is held is executed by nobody here, until the hold ends by itself."""

from collections.abc import Callable

import pytest

from tests.apps.conftest import ONE, Gov, Run

pytestmark = pytest.mark.node
FRANK, GRACE = "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc", "0x976EA74026E726554dB657fA54763abd0C3a0aa9"
REASON = "the audit of the facet is not published yet"


@pytest.fixture
def queued(at: Callable[[str], Gov]) -> Gov:
    """A facet swap that waits, under a rule that lets each guardian hold it for a day."""
    gov = at("drafted")
    gov.let_guardians_hold()
    return gov


def hold(gov: Gov, name: str, *more: str, reason: str = REASON) -> Run:
    (shown,) = gov.json("hold", ONE, "--reason", reason, "--show")["holds"]
    return gov("hold", ONE, "--reason", reason, *gov.key(name), "--confirm", shown["hold_hash"], *more)


def row(gov: Gov) -> dict[str, object]:
    (found,) = gov.json("status", ONE)["proposals"]
    assert isinstance(found, dict)
    return found


def test_what_a_guardian_holds_is_executed_by_nobody_here_until_it_ends(queued: Gov) -> None:
    """threat_23: people look at it while it waits, and one key is enough to gain a day."""
    assert row(queued)["held"] == []
    held = hold(queued, "frank")
    assert held.code == 0, held
    assert held.out.startswith(f"{ONE} on devnet: held by {FRANK}, until ")
    (words,) = row(queued)["held"]  # type: ignore[misc]
    assert words.endswith(f": {REASON}")
    assert words.startswith("it will be held until ")
    queued.done("devnet", "warp", "48h")
    refused = queued.act("execute")
    assert (refused.code, "(rule held)" in refused.err, REASON in refused.err) == (1, True, True), refused
    key = queued.key("executor")
    job = queued("executor", "run", *key, "--once", "--confirmations", "0", "--broadcast", "--json")
    (task,) = job.document["tasks"]
    assert (job.code, task["outcome"], REASON in task["findings"]) == (1, "refused", True)
    assert row(queued)["stage"] == "ready"
    queued.done("devnet", "warp", "24h")
    assert "the hold ended" in str(row(queued)["next"])
    assert "round 2 needs 2 guardians" in str(row(queued)["next"])
    assert queued.act("execute").code == 0
    assert (row(queued)["stage"], row(queued)["held"]) == ("executed", [])


def test_a_second_round_takes_two(queued: Gov) -> None:
    """threat_32: nobody alone holds anything up for long."""
    assert hold(queued, "frank").code == 0
    queued.done("devnet", "warp", "60h")
    again = hold(queued, "frank")
    assert again.code == 0
    assert "once 1 more sign for round 2" in again.out
    twice = hold(queued, "frank", reason="another reason")
    assert (twice.code, "holds it in round 2 already" in twice.err) == (1, True)
    document = hold(queued, "grace", "--json").document
    assert [(each["round"], each["lacking"], each["signer"]) for each in document["holds"]] == [(2, 0, GRACE)]
    queued.done("devnet", "warp", "13h")
    refused = queued.act("execute")
    assert (refused.code, "in round 2" in refused.err) == (1, True), refused
    queued.done("devnet", "warp", "24h")
    assert queued.act("execute").code == 0


def test_a_hold_is_taken_back_with_its_file_and_a_changed_one_is_an_error(queued: Gov) -> None:
    """threat_49"""
    assert hold(queued, "frank").code == 0
    queued.done("devnet", "warp", "48h")
    (file,) = (queued.root / "proposals" / f"{ONE}.holds").iterdir()
    text = file.read_text("utf-8")
    file.write_text(text.replace(REASON, "nothing"), "utf-8")
    changed = queued.act("execute")
    assert (changed.code, str(file.name) in changed.err) == (2, True), changed
    file.unlink()
    assert queued.act("execute").code == 0


def test_a_policy_that_drops_holds_meanwhile_frees_nothing(queued: Gov) -> None:
    """threat_32: what was locked under a rule with holds is judged by it as well."""
    assert hold(queued, "frank").code == 0
    queued.edit("policies.yaml", "    hold: 24 h\n", "")
    queued.anchor()
    queued.done("devnet", "warp", "48h")
    refused = queued.act("execute")
    assert (refused.code, "(rule held)" in refused.err) == (1, True), refused
    queued.done("devnet", "warp", "24h")
    assert queued.act("execute").code == 0


def test_who_is_no_guardian_holds_nothing(queued: Gov) -> None:
    stranger = hold(queued, "alice")
    assert (stranger.code, "is no owner of the guardian Safe" in stranger.err) == (1, True)
    unsure = queued("hold", ONE, "--reason", REASON, *queued.key("frank"), "--confirm", "0x" + "00" * 32)
    assert unsure.code == 1, unsure
    assert not (queued.root / "proposals" / f"{ONE}.holds").exists()


WRONG = {
    "without a rule that says so": ("signed", "no rule of policies.yaml lets a guardian hold a facet_swap"),
    "before it waits": ("locked", "nothing waits there"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_held_is_refused(at: Callable[[str], Gov], name: str) -> None:
    stage, words = WRONG[name]
    gov = at(stage)
    if stage == "signed":
        assert gov.act("queue").code == 0
    run = gov("hold", ONE, "--reason", REASON, "--show")
    assert (run.code, words in run.err) == (1, True), run


@pytest.mark.parametrize("reason", ["", " ", "two\nlines", "x" * 501])
def test_a_hold_has_a_reason(queued: Gov, reason: str) -> None:
    run = queued("hold", ONE, "--reason", reason, "--show")
    assert (run.code, "a hold has a reason" in run.err) == (2, True), run


def test_the_doctor_counts_the_rounds_of_all_guardians(at: Callable[[str], Gov]) -> None:
    gov = at("drafted")
    question = "what rule upgrades-are-slow lets guardians hold can be executed afterwards"
    for length, ok in (("24 h", True), ("5 d", False)):
        gov.edit("policies.yaml", "    grace: 14 d\n", f"    grace: 14 d\n    hold: {length}\n")
        gov.anchor()
        checks = {each["question"]: each for each in gov("doctor", "--json").document["checks"]}
        assert (checks[question]["ok"], "3 guardians" in checks[question]["answer"]) == (ok, True)
        gov.edit("policies.yaml", f"    hold: {length}\n", "")
