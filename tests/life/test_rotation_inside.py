"""A Safe among the owners changes while a proposal collects signatures: every change inside of it, at every point between its
people's first signature and the queue. On a real node, since only real contracts answer for others.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from governance.core.call import Call, encode_call, function
from governance.core.kinds import Lane
from governance.core.safelayout import SENTINEL
from governance.core.safetx import SafeTx
from governance.core.signature import combine, read_signature
from governance.core.units import ZERO_ADDRESS, Address
from governance.life import sign
from tests.life.test_life_scenarios import ONE, SET_FEE, SWAP
from tests.life.test_owner_safes import enters, safe_of
from tests.life.test_policy_between import node  # noqa: F401 - a fixture
from tests.life.test_rotation import STRAY, address, seen
from tests.sites import CHAIN_ID, Devnet, Place, on_anvil, people, safe_tx_hash_by_safe_eth

INNER_POINTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "one of its people signed": (("frank",), ()),
    "its people agreed": (("frank", "grace"), ()),
    "others signed and one of its people": (("frank",), ("bob", "carol")),
    "all is given": (("frank", "grace"), ("bob", "carol")),
}
"""Who signed for the owner Safe (two of frank, grace and heidi), and which owners."""


def inner_does(place: Place, inner: Address, signature: str, *arguments: object) -> None:
    """Its people agree on something beside the tool."""
    port = place.site.safes(inner)
    safe = port.look(place.site.chain.head())
    names = [name for name in people() if address(name) in safe.owners][: safe.threshold]
    data = encode_call(function(signature), arguments)
    tx = SafeTx(chain_id=CHAIN_ID, safe=inner, to=inner, data=data, nonce=safe.nonce)
    blob = combine([read_signature(tx.hash, people()[name].sign(tx.hash)) for name in names], len(names))
    place.payer.send(port.execution(tx, blob), purpose=f"inside {tx.hash.hex()}")


def inner_loses(name: str, threshold: int) -> Callable[[Place, Address], None]:
    def happens(place: Place, inner: Address) -> None:
        owners = (SENTINEL, *place.site.safes(inner).look(place.site.chain.head()).owners)
        linked = owners[owners.index(address(name)) - 1]
        inner_does(place, inner, "removeOwner(address,address,uint256)", linked, address(name), threshold)

    return happens


def inner_threshold(to: int) -> Callable[[Place, Address], None]:
    return lambda place, inner: inner_does(place, inner, "changeThreshold(uint256)", to)


def inner_leaves_the_council(place: Place, inner: Address) -> None:
    owners = (SENTINEL, *place.site.council.look(place.site.chain.head()).owners)
    arguments = (owners[owners.index(inner) - 1], inner, address("alice"))
    data = encode_call(function("swapOwner(address,address,address)"), arguments)
    call = Call(to=place.site.network.council, data=data, summary="swapOwner")
    place.safe_sends(Lane.TIMELOCK, call, "bob", "carol", "dave")


INNER_EVENTS: dict[str, tuple[Callable[[Place, Address], None], tuple[str, str, str, str]]] = {
    "nothing happens": (lambda *_: None, ("collecting", "collecting", "collecting", "waiting")),
    "one who signed leaves": (inner_loses("frank", 2), (STRAY,) * 4),
    "one who signed leaves and the threshold falls": (
        inner_loses("frank", 1),
        (STRAY, STRAY, STRAY, "waiting: signature-non-owner"),
    ),
    "one who did not sign leaves": (inner_loses("heidi", 2), ("collecting", "collecting", "collecting", "waiting")),
    "its threshold rises": (inner_threshold(3), ("collecting",) * 4),
    "its threshold falls": (inner_threshold(1), ("collecting", "collecting", "waiting", "waiting")),
    "it loses its handler": (
        lambda place, inner: inner_does(place, inner, "setFallbackHandler(address)", ZERO_ADDRESS),
        ("collecting", "collecting: signature-contract", "collecting", "collecting: signature-contract"),
    ),
    "it leaves the council": (inner_leaves_the_council, ("collecting: signature-through",) * 4),
}


def with_owner_safe(place: Place) -> Address:
    """A Safe has taken alice's place, and the proposal is locked behind another one."""
    inner = safe_of(place, 2, address("frank"), address("grace"), address("heidi"))
    enters(place, inner)
    place.write("0002-sooner", SET_FEE)
    place.lock("0002-sooner")
    place.write(ONE, SWAP)
    place.lock(ONE)
    return inner


def seen_behind(place: Place) -> str:
    """As `seen`, with what does not count of the signatures, once it is the proposal's turn."""
    safe = place.site.council.look(place.site.chain.head())
    if safe.nonce < place.steps(ONE)[0].safe_tx.nonce:
        call = Call(to=safe.address, data=b"", summary="nothing")
        place.safe_sends(Lane.TIMELOCK, call, "bob", "carol", "dave")
    found = seen(place)
    wrong = dict.fromkeys(finding.rule for finding in place.look(ONE).findings)
    return ": ".join((found, *(rule for rule in wrong if rule not in found)))


@pytest.mark.node
@pytest.mark.parametrize("name", INNER_EVENTS)
def test_what_happens_inside_of_an_owner_safe(name: str, node: Devnet, tmp_path: Path) -> None:  # noqa: F811
    """threat_31: at each point on the way from its people's first signature to the queue."""
    happens, wanted = INNER_EVENTS[name]
    found = []
    for number, (inside, outside) in enumerate(INNER_POINTS.values()):
        with on_anvil(node, tmp_path / str(number)) as place:
            inner = with_owner_safe(place)
            place_signs(place, *inside)
            place.sign(ONE, *outside)
            happens(place, inner)
            found.append(seen_behind(place))
    assert tuple(found) == wanted


def place_signs(place: Place, *names: str) -> None:
    """People of an owner Safe sign for it."""
    for name in names:
        ceremony = sign.prepare(place.site, place.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None)
        sign.sign(ceremony, people()[name], place.space, sign.way_of(ceremony, address(name)))
