"""Signatures as files beside the proposal: `0007-….signatures/`, one JSON file a signer, so that git merges them.

Files are read strictly and authenticate themselves: each signature must recover to the signer whom its file is named
after. One fault anywhere and nothing is read, but every fault is told, with its place. Nothing here counts.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from governance.adapters.files import load, write_atomically
from governance.core.ballot import Ballot
from governance.core.errors import Finding, Rejected
from governance.core.tree import Listing, Loc, Mapping, Node, Scalar, dotted, key_place, locate
from governance.core.units import address, hex_bytes, shown, to_hex, unsigned, word

SCHEMA = "governance/signatures/v1"
_DOCUMENT = frozenset({"schema", "proposal", "signer", "signatures"})
_ENTRY = frozenset({"network", "chain_id", "safe", "nonce", "safe_tx_hash", "signature", "kind"})


class FileMailbox:
    """The signatures of one proposal; see `governance.ports.Mailbox`."""

    def __init__(self, folder: Path, proposal: str) -> None:
        self.folder = folder
        self.proposal = proposal

    def add(self, ballot: Ballot) -> None:
        """Put one signature into its signer's file; the same again changes nothing."""
        if ballot.proposal != self.proposal:
            raise Rejected(f"a signature for {ballot.proposal} does not belong to {self.proposal}")
        file = self.folder / f"{ballot.signer.lower()}.json"
        kept = {each.safe_tx_hash: each for each in self._read(file)} if file.exists() else {}
        if kept.get(ballot.safe_tx_hash) != ballot:
            kept[ballot.safe_tx_hash] = ballot
            write_atomically(file, json.dumps(_document(_in_order(kept.values())), indent=2, sort_keys=True) + "\n")

    def all(self) -> list[Ballot]:
        """Every signature of every file. Raises Rejected with the faults of all files."""
        ballots: list[Ballot] = []
        findings: list[Finding] = []
        for file in self._files():
            try:
                ballots += self._read(file)
            except Rejected as error:
                findings += error.findings
        if findings:
            raise Rejected(f"the signatures of {self.proposal} do not hold", findings=tuple(findings))
        return _in_order(ballots)

    def _files(self) -> list[Path]:
        # Dot files are unfinished drafts of write_atomically; whatever else is here claims to be a signer's file.
        if not self.folder.is_dir():
            return []
        return sorted(file for file in self.folder.iterdir() if not file.name.startswith("."))

    def _read(self, file: Path) -> list[Ballot]:
        tree = load(file, f"{self.folder.parent.name}/{self.folder.name}/{shown(file.name)}")
        reader = _Reader(tree)
        reader.keys((), _DOCUMENT)
        reader.same(("schema",), SCHEMA)
        reader.same(("proposal",), self.proposal)
        signer = reader.text(("signer",))
        if file.name != f"{signer.lower()}.json":
            reader.fault("signature-file-name", "the file is not named after this signer", ("signer",))
        ballots = [self._ballot(reader, loc, signer) for loc in reader.items(("signatures",))]
        reader.distinct(ballots)
        if reader.findings:
            raise Rejected("a file of signatures does not hold", findings=tuple(reader.findings))
        return [ballot for ballot in ballots if ballot is not None]

    def _ballot(self, reader: "_Reader", loc: Loc, signer: str) -> Ballot | None:
        if not reader.keys(loc, _ENTRY):
            return None
        written = {key: reader.text((*loc, key)) for key in _ENTRY}
        try:
            ballot = Ballot(
                proposal=self.proposal,
                network=written["network"],
                chain_id=unsigned(written["chain_id"]),
                safe=address(written["safe"]),
                nonce=unsigned(written["nonce"]),
                safe_tx_hash=word(written["safe_tx_hash"]),
                signer=address(signer),
                signature=hex_bytes(written["signature"]),
            )
        except Rejected as error:
            reader.fault("signature-false", error.message, loc, error.hint())
            return None
        if ballot.kind != written["kind"]:
            reader.fault("signature-kind", f"the signature is of kind {ballot.kind}", (*loc, "kind"))
        return ballot


class _Reader:
    """A tree, and everything found wrong with it so far."""

    def __init__(self, tree: Mapping) -> None:
        self.tree = tree
        self.findings: list[Finding] = []

    def fault(self, rule: str, message: str, loc: Loc, hint: str = "") -> None:
        place = locate(self.tree, loc)
        self.findings.append(Finding(rule=rule, message=message, hint=hint, place=place, path=dotted(loc)))

    def at(self, loc: Loc) -> Node | None:
        """The node at `loc`, None when it is not there."""
        node: Node | None = self.tree
        for part in loc:
            if isinstance(node, Mapping) and isinstance(part, str):
                node = node.get(part)
            elif isinstance(node, Listing) and isinstance(part, int):
                node = node.items[part]
            else:
                return None
        return node

    def keys(self, loc: Loc, wanted: frozenset[str]) -> bool:
        """Whether a mapping with exactly these keys is at `loc`."""
        node = self.at(loc)
        if not isinstance(node, Mapping):
            self.fault("signature-shape", "here a mapping is wanted", loc)
            return False
        names = {key.text for key, _ in node.entries}
        for name in sorted(names - wanted):
            place, path = key_place(self.tree, (*loc, name)), dotted((*loc, shown(name)))
            message = "this key is unknown"
            self.findings.append(Finding(rule="signature-unknown-key", message=message, place=place, path=path))
        for name in sorted(wanted - names):
            self.fault("signature-missing-key", f"the key `{name}` is missing", loc)
        return names == wanted

    def text(self, loc: Loc) -> str:
        """The text at `loc`, empty when there is none: a missing key has its finding already."""
        node = self.at(loc)
        if isinstance(node, Scalar):
            return node.text
        if node is not None:
            self.fault("signature-shape", "here text is wanted", loc)
        return ""

    def same(self, loc: Loc, wanted: str) -> None:
        if self.at(loc) is not None and self.text(loc) != wanted:
            self.fault("signature-file", f"here `{wanted}` is wanted", loc)

    def items(self, loc: Loc) -> list[Loc]:
        node = self.at(loc)
        if isinstance(node, Listing):
            return [(*loc, index) for index in range(len(node.items))]
        if node is not None:
            self.fault("signature-shape", "here a list is wanted", loc)
        return []

    def distinct(self, ballots: list[Ballot | None]) -> None:
        """One signature a hash."""
        hashes = [None if ballot is None else ballot.safe_tx_hash for ballot in ballots]
        for index, digest in enumerate(hashes):
            if digest is not None and digest in hashes[:index]:
                self.fault("signature-repeated", "this hash is signed above already", ("signatures", index))


def _in_order(ballots: Iterable[Ballot]) -> list[Ballot]:
    return sorted(ballots, key=lambda each: (each.signer.lower(), each.network, each.nonce, each.safe_tx_hash))


def _document(ballots: list[Ballot]) -> dict[str, Any]:
    first = ballots[0]
    entries = [_entry(ballot) for ballot in ballots]
    return {"schema": SCHEMA, "proposal": first.proposal, "signer": first.signer, "signatures": entries}


def _entry(ballot: Ballot) -> dict[str, str]:
    return {
        "network": ballot.network,
        "chain_id": str(ballot.chain_id),
        "safe": ballot.safe,
        "nonce": str(ballot.nonce),
        "safe_tx_hash": to_hex(ballot.safe_tx_hash),
        "signature": to_hex(ballot.signature),
        "kind": str(ballot.kind),
    }
