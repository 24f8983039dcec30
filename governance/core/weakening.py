"""What in a tree of calls weakens a safeguard, or changes who governs: whatever kind of proposal it stands in, and however
deep it hides.

Judged by what is called, never by what the proposal says it is. A function of a governing contract that is not known to be
harmless is taken for the worst. Routes are the daily work of the governed system and weaken nothing, but for those that
keep a diamond upgradable, readable or stoppable.

A longer delay strengthens, and is not told. Everything else that changes who governs is, in either direction: a threshold
that rises locks out whoever cannot reach it, an owner who leaves makes it easier for the rest, and a role that is taken may
be the one that could have cancelled.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from governance.core.access import EMERGENCY, GRANT, REVOKE
from governance.core.call import Function, decode, encode_call, function
from governance.core.calltree import Node, walk
from governance.core.errors import Rejected
from governance.core.kinds.survival import cuts
from governance.core.kinds.upgrade import DIAMOND_CUT, PROTECTED
from governance.core.network import Network
from governance.core.pins import Pins
from governance.core.safetx import SafeOperation
from governance.core.units import Address, Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakening:
    """One call, and what it weakens."""

    path: str
    """Of the call, as `core/calltree.py` names it."""
    what: str
    """As a sentence names it: `the timelock's delay`."""


_ANYWHERE = {
    "grantRole(bytes32,address)": "who holds a role",
    "revokeRole(bytes32,address)": "who holds a role",
    "renounceRole(bytes32,address)": "who holds a role",
    "transferOwnership(address)": "who owns a contract",
    "acceptOwnership()": "who owns a contract",
    "renounceOwnership()": "who owns a contract",
    "changeProxyAdmin(address,address)": "who may upgrade a proxy",
    "changeAdmin(address)": "who may upgrade a proxy",
    "addOwnerWithThreshold(address,uint256)": "a Safe's owners and quorum",
    "removeOwner(address,address,uint256)": "a Safe's owners and quorum",
    "swapOwner(address,address,address)": "a Safe's owners and quorum",
    "changeThreshold(uint256)": "a Safe's quorum",
    "enableModule(address)": "who acts for a Safe without its owners",
    "disableModule(address,address)": "who acts for a Safe without its owners",
    "setGuard(address)": "a Safe's guard",
    "setModuleGuard(address)": "a Safe's guard",
    "setFallbackHandler(address)": "a Safe's fallback handler",
    "setup(address[],uint256,address,bytes,address,address,uint256,address)": "a Safe's owners and quorum",
    "setPolicy(bytes32,string)": "the policy in force",
    "beginDefaultAdminTransfer(address)": "who holds a role",
    "acceptDefaultAdminTransfer()": "who holds a role",
    "cancelDefaultAdminTransfer()": "who holds a role",
    "changeDefaultAdminDelay(uint48)": "how long a role takes to pass on",
    "rollbackDefaultAdminDelay()": "how long a role takes to pass on",
    "setRoleAdmin(bytes32,bytes32)": "who may give a role",
    "grantRole(uint64,address,uint32)": "who holds a role",
    "revokeRole(uint64,address)": "who holds a role",
    "renounceRole(uint64,address)": "who holds a role",
    "setRoleAdmin(uint64,uint64)": "who may give a role",
    "setRoleGuardian(uint64,uint64)": "who may cancel",
    "setGrantDelay(uint64,uint32)": "how long a role takes to pass on",
    "setTargetAdminDelay(address,uint32)": "how long an access manager waits",
    "setTargetFunctionRole(address,bytes4[],uint64)": "who may call a function",
    "updateAuthority(address,address)": "who says who may call",
    "setAuthority(address)": "who says who may call",
    "changeMasterCopy(address)": "a Safe's code",
    "queueRotateGovernance(address)": "who governs",
    "executeRotateGovernance()": "who governs",
    "freeze()": "whether anything can be upgraded ever again",
}
"""By signature, whoever is called."""
WEAKENING = frozenset(_ANYWHERE)
"""Functions, by signature, that always weaken something."""
_BY_SELECTOR = {function(signature).selector: words for signature, words in _ANYWHERE.items()}

_UPDATE_DELAY = function("updateDelay(uint256)")
_SET_ACTIVATION_DELAY = function("setActivationDelay(uint64)")

_OF_TIMELOCK = (
    "schedule(address,uint256,bytes,bytes32,bytes32,uint256)",
    "scheduleBatch(address[],uint256[],bytes[],bytes32,bytes32,uint256)",
    "execute(address,uint256,bytes,bytes32,bytes32)",
    "executeBatch(address[],uint256[],bytes[],bytes32,bytes32)",
    "cancel(bytes32)",
)
_OF_SAFE = (
    "execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)",
    "execTransactionFromModule(address,uint256,bytes,uint8)",
    "execTransactionFromModuleReturnData(address,uint256,bytes,uint8)",
)
# `approveHash` is absent: it agrees, in the Safe's name, to something that nobody is shown here.
_SAFES_OWN = frozenset(function(signature).selector for signature in _OF_SAFE)
_TIMELOCKS_OWN = frozenset(function(signature).selector for signature in _OF_TIMELOCK)
_MULTISEND = frozenset({function("multiSend(bytes)").selector})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Duty:
    """A contract that governs."""

    words: str
    harmless: frozenset[bytes]
    """Selectors; what they carry is judged by itself."""


def weakenings(nodes: Sequence[Node], *, network: Network, pins: Pins) -> Iterator[Weakening]:
    """Every weakening in the tree. A right that is given and taken back between the same calls is none."""
    every = list(walk(nodes))
    lent = set(_lent(nodes, network, pins))
    for node in every:
        if node.path in lent:
            continue
        what = _weakened(node, network, pins)
        if what is not None:
            yield Weakening(path=node.path, what=what)


def _weakened(node: Node, network: Network, pins: Pins) -> str | None:
    if node.selector == _UPDATE_DELAY.selector:
        return _shortened(node, _UPDATE_DELAY, "the timelock's delay", pins.min_delay)
    if node.selector == _SET_ACTIVATION_DELAY.selector:
        now = None if pins.target is None else pins.target.activation_delay
        return _shortened(node, _SET_ACTIVATION_DELAY, "the governed system's activation delay", now)
    known = _BY_SELECTOR.get(node.selector)
    if known is not None:
        return known
    if node.account == network.target and node.selector == DIAMOND_CUT.selector and _cuts_protected(node):
        return "what keeps the governed system upgradable, readable and stoppable"
    return _unknown(node, network)


def _unknown(node: Node, network: Network) -> str | None:
    """A call to, or in the name of, a contract that governs, of which nobody knows what it does."""
    duties = _duties(network)
    duty = duties.get(node.to) or duties.get(node.account)
    if duty is None or not node.data:
        return None
    # Whose code runs by delegatecall is asked elsewhere; a bundle is no more than what it carries.
    harmless = _MULTISEND if node.operation is SafeOperation.DELEGATECALL else duty.harmless
    if node.selector not in harmless:
        return f"{duty.words}, by a function that is not known here"
    return f"{duty.words}, by a call that cannot be read" if node.opaque else None


def _duties(network: Network) -> dict[Address, _Duty]:
    return {
        network.timelock: _Duty(words="the timelock", harmless=_TIMELOCKS_OWN),
        network.council: _Duty(words="the council", harmless=_SAFES_OWN),
        network.guardian: _Duty(words="the guardian", harmless=_SAFES_OWN),
        network.policy_anchor: _Duty(words="the policy anchor", harmless=frozenset()),
    }


def _cuts_protected(node: Node) -> bool:
    """It removes or replaces a protected selector, or nobody can tell."""
    try:
        return any(action != 0 and not PROTECTED.keys().isdisjoint(selectors) for action, selectors in cuts(node))
    except Rejected:
        return True


def _shortened(node: Node, fn: Function, what: str, now: Duration | None) -> str | None:
    """None when it makes a known delay longer."""
    try:
        (seconds,) = decode(fn.inputs, node.data[4:])
    except Rejected:
        return what
    return None if now is not None and seconds >= now.seconds else what


def _lent(nodes: Sequence[Node], network: Network, pins: Pins) -> Iterator[str]:
    """Paths of a grant to the timelock and of its revocation after: deployed dispatchers need this to remove routes.

    Only EMERGENCY_ROLE, only where the pins say that the timelock lacks it (else the end of the loan takes it away), and
    only among the plan's own calls: what is inside of others may wait, or fail while the rest goes on.
    """
    if pins.target is None or pins.target.timelock_may_remove:
        return
    give, take = (encode_call(fn, [EMERGENCY, network.timelock]) for fn in (GRANT, REVOKE))
    given: str | None = None
    for node in nodes:
        if node.caller != network.timelock or node.to != network.target:
            continue
        if node.data == give:
            given = node.path
        elif node.data == take and given is not None:
            yield from (given, node.path)
            given = None
