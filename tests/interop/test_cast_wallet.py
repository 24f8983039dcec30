"""`cast wallet sign` over a locked proposal: its typed data or its bare hash, with a keystore of anybody's."""

import json
import subprocess
from pathlib import Path

import pytest

from governance.adapters.devnet import PASSWORD
from governance.core.errors import Rejected
from governance.core.stage import Stage
from governance.core.units import to_hex
from tests.interop.conftest import ONE, by_hand
from tests.sites import ROOT, Devnet, Place, people

pytestmark = pytest.mark.node
CAST = ROOT / "contracts/node_modules/.bin/cast"


def cast(node: Devnet, folder: Path, name: str, *what: str) -> str:
    """What cast signs with a member's keystore, whose password it reads from a file."""
    password = folder / "password"
    password.write_text(PASSWORD, "utf-8")
    keystore = node.folder.keys / f"{name}.json"
    command = [CAST, "wallet", "sign", "--keystore", keystore, "--password-file", password, *what]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_what_cast_signs_counts_here_and_is_queued(place: Place, node: Devnet, tmp_path: Path) -> None:
    """threat_34: typed data, from a string and from a file, the bare hash, and the hash as a plain message."""
    tx = place.steps(ONE)[0].safe_tx
    typed = json.dumps(tx.typed_data())
    (tmp_path / "typed.json").write_text(typed, "utf-8")
    ways = {
        "alice": (("--data", typed), "eip712"),
        "bob": (("--data", "--from-file", "typed.json"), "eip712"),
        "carol": (("--no-hash", to_hex(tx.hash)), "eip712"),
    }
    for name, (words, kind) in ways.items():
        assert place.stage(ONE) is Stage.COLLECTING
        ballot = by_hand(place, name, cast(node, tmp_path, name, *words), kind)
        assert (ballot.signer, ballot.signature) == (people()[name].address, people()[name].sign(tx.hash))
    place.queue(ONE)
    assert place.stage(ONE) is Stage.WAITING


def test_cast_signs_the_hash_as_a_message_which_is_another_thing(place: Place, node: Devnet, tmp_path: Path) -> None:
    """threat_34: without --no-hash, cast prefixes; a Safe takes that only with v raised by four, as its kit does."""
    tx = place.steps(ONE)[0].safe_tx
    signature = cast(node, tmp_path, "alice", to_hex(tx.hash))
    with pytest.raises(Rejected, match="do not hold"):
        by_hand(place, "alice", signature, "eip712")
    v = int(signature[-2:], 16)
    ballot = by_hand(place, "alice", f"{signature[:-2]}{v + 4:02x}", "eth_sign")
    assert (ballot.signer, ballot.kind) == (people()["alice"].address, "eth_sign")
    place.sign(ONE, "bob", "carol")
    place.queue(ONE)
    assert place.stage(ONE) is Stage.WAITING
