"""The Safe transaction hash, from plain values to 32 bytes, in a process that is warm."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from bench.harness import Contest, Contestant, contest, repeated

VECTOR = Path(__file__).parent.parent / "tests" / "vectors" / "safe-mainnet-transaction.json"
OURS, SAFE_ETH, ETH_ACCOUNT = "governance.core.safetx", "safe-eth-py SafeTx", "eth-account encode_typed_data"
FIELDS = (
    ("to", "address"),
    ("value", "uint256"),
    ("data", "bytes"),
    ("operation", "uint8"),
    ("safeTxGas", "uint256"),
    ("baseGas", "uint256"),
    ("gasPrice", "uint256"),
    ("gasToken", "address"),
    ("refundReceiver", "address"),
    ("nonce", "uint256"),
)


def safe_hash(*, rounds: int) -> Contest:
    """Three implementations of one hash. Raises AssertionError when they or the published hash differ."""
    published = json.loads(VECTOR.read_text())["results"][0]
    works = {OURS: _ours(published), SAFE_ETH: _safe_eth(published), ETH_ACCOUNT: _eth_account(published)}
    times = {OURS: 5000, SAFE_ETH: 300, ETH_ACCOUNT: 300}
    wanted = published["safeTxHash"]
    for name, work in works.items():
        assert "0x" + work().hex() == wanted, f"{name} disagrees with the published hash"
    contestants = [Contestant(name=name, once=repeated(work, times[name])) for name, work in works.items()]
    measures = (
        "building the transaction from typed values and hashing it, the same one again and again: ours remembers the "
        "domain hash of a Safe. Every result equals the published hash"
    )
    return contest("Safe transaction hash", measures, contestants, rounds=rounds)


def _ours(published: dict[str, Any]) -> Callable[[], bytes]:
    from governance.core.safetx import SafeTx
    from governance.core.units import address

    safe, to, data = address(published["safe"]), address(published["to"]), bytes.fromhex(published["data"][2:])
    value, nonce = int(published["value"]), int(published["nonce"])

    def work() -> bytes:
        return SafeTx(chain_id=1, safe=safe, to=to, value=value, data=data, nonce=nonce).hash

    return work


def _safe_eth(published: dict[str, Any]) -> Callable[[], bytes]:
    from safe_eth.eth import EthereumClient
    from safe_eth.safe import SafeTx

    safe, to, data = published["safe"], published["to"], bytes.fromhex(published["data"][2:])
    value, nonce = int(published["value"]), int(published["nonce"])

    def work() -> bytes:
        # Version and chain id are given, so that no client is asked for them.
        tx = SafeTx(cast(EthereumClient, None), safe, to, value, data, 0, 0, 0, 0, None, None, None, nonce, "1.4.1", 1)
        return bytes(tx.safe_tx_hash)

    return work


def _eth_account(published: dict[str, Any]) -> Callable[[], bytes]:
    from eth_account.messages import encode_typed_data
    from eth_utils.crypto import keccak

    message = {name: published[name] for name, _ in FIELDS} | {"data": bytes.fromhex(published["data"][2:])}
    message |= {name: int(message[name]) for name, kind in FIELDS if kind.startswith("uint")}
    document = {
        "types": {
            "EIP712Domain": [
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "SafeTx": [{"name": name, "type": kind} for name, kind in FIELDS],
        },
        "primaryType": "SafeTx",
        "domain": {"chainId": 1, "verifyingContract": published["safe"]},
        "message": message,
    }

    def work() -> bytes:
        encoded = encode_typed_data(full_message=document)
        return keccak(b"\x19" + encoded.version + encoded.header + encoded.body)

    return work
