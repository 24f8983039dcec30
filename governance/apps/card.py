"""The signer card: what somebody reads before signing, decoded from the very values that are hashed.

At most 25 rows for one transaction on a screen of 80 columns or more. What is long is cut, and says so; the first row,
the hashes and the verdicts never are. Through each owner Safe on the way come its own hashes.
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from governance.apps.names import introductions
from governance.core.safemessage import Level, message_through
from governance.core.safetx import grouped
from governance.core.signable import Hashed
from governance.core.units import ZERO_WORD, Bytes32, to_hex
from governance.core.wording import Names, changes, named, signatures_in

if TYPE_CHECKING:
    from governance.core.plan import Step
    from governance.core.quorum import Quorum
    from governance.life.sign import Ceremony

ROWS = 25
"""Of one transaction that an owner signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One transaction, as it is shown to one signer."""

    ceremony: "Ceremony"
    step: "Step"
    number: int
    """Of the plan's steps, from 1."""
    quorum: "Quorum"
    way: tuple[Level, ...]
    """The owner Safes that the signer speaks through; empty for an owner."""

    @property
    def asked(self) -> Bytes32:
        """What the signer's key signs."""
        tx = self.step.safe_tx
        return message_through(tx, tx.chain_id, self.way).hash if self.way else tx.hash


def cards(ceremony: "Ceremony", way: tuple[Level, ...] = ()) -> tuple[Card, ...]:
    """One for each transaction that is to be signed."""
    made = ceremony.locked.plan.steps
    seen = {each.step.safe_tx.nonce: each for each in ceremony.sighting.steps}
    return tuple(
        Card(
            ceremony=ceremony,
            step=step,
            number=made.index(step) + 1,
            quorum=seen[step.safe_tx.nonce].quorum,
            way=way,
        )
        for step in ceremony.steps
    )


# ---- for people ------------------------------------------------------------------------------------------------------


def rows(card: Card, width: int, names: Names) -> list[str]:
    """The card of one transaction. Below 80 columns the rows stay as they are, and the terminal folds them."""
    width = max(width, 80)
    head, tail = _head(card, width, names), _tail(card, width)
    middle = [row for line in _middle(card, names) for row in _folded(line, width)]
    room = ROWS - len(head) - len(tail)
    if len(middle) > room:
        proposal = card.ceremony.locked.plan.proposal
        rest = len(middle) - room + 1
        middle = [*middle[: room - 1], f"    … and {rest} more lines: read them all with gov plan {proposal[:4]}"]
    return [*head, *middle, *tail, *_levels(card, names, width)]


def _head(card: Card, width: int, names: Names) -> list[str]:
    plan, tx, quorum = card.ceremony.locked.plan, card.step.safe_tx, card.quorum
    title = card.ceremony.locked.proposal.document.title
    signed = ", ".join(names.get(owner, owner) for owner in quorum.signed) or "nobody yet"
    return [
        _cut(f"{tx.operation.name}  {title}", width),
        f"  {plan.proposal} on {plan.network} (chain {tx.chain_id}), step {card.number} of {len(plan.steps)}",
        _cut(f"  Safe {named(tx.safe, names)}, nonce {tx.nonce}", width),
        _cut(f"  signed {len(quorum.signed)} of {quorum.threshold}: {signed}", width),
        _cut(f"  to   {named(tx.to, names)}, value {tx.value} wei", width),
    ]


def _middle(card: Card, names: Names) -> Iterator[str]:
    """What changes, what is called, and who is new: what may be long."""
    locked = card.ceremony.locked
    signatures = signatures_in(locked.proposal)
    facets = {pin.address: pin.reference for pin in locked.plan.pins.facets}
    yield from (f"  → {words}" for words in changes(locked.plan, signatures, {**facets, **names}))
    yield from introductions(locked.proposal)
    yield from (f"  · {call.summary}  on {named(call.to, names)}" for call in card.step.calls)


def _tail(card: Card, width: int) -> list[str]:
    locked, tx, operation = card.ceremony.locked, card.step.safe_tx, card.step.operation
    lines = []
    if operation is not None:
        earliest = card.ceremony.sighting.head.timestamp + operation.delay
        lines += [f"  waits {operation.delay}: not before {earliest}, were it queued now"]
    lines += [f"  {expiry(card)}"]
    if operation is not None:
        lines += [f"  operation id  {operation.id.hex()}"]
    lines += [
        f"  proposal      {locked.plan.digest.hex()}",
        _cut(f"  policy        rule {locked.plan.pins.rule} allows it", width),
        _cut(f"  {verdict(card.ceremony)}", width),
        *hash_rows("domain hash", tx.domain_hash, width),
        *hash_rows("message hash", tx.message_hash, width),
        *hash_rows("safe tx hash", tx.hash, width),
    ]
    return lines


def _levels(card: Card, names: Names, width: int) -> list[str]:
    """The hashes of each owner Safe that the signer speaks through; the last is what the signer's key signs."""
    tx, lines = card.step.safe_tx, []
    for end in range(1, len(card.way) + 1):
        message = message_through(tx, tx.chain_id, card.way[:end])
        lines += [
            _cut(f"  for the owner {named(message.safe, names)}, a Safe", width),
            *hash_rows("domain hash", message.domain_hash, width),
            *hash_rows("message hash", message.message_hash, width),
            *hash_rows("signed hash", message.hash, width),
        ]
    return lines


def expiry(card: Card) -> str:
    """Until when it may be signed, sent and executed."""
    plan, document = card.ceremony.locked.plan, card.ceremony.locked.proposal.document
    words = [] if document.not_after is None else [f"at {document.not_after}"]
    if plan.pins.grace is not None:
        words += [f"{plan.pins.grace} after it could be executed"]
    return (
        f"expires {' or '.join(words)}"
        if words
        else "never expires: a signature stays good until nonce and owners change"
    )


def verdict(ceremony: "Ceremony") -> str:
    """What the rehearsal of this moment says."""
    rehearsal = ceremony.rehearsal
    plan = ceremony.locked.plan
    if rehearsal is None and plan.lane == "guardian":
        return "not rehearsed: what only stops things waits for nothing"
    if rehearsal is None and plan.pins.predecessor != ZERO_WORD:
        return "not rehearsed yet: what comes after another proposal is, before it is executed"
    if rehearsal is None:
        return "NOT REHEARSED: nobody has played what this does"
    found = len(rehearsal.changes)
    return f"rehearsed on block {rehearsal.head.number}: every promise kept, {found} values change, none unannounced"


def hash_rows(name: str, word: Bytes32, width: int) -> list[str]:
    """A hash in groups of four digits, in two rows where one is too wide: as on a hardware wallet, never broken elsewhere."""
    whole = f"  {name:<12}  {grouped(word)}"
    if len(whole) <= width:
        return [whole]
    groups = grouped(word).split()
    return [f"  {name:<12}  {' '.join(groups[:8])}", f"  {'':<12}  {' '.join(groups[8:])}"]


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"


def _folded(line: str, width: int) -> Sequence[str]:
    return textwrap.wrap(line, width, subsequent_indent="      ", break_long_words=True, break_on_hyphens=False)


# ---- for tools -------------------------------------------------------------------------------------------------------


def card_document(card: Card) -> dict[str, Any]:
    """The same as JSON values; schema `governance/card/v1`."""
    locked, tx, operation = card.ceremony.locked, card.step.safe_tx, card.step.operation
    levels = [message_through(tx, tx.chain_id, card.way[:end]) for end in range(1, len(card.way) + 1)]
    earliest = None if operation is None else card.ceremony.sighting.head.timestamp + operation.delay
    return {
        "operation": tx.operation.name,
        "title": locked.proposal.document.title,
        "proposal": locked.plan.proposal,
        "network": locked.plan.network,
        "chain_id": tx.chain_id,
        "step": card.number,
        "steps": len(locked.plan.steps),
        "safe": tx.safe,
        "nonce": tx.nonce,
        "signed": sorted(card.quorum.signed),
        "threshold": card.quorum.threshold,
        "to": tx.to,
        "value": str(tx.value),
        "changes": [effect.words for effect in locked.plan.effects],
        "calls": [{"to": call.to, "summary": call.summary} for call in card.step.calls],
        "delay": None if operation is None else str(operation.delay),
        "earliest": None if earliest is None else str(earliest),
        "expiry": expiry(card),
        "operation_id": None if operation is None else to_hex(operation.id),
        "digest": to_hex(locked.plan.digest),
        "rule": locked.plan.pins.rule,
        "verdict": verdict(card.ceremony),
        "hashes": _hashes(tx),
        "through": [{"safe": each.safe, **_hashes(each)} for each in levels],
        "signs": to_hex(card.asked),
    }


def _hashes(what: Hashed) -> dict[str, str]:
    return {
        "domain_hash": to_hex(what.domain_hash),
        "message_hash": to_hex(what.message_hash),
        "hash": to_hex(what.hash),
    }
