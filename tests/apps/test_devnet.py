"""`gov devnet` as a whole: up once, the same everywhere, and nothing left when it is down."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.adapters import anvil
from governance.adapters.chain import NodeChain
from governance.adapters.devnet import DevnetFolder
from governance.adapters.workspace import FileWorkspace
from governance.apps import devnet
from governance.core.call import Call, encode_call, function
from governance.core.errors import Refused, Rejected
from governance.core.units import Duration, to_hex

ROOT = Path(__file__).resolve().parents[2]
POLICY = """\
# kept
schema: governance/policy/v1
members:
  alice: {}
  bob: {}
  carol: {}
  dave: {}
  erin: {}
  frank: {}
  grace: {}
  heidi: {}
roles:
  author: [alice, bob, carol]
  council: {safe: council}
  guardian: {safe: guardian}
rules:
  - id: upgrades-are-slow
    kinds: [facet_swap, manifest_upgrade]
    may_propose: author
    approvals: [{role: council, at_least: threshold}]
    via: timelock
    delay: 48 h
    grace: 14 d
"""


@pytest.fixture(autouse=True)
def same_anvil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOV_ANVIL", str(anvil.require_anvil(ROOT)))


def workspace(folder: Path, policy: str = POLICY) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policies.yaml").write_text(policy)
    return folder


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    space = workspace(tmp_path_factory.mktemp("space"))
    devnet.up(space, None)
    yield space
    devnet.down(space)


@pytest.mark.node
def test_the_second_up_says_that_it_is_up_and_does_nothing(up: Path) -> None:
    before = (up / "policies.yaml").stat()
    first, second = devnet.status(up), devnet.up(up, None)
    assert second["already_up"] is True
    assert second["pid"] == first["pid"]
    assert (up / "policies.yaml").stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.node
def test_the_anchor_holds_the_digest_of_the_policy_that_names_it(up: Path) -> None:
    policy = FileWorkspace(up).policy()
    network = policy.networks["devnet"]
    chain = NodeChain(devnet.status(up)["url"], network.chain_id, "devnet")
    asked = Call(to=network.policy_anchor, data=encode_call(function("digest()"), []))
    (answer,) = chain.call_many([asked], chain.head())
    assert answer.data == policy.digest
    assert (up / "policies.yaml").read_text().startswith("# kept\n")


@pytest.mark.node
def test_two_fresh_devnets_agree_on_every_address(up: Path, tmp_path: Path) -> None:
    other = workspace(tmp_path)
    started = time.monotonic()
    report = devnet.up(other, None)
    try:
        assert time.monotonic() - started < 60
        assert report["addresses"] == devnet.status(up)["addresses"]
        assert report["policy_digest"] == to_hex(FileWorkspace(up).policy().digest)
        assert report["url"] != devnet.status(up)["url"]
    finally:
        devnet.down(other)


@pytest.mark.node
def test_down_leaves_no_process_and_no_folder_and_up_comes_again(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    first = devnet.up(space, None)
    assert devnet.down(space) == {"schema": devnet.SCHEMA, "up": False, "was_up": True}
    with pytest.raises(ProcessLookupError):
        os.kill(first["pid"], 0)
    assert not DevnetFolder(space).path.exists()
    assert devnet.status(space) == {"schema": devnet.SCHEMA, "up": False}
    assert devnet.down(space)["was_up"] is False
    again = devnet.up(space, None)
    devnet.down(space)
    assert (again["policies_changed"], again["addresses"]) == (False, first["addresses"])


@pytest.mark.node
def test_warp_moves_the_clock(up: Path) -> None:
    before = devnet.status(up)["time"]
    warped = devnet.warp(up, Duration.parse("48 h"))["time"]
    assert warped > before
    assert devnet.status(up)["time"] >= warped


def test_without_a_chain_there_is_nothing_to_warp(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no devnet is up"):
        devnet.warp(tmp_path, Duration(1))


@pytest.mark.node
def test_another_description_may_be_given(tmp_path: Path) -> None:
    space = workspace(tmp_path)
    template = ROOT / "governance" / "life" / "templates" / "devnet.yaml"
    artifacts = space / "artifacts"
    artifacts.mkdir()
    shutil.copy(ROOT / "tests" / "artifacts" / "DispatcherCompactDouble.json", artifacts)
    text = template.read_text().replace("gov-1", "compact").replace("ManifestDispatcher", "DispatcherCompactDouble")
    (space / "field.yaml").write_text(text.replace("activation_delay: 0 s", "activation_delay: 1 h"))
    report = devnet.up(space, space / "field.yaml")
    try:
        assert report["transactions"] > 10
    finally:
        devnet.down(space)


@pytest.mark.node
@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (None, "does not exist"),
        ("schema: governance/policy/v1\nnetworks: [devnet]\n", "another shape"),
        ("schema: governance/policy/v0\n", "policies.yaml"),
    ],
)
def test_a_policy_that_cannot_take_the_addresses_leaves_no_chain(
    tmp_path: Path, policy: str | None, words: str
) -> None:
    if policy is not None:
        workspace(tmp_path, policy)
    with pytest.raises(Rejected, match=words):
        devnet.up(tmp_path, None)
    assert DevnetFolder(tmp_path).running() is None
    assert not DevnetFolder(tmp_path).path.exists()


@pytest.mark.node
def test_the_members_of_a_real_network_are_not_replaced(tmp_path: Path) -> None:
    policy = POLICY.replace("alice: {}", 'alice: {address: "0x00"}') + "networks: {mainnet: {chain_id: 1}}\n"
    with pytest.raises(Refused, match="would replace those of other networks") as caught:
        devnet.up(workspace(tmp_path, policy), None)
    assert [finding.rule for finding in caught.value.findings] == ["member-elsewhere"]
    assert (tmp_path / "policies.yaml").read_text() == policy


SENTENCES = [
    ({"up": False, "was_up": True}, "the devnet is down"),
    ({"up": False, "was_up": False}, "no devnet was up"),
    ({"up": False}, "no devnet is up"),
    ({"up": True, "warped_by": 1, "time": "then"}, "the chain's clock reads then"),
]


@pytest.mark.parametrize(("report", "words"), SENTENCES)
def test_short_reports_are_sentences(report: dict[str, object], words: str) -> None:
    assert devnet.show(report) == words


@pytest.mark.node
def test_a_report_shows_every_address(up: Path) -> None:
    from rich.console import Console

    console = Console(width=200)
    with console.capture() as captured:
        console.print(devnet.show(devnet.status(up)))
    assert all(account in captured.get() for account in devnet.status(up)["addresses"].values())
