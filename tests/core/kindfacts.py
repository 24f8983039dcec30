"""Facts for tests of kinds: one network, a document of any kind, pins, and what came of them."""

import json
from dataclasses import replace
from typing import Any

from governance.adapters.files import parse
from governance.core.access import ADMIN, CANCELLER, EMERGENCY, EXECUTOR, PROPOSER
from governance.core.errors import Refused
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
from governance.core.keccak import keccak
from governance.core.kinds import KINDS, Derivation
from governance.core.kinds.roles import role_id
from governance.core.network import Network, TargetKind
from governance.core.pins import CodePin, FacetPin, Pins
from governance.core.policy import Policy, Rule
from governance.core.proposal import Proposal, read
from governance.core.units import EMPTY_CODE_HASH, ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, Duration, checksummed

Body = dict[str, Any]


def account(number: int) -> Address:
    return checksummed(bytes([number]) * 20)


COUNCIL, GUARDIAN, TIMELOCK, TARGET, ANCHOR = (account(n) for n in (0xC0, 0x60, 0x71, 0x7A, 0xA0))
A, B, C, D, E, NEW, CODELESS = (account(n) for n in (1, 2, 3, 4, 5, 0x99, 0x66))
NETWORK = Network(
    name="devnet",
    chain_id=31337,
    council=COUNCIL,
    guardian=GUARDIAN,
    timelock=TIMELOCK,
    target_kind=TargetKind.MANIFEST_DISPATCHER,
    target=TARGET,
    policy_anchor=ANCHOR,
)
CODE = Bytes32(keccak(b"code"))
COMMIT = role_id("COMMIT_ROLE")
ROLES = {
    (TARGET, ADMIN): (TIMELOCK,),
    (TARGET, COMMIT): (TIMELOCK,),
    (TARGET, EMERGENCY): (GUARDIAN,),
    (TIMELOCK, ADMIN): (TIMELOCK,),
    (TIMELOCK, PROPOSER): (COUNCIL,),
    (TIMELOCK, CANCELLER): tuple(sorted((COUNCIL, GUARDIAN))),
    (TIMELOCK, EXECUTOR): (ZERO_ADDRESS,),
}
SAFE = CouncilFacts(owners=(A, B, C, D, E), threshold=3, modules=(account(0x31), account(0x32)), guard=ZERO_ADDRESS, fallback_handler=account(0x41))  # fmt: skip # noqa: E501
PROXY, OLD, ADMIN_OF_PROXY, BEACON = (account(n) for n in (0x50, 0x51, 0x52, 0x53))
UUPS = ProxyFacts(address=PROXY, implementation=OLD, admin=ZERO_ADDRESS, beacon=ZERO_ADDRESS, beacon_implementation=ZERO_ADDRESS, owner=ZERO_ADDRESS)  # fmt: skip # noqa: E501
TRANSPARENT = replace(UUPS, admin=ADMIN_OF_PROXY, owner=TIMELOCK)
BEACONED = replace(UUPS, implementation=ZERO_ADDRESS, beacon=BEACON, beacon_implementation=OLD, owner=TIMELOCK)


def target(**changes: Any) -> TargetFacts:
    facts = TargetFacts(
        address=TARGET,
        generation=Generation.OURS,
        code_hash=CODE,
        routes=(
            Route(selector=b"\0\0\0\1", facet=A, code_hash=CODE),
            Route(selector=b"\0\0\0\2", facet=B, code_hash=CODE),
        ),
        active_root=ZERO_WORD,
        pending_root=ZERO_WORD,
        active_epoch=1,
        activation_delay=Duration(0),
        frozen=False,
        paused=False,
        timelock_is_admin=True,
        timelock_may_commit=True,
        timelock_may_apply=True,
        timelock_may_remove=False,
        guardian_may_pause=True,
    )
    return replace(facts, **changes)


def governance(**changes: Any) -> GovernanceFacts:
    roles = changes.pop("roles", {})
    held = {**ROLES, **roles}
    facts = GovernanceFacts(
        delay=Duration(172_800),
        roles=tuple(RoleFacts(contract=c, role=r, holders=h) for (c, r), h in held.items()),
        council=SAFE,
        anchor=AnchorFacts(digest=Bytes32(b"\x0a" * 32), uri="old.yaml"),
        proxies=(UUPS,),
    )
    return replace(facts, **changes)


def pins(**changes: Any) -> Pins:
    facts = Pins(
        chain_id=31337,
        block_number=7,
        block_hash=ZERO_WORD,
        policy_digest=Bytes32(b"\x0a" * 32),
        rule="slow",
        delay=Duration(7 * 86_400),
        grace=None,
        attempt=0,
        nonce=4,
        min_delay=Duration(172_800),
        target=target(),
        facets=(FacetPin(reference=NEW, address=NEW, code_hash=CODE, selectors=None),),
        codes=(
            *(CodePin(address=each, code_hash=CODE) for each in (ANCHOR, PROXY, OLD, NEW, COUNCIL, TARGET)),
            CodePin(address=CODELESS, code_hash=EMPTY_CODE_HASH),
        ),
        governance=governance(),
    )
    return replace(facts, **changes)


def bare_pins(policy: Policy, rule: Rule, **changes: Any) -> Pins:
    """For a plan whose kind needs to know nothing of the chain."""
    facts = Pins(
        chain_id=31337,
        block_number=1,
        block_hash=ZERO_WORD,
        policy_digest=policy.digest,
        rule=rule.id,
        delay=rule.delay,
        grace=None,
        attempt=0,
        nonce=0,
        min_delay=Duration(0),
    )
    return replace(facts, **changes)


def proposal(body: Body) -> Proposal:
    head = {"schema": "governance/v1", "title": "Try it", "author": "alice", "networks": ["devnet"], "summary": "why"}
    models = {name: kind.document for name, kind in KINDS.items()}
    return read(parse(json.dumps({**head, **body}), "p.yaml"), id="0001-x", file="p.yaml", models=models)


def derive(body: Body, facts: Pins | None = None, network: Network = NETWORK) -> Derivation:
    return KINDS[body["kind"]].derive(proposal(body).document, network, facts or pins())


def questions(body: Body, facts: Pins | None = None) -> tuple[str, ...]:
    return KINDS[body["kind"]].questions(proposal(body).document, NETWORK, facts or pins())


def inverse(body: Body, facts: Pins | None = None) -> Body | None:
    return KINDS[body["kind"]].inverse(proposal(body).document, NETWORK, facts or pins())


def refusals(body: Body, facts: Pins | None = None, network: Network = NETWORK) -> list[tuple[str, str]]:
    """Rule and path of everything that speaks against it; empty when nothing does."""
    try:
        derive(body, facts, network)
    except Refused as error:
        return [(finding.rule, finding.path) for finding in error.findings] or [("no finding", "")]
    return []


def summaries(derivation: Derivation) -> list[str]:
    (bundle,) = derivation.bundles
    return [call.summary for call in bundle.calls]
