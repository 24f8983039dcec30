"""The report beside the lock file: the same for the same state, told apart where the outcome differs, and not to be swapped.

Covers threat_67 (text of proposals in pages).
"""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from governance.adapters.simulate import NodeSimulator
from governance.apps.wiring import site_over
from governance.core.errors import Refused
from governance.core.keccak import keccak
from governance.core.markdown import markdown
from governance.core.rehearsal import Rehearsal
from governance.core.units import to_hex
from governance.life import pin, sign
from governance.life.locked import open_lock, open_with_report
from governance.life.report import difference, page_of, report_findings
from governance.life.simulate import simulate
from governance.life.site import Rehearse
from tests import sites
from tests.life.test_kind_scenarios import document
from tests.life.test_life_scenarios import SWAP
from tests.life.test_simulate import FEE_SLOT
from tests.sites import NETWORK, Devnet, Place, safe_tx_hash_by_safe_eth

pytestmark = pytest.mark.node
ONE = "0001-swap-fee-facet"


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("reports")) as made:
        yield made


@pytest.fixture
def place(node: Devnet, tmp_path: Path) -> Iterator[Place]:
    with sites.on_anvil(node, tmp_path) as made:
        yield made


def rehearse(place: Place, node: Devnet) -> Rehearse:
    simulator = NodeSimulator(node.url, NETWORK, place.site.chain)
    build = partial(site_over, place=place.site.network)
    return lambda proposal, plan: simulate(place.site, place.space, simulator, build, proposal, plan=plan)


def locked(place: Place, node: Devnet, text: str = SWAP) -> str:
    """Locked with a rehearsal; gives the report."""
    place.write(ONE, text)
    pin.lock([place.site], place.space, ONE, rehearse={NETWORK: rehearse(place, node)})
    report = place.space.report(ONE)
    assert report is not None
    return report


def now(place: Place, node: Devnet) -> tuple[str, Rehearsal]:
    """The report of this moment."""
    rehearsal = rehearse(place, node)(ONE, None)
    found = open_lock(place.space, ONE, NETWORK)
    assert found is not None
    return markdown(page_of(place.space, [(place.site.network, found.plan, rehearsal)])), rehearsal


def test_the_lock_file_has_the_hash_of_the_report(place: Place, node: Devnet) -> None:
    text = locked(place, node)
    lock = json.loads(place.space.lock_file(ONE).read_text())
    assert lock["report"] == to_hex(keccak(text.encode()))
    assert report_findings(place.space, ONE) == ()
    for wanted in (
        "# `facet_swap`",
        "nothing was found that must not be",
        "FeeFacet@2",
        to_hex(place.operation(ONE).id),
    ):
        assert wanted in text


def test_it_says_the_same_at_another_block_and_moment(place: Place, node: Devnet) -> None:
    before = locked(place, node)
    place.warp(86_400)
    for _ in range(3):
        node.ask("evm_mine")
    after, _ = now(place, node)
    assert difference(before, after) == []
    assert after == before


def test_it_tells_where_the_outcome_differs(place: Place, node: Devnet) -> None:
    before = locked(place, node)
    for slot, value in ((f"{FEE_SLOT}0", 31), (f"{FEE_SLOT}1", 1)):
        node.ask("anvil_setStorageAt", place.site.network.target, slot, to_hex(value.to_bytes(32, "big")))
    node.ask("evm_mine")
    after, rehearsal = now(place, node)
    assert [finding.rule for finding in rehearsal.findings] == ["expectation-broken"]
    told = difference(before, after)
    assert "+| BROKEN | `fee() gives 30` | `31` |" in told
    assert "-| kept | `fee() gives 30` | `30` |" in told


@pytest.mark.parametrize(
    ("change", "rule"), [("edit", "report-differs"), ("remove", "report-missing"), ("restore", None)]
)
def test_another_report_is_found_by_check_and_stops_signing(
    place: Place, node: Devnet, change: str, rule: str | None
) -> None:
    text = locked(place, node)
    file = place.space.report_file(ONE)
    file.unlink() if change == "remove" else file.write_text(
        text.replace("kept", "kept ") if change == "edit" else text
    )
    assert [finding.rule for finding in report_findings(place.space, ONE)] == ([rule] if rule else [])
    acts = (
        lambda: open_with_report(place.space, ONE, NETWORK),
        lambda: sign.prepare(place.site, place.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None),
    )
    for act in acts:
        if rule is None:
            assert act() is not None
            continue
        with pytest.raises(Refused, match="is not the one that was locked") as refusal:
            act()
        assert [finding.rule for finding in refusal.value.findings] == [rule]


def test_without_a_rehearsal_there_is_no_report_and_none_may_lie_there(place: Place, node: Devnet) -> None:
    old = locked(place, node)
    place.lock(ONE)
    assert place.space.report(ONE) is None
    assert report_findings(place.space, ONE) == ()
    place.space.report_file(ONE).write_text(old)
    assert [finding.rule for finding in report_findings(place.space, ONE)] == ["report-differs"]


def test_who_gains_a_right_stands_in_the_report(place: Place, node: Devnet) -> None:
    account = sites.people()["heidi"].address
    body = {
        "kind": "role_change",
        "changes": [{"grant": "EMERGENCY_ROLE", "on": "target", "account": account}],
    }
    text = locked(place, node, document(body))
    assert f"| gains | `{account}" in text
    assert "EMERGENCY_ROLE" in text


def test_hostile_words_of_a_proposal_stay_words(place: Place, node: Devnet) -> None:
    """threat_67"""
    title = "facet_swap | `x` <b>@all</b> [y](https://evil.example)"
    text = locked(place, node, SWAP.replace("title: facet_swap", f"title: '{title}'"))
    assert text.startswith(f"# ``{title}``\n")
