"""One life of a council: what people and executors may do in it, and what must hold after every step.

I1 at most one execution of each incarnation, on each branch of history; I2 nothing before its time; I3 what is executed is
what was derived; I4 a quorum of the owners of that moment; I5 our gate sends what the policy allows; I6 what an executor
remembers agrees with the chain; I7 its notes verify; I8 the council can still act; I9 no key is sent, noted or shown; I10
one note for each thing that is told twice.
"""

from collections.abc import Callable
from copy import deepcopy

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from governance.core.agenda import Action, Task
from governance.core.call import Call, decode, encode_call
from governance.core.facts import OperationEvent, OperationFacts
from governance.core.operation import Operation, cancel
from governance.core.signature import read_signature
from governance.core.stage import Stage, StepFacts, audit, stage_of
from governance.core.units import ZERO_WORD, Address, Bytes32, Duration, Moment
from tests.core.safevm import APPROVE, STRANGER
from tests.machine.choices import ACTS, CHOICES, everybody
from tests.machine.model import GRACE, Proposal
from tests.machine.rules import verdict
from tests.machine.sending import Sending, stages, taken
from tests.machine.world import (
    ADD_OWNER,
    BROKEN,
    CANCELLER,
    CHANGE_THRESHOLD,
    COUNT,
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
)


class Governance(Sending):
    """People sign, send, wait, cancel, change owners, and try what they may not; and history is not always what it was."""

    @rule(data=st.data(), name=st.sampled_from(CHOICES))
    def act(self, data: st.DataObject, name: str) -> None:
        """Somebody does something."""
        getattr(self, name)(**data.draw(st.fixed_dictionaries(ACTS[name][1])))

    # ---- what is proposed --------------------------------------------------------------------------------------------

    def derive(self, kinds: list[str], more: int, salt: int, after: int) -> None:
        """Another operation; ours and the timelock's own hash of it agree."""
        self._step()
        calls = tuple(self._call(kind) for kind in kinds)
        before = self.proposals[after].operation.id if 0 <= after < len(self.proposals) else ZERO_WORD
        operation = Operation(
            timelock=self.real.timelock,
            calls=calls,
            predecessor=before,
            salt=Bytes32(salt.to_bytes(32)),
            delay=Duration(max(0, self.model.delay + 600 * more)),
        )
        arguments = [[c.to for c in calls], [c.value for c in calls], [c.data for c in calls], before, operation.salt]
        assert self.real.ask(self.real.timelock, encode_call(HASH_BATCH, arguments)) == operation.id
        self.derived += 1
        proposal = Proposal(
            name=f"{taken['lives']}-{self.derived}", operation=operation, council=self.real.council.address
        )
        others = [each for each in self.proposals if each.operation.id != operation.id]
        self.proposals = [*others[-3:], proposal]

    def _call(self, kind: str) -> Call:
        timelock, guardian = self.real.timelock, self.real.guardian.address
        made = {
            "count": (COUNTER, encode_call(COUNT, [])),
            "fail": (BROKEN, b"\x01"),
            "delay": (timelock, encode_call(UPDATE_DELAY, [5400])),
            "shorter": (timelock, encode_call(UPDATE_DELAY, [1800])),
            "grant": (timelock, encode_call(GRANT, [CANCELLER, guardian])),
            "revoke": (timelock, encode_call(REVOKE, [CANCELLER, guardian])),
        }
        to, data = made[kind]
        return Call(to=to, data=data)

    # ---- what is signed for a nonce ----------------------------------------------------------------------------------

    def pin(self, which: int, ahead: int) -> None:
        proposal = self._pick(which)
        if proposal is not None:
            self._step()
            proposal.pin(self.model.council.nonce + ahead)

    def sign(self, which: int, who: set[int]) -> None:
        proposal = self._pick(which)
        if proposal is not None and proposal.nonce is not None:
            self._step()
            digest = proposal.tx.hash
            for each in who - set(proposal.signed):
                proposal.signed[each] = read_signature(digest, PEOPLE[each].sign(digest))

    def approve_on_chain(self, which: int, who: int) -> None:
        """An owner approves the hash of what schedules an operation."""
        proposal = self._pick(which)
        if proposal is None or proposal.nonce is None:
            return
        self._step()
        council, person, digest = self.model.council, PEOPLE[who].address, proposal.tx.hash
        may = person in council.owners
        assert self.real.send(person, self.real.council.address, encode_call(APPROVE, [digest])) is may
        if may:
            council.approved.add((person, digest))

    def send(self, which: int) -> None:
        """What is signed is sent, by whom and when does not matter."""
        proposal = self._pick(which)
        if proposal is not None and proposal.nonce is not None:
            self._sends(proposal)

    def _sends(self, proposal: Proposal) -> bool:
        operation, council = proposal.operation, self.real.council
        return self._safe_sends(
            council,
            proposal.tx,
            proposal.signed,
            may=lambda: self.model.may_schedule(operation, council.address, council.address),
            do=lambda: self.model.schedule(operation),
        )

    def schedule(self, which: int, who: set[int], ahead: int) -> None:
        """All at once."""
        self.pin(which, ahead)
        self.sign(which, who)
        self.send(which)

    def carry_out(self, which: int, waits: int, who: int) -> None:
        """Everybody agrees, the time passes to the second, and somebody executes."""
        self.schedule(which, everybody, 0)
        proposal = self._pick(which)
        if proposal is not None:
            self.wait(max(1, self.model.timestamp(proposal.operation.id) - self.model.now + waits))
            self.execute(which, who)

    def schedule_elsewhere(self, which: int, who: set[int]) -> None:
        """By the Safe's own interface, at whatever nonce comes next; no file says so."""
        proposal = self._pick(which)
        if proposal is None:
            return
        operation, council = proposal.operation, self.real.council
        self._at_once(
            council,
            operation.schedule(),
            who,
            may=lambda: self.model.may_schedule(operation, council.address, council.address),
            do=lambda: self.model.schedule(operation),
        )

    # ---- what else a Safe does ---------------------------------------------------------------------------------------

    def withdraw(self, which: int, who: set[int], by_guardian: bool) -> None:
        proposal = self._pick(which)
        if proposal is None:
            return
        safe, operation = self.real.guardian if by_guardian else self.real.council, proposal.operation.id

        def do() -> None:
            self.model.cancel(operation)
            taken["cancellations"] += 1

        call = cancel(self.real.timelock, operation)
        self._at_once(safe, call, who, may=lambda: self.model.may_cancel(operation, safe.address), do=do)

    def add_owner(self, newcomer: int, threshold: int, who: set[int]) -> None:
        person = PEOPLE[newcomer].address

        def may() -> bool:
            owners = self.model.council.owners
            return person not in owners and 1 <= threshold <= len(owners) + 1

        def do() -> None:
            self.model.council.owners.insert(0, person)
            self.model.council.threshold = threshold

        self._council_itself(encode_call(ADD_OWNER, [person, threshold]), who, may=may, do=do)

    def remove_owner(self, leaver: int, threshold: int, who: set[int]) -> None:
        person = PEOPLE[leaver].address
        before = self._before(person)

        def may() -> bool:
            owners = self.model.council.owners
            return person in owners and self._before(person) == before and 1 <= threshold <= len(owners) - 1

        def do() -> None:
            self.model.council.owners.remove(person)
            self.model.council.threshold = threshold

        self._council_itself(encode_call(REMOVE_OWNER, [before, person, threshold]), who, may=may, do=do)

    def _before(self, person: str) -> str:
        owners: list[str] = list(self.model.council.owners)
        at = owners.index(person) if person in owners else 0
        return owners[at - 1] if at else SENTINEL

    def change_threshold(self, threshold: int, who: set[int]) -> None:
        def do() -> None:
            self.model.council.threshold = threshold

        def may() -> bool:
            return 1 <= threshold <= len(self.model.council.owners)

        self._council_itself(encode_call(CHANGE_THRESHOLD, [threshold]), who, may=may, do=do)

    def _council_itself(self, data: bytes, who: set[int], *, may: Callable[[], bool], do: Callable[[], None]) -> None:
        self._at_once(self.real.council, Call(to=self.real.council.address, data=data), who, may=may, do=do)

    def send_again(self, again: int) -> None:
        """What a Safe executed once is not executed again, unless that was on a branch that is gone."""
        if self.sent:
            self._step()
            taken["resent"] += 1
            self._goes(self.sent[again % len(self.sent)])

    # ---- what anyone does --------------------------------------------------------------------------------------------

    def execute(self, which: int, who: int) -> None:
        proposal = self._pick(which)
        if proposal is not None:
            self._step()
            self._executes(proposal, PEOPLE[who].address)

    def _executes(self, proposal: Proposal, sender: Address = STRANGER) -> bool:
        operation = proposal.operation
        may = self.model.may_execute(operation)
        assert self.real.send(sender, self.real.timelock, operation.execute().data) is may
        if may:
            self.model.execute(operation, self.real.timelock, len(self.real.blocks) - 1)
            taken["executions"] += 1
        return may

    def try_what_nobody_may(self, which: int, who: int, what: int) -> None:
        proposal = self._pick(which)
        if proposal is None:
            return
        self._step()
        timelock, operation = self.real.timelock, proposal.operation
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

    # ---- history -----------------------------------------------------------------------------------------------------

    def mark(self) -> None:
        """A block after which another branch may begin."""
        self._step()
        self.marks.append((self.real.mark(), deepcopy(self.model)))

    def reorganise(self, to: int) -> None:
        """History goes back to a marked block that is not final, and on from there; everything is again as it was."""
        near = [number for number, (mark, _) in enumerate(self.marks) if mark.number >= self.real.final]
        if not near:
            return
        self._step()
        taken["branches"] += 1
        chosen = near[to % len(near)]
        mark, self.model = self.marks[chosen]
        del self.marks[chosen:]
        self.seen.clear()
        self.real.reorganise(mark)

    # ---- the executor ------------------------------------------------------------------------------------------------

    def tick(self, acts: bool) -> None:
        """It looks, and does what is due, or is too slow to."""
        self._step()
        due = self.keeper.tick(self.proposals, self.model)
        taken["forks"] += due.beat.forked
        taken["due"] += len(due.tasks)
        for task in due.tasks if acts else ():
            (proposal,) = (each for each in self.proposals if each.name == task.proposal)
            if task.action is Action.SETTLE:
                taken["settlements"] += self.keeper.settle(task, self.model, self.chain.head())
            elif self._does(task, proposal):
                self.keeper.acted(task.operation)

    def _does(self, task: Task, proposal: Proposal) -> bool:
        """Whether it was done, and not refused by the policy or the chain."""
        if task.action is Action.EXECUTE:
            return self._executes(proposal)
        return self._allowed(proposal, task) and self._sends(proposal)

    def _allowed(self, proposal: Proposal, task: Task) -> bool:
        """I5: the policy's word, which is that of the list of what may be called; a refusal is noted, and nothing is sent."""
        given = verdict(proposal.operation.calls)
        assert given.ok is all(call.to == COUNTER for call in proposal.operation.calls)
        if not given.ok:
            taken["vetoes"] += self.keeper.refuse(task, given, self.chain.head())
        return given.ok

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
        """I1: done is for good, so on one branch an incarnation is executed at most once."""
        if not hasattr(self, "real"):
            return
        model = self.model
        found = self.timelock.operations([each.operation.id for each in self.proposals], self.chain.head())
        for proposal, facts in zip(self.proposals, found, strict=True):
            one = proposal.operation.id
            assert facts == OperationFacts(
                id=one,
                timestamp=model.timestamp(one),
                newest=OperationEvent(model.newest.get(one, "none")),
                cancellations=model.cancellations.get(one, 0),
            )
            left = model.incarnations.get(one, 0) - model.cancellations.get(one, 0)
            assert model.executions.get(one, 0) <= max(0, min(left, 1))
            stage = stage_of(self._facts(proposal, facts))
            assert stage is model.stage(proposal)
            stages[stage] = stages.get(stage, 0) + 1
            self._explained(proposal, stage, facts)

    def _explained(self, proposal: Proposal, stage: Stage, facts: OperationFacts) -> None:
        """Between two looks at a transaction, nothing happens that the table of successors calls impossible."""
        if proposal.nonce is None:
            return
        before = self.seen.get(proposal.tx)
        if before is not None and before[1] == facts.cancellations:
            audit(before[0], stage, what=proposal.name)
        self.seen[proposal.tx] = (stage, facts.cancellations)

    def _facts(self, proposal: Proposal, facts: OperationFacts) -> StepFacts:
        pinned = proposal.nonce is not None
        return StepFacts(
            now=Moment(self.model.now),
            operation=facts,
            outcome=None,
            pinned_nonce=proposal.nonce,
            safe_nonce=self.model.council.nonce,
            quorum_met=pinned and self._quorum(self.real.council, proposal.tx, proposal.signed).met,
            grace=GRACE,
        )

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
        do = lambda: self.model.schedule(operation)  # noqa: E731
        assert self._at_once(self.real.council, operation.schedule(), everybody, may=lambda: True, do=do)
        assert not self.real.send(STRANGER, self.real.timelock, operation.execute().data)
        self.wait(self.model.delay)
        assert self.real.send(STRANGER, self.real.timelock, operation.execute().data)
