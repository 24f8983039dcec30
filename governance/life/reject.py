"""`gov reject`: spending the nonce of something that was signed and is not to happen any more.

A rejection is the Safe's own empty transaction at the same nonce. It needs as many owners as what it rejects, is signed
like everything else, and lies among the signatures of the proposal that it is about. Once it is executed, everything
else at that nonce is dead.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from governance.core.ballot import Ballot
from governance.core.errors import ChainContradicts, Refused
from governance.core.facts import Head, Receipt, SafeFacts
from governance.core.journal import Entry
from governance.core.kinds import KINDS
from governance.core.kinds.base import Lane
from governance.core.live import rejection
from governance.core.safetx import SafeTx
from governance.core.units import to_hex
from governance.core.voting import Voting
from governance.life.live import live_hashes
from governance.life.sign import Witness, asked_in
from governance.life.site import Site, Workspace
from governance.life.voting import electorate, vote
from governance.ports import Sender, Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """One nonce of a Safe that is to be spent for nothing."""

    proposal: str
    network: str
    lane: Lane
    head: Head
    safe: SafeFacts
    tx: SafeTx
    voting: Voting
    """Who has signed it."""
    against: tuple[str, ...]
    """The hashes that it makes dead, as far as they are known here."""


def rejections(
    site: Site, workspace: Workspace, proposal_id: str, *, nonce: int | None = None, ledger: Iterable[Entry] = ()
) -> tuple[Rejection, ...]:
    """Of every abandoned hash that was signed for the proposal; or of one nonce of its Safe, whatever is there.

    Raises Refused when there is nothing to reject, or the nonce is spent.
    """
    lane = KINDS[workspace.proposal(proposal_id).document.kind].lane
    head, port = site.chain.head(), site.safe(lane)
    safe = port.look(head)
    lives = live_hashes(site, workspace, safe, ledger=ledger)
    nonces = sorted({live.nonce for live in lives if live.abandoned and proposal_id in live.proposals})
    if nonce is not None:
        nonces = [nonce]
    if not nonces:
        hint = "gov signatures --live lists what could still be executed; --nonce names one"
        raise Refused(f"nothing that was signed for {proposal_id} is abandoned on {site.network.name}", hint=hint)
    if nonces[0] < safe.nonce:
        raise Refused(f"nonce {nonces[0]} of {safe.address} is spent: everything that was signed at it is dead")
    people = electorate(site, safe, head)
    ballots = workspace.mailbox(proposal_id).all()
    made = []
    for each in nonces:
        tx = rejection(site.network.chain_id, safe.address, each)
        voting = vote(site, port, people, tx, [ballot for ballot in ballots if ballot.safe_tx_hash == tx.hash])
        against = tuple(to_hex(live.hash) for live in lives if live.nonce == each and not live.rejection)
        made.append(
            Rejection(
                proposal=proposal_id,
                network=site.network.name,
                lane=lane,
                head=head,
                safe=safe,
                tx=tx,
                voting=voting,
                against=against,
            )
        )
    return tuple(made)


def sign_rejection(site: Site, rejected: Rejection, signer: Signer, workspace: Workspace, witness: Witness) -> Ballot:
    """Sign it as an owner, or through the one owner Safe that the signer owns. Raises Refused for whoever is neither."""
    tx = rejected.tx
    others = {witness(tx, rejected.safe.version), site.safe(rejected.lane).hash_of(tx, rejected.head)}
    if others != {tx.hash}:
        raise ChainContradicts(f"our hash of the rejection is {to_hex(tx.hash)}, others say otherwise")
    ways = rejected.voting.paths_of(signer.address)
    if not ways:
        raise Refused(f"{signer.address} is no owner of {tx.safe}, nor of a Safe that owns it")
    way = ways[0]
    ballot = Ballot(
        proposal=rejected.proposal,
        network=rejected.network,
        chain_id=tx.chain_id,
        safe=tx.safe,
        nonce=tx.nonce,
        safe_tx_hash=tx.hash,
        signer=signer.address,
        signature=signer.sign(asked_in(tx, way)),
        through=way,
        message_hash=tx.message_hash if way else None,
    )
    workspace.mailbox(rejected.proposal).add(ballot)
    return ballot


def send_rejection(site: Site, rejected: Rejection, sender: Sender) -> Receipt:
    """Spend the nonce. Raises Refused when it is not its turn, or too few have signed."""
    tx, quorum = rejected.tx, rejected.voting.quorum
    if tx.nonce != rejected.safe.nonce:
        hint = "earlier nonces go first: execute or reject them"
        raise Refused(f"nonce {tx.nonce} is not next: the Safe is at {rejected.safe.nonce}", hint=hint)
    quorum.require()
    call = site.safe(rejected.lane).execution(tx, quorum.blob())
    receipt = sender.send(call, purpose=f"reject {rejected.network} {to_hex(tx.hash)}")
    after = site.safe(rejected.lane).look(site.chain.head()).nonce
    if after <= tx.nonce:
        raise ChainContradicts(f"{to_hex(receipt.tx_hash)} was mined, yet nonce {tx.nonce} is not spent")
    return receipt
