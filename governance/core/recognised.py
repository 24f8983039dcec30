"""Calls in words that follow from their bytes alone: the functions that this package's own kinds call.

A call is told by its function and its arguments only if encoding them again gives the same bytes. What is not known here
is told as what it is: a selector and a number of bytes, never a guess.
"""

from governance.core.access import GRANT, REVOKE
from governance.core.call import Call, as_text, decode, encode_call
from governance.core.errors import Rejected
from governance.core.kinds import (
    council_change,
    emergency_pause,
    policy_change,
    proxy_upgrade,
    timelock_change,
    upgrade,
)
from governance.core.kinds.unpause import UNPAUSE
from governance.core.operation import CANCEL, EXECUTE, SCHEDULE
from governance.core.safetx import EXEC_TRANSACTION
from governance.core.tree import dotted
from governance.core.units import to_hex

_KNOWN = {
    fn.selector: fn
    for fn in (
        *(upgrade.COMMIT_ROOT, upgrade.APPLY_ROUTES, upgrade.ACTIVATE, upgrade.REMOVE_ROUTES, upgrade.DIAMOND_CUT),
        *(council_change.ADD_OWNER, council_change.REMOVE_OWNER, council_change.SWAP_OWNER),
        *(council_change.CHANGE_THRESHOLD, council_change.SET_GUARD, council_change.SET_FALLBACK_HANDLER),
        *(council_change.ENABLE_MODULE, council_change.DISABLE_MODULE),
        *(proxy_upgrade.UPGRADE_TO, proxy_upgrade.UPGRADE_TO_AND_CALL, proxy_upgrade.UPGRADE_AND_CALL),
        *(policy_change.SET_POLICY, timelock_change.UPDATE_DELAY, emergency_pause.PAUSE, UNPAUSE),
        *(GRANT, REVOKE, CANCEL, SCHEDULE, EXECUTE, EXEC_TRANSACTION),
    )
}


def told(call: Call) -> list[str]:
    """The function of a call and, a line each, its arguments; of an unknown one its selector and size."""
    fn = _KNOWN.get(call.data[:4])
    if not call.data:
        return ["no data: it only sends"]
    try:
        arguments = () if fn is None else decode(fn.inputs, call.data[4:])
        same = fn is not None and encode_call(fn, arguments) == call.data
    except Rejected:
        same = False
    if fn is None or not same:
        return [f"selector {to_hex(call.data[:4])}, {len(call.data):,} bytes: not known here"]
    return [fn.signature, *(f"{dotted((i,))} {_written(as_text(value))}" for i, value in enumerate(arguments))]


def _written(value: object) -> str:
    """A decoded argument as a document would write it."""
    return f"[{', '.join(_written(item) for item in value)}]" if isinstance(value, list) else str(value)
