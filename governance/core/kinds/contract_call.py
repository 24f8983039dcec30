"""`contract_call`: calls to contracts by function signature, through the timelock. Never to the governance itself.

What changes roles, delays, owners or the policy has kinds of its own; calling those contracts from here is refused.
"""

from contextlib import suppress
from typing import Any, ClassVar, Literal

from pydantic import Field

from governance.core.call import Call, encode_call, function, typed
from governance.core.calltree import tree
from governance.core.errors import Finding, Refused, Rejected
from governance.core.fields import AddressField, DecimalField, DocumentPart, SignatureField
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.kinds.survival import asked
from governance.core.network import Network
from governance.core.pins import Needs, Pins
from governance.core.proposal import ProposalDocument
from governance.core.units import EMPTY_CODE_HASH, Address

_OF_OTHER_KINDS = {
    "grantRole(bytes32,address)": "role_change",
    "revokeRole(bytes32,address)": "role_change",
    "renounceRole(bytes32,address)": "role_change",
    "commitRoot(bytes32,uint64)": "facet_swap or manifest_upgrade",
    "applyRoutes(bytes4[],address[],bytes32[],bytes32[][],bool[][])": "facet_swap or manifest_upgrade",
    "activateCommittedRoot()": "facet_swap or manifest_upgrade",
    "removeRoutes(bytes4[])": "facet_swap",
    "diamondCut((address,uint8,bytes4[])[],address,bytes)": "facet_swap or manifest_upgrade",
    "updateManifest(bytes32,bytes)": "manifest_upgrade",
    "pause()": "emergency_pause",
    "unpause()": "unpause",
    "setActivationDelay(uint64)": "",
    "freeze()": "",
    "queueRotateGovernance(address)": "",
    "executeRotateGovernance()": "",
    "transferOwnership(address)": "",
    "renounceOwnership()": "",
}
DISPATCHER_ADMIN = {function(signature).selector: kind for signature, kind in _OF_OTHER_KINDS.items()}
"""Functions of a governed system that change who governs it or what it routes, and the kind that derives each, if any."""


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
    rollback: list[ContractCallEntry] | None = Field(default=None, min_length=1)
    """The calls that take it back, in order."""


class ContractCall(Kind[ContractCallDocument]):
    """See the module."""

    name: ClassVar[str] = "contract_call"
    lane: ClassVar[Lane] = Lane.TIMELOCK
    document = ContractCallDocument

    def needs(self, document: ContractCallDocument, network: Network) -> Needs:
        """The code of everything that is called; and who governs, where calls within the calls would change that."""
        codes = tuple(dict.fromkeys(_to(entry, network) for entry in document.calls))
        return Needs(codes=codes) + asked(tree(_encodable(document, network), caller=network.timelock), network)

    def derive(self, document: ContractCallDocument, network: Network, pins: Pins) -> Derivation:
        """One operation with the calls in order."""
        findings = [f for i, entry in enumerate(document.calls) for f in _findings(i, entry, network, pins)]
        if findings:
            raise Refused(f"the calls do not fit {network.name}", findings=tuple(findings))
        calls = tuple(_call(entry, network) for entry in document.calls)
        return Derivation(bundles=(Bundle(label="calls", calls=calls),), effects=())

    def questions(self, document: ContractCallDocument, network: Network, pins: Pins) -> tuple[str, ...]:  # noqa: ARG002
        """What nobody but a reviewer can know of a call."""
        asked = ["What does each call change, and does what stands under `rollback` change all of it back?"]
        if document.rollback is None:
            asked = [
                "What does each call change, and what would change it back? No rollback follows from a call by itself."
            ]
        for to in dict.fromkeys(_to(entry, network) for entry in document.calls):
            asked.append(f"Is the code at {to} the one that was reviewed, and can somebody else change it?")
        value = sum(int(entry.value) for entry in document.calls)
        if value:
            asked.append(f"{value} wei leave the timelock: does it hold them, and who receives them?")
        if not document.expect:
            asked.append("Nothing is expected afterwards: which view under `expect` would show that it worked?")
        return tuple(asked)

    def inverse(self, document: ContractCallDocument, network: Network, pins: Pins) -> dict[str, Any] | None:  # noqa: ARG002
        """The calls that the proposal itself names for it; None where it names none."""
        if document.rollback is None:
            return None
        back, there = ([entry.model_dump() for entry in entries] for entries in (document.rollback, document.calls))
        return {"kind": self.name, "calls": back, "rollback": there}


def _to(entry: ContractCallEntry, network: Network) -> Address:
    return network.target if entry.to == "target" else Address(entry.to)


def _call(entry: ContractCallEntry, network: Network) -> Call:
    fn = function(entry.function)
    if len(entry.args) != len(fn.inputs):
        raise Rejected(f"`{fn.signature}` takes {len(fn.inputs)} arguments, not {len(entry.args)}")
    arguments = [typed(abi_type, written) for abi_type, written in zip(fn.inputs, entry.args, strict=True)]
    words = f"{fn.name}({', '.join(str(arg) for arg in entry.args)})"
    return Call(to=_to(entry, network), value=int(entry.value), data=encode_call(fn, arguments), summary=words)


def _encodable(document: ContractCallDocument, network: Network) -> list[Call]:
    """The calls whose arguments fit their functions; `derive` tells of the others."""
    calls = []
    for entry in document.calls:
        with suppress(Rejected):
            calls.append(_call(entry, network))
    return calls


def _findings(index: int, entry: ContractCallEntry, network: Network, pins: Pins) -> list[Finding]:
    to, path, found = _to(entry, network), f"calls[{index}]", []
    if to in {network.council, network.guardian, network.timelock, network.policy_anchor}:
        message = f"{to} is part of the governance of {network.name}"
        kinds = {network.council: "council_change", network.policy_anchor: "policy_change"}
        kinds[network.timelock] = "timelock_change or role_change"
        use = f": use {kinds[to]}" if to in kinds else ""
        hint = f"governance is changed by proposals of its own kinds, never by a plain call{use}"
        found.append(Finding(rule="governance-call", path=f"{path}.to", message=message, hint=hint))
    if to == network.target and function(entry.function).selector in DISPATCHER_ADMIN:
        message = f"`{entry.function}` changes who governs the target or what it routes"
        kind = DISPATCHER_ADMIN[function(entry.function).selector]
        hint = f"use {kind}" if kind else "no kind of proposal does this"
        found.append(Finding(rule="governance-call", path=f"{path}.function", message=message, hint=hint))
    if any(pin.address == to and pin.code_hash == EMPTY_CODE_HASH for pin in pins.codes):
        message = f"{to} has no code on {network.name}: the call would succeed and do nothing"
        found.append(Finding(rule="target-no-code", path=f"{path}.to", message=message, hint="check the address"))
    try:
        _call(entry, network)
    except Rejected as error:
        found.append(Finding(rule="call-arguments", path=f"{path}.args", message=error.message, hint=error.hint()))
    return found
