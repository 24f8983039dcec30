"""`timelock_change`: the timelock's minimum delay, and who may propose, cancel and execute, through the timelock itself.

It refuses a delay of zero, one that the proposal's own rule could not meet any more, and the loss of the council's right
to propose or of the last executor.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from governance.core.alive import unacknowledged
from governance.core.call import Call, encode_call, function
from governance.core.effects import DelayIs, Effect
from governance.core.errors import Finding, Refused
from governance.core.fields import AddressField, DocumentPart, DurationField, exactly_one, one_of
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.kinds.roles import Grant, role_findings, role_id, role_needs, role_questions
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import Address, Duration

UPDATE_DELAY = function("updateDelay(uint256)")
LONGEST = Duration(365 * 86400)
"""Nobody waits longer on purpose, and a timelock with such a delay could not be put right in time."""

RoleName = Literal["PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE"]


class TimelockRoleChange(DocumentPart):
    """One change: exactly one of `grant` and `revoke`."""

    model_config = one_of("grant", "revoke")

    grant: RoleName | None = None
    """A role that the account gets."""
    revoke: RoleName | None = None
    """A role that the account loses."""
    account: AddressField
    """Whose role. The zero address in EXECUTOR_ROLE means anyone."""

    @model_validator(mode="after")
    def _one_verb(self) -> "TimelockRoleChange":
        exactly_one(self, "grant", "revoke")
        return self


class TimelockChangeDocument(ProposalDocument):
    """Change the timelock: a delay, roles, or both."""

    kind: Literal["timelock_change"]
    delay: DurationField | None = None
    """The new minimum delay."""
    changes: list[TimelockRoleChange] | None = Field(default=None, min_length=1)
    """Roles, in order."""

    @model_validator(mode="after")
    def _something(self) -> "TimelockChangeDocument":
        if self.delay is None and self.changes is None:
            raise ValueError("a timelock_change has a `delay`, `changes`, or both")
        return self


class TimelockChange(Kind[TimelockChangeDocument]):
    """See the module."""

    name: ClassVar[str] = "timelock_change"
    lane: ClassVar[Lane] = Lane.TIMELOCK
    free_calls: ClassVar[bool] = False
    document = TimelockChangeDocument

    def needs(self, document: TimelockChangeDocument, network: Network) -> Needs:
        """The delay and the holders of the roles."""
        return Needs(delay=document.delay is not None) + role_needs(_grants(document, network))

    def derive(self, document: TimelockChangeDocument, network: Network, pins: Pins) -> Derivation:
        """One operation: the timelock calls itself."""
        grants = _grants(document, network)
        found = [*_delay_findings(document, pins), *role_findings(grants, network, pins)]
        findings, acknowledged = unacknowledged(found, document.acknowledge)
        if findings:
            raise Refused(f"the timelock of {network.name} cannot change like this", findings=findings)
        calls = [grant.call for grant in grants]
        ends = {(grant.role, grant.account): grant.effect for grant in grants}
        effects: list[Effect] = [*ends.values()]
        if document.delay is not None:
            new = Duration.parse(document.delay)
            data = encode_call(UPDATE_DELAY, [new.seconds])
            calls.append(Call(to=network.timelock, data=data, summary=f"updateDelay: {new}"))
            effects.append(DelayIs(delay=new))
        return Derivation(
            acknowledged=acknowledged, bundles=(Bundle(label="timelock", calls=tuple(calls)),), effects=tuple(effects)
        )

    def questions(self, document: TimelockChangeDocument, network: Network, pins: Pins) -> tuple[str, ...]:
        """What becomes faster, what becomes impossible."""
        asked: list[str] = []
        if document.delay is not None:
            old, new = pins.governance.delay, Duration.parse(document.delay)
            assert old is not None
            if new < old:
                asked.append(f"The delay falls from {old} to {new}: who relied on the longer one to get out in time?")
            else:
                asked.append(
                    f"The delay rises from {old} to {new}: does every rule of policies.yaml still wait as long?"
                )
            asked.append("What is already scheduled keeps the delay it was scheduled with: what is pending?")
        return (*asked, *role_questions(_grants(document, network), network, pins))

    def inverse(self, document: TimelockChangeDocument, network: Network, pins: Pins) -> dict[str, Any]:  # noqa: ARG002
        """The delay that was, and the opposite of each role change, last first."""
        back: dict[str, Any] = {"kind": self.name}
        if document.delay is not None:
            back["delay"] = str(pins.governance.delay)
        if document.changes is not None:
            back["changes"] = [
                {("revoke" if change.grant else "grant"): change.grant or change.revoke, "account": change.account}
                for change in reversed(document.changes)
            ]
        return back


def _grants(document: TimelockChangeDocument, network: Network) -> list[Grant]:
    return [
        Grant(
            path=f"changes[{i}]",
            contract=network.timelock,
            role=role_id(change.grant or change.revoke or ""),
            account=Address(change.account),
            held=change.grant is not None,
        )
        for i, change in enumerate(document.changes or ())
    ]


def _delay_findings(document: TimelockChangeDocument, pins: Pins) -> list[Finding]:
    if document.delay is None:
        return []
    new, found = Duration.parse(document.delay), []
    if new.seconds == 0:
        message = "without a delay nobody could look before it happens"
        found.append(Finding(rule="timelock-delay-zero", path="delay", message=message, hint="write at least a day"))
    if new > LONGEST:
        message = f"{new} is longer than {LONGEST}"
        found.append(Finding(rule="timelock-delay-too-long", path="delay", message=message, hint="write less"))
    if new > pins.delay:
        message = (
            f"rule {pins.rule} waits {pins.delay}: the timelock would refuse whatever falls under it, the way back too"
        )
        hint = "lengthen the rule's delay by a policy_change first"
        found.append(Finding(rule="timelock-delay-above-rule", path="delay", message=message, hint=hint))
    if new == pins.governance.delay:
        message = f"the delay is {new} already"
        found.append(Finding(rule="timelock-delay-same", path="delay", message=message, hint="drop it"))
    return found
