"""The corpus of hostile documents, and what this tool says of one: as `gov check` does, without a chain.

Run as a program, it reads every document named on the command line and prints, as JSON, how long each took and how much
memory all of them needed.
"""

import json
import resource
import sys
import time
from pathlib import Path

from governance.adapters.files import load
from governance.core import policy, proposal
from governance.core.errors import Finding, Rejected
from governance.core.kinds import KINDS
from governance.core.lookalike import lookalikes
from governance.core.policy import Policy
from governance.core.tree import Mapping

CORPUS = Path(__file__).parent / "documents" / "hostile"
ROOT = Path(__file__).parents[1]
MODELS = {name: kind.document for name, kind in KINDS.items()}
ID = "0007-hostile"


def our_policy() -> Policy:
    """The policy of a new workspace, whose addresses some documents imitate."""
    file = ROOT / "governance/life/templates/policies.yaml"
    return policy.read(load(file, "policies.yaml"), file="policies.yaml", kinds=frozenset(KINDS))


def judged(file: Path, ours: Policy) -> tuple[Mapping | None, tuple[Finding, ...]]:
    """The tree, None when there is none, and everything that speaks against the document."""
    tree = None
    try:
        tree = load(file, file.name)
        if file.stem.startswith("policy-"):
            policy.read(tree, file=file.name, kinds=frozenset(KINDS))
        else:
            made = proposal.read(tree, id=ID, file=file.name, models=MODELS)
            return tree, tuple(lookalikes(made.tree, ours.accounts()))
    except Rejected as error:
        return tree, error.findings
    return tree, ()


def main(names: list[str]) -> None:
    """Seconds of the processor for each document, median of three, and bytes that all of them added to an idle process."""
    ours = our_policy()
    judged(CORPUS / "homoglyph-key.yaml", ours)  # what is imported late is not the document's doing
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = {name: _median(Path(name), ours) for name in names}
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) << 10
    sys.stdout.write(json.dumps({"seconds": seconds, "grown": grown, "peak": (before << 10) + grown}))


def _median(file: Path, ours: Policy) -> float:
    taken = []
    for _ in range(3):
        started = time.process_time()
        judged(file, ours)
        taken.append(time.process_time() - started)
    return sorted(taken)[1]


if __name__ == "__main__":
    main(sys.argv[1:])
