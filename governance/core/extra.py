"""Changes that nobody announced: every word, balance, code and nonce that differs must follow from what the plan promises,
or stand under `expect:`.

What the governing contracts change by their own known code is compared as statements (`core/situation.py`); here it is
enough that they write where such an act writes. Anything that another contract's code writes is the author's to declare.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from governance.core.call import function
from governance.core.difference import Change, Key, Part
from governance.core.difference import value_words as _value
from governance.core.difference import words_of as _part
from governance.core.effects import (
    AnchorIs,
    DelayIs,
    FallbackHandlerIs,
    GuardIs,
    ImplementationIs,
    ModuleIs,
    OwnersAre,
    RoleIs,
)
from governance.core.errors import Finding
from governance.core.facts import Generation
from governance.core.kinds.base import Lane
from governance.core.network import Network
from governance.core.plan import Plan
from governance.core.scenes import Frame
from governance.core.slots import (
    ERC1967,
    SAFE_NONCE,
    TIMELOCK_DELAY,
    TIMELOCK_ROLES,
    role_slot,
    timestamp_slot,
    word_at,
)
from governance.core.units import ZERO_WORD, Address, Bytes32, to_hex

_CUT = function("diamondCut((address,uint8,bytes4[])[],address,bytes)").selector


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a plan's changes are held against."""

    plan: Plan
    network: Network
    frames: Sequence[Frame]
    """Whose code ran in whose name."""
    names: Mapping[tuple[Address, Bytes32], str]
    expected: Collection[Key]
    """Changes that the proposal declares."""


def unannounced(changes: Sequence[Change], known: Known) -> tuple[Change, ...]:
    """Every change that follows from nothing. A contract's nonce says only that it creates: what it creates tells that."""
    spoken, free = set(_spoken(known)), set(_free(known))
    return tuple(
        change
        for change in changes
        if change.part is not Part.NONCE
        and change.key not in spoken
        and change.account not in free
        and change.key not in known.expected
    )


def judge_unannounced(changes: Sequence[Change], names: Mapping[tuple[Address, Bytes32], str]) -> list[Finding]:
    """A finding for each."""
    hint = "declare it under `expect`, or find out what does it; gov simulate --write-expect drafts the block"
    found = []
    for change in changes:
        values = f"from {_value(change.before)} to {_value(change.after)}"
        message = f"{_part(change, names)} would change {values}, which nothing announces"
        found.append(Finding(rule="extra-change", message=message, hint=hint))
    return found


def draft(changes: Sequence[Change], names: Mapping[tuple[Address, Bytes32], str]) -> str:
    """The lines that would declare these changes under `expect:`, for the author to read before pasting."""
    lines = [_drafted(change) + _remark(change, names) for change in changes]
    return "".join(f"  - {line}\n" for line in lines)


def _drafted(change: Change) -> str:
    if change.part is Part.STORAGE:
        return f'{{change: "{change.account}", slot: "{to_hex(change.slot)}", becomes: "{to_hex(change.after)}"}}'
    if change.part is Part.BALANCE:
        by = int.from_bytes(change.after) - int.from_bytes(change.before)
        return f'{{balance: "{change.account}", changes_by: {by}}}'
    return f'{{creates: "{change.account}"}}'


def _remark(change: Change, names: Mapping[tuple[Address, Bytes32], str]) -> str:
    name = names.get((change.account, change.slot), "")
    return f"  # {name}" if name else ""


def _spoken(known: Known) -> Iterator[Key]:
    """Single values that the plan's own acts and promises change."""
    plan, network = known.plan, known.network
    timelock = network.timelock
    operations = [step.operation.id for step in plan.steps if step.operation is not None]
    for operation_id in (*operations, *plan.pins.cancels):
        yield timelock, Part.STORAGE, timestamp_slot(operation_id)
    if plan.lane is not Lane.TIMELOCK:
        yield plan.safe, Part.STORAGE, word_at(SAFE_NONCE)
    for effect in plan.effects:
        if isinstance(effect, RoleIs) and effect.contract == timelock:
            yield timelock, Part.STORAGE, role_slot(TIMELOCK_ROLES, effect.role, effect.account)
        elif isinstance(effect, DelayIs):
            yield timelock, Part.STORAGE, word_at(TIMELOCK_DELAY)
        elif isinstance(effect, ImplementationIs):
            yield from ((effect.proxy, Part.STORAGE, slot) for slot in ERC1967)
    paying = timelock if plan.lane is Lane.TIMELOCK else plan.safe
    for call in (call for step in plan.steps for call in step.calls if call.value):
        yield from ((account, Part.BALANCE, ZERO_WORD) for account in (paying, call.to))
    if known.plan.pins.target is not None and known.plan.pins.target.generation is Generation.OURS:
        yield from ((account, Part.STORAGE, slot) for account, slot in known.names if account == network.target)


def _free(known: Known) -> Iterator[Address]:
    """Accounts whose every statement is compared, and that ran none but their own code."""
    plan, network = known.plan, known.network
    ran = {frame.account for frame in known.frames if not _cuts(frame, known)}
    if network.target not in ran:
        yield network.target
    if any(isinstance(effect, OwnersAre | ModuleIs | GuardIs | FallbackHandlerIs) for effect in plan.effects):
        yield network.council
    if any(isinstance(effect, AnchorIs) for effect in plan.effects):
        yield network.policy_anchor
    for effect in plan.effects:
        if isinstance(effect, ImplementationIs) and effect.upgraded != effect.proxy and effect.upgraded not in ran:
            yield effect.upgraded


def _cuts(frame: Frame, known: Known) -> bool:
    """Whether it is the diamond's own facet for changing routes that ran."""
    target = known.plan.pins.target
    return target is not None and any(route.selector == _CUT and route.facet == frame.code for route in target.routes)
