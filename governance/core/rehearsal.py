"""A proposal's life, rehearsed: what is sent in which block, what came of it, and what is wrong with that.

It judges results that others obtained from a node. What must pass and does not is a finding, and so is what must not
pass and does. A rehearsal speaks of the block it stands on and of no other.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from governance.core.difference import Change, Key, difference_digest
from governance.core.drill import Drill
from governance.core.effects import Seen
from governance.core.errors import Finding, Refused
from governance.core.facts import Head
from governance.core.kinds.base import Lane
from governance.core.power import Power
from governance.core.reversal import Reversal
from governance.core.scenes import BlockResult, Frame
from governance.core.units import Address, Bytes32, to_hex

UNDONE = "simulate-predecessor"
"""The rule that is cited when another proposal must be executed first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Everything that was tried, and every finding."""

    proposal: str
    network: str
    lane: Lane
    checksum: Bytes32
    """Of the plan that was rehearsed."""
    locked: bool
    head: Head
    """The block it stands on."""
    blocks: tuple[BlockResult, ...]
    promised: tuple[Seen, ...]
    """Effects and expectations as they would be found; empty when a step reverts."""
    changes: tuple[Change, ...]
    """The state before the first execution against the state after the last; empty when a step reverts."""
    effects: Bytes32
    """Digest of the changes that does not depend on the moment: what the lock file keeps."""
    moving: frozenset[Key]
    """Those of them that become another value when everything happens a little later."""
    whole: bool
    """Every step of the plan is part of it; none is executed yet."""
    undeclared: tuple[Change, ...]
    """Those of them that follow neither from a promise nor from what the proposal declares."""
    names: Mapping[tuple[Address, Bytes32], str]
    findings: tuple[Finding, ...]
    reversal: Reversal | None = None
    """The rollback on the state that is left; None where there is none."""
    drill: Drill | None = None
    """The emergency drill there; None where there is no pause."""
    power: Power | None = None
    """Who may do what, before and after; None where a step reverts or the state that is left cannot be read."""
    notes: tuple[str, ...] = ()
    """What else is to be known: of who may do what; of rollback and drill; of new facets, and what was not checked."""

    @property
    def digest(self) -> Bytes32:
        """Of the changes. Words that hold a moment make it one of this block only."""
        return difference_digest(self.changes)

    def require(self) -> None:
        """Raise Refused, with every finding, unless there is none."""
        if self.findings:
            message = f"the rehearsal of {self.proposal} on {self.network} found what must not be"
            raise Refused(message, findings=self.findings)


def comes_later(error: Refused) -> bool:
    """Whether nothing stands in the way of a rehearsal but a proposal that must be executed first."""
    return [finding.rule for finding in error.findings] == [UNDONE]


def judge_blocks(blocks: Sequence[BlockResult]) -> list[Finding]:
    """Steps that revert, and executions that go through before their time."""
    found = []
    for block in blocks:
        for result in block.acts:
            if result.as_it_must:
                continue
            label, reason = result.act.label, result.played.reason
            if result.act.must_pass:
                message = f"{label} at {block.moment} would revert: {reason}"
                hint = "it would be refused on chain just the same: change the proposal, or what it depends on"
                found.append(Finding(rule="step-reverts", message=message, hint=hint))
            else:
                message = f"{label} at {block.moment} goes through: nothing holds it back until its time"
                hint = "the timelock is not what it should be: run gov doctor before anything is signed"
                found.append(Finding(rule="early-execution-possible", message=message, hint=hint))
    return found


def judge_early(without: Sequence[Seen], scheduled: Sequence[Seen]) -> list[Finding]:
    """What already differs once the proposal is scheduled, at one and the same moment before its time."""
    hint = "whoever can do that needs no delay: find out which right lets it through before anything is signed"
    return [
        Finding(
            rule="early-effect",
            message=f"before the delay is over, {after.effect}: found {after.found}, without the proposal {before.found}",
            hint=hint,
        )
        for before, after in zip(without, scheduled, strict=True)
        if before.found != after.found
    ]


def judge_promises(rule: str, seen: Sequence[Seen]) -> list[Finding]:
    """Promises that would be broken."""
    hint = "the promise or the plan is wrong: change the proposal, and lock it again"
    return [
        Finding(rule=rule, message=f"{each.effect}: would find {each.found}", hint=hint)
        for each in seen
        if not each.held
    ]


def judge_delegated(frames: Sequence[Frame], allowed: Mapping[Address, Collection[Address]]) -> list[Finding]:
    """Foreign code that would run in the name of an account that governs, or of the governed system.

    `allowed` names those accounts and the code each may run: a Safe its singleton, a target its facets. Others are free.
    """
    found = {}
    for frame in frames:
        if frame.account in allowed and frame.code not in allowed[frame.account]:
            message = f"{frame.account} would run the code of {frame.code} as its own"
            hint = "such code may write any of its slots: find out what it is before anything is signed"
            found[message] = Finding(rule="delegatecall-in-execution", message=message, hint=hint)
    return list(found.values())


def answer(words: str, ok: bool, data: bytes) -> Seen:
    """A raw answer as something that can be compared."""
    return Seen(effect=words, held=ok, found=to_hex(data) if ok else f"a revert with {to_hex(data)}")
