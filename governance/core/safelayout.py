"""Where a Safe keeps what can bypass its owners: SafeStorage, Guard-, Fallback- and ModuleManager.sol."""

from governance.core.keccak import keccak
from governance.core.units import Address

SINGLETON_SLOT = 0
GUARD_SLOT = int.from_bytes(keccak(b"guard_manager.guard.address"), "big")
FALLBACK_SLOT = int.from_bytes(keccak(b"fallback_manager.handler.address"), "big")

SENTINEL = Address("0x0000000000000000000000000000000000000001")
"""Head and end of the Safe's linked lists of owners and modules; never a member."""
