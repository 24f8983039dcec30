"""Reading a located tree whose shape is fixed: exactly these keys, text where text is wanted, every fault with its place.

The reader goes on after a fault, so that all are told; it gives empty values where one is missing, and whoever asked must
look at `findings` before using any.
"""

from collections.abc import Hashable, Sequence

from governance.core.errors import Finding
from governance.core.tree import Listing, Loc, Mapping, Node, Scalar, child, dotted, key_place, locate
from governance.core.units import shown


class StrictReader:
    """A tree, and everything found wrong with it so far."""

    def __init__(self, tree: Mapping, word: str) -> None:
        self.tree = tree
        self.word = word
        """What the document holds: begins the ids of the rules, such as `signature-shape`."""
        self.findings: list[Finding] = []

    def fault(self, rule: str, message: str, loc: Loc, hint: str = "") -> None:
        """Note a fault at a place."""
        place = locate(self.tree, loc)
        rule = f"{self.word}-{rule}"
        self.findings.append(Finding(rule=rule, message=message, hint=hint, place=place, path=dotted(loc)))

    def at(self, loc: Loc) -> Node | None:
        """The node at `loc`, None when it is not there."""
        node: Node | None = self.tree
        for part in loc:
            node = None if node is None else child(node, part)
        return node

    def keys(self, loc: Loc, wanted: frozenset[str]) -> bool:
        """Whether a mapping with exactly these keys is at `loc`."""
        node = self.at(loc)
        if not isinstance(node, Mapping):
            self.fault("shape", "here a mapping is wanted", loc)
            return False
        names = {key.text for key, _ in node.entries}
        for name in sorted(names - wanted):
            place, path = key_place(self.tree, (*loc, name)), dotted((*loc, shown(name)))
            message, rule = "this key is unknown", f"{self.word}-unknown-key"
            self.findings.append(Finding(rule=rule, message=message, place=place, path=path))
        for name in sorted(wanted - names):
            self.fault("missing-key", f"the key `{name}` is missing", loc)
        return names == wanted

    def text(self, loc: Loc) -> str:
        """The text at `loc`, empty when there is none: a missing key has its finding already."""
        node = self.at(loc)
        if isinstance(node, Scalar):
            return node.text
        if node is not None:
            self.fault("shape", "here text is wanted", loc)
        return ""

    def same(self, loc: Loc, wanted: str) -> None:
        """Demand one text at `loc`, where there is any."""
        if self.at(loc) is not None and self.text(loc) != wanted:
            self.fault("file", f"here `{wanted}` is wanted", loc)

    def items(self, loc: Loc) -> list[Loc]:
        """The places of a list's items."""
        node = self.at(loc)
        if isinstance(node, Listing):
            return [(*loc, index) for index in range(len(node.items))]
        if node is not None:
            self.fault("shape", "here a list is wanted", loc)
        return []

    def distinct(self, loc: Loc, values: Sequence[Hashable | None], message: str) -> None:
        """Demand that no value of a list stands there twice; None for one that could not be read."""
        for index, value in enumerate(values):
            if value is not None and value in values[:index]:
                self.fault("repeated", message, (*loc, index))
