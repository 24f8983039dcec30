"""`gov verify`: is the promise kept? Effects and expectations of an executed proposal, held against the chain.

It speaks of the block it looks at. What a later proposal changed on purpose shows here as a broken promise of the older
one, except for the active root, which is only compared until a later epoch takes over.
"""

from dataclasses import dataclass

from governance.core.call import Call, as_text, decode, function
from governance.core.effects import Seen, TargetEffect
from governance.core.errors import Finding, GovError, Refused
from governance.core.expectation import CallExpectation, becomes, expected_on, is_empty, settled_words
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
    def broken(self) -> tuple[Finding, ...]:
        """Every promise that is not kept."""
        return tuple(
            Finding(rule="effect-missing", message=f"{seen.effect}: found {seen.found}")
            for seen in self.seen
            if not seen.held
        )

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
        if self.broken:
            raise Refused(f"{self.sighting.proposal} did not do what it promised", findings=self.broken)


def verify(site: Site, workspace: Workspace, proposal_id: str) -> Verification:
    """Look at the chain once and hold every promise against it."""
    sighting = look(site, workspace, proposal_id)
    if sighting.locked is None:
        raise Refused(f"{proposal_id} is not locked on {site.network.name}", hint=f"run gov lock {proposal_id} first")
    return Verification(sighting=sighting, seen=tuple(_promises(site, sighting.locked, sighting.head)))


def _promises(site: Site, locked: Locked, head: Head) -> list[Seen]:
    return [
        *promised_effects(site, locked, head),
        *expected_answers(site, locked, head),
        *_expected_words(site, locked, head),
    ]


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
    expected = expected_on(locked.proposal.document.expect, site.network.name)
    return [_expected(site, each, head) for each in expected if isinstance(each, CallExpectation)]


def _expected_words(site: Site, locked: Locked, head: Head) -> list[Seen]:
    """Storage words under `expect:` whose value is given. Balances and events are compared when they happen: in a rehearsal."""
    expected = expected_on(locked.proposal.document.expect, site.network.name)
    words = settled_words(expected, site.network.target)
    found = site.chain.storage([(account, slot) for account, slot, _ in words], head) if words else []
    return [
        Seen(effect=becomes(account, slot, value), held=word == value, found=to_hex(word))
        for (account, slot, value), word in zip(words, found, strict=True)
    ]


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


def _expected(site: Site, each: CallExpectation, head: Head) -> Seen:
    fn = function(each.call)
    to = site.network.target if each.to is None else Address(each.to)
    call = Call(to=to, data=each.asked())
    if each.from_ is None:
        (answer,) = site.chain.call_many([call], head)
    else:
        answer = site.chain.dry_run(call, sender=Address(each.from_), at=head)
    asked = f"{fn.name}({', '.join(str(arg) for arg in each.args)})" if each.args else fn.signature
    if each.reverts:
        return Seen(effect=f"{asked} reverts", held=not answer.ok, found="an answer" if answer.ok else "a revert")
    words = f"{asked} gives {'something' if each.nonzero else each.equals}"
    if not answer.ok:
        return Seen(effect=words, held=False, found="a revert")
    try:
        values = [as_text(value) for value in decode(fn.outputs, answer.data)]
    except GovError as error:
        return Seen(effect=words, held=False, found=error.message)
    found = values[0] if len(values) == 1 else values
    held = not is_empty(found) if each.nonzero else found == each.equals
    return Seen(effect=words, held=held, found=str(found))
