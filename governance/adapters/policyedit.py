"""Writing addresses into an existing `policies.yaml`: only the values that differ, and nothing around them.

Comments, order, layout and every other word stay as they are, and a file that says the same already is not touched. It
does not judge the policy; readers do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml

from governance.adapters.files import parse, read_text, write_atomically
from governance.core.errors import Rejected
from governance.core.network import Network
from governance.core.units import Address

Wanted: TypeAlias = Mapping[str, "str | Wanted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edit:
    """Replace `text[start:end]`."""

    start: int
    end: int
    text: str


def addresses(network: Network, members: Mapping[str, Address]) -> Wanted:
    """What `policies.yaml` must say of a network and of members."""
    return {
        "members": {name: {"address": account} for name, account in members.items()},
        "networks": {
            network.name: {
                "chain_id": str(network.chain_id),
                "council": network.council,
                "guardian": network.guardian,
                "timelock": network.timelock,
                "target": {"kind": network.target_kind.value, "address": network.target},
                "policy_anchor": network.policy_anchor,
            }
        },
    }


def members_elsewhere(path: Path, members: Mapping[str, Address], network: str) -> dict[str, str]:
    """Members whose address the file gives differently, while it names other networks than this one."""
    text = read_text(path, path.name)
    parse(text, path.name)
    root = _entries(_root(text))
    if not set(_entries(root.get("networks"))) - {network}:
        return {}
    found: dict[str, str] = {}
    for name, entry in _entries(root.get("members")).items():
        written = _entries(entry).get("address")
        if name in members and isinstance(written, yaml.ScalarNode) and written.value not in {"", members[name]}:
            found[name] = written.value
    return found


def write(path: Path, wanted: Wanted) -> bool:
    """Make the file say what is wanted, all or nothing. False when it said so already."""
    before = read_text(path, path.name)
    after = merged(before, wanted, path.name)
    if after == before:
        return False
    write_atomically(path, after)
    return True


def merged(text: str, wanted: Wanted, file: str) -> str:
    """`text` with every wanted value in it. Raises Rejected when the text is not a mapping of the expected shape."""
    parse(text, file)  # bounds depth and size, and refuses what the edits below do not expect, such as anchors
    for _ in range(_count(wanted) + 1):
        edit = _first_edit(text, _root(text), wanted, file)
        if edit is None:
            return text
        text = text[: edit.start] + edit.text + text[edit.end :]
    raise Rejected(f"{file} does not take the addresses", hint="write networks: and members: in block style")


def _root(text: str) -> yaml.MappingNode:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(node, yaml.MappingNode)  # `parse` refuses all else
    return node


def _entries(node: yaml.Node | None) -> dict[str, yaml.Node]:
    return {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def _first_edit(text: str, node: yaml.MappingNode, wanted: Wanted, path: str) -> _Edit | None:
    """The first difference, depth first: positions behind it are no longer true once it is made."""
    known = {key.value: value for key, value in node.value}
    for key, value in wanted.items():
        here = f"{path}: {key}" if ": " not in path else f"{path}.{key}"
        found = known.get(key)
        if found is None:
            return _insertion(text, node, key, value)
        edit = _difference(text, node, found, value, here)
        if edit is not None:
            return edit
    return None


def _difference(text: str, parent: yaml.MappingNode, found: yaml.Node, value: str | Wanted, path: str) -> _Edit | None:
    start, end = found.start_mark.index, found.end_mark.index
    if isinstance(found, yaml.MappingNode) and not isinstance(value, str):
        if found.value:
            return _first_edit(text, found, value, path)
        return _Edit(start=start, end=end, text=_flow(value))
    if not isinstance(found, yaml.ScalarNode) or (not isinstance(value, str) and found.value):
        raise Rejected(f"{path} has another shape than expected", hint="compare with the workspace that gov init makes")
    if found.value == value:
        return None
    rendered = _scalar(value) if isinstance(value, str) else _flow(value)
    if parent.flow_style or isinstance(value, str) or start != end:
        return _Edit(start=start, end=end, text=rendered if start != end else f" {rendered}")
    column = parent.start_mark.column + 2
    return _Edit(start=start, end=end, text="\n" + _block(value, column).rstrip("\n"))


def _insertion(text: str, node: yaml.MappingNode, key: str, value: str | Wanted) -> _Edit:
    """Append the key to its mapping."""
    if node.flow_style:
        brace = node.end_mark.index - 1
        before = text[:brace].rstrip()
        comma = "" if before.endswith((",", "{")) else ", "
        return _Edit(start=len(before), end=brace, text=f"{comma}{key}: {_inline(value)}")
    last = _last_leaf(node)
    at = last.end_mark.index
    if not text[:at].endswith("\n"):
        newline = text.find("\n", at)
        at = len(text) if newline < 0 else newline + 1
    lead = "" if text[:at].endswith("\n") else "\n"
    return _Edit(start=at, end=at, text=lead + _block({key: value}, node.start_mark.column))


def _last_leaf(node: yaml.Node) -> yaml.Node:
    """What ends a block mapping: marks of block collections run on into what follows, those of leaves do not."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return node


def _block(value: Wanted, column: int) -> str:
    """Lines of block style; a small mapping of scalars stays on one line."""
    indent, lines = " " * column, ""
    for key, inner in value.items():
        small = isinstance(inner, str) or (len(inner) <= 2 and all(isinstance(v, str) for v in inner.values()))
        lines += f"{indent}{key}: {_inline(inner)}\n" if small else f"{indent}{key}:\n{_nested(inner, column + 2)}"
    return lines


def _nested(value: str | Wanted, column: int) -> str:
    assert not isinstance(value, str)
    return _block(value, column)


def _inline(value: str | Wanted) -> str:
    return _scalar(value) if isinstance(value, str) else _flow(value)


def _flow(value: Wanted) -> str:
    return "{" + ", ".join(f"{key}: {_inline(inner)}" for key, inner in value.items()) + "}"


def _scalar(value: str) -> str:
    return f'"{value}"' if value.startswith("0x") else value


def _count(value: Wanted) -> int:
    return sum(1 + (0 if isinstance(inner, str) else _count(inner)) for inner in value.values())
