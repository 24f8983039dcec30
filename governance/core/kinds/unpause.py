"""`unpause`: the governed system works again, through the timelock. Who can stop in a second cannot start in one.

Our dispatcher asks its admin. The deployed generations ask EMERGENCY_ROLE, which the timelock lends itself for the batch
when it does not hold it.
"""

from typing import Any, ClassVar, Literal

from governance.core.access import EMERGENCY
from governance.core.call import Call, encode_call, function
from governance.core.effects import PausedIs
from governance.core.errors import Finding, Refused
from governance.core.facts import Generation, TargetFacts
from governance.core.fields import TextField
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.kinds.roles import lent
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument

UNPAUSE = function("unpause()")


class UnpauseDocument(ProposalDocument):
    """Let routed calls through again."""

    kind: Literal["unpause"]
    reason: TextField
    """What was found and why it is over; the last line of the incident record."""


class Unpause(Kind[UnpauseDocument]):
    """See the module."""

    name: ClassVar[str] = "unpause"
    lane: ClassVar[Lane] = Lane.TIMELOCK
    free_calls: ClassVar[bool] = False
    document = UnpauseDocument

    def needs(self, document: UnpauseDocument, network: Network) -> Needs:  # noqa: ARG002 - same everywhere
        """Whether it is paused, and by what right the timelock could end that."""
        return Needs(target=True)

    def derive(self, document: UnpauseDocument, network: Network, pins: Pins) -> Derivation:  # noqa: ARG002
        """`unpause()`, with the role lent around it where the timelock lacks it."""
        assert pins.target is not None
        target = pins.target
        findings = _obstacles(target, network)
        if findings:
            raise Refused("there is nothing to unpause, or no right to", findings=findings)
        calls = [Call(to=target.address, data=encode_call(UNPAUSE, []), summary="unpause")]
        if target.generation is not Generation.OURS and not target.timelock_may_remove:
            calls = lent(target.address, EMERGENCY, network.timelock, calls)
        bundle = Bundle(label="unpause", calls=tuple(calls))
        return Derivation(bundles=(bundle,), effects=(PausedIs(paused=False),))

    def questions(self, document: UnpauseDocument, network: Network, pins: Pins) -> tuple[str, ...]:  # noqa: ARG002
        """What waited through the pause does not wait any longer."""
        assert pins.target is not None
        asked = [
            "Is what was wrong gone: are the routes that caused the pause removed or replaced?",
            "Which operations of the timelock are pending? Whatever is ready can be executed by anyone the moment the pause "
            "ends; gov cancel what must not be.",
        ]
        if pins.target.pending_root != bytes(32):
            asked.append("A root is committed and not active: shall it still be activated after the pause?")
        return tuple(asked)

    def inverse(self, document: UnpauseDocument, network: Network, pins: Pins) -> dict[str, Any]:  # noqa: ARG002
        """Pausing again is the guardian's, at once."""
        return {"kind": "emergency_pause", "reason": f"Take back: {document.title}"}


def _obstacles(target: TargetFacts, network: Network) -> tuple[Finding, ...]:
    if target.generation is Generation.DIAMOND:
        message = f"{target.address} is a plain EIP-2535 diamond: the standard has no pause"
        return (Finding(rule="no-pause", message=message),)
    found = []
    if not target.paused:
        found.append(Finding(rule="not-paused", message=f"{target.address} is not paused"))
    may = target.timelock_is_admin or (target.generation is not Generation.OURS and target.timelock_may_remove)
    if not may:
        message = f"the timelock {network.timelock} has no right to unpause {target.address}"
        hint = "an admin of the target must grant the timelock its role first; run gov doctor"
        found.append(Finding(rule="timelock-lacks-role", message=message, hint=hint))
    return tuple(found)
