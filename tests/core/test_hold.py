"""Holds: nobody alone delays anything for longer than one round, and a hold is of one operation as it was scheduled once."""

from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from governance.core.errors import Rejected
from governance.core.hold import MAX_REASON, Docket, Held, Hold, HoldTerms, docket
from governance.core.units import Bytes32, Duration, Moment, checksummed, to_hex
from tests.core.safevm import Person

PEOPLE = tuple(Person(index) for index in range(1, 5))
GUARDIANS = tuple(person.address for person in PEOPLE[:3])
ETA = Moment.parse("2026-12-01T10:00:00Z")
DAY = Duration(86_400)
HELD = Held(chain_id=31337, timelock=checksummed(b"\x7f" * 20), operation=Bytes32(b"\x01" * 32), eta=ETA)
TERMS = HoldTerms(held=HELD, round=1, reason="the oracle's price looks wrong")
ELSEWHERE = {
    "another operation": replace(HELD, operation=Bytes32(b"\x02" * 32)),
    "scheduled anew": replace(HELD, eta=ETA + Duration(1)),
    "another chain": replace(HELD, chain_id=1),
    "another timelock": replace(HELD, timelock=checksummed(b"\x7e" * 20)),
}


def hold(who: int, number: int, held: Held = HELD, reason: str = TERMS.reason) -> Hold:
    """A guardian's hold, signed."""
    terms = HoldTerms(held=held, round=number, reason=reason)
    person = PEOPLE[who]
    return Hold(proposal="0001-x", signer=person.address, terms=terms, signature=person.sign(terms.hash))


def found(*given_by: tuple[int, int]) -> Docket:
    """From (guardian, round)."""
    return docket([hold(*each) for each in given_by], HELD, length=DAY, guardians=GUARDIANS)


def after(days: float) -> Moment:
    """A moment after the eta."""
    return Moment(ETA.seconds + int(days * DAY.seconds))


@pytest.mark.parametrize("terms", [TERMS, replace(TERMS, round=7, reason="é, 漢字")])
def test_the_hash_is_the_one_of_a_wallet(terms: HoldTerms) -> None:
    """eth_account's, from the document that a wallet is shown."""
    document: dict[str, Any] = terms.typed_data()
    signed = Account.sign_message(encode_typed_data(full_message=document), "0x" + "01" * 32)
    assert bytes(signed.message_hash) == terms.hash


def test_the_hash_of_a_known_hold_stays_what_it_is() -> None:
    """A vector: whoever changes the struct changes what people have signed."""
    assert to_hex(TERMS.hash) == "0x68c971c079afb4032bd1cb90e036736556ab0a0529c1ded0ef7628704bafffe5"


def test_every_term_changes_the_hash() -> None:
    """And so none can be exchanged."""
    others = [replace(TERMS, held=each) for each in ELSEWHERE.values()]
    others += [replace(TERMS, round=2), replace(TERMS, reason="another")]
    assert len({each.hash for each in [TERMS, *others]}) == 7


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines", "right\u202eleft", "x" * (MAX_REASON + 1)])
def test_a_reason_is_one_printable_line(reason: str) -> None:
    with pytest.raises(Rejected, match="one printable line"):
        replace(TERMS, reason=reason)


def test_what_cannot_be_held_is_rejected() -> None:
    """Rounds count from 1; a timestamp of 0 or 1 is no eta; a round without a length would hold nothing."""
    for number in (0, -1, 1 << 64):
        with pytest.raises(Rejected, match="count from 1"):
            replace(TERMS, round=number)
    for seconds in (0, 1, 1 << 64):
        with pytest.raises(Rejected, match="scheduled"):
            replace(HELD, eta=Moment(seconds))
    with pytest.raises(Rejected, match="chain"):
        replace(HELD, chain_id=0)
    with pytest.raises(Rejected, match="lasts for a time"):
        docket([], HELD, length=Duration(0), guardians=GUARDIANS)


def test_a_signature_of_somebody_else_is_rejected() -> None:
    with pytest.raises(Rejected, match="not 0x"):
        replace(hold(0, 1), signer=PEOPLE[1].address)


@pytest.mark.parametrize(
    ("given_by", "last", "opened", "lacking"),
    [
        ([], 0, 1, 1),
        ([(0, 1)], 1, 2, 2),
        ([(0, 1), (0, 1), (0, 2)], 1, 2, 1),
        ([(0, 1), (0, 2), (1, 2)], 2, 3, 3),
        ([(0, 2), (1, 2)], 0, 1, 1),
        ([(0, 1), (3, 2), (1, 2)], 1, 2, 1),
        ([(3, 1)], 0, 1, 1),
        ([(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)], 3, None, 4),
    ],
)
def test_each_further_round_takes_one_guardian_more(
    given_by: list[tuple[int, int]], last: int, opened: int | None, lacking: int
) -> None:
    """Rounds follow one another, and who is no guardian (3) does not count."""
    what = found(*given_by)
    assert (what.last, what.open_round(ETA), what.lacking(last + 1)) == (last, opened, lacking)
    assert what.ends == after(last)


def test_a_hold_stands_from_before_the_eta_to_the_end_of_its_round_and_says_why() -> None:
    what = found((0, 1), (0, 2), (1, 2))
    assert [len(what.findings(after(days))) for days in (-1, 0, 0.99, 1, 1.99, 2, 9)] == [1, 1, 1, 2, 2, 0, 0]
    told = what.findings(ETA)[0]
    assert told.rule == "held"
    assert "gov cancel" in told.hint
    assert told.message == f"{GUARDIANS[0]} holds it in round 1, until {after(2)}: {TERMS.reason}"


def test_a_round_that_is_over_cannot_be_signed_for() -> None:
    """What was not held in time can only be cancelled."""
    assert [found().open_round(after(days)) for days in (-3, 0.99, 1)] == [1, 1, None]
    assert [found((0, 1)).open_round(after(days)) for days in (-3, 1.99, 2)] == [2, 2, None]


@pytest.mark.parametrize("held", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_hold_of_something_else_never_counts(held: Held) -> None:
    what = docket([hold(0, 1, held)], HELD, length=DAY, guardians=GUARDIANS)
    assert (what.last, what.findings(ETA)) == (0, ())


def test_of_two_reasons_of_one_guardian_everybody_is_shown_the_same() -> None:
    two = [hold(0, 1, reason="one"), hold(0, 1, reason="two")]
    first, second = (docket(each, HELD, length=DAY, guardians=GUARDIANS) for each in (two, two[::-1]))
    assert first == second
    assert len(first.findings(ETA)) == 1


SIGNED = {(who, number): hold(who, number) for who in range(4) for number in range(1, 7)}


@given(st.lists(st.sampled_from(sorted(SIGNED))), st.integers(0, 3), st.integers(1, 10**7))
def test_n_guardians_never_delay_for_longer_than_n_rounds(
    chosen: list[tuple[int, int]], guardians: int, length: int
) -> None:
    """Whatever is signed, and however often: also one alone never gains more than one round."""
    what = docket([SIGNED[each] for each in chosen], HELD, length=Duration(length), guardians=GUARDIANS[:guardians])
    signers = {who for who, _ in chosen if who < guardians}
    end = Moment(ETA.seconds + len(signers) * length)
    assert what.ends <= end
    assert what.findings(end) == ()
