"""Any network: members from policies.yaml, a description of its own, and the very deployment that the devnet uses."""

from pathlib import Path

import pytest

from governance.adapters import anvil
from governance.adapters.chain import NodeChain
from governance.adapters.devnet import CHAIN_ID, DevnetFolder, UnlockedSender
from governance.adapters.workspace import FileWorkspace
from governance.apps.deployment import deploy, described, members_of, planned, prepare
from governance.core.errors import Rejected
from governance.core.units import address
from tests.apps.test_devnet import POLICY

ROOT = Path(__file__).resolve().parents[2]
FRANK = address("0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc")
DESCRIPTION = """\
schema: governance/deployment/v1
name: staging
safe_version: 1.5.0
council: {owners: [alice, bob], threshold: 2}
guardian: {owners: [carol], threshold: 1}
timelock: {delay: 1 h, executors: [dave]}
target: {generation: gov-1, artifact: ManifestDispatcher, activation_delay: 10 min, facets: []}
staged: []
"""


@pytest.mark.node
def test_a_network_is_deployed_from_its_description_and_the_policys_members(tmp_path: Path) -> None:
    (tmp_path / "staging.yaml").write_text(DESCRIPTION)
    folder = DevnetFolder(tmp_path / "node")
    running = folder.start(anvil.require_anvil(ROOT))
    try:
        policy = POLICY
        for name, account in folder.addresses().items():
            policy = policy.replace(f"  {name}: {{}}", f'  {name}: {{address: "{account}"}}')
        (tmp_path / "policies.yaml").write_text(policy)
        chain = NodeChain(running.process.url, CHAIN_ID, "staging")
        sender = UnlockedSender(chain, running.process.url, folder.addresses()["deployer"])
        plan = planned(tmp_path, described(tmp_path / "staging.yaml"), sender.address)
        prepared = prepare(tmp_path, plan, "staging", CHAIN_ID)
        done = deploy(prepared, chain=chain, sender=sender, told=lambda _: None)
        again = deploy(prepare(tmp_path, plan, "staging", CHAIN_ID), chain=chain, sender=sender, told=lambda _: None)
    finally:
        folder.stop()
    policy_now = FileWorkspace(tmp_path).policy()
    assert policy_now.networks["staging"] == done.network == again.network
    assert policy_now.digest == prepared.digest
    assert (done.sent > 0, again.sent) == (True, 0)
    assert plan.executors == (policy_now.members["dave"],)


def test_members_without_an_address_are_named(tmp_path: Path) -> None:
    (tmp_path / "policies.yaml").write_text(POLICY)
    assert members_of(tmp_path) == {}
    (tmp_path / "staging.yaml").write_text(DESCRIPTION)
    with pytest.raises(Rejected) as caught:
        planned(tmp_path, described(tmp_path / "staging.yaml"), FRANK)
    assert [finding.message for finding in caught.value.findings] == [
        f"{name} has no address" for name in ("alice", "bob", "carol", "dave")
    ]


@pytest.mark.parametrize("text", ["schema: x\n", "members: []\n", "members: {alice: none}\n"])
def test_a_policy_without_members_has_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "policies.yaml").write_text(text)
    assert members_of(tmp_path) == {}


def test_without_a_policy_the_hint_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as caught:
        members_of(tmp_path)
    assert "gov init" in caught.value.hint()


def test_an_address_without_its_checksum_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "policies.yaml").write_text(f'members: {{alice: {{address: "{FRANK.lower()}"}}}}\n')
    with pytest.raises(Rejected, match="checksum"):
        members_of(tmp_path)


def test_the_devnets_own_description_has_five_and_three() -> None:
    own = described(None)
    assert (len(own.council.owners), own.council.threshold) == (5, 3)
    assert (len(own.guardian.owners), own.guardian.threshold) == (3, 2)
    assert own.timelock.delay.seconds == 48 * 3600
