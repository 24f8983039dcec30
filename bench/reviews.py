"""Reviewing proposals as `gov check` does: files to findings, in a process that is warm."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.harness import Contest, Contestant, contest, repeated
from governance.adapters.workspace import FileWorkspace
from governance.life.draft import scaffold, workspace_files
from governance.life.locked import open_lock
from governance.life.review import review

BATCH = "gov check, a batch of 20"
ACTIONS = 20
HEAD = """\
schema: governance/v1
title: Twenty at once
author: alice
networks: [devnet]
kind: batch
summary: |-
  Sets twenty fees. Each was discussed in the council's meeting of May, and its audit is in docs/audits.
entries:
"""


def batch_text() -> str:
    """A batch of twenty calls, as somebody would write it."""
    entry = (
        "  - kind: contract_call\n    calls:\n      - to: target\n"
        '        function: "setFee(uint256)"\n        args: ["{fee}"]\n        value: 0\n'
    )
    return HEAD + "".join(entry.format(fee=fee) for fee in range(1, ACTIONS + 1))


@contextmanager
def reviews() -> Iterator[Callable[[int], Contest]]:
    """Gives `rounds -> Contest`; the files live as long as the context."""
    with TemporaryDirectory() as folder:
        spaces = {count: _space(Path(folder) / str(count), count) for count in (250, 500, 1000)}
        batch = _space(Path(folder) / "batch", 0)
        batch.proposals_folder.mkdir(exist_ok=True)
        batch.proposal_file("0001-twenty").write_text(batch_text(), "utf-8")
        works = {BATCH: (_work(batch), 20), **{many(count): (_work(space), 1) for count, space in spaces.items()}}
        measures = (
            "policies.yaml and every proposal read from disk, parsed, checked against schema and policy, and compared with "
            "one another; no lock files. Another size, not another contestant, in each line"
        )
        contestants = [Contestant(name=name, once=repeated(work, times)) for name, (work, times) in works.items()]
        yield lambda rounds: contest("Review of proposals", measures, contestants, rounds=rounds)


def many(count: int) -> str:
    """The name of a contestant."""
    return f"gov check, {count:,} proposals"


def _space(root: Path, count: int) -> FileWorkspace:
    root.mkdir()
    (root / "policies.yaml").write_text(workspace_files()["policies.yaml"], "utf-8")
    space = FileWorkspace(root)
    for number in range(1, count + 1):
        text = scaffold("facet_swap", author="alice", network="devnet", title=f"Swap number {number}")
        space.proposals_folder.mkdir(exist_ok=True)
        space.proposal_file(f"{number:04}-swap").write_text(text, "utf-8")
    return space


def _work(place: FileWorkspace) -> Callable[[], object]:
    def work() -> object:
        space = FileWorkspace(place.root)  # one that has read nothing yet
        ids, policy = space.proposal_ids(), space.policy()
        made = review(ids, policy=policy, read=space.proposal, open_lock=lambda i, n: open_lock(space, i, n))
        assert all(each.ok for each in made), made[0].findings
        return made

    return work
