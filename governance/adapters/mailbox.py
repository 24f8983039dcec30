"""Signatures, approvals and holds as files beside the proposal: `0007-….signatures/`, `0007-….approvals/`, `0007-….holds/`.

What their entries say and how they are read; how the folders work is in `signerfiles.py`. Nothing here counts.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from governance.adapters.signerfiles import Form, SignerFolder
from governance.core.approval import RoleApproval, Terms
from governance.core.ballot import Ballot
from governance.core.errors import Rejected
from governance.core.hold import Held, Hold, HoldTerms
from governance.core.safemessage import Level
from governance.core.signature import SignatureKind
from governance.core.units import Address, Bytes32, Moment, address, hex_bytes, to_hex, unsigned, word


class FileMailbox(SignerFolder[Ballot]):
    """The signatures of one proposal; see `governance.ports.Mailbox`."""

    def __init__(self, folder: Path, proposal: str) -> None:
        super().__init__(folder, proposal, _BALLOTS)


class FileApprovals(SignerFolder[RoleApproval]):
    """The approvals of one proposal by members; see `governance.ports.Approvals`."""

    def __init__(self, folder: Path, proposal: str) -> None:
        super().__init__(folder, proposal, _APPROVALS)


class FileHolds(SignerFolder[Hold]):
    """The guardians' holds of one proposal's operations; a file that is removed is a hold that is taken back."""

    def __init__(self, folder: Path, proposal: str) -> None:
        super().__init__(folder, proposal, _HOLDS)


def _read_ballot(written: Mapping[str, str], proposal: str, signer: Address) -> Ballot:
    return Ballot(
        proposal=proposal,
        network=written["network"],
        chain_id=unsigned(written["chain_id"]),
        safe=address(written["safe"]),
        nonce=unsigned(written["nonce"]),
        safe_tx_hash=word(written["safe_tx_hash"]),
        signer=address(signer),
        signature=hex_bytes(written["signature"]),
        through=tuple(Level.parse(each) for each in written.get("through", "").split()),
        message_hash=word(written["message_hash"]) if "message_hash" in written else None,
        by_contract=written["kind"] == SignatureKind.CONTRACT,
    )


def _write_ballot(ballot: Ballot) -> dict[str, str]:
    return {
        "network": ballot.network,
        "chain_id": str(ballot.chain_id),
        "safe": ballot.safe,
        "nonce": str(ballot.nonce),
        "safe_tx_hash": to_hex(ballot.safe_tx_hash),
        "signature": to_hex(ballot.signature),
        **({} if ballot.message_hash is None else _path(ballot.through, ballot.message_hash)),
    }


def _path(through: Sequence[Level], message_hash: Bytes32) -> dict[str, str]:
    return {"through": " ".join(map(str, through)), "message_hash": to_hex(message_hash)}


_BALLOTS = Form(
    schema="governance/signatures/v1",
    word="signature",
    entry=frozenset({"network", "chain_id", "safe", "nonce", "safe_tx_hash", "signature", "kind"}),
    more=frozenset({"through", "message_hash"}),
    read=_read_ballot,
    write=_write_ballot,
    signed_hash=lambda ballot: ballot.signed_hash,
    order=lambda ballot: (ballot.signer.lower(), ballot.network, ballot.nonce, ballot.signed_hash),
)


def _read_approval(written: Mapping[str, str], proposal: str, signer: Address) -> RoleApproval:
    terms = Terms(
        chain_id=unsigned(written["chain_id"]),
        timelock=address(written["timelock"]),
        proposal_digest=word(written["proposal_digest"]),
        role=written["role"],
        network=written["network"],
        policy_digest=word(written["policy_digest"]),
        plan_basis=word(written["plan_basis"]),
        council=word(written["council"]),
        seen_at=_moment(written["seen_at"]),
        valid_until=_moment(written["valid_until"]),
    )
    if to_hex(terms.hash) != written["approval_hash"]:
        raise Rejected(
            f"these terms have the hash {to_hex(terms.hash)}", hint="an approval is not edited: approve anew"
        )
    return RoleApproval(
        proposal=proposal, signer=address(signer), terms=terms, signature=hex_bytes(written["signature"])
    )


def _moment(text: str) -> Moment:
    """A moment in the one way in which this tool writes it."""
    moment = Moment.parse(text)
    if str(moment) != text:
        raise Rejected(f"`{text}` is not written as a moment here", hint=f"write {moment}")
    return moment


def _write_approval(approval: RoleApproval) -> dict[str, str]:
    terms = approval.terms
    return {
        "network": terms.network,
        "role": terms.role,
        "chain_id": str(terms.chain_id),
        "timelock": terms.timelock,
        "proposal_digest": to_hex(terms.proposal_digest),
        "policy_digest": to_hex(terms.policy_digest),
        "plan_basis": to_hex(terms.plan_basis),
        "council": to_hex(terms.council),
        "seen_at": str(terms.seen_at),
        "valid_until": str(terms.valid_until),
        "approval_hash": to_hex(terms.hash),
        "signature": to_hex(approval.signature),
    }


_APPROVALS = Form(
    schema="governance/approvals/v1",
    word="approval",
    entry=frozenset(
        {
            *("network", "role", "chain_id", "timelock", "proposal_digest", "policy_digest", "plan_basis", "council"),
            *("seen_at", "valid_until", "approval_hash", "signature", "kind"),
        }
    ),
    read=_read_approval,
    write=_write_approval,
    signed_hash=lambda approval: approval.terms.hash,
    order=lambda each: (each.signer.lower(), each.terms.network, each.terms.role, each.terms.seen_at, each.terms.hash),
)


def _read_hold(written: Mapping[str, str], proposal: str, signer: Address) -> Hold:
    held = Held(
        chain_id=unsigned(written["chain_id"]),
        timelock=address(written["timelock"]),
        operation=word(written["operation"]),
        eta=_moment(written["eta"]),
    )
    terms = HoldTerms(held=held, round=unsigned(written["round"]), reason=written["reason"])
    if to_hex(terms.hash) != written["hold_hash"]:
        raise Rejected(f"these terms have the hash {to_hex(terms.hash)}", hint="a hold is not edited: sign anew")
    return Hold(proposal=proposal, signer=address(signer), terms=terms, signature=hex_bytes(written["signature"]))


def _write_hold(hold: Hold) -> dict[str, str]:
    terms, held = hold.terms, hold.terms.held
    return {
        "chain_id": str(held.chain_id),
        "timelock": held.timelock,
        "operation": to_hex(held.operation),
        "eta": str(held.eta),
        "round": str(terms.round),
        "reason": terms.reason,
        "hold_hash": to_hex(terms.hash),
        "signature": to_hex(hold.signature),
    }


_HOLDS = Form(
    schema="governance/holds/v1",
    word="hold",
    entry=frozenset({"chain_id", "timelock", "operation", "eta", "round", "reason", "hold_hash", "signature", "kind"}),
    read=_read_hold,
    write=_write_hold,
    signed_hash=lambda hold: hold.terms.hash,
    order=lambda hold: (hold.signer.lower(), hold.terms.held.eta, hold.terms.round, hold.terms.hash),
)
