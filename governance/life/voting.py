"""Counting the signatures over one Safe transaction at one block, through the Safes that own the Safe, down to the keys.

Procedure, for each Safe from the keys upwards:
1. The Safes among its owners are asked first: whoever has a quorum inside gives a contract signature.
2. The signatures of its own people are added.
3. Every contract's signature is shown to that contract, as the Safe would do.
4. What counts is counted (`core/quorum.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from governance.core.ballot import Ballot
from governance.core.errors import Finding
from governance.core.facts import Head, SafeFacts
from governance.core.quorum import count
from governance.core.safemessage import MAX_LEVELS, Level
from governance.core.signable import Hashed
from governance.core.signature import Signature, SignatureKind
from governance.core.units import Address
from governance.core.voting import Voting, message_to
from governance.life.accounts import accounts_of
from governance.life.site import Site
from governance.ports import Safe


@dataclass(frozen=True, slots=True, kw_only=True)
class Electorate:
    """A Safe and every Safe that has a say in it, as of one block."""

    safe: SafeFacts
    safes: dict[Address, SafeFacts]
    """The owners, and their owners, that are Safes."""
    head: Head


def electorate(site: Site, safe: SafeFacts, head: Head) -> Electorate:
    """An owner with code that is no known Safe is a contract like any other."""
    known = {safe.address: safe}
    looked = accounts_of(site, known, head, members=lambda each: each.owners, known=known)
    safes = {facts.address: facts.safe for facts in looked.values() if facts.safe is not None}
    return Electorate(safe=safe, safes={each: safes[each] for each in safes if each not in known}, head=head)


def vote(site: Site, port: Safe, people: Electorate, what: Hashed, ballots: Sequence[Ballot]) -> Voting:
    """The whole tree. `ballots` are all that were given for this transaction; `port` is the Safe that acts."""
    voting = _vote(site, port, people, people.safe, what, ballots, ())
    known = {each.path for each in voting.everywhere()}
    strays = [ballot for ballot in ballots if ballot.through not in known]
    return _with(voting, strays) if strays else voting


def _vote(
    site: Site,
    port: Safe,
    people: Electorate,
    safe: SafeFacts,
    what: Hashed,
    ballots: Sequence[Ballot],
    path: tuple[Level, ...],
) -> Voting:
    inside = []
    passed = {people.safe.address, *(level.safe for level in path)}
    for owner in safe.owners if len(path) < MAX_LEVELS else ():
        if owner in people.safes and owner not in passed:
            level, message = message_to(owner, what, safe, site.network.chain_id)
            facts = people.safes[owner]
            inside.append(_vote(site, site.safes(owner), people, facts, message, ballots, (*path, level)))
    signatures = [ballot.as_signature() for ballot in ballots if ballot.through == path]
    signatures += [
        Signature(owner=each.safe.address, kind=SignatureKind.CONTRACT, data=each.quorum.blob())
        for each in inside
        if each.quorum.met
    ]
    asked = [each for each in signatures if each.kind is SignatureKind.CONTRACT and each.owner in safe.owners]
    answers = port.accepted(what, safe.version, asked, people.head) if asked else []
    quorum = count(
        what.hash,
        signatures,
        owners=safe.owners,
        threshold=safe.threshold,
        approved=port.approved(what.hash, safe.owners, people.head),
        contracts=frozenset(each for each, yes in zip(asked, answers, strict=True) if yes),
    )
    return Voting(safe=safe, what=what, path=path, quorum=quorum, inside=tuple(inside))


def _with(voting: Voting, strays: Sequence[Ballot]) -> Voting:
    """With a finding for each signature that was given through Safes which do not lead here."""
    findings = []
    for ballot in strays:
        through = ", then ".join(level.safe for level in ballot.through)
        message = f"{ballot.signer} signed through {through}, which is no way into the Safe {voting.safe.address}"
        hint = (
            "a Safe on the way is no owner at this block, or asks in another way since its version changed: sign anew"
        )
        findings.append(Finding(rule="signature-through", message=message, hint=hint))
    quorum = voting.quorum
    return replace(voting, quorum=replace(quorum, refused=(*quorum.refused, *findings)))
