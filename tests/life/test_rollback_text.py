"""The way back introduces whom the policy does not name, since what was in force before is not any more. threat_54."""

from typing import Any

import pytest

from governance.adapters.files import parse
from governance.core.kinds import KINDS
from governance.core.tree import plain
from governance.life.rollback import rollback
from tests.core.kindfacts import NETWORK, NEW, OLD, PROXY, Body, pins, proposal
from tests.core.test_policy import TEXT as POLICY
from tests.core.test_policy import A, made

UPGRADE: Body = {"kind": "proxy_upgrade", "proxy": PROXY, "pattern": "uups", "implementation": NEW}
FEES = {"address": PROXY, "name": "fees", "purpose": "The proxy of the fees"}
WAS = {"purpose": "Had its part before 0001-x"}
ROLE: Body = {"kind": "role_change", "changes": [{"on": "timelock", "grant": "CANCELLER_ROLE", "account": A}]}


def back(body: Body, book: str = "") -> Any:
    document = proposal(body)
    policy = made(POLICY.replace("networks:\n", f"{book}networks:\n", 1))
    return plain(parse(rollback(document, KINDS[body["kind"]], {NETWORK: pins()}, policy), "back"))


def test_what_was_in_force_is_introduced_and_what_was_introduced_keeps_its_name() -> None:
    old = {"address": OLD, "name": "before-0001-2", **WAS}
    assert back({**UPGRADE, "introduce": [FEES]})["introduce"] == [FEES, old]


def test_what_the_policy_names_is_not_introduced() -> None:
    fees = {"address": PROXY, "name": "before-0001-1", **WAS}
    assert back(UPGRADE, f'addresses:\n  old: {{address: "{OLD}", purpose: The first}}\n')["introduce"] == [fees]
    assert "introduce" not in back(ROLE)


@pytest.mark.parametrize("body", [{**UPGRADE, "introduce": [FEES]}, ROLE])
def test_the_way_back_is_a_proposal_of_the_same_kind(body: Body) -> None:
    assert proposal(back(body)).document.kind == body["kind"]
