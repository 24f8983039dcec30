"""A pull request is judged by the policy that is in force, not by the one that it brings along. threat_51, threat_52."""

from pathlib import Path

import pytest

from governance.adapters.files import parse
from governance.core import policy as core_policy
from governance.core.errors import Rejected, Unreachable
from governance.core.kinds import KINDS
from governance.core.policy import Policy
from governance.core.units import to_hex
from governance.life.inforce import in_force
from governance.life.locked import open_lock
from governance.life.review import Review, misnamed, report_markdown, report_sarif, review
from tests.life.test_life_scenarios import HEAD, ONE, SWAP, TWO
from tests.sites import DAY, Place, simulated

ASKED = "      - {role: council, at_least: threshold}\n"
SECURITY = ASKED + "      - {role: security, at_least: 2}\n    approval_lifetime: 30 d\n"
STRICT = (("  council: {safe", "  security: [bob, carol, dave]\n  council: {safe"), (ASKED, SECURITY))
"""Edits by which everything needs two of `security` beside the Safe, and not the author."""
LOOSE = (
    ("security: [bob, carol, dave]", "security: [alice, bob, carol]"),
    ("delay: 48 h", "distinct_from_author: false\n    delay: 48 h"),
)
"""Two lines by which the author of a proposal could be one of them."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return simulated(tmp_path)


def edited(text: str, *edits: tuple[str, str]) -> str:
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


def policy_of(text: str, file: str = "base.yaml") -> Policy:
    return core_policy.read(parse(text, file), file=file, kinds=frozenset(KINDS))


def put(place: Place, text: str) -> None:
    place.space.policy_file.write_text(text, "utf-8")


def text_of(place: Place) -> str:
    return place.space.policy_file.read_text("utf-8")


def checked(place: Place, *, base: Policy | None = None, online: bool = False) -> list[Review]:
    space = place.space
    force = in_force(space, base=base, sites=[place.site] if online else [])
    ids, policy = space.proposal_ids(), space.policy()
    return review(ids, policy=policy, read=space.proposal, open_lock=lambda i, n: open_lock(space, i, n), force=force)


def rules(made: list[Review]) -> list[tuple[str, str]]:
    return [(each.name, found.rule) for each in made for found in each.findings]


def changing(text: str, **head: str) -> str:
    digest = to_hex(policy_of(text).digest)
    return HEAD.format(kind="policy_change") + f'digest: "{digest}"\nuri: new.yaml\n'


def test_two_lines_that_would_let_the_author_approve_are_refused_and_explained(place: Place) -> None:
    base = edited(text_of(place), *STRICT)
    with pytest.raises(Rejected) as caught:
        policy_of(edited(base, *LOOSE, ("at_least: 2", "at_least: 1")))
    assert {found.rule for found in caught.value.findings} == {"policy-self-approval"}
    put(place, edited(base, *LOOSE))
    place.write(ONE, SWAP)
    made = checked(place, base=policy_of(base))
    assert [each.ok for each in made] == [False, True]
    assert not made[0].malformed
    assert made[0].findings[0].rule == "policy-not-in-force"
    assert {found.rule for found in made[0].findings[1:]} == {"policy-looser"}
    said = "\n".join(found.message for found in made[0].findings)
    assert "role security: alice holds it now, and so may approve" in said
    assert "facet_swap, manifest_upgrade, proxy_upgrade, unpause on devnet: the author may approve it" in said
    assert not any(rules(checked(place)))  # by its own policy alone, everything holds


def test_what_only_the_new_policy_allows_is_refused_by_the_one_in_force(place: Place) -> None:
    base = edited(text_of(place), ("kinds: [facet_swap, ", "kinds: ["))
    put(place, text := text_of(place))
    place.write(ONE, SWAP)
    place.write(TWO, changing(text))
    made = checked(place, base=policy_of(base))
    assert rules(made) == [(ONE, "deny-by-default")]
    assert made[0].findings[0].message == "no rule allows `facet_swap` on devnet, by the policy in force"


def test_a_policy_that_a_proposal_asks_for_may_lie_in_the_workspace(place: Place) -> None:
    base = text_of(place)
    put(place, edited(base, ("grace: 14 d", "grace: 15 d")))
    place.write(ONE, changing(text_of(place)))
    assert rules(checked(place, base=policy_of(base))) == []
    assert rules(checked(place, base=policy_of(base), online=True)) == []


def test_a_proposal_for_another_policy_asks_nothing_for_this_one(place: Place) -> None:
    base = text_of(place)
    put(place, edited(base, ("grace: 14 d", "grace: 15 d")))
    place.write(ONE, changing(edited(base, ("grace: 14 d", "grace: 16 d"))))
    place.write(TWO, "schema: nonsense\n")
    found = rules(checked(place, base=policy_of(base)))
    assert found[:2] == [("policies.yaml", "policy-not-in-force"), ("policies.yaml", "policy-looser")]


def test_the_same_policy_in_other_words_is_the_same(place: Place) -> None:
    base = policy_of("# another comment\n" + text_of(place))
    place.write(ONE, SWAP)
    assert rules(checked(place, base=base, online=True)) == []


def test_the_chain_says_which_policy_is_in_force(place: Place) -> None:
    place.approved(ONE, SWAP)  # keeps a copy of the policy
    old = text_of(place)
    put(place, edited(old, ("kinds: [facet_swap, ", "kinds: [")))
    assert rules(checked(place, online=True)) == [("policies.yaml", "policy-not-in-force"), (ONE, "deny-by-default")]
    put(place, edited(old, ("delay: 48 h", "delay: 49 h")))
    stale = policy_of(text_of(place))
    assert rules(checked(place, base=stale, online=True)) == [
        ("policies.yaml", "policy-base-not-in-force"),
        ("policies.yaml", "policy-not-in-force"),
    ]


def test_a_policy_in_force_that_is_not_here_is_not_passed_over(place: Place) -> None:
    put(place, edited(text_of(place), ("delay: 48 h", "delay: 49 h")))
    made = checked(place, online=True)
    assert rules(made) == [("policies.yaml", "policy-unknown")]
    assert "git's history" in made[0].findings[0].hint


def test_a_proposal_that_was_executed_long_ago_brings_no_old_policy_back(place: Place) -> None:
    """threat_51: the workspace goes back to a policy that a finished proposal once put in force."""
    first = text_of(place)
    second = edited(first, ("grace: 14 d", "grace: 15 d"))
    place.queued(ONE, changing(second))
    place.warp(7 * DAY)
    place.execute(ONE)
    put(place, second)
    assert rules(checked(place, online=True)) == []
    place.queued(TWO, changing(first))
    place.warp(7 * DAY)
    place.execute(TWO)
    assert rules(checked(place, online=True)) == [
        ("policies.yaml", "policy-not-in-force"),
        ("policies.yaml", "policy-looser"),
    ]


def test_a_lock_file_that_does_not_hold_opens_no_door(place: Place) -> None:
    first = text_of(place)
    second = edited(first, ("delay: 48 h", "delay: 49 h"))
    place.approved(ONE, changing(second))
    put(place, second)
    assert rules(checked(place, online=True)) == []
    place.edit(place.space.lock_file(ONE), '"delay": "604800"', '"delay": "604801"')
    assert rules(checked(place, online=True))[0] == ("policies.yaml", "policy-not-in-force")


def test_a_chain_that_does_not_answer_is_no_digest(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> None:
        raise Unreachable("nobody answers")

    monkeypatch.setattr(place.site.chain, "head", nobody)
    with pytest.raises(Unreachable):
        checked(place, online=True)


def test_the_reports_name_the_policy_as_what_it_is(place: Place) -> None:
    base = text_of(place)
    put(place, edited(base, ("grace: 14 d", "grace: 15 d")))
    made = checked(place, base=policy_of(base)) + misnamed(["x.yml"])
    assert "| `policies.yaml` | | not in force | |" in report_markdown(made)
    assert "| `x.yml` | | malformed | |" in report_markdown(made)
    assert '"policy-looser"' in report_sarif(made, version="0")
