"""The lane of a rule and the lane of a kind."""

import pytest

from governance.core.case import Case
from governance.core.checks.lanes import lane
from governance.core.errors import Finding, Place
from governance.core.kinds import Lane
from tests.core.test_proposal import START
from tests.core.test_verdict import case, policy

POLICY = policy()
SLOW, STOP = POLICY.rules


def by(given: Lane) -> Case:
    return case(START, POLICY, lane=given)


@pytest.mark.parametrize("given", [Lane.GUARDIAN, Lane.COUNCIL])
def test_a_rule_that_goes_another_way_than_the_kind_is_told(given: Lane) -> None:
    assert list(lane(by(given), SLOW)) == [
        Finding(
            rule="slow",
            message=f"rule slow goes via timelock, but `contract_call` belongs to the {given} lane",
            hint="correct `via` in policies.yaml",
            place=Place(file="p.yaml", line=5, column=7),
            path="kind",
        )
    ]


def test_the_same_lane_is_right() -> None:
    assert list(lane(by(Lane.TIMELOCK), SLOW)) == []
    assert list(lane(by(Lane.GUARDIAN), STOP)) == []
    assert [finding.rule for finding in lane(by(Lane.TIMELOCK), STOP)] == ["stop"]
