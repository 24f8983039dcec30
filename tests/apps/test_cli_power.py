"""Who may do what, as `gov simulate` and `gov doctor` show it: differences, and what one key alone can bring about."""

from collections.abc import Callable

import pytest

from governance.core.keccak import keccak
from governance.core.units import to_hex
from tests.apps.conftest import ONE, Gov

pytestmark = pytest.mark.node

At = Callable[[str], Gov]
STRANGER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
"""Dave, an owner of the council."""


def drafted(gov: Gov, *roles: str) -> None:
    changes = "".join(f"  - {{on: target, grant: {role}, account: '{STRANGER}'}}\n" for role in roles)
    gov.done("new", "role_change", "--slug", "let-dave")
    file = gov.root / "proposals/0002-let-dave.yaml"
    head = file.read_text("utf-8").partition("changes:")[0]
    file.write_text(f"{head}changes:\n{changes}", "utf-8")


def test_a_swap_of_facets_says_that_nothing_changes(at: At) -> None:
    gov = at("drafted")
    run = gov.done("simulate", "1")
    for line in (
        "who may do what: as before",
        "upgrades by one key alone: none",
        "ways around the timelock's delay: none",
        "stops by one key alone: none",
    ):
        assert line in run.out
    power = gov.json("simulate", ONE)["networks"][0]["power"]
    assert (power["becomes"], power["paths"]) == ([], [])
    assert all(right["before"] and right["after"] for right in power["rights"])
    commits = [right for right in power["rights"] if right["role"] == "COMMIT_ROLE"]
    selector = to_hex(keccak(b"commitRoot(bytes32,uint64)")[:4])
    assert [right["allows"] for right in commits] == [
        [{"function": "commitRoot(bytes32,uint64)", "selector": selector}]
    ]
    assert (commits[0]["holder"], commits[0]["is"]) == (gov.addresses()["timelock"], "timelock, delay 48 h")


def test_what_is_gained_is_shown_and_what_follows_is_found(at: At) -> None:
    """threat_28"""
    gov = at("drafted")
    drafted(gov, "COMMIT_ROLE", "APPLY_ROLE", "EMERGENCY_ROLE")
    run = gov("simulate", "2")
    assert run.code == 1
    for words in (
        "who may do what",
        f"+   {STRANGER}",
        "COMMIT_ROLE",
        "commitRoot",
        "removeRoutes, dropPendingRoot, pause",
        "upgrades by one key alone: 1, 1 of them new",
        "ways around the timelock's delay: 1, 1 of them new",
        "stops by one key alone: 1, 1 of them new",
        f"note: once this is executed, the key {STRANGER} alone can stop the target",
    ):
        assert words in run.out.replace("\n   ", " " * 4), words
    assert "(rule single-key-upgrade)" in run.err
    assert "(rule delay-bypassed)" in run.err
    (network,) = gov("simulate", "2", "--json").document["networks"]
    assert [path["rule"] for path in network["power"]["paths"]] == [
        "single-key-upgrade", "delay-bypassed", "single-key-stop",
    ]  # fmt: skip
    assert all((path["new"], path["from"]) == (True, [STRANGER]) for path in network["power"]["paths"])
    gained = {right["role"] for right in network["power"]["rights"] if right["after"] and not right["before"]}
    assert gained == {"COMMIT_ROLE", "APPLY_ROLE", "EMERGENCY_ROLE"}


def test_a_rehearsal_that_does_not_come_to_its_end_compares_nothing(at: At) -> None:
    gov = at("drafted")
    gov.done("new", "contract_call", "--slug", "in-vain")
    gov.edit("proposals/0002-in-vain.yaml", "setFee(uint256)", "nothing(uint256)")
    run = gov("simulate", "2")
    assert (run.code, "(rule step-reverts)" in run.err) == (1, True)
    assert "who may do what: not compared" in run.out
    assert gov("simulate", "2", "--json").document["networks"][0]["power"] is None
