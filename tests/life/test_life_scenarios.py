"""The life of a proposal, and everything that may come between its steps, on the simulator and on a real node alike.

Each scenario knows only the ports, the files and the people. What it says of stages, rules and reverts must hold on both.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from governance.adapters.journal import SqlJournal
from governance.core.ballot import Ballot
from governance.core.call import Call, encode_call, function
from governance.core.errors import ChainContradicts, GovError, Refused
from governance.core.facts import Generation, OperationEvent
from governance.core.keccak import keccak
from governance.core.kinds import Lane
from governance.core.operation import cancel
from governance.core.quorum import Quorum
from governance.core.signature import SignatureKind
from governance.core.stage import ACTIONS, SUCCESSORS, Stage
from governance.core.units import ZERO_WORD, Moment
from governance.life import sign
from governance.life.notes import note_sighting
from governance.life.reject import rejections, send_rejection, sign_rejection
from governance.life.watch import look
from tests.sites import (
    CHAIN_ID,
    DAY,
    DELAY,
    NETWORK,
    Devnet,
    Options,
    Place,
    devnet,
    on_anvil,
    people,
    rules,
    safe_tx_hash_by_safe_eth,
    simulated,
)

ONE, TWO, THREE = "0001-one", "0002-two", "0003-three"
HEAD = "schema: governance/v1\ntitle: {kind}\nauthor: alice\nnetworks: [devnet]\nkind: {kind}\nsummary: For a test.\n"
SWAP = (
    HEAD.format(kind="facet_swap")
    + """changes:
  - replace: FeeFacet@2
    selectors: ["setFee(uint256)", "fee()"]
  - add: FeeFacet@2
    selectors: ["maxFee()"]
expect:
  - call: "fee()(uint256)"
    equals: 30
  - call: "maxFee()(uint256)"
    equals: 500
"""
)
REMOVE = HEAD.format(kind="facet_swap") + 'changes:\n  - remove: ["treasurySince()"]\n'
BOTH = SWAP.replace("changes:\n", 'changes:\n  - remove: ["treasurySince()"]\n')
SET_FEE = (
    HEAD.format(kind="contract_call")
    + 'calls:\n  - to: target\n    function: "setFee(uint256)"\n    args: ["40"]\n'
    + 'expect:\n  - call: "fee()(uint256)"\n    equals: 40\n'
)
PAUSE = HEAD.format(kind="emergency_pause") + "reason: A test.\n"


def cancelling(name: str) -> str:
    return HEAD.format(kind="cancel") + f"proposal: {name}\nreason: A test.\n"


Build = Callable[..., Place]
PLAIN = Options()


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("scenarios")) as started:
        yield started


@pytest.fixture(params=["simulator", pytest.param("anvil", marks=pytest.mark.node)])
def build(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Build]:
    """Builds the one place that the test plays in."""
    with ExitStack() as stack:
        if request.param == "simulator":
            yield lambda options=PLAIN: simulated(tmp_path, options)
        else:
            at = request.getfixturevalue("node")
            yield lambda options=PLAIN: stack.enter_context(on_anvil(at, tmp_path, options))


@pytest.fixture
def place(build: Build) -> Place:
    """Our own generation with a Safe 1.4.1."""
    return build()


def refused(act: Callable[..., object], *arguments: object) -> list[str]:
    """The rules that an act is refused by."""
    with pytest.raises(Refused) as caught:
        act(*arguments)
    return rules(caught.value)


def told(act: Callable[..., object], *arguments: object) -> str:
    """All that a refusal says."""
    with pytest.raises(GovError) as caught:
        act(*arguments)
    findings = (finding.message for finding in caught.value.findings)
    return "; ".join([caught.value.message, caught.value.hint(), *findings])


# ---- the straight life ---------------------------------------------------------------------------------------------

MATRIX = [
    (Options(generation=generation, safe_version=version), text)
    for generation in Generation
    for version in ("1.4.1", "1.5.0")
    for text in (SWAP, BOTH)
]
ON_NODE = {
    Options(generation=Generation.OURS),
    Options(generation=Generation.V1, safe_version="1.5.0"),
    Options(generation=Generation.COMPACT),
    Options(generation=Generation.P4, safe_version="1.5.0"),
    Options(generation=Generation.DIAMOND, safe_version="1.5.0"),
}
"""Every generation, and both Safes."""


def straight_life(place: Place, text: str) -> None:
    place.write(ONE, text)
    stages = [place.stage(ONE)]
    place.lock(ONE)
    stages.append(place.stage(ONE))
    for name in ("alice", "bob", "carol"):
        place.sign(ONE, name)
        stages.append(place.stage(ONE))
    place.queue(ONE)
    stages.append(place.stage(ONE))
    assert f"{ONE} is waiting on {NETWORK} until" in told(place.execute, ONE)
    place.warp(DELAY - 600)
    assert f"{ONE} is waiting on {NETWORK} until" in told(place.execute, ONE)
    place.warp(600)
    stages.append(place.stage(ONE))
    assert place.ask("maxFee()(uint256)") == "reverted"
    stages.append(place.execute(ONE).stage)
    assert [str(stage) for stage in stages] == [
        *("drafted", "collecting", "collecting", "collecting", "approved", "waiting", "ready", "executed"),
    ]
    verification = place.verify(ONE)
    assert [seen for seen in verification.seen if not seen.held] == []
    verification.require()
    assert place.ask("maxFee()(uint256)") == 500
    assert (place.ask("treasurySince()(uint64)") == "reverted") is ("treasurySince" in text)
    assert place.ask("treasury()(address)") != "reverted"
    assert place.told == ["queued: upgrade", "executed: upgrade"]


@pytest.mark.parametrize(
    ("options", "text"), MATRIX, ids=[f"{o}, {'with' if t is BOTH else 'no'} removal" for o, t in MATRIX]
)
def test_from_file_to_verified_on_the_simulator(tmp_path: Path, options: Options, text: str) -> None:
    straight_life(simulated(tmp_path, options), text)


@pytest.mark.node
@pytest.mark.parametrize("options", sorted(ON_NODE, key=str), ids=str)
def test_from_file_to_verified_on_a_node_and_the_simulator_locks_the_same_bytes(
    node: Devnet, tmp_path: Path, options: Options
) -> None:
    """threat_17: addresses, calls, hashes, pins and checksums agree to the last byte, and every fact when it is over."""
    locks, facts = [], []
    with on_anvil(node, tmp_path / "node", options) as real:
        for place in (real, simulated(tmp_path / "simulator", options)):
            straight_life(place, BOTH)
            document = place.space.lock(ONE)
            assert document is not None
            for entry in document["networks"].values():
                assert entry["pins"].pop("block_number")
                assert entry["pins"].pop("block_hash")
            locks.append(document)
            ports = (place.site.council, place.site.guardian, place.site.timelock, place.site.target)
            facts.append([port.look(place.site.chain.head()) for port in ports])
    assert locks[0] == locks[1]
    assert facts[0] == facts[1]


LATE = [Options(generation=g, activation_delay="1 h") for g in (Generation.OURS, Generation.V1, Generation.COMPACT)]


@pytest.mark.parametrize("options", LATE, ids=str)
def test_with_an_activation_delay_it_is_two_operations_in_order(build: Build, options: Options) -> None:
    """threat_26: routes of deployed generations live before activation, ours do not."""
    place = build(options)
    place.queued(ONE, SWAP)
    first, second = (step.operation for step in place.steps(ONE))
    assert first is not None
    assert second is not None
    assert (second.predecessor, second.delay.seconds - first.delay.seconds) == (first.id, 3600)
    place.warp(DELAY)
    seen = place.execute(ONE)
    assert [str(step.stage) for step in seen.steps] == ["executed", "waiting"]
    assert (place.ask("maxFee()(uint256)") == 500) is (options.generation is not Generation.OURS)
    eta = seen.steps[1].eta
    assert eta is not None
    place.warp(seen.head.timestamp.until(eta).seconds)
    assert place.stage(ONE) is Stage.READY
    place.warp(3600)
    assert place.execute(ONE).stage is Stage.EXECUTED
    assert place.told == [f"{w}: {s}" for w in ("queued", "executed") for s in ("commit and apply", "activate")]
    place.verify(ONE).require()
    assert place.ask("maxFee()(uint256)") == 500


def test_what_was_committed_late_is_activated_late(build: Build) -> None:
    """The timelock says ready; the dispatcher's own delay began when the commit was executed."""
    place = build(Options(activation_delay="1 h"))
    place.queued(ONE, SWAP)
    place.warp(DELAY + 3600)
    assert refused(place.execute, ONE) == ["dry-run"]
    assert place.told[-1] == "executed: commit and apply"
    assert "ActivationNotReady" in told(place.execute, ONE)
    place.warp(3600)
    assert place.execute(ONE).stage is Stage.EXECUTED


# ---- people come and go --------------------------------------------------------------------------------------------


def second_in_line(place: Place) -> str:
    """A signed proposal at nonce 1, behind one that is only locked at nonce 0."""
    place.write(ONE, SET_FEE)
    place.lock(ONE)
    place.approved(TWO, SWAP)
    assert place.stage(TWO) is Stage.QUEUED
    return TWO


def test_one_signer_leaves_before_sending_and_the_quorum_falls(place: Place) -> None:
    """threat_31"""
    name = second_in_line(place)
    bob, carol = people()["bob"].address, people()["carol"].address
    place.council_sends("removeOwner(address,address,uint256)", bob, carol, 3)
    seen = place.look(name)
    assert (seen.stage, seen.steps[0].quorum.missing) == (Stage.COLLECTING, 1)
    assert [finding.rule for finding in seen.findings] == ["signature-non-owner"]
    assert refused(place.queue, name) == ["signature-non-owner"]
    assert refused(place.sign, name, "carol") == ["not-an-owner"]
    place.sign(name, "dave")
    assert place.queue(name).stage is Stage.WAITING


def test_a_raised_threshold_asks_those_who_have_not_signed(place: Place) -> None:
    """threat_31"""
    name = second_in_line(place)
    place.council_sends("changeThreshold(uint256)", 4)
    assert "collecting on devnet (3 of 4 signatures)" in told(place.queue, name)
    place.sign(name, "erin")
    assert place.queue(name).stage is Stage.WAITING


def test_a_new_owner_may_sign_what_was_locked_before(place: Place) -> None:
    name = second_in_line(place)
    place.council_sends("addOwnerWithThreshold(address,uint256)", people()["heidi"].address, 4)
    assert place.stage(name) is Stage.COLLECTING
    place.sign(name, "heidi")
    assert place.queue(name).stage is Stage.WAITING


def test_an_approval_on_chain_counts_beside_signatures(place: Place) -> None:
    """threat_40"""
    place.approved(ONE, SWAP, "alice", "bob")
    (step,) = place.steps(ONE)
    approve = encode_call(function("approveHash(bytes32)"), [step.safe_tx.hash])
    place.account("erin").send(Call(to=step.safe_tx.safe, data=approve), purpose="approve")
    quorum = place.look(ONE).steps[0].quorum
    assert quorum.met
    assert {each.owner: each.kind for each in quorum.signatures}[
        people()["erin"].address
    ] is SignatureKind.APPROVED_HASH
    assert place.queue(ONE).stage is Stage.WAITING


def test_signing_twice_changes_nothing(place: Place) -> None:
    """threat_35"""
    place.approved(ONE, SWAP, "alice")
    before = place.look(ONE)
    place.sign(ONE, "alice")
    assert place.look(ONE) == before


def test_another_transaction_takes_the_nonce_and_everybody_signs_anew(place: Place) -> None:
    """threat_30, threat_33: signatures die with their nonce."""
    place.approved(ONE, SWAP)
    old = place.look(ONE).steps[0].step.safe_tx.hash
    place.council_sends("changeThreshold(uint256)", 3)
    assert place.stage(ONE) is Stage.DISPLACED
    assert ACTIONS[Stage.DISPLACED] in told(place.queue, ONE)
    assert "there is nothing to sign" in told(place.sign, ONE, "alice")
    place.lock(ONE)
    seen = place.look(ONE)
    assert (seen.stage, seen.steps[0].quorum.signed) == (Stage.COLLECTING, ())
    assert (seen.steps[0].step.safe_tx.nonce, seen.steps[0].step.safe_tx.hash != old) == (1, True)
    place.sign(ONE, "carol", "dave", "erin")
    assert place.queue(ONE).stage is Stage.WAITING


def test_two_proposals_go_in_the_order_of_their_nonces(place: Place) -> None:
    place.approved(ONE, SET_FEE)
    place.approved(TWO, SWAP)
    assert (place.stage(ONE), place.stage(TWO)) == (Stage.APPROVED, Stage.QUEUED)
    assert ACTIONS[Stage.QUEUED] in told(place.queue, TWO)
    place.queue(ONE)
    assert place.stage(TWO) is Stage.APPROVED
    place.queue(TWO)
    assert (place.stage(ONE), place.stage(TWO)) == (Stage.WAITING, Stage.WAITING)


def test_somebody_elses_transaction_for_the_same_call_is_no_approval(place: Place) -> None:
    """threat_30: the operation that the council scheduled by hand is the one that was proposed: the chain speaks first."""
    place.write(ONE, SWAP)
    place.lock(ONE)
    place.safe_sends(Lane.TIMELOCK, place.operation(ONE).schedule(), "carol", "dave", "erin")
    seen = place.look(ONE)
    assert (seen.stage, seen.steps[0].quorum.signed) == (Stage.WAITING, ())


def test_a_signature_by_a_guardian_does_not_count_for_the_council(place: Place) -> None:
    """threat_34"""
    place.approved(ONE, SWAP, "alice", "bob")
    assert refused(place.sign, ONE, "frank") == ["not-an-owner"]
    tx, frank = place.look(ONE).steps[0].step.safe_tx, people()["frank"]
    slipped = Ballot(
        proposal=ONE,
        network=NETWORK,
        chain_id=CHAIN_ID,
        safe=tx.safe,
        nonce=tx.nonce,
        safe_tx_hash=tx.hash,
        signer=frank.address,
        signature=frank.sign(tx.hash),
    )
    place.space.mailbox(ONE).add(slipped)
    seen = place.look(ONE)
    assert (seen.stage, [finding.rule for finding in seen.findings]) == (Stage.COLLECTING, ["signature-non-owner"])
    assert refused(place.queue, ONE) == ["signature-non-owner"]


def test_bytes_that_the_safe_would_read_otherwise_are_not_sent(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """threat_35: a fault of our own, in how signatures are put together."""
    place.approved(ONE, SWAP)
    blob = place.look(ONE).steps[0].quorum.blob()
    monkeypatch.setattr(Quorum, "blob", lambda _: blob[65:] + blob[:65])
    with pytest.raises(ChainContradicts, match="would refuse their bytes") as caught:
        place.queue(ONE)
    assert [finding.rule for finding in caught.value.findings] == ["signature-order"]
    assert place.stage(ONE) is Stage.APPROVED


def test_fewer_signatures_than_the_threshold_send_nothing(place: Place) -> None:
    place.approved(ONE, SWAP, "alice", "bob")
    before = place.site.chain.head()
    assert "(2 of 3 signatures)" in told(place.queue, ONE)
    assert place.site.chain.head() == before


# ---- stopping ------------------------------------------------------------------------------------------------------


def test_a_cancelled_proposal_reads_cancelled_and_comes_back_under_a_new_id(place: Place) -> None:
    """threat_24: the timelock itself has forgotten the id and reads unset."""
    place.queued(ONE, SWAP)
    first = place.look(ONE).steps[0]
    place.write(TWO, cancelling(ONE))
    place.lock(TWO)
    place.sign(TWO, "frank")
    assert place.stage(TWO) is Stage.COLLECTING
    place.sign(TWO, "heidi")
    place.execute(TWO)
    place.verify(TWO).require()
    seen = place.look(ONE).steps[0]
    assert seen.operation is not None
    assert (seen.stage, seen.operation.timestamp, seen.operation.newest) == (
        Stage.CANCELLED,
        0,
        OperationEvent.CANCELLED,
    )
    assert ACTIONS[Stage.CANCELLED] in told(place.execute, ONE)
    place.warp(DELAY)
    assert ACTIONS[Stage.CANCELLED] in told(place.queue, ONE)

    again = place.lock(ONE).plan
    assert again.pins.attempt == 1
    assert first.step.operation is not None
    assert again.steps[0].operation is not None
    assert again.steps[0].operation.id != first.step.operation.id
    assert place.stage(ONE) is Stage.COLLECTING
    place.sign(ONE, "alice", "bob", "carol")
    place.queue(ONE)
    place.warp(DELAY)
    assert place.execute(ONE).stage is Stage.EXECUTED
    place.verify(ONE).require()


def test_the_same_id_scheduled_again_by_the_council_waits_again(place: Place) -> None:
    """threat_24"""
    place.queued(ONE, SWAP)
    undo = cancel(place.site.network.timelock, place.operation(ONE).id)
    place.safe_sends(Lane.TIMELOCK, undo, "alice", "bob", "carol")
    assert place.stage(ONE) is Stage.CANCELLED
    place.safe_sends(Lane.TIMELOCK, place.operation(ONE).schedule(), "alice", "bob", "carol")
    assert place.stage(ONE) is Stage.WAITING
    assert Stage.WAITING in SUCCESSORS[Stage.CANCELLED]


def test_an_id_that_lives_twice_between_two_looks_contradicts_nothing(place: Place, tmp_path: Path) -> None:
    """threat_24: ready, then cancelled and scheduled again by hand, then seen waiting."""
    journal = SqlJournal(f"sqlite:///{tmp_path / 'notes.sqlite3'}")
    place.queued(ONE, SWAP)
    place.warp(DELAY)
    note_sighting(journal, place.look(ONE))
    place.by_guardians(TWO, cancelling(ONE))
    place.safe_sends(Lane.TIMELOCK, place.operation(ONE).schedule(), "alice", "bob", "carol")
    note_sighting(journal, place.look(ONE))
    assert [entry.subject["stage"] for entry in journal.entries()] == ["ready", "waiting"]
    assert Stage.WAITING not in SUCCESSORS[Stage.READY]


def test_what_is_ready_for_the_next_block_only_is_no_sighting(place: Place, tmp_path: Path) -> None:
    """threat_19: that block may come with another time, and nothing was contradicted then."""
    journal = SqlJournal(f"sqlite:///{tmp_path / 'notes.sqlite3'}")
    place.queued(ONE, SWAP)
    (step,) = place.look(ONE).steps
    ahead = look(place.site, place.space, ONE, moment=step.eta)
    assert (ahead.stage, place.stage(ONE)) == (Stage.READY, Stage.WAITING)
    note_sighting(journal, ahead)
    assert journal.entries() == []
    note_sighting(journal, place.look(ONE))
    assert [entry.subject["stage"] for entry in journal.entries()] == ["waiting"]


def test_there_is_nothing_to_cancel_before_scheduling_and_after_execution(place: Place) -> None:
    place.write(TWO, cancelling(ONE))
    place.approved(ONE, SWAP)
    assert refused(place.lock, TWO) == ["nothing-to-cancel"]
    place.queue(ONE)
    place.lock(TWO)
    place.sign(TWO, "frank", "grace")
    place.warp(DELAY)
    place.execute(ONE)
    assert refused(place.execute, TWO) == ["lock-stale"]
    assert refused(place.lock, TWO) == ["nothing-to-cancel"]


def test_an_upgrade_of_two_operations_is_cancelled_in_two_transactions(build: Build) -> None:
    place = build(Options(activation_delay="1 h"))
    place.queued(ONE, SWAP)
    place.write(TWO, cancelling(ONE))
    place.lock(TWO)
    place.sign(TWO, "grace", "heidi")
    place.execute(TWO)
    place.verify(TWO).require()
    assert place.told[-2:] == ["executed: cancel 1 of 2", "executed: cancel 2 of 2"]
    assert {str(step.stage) for step in place.look(ONE).steps} == {"cancelled"}


PAUSABLE = [g for g in Generation if g is not Generation.DIAMOND]


@pytest.mark.parametrize("generation", PAUSABLE)
def test_an_emergency_pause_by_two_of_three_stops_routed_calls_at_once(build: Build, generation: Generation) -> None:
    """threat_53"""
    place = build(Options(generation=generation))
    assert place.ask("fee()(uint256)") == 30
    place.write(ONE, PAUSE)
    place.lock(ONE)
    place.sign(ONE, "frank")
    assert "(1 of 2 signatures)" in told(place.execute, ONE)
    assert place.ask("fee()(uint256)") == 30
    place.sign(ONE, "heidi")
    assert "nothing is queued on the guardian lane" in told(place.queue, ONE)
    assert place.execute(ONE).stage is Stage.EXECUTED
    assert place.ask("fee()(uint256)") == "reverted"
    place.verify(ONE).require()


def test_a_diamond_has_no_pause(build: Build) -> None:
    place = build(Options(generation=Generation.DIAMOND))
    place.write(ONE, PAUSE)
    assert refused(place.lock, ONE) == ["no-pause"]


@pytest.mark.parametrize("generation", PAUSABLE)
def test_what_waits_survives_a_pause_and_is_not_executed_in_it(build: Build, generation: Generation) -> None:
    """It becomes executable the moment somebody unpauses: cancel first."""
    place = build(Options(generation=generation))
    place.queued(ONE, SWAP)
    place.by_guardians(TWO, PAUSE)
    assert place.stage(ONE) is Stage.WAITING
    place.warp(DELAY)
    assert place.stage(ONE) is Stage.READY
    assert "would revert: EnforcedPause()" in told(place.execute, ONE)
    place.by_guardians(THREE, cancelling(ONE))
    assert place.stage(ONE) is Stage.CANCELLED


def test_the_council_cannot_pause_and_the_guardian_cannot_upgrade(build: Build) -> None:
    """threat_53: neither by this tool nor past it."""
    place = build(Options(safe_version="1.5.0"))
    place.write(ONE, PAUSE)
    place.lock(ONE)
    assert refused(place.sign, ONE, "alice") == ["not-an-owner"]
    (pause,) = place.steps(ONE)
    words = told(place.safe_sends, Lane.TIMELOCK, pause.calls[0], "alice", "bob", "carol")
    assert f"{place.site.network.council} lacks EMERGENCY_ROLE" in words
    place.write(TWO, SWAP)
    place.lock(TWO)
    assert refused(place.sign, TWO, "frank") == ["not-an-owner"]
    words = told(place.safe_sends, Lane.GUARDIAN, place.operation(TWO).schedule(), "frank", "grace")
    assert f"{place.site.network.guardian} lacks PROPOSER_ROLE" in words


# ---- time ----------------------------------------------------------------------------------------------------------


def test_what_is_ready_for_too_long_is_refused_though_the_timelock_would_still_take_it(place: Place) -> None:
    """threat_25"""
    place.queued(ONE, SWAP)
    place.warp(DELAY + 14 * DAY - 600)  # a node's clock runs on while it is asked
    assert place.stage(ONE) is Stage.READY
    place.warp(1200)
    assert place.stage(ONE) is Stage.EXPIRED
    assert ACTIONS[Stage.EXPIRED] in told(place.execute, ONE)
    place.payer.send(place.operation(ONE).execute(), purpose="somebody without this tool")
    assert place.stage(ONE) is Stage.EXECUTED


def test_after_its_last_moment_a_proposal_is_neither_signed_nor_sent(place: Place) -> None:
    last = place.site.chain.head().timestamp.seconds + DELAY + DAY
    place.approved(ONE, SWAP + f"not_after: {Moment(last)}\n")
    place.warp(2 * DAY)
    assert refused(place.sign, ONE, "dave") == ["not-after"]
    assert refused(place.queue, ONE) == ["not-after"]


def test_what_was_queued_in_time_is_not_executed_after_its_last_moment(place: Place) -> None:
    last = place.site.chain.head().timestamp.seconds + DELAY + DAY
    place.queued(ONE, SWAP + f"not_after: {Moment(last)}\n")
    place.warp(DELAY + 2 * DAY)
    assert refused(place.execute, ONE) == ["not-after"]


# ---- order ---------------------------------------------------------------------------------------------------------


def test_the_timelock_keeps_a_proposal_behind_the_one_it_comes_after(place: Place) -> None:
    """threat_26"""
    later = SET_FEE + f"after: {ONE}\n"
    place.write(TWO, later)
    assert refused(place.lock, TWO) == ["after-not-locked"]
    place.queued(ONE, SWAP)
    place.queued(TWO, later)
    assert place.operation(TWO).predecessor == place.operation(ONE).id != ZERO_WORD
    place.warp(DELAY)
    assert (place.stage(ONE), place.stage(TWO)) == (Stage.READY, Stage.READY)
    assert "must be executed first" in told(place.execute, TWO)
    place.execute(ONE)
    place.execute(TWO)
    assert place.ask("fee()(uint256)") == 40
    place.verify(TWO).require()


def test_the_epoch_of_a_commit_goes_stale_when_another_root_activates_first(place: Place) -> None:
    place.queued(ONE, SWAP)
    place.queued(TWO, REMOVE)
    place.warp(DELAY)
    place.execute(ONE)
    assert place.stage(TWO) is Stage.READY
    assert "would revert: BadEpoch()" in told(place.execute, TWO)


def test_a_plan_for_other_routes_than_the_live_ones_is_stale(place: Place) -> None:
    """threat_42"""
    place.approved(ONE, SWAP)
    place.approved(TWO, REMOVE)
    place.queue(ONE)
    place.warp(DELAY)
    place.execute(ONE)
    assert place.stage(TWO) is Stage.APPROVED
    with pytest.raises(Refused) as caught:
        place.queue(TWO)
    assert sorted((finding.rule, finding.path) for finding in caught.value.findings) == [
        ("lock-stale", "pins.target.active_epoch"),
        ("lock-stale", "pins.target.active_root"),
        ("lock-stale", "pins.target.routes"),
    ]
    place.lock(TWO)
    assert refused(place.sign, TWO, "carol") == ["nonce-contested"]
    for name in ("alice", "bob", "carol"):
        (each,) = rejections(place.site, place.space, TWO)
        sign_rejection(place.site, each, people()[name], place.space, safe_tx_hash_by_safe_eth)
    send_rejection(place.site, rejections(place.site, place.space, TWO)[0], place.payer)
    place.lock(TWO)
    place.sign(TWO, "carol", "dave", "erin")
    assert place.queue(TWO).stage is Stage.WAITING


# ---- what changes behind the plan ----------------------------------------------------------------------------------


def test_code_swapped_while_the_operation_waits_is_refused(place: Place) -> None:
    """threat_41"""
    place.queued(ONE, SWAP)
    place.set_code(place.address("FeeFacet@2"), b"\x00")
    place.warp(DELAY)
    assert place.stage(ONE) is Stage.READY
    assert refused(place.execute, ONE) == ["code-swapped"]


def test_code_swapped_before_signing_is_refused(place: Place) -> None:
    """threat_41"""
    place.approved(ONE, SWAP)
    place.set_code(place.address("FeeFacet@2"), b"\x00")
    for act in (place.queue, place.lock):
        assert refused(act, ONE) == ["facet-code-differs"]
    assert refused(place.sign, ONE, "dave") == ["facet-code-differs"]


@pytest.mark.parametrize(
    ("code", "rule"), [(b"", "facet-no-code"), (b"\xef\x01\x00" + b"\x11" * 20, "facet-delegated")], ids=str
)
def test_a_facet_that_cannot_be_one_is_not_planned(place: Place, code: bytes, rule: str) -> None:
    """threat_29, threat_41"""
    if code:
        place.set_code(place.address("FeeFacet@2"), code)
    nowhere = SWAP if code else SWAP.replace("FeeFacet@2", "'0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'")
    place.write(ONE, nowhere)
    assert refused(place.lock, ONE) == [rule]
    assert place.space.lock(ONE) is None


def test_a_call_to_an_account_without_code_is_not_planned(place: Place) -> None:
    """threat_29"""
    nowhere = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    who = f'introduce: [{{address: "{nowhere}", name: nowhere, purpose: "An account without code"}}]\n'
    place.write(ONE, SET_FEE.replace("to: target", f"to: '{nowhere}'") + who)
    assert refused(place.lock, ONE) == ["target-no-code"]


def test_a_delay_raised_on_the_timelock_makes_the_plan_stale(place: Place) -> None:
    """threat_27"""
    second_in_line(place)
    timelock = place.site.network.timelock
    place.timelock_does((timelock, "updateDelay(uint256)", [DELAY + 1]))
    assert place.stage(TWO) is Stage.APPROVED
    assert "lock-stale" in refused(place.queue, TWO)
    assert refused(place.lock, TWO) == ["delay-below-minimum"]


def test_a_plan_stays_what_it_is_while_facts_it_does_not_depend_on_change(place: Place) -> None:
    second_in_line(place)
    place.by_guardians(THREE, PAUSE)
    place.council_sends("changeThreshold(uint256)", 3)
    assert place.queue(TWO).stage is Stage.WAITING


LOST: dict[str, tuple[str, str, str]] = {
    "the council may no longer propose": ("timelock", "PROPOSER_ROLE", "council-cannot-propose"),
    "the timelock may no longer commit": ("target", "COMMIT_ROLE", "lock-stale"),
    "the timelock may no longer apply": ("target", "APPLY_ROLE", "lock-stale"),
}


@pytest.mark.parametrize(("where", "role", "rule"), LOST.values(), ids=LOST.keys())
def test_a_right_that_is_lost_stops_what_was_signed(place: Place, where: str, role: str, rule: str) -> None:
    """threat_28"""
    second_in_line(place)
    network = place.site.network
    contract = network.timelock if where == "timelock" else network.target
    loser = network.council if where == "timelock" else network.timelock
    place.timelock_does((contract, "revokeRole(bytes32,address)", [keccak(role.encode()), loser]))
    assert place.stage(TWO) is Stage.APPROVED
    assert refused(place.queue, TWO) == [rule]
    replanned = refused(place.lock, TWO)
    assert replanned == [rule if where == "timelock" else "timelock-lacks-role"]


def test_a_guardian_who_may_no_longer_cancel_or_pause_is_told_so(place: Place) -> None:
    """threat_28"""
    place.queued(ONE, SWAP)
    network = place.site.network
    place.timelock_does(
        (network.timelock, "revokeRole(bytes32,address)", [keccak(b"CANCELLER_ROLE"), network.guardian]),
        (network.target, "revokeRole(bytes32,address)", [keccak(b"EMERGENCY_ROLE"), network.guardian]),
    )
    place.write(TWO, cancelling(ONE))
    place.write(THREE, PAUSE)
    assert refused(place.lock, TWO) == ["guardian-cannot-cancel"]
    assert refused(place.lock, THREE) == ["guardian-lacks-role"]


# ---- documents -----------------------------------------------------------------------------------------------------


def test_a_proposal_edited_after_signing_is_refused_everywhere(place: Place) -> None:
    """threat_49"""
    place.approved(ONE, SWAP)
    file = place.space.proposal_file(ONE)
    place.edit(file, "For a test.", "For another test.")
    for act in (place.look, place.queue, place.execute, place.verify):
        assert refused(act, ONE) == ["proposal-edited"]
    assert refused(place.sign, ONE, "dave") == ["proposal-edited"]
    place.edit(file, "For another test.", '"For a test." # a comment')
    assert place.stage(ONE) is Stage.APPROVED


def test_a_policy_that_is_not_the_anchored_one_allows_nothing(place: Place) -> None:
    """threat_52: a policy cannot loosen itself."""
    place.approved(ONE, SWAP)
    place.edit(place.space.policy_file, "grace: 14 d", "grace: 15 d")
    assert refused(place.queue, ONE) == ["policy-not-anchored"]
    assert refused(place.lock, ONE) == ["policy-not-anchored"]
    assert refused(place.sign, ONE, "dave") == ["policy-not-anchored"]
    assert place.stage(ONE) is Stage.APPROVED


def test_what_waits_is_executed_only_under_the_policy_in_force(place: Place) -> None:
    """threat_52"""
    place.queued(ONE, SWAP)
    place.warp(DELAY)
    place.edit(place.space.policy_file, "grace: 14 d", "grace: 15 d")
    assert refused(place.execute, ONE) == ["policy-not-anchored"]


def test_a_policy_that_came_into_force_meanwhile_makes_plans_stale(place: Place) -> None:
    """threat_51, threat_52"""
    second_in_line(place)
    place.edit(place.space.policy_file, "grace: 14 d", "grace: 7 d")
    anchor, digest = place.site.network.policy_anchor, place.space.policy().digest
    place.timelock_does((anchor, "setPolicy(bytes32,string)", [digest, "policies.yaml"]))
    with pytest.raises(Refused) as caught:
        place.queue(TWO)
    assert [(f.rule, f.path) for f in caught.value.findings] == [
        ("lock-stale", "pins.policy_digest"),
        ("lock-stale", "pins.grace"),
    ]


def test_a_node_of_another_chain_is_refused(place: Place) -> None:
    """threat_16"""
    place.approved(ONE, SWAP)
    place.serve_chain(1)
    for act in (place.look, place.lock, place.queue, place.execute, place.verify):
        assert refused(act, ONE) == ["chain-id"]
    place.serve_chain(CHAIN_ID)
    assert place.stage(ONE) is Stage.APPROVED


# ---- what is stored ------------------------------------------------------------------------------------------------


def test_without_its_journal_the_tool_sees_the_same_and_acts_once(place: Place) -> None:
    """threat_12: the chain is the truth. The journal is lost between any two steps."""

    def lose_it() -> None:
        before = place.look(ONE)
        place.payer = place.forget()
        assert place.look(ONE) == before

    steps: list[Callable[[], object]] = [
        lambda: place.lock(ONE),
        *(lambda name=name: place.sign(ONE, name) for name in ("alice", "bob", "carol")),
        lambda: place.queue(ONE),
        lambda: place.queue(ONE),
        lambda: place.warp(DELAY),
        lambda: place.execute(ONE),
        lambda: place.execute(ONE),
    ]
    place.write(ONE, SWAP)
    lose_it()
    for step in steps:
        step()
        lose_it()
    assert place.told == ["queued: upgrade", "executed: upgrade"]
    assert place.stage(ONE) is Stage.EXECUTED


def test_an_act_that_is_repeated_sends_nothing(place: Place) -> None:
    """threat_03"""
    place.queued(ONE, SWAP)
    head = place.site.chain.head()
    place.queue(ONE)
    assert place.site.chain.head() == head
    place.warp(DELAY)
    place.execute(ONE)
    head = place.site.chain.head()
    place.execute(ONE)
    place.queue(ONE)
    assert place.site.chain.head() == head
    assert refused(place.lock, ONE) == ["operation-executed"]


def test_what_is_scheduled_is_not_locked_again(place: Place) -> None:
    place.queued(ONE, SWAP)
    assert refused(place.lock, ONE) == ["operation-scheduled"]
    assert "there is nothing to sign" in told(place.sign, ONE, "dave")


def test_no_new_lock_file_hides_an_operation_that_waits(place: Place) -> None:
    """threat_49: neither after an edit nor after the facts moved, so that a cancel still finds it."""
    place.queued(ONE, SWAP)
    before = place.space.lock(ONE)
    place.set_code(place.address("FeeFacet@2"), b"\x00")
    assert refused(place.lock, ONE) == ["operation-scheduled"]
    place.edit(place.space.proposal_file(ONE), "For a test.", "For another test.")
    assert refused(place.lock, ONE) == ["operation-scheduled"]
    assert place.space.lock(ONE) == before
    place.by_guardians(TWO, cancelling(ONE))
    assert refused(place.lock, ONE) == ["facet-code-differs"]


def test_what_the_council_scheduled_by_hand_is_not_locked_again(place: Place) -> None:
    place.write(ONE, SWAP)
    place.lock(ONE)
    by_hand = place.operation(ONE).schedule()
    place.space.lock_file(ONE).unlink()
    place.safe_sends(Lane.TIMELOCK, by_hand, "alice", "bob", "carol")
    assert refused(place.lock, ONE) == ["operation-scheduled"]


def test_stages_of_a_life_follow_the_table(place: Place) -> None:
    place.write(ONE, SWAP)
    seen = [place.stage(ONE)]
    for step in (
        lambda: place.lock(ONE),
        lambda: place.sign(ONE, "alice", "bob", "carol"),
        lambda: place.queue(ONE),
        lambda: place.warp(DELAY),
        lambda: place.warp(15 * DAY),
        lambda: place.by_guardians(TWO, cancelling(ONE)),
        lambda: place.lock(ONE),
    ):
        step()
        seen.append(place.stage(ONE))
    assert all(after in SUCCESSORS[before] for before, after in pairwise(seen))
    assert len(set(seen)) == 7


def test_the_second_opinion_on_a_hash_must_agree(place: Place) -> None:
    place.write(ONE, SWAP)
    place.lock(ONE)
    with pytest.raises(ChainContradicts, match="safe-eth-py says"):
        sign.prepare(place.site, place.space, ONE, lambda tx, _: replace(tx, nonce=tx.nonce + 1).hash, rehearse=None)


def test_a_failing_inner_call_keeps_the_nonce(place: Place) -> None:
    """threat_36"""
    call = Call(to=place.site.network.timelock, data=b"\xde\xad\xbe\xef", summary="nonsense")
    assert refused(place.safe_sends, Lane.TIMELOCK, call, "alice", "bob", "carol") == ["dry-run"]
    assert place.site.council.look(place.site.chain.head()).nonce == 0
