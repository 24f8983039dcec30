"""What is offered for gas: under the cap, and enough more to take the place of what is stuck."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from governance.adapters.fees import Fees, Offer, first_offer, offer_of, replacing
from governance.core.errors import Refused

WEI = st.integers(1, 10**13)


@given(WEI, st.one_of(st.none(), WEI), WEI)
def test_an_offer_is_never_over_the_cap(tip: int, base: int | None, cap: int) -> None:
    """threat_21"""
    fees = Fees(base=base, tip=tip)
    if tip + (base or 0) > cap:
        with pytest.raises(Refused, match="over the cap"):
            first_offer(fees, cap)
        return
    offer = first_offer(fees, cap)
    assert tip + (base or 0) <= offer.most <= cap
    assert offer_of(offer.fields) == offer


@given(WEI, st.one_of(st.none(), WEI), WEI, st.integers(0, 10**13))
def test_a_replacement_pays_an_eighth_more_in_both_fees_or_there_is_none(
    tip: int, base: int | None, cap: int, before_tip: int
) -> None:
    """threat_05"""
    assume(before_tip <= cap)
    before = Offer(most=cap // 2 + before_tip // 2, tip=None if base is None else before_tip // 2)
    offer = replacing(before, Fees(base=base, tip=tip), cap)
    if offer is None:
        least_tip = 0 if before.tip is None else max(-(-before.tip * 9 // 8), tip)
        assert before.most * 9 > cap * 8 or least_tip > cap
        return
    assert offer.most <= cap
    assert offer.most * 8 >= before.most * 9
    if before.tip is not None:
        assert offer.tip is not None
        assert offer.tip * 8 >= before.tip * 9
        assert offer.tip <= offer.most
