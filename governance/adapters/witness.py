"""A second opinion on a Safe transaction's hash: safe-eth-py's own code, given every input, asking no network.

It shares nothing with `governance.core.safetx` but the values, and refuses versions whose hashes it was not tried on.
"""

from typing import Any

from governance.core.errors import Refused
from governance.core.safetx import VERSIONS, SafeTx
from governance.core.units import Bytes32, shown


def safe_tx_hash_by_safe_eth(tx: SafeTx, version: str) -> Bytes32:
    """The hash by safe-eth-py for a Safe whose `VERSION()` is `version`. Raises Refused on an unknown version."""
    if version not in VERSIONS:
        raise Refused(f"version `{shown(version)}` of the Safe is not known", hint=f"known are {', '.join(VERSIONS)}")
    from safe_eth.safe.safe_tx import SafeTx as Theirs

    given: dict[str, Any] = {
        "ethereum_client": None,  # whatever it would fetch is given below
        "safe_address": tx.safe,
        "to": tx.to,
        "value": tx.value,
        "data": tx.data,
        "operation": int(tx.operation),
        "safe_tx_gas": tx.safe_tx_gas,
        "base_gas": tx.base_gas,
        "gas_price": tx.gas_price,
        "gas_token": tx.gas_token,
        "refund_receiver": tx.refund_receiver,
        "safe_nonce": tx.nonce,
        "safe_version": version,
        "chain_id": tx.chain_id,
    }
    return Bytes32(bytes(Theirs(**given).safe_tx_hash))
