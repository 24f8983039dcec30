"""Signatures by way of a Safe Transaction Service: given, taken, and never believed.

Covers threat_34 (signature forms).
"""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.safeservice import SafeService
from governance.core.errors import GovError, Refused, Rejected, Unreachable
from governance.core.safetx import SafeTx
from governance.core.signature import eth_sign_hash, read_signature
from governance.core.stage import Stage
from governance.core.units import to_hex
from governance.life.exchange import Exchanged, pull, push
from tests.life.test_life_scenarios import SWAP
from tests.safeservice import Service, serving
from tests.sites import CHAIN_ID, NETWORK, Place, people, simulated

ONE = "0001-swap-fee-facet"
SECRET = "5ecret-api-key"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = simulated(tmp_path)
    made.write(ONE, SWAP)
    made.lock(ONE)
    return made


@pytest.fixture
def service(place: Place) -> Iterator[Service]:
    owners = place.site.council.look(place.site.chain.head()).owners
    with serving(CHAIN_ID, [str(owner) for owner in owners]) as made:
        yield made


def client(service: Service) -> SafeService:
    return SafeService(CHAIN_ID, NETWORK, service.url, SECRET)


def gives(place: Place, service: Service) -> Exchanged:
    return push(place.look(ONE), client(service))


def takes(place: Place, service: Service) -> Exchanged:
    return pull(place.look(ONE), place.space, client(service))


def tx(place: Place) -> SafeTx:
    return place.steps(ONE)[0].safe_tx


def signed(place: Place) -> list[str]:
    return sorted(place.look(ONE).steps[0].quorum.signed)


def addresses(*names: str) -> list[str]:
    return sorted(people()[name].address for name in names)


def elsewhere(place: Place, service: Service, name: str, *, eth_sign: bool = False) -> None:
    """Somebody signs in the web interface."""
    digest = tx(place).hash
    signature = people()[name].sign(digest)
    if eth_sign:
        by_wallet = people()[name].sign(eth_sign_hash(digest))
        signature = by_wallet[:64] + bytes([by_wallet[64] + 4])
    assert service.confirmed(to_hex(digest), to_hex(signature)) == (201, None)


def rules(found: Exchanged) -> list[str]:
    return [finding.rule for finding in found.findings]


def test_what_is_signed_here_is_signed_there_and_the_other_way_round(place: Place, service: Service) -> None:
    place.sign(ONE, "alice")
    assert gives(place, service).moved == (people()["alice"].address,)
    elsewhere(place, service, "bob")
    elsewhere(place, service, "carol", eth_sign=True)
    found = takes(place, service)
    assert (sorted(found.moved), found.findings) == (addresses("bob", "carol"), ())
    assert (signed(place), place.stage(ONE)) == (addresses("alice", "bob", "carol"), Stage.APPROVED)
    place.queue(ONE)
    assert place.stage(ONE) is Stage.WAITING


def test_doing_it_again_moves_nothing(place: Place, service: Service) -> None:
    place.sign(ONE, "alice", "bob")
    assert sorted(gives(place, service).moved) == addresses("alice", "bob")
    before = deepcopy(service.transactions)
    assert gives(place, service).moved == ()
    assert takes(place, service).moved == ()
    assert service.transactions == before


def test_nothing_is_given_before_an_owner_has_signed(place: Place, service: Service) -> None:
    with pytest.raises(Refused, match="nobody has signed"):
        gives(place, service)
    assert service.transactions == {}


def test_the_service_computes_the_hash_itself_and_agrees(place: Place, service: Service) -> None:
    place.sign(ONE, "alice")
    gives(place, service)
    assert list(service.transactions) == [to_hex(tx(place).hash)]
    assert service.keys[-1] == f"Bearer {SECRET}"


LIES: dict[str, tuple[Any, str]] = {
    "a signature by somebody else under an owner's name": (
        lambda t: t["confirmations"][0].update(owner=people()["carol"].address),
        "service-signature",
    ),
    "a signature that is nobody's": (
        lambda t: t["confirmations"][0].update(signature="0x" + "00" * 64 + "1b"),
        "service-signature",
    ),
    "a stranger's signature": (lambda t: t["confirmations"].append(_of("frank")), "service-signature"),
    "another destination under the hash": (lambda t: t.update(to=people()["frank"].address), "service-hash"),
    "a delegatecall under the hash": (lambda t: t.update(operation=1), "service-hash"),
    "another hash for the same": (lambda t: t.update(safeTxHash="0x" + "11" * 32), "service-hash"),
}
_DIGEST: list[Any] = []


def _of(name: str) -> dict[str, Any]:
    return {"owner": people()[name].address, "signature": to_hex(people()[name].sign(_DIGEST[0]))}


@pytest.mark.parametrize("name", LIES)
def test_what_a_lying_service_says_counts_for_nothing(place: Place, service: Service, name: str) -> None:
    """threat_34"""
    lie, rule = LIES[name]
    _DIGEST[:] = [tx(place).hash]
    place.sign(ONE, "alice")
    gives(place, service)
    (place.space.mailbox(ONE).folder / f"{people()['alice'].address.lower()}.json").unlink()

    def told(found: list[dict[str, Any]]) -> Any:
        changed = deepcopy(found)
        lie(changed[0])
        return {"results": changed}

    service.lie = told
    found = takes(place, service)
    assert rules(found) == [rule]
    assert set(signed(place)) <= set(addresses("alice"))


def test_another_transaction_at_the_nonce_is_told(place: Place, service: Service) -> None:
    """Whoever signs that one signs against this one."""
    other = SafeTx(chain_id=CHAIN_ID, safe=tx(place).safe, to=people()["frank"].address, nonce=tx(place).nonce)
    client(service).propose(other, read_signature(other.hash, people()["dave"].sign(other.hash)))
    place.sign(ONE, "alice")
    for found in (gives(place, service), takes(place, service)):
        assert rules(found) == ["service-other-transaction"]
        assert to_hex(other.hash) in found.findings[0].message


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"results": [{"safe": "0x12"}]}, Rejected),
        ({"results": "all of them"}, GovError),
        (["no mapping"], GovError),
        ({"results": [{**{str(n): n for n in range(3)}}]}, Rejected),
    ],
)
def test_an_answer_that_is_none_takes_nothing(
    place: Place, service: Service, answer: Any, error: type[GovError]
) -> None:
    service.lie = lambda _: answer
    with pytest.raises(error):
        takes(place, service)
    assert signed(place) == []


@pytest.mark.parametrize("status", [401, 404, 422, 500])
def test_a_refusal_is_told_in_the_services_words_without_the_key(place: Place, service: Service, status: int) -> None:
    service.status = status
    service.lie = lambda _: {"detail": "not today"}
    with pytest.raises(Refused, match="not today") as caught:
        takes(place, service)
    assert SECRET not in str(caught.value) + repr(caught.value.__context__)


def test_a_service_that_is_not_there_is_unreachable_and_its_address_not_told(place: Place) -> None:
    away = SafeService(CHAIN_ID, NETWORK, f"http://127.0.0.1:9/{SECRET}", None)
    with pytest.raises(Unreachable) as caught:
        away.at_nonce(tx(place))
    assert SECRET not in str(caught.value)


def test_a_chain_without_a_service_says_what_to_set(place: Place) -> None:
    with pytest.raises(Refused, match="no Safe Transaction Service is known for chain 31337") as caught:
        SafeService(CHAIN_ID, NETWORK, None, None).at_nonce(tx(place))
    assert "GOV_SAFE_SERVICE_DEVNET" in caught.value.hint()
    with pytest.raises(Rejected, match="not an http"):
        SafeService(CHAIN_ID, NETWORK, "ftp://example.org", None).at_nonce(tx(place))
