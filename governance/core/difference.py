"""The exact difference that an act makes to the state: every balance, nonce, code and storage word, before and after.

Nothing is left out and nothing is judged here. The order is by account, part and slot, so that one difference has one
digest; names of slots are for readers and no part of it.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import rfc8785

from governance.core.keccak import keccak
from governance.core.units import ZERO_WORD, Address, Bytes32, to_hex


class Part(StrEnum):
    """What of an account changed."""

    BALANCE = "balance"
    NONCE = "nonce"
    CODE = "code"
    STORAGE = "storage"


_ORDER = {part: index for index, part in enumerate(Part)}
Key = tuple[Address, Part, Bytes32]
"""Account, part and, of storage, the slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that changed."""

    account: Address
    part: Part
    slot: Bytes32 = ZERO_WORD
    """Of storage; zero for the other parts."""
    before: bytes
    """A word of 32 bytes; of a code all its bytes."""
    after: bytes

    @property
    def key(self) -> Key:
        """What it speaks of."""
        return (self.account, self.part, self.slot)


def stored(account: Address, slot: Bytes32, after: int, before: int = 0) -> Change:
    """A change of one storage word."""
    words = before.to_bytes(32, "big"), after.to_bytes(32, "big")
    return Change(account=account, part=Part.STORAGE, slot=slot, before=words[0], after=words[1])


def ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    """By account, part and slot; what did not change is dropped."""
    real = (change for change in changes if change.before != change.after)
    return tuple(sorted(real, key=lambda c: (c.account.lower(), _ORDER[c.part], c.slot)))


def joined(*differences: Iterable[Change]) -> tuple[Change, ...]:
    """One difference after another as a single one: from the first before to the last after."""
    whole: dict[Key, Change] = {}
    for difference in differences:
        for change in difference:
            first = whole.get(change.key, change)
            whole[change.key] = Change(
                account=change.account, part=change.part, slot=change.slot, before=first.before, after=change.after
            )
    return ordered(whole.values())


def words_of(change: Change, names: Mapping[tuple[Address, Bytes32], str]) -> str:
    """What changed, as a sentence names it."""
    name = names.get((change.account, change.slot), "")
    what = (name or f"slot {to_hex(change.slot)}") if change.part is Part.STORAGE else f"the {change.part}"
    return f"{what} of {change.account}"


def value_words(raw: bytes) -> str:
    """A value, as a sentence gives it: small words in short, a code by its length."""
    if len(raw) != 32:
        return f"{len(raw)} bytes"
    return to_hex(raw) if any(raw[:16]) else hex(int.from_bytes(raw, "big"))


def difference_document(
    changes: Iterable[Change], names: Mapping[tuple[Address, Bytes32], str]
) -> list[dict[str, Any]]:
    """A difference as JSON values, each storage word with its name where one is known."""
    return [{**_entry(change), "name": names.get((change.account, change.slot), "")} for change in ordered(changes)]


def difference_digest(changes: Iterable[Change]) -> Bytes32:
    """keccak256 of the canonical JSON of the difference, without names."""
    return Bytes32(keccak(rfc8785.dumps([_entry(change) for change in ordered(changes)])))


def effects_digest(changes: Iterable[Change], *, moving: Collection[Key]) -> Bytes32:
    """keccak256 of the canonical JSON of what becomes of what, the same at whatever moment it is computed.

    What was there before is no part of it. `moving` are values that follow from the moment: that they change counts, not
    to what. Of a balance only the difference counts.
    """
    return Bytes32(keccak(rfc8785.dumps([_effect(change, change.key in moving) for change in ordered(changes)])))


def _effect(change: Change, moves: bool) -> dict[str, Any]:
    entry = _entry(change)
    before, after = entry.pop("before"), entry["after"]
    if change.part in {Part.BALANCE, Part.NONCE}:
        entry["after"] = str(int(after, 16) - int(before, 16))
    return {**entry, "after": None} if moves else entry


def _entry(change: Change) -> dict[str, Any]:
    return {
        "account": change.account,
        "part": str(change.part),
        "slot": to_hex(change.slot) if change.part is Part.STORAGE else None,
        "before": to_hex(change.before),
        "after": to_hex(change.after),
    }
