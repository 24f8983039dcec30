"""How a guardian's hold looks: the card that is read before signing, and what came of it."""

from typing import TYPE_CHECKING, Any

from governance.apps.card import hash_rows
from governance.core.units import to_hex
from governance.core.wording import named, names_of

if TYPE_CHECKING:
    from governance.core.hold import Hold
    from governance.life.hold import HoldRequest


def card(request: "HoldRequest", width: int) -> str:
    """What a guardian reads, made from the very terms that are hashed."""
    names = names_of(request.locked.policy, request.locked.proposal, request.sighting.network)
    plan, terms, docket = request.locked.plan, request.terms, request.docket
    begins, ends = terms.held.window(terms.round, docket.length)
    signed = docket.rounds.get(terms.round, {})
    step = request.seen.step
    return "\n".join(
        [
            f"HOLD  {request.locked.proposal.document.title}",
            f"  {plan.proposal} on {plan.network} (chain {terms.held.chain_id}), {request.seen.stage}: {step.label}",
            *[f"    · {call.summary}  →  {named(call.to, names)}" for call in step.calls[:8]],
            *[f"    · and {len(step.calls) - 8} more calls" for _ in step.calls[8:9]],
            f"  executable from {terms.held.eta}; round {terms.round} is from {begins} until {ends}",
            f"  it holds when {terms.round} of {len(docket.guardians)} guardians have signed for it: {len(signed)} so far",
            f"  reason       {terms.reason}",
            f"  operation id {to_hex(terms.held.operation)}",
            *hash_rows("domain hash", terms.domain_hash, width),
            *hash_rows("message hash", terms.message_hash, width),
            *hash_rows("to be signed", terms.hash, width),
        ]
    )


def outcome(request: "HoldRequest", made: "Hold") -> str:
    """What this one signature changed."""
    lacking = request.docket.lacking(made.terms.round) - 1
    _, ends = made.terms.held.window(made.terms.round, request.docket.length)
    words = f"until {ends}" if lacking <= 0 else f"once {lacking} more sign for round {made.terms.round}"
    return f"{made.proposal} on {request.locked.plan.network}: held by {made.signer}, {words}"


def terms_document(request: "HoldRequest") -> dict[str, Any]:
    """What would be signed, as JSON values."""
    terms, docket = request.terms, request.docket
    begins, ends = terms.held.window(terms.round, docket.length)
    return {
        "proposal": request.locked.plan.proposal,
        "network": request.locked.plan.network,
        "operation_id": to_hex(terms.held.operation),
        "eta": str(terms.held.eta),
        "round": terms.round,
        "from": str(begins),
        "until": str(ends),
        "lacking": docket.lacking(terms.round),
        "reason": terms.reason,
        "hold_hash": to_hex(terms.hash),
    }


def hold_document(request: "HoldRequest", made: "Hold") -> dict[str, Any]:
    """A hold as JSON values; `lacking` are those who must still sign for its round."""
    document = terms_document(request)
    lacking = max(0, document["lacking"] - 1)
    return {**document, "lacking": lacking, "signer": made.signer, "signature": to_hex(made.signature)}
