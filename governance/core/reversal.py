"""A rollback that was played on the state which its proposal leaves: what would still differ from before, and why.

What by its nature never comes back is named in one table. Everything else that stays different is a finding, unless the
proposal says so under `irreversible`. What another contract's state means, nobody here knows: every word counts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from governance.core.difference import Change, Key, Part, ordered, value_words, words_of
from governance.core.effects import ModuleIs, OwnersAre
from governance.core.errors import Finding
from governance.core.network import Network
from governance.core.plan import Plan
from governance.core.scenes import BlockResult
from governance.core.slots import SAFE_NONCE, approval_slot, listed_slots, records, timestamp_slot, word_at
from governance.core.units import Address, Bytes32

NONCE = "a Safe's nonce only rises"
APPROVAL = "an owner's approval of a hash stays"
OPERATION = "the timelock keeps that an operation was done"
BOOKS = (
    "epochs, commits and places of routes only go on: routes, pause, freeze, delay and roles are compared themselves"
)
ORDER = "who comes back to a Safe's list stands first in it: its members are compared themselves"
MOMENT = "it holds a moment"
ACCOUNT_NONCE = "an account's nonce only rises: what it created is compared itself"
GOES_ON = frozenset({("target", "active epoch"), ("target", "active root"), ("target", "pending root")})
"""Statements about a governed system that no rollback brings back: a root also commits to what is removed."""

Natural = Callable[[Change], str]
"""Why a change never comes back by its nature; empty when it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """What was played to take a proposal back, and what came of it."""

    kind: str
    """Of the proposal that takes it back."""
    blocks: tuple[BlockResult, ...]
    left: tuple[Change, ...]
    """Values that would differ from before, and should not."""
    statements: tuple[str, ...]
    """The same of the governing and the governed, where their words cannot tell."""
    natural: tuple[tuple[Change, str], ...]
    """Values that would differ by their nature, each with why."""

    @property
    def passes(self) -> bool:
        """Every act went as it must."""
        return all(result.as_it_must for block in self.blocks for result in block.acts)

    @property
    def complete(self) -> bool:
        """It passes, and everything that can be is as it was."""
        return self.passes and not self.left and not self.statements

    @property
    def gas(self) -> int:
        """Of all its acts."""
        return sum(r.played.gas_used for block in self.blocks for r in block.acts if r.act.must_pass)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """There and back: what the table is made from."""

    plans: tuple[Plan, Plan]
    network: Network
    members: Collection[Address]
    """Everybody who was, is or shall be an owner or a module of a Safe."""
    moving: Collection[Key]
    """Values that hold a moment."""
    own_code: bool
    """The governed system ran none but its own code, so that its words are its books."""


def natural(there: Round) -> Natural:
    """The table of what never comes back."""
    network, table = there.network, dict(_table(there))
    upgraded = any(plan.pins.target is not None for plan in there.plans)

    def why(change: Change) -> str:
        if change.part is Part.NONCE:
            return ACCOUNT_NONCE
        if change.part is not Part.STORAGE:
            return ""
        if change.account == network.target and upgraded and there.own_code:
            return BOOKS if _unknown(there) else table.get((change.account, change.slot), "")
        return table.get((change.account, change.slot), "") or (MOMENT if change.key in there.moving else "")

    return why


def _unknown(there: Round) -> bool:
    """The layout of the governed system is not ours."""
    return not any(records(plan, there.network.target) for plan in there.plans)


def _table(there: Round) -> Iterable[tuple[tuple[Address, Bytes32], str]]:
    network = there.network
    for plan in there.plans:
        yield from ((where, BOOKS) for where in records(plan, network.target))
        if any(isinstance(effect, OwnersAre | ModuleIs) for effect in plan.effects):
            yield from ((where, ORDER) for where in listed_slots(network.council, there.members))
        for step in plan.steps:
            yield (plan.safe, word_at(SAFE_NONCE)), NONCE
            for owner in there.members:
                yield (plan.safe, approval_slot(owner, step.safe_tx.hash)), APPROVAL
            if step.operation is not None:
                yield (network.timelock, timestamp_slot(step.operation.id)), OPERATION


def sorted_out(difference: Iterable[Change], why: Natural) -> tuple[tuple[Change, ...], tuple[tuple[Change, str], ...]]:
    """What would differ and should not; and what differs by its nature, with why."""
    told = [(change, why(change)) for change in ordered(difference)]
    return tuple(change for change, words in told if not words), tuple(pair for pair in told if pair[1])


def needs_statements(reversal: Iterable[tuple[Change, str]]) -> bool:
    """Whether words stood aside whose meaning must be compared itself."""
    return any(words in {BOOKS, ORDER} for _, words in reversal)


def judge_reversal(
    found: Reversal, names: Mapping[tuple[Address, Bytes32], str], declared: str | None
) -> tuple[list[Finding], list[str]]:
    """Findings, and notes. What the proposal declares irreversible is no finding; what it declares in vain is a note."""
    findings = _reverting(found.blocks)
    left = [_left(change, names) for change in found.left] + [f"{words}" for words in found.statements]
    if declared is not None:
        notes = [f"declared irreversible: {words}" for words in left]
        if found.complete:
            notes.append("`irreversible` is declared in vain: the rollback brings everything back")
        return findings, notes
    hint = "bring it back in the rollback, or say under `irreversible` why it stays"
    return [*findings, *(Finding(rule="rollback-incomplete", message=words, hint=hint) for words in left)], []


def _left(change: Change, names: Mapping[tuple[Address, Bytes32], str]) -> str:
    values = f"{value_words(change.after)}, before it was {value_words(change.before)}"
    return f"after the rollback {words_of(change, names)} would be {values}"


def _reverting(blocks: Sequence[BlockResult]) -> list[Finding]:
    hint = "what cannot be taken back in the same way must be said: see `irreversible`, or change the proposal"
    found = []
    for result in (result for block in blocks for result in block.acts if not result.as_it_must):
        what = f"would revert: {result.played.reason}" if result.act.must_pass else "would go through before its time"
        found.append(Finding(rule="rollback-reverts", message=f"rollback, {result.act.label}, {what}", hint=hint))
    return found
