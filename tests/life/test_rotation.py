"""Who governs changes while a proposal collects signatures: every change at every point between the first signature and the
queue, with the stage that it leaves, the rules that stop it, and whether what is left to do mends it.

The whole table plays on the simulator, a part of it on a real node as well: what is told must be the same.
Covers threat_30 to threat_33 (nonces, owners, thresholds, stale approvals) and threat_52 (policies).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from governance.core.access import PROPOSER, REVOKE
from governance.core.call import Call, encode_call, function
from governance.core.errors import Finding, GovError, Refused
from governance.core.kinds import Lane
from governance.core.safelayout import SENTINEL
from governance.core.stage import Stage
from governance.core.units import Address
from tests.life.test_approvals import SECURITY
from tests.life.test_gates import anchor
from tests.life.test_life_scenarios import ONE, SET_FEE, SWAP
from tests.life.test_policy_between import node, text_of  # noqa: F401 - a fixture
from tests.sites import (
    DAY,
    DELAY,
    Devnet,
    Place,
    on_anvil,
    people,
    rules,
    simulated,
)

FIRST_FREE = 2
"""The nonce that the proposal is pinned at: two sooner ones are there for what happens."""

# ---- points: what has been done when it happens ----------------------------------------------------------------------

POINTS: dict[str, tuple[tuple[str, ...], bool]] = {
    "one has signed": (("alice",), False),
    "two have signed": (("alice", "bob"), False),
    "enough have signed": (("alice", "bob", "carol"), False),
    "more than enough have signed": (("alice", "bob", "carol", "dave"), False),
    "a member approved early": (("alice",), True),
    "all is given": (("alice", "bob", "carol"), True),
}
"""Who has signed, and whether frank has approved for the role that the policy asks."""
BETWEEN = {"two have signed", "more than enough have signed", "a member approved early"}
"""Left to the long run."""

# ---- events ----------------------------------------------------------------------------------------------------------


def address(name: str) -> Address:
    return people()[name].address


def council_does(place: Place, signature: str, *arguments: object) -> None:
    """As many owners as it takes today, beside the tool."""
    safe = place.site.council.look(place.site.chain.head())
    names = [name for name in people() if address(name) in safe.owners][: safe.threshold]
    data = encode_call(function(signature), arguments) if signature else b""
    place.safe_sends(Lane.TIMELOCK, Call(to=safe.address, data=data, summary=signature), *names)


def before(place: Place, name: str) -> Address:
    owners = (SENTINEL, *place.site.council.look(place.site.chain.head()).owners)
    return owners[owners.index(address(name)) - 1]


def leaves(name: str, threshold: int) -> Callable[[Place], None]:
    def happens(place: Place) -> None:
        council_does(place, "removeOwner(address,address,uint256)", before(place, name), address(name), threshold)

    return happens


def joins(name: str, threshold: int) -> Callable[[Place], None]:
    return lambda place: council_does(place, "addOwnerWithThreshold(address,uint256)", address(name), threshold)


def threshold(to: int) -> Callable[[Place], None]:
    return lambda place: council_does(place, "changeThreshold(uint256)", to)


def swapped(old: str, new: str) -> Callable[[Place], None]:
    return lambda place: council_does(
        place, "swapOwner(address,address,address)", before(place, old), address(old), address(new)
    )


def both(*events: Callable[[Place], None]) -> Callable[[Place], None]:
    def happens(place: Place) -> None:
        for event in events:
            event(place)

    return happens


def nonce_is_taken(place: Place) -> None:
    while place.site.council.look(place.site.chain.head()).nonce <= FIRST_FREE:
        council_does(place, "")


def policy_changes(place: Place) -> None:
    place.enforce(("grace: 14 d", "grace: 15 d"))


def policy_is_edited(place: Place) -> None:
    place.edit(place.space.policy_file, "grace: 14 d", "grace: 15 d")


def proposal_is_edited(place: Place) -> None:
    place.edit(place.space.proposal_file(ONE), "For a test.", "For another test.")


def locked_anew(place: Place) -> None:
    proposal_is_edited(place)
    place.lock(ONE)


def delay_rises(place: Place) -> None:
    place.timelock_does((place.site.network.timelock, "updateDelay(uint256)", [DELAY + 1]))


def council_may_not_propose(place: Place) -> None:
    network = place.site.network
    place.timelock_does((network.timelock, REVOKE.signature, [PROPOSER, network.council]))


def code_is_swapped(place: Place) -> None:
    place.set_code(place.address("FeeFacet@2"), b"\x00")


def approves_on_chain(place: Place) -> None:
    (step,) = place.steps(ONE)
    data = encode_call(function("approveHash(bytes32)"), [step.safe_tx.hash])
    call = Call(to=place.site.network.council, data=data, summary="approveHash")
    place.account("alice").send(call, purpose="alice approves on chain")


def a_month_passes(place: Place) -> None:
    place.warp(30 * DAY)


@dataclass(frozen=True, kw_only=True)
class Event:
    """What happens, and what is then told, for each of the points in their order."""

    does: Callable[[Place], None]
    told: tuple[str, ...]
    mended: str = "waiting"
    """What comes of it, at any point, when everybody who may signs and approves (anew), and it is queued."""
    relocked: str = "waiting"
    """And what when it is locked anew before that."""


ASKED = "approved: upgrades-are-slow"
"""By enough owners; by nobody in the role that the policy asks."""
VOID = "approved: upgrades-are-slow, approval-void"
STRAY = "collecting: signature-non-owner"
EVENTS = {
    "nothing happens": Event(
        does=lambda _: None, told=("collecting", "collecting", ASKED, ASKED, "collecting", "waiting")
    ),
    "an owner who has not signed leaves": Event(
        does=leaves("erin", 3), told=("collecting", "collecting", ASKED, ASKED, "collecting", VOID)
    ),
    "the first signer leaves": Event(does=leaves("alice", 3), told=(STRAY, STRAY, STRAY, ASKED, STRAY, STRAY)),
    "the first signer leaves and the threshold falls": Event(
        does=leaves("alice", 2), told=(STRAY, STRAY, ASKED, ASKED, STRAY, VOID)
    ),
    "the first signer is swapped": Event(
        does=swapped("alice", "heidi"), told=(STRAY, STRAY, STRAY, ASKED, STRAY, STRAY)
    ),
    "the first signer leaves and comes back": Event(
        does=both(leaves("alice", 3), joins("alice", 3)),
        told=("collecting", "collecting", ASKED, ASKED, "collecting", "waiting"),
    ),
    "somebody joins": Event(
        does=joins("heidi", 3), told=("collecting", "collecting", ASKED, ASKED, "collecting", VOID)
    ),
    "somebody joins and the threshold rises": Event(
        does=joins("heidi", 4), told=("collecting", "collecting", "collecting", ASKED, "collecting", "collecting")
    ),
    "the threshold rises by one": Event(
        does=threshold(4), told=("collecting", "collecting", "collecting", ASKED, "collecting", "collecting")
    ),
    "the threshold rises to all": Event(does=threshold(5), told=("collecting",) * 6),
    "the threshold falls": Event(does=threshold(2), told=("collecting", ASKED, ASKED, ASKED, "collecting", VOID)),
    "the threshold falls and rises again": Event(
        does=both(threshold(2), threshold(3)), told=("collecting", "collecting", ASKED, ASKED, "collecting", "waiting")
    ),
    "another transaction takes the nonce": Event(does=nonce_is_taken, told=("displaced",) * 6, mended="displaced"),
    "a policy comes into force": Event(
        does=policy_changes,
        told=(
            "collecting",
            "collecting",
            "approved: upgrades-are-slow, lock-stale",
            "approved: upgrades-are-slow, lock-stale",
            "collecting",
            "approved: upgrades-are-slow, approval-void, lock-stale",
        ),
        mended="lock-stale",
        relocked="waiting",
    ),
    "the policy is edited and not anchored": Event(
        does=policy_is_edited,
        told=(
            "collecting",
            "collecting",
            "approved: policy-not-anchored",
            "approved: policy-not-anchored",
            "collecting",
            "approved: policy-not-anchored",
        ),
        mended="policy-not-anchored",
        relocked="policy-not-anchored",
    ),
    "the proposal is edited": Event(
        does=proposal_is_edited,
        told=("unreadable: proposal-edited",) * 6,
        mended="proposal-edited",
        relocked="nonce-contested",
    ),
    "the proposal is edited and locked anew": Event(
        does=locked_anew, told=("collecting",) * 6, mended="nonce-contested", relocked="nonce-contested"
    ),
    "the timelock's delay rises": Event(
        does=delay_rises,
        told=("collecting", "collecting", ASKED, ASKED, "collecting", "approved: lock-stale"),
        mended="lock-stale",
        relocked="delay-below-minimum",
    ),
    "the council may no longer propose": Event(
        does=council_may_not_propose,
        told=("collecting", "collecting", ASKED, ASKED, "collecting", "approved: council-cannot-propose"),
        mended="council-cannot-propose",
        relocked="council-cannot-propose",
    ),
    "the facet's code is swapped": Event(
        does=code_is_swapped,
        told=("collecting", "collecting", ASKED, ASKED, "collecting", VOID),
        mended="facet-code-differs",
        relocked="facet-code-differs",
    ),
    "the first signer approves on chain as well": Event(
        does=approves_on_chain, told=("collecting", "collecting", ASKED, ASKED, "collecting", "waiting")
    ),
    "a month passes": Event(does=a_month_passes, told=("collecting", "collecting", ASKED, ASKED, "collecting", VOID)),
}


# ---- playing it --------------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = simulated(tmp_path)
    prepared(made, partial(anchor, made, None))
    return made


def prepared(place: Place, comes_into_force: Callable[[str], None]) -> None:
    """A policy that asks a role is in force, and the proposal is locked behind two others."""
    text = text_of(place)
    for old, new in SECURITY:
        assert old in text
        text = text.replace(old, new)
    comes_into_force(text)
    for number in range(FIRST_FREE):
        name = f"000{2 + number}-sooner"
        place.write(name, SET_FEE.replace("40", str(40 + number)))
        place.lock(name)
    place.write(ONE, SWAP)
    place.lock(ONE)
    assert place.steps(ONE)[0].safe_tx.nonce == FIRST_FREE


def reach(place: Place, point: str) -> None:
    signers, approved = POINTS[point]
    place.sign(ONE, *signers)
    if approved:
        place.approve(ONE, "frank")


def told(act: Callable[[], object], stage: str = "") -> str:
    """The rules that stop it, behind the stage; `waiting` when nothing does."""
    try:
        act()
    except GovError as refusal:
        spoke = ", ".join(dict.fromkeys(rules(refusal)))
        return ": ".join(filter(None, (stage, spoke)))
    return "waiting"


def seen(place: Place) -> str:
    """The stage, and what stops the queue."""
    try:
        stage = place.stage(ONE)
    except GovError as refusal:
        return f"unreadable: {', '.join(rules(refusal))}"
    return told(lambda: place.queue(ONE), stage)


def its_turn(place: Place) -> None:
    """Spend the nonces that are left before the proposal's."""
    while place.site.council.look(place.site.chain.head()).nonce < FIRST_FREE:
        council_does(place, "")


def all_that_is_left(place: Place) -> None:
    """Everybody who may signs, frank approves, and it is queued."""
    if place.stage(ONE) is Stage.WAITING:
        return
    if place.stage(ONE) is Stage.DISPLACED:
        raise Refused("displaced", findings=(Finding(rule="displaced", message="its nonce is spent"),))
    owners = place.site.council.look(place.site.chain.head()).owners
    place.sign(ONE, *(name for name in people() if address(name) in owners))
    place.approve(ONE, "frank")
    place.queue(ONE)


def plays(place: Place, event: Event, point: str) -> None:
    reach(place, point)
    event.does(place)
    its_turn(place)
    assert seen(place) == event.told[list(POINTS).index(point)]
    assert told(lambda: all_that_is_left(place)) == event.mended
    if event.mended != "waiting":
        assert told(lambda: (place.lock(ONE), all_that_is_left(place))) == event.relocked
    assert (place.site.timelock.operations([place.operation(ONE).id], place.site.chain.head())[0].timestamp > 1) == (
        event.relocked == "waiting"
    )


@pytest.mark.parametrize(
    "point", [pytest.param(point, marks=pytest.mark.slow) if point in BETWEEN else point for point in POINTS]
)
@pytest.mark.parametrize("name", EVENTS)
def test_what_happens_between_the_first_signature_and_the_queue(name: str, point: str, place: Place) -> None:
    """threat_30, threat_31, threat_32, threat_33, threat_52"""
    plays(place, EVENTS[name], point)


ON_NODE = (
    ("nothing happens", "all is given"),
    ("the first signer leaves", "enough have signed"),
    ("the first signer leaves", "more than enough have signed"),
    ("the first signer leaves and the threshold falls", "all is given"),
    ("the first signer leaves and comes back", "all is given"),
    ("somebody joins", "all is given"),
    ("somebody joins and the threshold rises", "enough have signed"),
    ("the threshold rises to all", "all is given"),
    ("the threshold falls", "two have signed"),
    ("another transaction takes the nonce", "all is given"),
    ("a policy comes into force", "all is given"),
    ("the facet's code is swapped", "all is given"),
    ("the first signer approves on chain as well", "one has signed"),
    ("a month passes", "all is given"),
)


@pytest.mark.node
@pytest.mark.parametrize(("name", "point"), ON_NODE)
def test_the_same_happens_on_a_real_node(name: str, point: str, node: Devnet, tmp_path: Path) -> None:  # noqa: F811
    """threat_30, threat_31, threat_32, threat_33, threat_52"""
    with on_anvil(node, tmp_path) as place:
        prepared(place, partial(anchor, place, node))
        plays(place, EVENTS[name], point)
