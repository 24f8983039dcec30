"""Safes, timelocks and anchors as they are published keep their words where proofs are asked for. threat_15."""

import pytest

from governance.adapters.safe import NodeSafe
from governance.adapters.timelock import NodeTimelock
from governance.core.facts import OperationEvent, OperationFacts
from governance.core.keccak import keccak
from governance.core.provable import (
    Claim,
    anchor_claim,
    approval_claims,
    code_claim,
    disproven,
    questions,
    safe_claims,
    timelock_claims,
)
from governance.core.units import Bytes32
from tests.chainkit import (
    SAFE_SINGLETONS,
    Node,
    call,
    deploy_safe,
    deploy_timelock,
    exec_safe,
    network,
    operation,
    safe_tx,
)

pytestmark = pytest.mark.node


def borne_out(node: Node, claims: list[Claim]) -> list[str]:
    """What the newest block does not bear out."""
    proven = node.chain.proofs(questions(claims), node.head())
    return [finding.message for finding in disproven(claims, proven)]


@pytest.mark.parametrize("version", SAFE_SINGLETONS)
def test_a_safe_of_every_version_with_modules_a_handler_and_approvals(node: Node, version: str) -> None:
    owners = [node.address(i) for i in range(4)]
    handler, modules = node.deploy("Box"), [node.deploy("Box"), node.deploy("Box")]
    safe = deploy_safe(node, owners, 2, version=version, fallback_handler=handler)
    for module in modules:
        exec_safe(node, safe_tx(node, safe, call(safe, "enableModule(address)", module)), node.accounts[:2])
    digest = Bytes32(keccak(b"anything"))
    node.call(safe, "approveHash(bytes32)", digest, sender=owners[1])
    facts = NodeSafe(node.chain, safe).look(node.head())
    assert (len(facts.owners), facts.threshold, facts.nonce, set(facts.modules)) == (4, 2, 2, set(modules))
    assert facts.fallback_handler == handler
    assert borne_out(node, [*safe_claims(facts), *approval_claims(safe, digest, [owners[1]])]) == []
    (lie,) = borne_out(node, list(approval_claims(safe, digest, [owners[2]])))
    assert lie.endswith("was read as 1; proven is 0")


def test_a_timelock_with_operations_at_every_step(node: Node) -> None:
    council, guardian = node.address(1), node.address(2)
    timelock = deploy_timelock(node, delay=60, proposers=[council])
    box = node.deploy("Box")
    done, waits, never = (
        operation(timelock, [call(box, "set(uint256)", 5)], delay=60, salt=salt) for salt in (b"1", b"2", b"3")
    )
    for each in (done, waits):
        node.send(each.schedule(), sender=council)
    node.warp(60)
    node.send(done.execute())
    reader = NodeTimelock(node.chain, timelock, council=council, guardian=guardian)
    head, place = node.head(), network(box, council=council, guardian=guardian, timelock=timelock)
    operations = reader.operations([done.id, waits.id, never.id], head)
    assert [each.timestamp > 1 for each in operations] == [False, True, False]
    facts = reader.look(head)
    assert facts.council_may_propose
    assert not facts.guardian_may_cancel
    assert borne_out(node, list(timelock_claims(facts, operations, place))) == []
    lie = OperationFacts(id=never.id, timestamp=1, newest=OperationEvent.NONE, cancellations=0)
    (told,) = borne_out(node, list(timelock_claims(facts, [lie], place)))
    assert told.endswith("was read as 1; proven is 0")


def test_a_policy_anchor(node: Node) -> None:
    digest = Bytes32(keccak(b"policy"))
    anchor = node.deploy("PolicyAnchor", node.address(1), digest, "policies.yaml")
    code = Bytes32(keccak(node.chain.codes([anchor], node.head())[0]))
    assert borne_out(node, [anchor_claim(anchor, digest), code_claim(anchor, code)]) == []
    assert len(borne_out(node, [anchor_claim(anchor, code), code_claim(anchor, digest)])) == 2
