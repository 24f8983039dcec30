"""`gov approve` as a member meets it: the card, the comparison, what is refused, and what everybody sees afterwards."""

from collections.abc import Callable

import pytest

from tests.apps.conftest import ONE, SIGNERS, Gov

pytestmark = pytest.mark.node

At = Callable[[str], Gov]


@pytest.fixture
def asked(at: At) -> Gov:
    """Locked under a policy that asks an approval of dave or erin."""
    gov = at("drafted")
    gov.ask_security()
    return gov


def test_what_a_role_must_approve_is_queued_once_it_has(asked: Gov) -> None:
    """threat_52"""
    for name in SIGNERS:
        assert asked.sign(name).code == 0
    (row,) = asked.json("status")["proposals"]
    assert (row["stage"], row["next"]) == ("approved", "gov approve: 0 of 1 by security")
    early = asked.act("queue")
    assert early.code == 1
    assert "0 of 1 approvals by role security  (rule upgrades-are-slow)" in early.err
    assert "ask dave, erin: gov approve" in early.err
    approved = asked.approve("dave")
    assert approved.code == 0, approved
    assert approved.out.startswith(
        "approved by 0x90F79bf6EB2c4f870365E785982E1f101E93b906 as security on devnet, until"
    )
    assert asked.json("status")["proposals"][0]["next"].startswith("gov queue")
    assert asked.act("queue").code == 0
    asked.done("devnet", "warp", "48h")
    assert asked.act("execute").code == 0


def test_the_card_says_what_it_is_for_and_until_when(asked: Gov) -> None:
    run = asked.approve("dave", "--valid-for", "7 d", "--json")
    (given,) = run.document["approvals"]
    card = run.err
    for words in (
        f"{ONE} on devnet (chain 31337), collecting",
        "as security: 0 of 1 so far; rule upgrades-are-slow",
        f"seen at {given['seen_at']}, holds until {given['valid_until']}",
        "proposal digest 0x",
        "policy digest   0x",
        "plan basis",
        "domain hash",
        "message hash",
        "to be signed",
        "  →  0x",
    ):
        assert words in card, words
    assert given["plan_basis"].removeprefix("0x")[:4] in card


REFUSED: list[tuple[str, tuple[str, ...], int, str]] = [
    ("alice", (), 1, "does not count for the role security"),
    ("dave", ("--role", "council"), 1, "asks nothing of `council`"),
    ("dave", ("--role", "nobody"), 1, "asks nothing of `nobody`"),
    ("dave", ("--valid-for", "31 d"), 1, "holds at most 30 d, not 31 d"),
    ("dave", ("--valid-for", "soon"), 2, "`soon` is not a duration"),
    ("dave", ("--network", "mainnet"), 2, "is not for network `mainnet`"),
]


@pytest.mark.parametrize(("name", "more", "code", "sentence"), REFUSED)
def test_what_would_not_count_is_not_signed(
    asked: Gov, name: str, more: tuple[str, ...], code: int, sentence: str
) -> None:
    run = asked.approve(name, *more)
    assert (run.code, run.out) == (code, ""), run
    assert sentence in run.err
    assert not (asked.root / f"proposals/{ONE}.approvals").exists()


def test_without_comparing_nothing_is_approved(asked: Gov) -> None:
    other = asked("approve", ONE, *asked.key("dave"), "--confirm", "0x" + "00" * 32)
    nobody = asked("approve", ONE, *asked.key("dave"))
    assert (other.code, nobody.code) == (1, 2)
    assert f"no --confirm names {asked.plan_basis()}" in other.err
    assert "nobody is there to confirm" in nobody.err
    assert not (asked.root / f"proposals/{ONE}.approvals").exists()


def test_signatures_say_who_approved_who_could_and_what_is_void(asked: Gov) -> None:
    """threat_33"""
    assert asked.approve("dave", "--valid-for", "1 d").code == 0
    shown = asked.done("signatures", ONE).out
    assert f"{ONE} on devnet: role security, 1 of 1 approvals" in shown
    (network,) = asked.json("signatures", ONE)["networks"]
    (role,) = network["roles"]
    assert (role["role"], role["at_least"], role["among"], role["void"]) == ("security", 1, None, [])
    assert [each["signer"] for each in role["approved"]] == ["0x90F79bf6EB2c4f870365E785982E1f101E93b906"]
    assert role["waiting"] == ["0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"]
    asked.done("devnet", "warp", "24h")
    (network,) = asked.json("signatures", ONE)["networks"]
    (void,) = network["roles"][0]["void"]
    assert void["reasons"][0].startswith("it ended at 20")
    assert "the approval by dave is void: it ended at 20" in asked.done("signatures", ONE).out


def test_where_no_role_is_asked_signatures_show_none(at: At) -> None:
    gov = at("signed")
    (network,) = gov.json("signatures", ONE)["networks"]
    assert (network["roles"], network["plan_basis"]) == ([], None)
    refused = gov("approve", ONE, *gov.key("dave"), "--confirm", "0x" + "00" * 32)
    assert (refused.code, "asks no role of members for approvals" in refused.err) == (1, True)
