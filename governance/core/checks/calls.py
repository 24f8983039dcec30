"""What is really called, as deep as calls lie within calls: no foreign code in the name of an account that governs or is
governed, nobody is paid for sending, and nothing is called that cannot be read.
"""

from collections.abc import Iterator

from governance.core.call import function
from governance.core.calltree import Node, tree, walk
from governance.core.case import Case
from governance.core.effects import ImplementationIs
from governance.core.errors import Finding
from governance.core.plan import Plan, caller
from governance.core.policy import Rule
from governance.core.safetx import SafeOperation
from governance.core.tree import Loc, child, undotted
from governance.core.units import EMPTY_CODE_HASH, Bytes32

MULTISEND = function("multiSend(bytes)")
MULTISEND_CALL_ONLY = frozenset(
    Bytes32(bytes.fromhex(code_hash))
    for code_hash in (
        "ecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9939",
        "cdbdcec38d2f1c7d961b0029ff8416b7e86e9974d6f0e9c9580c7d17fcfb6663",
    )
)
"""Code hashes of Safe's MultiSendCallOnly 1.4.1 and 1.5.0: it runs in the caller's name, and only calls."""


def calls(case: Case, rule: Rule) -> Iterator[Finding]:  # noqa: ARG001 - no rule can allow these
    """A finding for each delegatecall that nobody reviewed, each refund, and each call that cannot be read."""
    if case.plan is None:
        return
    for node in walk(called(case.plan, case)):
        if node.operation is SafeOperation.DELEGATECALL and not _reviewed(node, case.plan):
            message = f"{node.path} runs the code of {node.to} in the name of {node.caller}"
            hint = "such code may write any of its slots; only calls are let through"
            yield case.finding(place_of(case, node.path), "delegatecall", message, hint)
        if node.refunds:
            message = f"{node.path} pays whoever sends it, or sets gas aside for what is inside"
            hint = "safeTxGas, baseGas, gasPrice, gasToken and refundReceiver must all be zero"
            yield case.finding(place_of(case, node.path), "gas-refund", message, hint)
        if node.opaque:
            message = f"{node.path}: {node.opaque}"
            yield case.finding(
                place_of(case, node.path), "opaque-call", message, "nobody can review what cannot be read"
            )


def called(plan: Plan, case: Case) -> tuple[Node, ...]:
    """Everything that finally happens on chain, opened; on every lane."""
    network = case.policy.networks[case.network]
    return tree([call for step in plan.steps for call in step.calls], caller=caller(plan.lane, network))


def place_of(case: Case, path: str) -> Loc:
    """Where in the proposal a call stands, as near as the file has it; by its path in the tree of calls."""
    first = undotted(path.split(".", 1)[0])
    found: Loc = ()
    inner = case.proposal.tree
    for part in first:
        below = child(inner, part)
        if below is None:
            break
        found, inner = (*found, part), below  # type: ignore[assignment]
    return found or ("kind",)


def _reviewed(node: Node, plan: Plan) -> bool:
    """Its code is pinned, and it does nothing but call, or is the new implementation that is promised of this very proxy."""
    code = next((pin.code_hash for pin in plan.pins.codes if pin.address == node.to), EMPTY_CODE_HASH)
    if code in MULTISEND_CALL_ONLY:
        return node.selector == MULTISEND.selector
    promised = {(each.proxy, each.implementation) for each in plan.effects if isinstance(each, ImplementationIs)}
    return code != EMPTY_CODE_HASH and (node.account, node.to) in promised
