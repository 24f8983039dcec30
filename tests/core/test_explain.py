"""What the policy says of something that nobody has proposed yet: the same as it says once somebody has."""

from typing import Any

import pytest

from governance.core.errors import Rejected
from governance.core.explain import CallExplanation, explain, explain_all, explain_call, explanation_document, sentences
from governance.core.kinds import KINDS
from governance.core.policy import Policy
from tests.core.test_policy import TEXT, D, changed, made

POLICY = made(TEXT)
CALLS = KINDS["contract_call"]


def of_call(policy: Policy = POLICY, **entry: Any) -> CallExplanation:
    given = {"to": "target", "function": "setFee(uint256)", "args": ["30"], "value": "0", **entry}
    return explain_call(policy, CALLS, "devnet", given)


def test_a_kind_is_explained_by_its_rule():
    assert sentences(explain(POLICY, CALLS, "devnet")) == (
        "contract_call on devnet goes by rule slow, for routine proposals (p:20:5)",
        "proposed   by alice, bob (role author)",
        "approved   by council: the council Safe's threshold; security: 1 of bob, carol, by others than the author",
        "lane       timelock: executable 48 h after it is scheduled, and lapses 14 d after that",
        "approvals  by members end after 30 d",
        "frozen     from 2026-12-20T00:00:00Z to 2027-01-02T00:00:00Z",
    )


def test_a_guardians_kind_needs_no_time_and_any_member_may_write_it():
    each = explain(POLICY, KINDS["cancel"], "devnet")
    assert sentences(each)[1:] == (
        "proposed   by alice, bob, carol (role guardian)",
        "approved   by guardian: the guardian Safe's threshold",
        "lane       guardian: executed at once",
    )
    assert each.wait == "at once"


def test_the_author_is_said_to_count_where_the_rule_counts_one():
    edits = (("30 d\n", "30 d\n    distinct_from_author: false\n"), ("at_least: 1", "at_least: 2"))
    lines = sentences(explain(made(changed(*edits, ("    grace: 14 d\n", ""))), CALLS, "devnet"))
    assert lines[2].endswith(", the author included")
    assert lines[3] == "lane       timelock: executable 48 h after it is scheduled"


def test_what_no_rule_allows_is_said_to_be_refused():
    each = explain(POLICY, KINDS["unpause"], "devnet")
    assert sentences(each) == ("no rule allows unpause on devnet: it is refused",)
    assert (each.wait, explanation_document(each)["rule"]) == ("", None)


def test_everything_is_every_kind_on_every_network():
    assert [(e.kind, e.network) for e in explain_all(POLICY, KINDS)] == [(name, "devnet") for name in KINDS]


def test_the_document_has_everything_that_is_said():
    assert explanation_document(explain(POLICY, CALLS, "devnet")) == {
        "kind": "contract_call",
        "network": "devnet",
        "lane": "timelock",
        "rule": "slow",
        "risk": "routine",
        "via": "timelock",
        "may_propose": {"role": "author", "members": ["alice", "bob"]},
        "approvals": [
            {"role": "council", "at_least": None, "members": [], "safe": "council", "among": None},
            {"role": "security", "at_least": 1, "members": ["bob", "carol"], "safe": None, "among": None},
        ],
        "distinct_from_author": True,
        "delay": 172800,
        "grace": 1209600,
        "hold": None,
        "freeze": [{"from": "2026-12-20T00:00:00Z", "to": "2027-01-02T00:00:00Z"}],
        "office_hours": None,
        "approval_lifetime": 2592000,
        "visible": None,
        "separate": [],
        "calls": None,
        "value_at_most": "0",
    }


def test_what_is_asked_of_approvals_is_said():
    asked = "at_least: 1, among: council}, {role: author, at_least: 1}]\n    separate: [security, author]\n    visible: 24 h"
    lines = sentences(explain(made(changed(("at_least: 1}]", asked))), CALLS, "devnet"))
    assert "security: 1 of bob, carol among the council's signatures; author: 1 of alice, bob" in lines[2]
    assert lines[4:7] == (
        "approvals  by members end after 30 d",
        "seen       by enough of each role for 24 h before anything is sent",
        "apart      nobody counts for two of security, author",
    )


def test_what_may_be_called_is_said():
    listed = '    calls: [{to: [target], function: "f(uint8[])", where: [{argument: "0[]", less: 9}]}]\n    value_at_most: 7\n'
    each = explain(made(changed(("    calls: any\n", listed))), CALLS, "devnet")
    assert sentences(each)[4:6] == ("may call   f(uint8[]) of target, where argument 0[] less 9", "may send   7 wei")
    document = explanation_document(each)
    assert (document["calls"], document["value_at_most"]) == (["f(uint8[]) of target, where argument 0[] less 9"], "7")


def test_a_call_is_explained_with_its_bytes():
    each = of_call()
    assert each.allowed
    assert each.plan is not None
    (call,) = each.plan.steps[0].calls
    assert (call.to, call.data.hex(), call.summary) == (
        POLICY.networks["devnet"].target,
        "69fe0e2d" + f"{30:064x}",
        "setFee(30)",
    )


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "the governance itself": ({"to": D, "function": "changeThreshold(uint256)", "args": ["1"]}, ["governance-call"]),
    "what has a kind of its own": ({"function": "pause()", "args": []}, ["governance-call"]),
    "too few arguments": ({"args": []}, ["call-arguments"]),
    "an argument of another type": ({"args": ["x"]}, ["call-arguments"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_call_that_would_be_refused_is_told_why(name: str):
    entry, rules = REFUSED[name]
    each = of_call(**entry)
    assert not each.allowed
    assert each.plan is None
    assert [found.rule for found in each.violations] == rules


def test_a_call_under_no_rule_is_denied():
    each = of_call(made(changed(("[facet_swap, contract_call]", "[facet_swap]"))))
    assert not each.allowed
    assert [found.rule for found in each.violations] == ["deny-by-default"]


def test_what_is_no_call_is_rejected():
    with pytest.raises(Rejected):
        of_call(function="setFee(uint)")


def test_lists_stay_lists():
    assert of_call(function="set(uint256[],(bool,address))", args=[["1", "2"], ["true", D]]).allowed
