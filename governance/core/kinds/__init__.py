"""The kinds of proposals, by name."""

from typing import Any

from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.kinds.cancel import Cancel
from governance.core.kinds.contract_call import ContractCall
from governance.core.kinds.emergency_pause import EmergencyPause
from governance.core.kinds.facet_swap import FacetSwap
from governance.core.kinds.manifest_upgrade import ManifestUpgrade

KINDS: dict[str, Kind[Any]] = {
    kind.name: kind for kind in (FacetSwap(), ManifestUpgrade(), ContractCall(), EmergencyPause(), Cancel())
}
"""Every built-in kind."""

__all__ = ["KINDS", "Bundle", "Derivation", "Kind", "Lane"]
