"""The devnet's folder in a workspace, `.gov/devnet/`: which process runs, whose keys are whose, and the lock.

Everything in it is disposable. The keys are anvil's published test keys, encrypted under a fixed word so that the
devnet is used exactly as a real network is; they are worth nothing and must never be funded anywhere else.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from governance.adapters import anvil
from governance.adapters.keys import create_keystore
from governance.core.artifact import DEPLOYMENT_PROXY, SAFE_SINGLETON_FACTORY
from governance.core.call import Call
from governance.core.errors import Refused, Unreachable
from governance.core.facts import Receipt
from governance.core.units import Address, Bytes32, Duration, Moment, checksummed, hex_bytes, to_hex, word
from governance.ports import Chain

CHAIN_ID = 31337
NETWORK = "devnet"
PASSWORD = "devnet"  # noqa: S105 - protects keys that are published
MEMBERS = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "executor", "deployer")
"""In the order of anvil's accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A devnet that is up."""

    process: anvil.Process
    chain_id: int
    started: Moment
    """By the clock of the chain: its genesis."""


class DevnetFolder:
    """The folder of one workspace."""

    def __init__(self, workspace: Path) -> None:
        self.path = workspace / ".gov" / "devnet"
        self.state = self.path / "devnet.json"
        self.keys = self.path / "keys"
        self.password = self.path / "password"
        self.log = self.path / "anvil.log"
        self.config = self.path / "anvil.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One `gov devnet` command at a time. Raises Refused when another is at work."""
        self._make_parent()
        with (self.path.parent / "devnet.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Refused("another `gov devnet` command is at work here", hint="wait for it") from error
            yield

    def running(self) -> Running | None:
        """The devnet that is up, None when none is; a state file left by a crash counts for nothing."""
        try:
            state = json.loads(self.state.read_text("utf-8"))
            running = Running(
                process=anvil.Process(**state["process"]),
                chain_id=state["chain_id"],
                started=Moment(state["started"]),
            )
        except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError):
            return None
        return running if anvil.is_running(running.process) else None

    def start(self, program: Path) -> Running:
        """Start a fresh chain, with the keys of `MEMBERS` written, and keep its state."""
        self.clear()
        self._make_parent()
        self.path.mkdir(mode=0o700)
        process = anvil.start(program, chain_id=CHAIN_ID, accounts=12, log=self.log, config=self.config)
        try:
            self._write_keys()
            _stand_in_for_safe(process.url)
            born = int(anvil.ask(process.url, "eth_getBlockByNumber", "0x0", False)["timestamp"], 16)
            running = Running(process=process, chain_id=CHAIN_ID, started=Moment(born))
            self._save(running)
        except BaseException:
            anvil.stop(process)
            raise
        return running

    def stop(self) -> bool:
        """End the chain and remove the folder. False when none was up."""
        running = self.running()
        if running is not None:
            anvil.stop(running.process)
        self.clear()
        return running is not None

    def clear(self) -> None:
        """Remove the folder with all that is in it."""
        if self.path.is_symlink():
            raise Refused(f"{self.path} is a symbolic link", hint="remove it by hand")
        if self.path.exists():
            shutil.rmtree(self.path)

    def addresses(self) -> dict[str, Address]:
        """Each member's address, from the keystores."""
        written = {name: json.loads(self._key(name).read_text("utf-8"))["address"] for name in MEMBERS}
        return {name: checksummed(bytes.fromhex(digits)) for name, digits in written.items()}

    def _make_parent(self) -> None:
        """`.gov/` holds what belongs to this machine alone: git is told so where it looks."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        ignored = self.path.parent / ".gitignore"
        if not ignored.exists():
            ignored.write_text("*\n")

    def _key(self, name: str) -> Path:
        return self.keys / f"{name}.json"

    def _write_keys(self) -> None:
        self.keys.mkdir(mode=0o700)
        _write_private(self.password, PASSWORD)
        accounts = json.loads(self.config.read_text("utf-8"))["private_keys"]
        for name, key in zip(MEMBERS, accounts, strict=False):
            create_keystore(self._key(name), PASSWORD, hex_bytes(key), iterations=1024)
        self.config.unlink()

    def _save(self, running: Running) -> None:
        document = {
            "process": asdict(running.process),
            "url": running.process.url,
            "chain_id": running.chain_id,
            "started": running.started.seconds,
        }
        draft = self.state.with_suffix(".draft")
        _write_private(draft, json.dumps(document, indent=2))
        draft.replace(self.state)


def running_url(workspace: Path, network: str) -> str | None:
    """Where the running devnet answers; None for another network, or when it is not up."""
    running = DevnetFolder(workspace).running() if network == NETWORK else None
    return running.process.url if running is not None else None


class UnlockedSender:
    """Pays and sends through an account that the devnet's own node holds unlocked: see `ports.Sender`.

    It persists nothing: when this process dies, the devnet is thrown away.
    """

    def __init__(self, chain: Chain, url: str, account: Address) -> None:
        self._chain = chain
        self._url = url
        self._account = account

    @property
    def address(self) -> Address:
        """The paying account."""
        return self._account

    def send(self, call: Call, *, purpose: str) -> Receipt:
        """Send and wait. Raises Refused when it would revert or did."""
        request = {"from": self._account, "to": call.to, "data": to_hex(call.data), "value": hex(call.value)}
        try:
            estimated = int(anvil.ask(self._url, "eth_estimateGas", request), 16)
            # The block that comes is later than the one that was estimated in: writing a moment anew may cost more there.
            request["gas"] = hex(2 * estimated)
            tx_hash: Bytes32 = word(anvil.ask(self._url, "eth_sendTransaction", request))
        except Refused as error:
            raise Refused(f"{purpose}: {error.message}") from error
        for _ in anvil.ticks():
            receipt = self._chain.receipt(tx_hash)
            if receipt is not None:
                return _succeeded(receipt, purpose)
        raise Unreachable(f"{purpose}: no receipt for {to_hex(tx_hash)}")


def _succeeded(receipt: Receipt, purpose: str) -> Receipt:
    if receipt.status != 1:
        raise Refused(f"{purpose}: the transaction {to_hex(receipt.tx_hash)} reverted")
    return receipt


def warp(running: Running, wait: Duration) -> Moment:
    """Move the chain's clock on and mine a block. Gives the new block's time."""
    url = running.process.url
    anvil.ask(url, "evm_increaseTime", wait.seconds)
    anvil.ask(url, "evm_mine")
    return head_time(running)


def head_time(running: Running) -> Moment:
    """The time of the newest block."""
    block: Mapping[str, str] = anvil.ask(running.process.url, "eth_getBlockByNumber", "latest", False)
    return Moment(int(block["timestamp"], 16))


def _stand_in_for_safe(url: str) -> None:
    """Put Safe's singleton factory where every public network has it: its code is the deployment proxy's."""
    code = anvil.ask(url, "eth_getCode", DEPLOYMENT_PROXY, "latest")
    if code == "0x":
        raise Refused("this anvil does not come with the deployment proxy", hint="use anvil 1.0 or later")
    anvil.ask(url, "anvil_setCode", SAFE_SINGLETON_FACTORY, code)


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
