"""The kinds of proposals, by name."""

from collections.abc import Iterable
from typing import Any

from governance.core.errors import Rejected
from governance.core.fields import NAME_PATTERN
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.kinds.batch import Batch
from governance.core.kinds.cancel import Cancel
from governance.core.kinds.contract_call import ContractCall
from governance.core.kinds.council_change import CouncilChange
from governance.core.kinds.emergency_pause import EmergencyPause
from governance.core.kinds.facet_swap import FacetSwap
from governance.core.kinds.manifest_upgrade import ManifestUpgrade
from governance.core.kinds.policy_change import PolicyChange
from governance.core.kinds.proxy_upgrade import ProxyUpgrade
from governance.core.kinds.role_change import RoleChange
from governance.core.kinds.timelock_change import TimelockChange
from governance.core.kinds.unpause import Unpause

_BUILT_IN: tuple[Kind[Any], ...] = (
    FacetSwap(),
    ManifestUpgrade(),
    ContractCall(),
    ProxyUpgrade(),
    Unpause(),
    RoleChange(),
    TimelockChange(),
    PolicyChange(),
    CouncilChange(),
    EmergencyPause(),
    Cancel(),
)

KINDS: dict[str, Kind[Any]] = {kind.name: kind for kind in (*_BUILT_IN, Batch(_BUILT_IN))}
"""Every kind: the built-in ones, and those that were admitted when the program started."""

__all__ = ["KINDS", "Bundle", "Derivation", "Kind", "Lane", "admit"]


def admit(kinds: Iterable[Kind[Any]]) -> None:
    """Add kinds of third parties, all or none. Raises Rejected on one that takes a name or is no kind."""
    new: dict[str, Kind[Any]] = {}
    for kind in kinds:
        _require_kind(kind)
        if kind.name in KINDS or kind.name in new:
            raise Rejected(
                f"a kind `{kind.name}` is there already", hint="a plugin cannot replace a kind; uninstall it"
            )
        new[kind.name] = kind
    KINDS.update(new)
    KINDS[Batch.name] = Batch(KINDS.values())


def _require_kind(kind: object) -> None:
    import re

    if not isinstance(kind, Kind):
        raise Rejected(
            f"`{type(kind).__name__}` is no Kind", hint="an entry point of governance.kinds names an instance"
        )
    if not isinstance(kind.name, str) or not re.fullmatch(NAME_PATTERN, kind.name):
        raise Rejected(f"{type(kind).__name__} has no proper name", hint="write lower-case words joined by _")
