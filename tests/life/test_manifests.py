"""What the manifest commands answer."""

import json

import pytest

from governance.core.errors import Refused, Rejected
from governance.core.manifestcheck import Order
from governance.core.manifestfile import read
from governance.core.merkle import Odd, Profile, Proof, leaf, verify
from governance.core.units import word
from governance.life.manifests import check, diff, proof, root
from tests.core.published import document, made, raw, vectors


def file_of(routes, name="m.yaml"):
    entries = [
        {"selector": "0x" + one.selector.hex(), "facet": one.facet, "codehash": "0x" + one.code_hash.hex()}
        for one in routes
    ]
    return read({"routes": entries}, name=name)


def published(vector):
    keys = ("selector", "facet", "codehash")
    return read({"routes": [dict(zip(keys, one, strict=True)) for one in vector["routes"]], "facets": []}, name="v")


@pytest.fixture(scope="module")
def release():
    return read(document("payrox-v1-manifest.json"), name="release.json")


def test_check_tells_everything_about_the_published_release(release):
    checked = check(release)
    value = json.loads(json.dumps(checked.value))
    assert (value["file"], value["routes"], value["selectors"]) == ("release.json", 114, 69)
    assert len(value["findings"]) == len(checked.findings) == 44
    assert value["findings"][0]["line"] is None
    assert len(value["notes"]) == 2
    with pytest.raises(Refused, match=r"release\.json has 44 faults") as caught:
        checked.require()
    assert caught.value.findings == checked.findings


def test_check_lets_a_sound_file_pass():
    checked = check(file_of(made(3)))
    checked.require()
    assert checked.value["findings"] == []


def test_diff_names_every_route_that_changes():
    live, wanted = made(3), [*made(2, salt=1)[:1], made(2)[1], made(4)[3]]
    value = json.loads(json.dumps(diff(file_of(live, "old"), file_of(wanted, "new"))))
    assert (value["from"], value["to"], value["unchanged"]) == ("old", "new", 1)
    assert [one["selector"] for one in value["added"]] == ["0x00000004"]
    assert [one["selector"] for one in value["removed"]] == ["0x00000003"]
    ((old, new),) = [(pair["old"], pair["new"]) for pair in value["replaced"]]
    assert (old["facet"], new["facet"]) == (live[0].facet, wanted[0].facet)


def test_diff_refuses_a_file_that_routes_a_selector_twice(release):
    with pytest.raises(Rejected, match="each selector once") as caught:
        diff(file_of(made(3)), release)
    assert len(caught.value.findings) == 27


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["name"])
def test_root_and_proof_give_the_vectors(vector):
    value = root(published(vector), profile=Profile.C, odd=Odd.DUPLICATE, order=Order.GIVEN)
    assert value["root"] == vector["roots"]["C/dup"]
    assert value["leaves"] == len(vector["routes"])
    for selector, wanted in vector["proofs_B_promote"].items():
        how = {"profile": Profile.B, "odd": Odd.PROMOTE, "order": Order.GIVEN}
        value = json.loads(json.dumps(proof(published(vector), selector=raw(selector), **how)))
        assert value["root"] == vector["roots"]["B/promote"]
        assert value["index"] == int(wanted["index"])
        assert (value["proof"], value["isRight"]) == (wanted["proof"], wanted["isRight"])
        assert value["positions"] == wanted["positions"]


def test_a_proof_by_selector_verifies_against_the_root_by_selector():
    routes = made(7)
    how = {"profile": Profile.B, "odd": Odd.PROMOTE, "order": Order.SELECTOR}
    shuffled = file_of(routes[::-1])
    value = proof(shuffled, selector=routes[2].selector, **how)
    assert value["root"] == root(shuffled, **how)["root"] == root(file_of(routes), **how)["root"]
    assert (value["index"], value["order"]) == (2, "selector")
    found = Proof(siblings=tuple(map(word, value["proof"])), is_right=tuple(value["isRight"]))
    assert verify(Profile.B, leaf(Profile.B, routes[2]), found, word(value["root"]))


@pytest.mark.parametrize(
    ("selector", "complaint"), [("0x7ab7b94b", "more than once"), ("0xdeadbeef", "does not route")]
)
def test_a_proof_of_an_unclear_selector_is_refused(release, selector, complaint):
    with pytest.raises(Refused, match=complaint):
        proof(release, selector=raw(selector), profile=Profile.B, odd=Odd.PROMOTE, order=Order.GIVEN)


def test_nothing_is_computed_from_a_malformed_file():
    broken = read({"routes": [{"selector": "0x11223344", "facet": "0x12"}]}, name="broken")
    for ask in (
        lambda: root(broken, profile=Profile.B, odd=Odd.PROMOTE, order=Order.GIVEN),
        lambda: diff(broken, broken),
    ):
        with pytest.raises(Rejected, match="broken is malformed"):
            ask()
