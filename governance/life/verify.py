"""`gov verify`: is the promise kept? Effects and expectations of an executed proposal, held against the chain.

It speaks of the block it looks at. What a later proposal changed on purpose shows here as a broken promise of the older
one, except for the active root, which is only compared until a later epoch takes over.
"""

from dataclasses import dataclass

from governance.core.call import Call, as_text, decode, encode_call, function
from governance.core.effects import Seen, TargetEffect
from governance.core.errors import Finding, GovError, Refused
from governance.core.facts import Head, OperationEvent
from governance.core.stage import Stage
from governance.core.units import Address, Moment, to_hex
from governance.life.locked import Locked
from governance.life.observe import observe
from governance.life.site import Site, Workspace
from governance.life.watch import Sighting, look


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Every promise and what became of it."""

    sighting: Sighting
    seen: tuple[Seen, ...]

    @property
    def ok(self) -> bool:
        """All steps are executed and every promise is kept."""
        return self.sighting.stage is Stage.EXECUTED and all(seen.held for seen in self.seen)

    @property
    def at(self) -> Moment:
        """The moment of the block that was looked at."""
        return self.sighting.head.timestamp

    def require(self) -> None:
        """Raise Refused, with every broken promise, unless all is kept."""
        if self.sighting.stage is not Stage.EXECUTED:
            raise Refused(
                f"{self.sighting.proposal} is {self.sighting.stage} on {self.sighting.network}, not executed",
                hint="see gov status",
            )
        broken = tuple(
            Finding(rule="effect-missing", message=f"{seen.effect}: found {seen.found}")
            for seen in self.seen
            if not seen.held
        )
        if broken:
            raise Refused(f"{self.sighting.proposal} did not do what it promised", findings=broken)


def verify(site: Site, workspace: Workspace, proposal_id: str) -> Verification:
    """Look at the chain once and hold every promise against it."""
    sighting = look(site, workspace, proposal_id)
    if sighting.locked is None:
        raise Refused(f"{proposal_id} is not locked on {site.network.name}", hint=f"run gov lock {proposal_id} first")
    return Verification(sighting=sighting, seen=tuple(_promises(site, sighting.locked, sighting.head)))


def _promises(site: Site, locked: Locked, head: Head) -> list[Seen]:
    return [*promised_effects(site, locked, head), *expected_answers(site, locked, head)]


def promised_effects(site: Site, locked: Locked, head: Head) -> list[Seen]:
    """Everything that the kind promises, held against the chain at `head`."""
    seen = []
    effects = locked.plan.effects
    on_target = [effect for effect in effects if isinstance(effect, TargetEffect)]
    if on_target:
        facts = site.target.look(head)
        seen += [effect.see(facts) for effect in on_target]
    on_governance = [effect for effect in effects if not isinstance(effect, TargetEffect)]
    if on_governance:
        governance = observe(site, locked.kind.needs(locked.proposal.document, site.network), head)
        seen += [effect.see(governance) for effect in on_governance]
    return seen + _cancelled(site, locked, head)


def expected_answers(site: Site, locked: Locked, head: Head) -> list[Seen]:
    """Everything under `expect:`, held against the chain at `head`."""
    seen = []
    for expectation in locked.proposal.document.expect:
        to = site.network.target if expectation.to is None else Address(expectation.to)
        seen.append(_expected(site, expectation.call, expectation.equals, to, head))
    return seen


def _cancelled(site: Site, locked: Locked, head: Head) -> list[Seen]:
    ids = locked.plan.pins.cancels
    return [
        Seen(
            effect=f"operation {to_hex(operation.id)} is cancelled",
            held=operation.timestamp == 0 and operation.newest is OperationEvent.CANCELLED,
            found=f"newest log: {operation.newest}",
        )
        for operation in (site.timelock.operations(ids, head) if ids else [])
    ]


def _expected(site: Site, call: str, equals: object, to: Address, head: Head) -> Seen:
    fn = function(call)
    words = f"{fn.signature} gives {equals}"
    (answer,) = site.chain.call_many([Call(to=to, data=encode_call(fn, []))], head)
    if not answer.ok:
        return Seen(effect=words, held=False, found="a revert")
    try:
        values = [as_text(value) for value in decode(fn.outputs, answer.data)]
    except GovError as error:
        return Seen(effect=words, held=False, found=error.message)
    found = values[0] if len(values) == 1 else values
    return Seen(effect=words, held=found == equals, found=str(found))
