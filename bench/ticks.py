"""An idle look of the executor while much waits, beside a loop as it is written in an afternoon."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from bench.executors import shelf_of, web3_of
from bench.harness import Contest, Contestant, contest
from bench.rehearsals import FIVE, Chain, system
from governance.adapters import anvil
from governance.adapters.chain import NodeChain
from governance.adapters.heart import NodeHeart
from governance.adapters.rpc import Rpc
from governance.adapters.workspace import FileWorkspace
from governance.core.keccak import keccak
from governance.core.units import Bytes32, to_hex
from governance.life.pin import lock
from governance.life.tick import Watch

PENDING = (1, 100, 10_000)
OURS = "one tick, {:,} waiting"
NAIVE = "a loop over web3.py, {:,} waiting"
CPU = "one tick, {:,} waiting: seconds of CPU"
TIMESTAMPS_SLOT = 1
"""`_timestamps` of TimelockController.sol."""
FAR = 10**11
"""A moment that does not come."""
MOST_ASKED = 100
"""More than so many are asked of the loop only for so many, and the rest is reckoned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A workspace under whose lock files so many operations wait."""

    ids: list[Bytes32]
    watch: Watch


@contextmanager
def ticks() -> Iterator[tuple[Callable[[int], Contest], Callable[[], dict[int, int]]]]:
    """Gives `rounds -> Contest`, and the round trips of one tick by what waits."""
    with system() as chain, TemporaryDirectory() as folder:
        lock([chain.site()], FileWorkspace(chain.root), FIVE, rehearse=None)
        queues = {number: _queue(chain, Path(folder) / str(number), number) for number in PENDING}
        for queue in queues.values():
            assert len(queue.watch.tick().tasks) == 0

        def measured(rounds: int) -> Contest:
            contestants = []
            for number, queue in queues.items():
                contestants += [
                    Contestant(name=OURS.format(number), once=_timed(queue.watch.tick, perf_counter)),
                    Contestant(name=CPU.format(number), once=_timed(queue.watch.tick, process_time)),
                    Contestant(name=NAIVE.format(number), once=_naive(chain, queue.ids)),
                ]
            measures = (
                "nothing is due: the newest block, what the timelock logged since, the Safes' nonces, the payer's balance. "
                f"The loop asks each operation whether it is ready; more than {MOST_ASKED} are reckoned from {MOST_ASKED}"
            )
            return contest("An idle tick on a local node", measures, contestants, rounds=rounds)

        yield measured, lambda: {number: _round_trips(queue.watch) for number, queue in queues.items()}


def growth(found: Contest) -> float | None:
    """How many times longer the tick with the most takes than that with the least, by processor time."""
    least, most = (found.named(CPU.format(number)) for number in (PENDING[0], PENDING[-1]))
    return most.seconds / least.seconds if least.samples and most.samples else None


def _queue(chain: Chain, root: Path, number: int) -> Queue:
    """Lock files are copies of a real one under other ids; on the node, each id is scheduled for the end of days."""
    space = FileWorkspace(root)
    space.proposals_folder.mkdir(parents=True)
    real = json.loads((chain.root / "proposals" / f"{FIVE}.lock.json").read_text())
    ids = [Bytes32(keccak(f"{number} {one}".encode())) for one in range(number)]
    for position, one in enumerate(ids):
        name = f"{1 + position % 9999:04}-waiting-{position}"
        document = {**real, "proposal": name}
        (step,) = document["networks"]["devnet"]["plan"]["steps"]
        step["operation"]["id"] = to_hex(one)
        step["safe_tx"]["nonce"] = str(position)
        space.lock_file(name).write_text(json.dumps(document))
    slots = [to_hex(keccak(one + TIMESTAMPS_SLOT.to_bytes(32))) for one in ids]
    far = to_hex(FAR.to_bytes(32))
    Rpc(chain.url, "devnet").ask([("anvil_setStorageAt", [chain.network.timelock, slot, far]) for slot in slots])
    anvil.ask(chain.url, "evm_mine")
    node = NodeChain(chain.url, chain.network.chain_id, "devnet")
    heart = NodeHeart(node, chain.network, chain.network.council, confirmations=0)
    shelf = shelf_of(space)
    return Queue(ids=ids, watch=Watch(network=chain.network, heart=heart, shelf=shelf, sends_safe_transactions=True))


def _timed(work: Callable[[], object], clock: Callable[[], float]) -> Callable[[], float]:
    def once() -> float:
        start = clock()
        for _ in range(10):
            work()
        return (clock() - start) / 10

    return once


def _round_trips(watch: Watch) -> int:
    asked, real = count(), Rpc._exchange

    def counting(self: Rpc, *arguments: Any) -> Any:
        next(asked)
        return real(self, *arguments)

    Rpc._exchange = counting  # type: ignore[method-assign]
    try:
        watch.tick()
    finally:
        Rpc._exchange = real  # type: ignore[method-assign]
    return next(asked)


def _naive(chain: Chain, ids: list[Bytes32]) -> Callable[[], float]:
    """As such loops are: a contract object, and one request after the other."""
    node, timelock = web3_of(chain)
    asked = ids[:MOST_ASKED]

    def once() -> float:
        start = perf_counter()
        node.eth.get_block("latest")
        ready = [one for one in asked if timelock.functions.isOperationReady(one).call()]
        seconds = perf_counter() - start
        assert not ready
        return seconds * len(ids) / len(asked)

    return once
