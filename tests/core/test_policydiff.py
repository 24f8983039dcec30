"""What another policy changes: every field has its sentence, and whatever lets somebody do more is told as looser. threat_52."""

# ruff: noqa: E501 - one row, one fact

from dataclasses import fields

import pytest

from governance.core.policy import Policy, Rule
from governance.core.policydiff import POLICY_WORDS, RULE_WORDS, Weight, difference, difference_document, loosens
from governance.core.units import checksummed
from tests.core.test_constitution import HIGH, with_rules
from tests.core.test_policy import APPROVALS, TEXT, A, D, changed, made
from tests.core.test_verdict import other_network

L, S, N = Weight.LOOSER, Weight.STRICTER, Weight.NEUTRAL
X = checksummed(b"\x77" * 20)
SLOW = "contract_call, facet_swap on devnet"
LASTS = "    approval_lifetime: 30 d\n"
FREEZE = "[{from: 2026-12-20, to: 2027-01-02}]"
VAULT = checksummed(bytes([80] * 20))
Edits = tuple[tuple[str, str], ...]


def told(*edits: tuple[str, str], back: bool = False) -> list[tuple[Weight, str]]:
    old, new = made(TEXT), made(changed(*edits))
    found = difference(new, old) if back else difference(old, new)
    return [(change.weight, str(change)) for change in found]


def test_every_field_of_a_rule_has_its_sentence():
    assert set(RULE_WORDS) == {each.name for each in fields(Rule)}


def test_every_part_of_a_policy_has_its_sentences():
    assert set(POLICY_WORDS) == {each.name for each in fields(Policy)}


def test_a_field_that_nobody_wrote_a_sentence_for_counts_as_looser(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(RULE_WORDS, "delay")
    assert told(("delay: 48 h", "delay: 49 h")) == [(L, f"{SLOW}: `delay` changes from 48 h to 49 h")]


def test_another_purpose_in_the_address_book_is_told():
    old, new = (
        made(changed(("networks:\n", f'addresses:\n  vault: {{address: "{VAULT}", purpose: {why}}}\nnetworks:\n')))
        for why in ("Fees", "Fines")
    )
    assert [(c.weight, str(c)) for c in difference(old, new)] == [(N, "address vault: its purpose has other words")]


def test_nothing_differs_where_only_words_for_readers_do():
    assert told(("schema: governance/policy/v1\n", "schema: governance/policy/v1\nsummary: Ours.\n")) == []
    assert told(("alice: {", "alice:   {"), ("id: slow\n", "id: slow  # or not\n")) == []


BOTH_WAYS: dict[str, tuple[Edits, list[tuple[Weight, str]], list[tuple[Weight, str]]]] = {
    "a shorter delay": (
        (("delay: 48 h", "delay: 1 h"),),
        [(L, f"{SLOW}: waits 1 h, no longer 48 h")],
        [(S, f"{SLOW}: waits 48 h, no longer 1 h")],
    ),
    "a longer grace": (
        (("grace: 14 d", "grace: 15 d"),),
        [(L, f"{SLOW}: lapses after 15 d, no longer after 14 d")],
        [(S, f"{SLOW}: lapses after 14 d, no longer after 15 d")],
    ),
    "a hold": (
        (("    grace: 14 d\n", "    grace: 14 d\n    hold: 24 h\n"),),
        [(S, f"{SLOW}: a guardian may hold it for 24 h, no longer for no time at all")],
        [(L, f"{SLOW}: a guardian may hold it for no time at all, no longer for 24 h")],
    ),
    "no grace at all": (
        (("    grace: 14 d\n", ""),),
        [(L, f"{SLOW}: lapses after no time at all, no longer after 14 d")],
        [(S, f"{SLOW}: lapses after 14 d, no longer after no time at all")],
    ),
    "no freeze": (
        ((f"    freeze: {FREEZE}\n", ""),),
        [(L, f"{SLOW}: is no longer frozen from 2026-12-20T00:00:00Z to 2027-01-02T00:00:00Z")],
        [(S, f"{SLOW}: is frozen from 2026-12-20T00:00:00Z to 2027-01-02T00:00:00Z")],
    ),
    "a freeze with a hole": (
        ((FREEZE, "[{from: 2026-12-20, to: 2026-12-25}, {from: 2026-12-26, to: 2027-01-02}]"),),
        [(L, f"{SLOW}: is no longer frozen from 2026-12-25T00:00:00Z to 2026-12-26T00:00:00Z")],
        [(S, f"{SLOW}: is frozen from 2026-12-25T00:00:00Z to 2026-12-26T00:00:00Z")],
    ),
    "the same freeze in two parts": (
        ((FREEZE, "[{from: 2026-12-24, to: 2027-01-02}, {from: 2026-12-20, to: 2026-12-24}]"),),
        [],
        [],
    ),
    "an account in the address book": (
        (("networks:\n  devnet", f'addresses:\n  vault: {{address: "{VAULT}", purpose: Fees}}\nnetworks:\n  devnet'),),
        [(L, f"address vault: {VAULT} may be named on devnet without being introduced")],
        [(S, f"address vault: {VAULT} is not in the address book for devnet any more")],
    ),
    "an approval less": (
        ((APPROVALS, "[{role: council, at_least: threshold}]"), (LASTS, "")),
        [(L, f"{SLOW}: role security no longer has to approve it (1)")],
        [(S, f"{SLOW}: role security has to approve it as well (1)")],
    ),
    "a smaller number": (
        (("security, at_least: 1", "security, at_least: 2"),),
        [(S, f"{SLOW}: role security approves with 2, no longer with 1")],
        [(L, f"{SLOW}: role security approves with 1, no longer with 2")],
    ),
    "others than the author": (
        ((LASTS, f"{LASTS}    distinct_from_author: false\n"), ("at_least: 1", "at_least: 2")),
        [(L, f"{SLOW}: the author may approve it"), (S, f"{SLOW}: role security approves with 2, no longer with 1")],
        [(L, f"{SLOW}: role security approves with 1, no longer with 2"), (S, f"{SLOW}: the author may no longer approve it")],
    ),
    "approvals that last longer": (
        (("30 d", "31 d"),),
        [(L, f"{SLOW}: its approvals last 31 d, no longer 30 d")],
        [(S, f"{SLOW}: its approvals last 30 d, no longer 31 d")],
    ),
    "a time to be seen": (
        ((LASTS, f"{LASTS}    visible: 24 h\n"),),
        [(S, f"{SLOW}: must have been seen for 24 h, no longer for no time")],
        [(L, f"{SLOW}: must have been seen for no time, no longer for 24 h")],
    ),
    "signatures of the Safe instead of approvals": (
        (("at_least: 1}]", "at_least: 1, among: council}]"), (LASTS, "")),
        [(L, f"{SLOW}: role security no longer has to approve it (1)"), (S, f"{SLOW}: role security among the council's signatures has to approve it as well (1)")],
        [(L, f"{SLOW}: role security among the council's signatures no longer has to approve it (1)"), (S, f"{SLOW}: role security has to approve it as well (1)")],
    ),
    "duties that are separated": (
        (("at_least: 1}]", "at_least: 1}, {role: author, at_least: 1}]\n    separate: [security, author]"),),
        [(S, f"{SLOW}: role author has to approve it as well (1)"), (S, f"{SLOW}: nobody counts for two of security, author")],
        [(L, f"{SLOW}: role author no longer has to approve it (1)"), (L, f"{SLOW}: one person may count for several of security, author")],
    ),
    "who may propose": (
        (("may_propose: author", "may_propose: security"),),
        [(L, f"{SLOW}: role security may propose it, no longer role author")],
        [(L, f"{SLOW}: role author may propose it, no longer role security")],
    ),
    "any member may propose": (
        (("may_propose: author", "may_propose: council"),),
        [(L, f"{SLOW}: any member may propose it, no longer only role author"), (L, f"{SLOW}: role council may propose it, no longer role author")],
        [(L, f"{SLOW}: role author may propose it, no longer role council")],
    ),
    "only what is listed": (
        (("    calls: any\n", '    calls: [{to: [target], function: "setFee(uint256)", where: [{argument: 0, less: 9}]}]\n'),),
        [(S, f"{SLOW}: may call only what is listed")],
        [(L, f"{SLOW}: may call anything, no longer only what is listed")],
    ),
    "more wei": (
        (("    calls: any\n", "    calls: any\n    value_at_most: 7\n"),),
        [(L, f"{SLOW}: may send at most 7 wei, no longer at most 0 wei")],
        [(S, f"{SLOW}: may send at most 0 wei, no longer at most 7 wei")],
    ),
    "a graver class": (
        (("    via: timelock\n", "    via: timelock\n    risk: constitutional\n"),),
        [(L, f"{SLOW}: may be constitutional, no longer routine")],
        [(S, f"{SLOW}: must be routine")],
    ),
    "another name of a rule": ((("id: slow", "id: slower"),), [(N, f"{SLOW}: goes by rule slower, no longer by slow")], [(N, f"{SLOW}: goes by rule slow, no longer by slower")]),
    "a kind more": (
        (("[facet_swap, contract_call]", "[facet_swap, contract_call, unpause]"),),
        [(L, "unpause on devnet: is allowed now, by rule slow: proposed by role author (alice, bob), approved by the Safe's own threshold of role council and 1 of role security, via timelock, after 48 h")],
        [(S, "unpause on devnet: is no longer allowed; it was by rule slow")],
    ),
    "a guardian's kind more": (
        (("[cancel]", "[cancel, emergency_pause]"),),
        [(L, "emergency_pause on devnet: is allowed now, by rule stop: proposed by any member, approved by the Safe's own threshold of role guardian, via guardian")],
        [(S, "emergency_pause on devnet: is no longer allowed; it was by rule stop")],
    ),
    "a holder of a role more": (
        (("security: [bob, carol]", "security: [bob, carol, alice]"),),
        [(L, "role security: alice holds it now, and so may approve contract_call, facet_swap by rule slow")],
        [(S, "role security: alice no longer holds it")],
    ),
    "a role that nobody asks": (
        (("  council: {safe", "  idle: [alice]\n  council: {safe"),),
        [(N, "role idle: comes, held by alice")],
        [(N, "role idle: goes; see the rules that named it")],
    ),
    "another account": (
        ((A, X),),
        [(L, f"member alice: signs with {X}, no longer with {A}")],
        [(L, f"member alice: signs with {A}, no longer with {X}")],
    ),
    "a member more": (
        (("roles:\n", f'  mallory: {{address: "{X}"}}\nroles:\n'),),
        [(L, f"member mallory: comes, signing with {X}, and may propose cancel by rule stop")],
        [(S, "member mallory: leaves")],
    ),
    "another council": (
        ((D, X),),
        [(L, f"network devnet: its council is {X}, no longer {D}")],
        [(L, f"network devnet: its council is {D}, no longer {X}")],
    ),
    "another kind of system": (
        (("kind: diamond", "kind: manifest_dispatcher"),),
        [(L, "network devnet: its target kind is manifest_dispatcher, no longer diamond")],
        [(L, "network devnet: its target kind is diamond, no longer manifest_dispatcher")],
    ),
    "a node": (
        (("    chain_id: 31337\n", "    chain_id: 31337\n    rpc: https://a.example\n"),),
        [(L, "network devnet: is asked at https://a.example, no longer at none")],
        [(N, "network devnet: is asked at no public endpoint, no longer at https://a.example")],
    ),
    "several nodes": (
        (("    chain_id: 31337\n", "    chain_id: 31337\n    rpc: [https://a.example, https://b.example]\n"),),
        [(L, "network devnet: is asked at https://a.example and https://b.example, no longer at none")],
        [(N, "network devnet: is asked at no public endpoint, no longer at https://a.example and https://b.example")],
    ),
    "how many nodes must agree": (
        (("    chain_id: 31337\n", "    chain_id: 31337\n    agree: 2\n"),),
        [(L, "network devnet: 2 of its endpoints must agree, no longer more than half")],
        [(L, "network devnet: more than half of its endpoints must agree, no longer 2")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOTH_WAYS)
def test_a_difference_is_told_from_either_side(name: str):
    edits, there, back = BOTH_WAYS[name]
    assert told(*edits) == there
    assert told(*edits, back=True) == back


def test_what_is_held_by_others_is_told_whatever_the_names():
    old, new, more = (
        made(changed(("  council: {safe", f"  idle: {held}\n  council: {{safe")))
        for held in ("[alice]", "{safe: guardian}", "[alice, bob]")
    )
    assert [str(c) for c in difference(old, new)] == ["role idle: is held by the guardian Safe, no longer by alice"]
    assert loosens(difference(old, new))
    assert [str(c) for c in difference(old, more)] == ["role idle: bob holds it now, which no rule names"]
    assert not loosens(difference(old, more))


def test_a_lane_without_a_timelock_is_looser():
    edits = with_rules(HIGH.replace("policy_change, batch", "council_change"))
    old = made(changed(*edits))
    new = made(
        changed(*edits).replace(
            "via: timelock\n    delay: 48 h\n    grace: 14 d\n    freeze: [{from: 2026-12-20, to: 2027-01-02}]\n    risk",
            "via: council\n    delay: 0 s\n    risk",
        )
    )
    subject = "council_change, role_change on devnet"
    assert f"{subject}: goes via council, no longer via timelock" in [
        str(c) for c in difference(old, new) if c.weight is L
    ]
    assert f"{subject}: goes via timelock, no longer via council" in [
        str(c) for c in difference(new, old) if c.weight is S
    ]


def test_networks_come_and_go():
    old = made(
        TEXT.replace(
            "    kinds: [facet_swap, contract_call]\n",
            "    kinds: [facet_swap, contract_call]\n    networks: [devnet]\n",
        )
    )
    new = made(TEXT.replace("rules:\n", f"{other_network()}rules:\n"))
    assert [str(c) for c in difference(old, new)][-1] == "network other: comes; see the rules for it"
    assert [str(c).partition(": is allowed now")[0] for c in difference(old, new) if c.weight is L] == [
        "contract_call, facet_swap on other"
    ]
    assert [(c.weight, str(c)) for c in difference(new, old)] == [
        (S, "network other: goes: nothing is allowed there any more"),
        (S, "contract_call, facet_swap on other: is no longer allowed; it was by rule slow"),
    ]


def test_the_looser_stands_first_and_the_document_says_whether_there_is_any():
    old, new = (
        made(TEXT),
        made(changed(("delay: 48 h", "delay: 1 h"), ("grace: 14 d", "grace: 1 d"), ("id: stop", "id: halt"))),
    )
    assert [c.weight for c in difference(old, new)] == [L, S, N]
    document = difference_document(difference(old, new))
    assert document["loosens"] is True
    assert document["changes"][1] == {
        "weight": "stricter",
        "subject": SLOW,
        "sentence": "lapses after 24 h, no longer after 14 d",
    }
    assert difference_document(()) == {"loosens": False, "changes": []}


def sentences(old: str, new: str) -> list[tuple[Weight, str]]:
    return [(change.weight, str(change)) for change in difference(made(old), made(new))]


def test_where_no_safe_proposes_a_member_more_may_do_nothing():
    closed = ("may_propose: guardian", "may_propose: author")
    old, new = changed(closed), changed(closed, ("roles:\n", f'  mallory: {{address: "{X}"}}\nroles:\n'))
    assert sentences(old, new) == [(N, f"member mallory: comes, signing with {X}")]


def test_a_role_that_others_hold_does_not_hide_the_next():
    old = changed(("  council: {safe", "  idle: [alice]\n  council: {safe"))
    new = changed(
        ("  council: {safe", "  idle: {safe: guardian}\n  council: {safe"), ("[bob, carol]", "[bob, carol, alice]")
    )
    assert sentences(old, new) == [
        (L, "role idle: is held by the guardian Safe, no longer by alice"),
        (L, "role security: alice holds it now, and so may approve contract_call, facet_swap by rule slow"),
    ]


def test_that_more_nodes_must_agree_is_stricter():
    two, three = (changed(("    chain_id: 31337\n", f"    chain_id: 31337\n    agree: {n}\n")) for n in (2, 3))
    assert sentences(two, three) == [(S, "network devnet: 3 of its endpoints must agree, no longer 2")]
    assert sentences(three, two) == [(L, "network devnet: 2 of its endpoints must agree, no longer 3")]


def test_the_node_of_a_network_that_comes_is_not_told_besides():
    other = other_network().replace("chain_id: 1\n", "chain_id: 1\n    rpc: https://b.example\n")
    only = (
        "    kinds: [facet_swap, contract_call]\n",
        "    kinds: [facet_swap, contract_call]\n    networks: [devnet]\n",
    )
    assert sentences(changed(only), changed(only, ("rules:\n", f"{other}rules:\n"))) == [
        (N, "network other: comes; see the rules for it")
    ]
    assert sentences(changed(only, ("rules:\n", f"{other}rules:\n")), changed(only)) == [
        (S, "network other: goes: nothing is allowed there any more")
    ]


def test_a_number_for_a_safes_threshold_is_told():
    """Whoever holds the role is told as well."""
    held, asked = "  council: {safe: council}\n", "{role: guardian, at_least: threshold}]"
    two = changed(
        (held, held + "  second: {safe: guardian}\n"), (asked, asked[:-1] + ", {role: second, at_least: threshold}]")
    )
    one = changed(
        (held, held + "  second: [alice, bob, carol]\n"),
        (asked, asked[:-1] + ", {role: second, at_least: 1}]\n    approval_lifetime: 30 d"),
    )
    words = "cancel on devnet: role second approves with {}, no longer with {}"
    safe = "the Safe's own threshold"
    assert (S, words.format(1, safe)) in sentences(two, one)
    assert (L, words.format(safe, 1)) in sentences(one, two)
    assert (L, "role second: is held by alice, bob, carol, no longer by the guardian Safe") in sentences(two, one)


def test_each_of_several_roles_and_permissions_is_told():
    listed = "calls:\n" + "".join(f'      - {{to: [target], function: "{name}()"}}\n' for name in "fg")
    more = "calls:\n" + "".join(f'      - {{to: [target], function: "{name}()"}}\n' for name in "hgi")
    assert sentences(changed(("calls: any\n", listed)), changed(("calls: any\n", more))) == [
        (L, f"{SLOW}: may call h() of target"),
        (L, f"{SLOW}: may call i() of target"),
        (S, f"{SLOW}: may no longer call f() of target"),
    ]


def test_what_a_role_may_do_is_told_rule_by_rule():
    both = (
        "[{role: guardian, at_least: threshold}]",
        "[{role: guardian, at_least: threshold}, {role: author, at_least: 1}]\n    approval_lifetime: 30 d",
    )
    new = ("author: [alice, bob]", "author: [alice, bob, carol]")
    uses = "propose contract_call, facet_swap by rule slow; approve cancel by rule stop"
    assert sentences(changed(both), changed(both, new)) == [(L, f"role author: carol holds it now, and so may {uses}")]
    own = ("may_propose: guardian", "may_propose: author")
    uses = "propose contract_call, facet_swap by rule slow; propose and approve cancel by rule stop"
    assert sentences(changed(both, own), changed(both, own, new)) == [
        (L, f"role author: carol holds it now, and so may {uses}")
    ]


def test_freezes_are_compared_span_by_span():
    def frozen(spans: str) -> str:
        return changed((FREEZE, spans))

    early, late = "{from: 2026-01-01, to: 2026-01-10}", "{from: 2026-03-01, to: 2026-03-10}"
    inner = "{from: 2026-01-04, to: 2026-01-06}"
    is_no_longer = f"{SLOW}: is no longer frozen from 2026-"
    assert sentences(frozen(f"[{late}, {early}]"), frozen(f"[{inner}]")) == [
        (L, f"{is_no_longer}01-01T00:00:00Z to 2026-01-04T00:00:00Z"),
        (L, f"{is_no_longer}01-06T00:00:00Z to 2026-01-10T00:00:00Z"),
        (L, f"{is_no_longer}03-01T00:00:00Z to 2026-03-10T00:00:00Z"),
    ]
    overlapping = (
        "[{from: 2025-12-01, to: 2026-01-03}, {from: 2026-01-02, to: 2026-01-05}, {from: 2026-01-09, to: 2026-02-01}]"
    )
    assert [each for each in sentences(frozen(f"[{early}]"), frozen(overlapping)) if each[0] is L] == [
        (L, f"{is_no_longer}01-05T00:00:00Z to 2026-01-09T00:00:00Z")
    ]
