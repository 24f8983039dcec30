"""What somebody reads on a machine without a network: what follows from the bundle's own bytes, then what it was told.

The two are kept apart. The rows of the machine with the chain say more, and nothing here can prove them.
"""

from typing import TYPE_CHECKING

from governance.apps.card import hash_rows
from governance.core.recognised import told
from governance.core.units import to_hex

if TYPE_CHECKING:
    from governance.core.signingbundle import Carried, SigningBundle


def rows(bundle: "SigningBundle", each: "Carried", width: int) -> list[str]:
    """One transaction, for whoever signs it."""
    tx, operation = each.step.safe_tx, each.step.operation
    lines = [
        f"{tx.operation.name}  {bundle.proposal} on {each.network} (chain {tx.chain_id}): {each.step.label}",
        f"  Safe {tx.safe}, nonce {tx.nonce}",
    ]
    for call in each.step.calls:
        first, *arguments = told(call)
        lines += [f"  · {call.to}, {call.value} wei: {first}", *(f"      {argument}" for argument in arguments)]
    if operation is not None:
        lines += [
            f"  waits {operation.delay} in the timelock {operation.timelock}",
            f"  operation id  {operation.id.hex()}",
        ]
    lines += [
        f"  proposal      {bundle.digest.hex()}",
        *hash_rows("domain hash", tx.domain_hash, width),
        *hash_rows("message hash", tx.message_hash, width),
        *hash_rows("safe tx hash", tx.hash, width),
    ]
    if each.card:
        lines += [
            "  the machine with the chain showed, and nothing here can prove:",
            *(f"  │ {row}" for row in each.card),
        ]
    return lines


def bundle_words(bundle: "SigningBundle") -> str:
    """One line about a bundle that was written."""
    count = len(bundle.transactions)
    return f"{count} transaction{'' if count == 1 else 's'} of {bundle.proposal}, bundle {to_hex(bundle.checksum)}"
