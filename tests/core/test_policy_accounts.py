"""Who a policy names, where, and what may be called by its permissions: as the judges of a proposal ask it."""

import pytest

from governance.core.call import Call, function
from governance.core.policy import BookEntry, Policy
from governance.core.units import Address, Duration
from tests.core.test_policy import A, B, C, D, E, F, G, H, changed, made
from tests.core.test_situation import account

VAULT, BRIDGE, SINK, ELSEWHERE = (account(n) for n in (80, 79, 70, 69))
FAR = [account(n) for n in range(60, 65)]
BOOK = f"""\
addresses:
  vault: {{address: "{VAULT}", purpose: Holds the fees}}
  bridge: {{address: "{BRIDGE}", purpose: Carries tokens, networks: [farnet]}}
networks:
  farnet:
    chain_id: 10
    council: "{FAR[0]}"
    guardian: "{FAR[1]}"
    timelock: "{FAR[2]}"
    target: {{kind: diamond, address: "{FAR[3]}"}}
    policy_anchor: "{FAR[4]}"
  devnet"""
CALLS = f"""    calls:
      - {{to: [target, "{SINK}"], function: "f(uint8)"}}
      - {{to: [target], function: "f(uint8)", where: [{{argument: 0, equal: 1}}]}}
      - {{to: ["{SINK}"], function: "g()"}}
"""
STOPS = f'    via: guardian\n    delay: 0 s\n    calls: [{{to: ["{ELSEWHERE}"], function: "halt()"}}]\n'
POLICY = made(
    changed(("networks:\n  devnet", BOOK), ("    calls: any\n", CALLS), ("    via: guardian\n    delay: 0 s\n", STOPS))
)
"""`slow` is for both networks, `stop` for devnet."""

MEMBERS = {A: "the member `alice`", B: "the member `bob`", C: "the member `carol`"}
DEVNET = {
    D: "the council of `devnet`",
    E: "the guardian of `devnet`",
    F: "the timelock of `devnet`",
    G: "the target of `devnet`",
    H: "the policy anchor of `devnet`",
}
FARNET = {
    who: f"the {duty} of `farnet`"
    for who, duty in zip(FAR, ("council", "guardian", "timelock", "target", "policy anchor"), strict=True)
}
CALLED, HALTED = {SINK: "a contract of rule slow"}, {ELSEWHERE: "a contract of rule stop"}
OF_BOOK, OF_BRIDGE = {VAULT: "`vault` of the address book"}, {BRIDGE: "`bridge` of the address book"}


def test_every_account_is_known_by_what_it_is_where_it_is_that() -> None:
    assert POLICY.accounts("devnet") == {**MEMBERS, **DEVNET, **CALLED, **HALTED, **OF_BOOK}
    assert POLICY.accounts("farnet") == {**MEMBERS, **FARNET, **CALLED, **OF_BOOK, **OF_BRIDGE}
    assert POLICY.accounts() == {**MEMBERS, **DEVNET, **FARNET, **CALLED, **HALTED, **OF_BOOK, **OF_BRIDGE}
    assert POLICY.accounts("mainnet") == MEMBERS


def test_an_account_with_several_parts_is_named_by_the_gravest() -> None:
    """A duty of the network before a member, a member before the book."""
    calls = f'    calls: [{{to: ["{A}", "{D}", "{SINK}"], function: "f()"}}]\n'
    book = f'addresses:\n  vault: {{address: "{SINK}", purpose: Holds the fees}}\nnetworks:\n  devnet'
    policy = made(changed(("    calls: any\n", calls), ("networks:\n  devnet", book)))
    found = policy.accounts("devnet")
    assert (found[A], found[Address(D)], found[SINK]) == (MEMBERS[A], DEVNET[D], "`vault` of the address book")


PEOPLE = {A: "alice", B: "bob", C: "carol"}
DUTIES = {D: "council", E: "guardian", F: "timelock", G: "target", H: "policy anchor"}


def test_people_call_the_accounts_of_a_network_by_these_names() -> None:
    assert POLICY.names("devnet") == {**PEOPLE, **DUTIES, VAULT: "vault"}
    assert POLICY.names("farnet") == {
        **PEOPLE,
        **dict(zip(FAR, ("council", "guardian", "timelock", "target", "policy anchor"), strict=True)),
        VAULT: "vault",
        BRIDGE: "bridge",
    }
    assert POLICY.names("mainnet") == PEOPLE


def test_an_entry_of_the_book_is_for_the_networks_that_it_names() -> None:
    assert POLICY.book == {
        "vault": BookEntry(address=VAULT, purpose="Holds the fees", networks=frozenset({"devnet", "farnet"})),
        "bridge": BookEntry(address=BRIDGE, purpose="Carries tokens", networks=frozenset({"farnet"})),
    }


PROPOSERS: list[tuple[str, str, str, bool]] = [
    ("alice", "contract_call", "devnet", True),
    ("bob", "facet_swap", "farnet", True),
    ("carol", "contract_call", "devnet", False),
    ("mallory", "contract_call", "devnet", False),
    ("carol", "cancel", "devnet", True),
    ("mallory", "cancel", "devnet", False),
    ("alice", "cancel", "farnet", False),
    ("alice", "unpause", "devnet", False),
]


@pytest.mark.parametrize(("who", "kind", "network", "may"), PROPOSERS)
def test_who_may_propose_holds_the_role_or_is_any_member_where_a_safe_does(
    who: str, kind: str, network: str, may: bool
) -> None:
    assert POLICY.may_propose(who, kind, network) is may


def permitted(signature: str, to: str, rule: int = 0, policy: Policy = POLICY, on: str = "devnet") -> list[int]:
    """Lines of the permissions that speak of a call, counted from the first of the rule."""
    call = Call(to=Address(to), data=function(signature).selector + bytes(32))
    found = policy.rules[rule].permissions_for(call, policy.networks[on])
    first = min(each.place.line for each in policy.rules[rule].calls or ())
    return [each.place.line - first for each in found]


PERMITTED = {
    "by its address": ("f(uint8)", SINK, [0]),
    "by its duty": ("f(uint8)", G, [0, 1]),
    "another function": ("g()", SINK, [2]),
    "a function of another contract": ("g()", G, []),
    "a function that nobody permits": ("h()", SINK, []),
    "a contract that nobody permits": ("f(uint8)", F, []),
}


@pytest.mark.parametrize("name", PERMITTED)
def test_permissions_are_found_by_contract_and_function(name: str) -> None:
    signature, to, expected = PERMITTED[name]
    assert permitted(signature, to) == expected


def test_a_duty_is_that_of_the_network() -> None:
    assert permitted("f(uint8)", FAR[3], on="farnet") == [0, 1]
    assert permitted("f(uint8)", G, on="farnet") == []
    free = made(changed()).rules[0]
    assert free.permissions_for(Call(to=Address(G), data=b""), POLICY.networks["devnet"]) == ()


def test_where_a_rule_says_nothing_it_has_these() -> None:
    slow, stop = made(changed()).rules
    assert (slow.calls, slow.value_at_most, slow.office_hours, slow.visible, slow.separate) == (None, 0, None, None, ())
    assert (stop.calls, stop.delay, stop.via, stop.may_propose, stop.kinds) == (
        None,
        Duration(0),
        "guardian",
        "guardian",
        {"cancel"},
    )
    assert (slow.via, slow.may_propose, slow.kinds) == ("timelock", "author", {"facet_swap", "contract_call"})
