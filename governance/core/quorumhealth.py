"""Can a Safe still decide, and do as many people decide as its numbers say? Asked of facts of one block, for `gov doctor`.

A failed check is a fault of the quorum; what only ought to be known is a note, which is `ok`. Two addresses in the hands of
one person are two people here: nothing on chain tells. But one key that speaks on several ways is found.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from governance.core.check import Check
from governance.core.facts import AccountFacts, SafeFacts
from governance.core.units import ZERO_ADDRESS, Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Electors:
    """One Safe and all that stands behind its owners."""

    duty: str
    """`council` or `guardian`."""
    safe: SafeFacts
    accounts: Mapping[Address, AccountFacts]
    """Of every owner, and of the owners of those that are Safes."""
    names: Mapping[Address, str]
    """What the policy calls an address, as a sentence names it."""

    def told(self, accounts: Collection[Address]) -> str:
        """Addresses with what they are called."""
        return ", ".join(f"{self.names[each]} ({each})" if each in self.names else each for each in accounts)

    @property
    def inner(self) -> tuple[SafeFacts, ...]:
        """The Safes among its owners, and among theirs."""
        return tuple(each.safe for each in self._behind() if each.safe is not None)

    @property
    def lent(self) -> tuple[AccountFacts, ...]:
        """Keys whose accounts run somebody's code (EIP-7702)."""
        return tuple(each for each in self._behind() if each.delegate is not None)

    @property
    def contracts(self) -> tuple[Address, ...]:
        """Owners with code that is no known Safe's."""
        return tuple(each.address for each in self._behind() if each.has_code and each.safe is None)

    def _behind(self) -> list[AccountFacts]:
        """Every account that has a say, once."""
        found = dict.fromkeys(each for _, each in self.voices())
        return [self.accounts[each] for each in found if each in self.accounts]

    def voices(self) -> list[tuple[tuple[Address, ...], Address]]:
        """Every way in which somebody speaks: the owner Safes passed through, and the account."""
        return list(self._voices(self.safe, ()))

    def _voices(self, safe: SafeFacts, path: tuple[Address, ...]) -> Iterator[tuple[tuple[Address, ...], Address]]:
        for owner in safe.owners:
            yield path, owner
            facts = self.accounts.get(owner)
            if facts is not None and facts.safe is not None and owner not in {*path, self.safe.address}:
                yield from self._voices(facts.safe, (*path, owner))


def quorum_checks(electors: Electors) -> Iterator[Check]:
    """Everything about one Safe."""
    safe, duty = electors.safe, electors.duty
    answer = f"{safe.version}, {safe.threshold} of {len(safe.owners)}, nonce {safe.nonce}"
    yield Check(question=f"the {duty} is a known Safe", ok=True, answer=answer)
    yield _asked(
        f"the {duty}'s threshold is at least half of its owners",
        [] if 2 * safe.threshold >= len(safe.owners) else [answer],
        good=answer,
        hint="raise the threshold",
    )
    yield _asked(
        f"the {duty} survives the loss of one key",
        [] if safe.threshold < len(safe.owners) else [answer],
        good=answer,
        hint="one lost key would lock the Safe for ever: add an owner",
    )
    yield _asked(
        f"the {duty} has no module that moves it without signatures",
        safe.modules,
        hint="a module may execute anything without signatures",
    )
    yield from _owners(electors)


def _asked(question: str, wrong: Collection[str], *, good: str = "none", hint: str) -> Check:
    return Check(question=question, ok=not wrong, answer=", ".join(wrong) or good, hint=hint if wrong else "")


def _owners(electors: Electors) -> Iterator[Check]:
    duty = electors.duty
    yield _asked(
        f"no key of the {duty} lends itself to code",
        [f"{electors.told([each.address])} runs the code of {each.delegate}" for each in electors.lent],
        hint="a Safe asks such an owner's code whether it signed: take the delegation back, or swap the owner",
    )
    yield _asked(
        f"nobody speaks twice in the {duty}",
        [f"{electors.told([each])} on {ways} ways" for each, ways in _twice(electors)],
        hint="one stolen key is then several signatures: let an owner be an owner once, himself or by a Safe",
    )
    yield _asked(
        f"no owner Safe of the {duty} is moved without signatures",
        [f"{safe.address} by {module}" for safe in electors.inner for module in safe.modules],
        hint="a module may agree in that owner's name",
    )
    yield from _notes(electors)


def _twice(electors: Electors) -> Iterator[tuple[Address, int]]:
    """Accounts with several ways in. An owner Safe that is there twice is one itself, its people are not told again."""
    ways: dict[Address, set[tuple[Address, ...]]] = {}
    for path, account in electors.voices():
        ways.setdefault(account, set()).add(path)
    repeated = {account for account, found in ways.items() if len(found) > 1}
    for account, found in ways.items():
        apart = {path for path in found if not repeated.intersection(path)}
        if account in repeated and apart:
            yield account, len(found)


def _notes(electors: Electors) -> Iterator[Check]:
    """What ought to be known, and is no fault by itself."""
    duty, safe = electors.duty, electors.safe
    if electors.inner:
        answer = ", ".join(
            f"{each.address}: {each.version}, {each.threshold} of {len(each.owners)}" for each in electors.inner
        )
        yield Check(question=f"owners of the {duty} that are Safes", ok=True, answer=answer)
    weak = [each.address for each in electors.inner if 2 * each.threshold < len(each.owners)]
    if weak:
        hint = "a minority of its owners speaks for such a Safe"
        yield Check(
            question=f"owner Safes of the {duty} with a low threshold", ok=True, answer=", ".join(weak), hint=hint
        )
    if electors.contracts:
        hint = "ask who moves each of them: nothing here vouches for it"
        answer = electors.told(electors.contracts)
        yield Check(question=f"owners of the {duty} that are other contracts", ok=True, answer=answer, hint=hint)
    if safe.guard != ZERO_ADDRESS:
        hint = "a guard may refuse every transaction, its own removal among them: read its code"
        yield Check(question=f"the {duty}'s guard", ok=True, answer=safe.guard, hint=hint)


def apart_check(council: Electors, guardian: Electors) -> Check:
    """Whether the guardian can stop the council against everybody who sits in both, himself or behind an owner Safe."""
    sits = {account for _, account in council.voices()}
    behind = {(path or (account,))[0] for path, account in guardian.voices() if account in sits}
    shared = [owner for owner in guardian.safe.owners if owner in behind]
    spare = len(guardian.safe.owners) - len(shared)
    ok = spare >= guardian.safe.threshold
    told = f"{guardian.told(shared)} in both" if shared else "nobody sits in both"
    return Check(
        question="the guardian can stop the council without anybody who sits in both",
        ok=ok,
        answer=told,
        hint=""
        if ok
        else "who is robbed of an upgrade is then robbed of the stop as well: give the guardian other owners",
    )


def unheard(electors: Electors, signed: Collection[Address]) -> Iterator[Check]:
    """Owners of whom no signature is known; nothing is said where nobody's is."""
    silent = [owner for owner in electors.safe.owners if owner not in signed]
    if silent and len(silent) < len(electors.safe.owners):
        hint = "let them sign something harmless: a key that is lost is noticed when it is needed"
        question = f"owners of the {electors.duty} of whom no signature is known here"
        yield Check(question=question, ok=True, answer=electors.told(silent), hint=hint)
