"""Timelock and Safes against a model, step by step, for a hundred thousand steps; and what must hold after every one.

I1 at most one execution of each incarnation; I2 nothing before its time; I3 what is executed is what was derived; I4 a quorum
of the owners of that moment; I8 the council can still act. I5, I6, I7, I9 and I10 are of policy, database, journal, keys and
alarms: `tests/core/test_policy_properties.py`, `tests/executor`, `tests/adapters/test_journal.py`, `tests/apps/test_canary.py`.
No nonce is pinned ahead and nothing is reorganised here; which log is an operation's newest comes from the model.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from governance.core.call import Call, decode, encode_call
from governance.core.facts import OperationEvent, OperationFacts, SafeOutcome
from governance.core.operation import Operation, cancel
from governance.core.quorum import Quorum, count
from governance.core.safetx import execution
from governance.core.signature import combine, read_signature
from governance.core.stage import Stage, StepFacts, stage_of
from governance.core.units import ZERO_WORD, Bytes32, Duration, Moment
from tests.core.safevm import APPROVE, STRANGER, RealSafe
from tests.machine.world import (
    ADD_OWNER,
    BROKEN,
    CANCELLER,
    CHANGE_THRESHOLD,
    COUNTER,
    GRANT,
    HAS_ROLE,
    HASH_BATCH,
    MIN_DELAY,
    NONCE,
    OWNERS,
    PEOPLE,
    REMOVE_OWNER,
    REVOKE,
    SENTINEL,
    THRESHOLD,
    UPDATE_DELAY,
    Model,
    Reality,
    SafeModel,
    safe_tx,
)

STEPS, LIVES = 250, 400
GRACE = Duration(20_000)
everybody = set(range(len(PEOPLE)))
signers = st.one_of(
    st.just(everybody), st.just(everybody), st.just({0, 1, 2}), st.sets(st.sampled_from(sorted(everybody)))
)
"""Often enough of them to come to something."""
some_calls = st.lists(
    st.sampled_from(["count", "count", "count", "count", "delay", "shorter", "grant", "revoke", "fail"]),
    min_size=1,
    max_size=3,
)
pick, person, threshold = st.integers(0, 3), st.integers(0, 6), st.integers(0, 5)
pauses = st.sampled_from([5400, 7200, 5400, 1, 600, 1800, 3600, 30_000])
sooner = st.sampled_from([0, 0, 0, 1, -1])
"""How many times ten minutes an operation waits longer than it must."""
predecessors = st.sampled_from([-1, -1, -1, 0, 1])
Given = dict[str, st.SearchStrategy[Any]]
ACTS: dict[str, tuple[int, Given]] = {
    "derive": (4, {"kinds": some_calls, "more": sooner, "salt": st.integers(0, 3), "after": predecessors}),
    "carry_out": (3, {"which": pick, "waits": st.sampled_from([0, -1, 1]), "who": person}),
    "schedule": (4, {"which": pick, "who": signers, "ahead": st.sampled_from([0, 0, 0, 0, 1])}),
    "withdraw": (2, {"which": pick, "who": signers, "by_guardian": st.booleans()}),
    "add_owner": (1, {"newcomer": person, "threshold": threshold, "who": signers}),
    "remove_owner": (1, {"leaver": person, "threshold": threshold, "who": signers}),
    "change_threshold": (1, {"threshold": threshold, "who": signers}),
    "approve_on_chain": (1, {"which": pick, "who": person}),
    "send_again": (1, {"again": st.integers(0, 20)}),
    "execute": (4, {"which": pick, "who": person}),
    "try_what_nobody_may": (1, {"which": pick, "who": person, "what": st.integers(0, 3)}),
    "wait": (3, {"seconds": pauses}),
}
"""How often each is chosen, and what it is given. One rule chooses among them all: in no life is one of them left out."""
CHOICES = [name for name, (often, _) in ACTS.items() for _ in range(often)]

taken = {"steps": 0, "executed": 0, "cancelled": 0, "refused": 0, "twice": 0}
"""What all machines of this process did."""


class Governance(RuleBasedStateMachine):
    """One life: people sign, send, wait, cancel, change owners, and try what they may not."""

    @initialize()
    def begin(self) -> None:
        self.real = Reality()
        self.model = Model(
            council=SafeModel(owners=[each.address for each in PEOPLE[:3]], threshold=2),
            guardian=SafeModel(owners=[each.address for each in PEOPLE[3:5]], threshold=1),
        )
        self.model.cancellers = {self.real.council.address, self.real.guardian.address}
        self.operations: list[Operation] = []
        self.sent: list[bytes] = []

    @rule(data=st.data(), name=st.sampled_from(CHOICES))
    def act(self, data: st.DataObject, name: str) -> None:
        """Somebody does something."""
        getattr(self, name)(**data.draw(st.fixed_dictionaries(ACTS[name][1])))

    # ---- what is proposed --------------------------------------------------------------------------------------------

    def derive(self, kinds: list[str], more: int, salt: int, after: int) -> None:
        """Another operation; ours and the timelock's own hash of it agree."""
        self._step()
        calls = tuple(self._call(kind) for kind in kinds)
        before = self.operations[after].id if 0 <= after < len(self.operations) else ZERO_WORD
        operation = Operation(
            timelock=self.real.timelock,
            calls=calls,
            predecessor=before,
            salt=Bytes32(salt.to_bytes(32)),
            delay=Duration(max(0, self.model.delay + 600 * more)),
        )
        arguments = [[c.to for c in calls], [c.value for c in calls], [c.data for c in calls], before, operation.salt]
        assert self.real.ask(self.real.timelock, encode_call(HASH_BATCH, arguments)) == operation.id
        self.operations = [*self.operations[-3:], operation]

    def _call(self, kind: str) -> Call:
        timelock, guardian = self.real.timelock, self.real.guardian.address
        made = {
            "count": (COUNTER, b"\x01"),
            "fail": (BROKEN, b"\x01"),
            "delay": (timelock, encode_call(UPDATE_DELAY, [5400])),
            "shorter": (timelock, encode_call(UPDATE_DELAY, [1800])),
            "grant": (timelock, encode_call(GRANT, [CANCELLER, guardian])),
            "revoke": (timelock, encode_call(REVOKE, [CANCELLER, guardian])),
        }
        to, data = made[kind]
        return Call(to=to, data=data)

    # ---- what a Safe does --------------------------------------------------------------------------------------------

    def carry_out(self, which: int, waits: int, who: int) -> None:
        """Everybody agrees, the time passes to the second, and somebody executes."""
        self.schedule(which, everybody, 0)
        operation = self._pick(which)
        if operation is not None:
            self.wait(max(1, self.model.timestamp(operation.id) - self.model.now + waits))
            self.execute(which, who)

    def schedule(self, which: int, who: set[int], ahead: int) -> None:
        operation = self._pick(which)
        if operation is None:
            return
        may = self.model.may_schedule(operation, self.real.council.address, self.real.council.address)
        if self._safe_sends(self.real.council, operation.schedule(), who, ahead, inner=may):
            self.model.schedule(operation)

    def withdraw(self, which: int, who: set[int], by_guardian: bool) -> None:
        operation = self._pick(which)
        if operation is None:
            return
        safe = self.real.guardian if by_guardian else self.real.council
        may = self.model.may_cancel(operation.id, safe.address)
        if self._safe_sends(safe, cancel(self.real.timelock, operation.id), who, 0, inner=may):
            self.model.cancel(operation.id)
            taken["cancelled"] += 1

    def add_owner(self, newcomer: int, threshold: int, who: set[int]) -> None:
        council, person = self.model.council, PEOPLE[newcomer].address
        may = person not in council.owners and 1 <= threshold <= len(council.owners) + 1
        if self._council_itself(encode_call(ADD_OWNER, [person, threshold]), who, may=may):
            council.owners.insert(0, person)
            council.threshold = threshold

    def remove_owner(self, leaver: int, threshold: int, who: set[int]) -> None:
        council, person = self.model.council, PEOPLE[leaver].address
        at = council.owners.index(person) if person in council.owners else None
        before = SENTINEL if not at else council.owners[at - 1]
        may = at is not None and 1 <= threshold <= len(council.owners) - 1
        if self._council_itself(encode_call(REMOVE_OWNER, [before, person, threshold]), who, may=may):
            council.owners.remove(person)
            council.threshold = threshold

    def change_threshold(self, threshold: int, who: set[int]) -> None:
        may = 1 <= threshold <= len(self.model.council.owners)
        if self._council_itself(encode_call(CHANGE_THRESHOLD, [threshold]), who, may=may):
            self.model.council.threshold = threshold

    def approve_on_chain(self, which: int, who: int) -> None:
        """An owner approves the hash of what would schedule an operation next."""
        operation = self._pick(which)
        if operation is None:
            return
        self._step()
        council, person = self.model.council, PEOPLE[who].address
        tx = safe_tx(self.real.council.address, operation.schedule(), council.nonce)
        may = person in council.owners
        assert self.real.send(person, self.real.council.address, encode_call(APPROVE, [tx.hash])) is may
        if may:
            council.approved.add((person, tx.hash))

    def send_again(self, again: int) -> None:
        """What a Safe executed once is never executed again."""
        if not self.sent:
            return
        self._step()
        taken["twice"] += 1
        assert not self.real.send(STRANGER, self.real.council.address, self.sent[again % len(self.sent)])

    def _council_itself(self, data: bytes, who: set[int], *, may: bool) -> bool:
        call = Call(to=self.real.council.address, data=data)
        return self._safe_sends(self.real.council, call, who, 0, inner=may)

    def _safe_sends(self, safe: RealSafe, call: Call, who: set[int], ahead: int, *, inner: bool) -> bool:
        """Whoever wants to signs; what our quorum makes of it is sent. Gives whether it was done, which the model foretold."""
        self._step()
        model = self.model.council if safe is self.real.council else self.model.guardian
        tx = safe_tx(safe.address, call, model.nonce + ahead)
        signed = [read_signature(tx.hash, PEOPLE[each].sign(tx.hash)) for each in sorted(who)]
        approved = frozenset(owner for owner, digest in model.approved if digest == tx.hash and owner in model.owners)
        quorum = count(tx.hash, signed, owners=model.owners, threshold=model.threshold, approved=approved)
        agreed = model.agrees({PEOPLE[each].address for each in who}, set(approved), STRANGER)
        assert quorum.met is agreed, "ours and the model count otherwise"
        blob = quorum.blob() if quorum.met else self._hopeless(signed, quorum)
        data = execution(tx, blob).data
        done = agreed and inner and ahead == 0
        assert self.real.send(STRANGER, safe.address, data) is done
        taken["refused"] += not done
        if done:
            model.nonce += 1
            if safe is self.real.council:
                self.sent.append(data)
        return done

    @staticmethod
    def _hopeless(signed: list[Any], quorum: Quorum) -> bytes:
        """Not enough, sent all the same: everybody's, also of those who are no owners."""
        return combine(signed, quorum.threshold) if signed else b""

    # ---- what anyone does --------------------------------------------------------------------------------------------

    def execute(self, which: int, who: int) -> None:
        operation = self._pick(which)
        if operation is None:
            return
        self._step()
        may = self.model.may_execute(operation)
        timelock = self.real.timelock
        assert self.real.send(PEOPLE[who].address, timelock, operation.execute().data) is may
        if may:
            self.model.execute(operation, timelock)
            taken["executed"] += 1

    def try_what_nobody_may(self, which: int, who: int, what: int) -> None:
        operation = self._pick(which)
        if operation is None:
            return
        self._step()
        timelock = self.real.timelock
        tries = (
            operation.schedule().data,
            cancel(timelock, operation.id).data,
            encode_call(UPDATE_DELAY, [0]),
            encode_call(GRANT, [CANCELLER, PEOPLE[who].address]),
        )
        assert not self.real.send(PEOPLE[who].address, timelock, tries[what])

    def wait(self, seconds: int) -> None:
        self._step()
        self.model.now += seconds
        self.real.set_time(self.model.now)

    # ---- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def the_chain_is_as_the_model_says(self) -> None:
        if not hasattr(self, "real"):
            return
        real, model = self.real, self.model
        assert real.number(real.timelock, encode_call(MIN_DELAY, [])) == model.delay
        assert int(str(real.evm.storage(COUNTER, 0)), 0) == model.counted
        for safe, known in ((real.council, model.council), (real.guardian, model.guardian)):
            assert real.number(safe.address, encode_call(NONCE, [])) == known.nonce
        (owners,) = decode(OWNERS.outputs, real.ask(real.council.address, encode_call(OWNERS, [])))
        assert [each.lower() for each in owners] == [each.lower() for each in model.council.owners]
        assert real.number(real.council.address, encode_call(THRESHOLD, [])) == model.council.threshold
        guardian = encode_call(HAS_ROLE, [CANCELLER, real.guardian.address])
        assert bool(real.number(real.timelock, guardian)) is (real.guardian.address in model.cancellers)

    @invariant()
    def every_operation_is_where_the_model_says_and_so_is_its_stage(self) -> None:
        if not hasattr(self, "real"):
            return
        model = self.model
        for operation in self.operations:
            timestamp = self.real.timestamp(operation.id)
            assert timestamp == model.timestamp(operation.id)
            # I1: done is for good, so an incarnation is executed at most once.
            cancelled = model.cancellations.get(operation.id, 0)
            assert model.executions.get(operation.id, 0) <= max(0, model.incarnations.get(operation.id, 0) - cancelled)
            assert model.executions.get(operation.id, 0) <= 1
            assert stage_of(self._facts(operation.id, timestamp)) is self._stage(operation.id)

    def _facts(self, operation: Bytes32, timestamp: int) -> StepFacts:
        newest = OperationEvent(self.model.newest.get(operation, "none"))
        cancelled = self.model.cancellations.get(operation, 0)
        facts = OperationFacts(id=operation, timestamp=timestamp, newest=newest, cancellations=cancelled)
        outcome: SafeOutcome | None = None
        return StepFacts(
            now=Moment(self.model.now),
            operation=facts,
            outcome=outcome,
            pinned_nonce=self.model.council.nonce,
            safe_nonce=self.model.council.nonce,
            quorum_met=False,
            grace=GRACE,
        )

    def _stage(self, operation: Bytes32) -> Stage:
        """From the model alone."""
        when = self.model.timestamp(operation)
        if when == 1:
            return Stage.EXECUTED
        if when > self.model.now:
            return Stage.WAITING
        if when:
            return Stage.EXPIRED if when + GRACE.seconds < self.model.now else Stage.READY
        return Stage.CANCELLED if self.model.newest.get(operation) == "cancelled" else Stage.COLLECTING

    def teardown(self) -> None:
        """I8: whoever governs now can still schedule something and have it executed."""
        if not hasattr(self, "real"):
            return
        operation = Operation(
            timelock=self.real.timelock,
            calls=(Call(to=COUNTER, data=b""),),
            predecessor=ZERO_WORD,
            salt=Bytes32(b"\xee" * 32),
            delay=Duration(self.model.delay),
        )
        assert self._safe_sends(self.real.council, operation.schedule(), everybody, 0, inner=True)
        self.model.schedule(operation)
        assert not self.real.send(STRANGER, self.real.timelock, operation.execute().data)
        self.model.now += self.model.delay
        self.real.set_time(self.model.now)
        assert self.real.send(STRANGER, self.real.timelock, operation.execute().data)

    def _pick(self, which: int) -> Operation | None:
        """One of the operations that there are; None before there is any."""
        return self.operations[which % len(self.operations)] if self.operations else None

    @staticmethod
    def _step() -> None:
        taken["steps"] += 1


def run(lives: int, steps: int) -> dict[str, int]:
    """So many lives, the same each time; gives what came of them."""
    before = dict(taken)
    how = settings(
        max_examples=lives,
        stateful_step_count=steps,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Governance, settings=how)
    return {name: taken[name] - before[name] for name in taken}


def test_a_few_lives_are_as_the_model_says() -> None:
    """threat_24 threat_26 threat_27 threat_31 threat_35"""
    found = run(25, 60)
    assert min(found.values()) > 0, found


@pytest.mark.slow
@pytest.mark.sweep
def test_a_hundred_thousand_steps_are_as_the_model_says() -> None:
    """threat_24 threat_26 threat_27 threat_30 threat_31 threat_32 threat_34 threat_35"""
    found = run(LIVES, STEPS)
    assert found["steps"] >= 100_000  # in one round: another one would live the same lives again
    assert found["executed"] > 1000
    assert found["cancelled"] > 100
