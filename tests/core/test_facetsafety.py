"""Each fault of a facet is found by its rule, and by no other; facets without a fault have no finding."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from governance.core.errors import Finding
from governance.core.facetsafety import (
    OF_ARTIFACTS,
    RULES,
    Facet,
    judge_facet,
    judge_layouts,
    judge_selectors,
    unchecked,
)
from governance.core.facts import Generation
from governance.core.keccak import selector
from governance.core.kinds.upgrade import PROTECTED
from governance.core.manifest import FORBIDDEN, SHADOWED
from governance.core.ownfunctions import own_functions
from governance.core.storagelayout import Layout, location
from governance.core.units import Address, checksummed
from tests.core.test_deployment import ARTIFACTS

ELSEWHERE = checksummed(b"\x41" * 20)
BENIGN = ("FeeFacet@1", "FeeFacet@2", "FeeFacet@4", "TreasuryFacet@1", "BurnFacet", "OnceFacet")
OURS = own_functions(Generation.OURS, ours=ARTIFACTS.get("ManifestDispatcher").selectors, routed=())


def facet(name: str, address: Address | None = None) -> Facet:
    artifact = ARTIFACTS.get(name)
    where = artifact.address if address is None else address
    return Facet(reference=name, address=where, code=artifact.runtime_code, artifact=artifact)


def unknown(code: str) -> Facet:
    return Facet(reference=ELSEWHERE, address=ELSEWHERE, code=bytes.fromhex(code), artifact=None)


def rules(findings: Sequence[Finding]) -> list[str]:
    assert {finding.rule for finding in findings} <= set(RULES)
    assert all(finding.message and finding.hint for finding in findings)
    return [finding.rule for finding in findings]


# ---- alone -------------------------------------------------------------------------------------------------------------

ALONE: dict[str, tuple[Facet, list[str], str]] = {
    "no code": (unknown(""), ["code-size"], "has no code"),
    "too much code": (unknown("00" * 24_577), ["code-size"], "24,577 bytes of code, the limit is 24,576"),
    "an account that delegates": (
        unknown("ef0100" + "11" * 20),
        ["code-delegated"],
        "runs the code of 0x1111111111111111111111111111111111111111",
    ),
    "a delegatecall": (facet("LendingFacet"), ["delegatecall-in-facet"], "has DELEGATECALL at byte"),
    "a minimal proxy": (
        unknown("363d3d373d3d3d363d73" + "11" * 20 + "5af43d82803e903d91602b57fd5bf3"),
        ["delegatecall-in-facet"],
        "at byte 31",
    ),
    "callcodes": (unknown("f2" * 5), ["callcode-in-facet"], "CALLCODE at byte 0, 1, 2 and 2 more"),
    "an end, at an address of CREATE2": (
        facet("EndingFacet"),
        ["selfdestruct-in-facet", "create2-redeployable"],
        "has SELFDESTRUCT at byte",
    ),
    "an end, elsewhere": (facet("EndingFacet", ELSEWHERE), ["selfdestruct-in-facet"], ELSEWHERE),
    "a low slot that is written": (facet("ThawingFacet"), ["low-slot-write"], "writes slot 6 in thaw()"),
    "a low slot that unknown code writes": (unknown("5f600655"), ["low-slot-write"], f"{ELSEWHERE} writes slot 6"),
    "state variables": (
        facet("PlainFacet"),
        ["low-slot-write", "low-slot-write", "plain-storage"],
        "writes slot 0 in setNumber(uint256)",
    ),
    "a namespace at another's location": (
        facet("MisplacedFacet"),
        ["namespace-location"],
        f"has 0x{location('gov.facet.treasury'):064x} instead",
    ),
    "other code than its artifact's": (
        replace(facet("BurnFacet"), code=b"\0"),
        ["facet-code-differs"],
        "has code hash 0xbc36789e",
    ),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_fault_of_a_facet_is_found_by_its_rule(name: str) -> None:
    """threat_41, threat_44"""
    which, expected, words = ALONE[name]
    found = judge_facet(which)
    assert rules(found) == expected
    assert words in found[0].message


@pytest.mark.parametrize("name", BENIGN)
def test_a_facet_without_a_fault_has_no_finding(name: str) -> None:
    """threat_41, threat_44"""
    assert judge_facet(facet(name)) == []


def test_state_variables_are_told_with_their_places() -> None:
    """threat_44"""
    assert "number (slot 0, offset 0), numbers (slot 1, offset 0)" in judge_facet(facet("PlainFacet"))[-1].message


def test_state_variables_at_a_location_of_their_own_are_fine() -> None:
    """The dispatcher itself has all of its own behind `layout at`."""
    found = judge_facet(facet("ManifestDispatcher"))
    assert "plain-storage" not in rules(found)


def test_a_namespace_that_only_the_constructor_uses_is_not_missed() -> None:
    """OpenZeppelin's `_disableInitializers` leaves nothing of it in the runtime code, and no other location either."""
    artifact = replace(ARTIFACTS.get("BurnFacet"), namespaces={"a.b": Layout(fields=(), types={})})
    assert judge_facet(replace(facet("BurnFacet"), artifact=artifact)) == []


# ---- selectors ---------------------------------------------------------------------------------------------------------


def test_two_names_with_one_selector_are_a_clash() -> None:
    """threat_42"""
    found = judge_selectors([facet("ClashingFacet")], [facet("FeeFacet@1"), facet("BurnFacet")], own={}, routed={})
    assert rules(found) == ["selector-clash"]
    assert found[0].message == (
        "0x42966c68 is burn(uint256) of BurnFacet and collate_propagate_storage(bytes16) of ClashingFacet"
    )
    assert rules(judge_selectors([facet("BurnFacet"), facet("ClashingFacet")], [], own={}, routed={})) == [
        "selector-clash"
    ]


def test_a_clash_that_was_there_before_is_not_told_again() -> None:
    """threat_42"""
    around = [facet("BurnFacet"), facet("ClashingFacet")]
    assert judge_selectors([facet("FeeFacet@2")], [*around, facet("FeeFacet@1")], own=OURS, routed={}) == []


def test_the_same_function_in_two_facets_is_no_clash() -> None:
    """threat_42"""
    routed = {facet("FeeFacet@2").address: facet("FeeFacet@2").functions.values()}
    assert judge_selectors([facet("FeeFacet@2")], [facet("FeeFacet@1")], own=OURS, routed=routed) == []


@pytest.mark.parametrize(
    ("generation", "shadowed"),
    [(Generation.V1, True), (Generation.COMPACT, True), (Generation.P4, True), (Generation.DIAMOND, False)],
)
def test_a_function_that_the_system_answers_itself_is_shadowed(generation: Generation, shadowed: bool) -> None:
    """threat_42"""
    own, which = own_functions(generation, ours={}, routed=()), facet("ShadowedFacet")
    routed = {which.address: [selector("getRouteCount()")]}
    found = judge_selectors([which], [], own=own, routed=routed)
    assert rules(found) == (["selector-shadowed"] if shadowed else [])
    assert judge_selectors([which], [], own=own, routed={}) == []


@pytest.mark.parametrize(
    ("generation", "double"),
    [
        (Generation.V1, "DispatcherV1Double"),
        (Generation.COMPACT, "DispatcherCompactDouble"),
        (Generation.P4, "DispatcherP4Double"),
        (Generation.DIAMOND, "DiamondDouble"),
    ],
)
def test_the_functions_of_each_generation_are_those_of_its_contract(generation: Generation, double: str) -> None:
    """threat_42"""
    compiled = ARTIFACTS.get(double).selectors
    assert own_functions(generation, ours={}, routed=()) == {found: name for name, found in compiled.items()}


def test_ours_are_those_of_the_compiled_dispatcher_and_a_diamonds_those_without_a_route() -> None:
    """threat_42"""
    assert set(OURS) >= (set(FORBIDDEN) | set(SHADOWED)) - {bytes(4), b"\xff" * 4}
    cut = selector("diamondCut((address,uint8,bytes4[])[],address,bytes)")
    assert cut in own_functions(Generation.DIAMOND, ours={}, routed=())
    assert cut not in own_functions(Generation.DIAMOND, ours={}, routed=[cut])
    assert set(own_functions(Generation.DIAMOND, ours={}, routed=())) <= set(PROTECTED)


# ---- layouts -----------------------------------------------------------------------------------------------------------


def layouts(new: str, before: Sequence[str], after: Sequence[str] = ()) -> list[Finding]:
    found = judge_layouts([facet(new)], [facet(name) for name in before], [facet(new), *(facet(n) for n in after)])
    rules(found)
    return found


def test_a_field_that_is_put_before_others_is_told_by_name_and_place() -> None:
    """threat_44"""
    found = layouts("FeeFacet@3", ["FeeFacet@1", "TreasuryFacet@1"])
    assert [finding.message for finding in found] == [
        "erc7201:gov.facet.fee: `fee` of FeeFacet@1 (slot 0, offset 0) moves to slot 1, offset 0 in FeeFacet@3",
        "erc7201:gov.facet.fee: `isSet` of FeeFacet@1 (slot 1, offset 0) moves to slot 2, offset 0 in FeeFacet@3",
    ]
    assert rules(found) == ["storage-layout"] * 2


@pytest.mark.parametrize(
    ("new", "before", "after"),
    [
        ("FeeFacet@2", ["FeeFacet@1", "TreasuryFacet@1"], ["TreasuryFacet@1"]),
        ("FeeFacet@4", ["FeeFacet@2"], []),
        ("FeeFacet@4", ["FeeFacet@2"], ["FeeFacet@2"]),
        ("FeeFacet@2", ["FeeFacet@2"], []),
        ("TreasuryFacet@1", [], ["FeeFacet@1"]),
        ("BurnFacet", ["FeeFacet@1"], ["FeeFacet@1"]),
    ],
)
def test_versions_that_append_and_facets_that_stay_apart_are_fine(
    new: str, before: list[str], after: list[str]
) -> None:
    """threat_44"""
    assert layouts(new, before, after) == []


def test_a_namespace_with_two_meanings_is_found_whether_the_other_stays_or_goes() -> None:
    """threat_44"""
    stays = layouts("RivalFacet", ["FeeFacet@1"], ["FeeFacet@1"])
    assert set(rules(stays)) == {"namespace-reuse"}
    assert "`fee` of FeeFacet@1 (slot 0, offset 0) is gone: `rates` takes its place in RivalFacet" in stays[0].message
    assert set(rules(layouts("RivalFacet", ["FeeFacet@1"]))) == {"storage-layout"}
    assert set(rules(layouts("RivalFacet", [], ["FeeFacet@1"]))) == {"namespace-reuse"}


def test_one_of_two_facets_may_know_more_of_their_namespace() -> None:
    """threat_44"""
    known = replace(facet("FeeFacet@4"), reference="Other")
    for new, other in ((known, facet("FeeFacet@1")), (facet("FeeFacet@1"), known)):
        assert judge_layouts([new], [], [new, other]) == []


def test_state_variables_are_compared_between_versions() -> None:
    """threat_44"""
    plain = facet("PlainFacet")
    assert plain.artifact is not None
    assert plain.plain is not None
    first, second = plain.plain.fields
    swapped = Layout(fields=(replace(second, slot=0), replace(first, slot=1)), types=plain.plain.types)
    newer = replace(plain, code=b"\0", artifact=replace(plain.artifact, layout=swapped))
    assert rules(judge_layouts([newer], [plain], [newer])) == ["storage-layout"] * 2
    other = replace(newer, reference="Other")
    assert judge_layouts([other], [plain], [other]) == []  # of any plain storage another rule speaks


def test_nobody_else_may_have_the_dispatchers_namespace() -> None:
    """threat_44"""
    fee = facet("FeeFacet@1")
    assert fee.artifact is not None
    thief = replace(fee, artifact=replace(fee.artifact, namespaces={"gov.dispatcher": fee.namespaces["gov.facet.fee"]}))
    assert rules(judge_layouts([thief], [], [thief])) == ["namespace-reuse"]


# ---- what cannot be checked ----------------------------------------------------------------------------------------------


def test_what_no_artifact_tells_is_said_and_not_counted_as_held() -> None:
    fee = facet("FeeFacet@1")
    assert fee.artifact is not None
    bare = replace(fee, artifact=replace(fee.artifact, layout=None, namespaces=None))
    assert unchecked([fee]) == []
    assert [each.rule for each in unchecked([unknown("00")])] == list(OF_ARTIFACTS)
    assert {each.rule for each in unchecked([bare])} == set(OF_ARTIFACTS) - {"selector-clash"}
    assert judge_layouts([bare], [fee], [bare]) == []
