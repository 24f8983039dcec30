"""Signatures as files beside the proposal: `0007-….signatures/`, one JSON file a signer, so that git merges them.

Files are read strictly and authenticate themselves: the signer is recovered from each signature, and a file that claims
another is refused. Nothing here counts.
"""

import json
from pathlib import Path
from typing import Any

from governance.adapters.files import read_text, write_atomically
from governance.core.ballot import Ballot
from governance.core.errors import Finding, GovError, Place, Rejected
from governance.core.units import Address, address, hex_bytes, to_hex, unsigned, word

SCHEMA = "governance/signatures/v1"
_ENTRY = frozenset({"network", "chain_id", "safe", "nonce", "safe_tx_hash", "signature"})
_DOCUMENT = frozenset({"schema", "proposal", "signer", "signatures"})


class FileMailbox:
    """The signatures of one proposal."""

    def __init__(self, folder: Path, proposal: str) -> None:
        self.folder = folder
        self.proposal = proposal

    def all(self) -> list[Ballot]:
        """Every signature. Raises Rejected, with a finding for each file that does not hold."""
        ballots: list[Ballot] = []
        findings: list[Finding] = []
        for file in sorted(self.folder.glob("*.json")):
            try:
                ballots += self._read(file)
            except GovError as error:
                place = Place(file=self._shown(file), line=1, column=1)
                finding = Finding(rule="signature-file", message=error.message, hint=error.hint(), place=place)
                findings += error.findings or (finding,)
        if findings:
            raise Rejected(f"signatures of {self.proposal} do not hold", findings=tuple(findings))
        return ballots

    def add(self, ballot: Ballot) -> None:
        """Put one signature beside the proposal; the same again changes nothing."""
        file = self.folder / f"{ballot.signer.lower()}.json"
        kept = self._read(file) if file.exists() else []
        if any((b.network, b.safe_tx_hash) == (ballot.network, ballot.safe_tx_hash) for b in kept):
            return
        document = {
            "schema": SCHEMA,
            "proposal": self.proposal,
            "signer": ballot.signer,
            "signatures": [_entry(b) for b in (*kept, ballot)],
        }
        write_atomically(file, json.dumps(document, indent=2, sort_keys=True) + "\n")

    def _read(self, file: Path) -> list[Ballot]:
        name = self._shown(file)
        try:
            document = json.loads(read_text(file, name))
        except (json.JSONDecodeError, RecursionError) as error:
            raise Rejected(f"{name} is not JSON", hint="restore it, or let the owner sign again") from error
        if not isinstance(document, dict) or set(document) != _DOCUMENT or document["schema"] != SCHEMA:
            raise Rejected(f"{name} is not a file of signatures ({SCHEMA})")
        if document["proposal"] != self.proposal:
            raise Rejected(f"{name} is for another proposal", hint="signatures belong beside the file they sign")
        signer = address(str(document["signer"]))
        if file.stem != signer.lower():
            raise Rejected(f"{name} names the signer {signer}", hint=f"its name would be {signer.lower()}.json")
        if not isinstance(document["signatures"], list):
            raise Rejected(f"{name} holds no list of signatures")
        return [self._ballot(entry, signer, name) for entry in document["signatures"]]

    def _ballot(self, entry: Any, signer: Address, name: str) -> Ballot:
        if not isinstance(entry, dict) or set(entry) != _ENTRY:
            raise Rejected(f"{name}: a signature has {', '.join(sorted(_ENTRY))}, and nothing else")
        if not all(isinstance(value, str) for value in entry.values()):
            raise Rejected(f"{name}: every value is text")
        ballot = Ballot(
            proposal=self.proposal,
            network=entry["network"],
            chain_id=unsigned(entry["chain_id"]),
            safe=address(entry["safe"]),
            nonce=unsigned(entry["nonce"]),
            safe_tx_hash=word(entry["safe_tx_hash"]),
            signer=signer,
            signature=hex_bytes(entry["signature"]),
        )
        if ballot.as_signature().owner != signer:
            owner = ballot.as_signature().owner
            raise Rejected(f"{name}: the signature is {owner}'s, not {signer}'s", hint="let the owner sign again")
        return ballot

    def _shown(self, file: Path) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}/{file.name}"


def _entry(ballot: Ballot) -> dict[str, str]:
    return {
        "network": ballot.network,
        "chain_id": str(ballot.chain_id),
        "safe": ballot.safe,
        "nonce": str(ballot.nonce),
        "safe_tx_hash": to_hex(ballot.safe_tx_hash),
        "signature": to_hex(ballot.signature),
    }
