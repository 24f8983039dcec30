"""Nothing is sent on the word of one node: the reads that decide are held against proofs of the block they were read at.

That is the Safe that speaks (threshold, nonce, owners, modules, guard, code), the timelock (delay, rights, each operation's
timestamp, code), the policy in force, and the code of the governed system and of everything that was pinned. Procedure:
1. What was read is read again by the same ports at the same block, or taken from the sighting.
2. Each word is proven against the state root of the block with that very hash.
3. Whatever differs is told, and all of it at once.
That the block itself is the chain's is not shown here: enough endpoints have to agree on its hash.
"""

from collections.abc import Iterator

from governance.core.errors import ChainContradicts, Finding
from governance.core.facts import OperationFacts
from governance.core.kinds import Lane
from governance.core.provable import (
    Claim,
    anchor_claim,
    approval_claims,
    code_claim,
    disproven,
    questions,
    safe_claims,
    timelock_claims,
)
from governance.core.signature import SignatureKind
from governance.core.units import code_hash
from governance.life.site import Site
from governance.life.watch import Sighting
from governance.ports import Prover


def require_proven(site: Site, prover: Prover | None, sighting: Sighting) -> None:
    """Raise ChainContradicts, with every difference, when a read that decides is not what the block holds.

    Without a prover nothing is asked: who has one endpoint believes it. Nor of the guardian's lane, which only stops things
    and must not wait for proofs: the Safe itself counts its signatures. Raises Unreachable when nobody gives proofs.
    """
    if prover is None or (sighting.locked is not None and sighting.locked.plan.lane is Lane.GUARDIAN):
        return
    findings = unproven(site, prover, sighting)
    if findings:
        raise ChainContradicts(
            f"what was read of {sighting.network} at block {sighting.head.number} is not what the block holds",
            hint="nothing was sent: find the endpoint that lies, and do without it",
            findings=findings,
        )


def unproven(site: Site, prover: Prover, sighting: Sighting) -> tuple[Finding, ...]:
    """Every read that decides and is not what the block holds, with both values."""
    claims = list(dict.fromkeys(claims_of(site, sighting)))
    proven = prover.proofs(questions(claims), sighting.head)
    return disproven(claims, proven)


def claims_of(site: Site, sighting: Sighting) -> Iterator[Claim]:
    """What was read, and decides, at the sighting's block."""
    head, network = sighting.head, site.network
    yield from safe_claims(sighting.safe)
    for seen in sighting.steps:
        signed = seen.quorum.signatures
        owners = [each.owner for each in signed if each.kind is SignatureKind.APPROVED_HASH]
        yield from approval_claims(sighting.safe.address, seen.step.safe_tx.hash, owners)
    yield from timelock_claims(site.timelock.look(head), _operations(sighting), network)
    yield anchor_claim(network.policy_anchor, site.anchor.digest(head))
    pins = None if sighting.locked is None else sighting.locked.plan.pins
    pinned = [] if pins is None else [*(f.address for f in pins.facets), *(c.address for c in pins.codes)]
    accounts = list(dict.fromkeys([network.target, network.policy_anchor, *pinned]))
    for account, code in zip(accounts, site.chain.codes(accounts, head), strict=True):
        yield code_claim(account, code_hash(code))


def _operations(sighting: Sighting) -> list[OperationFacts]:
    return [seen.operation for seen in sighting.steps if seen.operation is not None]
