"""Merkle trees against the published vectors, an independent tree, and everything a forger may try (threat_46)."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.core.errors import Rejected
from governance.core.keccak import keccak
from governance.core.merkle import (
    Odd,
    Profile,
    Proof,
    build,
    by_selector,
    encoded,
    leaf,
    leaf_hash,
    leaves,
    prove,
    root,
    verify,
)
from governance.core.units import to_hex
from tests.core.published import ODD_NAMES, ODDS, PROFILES, document, made, raw, route, vectors

EVERY_TREE = list(product(PROFILES, ODDS))
WORDS = st.binary(min_size=32, max_size=32)


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["name"])
@pytest.mark.parametrize(("profile", "odd"), EVERY_TREE)
def test_the_roots_of_the_field_are_reproduced(vector, profile, odd):
    routes = [route(*one) for one in vector["routes"]]
    wanted = vector["roots"][f"{profile}/{ODD_NAMES[odd]}"]
    assert to_hex(root(leaves(profile, routes), profile, odd)) == wanted
    assert to_hex(build(leaves(profile, routes), profile, odd).root) == wanted


def test_the_vectors_cover_five_sizes():
    assert sorted(len(vector["routes"]) for vector in vectors()) == [1, 2, 3, 5, 27]


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector["name"])
@pytest.mark.parametrize("odd", ODDS)
def test_the_proofs_that_the_contracts_took_are_reproduced(vector, odd):
    tree = build(leaves(Profile.B, [route(*one) for one in vector["routes"]]), Profile.B, odd)
    proofs = vector[f"proofs_B_{ODD_NAMES[odd]}"]
    assert proofs
    for wanted in proofs.values():
        proof = prove(tree, int(wanted["index"]))
        assert [to_hex(sibling) for sibling in proof.siblings] == wanted["proof"]
        assert list(proof.is_right) == wanted["isRight"]
        assert hex(proof.positions) == wanted["positions"]


def test_the_published_tree_of_114_routes_is_profile_a():
    published = document("payrox-v1-merkle.json")
    routes = [route(one["selector"], one["facet"], one["codehash"]) for one in published["leafMetadata"]]
    hashed = leaves(Profile.A, routes)
    assert [to_hex(one) for one in hashed] == published["leaves"]
    assert to_hex(root(hashed, Profile.A, Odd.PROMOTE)) == published["root"]


def test_the_published_proofs_verify_as_profile_a_and_as_no_other():
    published = document("payrox-v1-merkle.json")
    routes = [route(one["selector"], one["facet"], one["codehash"]) for one in published["leafMetadata"]]
    tree = build(leaves(Profile.A, routes), Profile.A, Odd.PROMOTE)
    for name, siblings in published["proofs"].items():
        wanted = route(*name.split(":"))
        found = [prove(tree, index) for index, one in enumerate(routes) if one == wanted]
        proof = next(one for one in found if [to_hex(sibling) for sibling in one.siblings] == siblings)
        assert verify(Profile.A, leaf(Profile.A, wanted), proof, tree.root)
        assert not verify(Profile.B, leaf(Profile.B, wanted), proof, tree.root)
        assert not verify(Profile.C, leaf(Profile.C, wanted), proof, tree.root)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_leaf_is_the_hash_that_its_profile_names(profile):
    from eth_abi.abi import encode

    one = vectors()[0]["routes"][0]
    abi = encode(["bytes4", "address", "bytes32"], [raw(one[0]), one[1], raw(one[2])])
    packed = raw(one[0]) + raw(one[1]) + raw(one[2])
    wanted = {
        Profile.A: keccak(abi),
        Profile.B: keccak(b"\0" + keccak(b"\0" + packed)),
        Profile.C: keccak(b"\0" + keccak(abi)),
    }
    assert leaf(profile, route(*one)) == wanted[profile]
    assert encoded(profile, route(*one)) == (packed if profile is Profile.B else abi)


@pytest.mark.parametrize(("profile", "odd"), EVERY_TREE)
def test_a_manifest_without_routes_has_no_root(profile, odd):
    for ask in (root, build):
        with pytest.raises(Rejected, match="without routes"):
            ask([], profile, odd)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_single_route_is_its_own_root_and_needs_no_proof(profile):
    tree = build(leaves(profile, made(1)), profile, Odd.PROMOTE)
    assert tree.root == leaf(profile, made(1)[0])
    assert prove(tree, 0) == Proof(siblings=(), is_right=())


@given(
    hashes=st.lists(WORDS, min_size=1, max_size=70, unique=True),
    profile=st.sampled_from(PROFILES),
    odd=st.sampled_from(ODDS),
    data=st.data(),
)
def test_every_leaf_proves_and_no_other_does(hashes, profile, odd, data):
    tree = build(hashes, profile, odd)
    assert tree.root == root(hashes, profile, odd) == slow_root(hashes, profile, odd)
    index = data.draw(st.integers(0, len(hashes) - 1))
    proof = prove(tree, index)
    assert len(proof.siblings) == len(proof.is_right)
    assert verify(profile, hashes[index], proof, tree.root)
    assert not any(verify(profile, other, proof, tree.root) for other in hashes if other != hashes[index])
    stranger = data.draw(WORDS.filter(lambda word: word != hashes[index]))
    assert not verify(profile, stranger, proof, tree.root)


@given(hashes=st.lists(WORDS, min_size=2, max_size=70, unique=True), profile=st.sampled_from(PROFILES), data=st.data())
def test_a_proof_with_a_side_turned_or_a_sibling_changed_fails(hashes, profile, data):
    tree = build(hashes, profile, Odd.PROMOTE)
    index = data.draw(st.integers(0, len(hashes) - 1))
    proof = prove(tree, index)
    at = data.draw(st.integers(0, len(proof.siblings) - 1))
    turned = tuple(right != (i == at) for i, right in enumerate(proof.is_right))
    other = data.draw(WORDS.filter(lambda word: word != proof.siblings[at]))
    changed = (*proof.siblings[:at], other, *proof.siblings[at + 1 :])
    for forged in (
        Proof(siblings=proof.siblings, is_right=turned),
        Proof(siblings=changed, is_right=proof.is_right),
    ):
        assert not verify(profile, hashes[index], forged, tree.root)


@pytest.mark.parametrize("index", [24, 25, 26])
def test_a_promoted_node_leaves_no_element_where_field_tooling_leaves_a_side(index):
    proof = prove(build(leaves(Profile.B, made(27)), Profile.B, Odd.PROMOTE), index)
    depth = 5
    assert len(proof.siblings) == len(proof.is_right) < depth


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 9, 27])
def test_a_duplicated_node_is_its_own_right_sibling(count):
    hashes = leaves(Profile.B, made(count))
    tree = build(hashes, Profile.B, Odd.DUPLICATE)
    proof = prove(tree, count - 1)
    assert len(proof.siblings) == len(tree.levels) - 1
    if count % 2 and count > 1:
        assert (proof.siblings[0], proof.is_right[0]) == (hashes[-1], True)


def test_bit_i_of_the_positions_speaks_about_sibling_i():
    proof = Proof(siblings=tuple(leaves(Profile.B, made(4))), is_right=(True, False, True, True))
    assert proof.positions == 0b1101


@pytest.mark.parametrize(("siblings", "sides"), [(1, 0), (0, 1), (257, 257)])
def test_a_proof_of_impossible_shape_is_never_born(siblings, sides):
    with pytest.raises(ValueError, match="as many siblings as sides"):
        Proof(siblings=(bytes(32),) * siblings, is_right=(True,) * sides)


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_proof_of_a_leaf_that_is_not_there(index):
    with pytest.raises(ValueError, match="no leaf"):
        prove(build(leaves(Profile.B, made(3)), Profile.B, Odd.PROMOTE), index)


@pytest.mark.parametrize("profile", PROFILES)
def test_duplicating_lets_two_lists_of_routes_share_a_root_and_promoting_does_not(profile):
    """threat_46: why `duplicate` is for reading other people's roots only."""
    a, b, c = leaves(profile, made(3))
    assert root([a, b, c], profile, Odd.DUPLICATE) == root([a, b, c, c], profile, Odd.DUPLICATE)
    assert root([a, b, c], profile, Odd.PROMOTE) != root([a, b, c, c], profile, Odd.PROMOTE)


@pytest.mark.parametrize(("profile", "fooled"), [(Profile.A, True), (Profile.B, False), (Profile.C, False)])
def test_64_bytes_that_hash_to_a_node_pass_for_a_leaf_in_profile_a_only(profile, fooled):
    """threat_46: second preimage. The domain bytes of B and C keep leaves and nodes apart."""
    hashes = leaves(profile, made(4))
    tree = build(hashes, profile, Odd.PROMOTE)
    forged = leaf_hash(profile, hashes[0] + hashes[1])
    proof = Proof(siblings=(tree.levels[1][1],), is_right=(True,))
    assert verify(profile, forged, proof, tree.root) is fooled
    assert verify(profile, tree.levels[1][0], proof, tree.root), "a node that is called a leaf always passes"


def test_a_proof_of_another_root_fails():
    """threat_46."""
    old, new = (build(leaves(Profile.B, made(9, salt=salt)), Profile.B, Odd.PROMOTE) for salt in (0, 1))
    assert not verify(Profile.B, old.levels[0][4], prove(old, 4), new.root)


@given(st.permutations(made(9)))
def test_by_selector_undoes_any_order_and_the_given_order_matters(routes):
    assert by_selector(routes) == made(9)
    same = root(leaves(Profile.B, routes), Profile.B, Odd.PROMOTE) == root(
        leaves(Profile.B, made(9)), Profile.B, Odd.PROMOTE
    )
    assert same is (routes == made(9))


def slow_root(hashes, profile, odd):
    """The same tree by recursion from the top, for comparison."""
    prefix = b"" if profile is Profile.A else b"\x01"

    def node(start, height):
        if height == 0:
            return hashes[start]
        left = node(start, height - 1)
        if start + (1 << (height - 1)) < len(hashes):
            return keccak(prefix + left + node(start + (1 << (height - 1)), height - 1))
        return left if odd is Odd.PROMOTE else keccak(prefix + left + left)

    return node(0, (len(hashes) - 1).bit_length())
