"""Names of storage words that are known by layout: the timelock's, the Safes', our dispatcher's, ERC-1967's.

A name is found by computing the slot, never by looking at the value. A word without a name is shown raw.
"""

from collections.abc import Iterable, Iterator

from governance.core.access import NAMES
from governance.core.effects import RouteIs
from governance.core.facts import Generation
from governance.core.keccak import keccak
from governance.core.network import Network
from governance.core.plan import Plan
from governance.core.safelayout import SENTINEL
from governance.core.units import Address, Bytes32, address_bytes, to_hex

Names = dict[tuple[Address, Bytes32], str]
"""What a storage word is, by account and slot."""

TIMELOCK_ROLES, TIMELOCK_TIMESTAMPS, TIMELOCK_DELAY = 0, 1, 2
"""Slots of TimelockController v5: `_roles`, `_timestamps`, `_minDelay`."""
SAFE_SLOTS = ("the singleton", "modules", "owners", "the number of owners", "the threshold", "the nonce")
"""Slots 0 to 5 of Safe 1.3.0 to 1.5.0; 1 and 2 are mappings, whose own words stay zero."""
SAFE_MODULES, SAFE_OWNERS, SAFE_NONCE, SAFE_APPROVED_HASHES = 1, 2, 5, 8
DISPATCHER = int("bb5fb06c26ef7a49a5f7f5ddb2856e6206654d01a65f1f7d463646841ef03b00", 16)
"""ERC-7201 location of "gov.dispatcher", where the storage of our dispatcher begins."""
_DISPATCHER_WORDS = {
    1: "paused, commit numbers, number of staged routes",
    4: "number of recorded selectors",
    5: "frozen, active epoch, committed at, activatable at",
    6: "activation delay, manifest version",
    7: "active root",
    8: "pending root",
    9: "number of admins",
}
_ROUTE_WORDS = (
    "facet in effect, commit that staged the next, place",
    "code hash in effect",
    "next facet",
    "next code hash",
)
_ACTIVATED, _ROUTES, _SELECTORS, _ADMINS = 2, 3, 4, 9
COMMITS = 64
"""How many commit numbers are tried; a later one stays raw."""
ERC1967 = {
    Bytes32((int.from_bytes(keccak(f"eip1967.proxy.{name}".encode()), "big") - 1).to_bytes(32, "big")): name
    for name in ("implementation", "admin", "beacon")
}


def word_at(slot: int) -> Bytes32:
    """A slot by its number."""
    return Bytes32((slot % (1 << 256)).to_bytes(32, "big"))


def mapped(key: bytes, slot: int) -> int:
    """The slot of a mapping's value: keccak256(key ‖ slot), the key being a word already."""
    return int.from_bytes(keccak(key + slot.to_bytes(32, "big")), "big")


def timestamp_slot(operation_id: Bytes32) -> Bytes32:
    """Where the timelock keeps from when on an operation may be executed."""
    return word_at(mapped(operation_id, TIMELOCK_TIMESTAMPS))


def approval_slot(owner: Address, safe_tx_hash: Bytes32) -> Bytes32:
    """Where a Safe keeps that an owner has approved a hash."""
    return word_at(mapped(safe_tx_hash, mapped(_padded(owner), SAFE_APPROVED_HASHES)))


def role_slot(slot: int, role: Bytes32, account: Address) -> Bytes32:
    """Where an AccessControl whose roles begin at `slot` keeps whether an account holds a role."""
    return word_at(mapped(_padded(account), mapped(role, slot)))


def slot_names(plan: Plan, network: Network) -> Names:
    """Every name that can be told from a plan and its network."""
    names: Names = {}
    for account, slot, words in _named(plan, network):
        names[account, word_at(slot)] = words
    for account in {network.target, *(call.to for step in plan.steps for call in step.calls)}:
        for word, name in ERC1967.items():
            names[account, word] = f"ERC-1967 {name}"
    return names


def records(plan: Plan, target: Address) -> frozenset[tuple[Address, Bytes32]]:
    """Words in which our dispatcher keeps its books: routes, roots, epochs, commits. Empty for another system."""
    if plan.pins.target is None or plan.pins.target.generation is not Generation.OURS:
        return frozenset()
    books = [(target, DISPATCHER + offset, "") for offset in _DISPATCHER_WORDS if offset != _ADMINS]
    return frozenset((account, word_at(slot)) for account, slot, _ in (*books, *_routes(plan, target)))


def listed_slots(safe: Address, members: Iterable[Address]) -> frozenset[tuple[Address, Bytes32]]:
    """Where a Safe keeps who follows whom in its lists of owners and of modules."""
    return frozenset(
        (safe, word_at(mapped(_padded(member), slot)))
        for member in (SENTINEL, *members)
        for slot in (SAFE_MODULES, SAFE_OWNERS)
    )


def _named(plan: Plan, network: Network) -> Iterator[tuple[Address, int, str]]:
    for safe in (network.council, network.guardian):
        yield from ((safe, slot, words) for slot, words in enumerate(SAFE_SLOTS))
    yield network.timelock, TIMELOCK_DELAY, "the minimum delay"
    operations = {step.operation.id for step in plan.steps if step.operation is not None}
    for operation_id in sorted({*operations, *plan.pins.cancels}):
        slot = mapped(operation_id, TIMELOCK_TIMESTAMPS)
        yield network.timelock, slot, f"timestamp of operation {to_hex(operation_id)}"
    yield from _roles(network.timelock, TIMELOCK_ROLES, network)
    if plan.pins.target is not None and plan.pins.target.generation is Generation.OURS:
        yield from _roles(network.target, DISPATCHER, network)
        yield from ((network.target, DISPATCHER + offset, words) for offset, words in _DISPATCHER_WORDS.items())
        yield from _routes(plan, network.target)


def _routes(plan: Plan, target: Address) -> Iterator[tuple[Address, int, str]]:
    assert plan.pins.target is not None
    selectors = {route.selector for route in plan.pins.target.routes}
    selectors |= {effect.selector for effect in plan.effects if isinstance(effect, RouteIs)}
    for selector in sorted(selectors):
        first = mapped(selector.ljust(32, b"\0"), DISPATCHER + _ROUTES)
        for offset, words in enumerate(_ROUTE_WORDS):
            yield target, first + offset, f"route of {to_hex(selector)}: {words}"
    for number in range(1, COMMITS):
        yield target, mapped(word_at(number), DISPATCHER + _ACTIVATED), f"commit {number} is activated"
    elements = int.from_bytes(keccak(word_at(DISPATCHER + _SELECTORS)), "big")
    for index in range(len(selectors) // 8 + 1):
        yield target, elements + index, f"recorded selectors {8 * index} to {8 * index + 7}"


def _roles(contract: Address, slot: int, network: Network) -> Iterator[tuple[Address, int, str]]:
    """Those of the parties that govern; anybody else's stay raw."""
    parties = {"the council": network.council, "the guardian": network.guardian, "the timelock": network.timelock}
    for role, name in NAMES.items():
        for party, account in parties.items():
            where = int.from_bytes(role_slot(slot, role, account), "big")
            yield contract, where, f"{party} holds {name}"


def _padded(account: Address) -> bytes:
    return bytes(12) + address_bytes(account)
