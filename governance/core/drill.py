"""An emergency drill: whether the guardian could stop the system, whether that stops everything, and whether it ends again.

It judges what others obtained from a node. A fault that was there before the proposal is told as a note: it is no reason to
hold back what may repair it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from governance.core.errors import Finding
from governance.core.scenes import ActResult, BlockResult
from governance.core.units import to_hex

Answers = Mapping[bytes, tuple[bool, bytes]]
"""By selector: whether the call went through, and its data or revert data."""
HINT = "nobody should sign what leaves the emergency path like that: change the proposal"
ACKNOWLEDGED = {
    "role-last-pauser": "drill-pause-reverts",
    "role-last-admin": "drill-unpause-unreachable",
    "role-timelock-admin": "drill-unpause-unreachable",
    "unreachable-unpause": "drill-unpause-unreachable",
}
"""Dangers that a proposal may name under `acknowledge:`, and what the drill then finds without blame."""
NAMED = 8
"""How many selectors a finding names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What was tried, and how far it came."""

    pause: tuple[BlockResult, ...]
    """Empty where the system is paused already, or the guardian's transaction cannot even be made."""
    unpause: tuple[BlockResult, ...]
    routed: int
    """How many selectors were called."""
    gas_limit: int
    """Of one block."""

    @property
    def acts(self) -> tuple[ActResult, ...]:
        """Every act that must pass."""
        return tuple(r for block in (*self.pause, *self.unpause) for r in block.acts if r.act.must_pass)

    def share(self, result: ActResult) -> float:
        """How much of a block an act takes, of 1."""
        return result.played.gas_used / self.gas_limit


def judge_act(rule: str, what: str, blocks: Sequence[BlockResult]) -> list[Finding]:
    """Acts that revert, or go through before their time."""
    found = []
    for result in (result for block in blocks for result in block.acts if not result.as_it_must):
        came = f"reverts: {result.played.reason}" if result.act.must_pass else "goes through before its time"
        found.append(Finding(rule=rule, message=f"{what}, {result.act.label}, {came}", hint=HINT))
    return found


def judge_gas(drill: Drill) -> list[Finding]:
    """Acts that no block has room for."""
    return [
        Finding(
            rule="drill-gas",
            message=f"{result.act.label} takes {result.played.gas_used:,} gas, a block takes {drill.gas_limit:,}",
            hint="what does not fit into a block cannot be sent",
        )
        for result in drill.acts
        if result.played.gas_used > drill.gas_limit
    ]


def judge_stopped(before: Answers | None, paused: Answers) -> list[Finding]:
    """Calls that still run: they go through, or answer as they did before, or otherwise than the pause answers.

    `before` is None where the system was paused before.
    """
    refusals = Counter(data for ok, data in paused.values() if not ok)
    pause = refusals.most_common(1)[0][0] if refusals else None
    running = [
        selector
        for selector, (ok, data) in paused.items()
        if ok or data != pause or (before is not None and before.get(selector) == (ok, data))
    ]
    hint = "a pause that does not stop everything is none: change the proposal"
    return _named("drill-not-stopped", "would still run while the system is paused", running, hint)


def judge_restored(before: Answers, after: Answers) -> list[Finding]:
    """Calls that do not answer as before the pause, at the same moment."""
    changed = [selector for selector in before if after.get(selector) != before[selector]]
    hint = "the pause must leave nothing behind: find out what it changes"
    return _named("drill-not-restored", "would not answer as before the pause", changed, hint)


def _named(rule: str, what: str, selectors: Sequence[bytes], hint: str) -> list[Finding]:
    if not selectors:
        return []
    named = ", ".join(to_hex(selector) for selector in selectors[:NAMED])
    more = f" and {len(selectors) - NAMED} more" if len(selectors) > NAMED else ""
    return [Finding(rule=rule, message=f"{named}{more} {what}", hint=hint)]


def excused(found: Sequence[Finding], acknowledge: Sequence[str]) -> tuple[list[Finding], list[str]]:
    """Findings that follow from no danger which the proposal acknowledges; those that do, as notes."""
    meant = {rule for name in acknowledge for rule in (ACKNOWLEDGED.get(name),) if rule is not None}
    notes = [f"acknowledged: {each.message} (rule {each.rule})" for each in found if each.rule in meant]
    return [each for each in found if each.rule not in meant], notes


def new_only(found: Sequence[Finding], before: Sequence[Finding]) -> tuple[list[Finding], list[str]]:
    """Findings that the proposal brings; the others, which were there before it, as notes."""
    old = {(each.rule, each.message) for each in before}
    new = [each for each in found if (each.rule, each.message) not in old]
    notes = [f"it was so before the proposal: {each.message} (rule {each.rule})" for each in found if each not in new]
    return new, notes
