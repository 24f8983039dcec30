"""What the journal is told: sightings when they are news, acts, and every hash that somebody was shown or signed.

A journal that is damaged or out of reach is an error of the journal: whoever calls shows what the chain said all the same.
"""

from collections.abc import Sequence

from governance.core.facts import Receipt
from governance.core.safetx import SafeTx
from governance.core.stage import Stage, audit
from governance.core.units import Address, to_hex
from governance.life.sign import Ceremony
from governance.life.watch import Sighting
from governance.ports import Journal


def note_sighting(journal: Journal, sighting: Sighting) -> None:
    """Hold a sighting against the last one noted, and note it when it is news. Raises ChainContradicts.

    What was looked at for a later block than the newest is no sighting of it: that block may come with another time.
    """
    if sighting.now != sighting.head.timestamp:
        return
    seen = [e for e in journal.entries(sighting.proposal) if e.kind == "sighted" and e.network == sighting.network]
    for number, step in enumerate(sighting.steps):
        digest = step.step.safe_tx.hash.hex()
        lives = str(0 if step.operation is None else step.operation.cancellations)
        before = next((e for e in reversed(seen) if e.subject["safe_tx_hash"] == digest), None)
        is_later = before is not None and int(before.subject["block"]) <= sighting.head.number
        if before is not None and is_later and before.subject.get("cancellations", lives) == lives:
            audit(Stage(before.subject["stage"]), step.stage, what=f"{sighting.proposal} step {number + 1}")
        if before is None or before.subject["stage"] != str(step.stage):
            subject = {
                "safe_tx_hash": digest,
                "stage": str(step.stage),
                "block": str(sighting.head.number),
                "cancellations": lives,
            }
            journal.append("sighted", sighting.proposal, sighting.network, subject, at=sighting.head.timestamp)


def note_hash(journal: Journal, kind: str, ceremony: Ceremony, tx: SafeTx, signer: Address) -> None:
    """Into the ledger: what somebody was `shown`, `signed` or `declined`, or that something else was signed (`astray`)."""
    subject = {
        "safe_tx_hash": to_hex(tx.hash),
        "chain_id": str(tx.chain_id),
        "safe": tx.safe,
        "nonce": str(tx.nonce),
        "signer": signer,
    }
    plan = ceremony.locked.plan
    journal.append(kind, plan.proposal, plan.network, subject, at=ceremony.sighting.head.timestamp)


def note_acts(journal: Journal, sighting: Sighting, kind: str, receipts: Sequence[tuple[str, Receipt]]) -> None:
    """Note what was done on chain: its words, transaction and block."""
    for words, receipt in receipts:
        subject = {"act": words, "tx_hash": to_hex(receipt.tx_hash), "block": str(receipt.block)}
        journal.append(kind, sighting.proposal, sighting.network, subject, at=sighting.head.timestamp)
