"""Functions that a dispatcher answers itself, by generation: a route for one of these never reaches its facet.

Of ours, the compiled contract says which they are. The deployed generations are listed here, as their published sources
have them; a diamond's are those of the standards, as long as no route shows that a facet has them.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from governance.core.facts import Generation
from governance.core.keccak import selector
from governance.core.manifest import GOVERNING, SHADOWING

LOUPE = ("facets()", "facetFunctionSelectors(address)", "facetAddresses()", "facetAddress(bytes4)")
"""EIP-2535."""
DIAMOND = (
    *LOUPE,
    "diamondCut((address,uint8,bytes4[])[],address,bytes)",
    "supportsInterface(bytes4)",
    "owner()",
    "transferOwnership(address)",
)
"""What a diamond must keep to stay upgradable and readable (EIP-2535, ERC-165, ERC-173)."""

_DEPLOYED = (
    *GOVERNING,
    *SHADOWING,
    *LOUPE,
    "APPLY_ROLE()",
    "COMMIT_ROLE()",
    "EMERGENCY_ROLE()",
    "activationDelay()",
    "activeEpoch()",
    "activeRoot()",
    "facetSelectors(address,uint256)",
    "frozen()",
    "getManifestInfo()",
    "getManifestVersion()",
    "getRoute(bytes4)",
    "getRouteCount()",
    "paused()",
    "pendingEpoch()",
    "pendingRoot()",
    "pendingSince()",
    "registeredSelectors(bytes4)",
    "routeCount()",
    "routes(bytes4)",
    "verifyManifest(bytes32)",
)
_V1 = (
    "ENTRY_SIZE()",
    "EXECUTOR_ROLE()",
    "MAX_BATCH_SIZE()",
    "MAX_DELAY()",
    "MAX_MANIFEST_SIZE()",
    "MIN_DELAY()",
    "executeRotateGovernance()",
    "facetAddressList(uint256)",
    "govState()",
    "guardianPause()",
    "manifestState()",
    "maxReturnDataSize()",
    "queueRotateGovernance(address)",
    "routeCall(bytes)",
    "setMaxReturnDataSize(uint256)",
    "updateManifest(bytes32,bytes)",
)

_LISTED: Mapping[Generation, tuple[str, ...]] = MappingProxyType(
    {
        Generation.V1: (*_DEPLOYED, *_V1),
        Generation.COMPACT: (*_DEPLOYED, "manifest()"),
        Generation.P4: (*_DEPLOYED, "manifest()", "facetsEx(bool)"),
        Generation.DIAMOND: DIAMOND,
    }
)


def own_functions(
    generation: Generation, *, ours: Mapping[str, bytes], routed: Collection[bytes]
) -> Mapping[bytes, str]:
    """Selector to signature. `ours` are the functions of our compiled dispatcher, `routed` the selectors with a route."""
    if generation is Generation.OURS:
        return {found: signature for signature, found in ours.items()}
    listed = {selector(signature): signature for signature in _LISTED[generation]}
    if generation is Generation.DIAMOND:
        return {found: signature for found, signature in listed.items() if found not in routed}
    return listed
