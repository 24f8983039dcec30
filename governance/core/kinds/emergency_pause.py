"""`emergency_pause`: the guardian Safe pauses the governed system, at once. It can do nothing else."""

from typing import Any, ClassVar, Literal

from governance.core.call import Call, encode_call, function
from governance.core.effects import PausedIs
from governance.core.errors import Finding, Refused
from governance.core.facts import Generation
from governance.core.fields import TextField
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument

PAUSE = function("pause()")


class EmergencyPauseDocument(ProposalDocument):
    """Stop routed calls now."""

    kind: Literal["emergency_pause"]
    reason: TextField
    """What happened; the first line of the incident record."""


class EmergencyPause(Kind[EmergencyPauseDocument]):
    """See the module."""

    name: ClassVar[str] = "emergency_pause"
    lane: ClassVar[Lane] = Lane.GUARDIAN
    free_calls: ClassVar[bool] = False
    document = EmergencyPauseDocument

    def needs(self, document: EmergencyPauseDocument, network: Network) -> Needs:  # noqa: ARG002 - same everywhere
        """Whether the guardian may pause."""
        return Needs(target=True)

    def derive(self, document: EmergencyPauseDocument, network: Network, pins: Pins) -> Derivation:  # noqa: ARG002
        """One call of `pause()`."""
        assert pins.target is not None
        target = pins.target
        if target.generation is Generation.DIAMOND:
            message = f"{target.address} is a plain EIP-2535 diamond: the standard has no pause"
            raise Refused("nothing to pause with", findings=(Finding(rule="no-pause", message=message),))
        if not target.guardian_may_pause:
            message = f"the guardian {network.guardian} does not hold EMERGENCY_ROLE on {target.address}"
            raise Refused("the guardian cannot pause", findings=(Finding(rule="guardian-lacks-role", message=message),))
        call = Call(to=target.address, data=encode_call(PAUSE, []), summary="pause")
        return Derivation(bundles=(Bundle(label="pause", calls=(call,)),), effects=(PausedIs(paused=True),))

    def questions(self, document: EmergencyPauseDocument, network: Network, pins: Pins) -> tuple[str, ...]:  # noqa: ARG002
        """What a pause stops, and what it leaves in the way."""
        assert pins.target is not None
        asked = ["Who must know that routed calls stop, and how long does ending the pause take by the policy?"]
        if pins.target.generation is not Generation.OURS:
            asked.append("Routes cannot be removed while this generation is paused: shall one be removed first?")
        return tuple(asked)

    def inverse(self, document: EmergencyPauseDocument, network: Network, pins: Pins) -> dict[str, Any]:  # noqa: ARG002
        """Ending the pause, which waits for the timelock."""
        return {"kind": "unpause", "reason": f"Take back: {document.title}"}
