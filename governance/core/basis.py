"""What of a plan an approval is given for: everything that its effect depends on, and nothing that only says when.

A plan that is locked anew because another transaction took the Safe's nonce has the same basis; one that calls, waits
for, or stands on anything else has another. The policy's digest is left out, since an approval names it by itself.
"""

from typing import Any

import rfc8785

from governance.core.keccak import keccak
from governance.core.lock import VOLATILE, VOLATILE_OF_TARGET, pins_document
from governance.core.plan import Plan, plan_document
from governance.core.units import Bytes32


def plan_basis(plan: Plan) -> Bytes32:
    """keccak256 of the basis as RFC 8785 JSON."""
    return Bytes32(keccak(rfc8785.dumps(basis_document(plan))))


def basis_document(plan: Plan) -> dict[str, Any]:
    """The basis as JSON values."""
    written = plan_document(plan)
    pins = {key: value for key, value in pins_document(plan.pins).items() if key not in (*VOLATILE, "policy_digest")}
    if pins["target"] is not None:
        pins["target"] = {key: value for key, value in pins["target"].items() if key not in VOLATILE_OF_TARGET}
    return {
        **{key: written[key] for key in ("digest", "lane", "network", "proposal")},
        "safe": plan.safe,
        "steps": [{key: value for key, value in step.items() if key != "safe_tx"} for step in written["steps"]],
        "pins": pins,
    }
