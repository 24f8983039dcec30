"""Storage layouts as the compiler wrote them, and whether new code finds old values where it will look for them.

A layout is compared, never computed: solc says where each field is. What is appended, and what takes the room of a gap, is
fine; a field that moves, changes its type or its name is not, since the old value would be read as something else.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.core.errors import Rejected
from governance.core.keccak import keccak

_GAP = re.compile(r"_+gap\w*")
"""Names of fields that hold nothing but room for later ones."""
_SAME = re.compile(r"address payable|contract .+")
"""Labels of types that are stored as an address is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A variable or a struct's member."""

    label: str
    slot: int
    """Of a struct's member, counted from where the struct begins."""
    offset: int
    """Bytes from the low end of the slot."""
    type: str
    """The key of its type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A type; `key`, `value` and `base` are keys of other types, empty for none."""

    label: str
    encoding: str
    """`inplace`, `mapping`, `dynamic_array` or `bytes`."""
    size: int
    """Bytes."""
    key: str
    value: str
    base: str
    members: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Fields from one location on, with their types."""

    fields: tuple[Field, ...]
    types: Mapping[str, Type]

    def words(self) -> int:
        """How many slots they take in a row."""
        ends = (field.slot * 32 + field.offset + self.types[field.type].size for field in self.fields)
        return -(-max(ends, default=0) // 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One old field that new code would not find as it was."""

    field: str
    """With those around it: `rates[].top`."""
    slot: int
    """Where it was."""
    offset: int
    words: str
    """What becomes of it."""


def location(namespace: str) -> int:
    """ERC-7201: keccak256(abi.encode(uint256(keccak256(id)) - 1)) & ~bytes32(uint256(0xff))."""
    inner = int.from_bytes(keccak(namespace.encode()), "big") - 1
    return int.from_bytes(keccak(inner.to_bytes(32, "big")), "big") & ~0xFF


def read_layout(document: Any) -> Layout:
    """Read solc's `storageLayout`. Raises Rejected when it is not one."""
    try:
        types = {str(name): _type(each) for name, each in (document["types"] or {}).items()}
        fields = tuple(_field(each) for each in document["storage"])
        used = [*(f.type for f in fields), *(f.type for t in types.values() for f in t.members)]
        used += [name for t in types.values() for name in (t.key, t.value, t.base) if name]
        missing = sorted({name for name in used if name not in types})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Rejected("a storage layout is not as solc writes it", hint="compile with storageLayout") from error
    if missing:
        raise Rejected(f"a storage layout lacks its types {', '.join(missing)}", hint="compile with storageLayout")
    return Layout(fields=fields, types=types)


def differences(old: Layout, new: Layout) -> list[Difference]:
    """Every old field that new code would read or write as something else, in order of place."""
    return list(_Comparison(old=old.types, new=new.types, seen=set()).fields(old.fields, new.fields, "", 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    old: Mapping[str, Type]
    new: Mapping[str, Type]
    seen: set[tuple[str, str]]
    """Pairs of types that are being compared: a struct may hold itself behind a mapping."""

    def fields(self, old: Sequence[Field], new: Sequence[Field], path: str, base: int) -> Iterator[Difference]:
        by_label = {field.label: field for field in new}
        at = {(field.slot, field.offset): field for field in new}
        for was in old:
            if _GAP.fullmatch(was.label):
                continue
            name, here = f"{path}{was.label}", (base + was.slot, was.offset)
            now = by_label.get(was.label)
            if now is None:
                taken = at.get((was.slot, was.offset))
                words = "is gone" if taken is None else f"is gone: `{taken.label}` takes its place"
                yield Difference(field=name, slot=here[0], offset=here[1], words=words)
            elif (now.slot, now.offset) != (was.slot, was.offset):
                words = f"moves to slot {base + now.slot}, offset {now.offset}"
                yield Difference(field=name, slot=here[0], offset=here[1], words=words)
            else:
                yield from self.types(was.type, now.type, name, here)

    def types(self, old: str, new: str, name: str, here: tuple[int, int]) -> Iterator[Difference]:
        if (old, new) in self.seen:
            return
        self.seen.add((old, new))
        was, now = self.old[old], self.new[new]
        sizes = [_element(each, types) for each, types in ((was, self.old), (now, self.new))]
        if was.members and now.members:
            yield from self.fields(was.members, now.members, f"{name}.", here[0])
        elif not _alike(was, now) or sizes[0] != sizes[1]:
            words = f"was {was.label}{sizes[0]} and becomes {now.label}{sizes[1]}"
            yield Difference(field=name, slot=here[0], offset=here[1], words=words)
        else:
            for one, other in ((was.key, now.key), (was.value, now.value), (was.base, now.base)):
                if one:
                    yield from self.types(one, other, f"{name}[]", here)
        self.seen.discard((old, new))


def _element(each: Type, types: Mapping[str, Type]) -> str:
    """How large the elements of a list are, in words; empty for what is no list."""
    if not each.base:
        return ""
    size = types[each.base].size
    return f" of {size} byte{'' if size == 1 else 's'} each"


def _alike(was: Type, now: Type) -> bool:
    """Stored the same way, what they are made of left aside."""
    if (was.encoding, bool(was.base), bool(was.members)) != (now.encoding, bool(now.base), bool(now.members)):
        return False
    if was.key or was.base:
        return was.encoding != "inplace" or was.size == now.size
    return was.size == now.size and _SAME.sub("address", was.label) == _SAME.sub("address", now.label)


def _field(document: Any) -> Field:
    offset, slot = document["offset"], int(document["slot"])
    return Field(label=str(document["label"]), slot=slot, offset=int(offset), type=str(document["type"]))


def _type(document: Any) -> Type:
    return Type(
        label=str(document["label"]),
        encoding=str(document["encoding"]),
        size=int(document["numberOfBytes"]),
        key=str(document.get("key", "")),
        value=str(document.get("value", "")),
        base=str(document.get("base", "")),
        members=tuple(_field(each) for each in document.get("members", ())),
    )
