"""How approvals look: the card that an approver reads, and who has approved in which role.

It shows what `life` found and decides nothing. Rich is imported where it is used.
"""

from typing import TYPE_CHECKING, Any

from governance.apps.card import hash_rows
from governance.apps.names import introductions
from governance.apps.show import table
from governance.core.units import to_hex
from governance.core.wording import Names, named

if TYPE_CHECKING:
    from rich.console import RenderableType

    from governance.core.approval import RoleApproval
    from governance.core.assent import Assent
    from governance.core.case import Case
    from governance.life.approve import Request


def card(request: "Request", width: int, names: Names) -> str:
    """What an approver reads, made from the very terms that are hashed."""
    plan, terms, asked = request.locked.plan, request.terms, request.asked
    lines = [
        f"APPROVE  {request.locked.proposal.document.title}",
        f"  {plan.proposal} on {plan.network} (chain {terms.chain_id}), {request.sighting.stage}",
        f"  as {terms.role}: {len(asked.counted)} of {asked.at_least} so far; rule {request.rule.id}",
        f"  seen at {terms.seen_at}, holds until {terms.valid_until}",
    ]
    for step in plan.steps:
        lines += [f"  step: {step.label}"]
        lines += [f"    · {call.summary}  →  {named(call.to, names)}" for call in step.calls[:8]]
        lines += [f"    · and {len(step.calls) - 8} more calls" for _ in step.calls[8:9]]
    lines += introductions(request.locked.proposal)
    return "\n".join(
        [
            *lines,
            f"  proposal digest {to_hex(terms.proposal_digest)}",
            f"  policy digest   {to_hex(terms.policy_digest)}",
            *hash_rows("plan basis", terms.plan_basis, width),
            *hash_rows("domain hash", terms.domain_hash, width),
            *hash_rows("message hash", terms.message_hash, width),
            *hash_rows("to be signed", terms.hash, width),
        ]
    )


def approval_document(approval: "RoleApproval") -> dict[str, Any]:
    """An approval as JSON values."""
    return {
        "proposal": approval.proposal,
        "network": approval.terms.network,
        "role": approval.terms.role,
        "signer": approval.signer,
        "seen_at": str(approval.terms.seen_at),
        "valid_until": str(approval.terms.valid_until),
        "plan_basis": to_hex(approval.terms.plan_basis),
        "approval_hash": to_hex(approval.terms.hash),
        "signature": to_hex(approval.signature),
    }


def roles(case: "Case", asked: "tuple[Assent, ...]") -> "RenderableType":
    """Who has approved in each role, who could, and what is void."""
    from rich.console import Group
    from rich.text import Text

    names = {address: name for name, address in case.policy.members.items()}
    parts: list[Any] = []
    for each in asked:
        where = "approvals" if each.among is None else f"signatures of the {each.among}"
        title = (
            f"{case.proposal.id} on {case.network}: role {each.role}, {len(each.counted)} of {each.at_least} {where}"
        )
        rows = table(title, "member", "address", "approved")
        for account, name in each.holders.items():
            rows.add_row(name, account, _since(each, account))
        parts.append(rows)
        for void in each.void:
            signer = void.approval.signer
            words = f"  the approval by {names.get(signer, signer)} is void: {'; '.join(void.reasons)}"
            parts.append(Text(words, style="red"))
    return Group(*parts)


def _since(assent: "Assent", account: Any) -> str:
    if account not in assent.counted:
        return "—"
    since = assent.counted[account]
    return "yes" if since is None else f"since {since}"


def roles_document(case: "Case | None", asked: "tuple[Assent, ...]") -> dict[str, Any]:
    """Roles of members and their approvals, as JSON values; none where the rule asks none."""
    from governance.core.basis import plan_basis

    return {
        "plan_basis": None if case is None or case.plan is None else to_hex(plan_basis(case.plan)),
        "roles": [
            {
                "role": each.role,
                "at_least": each.at_least,
                "among": each.among,
                "approved": [
                    {"signer": account, "seen_at": None if since is None else str(since)}
                    for account, since in sorted(each.counted.items())
                ],
                "waiting": sorted(account for account in each.holders if account not in each.counted),
                "void": [{"signer": void.approval.signer, "reasons": list(void.reasons)} for void in each.void],
            }
            for each in asked
        ],
    }
