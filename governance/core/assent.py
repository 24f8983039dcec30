"""Who of the members has approved, role by role, as of one block; and why an approval no longer counts.

An approval is void when anything that it was given for has changed, when it has ended, or when its signer does not
hold the role. All reasons are told. The Safe's own threshold is not asked here: it counts for itself, on chain.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from governance.core.approval import RoleApproval
from governance.core.case import Agreement, Case
from governance.core.policy import Approval, Rule
from governance.core.units import Address, Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """An approval that does not count."""

    approval: RoleApproval
    reasons: tuple[str, ...]
    """Never empty; each completes the sentence `it is void: …`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assent:
    """One role that a rule asks beside the Safe's threshold, and who has spoken in it."""

    role: str
    at_least: int
    among: str | None
    """`council` or `guardian` where signatures of that Safe are counted, None where approvals are."""
    holders: Mapping[Address, str]
    """Who may count, by name: the members who hold the role, less an author whom the rule leaves out."""
    counted: Mapping[Address, Moment | None]
    """Whose assent holds, and since when they have seen the plan; None for a signature of the Safe."""
    void: tuple[Void, ...]
    """Approvals in this role that do not count, of people who are not counted otherwise."""

    @property
    def missing(self) -> int:
        """How many more are needed."""
        return max(0, self.at_least - len(self.counted))

    @property
    def waiting(self) -> tuple[str, ...]:
        """Names of those who could still give theirs."""
        return tuple(sorted(name for account, name in self.holders.items() if account not in self.counted))


def assents(case: Case, rule: Rule) -> tuple[Assent, ...]:
    """One for each role of members that the rule asks, in its order."""
    return tuple(_assent(case, rule, asked, asked.at_least) for asked in rule.approvals if asked.at_least is not None)


def _assent(case: Case, rule: Rule, asked: Approval, at_least: int) -> Assent:
    holders = _holders(case, rule, asked.role)
    agreement = case.agreement
    counted: dict[Address, Moment | None] = {}
    void: list[Void] = []
    if agreement is not None and asked.among is not None:
        counted = dict.fromkeys((each for each in holders if each in agreement.signers), None)
    elif agreement is not None:
        for approval in sorted(agreement.approvals, key=lambda each: each.terms.seen_at):
            if approval.terms.role != asked.role:
                continue
            reasons = tuple(_void_because(approval, case, rule, agreement, holders))
            if reasons:
                void.append(Void(approval=approval, reasons=reasons))
            else:
                counted.setdefault(approval.signer, approval.terms.seen_at)
    return Assent(
        role=asked.role,
        at_least=at_least,
        among=asked.among,
        holders=holders,
        counted=counted,
        void=tuple(each for each in void if each.approval.signer not in counted),
    )


def _holders(case: Case, rule: Rule, role: str) -> dict[Address, str]:
    holders = {case.policy.members[name]: name for name in sorted(case.policy.roles[role])}
    author = case.policy.members.get(case.proposal.document.author)
    if rule.distinct_from_author and author is not None:
        holders.pop(author, None)
    return holders


def _void_because(
    approval: RoleApproval, case: Case, rule: Rule, agreement: Agreement, holders: Mapping[Address, str]
) -> Iterator[str]:
    """Every reason why an approval does not count."""
    terms, network = approval.terms, case.policy.networks[case.network]
    if approval.signer not in holders:
        yield _stranger(approval.signer, case, terms.role)
    if (terms.network, terms.chain_id, terms.timelock) != (network.name, network.chain_id, network.timelock):
        yield f"it was given for {terms.network}, chain {terms.chain_id}, timelock {terms.timelock}"
    if terms.proposal_digest != case.proposal.digest:
        yield "the proposal has been edited since"
    if terms.policy_digest != agreement.policy:
        yield "the policy has changed since"
    if terms.plan_basis != agreement.basis:
        yield "the plan has changed since"
    if terms.council != agreement.council:
        yield "the owners or the threshold of the Safe have changed since"
    if agreement.swapped:
        yield f"the code of {', '.join(agreement.swapped)} has changed since"
    yield from _outlived(approval, case, rule)


def _stranger(signer: Address, case: Case, role: str) -> str:
    """Why somebody may not speak in a role."""
    name = next((name for name, account in case.policy.members.items() if account == signer), None)
    if name is None:
        return f"{signer} is no member"
    if name in case.policy.roles[role]:
        return f"{name} is the author, and others are asked"
    return f"{name} does not hold the role {role}"


def _outlived(approval: RoleApproval, case: Case, rule: Rule) -> Iterator[str]:
    terms = approval.terms
    if case.now is None or terms.seen_at > case.now:
        yield f"it says to have been given at {terms.seen_at}, when the chain's clock has not got there"
    if case.now is None or terms.valid_until <= case.now:
        yield f"it ended at {terms.valid_until}"
    if rule.approval_lifetime is None or terms.seen_at + rule.approval_lifetime < terms.valid_until:
        yield f"it was given for longer than the rule's {rule.approval_lifetime}"
