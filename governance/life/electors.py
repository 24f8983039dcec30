"""Who stands behind the Safes that decide, and of whom a signature is known."""

from collections.abc import Iterable

from governance.core.facts import Head
from governance.core.journal import Entry
from governance.core.policy import Policy
from governance.core.quorumhealth import Electors
from governance.core.units import Address, address
from governance.life.accounts import accounts_of
from governance.life.live import SIGNED
from governance.life.site import Site, Workspace

DECIDING = ("council", "guardian")
"""The duties that Safes have."""


def electors_of(site: Site, policy: Policy, duty: str, head: Head) -> Electors:
    """One Safe and its owners, as deep as owner Safes go. Raises Refused when it is no known Safe."""
    safe = {"council": site.council, "guardian": site.guardian}[duty].look(head)
    accounts = accounts_of(site, safe.owners, head, members=lambda each: each.owners, known={safe.address: safe})
    names = policy.accounts(site.network.name)
    return Electors(duty=duty, safe=safe, accounts=accounts, names=names)


def signed_by(workspace: Workspace, ledger: Iterable[Entry]) -> frozenset[Address]:
    """Whoever signed anything that lies beside a proposal, or that this machine's ledger remembers; also in whose name."""
    found: set[Address] = set()
    for proposal in workspace.proposal_ids():
        for ballot in workspace.mailbox(proposal).all():
            found |= {ballot.signer, *(level.safe for level in ballot.through)}
    told = (entry.subject for entry in ledger if entry.kind == SIGNED and "signer" in entry.subject)
    return frozenset(found | {address(subject["signer"]) for subject in told})
