"""What calls leave of the governance is judged wherever they come from: called outright, in a batch, or in a bundle.

threat_28, threat_32, threat_43
"""

# ruff: noqa: E501 - one row, one fact

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest

from governance.adapters.files import parse
from governance.core.access import ADMIN, CANCELLER, EMERGENCY, EXECUTOR, PROPOSER
from governance.core.alive import DANGERS
from governance.core.call import Call, encode_call, function, typed
from governance.core.calltree import tree
from governance.core.errors import Finding, Refused
from governance.core.facts import Generation, GovernanceFacts
from governance.core.kinds import KINDS, Kind, Lane
from governance.core.kinds.base import Bundle, Derivation
from governance.core.kinds.batch import Batch
from governance.core.kinds.contract_call import ContractCall, ContractCallDocument
from governance.core.kinds.survival import asked, dangers
from governance.core.kinds.upgrade import DIAMOND_CUT, PROTECTED
from governance.core.network import Network, TargetKind
from governance.core.pins import Needs, Pins
from governance.core.plan import Plan, derive_plan
from governance.core.proposal import read
from governance.core.units import ZERO_ADDRESS, Address, Bytes32, to_hex
from tests.core.kindfacts import (
    COUNCIL,
    GUARDIAN,
    NETWORK,
    TARGET,
    TIMELOCK,
    A,
    B,
    C,
    account,
    governance,
    pins,
    proposal,
    target,
)

BUNDLER = account(0x77)
DIAMOND = replace(NETWORK, target_kind=TargetKind.DIAMOND)
CUT = next(selector for selector, signature in PROTECTED.items() if signature.startswith("diamondCut"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A call as a `contract_call` writes it."""

    to: Address
    signature: str
    args: list[Any]

    @property
    def call(self) -> Call:
        """As it is made."""
        fn = function(self.signature)
        values = [typed(kind, each) for kind, each in zip(fn.inputs, self.args, strict=True)]
        return Call(to=self.to, data=encode_call(fn, values))

    @property
    def entry(self) -> dict[str, Any]:
        """As it is written."""
        return {"to": self.to, "function": self.signature, "args": self.args}


def made(to: Address, signature: str, *args: Any) -> Made:
    return Made(to=to, signature=signature, args=list(args))


def revoke(on: Address, role: Bytes32, who: Address) -> Made:
    return made(on, "revokeRole(bytes32,address)", to_hex(role), who)


def grant(on: Address, role: Bytes32, who: Address) -> Made:
    return made(on, "grantRole(bytes32,address)", to_hex(role), who)


def diamond_cut(action: int, *selectors: bytes) -> Made:
    facet = ZERO_ADDRESS if action == 2 else A
    return made(
        TARGET, DIAMOND_CUT.signature, [[facet, str(action), [to_hex(each) for each in selectors]]], ZERO_ADDRESS, "0x"
    )


def bundle(*inner: Made) -> Made:
    """Safe's MultiSend, packed by hand."""
    packed = b"".join(
        b"\0" + bytes.fromhex(each.to[2:]) + bytes(32) + len(each.call.data).to_bytes(32, "big") + each.call.data
        for each in inner
    )
    return made(BUNDLER, "multiSend(bytes)", to_hex(packed))


def twice(*inner: Made) -> Made:
    """Multicall3 around a bundle."""
    calls = [[each.to, "true", to_hex(each.call.data)] for each in (bundle(*inner),)]
    return made(BUNDLER, "aggregate3((address,bool,bytes)[])", calls)


class Anything(ContractCall):
    """A kind as another package might bring it: it looks at nothing."""

    lane: ClassVar[Lane] = Lane.TIMELOCK

    def derive(self, document: ContractCallDocument, network: Network, pins: Pins) -> Derivation:
        calls = tuple(
            Made(to=Address(each.to), signature=each.function, args=each.args).call for each in document.calls
        )
        return Derivation(bundles=(Bundle(label="calls", calls=calls),), effects=())


Way = Callable[[Sequence[Made]], tuple[Kind[Any], dict[str, Any]]]
PING = made(BUNDLER, "ping()")


def entries(calls: Sequence[Made]) -> dict[str, Any]:
    return {"kind": "contract_call", "calls": [each.entry for each in calls]}


WAYS: dict[str, Way] = {
    "by a kind that looks at nothing": lambda calls: (Anything(), entries(calls)),
    "in a batch": lambda calls: (Batch([Anything()]), {"kind": "batch", "entries": [entries([PING]), entries(calls)]}),
    "in a bundle": lambda calls: (KINDS["contract_call"], entries([bundle(*calls)])),
    "in a bundle within a bundle": lambda calls: (KINDS["contract_call"], entries([PING, twice(PING, *calls)])),
    "in a bundle in a batch": lambda calls: (KINDS["batch"], {"kind": "batch", "entries": [entries([PING]), entries([bundle(*calls)])]}),
}  # fmt: skip


def planned(
    kind: Kind[Any], body: dict[str, Any], facts: Pins, network: Network = NETWORK, acknowledge: Sequence[str] = ()
) -> Plan:
    head = {"schema": "governance/v1", "title": "Try it", "author": "alice", "networks": ["devnet"], "summary": "why"}
    text = json.dumps({**head, **body, "acknowledge": list(acknowledge)})
    document = read(parse(text, "p.yaml"), id="0001-x", file="p.yaml", models={body["kind"]: kind.document})
    return derive_plan(document, kind, network=network, pins=facts)


def refused(*given: Any, **more: Any) -> tuple[Finding, ...]:
    with pytest.raises(Refused) as caught:
        planned(*given, **more)
    return caught.value.findings


def rules(*given: Any, **more: Any) -> list[str]:
    return [finding.rule for finding in refused(*given, **more)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Danger:
    """Calls, and what they would leave."""

    calls: tuple[Made, ...]
    rules: tuple[str, ...]
    facts: Pins
    network: Network = NETWORK


def danger(calls: Sequence[Made] | Made, *rules: str, roles: dict[Any, Any] | None = None, **facts: Any) -> Danger:
    given = [calls] if isinstance(calls, Made) else calls
    return Danger(calls=tuple(given), rules=rules, facts=pins(governance=governance(roles=roles or {}), **facts))


DEPLOYED = target(generation=Generation.V1, timelock_is_admin=False, timelock_may_remove=True)
UNPAUSERS = {(TARGET, ADMIN): (A,), (TARGET, EMERGENCY): tuple(sorted((GUARDIAN, TIMELOCK)))}
REMOVE = made(COUNCIL, "removeOwner(address,address,uint256)", A, B, "4")
DANGEROUS: dict[str, Danger] = {
    "the last admin of the timelock": danger(revoke(TIMELOCK, ADMIN, TIMELOCK), "role-timelock-admin", "role-last-admin"),
    "the last admin of the target": danger(revoke(TARGET, ADMIN, TIMELOCK), "role-timelock-admin", "role-last-admin", "unreachable-unpause"),
    "one of two admins, the timelock": danger(revoke(TIMELOCK, ADMIN, TIMELOCK), "role-timelock-admin", roles={(TIMELOCK, ADMIN): (A, TIMELOCK)}),
    "an admin right that is renounced": danger(made(TIMELOCK, "renounceRole(bytes32,address)", to_hex(ADMIN), TIMELOCK), "role-timelock-admin", "role-last-admin"),
    "the last proposer": danger(revoke(TIMELOCK, PROPOSER, COUNCIL), "timelock-last-proposer"),
    "the council's right to propose, while another's stays": danger(revoke(TIMELOCK, PROPOSER, COUNCIL), "timelock-last-proposer", roles={(TIMELOCK, PROPOSER): (A, COUNCIL)}),
    "the last canceller": danger(revoke(TIMELOCK, CANCELLER, GUARDIAN), "timelock-last-canceller", roles={(TIMELOCK, CANCELLER): (GUARDIAN,)}),
    "both cancellers": danger([revoke(TIMELOCK, CANCELLER, GUARDIAN), revoke(TIMELOCK, CANCELLER, COUNCIL)], "timelock-last-canceller"),
    "the last executor": danger(revoke(TIMELOCK, EXECUTOR, ZERO_ADDRESS), "timelock-last-executor"),
    "the last pauser": danger(revoke(TARGET, EMERGENCY, GUARDIAN), "role-last-pauser"),
    "the last right to unpause": danger(revoke(TARGET, EMERGENCY, TIMELOCK), "unreachable-unpause", roles=UNPAUSERS, target=DEPLOYED),
    "another owner of a diamond": replace(danger(made(TARGET, "transferOwnership(address)", B), "role-timelock-admin"), network=DIAMOND),
    "no owner of a diamond": replace(danger(made(TARGET, "renounceOwnership()"), "role-timelock-admin"), network=DIAMOND),
    "other governance of v1": danger(made(TARGET, "queueRotateGovernance(address)", B), "role-timelock-admin"),
    "all of all": danger(made(COUNCIL, "changeThreshold(uint256)", "5"), "threshold-all"),
    "an owner leaves, and all others must sign": danger(REMOVE, "threshold-all"),
    "owners leave until all must sign": danger([made(COUNCIL, "removeOwner(address,address,uint256)", A, each, "3") for each in (B, C)], "threshold-all"),
    "a minority": danger(made(COUNCIL, "changeThreshold(uint256)", "2"), "threshold-minority"),
    "owners come until a minority suffices": danger([made(COUNCIL, "addOwnerWithThreshold(address,uint256)", account(n), "3") for n in (20, 21)], "threshold-minority"),
    "a protected selector": danger(diamond_cut(2, CUT), "protected-selector", target=target(generation=Generation.DIAMOND)),
    "two protected selectors": danger(diamond_cut(2, *sorted(PROTECTED)[:2]), "protected-selector", "protected-selector", target=target(generation=Generation.DIAMOND)),
}  # fmt: skip
FAULTS: dict[str, Danger] = {
    "a threshold that nobody can reach": danger(made(COUNCIL, "changeThreshold(uint256)", "6"), "threshold-unreachable"),
    "no threshold": danger(made(COUNCIL, "changeThreshold(uint256)", "0"), "threshold-unreachable"),
    "a role for nobody": danger(grant(TIMELOCK, CANCELLER, ZERO_ADDRESS), "role-zero-address"),
    "a role for the target": danger(grant(TIMELOCK, PROPOSER, TARGET), "role-to-target"),
    "the guardian's owners": danger(made(GUARDIAN, "swapOwner(address,address,address)", A, B, C), "governance-unpinned"),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", DANGEROUS)
def test_a_danger_is_refused_wherever_the_call_stands_unless_it_is_named(name: str, way: str) -> None:
    row = DANGEROUS[name]
    kind, body = WAYS[way](row.calls)
    found = refused(kind, body, row.facts, row.network)
    assert [finding.rule for finding in found] == list(row.rules)
    assert all(finding.path.startswith("calls[") for finding in found)
    assert all(f"name {finding.rule} under `acknowledge`" in finding.hint for finding in found)
    named = list(dict.fromkeys(row.rules))
    assert planned(kind, body, row.facts, row.network, acknowledge=named).steps
    other = next(each for each in sorted(DANGERS) if each not in row.rules)
    assert rules(kind, body, row.facts, row.network, acknowledge=[other]) == [*row.rules, "acknowledged-in-vain"]
    assert rules(kind, body, row.facts, row.network, acknowledge=[*named, other]) == ["acknowledged-in-vain"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_whatever_is_acknowledged(name: str, way: str) -> None:
    row = FAULTS[name]
    kind, body = WAYS[way](row.calls)
    assert set(rules(kind, body, row.facts)) == set(row.rules)
    assert set(row.rules) < set(rules(kind, body, row.facts, acknowledge=sorted(DANGERS)))
    assert not DANGERS & set(row.rules)


@pytest.mark.parametrize("name", DANGEROUS)
def test_a_plain_call_to_those_who_govern_is_refused_before(name: str) -> None:
    row = DANGEROUS[name]
    found = rules(KINDS["contract_call"], entries(row.calls), row.facts, row.network)
    assert found == ["governance-call"] * len(row.calls)


def test_every_danger_is_tested() -> None:
    assert {rule for row in DANGEROUS.values() for rule in row.rules} == DANGERS


HARMLESS: dict[str, tuple[tuple[Made, ...], dict[str, Any]]] = {
    "an executor comes": ((grant(TIMELOCK, EXECUTOR, A),), {}),
    "one of two cancellers goes": ((revoke(TIMELOCK, CANCELLER, GUARDIAN),), {}),
    "another pauser before the last goes": ((grant(TARGET, EMERGENCY, A), revoke(TARGET, EMERGENCY, GUARDIAN)), {}),
    "somebody who held nothing loses it": ((revoke(TIMELOCK, CANCELLER, A),), {}),
    "a role that governs nothing": ((revoke(TARGET, Bytes32(b"\7" * 32), A),), {}),
    "a role of another contract": ((revoke(BUNDLER, ADMIN, TIMELOCK),), {}),
    "the timelock stays the owner": ((made(TARGET, "transferOwnership(address)", TIMELOCK),), {}),
    "an owner comes": ((made(COUNCIL, "addOwnerWithThreshold(address,uint256)", account(20), "4"),), {}),
    "an owner for another": ((made(COUNCIL, "swapOwner(address,address,address)", A, B, account(20)),), {}),
    "a threshold of another Safe": ((made(BUNDLER, "changeThreshold(uint256)", "1"),), {}),
    "a protected selector is replaced": ((diamond_cut(1, CUT),), {}),
    "a protected selector goes and comes back": ((diamond_cut(2, CUT), diamond_cut(0, CUT)), {}),
    "other selectors go": ((diamond_cut(2, b"\1\1\1\1"),), {}),
    "a right that is lent for one operation": (
        (grant(TARGET, EMERGENCY, TIMELOCK), made(TARGET, "removeRoutes(bytes4[])", ["0x01010101"]), revoke(TARGET, EMERGENCY, TIMELOCK)),
        {"governance": GovernanceFacts(), "target": target(generation=Generation.V1)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_what_leaves_the_governance_alive_is_let_through(name: str) -> None:
    calls, facts = HARMLESS[name]
    assert planned(Anything(), entries(calls), pins(**facts)).steps


def found(*steps: Sequence[Made], facts: Pins | None = None, network: Network = NETWORK) -> list[tuple[str, str]]:
    nodes = [tree([each.call for each in step], caller=TIMELOCK) for step in steps]
    return [(each.rule, each.path) for each in dangers(nodes, network=network, pins=facts or pins())]


def test_what_another_call_carries_gives_nothing_and_takes_last() -> None:
    """It may wait, or fail while the rest goes on."""
    comes, goes = grant(TARGET, EMERGENCY, A), revoke(TARGET, EMERGENCY, GUARDIAN)
    assert found([comes, goes]) == []
    assert found([bundle(comes), goes]) == [("role-last-pauser", "calls[1]")]
    assert found([bundle(comes, goes)]) == [("role-last-pauser", "calls[0].multiSend[1]")]
    assert found([bundle(goes), grant(TARGET, EMERGENCY, GUARDIAN)]) == [("role-last-pauser", "calls[0].multiSend")]
    removed, added = diamond_cut(2, CUT), diamond_cut(0, CUT)
    assert found([removed, added]) == []
    assert found([bundle(removed, added)]) == [("protected-selector", "calls[0].multiSend[0]")]


def test_the_worst_is_counted_of_owners_that_other_calls_change() -> None:
    comes = made(COUNCIL, "addOwnerWithThreshold(address,uint256)", account(20), "5")
    assert found([comes]) == []
    assert found([bundle(comes)]) == [("threshold-all", "calls[0].multiSend")]  # 5 of 5, if something else sets it
    up, down = made(COUNCIL, "changeThreshold(uint256)", "4"), made(COUNCIL, "changeThreshold(uint256)", "2")
    assert found([down, up]) == []
    assert found([bundle(down, up)]) == [("threshold-minority", "calls[0].multiSend[1]")]


def test_what_a_later_step_gives_back_is_missing_between_the_two() -> None:
    takes, gives = revoke(TIMELOCK, PROPOSER, COUNCIL), grant(TIMELOCK, PROPOSER, COUNCIL)
    assert found([takes, gives]) == []
    assert found([takes], [gives]) == [("timelock-last-proposer", "calls[0]")]


@pytest.mark.parametrize("way", WAYS)
def test_where_nobody_has_read_who_governs_nothing_helps(way: str) -> None:
    blind = pins(governance=GovernanceFacts(), target=None)
    for call in (
        revoke(TIMELOCK, CANCELLER, GUARDIAN),
        revoke(TARGET, EMERGENCY, GUARDIAN),
        made(COUNCIL, "changeThreshold(uint256)", "3"),
    ):
        kind, body = WAYS[way]([call])
        assert rules(kind, body, blind) == ["governance-unpinned"]
        assert "governance-unpinned" in rules(kind, body, blind, acknowledge=sorted(DANGERS))


def test_of_the_target_what_is_pinned_of_its_parties_suffices() -> None:
    facts = pins(governance=GovernanceFacts(), target=target(timelock_may_remove=True))
    assert found([revoke(TARGET, EMERGENCY, GUARDIAN)], facts=facts) == []
    assert found([revoke(TARGET, EMERGENCY, TIMELOCK)], facts=facts) == []
    assert found([revoke(TARGET, EMERGENCY, GUARDIAN), revoke(TARGET, EMERGENCY, TIMELOCK)], facts=facts) == [("governance-unpinned", "calls[1]")]  # fmt: skip


def altered(call: Made, at: int) -> Call:
    data = bytearray(call.call.data)
    data[at] ^= 0xFF
    return replace(call.call, data=bytes(data))


OTHERWISE: dict[str, Call] = {
    "dirty bits before an owner, which Safe's compiler drops": altered(REMOVE, 4 + 32),
    "dirty bits before an account": altered(revoke(TIMELOCK, CANCELLER, GUARDIAN), 4 + 32),
    "something after the arguments": replace(REMOVE.call, data=REMOVE.call.data + b"\0"),
    "arguments cut off": replace(REMOVE.call, data=REMOVE.call.data[:-1]),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_call_that_could_be_read_in_two_ways_is_refused(name: str) -> None:
    """threat_56"""
    (finding,) = dangers([tree([OTHERWISE[name]], caller=TIMELOCK)], network=NETWORK, pins=pins())
    assert (finding.rule, finding.path) == ("governance-unreadable", "calls[0]")
    assert finding.rule not in DANGERS


def test_code_that_runs_in_the_name_of_a_diamond_is_taken_for_its_own() -> None:
    """threat_38, threat_43: an initialiser that is a cut itself."""
    inner = diamond_cut(2, CUT).call.data
    outer = made(TARGET, DIAMOND_CUT.signature, [], A, to_hex(inner))
    assert found([outer], network=DIAMOND) == [("protected-selector", "calls[0].diamondCut")]


def test_roles_of_a_diamond_keep_nothing_alive_and_its_owner_does() -> None:
    assert found([revoke(TARGET, EMERGENCY, GUARDIAN)], network=DIAMOND) == []
    assert found([revoke(TARGET, ADMIN, TIMELOCK)], network=DIAMOND) == [("role-timelock-admin", "calls[0]")]


def needed(*calls: Made) -> Needs:
    return asked(tree([each.call for each in calls], caller=TIMELOCK), NETWORK)


def test_what_must_be_known_of_calls_is_asked_for() -> None:
    assert needed(PING, bundle(PING), grant(TIMELOCK, PROPOSER, A), made(TARGET, "setFee(uint256)", "1")) == Needs()
    assert needed(bundle(revoke(TIMELOCK, PROPOSER, A))) == Needs(roles=((TIMELOCK, PROPOSER),))
    assert needed(revoke(TARGET, EMERGENCY, A)) == Needs(roles=((TARGET, EMERGENCY),), target=True)
    assert needed(bundle(REMOVE)) == Needs(council=True)
    assert needed(bundle(made(GUARDIAN, "changeThreshold(uint256)", "1"))) == Needs()


def test_a_contract_call_asks_for_what_its_bundles_change_and_for_nothing_more() -> None:
    kind = KINDS["contract_call"]

    def needs(*calls: dict[str, Any]) -> Needs:
        return kind.needs(proposal({"kind": "contract_call", "calls": list(calls)}).document, NETWORK)

    assert needs(PING.entry) == Needs(codes=(BUNDLER,))
    bundled = bundle(revoke(TIMELOCK, PROPOSER, COUNCIL), REMOVE)
    assert needs(bundled.entry) == Needs(codes=(BUNDLER,), roles=((TIMELOCK, PROPOSER),), council=True)
    unfit = {"to": BUNDLER, "function": "setFee(uint256)", "args": ["minus"]}
    assert needs(unfit, bundled.entry) == needs(bundled.entry)  # it is told of when the calls are derived


def test_the_council_itself_is_counted_on_its_own_lane() -> None:
    class Itself(Anything):
        lane: ClassVar[Lane] = Lane.COUNCIL

    calls = entries([made(COUNCIL, "changeThreshold(uint256)", "5")])
    assert rules(Itself(), calls, pins()) == ["threshold-all"]
    assert planned(Itself(), calls, pins(), acknowledge=["threshold-all"]).safe == COUNCIL
