"""The reads that decide are held against state proofs: one lie about any of them, and nothing is sent."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from governance.adapters.chain import NodeChain
from governance.adapters.endpoints import AgreedChain
from governance.apps import wiring
from governance.core.call import Call, encode_call, function
from governance.core.errors import ChainContradicts, Unreachable
from governance.core.safelayout import FALLBACK_SLOT, SENTINEL
from governance.core.stage import Stage
from governance.core.units import hex_bytes, to_hex
from governance.life import watch
from governance.life.proven import claims_of, require_proven, unproven
from governance.life.site import Site
from tests import sites
from tests.adapters.rpcproxy import Proxy, proxied
from tests.adapters.test_endpoints import forged
from tests.life.test_life_scenarios import ONE, PAUSE, SWAP
from tests.sites import CHAIN_ID, DELAY, NETWORK, Devnet, Options, Place, people, rules

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("proven")) as made:
        yield made


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A place whose chain is asked at three endpoints of one node."""

    place: Place
    proxies: tuple[Proxy, ...]

    def chain(self, agree: int = 2) -> AgreedChain:
        return AgreedChain([NodeChain(proxy.url, CHAIN_ID, NETWORK) for proxy in self.proxies], agree, NETWORK)

    def site(self) -> Site:
        """As wiring makes it; nothing is remembered."""
        return wiring.site_over(self.chain(), self.place.site.network)

    def lie(self, method: str, lie: "Lie") -> None:
        """Every endpoint tells the same lie, whichever is read from."""
        for proxy in self.proxies:
            proxy.faults.forge[method] = lie

    def prove(self) -> None:
        """Look by these endpoints, and hold what was seen against proofs."""
        site = self.site()
        assert isinstance(site.chain, AgreedChain)
        require_proven(site, site.chain, watch.look(site, self.place.space, ONE))


@pytest.fixture
def asked(node: Devnet, tmp_path: Path) -> Iterator[Asked]:
    with ExitStack() as stack:
        place = stack.enter_context(sites.on_anvil(node, tmp_path))
        yield Asked(place=place, proxies=tuple(stack.enter_context(proxied(node.url)) for _ in range(3)))


def test_what_honest_endpoints_say_is_proven_at_every_stage(asked: Asked) -> None:
    """threat_15"""
    place = asked.place
    place.write(ONE, SWAP)
    asked.prove()
    place.lock(ONE)
    place.sign(ONE, "alice", "bob", "carol")
    asked.prove()
    place.queue(ONE)
    asked.prove()
    place.warp(DELAY)
    asked.prove()
    place.execute(ONE)
    assert place.stage(ONE) is Stage.EXECUTED
    asked.prove()


@pytest.mark.parametrize("version", ["1.4.1", "1.5.0"])
def test_what_the_guardians_safe_says_can_be_proven_too(node: Devnet, tmp_path: Path, version: str) -> None:
    with sites.on_anvil(node, tmp_path, Options(safe_version=version)) as place:
        place.approved(ONE, PAUSE, "frank", "grace")
        sighting = watch.look(place.site, place.space, ONE)
        assert sighting.safe.address == place.site.network.guardian
        assert unproven(place.site, node.chain, sighting) == ()


Lie = Callable[[list[Any], Any], Any]


def answering(signature: str, *values: Any) -> Lie:
    """Whoever calls this view is told something else."""
    fn = function(signature)

    def lie(params: list[Any], result: Any) -> Any:
        from eth_abi.abi import encode

        asked = hex_bytes(params[0]["data"])[:4] == fn.selector
        return to_hex(encode(fn.outputs, list(values))) if asked else result

    return lie


STRANGERS = [people()[name].address for name in ("heidi", "alice", "bob")]
NOBODY: Lie = lambda params, word: to_hex(bytes(32)) if int(params[1], 16) == FALLBACK_SLOT else word  # noqa: E731
LIES: dict[str, tuple[str, Lie, str]] = {
    "a threshold": ("eth_call", answering("getThreshold()(uint256)", 1), "its threshold was read as 1; proven is 3"),
    "a nonce": ("eth_call", answering("nonce()(uint256)", 7), "its nonce was read as 7; proven is 1"),
    "owners": (
        "eth_call",
        answering("getOwners()(address[])", STRANGERS),
        "the number of its owners was read as 3; proven is 5",
    ),
    "modules": (
        "eth_call",
        answering("getModulesPaginated(address,uint256)(address[],address)", STRANGERS[:1], SENTINEL),
        "its modules, the first was read as 0x",
    ),
    "a time": ("eth_call", answering("getTimestamp(bytes32)(uint256)", 5), "was read as 5; proven is "),
    "a delay": (
        "eth_call",
        answering("getMinDelay()(uint256)", 1),
        f"its minimum delay was read as 1; proven is {DELAY}",
    ),
    "rights": (
        "eth_call",
        answering("hasRole(bytes32,address)(bool)", False),
        "that the council may propose was read as 0; proven is 1",
    ),
    "a policy": (
        "eth_call",
        answering("digest()(bytes32)", b"\x01" * 32),
        "the digest of the policy in force was read as 0x0101",
    ),
    "a fallback handler": ("eth_getStorageAt", NOBODY, "its fallback handler was read as 0; proven is 0x"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_about_anything_that_decides_is_told_with_the_truth(asked: Asked, name: str) -> None:
    """threat_15"""
    method, lie, words = LIES[name]
    asked.place.queued(ONE, SWAP)
    asked.lie(method, lie)
    with pytest.raises(ChainContradicts, match="is not what the block holds") as caught:
        asked.prove()
    assert set(rules(caught.value)) == {"read-disproven"}
    assert any(words in finding.message for finding in caught.value.findings), [
        finding.message for finding in caught.value.findings
    ]


def test_every_lie_is_told_at_once(asked: Asked) -> None:
    """threat_15"""
    asked.place.queued(ONE, SWAP)
    lies = [lie for method, lie, _ in LIES.values() if method == "eth_call"]

    def all_of_them(params: list[Any], result: Any) -> Any:
        for lie in lies[3:]:
            result = lie(params, result)
        return result

    asked.lie("eth_call", all_of_them)
    with pytest.raises(ChainContradicts) as caught:
        asked.prove()
    assert len(caught.value.findings) >= len(lies[3:])


def test_other_code_than_the_block_has_is_noticed(asked: Asked) -> None:
    """threat_15"""
    asked.place.queued(ONE, SWAP)
    facet = asked.place.address("FeeFacet@2")

    def swapped(params: list[Any], code: Any) -> Any:
        return "0x00" if params[0] == facet else code

    asked.lie("eth_getCode", swapped)
    with pytest.raises(ChainContradicts) as caught:
        asked.prove()
    (finding,) = caught.value.findings
    assert finding.message.startswith(f"{facet}: the hash of its code was read as 0x")


def test_an_approval_on_chain_that_nobody_gave_is_noticed(asked: Asked) -> None:
    """threat_15"""
    place = asked.place
    place.approved(ONE, SWAP, "alice", "bob")
    (step,) = place.steps(ONE)
    approve = function("approveHash(bytes32)")
    council, tx_hash = place.site.network.council, step.safe_tx.hash
    place.account("carol").send(Call(to=council, data=encode_call(approve, [tx_hash])), purpose="approve")
    asked.prove()
    asked.lie("eth_call", answering("approvedHashes(address,bytes32)(uint256)", 1))
    with pytest.raises(ChainContradicts) as caught:
        asked.prove()
    messages = [finding.message for finding in caught.value.findings]
    assert messages
    assert all(f"approved {to_hex(tx_hash)} was read as 1; proven is 0" in message for message in messages)


def test_one_liar_among_three_stops_one_block_in_three(asked: Asked) -> None:
    """threat_15"""
    asked.place.queued(ONE, SWAP)
    asked.proxies[0].faults.forge["eth_call"] = answering("getTimestamp(bytes32)(uint256)", 5)
    outcomes = []
    for _ in range(6):
        asked.place.warp(1)
        try:
            asked.prove()
        except ChainContradicts:
            outcomes.append("stopped")
        else:
            outcomes.append("proven")
    assert sorted(outcomes) == ["proven"] * 4 + ["stopped"] * 2
    assert outcomes[:3] == outcomes[3:]


def test_without_a_prover_nothing_is_asked(asked: Asked) -> None:
    asked.place.queued(ONE, SWAP)
    site = asked.site()
    sighting = watch.look(site, asked.place.space, ONE)
    before = sum(len(proxy.served.asked) for proxy in asked.proxies)
    require_proven(site, None, sighting)
    assert sum(len(proxy.served.asked) for proxy in asked.proxies) == before


def test_a_pause_does_not_wait_for_proofs(asked: Asked) -> None:
    asked.place.approved(ONE, PAUSE, "frank", "grace")
    for proxy in asked.proxies:
        proxy.faults.lose_question.add("eth_getProof")
    asked.prove()
    assert all(proxy.count("eth_getProof") == 0 for proxy in asked.proxies)


def test_endpoints_that_give_no_proofs_stop_the_act(asked: Asked) -> None:
    asked.place.queued(ONE, SWAP)
    for proxy in asked.proxies:
        proxy.faults.lose_question.add("eth_getProof")
    with pytest.raises(Unreachable, match="about proofs"):
        asked.prove()


def test_what_is_proven_names_each_word_once(asked: Asked) -> None:
    asked.place.queued(ONE, SWAP)
    site = asked.site()
    claims = list(claims_of(site, watch.look(site, asked.place.space, ONE)))
    keys = [(claim.account, claim.slot) for claim in claims if claim.slot is not None]
    assert len(keys) == len(set(keys))


def test_a_life_goes_on_while_one_of_three_is_on_a_fork_of_its_own(asked: Asked) -> None:
    """threat_15"""
    liar = asked.proxies[0].faults
    liar.rewrite["eth_getBlockByNumber"] = forged(1)
    liar.rewrite["eth_getLogs"] = lambda _: []
    liar.forge["eth_call"] = answering("getThreshold()(uint256)", 1)
    place = replace(asked.place, site=asked.site())
    place.queued(ONE, SWAP)
    asked.prove()
    place.warp(DELAY)
    asked.prove()
    place.execute(ONE)
    assert place.stage(ONE) is Stage.EXECUTED
