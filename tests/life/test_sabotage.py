"""Sabotaged proposals, each found by its own name: what no other table has, and that all tables together leave no check out.

Covers threat_38 (delegatecalls), threat_41 (code swapped), threat_43 (what must not be removed).
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from governance.core.call import encode_call, function
from governance.core.errors import GovError
from governance.core.facts import Generation
from governance.core.keccak import keccak
from governance.core.units import Address, checksummed, hex_bytes, to_hex
from tests import sites
from tests.life import test_drill, test_inspect, test_simulate
from tests.life.test_kind_scenarios import Body, document
from tests.life.test_simulate import SWAP
from tests.sites import DELAY, Devnet, Options, Place, people, rules

pytestmark = pytest.mark.node
ONE = "0001-one"
STRANGER = checksummed(b"\x77" * 20)
MULTISEND = checksummed(hex_bytes("0x9641d764fc13c8B624c04430C7356C1C7C8102e2"))
"""MultiSendCallOnly 1.4.1, where Safe has put it on every network."""


def packed(to: Address, data: bytes, *, operation: int = 0) -> bytes:
    return bytes([operation]) + hex_bytes(to) + bytes(32) + len(data).to_bytes(32, "big") + data


def multisend(*calls: bytes) -> str:
    return to_hex(b"".join(calls))


def call(to: str, signature: str, *args: object, **more: object) -> Body:
    return {"kind": "contract_call", "calls": [{"to": to, "function": signature, "args": list(args)}], **more}


def _grant_in_a_bundle_in_a_bundle(place: Place, node: Devnet) -> Body:
    """The innocent outer bundle holds one more, and that one gives away the right to commit."""
    role = keccak(b"COMMIT_ROLE")
    grant = encode_call(function("grantRole(bytes32,address)"), [role, people()["heidi"].address])
    inner = encode_call(function("multiSend(bytes)"), [packed(place.site.network.target, grant)])
    place.set_code(MULTISEND, b"\x60")
    return call(MULTISEND, "multiSend(bytes)", multisend(packed(MULTISEND, inner)))


def _delegatecall_in_a_bundle(place: Place, node: Devnet) -> Body:
    place.set_code(MULTISEND, b"\x60")
    return call(
        MULTISEND, "multiSend(bytes)", multisend(packed(place.site.network.target, b"\x12\x34\x56\x78", operation=1))
    )


def _refund(place: Place, node: Devnet) -> Body:
    """A Safe's transaction inside of a call, which pays whoever sends it."""
    place.set_code(STRANGER, b"\x60")
    fields = [STRANGER, "0", "0x", "0", "100000", "0", "1", STRANGER, STRANGER, "0x"]
    signature = "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)"
    return call(STRANGER, signature, *fields)


def _account_without_code(place: Place, node: Devnet) -> Body:
    return call(STRANGER, "set(uint256)", "1")


def _nobody_introduces_it(place: Place, node: Devnet) -> Body:
    place.set_code(STRANGER, b"\x60")
    return {**call(STRANGER, "set(uint256)", "1"), "introduce": []}


def _looks_like_the_timelock(place: Place, node: Devnet) -> Body:
    """Equal in the first and the last four bytes, as a screen shortens it."""
    real = hex_bytes(place.site.network.timelock)
    fake = checksummed(real[:4] + bytes(12) + real[-4:])
    place.set_code(fake, b"\x60")
    told = {"address": fake, "name": "the-timelock", "purpose": "Waits, as it always has"}
    return {**call(fake, "set(uint256)", "1"), "introduce": [told]}


def _loupe_removed(place: Place, node: Devnet) -> Body:
    return {"kind": "facet_swap", "changes": [{"remove": ["facetAddress(bytes4)"]}]}


def _role_of_the_last_who_pauses(place: Place, node: Devnet) -> Body:
    change = {"on": "target", "revoke": "EMERGENCY_ROLE", "account": place.site.network.guardian}
    return {"kind": "role_change", "changes": [change]}


def _council_that_nobody_can_miss(place: Place, node: Devnet) -> Body:
    return {"kind": "council_change", "change_threshold": "5"}


def _facet_without_code(place: Place, node: Devnet) -> Body:
    return {"kind": "facet_swap", "changes": [{"add": STRANGER, "selectors": ["poke()"]}]}


def _facet_that_is_a_key(place: Place, node: Devnet) -> Body:
    """EIP-7702: an account that lends its calls to code, and may lend them to another tomorrow."""
    place.set_code(STRANGER, bytes.fromhex("ef0100") + bytes(19) + b"\x01")
    return {"kind": "facet_swap", "changes": [{"add": STRANGER, "selectors": ["poke()"]}]}


def _clash_in_the_plan(place: Place, node: Devnet) -> Body:
    again = {"add": "FeeFacet@2", "selectors": ["fee()"]}
    return {"kind": "facet_swap", "changes": [*SWAP["changes"][:1], again]}


BEFORE_LOCKING: dict[str, tuple[Callable[[Place, Devnet], Body], str, Options]] = {
    "a role granted in a bundle within a bundle": (_grant_in_a_bundle_in_a_bundle, "upgrades-are-slow", Options()),
    "a delegatecall in a bundle": (_delegatecall_in_a_bundle, "delegatecall", Options()),
    "a refund inside of a call": (_refund, "gas-refund", Options()),
    "a call to nobody": (_account_without_code, "target-no-code", Options()),
    "a stranger whom nobody introduces": (_nobody_introduces_it, "address-unknown", Options()),
    "a double of the timelock": (_looks_like_the_timelock, "address-lookalike", Options()),
    "a diamond without its loupe": (_loupe_removed, "protected-selector", Options(generation=Generation.DIAMOND)),
    "nobody left who pauses": (_role_of_the_last_who_pauses, "role-last-pauser", Options()),
    "a council of which nobody may be missing": (_council_that_nobody_can_miss, "threshold-all", Options()),
    "a facet without code": (_facet_without_code, "facet-no-code", Options()),
    "a facet that is a key": (_facet_that_is_a_key, "facet-delegated", Options()),
    "one selector for two facets": (_clash_in_the_plan, "selector-twice", Options()),
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("sabotage")) as made:
        yield made


def raw(place: Place, body: Body) -> None:
    """The file as its author wrote it: nobody is introduced on his behalf."""
    place.space.proposals_folder.mkdir(exist_ok=True)
    place.space.proposal_file(ONE).write_text(document(body), "utf-8")


@pytest.mark.parametrize("name", BEFORE_LOCKING)
def test_it_is_not_even_locked(name: str, node: Devnet, tmp_path: Path) -> None:
    """threat_38, threat_41, threat_43"""
    story, rule, options = BEFORE_LOCKING[name]
    with sites.on_anvil(node, tmp_path, options) as place:
        body = story(place, node)
        raw(place, body) if "introduce" in body else place.write(ONE, document(body))
        with pytest.raises(GovError) as caught:
            place.lock(ONE)
        assert rules(caught.value) == [rule], [str(finding) for finding in caught.value.findings]


def test_code_swapped_after_everybody_agreed_is_not_executed(node: Devnet, tmp_path: Path) -> None:
    """threat_41"""
    with sites.on_anvil(node, tmp_path) as place:
        place.queued(ONE, document(SWAP))
        place.warp(DELAY)
        place.set_code(place.address("FeeFacet@2"), b"\x60\x00")
        with pytest.raises(GovError) as caught:
            place.execute(ONE)
        assert rules(caught.value) == ["code-swapped"]


def test_every_table_together_has_many_names() -> None:
    """Each name is found by a proposal of its own, in one of the tables."""
    single = [
        *(expected for _, expected, _ in test_simulate.SABOTAGE.values()),
        *(expected for _, expected, _ in test_drill.SABOTAGE.values()),
        *(expected for _, expected in test_inspect.ADDED.values()),
        *([rule] for _, rule, _ in BEFORE_LOCKING.values()),
    ]
    names = {expected[0] for expected in single if expected}
    assert len([expected for expected in single if expected]) >= 35
    assert len(names) >= 25
