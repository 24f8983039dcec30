"""The lock file `0007-….lock.json`: per network the pins and the plan that follows from them.

Reviewers see it change in the pull request, CI derives it again, signers approve its hashes, the executor derives it
once more before it acts. The pins are data; the plan beside them is a claim, which `open_lock` proves by deriving it
again from the proposal and the pins and comparing every byte.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from governance.core.errors import Finding, Refused, Rejected
from governance.core.facts import (
    AnchorFacts,
    CouncilFacts,
    Generation,
    GovernanceFacts,
    ProxyFacts,
    RoleFacts,
    Route,
    TargetFacts,
)
from governance.core.network import Network
from governance.core.pins import CodePin, FacetPin, Needs, Pins
from governance.core.plan import Plan, plan_document
from governance.core.units import Address, Bytes32, Duration, address, selector_bytes, shown, to_hex, unsigned, word

SCHEMA = "governance/lock/v1"

_FLAGS = (
    "frozen",
    "paused",
    "timelock_is_admin",
    "timelock_may_commit",
    "timelock_may_apply",
    "timelock_may_remove",
    "guardian_may_pause",
)
VOLATILE = ("block_number", "block_hash", "nonce")
"""Pins that say when, not what, and the nonce, which the stage judges: never compared."""
VOLATILE_OF_TARGET = ("paused", "pending_root")
"""Facts that the plan's bytes do not depend on."""


def lock_document(
    plans: Mapping[str, Plan], effects: Mapping[str, Bytes32], report: Bytes32 | None = None
) -> dict[str, Any]:
    """The lock file of one proposal, by network.

    `effects` are digests of what was rehearsed, where it was; `report` is keccak256 of the report's bytes, where one was made.
    """
    first = next(iter(plans.values()))
    networks = {
        name: {
            "pins": pins_document(plan.pins),
            "plan": plan_document(plan),
            "checksum": to_hex(plan.checksum),
            "effects": to_hex(effects[name]) if name in effects else None,
        }
        for name, plan in plans.items()
    }
    return {
        "schema": SCHEMA,
        "proposal": first.proposal,
        "digest": to_hex(first.digest),
        "report": None if report is None else to_hex(report),
        "networks": networks,
    }


def pins_document(pins: Pins) -> dict[str, Any]:
    """Pins as JSON values."""
    return {
        "chain_id": str(pins.chain_id),
        "block_number": str(pins.block_number),
        "block_hash": to_hex(pins.block_hash),
        "policy_digest": to_hex(pins.policy_digest),
        "rule": pins.rule,
        "delay": str(pins.delay.seconds),
        "grace": None if pins.grace is None else str(pins.grace.seconds),
        "predecessor": to_hex(pins.predecessor),
        "attempt": str(pins.attempt),
        "nonce": str(pins.nonce),
        "min_delay": str(pins.min_delay.seconds),
        "target": None if pins.target is None else _target_document(pins.target),
        "facets": [
            {
                "reference": pin.reference,
                "address": pin.address,
                "code_hash": to_hex(pin.code_hash),
                "selectors": None if pin.selectors is None else [to_hex(s) for s in pin.selectors],
            }
            for pin in pins.facets
        ],
        "codes": [{"address": pin.address, "code_hash": to_hex(pin.code_hash)} for pin in pins.codes],
        "cancels": [to_hex(operation_id) for operation_id in pins.cancels],
        "governance": _governance_document(pins.governance),
    }


def read_pins(entry: Mapping[str, Any]) -> Pins:
    """Pins from JSON values. Raises Rejected when something is missing or malformed."""
    try:
        return Pins(
            chain_id=unsigned(entry["chain_id"]),
            block_number=unsigned(entry["block_number"]),
            block_hash=word(entry["block_hash"]),
            policy_digest=word(entry["policy_digest"]),
            rule=str(entry["rule"]),
            delay=Duration(unsigned(entry["delay"])),
            grace=None if entry["grace"] is None else Duration(unsigned(entry["grace"])),
            predecessor=word(entry["predecessor"]),
            attempt=unsigned(entry["attempt"]),
            nonce=unsigned(entry["nonce"]),
            min_delay=Duration(unsigned(entry["min_delay"])),
            target=None if entry["target"] is None else _read_target(entry["target"]),
            facets=tuple(_read_facet(pin) for pin in _listed(entry["facets"])),
            codes=tuple(
                CodePin(address=address(p["address"]), code_hash=word(p["code_hash"])) for p in _listed(entry["codes"])
            ),
            cancels=tuple(word(operation_id) for operation_id in _listed(entry["cancels"])),
            governance=_read_governance(entry["governance"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Rejected(
            f"the lock file's pins are malformed: {type(error).__name__} {error}", hint="write it anew with gov lock"
        ) from error


def read_effects(entry: Mapping[str, Any], file: str) -> Bytes32 | None:
    """The digest of the effects that were rehearsed, None where none were. Raises Rejected when it is malformed."""
    try:
        return None if entry["effects"] is None else word(entry["effects"])
    except (KeyError, TypeError, ValueError, AttributeError, Rejected) as error:
        raise Rejected(f"the effects in {file} are malformed", hint="write it anew with gov lock") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a lock file says of its own plan, before anybody has derived it again."""

    lane: str
    nonces: tuple[int, ...]
    """Safe nonces, one a step."""
    hashes: tuple[Bytes32, ...]
    """Safe transaction hashes, one a step."""
    operations: tuple[Bytes32, ...]
    """Ids, in order; empty on the lanes without a timelock."""


def read_claim(entry: Mapping[str, Any], file: str) -> Claim:
    """The claim of one network's entry. Raises Rejected when something is missing or malformed."""
    try:
        plan, steps = entry["plan"], _listed(entry["plan"]["steps"])
        return Claim(
            lane=str(plan["lane"]),
            nonces=tuple(unsigned(step["safe_tx"]["nonce"]) for step in steps),
            hashes=tuple(word(step["safe_tx"]["safe_tx_hash"]) for step in steps),
            operations=tuple(word(step["operation"]["id"]) for step in steps if "operation" in step),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{type(error).__name__} {shown(str(error))}"
        raise Rejected(f"the plan in {file} is malformed: {what}", hint="write it anew with gov lock") from error


def moved(old: Pins, new: Pins) -> tuple[Finding, ...]:
    """Which pins the chain has moved away from; empty when the plan still holds."""
    before, after = pins_document(old), pins_document(new)
    hint = "the plan was made for other facts: run gov lock again, review the difference, and sign anew"
    findings = []
    for name, was in before.items():
        if name in VOLATILE or was == after[name]:
            continue
        if name in {"target", "governance"} and was is not None and after[name] is not None:
            parts = [p for p in was if p not in VOLATILE_OF_TARGET and was[p] != after[name][p]]
            findings += [_moved(f"{name}.{part}", was[part], after[name][part], hint) for part in parts]
        else:
            findings.append(_moved(name, was, after[name], hint))
    return tuple(findings)


def _moved(name: str, was: object, now: object, hint: str) -> Finding:
    short = [text if len(text) <= 90 else text[:87] + "…" for text in (str(was), str(now))]
    return Finding(rule="lock-stale", path=f"pins.{name}", message=f"was {short[0]}, is {short[1]}", hint=hint)


def require_fit(needs: Needs, pins: Pins, network: Network, file: str) -> None:
    """Refuse pins of other facts than the proposal's kind asks for: nothing can be derived from those."""
    fits = {
        "chain_id": pins.chain_id == network.chain_id,
        "facets": tuple(pin.reference for pin in pins.facets) == needs.facets,
        "codes": tuple(pin.address for pin in pins.codes) == needs.codes,
        "target": (None if pins.target is None else pins.target.address) == (network.target if needs.target else None),
        "cancels": bool(needs.cancels) or not pins.cancels,
        "governance": _fits(needs, pins.governance),
    }
    hint = "the proposal or the lock file was edited after the lock was written: run gov lock again and sign anew"
    findings = tuple(
        Finding(rule="lock-edited", path=f"pins.{name}", message=f"{file} pins other {name} than it must", hint=hint)
        for name, fit in fits.items()
        if not fit
    )
    if findings:
        raise Refused("the lock file does not hold", findings=findings)


def require_same(entry: Mapping[str, Any], derived: Plan, file: str) -> None:
    """Refuse a lock file whose written plan is not the one that follows from its pins. Compares everything."""
    if entry.get("plan") == plan_document(derived) and entry.get("checksum") == to_hex(derived.checksum):
        return
    hint = "the proposal or the lock file was edited after the lock was written: run gov lock again and sign anew"
    message = f"{file} does not follow from the proposal and its pins on {derived.network}"
    finding = Finding(rule="lock-edited", path=f"networks.{derived.network}.plan", message=message, hint=hint)
    raise Refused("the lock file does not hold", findings=(finding,))


def _target_document(target: TargetFacts) -> dict[str, Any]:
    return {
        "address": target.address,
        "generation": str(target.generation),
        "code_hash": to_hex(target.code_hash),
        "routes": [
            {"selector": to_hex(r.selector), "facet": r.facet, "codehash": to_hex(r.code_hash)} for r in target.routes
        ],
        "active_root": to_hex(target.active_root),
        "pending_root": to_hex(target.pending_root),
        "active_epoch": str(target.active_epoch),
        "activation_delay": str(target.activation_delay.seconds),
        **{flag: getattr(target, flag) for flag in _FLAGS},
    }


def _listed(value: object) -> list[Any]:
    """A list, and nothing else that can be gone through."""
    if not isinstance(value, list):
        raise TypeError("here a list is wanted")
    return value


def _read_target(entry: Mapping[str, Any]) -> TargetFacts:
    for flag in _FLAGS:
        if not isinstance(entry[flag], bool):
            raise TypeError(f"{flag} is not true or false")
    return TargetFacts(
        address=address(entry["address"]),
        generation=Generation(entry["generation"]),
        code_hash=word(entry["code_hash"]),
        routes=tuple(
            Route(selector=selector_bytes(r["selector"]), facet=address(r["facet"]), code_hash=word(r["codehash"]))
            for r in _listed(entry["routes"])
        ),
        active_root=word(entry["active_root"]),
        pending_root=word(entry["pending_root"]),
        active_epoch=unsigned(entry["active_epoch"]),
        activation_delay=Duration(unsigned(entry["activation_delay"])),
        **{flag: entry[flag] for flag in _FLAGS},
    )


def _read_facet(entry: Mapping[str, Any]) -> FacetPin:
    selectors = entry["selectors"]
    return FacetPin(
        reference=entry["reference"],
        address=Address(address(entry["address"])),
        code_hash=Bytes32(word(entry["code_hash"])),
        selectors=None if selectors is None else tuple(selector_bytes(s) for s in _listed(selectors)),
    )


def _fits(needs: Needs, facts: GovernanceFacts) -> bool:
    asked = (needs.delay, needs.council, needs.anchor, needs.roles, needs.proxies)
    pinned = (facts.delay is not None, facts.council is not None, facts.anchor is not None)
    roles = tuple((each.contract, each.role) for each in facts.roles)
    return asked == (*pinned, roles, tuple(each.address for each in facts.proxies))


_PROXY = tuple(each.name for each in fields(ProxyFacts))


def _governance_document(facts: GovernanceFacts) -> dict[str, Any]:
    council, anchor = facts.council, facts.anchor
    return {
        "delay": None if facts.delay is None else str(facts.delay.seconds),
        "roles": [
            {"contract": each.contract, "role": to_hex(each.role), "holders": list(each.holders)}
            for each in facts.roles
        ],
        "council": None
        if council is None
        else {
            "owners": list(council.owners),
            "threshold": str(council.threshold),
            "modules": list(council.modules),
            "guard": council.guard,
            "fallback_handler": council.fallback_handler,
        },
        "anchor": None if anchor is None else {"digest": to_hex(anchor.digest), "uri": anchor.uri},
        "proxies": [{name: getattr(each, name) for name in _PROXY} for each in facts.proxies],
    }


def _read_governance(entry: Mapping[str, Any]) -> GovernanceFacts:
    council, anchor = entry["council"], entry["anchor"]
    return GovernanceFacts(
        delay=None if entry["delay"] is None else Duration(unsigned(entry["delay"])),
        roles=tuple(
            RoleFacts(contract=address(each["contract"]), role=word(each["role"]), holders=_accounts(each["holders"]))
            for each in _listed(entry["roles"])
        ),
        council=None
        if council is None
        else CouncilFacts(
            owners=_accounts(council["owners"]),
            threshold=unsigned(council["threshold"]),
            modules=_accounts(council["modules"]),
            guard=address(council["guard"]),
            fallback_handler=address(council["fallback_handler"]),
        ),
        anchor=None if anchor is None else AnchorFacts(digest=word(anchor["digest"]), uri=_text(anchor["uri"])),
        proxies=tuple(
            ProxyFacts(**{name: address(each[name]) for name in _PROXY}) for each in _listed(entry["proxies"])
        ),
    )


def _accounts(listed: Any) -> tuple[Address, ...]:
    return tuple(address(each) for each in _listed(listed))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a URI is text")
    return value
