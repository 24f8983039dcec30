"""From the command in a cold shell to the transaction at the node, beside a script with web3.py that does the same.

Both open a keystore of the cost that geth writes (scrypt, n = 262144) and send the presigned pause. Ours also opens
its bundle, looks at the Safe, holds every signature against its owners, and dry-runs.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench.harness import Contest, Contestant, contest
from governance.adapters.keys import create_keystore
from governance.emergency.bundle import Bundle, save
from tests import chainkit
from tests.emergency.conftest import PASSWORD, PAYER, Stand, stand_on

OURS = "python -m governance.emergency pause"
SCRIPT = "a script with web3.py"
NAIVE = """
import json, sys
from eth_account import Account
from web3 import HTTPProvider, Web3
given = json.load(open(sys.argv[1]))
web3 = Web3(HTTPProvider(given["url"]))
account = Account.from_key(Account.decrypt(json.load(open(given["key"])), given["password"]))
fee = web3.eth.get_block("latest")["baseFeePerGas"]
tx = {"to": given["safe"], "data": given["data"], "value": 0, "chainId": web3.eth.chain_id,
      "nonce": web3.eth.get_transaction_count(account.address), "maxPriorityFeePerGas": 10**9, "maxFeePerGas": 3 * fee + 10**9}
tx["gas"] = web3.eth.estimate_gas({**tx, "from": account.address})
sent = web3.eth.send_raw_transaction(account.sign_transaction(tx).raw_transaction)
print("sent", sent.hex(), file=sys.stderr, flush=True)
"""


@contextmanager
def emergencies() -> Iterator[Contest]:
    """A chain with a system to pause, put back after each round."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        with chainkit.running(folder) as node:
            stand = stand_on(node)
            create_keystore(folder / "payer.json", PASSWORD, node.accounts[PAYER].key)
            save(folder / "pause.bundle", Bundle(places=(stand.place(nonces=5),)), PASSWORD)
            yield contest(
                "An emergency pause",
                "from the start of the process until it says that the transaction was sent; one network, on this machine",
                [
                    Contestant(name=OURS, once=lambda: _ours(stand, folder)),
                    Contestant(name=SCRIPT, once=lambda: _script(stand, folder)),
                ],
                rounds=9,
            )


def _ours(stand: Stand, folder: Path) -> float:
    end, other = os.pipe()
    os.write(other, f"{PASSWORD}\n".encode())
    os.close(other)
    words = ["-m", "governance.emergency", "pause", "--bundle", str(folder / "pause.bundle")]
    words += ["--key", str(folder / "payer.json"), "--password-fd", str(end), "--broadcast"]
    try:
        return _until_sent(stand, words, end)
    finally:
        os.close(end)


def _script(stand: Stand, folder: Path) -> float:
    place = stand.place(nonces=1)
    given = {
        "url": stand.node.url,
        "key": str(folder / "payer.json"),
        "password": PASSWORD,
        "safe": stand.safe,
        "data": "0x" + place.tx(stand.nonce).calldata(place.entries[0].signatures, 2).hex(),
    }
    (folder / "given.json").write_text(json.dumps(given))
    (folder / "naive.py").write_text(NAIVE)
    return _until_sent(stand, [str(folder / "naive.py"), str(folder / "given.json")])


def _until_sent(stand: Stand, words: list[str], *descriptors: int) -> float:
    with stand.node.undone():
        begun = perf_counter()
        process = subprocess.Popen(
            [sys.executable, *words], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, pass_fds=descriptors
        )
        assert process.stderr is not None
        told = ""
        for line in process.stderr:
            told += line
            if "sent" in line:
                break
        took = perf_counter() - begun
        process.communicate()
        if "sent" not in told or not stand.paused:
            raise RuntimeError(f"{words[0]} did not pause: {told}")
        return took
