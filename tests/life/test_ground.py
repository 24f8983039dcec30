"""States that never were: what is supposed, word by word, answers like what is played, act by act."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.adapters.simulate import NodeSimulator
from governance.apps.wiring import site_over
from governance.core.situation import statements
from governance.life.ground import Stage, timed, whole
from governance.life.onward import left_by
from governance.life.script import executor_of, script_of, subject_of
from governance.life.situation import situation_of
from tests import sites
from tests.life.test_kind_scenarios import document
from tests.life.test_simulate import LIVES, ONE
from tests.sites import NETWORK, Devnet

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with sites.devnet(tmp_path_factory.mktemp("grounds")) as made:
        yield made


@pytest.mark.parametrize("name", LIVES)
def test_what_is_supposed_answers_like_what_is_played(name: str, node: Devnet, tmp_path: Path) -> None:
    """threat_47: everything that governs and is governed, read on both; and every nonce and operation."""
    story, options = LIVES[name]
    with sites.on_anvil(node, tmp_path, options) as place:
        place.write(ONE, document(story(place, node)))
        network = place.site.network
        simulator = NodeSimulator(node.url, NETWORK, place.site.chain)
        stage = Stage(
            simulator=simulator,
            build=lambda chain: site_over(chain, network),
            head=place.site.chain.head(),
        )
        subject = subject_of(place.site, place.space, ONE, None)
        script = script_of(subject, executor_of(place.site, subject))
        everything, _ = whole(stage, timed(script), ())
        left = left_by(stage, subject, script, everything)
        chain, head = simulator.after(script.scenes, left.after.head.timestamp, stage.head, changes=everything)
        needs = subject.locked.kind.needs(subject.locked.proposal.document, network)
        seen = []
        for site in (site_over(chain, network), left.after.site):
            nonces = [site.safe(subject.lane).look(head).nonce]
            ids = [each.step.operation.id for each in subject.pending if each.step.operation is not None]
            operations = site.timelock.operations(ids, head) if ids else []
            seen.append((statements(situation_of(site, needs, head)), nonces, operations))
    assert seen[0] == seen[1]
    assert seen[0][1] == [subject.pending[0].step.safe_tx.nonce + len(subject.pending)]
