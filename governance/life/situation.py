"""Reading everything that governs a network, and what it governs, at one block."""

from governance.core.facts import AnchorFacts, Generation, Head, TargetFacts
from governance.core.pins import Needs
from governance.core.situation import Roles, Situation
from governance.core.units import ZERO_ADDRESS
from governance.life.observe import observe, owner_of
from governance.life.site import Site


def situation_of(site: Site, needs: Needs, head: Head) -> Situation:
    """The situation as of `head`; of proxies only those that are asked for. Raises Refused when it cannot be read."""
    target = site.target.look(head)
    is_diamond = target.generation is Generation.DIAMOND
    return Situation(
        target=target,
        target_roles=_roles(site, target, head),
        target_owner=owner_of(site, target.address, head) if is_diamond else ZERO_ADDRESS,
        timelock=site.timelock.look(head),
        timelock_roles=site.timelock.role_members(head),
        council=site.council.look(head),
        guardian=site.guardian.look(head),
        anchor=AnchorFacts(digest=site.anchor.digest(head), uri=site.anchor.uri(head)),
        proxies=observe(site, Needs(proxies=needs.proxies), head).proxies,
    )


def _roles(site: Site, target: TargetFacts, head: Head) -> Roles:
    """A diamond has an owner instead."""
    return {} if target.generation is Generation.DIAMOND else site.target.role_members(head)
