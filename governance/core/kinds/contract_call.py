"""`contract_call`: calls to contracts by function signature, through the timelock. Never to the governance itself.

What changes roles, delays, owners or the policy has kinds of its own; calling those contracts from here is refused.
"""

from typing import Any, ClassVar, Literal

from pydantic import Field

from governance.core.call import Call, encode_call, function, typed
from governance.core.errors import Finding, Refused, Rejected
from governance.core.fields import AddressField, DecimalField, DocumentPart, SignatureField
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import EMPTY_CODE_HASH, Address

DISPATCHER_ADMIN = frozenset(
    function(signature).selector
    for signature in (
        "grantRole(bytes32,address)",
        "revokeRole(bytes32,address)",
        "renounceRole(bytes32,address)",
        "commitRoot(bytes32,uint64)",
        "applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])",
        "activateCommittedRoot()",
        "removeRoutes(bytes4[])",
        "setActivationDelay(uint64)",
        "freeze()",
        "pause()",
        "unpause()",
        "updateManifest(bytes32,bytes)",
        "queueRotateGovernance(address)",
        "executeRotateGovernance()",
        "diamondCut((address,uint8,bytes4[])[],address,bytes)",
        "transferOwnership(address)",
        "renounceOwnership()",
    )
)
"""Functions of a governed system that change who governs it or what it routes: other kinds derive those."""


class ContractCallEntry(DocumentPart):
    """One call."""

    to: AddressField | Literal["target"]
    """An address, or `target` for the network's governed system."""
    function: SignatureField
    """In canonical types, e.g. `setFee(uint256)`."""
    args: list[Any] = Field(default_factory=list)
    """One text (or list of texts, for arrays and tuples) per argument."""
    value: DecimalField = "0"
    """Wei."""


class ContractCallDocument(ProposalDocument):
    """Call contracts through the timelock."""

    kind: Literal["contract_call"]
    calls: list[ContractCallEntry] = Field(min_length=1)
    """In order, all or nothing."""


class ContractCall(Kind[ContractCallDocument]):
    """See the module."""

    name: ClassVar[str] = "contract_call"
    lane: ClassVar[Lane] = Lane.TIMELOCK
    document = ContractCallDocument

    def needs(self, document: ContractCallDocument, network: Network) -> Needs:
        """The code of everything that is called."""
        return Needs(codes=tuple(dict.fromkeys(_to(entry, network) for entry in document.calls)))

    def derive(self, document: ContractCallDocument, network: Network, pins: Pins) -> Derivation:
        """One operation with the calls in order."""
        findings = [f for i, entry in enumerate(document.calls) for f in _findings(i, entry, network, pins)]
        if findings:
            raise Refused(f"the calls do not fit {network.name}", findings=tuple(findings))
        calls = tuple(_call(entry, network) for entry in document.calls)
        return Derivation(bundles=(Bundle(label="calls", calls=calls),), effects=())


def _to(entry: ContractCallEntry, network: Network) -> Address:
    return network.target if entry.to == "target" else Address(entry.to)


def _call(entry: ContractCallEntry, network: Network) -> Call:
    fn = function(entry.function)
    if len(entry.args) != len(fn.inputs):
        raise Rejected(f"`{fn.signature}` takes {len(fn.inputs)} arguments, not {len(entry.args)}")
    arguments = [typed(abi_type, written) for abi_type, written in zip(fn.inputs, entry.args, strict=True)]
    words = f"{fn.name}({', '.join(str(arg) for arg in entry.args)})"
    return Call(to=_to(entry, network), value=int(entry.value), data=encode_call(fn, arguments), summary=words)


def _findings(index: int, entry: ContractCallEntry, network: Network, pins: Pins) -> list[Finding]:
    to, path, found = _to(entry, network), f"calls[{index}]", []
    if to in {network.council, network.guardian, network.timelock, network.policy_anchor}:
        message = f"{to} is part of the governance of {network.name}"
        hint = "governance is changed by proposals of its own kinds, never by a plain call"
        found.append(Finding(rule="governance-call", path=f"{path}.to", message=message, hint=hint))
    if to == network.target and function(entry.function).selector in DISPATCHER_ADMIN:
        message = f"`{entry.function}` changes who governs the target or what it routes"
        hint = "use facet_swap, manifest_upgrade or emergency_pause"
        found.append(Finding(rule="governance-call", path=f"{path}.function", message=message, hint=hint))
    if any(pin.address == to and pin.code_hash == EMPTY_CODE_HASH for pin in pins.codes):
        message = f"{to} has no code on {network.name}: the call would succeed and do nothing"
        found.append(Finding(rule="target-no-code", path=f"{path}.to", message=message, hint="check the address"))
    try:
        _call(entry, network)
    except Rejected as error:
        found.append(Finding(rule="call-arguments", path=f"{path}.args", message=error.message, hint=error.hint()))
    return found
