"""`proxy_upgrade`: another implementation behind an ERC-1967 proxy, through the timelock.

| pattern | who is called | by whose leave |
|---|---|---|
| uups | the proxy's `upgradeToAndCall` | the old implementation's own check, which only a dry run can ask |
| transparent | the ProxyAdmin's `upgradeAndCall` | its owner, the timelock |
| beacon | the beacon's `upgradeTo`, for every proxy that follows it | its owner, the timelock |

Whether the new code is a UUPS implementation itself is not asked here: `upgradeToAndCall` asks its `proxiableUUID`.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from governance.core.call import Call, encode_call, function, typed
from governance.core.effects import ImplementationIs
from governance.core.errors import Finding, Refused, Rejected
from governance.core.facts import ProxyFacts
from governance.core.fields import AddressField, DocumentPart, SignatureField
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import ZERO_ADDRESS, Address

UPGRADE_TO_AND_CALL = function("upgradeToAndCall(address,bytes)")
UPGRADE_AND_CALL = function("upgradeAndCall(address,address,bytes)")
UPGRADE_TO = function("upgradeTo(address)")


class Initializer(DocumentPart):
    """A call of the new implementation, in the same breath."""

    function: SignatureField
    """In canonical types, e.g. `initializeV2(uint256)`."""
    args: list[Any] = Field(default_factory=list)
    """One text (or list of texts, for arrays and tuples) per argument."""


class ProxyUpgradeDocument(ProposalDocument):
    """Put another implementation behind a proxy."""

    kind: Literal["proxy_upgrade"]
    proxy: AddressField
    """The proxy; on a beacon, any proxy that follows it."""
    pattern: Literal["uups", "transparent", "beacon"]
    """How it is upgraded; the proxy's slots must agree."""
    implementation: AddressField
    """The new code."""
    call: Initializer | None = None
    """What is called through the proxy at once, e.g. an initializer. Not with a beacon."""

    @model_validator(mode="after")
    def _no_call_on_a_beacon(self) -> "ProxyUpgradeDocument":
        if self.pattern == "beacon" and self.call is not None:
            raise ValueError("a beacon calls nothing when it is upgraded; drop `call`, and call the proxies themselves")
        return self


class ProxyUpgrade(Kind[ProxyUpgradeDocument]):
    """See the module."""

    name: ClassVar[str] = "proxy_upgrade"
    lane: ClassVar[Lane] = Lane.TIMELOCK
    free_calls: ClassVar[bool] = False
    document = ProxyUpgradeDocument

    def needs(self, document: ProxyUpgradeDocument, network: Network) -> Needs:  # noqa: ARG002 - same everywhere
        """The proxy's slots; the code before the proxy and behind it."""
        return Needs(
            proxies=(Address(document.proxy),), codes=(Address(document.proxy), Address(document.implementation))
        )

    def derive(self, document: ProxyUpgradeDocument, network: Network, pins: Pins) -> Derivation:
        """One call, to whoever may write the slot."""
        proxy = pins.governance.proxy(Address(document.proxy))
        findings = _findings(document, proxy, network, pins)
        if findings:
            raise Refused(f"the proxy cannot be upgraded like this on {network.name}", findings=tuple(findings))
        new = Address(document.implementation)
        bundle = Bundle(label="upgrade", calls=(_call(document, proxy),))
        effect = ImplementationIs(proxy=proxy.address, upgraded=_upgraded(document, proxy), implementation=new)
        return Derivation(bundles=(bundle,), effects=(effect,))

    def questions(self, document: ProxyUpgradeDocument, network: Network, pins: Pins) -> tuple[str, ...]:  # noqa: ARG002
        """Storage, initialisation, and the way back."""
        proxy = pins.governance.proxy(Address(document.proxy))
        asked = [
            f"Are the storage layouts of {proxy.running} and {document.implementation} compatible?",
            "Is the new code verified, and its own initializer disabled?",
        ]
        if document.pattern == "uups":
            asked.append("Can the new implementation itself be upgraded, and only by the timelock?")
        if document.pattern == "beacon":
            asked.append(f"Every proxy that follows the beacon {proxy.beacon} changes: which are they?")
        if document.call is not None:
            asked.append(f"Rolling back does not undo `{document.call.function}`: what does it write?")
        else:
            asked.append("Nothing is called with it: does the new code need an initializer?")
        return tuple(asked)

    def inverse(self, document: ProxyUpgradeDocument, network: Network, pins: Pins) -> dict[str, Any]:  # noqa: ARG002
        """The implementation that was; what an initializer wrote stays."""
        running = pins.governance.proxy(Address(document.proxy)).running
        return {"kind": self.name, "proxy": document.proxy, "pattern": document.pattern, "implementation": running}


def _upgraded(document: ProxyUpgradeDocument, proxy: ProxyFacts) -> Address:
    return proxy.beacon if document.pattern == "beacon" else proxy.address


def _call(document: ProxyUpgradeDocument, proxy: ProxyFacts) -> Call:
    new = Address(document.implementation)
    if document.pattern == "beacon":
        return Call(to=proxy.beacon, data=encode_call(UPGRADE_TO, [new]), summary=f"beacon upgradeTo: {new}")
    words = f"{new}, calling {document.call.function}" if document.call is not None else f"{new}, calling nothing"
    if document.pattern == "transparent":
        data = encode_call(UPGRADE_AND_CALL, [proxy.address, new, _initializer(document)])
        return Call(to=proxy.admin, data=data, summary=f"upgradeAndCall of {proxy.address}: {words}")
    data = encode_call(UPGRADE_TO_AND_CALL, [new, _initializer(document)])
    return Call(to=proxy.address, data=data, summary=f"upgradeToAndCall: {words}")


def _initializer(document: ProxyUpgradeDocument) -> bytes:
    if document.call is None:
        return b""
    fn = function(document.call.function)
    if len(document.call.args) != len(fn.inputs):
        raise Rejected(f"`{fn.signature}` takes {len(fn.inputs)} arguments, not {len(document.call.args)}")
    return encode_call(fn, [typed(kind, written) for kind, written in zip(fn.inputs, document.call.args, strict=True)])


def _findings(document: ProxyUpgradeDocument, proxy: ProxyFacts, network: Network, pins: Pins) -> list[Finding]:
    new, found = Address(document.implementation), []
    if proxy.address in {network.council, network.guardian, network.timelock, network.policy_anchor}:
        message = f"{proxy.address} is part of the governance of {network.name}"
        hint = "governance is changed by proposals of its own kinds"
        found.append(Finding(rule="governance-call", path="proxy", message=message, hint=hint))
    if not pins.has_code(proxy.address):
        message = f"{proxy.address} has no code on {network.name}"
        found.append(Finding(rule="target-no-code", path="proxy", message=message, hint="check the address"))
    if not pins.has_code(new):
        message = f"{new} has no code on {network.name}: whatever calls the proxy would reach nothing"
        found.append(
            Finding(rule="implementation-no-code", path="implementation", message=message, hint="deploy it first")
        )
    if new == proxy.running:
        message = f"{proxy.address} runs {new} already"
        found.append(Finding(rule="implementation-same", path="implementation", message=message, hint="drop it"))
    if new == proxy.address:
        message = "the proxy would call itself for ever"
        found.append(Finding(rule="implementation-is-proxy", path="implementation", message=message))
    try:
        _initializer(document)
    except Rejected as error:
        found.append(Finding(rule="call-arguments", path="call.args", message=error.message, hint=error.hint()))
    return found + _pattern_findings(document, proxy, network)


def _pattern_findings(document: ProxyUpgradeDocument, proxy: ProxyFacts, network: Network) -> list[Finding]:
    """The slots must be those of the pattern, and the timelock the owner where there is one."""
    seen = "beacon" if proxy.beacon != ZERO_ADDRESS else "transparent" if proxy.admin != ZERO_ADDRESS else "uups"
    if proxy.running == ZERO_ADDRESS:
        message = f"{proxy.address} has neither an implementation nor a beacon in the slots of ERC-1967"
        return [Finding(rule="proxy-unknown", path="proxy", message=message, hint="is it a proxy of another standard?")]
    if document.pattern != seen:
        message = f"the slots of {proxy.address} are those of a {seen} proxy"
        return [Finding(rule="proxy-pattern", path="pattern", message=message, hint=f"write {seen}, if that is meant")]
    if seen != "uups" and proxy.owner != network.timelock:
        owned = proxy.beacon if seen == "beacon" else proxy.admin
        message = f"{owned}, which upgrades it, is owned by {proxy.owner}, not by the timelock {network.timelock}"
        hint = "its owner must hand it to the timelock first: transferOwnership"
        return [Finding(rule="timelock-not-owner", path="proxy", message=message, hint=hint)]
    return []
