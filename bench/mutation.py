"""`python -m bench.mutation`: plant faults in the kinds and the policy, one at a time, and count those that no test finds.

mutmut plants them and runs the tests that reach the function; which files and which tests is said in pyproject.toml. It has
an environment of its own, `.venv-mutation`: `make mutation` sets it up. Without a pattern everything is planted anew; with
patterns, such as `governance.core.kinds.batch*`, those mutants are run again and the others keep their results.

It never asserts a sentence: strings with a space in them are words for people and are left as they are.
"""

import argparse
import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
PLANTED = REPOSITORY / "mutants"
REPORT = REPOSITORY / "docs" / "mutation.md"
AIM = 85
"""Percent of the faults that mypy lets pass which the tests must find."""
MARKS = ("<!-- measured -->\n", "<!-- end of measured -->\n")
OUTCOMES = {1: "killed", 3: "killed", 0: "survived", 5: "survived", 33: "survived", 37: "types"}
"""mutmut's exit codes. What no test reaches (33) has survived; codes of a test run stopped for its time are timeouts."""
TIMEOUTS = {-24, 24, 36, 152, 255}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What became of the faults planted in one file."""

    file: str
    outcomes: Counter[str]
    survivors: Counter[str]
    """How many survived, by function."""

    @property
    def tried(self) -> int:
        """Faults that mypy lets pass."""
        return self.outcomes.total() - self.outcomes["types"]

    @property
    def score(self) -> float:
        """Percent of them that the tests find; a test that never ends has found its fault."""
        return 100 * (self.outcomes["killed"] + self.outcomes["timeout"]) / self.tried if self.tried else 100.0


def main() -> None:
    """Plant, count, write the report; exit 1 when the tests find too little."""
    options = _options()
    if not options.report_only:
        _plant(options.patterns)
    files = tuple(measured(PLANTED))
    if not files:
        sys.exit("nothing is planted yet: leave --report-only out")
    _write(report(files))
    score = _sum(files).score
    print(f"{score:.1f} % of the planted faults are found; the aim is {AIM} %")
    sys.exit(score < AIM)


def report(files: Sequence[Measured]) -> str:
    """The table by file, and where faults survive."""
    lines = [
        "| file | mutants | refused by mypy | killed | timeout | survived | score |",
        "|---|--:|--:|--:|--:|--:|--:|",
        *(_row(f"`{each.file}`", each) for each in files),
        _row("all", _sum(files)),
        "",
        "Where they survive:",
        "",
        "| file | function | survivors |",
        "|---|---|--:|",
    ]
    for each in files:
        lines += [f"| `{each.file}` | `{name}` | {count} |" for name, count in sorted(each.survivors.items())]
    return "\n".join(lines) + "\n"


def function_of(mutant: str) -> str:
    """`governance.core.kinds.batch.xǁBatchǁderive__mutmut_7` is a mutant of `Batch.derive`."""
    name = re.sub(r"__mutmut_\d+$", "", mutant).rpartition(".")[2]
    return name.removeprefix("xǁ").replace("ǁ", ".") if "ǁ" in name else name.removeprefix("x_")


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m bench.mutation", description=__doc__.split("\n")[0])
    options.add_argument("patterns", nargs="*", help="mutants to run again; all anew without")
    options.add_argument("--report-only", action="store_true", help="write the report from the results that are there")
    return options.parse_args()


def _plant(patterns: Sequence[str]) -> None:
    from mutmut.__main__ import cli

    _leave_sentences()
    if not patterns:
        shutil.rmtree(PLANTED, ignore_errors=True)
    (PLANTED / "mutmut-stats.json").unlink(missing_ok=True)  # which test reaches what has changed with the code
    cli(["run", "--max-children", "1", *patterns], standalone_mode=False)


def _leave_sentences() -> None:
    """mutmut has no option for it: only names, ids and keys among the strings are changed."""
    from mutmut.mutation import mutators

    def names_only(node: Any) -> Iterator[Any]:
        if " " not in getattr(node, "value", ""):
            yield from mutators.operator_string(node)

    operators = mutators.mutation_operators
    place = [operator for _, operator in operators].index(mutators.operator_string)
    operators[place] = (operators[place][0], names_only)


def measured(planted: Path) -> Iterator[Measured]:
    """Each file of which every mutant has run."""
    for meta in sorted(planted.rglob("*.py.meta")):
        codes: dict[str, int | None] = json.loads(meta.read_text("utf-8"))["exit_code_by_key"]
        file = meta.relative_to(planted).as_posix().removesuffix(".meta")
        if None in codes.values():
            print(f"{file} is left out of the report: not every mutant has run")
        elif codes:
            outcomes = {mutant: _outcome(mutant, code) for mutant, code in codes.items()}
            survivors = Counter(function_of(mutant) for mutant, outcome in outcomes.items() if outcome == "survived")
            yield Measured(file=file, outcomes=Counter(outcomes.values()), survivors=survivors)


def _outcome(mutant: str, code: int | None) -> str:
    if code in TIMEOUTS:
        return "timeout"
    if code not in OUTCOMES:
        sys.exit(f"{mutant} ended with {code}, which says nothing: run it again")
    return OUTCOMES[code]


def _sum(files: Sequence[Measured]) -> Measured:
    outcomes = sum((each.outcomes for each in files), Counter[str]())
    return Measured(file="all", outcomes=outcomes, survivors=Counter())


def _row(name: str, each: Measured) -> str:
    counts = (each.outcomes[outcome] for outcome in ("types", "killed", "timeout", "survived"))
    return f"| {name} | {each.outcomes.total()} | {' | '.join(map(str, counts))} | {each.score:.1f} % |"


def _write(measured: str) -> None:
    """Between the marks; the prose around them is a person's."""
    before, _, rest = REPORT.read_text("utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    REPORT.write_text(f"{before}{MARKS[0]}\n{measured}\n{MARKS[1]}{after}", "utf-8")


if __name__ == "__main__":
    main()
