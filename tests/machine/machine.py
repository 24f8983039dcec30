"""One life of a governance: people propose, pin, sign, send, wait, cancel, change owners, and try what they may not.

After every act the contracts are held against the model (`model.py`), what our code reads and derives against both, and an
executor that looks along (`watching.py`) against what is due. A reorganisation takes back what the chain knows, and leaves
papers, journal and the executor's memory as they are.
"""

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from itertools import count as numbers
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from governance.adapters.journal import SqlJournal
from governance.adapters.timelock import NodeTimelock
from governance.core.call import Call, decode, encode_call
from governance.core.facts import OperationFacts
from governance.core.operation import Operation, cancel
from governance.core.quorum import Quorum, count
from governance.core.safetx import SafeTx, execution
from governance.core.signature import Signature, combine, read_signature
from governance.core.stage import Stage, StepFacts, audit, stage_of
from governance.core.units import ZERO_WORD, Address, Bytes32, Duration, Moment
from tests.core.safevm import APPROVE, STRANGER, RealSafe
from tests.machine.model import GRACE, Model, Paper, SafeModel
from tests.machine.watching import Onlooker
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
    Kept,
    Reality,
    safe_tx,
)

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
ahead = st.sampled_from([0, 0, 0, 1, 2])
predecessors = st.sampled_from([-1, -1, -1, 0, 1])
Given = dict[str, st.SearchStrategy[Any]]
ACTS: dict[str, tuple[int, Given]] = {
    "derive": (4, {"kinds": some_calls, "more": sooner, "salt": st.integers(0, 3), "after": predecessors}),
    "carry_out": (3, {"which": pick, "waits": st.sampled_from([0, -1, 1]), "who": person}),
    "pin": (2, {"which": pick, "ahead": ahead}),
    "sign": (2, {"which": pick, "who": signers}),
    "queue": (3, {"which": pick}),
    "schedule_elsewhere": (1, {"which": pick, "who": signers}),
    "withdraw": (2, {"which": pick, "who": signers, "by_guardian": st.booleans()}),
    "add_owner": (1, {"newcomer": person, "threshold": threshold, "who": signers}),
    "remove_owner": (1, {"leaver": person, "threshold": threshold, "who": signers}),
    "change_threshold": (1, {"threshold": threshold, "who": signers}),
    "approve_on_chain": (1, {"which": pick, "who": person}),
    "send_again": (1, {"again": st.integers(0, 20)}),
    "execute": (4, {"which": pick, "who": person}),
    "try_what_nobody_may": (1, {"which": pick, "who": person, "what": st.integers(0, 3)}),
    "wait": (3, {"seconds": pauses}),
    "remember": (1, {}),
    "reorganise": (1, {}),
}
"""How often each is chosen, and what it is given. One rule chooses among them all: in no life is one of them left out."""
CHOICES = [name for name, (often, _) in ACTS.items() for _ in range(often)]

taken: Counter[str] = Counter()
"""What all machines of this process did, and which stages were seen."""
lives = numbers()


@dataclass(frozen=True)
class Remembered:
    """What a reorganisation goes back to."""

    kept: Kept
    model: Model
    sent: int


class Governance(RuleBasedStateMachine):
    """See the module."""

    journal: SqlJournal
    """Of all lives."""

    @initialize()
    def begin(self) -> None:
        self.real = Reality()
        self.model = Model(
            council=SafeModel(owners=[each.address for each in PEOPLE[:3]], threshold=2),
            guardian=SafeModel(owners=[each.address for each in PEOPLE[3:5]], threshold=1),
        )
        council, guardian = self.real.council.address, self.real.guardian.address
        self.model.cancellers = {council, guardian}
        self.timelock = NodeTimelock(self.real, self.real.timelock, council=council, guardian=guardian)  # type: ignore[arg-type]
        self.onlooker = Onlooker(self.real, self.journal, f"life-{next(lives)}")
        self.papers: list[Paper] = []
        self.named = numbers(1)
        self.sent: list[bytes] = []
        self.before: Remembered | None = None
        self.seen: dict[SafeTx, tuple[Stage, int]] = {}

    @rule(data=st.data(), name=st.sampled_from(CHOICES))
    def act(self, data: st.DataObject, name: str) -> None:
        """Somebody does something."""
        getattr(self, name)(**data.draw(st.fixed_dictionaries(ACTS[name][1])))

    # ---- what is proposed --------------------------------------------------------------------------------------------

    def derive(self, kinds: list[str], more: int, salt: int, after: int) -> None:
        """Another operation; ours and the timelock's own hash of it agree."""
        self._step()
        calls = tuple(self._call(kind) for kind in kinds)
        before = self.papers[after].operation.id if 0 <= after < len(self.papers) else ZERO_WORD
        operation = Operation(
            timelock=self.real.timelock,
            calls=calls,
            predecessor=before,
            salt=Bytes32(salt.to_bytes(32)),
            delay=Duration(max(0, self.model.delay + 600 * more)),
        )
        arguments = [[c.to for c in calls], [c.value for c in calls], [c.data for c in calls], before, operation.salt]
        assert self.real.ask(self.real.timelock, encode_call(HASH_BATCH, arguments)) == operation.id
        if all(paper.operation.id != operation.id for paper in self.papers):
            self.papers = [*self.papers[-3:], Paper(name=f"{next(self.named):04}", operation=operation)]

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

    def pin(self, which: int, ahead: int) -> None:
        """A lock file pins a nonce, the next one or a later one; what was signed before was signed for another."""
        paper = self._pick(which)
        if paper is not None:
            self._step()
            paper.nonce, paper.signed = self.model.council.nonce + ahead, {}

    def sign(self, which: int, who: set[int]) -> None:
        """Whoever wants to, owner or not."""
        paper = self._pick(which)
        if paper is not None and paper.nonce is not None:
            self._step()
            digest = self._tx(paper).hash
            for each in sorted(who):
                paper.signed[PEOPLE[each].address] = read_signature(digest, PEOPLE[each].sign(digest))

    def queue(self, which: int) -> None:
        """What was signed is sent, at its pinned nonce. It is scheduled only where the stage says that it may be."""
        paper = self._pick(which)
        if paper is None or paper.nonce is None:
            return
        stage, tx = self._stage(paper), self._tx(paper)
        may = self.model.may_schedule(paper.operation, self.real.council.address, self.real.council.address)
        if self._safe_sends(self.real.council, tx, list(paper.signed.values()), inner=may):
            assert stage in {Stage.APPROVED, Stage.CANCELLED}
            self.model.schedule(paper.operation)
        else:
            assert stage is not Stage.APPROVED or not may

    def schedule_elsewhere(self, which: int, who: set[int]) -> None:
        """By the Safe's own interface, at whatever nonce comes next."""
        paper = self._pick(which)
        if paper is not None:
            may = self.model.may_schedule(paper.operation, self.real.council.address, self.real.council.address)
            if self._agree(self.real.council, paper.operation.schedule(), who, may=may):
                self.model.schedule(paper.operation)

    # ---- what a Safe does --------------------------------------------------------------------------------------------

    def carry_out(self, which: int, waits: int, who: int) -> None:
        """Everybody agrees, the time passes to the second, and somebody executes."""
        self.pin(which, 0)
        self.sign(which, everybody)
        self.queue(which)
        paper = self._pick(which)
        if paper is not None:
            self.wait(max(1, self.model.timestamp(paper.operation.id) - self.model.now + waits))
            self.execute(which, who)

    def withdraw(self, which: int, who: set[int], by_guardian: bool) -> None:
        paper = self._pick(which)
        if paper is None:
            return
        safe, operation = self.real.guardian if by_guardian else self.real.council, paper.operation.id
        may = self.model.may_cancel(operation, safe.address)
        if self._agree(safe, cancel(self.real.timelock, operation), who, may=may):
            self.model.cancel(operation)
            taken["cancels"] += 1

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
        """An owner approves the hash of what is pinned, or of what would schedule an operation next."""
        paper = self._pick(which)
        if paper is None:
            return
        self._step()
        council, person = self.model.council, PEOPLE[who].address
        nonce = council.nonce if paper.nonce is None else paper.nonce
        tx = safe_tx(self.real.council.address, paper.operation.schedule(), nonce)
        may = person in council.owners
        assert self.real.send(person, self.real.council.address, encode_call(APPROVE, [tx.hash])) is may
        if may:
            council.approved.add((person, tx.hash))

    def send_again(self, again: int) -> None:
        """What a Safe executed once is never executed again."""
        if not self.sent:
            return
        self._step()
        taken["sent again"] += 1
        assert not self.real.send(STRANGER, self.real.council.address, self.sent[again % len(self.sent)])

    def _council_itself(self, data: bytes, who: set[int], *, may: bool) -> bool:
        return self._agree(self.real.council, Call(to=self.real.council.address, data=data), who, may=may)

    def _agree(self, safe: RealSafe, call: Call, who: set[int], *, may: bool) -> bool:
        """Whoever wants to signs the Safe's next transaction, and it is sent."""
        tx = safe_tx(safe.address, call, self._model_of(safe).nonce)
        signed = [read_signature(tx.hash, PEOPLE[each].sign(tx.hash)) for each in sorted(who)]
        return self._safe_sends(safe, tx, signed, inner=may)

    def _safe_sends(self, safe: RealSafe, tx: SafeTx, signed: list[Signature], *, inner: bool) -> bool:
        """What our quorum makes of the signatures is sent. Gives whether it was done, which the model foretold."""
        self._step()
        model = self._model_of(safe)
        quorum = self._quorum(model, tx, signed)
        agreed = model.agrees({each.owner for each in signed}, self._approvers(model, tx), STRANGER)
        assert quorum.met is agreed, "I4: ours and the model count otherwise"
        blob = quorum.blob() if quorum.met else self._hopeless(signed, quorum)
        data = execution(tx, blob).data
        done = agreed and inner and tx.nonce == model.nonce
        assert self.real.send(STRANGER, safe.address, data) is done
        taken["refusals"] += not done
        if done:
            model.nonce += 1
            if safe is self.real.council:
                self.sent.append(data)
        return done

    def _model_of(self, safe: RealSafe) -> SafeModel:
        return self.model.council if safe is self.real.council else self.model.guardian

    def _tx(self, paper: Paper) -> SafeTx:
        assert paper.nonce is not None
        return safe_tx(self.real.council.address, paper.operation.schedule(), paper.nonce)

    @staticmethod
    def _approvers(model: SafeModel, tx: SafeTx) -> set[Address]:
        return {owner for owner, digest in model.approved if digest == tx.hash and owner in model.owners}

    def _quorum(self, model: SafeModel, tx: SafeTx, signed: list[Signature]) -> Quorum:
        approved = frozenset(self._approvers(model, tx))
        return count(tx.hash, signed, owners=model.owners, threshold=model.threshold, approved=approved)

    @staticmethod
    def _hopeless(signed: list[Signature], quorum: Quorum) -> bytes:
        """Not enough, sent all the same: everybody's, also of those who are no owners."""
        return combine(signed, quorum.threshold) if signed else b""

    # ---- what anyone does --------------------------------------------------------------------------------------------

    def execute(self, which: int, who: int) -> None:
        paper = self._pick(which)
        if paper is None:
            return
        self._step()
        may, timelock = self.model.may_execute(paper.operation), self.real.timelock
        assert self.real.send(PEOPLE[who].address, timelock, paper.operation.execute().data) is may
        if may:
            self.model.execute(paper.operation, timelock, self.real.head().number)
            taken["executions"] += 1

    def try_what_nobody_may(self, which: int, who: int, what: int) -> None:
        paper = self._pick(which)
        if paper is None:
            return
        self._step()
        timelock = self.real.timelock
        tries = (
            paper.operation.schedule().data,
            cancel(timelock, paper.operation.id).data,
            encode_call(UPDATE_DELAY, [0]),
            encode_call(GRANT, [CANCELLER, PEOPLE[who].address]),
        )
        assert not self.real.send(PEOPLE[who].address, timelock, tries[what])

    def wait(self, seconds: int) -> None:
        self._step()
        self.model.now += seconds
        self.real.set_time(self.model.now)

    def remember(self) -> None:
        """What comes from now on may be taken back."""
        self._step()
        self.before = Remembered(kept=self.real.keep(), model=deepcopy(self.model), sent=len(self.sent))

    def reorganise(self) -> None:
        """What came since is gone, and the chain goes on with another block, at the time of now."""
        if self.before is None:
            return
        self._step()
        taken["reorganisations"] += 1
        self.real.go_back(self.before.kept)
        now, self.model = self.model.now, self.before.model
        del self.sent[self.before.sent :]
        self.before = None
        self.model.now = now
        self.real.set_time(now)
        self.seen.clear()

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
        read = self.timelock.operations([paper.operation.id for paper in self.papers], self.real.head())
        for paper, facts in zip(self.papers, read, strict=True):
            one = paper.operation.id
            assert facts.timestamp == model.timestamp(one)
            assert (str(facts.newest), facts.cancellations) == (
                model.newest.get(one, "none"),
                model.cancellations.get(one, 0),
            )
            # I1: done is for good, so an incarnation is executed at most once.
            assert model.executions.get(one, 0) <= max(0, model.incarnations.get(one, 0) - facts.cancellations)
            assert model.executions.get(one, 0) <= 1
            stage = stage_of(self._facts(paper, facts))
            assert stage is self._stage(paper)
            taken[str(stage)] += 1
            self._require_explained(paper, stage, facts)

    def _require_explained(self, paper: Paper, stage: Stage, facts: OperationFacts) -> None:
        """Between two looks at one transaction nothing happens that the table of successors calls impossible."""
        if paper.nonce is None:
            return
        tx = self._tx(paper)
        before = self.seen.get(tx)
        if before is not None and before[1] == facts.cancellations:
            audit(before[0], stage, what=paper.name)
        self.seen[tx] = (stage, facts.cancellations)

    @invariant()
    def the_executor_is_told_what_is_due_and_nothing_else(self) -> None:
        if hasattr(self, "real"):
            final = self.before.kept.blocks if self.before is not None else len(self.real.blocks)
            self.onlooker.look(self.papers, self.model, final - 1)

    def _facts(self, paper: Paper, operation: OperationFacts) -> StepFacts:
        council = self.model.council
        met = paper.nonce is not None and self._quorum(council, self._tx(paper), list(paper.signed.values())).met
        return StepFacts(
            now=Moment(self.model.now),
            operation=operation,
            outcome=None,
            pinned_nonce=paper.nonce,
            safe_nonce=self.real.number(self.real.council.address, encode_call(NONCE, [])),
            quorum_met=met,
            grace=Duration(GRACE),
        )

    def _stage(self, paper: Paper) -> Stage:
        """From the model alone."""
        approved = set() if paper.nonce is None else self._approvers(self.model.council, self._tx(paper))
        return self.model.stage(paper, set(paper.signed) | approved)

    def teardown(self) -> None:
        """I8: whoever governs now can still schedule something and have it executed; then everything is noted."""
        if not hasattr(self, "real"):
            return
        operation = Operation(
            timelock=self.real.timelock,
            calls=(Call(to=COUNTER, data=b""),),
            predecessor=ZERO_WORD,
            salt=Bytes32(b"\xee" * 32),
            delay=Duration(self.model.delay),
        )
        paper = Paper(name=f"{next(self.named):04}", operation=operation)
        self.papers.append(paper)
        last = len(self.papers) - 1
        self.pin(last, 0)
        self.sign(last, everybody)
        self.queue(last)
        assert not self.real.send(STRANGER, self.real.timelock, operation.execute().data)
        self.wait(self.model.delay)
        self.execute(last, 0)
        assert self.model.timestamp(operation.id) == 1
        self.before = None
        self.the_executor_is_told_what_is_due_and_nothing_else()
        self.onlooker.require_noted(self.papers, self.model)

    def _pick(self, which: int) -> Paper | None:
        """One of the proposals that there are; None before there is any."""
        return self.papers[which % len(self.papers)] if self.papers else None

    @staticmethod
    def _step() -> None:
        taken["steps"] += 1
