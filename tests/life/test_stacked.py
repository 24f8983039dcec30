"""Several open proposals on a real node: whose order matters is told, and what cannot follow any other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.adapters.simulate import NodeSimulator
from governance.apps.wiring import site_over
from governance.core.errors import Finding
from governance.core.stacked import Stack
from governance.life.stacked import stack
from tests import sites
from tests.life.test_kind_scenarios import Body, document
from tests.life.test_simulate import ONE, PAUSE, SWAP, THREE, TWO, deploy, set_fee
from tests.sites import DELAY, NETWORK, Devnet, Options, Place

pytestmark = pytest.mark.node

FOUR, FIVE = "0004-four", "0005-five"
SLOWER: Body = {"kind": "timelock_change", "delay": "72 h"}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("stacks")) as made:
        yield made


@pytest.fixture
def place(node: Devnet, tmp_path: Path) -> Iterator[Place]:
    with sites.on_anvil(node, tmp_path) as made:
        yield made


def stacked(place: Place, node: Devnet, **bodies: Body) -> Stack:
    """All open proposals, the given ones having been written."""
    for name, body in bodies.items():
        place.write(name, document(body))
    return again(place, node)


def again(place: Place, node: Devnet) -> Stack:
    network, simulator = place.site.network, NodeSimulator(node.url, NETWORK, place.site.chain)
    return stack(place.site, place.space, simulator, lambda chain: site_over(chain, network))


def pairs(found: tuple[Finding, ...], rule: str = "order-matters") -> list[str]:
    """The beginnings of what is told."""
    return [finding.message.partition(":")[0] for finding in found if finding.rule == rule]


def test_what_has_nothing_to_do_with_one_another_may_come_in_any_order(place: Place, node: Devnet) -> None:
    """threat_26"""
    found = stacked(place, node, **{ONE: SWAP, TWO: set_fee(), THREE: SLOWER})
    assert (found.findings, found.left_out) == ((), {})
    assert (found.proposals, found.orders, found.every) == ((ONE, TWO, THREE), 6, True)


def test_two_that_write_one_word_are_named_with_what_differs(place: Place, node: Devnet) -> None:
    found = stacked(place, node, **{ONE: set_fee(fee=40), TWO: SWAP, THREE: set_fee(fee=45)})
    assert pairs(found.findings) == [f"the order of {ONE} and {THREE} matters"]
    assert "ends as 0x2d when 0003-three comes last, else as 0x28" in found.findings[0].message


def test_a_step_that_reverts_behind_another_is_named_with_its_reason(place: Place, node: Devnet) -> None:
    found = stacked(place, node, **{ONE: set_fee(), TWO: PAUSE})
    assert pairs(found.findings) == [f"the order of {ONE} and {TWO} matters"]
    assert f"{ONE} after {TWO} reverts: EnforcedPause()" in found.findings[0].message
    assert pairs(found.findings, "stacked-reverts") == [f"{ONE} reverts behind every other open proposal"]


def test_two_plans_for_one_epoch_shut_each_other_out(place: Place, node: Devnet) -> None:
    remove: Body = {"kind": "facet_swap", "changes": [{"remove": ["treasurySince()"]}]}
    found = stacked(place, node, **{ONE: {**SWAP, "changes": SWAP["changes"][:2]}, TWO: remove})
    assert pairs(found.findings) == [f"the order of {ONE} and {TWO} matters"]
    assert found.findings[0].message.count("reverts: BadEpoch()") == 2
    assert len(pairs(found.findings, "stacked-reverts")) == 2


def test_what_comes_after_another_is_only_played_behind_it(place: Place, node: Devnet) -> None:
    """threat_26"""
    place.write(ONE, document(set_fee(fee=40)))
    place.lock(ONE)
    found = stacked(place, node, **{TWO: {**set_fee(fee=45), "after": ONE}})
    assert (found.findings, found.orders) == ((), 1)
    place.lock(TWO)
    assert (again(place, node).findings, again(place, node).orders) == ((), 1)


def test_what_is_queued_or_ready_is_open_and_what_is_executed_is_not(place: Place, node: Devnet) -> None:
    place.queued(ONE, document(set_fee(fee=40)))
    found = stacked(place, node, **{TWO: set_fee(fee=45)})
    assert pairs(found.findings) == [f"the order of {ONE} and {TWO} matters"]
    place.warp(DELAY)
    assert pairs(again(place, node).findings) == [f"the order of {ONE} and {TWO} matters"]
    place.execute(ONE)
    assert (again(place, node).proposals, again(place, node).findings) == ((TWO,), ())


def test_what_can_no_longer_be_queued_once_another_is_executed_is_told(place: Place, node: Devnet) -> None:
    place.write(ONE, document(SLOWER))
    place.lock(ONE)
    found = stacked(place, node, **{TWO: set_fee()})
    assert pairs(found.findings) == [f"{TWO} cannot be queued once {ONE} is executed"]
    assert "delay" in found.findings[0].message.lower()


def test_what_a_safe_does_itself_happens_in_the_order_of_its_nonces(place: Place, node: Devnet) -> None:
    change: Body = {"kind": "council_change", "change_threshold": "4"}
    place.write(ONE, document(change))
    place.lock(ONE)
    found = stacked(place, node, **{TWO: set_fee()})
    assert found.orders == 1
    assert pairs(found.findings) == [f"{TWO} cannot be queued once {ONE} is executed"]
    place.space.lock_file(ONE).unlink()
    place.lock(TWO)
    both = again(place, node)
    assert (both.orders, both.findings) == (2, ())


def test_of_more_than_four_each_two_are_played_in_both_orders(place: Place, node: Devnet) -> None:
    named = {ONE: set_fee(fee=40), TWO: SWAP, THREE: set_fee(fee=45), FOUR: PAUSE, FIVE: SLOWER}
    found = stacked(place, node, **named)
    assert (found.orders, found.every) == (20, False)
    told = [(ONE, THREE), (ONE, FOUR), (TWO, FOUR), (THREE, FOUR)]
    assert pairs(found.findings) == [f"the order of {one} and {other} matters" for one, other in told]


def test_of_many_what_comes_after_another_takes_it_along(place: Place, node: Devnet) -> None:
    place.write(ONE, document(SWAP))
    place.lock(ONE)
    named = {TWO: {**set_fee(fee=40), "after": ONE}, THREE: set_fee(fee=45), FOUR: SLOWER, FIVE: PAUSE}
    found = stacked(place, node, **named)
    assert f"the order of {TWO} and {THREE} matters" in pairs(found.findings)
    assert not any(f"{ONE} and {TWO}" in words for words in pairs(found.findings))


def test_two_operations_of_one_proposal_are_played_one_after_another(node: Devnet, tmp_path: Path) -> None:
    with sites.on_anvil(node, tmp_path, Options(activation_delay="1 h")) as place:
        found = stacked(place, node, **{ONE: SWAP, TWO: set_fee()})
        assert (found.findings, found.orders) == ((), 2)
        assert pairs(stacked(place, node, **{THREE: PAUSE}).findings)[0] == f"the order of {ONE} and {THREE} matters"


def test_what_reverts_by_itself_and_what_cannot_be_planned_is_told(place: Place, node: Devnet) -> None:
    reverter = deploy(node, "Reverter", "not today")
    same: Body = {"kind": "unpause", "reason": "why not"}
    found = stacked(place, node, **{ONE: set_fee(reverter, expect=[]), TWO: same, THREE: SLOWER})
    assert found.proposals == (ONE, THREE)
    assert "is not paused" in found.left_out[TWO]
    assert pairs(found.findings, "stacked-reverts") == [f"{ONE} reverts even when no other comes before it"]


def test_without_an_open_proposal_there_is_nothing_to_play(place: Place, node: Devnet) -> None:
    found = again(place, node)
    assert (found.proposals, found.orders, found.findings) == ((), 0, ())
