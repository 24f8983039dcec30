"""What is wrong with a quorum, and what only ought to be known. Covers threat_31, threat_32 and threat_40."""

from dataclasses import replace

import pytest

from governance.core.check import Check
from governance.core.facts import AccountFacts, SafeFacts
from governance.core.quorumhealth import Electors, apart_check, quorum_checks, unheard
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, checksummed


def who(number: int) -> Address:
    return checksummed(bytes(19) + bytes((number,)))


COUNCIL, GUARDIAN, INNER, DEEPER, CODE = (who(0xC0 + i) for i in range(5))
A, B, C, D, E, F = (who(1 + i) for i in range(6))


def safe(address: Address, threshold: int, *owners: Address, **more: object) -> SafeFacts:
    made = SafeFacts(
        address=address,
        version="1.4.1",
        singleton=CODE,
        singleton_code_hash=ZERO_WORD,
        proxy_code_hash=ZERO_WORD,
        owners=owners,
        threshold=threshold,
        nonce=0,
        modules=(),
        guard=ZERO_ADDRESS,
        fallback_handler=ZERO_ADDRESS,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def electors(acting: SafeFacts, *inner: SafeFacts, duty: str = "council", lent: Address | None = None) -> Electors:
    accounts = {each.address: account(each.address, code=True, safe=each) for each in inner}
    for each in (owner for one in (acting, *inner) for owner in one.owners):
        accounts.setdefault(each, account(each, code=each == CODE, delegate=CODE if each == lent else None))
    return Electors(duty=duty, safe=acting, accounts=accounts, names={A: "the member `anna`"})


def account(
    address: Address, *, code: bool = False, safe: SafeFacts | None = None, delegate: Address | None = None
) -> AccountFacts:
    return AccountFacts(address=address, has_code=code, delegate=delegate, safe=safe)


def failed(checks: list[Check]) -> dict[str, str]:
    return {each.question: each.answer for each in checks if not each.ok}


def asked(acting: SafeFacts, *inner: SafeFacts, lent: Address | None = None) -> list[Check]:
    return list(quorum_checks(electors(acting, *inner, lent=lent)))


HALF = "the council's threshold is at least half of its owners"
LOSS = "the council survives the loss of one key"
MODULE = "the council has no module that moves it without signatures"
LENT = "no key of the council lends itself to code"
TWICE = "nobody speaks twice in the council"
MOVED = "no owner Safe of the council is moved without signatures"
NAMED = f"the member `anna` ({A})"

FACTS: dict[str, tuple[list[Check], dict[str, str]]] = {
    "three of five": (asked(safe(COUNCIL, 3, A, B, C, D, E)), {}),
    "half is enough": (asked(safe(COUNCIL, 2, A, B, C, D)), {}),
    "two of five": (asked(safe(COUNCIL, 2, A, B, C, D, E)), {HALF: "1.4.1, 2 of 5, nonce 0"}),
    "all of three": (asked(safe(COUNCIL, 3, A, B, C)), {LOSS: "1.4.1, 3 of 3, nonce 0"}),
    "a module": (asked(safe(COUNCIL, 2, A, B, C, modules=(CODE,))), {MODULE: CODE}),
    "a key that lends itself": (
        asked(safe(COUNCIL, 2, A, B, C), lent=A),
        {LENT: f"{NAMED} runs the code of {CODE}"},
    ),
    "a Safe among the owners": (asked(safe(COUNCIL, 2, INNER, B, C), safe(INNER, 2, A, D, E)), {}),
    "an owner who owns an owner Safe as well": (
        asked(safe(COUNCIL, 2, INNER, A, C), safe(INNER, 1, A, D)),
        {TWICE: f"{NAMED} on 2 ways"},
    ),
    "one who owns two owner Safes": (
        asked(safe(COUNCIL, 2, INNER, DEEPER, C), safe(INNER, 1, A, D), safe(DEEPER, 1, A, E)),
        {TWICE: f"{NAMED} on 2 ways"},
    ),
    "an owner Safe that owns another owner Safe: told once, its people not again": (
        asked(safe(COUNCIL, 2, INNER, DEEPER, C), safe(INNER, 1, DEEPER, D), safe(DEEPER, 1, A, E)),
        {TWICE: f"{DEEPER} on 2 ways"},
    ),
    "Safes that own one another": (
        asked(safe(COUNCIL, 2, INNER, B, C), safe(INNER, 1, DEEPER, D), safe(DEEPER, 1, INNER, E)),
        {TWICE: f"{INNER} on 2 ways"},
    ),
    "a module of an owner Safe": (
        asked(safe(COUNCIL, 2, INNER, B, C), safe(INNER, 2, A, D, E, modules=(CODE,))),
        {MOVED: f"{INNER} by {CODE}"},
    ),
    "a lent key behind an owner Safe": (
        asked(safe(COUNCIL, 2, INNER, B, C), safe(INNER, 2, A, D, E), lent=D),
        {LENT: f"{D} runs the code of {CODE}"},
    ),
}


@pytest.mark.parametrize("name", FACTS)
def test_what_is_wrong_with_a_quorum_is_told(name: str) -> None:
    """threat_31, threat_32, threat_40"""
    checks, wanted = FACTS[name]
    assert failed(checks) == wanted
    assert all(each.hint for each in checks if not each.ok)


def test_what_is_no_fault_is_told_all_the_same() -> None:
    """threat_39, threat_40"""
    checks = asked(safe(COUNCIL, 3, INNER, CODE, A, B, C, guard=E), safe(INNER, 1, D, E, F))
    assert failed(checks) == {}
    told = {each.question: (each.answer, bool(each.hint)) for each in checks[-4:]}
    assert told == {
        "owners of the council that are Safes": (f"{INNER}: 1.4.1, 1 of 3", False),
        "owner Safes of the council with a low threshold": (INNER, True),
        "owners of the council that are other contracts": (CODE, True),
        "the council's guard": (E, True),
    }


APART: dict[str, tuple[Electors, bool, str]] = {
    "nobody in both": (electors(safe(GUARDIAN, 2, D, E, F), duty="guardian"), True, "nobody sits in both"),
    "one, who can be done without": (
        electors(safe(GUARDIAN, 2, A, E, F), duty="guardian"),
        True,
        f"{NAMED} in both",
    ),
    "one too many": (electors(safe(GUARDIAN, 2, A, B, F), duty="guardian"), False, f"{NAMED}, {B} in both"),
    "one behind a Safe": (
        electors(safe(GUARDIAN, 2, INNER, F), safe(INNER, 1, A, E), duty="guardian"),
        False,
        f"{INNER} in both",
    ),
}


@pytest.mark.parametrize("name", APART)
def test_the_guardian_must_be_able_to_stop_without_who_sits_in_both(name: str) -> None:
    """threat_53"""
    guardian, ok, answer = APART[name]
    found = apart_check(electors(safe(COUNCIL, 2, A, B, C)), guardian)
    assert (found.ok, found.answer, bool(found.hint)) == (ok, answer, not ok)


@pytest.mark.parametrize(("signed", "silent"), [((), None), ((A,), f"{B}, {C}"), ((A, B, C), None), ((B, C), NAMED)])
def test_owners_who_were_never_heard_of_are_noted_once_somebody_was(
    signed: tuple[Address, ...], silent: str | None
) -> None:
    found = list(unheard(electors(safe(COUNCIL, 2, A, B, C)), signed))
    assert [(each.ok, each.answer) for each in found] == ([] if silent is None else [(True, silent)])
