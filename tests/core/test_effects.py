"""Promises held against facts: kept, broken, or overtaken."""

from dataclasses import replace

import pytest

from governance.core.effects import PausedIs, RootIs, RouteIs
from governance.core.facts import Generation, Route, TargetFacts
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Bytes32, Duration, checksummed, to_hex

SELECTOR, OTHER = b"\x69\xfe\x0e\x2d", b"\x01\x02\x03\x04"
FACET, ELSE = checksummed(b"\x01" * 20), checksummed(b"\x02" * 20)
CODE, ROOT = Bytes32(b"\x0c" * 32), Bytes32(b"\x0a" * 32)
FACTS = TargetFacts(
    address=checksummed(b"\x09" * 20),
    generation=Generation.OURS,
    code_hash=CODE,
    routes=(Route(selector=SELECTOR, facet=FACET, code_hash=CODE),),
    active_root=ROOT,
    pending_root=ZERO_WORD,
    active_epoch=7,
    activation_delay=Duration(0),
    frozen=False,
    paused=False,
    timelock_is_admin=True,
    timelock_may_commit=True,
    timelock_may_apply=True,
    timelock_may_remove=True,
    guardian_may_pause=True,
)
GONE = RouteIs(selector=OTHER, facet=ZERO_ADDRESS, code_hash=ZERO_WORD)

TABLE = {
    "the route is there": (RouteIs(selector=SELECTOR, facet=FACET, code_hash=CODE), True, f"routed to {FACET}"),
    "another facet": (RouteIs(selector=SELECTOR, facet=ELSE, code_hash=CODE), False, f"routed to {FACET}"),
    "the facet with other code": (RouteIs(selector=SELECTOR, facet=FACET, code_hash=ROOT), False, f"routed to {FACET}"),
    "no route": (RouteIs(selector=OTHER, facet=FACET, code_hash=CODE), False, "not routed"),
    "a route that is gone": (GONE, True, "not routed"),
    "a route that stayed": (replace(GONE, selector=SELECTOR), False, f"routed to {FACET}"),
    "the root is active": (RootIs(root=ROOT, epoch=7), True, f"epoch 7 with root {to_hex(ROOT)}"),
    "another root": (RootIs(root=CODE, epoch=7), False, f"epoch 7 with root {to_hex(ROOT)}"),
    "the root is not active yet": (RootIs(root=ROOT, epoch=8), False, f"epoch 7 with root {to_hex(ROOT)}"),
    "a later manifest took over": (RootIs(root=CODE, epoch=6), True, f"epoch 7 with root {to_hex(ROOT)}"),
    "not paused": (PausedIs(paused=False), True, "is not paused"),
    "paused": (PausedIs(paused=True), False, "is not paused"),
}


@pytest.mark.parametrize(("promise", "held", "found"), TABLE.values(), ids=TABLE.keys())
def test_a_promise_is_kept_or_says_what_is_there_instead(
    promise: RouteIs | RootIs | PausedIs, held: bool, found: str
) -> None:
    seen = promise.see(FACTS)
    assert (seen.held, seen.found) == (held, found)


SAID = [
    (RouteIs(selector=SELECTOR, facet=FACET, code_hash=CODE), f"0x69fe0e2d goes to {FACET}"),
    (GONE, "0x01020304 is not routed"),
    (RootIs(root=ROOT, epoch=7), f"epoch 7 has root {to_hex(ROOT)}"),
    (PausedIs(paused=True), "is paused"),
]


@pytest.mark.parametrize(("promise", "words"), SAID, ids=[words for _, words in SAID])
def test_a_promise_is_said_in_words(promise: RouteIs | RootIs | PausedIs, words: str) -> None:
    assert promise.see(FACTS).effect == words
