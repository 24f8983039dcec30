"""The plan of a proposal on one network: every Safe transaction, every timelock operation, and one checksum over all.

plan = f(proposal, network, pins). It is derived again before every act; an act whose plan has another
checksum than the approved one is refused. Nothing in a plan was typed by a person as calldata.
"""

from dataclasses import dataclass
from itertools import islice
from typing import Any

import rfc8785

from governance.core.alive import in_vain, unacknowledged
from governance.core.call import Call
from governance.core.calltree import tree
from governance.core.effects import Effect
from governance.core.errors import Finding, Refused
from governance.core.keccak import keccak
from governance.core.kinds.base import Bundle, Derivation, Kind, Lane
from governance.core.kinds.survival import dangers
from governance.core.network import Network
from governance.core.operation import Operation, salt
from governance.core.pins import Pins
from governance.core.proposal import Proposal
from governance.core.safetx import SafeTx
from governance.core.units import Address, Bytes32, to_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One Safe transaction, and the timelock operation that it schedules, if any."""

    label: str
    calls: tuple[Call, ...]
    """What finally happens on chain."""
    operation: Operation | None
    """None where no timelock stands between: the Safe calls at once."""
    safe_tx: SafeTx


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be signed, sent and expected on one network."""

    proposal: str
    digest: Bytes32
    network: str
    lane: Lane
    steps: tuple[Step, ...]
    effects: tuple[Effect, ...]
    pins: Pins

    @property
    def safe(self) -> Address:
        """The Safe whose owners sign."""
        return self.steps[0].safe_tx.safe

    @property
    def checksum(self) -> Bytes32:
        """keccak256 of the canonical JSON of everything that will be signed and sent."""
        return Bytes32(keccak(rfc8785.dumps(plan_document(self))))


def derive_plan(proposal: Proposal, kind: Kind[Any], *, network: Network, pins: Pins) -> Plan:
    """Derive a plan. Raises Refused, with every finding, when pins and proposal do not fit.

    Whichever kind derived the calls, what they leave of the governance is judged here: before every act, and unless the
    proposal names it.
    """
    if kind.lane is Lane.TIMELOCK and pins.delay < pins.min_delay:
        message = f"rule {pins.rule} gives a delay of {pins.delay}, but the timelock asks for at least {pins.min_delay}"
        finding = Finding(rule="delay-below-minimum", message=message, hint="raise the rule's delay in policies.yaml")
        raise Refused(f"the timelock of {network.name} would refuse the delay", findings=(finding,))
    derivation = kind.derive(proposal.document, network, pins)
    _require_survival(proposal, kind, derivation, network=network, pins=pins)
    if kind.lane is Lane.TIMELOCK:
        steps = _scheduled_steps(derivation.bundles, network, pins, digest=proposal.digest)
    else:
        steps = _direct_steps(derivation.bundles, network, caller(kind.lane, network), pins)
    return Plan(
        proposal=proposal.id,
        digest=proposal.digest,
        network=network.name,
        lane=kind.lane,
        steps=steps,
        effects=derivation.effects,
        pins=pins,
    )


def caller(lane: Lane, network: Network) -> Address:
    """In whose name the calls of a lane are made in the end."""
    return {Lane.TIMELOCK: network.timelock, Lane.GUARDIAN: network.guardian, Lane.COUNCIL: network.council}[lane]


def _require_survival(
    proposal: Proposal, kind: Kind[Any], derivation: Derivation, *, network: Network, pins: Pins
) -> None:
    """Refuse calls that endanger the governance unseen, and dangers that are acknowledged and do not come about."""
    nodes = iter(
        tree([call for bundle in derivation.bundles for call in bundle.calls], caller=caller(kind.lane, network))
    )
    steps = [tuple(islice(nodes, len(bundle.calls))) for bundle in derivation.bundles]
    acknowledge = proposal.document.acknowledge
    left, there = unacknowledged(dangers(steps, network=network, pins=pins), acknowledge)
    vain = in_vain(acknowledge, (*derivation.acknowledged, *there))
    if left:
        message = f"the calls of {proposal.id} do not leave the governance of {network.name} as it must be"
        raise Refused(message, findings=(*left, *vain))
    if vain:
        raise Refused(f"{proposal.id} acknowledges what does not come about on {network.name}", findings=vain)


def _direct_steps(bundles: tuple[Bundle, ...], network: Network, safe: Address, pins: Pins) -> tuple[Step, ...]:
    steps = []
    for index, bundle in enumerate(bundles):
        (call,) = bundle.calls
        tx = _safe_tx(network, safe, call, pins.nonce + index)
        steps.append(Step(label=bundle.label, calls=bundle.calls, operation=None, safe_tx=tx))
    return tuple(steps)


def _scheduled_steps(bundles: tuple[Bundle, ...], network: Network, pins: Pins, *, digest: Bytes32) -> tuple[Step, ...]:
    the_salt = salt(digest=digest, chain_id=network.chain_id, timelock=network.timelock, attempt=pins.attempt)
    predecessor, steps = pins.predecessor, []
    for index, bundle in enumerate(bundles):
        operation = Operation(
            timelock=network.timelock,
            calls=bundle.calls,
            predecessor=predecessor,
            salt=the_salt,
            delay=pins.delay + bundle.extra_delay,
        )
        predecessor = operation.id
        tx = _safe_tx(network, network.council, operation.schedule(), pins.nonce + index)
        steps.append(Step(label=bundle.label, calls=bundle.calls, operation=operation, safe_tx=tx))
    return tuple(steps)


def _safe_tx(network: Network, safe: Address, call: Call, nonce: int) -> SafeTx:
    # safeTxGas, baseGas, gasPrice, gasToken and refundReceiver stay zero: a failing inner call then reverts and keeps
    # the nonce (GS013), and nothing can be drained as a refund.
    return SafeTx(chain_id=network.chain_id, safe=safe, to=call.to, value=call.value, data=call.data, nonce=nonce)


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON values; hex and decimals are text, so that no reader's number type can bend them."""
    return {
        "digest": to_hex(plan.digest),
        "lane": str(plan.lane),
        "network": plan.network,
        "proposal": plan.proposal,
        "rule": plan.pins.rule,
        "policy_digest": to_hex(plan.pins.policy_digest),
        "steps": [_step_document(step) for step in plan.steps],
    }


def _step_document(step: Step) -> dict[str, Any]:
    tx, operation = step.safe_tx, step.operation
    document: dict[str, Any] = {
        "label": step.label,
        "calls": [
            {"to": call.to, "value": str(call.value), "data": to_hex(call.data), "summary": call.summary}
            for call in step.calls
        ],
        "safe_tx": {
            "chain_id": str(tx.chain_id),
            "safe": tx.safe,
            "to": tx.to,
            "value": str(tx.value),
            "data": to_hex(tx.data),
            "operation": str(int(tx.operation)),
            "safe_tx_gas": str(tx.safe_tx_gas),
            "base_gas": str(tx.base_gas),
            "gas_price": str(tx.gas_price),
            "gas_token": tx.gas_token,
            "refund_receiver": tx.refund_receiver,
            "nonce": str(tx.nonce),
            "domain_hash": to_hex(tx.domain_hash),
            "message_hash": to_hex(tx.message_hash),
            "safe_tx_hash": to_hex(tx.hash),
        },
    }
    if operation is not None:
        document["operation"] = {
            "id": to_hex(operation.id),
            "timelock": operation.timelock,
            "predecessor": to_hex(operation.predecessor),
            "salt": to_hex(operation.salt),
            "delay": str(operation.delay.seconds),
        }
    return document
