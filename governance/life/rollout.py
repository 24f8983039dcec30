"""Before anything is sent on a network, the waves before it must hold: executed there, and every promise kept.

What stops things, on the guardian's lane, waits for no wave.
"""

from collections.abc import Callable

from governance.core.errors import Refused
from governance.core.kinds import Lane
from governance.core.rollout import Standing, judge_waves, waves_before
from governance.core.stage import Stage
from governance.life.site import Site, Workspace
from governance.life.verify import verify
from governance.life.watch import Sighting

Sites = Callable[[str], Site]
"""The ports of a network by its name."""


def require_wave(workspace: Workspace, sites: Sites, sighting: Sighting) -> None:
    """Raise Refused while an earlier wave does not hold; Unreachable where one cannot be asked."""
    locked = sighting.locked
    if locked is None or locked.plan.lane is Lane.GUARDIAN or not locked.proposal.document.rollout:
        return
    waves = locked.proposal.document.rollout
    earlier = waves_before(waves, sighting.network)
    asked = [name for wave in earlier for name in wave.networks]
    standings = {name: _standing(workspace, sites(name), sighting.proposal) for name in asked}
    findings = judge_waves(waves, sighting.network, standings)
    if findings:
        message = f"{sighting.proposal} does not begin on {sighting.network} before the waves before it hold"
        raise Refused(message, findings=tuple(findings))


def _standing(workspace: Workspace, site: Site, proposal: str) -> Standing:
    try:
        seen = verify(site, workspace, proposal)
    except Refused as error:
        return Standing(holds=False, words=error.message)
    if seen.sighting.stage is not Stage.EXECUTED:
        return Standing(holds=False, words=str(seen.sighting.stage))
    return Standing(holds=seen.ok, words=seen.broken[0].message if seen.broken else "executed")
