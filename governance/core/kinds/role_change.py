"""`role_change`: grant and revoke roles of the governed system or the timelock, through the timelock.

It refuses what nobody could take back: the loss of the last admin, of the timelock's own admin right, of the last
proposer or executor.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from governance.core.access import role_name
from governance.core.alive import unacknowledged
from governance.core.errors import Finding, Refused, Rejected
from governance.core.fields import AddressField, DocumentPart, exactly_one, one_of
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.kinds.roles import (
    TARGET_ROLES,
    TIMELOCK_ROLES,
    Grant,
    role_findings,
    role_id,
    role_needs,
    role_questions,
)
from governance.core.network import Network, TargetKind
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import Address, shown


def _role(text: str) -> str:
    try:
        if text.startswith("0x"):
            role_id(text)
            return text
    except Rejected as error:
        raise ValueError(error.message) from error
    known = dict.fromkeys((*TARGET_ROLES, *TIMELOCK_ROLES))
    if text not in known:
        raise ValueError(f"`{shown(text)}` is not a known role; write 0x and 64 hex digits, or {', '.join(known)}")
    return text


RoleField = Annotated[str, AfterValidator(_role)]


class RoleEntry(DocumentPart):
    """One change: exactly one of `grant` and `revoke`."""

    model_config = one_of("grant", "revoke")

    on: Literal["target", "timelock"]
    """The governed system, or the timelock."""
    grant: RoleField | None = None
    """A role that the account gets: a name such as `COMMIT_ROLE`, or 32 bytes."""
    revoke: RoleField | None = None
    """A role that the account loses."""
    account: AddressField
    """Whose role."""

    @model_validator(mode="after")
    def _one_verb(self) -> "RoleEntry":
        exactly_one(self, "grant", "revoke")
        allowed = TARGET_ROLES if self.on == "target" else TIMELOCK_ROLES
        written = self.grant or self.revoke or ""
        if not written.startswith("0x") and written not in allowed:
            raise ValueError(f"the {self.on} has no role {written}; it has {', '.join(allowed)}")
        return self


class RoleChangeDocument(ProposalDocument):
    """Change who may do what."""

    kind: Literal["role_change"]
    changes: list[RoleEntry] = Field(min_length=1)
    """In order, all or nothing."""


class RoleChange(Kind[RoleChangeDocument]):
    """See the module."""

    name: ClassVar[str] = "role_change"
    lane: ClassVar[Lane] = Lane.TIMELOCK
    free_calls: ClassVar[bool] = False
    document = RoleChangeDocument

    def needs(self, document: RoleChangeDocument, network: Network) -> Needs:
        """Who holds the roles now. A diamond has none to ask for."""
        return role_needs([] if _diamond_findings(document, network) else _grants(document, network))

    def derive(self, document: RoleChangeDocument, network: Network, pins: Pins) -> Derivation:
        """One operation with the grants and revocations in order."""
        grants = _grants(document, network)
        found = _diamond_findings(document, network) or role_findings(grants, network, pins)
        findings, acknowledged = unacknowledged(found, document.acknowledge)
        if findings:
            raise Refused(f"the roles on {network.name} cannot change like this", findings=findings)
        bundle = Bundle(label="roles", calls=tuple(grant.call for grant in grants))
        # A role that is given and taken in one operation promises only how it ends.
        ends = {(grant.contract, grant.role, grant.account): grant.effect for grant in grants}
        return Derivation(acknowledged=acknowledged, bundles=(bundle,), effects=tuple(ends.values()))

    def questions(self, document: RoleChangeDocument, network: Network, pins: Pins) -> tuple[str, ...]:
        """Who gets what, and who is left."""
        return role_questions(_grants(document, network), network, pins)

    def inverse(self, document: RoleChangeDocument, network: Network, pins: Pins) -> dict[str, Any]:  # noqa: ARG002
        """The opposite of each, last first."""
        back = [
            {"on": change.on, ("revoke" if change.grant else "grant"): _known(change), "account": change.account}
            for change in reversed(document.changes)
        ]
        return {"kind": self.name, "changes": back}


def _known(change: RoleEntry) -> str:
    return role_name(role_id(change.grant or change.revoke or ""))


def _grants(document: RoleChangeDocument, network: Network) -> list[Grant]:
    return [
        Grant(
            path=f"changes[{i}]",
            contract=network.target if change.on == "target" else network.timelock,
            role=role_id(change.grant or change.revoke or ""),
            account=Address(change.account),
            held=change.grant is not None,
        )
        for i, change in enumerate(document.changes)
    ]


def _diamond_findings(document: RoleChangeDocument, network: Network) -> list[Finding]:
    if network.target_kind is not TargetKind.DIAMOND:
        return []
    message = f"{network.target} is a plain EIP-2535 diamond: it has an owner and no roles"
    return [
        Finding(
            rule="target-no-roles", path=f"changes[{i}].on", message=message, hint="only timelock can be meant here"
        )
        for i, change in enumerate(document.changes)
        if change.on == "target"
    ]
