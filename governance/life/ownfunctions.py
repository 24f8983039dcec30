"""Which functions the governed system answers itself, as the workspace's artifacts and the live routes tell."""

from collections.abc import Iterable, Mapping

from governance.core.facts import Generation, Route, TargetFacts
from governance.core.ownfunctions import own_functions
from governance.life.site import Workspace


def own_functions_of(workspace: Workspace, target: TargetFacts, before: Iterable[Route] = ()) -> Mapping[bytes, str]:
    """Selector to signature. `before` are routes that were live at some other time."""
    ours = workspace.artifact("ManifestDispatcher").selectors if target.generation is Generation.OURS else {}
    routed = {route.selector for route in (*target.routes, *before)}
    return own_functions(target.generation, ours=ours, routed=routed)
