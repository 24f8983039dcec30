"""Real contracts on a real node: every generation and both Safes are built, handed over, and read before believed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from governance.adapters import anvil
from governance.adapters.chain import NodeChain
from governance.adapters.devnet import CHAIN_ID, DevnetFolder, UnlockedSender
from governance.core.access import ADMIN, GRANT, PROPOSER
from governance.core.artifact import DEPLOYMENT_PROXY, SAFE_SINGLETON_FACTORY
from governance.core.blueprint import Blueprint, blueprint, cradle, safe_address
from governance.core.call import Call, encode_call, function
from governance.core.errors import ChainContradicts, Refused
from governance.core.facts import Generation, Receipt
from governance.core.handover import steps
from governance.core.keccak import keccak
from governance.core.safelayout import GUARD_SLOT
from governance.core.units import Address, Bytes32, to_hex
from governance.life.deploy import deploy, stage_facet, verify
from governance.ports import Chain, Sender
from tests.core.test_deployment import described, parts

pytestmark = pytest.mark.node

ROOT = Path(__file__).resolve().parents[2]
DIGEST = Bytes32(keccak(b"policy"))
NAMES = (f"system-{n}" for n in count())


@dataclass(frozen=True, slots=True, kw_only=True)
class Devnet:
    """A bare chain with the devnet's members."""

    url: str
    chain: Chain
    members: dict[str, Address]

    def sender(self, name: str = "deployer") -> Sender:
        return UnlockedSender(self.chain, self.url, self.members[name])

    def plan(self, generation: Generation = Generation.OURS, **changes: Any) -> Blueprint:
        """A system under a name of its own, so that many fit on one chain."""
        wanted = described(generation, **{"name": next(NAMES), **changes})
        return blueprint(wanted, parts(wanted), self.members, self.members["deployer"])

    def deploy(
        self, plan: Blueprint, sender: Sender | None = None, told: Callable[[str], None] = lambda _: None
    ) -> int:
        chosen = sender or self.sender()
        done = deploy(plan, "devnet", digest=DIGEST, uri="here", chain=self.chain, sender=chosen, told=told)
        assert done.network == plan.network("devnet", CHAIN_ID)
        return done.sent

    def verify(self, plan: Blueprint) -> None:
        verify(plan, digest=DIGEST, chain=self.chain)

    def ask(self, method: str, *params: Any) -> Any:
        return anvil.ask(self.url, method, *params)

    def send_as(self, account: Address, call: Call) -> None:
        """Send as anyone, as only a devnet can."""
        self.ask("anvil_setBalance", account, hex(10**18))
        self.ask("anvil_impersonateAccount", account)
        UnlockedSender(self.chain, self.url, account).send(call, purpose="tamper")


def started(folder: Path) -> Iterator[Devnet]:
    devnet = DevnetFolder(folder)
    running = devnet.start(anvil.require_anvil(ROOT))
    try:
        url = running.process.url
        yield Devnet(url=url, chain=NodeChain(url, CHAIN_ID, "devnet"), members=devnet.addresses())
    finally:
        devnet.stop()


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    yield from started(tmp_path_factory.mktemp("devnet"))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Devnet]:
    yield from started(tmp_path)


@pytest.fixture(scope="module")
def built(devnet: Devnet) -> Blueprint:
    plan = devnet.plan()
    devnet.deploy(plan)
    return plan


KINDS = [
    (generation, safe, delay)
    for generation in Generation
    for safe in ("1.4.1", "1.5.0")
    for delay in ("0 s", "1 h")
    if (generation, delay) != (Generation.DIAMOND, "1 h")
]


@pytest.mark.parametrize(("generation", "safe", "delay"), KINDS, ids=[" ".join(kind) for kind in KINDS])
def test_it_is_built_handed_over_and_read_back(devnet: Devnet, generation: Generation, safe: str, delay: str) -> None:
    """threat_28"""
    plan = devnet.plan(generation, safe_version=safe, target__activation_delay=delay)
    heard: list[str] = []
    sent = devnet.deploy(plan, told=heard.append)
    assert len(heard) == sent
    assert devnet.deploy(plan) == 0


def test_named_executors_and_a_system_without_routes(devnet: Devnet) -> None:
    plan = devnet.plan(timelock__executors=["heidi"], target__facets=[], staged=[])
    devnet.deploy(plan)
    assert plan.executors == (devnet.members["heidi"],)


@dataclass(kw_only=True)
class Dying:
    """A sender whose process is killed after some transactions."""

    sender: Sender
    left: int

    @property
    def address(self) -> Address:
        return self.sender.address

    def send(self, call: Call, *, purpose: str) -> Receipt:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return self.sender.send(call, purpose=purpose)


@pytest.mark.parametrize("generation", [Generation.OURS, Generation.V1, Generation.COMPACT])
def test_killed_after_any_transaction_it_is_taken_up_where_it_stopped(devnet: Devnet, generation: Generation) -> None:
    """threat_12"""
    total = len(steps(devnet.plan(generation, target__activation_delay="1 h"), DIGEST, "here"))
    for survived in range(2, total - 5, 3):
        plan = devnet.plan(generation, target__activation_delay="1 h")
        with pytest.raises(KeyboardInterrupt):
            devnet.deploy(plan, Dying(sender=devnet.sender(), left=survived))
        assert devnet.deploy(plan) > 0


TAMPERED: dict[str, tuple[Callable[[Devnet, Blueprint], None], str]] = {
    "somebody else is admin of the timelock": (
        lambda d, p: d.send_as(p.timelock, grant(p.timelock, ADMIN, d.members["deployer"])),
        "holds role 0x0000",
    ),
    "the guardian may propose": (
        lambda d, p: d.send_as(p.timelock, grant(p.timelock, PROPOSER, p.guardian.address)),
        "holds role 0xb09aa5ae",
    ),
    "somebody else is admin of the target": (
        lambda d, p: d.send_as(p.timelock, grant(p.target, ADMIN, d.members["alice"])),
        "of the target",
    ),
    "the guardian cannot pause": (
        lambda d, p: d.send_as(p.timelock, revoke(p.target, keccak(b"EMERGENCY_ROLE"), p.guardian.address)),
        "lacks role 0xbf233dd2",
    ),
    "the council has a module": (
        lambda d, p: d.send_as(p.council.address, safe_call(p, "enableModule(address)", d.members["alice"])),
        "modules of the council Safe",
    ),
    "the council has another threshold": (
        lambda d, p: d.send_as(p.council.address, safe_call(p, "changeThreshold(uint256)", 1)),
        "threshold of the council Safe",
    ),
    "the council has a guard": (
        lambda d, p: store(d, p.council.address, GUARD_SLOT, 1),
        "guard of the council Safe",
    ),
    "the council runs on another singleton": (
        lambda d, p: store(d, p.council.address, 0, int(DEPLOYMENT_PROXY, 16)),
        "singleton of the council Safe",
    ),
    "the timelock has other code": (
        lambda d, p: d.ask("anvil_setCode", p.timelock, "0x00"),
        "code of the timelock",
    ),
    "the target is paused": (
        lambda d, p: d.send_as(p.guardian.address, Call(to=p.target, data=encode_call(function("pause()"), []))),
        "pause of the target",
    ),
    "a facet has other code": (
        lambda d, p: d.ask("anvil_setCode", p.parts.facets["FeeFacet@1"].address, "0x00"),
        "code of the facet FeeFacet@1",
    ),
    "another policy is anchored": (
        lambda d, p: d.send_as(p.timelock, anchor(p, keccak(b"another"))),
        "digest of the policy anchor",
    ),
    "the timelock waits less": (
        lambda d, p: d.send_as(
            p.timelock, Call(to=p.timelock, data=encode_call(function("updateDelay(uint256)"), [1]))
        ),
        "delay of the timelock",
    ),
}


def grant(contract: Address, role: bytes, account: Address) -> Call:
    return Call(to=contract, data=encode_call(GRANT, [role, account]))


def revoke(contract: Address, role: bytes, account: Address) -> Call:
    return Call(to=contract, data=encode_call(function("revokeRole(bytes32,address)"), [role, account]))


def safe_call(plan: Blueprint, signature: str, argument: object) -> Call:
    return Call(to=plan.council.address, data=encode_call(function(signature), [argument]))


def anchor(plan: Blueprint, digest: bytes) -> Call:
    return Call(to=plan.policy_anchor, data=encode_call(function("setPolicy(bytes32,string)"), [digest, ""]))


def store(devnet: Devnet, account: Address, slot: int, value: int) -> None:
    devnet.ask("anvil_setStorageAt", account, f"0x{slot:064x}", f"0x{value:064x}")


@pytest.mark.parametrize(("tamper", "words"), TAMPERED.values(), ids=TAMPERED.keys())
def test_whatever_differs_is_noticed(
    devnet: Devnet, built: Blueprint, tamper: Callable[[Devnet, Blueprint], None], words: str
) -> None:
    """threat_28, threat_39"""
    devnet.verify(built)
    snapshot = devnet.ask("evm_snapshot")
    try:
        tamper(devnet, built)
        with pytest.raises(ChainContradicts, match="is not what was described") as caught:
            devnet.verify(built)
        assert any(words in finding.message for finding in caught.value.findings), caught.value.findings
    finally:
        devnet.ask("evm_revert", snapshot)


def test_a_deployer_who_queued_a_rotation_back_to_himself_is_noticed(devnet: Devnet) -> None:
    """On v1 the roles alone do not tell who governs."""
    plan = devnet.plan(Generation.V1)
    devnet.deploy(plan)
    rotate = encode_call(function("queueRotateGovernance(address)"), [devnet.members["deployer"]])
    devnet.send_as(plan.timelock, Call(to=plan.target, data=rotate))
    with pytest.raises(ChainContradicts) as caught:
        devnet.verify(plan)
    assert ["governance state" in finding.message for finding in caught.value.findings] == [True]


def test_a_chain_without_the_factories_is_refused_before_anything_is_sent(fresh: Devnet) -> None:
    for factory in (DEPLOYMENT_PROXY, SAFE_SINGLETON_FACTORY):
        fresh.ask("anvil_setCode", factory, "0x")
    before = fresh.ask("eth_blockNumber")
    with pytest.raises(Refused, match="lacks what deterministic deployment needs") as caught:
        fresh.deploy(fresh.plan())
    assert [finding.message for finding in caught.value.findings] == [
        f"no code at {DEPLOYMENT_PROXY}",
        f"no code at {SAFE_SINGLETON_FACTORY}",
    ]
    with pytest.raises(Refused, match="no deployment proxy"):
        stage_facet(fresh.plan().parts.facets["FeeFacet@2"], chain=fresh.chain, sender=fresh.sender())
    assert fresh.ask("eth_blockNumber") == before


def test_where_safe_has_deployed_its_contracts_its_factory_is_not_needed(fresh: Devnet) -> None:
    fresh.deploy(fresh.plan())
    fresh.ask("anvil_setCode", SAFE_SINGLETON_FACTORY, "0x")
    plan = fresh.plan()
    fresh.deploy(plan)
    assert fresh.chain.codes([safe_address(plan.parts.safe.singleton)], fresh.chain.head()) != [b""]


def test_a_facet_is_staged_once(fresh: Devnet) -> None:
    facet = fresh.plan().parts.facets["FeeFacet@2"]
    first = stage_facet(facet, chain=fresh.chain, sender=fresh.sender())
    after = fresh.ask("eth_blockNumber")
    assert stage_facet(facet, chain=fresh.chain, sender=fresh.sender("alice")) == first == facet.address
    assert fresh.ask("eth_blockNumber") == after


def test_a_plan_is_for_one_deployer(devnet: Devnet) -> None:
    plan = devnet.plan()
    with pytest.raises(Refused, match="the plan is for the deployer"):
        devnet.deploy(plan, devnet.sender("alice"))


def test_the_cradle_obeys_only_the_deployer(devnet: Devnet) -> None:
    plan = devnet.plan()
    assert plan.cradle_code == cradle(devnet.members["deployer"])
    create = next(step for step in steps(plan, DIGEST, "") if step.built == plan.cradle)
    devnet.sender().send(create.call, purpose="cradle")
    birth = Call(to=plan.cradle, data=plan.parts.anchor.init_code(plan.timelock, DIGEST, ""))
    with pytest.raises(Refused, match="born of a stranger"):
        devnet.sender("alice").send(birth, purpose="born of a stranger")
    with pytest.raises(Refused, match="still-born"):
        devnet.sender().send(Call(to=plan.cradle, data=b"\xfe"), purpose="still-born")
    devnet.sender().send(birth, purpose="born of the deployer")
    assert devnet.chain.codes([plan.policy_anchor], devnet.chain.head())[0] != b""


def test_a_sender_who_only_says_so_is_not_believed(devnet: Devnet) -> None:
    class Liar(Dying):
        def send(self, call: Call, *, purpose: str) -> Receipt:
            if "timelock" not in purpose:
                return self.sender.send(call, purpose=purpose)
            return Receipt(tx_hash=DIGEST, status=1, block=1, gas_used=1, logs=())

    with pytest.raises(ChainContradicts, match="there is no code at"):
        devnet.deploy(devnet.plan(), Liar(sender=devnet.sender(), left=0))


def test_addresses_agree_on_two_fresh_chains(devnet: Devnet, fresh: Devnet) -> None:
    plan = devnet.plan(name="twin")
    devnet.deploy(plan)
    fresh.deploy(fresh.plan(name="twin"))
    codes = [chain.codes([plan.target, plan.policy_anchor], chain.head()) for chain in (devnet.chain, fresh.chain)]
    assert codes[0] == codes[1]
    assert all(codes[0])
    assert to_hex(codes[0][0]) != "0x"
