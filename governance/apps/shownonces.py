"""Nonces, live hashes and rejections, for people and for tools."""

from typing import TYPE_CHECKING, Any

from governance.apps.card import hash_rows
from governance.apps.show import table
from governance.core.units import to_hex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from governance.core.errors import Finding
    from governance.core.live import Live
    from governance.life.nonces import Book
    from governance.life.reject import Rejection


def book(each: "Book") -> "RenderableType":
    """One Safe's nonces."""
    from rich.console import Group
    from rich.text import Text

    title = f"{each.duty} of {each.network}: {each.safe.address}, next nonce {each.safe.nonce}"
    rows = table(title, "nonce", "proposal", "step", "stage", "signed")
    for held in each.held:
        signed = f"{held.signed} of {held.threshold}"
        rows.add_row(str(held.nonce), Text(held.proposal), Text(held.step), str(held.stage), signed)
    return Group(rows, *_told(each.findings))


def lives(each: "Book") -> "RenderableType":
    """Signed hashes that one Safe could still execute."""
    from rich.console import Group
    from rich.text import Text

    title = f"{each.duty} of {each.network}: {each.safe.address}, next nonce {each.safe.nonce}"
    rows = table(title, "nonce", "hash", "for", "signed", "what")
    for live in each.lives:
        signed = f"{len(live.signers)} of {each.safe.threshold}"
        rows.add_row(str(live.nonce), to_hex(live.hash), Text(", ".join(live.proposals)), signed, what(live))
    return Group(rows, *_told(finding for finding in each.findings if finding.rule == "signature-abandoned"))


def what(live: "Live") -> str:
    """What a live hash is."""
    if live.rejection:
        return "a rejection"
    return "locked" if live.current else "abandoned"


def _told(findings: "Any") -> list[Any]:
    from rich.text import Text

    return [Text(f"  {finding}", style="red") for finding in findings]


def book_document(each: "Book") -> dict[str, Any]:
    """The same as JSON values."""
    return {
        "network": each.network,
        "duty": each.duty,
        "safe": each.safe.address,
        "next_nonce": each.safe.nonce,
        "held": [
            {
                "nonce": held.nonce,
                "proposal": held.proposal,
                "step": held.step,
                "stage": str(held.stage),
                "signed": held.signed,
                "threshold": held.threshold,
            }
            for held in each.held
        ],
        "live": [live_document(live) for live in each.lives],
        "replan": each.replan,
        "findings": _findings(each.findings),
    }


def live_documents(each: "Book") -> dict[str, Any]:
    """One Safe's live hashes as JSON values."""
    return {
        "network": each.network,
        "duty": each.duty,
        "safe": each.safe.address,
        "next_nonce": each.safe.nonce,
        "threshold": each.safe.threshold,
        "live": [live_document(live) for live in each.lives],
    }


def live_document(live: "Live") -> dict[str, Any]:
    """A live hash as JSON values."""
    return {
        "nonce": live.nonce,
        "hash": to_hex(live.hash),
        "proposals": list(live.proposals),
        "signers": list(live.signers),
        "what": what(live),
    }


def _findings(findings: "Sequence[Finding]") -> list[dict[str, str]]:
    return [{"rule": finding.rule, "message": finding.message, "hint": finding.hint} for finding in findings]


def card(rejected: "Rejection", width: int) -> list[str]:
    """What a signer of a rejection reads."""
    tx, quorum = rejected.tx, rejected.voting.quorum
    return [
        f"{tx.operation.name}  nothing: spend nonce {tx.nonce}, so that nothing else is executed at it",
        f"  {rejected.proposal} on {rejected.network} (chain {tx.chain_id})",
        f"  Safe {tx.safe}, nonce {tx.nonce}",
        f"  signed {len(quorum.signed)} of {quorum.threshold}",
        f"  to   {tx.to} (itself), value 0 wei, no data",
        *(f"  makes dead  {digest}" for digest in rejected.against),
        *hash_rows("domain hash", tx.domain_hash, max(width, 80)),
        *hash_rows("message hash", tx.message_hash, max(width, 80)),
        *hash_rows("safe tx hash", tx.hash, max(width, 80)),
    ]
