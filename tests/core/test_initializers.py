"""Which functions initialise, with what they are tried, and what is made of it."""

import pytest

from governance.core.call import decode, function
from governance.core.initializers import (
    Probe,
    Tried,
    changing,
    is_initializer,
    judge_probes,
    open_to_anyone,
    probes,
    speakable,
    usual,
)
from governance.core.keccak import selector
from governance.core.units import ZERO_ADDRESS, checksummed
from tests.core.test_deployment import ARTIFACTS

STRANGER, ADMIN = checksummed(b"\x01" * 20), checksummed(b"\x02" * 20)


@pytest.mark.parametrize(
    ("signature", "expected"),
    [
        ("initialize()", True),
        ("initialize(address)", True),
        ("initializeV2(uint256)", True),
        ("initialise(bytes)", True),
        ("initializer()", True),
        ("init()", True),
        ("init2()", True),
        ("initFees(uint256)", True),
        ("init_fees()", True),
        ("reinitialize(uint64)", True),
        ("setUp(bytes)", True),
        ("setup()", True),
        ("setUpRoles()", True),
        ("__Fees_init(uint256)", True),
        ("__Fees_init_unchained()", True),
        ("initialized()", False),
        ("initialFee()", False),
        ("setUpperLimit(uint256)", False),
        ("isInitialized()", False),
        ("initiate()", False),
        ("setFee(uint256)", False),
    ],
)
def test_a_name_tells_an_initialiser(signature: str, expected: bool) -> None:
    """threat_45"""
    assert is_initializer(signature) is expected


def test_functions_that_only_look_are_not_called() -> None:
    assert changing(ARTIFACTS.get("FeeFacet@2")) == ["setFee(uint256)"]
    assert changing(ARTIFACTS.get("BurnFacet")) == []


def test_without_an_artifact_the_usual_names_are_tried_on_the_selectors() -> None:
    """threat_45"""
    found = {selector("initialize(address)"): "address", selector("setUp(bytes)"): "bytes", selector("fee()"): ""}
    assert usual(found) == ["initialize(address)", "setUp(bytes)"]
    assert usual({selector("initialize(address)"): "uint256"}) == []


def test_initialisers_are_tried_by_a_stranger_and_by_the_admin_and_others_by_a_stranger_only() -> None:
    """threat_45"""
    made = probes("F", ["initialize(address)", "end()"], stranger=STRANGER, admin=ADMIN)
    assert [(each.signature, each.sender, each.stranger) for each in made] == [
        ("initialize(address)", STRANGER, True),
        ("initialize(address)", STRANGER, True),
        ("initialize(address)", ADMIN, False),
        ("initialize(address)", ADMIN, False),
        ("end()", STRANGER, True),
    ]
    assert [decode(["address"], each.data[4:])[0] for each in made[:4]] == [
        ZERO_ADDRESS, STRANGER.lower(), ZERO_ADDRESS, ADMIN.lower(),
    ]  # fmt: skip


TYPES = "(uint256,int8,bool,bytes4,bytes,string,address[],uint8[2],(address,bool)[][2])"


def test_every_type_has_a_value_that_encodes() -> None:
    """threat_45"""
    fn = function(f"initialize{TYPES}")
    empty, filled = probes("F", [fn.signature], stranger=STRANGER, admin=ADMIN)[:2]
    zeros, ones = decode(fn.inputs, empty.data[4:]), decode(fn.inputs, filled.data[4:])
    assert zeros[:8] == (0, 0, False, bytes(4), b"", "", (), (0, 0))
    assert ones[:8] == (1, 1, True, bytes(4), b"", "gov", (STRANGER.lower(),), (1, 1))
    assert (zeros[8], ones[8]) == (((), ()), (((STRANGER.lower(), True),),) * 2)


def test_a_function_with_types_that_no_call_is_made_of_is_told_from_the_others() -> None:
    """threat_45"""
    assert speakable(["initialize(function)", "init(L.Layout storage)", "init(address)"]) == (
        ["init(address)"],
        ["initialize(function)", "init(L.Layout storage)"],
    )


def tried(signature: str, first: bool, second: bool = False, *, stranger: bool = True) -> Tried:
    sender = STRANGER if stranger else ADMIN
    probe = Probe(facet="F", signature=signature, sender=sender, stranger=stranger, data=b"")
    return Tried(probe=probe, first=first, second=second)


JUDGED: dict[str, tuple[list[Tried], list[str]]] = {
    "nobody can": ([tried("init()", False)], []),
    "a stranger can, once": ([tried("init()", True)], ["open-initializer"]),
    "a stranger can, with one of two values": ([tried("init()", False), tried("init()", True)], ["open-initializer"]),
    "a stranger can, with both": ([tried("init()", True), tried("init()", True)], ["open-initializer"]),
    "a stranger can, twice": ([tried("init()", True, True)], ["open-initializer", "reinitializer"]),
    "the admin can, once": ([tried("init()", True, stranger=False)], []),
    "the admin can, twice": ([tried("init()", True, True, stranger=False)], ["reinitializer"]),
    "a stranger can call something else": ([tried("poke()", True, True)], []),
}


@pytest.mark.parametrize("name", JUDGED)
def test_what_comes_of_a_probe_is_judged(name: str) -> None:
    """threat_45"""
    given, expected = JUDGED[name]
    found = judge_probes(given)
    assert [finding.rule for finding in found] == expected
    assert all("of F passes" in finding.message and finding.hint for finding in found)


def test_what_anyone_may_call_is_named_once() -> None:
    given = [tried("poke()", True), tried("poke()", True), tried("init()", True), tried("end()", False)]
    assert open_to_anyone(given) == ["poke()"]
