"""A guardian's hold: for a time, what waits in the timelock shall not be executed, and everybody sees who wants that and why.

Rule 1: round k of an operation is the time from its eta + (k - 1) lengths to its eta + k lengths. Nobody claims a time.
Rule 2: round k holds when k different guardians signed for it, and every round before it was held too. So one guardian alone
gains one length and no more, and all together as many as there are guardians.
Rule 3: a hold is signed over operation, eta, round and reason, so that it dies with a cancel and a new schedule.
It binds whoever asks here, not the chain: what must not happen is cancelled.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from governance.core.domain import DOMAIN_MEMBERS, document, separator
from governance.core.errors import Finding, Rejected
from governance.core.keccak import keccak
from governance.core.signable import members, preimage
from governance.core.signature import SignatureKind, recover, require_signer
from governance.core.units import Address, Bytes32, Duration, Moment, shown, to_hex

MAX_REASON = 500
"""Characters."""
HOLD_TYPEHASH = keccak(b"Hold(bytes32 operation,uint64 eta,uint64 round,string reason)")
FIELDS = ("bytes32 operation", "uint64 eta", "uint64 round", "string reason")
_UINT64 = 1 << 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a hold is about: an operation as it was scheduled once, in one timelock on one chain."""

    chain_id: int
    timelock: Address
    operation: Bytes32
    """Its id in the timelock."""
    eta: Moment
    """The timelock's timestamp of it, from which it can be executed: another one after a cancel and a new schedule."""

    def __post_init__(self) -> None:
        if not 0 < self.chain_id < 1 << 256:
            raise Rejected("a hold needs the id of its chain")
        # 0 says that nothing is scheduled, and 1 that it was executed (OpenZeppelin's TimelockController).
        if not 1 < self.eta.seconds < _UINT64:
            raise Rejected("only an operation that is scheduled can be held")

    def window(self, number: int, length: Duration) -> tuple[Moment, Moment]:
        """When a round begins and ends; the end is no longer part of it."""
        begins = self.eta + Duration((number - 1) * length.seconds)
        return begins, begins + length


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTerms:
    """What a guardian signs, as plain values; every one of them is part of the hash."""

    held: Held
    round: int
    """From 1."""
    reason: str

    def __post_init__(self) -> None:
        if not 0 < self.round < _UINT64:
            raise Rejected("the rounds of a hold count from 1")
        if not self.reason.strip() or len(self.reason) > MAX_REASON or not self.reason.isprintable():
            raise Rejected(
                f"a hold has a reason: one printable line of at most {MAX_REASON} characters",
                hint="say in a sentence what must be looked at before this is executed",
            )

    @property
    def domain_hash(self) -> Bytes32:
        """The EIP-712 domain separator: `gov`, version 1, this timelock on this chain."""
        return separator(self.held.chain_id, self.held.timelock)

    @property
    def message_hash(self) -> Bytes32:
        """The EIP-712 hash of the struct, without the domain."""
        eta, number = (each.to_bytes(32, "big") for each in (self.held.eta.seconds, self.round))
        return Bytes32(keccak(HOLD_TYPEHASH + self.held.operation + eta + number + keccak(self.reason.encode())))

    @property
    def hash(self) -> Bytes32:
        """What the guardian signs."""
        return Bytes32(keccak(preimage(self)))

    def typed_data(self) -> dict[str, Any]:
        """See `governance.core.signable.Signable`."""
        return {
            "types": {"EIP712Domain": DOMAIN_MEMBERS, "Hold": members(*FIELDS)},
            "primaryType": "Hold",
            "domain": document(self.held.chain_id, self.held.timelock),
            "message": {
                "operation": to_hex(self.held.operation),
                "eta": str(self.held.eta.seconds),
                "round": str(self.round),
                "reason": self.reason,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """One guardian's hold. Raises Rejected when the signature is not the signer's."""

    proposal: str
    """Id, for people: the terms name the operation."""
    signer: Address
    """As claimed; equal to who is recovered."""
    terms: HoldTerms
    signature: bytes
    """65 bytes r ‖ s ‖ v, by EIP-712 or eth_sign."""

    def __post_init__(self) -> None:
        hint = "it was made with another key or over another hold: let the guardian sign again"
        require_signer(self.terms.hash, self.signature, self.signer, hint=hint)

    @property
    def kind(self) -> SignatureKind:
        """How it was signed."""
        return recover(self.terms.hash, self.signature)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Docket:
    """The holds that count for one operation, by round, and how long a round is."""

    held: Held
    length: Duration
    guardians: frozenset[Address]
    """The owners of the guardian's Safe, at the block that is looked at."""
    rounds: Mapping[int, Mapping[Address, Hold]]
    """Each guardian once in a round."""

    @property
    def last(self) -> int:
        """The last round that holds with every one before it; 0 when none does."""
        number = 0
        while len(self.rounds.get(number + 1, ())) > number:
            number += 1
        return number

    @property
    def ends(self) -> Moment:
        """Until when it shall not be executed: the eta itself when nobody holds it."""
        return self.held.eta + Duration(self.last * self.length.seconds)

    def open_round(self, now: Moment) -> int | None:
        """The round that one more guardian would sign for; None when none can be held any more: what is left is a cancel."""
        number = self.last + 1
        _, ends = self.held.window(number, self.length)
        return number if number <= len(self.guardians) and now < ends else None

    def lacking(self, number: int) -> int:
        """How many more guardians a round needs."""
        return max(0, number - len(self.rounds.get(number, ())))

    def told(self, now: Moment) -> tuple[str, ...]:
        """What there is to know of it, a sentence each: who holds it, or that a hold is over, and what the next round takes."""
        if not self.last:
            return ()
        if now >= self.ends:
            number = self.open_round(now)
            more = f"; round {number} needs {number} guardians" if number else ""
            return (f"the hold ended at {self.ends}, after round {self.last}{more}",)
        if now < self.held.eta:
            return (f"it will be held until {self.ends}: {self._reasons(self.last)}",)
        return tuple(finding.message for finding in self.findings(now))

    def _reasons(self, number: int) -> str:
        return "; ".join(dict.fromkeys(shown(hold.terms.reason) for _, hold in sorted(self.rounds[number].items())))

    def findings(self, now: Moment) -> tuple[Finding, ...]:
        """Who holds it now, and why, one finding for each guardian of the round; empty when it is not held."""
        if not self.last or now >= self.ends:
            return ()
        number = min(self.last, self.held.eta.until(now).seconds // self.length.seconds + 1)
        hint = "wait until the hold ends, or cancel what must not happen: gov cancel"
        return tuple(
            Finding(
                rule="held",
                message=f"{signer} holds it in round {number}, until {self.ends}: {shown(hold.terms.reason)}",
                hint=hint,
            )
            for signer, hold in sorted(self.rounds[number].items())
        )


def docket(holds: Iterable[Hold], held: Held, *, length: Duration, guardians: Collection[Address]) -> Docket:
    """What counts of the holds that were found. Raises Rejected for rounds without a length."""
    if not length.seconds:
        raise Rejected("a hold lasts for a time", hint="give the rule's `hold` a length, or leave it out")
    rounds: dict[int, dict[Address, Hold]] = {}
    # By hash, so that of one guardian's two reasons everybody is shown the same.
    for each in sorted(holds, key=lambda hold: hold.terms.hash):
        if each.terms.held == held and each.signer in guardians:
            rounds.setdefault(each.terms.round, {}).setdefault(each.signer, each)
    return Docket(held=held, length=length, guardians=frozenset(guardians), rounds=rounds)
