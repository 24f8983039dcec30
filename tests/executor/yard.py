"""Where an executor works in tests: a real node, a council's workspace, and processes that may be killed at any point.

A *point* is where the outside can tell what was done from what was not: before and after each request to the node, before
and after each commit to a database, after each signature. A process is forked, runs one tick and all that is due, and
kills itself at its k-th point, if it has one. What runs in it is the executor's own code and nothing else.
"""

import gc
import itertools
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from governance.adapters.chain import NodeChain
from governance.adapters.devnet import CHAIN_ID, NETWORK, PASSWORD
from governance.adapters.heart import NodeHeart
from governance.adapters.journal import SqlJournal
from governance.adapters.keys import KeystoreSigner
from governance.adapters.sender import JournalledSender
from governance.adapters.shelf import FileShelf
from governance.apps.executor import Executor, Hooks, Station
from governance.apps.wiring import recalling, site_over
from governance.core.errors import GovError
from governance.core.journal import Entry
from governance.core.keccak import keccak
from governance.life.fulfil import SETTLED, Means, Report
from governance.life.notes import note_sighting
from governance.life.site import Rehearse
from governance.life.tick import Watch
from tests.sites import Place

CAP = 10**12
EXECUTED_TOPIC = "0x" + keccak(b"CallExecuted(bytes32,uint256,address,uint256,bytes)").hex()


class Direct:
    """In DBOS' place where only the executor's own steps matter: what is submitted runs at once, in this thread."""

    def __init__(
        self, *, tick: Callable[[str], None], fulfil: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> None:
        del tick
        self._fulfil = fulfil
        self._results: dict[str, Mapping[str, str]] = {}
        self._at = ""
        self.tidied = 0

    def start(self, queues: Sequence[str]) -> None: ...

    def take_over(self, networks: Sequence[str], mine: Callable[[str], bool]) -> list[str]:
        return []

    def tidy(self) -> int:
        self.tidied += 1
        return 0

    def submit(self, name: str, task: Mapping[str, str], queue: str) -> str:
        self._at = f"{name}#{len(self._results)}"
        self._results[self._at] = self._fulfil(task)
        return self._at

    def wait(self, identity: str) -> Mapping[str, str]:
        return self._results[identity]

    def current(self) -> str:
        return self._at

    def stop(self, patience: int) -> None: ...


@dataclass(kw_only=True)
class Yard:
    """One network as its executor sees it."""

    place: Place
    url: str
    """Of the node, or of what stands before it."""
    node: str
    """Of the node itself."""
    folder: Path
    """Of this executor alone: its journal."""
    key: KeystoreSigner
    database: str = ""
    sends_safe_transactions: bool = False
    confirmations: int = 0
    patience: float = 0.4
    rehearse: Callable[[Any], Rehearse | None] = lambda site: None
    told: list[Report] = field(default_factory=list)
    failed: list[GovError] = field(default_factory=list)

    @property
    def journal(self) -> SqlJournal:
        return SqlJournal(self.database or f"sqlite:///{self.folder / 'journal.sqlite3'}")

    def station(self) -> Station:
        """As a new process builds it."""
        network = self.place.site.network
        site, journal = site_over(self.chain(), network), self.journal
        sender = JournalledSender(
            chain=self.chain(),
            signer=self.key,
            journal=journal,
            network=NETWORK,
            max_fee_per_gas=CAP,
            clock=time.monotonic,
            sleep=time.sleep,
            patience=self.patience,
        )
        hearts = [
            NodeHeart(self.chain(), network, self.key.address, confirmations=self.confirmations) for _ in range(2)
        ]
        shelf = FileShelf(self.place.space, lambda _, error: self.failed.append(error))
        return Station(
            network=NETWORK,
            queue="payer",
            watch=Watch(
                network=network, heart=hearts[0], shelf=shelf, sends_safe_transactions=self.sends_safe_transactions
            ),
            means=Means(
                site=site,
                workspace=self.place.space,
                sender=sender,
                journal=journal,
                executions=hearts[1],
                rehearse=self.rehearse(site),
                guards=(lambda sighting: note_sighting(journal, sighting),),
                recalling=recalling,
            ),
        )

    def chain(self) -> NodeChain:
        return NodeChain(self.url, CHAIN_ID, NETWORK)

    def executor(self) -> Executor:
        return Executor({NETWORK: self.station()}, Direct, self.hooks())

    def hooks(self) -> Hooks:
        return Hooks(
            ticked=lambda *_: None,
            failed=lambda _, error: self.failed.append(error),
            reported=self.told.append,
            taken_over=lambda *_: None,
            expired=lambda _: None,
            broken=lambda _: None,
        )

    def once(self) -> list[Mapping[str, str]]:
        """One tick in this process, and what came of everything due."""
        return self.executor().once()

    # ---- what is true afterwards -------------------------------------------------------------------------------------

    def executions(self, name: str) -> list[int]:
        """How often each operation of a proposal was executed on the chain as it is now."""
        chain = self.place.site.chain
        counts = []
        for step in self.place.steps(name):
            if step.operation is None:  # on the guardian's lane
                continue
            topics = [[bytes.fromhex(EXECUTED_TOPIC[2:])], [step.operation.id]]
            logs = chain.logs(self.place.site.network.timelock, topics, chain.head())  # type: ignore[arg-type]
            counts.append(len(logs) // len(step.operation.calls))
        return counts

    def settled(self, name: str) -> list[Entry]:
        return [entry for entry in self.journal.entries(name) if entry.kind == SETTLED]

    def paid(self, since: int) -> tuple[int, int]:
        """Of the payer's transactions after a block: how many succeeded, how many reverted."""
        chain, ask = self.place.site.chain, _asker(self.node)
        good = bad = 0
        for number in range(since + 1, chain.head().number + 1):
            for receipt in ask("eth_getBlockReceipts", hex(number)):
                if receipt["from"].lower() == self.key.address.lower():
                    good, bad = good + (receipt["status"] == "0x1"), bad + (receipt["status"] != "0x1")
        return good, bad


def _asker(url: str) -> Callable[..., Any]:
    from governance.adapters import anvil

    return lambda method, *params: anvil.ask(url, method, *params)


def unlocked(file: Path) -> KeystoreSigner:
    """The devnet's executor with its key decrypted once, so that forked processes need not."""
    signer = KeystoreSigner.open(file, PASSWORD)
    nothing = {"chainId": 1, "nonce": 0, "to": signer.address, "value": 0, "data": b"", "gas": 21000, "gasPrice": 1}
    signer.sign_transaction(nothing)
    return signer


# ---- processes that die ----------------------------------------------------------------------------------------------


def run_killed(act: Callable[[], object], at: int) -> bool:
    """Run in a forked process that kills itself at its point number `at`; False when it came to its end before that."""
    gc.freeze()  # what is here already is left alone by the child's collector, and so need not be copied
    child = os.fork()
    if child == 0:
        gc.disable()
        _die_at(at)
        code = 3
        try:
            act()
            code = 0
        except Exception:  # noqa: BLE001 - told, and this process ends here whatever it was
            traceback.print_exc()
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the executor raised: see above"
    return False


def _die_at(at: int) -> None:
    """Count points from now on, in whatever thread, and die at one of them."""
    from sqlalchemy.engine.default import DefaultDialect

    from governance.adapters.rpc import Rpc

    points = itertools.count()

    def point() -> None:
        if next(points) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    for owner, name, before in (
        (Rpc, "_exchange", True),
        (DefaultDialect, "do_commit", True),
        (KeystoreSigner, "sign_transaction", False),
    ):
        _surround(owner, name, point, before=before)


def _surround(owner: Any, name: str, point: Callable[[], None], *, before: bool) -> None:
    real = getattr(owner, name)

    def around(*arguments: Any, **named: Any) -> Any:
        if before:
            point()
        given = real(*arguments, **named)
        point()
        return given

    setattr(owner, name, around)


@contextmanager
def replayed(ask: Callable[..., Any]) -> Iterator[None]:
    """The chain as it was, when the block ends."""
    snapshot = ask("evm_snapshot")
    try:
        yield
    finally:
        assert ask("evm_revert", snapshot) is True
