"""The card of presigned pauses, and what a drill found, for people and for tools."""

from typing import TYPE_CHECKING, Any

from governance.apps.card import hash_rows
from governance.core.units import to_hex
from governance.core.wording import Names, named

if TYPE_CHECKING:
    from governance.life.presign import Presigning


def card(made: "Presigning", width: int, names: Names) -> list[str]:
    """What a guardian reads before signing pauses ahead."""
    wide, safe, first = max(width, 80), made.safe, made.txs[0]
    nonces = f"{first.nonce}" if len(made.txs) == 1 else f"{first.nonce} to {made.txs[-1].nonce}"
    rows = [
        f"{first.operation.name}  pause {named(made.target.address, names)}, signed ahead for an emergency",
        f"  {made.network.name} (chain {made.network.chain_id}), generation {made.target.generation}",
        f"  Safe {named(safe.address, names)}, {safe.threshold} of {len(safe.owners)}, nonces {nonces}",
        f"  to   {named(first.to, names)}, value 0 wei, pause()",
        f"  expires {made.expires} for this tool; on chain each stays good until its nonce is spent or owners change",
        f"  policy        rule {made.rule.id} allows it",
        f"  traced on block {made.head.number}: it sets one flag, and nothing else changes",
    ]
    for tx in made.txs:
        rows += [f"  nonce {tx.nonce}"]
        rows += hash_rows("domain hash", tx.domain_hash, wide)
        rows += hash_rows("message hash", tx.message_hash, wide)
        rows += hash_rows("safe tx hash", tx.hash, wide)
    return rows


def presigned_document(made: "Presigning", signer: str) -> dict[str, Any]:
    """One network's new signatures, as JSON values."""
    return {
        "network": made.network.name,
        "safe": made.safe.address,
        "target": made.target.address,
        "signer": signer,
        "expires": str(made.expires),
        "nonces": [{"nonce": tx.nonce, "safe_tx_hash": to_hex(tx.hash)} for tx in made.txs],
    }
