"""Whatever a file says or a chain answers, nothing is sent that was not proven, and every refusal is a sentence."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from governance.core.errors import GovError, Rejected
from governance.core.facts import Generation, Head
from governance.core.stage import Stage
from governance.core.units import Moment, to_hex
from governance.life.audit import MAX_SKEW, examine
from tests import simulator
from tests import simulator_contracts as contracts
from tests.life.test_life_scenarios import (
    BOTH,
    HEAD,
    ONE,
    PAUSE,
    REMOVE,
    SET_FEE,
    SWAP,
    THREE,
    TWO,
    cancelling,
    refused,
    told,
)
from tests.sites import DELAY, NETWORK, Options, Place, people, rules, simulated

Path_ = tuple[str | int, ...]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return simulated(tmp_path)


def chain_of(place: Place) -> simulator.Chain:
    assert isinstance(place.site.chain, simulator.Chain)
    return place.site.chain


def parts(document: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Every key and every first item, inner ones before the outer."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from parts(value, (*path, key))
    if isinstance(document, list) and document:
        yield from parts(document[0], (*path, 0))
    if path:
        yield path


def changed(document: Any, path: Path_, change: Callable[[Any, Any], None]) -> Any:
    """A copy in which `change(parent, key)` was made."""
    copied = deepcopy(document)
    node = copied
    for part in path[:-1]:
        node = node[part]
    change(node, path[-1])
    return copied


def delete(parent: Any, key: Any) -> None:
    del parent[key]


def put(value: Any) -> Callable[[Any, Any], None]:
    def change(parent: Any, key: Any) -> None:
        parent[key] = value

    return change


def nudge(parent: Any, key: Any) -> None:
    """Another value of the same form, where there is one."""
    was = parent[key]
    if isinstance(was, bool):
        parent[key] = not was
    elif isinstance(was, str) and was.startswith("0x"):
        parent[key] = was[:-1] + ("0" if was[-1] != "0" else "1")
    elif isinstance(was, str):
        parent[key] = str(int(was) + 1) if was.isdigit() else was + "x"
    else:
        parent[key] = [was]


CHANGES = {
    "deleted": delete,
    "nudged": nudge,
    "null": put(None),
    "a list": put([]),
    "a number": put(7),
    "empty": put(""),
}
UNPROVEN = {"block_number", "block_hash", "paused", "pending_root"}
"""Pins that say when, or that no byte of the plan depends on. They may be anything that reads as what they are."""


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_no_part_of_a_lock_file_can_be_changed_unnoticed(place: Place, change: Callable[[Any, Any], None]) -> None:
    """threat_49: the plan is derived again, the pins are read again; a proposal without its lock is not locked."""
    place.approved(ONE, BOTH)
    good = place.space.lock(ONE)
    head = place.site.chain.head()
    taken = []
    for path in parts(good):
        bad = changed(good, path, change)
        if bad == good:
            continue  # an empty list made empty
        place.space.lock_file(ONE).write_text(json.dumps(bad), "utf-8")
        if not refuses(lambda: place.queue(ONE)):
            taken.append(path)
            back_to(place, head)
    assert place.site.chain.head() == head
    assert [path for path in taken if path[-1] not in UNPROVEN] == []


def refuses(act: Callable[[], object]) -> bool:
    """Whether it is refused, in words."""
    try:
        act()
    except GovError as error:
        return bool(error.message)
    return False


def back_to(place: Place, head: Head) -> None:
    """Undo whatever was sent since."""
    del chain_of(place).blocks[head.number + 1 :]
    place.forget()


def lock_rules(place: Place, path: Path_, change: Callable[[Any, Any], None]) -> list[str]:
    """What a changed lock file is refused by."""
    good = place.space.lock(ONE)
    place.space.lock_file(ONE).write_text(json.dumps(changed(good, path, change)), "utf-8")
    return refused(place.queue, ONE)


ENTRY = ("networks", NETWORK)
EDITED: dict[str, tuple[Path_, Callable[[Any, Any], None], str]] = {
    "calldata": ((*ENTRY, "plan", "steps", 0, "calls", 0, "data"), nudge, "lock-edited"),
    "the words beside calldata": ((*ENTRY, "plan", "steps", 0, "calls", 0, "summary"), nudge, "lock-edited"),
    "the Safe transaction hash": ((*ENTRY, "plan", "steps", 0, "safe_tx", "safe_tx_hash"), nudge, "lock-edited"),
    "a word more": ((*ENTRY, "plan", "remark"), put("trust me"), "lock-edited"),
    "the checksum": ((*ENTRY, "checksum"), nudge, "lock-edited"),
    "the nonce": ((*ENTRY, "pins", "nonce"), put("5"), "lock-edited"),
    "the delay": ((*ENTRY, "pins", "delay"), put("172801"), "lock-edited"),
    "facets left out": ((*ENTRY, "pins", "facets"), put([]), "lock-edited"),
    "the target left out": ((*ENTRY, "pins", "target"), put(None), "lock-edited"),
    "ids to cancel": ((*ENTRY, "pins", "cancels"), put([to_hex(bytes(32))]), "lock-edited"),
    "the grace": ((*ENTRY, "pins", "grace"), put(None), "lock-stale"),
    "the digest": (("digest",), put(to_hex(bytes(32))), "proposal-edited"),
}


@pytest.mark.parametrize(("path", "change", "rule"), EDITED.values(), ids=EDITED.keys())
def test_an_edited_lock_file_says_what_is_wrong_with_it(
    place: Place, path: Path_, change: Callable[[Any, Any], None], rule: str
) -> None:
    """threat_49"""
    place.approved(ONE, BOTH)
    assert set(lock_rules(place, path, change)) == {rule}


def test_a_lock_file_without_the_network_is_no_lock_on_it(place: Place) -> None:
    place.approved(ONE, SWAP)
    file = place.space.lock_file(ONE)
    file.write_text(json.dumps({**json.loads(file.read_text("utf-8")), "networks": {}}), "utf-8")
    assert place.stage(ONE) is Stage.DRAFTED
    for act in (place.queue, place.execute, place.verify):
        assert f"{ONE} is not locked on {NETWORK}" in told(act, ONE)
    assert f"{ONE} is not locked on {NETWORK}" in told(place.sign, ONE, "alice")


def test_a_network_that_left_the_policy_is_said_so(place: Place) -> None:
    place.approved(ONE, SWAP)
    place.edit(place.space.policy_file, "  devnet:\n", "  mainnet:\n")
    assert "no longer names devnet" in told(place.look, ONE)


@pytest.mark.parametrize("key", ["lane", "steps"])
def test_a_malformed_lock_of_another_proposal_is_named_and_nothing_is_guessed(place: Place, key: str) -> None:
    """Which nonce is free can only be told when every lock file can be read."""
    place.write(ONE, SWAP)
    place.write(TWO, SET_FEE)
    place.lock(TWO)
    file = place.space.lock_file(TWO)
    bad = changed(json.loads(file.read_text("utf-8")), (*ENTRY, "plan", key), delete)
    file.write_text(json.dumps(bad), "utf-8")
    with pytest.raises(Rejected, match=f"the plan in {TWO}.lock.json is malformed: KeyError '{key}'"):
        place.lock(ONE)


def test_a_proposal_locked_on_another_lane_takes_no_nonce_here(place: Place) -> None:
    place.write(ONE, PAUSE)
    place.write(TWO, SWAP)
    place.write(THREE, SET_FEE)
    assert [place.lock(name).plan.pins.nonce for name in (ONE, TWO, THREE)] == [0, 0, 1]


# ---- documents that do not fit -------------------------------------------------------------------------------------

UNFIT: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "an unknown facet, twice": (
        SWAP.replace("FeeFacet@2", "FeeFacet@9"),
        [("unknown-facet", "8")],
    ),
    "functions that the facet lacks": (
        SWAP.replace("setFee(uint256)", "setTreasury(address)"),
        [("unknown-selector", "9")],
    ),
    "every fault of every selector": (
        SWAP.replace('["maxFee()"]', '["fee()", "treasury()", "0x11223344"]'),
        [("selector-twice", "11"), ("add-existing", "11"), ("unknown-selector", "11")],
    ),
    "a selector that is not routed": (
        REMOVE.replace("treasurySince()", "nobody()"),
        [("selector-not-routed", "8")],
    ),
    "a selector replaced that is not routed": (
        SWAP.replace("fee()", "nobody()"),
        [("selector-not-routed", "9")],
    ),
    "all routes removed": (
        REMOVE.replace(
            '"treasurySince()"', '"treasurySince()", "treasury()", "setTreasury(address)", "fee()", "setFee(uint256)"'
        ),
        [("upgrade-removes-all", "")],
    ),
    "a selector of the dispatcher itself": (
        HEAD.format(kind="facet_swap")
        + 'changes:\n  - add: \'0x{facet}\'\n    selectors: ["pause()", "hasRole(bytes32,address)"]\n',
        [("reserved-selector", ""), ("reserved-selector", "")],
    ),
    "calls of the governance itself": (
        SET_FEE.replace("setFee(uint256)", "grantRole(bytes32,address)"),
        [("governance-call", "9"), ("call-arguments", "10")],
    ),
    "a wrong argument": (SET_FEE.replace('"40"', '"-1"'), [("call-arguments", "10")]),
    "what has no operation to come after": (SWAP + f"after: {TWO}\n", [("after-not-locked", "")]),
    "what would come after itself": (SWAP + f"after: {ONE}\n", [("after-not-locked", "")]),
    "a last moment that is too soon": (SWAP + "not_after: 2026-11-24\n", [("not-after", "17")]),
    "a cancel of nobody": (cancelling(TWO), [("nothing-to-cancel", "7")]),
}


@pytest.mark.parametrize(("text", "wanted"), UNFIT.values(), ids=UNFIT.keys())
def test_a_proposal_that_does_not_fit_is_refused_at_its_line(
    place: Place, text: str, wanted: list[tuple[str, str]]
) -> None:
    """threat_42, threat_43"""
    place.write(ONE, text.replace("0x{facet}", place.address("FeeFacet@1")))
    with pytest.raises(GovError) as caught:
        place.lock(ONE)
    found = [(f.rule, str(f.place.line) if f.place and f.path else "") for f in caught.value.findings]
    assert found == wanted
    assert place.space.lock(ONE) is None


def test_an_upgrade_to_what_is_live_already_is_empty(place: Place) -> None:
    routes = place.plan.routes
    listed = "".join(f"  - {{selector: '{to_hex(r.selector)}', facet: '{r.facet}'}}\n" for r in routes)
    place.write(ONE, HEAD.format(kind="manifest_upgrade") + "routes:\n" + listed)
    assert refused(place.lock, ONE) == ["upgrade-empty"]


# ---- what the policy says ------------------------------------------------------------------------------------------

STRICTER: dict[str, tuple[str, str, str]] = {
    "no rule names the kind": ("[facet_swap, manifest_upgrade", "[manifest_upgrade", "deny-by-default"),
    "the author may not propose": ("author: [alice, bob", "author: [bob", "upgrades-are-slow"),
    "the time is frozen": (
        "    grace: 14 d\n",
        "    grace: 14 d\n    freeze: [{from: 2026-11-20, to: 2026-11-30}]\n",
        "upgrades-are-slow",
    ),
    "the rule waits less than the timelock": ("delay: 48 h", "delay: 47 h", "delay-below-minimum"),
}


def enforce(place: Place, old: str, new: str) -> None:
    """Edit the policy and put the edited one in force."""
    place.edit(place.space.policy_file, old, new)
    anchored = contracts.Anchor(
        place.site.network.policy_anchor, b"\x01", place.site.network.timelock, place.space.policy().digest
    )
    chain_of(place).place(anchored)


@pytest.mark.parametrize(("old", "new", "rule"), STRICTER.values(), ids=STRICTER.keys())
def test_what_the_policy_does_not_allow_is_not_locked(place: Place, old: str, new: str, rule: str) -> None:
    """threat_52"""
    enforce(place, old, new)
    place.write(ONE, SWAP)
    assert refused(place.lock, ONE) == [rule]


@pytest.mark.parametrize(("old", "new", "rule"), STRICTER.values(), ids=STRICTER.keys())
def test_what_the_policy_no_longer_allows_is_neither_signed_nor_sent(
    place: Place, old: str, new: str, rule: str
) -> None:
    place.approved(ONE, SWAP)
    enforce(place, old, new)
    head = place.site.chain.head()
    wanted = {rule, "lock-stale"} if rule != "delay-below-minimum" else {"lock-stale"}
    assert set(refused(place.queue, ONE)) == wanted
    assert set(refused(place.sign, ONE, "dave")) == wanted
    assert place.site.chain.head() == head


def test_what_became_frozen_while_it_waited_is_not_executed(place: Place) -> None:
    place.queued(ONE, SWAP)
    place.warp(DELAY)
    enforce(place, *STRICTER["the time is frozen"][:2])
    assert refused(place.execute, ONE) == ["upgrades-are-slow"]


def test_approvals_that_nobody_gave_are_not_waved_through(place: Place) -> None:
    """threat_52"""
    enforce(
        place,
        "      - {role: council, at_least: threshold}\n    via:",
        "      - {role: council, at_least: threshold}\n      - {role: author, at_least: 1}\n"
        "    approval_lifetime: 30 d\n    via:",
    )
    place.approved(ONE, SWAP)
    assert "0 of 1 approvals by role author" in told(place.queue, ONE)


# ---- promises ------------------------------------------------------------------------------------------------------

PROMISES: dict[str, tuple[str, bool, str]] = {
    "kept": ('call: "fee()(uint256)"\n    equals: 30', True, "30"),
    "broken": ('call: "fee()(uint256)"\n    equals: 31', False, "30"),
    "of a view that reverts": ('call: "nobody()(uint256)"\n    equals: 31', False, "a revert"),
    "of another type": ('call: "fee()(string)"\n    equals: x', False, "32 bytes do not decode as (string)"),
    "of somebody without code": (
        'call: "fee()(uint256)"\n    to: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"\n    equals: 31\n'
        'introduce: [{address: "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", name: nobody, purpose: Without any code}]',
        False,
        "0 bytes do not decode as (uint256)",
    ),
    "of several words": ('call: "fee()(uint128,uint128)"\n    equals: ["0", "30"]', False, "do not decode"),
}


@pytest.mark.parametrize(("expected", "held", "found"), PROMISES.values(), ids=PROMISES.keys())
def test_a_promise_is_held_against_the_chain(place: Place, expected: str, held: bool, found: str) -> None:
    place.executed(ONE, REMOVE + f"expect:\n  - {expected}\n")
    verification = place.verify(ONE)
    *effects, expectation = verification.seen
    assert all(seen.held for seen in effects)
    assert (expectation.held, found in expectation.found, verification.ok) == (held, True, held)
    if not held:
        assert refused(verification.require) == ["effect-missing"]


def test_what_is_not_executed_is_not_verified(place: Place) -> None:
    place.queued(ONE, REMOVE)
    verification = place.verify(ONE)
    assert not verification.ok
    assert verification.at == place.site.chain.head().timestamp
    assert f"{ONE} is waiting on {NETWORK}, not executed" in told(verification.require)


# ---- the doctor ----------------------------------------------------------------------------------------------------


def failed(place: Place, wall_clock: Moment | None = None) -> list[str]:
    """The questions whose answer is no."""
    return [c.question for c in examine(place.site, place.space.policy(), wall_clock=wall_clock) if not c.ok]


@pytest.mark.parametrize("generation", Generation)
def test_a_system_as_it_is_handed_over_is_well(tmp_path: Path, generation: Generation) -> None:
    """threat_28"""
    place = simulated(tmp_path, Options(generation=generation))
    assert failed(place, place.site.chain.head().timestamp) == []


def test_the_doctor_asks_everything_although_something_fails(place: Place) -> None:
    """threat_18, threat_28"""
    network = place.site.network
    place.timelock_does(
        (network.timelock, "updateDelay(uint256)", [0]),
        (network.timelock, "revokeRole(bytes32,address)", [contracts.PROPOSER, network.council]),
        (network.timelock, "revokeRole(bytes32,address)", [contracts.CANCELLER, network.council]),
        (network.timelock, "revokeRole(bytes32,address)", [contracts.CANCELLER, network.guardian]),
        (network.target, "revokeRole(bytes32,address)", [contracts.COMMIT, network.timelock]),
        (network.target, "freeze()", []),
    )
    place.council_sends("changeThreshold(uint256)", 5)
    place.by_guardians(ONE, PAUSE)
    place.edit(place.space.policy_file, "grace: 14 d", "grace: 15 d")
    late = Moment(place.site.chain.head().timestamp.seconds + MAX_SKEW + 1)
    assert failed(place, late) == [
        "the chain's clock and this machine's agree",
        "the anchored policy is policies.yaml",
        "the council survives the loss of one key",
        "the council may propose to the timelock",
        "the council may cancel",
        "the guardian may cancel",
        "the timelock delays",
        "the timelock may commit roots and apply routes",
        "the governed system is not paused",
        "the governed system is not frozen",
        "every upgrade waits in the timelock",
    ]


def test_the_doctor_of_another_chain_stops_at_the_first_question(place: Place) -> None:
    """threat_16"""
    place.serve_chain(1)
    (only,) = examine(place.site, place.space.policy(), wall_clock=None)
    assert (only.ok, only.answer) == (False, "the simulator serves chain 1, the policy says 31337")


def test_a_frozen_target_takes_no_plan(place: Place) -> None:
    place.timelock_does((place.site.network.target, "freeze()", []))
    place.write(ONE, SWAP)
    assert refused(place.lock, ONE) == ["target-frozen"]


def test_a_signer_who_is_not_asked_by_a_card_cannot_slip_in(place: Place) -> None:
    """threat_34: a file in the mailbox that is not the signer's own is refused as a whole."""
    place.approved(ONE, SWAP)
    alice = people()["alice"].address.lower()
    file = place.space.proposals_folder / f"{ONE}.signatures" / f"{alice}.json"
    place.edit(file, people()["alice"].address, people()["dave"].address)
    with pytest.raises(Rejected) as caught:
        place.queue(ONE)
    assert rules(caught.value) == ["signature-file-name", "signature-false"]
