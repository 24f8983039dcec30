"""What a policy with a fault is told: what is wrong, by name, and what to do about it."""

# ruff: noqa: E501 - one row, one fact

import pytest

from governance.core.errors import Finding, Rejected
from governance.core.kinds import KINDS
from governance.core.units import checksummed
from tests.core.test_checks_addresses import WRONG_BOOKS
from tests.core.test_constitution import ITSELF, with_rules
from tests.core.test_policy import DISAGREEMENTS, TEXT, A, B, C, D, G, H, changed, made
from tests.core.test_policy_people import FAULTY

Edits = list[tuple[str, str]]
Advice = list[tuple[str, str]]
"""Message and hint of each finding."""


def told(*edits: tuple[str, str]) -> list[Finding]:
    with pytest.raises(Rejected) as caught:
        made(changed(*edits))
    return list(caught.value.findings)


PARTS: dict[str, Advice] = {
    "a role names nobody known": [("there is no member `mallory`", "there are: alice, bob, carol")],
    "a kind nobody has": [("there is no kind `cancle`", f"there are: {', '.join(sorted(KINDS))}")],
    "a network nobody knows": [("there is no network `mainnet`", "there are: devnet")],
    "a role nobody holds may propose": [("there is no role `x`", "there are: author, council, guardian, security")],
    "a role nobody holds must approve": [("there is no role `x`", "there are: author, council, guardian, security")],
    "an empty role": [("nobody holds the role `author`", "name a member, or drop it")],
    "a member twice in a role": [("`alice` is here twice", "keep one")],
    "a kind twice": [("`cancel` is here twice", "keep one")],
    "a network twice": [("`devnet` is here twice", "keep one")],
    "a rule's id twice": [("`slow` is here twice", "keep one")],
    "a role asked twice": [("`council` is here twice", "keep one"), ("no role of members approves by this rule, so no approval ends", "drop `approval_lifetime`")],
    "two members are one account": [("`alice` and `bob` are one account: it would count twice", "keep one")],
    "a member is nobody": [("`bob` has the zero address", "write the account they sign with")],
    "the timelock is nobody": [("the timelock of `devnet` is the zero address", "")],
    "the target is nobody": [("the target of `devnet` is the zero address", "")],
    "council and guardian are one Safe": [("guardian and council of `devnet` are one address", "")],
    "the timelock governs itself": [("target and timelock of `devnet` are one address", "")],
    "one kind under two rules": [("`slow` and `stop` both speak of facet_swap: which one holds?", "give each kind one rule on each network")],
    "a delay on the guardian's lane": [("the guardian lane has no timelock, so it can have no delay", "write 0 s")],
    "a grace on the guardian's lane": [("the guardian lane can have no grace: what stops things may do so at any time", "drop `grace`")],
    "a hold on the guardian's lane": [("the guardian lane has no timelock, so nothing waits that could be held", "drop `hold`")],
    "a hold of no time": [("a hold of no time holds nothing", "give it a length, or drop it")],
    "a hold as long as the grace": [("one guardian's hold of 14 d would outlast the grace of 14 d", "let rounds for every guardian fit into the grace")],
    "a freeze of the emergency path": [("the guardian lane can have no freeze: what stops things may do so at any time", "drop `freeze`")],
    "a freeze that ends before it begins": [("it ends before it begins", "swap from and to")],
    "more approvals than people": [("role `security` has 2 members: 3 can never be reached", "ask for less, or add members")],
    "a threshold of people": [("`security` is no Safe and has no threshold", "write a number")],
    "a number of a Safe's owners": [("`guardian` is a Safe, which counts by its own threshold, not by 1", "write threshold; to ask for more, raise the Safe's own")],
    "the council's lane without the council": [("the timelock lane is signed by the council Safe, which the approvals do not name", "add {role: …, at_least: threshold} with a role that is {safe: council}")],
    "a Safe of the other lane": [("the guardian Safe does not sign on the timelock lane", "ask a role of members instead"), ("no role of members approves by this rule, so no approval ends", "drop `approval_lifetime`")],
}  # fmt: skip
PEOPLE: dict[str, Advice] = {
    "approvals without an end": [("how long do approvals by security hold?", "add approval_lifetime: 30 d")],
    "approvals that hold for no time": [("an approval that lasts no time never holds", "write 30 d")],
    "an end of nothing": [("no role of members approves by this rule, so no approval ends", "drop `approval_lifetime`")],
    "an end where only signatures are counted": [("no role of members approves by this rule, so no approval ends", "drop `approval_lifetime`")],
    "among a Safe that does not sign": [("the guardian Safe does not sign on the timelock lane", "write council, or drop `among`")],
    "a Safe among itself": [("`guardian` is a Safe: all of its owners are among its signatures", "name a role of members, or drop `among`")],
    "one role kept apart": [("one role cannot be kept apart", "name another")],
    "a role kept apart that is not asked": [("this rule asks no approval of members by role `author`", "name roles of its `approvals`")],
    "a Safe kept apart": [("this rule asks no approval of members by role `council`", "name roles of its `approvals`")],
    "a role kept apart twice": [("`security` is here twice", "keep one")],
    "roles apart that one person holds": [("roles security and author have 1 members, and need 2 different ones", "ask for less, or add members")],
    "too few without the author": [("whoever proposes by this rule, too few others are left to approve", "add members to the roles, or ask for less")],
    "too few without the author, once nobody counts twice": [("whoever proposes by this rule, too few others are left to approve", "add members to the roles, or ask for less")],
    "the author alone": [("bob could propose and approve alone: the approval would be decoration", "drop `distinct_from_author: false`, or ask more people")],
    "the author alone in two roles": [("bob could propose and approve alone: the approval would be decoration", "drop `distinct_from_author: false`, or ask more people")],
    "the author alone among the signatures": [("bob could propose and approve alone: the approval would be decoration", "drop `distinct_from_author: false`, or ask more people")],
    "a time to be seen that nobody confirms": [("no role of members approves by this rule, so nobody says since when the plan was seen", "add {role: …, at_least: 1} to the approvals, or drop `visible`")],
    "a time to be seen by who only signs": [("no role of members approves by this rule, so nobody says since when the plan was seen", "add {role: …, at_least: 1} to the approvals, or drop `visible`")],
    "a time to be seen that outlasts the approvals": [("every approval ends after 30 d, before the plan was seen for 720 h", "let `approval_lifetime` be longer")],
    "a time to be seen on the emergency path": [("the guardian lane waits for nobody: what stops things may do so at any time", "drop `visible`")],
}  # fmt: skip
BOOKS: dict[str, Advice] = {
    "the zero address": [("`vault` is the zero address", "drop it: nobody need introduce that")],
    "a member": [("`vault` is the member `alice`", "keep one of the two")],
    "the council": [("`vault` is the council of `devnet`", "keep one of the two")],
    "the governed system": [("`vault` is the target of `devnet`", "keep one of the two")],
    "the policy anchor": [("`vault` is the policy anchor of `devnet`", "keep one of the two")],
    "one account twice": [("`other` is `vault` of the address book", "keep one of the two")],
    "no purpose": [("`purpose` is missing", "see gov schema")],
    "no checksum": [("`0xABCDEF1111111111111111111111111111111111` lacks the EIP-55 checksum", "if the digits are right, write 0xabCDEf1111111111111111111111111111111111")],
    "a network that is not there": [("there is no network `nonet`", "there are: devnet")],
    "no network": [("this is empty", "deny by default: name what is meant, or drop the whole key if it may be left out")],
    "a member's name": [("`alice` reads like `alice`", "choose a name that nobody mistakes")],
    "a name like another": [("`rnodern` reads like `modern`", "choose a name that nobody mistakes")],
    "a duty's name": [("`policy-anchor` reads like `policy_anchor`", "choose a name that nobody mistakes")],
    "an address like another": [("0x5050505099999999999999999999999999999999 begins like `addresses.vault.address`, 0x5050505050505050505050505050505050505050, but is another address", "compare every digit with its source; if both are meant, one of them has to be made anew")],
}  # fmt: skip
IN_BOOK = "networks:\n  devnet"
TABLES: dict[str, tuple[Edits, Advice]] = {
    **{f"parts: {name}": (DISAGREEMENTS[name][0], PARTS[name]) for name in PARTS},
    **{f"people: {name}": (FAULTY[name][0], PEOPLE[name]) for name in PEOPLE},
    **{f"book: {name}": ([(IN_BOOK, f"addresses:\n{WRONG_BOOKS[name][0]}{IN_BOOK}")], BOOKS[name]) for name in BOOKS},
}


def test_every_fault_that_is_found_has_its_advice() -> None:
    assert (set(PARTS), set(PEOPLE), set(BOOKS)) == (set(DISAGREEMENTS), set(FAULTY), set(WRONG_BOOKS))


@pytest.mark.parametrize("name", TABLES)
def test_a_fault_is_told_by_name_and_with_what_to_do(name: str) -> None:
    edits, expected = TABLES[name]
    assert [(finding.message, finding.hint) for finding in told(*edits)] == expected


# ---- faults that stand beside others -----------------------------------------------------------------------------------


def lines(*edits: tuple[str, str]) -> list[tuple[str, str, str, str]]:
    return [(f.rule.removeprefix("policy-"), f.path, f.message, f.hint) for f in told(*edits)]


COUNCILS = with_rules(
    ITSELF, edits=(("    via: council\n    delay: 0 s\n", "    via: council\n    delay: 1 s\n    grace: 1 d\n"),)
)
PERMITTED = (
    'calls: [{to: [target], function: "f(uint8)", value_at_most: 6, allowance: {argument: 0, at_most: 1, per: 1 d}}]'
)
BESIDE: dict[str, tuple[Edits, list[tuple[str, str, str, str]]]] = {
    "the council's own lane waits for nothing": (
        [*COUNCILS],
        [
            ("council-delay", "rules[2].delay", "the council lane has no timelock, so it can have no delay", "write 0 s"),
            ("council-grace", "rules[2].grace", "the council lane has no timelock, so nothing waits and no grace can pass", "drop `grace`"),
        ],
    ),
    "a Safe of the other lane, on the guardian's": (
        [("[{role: guardian, at_least: threshold}]", "[{role: council, at_least: threshold}]")],
        [
            ("lane-approval", "rules[1].approvals", "the guardian lane is signed by the guardian Safe, which the approvals do not name", "add {role: …, at_least: threshold} with a role that is {safe: guardian}"),
            ("lane-approval", "rules[1].approvals[0].role", "the council Safe does not sign on the guardian lane", "ask a role of members instead"),
        ],
    ),
    "nobody says what may be called": (
        [("    calls: any\n", "")],
        [("calls-open", "rules[0]", "the author of `contract_call` chooses what is called, and this rule does not say what may be", "list what may be called, or write `calls: any` knowing that it may be anything")],
    ),
    "a call may send more than a proposal": (
        [("calls: any", PERMITTED + "\n    value_at_most: 5")],
        [("calls-value", "rules[0].calls[0].value_at_most", "6 wei may go with a call, and 5 with a whole proposal", "let `value_at_most` of the rule be as much as several calls together may send, or drop this one")],
    ),
    "an allowance that nothing counts": (
        [("    via: guardian\n    delay: 0 s\n", f"    via: guardian\n    delay: 0 s\n    value_at_most: 6\n    {PERMITTED}\n")],
        [("allowance-lane", "rules[1].calls[0].allowance", "nothing counts what the guardian lane has spent", "drop `allowance`, or go via timelock")],
    ),
    "the second of two calls": (
        [("calls: any", 'calls:\n      - {to: [target], function: "g()"}\n      - {to: [target], function: "f()", value_at_most: 1}')],
        [("calls-value", "rules[0].calls[1].value_at_most", "1 wei may go with a call, and 0 with a whole proposal", "let `value_at_most` of the rule be as much as several calls together may send, or drop this one")],
    ),
    "three members are one account": (
        [(f'bob: {{address: "{B}"}}', f'bob: {{address: "{A}"}}'), (f'carol: {{address: "{C}"}}', f'carol: {{address: "{A}"}}')],
        [("same-member", f"members.{who}.address", f"`alice` and `{who}` are one account: it would count twice", "keep one") for who in ("bob", "carol")],
    ),
    "three duties are one contract": (
        [(f'target: {{kind: diamond, address: "{G}"}}', f'target: {{kind: diamond, address: "{D}"}}'), (f'policy_anchor: "{H}"', f'policy_anchor: "{D}"')],
        [
            ("same-address", "networks.devnet.target", "target and council of `devnet` are one address", ""),
            ("same-address", "networks.devnet.policy_anchor", "policy_anchor and council of `devnet` are one address", ""),
        ],
    ),
    "two kinds that two rules share with a third": (
        [("kinds: [cancel]", "kinds: [cancel, facet_swap, contract_call]"), ("    via: guardian\n    delay: 0 s\n", "    via: guardian\n    delay: 0 s\n    calls: any\n" + TEXT[TEXT.index("  - id: stop") :].replace("id: stop", "id: halt").replace("[cancel]", "[facet_swap, cancel]"))],
        [
            ("overlap", "rules[1].kinds", "`slow` and `stop` both speak of contract_call, facet_swap: which one holds?", "give each kind one rule on each network"),
            ("overlap", "rules[2].kinds", "`slow` and `halt` both speak of facet_swap: which one holds?", "give each kind one rule on each network"),
            ("overlap", "rules[2].kinds", "`stop` and `halt` both speak of cancel: which one holds?", "give each kind one rule on each network"),
        ],
    ),
    "the second of two freezes": (
        [("freeze: [{from: 2026-12-20, to: 2027-01-02}]", "freeze: [{from: 2026-12-20, to: 2027-01-02}, {from: 2026-02-02, to: 2026-02-01}]")],
        [("freeze", "rules[0].freeze[1]", "it ends before it begins", "swap from and to")],
    ),
    "the second network of an entry of the book": (
        [(IN_BOOK, f'addresses:\n  vault: {{address: "{checksummed(bytes([80] * 20))}", purpose: Fees, networks: [devnet, nonet]}}\n{IN_BOOK}')],
        [("unknown-network", "addresses.vault.networks[1]", "there is no network `nonet`", "there are: devnet")],
    ),
    "both names of a role": (
        [("author: [alice, bob]", "author: [mallory, alice, mallory]")],
        [
            ("unknown-member", "roles.author[0]", "there is no member `mallory`", "there are: alice, bob, carol"),
            ("unknown-member", "roles.author[2]", "there is no member `mallory`", "there are: alice, bob, carol"),
            ("twice", "roles.author[2]", "`mallory` is here twice", "keep one"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_each_of_several_faults_is_told(name: str) -> None:
    edits, expected = BESIDE[name]
    assert lines(*edits) == expected


def test_a_freeze_of_one_second_is_none_of_them() -> None:
    second = "freeze: [{from: 2026-12-20T00:00:00Z, to: 2026-12-20T00:00:01Z}]"
    assert len(made(changed(("freeze: [{from: 2026-12-20, to: 2027-01-02}]", second))).rules[0].freeze) == 1


def test_a_call_may_send_as_much_as_a_proposal() -> None:
    rule = made(changed(("calls: any", PERMITTED + "\n    value_at_most: 6"))).rules[0]
    assert rule.calls is not None
    assert (rule.value_at_most, rule.calls[0].value_at_most) == (6, 6)
