"""One proposal on one network at one gate: everything that a policy is asked to judge, as plain values.

The same rules judge at every gate. What differs is what is known there: a file alone at the first, the whole plan, the
chain's clock and everybody's signatures at the last. A case asks nobody and judges nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from governance.core.approval import RoleApproval
from governance.core.errors import Finding
from governance.core.kinds.base import Lane
from governance.core.permission import Spent
from governance.core.plan import Plan
from governance.core.policy import Policy
from governance.core.proposal import Proposal
from governance.core.tree import Loc, dotted, locate
from governance.core.units import Address, Bytes32, Moment


class Gate(StrEnum):
    """Where a proposal is judged, in the order of its life."""

    CHECK = "check"
    """In review: nothing but files."""
    LOCK = "lock"
    SIGN = "sign"
    QUEUE = "queue"
    """Before a Safe transaction is sent to the timelock."""
    EXECUTE = "execute"
    """Before anything takes effect."""

    @property
    def sends(self) -> bool:
        """Something is sent to a chain next, so every approval must be there."""
        return self in {Gate.QUEUE, Gate.EXECUTE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Who has agreed, and what their agreement stands on, as of one block. Nothing here is counted yet."""

    approvals: tuple[RoleApproval, ...]
    """Everything that lies beside the proposal; each is its signer's, and may be void."""
    policy: Bytes32
    """Digest of the policy in force, by whichever the case is judged."""
    basis: Bytes32
    """`plan_basis` of the plan."""
    council: Bytes32
    """`council_hash` of the Safe that signs."""
    signers: frozenset[Address]
    """Owners whose signatures over this Safe transaction count."""
    swapped: tuple[Address, ...]
    """Accounts whose pinned code is not there any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is judged."""

    proposal: Proposal
    policy: Policy
    network: str
    """Its name, which the policy need not know."""
    lane: Lane
    gate: Gate
    now: Moment | None
    """The chain's clock; None where no chain is asked, and then nothing is judged that depends on it."""
    plan: Plan | None = None
    """None while the proposal is not locked on the network."""
    ready: Moment | None = None
    """From when on the timelock executes it; None while it is not scheduled, and where there is no timelock."""
    agreement: Agreement | None = None
    """None where nobody was asked, and then nobody has agreed."""
    spent: tuple[Spent, ...] = ()
    """What the timelock has executed and holds, where the rule counts it."""

    def finding(self, loc: Loc, rule: str, message: str, hint: str = "") -> Finding:
        """A finding at a place in the proposal's file."""
        return Finding(rule=rule, message=message, hint=hint, place=locate(self.proposal.tree, loc), path=dotted(loc))
