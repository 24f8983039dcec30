"""`gov doctor`: is a network what `policies.yaml` says, and can everybody do their part? Every check, not the first fault."""

from collections.abc import Callable, Collection, Iterator

from governance.core.check import Check
from governance.core.errors import GovError
from governance.core.facts import Generation, Head
from governance.core.policy import Policy
from governance.core.power import BYPASS, SINGLE_KEY, STOP, paths, unknown
from governance.core.quorumhealth import apart_check, quorum_checks, unheard
from governance.core.units import Address, Duration, Moment, to_hex
from governance.life.electors import DECIDING, electors_of
from governance.life.governing import graph_at
from governance.life.pin import require_anchored
from governance.life.site import Site

MAX_SKEW = 120
"""Seconds a live chain's newest block may differ from this machine's clock before we say so."""


def examine(
    site: Site, policy: Policy, *, wall_clock: Moment | None, signed: Callable[[], Collection[Address]] = tuple
) -> list[Check]:
    """Ask everything about one network. A question that cannot be asked is a failed check, never a passed one.

    `wall_clock` is None where the chain's clock is moved on purpose: the devnet's. `signed` finds accounts of whom a
    signature is known.
    """
    network = site.network
    try:
        head = site.chain.head()
    except GovError as error:
        return [_failed(f"{network.name}: the node answers for chain {network.chain_id}", error)]
    checks = [
        Check(
            question=f"{network.name}: the node answers for chain {network.chain_id}",
            ok=True,
            answer=f"block {head.number}",
        )
    ]
    questions: list[tuple[str, Callable[[], Iterator[Check]]]] = [
        ("clock", lambda: _clock(head, wall_clock)),
        ("the anchored policy is policies.yaml", lambda: _anchor(site, policy, head)),
        ("the council is a known Safe", lambda: _quorum(site, policy, "council", head)),
        ("the guardian is a known Safe", lambda: _quorum(site, policy, "guardian", head)),
        ("the guardian stands apart from the council", lambda: _apart(site, policy, head)),
        ("who has signed", lambda: _unheard(site, policy, head, signed)),
        ("the timelock's roles", lambda: _timelock(site, head)),
        ("what guardians may hold", lambda: _holds(site, policy, head)),
        ("the governed system", lambda: _target(site, head)),
        ("who may do what", lambda: _power(site, head)),
    ]
    for question, ask in questions:
        try:
            checks += ask()
        except GovError as error:
            checks.append(_failed(question, error))
    return checks


def _failed(question: str, error: GovError) -> Check:
    answer = "; ".join(finding.message for finding in error.findings) or error.message
    return Check(question=question, ok=False, answer=answer, hint=error.hint())


def _clock(head: Head, wall_clock: Moment | None) -> Iterator[Check]:
    if wall_clock is None:
        return
    skew = head.timestamp.seconds - wall_clock.seconds
    hint = "stages follow the chain's clock; a stale node explains a large difference"
    yield Check(
        question="the chain's clock and this machine's agree",
        ok=abs(skew) <= MAX_SKEW,
        answer=f"the chain is {skew:+d} s from this machine",
        hint=hint if abs(skew) > MAX_SKEW else "",
    )


def _anchor(site: Site, policy: Policy, head: Head) -> Iterator[Check]:
    require_anchored(site, policy, head)
    yield Check(question="the anchored policy is policies.yaml", ok=True, answer=to_hex(policy.digest))


def _quorum(site: Site, policy: Policy, duty: str, head: Head) -> Iterator[Check]:
    yield from quorum_checks(electors_of(site, policy, duty, head))


def _apart(site: Site, policy: Policy, head: Head) -> Iterator[Check]:
    yield apart_check(*(electors_of(site, policy, duty, head) for duty in DECIDING))


def _unheard(site: Site, policy: Policy, head: Head, signed: Callable[[], Collection[Address]]) -> Iterator[Check]:
    known = signed()
    for duty in DECIDING:
        yield from unheard(electors_of(site, policy, duty, head), known)


def _timelock(site: Site, head: Head) -> Iterator[Check]:
    facts = site.timelock.look(head)
    for question, ok in (
        ("the council may propose to the timelock", facts.council_may_propose),
        ("the council may cancel", facts.council_may_cancel),
        ("the guardian may cancel", facts.guardian_may_cancel),
    ):
        yield Check(question=question, ok=ok, answer="yes" if ok else "no")
    ok = facts.min_delay.seconds > 0
    yield Check(question="the timelock delays", ok=ok, answer=str(facts.min_delay))


def _holds(site: Site, policy: Policy, head: Head) -> Iterator[Check]:
    """All rounds that the guardians have must leave time to execute before what they held lapses."""
    rules = [rule for rule in policy.rules if rule.hold is not None and site.network.name in rule.networks]
    guardians = len(site.guardian.look(head).owners) if rules else 0
    for rule in rules:
        assert rule.hold is not None
        longest = Duration(rule.hold.seconds * guardians)
        ok = rule.grace is None or longest < rule.grace
        yield Check(
            question=f"what rule {rule.id} lets guardians hold can be executed afterwards",
            ok=ok,
            answer=f"{guardians} guardians hold it for {longest} at most, it lapses after {rule.grace or 'no time at all'}",
            hint="" if ok else "shorten `hold`, or lengthen `grace`",
        )


def _target(site: Site, head: Head) -> Iterator[Check]:
    facts = site.target.look(head)
    words = f"{facts.generation} with {len(facts.routes)} routes, epoch {facts.active_epoch}"
    yield Check(question="the governed system answers", ok=True, answer=words)
    asked = [
        ("the timelock may commit roots and apply routes", facts.timelock_may_commit and facts.timelock_may_apply),
        ("the timelock administers the governed system", facts.timelock_is_admin),
    ]
    if facts.generation is Generation.DIAMOND:  # the standard knows no pause and no freeze
        asked = [("the timelock owns the diamond", facts.timelock_is_admin)]
    else:
        asked += [
            ("the guardian may pause", facts.guardian_may_pause),
            ("the governed system is not paused", not facts.paused),
            ("the governed system is not frozen", not facts.frozen),
        ]
    for question, ok in asked:
        yield Check(question=question, ok=ok, answer="yes" if ok else "no")


def _power(site: Site, head: Head) -> Iterator[Check]:
    """What a rehearsal only notes, since no proposal made it so, is a failed check here."""
    graph = graph_at(site, head)
    found = paths(graph)
    for question, rule, hint in (
        ("no single key reaches an upgrade", SINGLE_KEY, "let nothing less than a quorum reach an upgrade"),
        ("every upgrade waits in the timelock", BYPASS, "give the right to the timelock alone"),
    ):
        told = [path.words for path in found if path.rule == rule]
        yield Check(question=question, ok=not told, answer="; ".join(told) or "yes", hint=hint if told else "")
    stops = [path.words for path in found if path.rule == STOP]
    yield Check(question="what one key alone can stop", ok=True, answer="; ".join(stops) or "nothing")
    closed = unknown(graph)
    if closed:
        hint = "read what each of them lets whom do: nothing here vouches for it"
        yield Check(question="whose rules are not known here", ok=True, answer="; ".join(closed), hint=hint)
