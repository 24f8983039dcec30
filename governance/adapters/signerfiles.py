"""A folder beside a proposal with one JSON file for each signer, so that git merges them without conflict.

Files are read strictly and authenticate themselves: each entry must recover to the signer whom its file is named after.
One fault anywhere and nothing is read, but every fault is told, with its place. Nothing here counts.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from governance.adapters.files import load, write_atomically
from governance.adapters.strictreader import StrictReader
from governance.core.errors import Finding, Rejected
from governance.core.signature import SignatureKind
from governance.core.tree import Loc
from governance.core.units import Address, Bytes32, shown


class Signed(Protocol):
    """What a signer's file holds."""

    @property
    def proposal(self) -> str:
        """Id of the proposal that it belongs to."""
        ...

    @property
    def signer(self) -> Address:
        """Who signed it, as recovered."""
        ...

    @property
    def kind(self) -> SignatureKind:
        """How."""
        ...


S = TypeVar("S", bound=Signed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Generic[S]):
    """How one kind of signed thing is written."""

    schema: str
    word: str
    """Of one thing: `signature`; with an s, it is the list's key."""
    entry: frozenset[str]
    """Keys of every entry; `kind` is among them."""
    more: frozenset[str] = frozenset()
    """Keys of some entries: all of them, or none."""
    read: Callable[[Mapping[str, str], str, Address], S]
    """From an entry, the proposal's id and the signer. Raises Rejected on a false one."""
    write: Callable[[S], dict[str, str]]
    """Without `kind`."""
    signed_hash: Callable[[S], Bytes32]
    order: Callable[[S], tuple[Any, ...]]
    """By what they are sorted, within one signer and over all."""


class SignerFolder(Generic[S]):
    """Everything of one form that was signed for one proposal."""

    def __init__(self, folder: Path, proposal: str, form: Form[S]) -> None:
        self.folder = folder
        self.proposal = proposal
        self.form = form

    def add(self, signed: S) -> None:
        """Put one thing into its signer's file; the same again changes nothing."""
        if signed.proposal != self.proposal:
            raise Rejected(f"what was signed for {signed.proposal} does not belong to {self.proposal}")
        file, key = self.folder / f"{signed.signer.lower()}.json", self.form.signed_hash
        kept = {key(each): each for each in self._read(file)} if file.exists() else {}
        if kept.get(key(signed)) != signed:
            kept[key(signed)] = signed
            write_atomically(file, json.dumps(self._document(kept.values()), indent=2, sort_keys=True) + "\n")

    def all(self) -> list[S]:
        """Everything of every file. Raises Rejected with the faults of all files."""
        found: list[S] = []
        findings: list[Finding] = []
        for file in self._files():
            try:
                found += self._read(file)
            except Rejected as error:
                findings += error.findings
        if findings:
            raise Rejected(f"the {self.form.word}s of {self.proposal} do not hold", findings=tuple(findings))
        return sorted(found, key=self.form.order)

    def _files(self) -> list[Path]:
        # Dot files are unfinished drafts of write_atomically; whatever else is here claims to be a signer's file.
        if not self.folder.is_dir():
            return []
        return sorted(file for file in self.folder.iterdir() if not file.name.startswith("."))

    def _read(self, file: Path) -> list[S]:
        word = self.form.word
        tree = load(file, f"{self.folder.parent.name}/{self.folder.name}/{shown(file.name)}")
        reader = StrictReader(tree, word)
        reader.keys((), frozenset({"schema", "proposal", "signer", f"{word}s"}))
        reader.same(("schema",), self.form.schema)
        reader.same(("proposal",), self.proposal)
        signer = reader.text(("signer",))
        if file.name != f"{signer.lower()}.json":
            reader.fault("file-name", "the file is not named after this signer", ("signer",))
        entries = [self._entry(reader, loc, signer) for loc in reader.items((f"{word}s",))]
        hashes = [None if entry is None else self.form.signed_hash(entry) for entry in entries]
        reader.distinct((f"{word}s",), hashes, "this hash is signed above already")
        if reader.findings:
            raise Rejected(f"a file of {word}s does not hold", findings=tuple(reader.findings))
        return [entry for entry in entries if entry is not None]

    def _entry(self, reader: StrictReader, loc: Loc, signer: str) -> S | None:
        keys = self.form.entry
        if any(reader.at((*loc, key)) is not None for key in self.form.more):
            keys |= self.form.more
        if not reader.keys(loc, keys):
            return None
        written = {key: reader.text((*loc, key)) for key in keys}
        try:
            signed = self.form.read(written, self.proposal, Address(signer))
        except Rejected as error:
            reader.fault("false", error.message, loc, error.hint())
            return None
        if signed.kind != written["kind"]:
            reader.fault("kind", f"the signature is of kind {signed.kind}", (*loc, "kind"))
        return signed

    def _document(self, kept: Iterable[S]) -> dict[str, Any]:
        ordered = sorted(kept, key=self.form.order)
        entries = [{**self.form.write(each), "kind": str(each.kind)} for each in ordered]
        signer = ordered[0].signer
        return {"schema": self.form.schema, "proposal": self.proposal, "signer": signer, f"{self.form.word}s": entries}
