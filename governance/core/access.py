"""OpenZeppelin's AccessControl as timelock and dispatchers use it: role ids by name, and the calls around them."""

from governance.core.call import function
from governance.core.keccak import keccak
from governance.core.units import ZERO_WORD, Bytes32, to_hex

GRANT = function("grantRole(bytes32,address)")
REVOKE = function("revokeRole(bytes32,address)")
RENOUNCE = function("renounceRole(bytes32,address)")
HAS_ROLE = function("hasRole(bytes32,address)(bool)")

ADMIN = ZERO_WORD
"""DEFAULT_ADMIN_ROLE of AccessControl."""
COMMIT = Bytes32(keccak(b"COMMIT_ROLE"))
APPLY = Bytes32(keccak(b"APPLY_ROLE"))
EMERGENCY = Bytes32(keccak(b"EMERGENCY_ROLE"))
PROPOSER = Bytes32(keccak(b"PROPOSER_ROLE"))
CANCELLER = Bytes32(keccak(b"CANCELLER_ROLE"))
EXECUTOR = Bytes32(keccak(b"EXECUTOR_ROLE"))

NAMES: dict[Bytes32, str] = {
    ADMIN: "DEFAULT_ADMIN_ROLE",
    COMMIT: "COMMIT_ROLE",
    APPLY: "APPLY_ROLE",
    EMERGENCY: "EMERGENCY_ROLE",
    PROPOSER: "PROPOSER_ROLE",
    CANCELLER: "CANCELLER_ROLE",
    EXECUTOR: "EXECUTOR_ROLE",
}


def role_name(role: Bytes32) -> str:
    """The name of a known role, else its hex."""
    return NAMES.get(role, to_hex(role))
