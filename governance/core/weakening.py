"""What in a tree of calls weakens a safeguard, or changes who governs: whatever kind of proposal it stands in, and however
deep it hides.

Judged by what is called, never by what the proposal says it is. A function of a governing contract that is not known to be
harmless is taken for the worst. Routes are the daily work of the governed system and weaken nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from governance.core.access import GRANT, REVOKE
from governance.core.call import Function, decode, function
from governance.core.calltree import Node, walk
from governance.core.errors import Rejected
from governance.core.network import Network
from governance.core.pins import Pins
from governance.core.units import Duration


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
    "approveHash(bytes32)",
)
HARMLESS = frozenset(function(signature).selector for signature in (*_OF_TIMELOCK, *_OF_SAFE))
"""Of governing contracts: what these carry is judged by itself."""


def weakenings(nodes: Sequence[Node], *, network: Network, pins: Pins) -> Iterator[Weakening]:
    """Every weakening in the tree. A right that is given and taken back between the same calls is none."""
    every = list(walk(nodes))
    lent = set(_lent(every, network))
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
    governing = {
        network.timelock: "the timelock",
        network.council: "the council",
        network.guardian: "the guardian",
        network.policy_anchor: "the policy anchor",
    }
    duty = governing.get(node.to) or governing.get(node.account)
    if duty is not None and node.data and not node.inside and node.selector not in HARMLESS:
        return f"{duty}, by a function that is not known here"
    if duty is not None and node.opaque:
        return f"{duty}, by a call that cannot be read"
    return None


def _shortened(node: Node, fn: Function, what: str, now: Duration | None) -> str | None:
    """None when it makes a known delay longer."""
    try:
        (seconds,) = decode(fn.inputs, node.data[4:])
    except Rejected:
        return what
    return None if now is not None and seconds >= now.seconds else what


def _lent(every: Sequence[Node], network: Network) -> Iterator[str]:
    """Paths of a grant to the timelock and of its revocation after: deployed dispatchers need this to remove routes."""
    open_grants: dict[tuple[str, bytes], str] = {}
    for node in every:
        if node.caller != network.timelock or node.to != network.target or len(node.data) != 4 + 64:
            continue
        key = (node.to, node.data[4:])
        to_timelock = node.data[48:] == bytes.fromhex(network.timelock[2:])
        if node.selector == GRANT.selector and to_timelock:
            open_grants[key] = node.path
        elif node.selector == REVOKE.selector and key in open_grants:
            yield from (open_grants.pop(key), node.path)
