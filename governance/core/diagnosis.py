"""What a Safe says to the bytes of its signatures: `checkNSignatures` step for step, with a name for every mistake.

The Safe answers `GS026` to four different mistakes, and with nothing but the code to all. Here the first mistake that it
would meet is told, with the signature it is in. It reads bytes as the contract does, laxly: what stands behind the last
signature that is needed is not looked at.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from governance.core.errors import Finding, Rejected
from governance.core.safelayout import SENTINEL
from governance.core.signature import SIGNATURE_BYTES, recover
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, address_bytes, checksummed


@dataclass(frozen=True, slots=True, kw_only=True)
class Voters:
    """Who decides, as of one block."""

    owners: Collection[Address]
    threshold: int
    approved: Collection[Address]
    """Who has approved the hash on chain."""
    sender: Address
    """Who sends the transaction: agrees by that alone, where the signatures name it."""
    accepts: Callable[[Address, bytes], bool]
    """Whether a contract accepts these bytes as its signature (EIP-1271)."""


def mistake(signed_hash: Bytes32, blob: bytes, voters: Voters) -> Finding | None:
    """The first mistake that the Safe meets; None when it takes the signatures. The rule is told with the Safe's own code."""
    if len(blob) < voters.threshold * SIGNATURE_BYTES:
        message = f"{len(blob)} bytes are too few for {voters.threshold} signatures"
        return _finding("signatures-too-short", "GS020", message, "more owners must sign")
    last = ZERO_ADDRESS
    for index in range(voters.threshold):
        part = blob[index * SIGNATURE_BYTES : (index + 1) * SIGNATURE_BYTES]
        owner, wrong = _owner(signed_hash, part, blob, voters)
        wrong = wrong or _place(owner, last, voters)
        if wrong is not None:
            rule, code, message, hint = wrong
            return _finding(rule, code, f"signature {index + 1}: {message}", hint)
        last = owner
    return None


_Wrong = tuple[str, str, str, str]
"""Rule, the Safe's code, message, hint."""


def _finding(rule: str, code: str, message: str, hint: str) -> Finding:
    return Finding(rule=rule, message=f"{message} ({code})", hint=hint)


def _owner(signed_hash: Bytes32, part: bytes, blob: bytes, voters: Voters) -> tuple[Address, _Wrong | None]:
    """In whose name one signature is, and what the Safe finds wrong with it before it looks at the name."""
    named = checksummed(part[12:32])
    if part[64] == 0:
        return named, _contract(named, int.from_bytes(part[32:64], "big"), blob, voters)
    if part[64] == 1:
        if named == voters.sender or named in voters.approved:
            return named, None
        hint = "the owner sends approveHash, or signs"
        return named, ("signature-not-approved", "GS025", f"{named} has not approved the hash", hint)
    try:
        return recover(signed_hash, part)[0], None
    except Rejected as error:
        return ZERO_ADDRESS, ("signature-malformed", "GS026", error.message, error.hint())


def _contract(owner: Address, offset: int, blob: bytes, voters: Voters) -> _Wrong | None:
    hint = "the bytes were put together wrongly: combine them anew"
    if offset < voters.threshold * SIGNATURE_BYTES:
        return "contract-part-inside", "GS021", f"the bytes of {owner} begin among the signatures", hint
    start = offset + 32
    if start > len(blob):
        return "contract-part-outside", "GS022", f"the bytes of {owner} begin behind the end", hint
    end = start + int.from_bytes(blob[offset:start], "big")
    if end > len(blob):
        return "contract-part-cut", "GS023", f"the bytes of {owner} end behind the end", hint
    if not voters.accepts(owner, blob[start:end]):
        hint = "it is over another hash, or the contract cannot check signatures"
        return "signature-contract", "GS024", f"the contract {owner} does not accept the signature in its name", hint
    return None


def _place(owner: Address, last: Address, voters: Voters) -> _Wrong | None:
    """What is wrong with a name: nobody's, a stranger's, a second time, or in the wrong place. All is GS026."""
    if owner not in voters.owners or owner in {ZERO_ADDRESS, SENTINEL}:
        hint = "it is over another hash or nonce, by another key, or the owner has left"
        return "signature-non-owner", "GS026", f"it is {owner}'s, who is no owner", hint
    if owner == last:
        return "signature-duplicate", "GS026", f"{owner} signed twice", "one of each owner counts"
    if address_bytes(owner) < address_bytes(last):
        return "signature-order", "GS026", f"{owner} stands behind {last}", "owners stand in ascending order"
    return None
