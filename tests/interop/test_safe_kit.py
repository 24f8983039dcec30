"""Safe's own JavaScript kit and we, over one locked proposal: what one signs, the other takes and sends."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from governance.core.artifact import SAFE_SINGLETON_FACTORY, create2_address, create2_call
from governance.core.blueprint import safe_address
from governance.core.stage import Stage
from governance.core.units import ZERO_WORD, Address, to_hex
from tests.interop.conftest import ONE, by_hand
from tests.sites import CHAIN_ID, DELAY, ROOT, Devnet, Place, people

pytestmark = pytest.mark.node
HERE = Path(__file__).parent
PUBLISHED = {"1.4.1": "safe-contracts", "1.5.0": "safe-smart-account"}
"""The npm packages that hold each version's compiled contracts."""


@pytest.fixture(autouse=True)
def libraries(place: Place) -> None:
    """The kit begins with no Safe where these are not."""
    for library in ("MultiSend", "MultiSendCallOnly"):
        stands(place, library)


def stands(place: Place, library: str) -> Address:
    """One of Safe's libraries, where it is on every network; it is deployed when it is not there."""
    package = ROOT / "contracts/node_modules/@safe-global" / PUBLISHED[place.plan.description.safe_version]
    (file,) = package.glob(f"build/artifacts/contracts/libraries/**/{library}.json")
    code = bytes.fromhex(json.loads(file.read_text("utf-8"))["bytecode"][2:])
    where = create2_address(SAFE_SINGLETON_FACTORY, ZERO_WORD, code)
    if not place.site.chain.codes([where], place.site.chain.head())[0]:
        place.payer.send(create2_call(code, proxy=SAFE_SINGLETON_FACTORY, what=library), purpose=library)
    return where


def kit(node: Devnet, place: Place, name: str, **more: Any) -> dict[str, Any]:
    """Let the kit do something as a member. It must know the transaction by the hash that we know it by."""
    tx, parts = place.steps(ONE)[0].safe_tx, place.plan.parts.safe
    told = {
        "url": node.url,
        "safe": tx.safe,
        "key": to_hex(people()[name].key),
        "tx": {
            "to": tx.to,
            "value": str(tx.value),
            "data": to_hex(tx.data),
            "operation": int(tx.operation),
            "nonce": tx.nonce,
        },
        "contracts": {
            str(CHAIN_ID): {
                "safeSingletonAddress": safe_address(parts.singleton),
                "safeProxyFactoryAddress": safe_address(parts.factory),
                "fallbackHandlerAddress": safe_address(parts.fallback_handler),
                "multiSendAddress": stands(place, "MultiSend"),
                "multiSendCallOnlyAddress": stands(place, "MultiSendCallOnly"),
            }
        },
        "wanted": to_hex(tx.hash),
        **more,
    }
    ended = subprocess.run(
        ["node", "kit.mjs"], cwd=HERE, input=json.dumps(told), capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert (said["version"], said["hash"]) == (place.plan.description.safe_version, to_hex(tx.hash))
    return dict(said)


def test_what_the_kit_signs_counts_here_and_is_queued(place: Place, node: Devnet) -> None:
    """threat_34: both ways in which the kit lets a key sign, together with one signature of ours."""
    for name, method, kind in (("alice", "ETH_SIGN_TYPED_DATA_V4", "eip712"), ("bob", "ETH_SIGN", "eth_sign")):
        said = kit(node, place, name, act="sign", method=method)
        ballot = by_hand(place, name, said["data"], kind)
        assert (ballot.signer, ballot.kind) == (people()[name].address, kind)
    assert place.stage(ONE) is Stage.COLLECTING
    place.sign(ONE, "carol")
    assert place.stage(ONE) is Stage.APPROVED
    place.queue(ONE)
    place.warp(DELAY)
    place.execute(ONE)
    assert place.verify(ONE).ok


def test_the_kit_executes_what_was_signed_here(place: Place, node: Devnet) -> None:
    """threat_34"""
    place.sign(ONE, "alice", "bob", "carol")
    ballots = place.space.mailbox(ONE).all()
    signatures = {ballot.signer: to_hex(ballot.signature) for ballot in ballots}
    kit(node, place, "executor", act="execute", signatures=signatures)
    assert place.stage(ONE) is Stage.WAITING
    place.warp(DELAY)
    place.execute(ONE)
    assert place.verify(ONE).ok
