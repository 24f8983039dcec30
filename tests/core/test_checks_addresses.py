"""Addresses: what is known by which source, where an unknown one is found, and names that nobody may mistake.

threat_54, threat_55
"""

# ruff: noqa: E501 - one row, one fact

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.adapters.files import parse
from governance.core import proposal as core_proposal
from governance.core.call import Call, encode_call, function
from governance.core.case import Case, Gate
from governance.core.checks.addresses import addresses
from governance.core.errors import Finding, Place, Rejected
from governance.core.facts import CouncilFacts, GovernanceFacts, RoleFacts
from governance.core.kinds import KINDS, Lane
from governance.core.lookalike import folded
from governance.core.mentions import functions_of
from governance.core.pins import FacetPin
from governance.core.plan import Plan
from governance.core.policy import Policy
from governance.core.safelayout import SENTINEL
from governance.core.tree import Mapping
from governance.core.units import ZERO_ADDRESS, ZERO_WORD, Address, checksummed, to_hex
from governance.core.verdict import judge
from tests.core.test_calltree import by_multisend
from tests.core.test_expectation import PINS
from tests.core.test_permission import planned
from tests.core.test_policy import A, D, F, G, H, changed, made
from tests.core.test_proposal import START
from tests.core.test_situation import BEFORE, PROXY, account

MODELS = {name: kind.document for name, kind in KINDS.items()}
STRANGER, OTHER, VAULT, FARAWAY = (account(n) for n in (81, 82, 80, 79))
BOOK = f"""\
addresses:
  vault: {{address: "{VAULT}", purpose: Holds the fees}}
  bridge: {{address: "{FARAWAY}", purpose: Carries tokens, networks: [farnet]}}
networks:
  farnet:
    chain_id: 10
    council: "{account(70)}"
    guardian: "{account(71)}"
    timelock: "{account(72)}"
    target: {{kind: diamond, address: "{account(73)}"}}
    policy_anchor: "{account(74)}"
"""
POLICY = made(changed(("networks:\n  devnet", f"{BOOK}  devnet")))
FORGED = checksummed(bytes.fromhex(VAULT[2:10]) + b"\x99" * 16)
"""Begins like the vault."""


def text(to: str = A, signature: str = "f()", args: str = "[]", more: str = "") -> str:
    calls = f'calls:\n  - to: "{to}"\n    function: "{signature}"\n    args: {args}\n'
    return START[: START.index("calls:")] + calls + more


def introduced(who: str = STRANGER, name: str = "treasury-2", purpose: str = "The new treasury") -> str:
    return f'introduce:\n  - {{address: "{who}", name: {name}, purpose: "{purpose}"}}\n'


def plan(*calls: Call, **pins: Any) -> Plan:
    return replace(planned(*(calls or (Call(to=Address(A)),))), pins=replace(PINS, **pins))


def case(written: str, known: Plan | None, gate: Gate = Gate.LOCK, policy: Policy = POLICY) -> Case:
    proposal = core_proposal.read(parse(written, "p"), id="0001-x", file="p", models=MODELS)
    return Case(proposal=proposal, policy=policy, network="devnet", lane=Lane.TIMELOCK, gate=gate, now=None, plan=known)


def findings(written: str, known: Plan | None = None, gate: Gate = Gate.LOCK) -> list[Finding]:
    return list(addresses(case(written, plan() if known is None else known, gate), POLICY.rules[0]))


def found(written: str, known: Plan | None = None, gate: Gate = Gate.LOCK) -> list[tuple[str, str]]:
    return [(each.rule, each.path) for each in findings(written, known, gate)]


def finding(rule: str, message: str, hint: str, place: str, path: str) -> Finding:
    line, column = map(int, place.split(":"))
    return Finding(rule=rule, message=message, hint=hint, place=Place(file="p", line=line, column=column), path=path)


GOVERNED = GovernanceFacts(
    roles=(RoleFacts(contract=Address(D), role=ZERO_WORD, holders=(STRANGER,)),),
    council=CouncilFacts(
        owners=(OTHER,), threshold=1, modules=(account(83),), guard=account(84), fallback_handler=account(85)
    ),
    proxies=(
        replace(
            BEFORE.proxies[0], implementation=account(86), owner=account(87), admin=account(90), beacon=account(91),
            beacon_implementation=account(92),
        ),
    ),
)  # fmt: skip
ROUTED = replace(BEFORE.target, routes=(replace(BEFORE.target.routes[0], facet=account(88)),))
KNOWN: dict[str, tuple[str, Plan]] = {
    "a member": (A, plan()),
    "the council": (D, plan()),
    "the timelock": (F, plan()),
    "the governed system": (G, plan()),
    "an entry of the book": (VAULT, plan()),
    "a facet that is routed": (account(88), plan(target=ROUTED)),
    "a facet that is built here": (STRANGER, plan(facets=(FacetPin(reference="FeeFacet@2", address=STRANGER, code_hash=ZERO_WORD, selectors=None),))),
    "who holds a role": (STRANGER, plan(governance=GOVERNED)),
    "an owner of the council": (OTHER, plan(governance=GOVERNED)),
    "a module": (account(83), plan(governance=GOVERNED)),
    "the guard": (account(84), plan(governance=GOVERNED)),
    "the fallback handler": (account(85), plan(governance=GOVERNED)),
    "an implementation": (account(86), plan(governance=GOVERNED)),
    "an owner of a proxy's admin": (account(87), plan(governance=GOVERNED)),
    "a proxy's admin": (account(90), plan(governance=GOVERNED)),
    "a beacon": (account(91), plan(governance=GOVERNED)),
    "what a beacon answers": (account(92), plan(governance=GOVERNED)),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_need_not_be_introduced(name: str) -> None:
    who, known = KNOWN[name]
    assert found(text(who), known) == []


def test_who_is_named_to_a_function_that_only_the_policy_knows_must_be_known() -> None:
    policy = made(changed(("    calls: any\n", f'    calls: [{{to: ["{VAULT}"], function: "pay(uint8,address)"}}]\n')))
    paid = plan(many(Call(to=VAULT, data=encode_call(function("pay(uint8,address)"), [1, STRANGER]))))
    (finding,) = addresses(case(text(), paid, policy=policy), policy.rules[0])
    assert (finding.rule, finding.path) == ("address-unknown", "calls[0]")
    assert found(text(), paid) == []


def test_a_contract_that_a_rule_lets_be_called_is_known() -> None:
    policy = made(changed(("    calls: any\n", f'    calls: [{{to: ["{STRANGER}"], function: "f()"}}]\n')))
    assert list(addresses(case(text(STRANGER), plan(), policy=policy), policy.rules[0])) == []


ELSEWHERE = {"an entry of the book for it": FARAWAY, "its council": account(70), "its governed system": account(73)}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_another_network_knows_is_unknown_here(name: str) -> None:
    """A Safe of one chain may be anybody's on another."""
    (finding,) = findings(text(ELSEWHERE[name]))
    assert (finding.rule, finding.path) == ("address-unknown", "calls[0].to")
    assert "on devnet: it is " in finding.message
    assert found(text(ELSEWHERE[name]) + introduced(ELSEWHERE[name])) == []


def transfer(to: Address, signature: str = "transfer(address,uint256)") -> Call:
    return Call(to=VAULT, data=encode_call(function(signature), [to, 5]))


LISTED, TUPLES = "f(address[],uint256)", "f((uint256,address)[])"


def many(*calls: Call) -> Call:
    """Bundled, by a contract that is known."""
    return replace(by_multisend(*calls), to=VAULT)


UNKNOWN: dict[str, tuple[str, Plan, str]] = {
    "who is called": (text(STRANGER), plan(), "calls[0].to"),
    "an argument": (text(A, "f(address)", f'["{STRANGER}"]'), plan(), "calls[0].args[0]"),
    "an argument within lists": (text(A, "f((address[],bool)[])", f'[[[["{A}", "{STRANGER}"], true]]]'), plan(), "calls[0].args[0][0][0][1]"),
    "who is asked": (text(more=f'expect: [{{call: "f()(bool)", to: "{STRANGER}", equals: true}}]\n'), plan(), "expect[0].to"),
    "an answer that is expected": (text(more=f'expect: [{{call: "f()(address)", equals: "{STRANGER}"}}]\n'), plan(), "expect[0].equals"),
    "whose balance changes": (text(more=f'expect: [{{balance: "{STRANGER}", changes_by: 1}}]\n'), plan(), "expect[0].balance"),
    "a facet that is only named": (text(STRANGER), plan(facets=(FacetPin(reference=STRANGER, address=STRANGER, code_hash=ZERO_WORD, selectors=None),)), "calls[0].to"),
    "who is called by a kind": (text(), plan(Call(to=STRANGER)), "calls[0]"),
    "who is called inside of another call": (text(), plan(many(Call(to=Address(A)), Call(to=STRANGER, data=b"\1\2\3\4"))), "calls[0]"),
    "who gets tokens inside of another call": (text(), plan(many(transfer(STRANGER))), "calls[0]"),
    "one of a list inside of another call": (text(A, LISTED, f'[["{A}"], "1"]'), plan(many(Call(to=VAULT, data=encode_call(function(LISTED), [[A, STRANGER], 1])))), "calls[0]"),
    "a member of a tuple inside of another call": (text(A, TUPLES, f'[[["1", "{A}"]]]'), plan(many(Call(to=VAULT, data=encode_call(function(TUPLES), [[(1, A), (2, STRANGER)]])))), "calls[0]"),
    "who gets a role inside of another call": (text(), plan(many(Call(to=Address(G), data=encode_call(function("grantRole(bytes32,address)"), [bytes(32), STRANGER])))), "calls[0]"),
}  # fmt: skip


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize("name", UNKNOWN)
def test_nobody_unknown_comes_in_without_being_introduced(name: str, gate: Gate) -> None:
    written, known, path = UNKNOWN[name]
    assert found(written, known, gate) == [("address-unknown", path)]
    assert found(written + introduced(), known, gate) == []


def test_every_gate_runs_this_check() -> None:
    for gate in Gate:
        verdict = judge(case(text(STRANGER), plan(), gate))
        assert "address-unknown" in {finding.rule for finding in verdict.violations}


def test_a_hint_can_be_pasted_and_still_has_to_be_filled_in() -> None:
    (finding,) = findings(text(STRANGER))
    entry = finding.hint[finding.hint.index("{") : finding.hint.index("}") + 1]
    pasted = text(STRANGER) + f"introduce:\n  - {entry}\n"
    with pytest.raises(Rejected) as caught:
        found(pasted)
    assert [each.path for each in caught.value.findings] == ["introduce[0].name", "introduce[0].purpose"]
    assert found(pasted.replace("name: …", "name: vault-2").replace('"…"', "A second vault")) == []


def test_one_address_is_told_once() -> None:
    written = text(STRANGER, more=f'expect: [{{call: "f()(bool)", to: "{STRANGER}", equals: true}}]\n')
    assert found(written, plan(Call(to=STRANGER), Call(to=STRANGER))) == [("address-unknown", "calls[0].to")]


def test_nobody_is_an_account_where_an_author_chooses_arguments() -> None:
    nobody = text(A, "f(address)", f'["{ZERO_ADDRESS}"]')
    assert found(nobody) == [("address-unknown", "calls[0].args[0]")]
    assert found(nobody + introduced(ZERO_ADDRESS, "nobody", "Takes the operator away")) == []
    assert found(text(more=f'expect: [{{call: "f()(address)", equals: "{ZERO_ADDRESS}"}}]\n')) == []
    assert found(text(), plan(transfer(Address(ZERO_ADDRESS)))) == []


PROXY_UPGRADE = START[: START.index("calls:")].replace("contract_call", "proxy_upgrade")
NOBODY_IS_MEANT: dict[str, tuple[str, list[str]]] = {
    "who is called": (text(ZERO_ADDRESS), ["calls[0].to"]),
    "a proxy": (PROXY_UPGRADE + f'proxy: "{ZERO_ADDRESS}"\npattern: uups\nimplementation: "{A}"\n', ["proxy"]),
    "its new code": (PROXY_UPGRADE + f'proxy: "{A}"\npattern: uups\nimplementation: "{ZERO_ADDRESS}"\n', ["implementation"]),
    "an argument within a list": (text(A, LISTED, f'[["{ZERO_ADDRESS}"], "1"]'), ["calls[0].args[0][0]"]),
    "the end of a Safe's list as an argument": (text(A, "f(address)", f'["{SENTINEL}"]'), ["calls[0].args[0]"]),
    "whose balance changes": (text(more=f'expect: [{{balance: "{ZERO_ADDRESS}", changes_by: 1}}]\n'), []),
}  # fmt: skip


@pytest.mark.parametrize("name", NOBODY_IS_MEANT)
def test_nobody_is_meant_only_where_nobody_can_be(name: str) -> None:
    written, paths = NOBODY_IS_MEANT[name]
    assert found(written) == [("address-unknown", path) for path in paths]


def test_a_stranger_is_told_with_what_is_known_of_it() -> None:
    hint = "say who it is, under `introduce:`: - {entry}; or have the policy's `addresses:` name it"
    for who, message in (
        (STRANGER, f"nobody knows {STRANGER}: the policy does not name it, and it has no part in what is in force"),
        (
            FARAWAY,
            f"nobody knows {FARAWAY} on devnet: it is `bridge` of the address book, which says nothing of this network",
        ),
    ):
        what_to_do = hint.format(entry=f'{{address: "{who}", name: …, purpose: "…"}}')
        assert findings(text(who)) == [finding("address-unknown", message, what_to_do, "8:9", "calls[0].to")]
        derived = findings(text(), plan(Call(to=who)))
        assert derived == [finding("address-unknown", message, what_to_do, "8:5", "calls[0]")]


def test_a_function_of_the_same_selector_hides_no_argument() -> None:
    """`many_msg_babbage(bytes1)` has the selector of `transfer(address,uint256)`."""
    disguised = text(A, "many_msg_babbage(bytes1)", '["0x01"]')
    assert found(disguised, plan(many(transfer(STRANGER)))) == [("address-unknown", "calls[0]")]


def test_what_is_no_function_is_passed_over() -> None:
    tree = parse('a: [{function: "f(address)"}, {function: nonsense}, {function: [x]}]\nfunction: "g()"\n', "p")
    assert [fn.signature for fn in functions_of(tree)] == ["f(address)", "g()"]


CUT = {"short": transfer(STRANGER).data[:40], "not an address": transfer(STRANGER).data[:4] + b"\xff" * 64}


@pytest.mark.parametrize("name", CUT)
def test_what_cannot_be_read_names_nobody(name: str) -> None:
    assert found(text(), plan(many(Call(to=VAULT, data=CUT[name])))) == []


# ---- before anything is read from a chain ----------------------------------------------------------------------------

ROLES = START[: START.index("calls:")].replace("contract_call", "timelock_change")
GRANTS = ROLES + f'changes:\n  - {{grant: CANCELLER_ROLE, account: "{STRANGER}"}}\n'


def unlocked(written: str) -> list[tuple[str, str]]:
    return [(each.rule, each.path) for each in addresses(case(written, None, Gate.CHECK), POLICY.rules[0])]


READ_FROM_THE_CHAIN = {
    "a council's guard": START[: START.index("calls:")].replace("contract_call", "council_change") + f'set_guard: "{STRANGER}"\n',
    "a proxy": START[: START.index("calls:")].replace("contract_call", "proxy_upgrade") + f'proxy: "{STRANGER}"\npattern: uups\nimplementation: "{OTHER}"\n',
    "a holder of a role": GRANTS,
}  # fmt: skip


@pytest.mark.parametrize("name", READ_FROM_THE_CHAIN)
def test_what_the_chain_may_know_is_not_judged_without_it(name: str) -> None:
    assert unlocked(READ_FROM_THE_CHAIN[name]) == []


def test_without_a_lock_file_it_is_judged_where_no_chain_could_know_more() -> None:
    assert unlocked(text(STRANGER)) == [("address-unknown", "calls[0].to")]
    assert unlocked(text(STRANGER) + introduced()) == []
    assert unlocked(text() + introduced()) == [("introduced-in-vain", "introduce[0].address")]
    assert unlocked(GRANTS) == []
    assert unlocked(GRANTS + introduced(OTHER)) == []
    assert unlocked(GRANTS.replace(STRANGER, FORGED)) == [("address-lookalike", "changes[0].account")]


# ---- introductions ---------------------------------------------------------------------------------------------------

NAMED = text(STRANGER)
FAULTY: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "nobody else names it": (text() + introduced(), [("introduced-in-vain", "introduce[0].address")]),
    "it is a member": (text() + introduced(A), [("introduced-twice", "introduce[0].address")]),
    "it is the council": (text(D) + introduced(D), [("introduced-twice", "introduce[0].address")]),
    "it is in the book": (text(VAULT) + introduced(VAULT), [("introduced-twice", "introduce[0].address")]),
    "it is introduced above": (NAMED + introduced() + introduced(name="other")[len("introduce:\n"):], [("introduced-twice", "introduce[1].address")]),
    "its name is a member's": (NAMED + introduced(name="alice"), [("name-lookalike", "introduce[0].name")]),
    "its name reads like a member's": (NAMED + introduced(name="a1ice"), [("name-lookalike", "introduce[0].name")]),
    "its name reads like the book's": (NAMED + introduced(name="vau1t"), [("name-lookalike", "introduce[0].name")]),
    "its name is a duty": (NAMED + introduced(name="time1ock"), [("name-lookalike", "introduce[0].name")]),
    "its name reads like one above": (
        text(STRANGER, "f(address)", f'["{OTHER}"]') + introduced() + introduced(OTHER, "treasury_2")[len("introduce:\n"):],
        [("name-lookalike", "introduce[1].name")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTY)
def test_an_introduction_is_needed_true_and_unmistakable(name: str) -> None:
    written, expected = FAULTY[name]
    assert found(written) == expected


MISTAKEN = "choose a name that nobody mistakes"
TOLD: dict[str, tuple[str, list[Finding]]] = {
    "nobody names it": (text() + introduced(), [finding("introduced-in-vain", f"{STRANGER} is introduced, and nothing else here names it", "drop it", "12:15", "introduce[0].address")]),
    "the policy names it": (text() + introduced(A), [finding("introduced-twice", f"{A} is the member `alice` already", "drop it", "12:15", "introduce[0].address")]),
    "it is introduced above": (
        NAMED + introduced() + introduced(name="other")[len("introduce:\n"):],
        [finding("introduced-twice", f"{STRANGER} is `treasury-2`, introduced above, already", "drop it", "13:15", "introduce[1].address")],
    ),
    "its name is like the book's": (NAMED + introduced(name="vau1t"), [finding("name-lookalike", "`vau1t` reads like `vault`, which the policy names", MISTAKEN, "12:67", "introduce[0].name")]),
    "its name is like one above": (
        text(STRANGER, "f(address)", f'["{OTHER}"]') + introduced() + introduced(OTHER, "treasury_2")[len("introduce:\n"):],
        [finding("name-lookalike", "`treasury_2` reads like `treasury-2`, which is introduced above", MISTAKEN, "13:67", "introduce[1].name")],
    ),
    "two are in vain": (
        text() + introduced() + introduced(OTHER, "other")[len("introduce:\n"):],
        [
            finding("introduced-in-vain", f"{who} is introduced, and nothing else here names it", "drop it", f"{12 + i}:15", f"introduce[{i}].address")
            for i, who in enumerate((STRANGER, OTHER))
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_what_is_wrong_with_an_introduction_is_told_with_what_to_do(name: str) -> None:
    written, expected = TOLD[name]
    assert findings(written) == expected


def test_who_is_introduced_is_told_by_what_it_is_on_this_network() -> None:
    """Alice is the council of another."""
    policy = made(changed(("networks:\n  devnet", f"{BOOK.replace(account(70), A)}  devnet")))
    (found,) = addresses(case(text() + introduced(A), plan(), policy=policy), policy.rules[0])
    assert found.message == f"{A} is the member `alice` already"


def test_an_address_that_differs_in_its_first_digit_is_not_named_by_data() -> None:
    inner = to_hex(transfer(STRANGER).data).replace(STRANGER[2:].lower(), f"4{STRANGER[3:].lower()}")
    assert found(text(A, "f(bytes)", f'["{inner}"]') + introduced()) == [("introduced-in-vain", "introduce[0].address")]


def test_who_came_into_the_book_under_the_same_name_may_stay_introduced() -> None:
    """Or every executed proposal would have findings once the policy follows it."""
    assert found(text(VAULT) + introduced(VAULT, "vault", "Holds the fees")) == []


@pytest.mark.parametrize("gate", [Gate.QUEUE, Gate.EXECUTE])
def test_a_needless_introduction_does_not_hold_what_is_signed(gate: Gate) -> None:
    assert found(text(VAULT) + introduced(VAULT), gate=gate) == []


def test_an_introduction_is_not_in_vain_when_only_data_or_calls_name_it() -> None:
    inner = to_hex(transfer(STRANGER).data)
    assert found(text(A, "f(bytes)", f'["{inner}"]') + introduced()) == []
    assert found(text() + introduced(), plan(Call(to=STRANGER))) == []


def test_who_is_known_on_one_network_only_is_introduced_for_the_other() -> None:
    both = (text(FARAWAY) + introduced(FARAWAY)).replace("[devnet]", "[devnet, farnet]")
    assert found(both) == []


# ---- look-alikes -----------------------------------------------------------------------------------------------------

IMITATIONS: dict[str, tuple[str, Plan, str]] = {
    "who is called": (text(FORGED), plan(), "calls[0].to"),
    "who is introduced": (text(FORGED) + introduced(FORGED), plan(), "calls[0].to"),
    "one of a list": (text(A, LISTED, f'[["{A}", "{FORGED}"], "1"]'), plan(), "calls[0].args[0][1]"),
    "a member of a tuple": (text(A, "f((uint256,address))", f'[["1", "{FORGED}"]]'), plan(), "calls[0].args[0][1]"),
    "who is called inside of another call": (text(), plan(many(Call(to=FORGED))), "calls[0]"),
    "who gets tokens inside of another call": (text(), plan(many(transfer(FORGED))), "calls[0]"),
    "one of a list inside of another call": (text(), plan(many(Call(to=VAULT, data=encode_call(function(LISTED), [[A, FORGED], 1])))), "calls[0]"),
    "an argument of a function that nobody knows": (text(), plan(many(Call(to=VAULT, data=encode_call(function("zap(uint8,address)"), [1, FORGED])))), "calls[0]"),
}  # fmt: skip


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize("name", IMITATIONS)
def test_an_address_that_looks_like_a_known_one_is_refused_at_every_gate(name: str, gate: Gate) -> None:
    written, known, path = IMITATIONS[name]
    (finding,) = findings(written, known, gate)
    assert (finding.rule, finding.path) == ("address-lookalike", path)
    assert f"{FORGED} begins like `vault` of the address book, {VAULT}" in finding.message


def test_what_is_in_force_is_not_imitated_either() -> None:
    owner = checksummed(bytes.fromhex(OTHER[2:10]) + b"\x98" * 16)
    (finding,) = findings(text(owner), plan(governance=GOVERNED))
    assert "begins like an owner of the council" in finding.message


LIKE = "compare every digit with its source; if both are meant, one of them has to be made anew"


def test_what_is_imitated_is_told_with_what_to_do() -> None:
    message = f"{FORGED} begins like `vault` of the address book, {VAULT}, but is another address"
    assert findings(text(FORGED)) == [finding("address-lookalike", message, LIKE, "8:9", "calls[0].to")]
    assert findings(text(), plan(many(Call(to=FORGED)))) == [
        finding("address-lookalike", message, LIKE, "8:5", "calls[0]")
    ]


IN_FORCE = {
    83: "a module of the council",
    84: "the council's guard",
    85: "the council's fallback handler",
    86: f"the implementation of {PROXY}",
    87: f"the owner of {PROXY}",
    90: f"the admin of {PROXY}",
    91: f"the beacon of {PROXY}",
    92: f"the beacon implementation of {PROXY}",
}


@pytest.mark.parametrize("number", IN_FORCE)
def test_what_is_imitated_is_told_by_its_part_in_what_is_in_force(number: int) -> None:
    forged = checksummed(bytes([number] * 4) + b"\x97" * 16)
    (found,) = findings(text(forged), plan(governance=GOVERNED))
    assert found.message == f"{forged} begins like {IN_FORCE[number]}, {account(number)}, but is another address"


def test_numbers_are_not_taken_for_addresses() -> None:
    amounts = encode_call(function("zap(uint256,uint256,bytes32)"), [10**18, 2**96, b"\xff" * 32])
    assert found(text(), plan(many(Call(to=VAULT, data=amounts)))) == []


# ---- the book --------------------------------------------------------------------------------------------------------


def entry(address: str, more: str = "", name: str = "vault") -> str:
    return f'  {name}: {{address: "{address}", purpose: Holds the fees{more}}}\n'


WRONG_BOOKS: dict[str, tuple[str, list[str]]] = {
    "the zero address": (entry(ZERO_ADDRESS), ["policy-zero-address"]),
    "a member": (entry(A), ["policy-same-address"]),
    "the council": (entry(D), ["policy-same-address"]),
    "the governed system": (entry(G), ["policy-same-address"]),
    "the policy anchor": (entry(H), ["policy-same-address"]),
    "one account twice": (entry(VAULT) + entry(VAULT, name="other"), ["policy-same-address"]),
    "no purpose": (f'  vault: {{address: "{STRANGER}"}}\n', ["schema-missing"]),
    "no checksum": (entry("0xABCDEF" + "11" * 17), ["schema-value"]),
    "a network that is not there": (entry(VAULT, ", networks: [nonet]"), ["policy-unknown-network"]),
    "no network": (entry(VAULT, ", networks: []"), ["schema-value"]),
    "a member's name": (entry(VAULT, name="alice"), ["policy-name-lookalike"]),
    "a name like another": (entry(VAULT, name="modern") + entry(OTHER, name="rnodern"), ["policy-name-lookalike"]),
    "a duty's name": (entry(VAULT, name="policy-anchor"), ["policy-name-lookalike"]),
    "an address like another": (entry(VAULT) + entry(FORGED, name="other"), ["policy-address-lookalike"]),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_BOOKS)
def test_an_entry_of_the_book_that_makes_no_sense_is_refused(name: str) -> None:
    entries, rules = WRONG_BOOKS[name]
    with pytest.raises(Rejected) as caught:
        made(changed(("networks:\n  devnet", f"addresses:\n{entries}networks:\n  devnet")))
    assert [finding.rule.removeprefix("policy-") for finding in caught.value.findings] == [
        rule.removeprefix("policy-") for rule in rules
    ]


BOOK_PATHS = {
    "the zero address": "addresses.vault.address",
    "one account twice": "addresses.other.address",
    "a network that is not there": "addresses.vault.networks[0]",
    "a name like another": "addresses.rnodern",
}


@pytest.mark.parametrize("name", BOOK_PATHS)
def test_a_fault_of_the_book_is_told_at_its_place(name: str) -> None:
    with pytest.raises(Rejected) as caught:
        made(changed(("networks:\n  devnet", f"addresses:\n{WRONG_BOOKS[name][0]}networks:\n  devnet")))
    assert [each.path for each in caught.value.findings] == [BOOK_PATHS[name]]


SAME = [("vault-1", "vault-i"), ("modern", "rnodern"), ("swap", "svvap"), ("fee-vault", "feevault"), ("pool", "p00l")]
OTHERS = [("vault-1", "vault-2"), ("alice", "alison"), ("fees", "feet")]


@pytest.mark.parametrize(("one", "two", "same"), [*((*p, True) for p in SAME), *((*p, False) for p in OTHERS)])
def test_names_that_a_hasty_reader_confuses_fold_to_the_same(one: str, two: str, same: bool) -> None:
    assert (folded(one) == folded(two)) is same


# ---- properties ------------------------------------------------------------------------------------------------------

PROPOSALS = [written for written, _, _ in (*UNKNOWN.values(), *IMITATIONS.values())] + [w for w, _ in FAULTY.values()]
WORDS = st.from_regex(r"[a-h]{3,8}", fullmatch=True)


def rules(written: str) -> list[str]:
    return sorted(f"{each.rule} {each.message}" for each in judge(case(written, plan())).violations)


@given(st.sampled_from([w for w, known, _ in UNKNOWN.values() if STRANGER in w]), WORDS)
def test_an_introduction_takes_its_own_finding_away_and_brings_none(written: str, name: str) -> None:
    before, after = rules(written), rules(written + introduced(name=f"x{name}", purpose="Somebody new to all"))
    assert set(after) <= set(before)
    assert [rule for rule in before if rule not in after] == [r for r in before if r.startswith("address-unknown")]


@given(st.sampled_from(PROPOSALS), st.randoms(use_true_random=False))
def test_the_order_of_keys_says_nothing(written: str, random: Any) -> None:
    tree = parse(written, "p")
    entries = list(tree.entries)
    random.shuffle(entries)
    assert _rules_of(tree) == _rules_of(replace(tree, entries=tuple(entries)))


def _rules_of(tree: Mapping) -> list[str]:
    proposal = core_proposal.read(tree, id="0001-x", file="p", models=MODELS)
    return sorted(each.rule for each in judge(replace(case(text(), plan()), proposal=proposal)).violations)
