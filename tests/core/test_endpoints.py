"""Which nodes are asked and how many must agree: more than half unless somebody says otherwise."""

import pytest

from governance.core.endpoints import MOST_ENDPOINTS, endpoints_of
from governance.core.errors import Rejected

URLS = [f"https://node{i}.example/key{i}" for i in range(MOST_ENDPOINTS + 1)]


@pytest.mark.parametrize(("count", "agree"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_more_than_half_must_agree(count: int, agree: int) -> None:
    named = endpoints_of("devnet", URLS[:count], None)
    assert (named.urls, named.agree, named.several) == (tuple(URLS[:count]), agree, count > 1)


def test_a_number_that_is_given_holds() -> None:
    assert endpoints_of("devnet", URLS[:3], 3).agree == 3
    assert endpoints_of("devnet", URLS[:3], 1).agree == 1


REFUSED = {
    "none": ([], None, "devnet has 0 endpoints"),
    "too many": (URLS, None, f"devnet has {MOST_ENDPOINTS + 1} endpoints"),
    "one that votes twice": ([URLS[0], URLS[1], URLS[0]], None, "devnet names an endpoint twice"),
    "more voices than there are": (URLS[:2], 3, "3 endpoints of devnet must agree, and 2 are named"),
    "no voice": (URLS[:2], 0, "0 endpoints of devnet must agree, and 2 are named"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_agree_is_refused_without_showing_a_url(name: str) -> None:
    urls, agree, message = REFUSED[name]
    with pytest.raises(Rejected) as caught:
        endpoints_of("devnet", urls, agree)
    assert caught.value.message == message
    assert "key" not in caught.value.hint()


def test_a_debugger_does_not_see_a_url() -> None:
    assert "key" not in repr(endpoints_of("devnet", URLS[:2], None))
