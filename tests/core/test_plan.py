"""Plans: the same inputs give the same bytes, every input that matters changes them, and nothing can be drained."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import rfc8785

from governance.core.errors import Refused
from governance.core.facts import Generation
from governance.core.keccak import keccak, selector
from governance.core.kinds import KINDS, Lane
from governance.core.network import Network
from governance.core.operation import cancel, salt
from governance.core.pins import CodePin, Pins
from governance.core.plan import Plan, derive_plan, plan_document
from governance.core.proposal import Proposal
from governance.core.safetx import SafeOperation
from governance.core.tree import Mapping, Place
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Bytes32, Duration, checksummed, to_hex
from tests.core.test_kinds import (
    COUNCIL,
    GUARDIAN,
    NETWORK,
    REMOVE,
    REPLACE,
    TARGET,
    TIMELOCK,
    code,
    document,
    pins,
    target,
)

DIGEST = Bytes32(keccak(b"proposal"))
NOWHERE = Mapping(entries=(), place=Place(file="x", line=1, column=1))


def proposal(kind: str, digest: Bytes32 = DIGEST, **fields: Any) -> Proposal:
    return Proposal(id="0001-one", file="x", digest=digest, document=document(kind, **fields), tree=NOWHERE)


def planned(
    given: Pins | None = None,
    *,
    kind: str = "facet_swap",
    network: Network = NETWORK,
    digest: Bytes32 = DIGEST,
    **fields: Any,
) -> Plan:
    written = fields or {"changes": [REPLACE]}
    facts = pins() if given is None else given
    return derive_plan(proposal(kind, digest, **written), KINDS[kind], network=network, pins=facts)


WITHOUT_OLD = tuple(route for route in target().routes if route.selector != selector("old()"))
LATE = pins(target(activation_delay=Duration(3600)))


def test_the_council_schedules_one_operation() -> None:
    plan = planned()
    (step,) = plan.steps
    operation, tx = step.operation, step.safe_tx
    assert operation is not None
    assert (plan.lane, plan.safe, plan.proposal, plan.network) == (Lane.TIMELOCK, COUNCIL, "0001-one", "main")
    assert operation.salt == salt(digest=DIGEST, chain_id=1, timelock=TIMELOCK, attempt=0)
    assert (operation.predecessor, operation.delay, operation.calls) == (ZERO_WORD, Duration(172_800), step.calls)
    schedule = operation.schedule()
    assert (tx.chain_id, tx.safe, tx.to, tx.value, tx.data) == (1, COUNCIL, TIMELOCK, 0, schedule.data)
    assert (tx.nonce, tx.operation) == (3, SafeOperation.CALL)


@pytest.mark.parametrize("given", [pins(), LATE], ids=["one step", "two steps"])
def test_nothing_can_be_drained_as_a_refund_and_a_failure_keeps_the_nonce(given: Pins) -> None:
    """threat_36, threat_37"""
    for step in planned(given).steps:
        tx = step.safe_tx
        assert (tx.safe_tx_gas, tx.base_gas, tx.gas_price) == (0, 0, 0)
        assert (tx.gas_token, tx.refund_receiver) == (ZERO_ADDRESS, ZERO_ADDRESS)


def test_steps_are_linked_and_take_nonces_in_order() -> None:
    """threat_26"""
    after = Bytes32(keccak(b"before"))
    first, second = planned(replace(LATE, predecessor=after)).steps
    assert first.operation is not None
    assert second.operation is not None
    assert (first.operation.predecessor, second.operation.predecessor) == (after, first.operation.id)
    assert (first.operation.delay, second.operation.delay) == (Duration(172_800), Duration(176_400))
    assert (first.safe_tx.nonce, second.safe_tx.nonce) == (3, 4)
    assert (first.label, second.label) == ("commit and apply", "activate")


def test_the_guardians_act_themselves() -> None:
    ids = (code(1), code(2))
    plan = planned(pins(cancels=ids), kind="cancel", proposal="0002-two", reason="r")
    assert (plan.lane, plan.safe) == (Lane.GUARDIAN, GUARDIAN)
    assert [step.operation for step in plan.steps] == [None, None]
    assert [(step.safe_tx.to, step.safe_tx.data) for step in plan.steps] == [
        (TIMELOCK, cancel(TIMELOCK, one).data) for one in ids
    ]
    assert [step.safe_tx.nonce for step in plan.steps] == [3, 4]


def test_a_delay_under_the_timelocks_own_is_refused() -> None:
    """threat_27"""
    with pytest.raises(Refused) as caught:
        planned(pins(delay=Duration(86_399)))
    assert [finding.rule for finding in caught.value.findings] == ["delay-below-minimum"]
    assert planned(pins(delay=Duration(86_400))).steps


def test_the_guardian_lane_has_no_delay() -> None:
    plan = planned(pins(delay=Duration(0)), kind="emergency_pause", reason="r")
    assert plan.steps[0].safe_tx.to == TARGET


CHANGES: dict[str, Callable[[], Plan]] = {
    "the digest": lambda: planned(digest=Bytes32(keccak(b"another"))),
    "the chain": lambda: planned(pins(), network=replace(NETWORK, chain_id=2)),
    "the timelock": lambda: planned(pins(), network=replace(NETWORK, timelock=checksummed(b"\x77" * 20))),
    "the council": lambda: planned(pins(), network=replace(NETWORK, council=checksummed(b"\x77" * 20))),
    "the network's name": lambda: planned(pins(), network=replace(NETWORK, name="other")),
    "the attempt": lambda: planned(pins(attempt=1)),
    "the nonce": lambda: planned(pins(nonce=4)),
    "the delay": lambda: planned(pins(delay=Duration(172_801))),
    "the rule": lambda: planned(pins(rule="fast")),
    "the policy": lambda: planned(pins(policy_digest=code(5))),
    "the predecessor": lambda: planned(pins(predecessor=code(5))),
    "the epoch": lambda: planned(pins(target(active_epoch=5))),
    "the generation": lambda: planned(pins(target(Generation.DIAMOND))),
    "a facet's code": lambda: planned(pins(facets=(replace(pins().facets[0], code_hash=code(5)),))),
    "a facet's address": lambda: planned(pins(facets=(replace(pins().facets[0], address=checksummed(b"\x77" * 20)),))),
    "the live routes": lambda: planned(pins(target(routes=WITHOUT_OLD))),
    "the changes": lambda: planned(changes=[REPLACE, REMOVE]),
}


@pytest.mark.parametrize("other", CHANGES.values(), ids=CHANGES.keys())
def test_everything_that_decides_what_happens_changes_the_checksum(other: Callable[[], Plan]) -> None:
    """threat_17, threat_49"""
    assert other().checksum != planned().checksum


SAME: dict[str, Pins] = {
    "when it was read": pins(block_number=101, block_hash=code(5)),
    "a pause": pins(target(paused=True)),
    "a root that is pending": pins(target(pending_root=code(5))),
    "the least delay": pins(min_delay=Duration(1)),
    "a callee's code": pins(codes=(CodePin(address=TARGET, code_hash=code(5)),)),
}


@pytest.mark.parametrize("given", SAME.values(), ids=SAME.keys())
def test_what_no_byte_depends_on_changes_no_checksum(given: Pins) -> None:
    assert planned(given).checksum == planned().checksum


def test_the_checksum_covers_the_whole_document() -> None:
    plan = planned(LATE)
    written = plan_document(plan)
    assert plan.checksum == keccak(rfc8785.dumps(written))
    tx = written["steps"][1]["safe_tx"]
    assert tx["safe_tx_hash"] == to_hex(plan.steps[1].safe_tx.hash)
    assert tx["domain_hash"] == to_hex(plan.steps[1].safe_tx.domain_hash)
    assert tx["message_hash"] == to_hex(plan.steps[1].safe_tx.message_hash)
    assert [step["operation"]["id"] for step in written["steps"]] == [
        to_hex(step.operation.id) for step in plan.steps if step.operation is not None
    ]


def test_a_step_of_the_guardians_writes_no_operation() -> None:
    plan = planned(kind="emergency_pause", reason="r")
    assert "operation" not in plan_document(plan)["steps"][0]


def test_every_number_of_a_plan_is_text() -> None:
    """threat_48: no reader's number type can bend it."""

    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for item in value.values() for leaf in leaves(item)]
        if isinstance(value, list):
            return [leaf for item in value for leaf in leaves(item)]
        return [value]

    assert {type(leaf) for leaf in leaves(plan_document(planned(LATE)))} == {str}
