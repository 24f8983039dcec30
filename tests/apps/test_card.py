"""The signer card, word for word: what a member reads before signing, and that it fits on a screen."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from governance.apps.card import ROWS, Card, card_document, cards, rows
from governance.core.safemessage import Asked, Level
from governance.core.units import checksummed
from governance.core.wording import names_of
from governance.life import sign
from tests.life.test_life_scenarios import BOTH, SWAP
from tests.sites import NETWORK, Options, Place, safe_tx_hash_by_safe_eth, simulated

ONE = "0001-swap-fee-facet"
GOLDEN = Path(__file__).parent / "cards"
OWNERS = tuple(Level(safe=checksummed(bytes([n]) * 20), asked=a) for n, a in ((0xB1, Asked.DATA), (0xB2, Asked.HASH)))
LATER = Options(activation_delay="1 h")
STRANGER = checksummed(b"\x57" * 20)


def pause() -> str:
    return json.dumps({**head("Stop everything"), "kind": "emergency_pause", "reason": "a fault"})


def head(title: str) -> dict[str, Any]:
    return {"schema": "governance/v1", "title": title, "author": "alice", "networks": [NETWORK], "summary": "x"}


def many_calls(place: Place) -> str:
    """More than a card has room for, with somebody new and a title that is too long."""
    place.set_code(STRANGER, b"\x60")
    calls = [{"to": STRANGER, "function": "set(uint256)", "args": [str(n)]} for n in range(30)]
    title = "A title that goes on and on as titles should not until the row is full of it"
    return json.dumps({**head(title), "kind": "contract_call", "calls": calls})


def expiring() -> str:
    return SWAP.replace("kind: facet_swap", "not_after: 2030-01-01T00:00:00Z\nkind: facet_swap")


CASES: dict[str, tuple[Options, Callable[[Place], str], tuple[Level, ...], tuple[str, ...]]] = {
    "facet-swap": (Options(), lambda _: SWAP, (), ("bob",)),
    "facet-swap-with-an-end": (Options(), lambda _: expiring(), (), ()),
    "removal-in-two-steps": (LATER, lambda _: BOTH, (), ()),
    "pause": (Options(), lambda _: pause(), (), ("frank",)),
    "many-calls": (Options(), many_calls, (), ("alice", "bob")),
    "through-an-owner-safe": (Options(), lambda _: SWAP, OWNERS[:1], ()),
    "through-two-owner-safes": (Options(), lambda _: SWAP, OWNERS, ()),
}


def shown(place: Place, text: str, way: tuple[Level, ...], signers: tuple[str, ...]) -> tuple[Card, ...]:
    place.write(ONE, text)
    place.lock(ONE)
    place.sign(ONE, *signers)
    return cards(sign.prepare(place.site, place.space, ONE, safe_tx_hash_by_safe_eth, rehearse=None), way)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("width", [80, 120])
def test_a_card_reads_as_it_always_has(tmp_path: Path, name: str, width: int) -> None:
    options, text, way, signers = CASES[name]
    place = simulated(tmp_path, options)
    made = shown(place, text(place), way, signers)
    names = names_of(place.space.policy(), made[0].ceremony.locked.proposal, NETWORK)
    found = [rows(card, width, names) for card in made]
    for each in found:
        assert len(each) <= ROWS + 7 * len(way)
        assert [row for row in each if len(row) > width] == []
        assert each[0].startswith("CALL  ")
    golden = GOLDEN / f"{name}-{width}.txt"
    written = "\n\n".join("\n".join(each) for each in found) + "\n"
    if os.environ.get("GOV_WRITE_GOLDEN"):
        golden.write_text(written, "utf-8")
    assert written == golden.read_text("utf-8")


def test_tools_get_the_hash_that_is_signed(tmp_path: Path) -> None:
    place = simulated(tmp_path)
    (direct,) = shown(place, SWAP, (), ())
    assert card_document(direct)["signs"] == card_document(direct)["hashes"]["hash"]
    (through,) = cards(direct.ceremony, OWNERS)
    document = card_document(through)
    assert document["signs"] == document["through"][-1]["hash"] != document["hashes"]["hash"]
    assert [each["safe"] for each in document["through"]] == [level.safe for level in OWNERS]
    assert json.loads(json.dumps(document)) == document


def test_a_narrow_screen_changes_no_row(tmp_path: Path) -> None:
    place = simulated(tmp_path)
    (card,) = shown(place, SWAP, (), ())
    assert rows(card, 40, {}) == rows(card, 80, {})
