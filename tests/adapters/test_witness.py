"""The second opinion on a hash: given every input, so that it never asks a network (threat_17)."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from governance.adapters.witness import safe_tx_hash_by_safe_eth
from governance.core.errors import Refused
from governance.core.safetx import VERSIONS, SafeOperation, SafeTx
from governance.core.units import checksummed, to_hex

VECTOR = Path(__file__).parent.parent / "vectors" / "safe-mainnet-transaction.json"
PUBLISHED = json.loads(VECTOR.read_text())["results"][0]
DATA = bytes.fromhex(PUBLISHED["data"][2:])
TX = SafeTx(chain_id=1, safe=PUBLISHED["safe"], to=PUBLISHED["to"], data=DATA, nonce=63)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_witness_gives_the_published_hash_without_a_network(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object) -> NoReturn:
        raise AssertionError("the witness asks a network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    assert to_hex(safe_tx_hash_by_safe_eth(TX, version)) == PUBLISHED["safeTxHash"]


def test_zero_is_a_nonce_and_not_a_question_to_the_network() -> None:
    safe = checksummed(b"\x01" * 20)
    tx = SafeTx(chain_id=31337, safe=safe, to=safe, operation=SafeOperation.DELEGATECALL, nonce=0)
    assert safe_tx_hash_by_safe_eth(tx, "1.4.1") == tx.hash


@pytest.mark.parametrize("version", ["1.1.1", "1.2.0", "1.6.0", "", "1.4.1 ", "latest"])
def test_a_version_it_was_not_tried_on_is_refused(version: str) -> None:
    with pytest.raises(Refused, match="not known"):
        safe_tx_hash_by_safe_eth(TX, version)


def test_the_library_is_loaded_when_it_is_asked_not_before() -> None:
    code = "import governance.adapters.witness, sys; print('safe_eth' in sys.modules, 'web3' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
