"""What a Safe is sent, and whether it takes it, which the model foretells: the trunk of every life."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from hypothesis.stateful import RuleBasedStateMachine, initialize

from governance.adapters.journal import SqlJournal
from governance.adapters.safe import NodeSafe
from governance.adapters.timelock import NodeTimelock
from governance.core.call import Call
from governance.core.quorum import Quorum, count
from governance.core.safetx import SafeTx, execution
from governance.core.signature import Signature, combine, read_signature
from governance.core.stage import Stage
from tests.core.safevm import STRANGER, RealSafe
from tests.machine.keeper import Keeper
from tests.machine.model import Model, Proposal, SafeModel
from tests.machine.node import node
from tests.machine.world import PEOPLE, Mark, Reality, safe_tx

NAMES = (
    "steps",
    "lives",
    "executions",
    "cancellations",
    "refusals",
    "resent",
    "branches",
    "forks",
    "due",
    "settlements",
    "vetoes",
)
taken = dict.fromkeys(NAMES, 0)
"""What all machines of this process did."""
stages: dict[str, int] = {}
"""How often a proposal was seen in each stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A signed Safe transaction that is known to all: whoever has it can send it again, on any branch."""

    safe: RealSafe
    tx: SafeTx
    signatures: tuple[Signature, ...]
    data: bytes
    may: Callable[[], bool]
    """Whether the call inside passes now, says the model."""
    do: Callable[[], None]
    """What the model makes of it."""


class Sending(RuleBasedStateMachine):
    """One council with its files, its node, its executor and its history."""

    journal: ClassVar[SqlJournal]
    """One for all lives."""

    @initialize()
    def begin(self) -> None:
        self.real = Reality()
        self.model = Model(
            council=SafeModel(owners=[each.address for each in PEOPLE[:3]], threshold=2),
            guardian=SafeModel(owners=[each.address for each in PEOPLE[3:5]], threshold=1),
        )
        self.model.cancellers = {self.real.council.address, self.real.guardian.address}
        self.chain = node(self.real)
        council, guardian = self.real.council.address, self.real.guardian.address
        self.timelock = NodeTimelock(self.chain, self.real.timelock, council=council, guardian=guardian)
        self.council = NodeSafe(self.chain, council)
        self.proposals: list[Proposal] = []
        self.derived = 0
        self.keeper = Keeper(self.real, self.chain, self.journal)
        taken["lives"] += 1
        self.sent: list[Sent] = []
        self.marks: list[tuple[Mark, Model]] = []
        self.seen: dict[SafeTx, tuple[Stage, int]] = {}
        """At which stage each pinned transaction was last, after how many cancellations."""

    def _at_once(
        self, safe: RealSafe, call: Call, who: set[int], *, may: Callable[[], bool], do: Callable[[], None]
    ) -> bool:
        tx = safe_tx(safe.address, call, self._safe_model(safe).nonce)
        signed = {each: read_signature(tx.hash, PEOPLE[each].sign(tx.hash)) for each in sorted(who)}
        return self._safe_sends(safe, tx, signed, may=may, do=do)

    def _safe_sends(
        self,
        safe: RealSafe,
        tx: SafeTx,
        signed: dict[int, Signature],
        *,
        may: Callable[[], bool],
        do: Callable[[], None],
    ) -> bool:
        """What our quorum makes of the signatures is sent. Gives whether it was done, which the model foretold."""
        self._step()
        quorum = self._quorum(safe, tx, signed)
        given = quorum.signatures if quorum.met else tuple(signed.values())
        data = execution(tx, combine(given, quorum.threshold) if given else b"").data
        sent = Sent(safe=safe, tx=tx, signatures=_ascending(given), data=data, may=may, do=do)
        if quorum.met:
            self.sent = [*self.sent[-20:], sent]
        return self._goes(sent)

    def _quorum(self, safe: RealSafe, tx: SafeTx, signed: dict[int, Signature]) -> Quorum:
        """Ours, which counts as the model does."""
        model = self._safe_model(safe)
        approved = frozenset(model.approvers(tx.hash))
        if approved:
            assert self.council.approved(tx.hash, model.owners, self.chain.head()) == approved
        quorum = count(tx.hash, signed.values(), owners=model.owners, threshold=model.threshold, approved=approved)
        assert quorum.met is model.agrees(tx, {PEOPLE[each].address for each in signed})
        return quorum

    def _goes(self, sent: Sent) -> bool:
        model = self._safe_model(sent.safe)
        done = model.takes(sent.tx, sent.signatures) and sent.may()
        assert self.real.send(STRANGER, sent.safe.address, sent.data) is done
        taken["refusals"] += not done
        if done:
            sent.do()
            model.nonce += 1
        return done

    def _safe_model(self, safe: RealSafe) -> SafeModel:
        return self.model.council if safe is self.real.council else self.model.guardian

    def _pick(self, which: int) -> Proposal | None:
        """One of the proposals that there are; None before there is any."""
        return self.proposals[which % len(self.proposals)] if self.proposals else None

    @staticmethod
    def _step() -> None:
        taken["steps"] += 1


def _ascending(signatures: Any) -> tuple[Signature, ...]:
    """As a blob has them."""
    return tuple(sorted(signatures, key=lambda each: each.owner.lower()))
