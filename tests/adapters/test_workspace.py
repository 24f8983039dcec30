"""The workspace folder: files are read each time, and the same words are not judged twice."""

from pathlib import Path

import pytest

from governance.core.errors import Rejected
from tests import sites
from tests.life.test_kind_scenarios import document

PAUSE = {"kind": "emergency_pause", "reason": "a fault"}


def test_an_edited_file_is_read_anew(tmp_path: Path) -> None:
    place = sites.simulated(tmp_path)
    space, name = place.space, place.write("0001-one", document(PAUSE))
    policy, proposal = space.policy(), space.proposal(name)
    assert space.policy() is policy
    assert space.proposal(name) is proposal
    place.edit(space.policy_file, "grace: 14 d", "grace: 13 d")
    place.edit(space.proposal_file(name), "a fault", "another fault")
    assert space.policy().digest != policy.digest
    assert space.proposal(name).digest != proposal.digest
    place.edit(space.proposal_file(name), "emergency_pause", "emergency_party")
    for _ in range(2):
        with pytest.raises(Rejected, match="does not follow its schema"):
            space.proposal(name)
    space.proposal_file(name).unlink()
    with pytest.raises(Rejected, match="there is no proposal"):
        space.proposal(name)
