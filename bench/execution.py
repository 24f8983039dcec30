"""From the block that makes an operation ready to the one with its execution, beside a loop as it is written in an afternoon.

Blocks come each second, as on a chain, and both look five times a second. What is counted is blocks: between the first whose
time is the operation's, and the one with its execution.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.executors import shelf_of, web3_of
from bench.rehearsals import FIVE, Chain, system
from governance.adapters import anvil
from governance.adapters.chain import NodeChain
from governance.adapters.devnet import PASSWORD
from governance.adapters.heart import NodeHeart
from governance.adapters.journal import SqlJournal
from governance.adapters.keys import KeystoreSigner
from governance.adapters.sender import JournalledSender
from governance.adapters.workspace import FileWorkspace
from governance.core.call import Call
from governance.core.units import to_hex
from governance.life.fulfil import Means, fulfil
from governance.life.schedule import queue
from governance.life.tick import Watch
from governance.life.watch import look

LOOKS = 0.2
"""Seconds between two looks."""
ROUNDS = 5
SOON = 3
"""Seconds until the operation is ready when the looking begins."""


def blocks_until_mined() -> tuple[list[int], list[int]]:
    """Ours and the loop's, one number for each round."""
    with system() as chain, TemporaryDirectory() as folder:
        chain.sign("alice", "bob", "carol")
        site, space = chain.site(), FileWorkspace(chain.root)
        queue(site, space, FIVE, _sender(chain, Path(folder) / "queue.sqlite3"), lambda *_: None, rehearse=None)
        (step,) = look(site, space, FIVE).steps
        assert step.eta is not None
        assert step.step.operation is not None
        eta, call = step.eta.seconds, step.step.operation.execute()
        ours, loops = [], []
        for number in range(ROUNDS):
            with _soon(chain, eta):
                ours.append(_counted(chain, eta, call, _ours(chain, Path(folder) / f"{number}.sqlite3")))
            with _soon(chain, eta):
                loops.append(_counted(chain, eta, call, _loop(chain, call, step.step.operation.id)))
        return ours, loops


@contextmanager
def _soon(chain: Chain, eta: int) -> Iterator[None]:
    """Blocks come each second; put back as it was when the block ends."""
    ask = _asker(chain)
    snapshot = ask("evm_snapshot")
    ask("evm_setNextBlockTimestamp", eta - SOON)
    ask("evm_mine")
    ask("evm_setAutomine", False)
    ask("evm_setIntervalMining", 1)
    try:
        yield
    finally:
        ask("evm_setIntervalMining", 0)
        ask("evm_setAutomine", True)
        assert ask("evm_revert", snapshot) is True


def _counted(chain: Chain, eta: int, call: Call, look_once: Callable[[], None]) -> int:
    ask, end = _asker(chain), time.monotonic() + 30
    while True:
        assert time.monotonic() < end, "it was never executed"
        look_once()
        mined = _mined(chain, call)
        if mined is not None:
            break
        time.sleep(LOOKS)
    first = mined
    while int(ask("eth_getBlockByNumber", hex(first - 1), False)["timestamp"], 16) >= eta:
        first -= 1
    return mined - first


def _mined(chain: Chain, call: Call) -> int | None:
    """The block that has the call, among the newest."""
    ask = _asker(chain)
    newest = int(ask("eth_blockNumber"), 16)
    for number in range(newest, max(newest - 5, 0), -1):
        block = ask("eth_getBlockByNumber", hex(number), True)
        if any(each["input"] == to_hex(call.data) for each in block["transactions"]):
            return number
    return None


def _asker(chain: Chain) -> Callable[..., Any]:
    return lambda method, *params: anvil.ask(chain.url, method, *params)


def _sender(chain: Chain, file: Path) -> JournalledSender:
    return JournalledSender(
        chain=NodeChain(chain.url, chain.network.chain_id, "devnet"),
        signer=KeystoreSigner.open(chain.root / ".gov/devnet/keys/executor.json", PASSWORD),
        journal=SqlJournal(f"sqlite:///{file}"),
        network="devnet",
        max_fee_per_gas=10**12,
        clock=time.monotonic,
        sleep=time.sleep,
        patience=0.0,
    )


def _ours(chain: Chain, file: Path) -> Callable[[], None]:
    space, sender = FileWorkspace(chain.root), _sender(chain, file)
    node = NodeChain(chain.url, chain.network.chain_id, "devnet")
    heart = NodeHeart(node, chain.network, sender.address, confirmations=0)
    watch = Watch(network=chain.network, heart=heart, shelf=shelf_of(space), sends_safe_transactions=False)
    means = Means(
        site=chain.site(),
        workspace=space,
        sender=sender,
        journal=SqlJournal(f"sqlite:///{file}"),
        executions=heart,
        rehearse=None,
    )

    def once() -> None:
        for task in watch.tick().tasks:
            fulfil(means, task)
            watch.soon(task.operation)

    return once


def _loop(chain: Chain, call: Call, operation: bytes) -> Callable[[], None]:
    from eth_account import Account

    node, timelock = web3_of(chain)
    key = Account.decrypt((chain.root / ".gov/devnet/keys/executor.json").read_text(), PASSWORD)
    account, sent = Account.from_key(key), []

    def once() -> None:
        if sent or not timelock.functions.isOperationReady(operation).call():
            return
        fields: Any = {
            "from": account.address,
            "to": call.to,
            "data": to_hex(call.data),
            "nonce": node.eth.get_transaction_count(account.address),
            "chainId": chain.network.chain_id,
            "gasPrice": node.eth.gas_price * 2,
        }
        fields["gas"] = node.eth.estimate_gas(fields) * 5 // 4
        fields.pop("from")
        sent.append(node.eth.send_raw_transaction(account.sign_transaction(fields).raw_transaction))

    return once
