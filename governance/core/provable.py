"""What was read of those who govern, as words of storage and code hashes that a proof can be held against.

Of a list it is proven that nobody is missing: each member's entry names the next, the last one the end. The layouts are
those of OpenZeppelin's TimelockController, of Safe 1.3.0 to 1.5.0 and of our PolicyAnchor. What only logs or calls tell
is no claim here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from governance.core.access import CANCELLER, EXECUTOR, PROPOSER
from governance.core.errors import Finding
from governance.core.facts import OperationFacts, SafeFacts, TimelockFacts
from governance.core.network import Network
from governance.core.safelayout import FALLBACK_SLOT, GUARD_SLOT, SENTINEL, SINGLETON_SLOT
from governance.core.slots import (
    SAFE_MODULES,
    SAFE_NONCE,
    SAFE_OWNERS,
    TIMELOCK_DELAY,
    TIMELOCK_ROLES,
    approval_slot,
    mapped,
    role_slot,
    timestamp_slot,
    word_at,
)
from governance.core.stateproof import Proven, Question
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, address_bytes, to_hex

SAFE_OWNER_COUNT, SAFE_THRESHOLD = 3, 4
ANCHOR_DIGEST = 0
"""Slot of `digest` in PolicyAnchor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that somebody read, and where a proof has it."""

    account: Address
    slot: int | None
    """None for the hash of the account's code."""
    what: str
    """In words, e.g. `its threshold`."""
    said: Bytes32


def safe_claims(safe: SafeFacts) -> Iterator[Claim]:
    """All that decides who may act as a Safe."""
    at = safe.address
    yield code_claim(at, safe.proxy_code_hash)
    yield code_claim(safe.singleton, safe.singleton_code_hash)
    words = (
        (SINGLETON_SLOT, "its singleton", account_word(safe.singleton)),
        (SAFE_OWNER_COUNT, "the number of its owners", word_at(len(safe.owners))),
        (SAFE_THRESHOLD, "its threshold", word_at(safe.threshold)),
        (SAFE_NONCE, "its nonce", word_at(safe.nonce)),
        (GUARD_SLOT, "its guard", account_word(safe.guard)),
        (FALLBACK_SLOT, "its fallback handler", account_word(safe.fallback_handler)),
    )
    yield from (Claim(account=at, slot=slot, what=what, said=said) for slot, what, said in words)
    for members, slot, kind in ((safe.owners, SAFE_OWNERS, "owner"), (safe.modules, SAFE_MODULES, "module")):
        for one, following in pairwise((SENTINEL, *members, SENTINEL)):
            where = "the first" if one == SENTINEL else f"the one after {one}"
            what = f"its {kind}s, {where}"
            yield Claim(account=at, slot=mapped(account_word(one), slot), what=what, said=account_word(following))


def approval_claims(safe: Address, safe_tx_hash: Bytes32, owners: Sequence[Address]) -> Iterator[Claim]:
    """Owners who have approved a hash on chain, and are counted for it."""
    for owner in owners:
        slot = int.from_bytes(approval_slot(owner, safe_tx_hash))
        yield Claim(account=safe, slot=slot, what=f"that {owner} approved {to_hex(safe_tx_hash)}", said=word_at(1))


def timelock_claims(timelock: TimelockFacts, operations: Sequence[OperationFacts], place: Network) -> Iterator[Claim]:
    """Its delay, who may do what, and from when each operation may be executed."""
    at = timelock.address
    yield code_claim(at, timelock.code_hash)
    delay = word_at(timelock.min_delay.seconds)
    yield Claim(account=at, slot=TIMELOCK_DELAY, what="its minimum delay", said=delay)
    roles = (
        (PROPOSER, place.council, "that the council may propose", timelock.council_may_propose),
        (CANCELLER, place.council, "that the council may cancel", timelock.council_may_cancel),
        (CANCELLER, place.guardian, "that the guardian may cancel", timelock.guardian_may_cancel),
        (EXECUTOR, ZERO_ADDRESS, "that anyone may execute", timelock.open_executor),
    )
    for role, holder, what, held in roles:
        slot = int.from_bytes(role_slot(TIMELOCK_ROLES, role, holder))
        yield Claim(account=at, slot=slot, what=what, said=word_at(int(held)))
    for each in operations:
        slot = int.from_bytes(timestamp_slot(each.id))
        yield Claim(
            account=at, slot=slot, what=f"the timestamp of operation {to_hex(each.id)}", said=word_at(each.timestamp)
        )


def anchor_claim(anchor: Address, digest: Bytes32) -> Claim:
    """The policy in force."""
    return Claim(account=anchor, slot=ANCHOR_DIGEST, what="the digest of the policy in force", said=digest)


def code_claim(account: Address, code_hash: Bytes32) -> Claim:
    """Which code an account runs."""
    return Claim(account=account, slot=None, what="the hash of its code", said=code_hash)


def questions(claims: Sequence[Claim]) -> list[Question]:
    """What has to be proven: one question for each account."""
    asked: dict[Address, dict[int, None]] = {}
    for claim in claims:
        slots = asked.setdefault(claim.account, {})
        if claim.slot is not None:
            slots[claim.slot] = None
    return [Question(account=account, slots=tuple(slots)) for account, slots in asked.items()]


def disproven(claims: Sequence[Claim], proven: Sequence[Proven]) -> tuple[Finding, ...]:
    """Every claim that the block does not bear out, with both values. Raises KeyError on one that is not proven."""
    held = {each.account: each for each in proven}
    findings = []
    for claim in claims:
        account = held[claim.account]
        found = account.code_hash if claim.slot is None else account.words[claim.slot]
        if found != claim.said:
            message = f"{claim.account}: {claim.what} was read as {_short(claim.said)}; proven is {_short(found)}"
            hint = "an endpoint lies, or this contract keeps its words elsewhere than known builds do"
            findings.append(Finding(rule="read-disproven", message=message, hint=hint))
    return tuple(dict.fromkeys(findings))


def account_word(account: Address) -> Bytes32:
    """An account as a word of storage."""
    return Bytes32(bytes(12) + address_bytes(account))


def _short(word: Bytes32) -> str:
    """Small numbers as such, accounts and hashes in full."""
    return str(int.from_bytes(word)) if not any(word[:24]) else to_hex(word)
