"""A council of which a Safe is an owner: its people sign at home, and the real Safes take what comes of it.

Covers threat_31 (owners and threshold change) and threat_34 (signature forms).
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from governance.adapters.safe import NodeSafe
from governance.core.ballot import Ballot
from governance.core.blueprint import SETUP, safe_address
from governance.core.call import Call, encode_call, function
from governance.core.errors import Refused
from governance.core.keccak import keccak
from governance.core.kinds import Lane
from governance.core.safelayout import SENTINEL
from governance.core.safemessage import Level
from governance.core.safetx import SafeTx, domain_hash
from governance.core.signature import combine, read_signature
from governance.core.stage import Stage
from governance.core.units import ZERO_ADDRESS, Address, checksummed
from governance.life import sign
from tests import sites
from tests.life.test_life_scenarios import SWAP
from tests.sites import CHAIN_ID, DELAY, Devnet, Options, Place, people

pytestmark = pytest.mark.node
ONE = "0001-swap-fee-facet"
VERSIONS = ("1.4.1", "1.5.0")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("owner-safes")) as made:
        yield made


@pytest.fixture(params=VERSIONS)
def place(request: pytest.FixtureRequest, node: Devnet, tmp_path: Path) -> Iterator[Place]:
    with sites.on_anvil(node, tmp_path, Options(safe_version=request.param)) as made:
        yield made


def safe_of(place: Place, threshold: int, *owners: Address, handled: bool = True) -> Address:
    """A Safe beside the council, of the council's version."""
    parts = place.plan.parts.safe
    handler = safe_address(parts.fallback_handler) if handled else ZERO_ADDRESS
    nobody = ZERO_ADDRESS
    setup = encode_call(SETUP, [list(owners), threshold, nobody, b"", handler, nobody, 0, nobody])
    made = function("createProxyWithNonce(address,bytes,uint256)(address)")
    data = encode_call(made, [safe_address(parts.singleton), setup, int.from_bytes(keccak(setup), "big")])
    call = Call(to=safe_address(parts.factory), data=data, summary="a Safe")
    answer = place.site.chain.dry_run(call, sender=place.payer.address, at=place.site.chain.head())
    assert answer.ok
    place.payer.send(call, purpose=f"a Safe {keccak(data).hex()}")
    return checksummed(answer.data[12:32])


def address(name: str) -> Address:
    return people()[name].address


def enters(place: Place, owner: Address, name: str = "alice") -> None:
    """The Safe takes the place of an owner of the council."""
    owners = place.site.council.look(place.site.chain.head()).owners
    at = owners.index(address(name))
    before = owners[at - 1] if at else SENTINEL
    place.council_sends("swapOwner(address,address,address)", before, address(name), owner)


def signs(place: Place, name: str, *through: Address) -> tuple[Ballot, ...]:
    ceremony = sign.prepare(place.site, place.space, ONE, sites.safe_tx_hash_by_safe_eth, rehearse=None)
    way = sign.way_of(ceremony, address(name), through or None)
    return tuple(sign.sign(ceremony, people()[name], place.space, way))


def locked(place: Place) -> None:
    place.write(ONE, SWAP)
    place.lock(ONE)


def ways(ballots: tuple[Ballot, ...]) -> list[list[Address]]:
    return [[level.safe for level in ballot.through] for ballot in ballots]


def test_the_people_of_an_owner_safe_sign_and_the_council_acts(place: Place) -> None:
    """threat_34"""
    inner = safe_of(place, 2, address("frank"), address("grace"), address("heidi"))
    enters(place, inner)
    locked(place)
    place.sign(ONE, "bob", "carol")
    assert place.look(ONE).steps[0].quorum.signed == tuple(sorted((address("bob"), address("carol")), key=str.lower))
    assert ways(signs(place, "frank")) == [[inner]]
    assert (place.stage(ONE), place.look(ONE).steps[0].voting.inside[0].quorum.missing) == (Stage.COLLECTING, 1)
    signs(place, "heidi")
    (step,) = place.look(ONE).steps
    assert (step.stage, inner in step.quorum.signed, step.voting.findings) == (Stage.APPROVED, True, ())
    place.queue(ONE)
    place.warp(DELAY)
    place.execute(ONE)
    assert place.verify(ONE).ok


def test_owners_of_owners_sign_through_every_level(place: Place) -> None:
    """threat_34"""
    deepest = safe_of(place, 1, address("grace"))
    middle = safe_of(place, 2, deepest, address("frank"))
    enters(place, middle)
    locked(place)
    place.sign(ONE, "bob", "carol")
    assert ways((*signs(place, "frank"), *signs(place, "grace"))) == [[middle], [middle, deepest]]
    assert place.stage(ONE) is Stage.APPROVED
    place.queue(ONE)
    assert place.stage(ONE) is Stage.WAITING


def test_an_owner_safe_may_approve_on_chain_instead(place: Place) -> None:
    inner = safe_of(place, 1, address("frank"))
    enters(place, inner)
    locked(place)
    place.sign(ONE, "bob", "carol")
    approval = Call(
        to=place.site.network.council,
        data=encode_call(function("approveHash(bytes32)"), [place.steps(ONE)[0].safe_tx.hash]),
        summary="approve",
    )
    tx = SafeTx(chain_id=CHAIN_ID, safe=inner, to=approval.to, data=approval.data, nonce=0)
    blob = combine([read_signature(tx.hash, people()["frank"].sign(tx.hash))], 1)
    place.payer.send(NodeSafe(place.site.chain, inner).execution(tx, blob), purpose="approve for the inner Safe")
    assert place.stage(ONE) is Stage.APPROVED
    place.queue(ONE)
    assert place.stage(ONE) is Stage.WAITING


def test_who_leaves_the_owner_safe_no_longer_counts(place: Place) -> None:
    """threat_31"""
    inner = safe_of(place, 1, address("frank"), address("grace"))
    enters(place, inner)
    locked(place)
    signs(place, "frank")
    assert inner in place.look(ONE).steps[0].quorum.signed
    call = encode_call(function("removeOwner(address,address,uint256)"), [SENTINEL, address("frank"), 1])
    tx = SafeTx(chain_id=CHAIN_ID, safe=inner, to=inner, data=call, nonce=0)
    blob = combine([read_signature(tx.hash, people()["grace"].sign(tx.hash))], 1)
    place.payer.send(NodeSafe(place.site.chain, inner).execution(tx, blob), purpose="frank leaves")
    (step,) = place.look(ONE).steps
    assert inner not in step.quorum.signed
    assert [finding.rule for finding in step.voting.findings] == ["signature-non-owner"]


def test_when_the_owner_safe_itself_leaves_its_people_count_no_longer(place: Place) -> None:
    """threat_31"""
    inner = safe_of(place, 1, address("frank"))
    enters(place, inner)
    locked(place)
    signs(place, "frank")
    owners = place.site.council.look(place.site.chain.head()).owners
    before = owners[owners.index(inner) - 1] if owners.index(inner) else SENTINEL
    for_council = ("swapOwner(address,address,address)", before, inner, address("alice"))
    call = Call(to=place.site.network.council, data=encode_call(function(for_council[0]), for_council[1:]), summary="")
    place.safe_sends(Lane.TIMELOCK, call, "bob", "carol", "dave")
    findings = place.look(ONE).findings
    assert [finding.rule for finding in findings] == ["signature-through"]
    assert f"through {inner}, which is no way into" in findings[0].message


def test_a_safe_without_a_handler_cannot_answer_for_its_people(place: Place) -> None:
    """threat_34"""
    inner = safe_of(place, 1, address("frank"), handled=False)
    enters(place, inner)
    locked(place)
    signs(place, "frank")
    (step,) = place.look(ONE).steps
    assert [finding.rule for finding in step.voting.findings] == ["signature-contract"]
    assert inner not in step.quorum.signed


def test_a_key_with_several_ways_says_which(place: Place) -> None:
    first, second = (safe_of(place, n, address("frank"), address("grace")) for n in (1, 2))
    enters(place, first)
    owners = place.site.council.look(place.site.chain.head()).owners
    at = owners.index(address("bob"))
    call = ("swapOwner(address,address,address)", owners[at - 1] if at else SENTINEL, address("bob"), second)
    made = Call(to=place.site.network.council, data=encode_call(function(call[0]), call[1:]), summary="")
    place.safe_sends(Lane.TIMELOCK, made, "carol", "dave", "bob")
    locked(place)
    with pytest.raises(Refused, match="say through which Safe") as refusal:
        signs(place, "frank")
    assert [finding.rule for finding in refusal.value.findings] == ["several-ways"]
    assert ways(signs(place, "frank", second)) == [[second]]
    for wrong in ((address("grace"),), (first, second)):
        with pytest.raises(Refused, match="only owners of the Safe sign"):
            signs(place, "frank", *wrong)


def test_a_contract_that_is_no_safe_is_shown_its_own_signature(place: Place) -> None:
    """threat_34: one that takes whatever it is shown, and one that takes nothing."""
    magic = {"1.4.1": "20c13b0b", "1.5.0": "1626ba7e"}[place.plan.description.safe_version]
    generous, stubborn = checksummed(b"\x71" * 20), checksummed(b"\x72" * 20)
    place.set_code(generous, bytes.fromhex(f"63{magic}60e01b5f5260205ff3"))
    place.set_code(stubborn, bytes.fromhex("5f5f5260205ff3"))
    enters(place, generous)
    locked(place)
    (step,) = place.steps(ONE)
    claim = Ballot(
        proposal=ONE,
        network=place.site.network.name,
        chain_id=CHAIN_ID,
        safe=step.safe_tx.safe,
        nonce=step.safe_tx.nonce,
        safe_tx_hash=step.safe_tx.hash,
        signer=generous,
        signature=b"anything",
        by_contract=True,
    )
    for ballot in (claim, replace(claim, signer=stubborn)):
        place.space.mailbox(ONE).add(ballot)
    found = place.look(ONE).steps[0]
    assert found.quorum.signed == (generous,)
    assert [finding.rule for finding in found.voting.findings] == ["signature-non-owner"]
    place.sign(ONE, "bob", "carol")
    place.queue(ONE)
    assert place.stage(ONE) is Stage.WAITING


def test_the_code_that_an_owners_key_lends_itself_to_signs_for_it(place: Place) -> None:
    """threat_34, threat_41: no key of hers takes part, which is why the doctor fails such an owner (EIP-7702)."""
    magic = {"1.4.1": "20c13b0b", "1.5.0": "1626ba7e"}[place.plan.description.safe_version]
    generous = checksummed(b"\x71" * 20)
    place.set_code(generous, bytes.fromhex(f"63{magic}60e01b5f5260205ff3"))
    place.set_code(address("alice"), bytes.fromhex(f"ef0100{generous[2:]}"))
    locked(place)
    (step,) = place.steps(ONE)
    claim = Ballot(
        proposal=ONE,
        network=place.site.network.name,
        chain_id=CHAIN_ID,
        safe=step.safe_tx.safe,
        nonce=step.safe_tx.nonce,
        safe_tx_hash=step.safe_tx.hash,
        signer=address("alice"),
        signature=b"anything",
        by_contract=True,
    )
    place.space.mailbox(ONE).add(claim)
    place.sign(ONE, "bob", "carol")
    place.queue(ONE)
    assert place.stage(ONE) is Stage.WAITING


def test_a_ballot_of_another_way_of_asking_is_no_way_in(place: Place) -> None:
    """threat_34: what was signed for a Safe of another version."""
    inner = safe_of(place, 1, address("frank"))
    enters(place, inner)
    locked(place)
    (made,) = signs(place, "frank")
    other = {"data": "hash", "hash": "data"}[made.through[0].asked]
    level = Level.parse(f"{other}:{inner}")
    tx = place.steps(ONE)[0].safe_tx
    assert domain_hash(CHAIN_ID, tx.safe) == tx.domain_hash
    asked = sign.asked_in(tx, (level,))
    wrong = replace(made, through=(level,), signature=people()["frank"].sign(asked.hash))
    (place.space.mailbox(ONE).folder / f"{address('frank').lower()}.json").unlink()
    place.space.mailbox(ONE).add(wrong)
    assert [finding.rule for finding in place.look(ONE).findings] == ["signature-through"]
