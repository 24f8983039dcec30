"""What must hold of every document: it is read or refused by a GovError, the same each time, and means one thing.

Property tests and the fuzzing harness share it, so that what one of them finds the other can be told.
"""

from governance.adapters.files import parse
from governance.core import policy, proposal
from governance.core.errors import GovError
from governance.core.kinds import KINDS
from governance.core.tree import Mapping, canonical, digest, plain

MODELS = {name: kind.document for name, kind in KINDS.items()}
ID = "0007-fuzzed"
FILE = f"proposals/{ID}.yaml"


def outcome(text: str) -> str:
    """`proposal`, `policy`, `tree`, or the rule of the first finding. Raises AssertionError when something does not hold."""
    try:
        tree = parse(text, FILE)
    except GovError as error:
        return refusal(error, text)
    _means_one_thing(tree, text)
    is_policy = tree.get("rules") is not None
    try:
        if is_policy:
            made = policy.read(tree, file=FILE, kinds=frozenset(KINDS)).digest
        else:
            made = proposal.read(tree, id=ID, file=FILE, models=MODELS).digest
    except GovError as error:
        return refusal(error, text)
    assert made == digest(tree)
    return "policy" if is_policy else "proposal"


def _means_one_thing(tree: Mapping, text: str) -> None:
    """Read twice, and read again from its canonical bytes, it has the same digest."""
    assert digest(parse(text, FILE)) == digest(tree)
    again = parse(canonical(tree).decode("utf-8"), FILE)
    assert plain(again) == plain(tree)
    assert digest(again) == digest(tree)


def refusal(error: GovError, text: str) -> str:
    """The first rule of a refusal that says where and why, in sentences that a terminal and a log can show."""
    assert error.findings, error
    lines = text.count("\n") + text.count("\r") + 2
    for finding in error.findings:
        assert finding.place is not None
        assert finding.place.file == FILE
        assert 1 <= finding.place.line <= lines, finding
        assert finding.place.column >= 1
        assert finding.message
        assert len(finding.message) < 2000
        assert f"{finding.message}{finding.path}{finding.hint}".isprintable(), finding
    return error.findings[0].rule
