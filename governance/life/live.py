"""Signed hashes of a Safe that could still be executed, from the signatures beside all proposals and from the ledger.

The ledger is the journal's memory of what was signed on this machine, so that a signature whose file has gone is not
forgotten. What others signed outside of this workspace nobody here can know.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from governance.core.errors import Finding, Refused
from governance.core.facts import SafeFacts
from governance.core.journal import Entry
from governance.core.kinds import Lane
from governance.core.live import Live, contested, rejection
from governance.core.lock import read_claim
from governance.core.units import Address, Bytes32, address, unsigned, word
from governance.life.site import Site, Workspace
from governance.life.watch import Sighting

SIGNED = "signed"
"""Kind of the ledger's notes that tell a signature."""
ASTRAY = "astray"
"""Kind of those that tell of a key that signed something else than it was asked to: at which nonce, nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vote:
    """That somebody signed something."""

    proposal: str
    nonce: int
    hash: Bytes32
    signer: Address


def live_hashes(site: Site, workspace: Workspace, safe: SafeFacts, *, ledger: Iterable[Entry] = ()) -> list[Live]:
    """By nonce, then hash. `safe` is as of the block that counts."""
    chain_id = site.network.chain_id
    given = [*_beside(workspace, safe, chain_id), *_remembered(ledger, safe, chain_id)]
    locked = set(_locked(site, workspace))
    found: dict[tuple[int, Bytes32], list[_Vote]] = {}
    for vote in given:
        if vote.nonce >= safe.nonce:
            found.setdefault((vote.nonce, vote.hash), []).append(vote)
    return [
        Live(
            safe=safe.address,
            nonce=nonce,
            hash=digest,
            proposals=tuple(sorted({vote.proposal for vote in votes})),
            signers=tuple(sorted({vote.signer for vote in votes})),
            current=digest in locked,
            rejection=digest == rejection(chain_id, safe.address, nonce).hash,
        )
        for (nonce, digest), votes in sorted(found.items())
    ]


def _beside(workspace: Workspace, safe: SafeFacts, chain_id: int) -> Iterator[_Vote]:
    for proposal in workspace.proposal_ids():
        for ballot in workspace.mailbox(proposal).all():
            # Whoever is no owner freezes nothing, nor does a contract's claim, which proves itself to nobody but the contract.
            owner = ballot.through[0].safe if ballot.through else ballot.signer
            mine = (ballot.chain_id, ballot.safe) == (chain_id, safe.address)
            if mine and owner in safe.owners and not ballot.by_contract:
                yield _Vote(proposal=proposal, nonce=ballot.nonce, hash=ballot.safe_tx_hash, signer=ballot.signer)


def _remembered(ledger: Iterable[Entry], safe: SafeFacts, chain_id: int) -> Iterator[_Vote]:
    for entry in ledger:
        if entry.kind == SIGNED and "safe_tx_hash" in entry.subject:
            told = entry.subject
            if (unsigned(told["chain_id"]), address(told["safe"])) == (chain_id, safe.address):
                yield _Vote(
                    proposal=entry.proposal,
                    nonce=unsigned(told["nonce"]),
                    hash=word(told["safe_tx_hash"]),
                    signer=address(told["signer"]),
                )


def _locked(site: Site, workspace: Workspace) -> Iterator[Bytes32]:
    """Hashes that a lock file stands for on this network."""
    for proposal in workspace.proposal_ids():
        entry = (workspace.lock(proposal) or {}).get("networks", {}).get(site.network.name)
        if entry is not None:
            yield from read_claim(entry, f"{proposal}.lock.json").hashes


def _astray(ledger: Iterable[Entry], sighting: Sighting, nonces: Collection[int]) -> Iterator[Finding]:
    """Whoever "failed" at one of these nonces is not asked again: what was signed instead may be just what is missing."""
    ours = (sighting.head.chain_id, sighting.safe.address)
    for entry in ledger:
        told = entry.subject
        if entry.kind == ASTRAY and (unsigned(told["chain_id"]), address(told["safe"])) == ours:
            nonce = unsigned(told["nonce"])
            if nonce in nonces:
                message = f"asked for nonce {nonce}, {told['signer']} signed something that nobody here has seen"
                hint = f"spend the nonce, from other machines: gov reject sign {sighting.proposal[:4]} --nonce {nonce}"
                yield Finding(rule="nonce-suspect", message=message, hint=hint)


def require_uncontested(site: Site, workspace: Workspace, sighting: Sighting, *, ledger: Iterable[Entry] = ()) -> None:
    """Refuse to sign or send while another signed hash stands against the proposal. The guardian, who only stops, may."""
    assert sighting.locked is not None
    if sighting.locked.plan.lane is Lane.GUARDIAN:
        return
    steps = [seen.step.safe_tx for seen in sighting.steps if seen.step.safe_tx.nonce >= sighting.safe.nonce]
    ledger = tuple(ledger)
    lives = live_hashes(site, workspace, sighting.safe, ledger=ledger)
    findings = contested(lives, proposal=sighting.proposal, steps=steps)
    findings += _astray(ledger, sighting, {step.nonce for step in steps})
    if findings:
        raise Refused(
            f"{sighting.proposal} is frozen on {sighting.network}: something else that was signed can still be executed",
            hint="a nonce is spent by its rejection; after that, lock and sign anew",
            findings=tuple(findings),
        )
