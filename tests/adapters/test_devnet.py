"""The devnet's folder: whose keys, which process, one command at a time, and no trace left behind."""

import json
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.adapters import anvil
from governance.adapters.devnet import CHAIN_ID, MEMBERS, PASSWORD, DevnetFolder, Running, head_time, running_url, warp
from governance.core.artifact import DEPLOYMENT_PROXY, SAFE_SINGLETON_FACTORY
from governance.core.errors import Refused, Unreachable
from governance.core.units import Duration

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Running]]:
    workspace = tmp_path_factory.mktemp("workspace")
    folder = DevnetFolder(workspace)
    running = folder.start(anvil.require_anvil(ROOT))
    yield workspace, running
    folder.stop()


@pytest.mark.node
def test_it_is_found_again_by_its_state_file(up: tuple[Path, Running]) -> None:
    workspace, running = up
    assert DevnetFolder(workspace).running() == running
    assert running_url(workspace, "devnet") == running.process.url
    assert running_url(workspace, "mainnet") is None
    assert anvil.ask(running.process.url, "eth_chainId") == hex(CHAIN_ID)


@pytest.mark.node
def test_keystores_open_with_the_password_file_and_nobody_else_may_read_them(up: tuple[Path, Running]) -> None:
    from eth_account import Account

    folder = DevnetFolder(up[0])
    addresses = folder.addresses()
    assert tuple(addresses) == MEMBERS
    assert len(set(addresses.values())) == len(MEMBERS)
    password = folder.password.read_text()
    assert password == PASSWORD
    for name, address in addresses.items():
        path = folder.keys / f"{name}.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        key = Account.decrypt(json.loads(path.read_text()), password)
        assert Account.from_key(key).address == address
        assert int(anvil.ask(up[1].process.url, "eth_getBalance", address, "latest"), 16) > 10**18
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


@pytest.mark.node
def test_no_key_is_left_in_the_clear(up: tuple[Path, Running]) -> None:
    """threat_57"""
    from eth_account import Account

    folder = DevnetFolder(up[0])
    secrets = [bytes(Account.decrypt((folder.keys / f"{name}.json").read_text(), PASSWORD)).hex() for name in MEMBERS]
    files = [path for path in folder.path.rglob("*") if path.is_file() and path != folder.log]
    assert len(files) > len(MEMBERS)
    assert not [path for path in files for secret in secrets if secret in path.read_text().lower()]


@pytest.mark.node
def test_git_does_not_see_it(up: tuple[Path, Running]) -> None:
    with DevnetFolder(up[0]).locked():
        subprocess.run(["git", "init", "-q"], cwd=up[0], check=True)
    shown = subprocess.run(["git", "status", "--short"], cwd=up[0], check=True, capture_output=True, text=True).stdout
    assert shown == ""


@pytest.mark.node
def test_both_create2_factories_stand_where_public_networks_have_them(up: tuple[Path, Running]) -> None:
    codes = {
        anvil.ask(up[1].process.url, "eth_getCode", a, "latest") for a in (DEPLOYMENT_PROXY, SAFE_SINGLETON_FACTORY)
    }
    assert len(codes) == 1
    assert codes != {"0x"}


@pytest.mark.node
def test_warping_moves_the_clock_for_every_later_block(up: tuple[Path, Running]) -> None:
    before = head_time(up[1])
    warped = warp(up[1], Duration.parse("48 h"))
    anvil.ask(up[1].process.url, "evm_mine")
    assert before.until(warped) >= Duration.parse("48 h")
    assert head_time(up[1]) >= warped


def test_one_command_at_a_time(tmp_path: Path) -> None:
    first, second = DevnetFolder(tmp_path).locked(), DevnetFolder(tmp_path).locked()
    with first, pytest.raises(Refused, match="another `gov devnet` command"), second:
        raise AssertionError("both hold the lock")
    with DevnetFolder(tmp_path).locked():
        assert not DevnetFolder(tmp_path).stop()


STALE = {
    "nothing": None,
    "half a file": '{"process": {"pid": 1',
    "another version's": '{"pid": 1}',
    "a process of somebody else": json.dumps(
        {"process": {"pid": 1, "identity": "none", "port": 1}, "chain_id": CHAIN_ID, "started": 1}
    ),
}


@pytest.mark.parametrize("text", STALE.values(), ids=STALE.keys())
def test_a_state_file_left_by_a_crash_counts_for_nothing(tmp_path: Path, text: str | None) -> None:
    folder = DevnetFolder(tmp_path)
    folder.path.mkdir(parents=True)
    if text is not None:
        folder.state.write_text(text)
    assert folder.running() is None
    assert folder.stop() is False
    assert not folder.path.exists()


def test_a_link_in_the_folders_place_is_not_followed(tmp_path: Path) -> None:
    """threat_50"""
    precious = tmp_path / "precious"
    precious.mkdir()
    (tmp_path / ".gov").mkdir()
    (tmp_path / ".gov" / "devnet").symlink_to(precious)
    with pytest.raises(Refused, match="is a symbolic link"):
        DevnetFolder(tmp_path).clear()
    assert precious.exists()


@pytest.mark.node
def test_a_chain_killed_from_outside_is_down(tmp_path: Path) -> None:
    folder = DevnetFolder(tmp_path)
    running = folder.start(anvil.require_anvil(ROOT))
    anvil.stop(running.process)
    assert folder.running() is None
    assert folder.stop() is False


@pytest.mark.node
def test_what_fails_on_the_way_up_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[anvil.Process] = []

    def fail(folder: DevnetFolder, running: Running) -> None:
        seen.append(running.process)
        raise OSError("disk full")

    monkeypatch.setattr(DevnetFolder, "_save", fail)
    with pytest.raises(OSError, match="disk full"):
        DevnetFolder(tmp_path).start(anvil.require_anvil(ROOT))
    assert not anvil.is_running(seen[0])
    with pytest.raises(Unreachable):
        anvil.ask(seen[0].url, "eth_chainId")
