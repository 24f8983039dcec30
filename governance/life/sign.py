"""`gov sign`: what a signer is shown, and the signature that follows.

Procedure:
1. The lock file must hold, and the chain must still say what was pinned.
2. Nothing else that was signed may stand against it: no other hash at its nonce, no other hash of its own.
3. The hashes of every Safe transaction come from three places: our core, safe-eth-py, and the Safe's own
   `getTransactionHash`. Any difference stops.
4. The timelock's own `hashOperationBatch` must give the operation id.
5. A rehearsal on this block must find nothing, and have the effects that were locked.
6. The signer must be an owner as of this block, or an owner of a Safe that is one: then what is signed is that Safe's
   message, and the way is part of what is shown.
7. The card is made from the very values that are hashed. Only then the signer's port is asked.
8. What comes back must be a signature over what was asked. If it is not, something else was signed: that is never tried again.

It does not judge whether the change is wise, and signs nothing that is already scheduled.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from governance.core.ballot import Ballot
from governance.core.case import Gate
from governance.core.errors import ChainContradicts, Finding, Refused
from governance.core.facts import Head
from governance.core.journal import Entry
from governance.core.plan import Plan, Step
from governance.core.rehearsal import Rehearsal
from governance.core.safemessage import Level, SafeMessage, message_through
from governance.core.safetx import SafeTx
from governance.core.signature import vouched
from governance.core.signingbundle import AnsweredSigner
from governance.core.stage import Stage
from governance.core.units import Address, Bytes32, to_hex
from governance.life.live import require_uncontested
from governance.life.locked import Locked, require_fresh
from governance.life.rehearsed import require_rehearsed
from governance.life.site import Rehearse, Site, Workspace
from governance.life.watch import Sighting, look
from governance.ports import Signer

Witness = Callable[[SafeTx, str], Bytes32]
"""A second implementation of the Safe transaction hash: (transaction, Safe version) to hash."""

SIGNABLE = frozenset({Stage.COLLECTING, Stage.QUEUED, Stage.APPROVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """Everything a signer is asked to put a name to on one network; made before any key is touched."""

    locked: Locked
    sighting: Sighting
    steps: tuple[Step, ...]
    """The steps that may still be signed."""
    rehearsal: Rehearsal | None
    """What was played just now, without a finding; None where nothing was."""


def prepare(
    site: Site,
    workspace: Workspace,
    proposal_id: str,
    witness: Witness,
    *,
    rehearse: Rehearse | None,
    ledger: Iterable[Entry] = (),
) -> Ceremony:
    """Steps 1 to 5 of the procedure. Raises Refused or ChainContradicts. `ledger` remembers what was signed here before."""
    sighting = look(site, workspace, proposal_id)
    if sighting.locked is None:
        raise Refused(f"{proposal_id} is not locked on {site.network.name}", hint=f"run gov lock {proposal_id} first")
    steps = tuple(seen.step for seen in sighting.steps if seen.stage in SIGNABLE)
    if not steps:
        raise Refused(
            f"{proposal_id} is {sighting.stage} on {site.network.name}: there is nothing to sign",
            hint="see gov status",
        )
    require_fresh(site, workspace, sighting.locked, sighting.head, gate=Gate.SIGN)
    require_uncontested(site, workspace, sighting, ledger=ledger)
    for step in steps:
        _require_agreement(site, sighting.locked.plan, step, sighting, witness)
    rehearsal = require_rehearsed(rehearse, sighting.locked, gate=Gate.SIGN)
    return Ceremony(locked=sighting.locked, sighting=sighting, steps=steps, rehearsal=rehearsal)


def _require_agreement(site: Site, plan: Plan, step: Step, sighting: Sighting, witness: Witness) -> None:
    ours = step.safe_tx.hash
    others = {
        "safe-eth-py": witness(step.safe_tx, sighting.safe.version),
        "the Safe's getTransactionHash": site.safe(plan.lane).hash_of(step.safe_tx, sighting.head),
    }
    for source, theirs in others.items():
        if theirs != ours:
            raise ChainContradicts(f"our Safe transaction hash is {to_hex(ours)}, {source} says {to_hex(theirs)}")
    if step.operation is not None:
        _require_operation_id(site, step, sighting.head)


def _require_operation_id(site: Site, step: Step, head: Head) -> None:
    operation = step.operation
    assert operation is not None
    theirs = site.timelock.hash_of(operation.calls, operation.predecessor, operation.salt, head)
    if theirs != operation.id:
        ours = to_hex(operation.id)
        raise ChainContradicts(f"our operation id is {ours}, the timelock's hashOperationBatch says {to_hex(theirs)}")


def way_of(ceremony: Ceremony, signer: Address, through: Sequence[Address] | None = None) -> tuple[Level, ...]:
    """The owner Safes through which somebody signs; empty for an owner.

    `through` chooses where there are several ways. Raises Refused for whoever is no owner at the sighting's block, neither
    of the Safe nor of a Safe that owns it, and for whoever must choose.
    """
    safe, head = ceremony.sighting.safe, ceremony.sighting.head
    ways = ceremony.sighting.steps[0].voting.paths_of(signer)
    if through is not None:
        ways = tuple(way for way in ways if [level.safe for level in way] == list(through))
    if not ways:
        message = f"{signer} is no owner of the Safe {safe.address} at block {head.number}, nor of a Safe that owns it"
        if through is not None:
            message = f"{signer} has no way into the Safe {safe.address} through {', '.join(through)}"
        finding = Finding(rule="not-an-owner", message=message, hint=f"owners are {', '.join(safe.owners)}")
        raise Refused("only owners of the Safe sign", findings=(finding,))
    if len(ways) > 1 and ways[0]:
        listed = "; ".join(",".join(level.safe for level in way) for way in ways)
        finding = Finding(rule="several-ways", message=f"{signer} owns several Safes on the way: {listed}")
        raise Refused("say through which Safe you sign", hint="gov sign … --through 0x…", findings=(finding,))
    return ways[0]


def asked_in(tx: SafeTx, way: Sequence[Level]) -> SafeTx | SafeMessage:
    """What the signer's key is asked to sign."""
    return message_through(tx, tx.chain_id, way) if way else tx


def require_answered(ceremonies: Sequence[Ceremony], signer: AnsweredSigner) -> None:
    """Refuse an answer from a machine without a network that is not an owner's, lacks a step, or signs anything else.

    All is looked at before the first signature is kept. What was confirmed there, was confirmed over the same hashes.
    """
    for ceremony in ceremonies:
        if way_of(ceremony, signer.address):
            hint = "sign here, or let the owner Safe approve the hash on chain"
            raise Refused(f"{signer.address} is no owner itself, and a bundle is only for owners", hint=hint)
        for step in ceremony.steps:
            signer.sign(step.safe_tx)
    signer.require_used_up()


def sign(ceremony: Ceremony, signer: Signer, workspace: Workspace, way: tuple[Level, ...] = ()) -> Sequence[Ballot]:
    """Sign every step of the ceremony, through the owner Safes of `way`, and put the signatures beside the proposal."""
    way_of(ceremony, signer.address, [level.safe for level in way])
    mailbox = workspace.mailbox(ceremony.locked.plan.proposal)
    ballots = []
    for step in ceremony.steps:
        ballot = _signed(ceremony.locked.plan, step.safe_tx, signer, way)
        mailbox.add(ballot)
        ballots.append(ballot)
    return ballots


def _signed(plan: Plan, tx: SafeTx, signer: Signer, way: tuple[Level, ...]) -> Ballot:
    asked = asked_in(tx, way)
    return Ballot(
        proposal=plan.proposal,
        network=plan.network,
        chain_id=tx.chain_id,
        safe=tx.safe,
        nonce=tx.nonce,
        safe_tx_hash=tx.hash,
        signer=signer.address,
        signature=vouched(asked.hash, signer.sign(asked), signer.address),
        through=way,
        message_hash=tx.message_hash if way else None,
    )
