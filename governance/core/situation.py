"""Everything that governs a network, and what it governs, as single statements: who holds what, what goes where.

Two situations that differ in a statement which no effect explains differ in something that nobody promised. The Safes'
nonces and the timelock's operations are no part of it: those are the acts themselves.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass

from governance.core.access import role_name
from governance.core.effects import Effect, Statement
from governance.core.errors import Finding
from governance.core.facts import AnchorFacts, Generation, ProxyFacts, SafeFacts, TargetFacts, TimelockFacts
from governance.core.network import Network
from governance.core.units import Address, Bytes32, to_hex, word

Roles = Map[Bytes32, frozenset[Address]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What was read at one block."""

    target: TargetFacts
    target_roles: Roles
    """Empty for a diamond, which has an owner instead."""
    target_owner: Address
    """Of a diamond; zero where nobody owns it, and for a system with roles."""
    timelock: TimelockFacts
    timelock_roles: Roles
    council: SafeFacts
    guardian: SafeFacts
    anchor: AnchorFacts
    proxies: tuple[ProxyFacts, ...]
    """Those that the proposal is about."""


def statements(situation: Situation) -> dict[Statement, str]:
    """Every statement, with its value in words."""
    return dict(_statements(situation))


def _statements(situation: Situation) -> Iterator[tuple[Statement, str]]:
    yield from _of_target(situation.target)
    if situation.target.generation is Generation.DIAMOND:
        yield ("target", "owner"), situation.target_owner
    timelock = situation.timelock
    yield ("timelock", "delay"), str(timelock.min_delay)
    yield ("timelock", "code"), to_hex(timelock.code_hash)
    for contract, roles in (
        (situation.target.address, situation.target_roles),
        (timelock.address, situation.timelock_roles),
    ):
        for role, holders in roles.items():
            for holder in holders:
                yield ("role", contract, to_hex(role), holder), "held"
    yield from _of_safe("council", situation.council)
    yield from _of_safe("guardian", situation.guardian)
    yield ("policy",), f"{to_hex(situation.anchor.digest)} at {situation.anchor.uri}"
    for proxy in situation.proxies:
        for name in ("implementation", "admin", "beacon", "beacon_implementation", "owner"):
            yield ("proxy", proxy.address, name.replace("_", " ")), getattr(proxy, name)


def _of_target(target: TargetFacts) -> Iterator[tuple[Statement, str]]:
    for route in target.routes:
        yield ("route", to_hex(route.selector)), f"{route.facet} with code hash {to_hex(route.code_hash)}"
    for name in ("generation", "active_epoch", "activation_delay", "frozen"):
        yield ("target", name.replace("_", " ")), str(getattr(target, name))
    for name in ("code_hash", "active_root", "pending_root"):
        yield ("target", name.replace("_", " ")), to_hex(getattr(target, name))
    yield ("paused",), str(target.paused)


def _of_safe(duty: str, safe: SafeFacts) -> Iterator[tuple[Statement, str]]:
    yield (duty, "threshold"), str(safe.threshold)
    for name in ("version", "singleton", "guard", "fallback_handler"):
        yield (duty, name.replace("_", " ")), getattr(safe, name)
    for owner in safe.owners:
        yield (duty, "owner", owner), "an owner"
    for module in safe.modules:
        yield (duty, "module", module), "a module"


def unpromised(before: Situation, after: Situation, effects: Iterable[Effect], network: Network) -> list[Finding]:
    """A finding for each statement that differs and that no effect speaks of. A new holder of a role is told first."""
    was, now = statements(before), statements(after)
    spoken = {statement for effect in effects for statement in effect.about}
    hint = "the proposal does more than it says: find out what does this before anything is signed"
    found = []
    for statement in sorted({*was, *now}, key=lambda statement: (statement[0] != "role", statement)):
        if was.get(statement) == now.get(statement) or any(
            statement[:n] in spoken for n in range(1, len(statement) + 1)
        ):
            continue
        rule = "role-gained" if statement[0] == "role" and statement in now else "extra-change"
        message = f"{_words(statement, network)} would change, which nothing promises: {_from_to(was, now, statement)}"
        found.append(Finding(rule=rule, message=message, hint=hint))
    return found


def _from_to(was: Map[Statement, str], now: Map[Statement, str], statement: Statement) -> str:
    return f"from {was.get(statement, 'nothing')} to {now.get(statement, 'nothing')}"


def _words(statement: Statement, network: Network) -> str:
    """The statement as a sentence names it, duties instead of addresses where they are known."""
    duties = {getattr(network, duty): f"the {duty}" for duty in ("council", "guardian", "timelock", "target")}
    kind, *rest = statement
    named = [duties.get(Address(part), part) for part in rest]
    if kind == "role":
        return f"role {role_name(word(rest[1]))} of {named[0]} for {named[2]}"
    if kind == "proxy":
        return f"the {named[1]} of proxy {named[0]}"
    if kind == "policy":
        return "the policy in force"
    if kind in {"route", "paused"}:
        return " ".join(("the", "pause" if kind == "paused" else "route of", *named))
    return f"{' '.join(named)} of the {kind}"
