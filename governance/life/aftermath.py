"""`gov emergency aftermath`: once a network is paused, an incident record, and drafts of what must be decided.

Procedure:
1. The chain says that it is paused, since which block, by which transaction, and whose signatures that carried.
2. Operations that are pending in the timelock are listed. They survive the pause, and whatever is ready by then can be
   executed by anyone the moment it ends: so each gets a draft that cancels it, to be executed before.
3. A draft that lifts the pause, with a deadline: the council signs it, or lets it lapse and so ratifies the pause.

It decides nothing and writes nothing: the record is text, and the drafts are proposals like any other.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from governance.core.call import decode
from governance.core.errors import Refused, Rejected
from governance.core.facts import Head, Log
from governance.core.keccak import keccak
from governance.core.safetx import EXEC_TRANSACTION
from governance.core.signature import parse
from governance.core.stage import DONE_TIMESTAMP
from governance.core.units import Address, Bytes32, Duration, Moment, to_hex
from governance.life.draft import scaffold
from governance.life.pin import locked_operation_ids
from governance.life.site import Site, Workspace

SCHEMA = "governance/incident/v1"
PAUSED = Bytes32(keccak(b"Paused(address)"))
SUCCESS = Bytes32(keccak(b"ExecutionSuccess(bytes32,uint256)"))
Fetch = Callable[[Bytes32], "tuple[Address, bytes] | None"]
"""Who sent a transaction, and its calldata; None where the node does not have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An operation that waits in the timelock, or is ready."""

    operation: Bytes32
    ready_at: Moment
    ready: bool
    proposal: str
    """Empty where no lock file here names it."""
    lifts: bool
    """It is an unpause: it may stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A pause, and what it leaves to be done."""

    network: str
    chain_id: int
    target: Address
    head: Head
    block: int
    at: Moment
    tx_hash: Bytes32
    sender: Address | None
    """Who paid, None where the node no longer has the transaction."""
    signers: tuple[Address, ...]
    """Whose signatures the guardian's transaction carried; empty where it was no Safe's."""
    pending: tuple[Pending, ...]

    @property
    def name(self) -> str:
        """Of its record: the day, the network, the block."""
        return f"{str(self.at)[:10]}-{self.network}-{self.block}"

    @property
    def to_cancel(self) -> tuple[str, ...]:
        """Proposals whose operations must be cancelled before the pause ends."""
        return tuple(sorted({each.proposal for each in self.pending if each.proposal and not each.lifts}))


def incident(site: Site, workspace: Workspace, fetch: Fetch) -> Incident:
    """Steps 1 and 2. Raises Refused when the network is not paused."""
    head = site.chain.head()
    target = site.target.look(head)
    if not target.paused:
        raise Refused(f"{site.network.name} is not paused", hint="an aftermath follows a pause: gov emergency pause")
    logs = site.chain.logs(target.address, [[PAUSED]], head)
    if not logs:
        raise Refused(
            f"{target.address} is paused, but no log says since when", hint="a node that keeps all logs has it"
        )
    (at,) = site.chain.moments([logs[-1].block], head)
    sender, signers = _by_whom(site, logs[-1], fetch)
    return Incident(
        network=site.network.name,
        chain_id=site.network.chain_id,
        target=target.address,
        head=head,
        block=logs[-1].block,
        at=at,
        tx_hash=logs[-1].tx_hash,
        sender=sender,
        signers=signers,
        pending=_pending(site, workspace, head),
    )


def _by_whom(site: Site, log: Log, fetch: Fetch) -> tuple[Address | None, tuple[Address, ...]]:
    sent, receipt = fetch(log.tx_hash), site.chain.receipt(log.tx_hash)
    if sent is None or receipt is None:
        return None, ()
    sender, data = sent
    hashes = [
        Bytes32(each.topics[1]) if len(each.topics) > 1 else Bytes32(each.data[:32])
        for each in receipt.logs
        if each.address == site.network.guardian and each.topics[:1] == (SUCCESS,)
    ]
    if not hashes or data[:4] != EXEC_TRANSACTION.selector:
        return sender, ()
    try:
        signatures = parse(hashes[0], decode(EXEC_TRANSACTION.inputs, data[4:])[-1])
    except Rejected:
        return sender, ()  # sent by a way of its own: who paid is all that is known
    return sender, tuple(each.owner for each in signatures)


def _pending(site: Site, workspace: Workspace, head: Head) -> tuple[Pending, ...]:
    waiting = dict.fromkeys(spent.operation for spent in site.timelock.ledger(head) if spent.moment is None)
    known: dict[Bytes32, tuple[str, bool]] = {}
    for proposal in workspace.proposal_ids():
        for operation in locked_operation_ids(workspace, proposal, site.network.name):
            known[operation] = (proposal, workspace.proposal(proposal).document.kind == "unpause")
    found = []
    for fact in site.timelock.operations(list(waiting), head) if waiting else ():
        if fact.timestamp > DONE_TIMESTAMP:
            proposal, lifts = known.get(fact.id, ("", False))
            moment = Moment(fact.timestamp)
            found.append(
                Pending(
                    operation=fact.id,
                    ready_at=moment,
                    ready=moment <= head.timestamp,
                    proposal=proposal,
                    lifts=lifts,
                )
            )
    return tuple(found)


def record(found: Incident, *, lift: str, cancels: Sequence[str], decide: Moment) -> dict[str, Any]:
    """The incident as a document; people add what happened."""
    return {
        "schema": SCHEMA,
        "network": found.network,
        "chain_id": found.chain_id,
        "target": found.target,
        "paused_at": str(found.at),
        "block": found.block,
        "transaction": to_hex(found.tx_hash),
        "paid_by": found.sender,
        "signed_by": list(found.signers),
        "what_happened": "",
        "pending": [
            {
                "operation": to_hex(each.operation),
                "state": "ready" if each.ready else "waiting",
                "ready_at": str(each.ready_at),
                "proposal": each.proposal or None,
            }
            for each in found.pending
        ],
        "decide_before": str(decide),
        "lift": lift,
        "cancel_first": list(cancels),
    }


def written(document: Mapping[str, Any]) -> str:
    """As YAML, whose values are quoted as in JSON."""
    lines = ["# What the chain says of this pause. Add what happened, and keep it with the decisions that follow."]
    for key, value in document.items():
        if isinstance(value, list) and value:
            lines.append(f"{key}:")
            lines += [f"  - {json.dumps(each, ensure_ascii=False)}" for each in value]
        else:
            lines.append(f"{key}: {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def lifting(found: Incident, *, author: str, decide: Moment) -> str:
    """The draft that ends the pause, with its deadline."""
    first = f" Cancel first: {', '.join(found.to_cancel)}." if found.to_cancel else ""
    text = scaffold(
        "unpause",
        author=author,
        network=found.network,
        title=f"Lift the pause of {str(found.at)[:10]}, or let it stand",
        summary=f"Paused in block {found.block}. Signing this lifts the pause; letting it lapse ratifies it.{first}",
        reason="Say here what was found and why it is over.",
    )
    return f"{text.rstrip()}\nnot_after: {decide}\n"


def cancelling(found: Incident, proposal: str, *, author: str) -> str:
    """The draft that cancels one pending proposal."""
    return scaffold(
        "cancel",
        author=author,
        network=found.network,
        title=f"Cancel {proposal}",
        reason=f"It could be executed the moment the pause of block {found.block} ends.",
        other=proposal,
    )


def deadline(found: Incident, within: Duration) -> Moment:
    """Until when the council decides, from the pause on."""
    return found.at + within
