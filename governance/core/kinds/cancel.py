"""`cancel`: the guardian Safe cancels what another proposal has scheduled, at once."""

from typing import ClassVar, Literal

from governance.core.errors import Finding, Refused
from governance.core.fields import ProposalIdField, TextField
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.network import Network
from governance.core.operation import cancel
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument


class CancelDocument(ProposalDocument):
    """Cancel the scheduled operations of a proposal."""

    kind: Literal["cancel"]
    proposal: ProposalIdField
    """Id of the proposal whose operations are withdrawn, e.g. `0007-swap-fee-facet`."""
    reason: TextField
    """Why."""


class Cancel(Kind[CancelDocument]):
    """See the module."""

    name: ClassVar[str] = "cancel"
    lane: ClassVar[Lane] = Lane.GUARDIAN
    free_calls: ClassVar[bool] = False
    document = CancelDocument

    def needs(self, document: CancelDocument, network: Network) -> Needs:  # noqa: ARG002 - same everywhere
        """The ids that the named proposal has scheduled and that are still pending."""
        return Needs(cancels=document.proposal)

    def derive(self, document: CancelDocument, network: Network, pins: Pins) -> Derivation:
        """One Safe transaction per operation: a delegatecall to a multisend would be shorter, and is denied."""
        if not pins.cancels:
            message = f"{document.proposal} has no operation waiting on {network.name}"
            hint = "what was never scheduled needs no cancel; what is executed cannot be cancelled"
            finding = Finding(rule="nothing-to-cancel", path="proposal", message=message, hint=hint)
            raise Refused("there is nothing to cancel", findings=(finding,))
        calls = [cancel(network.timelock, operation_id) for operation_id in pins.cancels]
        bundles = tuple(Bundle(label=f"cancel {i + 1} of {len(calls)}", calls=(c,)) for i, c in enumerate(calls))
        return Derivation(bundles=bundles, effects=())

    def questions(self, document: CancelDocument, network: Network, pins: Pins) -> tuple[str, ...]:  # noqa: ARG002
        """What else hangs on the operation."""
        return (
            f"Does another proposal come `after` {document.proposal}? Its operations could then never be executed.",
            f"Shall {document.proposal} come again? It then needs a new lock and new signatures.",
        )
