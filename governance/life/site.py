"""One network as the life of a proposal sees it: its ports, gathered; and the workspace that holds the files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from governance.core.artifact import Artifact
from governance.core.kinds.base import Lane
from governance.core.network import Network
from governance.core.plan import Plan
from governance.core.policy import Policy
from governance.core.proposal import Proposal
from governance.core.rehearsal import Rehearsal
from governance.core.units import Address, Bytes32
from governance.ports import Anchor, Approvals, Chain, Holds, Mailbox, Safe, Target, Timelock

Rehearse = Callable[[str, Plan | None], Rehearsal]
"""Rehearses a proposal on the newest block of one network: the plan that is given, else the one that is locked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The ports of one network."""

    network: Network
    chain: Chain
    council: Safe
    guardian: Safe
    timelock: Timelock
    target: Target
    anchor: Anchor
    safes: Callable[[Address], Safe]
    """Any other Safe, such as one that owns the council's."""

    def safe(self, lane: Lane) -> Safe:
        """The Safe that speaks on a lane: the council's, but for the guardian's own."""
        return self.guardian if lane is Lane.GUARDIAN else self.council


class Workspace(Protocol):
    """The folder that a council reviews: policies, proposals and what lies beside them, artifacts. Each read is fresh."""

    def policy(self) -> Policy:
        """`policies.yaml`. Raises Rejected with every finding."""
        ...

    def earlier_policy(self, digest: Bytes32) -> Policy:
        """A policy that something was locked under, from its copy. Raises Refused unless it has just that digest."""
        ...

    def keep_policy(self, digest: Bytes32) -> None:
        """Keep a copy of `policies.yaml`, which must have that digest, for as long as something is locked under it."""
        ...

    def proposal_ids(self) -> list[str]:
        """Ids of all proposals, ascending."""
        ...

    def proposal(self, proposal_id: str) -> Proposal:
        """One proposal. Raises Rejected with every finding."""
        ...

    def lock(self, proposal_id: str) -> Mapping[str, Any] | None:
        """The lock file, None when there is none. Raises Rejected when it is malformed."""
        ...

    def write_lock(self, proposal_id: str, document: Mapping[str, Any]) -> str:
        """Write the lock file, all or nothing; gives the name it is shown by."""
        ...

    def report(self, proposal_id: str) -> str | None:
        """The report that lies beside the lock file, None when there is none. Raises Rejected when it is no text."""
        ...

    def write_report(self, proposal_id: str, text: str | None) -> str:
        """Write the report, all or nothing, or take it away; gives the name it is shown by."""
        ...

    def mailbox(self, proposal_id: str) -> Mailbox:
        """The signatures beside the proposal."""
        ...

    def approvals(self, proposal_id: str) -> Approvals:
        """The approvals by members beside the proposal."""
        ...

    def holds(self, proposal_id: str) -> Holds:
        """The guardians' holds beside the proposal."""
        ...

    def artifact(self, name: str) -> Artifact:
        """A compiled contract by `Name@Version`. Raises Rejected on an unknown name."""
        ...

    def artifact_names(self) -> list[str]:
        """Every name that `artifact` knows, ascending; not every one need be well-formed."""
        ...
