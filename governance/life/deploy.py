"""Deploying a described system, on any network: look, do what is not done yet, hand over, read everything back.

 1. the node answers, the two CREATE2 factories have code, or nothing is sent
 2. each step of `handover` that is not done is sent by the deployer, in order
 3. every claim is read at one block: owners, thresholds, delays, roles from the logs, routes, code

It never takes a receipt for the outcome, and a deployer who still holds any right is an error, not a warning.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from governance.core.access import HAS_ROLE
from governance.core.artifact import DEPLOYMENT_PROXY, SAFE_SINGLETON_FACTORY, Artifact
from governance.core.blueprint import Blueprint, safe_address
from governance.core.claims import Claims, RolesClaim, claims
from governance.core.errors import ChainContradicts, Finding, Refused
from governance.core.facts import Head
from governance.core.handover import FALSE, TRUE, Step, staged_facet, steps, view
from governance.core.keccak import keccak
from governance.core.network import Network
from governance.core.units import Address, Bytes32, address_bytes, checksummed, to_hex
from governance.ports import Chain, Sender

_GRANTED = Bytes32(keccak(b"RoleGranted(bytes32,address,address)"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A system that stands, was handed over and was read back."""

    network: Network
    sent: int
    """Transactions this run sent; the others were done already."""


Told = Callable[[str], None]
"""Hears of each step as it begins."""


def deploy(
    plan: Blueprint, name: str, *, digest: Bytes32, uri: str, chain: Chain, sender: Sender, told: Told
) -> Deployment:
    """Build `plan` as network `name`, its anchor holding `digest`.

    Raises Refused when it cannot be begun, ChainContradicts when what stands is not what was described.
    """
    head = chain.head()
    if sender.address != plan.deployer:
        raise Refused(f"the plan is for the deployer {plan.deployer}, not {sender.address}")
    sent = 0
    if not _has_code(chain, head, plan.policy_anchor):  # the anchor comes last: with it, all was done
        _require_factories(plan, chain, head)
        sent = sum(_take(step, chain, sender, told) for step in steps(plan, digest, uri))
    verify(plan, digest=digest, chain=chain)
    return Deployment(network=plan.network(name, head.chain_id), sent=sent)


def stage_facet(artifact: Artifact, *, chain: Chain, sender: Sender) -> Address:
    """Put a facet on chain without routing it. Nothing is sent when it stands there already."""
    head = chain.head()
    if not _has_code(chain, head, DEPLOYMENT_PROXY):
        raise Refused(f"no deployment proxy at {DEPLOYMENT_PROXY}", findings=(_missing(DEPLOYMENT_PROXY),))
    _take(staged_facet(artifact), chain, sender, lambda _: None)
    return artifact.address


def verify(plan: Blueprint, *, digest: Bytes32, chain: Chain) -> None:
    """Read back every claim at one block. Raises ChainContradicts with every difference."""
    head = chain.head()
    wanted = claims(plan, digest)
    findings = [*_view_findings(wanted, chain, head), *_state_findings(wanted, chain, head)]
    for roles in wanted.roles:
        findings += _role_findings(roles, chain, head)
    if findings:
        raise ChainContradicts(
            f"the system at {plan.target} is not what was described",
            hint="do not use it; deploy again under another name",
            findings=tuple(findings),
        )


def _require_factories(plan: Blueprint, chain: Chain, head: Head) -> None:
    safe = [safe_address(artifact) for artifact in plan.parts.safe.deployed]
    proxy, factory, *parts = chain.codes([DEPLOYMENT_PROXY, SAFE_SINGLETON_FACTORY, *safe], head)
    findings = [] if proxy else [_missing(DEPLOYMENT_PROXY)]
    if not factory and not all(parts):
        findings.append(_missing(SAFE_SINGLETON_FACTORY))
    if findings:
        raise Refused(f"chain {head.chain_id} lacks what deterministic deployment needs", findings=tuple(findings))


def _missing(factory: Address) -> Finding:
    hint = "ask the network's operators for it; both factories are deployed by published, pre-signed transactions"
    return Finding(rule="factory-missing", message=f"no code at {factory}", hint=hint)


def _take(step: Step, chain: Chain, sender: Sender, told: Told) -> int:
    """Send the step unless it is done: 1 if it was sent."""
    if _is_done(step, chain):
        return 0
    told(step.purpose)
    # The same words name other acts in another deployment, or after a devnet was made anew: the bytes tell them apart.
    act = keccak(address_bytes(step.call.to) + step.call.data)
    sender.send(step.call, purpose=f"{step.purpose} {to_hex(act)}")
    if not _is_done(step, chain) and step.built is not None:
        raise ChainContradicts(f"{step.purpose}: sent, and yet there is no code at {step.built}")
    return 1


def _is_done(step: Step, chain: Chain) -> bool:
    head = chain.head()
    if step.built is not None:
        return _has_code(chain, head, step.built)
    answers = chain.call_many([holds.call for holds in step.done], head)
    return any(a.ok and a.data.startswith(h.begins) for a, h in zip(answers, step.done, strict=True))


def _has_code(chain: Chain, head: Head, account: Address) -> bool:
    return bool(chain.codes([account], head)[0])


def _view_findings(wanted: Claims, chain: Chain, head: Head) -> Iterable[Finding]:
    answers = chain.call_many([claim.call for claim in wanted.views], head)
    for claim, answer in zip(wanted.views, answers, strict=True):
        if not answer.ok:
            yield _differs(claim.what, claim.answer, "a revert")
        elif answer.data != claim.answer:
            yield _differs(claim.what, claim.answer, to_hex(answer.data))


def _state_findings(wanted: Claims, chain: Chain, head: Head) -> Iterable[Finding]:
    words = chain.storage([(claim.account, claim.slot) for claim in wanted.slots], head)
    for slot, word in zip(wanted.slots, words, strict=True):
        if word != slot.word:
            yield _differs(slot.what, slot.word, to_hex(word))
    codes = chain.codes([claim.account for claim in wanted.codes], head)
    for code, found in zip(wanted.codes, codes, strict=True):
        if keccak(found) != code.code_hash:
            yield _differs(code.what, code.code_hash, to_hex(keccak(found)))


def _role_findings(wanted: RolesClaim, chain: Chain, head: Head) -> Iterable[Finding]:
    """Role holders are not enumerable: whoever was ever granted one is asked about, and those who should hold one."""
    logs = chain.logs(wanted.contract, [[_GRANTED]], head)
    granted = {(log.topics[1], checksummed(log.topics[2][12:])) for log in logs}
    expected = {(role, account) for role, accounts in wanted.holders.items() for account in accounts}
    pairs = sorted(granted | expected)
    calls = [view(wanted.contract, HAS_ROLE, role, account) for role, account in pairs]
    for pair, answer in zip(pairs, chain.call_many(calls, head), strict=True):
        should = TRUE if pair in expected else FALSE
        if not answer.ok or answer.data != should:
            verb = "does not say who holds" if not answer.ok else "lacks" if pair in expected else "holds"
            who = wanted.contract if not answer.ok else pair[1]
            yield Finding(rule="deployment-role", message=f"{who} {verb} role {to_hex(pair[0])} of the {wanted.what}")


def _differs(what: str, wanted: bytes, found: str) -> Finding:
    return Finding(rule="deployment-differs", message=f"{what}: wanted {to_hex(wanted)}, found {found}")
