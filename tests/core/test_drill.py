"""What an emergency drill makes of answers and acts, without a node."""

import pytest

from governance.core.call import Call
from governance.core.drill import Answers, Drill, excused, judge_gas, judge_restored, judge_stopped, new_only
from governance.core.errors import Finding
from governance.core.scenes import Act, ActResult, BlockResult, Played, Sent
from governance.core.units import Moment, checksummed

ONE, TWO, THREE = (bytes([n] * 4) for n in (1, 2, 3))
PAUSED = bytes.fromhex("d93c0665")
RAN: Answers = {ONE: (True, b"x"), TWO: (False, b""), THREE: (False, b"own")}
STOPPED: Answers = dict.fromkeys((ONE, TWO, THREE), (False, PAUSED))


@pytest.mark.parametrize(
    ("before", "paused", "named"),
    [
        (RAN, STOPPED, []),
        (None, STOPPED, []),
        (RAN, {**STOPPED, ONE: (True, b"x")}, [ONE]),
        (None, {**STOPPED, ONE: (True, b"")}, [ONE]),
        (RAN, {**STOPPED, THREE: (False, b"own")}, [THREE]),
        (RAN, RAN, [ONE, TWO, THREE]),
        ({}, {}, []),
    ],
)
def test_what_still_runs_is_named(before: Answers | None, paused: Answers, named: list[bytes]) -> None:
    """threat_53"""
    found = judge_stopped(before, paused)
    assert [finding.rule for finding in found] == ["drill-not-stopped"] * bool(named)
    assert all(f"0x{selector.hex()}" in found[0].message for selector in named)


def test_what_answers_otherwise_afterwards_is_named_up_to_a_number() -> None:
    assert judge_restored(RAN, RAN) == []
    before: Answers = {bytes([n] * 4): (True, b"") for n in range(10)}
    (finding,) = judge_restored(before, {})
    assert (finding.rule, "and 2 more" in finding.message) == ("drill-not-restored", True)


def result(gas: int, *, must_pass: bool = True) -> ActResult:
    account = checksummed(bytes(20))
    act = Act(label="execute: pause", sent=Sent(call=Call(to=account, data=b""), sender=account), must_pass=must_pass)
    return ActResult(act=act, played=Played(ok=must_pass, data=b"", gas_used=gas, reason="", logs=()))


def test_an_act_that_no_block_has_room_for_is_named() -> None:
    results = (result(60), result(61), result(99, must_pass=False))
    drill = Drill(pause=(BlockResult(moment=Moment(1), acts=results),), unpause=(), routed=3, gas_limit=60)
    assert [act.played.gas_used for act in drill.acts] == [60, 61]
    assert drill.share(drill.acts[0]) == 1
    (finding,) = judge_gas(drill)
    assert finding.message == "execute: pause takes 61 gas, a block takes 60"


def test_only_what_is_new_and_not_meant_is_held_against_a_proposal() -> None:
    old, new = (Finding(rule="drill-pause-reverts", message=words) for words in ("as ever", "since now"))
    left, notes = new_only([old, new], [old])
    assert (left, notes) == ([new], ["it was so before the proposal: as ever (rule drill-pause-reverts)"])
    assert excused([old], []) == ([old], [])
    assert excused([old], ["role-last-pauser"]) == ([], ["acknowledged: as ever (rule drill-pause-reverts)"])
    assert excused([old], ["threshold-all"]) == ([old], [])
