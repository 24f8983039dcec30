"""One network of the policy: the chain and the governed addresses on it."""

from dataclasses import dataclass
from enum import StrEnum

from governance.core.units import Address

DUTIES = ("council", "guardian", "timelock", "target", "policy_anchor")
"""What an account of a network may be there; each is a field of `Network`, and nobody's name."""


class TargetKind(StrEnum):
    """What kind of system is governed."""

    MANIFEST_DISPATCHER = "manifest_dispatcher"
    DIAMOND = "diamond"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Named in `policies.yaml` under `networks:`; every address is checked on chain before it is trusted."""

    name: str
    chain_id: int
    council: Address
    """The Safe that proposes to the timelock."""
    guardian: Address
    """The Safe that may pause and cancel."""
    timelock: Address
    target_kind: TargetKind
    target: Address
    policy_anchor: Address
