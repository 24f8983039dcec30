"""What councils do every day, on every generation: rehearsed whole, and nothing is found."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from governance.core.facts import Generation
from tests import sites
from tests.life.test_kind_scenarios import SECOND, Body, _policy
from tests.life.test_simulate import FEE, PAUSE, SWAP, fee_becomes, rehearsed, set_fee
from tests.sites import Devnet, Options, Place, people

pytestmark = pytest.mark.node
Tell = Callable[[Place, Devnet], Body]
REPLACE = {"replace": "FeeFacet@2", "selectors": ["setFee(uint256)", "fee()"]}
ADD = {"add": "FeeFacet@2", "selectors": ["maxFee()"]}
REMOVE = {"remove": ["treasurySince()"]}


def swap(*changes: object, **more: object) -> Body:
    return {"kind": "facet_swap", "changes": list(changes), **more}


def back(fee: int) -> list[Body]:
    return [{"to": "target", "function": "setFee(uint256)", "args": [str(fee)]}]


def timelock(**more: object) -> Body:
    return {"kind": "timelock_change", **more}


def canceller(place: Place, node: Devnet) -> Body:
    changes = [{"grant": "CANCELLER_ROLE", "account": SECOND}]
    return timelock(changes=changes)


EVERYDAY: dict[str, Tell] = {
    "a facet is replaced": lambda p, n: swap(REPLACE),
    "a function is added": lambda p, n: swap(ADD, expect=[{"call": "maxFee()(uint256)", "equals": "500"}]),
    "a function is removed": lambda p, n: swap(REMOVE),
    "replaced, added and removed": lambda p, n: SWAP,
    "a fee is set": lambda p, n: set_fee(),
    "a fee is set, and how it is taken back": lambda p, n: set_fee(fee=25, rollback=back(30), irreversible="seen"),
    "the timelock waits longer": lambda p, n: timelock(delay="96 h"),
    "somebody more may cancel": canceller,
    "somebody else executes": lambda p, n: timelock(
        changes=[{"grant": "EXECUTOR_ROLE", "account": people()["heidi"].address}]
    ),
    "another policy": _policy,
    "more must sign": lambda p, n: {"kind": "council_change", "change_threshold": "4"},
    "an owner comes": lambda p, n: {"kind": "council_change", "add_owner": people()["heidi"].address, "threshold": "4"},
    "a facet and a longer delay": lambda p, n: {
        "kind": "batch",
        "entries": [swap(REPLACE), timelock(delay="72 h")],
    },
    "two fees": lambda p, n: {
        "kind": "contract_call",
        "calls": [*back(20), *back(45)],
        "expect": [{**FEE, "equals": "45"}, *fee_becomes(45)],
    },
    "a pause": lambda p, n: PAUSE,
}
SYSTEMS = [*(Options(generation=generation) for generation in Generation), Options(safe_version="1.5.0")]
UNKNOWN_TO_DIAMONDS = {"a pause", "a fee is set", "a fee is set, and how it is taken back", "two fees"}
"""A diamond has no pause, and the fee facet asks for a role, which the diamond here does not know."""
CASES = [
    (name, system)
    for system in SYSTEMS
    for name in EVERYDAY
    if system.generation is not Generation.DIAMOND or name not in UNKNOWN_TO_DIAMONDS
]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("benign")) as made:
        yield made


def test_there_are_many() -> None:
    assert len(CASES) >= 50


@pytest.mark.parametrize(("name", "system"), CASES, ids=[f"{name} on {system.name}" for name, system in CASES])
def test_an_everyday_proposal_has_no_finding(name: str, system: Options, node: Devnet, tmp_path: Path) -> None:
    with sites.on_anvil(node, tmp_path, system) as place:
        found = rehearsed(place, node, EVERYDAY[name](place, node))
        assert found.findings == ()
        assert found.blocks
