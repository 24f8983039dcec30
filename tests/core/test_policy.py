"""The policy: what is ill-formed is refused whole, every fault at its place. threat_52, threat_54."""

# ruff: noqa: E501 - one row, one fact

from collections.abc import Sequence
from importlib.resources import files

import pytest

from governance.adapters.files import parse
from governance.core.errors import Rejected
from governance.core.findings import MAX_FAULTS
from governance.core.kinds import KINDS
from governance.core.network import TargetKind
from governance.core.policy import Approval, Policy, read
from governance.core.policyfile import policy_schema
from governance.core.tree import digest
from governance.core.units import ZERO_ADDRESS, Duration, Moment, checksummed

A, B, C, D, E, F, G, H = (checksummed(bytes([n] * 20)) for n in range(1, 9))

TEXT = f"""\
schema: governance/policy/v1
members:
  alice: {{address: "{A}"}}
  bob: {{address: "{B}"}}
  carol: {{address: "{C}"}}
roles:
  author: [alice, bob]
  security: [bob, carol]
  council: {{safe: council}}
  guardian: {{safe: guardian}}
networks:
  devnet:
    chain_id: 31337
    council: "{D}"
    guardian: "{E}"
    timelock: "{F}"
    target: {{kind: diamond, address: "{G}"}}
    policy_anchor: "{H}"
rules:
  - id: slow
    kinds: [facet_swap, contract_call]
    may_propose: author
    approvals: [{{role: council, at_least: threshold}}, {{role: security, at_least: 1}}]
    approval_lifetime: 30 d
    via: timelock
    delay: 48 h
    grace: 14 d
    freeze: [{{from: 2026-12-20, to: 2027-01-02}}]
    calls: any
  - id: stop
    kinds: [cancel]
    networks: [devnet]
    may_propose: guardian
    approvals: [{{role: guardian, at_least: threshold}}]
    via: guardian
    delay: 0 s
"""


def made(text: str) -> Policy:
    return read(parse(text, "p"), file="p", kinds=frozenset(KINDS))


def changed(*edits: tuple[str, str]) -> str:
    text = TEXT
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def faults(*edits: tuple[str, str]) -> list[tuple[str, str]]:
    """Rule and `line:column path` of each finding."""
    with pytest.raises(Rejected) as caught:
        made(changed(*edits))
    return [(f.rule, f"{f.place} {f.path}".removeprefix("p:")) for f in caught.value.findings]


def test_a_policy_is_what_its_file_says():
    policy = made(TEXT)
    slow, stop = policy.rules
    assert policy.digest == digest(parse(TEXT, "p"))
    assert policy.members == {"alice": A, "bob": B, "carol": C}
    assert policy.roles["security"] == {"bob", "carol"}
    assert (policy.roles["council"], policy.safes) == (frozenset(), {"council": "council", "guardian": "guardian"})
    network = policy.networks["devnet"]
    assert (network.name, network.chain_id, network.target_kind) == ("devnet", 31337, TargetKind.DIAMOND)
    assert [network.council, network.guardian, network.timelock, network.target, network.policy_anchor] == [
        D,
        E,
        F,
        G,
        H,
    ]
    assert slow.approvals == (
        Approval(role="council", at_least=None, among=None),
        Approval(role="security", at_least=1, among=None),
    )
    assert (slow.delay, slow.grace, slow.hold) == (Duration(172800), Duration(14 * 86400), None)
    assert slow.freeze == ((Moment.parse("2026-12-20"), Moment.parse("2027-01-02")),)
    assert (slow.networks, slow.distinct_from_author) == ({"devnet"}, True)
    assert (slow.approval_lifetime, stop.approval_lifetime) == (Duration(30 * 86400), None)
    assert (stop.grace, stop.freeze, stop.distinct_from_author) == (None, (), True)
    assert (str(slow.place), str(stop.place)) == ("p:20:5", "p:30:5")
    assert policy.endpoints == {}


def test_exactly_one_rule_is_for_a_kind_on_a_network():
    policy = made(TEXT)
    assert policy.rule_for("facet_swap", "devnet") is policy.rules[0]
    assert policy.rule_for("cancel", "devnet") is policy.rules[1]
    assert policy.rule_for("emergency_pause", "devnet") is None
    assert policy.rule_for("facet_swap", "mainnet") is None


def test_the_policy_of_a_new_workspace_is_well_formed_and_has_a_rule_for_every_kind_that_can_be_delayed_or_only_stops():
    text = files("governance.life").joinpath("templates", "policies.yaml").read_text("utf-8")
    policy = made(text)
    lanes = {name: rule.via for name in KINDS if (rule := policy.rule_for(name, "devnet")) is not None}
    assert lanes == {name: kind.lane for name, kind in KINDS.items() if kind.lane != "council"}


APPROVALS = "[{role: council, at_least: threshold}, {role: security, at_least: 1}]"
SCHEMA = {
    "another version": ([("policy/v1", "policy/v2")], ("schema-value", "1:9 schema")),
    "nobody is a member": ([("roles:", "rolez:")], ("schema-missing", "1:1 roles")),
    "a key nobody knows": ([("grace: 14 d", "grave: 14 d")], ("schema-unknown-key", "27:5 rules[0].grave")),
    "a member in capitals": ([("  carol:", "  Carol:")], ("schema-value", "5:3 members.Carol")),
    "an address without checksum": ([(f'"{D}"', '"0x' + "ab" * 20 + '"')], ("schema-value", "14:14 networks.devnet.council")),
    "a hex chain id": ([("31337", "0x7a69")], ("schema-value", "13:15 networks.devnet.chain_id")),
    "no kinds": ([("[cancel]", "[]")], ("schema-value", "31:12 rules[1].kinds")),
    "no networks": ([("networks: [devnet]", "networks: []")], ("schema-value", "32:15 rules[1].networks")),
    "no approvals": ([(APPROVALS, "[]")], ("schema-value", "23:16 rules[0].approvals")),
    "no approval at all": ([("at_least: 1", "at_least: 0")], ("schema-value", "23:82 rules[0].approvals[1].at_least")),
    "a negative number": ([("at_least: 1", "at_least: -1")], ("schema-value", "23:82 rules[0].approvals[1].at_least")),
    "half an approval": ([("at_least: 1", "at_least: 1.5")], ("schema-value", "23:82 rules[0].approvals[1].at_least")),
    "neither true nor false": ([("approval_lifetime: 30 d", "distinct_from_author: no")], ("schema-value", "24:27 rules[0].distinct_from_author")),
    "a lane nobody knows": ([("via: timelock", "via: senate")], ("schema-value", "25:10 rules[0].via")),
    "a delay without unit": ([("48 h", "172800")], ("schema-value", "26:12 rules[0].delay")),
    "a negative delay": ([("48 h", "-48 h")], ("schema-value", "26:12 rules[0].delay")),
    "a rule's id in capitals": ([("id: slow", "id: Slow")], ("schema-value", "20:9 rules[0].id")),
    "a role that is text": ([("[bob, carol]", "bob")], ("schema-value", "8:13 roles.security")),
    "a role of another Safe": ([("safe: council", "safe: treasury")], ("schema-value", "9:19 roles.council.safe")),
    "a wildcard": ([("[cancel]", "['*']")], ("schema-value", "31:13 rules[1].kinds[0]")),
    "a key in an endpoint": ([("chain_id: 31337", "chain_id: 1\n    rpc: https://x/v3/k")], ("schema-value", "14:10 networks.devnet.rpc")),
    "a password in an endpoint": ([("chain_id: 31337", "chain_id: 1\n    rpc: https://u:p@x")], ("schema-value", "14:10 networks.devnet.rpc")),
    "a query in an endpoint": ([("chain_id: 31337", "chain_id: 1\n    rpc: https://x?k=v")], ("schema-value", "14:10 networks.devnet.rpc")),
    "a key in one of several endpoints": ([("chain_id: 31337", "chain_id: 1\n    rpc: [https://x, https://x/v3/k]")], ("schema-value", "14:22 networks.devnet.rpc[1]")),
    "an endpoint twice": ([("chain_id: 31337", "chain_id: 1\n    rpc: [https://x, https://x]")], ("schema-value", "14:10 networks.devnet.rpc")),
    "no endpoint in a list": ([("chain_id: 31337", "chain_id: 1\n    rpc: []")], ("schema-value", "14:10 networks.devnet.rpc")),
    "nobody has to agree": ([("chain_id: 31337", "chain_id: 1\n    agree: 0")], ("schema-value", "14:12 networks.devnet.agree")),
    "a file as endpoint": ([("chain_id: 31337", "chain_id: 1\n    rpc: file:///x")], ("schema-value", "14:10 networks.devnet.rpc")),
}  # fmt: skip

DISAGREEMENTS = {
    "a role names nobody known": ([("[alice, bob]", "[alice, mallory]")], [("policy-unknown-member", "7:19 roles.author[1]")]),
    "a kind nobody has": ([("[cancel]", "[cancle]")], [("policy-unknown-kind", "31:13 rules[1].kinds[0]")]),
    "a network nobody knows": ([("[devnet]", "[mainnet]")], [("policy-unknown-network", "32:16 rules[1].networks[0]")]),
    "a role nobody holds may propose": ([("may_propose: author", "may_propose: x")], [("policy-unknown-role", "22:18 rules[0].may_propose")]),
    "a role nobody holds must approve": ([("role: security", "role: x")], [("policy-unknown-role", "23:62 rules[0].approvals[1].role")]),
    "an empty role": ([("[alice, bob]", "[]")], [("policy-empty-role", "7:11 roles.author")]),
    "a member twice in a role": ([("[alice, bob]", "[alice, alice]")], [("policy-twice", "7:19 roles.author[1]")]),
    "a kind twice": ([("[cancel]", "[cancel, cancel]")], [("policy-twice", "31:21 rules[1].kinds[1]")]),
    "a network twice": ([("[devnet]", "[devnet, devnet]")], [("policy-twice", "32:24 rules[1].networks[1]")]),
    "a rule's id twice": ([("id: stop", "id: slow")], [("policy-twice", "30:9 rules[1].id")]),
    "a role asked twice": (
        [("role: security, at_least: 1", "role: council, at_least: threshold")],
        [("policy-twice", "23:62 rules[0].approvals[1].role"), ("policy-approval-lifetime", "24:24 rules[0].approval_lifetime")],
    ),
    "two members are one account": ([(B, A)], [("policy-same-member", "4:18 members.bob.address")]),
    "a member is nobody": ([(B, ZERO_ADDRESS)], [("policy-zero-address", "4:18 members.bob.address")]),
    "the timelock is nobody": ([(F, ZERO_ADDRESS)], [("policy-zero-address", "16:15 networks.devnet.timelock")]),
    "the target is nobody": ([(G, ZERO_ADDRESS)], [("policy-zero-address", "17:13 networks.devnet.target")]),
    "council and guardian are one Safe": ([(E, D)], [("policy-same-address", "15:15 networks.devnet.guardian")]),
    "the timelock governs itself": ([(G, F)], [("policy-same-address", "17:13 networks.devnet.target")]),
    "one kind under two rules": ([("[cancel]", "[cancel, facet_swap]")], [("policy-overlap", "31:12 rules[1].kinds")]),
    "a delay on the guardian's lane": ([("delay: 0 s", "delay: 1 h")], [("policy-guardian-delay", "36:12 rules[1].delay")]),
    "a grace on the guardian's lane": ([("delay: 0 s", "delay: 0 s\n    grace: 1 d")], [("policy-guardian-grace", "37:12 rules[1].grace")]),
    "a hold on the guardian's lane": ([("delay: 0 s", "delay: 0 s\n    hold: 1 d")], [("policy-hold-lane", "37:11 rules[1].hold")]),
    "a hold of no time": ([("grace: 14 d", "grace: 14 d\n    hold: 0 s")], [("policy-hold-length", "28:11 rules[0].hold")]),
    "a hold as long as the grace": (
        [("grace: 14 d", "grace: 14 d\n    hold: 14 d")], [("policy-hold-grace", "28:11 rules[0].hold")],
    ),
    "a freeze of the emergency path": (
        [("delay: 0 s", "delay: 0 s\n    freeze: [{from: 2026-01-01, to: 2026-01-02}]")],
        [("policy-guardian-freeze", "37:13 rules[1].freeze")],
    ),
    "a freeze that ends before it begins": ([("to: 2027-01-02", "to: 2026-12-20")], [("policy-freeze", "28:14 rules[0].freeze[0]")]),
    "more approvals than people": ([("at_least: 1", "at_least: 3")], [("policy-at-least", "23:82 rules[0].approvals[1].at_least")]),
    "a threshold of people": ([("at_least: 1", "at_least: threshold")], [("policy-threshold", "23:82 rules[0].approvals[1].at_least")]),
    "a number of a Safe's owners": (
        [("{role: guardian, at_least: threshold}", "{role: guardian, at_least: 1}")],
        [("policy-threshold", "34:44 rules[1].approvals[0].at_least")],
    ),
    "the council's lane without the council": ([("role: council, at_least: threshold}, {", "")], [("policy-lane-approval", "23:16 rules[0].approvals")]),
    "a Safe of the other lane": (
        [("{role: security, at_least: 1}", "{role: guardian, at_least: threshold}")],
        [("policy-lane-approval", "23:62 rules[0].approvals[1].role"), ("policy-approval-lifetime", "24:24 rules[0].approval_lifetime")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCHEMA)
def test_a_policy_that_does_not_follow_its_schema_is_refused_at_the_place(name: str):
    edits, expected = SCHEMA[name]
    assert expected in faults(*edits)


@pytest.mark.parametrize("name", DISAGREEMENTS)
def test_a_policy_whose_parts_disagree_is_refused_at_the_place(name: str):
    edits, expected = DISAGREEMENTS[name]
    assert faults(*edits) == expected


def test_every_disagreement_is_told_in_the_order_of_the_file():
    rules = [rule for rule, _ in faults(("[alice, bob]", "[x]"), (E, D), ("48 h", "1 h"), ("[cancel]", "[y]"))]
    assert rules == ["policy-unknown-member", "policy-same-address", "policy-unknown-kind"]


def test_rules_of_one_kind_on_different_networks_do_not_overlap():
    main = "".join(f"    {line}\n" for line in (
        "chain_id: 1", f'council: "{D}"', f'guardian: "{E}"', f'timelock: "{F}"',
        f'target: {{kind: diamond, address: "{G}"}}', f'policy_anchor: "{H}"', "rpc: https://rpc.example.org/",
    ))  # fmt: skip
    other = "  - {id: slower, kinds: [cancel], networks: [mainnet], may_propose: guardian, via: guardian, delay: 0 s,\n"
    other += "     approvals: [{role: guardian, at_least: threshold}]}\n"
    policy = made(TEXT.replace("rules:\n", f"  mainnet:\n{main}rules:\n") + other)
    assert [policy.rule_for("cancel", n).id for n in ("devnet", "mainnet")] == ["stop", "slower"]  # type: ignore[union-attr]
    assert policy.endpoints == {"mainnet": ("https://rpc.example.org/",)}
    assert policy.rules[0].networks == {"devnet", "mainnet"}


@pytest.mark.parametrize("keys", [("members",), ("roles",), ("networks",), ("rules",), ("members", "rules")])
def test_empty_parts_are_refused(keys: Sequence[str]):
    document = {"members": "{}", "roles": "{}", "networks": "{}", "rules": "[]"}
    text = "schema: governance/policy/v1\n" + "".join(f"{key}: {document[key]}\n" for key in keys)
    with pytest.raises(Rejected) as caught:
        made(text)
    rules = {f.path: f.rule for f in caught.value.findings}
    assert rules == {key: "schema-value" if key in keys else "schema-missing" for key in document}


def test_the_schema_for_editors_refuses_unknown_keys_everywhere():
    schema = policy_schema()
    assert schema["additionalProperties"] is False
    assert all(
        part.get("additionalProperties") is False for part in schema["$defs"].values() if part["type"] == "object"
    )


def test_the_schema_for_editors_is_that_of_the_document():
    schema = policy_schema()
    assert (schema["$schema"], schema["title"]) == ("https://json-schema.org/draft/2020-12/schema", "gov policy")
    assert schema["properties"]["schema"]["const"] == "governance/policy/v1"
    assert schema["properties"]["members"]["description"] == "People, by name."
    assert set(schema["$defs"]["FreezePart"]["properties"]) == {"from", "to"}
    assert schema["properties"]["members"]["additionalProperties"] is False
    assert "anyOf" not in schema["$defs"]["RulePart"]["properties"]["grace"]  # nothing is `null`


ENDPOINTS = ["http://localhost:8545", "https://rpc.example.org", "https://rpc.example.org/"]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_public_endpoint_may_stand_in_the_policy(endpoint: str):
    policy = made(changed(("chain_id: 31337", f"chain_id: 31337\n    rpc: {endpoint}")))
    assert policy.endpoints == {"devnet": (endpoint,)}


def test_several_endpoints_may_stand_in_the_policy_and_how_many_must_agree():
    policy = made(changed(("chain_id: 31337", f"chain_id: 31337\n    rpc: [{', '.join(ENDPOINTS)}]\n    agree: 2")))
    assert (policy.endpoints, policy.agree) == ({"devnet": tuple(ENDPOINTS)}, {"devnet": 2})


SECRETS = {
    "a path": ("https://rpc.example.org/v3/key", "a path, query or user may hold a secret", "set the GOV_RPC_… variable instead"),
    "another protocol": ("ftp://rpc.example.org", "an endpoint begins with http:// or https://", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
def test_an_endpoint_that_may_not_be_public_is_told_with_where_it_belongs(name: str):
    endpoint, message, hint = SECRETS[name]
    with pytest.raises(Rejected) as caught:
        made(changed(("chain_id: 31337", f"chain_id: 31337\n    rpc: {endpoint}")))
    assert [(f.message, f.hint) for f in caught.value.findings] == [(message, hint)]


def test_what_is_no_number_of_approvals_is_told_with_what_is():
    with pytest.raises(Rejected) as caught:
        made(changed(("at_least: 1", "at_least: some")))
    assert [(f.message, f.hint) for f in caught.value.findings] == [
        ("`some` is not a number of approvals", "write 1 or more, or threshold for a Safe")
    ]


def test_an_ill_formed_policy_says_that_nothing_is_allowed():
    with pytest.raises(Rejected, match=r"^p is ill-formed: nothing is allowed$"):
        made(changed(("[alice, bob]", "[x]")))


def test_faults_without_end_are_told_up_to_a_bound():
    rule = TEXT[TEXT.index("  - id: stop") :]
    more = "".join(rule.replace("id: stop", f"id: stop-{n}") for n in range(300))
    with pytest.raises(Rejected) as caught:
        made(TEXT + more)
    assert {f.rule for f in caught.value.findings} == {"policy-overlap"}
    assert len(caught.value.findings) == MAX_FAULTS
    with pytest.raises(Rejected) as caught:
        made(TEXT + "".join(f"k{n}: x\n" for n in range(300)))
    assert [str(f.place) for f in caught.value.findings[:2]] == ["p:37:1", "p:38:1"]
    assert len(caught.value.findings) == MAX_FAULTS
