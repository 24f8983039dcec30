"""One network of the policy: the chain and the governed addresses on it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

from governance.core.units import Address


class TargetKind(StrEnum):
    """What kind of system is governed."""

    MANIFEST_DISPATCHER = "manifest_dispatcher"
    DIAMOND = "diamond"


Duty = Literal["target", "timelock", "council", "guardian", "policy_anchor"]
DUTIES: tuple[Duty, ...] = get_args(Duty)
"""What an account of a network may be there; each is a field of `Network`, and nobody's name."""


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

    def duties_of(self, account: str) -> tuple[str, ...]:
        """What an account does here; empty for a stranger."""
        return tuple(duty for duty in DUTIES if getattr(self, duty) == account)
