"""`council_change`: owners, threshold, guard, modules or fallback handler of the council Safe, by the council itself.

A Safe obeys nobody but itself in these things, so this is the one kind that no timelock delays: the council calls its own
Safe, at once, with as many signatures as the Safe asks for. One change for each proposal: two would need a delegatecall to
happen together, and the second would be signed for owners that are not there yet.

It refuses a council that could not act, or that one lost key would end: an unreachable threshold, all of all, less than
half.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from governance.core.alive import unacknowledged
from governance.core.call import Call, Function, encode_call, function
from governance.core.effects import Effect, FallbackHandlerIs, GuardIs, ModuleIs, OwnersAre
from governance.core.errors import Finding, Refused
from governance.core.facts import CouncilFacts
from governance.core.fields import AddressField, DecimalField, DocumentPart, exactly_one
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.safelayout import SENTINEL
from governance.core.units import ZERO_ADDRESS, Address

ADD_OWNER = function("addOwnerWithThreshold(address,uint256)")
REMOVE_OWNER = function("removeOwner(address,address,uint256)")
SWAP_OWNER = function("swapOwner(address,address,address)")
CHANGE_THRESHOLD = function("changeThreshold(uint256)")
SET_GUARD = function("setGuard(address)")
ENABLE_MODULE = function("enableModule(address)")
DISABLE_MODULE = function("disableModule(address,address)")
SET_FALLBACK_HANDLER = function("setFallbackHandler(address)")


_NAMES = (
    "add_owner",
    "remove_owner",
    "swap_owner",
    "change_threshold",
    "set_guard",
    "enable_module",
    "disable_module",
    "set_fallback_handler",
)
_WITH_THRESHOLD = ("add_owner", "remove_owner")


class Swap(DocumentPart):
    """One owner for another."""

    old: AddressField
    """The owner who leaves."""
    new: AddressField
    """The owner who comes."""


class CouncilChangeDocument(ProposalDocument):
    """Change the council: exactly one act."""

    kind: Literal["council_change"]
    add_owner: AddressField | None = None
    """The owner who comes."""
    remove_owner: AddressField | None = None
    """The owner who leaves."""
    swap_owner: Swap | None = None
    """One owner for another; the threshold stays."""
    change_threshold: DecimalField | None = None
    """How many owners must sign from then on."""
    set_guard: AddressField | None = None
    """A contract that is asked before and after every transaction; the zero address for none."""
    enable_module: AddressField | None = None
    """A contract that may act in the council's name without signatures."""
    disable_module: AddressField | None = None
    """A module that no longer may."""
    set_fallback_handler: AddressField | None = None
    """The contract that answers what the Safe itself does not; the zero address for none."""
    threshold: DecimalField | None = None
    """With `add_owner` and `remove_owner`: how many owners must sign from then on."""

    @model_validator(mode="after")
    def _one_act(self) -> "CouncilChangeDocument":
        exactly_one(self, *_NAMES)
        wanted = any(getattr(self, name) is not None for name in _WITH_THRESHOLD)
        if wanted != (self.threshold is not None):
            raise ValueError("`threshold` goes with `add_owner` and `remove_owner`; write it there, and only there")
        return self


class CouncilChange(Kind[CouncilChangeDocument]):
    """See the module."""

    name: ClassVar[str] = "council_change"
    lane: ClassVar[Lane] = Lane.COUNCIL
    free_calls: ClassVar[bool] = False
    document = CouncilChangeDocument

    def needs(self, document: CouncilChangeDocument, network: Network) -> Needs:  # noqa: ARG002 - same everywhere
        """The council as it is, and the code of the contract that is named, if any."""
        named = (document.set_guard, document.enable_module, document.set_fallback_handler)
        return Needs(council=True, codes=tuple(Address(each) for each in named if each not in {None, ZERO_ADDRESS}))

    def derive(self, document: CouncilChangeDocument, network: Network, pins: Pins) -> Derivation:
        """One transaction of the Safe to itself."""
        found = _findings(document, network, pins)
        findings, acknowledged = unacknowledged(found, document.acknowledge)
        if findings:
            raise Refused(f"the council of {network.name} cannot change like this", findings=findings)
        council = _council(pins)
        data = _data(document, council)
        words = _name(document).replace("_", " ")
        call = Call(to=network.council, data=data, summary=f"the council to itself: {words}")
        return Derivation(
            acknowledged=acknowledged,
            bundles=(Bundle(label=words, calls=(call,)),),
            effects=(_effect(document, council),),
        )

    def questions(self, document: CouncilChangeDocument, network: Network, pins: Pins) -> tuple[str, ...]:
        """Nothing delays this, so everything must be asked before."""
        council = _council(pins)
        asked = ["No timelock delays this: who has checked it beside those who sign it?"]
        if network.timelock in council.modules:
            asked.append("The timelock is a module of the council: why does this not wait for its delay?")
        for account in (document.add_owner, document.swap_owner and document.swap_owner.new):
            if account is not None:
                asked.append(
                    f"Has whoever stands behind {account} signed something with it, on the device they will use?"
                )
        after = _after(document, council)
        if after is not None:
            owners, threshold = after
            asked.append(f"{threshold} of {len(owners)}: how many keys may be lost, and how many stolen?")
            asked.append("Signatures that were collected before count against the new owners: what is being signed?")
        if document.enable_module is not None:
            asked.append(f"{document.enable_module} could then do anything in the council's name, without a signature.")
        if document.set_guard is not None and document.set_guard != ZERO_ADDRESS:
            asked.append(f"Could {document.set_guard} block everything, also its own removal? Who can change its mind?")
        if document.set_guard is not None and council.guard != ZERO_ADDRESS:
            asked.append(f"The guard {council.guard} is lifted: what did it forbid?")
        if document.set_fallback_handler is not None:
            asked.append("The fallback handler decides which contract signatures (EIP-1271) count as the council's.")
        return tuple(asked)

    def inverse(self, document: CouncilChangeDocument, network: Network, pins: Pins) -> dict[str, Any]:  # noqa: ARG002
        """The opposite act. An owner who comes back stands first in the list, wherever they stood before."""
        return {"kind": self.name, **_ACTS[_name(document)].inverse(document, _council(pins))}


def _council(pins: Pins) -> CouncilFacts:
    assert pins.governance.council is not None
    return pins.governance.council


def _after(document: CouncilChangeDocument, council: CouncilFacts) -> tuple[frozenset[Address], int] | None:
    """Owners and threshold afterwards; None when the act touches neither."""
    owners, threshold = set(council.owners), int(document.threshold or council.threshold)
    if document.add_owner is not None:
        owners.add(Address(document.add_owner))
    elif document.remove_owner is not None:
        owners.discard(Address(document.remove_owner))
    elif document.swap_owner is not None:
        owners = (owners - {Address(document.swap_owner.old)}) | {Address(document.swap_owner.new)}
    elif document.change_threshold is not None:
        threshold = int(document.change_threshold)
    else:
        return None
    return frozenset(owners), threshold


def _data(document: CouncilChangeDocument, council: CouncilFacts) -> bytes:
    act = _ACTS[_name(document)]
    return encode_call(act.function, act.arguments(document, council))


def _name(document: CouncilChangeDocument) -> str:
    return next(name for name in _NAMES if getattr(document, name) is not None)


def _before(account: str, linked: Sequence[Address]) -> Address:
    """Whoever points at the account in the Safe's linked list: the one listed before it, or the head."""
    place = linked.index(Address(account))
    return linked[place - 1] if place else SENTINEL


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """One thing that a Safe can do to itself."""

    function: Function
    arguments: Callable[[CouncilChangeDocument, CouncilFacts], list[object]]
    inverse: Callable[[CouncilChangeDocument, CouncilFacts], dict[str, object]]


_ACTS = {
    "add_owner": _Act(
        function=ADD_OWNER,
        arguments=lambda d, _: [d.add_owner, int(d.threshold or 0)],
        inverse=lambda d, c: {"remove_owner": d.add_owner, "threshold": str(c.threshold)},
    ),
    "remove_owner": _Act(
        function=REMOVE_OWNER,
        arguments=lambda d, c: [_before(str(d.remove_owner), c.owners), d.remove_owner, int(d.threshold or 0)],
        inverse=lambda d, c: {"add_owner": d.remove_owner, "threshold": str(c.threshold)},
    ),
    "swap_owner": _Act(
        function=SWAP_OWNER,
        arguments=lambda d, c: [_before(_swap(d).old, c.owners), _swap(d).old, _swap(d).new],
        inverse=lambda d, _: {"swap_owner": {"old": _swap(d).new, "new": _swap(d).old}},
    ),
    "change_threshold": _Act(
        function=CHANGE_THRESHOLD,
        arguments=lambda d, _: [int(d.change_threshold or 0)],
        inverse=lambda _, c: {"change_threshold": str(c.threshold)},
    ),
    "set_guard": _Act(
        function=SET_GUARD, arguments=lambda d, _: [d.set_guard], inverse=lambda _, c: {"set_guard": c.guard}
    ),
    "enable_module": _Act(
        function=ENABLE_MODULE,
        arguments=lambda d, _: [d.enable_module],
        inverse=lambda d, _: {"disable_module": d.enable_module},
    ),
    "disable_module": _Act(
        function=DISABLE_MODULE,
        arguments=lambda d, c: [_before(str(d.disable_module), c.modules), d.disable_module],
        inverse=lambda d, _: {"enable_module": d.disable_module},
    ),
    "set_fallback_handler": _Act(
        function=SET_FALLBACK_HANDLER,
        arguments=lambda d, _: [d.set_fallback_handler],
        inverse=lambda _, c: {"set_fallback_handler": c.fallback_handler},
    ),
}


def _swap(document: CouncilChangeDocument) -> Swap:
    assert document.swap_owner is not None
    return document.swap_owner


def _effect(document: CouncilChangeDocument, council: CouncilFacts) -> Effect:
    after = _after(document, council)
    if after is not None:
        return OwnersAre(owners=after[0], threshold=after[1])
    if document.set_guard is not None:
        return GuardIs(guard=Address(document.set_guard))
    if document.set_fallback_handler is not None:
        return FallbackHandlerIs(handler=Address(document.set_fallback_handler))
    if document.enable_module is not None:
        return ModuleIs(module=Address(document.enable_module), enabled=True)
    assert document.disable_module is not None
    return ModuleIs(module=Address(document.disable_module), enabled=False)


def _findings(document: CouncilChangeDocument, network: Network, pins: Pins) -> list[Finding]:
    council = _council(pins)
    found = [*_owner_findings(document, council, network), *_contract_findings(document, council, network, pins)]
    after = _after(document, council)
    if after is None:
        return found
    owners, threshold = after
    path = "change_threshold" if document.change_threshold is not None else "threshold" if document.threshold else ""
    if document.change_threshold is not None and threshold == council.threshold:
        message = f"the threshold is {threshold} already"
        found.append(Finding(rule="threshold-same", path=path, message=message, hint="drop it"))
    return found + threshold_findings(len(owners), threshold, path)


def threshold_findings(owners: int, threshold: int, path: str) -> list[Finding]:
    """A council that can act, survives a lost key, and needs more than a minority."""

    def says(rule: str, why: str) -> list[Finding]:
        hint = "more than half, and less than all"
        return [Finding(rule=rule, path=path, message=f"{threshold} of {owners}: {why}", hint=hint)]

    if not 1 <= threshold <= owners:
        return says("threshold-unreachable", "no quorum could ever sign")
    if threshold == owners:
        return says("threshold-all", "one lost key, and nothing can be signed any more")
    if threshold * 2 < owners:
        return says("threshold-minority", "a minority could act against all others")
    return []


def _owner_findings(document: CouncilChangeDocument, council: CouncilFacts, network: Network) -> list[Finding]:
    swap, found = document.swap_owner, []
    for path, comes in (("add_owner", document.add_owner), ("swap_owner.new", swap and swap.new)):
        if comes is None:
            continue
        if comes in council.owners:
            message = f"{comes} is an owner already"
            found.append(Finding(rule="owner-held", path=path, message=message, hint="drop it"))
        if comes in {ZERO_ADDRESS, SENTINEL, network.council, network.timelock, network.target}:
            message = f"{comes} can sign nothing"
            found.append(Finding(rule="owner-cannot-sign", path=path, message=message, hint="name a person's account"))
    for path, leaves in (("remove_owner", document.remove_owner), ("swap_owner.old", swap and swap.old)):
        if leaves is not None and leaves not in council.owners:
            message = f"{leaves} is no owner"
            hint = f"owners are {', '.join(council.owners)}"
            found.append(Finding(rule="owner-unknown", path=path, message=message, hint=hint))
    return found


def _contract_findings(
    document: CouncilChangeDocument, council: CouncilFacts, network: Network, pins: Pins
) -> list[Finding]:
    """Guard, modules and fallback handler: what is named must differ, be a contract, and not be the Safe itself."""
    found = []
    differs: tuple[tuple[str, str | None, Callable[[Address], bool], str], ...] = (
        ("set_guard", document.set_guard, lambda each: each == council.guard, "is the guard already"),
        ("enable_module", document.enable_module, lambda each: each in council.modules, "is a module already"),
        ("disable_module", document.disable_module, lambda each: each not in council.modules, "is no module"),
        (
            "set_fallback_handler",
            document.set_fallback_handler,
            lambda each: each == council.fallback_handler,
            "is the fallback handler already",
        ),
    )
    for path, written, pointless, words in differs:
        if written is None:
            continue
        account = Address(written)
        if pointless(account):
            rule = "module-unknown" if path == "disable_module" else "council-same"
            found.append(Finding(rule=rule, path=path, message=f"{account} {words}", hint="drop it"))
        if path != "disable_module":
            found += _code_findings(path, account, network, pins)
    return found


def _code_findings(path: str, account: Address, network: Network, pins: Pins) -> list[Finding]:
    if account == ZERO_ADDRESS and path != "enable_module":
        return []
    if account in {ZERO_ADDRESS, SENTINEL, network.council}:
        message = f"{account} can be none: the Safe would refuse it"
        return [Finding(rule="council-invalid", path=path, message=message, hint="name a contract")]
    if not pins.has_code(account):
        message = f"{account} has no code on {network.name}"
        return [Finding(rule="target-no-code", path=path, message=message, hint="check the address")]
    return []
