"""Before anything is signed or sent, the proposal is rehearsed once more: without a finding, and with the effects that were
locked.

What stops things, on the guardian's lane, never waits for a rehearsal. Nobody else goes without one but by saying so.
"""

from governance.core.case import Gate
from governance.core.errors import Finding, Refused
from governance.core.kinds import Lane
from governance.core.rehearsal import Rehearsal, comes_later
from governance.core.units import ZERO_WORD, Bytes32, to_hex
from governance.life.locked import Locked
from governance.life.site import Rehearse


def require_rehearsed(rehearse: Rehearse | None, locked: Locked, *, gate: Gate) -> Rehearsal | None:
    """The rehearsal, None where there is none. Raises Refused with everything that it finds.

    `rehearse` is None where whoever acts goes without, and says so. What comes after another proposal cannot be rehearsed
    before that one is executed, so only its execution waits for a rehearsal.
    """
    if rehearse is None or locked.plan.lane is Lane.GUARDIAN:
        return None
    try:
        rehearsal = rehearse(locked.proposal.id, None)
    except Refused as error:
        if gate is not Gate.EXECUTE and comes_later(error):
            return None
        raise
    rehearsal.require()
    if rehearsal.whole and not (locked.effects is None and locked.plan.pins.predecessor != ZERO_WORD):
        _require_effects(locked, rehearsal.effects)
    return rehearsal


def _require_effects(locked: Locked, found: Bytes32) -> None:
    """Refuse effects other than those that stand in the lock file, which is what was reviewed."""
    if locked.effects == found:
        return
    if locked.effects is None:
        rule, message = "effects-not-locked", "the lock file names no effects: it was written without a rehearsal"
    else:
        rule = "effects-changed"
        message = f"the effects have digest {to_hex(found)}, the lock file has {to_hex(locked.effects)}"
    hint = "run gov simulate and compare; if it is what you mean, run gov lock again and have it reviewed again"
    finding = Finding(rule=rule, message=message, hint=hint)
    raise Refused(f"{locked.proposal.id} would not do what was reviewed", findings=(finding,))
