"""`emergency_pause`: the guardian Safe pauses the governed system, at once, and may take routes away. It can do nothing else.

Rule 1: on the deployed generations nothing can be removed while they are paused, so routes go first and the pause comes second.
Rule 2: ours removes at any time, so it pauses first: every second counts.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field

from governance.core.call import Call, encode_call, function
from governance.core.effects import Effect, PausedIs, RouteIs
from governance.core.errors import Finding, Refused
from governance.core.facts import Generation, TargetFacts
from governance.core.fields import SelectorField, TextField, selector_of
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.kinds.upgrade import MAX_BATCH, REMOVE_ROUTES
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, to_hex

PAUSE = function("pause()")
REMOVAL = "remove routes"
"""The label of the transaction that takes routes away."""


class EmergencyPauseDocument(ProposalDocument):
    """Stop routed calls now."""

    kind: Literal["emergency_pause"]
    reason: TextField
    """What happened; the first line of the incident record."""
    remove: list[SelectorField] | None = Field(default=None, min_length=1, max_length=MAX_BATCH)
    """Selectors that stop being routed, too: before the pause where they could not go during one."""


class EmergencyPause(Kind[EmergencyPauseDocument]):
    """See the module."""

    name: ClassVar[str] = "emergency_pause"
    lane: ClassVar[Lane] = Lane.GUARDIAN
    free_calls: ClassVar[bool] = False
    document = EmergencyPauseDocument

    def needs(self, document: EmergencyPauseDocument, network: Network) -> Needs:  # noqa: ARG002 - same everywhere
        """Whether the guardian may pause."""
        return Needs(target=True)

    def derive(self, document: EmergencyPauseDocument, network: Network, pins: Pins) -> Derivation:
        """One call of `pause()`, and one of `removeRoutes` in a transaction of its own where routes go."""
        assert pins.target is not None
        target = pins.target
        if target.generation is Generation.DIAMOND:
            message = f"{target.address} is a plain EIP-2535 diamond: the standard has no pause"
            raise Refused("nothing to pause with", findings=(Finding(rule="no-pause", message=message),))
        if not target.guardian_may_pause:
            message = f"the guardian {network.guardian} does not hold EMERGENCY_ROLE on {target.address}"
            raise Refused("the guardian cannot pause", findings=(Finding(rule="guardian-lacks-role", message=message),))
        call = Call(to=target.address, data=encode_call(PAUSE, []), summary="pause")
        pause, gone = Bundle(label="pause", calls=(call,)), _removed(document, target)
        if not gone:
            return Derivation(bundles=(pause,), effects=(PausedIs(paused=True),))
        data, summary = encode_call(REMOVE_ROUTES, [list(gone)]), f"removeRoutes: {len(gone)} selectors"
        removal = Bundle(label=REMOVAL, calls=(Call(to=target.address, data=data, summary=summary),))
        unrouted = [RouteIs(selector=each, facet=ZERO_ADDRESS, code_hash=ZERO_WORD) for each in sorted(gone)]
        effects: tuple[Effect, ...] = (*unrouted, PausedIs(paused=True))
        bundles = (pause, removal) if target.generation is Generation.OURS else (removal, pause)
        return Derivation(bundles=bundles, effects=effects)

    def questions(self, document: EmergencyPauseDocument, network: Network, pins: Pins) -> tuple[str, ...]:  # noqa: ARG002
        """What a pause stops, and what it leaves in the way."""
        assert pins.target is not None
        asked = ["Who must know that routed calls stop, and how long does ending the pause take by the policy?"]
        if document.remove:
            asked.append(f"Who still calls the {len(document.remove)} selectors that stop being routed?")
        elif pins.target.generation is not Generation.OURS:
            asked.append("Routes cannot be removed while this generation is paused: shall one be removed first?")
        return tuple(asked)

    def inverse(
        self,
        document: EmergencyPauseDocument,
        network: Network,  # noqa: ARG002
        pins: Pins,  # noqa: ARG002
    ) -> dict[str, Any] | None:
        """Ending the pause, which waits for the timelock. None where routes went: only an upgrade after it brings them back."""
        return None if document.remove else {"kind": "unpause", "reason": f"Take back: {document.title}"}


def _removed(document: EmergencyPauseDocument, target: TargetFacts) -> tuple[bytes, ...]:
    """The selectors to take away. Raises Refused with every one that does not fit the live routes."""
    live, named, findings = {route.selector for route in target.routes}, dict[bytes, None](), list[Finding]()
    for i, written in enumerate(document.remove or ()):
        selector, path = selector_of(written), f"remove[{i}]"
        shown = f"`{written}` ({to_hex(selector)})"
        if selector in named:
            findings.append(Finding(rule="selector-twice", path=path, message=f"{shown} is named twice"))
        elif selector not in live:
            hint = "drop it: there is nothing to remove"
            findings.append(Finding(rule="selector-not-routed", path=path, message=f"{shown} is not routed", hint=hint))
        named[selector] = None
    if findings:
        raise Refused("the routes to remove do not fit the live ones", findings=tuple(findings))
    return tuple(named)
