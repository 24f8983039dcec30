"""The text of `policies.yaml`, typed: every key, and what may stand there.

Whether the parts agree with one another is asked in `policycheck`.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema

from governance.core.endpoints import MOST_ENDPOINTS
from governance.core.fields import (
    AddressField,
    DecimalField,
    DocumentPart,
    DurationField,
    EditorSchema,
    MomentField,
    NameField,
    TextField,
    WordField,
    matching,
)
from governance.core.network import TargetKind
from governance.core.officehours import FILE_NAME
from governance.core.permissionfile import PermissionPart
from governance.core.risk import Risk
from governance.core.separation import MAX_SEPARATE
from governance.core.units import shown

COUNCIL_THRESHOLD = "threshold"
"""`at_least: threshold`: as many owners as the Safe itself asks for."""


def _endpoint(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("an endpoint begins with http:// or https://")
    if "@" in text or "?" in text or text.count("/") > 3:
        raise ValueError("a path, query or user may hold a secret; set the GOV_RPC_… variable instead")
    return text


def _once(urls: list[str]) -> list[str]:
    if len(set(urls)) != len(urls):
        raise ValueError("an endpoint is named twice; one node has one voice")
    return urls


def _how_many(value: Any) -> str:
    """Which branch of `rpc` is meant, so that only its faults are reported."""
    return "several" if isinstance(value, list) else "one"


def _at_least(text: str) -> str:
    if text != COUNCIL_THRESHOLD and not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise ValueError(f"`{shown(text)}` is not a number of approvals; write 1 or more, or threshold for a Safe")
    return text


def _held_by(value: Any) -> str:
    """Which branch of a role's value is meant, so that only its faults are reported."""
    return "safe" if isinstance(value, dict | SafeRolePart) else "members"


def _limited(value: Any) -> str:
    return "any call" if isinstance(value, str) else "listed calls"


AtLeastField = Annotated[
    str,
    AfterValidator(_at_least),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "pattern": "^(threshold|[1-9][0-9]{0,3})$",
            "minimum": 1,
            "description": "A number of approvals; `threshold` for a Safe",
        }
    ),
]
EndpointField = Annotated[str, AfterValidator(_endpoint)]
_RULE_ID = "[a-z][a-z0-9]{0,30}(-[a-z0-9]{1,30}){0,9}"
RuleIdField = Annotated[
    str,
    AfterValidator(matching(_RULE_ID, "a rule's id; write upgrades-are-slow")),
    WithJsonSchema({"type": "string", "pattern": f"^{_RULE_ID}$", "description": "A rule's id"}),
]


_ZONE = r"[A-Za-z][A-Za-z0-9_+-]{0,30}(/[A-Za-z][A-Za-z0-9_+-]{0,30}){0,2}"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]|24:00"
ClockField = Annotated[
    str,
    AfterValidator(matching(_CLOCK, "a time of the day; write 09:00")),
    WithJsonSchema({"type": "string", "pattern": f"^({_CLOCK})$", "description": "A time of the day: 09:00"}),
]


class MemberPart(DocumentPart):
    """One person."""

    address: AddressField
    """The account whose signature is theirs."""


class SafeRolePart(DocumentPart):
    """A role held by the owners of a Safe, as of the block that is asked."""

    safe: Literal["council", "guardian"]
    """Which of the network's Safes."""


class TargetPart(DocumentPart):
    """The governed system."""

    kind: TargetKind
    """What kind of system."""
    address: AddressField
    """Where."""


class NetworkPart(DocumentPart):
    """One chain and the governed addresses on it."""

    chain_id: DecimalField
    """EIP-155."""
    council: AddressField
    """The Safe that proposes to the timelock."""
    guardian: AddressField
    """The Safe that may pause and cancel."""
    timelock: AddressField
    """The TimelockController that holds every upgrade right."""
    target: TargetPart
    """What is governed."""
    policy_anchor: AddressField
    """Holds the digest of this file."""
    rpc: (
        Annotated[
            Annotated[EndpointField, Tag("one")]
            | Annotated[
                list[EndpointField],
                Field(min_length=1, max_length=MOST_ENDPOINTS),
                AfterValidator(_once),
                Tag("several"),
            ],
            Discriminator(_how_many),
        ]
        | None
    ) = None
    """A public endpoint, or several. One with a key in it belongs into the environment: GOV_RPC_<NETWORK>."""
    agree: (
        Annotated[
            str,
            AfterValidator(matching("[1-9][0-9]?", "a number of endpoints; write 2")),
            WithJsonSchema(
                {
                    "type": ["string", "integer"],
                    "pattern": "^[1-9][0-9]?$",
                    "minimum": 1,
                    "description": "A number of endpoints",
                }
            ),
        ]
        | None
    ) = None
    """How many endpoints must agree on a block; more than half of those that are named when left out."""


class ApprovalPart(DocumentPart):
    """Who must approve."""

    role: NameField
    """A role of this policy."""
    at_least: AtLeastField
    """A number of holders; `threshold` for a Safe's own."""
    among: Literal["council", "guardian"] | None = None
    """Count holders of the role among the signatures of this Safe, instead of approvals of their own."""


class FreezePart(DocumentPart):
    """A time in which nothing is queued or becomes executable."""

    from_: MomentField = Field(alias="from")
    """Begins."""
    to: MomentField
    """Ends."""


class HolidaysPart(DocumentPart):
    """Days on which the office is closed."""

    file: Annotated[
        str,
        AfterValidator(matching(FILE_NAME, "the name of a file beside policies.yaml; write holidays.txt")),
        WithJsonSchema({"type": "string", "pattern": f"^{FILE_NAME}$", "description": "A file beside policies.yaml"}),
    ]
    """One day a line."""
    keccak256: WordField
    """Of the file's bytes, so that the policy's digest covers them."""


class OfficeHoursPart(DocumentPart):
    """When something may be sent, by the clock on the wall of one zone."""

    zone: Annotated[
        str,
        AfterValidator(matching(_ZONE, "the name of a time zone; write Europe/Zurich")),
        WithJsonSchema({"type": "string", "pattern": f"^{_ZONE}$", "description": "Of the time zone database"}),
    ]
    """Such as `Europe/Zurich`."""
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(min_length=1)
    """On which it is open."""
    from_: ClockField = Field(alias="from")
    """Opens."""
    to: ClockField
    """Closes; 24:00 is the end of the day."""
    holidays: HolidaysPart | None = None
    """Days on which it is closed all the same."""


class RulePart(DocumentPart):
    """How some kinds of proposals go."""

    id: RuleIdField
    """Stable; findings cite it."""
    kinds: list[NameField] = Field(min_length=1)
    """The kinds that it is for."""
    networks: list[NameField] | None = Field(default=None, min_length=1)
    """The networks that it is for; all when left out."""
    may_propose: NameField
    """The role that authors."""
    approvals: list[ApprovalPart] = Field(min_length=1)
    """Who must approve."""
    distinct_from_author: Annotated[
        Literal["true", "false"], WithJsonSchema({"enum": ["true", "false", True, False]})
    ] = "true"
    """Whether approvals of roles other than the Safe must come from others than the author."""
    via: Literal["timelock", "guardian", "council"]
    """The lane."""
    delay: DurationField
    """From queueing to execution; zero on the lanes without a timelock."""
    grace: DurationField | None = None
    """How long a ready operation may wait before our executor refuses it; the timelock itself has no limit."""
    hold: DurationField | None = None
    """How long one round of a guardian's hold lasts (`core/hold.py`); without it nobody holds anything."""
    calls: (
        Annotated[
            Annotated[Literal["any"], Tag("any call")]
            | Annotated[list[PermissionPart], Tag("listed calls"), Field(min_length=1)],
            Discriminator(_limited),
        ]
        | None
    ) = None
    """What may be called; `any` where the author may choose. Kinds that derive their calls themselves need no list."""
    value_at_most: DecimalField = "0"
    """Wei that one proposal may send in all; none when left out."""
    freeze: list[FreezePart] = Field(default_factory=list)
    """Times in which nothing is queued or becomes executable."""
    office_hours: OfficeHoursPart | None = None
    """Only within these anything is queued or executed."""
    approval_lifetime: DurationField | None = None
    """How long an approval by a role of members may hold; required where one is asked."""
    visible: DurationField | None = None
    """How long enough approvers of each role must have seen the plan before anything is sent."""
    separate: list[NameField] = Field(default_factory=list, max_length=MAX_SEPARATE)
    """Roles of the approvals for two of which nobody counts."""
    risk: Risk = Risk.ROUTINE
    """The highest class of risk that a proposal may have here; it is computed from what is called."""


class BookPart(DocumentPart):
    """An account that proposals may name."""

    address: AddressField
    """The account."""
    purpose: TextField
    """What it is for."""
    networks: list[NameField] | None = Field(default=None, min_length=1)
    """Where it is what it is said to be; on all when left out."""


class PolicyDocument(DocumentPart):
    """policies.yaml."""

    schema_: Literal["governance/policy/v1"] = Field(alias="schema")
    """The version of this schema."""
    summary: TextField | None = None
    """For readers."""
    members: dict[NameField, MemberPart] = Field(min_length=1)
    """People, by name."""
    roles: dict[
        NameField,
        Annotated[
            Annotated[SafeRolePart, Tag("safe")] | Annotated[list[NameField], Tag("members")], Discriminator(_held_by)
        ],
    ] = Field(min_length=1)
    """Members by what they may do, or a Safe whose owners hold the role."""
    addresses: dict[NameField, BookPart] = Field(default_factory=dict)
    """The address book: what proposals may name without introducing it, by name."""
    networks: dict[NameField, NetworkPart] = Field(min_length=1)
    """What is governed, by network."""
    rules: list[RulePart] = Field(min_length=1)
    """What may be done, and how. What no rule allows is refused."""


def policy_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of `policies.yaml`, for editors."""
    schema = PolicyDocument.model_json_schema(by_alias=True, schema_generator=EditorSchema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "gov policy"}
