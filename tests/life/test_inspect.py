"""Facets with one fault each, on a real node: found by its rule before they are routed, and in the rehearsal of the proposal
that would route them. Facets without a fault are let through."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.simulate import NodeSimulator
from governance.adapters.workspace import FileWorkspace
from governance.apps.wiring import site_over
from governance.core.artifact import DEPLOYMENT_PROXY, Artifact, create2_call
from governance.core.errors import Refused, Rejected
from governance.core.facetsafety import OF_ARTIFACTS
from governance.core.facts import Generation
from governance.core.rehearsal import Rehearsal
from governance.core.units import ZERO_WORD, Address, checksummed, hex_bytes, to_hex
from governance.life.inspect import OF_PROBES, Inspection, inspect, told
from governance.life.simulate import simulate
from tests import sites
from tests.life.test_kind_scenarios import document
from tests.sites import NETWORK, Devnet, Options, Place, rules

pytestmark = pytest.mark.node

ARTIFACTS = sites.ROOT / "tests" / "artifacts"
ONE, NINE = "0001-one", "0009-nine"
FACET = checksummed(b"\x41" * 20)
SWAP = [
    {"replace": "FeeFacet@2", "selectors": ["setFee(uint256)", "fee()"]},
    {"add": "FeeFacet@2", "selectors": ["maxFee()"]},
]
Changes = list[dict[str, Any]]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("inspections")) as made:
        yield made


@pytest.fixture
def place(node: Devnet, tmp_path: Path) -> Iterator[Place]:
    with sites.on_anvil(node, tmp_path) as made:
        yield made


def known(place: Place, name: str) -> Artifact:
    """The workspace's own artifact, deployed where every network has it."""
    folder = place.space.root / "artifacts"
    folder.mkdir(exist_ok=True)
    if (ARTIFACTS / f"{name}.json").exists():
        shutil.copy(ARTIFACTS / f"{name}.json", folder)
    artifact = FileWorkspace(place.space.root).artifact(name)
    if not place.site.chain.codes([artifact.address], place.site.chain.head())[0]:
        call = create2_call(artifact.creation_code, salt=ZERO_WORD, proxy=DEPLOYMENT_PROXY, what=name)
        place.payer.send(call, purpose=f"deploy {name}")
    return artifact


def simulator(place: Place, node: Devnet) -> NodeSimulator:
    return NodeSimulator(node.url, NETWORK, place.site.chain)


def looked_at(place: Place, node: Devnet, reference: str) -> Inspection:
    return inspect(place.site, FileWorkspace(place.space.root), simulator(place, node), reference)


def rehearsed(place: Place, node: Devnet, changes: Changes) -> Rehearsal:
    place.write(ONE, document({"kind": "facet_swap", "changes": changes}))
    network = place.site.network
    space = FileWorkspace(place.space.root)
    return simulate(place.site, space, simulator(place, node), lambda chain: site_over(chain, network), ONE)


def routed(place: Place, name: str, *signatures: str, verb: str = "add") -> None:
    """By a proposal that nobody rehearsed."""
    artifact = known(place, name)
    swap = {"kind": "facet_swap", "changes": [{verb: artifact.address, "selectors": list(signatures)}]}
    place.executed(NINE, document(swap))


# ---- before anything is routed -----------------------------------------------------------------------------------------

ALONE: dict[str, list[str]] = {
    "FeeFacet@1": [],
    "FeeFacet@2": [],
    "FeeFacet@4": [],
    "TreasuryFacet@1": [],
    "BurnFacet": [],
    "OnceFacet": [],
    "FeeFacet@3": ["storage-layout", "storage-layout"],
    "RivalFacet": ["namespace-reuse", "namespace-reuse"],
    "MisplacedFacet": ["namespace-location"],
    "PlainFacet": ["low-slot-write", "low-slot-write", "plain-storage"],
    "ThawingFacet": ["low-slot-write"],
    "OpenFacet": ["open-initializer", "reinitializer"],
    "LendingFacet": ["delegatecall-in-facet"],
    "EndingFacet": ["selfdestruct-in-facet", "create2-redeployable"],
}


@pytest.mark.parametrize("name", ALONE)
def test_a_facet_is_inspected_before_it_is_routed(name: str, place: Place, node: Devnet) -> None:
    """threat_41, threat_44, threat_45"""
    artifact = known(place, name)
    for reference in (name, artifact.address):
        found = looked_at(place, node, reference)
        assert [finding.rule for finding in found.findings] == ALONE[name]
        assert (found.facet.reference, found.unchecked, found.notes) == (name, (), ())
    if ALONE[name]:
        with pytest.raises(Refused) as caught:
            found.require()
        assert rules(caught.value) == ALONE[name]
    else:
        found.require()


def test_what_anyone_may_call_is_told(place: Place, node: Devnet) -> None:
    """threat_45"""
    known(place, "ThawingFacet")
    assert looked_at(place, node, "ThawingFacet").open == ("thaw()",)
    assert looked_at(place, node, "FeeFacet@1").open == ()


def test_a_facet_that_is_not_on_chain_yet_is_judged_by_its_artifact(place: Place, node: Devnet) -> None:
    shutil.copytree(ARTIFACTS, place.space.root / "artifacts", dirs_exist_ok=True)
    found = looked_at(place, node, "PlainFacet")
    assert [finding.rule for finding in found.findings] == ALONE["PlainFacet"]
    assert [each.rule for each in found.unchecked] == list(OF_PROBES)
    assert "has no code on devnet yet: gov facet deploy" in told(found.unchecked)[0]


def test_of_unknown_code_only_the_code_is_judged_and_the_rest_is_said(place: Place, node: Devnet) -> None:
    """threat_41, threat_45. An initialiser is recognised by its selector alone."""
    place.set_code(FACET, hex_bytes("0x60015f5260205ff3"))
    found = looked_at(place, node, FACET)
    assert (found.findings, found.facet.reference) == ((), FACET)
    assert [each.rule for each in found.unchecked] == list(OF_ARTIFACTS)
    artifact = known(place, "OpenFacet")
    (place.space.root / "artifacts" / "OpenFacet.json").unlink()
    found = looked_at(place, node, artifact.address)
    assert [finding.rule for finding in found.findings] == ALONE["OpenFacet"]


def test_code_that_is_none_or_not_the_artifacts_is_told(place: Place, node: Devnet) -> None:
    """threat_41"""
    assert [finding.rule for finding in looked_at(place, node, FACET).findings] == ["code-size"]
    place.set_code(FACET, b"\xef\x01\x00" + b"\x11" * 20)
    assert [finding.rule for finding in looked_at(place, node, FACET).findings] == ["code-delegated"]
    place.set_code(known(place, "BurnFacet").address, hex_bytes("0x00"))
    assert [finding.rule for finding in looked_at(place, node, "BurnFacet").findings] == ["facet-code-differs"]


def test_an_artifact_that_cannot_be_read_is_noted_and_an_unknown_one_rejected(place: Place, node: Devnet) -> None:
    (place.space.root / "artifacts").mkdir()
    (place.space.root / "artifacts" / "Broken.json").write_text("{}", "utf-8")
    (note,) = looked_at(place, node, "FeeFacet@1").notes
    assert note.startswith("the artifact Broken is not looked at: ")
    for reference in ("FeeFacet@9", "0x1234"):
        with pytest.raises(Rejected):
            looked_at(place, node, reference)


def test_a_routed_facet_is_called_through_the_system(place: Place, node: Devnet) -> None:
    """threat_45. There it is initialised, whatever its own storage says."""
    signature = "initialize(address)"
    routed(place, "OpenFacet", signature)
    found = looked_at(place, node, "OpenFacet")
    assert found.selectors == (found.facet.functions[signature],)
    assert [finding.rule for finding in found.findings] == ALONE["OpenFacet"]


# ---- in a rehearsal ------------------------------------------------------------------------------------------------------

ADDED: dict[str, tuple[Changes, list[str]]] = {
    "FeeFacet@2": (SWAP, []),
    "FeeFacet@4": ([{"replace": "FeeFacet@4", "selectors": ["setFee(uint256)", "fee()"]}], []),
    "OnceFacet": ([{"add": "OnceFacet", "selectors": ["initialize(uint256)"]}], []),
    "BurnFacet": ([{"add": "BurnFacet", "selectors": ["burn(uint256)"]}], []),
    "FeeFacet@3": (
        [{"replace": "FeeFacet@3", "selectors": ["setFee(uint256)", "fee()"]}],
        ["storage-layout", "storage-layout"],
    ),
    "RivalFacet": (
        [{"add": "RivalFacet", "selectors": ["setRate(uint128)", "rate(address)"]}],
        ["namespace-reuse", "namespace-reuse"],
    ),
    "MisplacedFacet": ([{"add": "MisplacedFacet", "selectors": ["setNumber(uint256)"]}], ["namespace-location"]),
    "PlainFacet": ([{"add": "PlainFacet", "selectors": ["setNumber(uint256)"]}], ALONE["PlainFacet"]),
    "ThawingFacet": ([{"add": "ThawingFacet", "selectors": ["thaw()"]}], ["low-slot-write"]),
    "OpenFacet": ([{"add": "OpenFacet", "selectors": ["initialize(address)"]}], ALONE["OpenFacet"]),
    "LendingFacet": ([{"add": "LendingFacet", "selectors": ["lend(address,bytes)"]}], ["delegatecall-in-facet"]),
    "EndingFacet": ([{"add": "EndingFacet", "selectors": ["end(address)"]}], ALONE["EndingFacet"]),
}


@pytest.mark.parametrize("name", ADDED)
def test_what_a_proposal_routes_is_inspected_in_its_rehearsal(name: str, place: Place, node: Devnet) -> None:
    """threat_41, threat_44, threat_45"""
    changes, expected = ADDED[name]
    known(place, name)
    found = rehearsed(place, node, changes)
    assert [finding.rule for finding in found.findings] == expected
    if expected:
        with pytest.raises(Refused) as caught:
            found.require()
        assert rules(caught.value) == expected


def test_who_may_call_what_is_noted_in_the_rehearsal(place: Place, node: Devnet) -> None:
    """threat_45"""
    known(place, "EndingFacet")
    found = rehearsed(place, node, ADDED["EndingFacet"][0])
    assert found.notes == ("end(address) of EndingFacet: anyone may call it",)
    place.set_code(FACET, hex_bytes("0x60015f5260205ff3"))
    (note,) = rehearsed(place, node, [{"add": FACET, "selectors": ["poke()"]}]).notes
    assert note.startswith("not checked: plain-storage, selector-clash, ")


def test_a_function_that_takes_the_selector_of_another_is_found(place: Place, node: Devnet) -> None:
    """threat_42. The plan sees one selector that changes its facet, and cannot see another function."""
    routed(place, "BurnFacet", "burn(uint256)")
    known(place, "ClashingFacet")
    found = rehearsed(place, node, [{"replace": "ClashingFacet", "selectors": ["collate_propagate_storage(bytes16)"]}])
    assert [finding.rule for finding in found.findings] == ["selector-clash"]


def test_an_initialiser_for_the_admin_that_runs_again_is_found(place: Place, node: Devnet) -> None:
    """threat_45"""
    known(place, "AgainFacet")
    found = rehearsed(place, node, [{"add": "AgainFacet", "selectors": ["initialize(uint256)"]}])
    assert [finding.rule for finding in found.findings] == ["reinitializer"]


def test_an_initialiser_that_nothing_routes_to_is_not_called(place: Place, node: Devnet) -> None:
    """threat_45"""
    artifact = known(place, "OpenFacet")
    place.set_code(FACET, artifact.runtime_code)
    found = rehearsed(place, node, [{"add": FACET, "selectors": ["poke()"]}])
    assert found.findings == ()


def test_facets_whose_steps_revert_are_judged_by_their_code(place: Place, node: Devnet) -> None:
    """threat_41. Our dispatcher refuses its own selectors when routes are applied."""
    found = rehearsed(place, node, [{"add": place.address("FeeFacet@2"), "selectors": ["adminCount()"]}])
    assert [finding.rule for finding in found.findings] == ["step-reverts", "selector-shadowed"]
    assert any(
        note.startswith("not checked: open-initializer, reinitializer, since the proposal") for note in found.notes
    )


@pytest.mark.parametrize("generation", [Generation.V1, Generation.COMPACT, Generation.P4])
def test_a_selector_that_a_deployed_dispatcher_answers_itself_is_found(
    generation: Generation, node: Devnet, tmp_path: Path
) -> None:
    """threat_42. It takes the route, which is then never reached."""
    with sites.on_anvil(node, tmp_path, Options(generation=generation)) as place:
        known(place, "ShadowedFacet")
        found = rehearsed(place, node, [{"add": "ShadowedFacet", "selectors": ["getRouteCount()"]}])
        assert [finding.rule for finding in found.findings] == ["selector-shadowed"]


def test_on_a_diamond_a_facet_without_a_fault_has_no_finding(node: Devnet, tmp_path: Path) -> None:
    with sites.on_anvil(node, tmp_path, Options(generation=Generation.DIAMOND)) as place:
        assert rehearsed(place, node, SWAP).findings == ()
        assert looked_at(place, node, "FeeFacet@2").findings == ()


def test_a_facet_that_is_routed_to_already_is_inspected_once_it_gets_more(place: Place, node: Devnet) -> None:
    """threat_45"""
    routed(place, "OpenFacet", "initialize(address)")
    address: Address = known(place, "OpenFacet").address
    found = rehearsed(place, node, [{"add": address, "selectors": [to_hex(b"\x01\x02\x03\x04")]}])
    assert [finding.rule for finding in found.findings] == ALONE["OpenFacet"]
    assert rehearsed(place, node, SWAP).findings == ()
