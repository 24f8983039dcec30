"""A policy that comes into force while something waits: both judge it, and nobody gets past the stricter. On the simulator
and on a real node. threat_51, threat_52."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from governance.core.errors import Finding, Refused
from governance.core.stage import Stage
from governance.core.units import Duration, Moment, to_hex
from tests.life.test_life_scenarios import HEAD, ONE, SWAP, TWO, second_in_line
from tests.sites import DAY, DELAY, Devnet, Place, devnet, on_anvil, simulated

GRACE = "    delay: 48 h\n    # A ready operation"
WEEK = 7 * DAY


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("policies")) as started:
        yield started


@pytest.fixture(params=["simulator", pytest.param("anvil", marks=pytest.mark.node)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        if request.param == "simulator":
            yield simulated(tmp_path)
        else:
            yield stack.enter_context(on_anvil(request.getfixturevalue("node"), tmp_path))


def text_of(place: Place) -> str:
    return place.space.policy_file.read_text("utf-8")


def now(place: Place) -> Moment:
    return place.site.chain.head().timestamp


def frozen(place: Place, text: str, start: int, end: int) -> str:
    """The policy with a freeze of daily work, so many seconds from now."""
    moments = ", ".join(f"{key}: {now(place) + Duration(s)}" for key, s in (("from", start), ("to", end)))
    assert text.count(GRACE) == 1
    return text.replace(GRACE, f"    freeze: [{{{moments}}}]\n{GRACE}")


def comes_into_force(place: Place, text: str) -> None:
    """Beside the tool, as quickly as the timelock allows."""
    place.space.policy_file.write_text(text, "utf-8")
    arguments = [place.space.policy().digest, "policies.yaml"]
    place.timelock_does((place.site.network.policy_anchor, "setPolicy(bytes32,string)", arguments))


def changed_by_proposal(place: Place, name: str, new: str) -> Callable[[], None]:
    """Queue the proposal that puts a policy in force; gives what executes it, a week later, and puts the file there."""
    old = text_of(place)
    place.space.policy_file.write_text(new, "utf-8")
    digest = to_hex(place.space.policy().digest)
    place.space.policy_file.write_text(old, "utf-8")
    place.queued(name, HEAD.format(kind="policy_change") + f'digest: "{digest}"\nuri: policies.yaml\n')

    def execute() -> None:
        place.execute(name)
        place.space.policy_file.write_text(new, "utf-8")

    return execute


def refusal(act: Callable[[str], object], name: str) -> tuple[Finding, ...]:
    with pytest.raises(Refused) as caught:
        act(name)
    return caught.value.findings


def test_a_freeze_that_another_policy_drops_still_holds_what_was_locked_under_it(place: Place) -> None:
    free = text_of(place)
    start, end = DELAY + 4 * DAY, DELAY + 10 * DAY
    comes_into_force(place, frozen(place, free, start, end))
    place.queued(ONE, SWAP)
    into_force = changed_by_proposal(place, TWO, free)
    place.warp(WEEK)
    into_force()
    assert place.stage(ONE) is Stage.READY
    (found,) = refusal(place.execute, ONE)
    assert found.rule == "upgrades-are-slow"
    assert found.message.endswith("it would be acted on now, by the policy that it was locked under")
    assert found.place is not None
    assert found.place.file.startswith("proposals/policies/0x")
    place.warp(end - DELAY - WEEK)
    place.execute(ONE)
    assert place.stage(ONE) is Stage.EXECUTED


def test_a_freeze_that_another_policy_brings_holds_what_waits(place: Place) -> None:
    free = text_of(place)
    place.queued(ONE, SWAP)
    into_force = changed_by_proposal(place, TWO, frozen(place, free, 6 * DAY, 9 * DAY))
    place.warp(WEEK)
    into_force()
    (found,) = refusal(place.execute, ONE)
    assert (found.rule, str(found.place).partition(":")[0]) == ("upgrades-are-slow", "policies.yaml")
    assert found.message.endswith("it would be acted on now")
    place.warp(3 * DAY)
    place.execute(ONE)
    assert place.stage(ONE) is Stage.EXECUTED


def test_a_longer_delay_holds_what_was_scheduled_with_a_shorter_one(place: Place) -> None:
    slower = text_of(place).replace("delay: 48 h", "delay: 10 d").replace("delay: 7 d", "delay: 10 d")
    place.queued(ONE, SWAP)
    into_force = changed_by_proposal(place, TWO, slower)
    place.warp(WEEK)
    into_force()
    assert [f.rule for f in refusal(place.execute, ONE)] == ["upgrades-are-slow"]
    place.warp(3 * DAY)
    place.execute(ONE)
    assert place.stage(ONE) is Stage.EXECUTED


def test_a_shorter_grace_lets_lapse_what_has_waited_longer(place: Place) -> None:
    """threat_25"""
    hasty = text_of(place).replace("grace: 14 d", "grace: 4 d", 1)
    place.queued(ONE, SWAP)
    into_force = changed_by_proposal(place, TWO, hasty)
    place.warp(WEEK)
    into_force()
    assert place.stage(ONE) is Stage.READY
    (found,) = refusal(place.execute, ONE)
    assert (found.rule, found.hint) == ("upgrades-are-slow", "gov cancel, and propose it again")


def test_a_kind_that_is_no_longer_allowed_is_not_executed(place: Place) -> None:
    place.queued(ONE, SWAP)
    into_force = changed_by_proposal(place, TWO, text_of(place).replace("kinds: [facet_swap, ", "kinds: ["))
    place.warp(WEEK)
    into_force()
    assert [f.rule for f in refusal(place.execute, ONE)] == ["deny-by-default"]


def test_what_is_not_scheduled_yet_is_stale_and_judged_by_both(place: Place) -> None:
    free = text_of(place)
    comes_into_force(place, frozen(place, free, 10 * DAY, 30 * DAY))
    second_in_line(place)
    comes_into_force(place, frozen(place, free, 0, 30 * DAY))
    place.warp(WEEK)
    for act in (place.queue, lambda name: place.sign(name, "dave")):
        found = refusal(act, TWO)
        assert [(f.rule, f.path) for f in found] == [
            ("upgrades-are-slow", ""),
            ("upgrades-are-slow", ""),
            ("lock-stale", "pins.policy_digest"),
        ]
        assert ["by the policy that it was locked under" in f.message for f in found] == [False, True, False]


def test_a_policy_that_was_lost_or_edited_lets_nothing_through(place: Place) -> None:
    free = text_of(place)
    place.queued(ONE, SWAP)
    copy = place.space.policy_copy(place.space.policy().digest)
    written = copy.read_text("utf-8")
    assert json.loads(written)["schema"] == "governance/policy/v1"
    comes_into_force(place, free.replace("grace: 14 d", "grace: 15 d"))
    for text, message in (
        (None, "is lost"),
        (written.replace("48 h", "1 h"), "it is not the policy of its name"),
        (written + "\n---\n{}", "cannot be judged by"),
    ):
        copy.unlink(missing_ok=True)
        if text is not None:
            copy.write_text(text, "utf-8")
        with pytest.raises(Refused, match=message) as caught:
            place.execute(ONE)
        assert "git's history" in caught.value.hint()
        assert place.stage(ONE) is Stage.READY
    copy.write_text(written, "utf-8")
    place.execute(ONE)
    assert place.stage(ONE) is Stage.EXECUTED


def test_the_copies_are_kept_once_and_are_no_stray_files(place: Place) -> None:
    place.approved(ONE, SWAP)
    copies = sorted((place.space.proposals_folder / "policies").iterdir())
    before = [(file, file.stat().st_mtime_ns) for file in copies]
    assert [file.name for file in copies] == [f"{to_hex(place.space.policy().digest)}.json"]
    place.lock(ONE)
    assert [(file, file.stat().st_mtime_ns) for file in copies] == before
    assert place.space.misnamed() == []
    copies[0].write_text("{}", "utf-8")
    place.lock(ONE)
    kept = place.space.earlier_policy(place.space.policy().digest)
    assert (kept.digest, [rule.id for rule in kept.rules]) == (
        place.space.policy().digest,
        [rule.id for rule in place.space.policy().rules],
    )


def test_no_copy_is_made_of_another_policy_than_was_read(place: Place) -> None:
    digest = place.space.policy().digest
    place.edit(place.space.policy_file, "grace: 14 d", "grace: 15 d")
    with pytest.raises(Refused, match="edited while it was read"):
        place.space.keep_policy(digest)
