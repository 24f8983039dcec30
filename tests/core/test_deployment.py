"""Descriptions, addresses, steps and claims: all pure, on the artifacts that the package ships."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from governance.adapters.artifacts import Artifacts, safe_artifacts
from governance.adapters.files import parse
from governance.core.access import ADMIN, EMERGENCY, GRANT, HAS_ROLE
from governance.core.artifact import (
    DEPLOYMENT_PROXY,
    Artifact,
    artifact_name,
    create2_address,
    create2_call,
    first_create_address,
)
from governance.core.blueprint import Blueprint, Parts, SafeParts, blueprint, cradle
from governance.core.claims import claims
from governance.core.deployment import Description, description
from governance.core.errors import Rejected
from governance.core.facts import Generation
from governance.core.handover import RENOUNCE_ROLE, Step, steps
from governance.core.keccak import keccak
from governance.core.network import TargetKind
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, Bytes32, address_bytes, checksummed

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = Artifacts([ROOT / "governance/artifacts", ROOT / "tests/artifacts"])
SAFE = safe_artifacts()
NAMES = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "executor")
MEMBERS = {name: checksummed(keccak(name.encode())[:20]) for name in NAMES}
DEPLOYER = checksummed(keccak(b"deployer")[:20])
DIGEST = Bytes32(keccak(b"policy"))
TARGETS = {
    Generation.OURS: "ManifestDispatcher",
    Generation.V1: "DispatcherV1Double",
    Generation.COMPACT: "DispatcherCompactDouble",
    Generation.P4: "DispatcherP4Double",
    Generation.DIAMOND: "DiamondDouble",
}

FEE = {"artifact": "FeeFacet@1", "selectors": "all"}
DOCUMENT: dict[str, Any] = {
    "schema": "governance/deployment/v1",
    "name": "main",
    "safe_version": "1.4.1",
    "council": {"owners": ["alice", "bob", "carol", "dave", "erin"], "threshold": "3"},
    "guardian": {"owners": ["frank", "grace", "heidi"], "threshold": "2"},
    "timelock": {"delay": "48 h", "executors": "open"},
    "target": {
        "generation": "gov-1",
        "artifact": "ManifestDispatcher",
        "activation_delay": "0 s",
        "facets": [FEE],
    },
    "staged": ["FeeFacet@2"],
}


def document(**changes: Any) -> dict[str, Any]:
    """The document above with values replaced, by `__`-separated path."""
    changed = deepcopy(DOCUMENT)
    for path, value in changes.items():
        node = changed
        *above, last = path.split("__")
        for key in above:
            node = node[key]
        node[last] = value
    return changed


def read(written: dict[str, Any]) -> Description:
    return description(parse(yaml.safe_dump(written), "main.yaml"), "main.yaml")


def described(generation: Generation = Generation.OURS, **changes: Any) -> Description:
    target = {"target__generation": generation.value, "target__artifact": TARGETS[generation]}
    return read(document(**{**target, **changes}))


def parts(wanted: Description) -> Parts:
    version = wanted.safe_version.replace(".", "_")
    names = dict.fromkeys((*(facet.artifact for facet in wanted.target.facets), *wanted.staged))
    return Parts(
        safe=SafeParts(
            singleton=SAFE.get(f"Safe_V{version}"),
            factory=SAFE.get(f"ProxyFactory_V{version}"),
            fallback_handler=SAFE.get(f"CompatibilityFallbackHandler_V{version}"),
            proxy=SAFE.get(f"Proxy_V{version}"),
        ),
        timelock=ARTIFACTS.get("TimelockController"),
        target=ARTIFACTS.get(wanted.target.artifact),
        anchor=ARTIFACTS.get("PolicyAnchor"),
        facets={name: ARTIFACTS.get(name) for name in names},
    )


def planned(generation: Generation = Generation.OURS, **changes: Any) -> Blueprint:
    wanted = described(generation, **changes)
    return blueprint(wanted, parts(wanted), MEMBERS, DEPLOYER)


MALFORMED = [
    ("an unknown key", {"surprise": "yes"}, "surprise", "is not known here"),
    ("another schema", {"schema": "governance/deployment/v2"}, "schema", "governance/deployment/v1"),
    ("a Safe that is not supported", {"safe_version": "1.3.0"}, "safe_version", "1.4.1"),
    ("a Safe without owners", {"council__owners": []}, "council.owners", "empty"),
    ("an owner named twice", {"council__owners": ["alice", "bob", "carol", "bob"]}, "council", "named twice"),
    ("a threshold that is never reached", {"guardian__threshold": "4"}, "guardian", "never be reached"),
    ("a threshold of none", {"guardian__threshold": "0"}, "guardian.threshold", "none is not enough"),
    ("a threshold in words", {"guardian__threshold": "two"}, "guardian.threshold", "not a decimal"),
    ("a threshold that is a list", {"guardian__threshold": ["2"]}, "guardian.threshold", "one piece of text"),
    ("a delay without a unit", {"timelock__delay": "48"}, "timelock.delay", "not a duration"),
    ("a delay of ten years", {"timelock__delay": "3650 d"}, "timelock.delay", "longer than"),
    ("an executor list of nobody", {"timelock__executors": []}, "timelock.executors", "at least one name"),
    ("another word for executors", {"timelock__executors": "anyone"}, "timelock.executors", "write `open`"),
    ("an executor named twice", {"timelock__executors": ["bob", "bob"]}, "timelock.executors", "in the list twice"),
    ("an executor with a space", {"timelock__executors": ["b b"]}, "timelock.executors", "small letters"),
    ("an executor that is a list", {"timelock__executors": [["bob"]]}, "timelock.executors", "plain names"),
    ("a path for an artifact", {"target__artifact": "../Evil"}, "target.artifact", "not the name of an artifact"),
    ("a generation that is not known", {"target__generation": "v9"}, "target.generation", "gov-1"),
    ("no selectors", {"target__facets": [FEE | {"selectors": []}]}, "target.facets[0].selectors", "write `all`"),
    ("half a selector", {"target__facets": [FEE | {"selectors": ["fee("]}]}, "facets[0].selectors", "not a function"),
    ("a name with a space", {"name": "main net"}, "name", "is not a name"),
    ("staged facets in a word", {"staged": "FeeFacet@2"}, "staged", "valid tuple"),
]


@pytest.mark.parametrize(
    ("changes", "path", "words"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED]
)
def test_a_malformed_description_is_rejected_at_its_place(changes: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(Rejected, match=r"main\.yaml does not follow its schema") as caught:
        read(document(**changes))
    (finding,) = caught.value.findings
    assert finding.path.endswith(path)
    assert words in f"{finding.message} {finding.hint}"
    assert finding.place is not None


def test_a_missing_delay_has_no_default() -> None:
    changed = document()
    del changed["timelock"]["delay"]
    with pytest.raises(Rejected) as caught:
        read(changed)
    assert [(finding.rule, finding.path) for finding in caught.value.findings] == [("schema-missing", "timelock.delay")]


def test_every_fault_is_reported_not_the_first() -> None:
    with pytest.raises(Rejected) as caught:
        read(document(safe_version="9", timelock__delay="soon", council__threshold="9"))
    assert len(caught.value.findings) == 3


def test_a_diamond_has_no_activation_delay() -> None:
    with pytest.raises(Rejected) as caught:
        described(Generation.DIAMOND, target__activation_delay="1 h")
    assert "a diamond has no activation delay" in caught.value.findings[0].message


def test_members_are_those_named_anywhere_once() -> None:
    assert described(timelock__executors=["executor", "alice"]).members == NAMES
    assert described().members == NAMES[:-1]


def test_the_target_kind_follows_from_the_generation() -> None:
    kinds = {generation: described(generation).target.kind for generation in Generation}
    assert kinds.pop(Generation.DIAMOND) is TargetKind.DIAMOND
    assert set(kinds.values()) == {TargetKind.MANIFEST_DISPATCHER}


EIP_1014 = [
    ("0x0000000000000000000000000000000000000000", "00" * 32, "00", "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38"),
    ("0xdeadbeef00000000000000000000000000000000", "00" * 32, "00", "0xB928f69Bb1D91Cd65274e3c79d8986362984fDA3"),
    ("0x0000000000000000000000000000000000000000", "00" * 32, "", "0xE33C0C7F7df4809055C3ebA6c09CFe4BaF1BD9e0"),
    (
        "0x00000000000000000000000000000000deadbeef",
        "00" * 28 + "cafebabe",
        "deadbeef",
        "0x60f3f640a8508fC6a86d45DF051962668E1e8AC7",
    ),
]


@pytest.mark.parametrize(("deployer", "salt", "code", "wanted"), EIP_1014)
def test_create2_addresses_are_those_of_eip_1014(deployer: str, salt: str, code: str, wanted: str) -> None:
    found = create2_address(Address(deployer), Bytes32(bytes.fromhex(salt)), bytes.fromhex(code))
    assert found == wanted


def test_the_first_address_of_a_contract_is_that_of_nonce_one() -> None:
    import rlp

    encoded = rlp.encode([address_bytes(DEPLOYER), 1])
    assert first_create_address(DEPLOYER) == checksummed(keccak(encoded)[12:])


def test_the_deployment_proxy_is_called_with_salt_and_init_code() -> None:
    call = create2_call(b"\x60\x00", what="nothing")
    assert (call.to, call.data, call.summary) == (DEPLOYMENT_PROXY, ZERO_WORD + b"\x60\x00", "deploy nothing")


NAMES_OF_ARTIFACTS = {"PolicyAnchor": True, "FeeFacet@2": True, "FeeFacet@1.0-rc": True, "Safe_V1_4_1": True}
NAMES_OF_ARTIFACTS |= dict.fromkeys(
    ["", "../Fee", "Fee/Facet", "Fee.json", "@1", "Fee@", "Fee@1@2", "Fee@1..2", "1Fee", "Fé", "F" * 65, "Fee\n"], False
)


@pytest.mark.parametrize(("name", "fine"), NAMES_OF_ARTIFACTS.items())
def test_artifact_names_never_lead_out_of_a_folder(name: str, fine: bool) -> None:
    if fine:
        assert artifact_name(name) == name
    else:
        with pytest.raises(Rejected, match="not the name of an artifact"):
            artifact_name(name)


def test_constructor_arguments_are_encoded_by_the_abi() -> None:
    artifact = Artifact(
        name="Pair",
        abi=({"type": "constructor", "inputs": [{"type": "tuple[]", "components": [{"type": "uint8"}]}]},),
        creation_code=b"\xfe",
        runtime_code=b"",
        selectors={},
        has_immutables=False,
    )
    assert artifact.init_code([(7,)]) == b"\xfe" + b"".join(n.to_bytes(32, "big") for n in (32, 1, 7))
    with pytest.raises(Rejected, match="takes 1 arguments, not 2"):
        artifact.init_code([], [])
    with pytest.raises(Rejected, match="do not fit Pair"):
        artifact.init_code([(256,)])


def test_the_runtime_hash_is_what_the_chain_will_say() -> None:
    facet = ARTIFACTS.get("FeeFacet@1")
    assert facet.runtime_hash == keccak(facet.runtime_code)


def test_addresses_depend_on_the_name_and_not_on_the_network() -> None:
    first, second, other = planned(), planned(), planned(name="other")
    assert first.network("devnet", 31337) == second.network("devnet", 31337)
    ours, theirs = first.network("devnet", 1), other.network("devnet", 1)
    shared = {ours.council, ours.guardian, ours.timelock, ours.target, ours.policy_anchor} & {
        theirs.council,
        theirs.guardian,
        theirs.timelock,
        theirs.target,
        theirs.policy_anchor,
    }
    assert shared == set()


def test_every_generation_is_planned_with_its_own_code() -> None:
    plans = {generation: planned(generation) for generation in Generation}
    assert len({plan.target for plan in plans.values()}) == len(Generation)
    assert len({plan.timelock for plan in plans.values()}) == 1


def test_named_executors_take_the_place_of_anyone() -> None:
    assert planned().executors == (ZERO_ADDRESS,)
    assert planned(timelock__executors=["executor"]).executors == (MEMBERS["executor"],)


def test_routes_are_the_chosen_selectors_with_the_facets_code_hash() -> None:
    facets = [{"artifact": "FeeFacet@1", "selectors": ["fee()"]}]
    plan = planned(target__facets=facets)
    facet = plan.parts.facets["FeeFacet@1"]
    (route,) = plan.routes
    assert (route.selector, route.facet, route.code_hash) == (keccak(b"fee()")[:4], facet.address, facet.runtime_hash)


def test_members_and_selectors_that_are_not_known_are_all_reported() -> None:
    twice = [
        {"artifact": "FeeFacet@1", "selectors": ["fee()", "fees()"]},
        {"artifact": "FeeFacet@2", "selectors": "all"},
    ]
    wanted = described(target__facets=twice)
    members = {name: account for name, account in MEMBERS.items() if name != "dave"} | {"bob": MEMBERS["alice"]}
    with pytest.raises(Rejected) as caught:
        blueprint(wanted, parts(wanted), members, DEPLOYER)
    rules = {finding.rule for finding in caught.value.findings}
    assert rules == {"unknown-member", "owner-twice", "unknown-selector", "selector-twice"}


def test_the_cradle_is_56_bytes_of_which_47_stay() -> None:
    code = cradle(DEPLOYER)
    assert len(code) == 9 + 47
    assert address_bytes(DEPLOYER) in code


def of_role(found: tuple[Step, ...], contract: Address, selector: bytes) -> list[int]:
    return [i for i, step in enumerate(found) if step.call.to == contract and step.call.data.startswith(selector)]


@pytest.mark.parametrize("generation", [g for g in Generation if g not in {Generation.V1, Generation.DIAMOND}])
def test_the_deployer_leaves_only_after_everybody_has_come(generation: Generation) -> None:
    """threat_28"""
    plan = planned(generation, target__activation_delay="1 h")
    found = steps(plan, DIGEST, "policies.yaml")
    for contract in (plan.timelock, plan.target):
        grants = of_role(found, contract, GRANT.selector)
        renounces = of_role(found, contract, RENOUNCE_ROLE.selector)
        assert max(grants) < min(renounces)
    admin_last = [found[i].call.data[4:36] for i in of_role(found, plan.target, RENOUNCE_ROLE.selector)][-1]
    assert admin_last == ADMIN


@pytest.mark.parametrize("generation", Generation)
def test_the_anchor_comes_last_and_every_step_says_when_it_is_done(generation: Generation) -> None:
    plan = planned(generation)
    found = steps(plan, DIGEST, "policies.yaml")
    assert found[-1].built == plan.policy_anchor
    assert all(step.built is not None or step.done for step in found)
    assert len({step.purpose for step in found}) == len(found)


def test_a_step_without_a_sign_that_it_is_done_is_refused() -> None:
    with pytest.raises(ValueError, match="would be repeated"):
        Step(purpose="nothing", call=create2_call(b"", what="nothing"))


@pytest.mark.parametrize("generation", Generation)
def test_a_system_without_routes_is_built_without_routing(generation: Generation) -> None:
    plan = planned(generation, target__facets=[], staged=[])
    assert not any("first routes" in step.purpose for step in steps(plan, DIGEST, ""))
    assert all("route" not in claim.what for claim in claims(plan, DIGEST).views)


@pytest.mark.parametrize("generation", Generation)
def test_only_the_timelock_is_claimed_to_be_admin(generation: Generation) -> None:
    """threat_28"""
    plan = planned(generation)
    found = claims(plan, DIGEST)
    assert all(roles.holders[ADMIN] == {plan.timelock} for roles in found.roles)
    assert all(DEPLOYER not in accounts for roles in found.roles for accounts in roles.holders.values())
    assert len(found.roles) == (1 if generation is Generation.DIAMOND else 2)


def test_the_timelock_may_remove_only_where_removal_asks_for_the_emergency_role() -> None:
    held = {g: claims(planned(g), DIGEST).roles[-1].holders for g in Generation if g is not Generation.DIAMOND}
    plan = planned()
    assert held.pop(Generation.OURS)[EMERGENCY] == {plan.guardian.address}
    assert all(len(holders[EMERGENCY]) == 2 for holders in held.values())


def test_role_reads_are_typed() -> None:
    assert (HAS_ROLE.signature, HAS_ROLE.outputs) == ("hasRole(bytes32,address)", ("bool",))
