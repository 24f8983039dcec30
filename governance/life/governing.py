"""Those who govern, before a proposal and after it: what nobody promised of them, and who may do what."""

from dataclasses import dataclass

from governance.core.errors import Finding
from governance.core.facts import Head
from governance.core.pins import Needs
from governance.core.power import Power, judge_power
from governance.core.rolegraph import Graph, graph_of, members, mentioned
from governance.core.situation import Situation, unpromised
from governance.life.accounts import accounts_of
from governance.life.locked import Locked
from governance.life.site import Site
from governance.life.situation import situation_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Governing:
    """What came of the comparison."""

    power: Power | None = None
    """None where one of the two could not be read."""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


def governed_by(locked: Locked, before: tuple[Site, Head], after: tuple[Site, Head]) -> Governing:
    """Compare two states that are read alike. Raises Refused when one cannot be read."""
    network = before[0].network
    needs = locked.kind.needs(locked.proposal.document, network)
    was, now = (situation_of(site, needs, head) for site, head in (before, after))
    told = unpromised(was, now, locked.plan.effects, network)
    power = Power(before=_graph(*before, was), after=_graph(*after, now))
    findings, notes = judge_power(power)
    return Governing(power=power, findings=(*told, *findings), notes=notes)


def graph_at(site: Site, head: Head) -> Graph:
    """Who may do what at one block. Raises Refused when it cannot be read."""
    return _graph(site, head, situation_of(site, Needs(), head))


def _graph(site: Site, head: Head, situation: Situation) -> Graph:
    """Every holder is looked at once, and the members of every Safe among them."""
    known = {safe.address: safe for safe in (situation.council, situation.guardian)}
    return graph_of(situation, accounts_of(site, mentioned(situation), head, members=members, known=known))
