"""The journal's values: notes in a hash chain, and intents to send.

It decides nothing (the chain is the truth). A note says what was seen or done; an intent keeps a signed transaction so
that a repeated act sends the same bytes. What is written here is public: no key, password or endpoint ever enters.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from governance.core.errors import Finding
from governance.core.keccak import keccak
from governance.core.units import ZERO_WORD, Address, Bytes32, Moment, to_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One note; its hash covers everything in it and the note before."""

    sequence: int
    """From 0, without gaps."""
    at: Moment
    """The chain's time at the block that was looked at."""
    kind: str
    """What happened: `sighted`, `queued`, `executed`."""
    proposal: str
    network: str
    subject: Mapping[str, str]
    """Details as text."""
    previous: Bytes32
    """Hash of the note before; zero for the first."""
    hash: Bytes32

    def expected_hash(self) -> Bytes32:
        """keccak256 of the canonical JSON of everything but the hash itself."""
        content: dict[str, Any] = {
            "sequence": self.sequence,
            "at": self.at.seconds,
            "kind": self.kind,
            "proposal": self.proposal,
            "network": self.network,
            "subject": dict(self.subject),
            "previous": to_hex(self.previous),
        }
        return Bytes32(keccak(rfc8785.dumps(content)))


def append(
    last: Entry | None, *, at: Moment, kind: str, proposal: str, network: str, subject: Mapping[str, str]
) -> Entry:
    """The note that follows `last`."""
    draft = Entry(
        sequence=0 if last is None else last.sequence + 1,
        at=at,
        kind=kind,
        proposal=proposal,
        network=network,
        subject=dict(subject),
        previous=ZERO_WORD if last is None else last.hash,
        hash=ZERO_WORD,
    )
    values = {name: getattr(draft, name) for name in Entry.__slots__}
    return Entry(**{**values, "hash": draft.expected_hash()})


def verify(entries: Iterable[Entry]) -> list[Finding]:
    """What breaks the chain: a changed note, a gap, another order. Notes are given in order of sequence."""
    findings, previous, expected = [], ZERO_WORD, 0
    for entry in entries:
        if entry.sequence != expected:
            message = f"note {expected} is missing: {entry.sequence} follows {expected - 1}"
            findings.append(Finding(rule="journal-gap", message=message))
        elif entry.previous != previous:
            message = f"note {entry.sequence} does not follow the note before it"
            findings.append(Finding(rule="journal-order", message=message))
        if not _is_intact(entry):
            findings.append(Finding(rule="journal-changed", message=f"note {entry.sequence} was changed"))
        previous, expected = entry.hash, entry.sequence + 1
    return findings


def _is_intact(entry: Entry) -> bool:
    try:
        return entry.hash == entry.expected_hash()
    except ValueError:  # it has no canonical JSON, so it was never hashed
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A signed transaction that may have been sent; kept before the first broadcast."""

    purpose: str
    """The act it is for; one act has one effect, however many intents."""
    network: str
    chain_id: int
    sender: Address
    nonce: int
    raw: bytes
    tx_hash: Bytes32
    block: int = 0
    """The newest block when it was signed: how long it waits is counted from there."""
