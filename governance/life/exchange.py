"""`gov signatures --pull` and `--push`: signatures by way of a server, for members who sign in the Safe's web interface.

Procedure of a pull, for each step that may still be signed:
1. Everything that the server holds at the step's nonce is asked for, and each hash computed again.
2. A signature over the step's own hash is recovered, and kept as if it had come by git. Whose it is said to be counts for
   nothing.
3. Another transaction at the same nonce is told: whoever signs that one signs against this one.

A push gives the server the signatures that count here and that it does not have.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from governance.core.ballot import Ballot
from governance.core.errors import Finding, Refused, Rejected
from governance.core.plan import Step
from governance.core.safeservice import Confirmation, ServiceTransaction
from governance.core.signature import RECOVERABLE, Signature, SignatureKind, read_signature
from governance.core.units import Address, Bytes32, to_hex
from governance.life.sign import SIGNABLE
from governance.life.site import Workspace
from governance.life.watch import Sighting, StepSighting
from governance.ports import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """What came of it on one network."""

    network: str
    moved: tuple[Address, ...]
    """Whose signatures were new on this side, or on the server's."""
    findings: tuple[Finding, ...]


def pull(sighting: Sighting, workspace: Workspace, exchange: Exchange) -> Exchanged:
    """Take over signatures of owners. Raises Unreachable, Refused or Rejected when the server does not answer as one."""
    mailbox, moved, findings = workspace.mailbox(sighting.proposal), list[Address](), list[Finding]()
    for seen in _open(sighting):
        there = exchange.at_nonce(seen.step.safe_tx)
        findings += _others(seen.step, there)
        have = {ballot.signer for ballot in mailbox.all() if ballot.signed_hash == seen.step.safe_tx.hash}
        for confirmation in _confirmations(seen.step, there):
            try:
                signature = _signature(confirmation, seen.step.safe_tx.hash, sighting.safe.owners)
            except Rejected as error:
                findings.append(Finding(rule="service-signature", message=error.message, hint=error.hint()))
                continue
            if signature is not None and signature.owner not in have:
                mailbox.add(_ballot(sighting, seen.step, signature))
                moved.append(signature.owner)
    return Exchanged(network=sighting.network, moved=tuple(moved), findings=tuple(findings))


def push(sighting: Sighting, exchange: Exchange) -> Exchanged:
    """Give the server what counts here. Raises Refused when nobody has signed, or the server does not want it."""
    moved, findings = list[Address](), list[Finding]()
    for seen in _open(sighting):
        tx = seen.step.safe_tx
        there = exchange.at_nonce(tx)
        findings += _others(seen.step, there)
        theirs = {confirmation.claimed for confirmation in _confirmations(seen.step, there)}
        ours = [each for each in seen.quorum.signatures if each.kind is not SignatureKind.APPROVED_HASH]
        if not any(_is(each, seen.step) for each in there):
            if not ours:
                hint = "sign first: the service takes a transaction only from an owner"
                raise Refused(f"nobody has signed {sighting.proposal} on {sighting.network} yet", hint=hint)
            first, *ours = ours
            exchange.propose(tx, first)
            moved.append(first.owner)
        for signature in ours:
            if signature.owner not in theirs:
                exchange.confirm(tx, signature)
                moved.append(signature.owner)
    return Exchanged(network=sighting.network, moved=tuple(moved), findings=tuple(findings))


def _open(sighting: Sighting) -> Sequence[StepSighting]:
    if sighting.locked is None:
        hint = f"run gov lock {sighting.proposal} first"
        raise Refused(f"{sighting.proposal} is not locked on {sighting.network}", hint=hint)
    return [seen for seen in sighting.steps if seen.stage in SIGNABLE]


def _is(each: ServiceTransaction, step: Step) -> bool:
    return each.on(step.safe_tx.chain_id) == step.safe_tx


def _confirmations(step: Step, there: Sequence[ServiceTransaction]) -> list[Confirmation]:
    return [confirmation for each in there if _is(each, step) for confirmation in each.confirmations]


def _others(step: Step, there: Sequence[ServiceTransaction]) -> list[Finding]:
    """Other transactions at the nonce, and ones whose hash is not what the server says."""
    found = []
    for each in there:
        tx = each.on(step.safe_tx.chain_id)
        if each.published not in {None, tx.hash}:
            message = (
                f"the service says {to_hex(each.published or b'')} of a transaction whose hash is {to_hex(tx.hash)}"
            )
            found.append(Finding(rule="service-hash", message=message, hint="do not trust this service"))
        elif tx != step.safe_tx:
            message = f"the service holds another transaction at nonce {tx.nonce}: {to_hex(tx.hash)} to {tx.to}"
            hint = "only one of the two can be executed: find out who proposed it before anybody signs"
            found.append(Finding(rule="service-other-transaction", message=message, hint=hint))
    return found


def _signature(confirmation: Confirmation, safe_tx_hash: Bytes32, owners: Sequence[Address]) -> Signature | None:
    """None where there are no bytes: an approval on chain is read there. Raises Rejected on what does not hold."""
    if confirmation.signature is None:
        return None
    signature = read_signature(safe_tx_hash, confirmation.signature)
    if signature.kind is SignatureKind.APPROVED_HASH:
        return None
    hint = "do not trust this service"
    if signature.kind in RECOVERABLE and signature.owner != confirmation.claimed:
        raise Rejected(f"a signature said to be {confirmation.claimed}'s is {signature.owner}'s", hint=hint)
    if signature.owner not in owners:
        raise Rejected(
            f"{signature.owner} signed there, but is no owner of the Safe at this block", hint="it is left there"
        )
    return signature


def _ballot(sighting: Sighting, step: Step, signature: Signature) -> Ballot:
    tx = step.safe_tx
    return Ballot(
        proposal=sighting.proposal,
        network=sighting.network,
        chain_id=tx.chain_id,
        safe=tx.safe,
        nonce=tx.nonce,
        safe_tx_hash=tx.hash,
        signer=signature.owner,
        signature=signature.data,
        by_contract=signature.kind is SignatureKind.CONTRACT,
    )
