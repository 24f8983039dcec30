"""Documents on disk: strict YAML as located trees, and writing all or nothing.

YAML is read from libyaml's events, never composed, so depth and size are bounded before anything is built. Refused,
each with its place: unquoted addresses, anchors, aliases, tags, directives, merge keys, duplicate keys, several
documents, keys that are not text, and characters that deceive the eye, written out or escaped. JSON is YAML and passes
through the same door. A file is opened once, never through a link.
"""

import os
import re
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from governance.core.errors import Finding, Place, Rejected
from governance.core.legible import deceptions, mixed_scripts
from governance.core.tree import Listing, Mapping, Node, Scalar
from governance.core.units import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much a document may hold."""

    max_bytes: int = 256 << 10
    max_depth: int = 32
    max_nodes: int = 10_000
    bare_addresses: bool = False
    """Whether addresses may stand without quotes, as field manifests have them."""


PROPOSAL_LIMITS = Limits()
"""Fifteen times the largest proposal we have seen; reading that much takes less than 50 ms."""

_ADDRESS = re.compile("0x[0-9a-fA-F]{40}")
MAX_KEY = 256
"""Characters of a key; parsers differ on where they stop to take a long text for one."""
MAX_FINDINGS = 50
"""A file with more faults than this is not a mistake."""

_HINTS = {
    "yaml-bare-address": "put it in quotes: other readers of YAML take it for a number",
    "yaml-anchor": "write the value out at each place: a reader must see what is meant where it is meant",
    "yaml-alias": "write the value out at each place: a reader must see what is meant where it is meant",
    "yaml-tag": "drop the tag: every value is the text that is written",
    "yaml-directive": "drop the lines that begin with %: every document is read in the same way",
    "yaml-merge-key": "write the keys out",
    "yaml-duplicate-key": "keep one of the two",
    "yaml-documents": "one file, one document: drop the `---`",
    "yaml-depth": "a proposal needs no such nesting",
    "yaml-nodes": "split the document",
    "yaml-key": "a key is plain text",
    "yaml-empty": "see gov new for a start",
    "yaml-top": "the document is a mapping: key: value",
    "text-mixed-script": "write the word in one alphabet: some of its letters only look like others",
    "text-deceives": "remove it: it is invisible, or reorders or imitates what is seen",
}


def load(path: Path, shown_as: str, limits: Limits = PROPOSAL_LIMITS) -> Mapping:
    """The document in a file. Raises Rejected with a finding that says where and why."""
    return parse(read_text(path, shown_as, max_bytes=limits.max_bytes), shown_as, limits)


def parse(text: str, shown_as: str, limits: Limits = PROPOSAL_LIMITS) -> Mapping:
    """The document in a text. Raises Rejected with every finding up to where reading had to stop."""
    builder = _Builder(file=shown_as, limits=limits)
    for found in deceptions(text):
        builder.note("text-deceives", Place(file=shown_as, line=found.line, column=found.column), found.what)
    if builder.findings:
        raise builder.refused()
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.YAMLError as error:
        builder.findings.append(_syntax(error, shown_as))
        raise builder.refused() from error
    return builder.done()


def read_text(path: Path, shown_as: str, *, max_bytes: int = PROPOSAL_LIMITS.max_bytes) -> str:
    """The UTF-8 text of a regular file, opened once and not through a link. Raises Rejected."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _file("file-unreadable", shown_as, f"cannot be opened: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _file("file-not-regular", shown_as, "is not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            raw = file.read(max_bytes + 1)
    finally:
        os.close(descriptor)
    if len(raw) > max_bytes:
        raise _file("file-too-large", shown_as, f"is larger than {max_bytes >> 10} KiB")
    if raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise _file("file-encoding", shown_as, "begins with a byte-order mark", "save it as plain UTF-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _file("file-encoding", shown_as, f"is not UTF-8 at byte {error.start}", "save it as UTF-8") from error


def write_atomically(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a file so that a reader, or a crash, sees the old text or the new, nothing between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _events(text: str) -> Iterator[yaml.Event]:
    # The C parser gives events one by one: a bomb of 200,000 brackets ends at the depth limit, without recursion.
    yield from yaml.parse(text, Loader=yaml.CSafeLoader)


@dataclass(slots=True, kw_only=True)
class _Open:
    """A collection whose end has not come."""

    place: Place
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    keys: list[Scalar] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    @property
    def wants_key(self) -> bool:
        return self.is_mapping and len(self.keys) == len(self.items)


@dataclass(slots=True, kw_only=True)
class _Builder:
    """Builds the tree from events, with a stack of its own instead of the interpreter's, and collects findings."""

    file: str
    limits: Limits
    root: Node | None = None
    stack: list[_Open] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    nodes: int = 0
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        """Add one event. Raises Rejected when reading cannot go on."""
        assert event.start_mark is not None
        place = Place(file=self.file, line=event.start_mark.line + 1, column=event.start_mark.column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self.stopped("yaml-documents", place, "a second document begins here")
            if event.version is not None or event.tags:
                self.note("yaml-directive", place, "a directive changes how YAML is read")
        elif isinstance(event, yaml.NodeEvent):
            self._node(event, place)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()

    def done(self) -> Mapping:
        """The document. Raises Rejected when anything was found on the way."""
        if self.root is None:
            self.note("yaml-empty", Place(file=self.file, line=1, column=1), "the document is empty")
        elif not isinstance(self.root, Mapping):
            self.note("yaml-top", self.root.place, "the document is not a mapping")
        if self.findings or not isinstance(self.root, Mapping):
            raise self.refused()
        return self.root

    def note(self, rule: str, place: Place, message: str) -> None:
        """Keep a finding and go on, unless there are too many. Raises Rejected then."""
        self.findings.append(Finding(rule=rule, message=message, hint=_HINTS[rule], place=place))
        if len(self.findings) >= MAX_FINDINGS:
            raise self.refused()

    def stopped(self, rule: str, place: Place, message: str) -> Rejected:
        """A finding after which nothing more can be read."""
        self.findings.append(Finding(rule=rule, message=message, hint=_HINTS[rule], place=place))
        return self.refused()

    def refused(self) -> Rejected:
        """Everything found."""
        return Rejected(f"{self.file} cannot be read", findings=tuple(self.findings))

    def _node(self, event: yaml.NodeEvent, place: Place) -> None:
        self.nodes += 1
        if self.nodes > self.limits.max_nodes:
            raise self.stopped("yaml-nodes", place, f"the document has more than {self.limits.max_nodes} parts")
        if isinstance(event, yaml.AliasEvent):
            self.note("yaml-alias", place, f"`*{shown(str(event.anchor))}` is an alias")
            self._add(Scalar(text=f"*{event.anchor}", place=place))
            return
        if event.anchor is not None:
            self.note("yaml-anchor", place, f"`&{shown(event.anchor)}` is an anchor")
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag is not None:
            self.note("yaml-tag", place, f"`{shown(event.tag)}` is a tag")
        if isinstance(event, yaml.ScalarEvent):
            if event.implicit[0] and not self.limits.bare_addresses and _ADDRESS.fullmatch(event.value):
                self.note("yaml-bare-address", place, f"the address {event.value} is not in quotes")
            self._scalar(event.value, place)
            return
        if self.stack and self.stack[-1].wants_key:
            raise self.stopped("yaml-key", place, "a collection cannot be a key")
        if len(self.stack) >= self.limits.max_depth:
            raise self.stopped("yaml-depth", place, f"the document is nested deeper than {self.limits.max_depth}")
        self.stack.append(_Open(place=place, is_mapping=isinstance(event, yaml.MappingStartEvent)))

    def _scalar(self, text: str, place: Place) -> None:
        if text.isascii() and text.isprintable():
            self._add(Scalar(text=text, place=place))
            return
        # The bytes of the file are clean by now; what is found here was written as an escape, such as "\u202E".
        for found in deceptions(text.replace("\r", "\r ")):
            self.note("text-deceives", place, f"escaped in this text, {found.what}")
        for sentence in mixed_scripts(text):
            self.note("text-mixed-script", place, sentence)
        self._add(Scalar(text=text, place=place))

    def _add(self, node: Node) -> None:
        if not self.stack:
            self.root = node if not (isinstance(node, Scalar) and node.text == "") else None
            return
        top = self.stack[-1]
        if not top.wants_key:
            top.items.append(node)
            return
        assert isinstance(node, Scalar)
        if node.text == "<<":
            self.note("yaml-merge-key", node.place, "`<<` would merge another mapping")
        elif node.text == "":
            self.note("yaml-key", node.place, "a key is empty")
        elif len(node.text) > MAX_KEY:
            self.note("yaml-key", node.place, f"a key is longer than {MAX_KEY} characters")
        elif node.text in top.names:
            self.note("yaml-duplicate-key", node.place, f"the key `{shown(node.text)}` is here twice")
        top.names.add(node.text)
        top.keys.append(node)

    def _close(self) -> None:
        done = self.stack.pop()
        if done.is_mapping:
            self._add(Mapping(entries=tuple(zip(done.keys, done.items, strict=True)), place=done.place))
        else:
            self._add(Listing(items=tuple(done.items), place=done.place))


def _syntax(error: yaml.YAMLError, file: str) -> Finding:
    mark = getattr(error, "problem_mark", None)
    place = Place(file=file, line=mark.line + 1 if mark else 1, column=mark.column + 1 if mark else 1)
    problem = getattr(error, "problem", None) or "it is not YAML"
    return Finding(rule="yaml-syntax", message=shown(problem), hint="check indentation and quotes", place=place)


def _file(rule: str, file: str, message: str, hint: str = "") -> Rejected:
    finding = Finding(rule=rule, message=message, hint=hint, place=Place(file=file, line=1, column=1))
    return Rejected(f"{file} {message}", findings=(finding,), hint=hint)
